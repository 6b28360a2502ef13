"""Every lesson, opened in JupyterLab and run with "Run all"."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from conftest import LESSONS, PROJECT, lesson_id
from playwright.sync_api import Browser

from browser.conftest import git_status
from browser.lab import (
    Lab,
    LessonRun,
    pop_ups,
    red_bars,
    run_lesson,
    shut_down,
    silent_cells,
)

# On a quiet machine with two cores; multiplied by how slow this one is (browser.lab.slowness).
LONG_CELL = 5.0  # seconds; a cell that takes longer ...
SHOWS_WITHIN = 3.0  # ... shows something after so many
SECONDS_TO_REDRAW = 10.0
SECONDS_OF_STILLNESS = 1.5


@pytest.fixture(scope="module", params=LESSONS, ids=lesson_id)
def run(
    request: pytest.FixtureRequest, lab: Lab, browser: Browser, table: list[str]
) -> Iterator[LessonRun]:
    """A lesson after "Run all"; its kernel is there until the next lesson."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    run = run_lesson(page, lab, request.param.relative_to(PROJECT))
    table.append(summary(request.param, run))
    yield run
    shut_down(page)
    context.close()


def summary(lesson: Path, run: LessonRun) -> str:
    cells = [cell for cell in run.outcome["runs"] if cell["seconds"] > LONG_CELL]
    text = f"{lesson.stem:28} {run.seconds:5.1f} s, {len(cells)} cells above {LONG_CELL:.0f} s"
    if cells:
        latest = max(cells, key=lambda cell: cell["shownAfter"] or cell["seconds"])
        quietest = max(cells, key=lambda cell: cell["silence"])
        text += (
            f"; first sign after {latest['shownAfter'] or latest['seconds']:.1f} s at the latest"
            f" ({latest['id']}), longest silence {quietest['silence']:.1f} s ({quietest['id']})"
        )
    return f"{text}; this machine is {run.slowness:.1f} times slower than a quiet one"


def test_runs_to_its_end_without_an_error(run: LessonRun) -> None:
    assert run.outcome["errors"] == []
    assert run.outcome["notRun"] == []
    assert run.outcome.get("good") is True, "JupyterLab says that all cells ran"
    assert pop_ups(run.page) == []


def test_writes_nothing_to_stderr(run: LessonRun) -> None:
    """A red block of text that no reader can use."""
    assert run.outcome["stderr"] == []


def test_a_long_cell_shows_something_soon(run: LessonRun) -> None:
    limit = SHOWS_WITHIN * run.slowness
    silent = silent_cells(run, LONG_CELL * run.slowness, limit)
    assert silent == [], f"nothing visible within {limit:.1f} s"


def test_what_is_folded_is_closed_in_the_page(run: LessonRun) -> None:
    cells = nbformat.read(run.path, nbformat.NO_CONVERT).cells
    folded = [cell.id for cell in cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
    assert len(folded) >= 2, "the solutions at least"
    *sources, opened = sorted(
        run.page.evaluate("(ids) => window.lesson.sources(ids)", folded),
        key=lambda one: not one["folded"],
    )
    assert sorted(one["id"] for one in sources) == sorted(folded)
    assert [one for one in sources if one["readable"] or not one["placeholder"]] == []
    assert opened["readable"], "others are open"


def test_no_progress_bar_ends_red(run: LessonRun) -> None:
    """Red says that something failed."""
    assert red_bars(run.page) == []


def test_a_slider_moves_its_picture_and_nothing_else(run: LessonRun) -> None:
    page = run.page
    cells = page.evaluate("() => window.lesson.slidersIn()")
    if not cells:
        pytest.skip("no slider in this lesson")
    for cell in cells:
        index = cell["index"]
        for slider in page.locator(".noUi-handle").all():
            before = page.evaluate("(index) => window.lesson.picture(index)", index)
            slider.focus()
            # At its upper end it cannot go up.
            full = slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
            page.keyboard.press("ArrowLeft" if full else "ArrowRight")
            page.wait_for_function(
                "([index, source]) => window.lesson.picture(index).source !== source",
                arg=[index, before["source"]],
                timeout=SECONDS_TO_REDRAW * run.slowness * 1000,
            )
            page.wait_for_timeout(SECONDS_OF_STILLNESS * 1000)
            after = page.evaluate("(index) => window.lesson.picture(index)", index)
            assert after.pop("source") != before.pop("source")
            assert after == before, "the page stays where it is"


def test_lesson_5_has_a_slider() -> None:
    """Else the test above is skipped everywhere."""
    assert "Slider(" in LESSONS[4].read_text()


def test_the_project_is_unchanged(tree_before: str | None) -> None:
    """Lessons write into their copies; if you have edited a file meanwhile, run again."""
    if tree_before is None:
        pytest.skip("without git nobody can tell")
    assert git_status() == tree_before
