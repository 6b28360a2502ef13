"""The commands of the Makefile, run as real processes."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import LESSONS, PROJECT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="make and sh are not on Windows")

MAKEFILE = (PROJECT / "Makefile").read_text()
TARGETS = re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)


def make(*arguments: str, folder: Path = PROJECT, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["make", *arguments],
        cwd=folder, env=os.environ | variables, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The Makefile in a folder whose name has a space, with a Python that says how it was started."""
    folder = tmp_path / "a copy"
    for name in ("tools", "notebooks", ".jupyter", ".venv/bin"):
        (folder / name).mkdir(parents=True)
    shutil.copy(PROJECT / "Makefile", folder)
    (folder / "tools" / "make_venv.sh").write_text("")
    python = folder / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\nfor word in "$@"; do echo "<$word>"; done\n')
    python.chmod(0o755)
    return folder


def test_make_without_a_target_lists_every_target_and_nothing_else() -> None:
    text = make().stdout
    listed = set(re.findall(r"make ([a-z-]+)", text))
    assert listed == set(TARGETS) - {"help"}
    comments = [line for line in MAKEFILE.splitlines() if re.match(r"#[^#]", line)]
    assert comments and not any(line.lstrip("# ") in text for line in comments)


def test_the_targets_are_those_of_no_file(copy: Path) -> None:
    """A file with the name of a target must not stop it."""
    for target in TARGETS:
        (copy / target).touch()
        done = make("--dry-run", target, folder=copy)
        assert "is up to date" not in done.stdout + done.stderr, target


@pytest.mark.parametrize("target", sorted(set(TARGETS) - {"help", "venv"}))
def test_programs_are_started_as_modules_or_files(copy: Path, target: str) -> None:
    """The scripts in .venv/bin name the folder that they were made in; after a move none works."""
    done = make(target, folder=copy, PARAMS="-p EPOCHS 2", LESSONS="")
    assert done.returncode == 0, done.stderr
    first, *others = re.findall(r"<(.*)>", done.stdout)
    assert first.endswith(".py") or (first == "-m" and others)


def test_parameters_and_lessons_are_passed_on(copy: Path) -> None:
    done = make("run", folder=copy, PARAMS="-p EPOCHS 2", LESSONS="notebooks/02*.ipynb")
    words = re.findall(r"<(.*)>", done.stdout)
    assert words == ["tools/run_notebooks.py", "-p", "EPOCHS", "2", "notebooks/02*.ipynb"]


def test_lab_says_when_the_folder_is_somebody_elses(copy: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can start a program as another user")
    for folder in copy.parents:
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    done = subprocess.run(
        ["make", "lab"],
        cwd=copy, user="nobody", extra_groups=[], capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert "clone the project as yourself" in done.stderr


@pytest.fixture
def lab_address(tmp_path: Path) -> Iterator[str]:
    """`make lab` without a browser window, with user files of its own; gives its address."""
    if not (PROJECT / ".venv" / ".installed").exists():
        pytest.skip("make lab is for the .venv that make makes; the tests run in another one")
    log = (tmp_path / "log").open("w+")
    environment = os.environ | {
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
    }
    environment.pop("PYTHON", None)
    process = subprocess.Popen(
        ["make", "lab", "LAB_OPTIONS=--no-browser --port=0"],
        cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        yield wait_for_address(process, Path(log.name))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        log.close()


def wait_for_address(process: subprocess.Popen, log: Path) -> str:
    for _ in range(240):
        found = re.search(r"http://(?:127\.0\.0\.1|localhost):\d+/\S*token=\w+", log.read_text())
        if found:
            return found.group()
        assert process.poll() is None, log.read_text()
        time.sleep(0.5)
    raise TimeoutError(log.read_text())


def test_make_lab_opens_lesson_1(lab_address: str) -> None:
    server, token = re.fullmatch(r"(http://[^/]+)/.*token=(\w+)", lab_address).groups()
    assert LESSONS[0].name in lab_address, "the address that JupyterLab prints and opens"
    with urllib.request.urlopen(f"{server}/?token={token}", timeout=60) as page:
        assert page.url.startswith(f"{server}/lab/tree/notebooks/{LESSONS[0].name}")
    api = f"{server}/lab/api/workspaces/default?token={token}"
    with urllib.request.urlopen(api, timeout=60) as answer:
        assert "@jupyterlab/toc:plugin" in answer.read().decode()
    with urllib.request.urlopen(f"{server}/api/contents/helpers?token={token}", timeout=60) as page:
        assert "preprocess_data.py" in page.read().decode()


def test_code_and_notebooks_are_linted_and_formatted() -> None:
    for command in (["format", "--check", "."], ["check", "."]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command], cwd=PROJECT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
