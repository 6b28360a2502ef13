"""The tests in a browser are not lost: who runs them, and what happens without a browser."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BROWSER_TESTS, PROJECT

OTHERS = ["tests/test_*.py", "tests/[!b]*/*", "notebooks/*"]


def run_pytest(*arguments: str, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--numprocesses=0", "--collect-only", *arguments],
        cwd=PROJECT, env=os.environ | variables, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture
def browser(tmp_path: Path) -> str:
    """A program in the place of a browser: nothing here opens a page."""
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize("named", [[], ["tests"], ["."]], ids=["nothing", "tests", "all"])
def test_they_run_only_when_they_are_named_and_else_it_is_said(
    named: list[str], browser: str
) -> None:
    left_out = [f"--ignore-glob={PROJECT / pattern}" for pattern in OTHERS]
    done = run_pytest(*named, *left_out, CHROMIUM=browser)
    assert "tests/browser" not in done.stdout and "no tests" in done.stdout, done.stdout
    assert "Not part of this run" in done.stdout and "make test-browser" in done.stdout


def test_named_they_are_there(browser: str) -> None:
    done = run_pytest(str(BROWSER_TESTS), CHROMIUM=browser)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_lessons.py" in done.stdout and "Not part of this run" not in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="make is not on Windows")
def test_make_test_browser_runs_them_and_continuous_integration_calls_it() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    assert re.search(r"^test-browser: venv\n\t.*pytest.* tests/browser", makefile, re.MULTILINE)
    assert re.search(r"^make test-browser", (PROJECT / ".ci" / "run").read_text(), re.MULTILINE)


@pytest.mark.parametrize("wanted", ["", "/nowhere/chromium"])
def test_without_a_browser_one_line_says_how_to_get_one(wanted: str, tmp_path: Path) -> None:
    done = run_pytest(str(BROWSER_TESTS), CHROMIUM=wanted, PATH=str(tmp_path))
    if wanted == "" and sys.platform == "darwin":
        pytest.skip("a Mac's browsers are found without PATH")
    assert done.returncode != 0
    [line] = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert "apt-get install chromium" in line and "CHROMIUM=/path/to/chromium" in line
    assert wanted in line
