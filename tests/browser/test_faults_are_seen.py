"""What the tests of the lessons look for is found in a notebook that has all of it."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser
from small_notebooks import write_notebook

from browser.lab import (
    Lab,
    LessonRun,
    pop_ups,
    red_bars,
    run_lesson,
    shut_down,
    silent_cells,
)

BREAKS_OFF = """
from tqdm.notebook import tqdm
for number in tqdm(range(4)):
    if number == 2:
        break
"""
CELLS = [
    ("start", "import sys, time"),
    ("warning", "print('a warning', file=sys.stderr)"),
    ("breaks-off", BREAKS_OFF),
    ("silent", "time.sleep(2.5)"),
    ("late", "time.sleep(1.7); print('at last'); time.sleep(0.8)"),
    ("talks", "print('soon'); time.sleep(2.5)"),
    ("folded", "# Solution"),
    ("fails", "raise ValueError('on purpose')"),
    ("never-run", "1"),
]


@pytest.fixture(scope="module")
def run(lab: Lab, browser: Browser) -> Iterator[LessonRun]:
    path = write_notebook(lab.folder / "faults.ipynb", *[(*cell, []) for cell in CELLS])
    fold(path, "folded")
    context = browser.new_context()
    page = context.new_page()
    yield run_lesson(page, lab, Path(path.name))
    shut_down(page)
    context.close()
    path.unlink()


def fold(path: Path, cell_id: str) -> None:
    notebook = nbformat.read(path, nbformat.NO_CONVERT)
    [cell] = [cell for cell in notebook.cells if cell.id == cell_id]
    cell.metadata["jupyter"] = {"source_hidden": True}
    nbformat.write(notebook, path)


def test_an_error_and_what_did_not_run(run: LessonRun) -> None:
    assert run.outcome["errors"] == [{"id": "fails", "text": "ValueError: on purpose"}]
    assert run.outcome["notRun"] == ["never-run"]
    assert run.outcome["good"] is False


def test_text_on_stderr(run: LessonRun) -> None:
    assert run.outcome["stderr"] == [{"id": "warning", "text": "a warning\n"}]


def test_a_cell_that_is_silent_and_one_that_speaks_late(run: LessonRun) -> None:
    assert [cell["id"] for cell in silent_cells(run, 2, 1.2)] == ["silent", "late"]


def test_a_bar_that_ends_red(run: LessonRun) -> None:
    assert [bar["id"] for bar in red_bars(run.page)] == ["breaks-off"]


def test_a_folded_cell_that_is_open(run: LessonRun) -> None:
    def readable() -> dict[str, bool]:
        sources = run.page.evaluate("(ids) => window.lesson.sources(ids)", ["folded"])
        return {one["id"]: one["readable"] for one in sources}

    assert readable() == {"start": True, "folded": False}
    run.page.evaluate("() => window.jupyterapp.commands.execute('notebook:show-all-cell-code')")
    assert readable()["folded"] is True


def test_a_dialog(run: LessonRun) -> None:
    page = run.page
    assert pop_ups(page) == []
    page.evaluate("() => { window.jupyterapp.commands.execute('help:about') }")
    page.wait_for_selector(".jp-Dialog")
    assert len(pop_ups(page)) == 1
