"""What README.md tells a reader to type, typed: each line as printed, in a clone whose name has a space.

Nothing is left out, but not everything may last: what the whole test run is made of, or would not end by
itself, is started in the way that ``HOW`` says. The environment does that; the line stays as it is printed.
"""

import contextlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from conftest import LESSONS, PROJECT
from packaging.requirements import Requirement
from test_workflows import actionlint

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the lines are those of a Unix shell"
)

README = (PROJECT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
LEFT_BEHIND = (".git", ".venv*", "runs", "build", "*.egg-info", "__pycache__", ".hypothesis")

ONLY_LESSON_1 = "--ignore-glob=*/notebooks/1* --ignore-glob=*/notebooks/0[2-9]*"

# How a line is started that contains the text on the left; every other line runs as it is, to its end.
HOW = {
    "-m jupyterlab": "until it opens a page in the browser: it runs until it is stopped",
    "-m pytest": {"PYTEST_ADDOPTS": f"--collect-only --quiet --ignore=tests {ONLY_LESSON_1}"},
    "make lab": {"MAKEFLAGS": "n"},  # tests/test_makefile.py starts it
    "make test": {"MAKEFLAGS": "n"},  # this run is it
}


def lines_of(language: str) -> list[str]:
    """The lines of all blocks in a language, without comments, each once."""
    lines = [line for name, text in BLOCKS if name == language for line in text.splitlines()]
    return list(dict.fromkeys(line.split("  #")[0].rstrip() for line in lines))


def workflow() -> str:
    (text,) = [text for name, text in BLOCKS if name == "yaml"]
    return text


def steps() -> list[dict]:
    (job,) = yaml.safe_load(workflow())["jobs"].values()
    return job["steps"]


def not_as_locked() -> list[str]:
    """What is installed here in another version than the locked one."""
    texts = re.findall(
        r"^([\w.-]+==[^\\\n]+?) \\$", (PROJECT / "requirements.lock").read_text(), re.M
    )
    wanted = [one for one in map(Requirement, texts) if not one.marker or one.marker.evaluate()]
    found = {
        d.name.lower().replace("_", "-"): d.version for d in importlib.metadata.distributions()
    }
    return [
        str(one) for one in wanted
        if not one.specifier.contains(found.get(one.name, "0"), prereleases=True)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader works: a clone, a `python`, no network; what is installed here is in reach of pip."""
    place = tmp_path_factory.mktemp("readme")
    clone = place / "a clone"
    shutil.copytree(PROJECT, clone, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    python = place / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    # A browser that writes down the page that it is told to open: a small file that leads on.
    browser = place / "bin" / "browser"
    browser.write_text(f"#!/bin/sh\ncat \"${{1#file://}}\" > '{place}/opened'\n")
    browser.chmod(0o755)
    settings = place / "settings"
    settings.mkdir()
    (settings / "jupyter_server_config.py").write_text(
        "c.ServerApp.allow_root = True\nc.ServerApp.port = 0\n"
    )
    return place


def environment(place: Path, **variables: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "UV_", "PYTEST_", "MAKE", "MFLAGS", "PYTHON"))
    }
    return kept | {
        "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "BROWSER": f"{place / 'bin' / 'browser'} %s",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "JUPYTER_CONFIG_DIR": str(place / "settings"),
        "JUPYTER_DATA_DIR": str(place / "data"),
        "JUPYTER_RUNTIME_DIR": str(place / "runtime"),
    } | variables  # fmt: skip


@contextlib.contextmanager
def typed(line: str, place: Path, **variables: str) -> Iterator[tuple[subprocess.Popen, Path]]:
    """A line in a shell, in the clone; and the file with what it writes."""
    log = place / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            ["sh", "-c", line], cwd=place / "a clone", env=environment(place, **variables),
            stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        yield process, log
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


def run(line: str, place: Path) -> str:
    """Type a line, as ``HOW`` says; give what it wrote."""
    how = next((how for text, how in HOW.items() if text in line), {})
    if isinstance(how, str):
        with typed(line, place) as (process, log):
            opened = place / "opened"
            deadline = time.monotonic() + 60
            while not opened.exists() or LESSONS[0].name not in opened.read_text():
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
        return opened.read_text()
    with typed(line, place, **how) as (process, log):
        assert process.wait(timeout=300) == 0, f"{line}\n{log.read_text()}"
    return log.read_text()


def give_what_is_installed_here(clone: Path) -> None:
    """The new .venv sees the packages of this one: nothing has to be copied or fetched."""
    (folder,) = clone.glob(".venv/lib/python*/site-packages")
    for old in folder.glob("setuptools*"):  # Python 3.11 brings one, which pip would replace
        shutil.rmtree(old)
    (folder / "here.pth").write_text(sysconfig.get_path("purelib") + "\n")


@pytest.fixture(scope="module")
def installed(place: Path) -> dict[str, str]:
    """The clone, installed by the lines for plain pip; what each line of the shell blocks wrote."""
    if different := not_as_locked():
        pytest.skip(f"not the locked versions here: {', '.join(different)}")
    clone = place / "a clone"
    wrote = {}
    lines = lines_of("sh")
    # A reader types the lines for pip first, or make's; here pip's come first, in their order.
    for line in sorted(lines, key=lambda line: "-m venv" not in line and "-m pip" not in line):
        wrote[line] = run(line, place)
        if line.endswith("-m venv .venv"):
            give_what_is_installed_here(clone)
    return wrote


def test_every_block_is_of_a_kind_that_is_tried() -> None:
    assert {language for language, _ in BLOCKS} == {"sh", "bat", "yaml"}
    assert README.count("```") == 2 * len(BLOCKS)


def test_every_line_works(installed: dict[str, str]) -> None:
    assert list(installed) and set(installed) == set(lines_of("sh"))
    assert any(line.startswith("make lab") for line in installed)
    (pip,) = [text for line, text in installed.items() if "--require-hashes" in line]
    assert "Requirement already satisfied: tensorflow==" in pip
    (editable,) = [text for line, text in installed.items() if line.endswith("-e .")]
    assert "Successfully installed learning-rate-lessons" in editable


def test_the_lines_for_windows_are_the_same_ones() -> None:
    (block,) = [text for name, text in BLOCKS if name == "sh" and "-m venv" in text]
    windows = re.sub(
        r"\.venv/bin/python|notebooks/\S+", lambda found: found[0].replace("/", "\\"), block
    ).replace(r".venv\bin\python", r".venv\Scripts\python")
    assert [text for name, text in BLOCKS if name == "bat"] == [windows]


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`(make [^`]+)`", README))))
def test_every_make_command_in_the_text_is_one(command: str, place: Path) -> None:
    """What each would do; tests/test_makefile.py lets it be done."""
    command = command.replace("/path/to/python3.12", "python")
    with typed(command, place, MAKEFLAGS="n") as (process, log):
        assert process.wait(timeout=60) == 0, log.read_text()
    assert "tools/make_venv.sh" in log.read_text()


def test_actionlint_finds_nothing_in_the_workflow(tmp_path: Path) -> None:
    path = tmp_path / "lessons.yml"
    path.write_text(workflow())
    done = actionlint(path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow_does_what_it_says(installed: dict[str, str], place: Path) -> None:
    """Its lines, one after the other, on a machine where all is installed already."""
    clone = place / "a clone"
    files = ("requirements.txt", "requirements.lock", "pyproject.toml")
    done = subprocess.run(
        ["cksum"],
        input=b"".join((clone / name).read_bytes() for name in files),
        capture_output=True,
    )
    (clone / ".venv" / ".installed").write_text(f"{done.stdout.decode().strip()}\n{clone}\n")

    lines = [step["run"] for step in steps() if "run" in step]
    wrote = {line: run(line, place) for line in lines}
    assert [line.split()[0] for line in lines] == ["make", "make", ".venv/bin/python"]
    assert wrote["make venv"] == "", "nothing is installed twice"
    (upload,) = [step["with"] for step in steps() if "with" in step and "path" in step["with"]]
    (executed,) = (clone / upload["path"]).glob("*.ipynb")
    assert '"SEED = 7' in executed.read_text(encoding="utf-8")
    assert "tests collected" in wrote[lines[2]]
