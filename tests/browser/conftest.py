"""What the tests in a browser share."""

import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator

import pytest
from conftest import PROJECT
from playwright.sync_api import Browser, expect, sync_playwright

from browser.chromium import find_browser, launch_options
from browser.lab import Lab, copy_of_the_course, make_lab
from browser.pages import Site, make_site, served

TABLE = pytest.StashKey[list]()


def pytest_configure(config: pytest.Config) -> None:
    """Without a browser nothing can be tested: say how to get one, in one line."""
    config.stash[TABLE] = []
    # Who is asked to stop stops as with Ctrl-C: servers and browser are ended first.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        find_browser()
    except LookupError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.fixture(scope="session")
def table(pytestconfig: pytest.Config) -> list[str]:
    """Lines that are printed at the end of the run: what the lessons took and showed."""
    return pytestconfig.stash[TABLE]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if lines := config.stash[TABLE]:
        terminalreporter.section("lessons in JupyterLab")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests; each opens pages in a context of its own."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=30_000)
        browser = playwright.chromium.launch(**launch_options())
        yield browser
        browser.close()


def git_status() -> str | None:
    """What differs from the last commit, as a text; None where there is no git."""
    if shutil.which("git") is None:
        return None
    done = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=PROJECT, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout if done.returncode == 0 else None


@pytest.fixture(scope="session")
def tree_before() -> str | None:
    return git_status()


@pytest.fixture(scope="session")
def lab(tree_before: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab for all lessons, on a copy of them in a folder with a space in its name."""
    folder = tmp_path_factory.mktemp("lab")
    course = folder / "a course"
    copy_of_the_course(course)
    options = (f"--ServerApp.root_dir='{course}'", "--expose-app-in-browser")
    with make_lab(folder, course, *options) as lab:
        yield lab


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The pages of the course, built by `make site`."""
    with served(make_site(tmp_path_factory.mktemp("site"))) as site:
        yield site
