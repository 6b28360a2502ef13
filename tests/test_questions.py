"""The README's "Questions that this course answers": fifteen rows, each answered and proved in a cell."""

import re
from pathlib import Path

import nbformat
import pytest
from conftest import PROJECT
from lesson_files import has_assert
from nbformat import NotebookNode

TITLE = "## Questions that this course answers"
README = (PROJECT / "README.md").read_text(encoding="utf-8")
LINK = re.compile(r"\[lesson (\d+): ([^\]]+)\]\((notebooks/[^)#]+)#([^)]+)\)")
THREAD = re.compile(r"\[([\w-]+)#(\d+)\]\(https://github\.com/[\w.-]+/([\w.-]+)/issues/(\d+)\)")


def rows(readme: str) -> list[str]:
    section = readme.split(f"\n{TITLE}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| \d+ \|.*$", section, re.MULTILINE)


ROWS = rows(README)


def heading(cell: NotebookNode) -> tuple[int, str] | None:
    """Level and text of the heading at the top of a Markdown cell."""
    found = re.match(r"(#+) (.+)", cell.source) if cell.cell_type == "markdown" else None
    return (len(found[1]), found[2].strip()) if found else None


def anchor(text: str) -> str:
    """The anchor that Jupyter gives to a heading: its text, with a hyphen for every space."""
    return text.replace("`", "").replace(" ", "-")


def section_of(notebook: NotebookNode, wanted: str) -> list[NotebookNode]:
    """The cells below the one heading with this anchor, up to the next one of its level or above."""
    places = [
        number
        for number, cell in enumerate(notebook.cells)
        if heading(cell) and anchor(heading(cell)[1]) == wanted
    ]
    assert len(places) == 1, f"{len(places)} headings have the anchor {wanted}"
    (start,) = places
    level = heading(notebook.cells[start])[0]
    end = start + 1
    while end < len(notebook.cells):
        other = heading(notebook.cells[end])
        if other and other[0] <= level:
            break
        end += 1
    return notebook.cells[start:end]


def proves(cells: list[NotebookNode]) -> bool:
    """Whether the claims of a section are asserted by code that has been run."""
    code = [cell for cell in cells if cell.cell_type == "code"]
    return any(has_assert(cell) and cell.execution_count for cell in code)


def test_there_are_fifteen_questions_in_order() -> None:
    assert [int(row.split("|")[1]) for row in ROWS] == list(range(1, 16))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_each_is_answered_in_a_cell_that_proves_it(row: str) -> None:
    columns = [column.strip() for column in row.strip("|").split("|")]
    assert len(columns) == 5 and all(columns)
    links = LINK.findall(columns[4])
    assert links and len(links) == columns[4].count("](")
    for number, text, path, target in links:
        assert Path(path).name.startswith(f"{int(number):02}_")
        notebook = nbformat.read(PROJECT / path, as_version=4)
        cells = section_of(notebook, target)
        title = heading(cells[0])[1]
        assert title.removeprefix("This fails, and why: ") == text
        assert proves(cells), f"nothing is asserted under {title!r}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_threads_are_named_as_their_links(row: str) -> None:
    threads = THREAD.findall(row)
    assert threads, "somebody must have asked"
    for name, number, repository, linked in threads:
        assert number == linked
        same = name.lower() in repository.lower().replace("-", "_").replace(
            "yolov3_tf2", "yolov3-tf2"
        )
        assert same or (name, repository) in {
            ("Lightning", "pytorch-lightning"),
            ("timm", "pytorch-image-models"),
        }


def small_notebook(*sources: str) -> NotebookNode:
    cells = []
    for source in sources:
        if source.startswith("#"):
            cells.append(nbformat.v4.new_markdown_cell(source))
        else:
            cells.append(nbformat.v4.new_code_cell(source, execution_count=1))
    return nbformat.v4.new_notebook(cells=cells)


def test_a_section_ends_at_the_next_heading_of_its_level() -> None:
    notebook = small_notebook(
        "## One: `a` and b\n\ntext", "x = 1", "### Below", "assert x", "## Two", "y = 2"
    )
    assert len(section_of(notebook, "One:-a-and-b")) == 4
    assert proves(section_of(notebook, "One:-a-and-b")) and proves(section_of(notebook, "Below"))
    assert not proves(section_of(notebook, "Two"))


@pytest.mark.parametrize("sources", [("## Other",), ("## Wanted", "### Wanted")])
def test_a_missing_or_doubled_heading_is_noticed(sources: tuple[str, ...]) -> None:
    with pytest.raises(AssertionError, match="headings have the anchor Wanted"):
        section_of(small_notebook(*sources), "Wanted")


def test_a_cell_that_was_not_run_proves_nothing() -> None:
    notebook = small_notebook("## Here", "assert True, 'why'")
    notebook.cells[1].execution_count = None
    assert not proves(section_of(notebook, "Here"))
