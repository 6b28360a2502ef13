"""The installation, broken on purpose: tools/make_venv.sh as a real process in folders of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PROJECT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="make and sh are not on Windows")

VERSION = "{}.{}".format(*sys.version_info)

# Starts like a Python, makes a .venv with itself in it, and writes down what pip and uv are asked to do.
FAKE = f"""case "$*" in
    "-m venv .venv") echo venv >> "$LOG"; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
    "-m pip --version") ;;
    "-m pip config list") echo "global.index-url='http://somewhere/simple'" ;;
    "-m uv "*) echo "$@" >> "$LOG"; echo "to $UV_DEFAULT_INDEX" >&2; exit "${{UV_STATUS:-0}}" ;;
    "-m pip "*) echo "$@" >> "$LOG"; exit "${{PIP_STATUS:-0}}" ;;
    *) exec "{sys.executable}" "$@" ;;
esac"""


# What is locked in the folders of these tests: uv, and one package.
HASH = f"--hash=sha256:{0:064}"
LOCK = f"""# made by make lock
uv==1.2.3 \\
    {HASH} \\
    {HASH}
    # via -r requirements.txt
a-package-that-is-not-here==1.0 \\
    {HASH}
    # via -r requirements.txt
"""
UV = "-m pip install --quiet --retries 1 --require-hashes --requirement .venv/uv.txt"
PACKAGES = "install --quiet --require-hashes --requirement requirements.lock"
PROJECT_ITSELF = "install --quiet --no-deps --no-build-isolation --editable ."
ON_PYTHON = "--quiet --python .venv/bin/python"
INSTALLED_BY_UV = [
    UV,
    f"-m uv pip {PACKAGES}".replace("--quiet", f"{ON_PYTHON} --compile-bytecode"),
    f"-m uv pip {PROJECT_ITSELF}".replace("--quiet", ON_PYTHON),
]
INSTALLED_BY_PIP = [f"-m pip {PACKAGES}", f"-m pip {PROJECT_ITSELF}"]


def make_fake(path: Path, body: str = FAKE) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def make_folder(folder: Path) -> Path:
    """Only what tools/make_venv.sh reads, in a folder without .venv; its name has a space."""
    (folder / "tools").mkdir(parents=True)
    for name in ("make_venv.sh", "uv_settings.py"):
        shutil.copy(PROJECT / "tools" / name, folder / "tools")
    (folder / "requirements.txt").write_text("-e .\nuv==1.2.3\na-package-that-is-not-here==1.0\n")
    (folder / "requirements.lock").write_text(LOCK)
    (folder / "pyproject.toml").write_text("")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "a checkout")


@pytest.fixture
def python(tmp_path: Path) -> Path:
    return make_fake(tmp_path / "python fake")


def environment(folder: Path, **variables: object) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHON", "VENV_LOCKED")}
    log = {"LOG": str(folder.parent / f"{folder.name}.log")}
    return clean | log | {name: str(value) for name, value in variables.items()}


def install(folder: Path, **variables: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["/bin/sh", folder / "tools" / "make_venv.sh"],
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        timeout=120,
    )


def log_of(folder: Path) -> list[str]:
    log = folder.parent / f"{folder.name}.log"
    return log.read_text().splitlines() if log.exists() else []


# --- once, and only what is needed ---------------------------------------------------------------


def test_first_call_installs_and_second_does_nothing(folder: Path, python: Path) -> None:
    done = install(folder, PYTHON=python)
    assert done.returncode == 0, done.stderr
    assert f"Installing into .venv with Python {VERSION}" in done.stdout
    assert log_of(folder) == ["venv", *INSTALLED_BY_UV]

    again = install(folder)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert len(log_of(folder)) == 4


def test_uv_comes_with_its_hashes_and_with_the_index_of_pip(folder: Path, python: Path) -> None:
    install(folder, PYTHON=python)
    assert (folder / ".venv" / "uv.txt").read_text().split() == [
        "uv==1.2.3",
        "\\",
        HASH,
        "\\",
        HASH,
    ]
    assert (folder / ".venv" / "uv.log").read_text() == "to http://somewhere/simple\n" * 2


def test_without_uv_pip_installs_the_same(folder: Path, python: Path) -> None:
    done = install(folder, PYTHON=python, UV_STATUS=2)
    assert done.returncode == 0, done.stderr
    assert log_of(folder) == ["venv", *INSTALLED_BY_UV[:2], *INSTALLED_BY_PIP]
    assert "uv could not install it (.venv/uv.log says why): pip does" in done.stdout
    assert done.stderr == ""


def test_a_lock_that_is_behind_is_named_and_not_used(folder: Path, python: Path) -> None:
    with (folder / "requirements.txt").open("a") as file:
        file.write("a-package-that-is-not-here==1.1  # newer\n")
    done = install(folder, PYTHON=python)
    assert done.returncode == 0, done.stderr
    assert "requirements.lock does not have a-package-that-is-not-here==1.1" in done.stdout
    assert "make lock" in done.stdout
    assert log_of(folder) == ["venv", "-m pip install --quiet --requirement requirements.txt"]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements.lock", "pyproject.toml"])
def test_changed_requirements_are_installed_into_the_same_venv(
    folder: Path, python: Path, name: str
) -> None:
    install(folder, PYTHON=python)
    with (folder / name).open("a") as file:
        file.write("# changed\n")
    assert install(folder, PYTHON=python).returncode == 0
    assert log_of(folder) == ["venv", *INSTALLED_BY_UV * 2]


# --- which Python --------------------------------------------------------------------------------


def test_python_that_is_too_old_is_named_with_what_to_install(folder: Path) -> None:
    old = make_fake(folder / "python-old", 'echo "Python 3.9.1"')
    done = install(folder, PYTHON=old)
    assert done.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 is needed" in done.stderr
    assert f"PYTHON={old}, which says: Python 3.9.1" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr


def test_python_that_does_not_exist_is_named(folder: Path) -> None:
    done = install(folder, PYTHON="python3.99")
    assert done.returncode == 1
    assert done.stderr == "PYTHON=python3.99: there is no such program.\n"


def test_no_python_at_all(folder: Path) -> None:
    programs = folder / "bin"
    programs.mkdir()
    for name in ("cat", "cksum", "dirname", "tail"):
        (programs / name).symlink_to(shutil.which(name))
    done = install(folder, PATH=programs)
    assert done.returncode == 1
    assert "is needed; found: no python3." in done.stderr


def test_missing_venv_module_is_named_with_what_to_install(folder: Path) -> None:
    body = f'case "$2" in *"import venv"*) exit 1;; *) exec "{sys.executable}" "$@";; esac'
    done = install(folder, PYTHON=make_fake(folder / "python-without-venv", body))
    assert done.returncode == 1
    assert "has no venv module" in done.stderr and "apt-get install python3-venv" in done.stderr


def test_another_version_is_made_again_and_never_ignored(folder: Path, python: Path) -> None:
    install(folder, PYTHON=python)
    other = {"3.11": "3.12", "3.12": "3.13", "3.13": "3.11"}[VERSION]
    body = f'case "$2" in *version_info*) echo {other};; *) {FAKE}\n;; esac'
    newer = make_fake(folder.parent / "other python", body)
    done = install(folder, PYTHON=newer)
    assert done.returncode == 0, done.stderr
    assert f"has Python {VERSION}, not that of PYTHON={newer}: it is made again." in done.stdout
    assert f"with Python {other}" in done.stdout
    assert log_of(folder).count("venv") == 2
    assert install(folder, PYTHON=newer).stdout == ""


def test_changed_requirements_need_no_other_python(folder: Path, python: Path) -> None:
    """A .venv that works is used, though no Python that could make one is in reach."""
    install(folder, PYTHON=python)
    (folder / "pyproject.toml").write_text("# changed")
    programs = folder / "bin"
    programs.mkdir()
    for name in ("awk", "cat", "cksum", "cp", "dirname", "mkdir", "rm", "sed", "sh"):
        (programs / name).symlink_to(shutil.which(name))
    done = install(folder, PATH=programs)
    assert done.returncode == 0, done.stderr
    assert f"Installing into .venv with Python {VERSION}" in done.stdout


def test_a_venv_is_made_again_with_the_python_it_was_made_with(folder: Path, python: Path) -> None:
    install(folder, PYTHON=python)
    (folder / ".venv" / "pyvenv.cfg").write_text(f"home = x\nexecutable = {python}\n")
    (folder / ".venv" / ".unfinished").touch()
    done = install(folder)
    assert done.returncode == 0, done.stderr
    assert log_of(folder).count("venv") == 2


# --- broken installations ------------------------------------------------------------------------


@pytest.mark.parametrize("move", [False, True], ids=["copied", "moved"])
def test_a_venv_from_another_folder_is_made_again(folder: Path, python: Path, move: bool) -> None:
    install(folder, PYTHON=python)
    elsewhere = folder.parent / "another checkout"
    if move:
        folder.rename(elsewhere)
    else:
        shutil.copytree(folder, elsewhere)
    done = install(elsewhere, PYTHON=python)
    assert done.returncode == 0, done.stderr
    assert f"was made for the folder {folder}: it is made again." in done.stdout
    assert "venv" in log_of(elsewhere)
    assert install(elsewhere).stdout == ""


def test_a_venv_without_pip_is_made_again(folder: Path, python: Path) -> None:
    (folder / ".venv" / "bin").mkdir(parents=True)
    make_fake(
        folder / ".venv" / "bin" / "python",
        f'[ "$2" = pip ] && exit 1; exec "{sys.executable}" "$@"',
    )
    done = install(folder, PYTHON=python)
    assert done.returncode == 0, done.stderr
    assert "no working Python 3.11, 3.12 or 3.13 with pip: it is made again." in done.stdout


def test_a_failed_download_says_network_and_goes_on_next_time(folder: Path, python: Path) -> None:
    failed = install(folder, PYTHON=python, PIP_STATUS=1)
    assert failed.returncode == 1
    assert "network" in failed.stderr and "Call make again" in failed.stderr
    done = install(folder, PYTHON=python)
    assert done.returncode == 0 and "made again" not in done.stdout
    assert log_of(folder).count("venv") == 1, "what is there is kept"


def test_a_real_venv_killed_while_it_is_made_heals_and_a_real_pip_names_the_network(
    tmp_path: Path,
) -> None:
    folder = make_folder(tmp_path / "killed")
    process = start(folder, Path(sys.executable))
    made = folder / ".venv" / "bin" / "python"
    while not made.is_symlink():
        assert process.poll() is None
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not list(folder.glob(".venv/lib/python*/site-packages/pip/__main__.py"))

    done = install(
        folder,
        PYTHON=sys.executable,
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_CONFIG_FILE=os.devnull,
        PIP_FIND_LINKS="",
        PIP_RETRIES=0,
    )
    assert "stopped half-way: it is made again." in done.stdout
    subprocess.run([made, "-m", "pip", "--version"], check=True, capture_output=True)
    assert done.returncode == 1
    assert "network" in done.stderr and "Call make again" in done.stderr


# --- two at once ---------------------------------------------------------------------------------


def slow_python(folder: Path) -> Path:
    """A Python whose pip and uv take a while and complains when another pip is at work."""
    pip = 'mkdir busy || exit 7; sleep 0.4; rmdir busy; echo "$@" >> "$LOG"'
    return make_fake(folder / "slow python", FAKE.replace('echo "$@" >> "$LOG"', pip))


def start(folder: Path, python: Path) -> subprocess.Popen:
    return subprocess.Popen(
        ["/bin/sh", folder / "tools" / "make_venv.sh"],
        env=environment(folder, PYTHON=python),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_two_at_once_install_once(folder: Path) -> None:
    python = slow_python(folder.parent)
    processes = [start(folder, python) for _ in range(3)]
    texts = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], texts
    assert log_of(folder) == ["venv", *INSTALLED_BY_UV]
    assert sum("Another make is installing here" in text for text in texts) == 2


def test_a_killed_make_leaves_no_lock(folder: Path) -> None:
    first = start(folder, slow_python(folder.parent))
    while not (folder / "busy").exists():
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    (folder / "busy").rmdir()
    done = install(folder, PYTHON=slow_python(folder.parent))
    assert done.returncode == 0, done.stderr
    assert "Another make" not in done.stdout
    assert "stopped half-way" in done.stdout


# --- somebody else's folder ----------------------------------------------------------------------


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A checkout of root's in a place that other users can reach."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can start a program as another user")
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        yield make_folder(Path(place) / "checkout")


def as_nobody(folder: Path, **variables: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["/bin/sh", folder / "tools" / "make_venv.sh"],
        env=environment(folder, **variables), capture_output=True, text=True, timeout=60,
        user="nobody", extra_groups=[], cwd="/",
    )  # fmt: skip


def test_a_folder_of_roots_is_refused_with_what_to_do(shared_folder: Path) -> None:
    done = as_nobody(shared_folder)
    assert done.returncode == 1
    assert done.stderr == (
        "root owns this folder and you may not write here: clone the project as yourself.\n"
    )


def test_a_venv_of_roots_is_refused_with_what_to_do(shared_folder: Path) -> None:
    install(shared_folder, PYTHON=make_fake(shared_folder / "python"))
    (shared_folder / ".venv").chmod(0o700)
    shared_folder.chmod(0o777)
    done = as_nobody(shared_folder)
    assert done.returncode == 1
    assert "root made .venv and you cannot use it" in done.stderr
    assert f"sudo rm -rf '{shared_folder}/.venv'" in done.stderr


def test_a_readable_venv_of_roots_serves_everybody(shared_folder: Path) -> None:
    install(shared_folder, PYTHON=make_fake(shared_folder / "python"))
    done = as_nobody(shared_folder)
    assert (done.returncode, done.stderr) == (0, "")
