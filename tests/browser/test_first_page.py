"""JupyterLab as `make lab` starts it: the first thing that a learner sees."""

from collections.abc import Iterator

import nbformat
import pytest
from conftest import LESSONS, PROJECT
from playwright.sync_api import Browser, Page, expect

from browser.conftest import git_status
from browser.lab import SECONDS_TO_SHOW, make_lab, pop_ups

SECONDS_FOR_POP_UPS = 5  # the question about news comes within one


@pytest.fixture(scope="module")
def first_page(
    browser: Browser, tree_before: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    """The page at the address that `make lab` opens, in a browser that was never here before."""
    with make_lab(tmp_path_factory.mktemp("lab"), PROJECT) as lab:
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        page = context.new_page()
        page.set_default_timeout(SECONDS_TO_SHOW * 1000)
        page.goto(lab.address)
        page.wait_for_selector(".jp-Notebook .jp-MarkdownOutput h1")
        yield page
        context.close()


def test_lands_on_lesson_1(first_page: Page) -> None:
    title = nbformat.read(LESSONS[0], nbformat.NO_CONVERT).cells[0].source.splitlines()[0]
    heading = first_page.locator(".jp-NotebookPanel .jp-MarkdownOutput h1").first
    expect(heading).to_be_in_viewport()
    assert heading.inner_text().rstrip("¶") == title.lstrip("# ")
    tabs = first_page.locator("#jp-main-dock-panel .lm-TabBar-tab").all_inner_texts()
    assert [tab.strip() for tab in tabs] == [LESSONS[0].name], "nothing else is open"


def test_its_table_of_contents_is_open(first_page: Page) -> None:
    contents = first_page.locator("#jp-left-stack .jp-TableOfContents").first
    expect(contents).to_be_visible()
    for heading in ("You will learn", "Setup", "Exercises", "Next lesson"):
        expect(contents.get_by_text(heading, exact=True).first).to_be_attached()


def test_a_heading_in_the_table_leads_to_its_place(first_page: Page) -> None:
    first_page.locator("#jp-left-stack .jp-TableOfContents").get_by_text("Recap").first.click()
    heading = first_page.locator(".jp-MarkdownOutput h2", has_text="Recap")
    expect(heading).to_be_in_viewport()


def test_no_pop_up_and_no_notification(first_page: Page) -> None:
    first_page.wait_for_timeout(SECONDS_FOR_POP_UPS * 1000)
    assert pop_ups(first_page) == []


def test_the_project_is_unchanged(first_page: Page, tree_before: str | None) -> None:
    """Looking at a lesson leaves no trace in the project."""
    if tree_before is None:
        pytest.skip("without git nobody can tell")
    assert git_status() == tree_before
