"""The commands, run as real processes."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from conftest import LESSONS, PROJECT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="make and sh are not on Windows")


def copy_installer(folder: Path) -> Path:
    """Only what tools/make_venv.sh reads, in a folder without .venv."""
    (folder / "tools").mkdir()
    shutil.copy(PROJECT / "tools" / "make_venv.sh", folder / "tools")
    shutil.copy(PROJECT / "requirements.txt", folder)
    shutil.copy(PROJECT / "pyproject.toml", folder)
    return folder / "tools" / "make_venv.sh"


def fake_python(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def install(script: Path, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["/bin/sh", script],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_python_that_is_too_old_is_named_with_what_to_install(tmp_path: Path) -> None:
    old = fake_python(tmp_path / "python-old", "exit 1")
    done = install(copy_installer(tmp_path), PYTHON=str(old))
    assert done.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 is needed" in done.stderr
    assert str(old) in done.stderr and "apt-get install python3 python3-venv" in done.stderr


def test_no_python_at_all(tmp_path: Path) -> None:
    script = copy_installer(tmp_path)
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("cat", "cksum", "dirname"):
        (tools / name).symlink_to(shutil.which(name))
    done = install(script, PATH=str(tools))
    assert done.returncode == 1
    assert "found: no python3" in done.stderr.replace("\n", " ") or "not found" in done.stderr
    assert "is needed" in done.stderr


def test_missing_venv_module_is_named_with_what_to_install(tmp_path: Path) -> None:
    without_venv = fake_python(
        tmp_path / "python-without-venv", 'case "$2" in *venv*) exit 1;; *) exit 0;; esac'
    )
    done = install(copy_installer(tmp_path), PYTHON=str(without_venv))
    assert done.returncode == 1
    assert "has no venv module" in done.stderr and "apt-get install python3-venv" in done.stderr


def test_second_installation_does_nothing(tmp_path: Path) -> None:
    script = copy_installer(tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    fake_python(tmp_path / ".venv" / "bin" / "python", "echo started >&2; exit 1")
    wanted = subprocess.run(
        "cat requirements.txt pyproject.toml | cksum",
        shell=True, cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    (tmp_path / ".venv" / ".installed").write_text(wanted)
    done = install(script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_changed_requirements_are_installed_again(tmp_path: Path) -> None:
    script = copy_installer(tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    called = tmp_path / "called"
    fake_python(tmp_path / ".venv" / "bin" / "python", f'echo "$@" >> {called}')
    (tmp_path / ".venv" / ".installed").write_text("of another requirements.txt")
    assert install(script, PYTHON=sys.executable).returncode == 0
    assert "pip install" in called.read_text() and "requirements.txt" in called.read_text()


@pytest.fixture
def lab_address(tmp_path: Path):
    """`make lab` without a browser window, with user files of its own; gives its address."""
    if not (PROJECT / ".venv" / ".installed").exists():
        pytest.skip("make lab is for the .venv that make makes; the tests run in another one")
    log = (tmp_path / "log").open("w+")
    environment = os.environ | {
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
    }
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


def test_make_without_a_target_lists_the_targets() -> None:
    done = subprocess.run(["make"], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    for target in ("lab", "test", "run", "outputs", "lint"):
        assert f"make {target}" in done.stdout


def test_code_and_notebooks_are_linted_and_formatted() -> None:
    for command in (["format", "--check", "."], ["check", "."]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command], cwd=PROJECT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
