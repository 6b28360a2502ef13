"""The tools that run the lessons and store their outputs."""

from pathlib import Path

import execute_notebooks
import nbformat
import pytest
import run_notebooks
from nbformat.v4 import new_code_cell, new_notebook

KERNEL = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}


def write(path: Path, *cells: tuple[str, str, list[str]]) -> Path:
    """A small notebook of (id, source, tags) cells."""
    notebook = new_notebook(metadata=KERNEL)
    notebook.cells = [
        new_code_cell(source, id=cell_id, metadata={"tags": tags})
        for cell_id, source, tags in cells
    ]
    nbformat.write(notebook, path)
    return path


def text_of(path: Path, index: int) -> str:
    return nbformat.read(path, as_version=4).cells[index].outputs[0].text


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    return write(
        tmp_path / "measured.ipynb",
        ("figure", "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()", []),
        ("timed", "import time\nprint(time.perf_counter_ns())", ["measures-time"]),
        ("slider", "import ipywidgets\nipywidgets.IntSlider()", []),
    )


def test_two_stores_give_the_same_bytes(measured: Path) -> None:
    assert execute_notebooks.store_outputs(measured, measure_again=False) == []
    first = measured.read_bytes()
    assert execute_notebooks.store_outputs(measured, measure_again=False) == []
    assert measured.read_bytes() == first

    timing = text_of(measured, 1)
    execute_notebooks.store_outputs(measured, measure_again=True)
    assert text_of(measured, 1) != timing


def test_timing_is_stored_anew_when_its_source_changes(measured: Path) -> None:
    execute_notebooks.store_outputs(measured, measure_again=False)
    timing = text_of(measured, 1)
    notebook = nbformat.read(measured, as_version=4)
    notebook.cells[1].source += "  # edited"
    nbformat.write(notebook, measured)
    execute_notebooks.store_outputs(measured, measure_again=False)
    assert text_of(measured, 1) != timing


def test_nothing_is_stored_when_a_cell_writes_to_stderr(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", ("warns", "import warnings; warnings.warn('look')", []))
    before = path.read_bytes()
    (fault,) = execute_notebooks.store_outputs(path, measure_again=False)
    assert "'warns' wrote to stderr" in fault
    assert path.read_bytes() == before


def test_nothing_is_stored_when_a_cell_fails(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", ("fails", "1 / 0", []))
    before = path.read_bytes()
    with pytest.raises(Exception, match="ZeroDivisionError"):
        execute_notebooks.store_outputs(path, measure_again=False)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", 2), ("0.5", 0.5), ("True", True), ("None", None), ("[1, 2]", [1, 2]), ("sgd", "sgd")],
)
def test_parameter_values_are_read_as_python_reads_them(text: str, value: object) -> None:
    assert run_notebooks.parse_value(text) == value


def test_run_passes_parameters_and_starts_in_the_lessons_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, elsewhere = tmp_path / "lessons", tmp_path / "elsewhere"
    folder.mkdir(), elsewhere.mkdir()
    path = write(
        folder / "n.ipynb",
        ("parameters", "STEPS = 1", ["parameters"]),
        ("shows", "import pathlib; print(STEPS, pathlib.Path.cwd().name)", []),
    )
    monkeypatch.chdir(elsewhere)
    output = run_notebooks.run(path, {"STEPS": 5}, tmp_path / "runs", progress=False)
    assert text_of(output, 2) == "5 lessons\n"
    assert run_notebooks.known_parameters(path) == {"STEPS"}


def test_a_run_that_ends_early_is_no_success(tmp_path: Path) -> None:
    path = write(
        tmp_path / "n.ipynb", ("leaves", "import sys; sys.exit(0)", []), ("after", "print(1)", [])
    )
    with pytest.raises(RuntimeError, match="did not complete"):
        run_notebooks.run(path, {}, tmp_path / "runs", progress=False)


def test_unknown_parameter_stops_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    path = write(tmp_path / "n.ipynb", ("parameters", "STEPS = 1", ["parameters"]))
    monkeypatch.setattr(
        "sys.argv", ["run", str(path), "-p", "STEP", "5", "-o", str(tmp_path / "o")]
    )
    with pytest.raises(SystemExit) as caught:
        run_notebooks.main()
    assert caught.value.code == 2
    assert "no lesson has the parameter STEP; known: STEPS" in capsys.readouterr().err
