"""Make requirements.lock: every package below requirements.txt, pinned, with hashes.

    make lock                          keeps the versions that are locked and still fit
    make lock LOCK_OPTIONS=--upgrade   takes the newest ones below the direct requirements

One file serves all supported Pythons and systems: what only some of them need has a marker. At the
end it is checked that each of them can install all of it without a compiler. Needs the package index.
"""

import os
import subprocess
import sys
from pathlib import Path

from uv_settings import pip_settings, uv_variables

PROJECT = Path(__file__).resolve().parent.parent
LOCK = PROJECT / "requirements.lock"
PYTHONS = ("3.11", "3.12", "3.13")
# Not there: macOS on Intel processors. TensorFlow 2.21 has no wheels for it.
SYSTEMS = {
    "Linux, x86_64": "x86_64-unknown-linux-gnu",
    "Linux, aarch64": "aarch64-unknown-linux-gnu",
    "macOS, arm64": "aarch64-apple-darwin",
    "Windows, x86_64": "x86_64-pc-windows-msvc",
}


def environment() -> dict[str, str]:
    """The index that pip is configured to use; not the extra ones, whose hashes others lack."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    settings = pip_settings(listing)
    for name in ("extra-index-url", "find-links"):
        settings.pop(name, None)
    return os.environ | uv_variables(settings, os.environ)


def uv_compile(*arguments: str, **options: object) -> subprocess.CompletedProcess:
    """Run ``uv pip compile`` in the project's folder."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environment(), text=True, **options)


def make(options: list[str]) -> int:
    """Write the lock file; the project itself has no hash and stays out of it."""
    return uv_compile(
        "requirements.txt",
        *("--output-file", LOCK.name, "--universal", "--python-version", PYTHONS[0]),
        *("--generate-hashes", "--no-emit-package", "learning-rate-lessons"),
        *("--custom-compile-command", "make lock"),
        *options,
        stdout=subprocess.DEVNULL,
    ).returncode


def check() -> list[str]:
    """Return for which systems something in the lock has no wheel, and what."""
    faults = []
    for system, platform in SYSTEMS.items():
        for version in PYTHONS:
            done = uv_compile(
                LOCK.name,
                *("--no-deps", "--only-binary", ":all:"),
                *("--python-platform", platform, "--python-version", version),
                capture_output=True,
            )
            if done.returncode:
                faults.append(f"{system}, Python {version}: {done.stderr.strip()}")
            else:
                print(f"{system}, Python {version}: wheels for everything")
    return faults


if __name__ == "__main__":
    if status := make(sys.argv[1:]):
        raise SystemExit(status)
    raise SystemExit("\n".join(check()) or None)
