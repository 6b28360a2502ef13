"""Outputs are stored so that two runs give the same bytes, or not at all."""

import itertools
import subprocess
import sys
from pathlib import Path

import execute_notebooks
import nbformat
import pytest
from conftest import PROJECT
from nbformat.v4 import new_output
from small_notebooks import text_of, write_notebook

TOOL = PROJECT / "tools" / "execute_notebooks.py"


# A progress bar as the lessons show it: a widget's view alone, which nothing is left of.
BAR = """from helpers.lesson import progress
for number in progress(range(3), label="counting"):
    pass
print("done")"""


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    return write_notebook(
        tmp_path / "measured.ipynb",
        ("figure", "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()", []),
        ("timed", "import time\nprint(time.perf_counter_ns())", ["measures-time"]),
        ("slider", "import ipywidgets\nipywidgets.IntSlider()", []),
        ("bar", BAR, []),
    )


def test_two_stores_give_the_same_bytes(measured: Path) -> None:
    assert execute_notebooks.store_outputs(measured, measure_again=False) == []
    first = measured.read_bytes()
    *_, slider, bar = nbformat.read(measured, as_version=4).cells
    assert [list(output.data) for output in slider.outputs] == [["text/plain"]]
    assert [output.output_type for output in bar.outputs] == ["stream"], "the bar left nothing"
    assert execute_notebooks.store_outputs(measured, measure_again=False) == []
    assert measured.read_bytes() == first


@pytest.fixture
def timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook whose only cell prints another number at every execution; no kernel runs it."""
    numbers = itertools.count()

    def execute(notebook: nbformat.NotebookNode, folder: Path) -> None:
        (cell,) = notebook.cells
        cell.execution_count = 1
        cell.outputs = [new_output("stream", text=f"{next(numbers)}\n")]

    monkeypatch.setattr(execute_notebooks, "execute", execute)
    return write_notebook(tmp_path / "n.ipynb", ("timed", "measure()", ["measures-time"]))


def test_a_timing_is_kept_until_it_is_measured_again(timed: Path) -> None:
    for again, expected in ((False, "0\n"), (False, "0\n"), (True, "2\n"), (False, "2\n")):
        execute_notebooks.store_outputs(timed, measure_again=again)
        assert text_of(timed, 0) == expected


def test_timing_is_stored_anew_when_its_source_changes(timed: Path) -> None:
    execute_notebooks.store_outputs(timed, measure_again=False)
    notebook = nbformat.read(timed, as_version=4)
    notebook.cells[0].source += "  # edited"
    nbformat.write(notebook, timed)
    execute_notebooks.store_outputs(timed, measure_again=False)
    assert text_of(timed, 0) == "1\n"


def test_a_new_timing_is_stored(timed: Path) -> None:
    """Nothing was stored for this cell before: not even its name."""
    stored = nbformat.read(timed, as_version=4)
    notebook = nbformat.read(timed, as_version=4)
    stored.cells[0].id = "other"
    execute_notebooks.execute(notebook, timed.parent)
    execute_notebooks.keep_stored_timings(notebook, stored)
    assert notebook.cells[0].outputs[0].text == "0\n"


def test_nothing_is_stored_when_a_cell_writes_to_stderr(tmp_path: Path) -> None:
    path = write_notebook(
        tmp_path / "n.ipynb", ("warns", "import warnings; warnings.warn('look')", [])
    )
    before = path.read_bytes()
    (fault,) = execute_notebooks.store_outputs(path, measure_again=False)
    assert "'warns' wrote to stderr" in fault
    assert path.read_bytes() == before


def run_tool(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, TOOL, *arguments], capture_output=True, text=True, timeout=120
    )


def test_a_failing_cell_is_shown_without_the_frames_of_the_tool(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "n.ipynb", ("fails", "1 / 0", []))
    before = path.read_bytes()
    done = run_tool(path)
    assert done.returncode == 1
    assert "n.ipynb not stored:" in done.stdout and "ZeroDivisionError" in done.stdout
    assert "execute_notebooks.py" not in done.stdout + done.stderr
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_no_notebook_is_named_in_one_line(tmp_path: Path) -> None:
    done = run_tool(tmp_path / "missing.ipynb")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"there is no file {tmp_path / 'missing.ipynb'}" in done.stderr


KILLED_WHILE_WRITING = """
import os, sys
sys.path.insert(0, sys.argv[1])
import execute_notebooks
os.fsync = lambda descriptor: os.kill(os.getpid(), 9)
execute_notebooks.store_outputs(execute_notebooks.Path(sys.argv[2]), measure_again=False)
"""
DISK_FULL = """
import resource, sys
sys.path.insert(0, sys.argv[1])
import execute_notebooks
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
execute_notebooks.store_outputs(execute_notebooks.Path(sys.argv[2]), measure_again=False)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and limits are those of Unix")
@pytest.mark.parametrize(
    ("program", "status"), [(KILLED_WHILE_WRITING, -9), (DISK_FULL, 1)], ids=["killed", "full"]
)
def test_a_lesson_survives_what_happens_while_it_is_stored(
    tmp_path: Path, program: str, status: int
) -> None:
    path = write_notebook(tmp_path / "n.ipynb", ("long", "print('word ' * 1000)", []))
    before = path.read_bytes()
    # No kernel: what is broken here is the writing.
    program = program.replace(
        "import execute_notebooks\n",
        "import execute_notebooks\nexecute_notebooks.execute = lambda notebook, folder: None\n"
        "execute_notebooks.make_reproducible = lambda notebook: notebook.cells[0].update("
        "source='# ' + 'word ' * 1000)\n",
    )
    done = subprocess.run(
        [sys.executable, "-c", program, TOOL.parent, path], capture_output=True, text=True
    )
    assert done.returncode == status, done.stderr
    assert path.read_bytes() == before
