"""papermill runs lessons with parameters, and says in one line why it does not."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
import run_notebooks
from conftest import LESSONS, PROJECT
from small_notebooks import text_of, write_notebook

TOOL = PROJECT / "tools" / "run_notebooks.py"


Run = Callable[..., tuple[int, str, str]]
Refused = Callable[..., str]


@pytest.fixture
def run_tool(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture) -> Run:
    """Call the tool as a command does; gives its status and what it wrote."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["run_notebooks.py", *map(str, arguments)])
        capfd.readouterr()
        try:
            status = run_notebooks.main()
        except SystemExit as stopped:
            status = stopped.code
        return status, *capfd.readouterr()

    return call


@pytest.fixture
def refused(run_tool: Run) -> Refused:
    """The one line that a refused call prints."""

    def call(*arguments: object) -> str:
        status, out, err = run_tool(*arguments)
        assert (status, out, err.count("\n")) == (2, "", 1), err
        return err

    return call


@pytest.fixture
def lesson_file(tmp_path: Path) -> Path:
    folder = tmp_path / "lessons"
    folder.mkdir()
    return write_notebook(
        folder / "n.ipynb",
        ("parameters", "STEPS = 1", ["parameters"]),
        ("shows", "import pathlib; print(STEPS, pathlib.Path.cwd().name)", []),
        ("divides", "print(1 / STEPS)", []),
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", 2), ("0.5", 0.5), ("True", True), ("None", None), ("[1, 2]", [1, 2]), ("sgd", "sgd")],
)
def test_parameter_values_are_read_as_python_reads_them(text: str, value: object) -> None:
    assert run_notebooks.parse_value(text) == value


def test_run_passes_parameters_and_starts_in_the_lessons_folder(
    lesson_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    output = run_notebooks.run(lesson_file, {"STEPS": 5}, tmp_path / "runs", progress=False)
    assert text_of(output, 2) == "5 lessons\n"
    assert run_notebooks.known_parameters(lesson_file) == {"STEPS"}
    assert list(output.parent.iterdir()) == [output], "nothing unfinished is left"


def test_a_run_that_ends_early_is_no_success(tmp_path: Path) -> None:
    path = write_notebook(
        tmp_path / "n.ipynb", ("leaves", "import sys; sys.exit(0)", []), ("after", "print(1)", [])
    )
    with pytest.raises(RuntimeError, match="did not complete"):
        run_notebooks.run(path, {}, tmp_path / "runs", progress=False)


def test_a_cell_that_stops_is_told_in_one_line_and_kept_in_the_copy(
    lesson_file: Path, tmp_path: Path, run_tool: Run
) -> None:
    status, out, err = run_tool(lesson_file, "-p", "STEPS", "0", "-o", tmp_path / "runs")
    assert status == 1
    assert out.splitlines() == [
        "n.ipynb  {'STEPS': 0}",
        "  stopped: ZeroDivisionError: division by zero",
    ]
    assert "Traceback" not in err
    executed = nbformat.read(tmp_path / "runs" / "n.ipynb", as_version=4)
    assert any(o.output_type == "error" for c in executed.cells for o in c.get("outputs", []))


def test_a_bad_parameter_of_a_lesson_is_told_in_one_line(tmp_path: Path) -> None:
    """As a command, with the very cell of a lesson, in a notebook that then trains for ever."""
    path = write_notebook(
        tmp_path / "n.ipynb",
        ("parameters", "EPOCHS = 2", ["parameters"]),
        (
            "check-parameters",
            "from helpers.lesson import check_parameters\ncheck_parameters(EPOCHS=(EPOCHS, 1, 50))",
            [],
        ),
        ("trains", "import time; time.sleep(1000)", []),
    )
    done = subprocess.run(
        [sys.executable, TOOL, path, "-p", "EPOCHS", "abc", "-o", tmp_path / "runs"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "n.ipynb  {'EPOCHS': 'abc'}",
        "  stopped: ValueError: EPOCHS must be a whole number from 1 to 50, got 'abc'",
    ]
    assert "Traceback" not in done.stderr


# --- what is refused before anything runs ---------------------------------------------------------


def test_unknown_parameter(lesson_file: Path, tmp_path: Path, refused: Refused) -> None:
    line = refused(lesson_file, "-p", "STEP", "5", "-o", tmp_path / "o")
    assert line == "no lesson has the parameter STEP; known: STEPS\n"


def test_missing_file_and_glob_without_match(tmp_path: Path, refused: Refused) -> None:
    for name in ("missing.ipynb", "notebooks/99*.ipynb"):
        line = refused(name, "-o", tmp_path / "o")
        assert f"there is no file {name}" in line and LESSONS[0].name in line


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("README.md", "# no notebook", "is no notebook"),
        ("half.ipynb", '{"cells": [{"cell_type": "code", "sou', "is no notebook"),
        ("empty.ipynb", "", "is no notebook"),
        ("list.ipynb", "[1, 2]", "is no notebook"),
        (
            "text.ipynb",
            '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
            "is no lesson: it has no code cell",
        ),
    ],
)
def test_a_file_that_is_no_lesson(
    name: str, content: str, why: str, tmp_path: Path, refused: Refused
) -> None:
    (tmp_path / name).write_text(content)
    assert f"{tmp_path / name} {why}" in refused(tmp_path / name, "-o", tmp_path / "o")


def test_a_folder_is_no_lesson(tmp_path: Path, refused: Refused) -> None:
    assert f"{tmp_path} is a folder" in refused(tmp_path)


@pytest.mark.parametrize("given", ["notebooks", "notebooks/runs", "."])
def test_the_lessons_own_folder_is_refused_for_the_copies(
    given: str, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT / "notebooks" if given == "." else PROJECT)
    before = LESSONS[0].read_bytes()
    assert "is where the lessons are" in refused(LESSONS[0], "-o", given)
    assert LESSONS[0].read_bytes() == before


def test_the_folder_of_any_other_notebook_is_refused_too(
    lesson_file: Path, tmp_path: Path, refused: Refused
) -> None:
    link = tmp_path / "link"
    link.symlink_to(lesson_file.parent)
    assert "is where the lessons are" in refused(lesson_file, "-o", link)


def test_a_file_is_refused_for_the_copies(
    lesson_file: Path, tmp_path: Path, refused: Refused
) -> None:
    (tmp_path / "file").touch()
    assert "is no folder" in refused(lesson_file, "-o", tmp_path / "file")
