"""The browser of this machine: none is downloaded."""

import os
import shutil

PROGRAMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
HOW_TO_GET_ONE = (
    "These tests need Chromium or Chrome. Debian: apt-get install chromium.  macOS: brew install"
    " --cask google-chrome.  Or name one: CHROMIUM=/path/to/chromium make test-browser"
)
# A browser that is asked for a page loads that page and nothing else.
OPTIONS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]


def find_browser() -> str:
    """The path of the program that CHROMIUM names, else of the first one that is installed.

    Raises:
        LookupError: there is none; the message is one line that says how to get one.
    """
    if wanted := os.environ.get("CHROMIUM"):
        if found := shutil.which(wanted):
            return found
        raise LookupError(f"CHROMIUM={wanted}: there is no such program. {HOW_TO_GET_ONE}")
    for program in PROGRAMS:
        if found := shutil.which(program):
            return found
    raise LookupError(HOW_TO_GET_ONE)


def launch_options() -> dict:
    """What ``playwright.chromium.launch`` gets."""
    # Chromium's sandbox cannot be set up by root.
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": find_browser(), "args": [*OPTIONS, *as_root]}


if __name__ == "__main__":
    try:
        print(find_browser())
    except LookupError as error:
        raise SystemExit(str(error)) from None
