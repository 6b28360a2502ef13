"""pytest starts in other ways than `make test`, or says what to do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT

QUICK = PROJECT / "tests" / "tools" / "test_atomic_files.py"


def start(*arguments: object, cwd: Path, **variables: str) -> subprocess.Popen:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *map(str, arguments)],
        cwd=cwd, env=environment | variables,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def test_twice_at_once_without_git_without_xdist_from_another_folder(tmp_path: Path) -> None:
    """No program but Python is in reach, so no git either."""
    processes = [
        start("-p", "no:xdist", "-k", "mode or new", QUICK, cwd=tmp_path, PATH=str(tmp_path))
        for _ in range(2)
    ]
    for process in processes:
        text, _ = process.communicate(timeout=120)
        assert process.returncode == 0, text
        assert "2 passed" in text, text
    assert list(tmp_path.iterdir()) == [], "and nothing is left there"


def test_the_options_of_absent_plugins_are_no_error() -> None:
    process = start("-p", "no:xdist", "-p", "no:nbval", "--collect-only", "-q", QUICK, cwd=PROJECT)
    text, _ = process.communicate(timeout=120)
    assert process.returncode == 0, text


def test_a_copy_that_is_not_installed_says_what_to_do(tmp_path: Path) -> None:
    """Its lessons would import the helpers of the folder that is installed."""
    copy = tmp_path / "a copy"
    copy.mkdir()
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(PROJECT / name, copy)
    process = start("-p", "no:xdist", cwd=copy)
    text, _ = process.communicate(timeout=120)
    assert process.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"The project is that of {PROJECT}" in text
    assert "make test" in text and "pip install -r requirements.txt" in text


def test_copies_of_runs_are_not_collected(pytestconfig: pytest.Config) -> None:
    """`make run` writes notebooks into runs/ that are no lessons to compare."""
    assert "runs" in pytestconfig.getini("norecursedirs")
