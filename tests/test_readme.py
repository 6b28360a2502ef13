"""The README speaks of files, lessons and commands that exist."""

import re
import shlex
from pathlib import Path

import draw_overview
import nbformat
import pytest
from conftest import HELPERS, LESSONS, NOT_FOR_COPYING, PROJECT
from PIL import Image
from test_helpers_alone import COPIED, USES, siblings

README = (PROJECT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE)
NAMED_TARGETS = {"help", "venv"}  # `make` alone says what there is


def table_row(link: str) -> str:
    (row,) = [line for line in README.splitlines() if line.startswith("|") and link in line]
    return row


def test_links_lead_to_files() -> None:
    targets = re.findall(r"\]\(([^)#\s]+)\)", README)
    local = [target for target in targets if not target.startswith("http")]
    assert local and [target for target in local if not (PROJECT / target).exists()] == []


def test_links_inside_the_page_lead_to_headings() -> None:
    headings = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= anchors


def test_every_lesson_has_a_row_with_its_minutes(lesson: Path) -> None:
    row = table_row(f"](notebooks/{lesson.name})")
    minutes = nbformat.read(lesson, as_version=4).metadata.lesson.minutes
    assert re.search(rf"\| *{minutes} *\|", row), f"{minutes} minutes: {row}"


@pytest.mark.parametrize("helper", HELPERS, ids=lambda path: path.stem)
def test_what_can_be_copied_is_in_the_copy_table_and_nothing_else(helper: Path) -> None:
    rows = [line for line in README.splitlines() if line.startswith("|")]
    offered = any(f"(helpers/{helper.name})" in row for row in rows)
    assert offered == (helper.stem not in NOT_FOR_COPYING)
    if not offered:
        assert f"`{helper.name}`" in README, "say that it is not for copying"


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def copy_rows() -> list[list[str]]:
    """The files that each row of the copy table names, in their order."""
    rows = [line for line in section("You want X: copy this").splitlines() if line[:2] == "| "]
    return [re.findall(r"\(helpers/(\w+)\.py\)", row) for row in rows[1:]]


@pytest.mark.parametrize("names", copy_rows(), ids=lambda names: names[0])
def test_a_row_of_the_copy_table_names_what_is_tried_in_an_empty_folder(names: list[str]) -> None:
    """tests/test_helpers_alone.py copies a file and its sibling, and uses them there."""
    helper = PROJECT / "helpers" / f"{names[0]}.py"
    assert helper in COPIED and helper.stem in USES
    assert names[1:] == siblings(helper)


def test_the_copy_table_has_one_row_for_each_file() -> None:
    assert sorted(names[0] for names in copy_rows()) == sorted(path.stem for path in COPIED)


def test_the_short_guide_is_that_of_lesson_8() -> None:
    (lesson,) = [path for path in LESSONS if path.name.startswith("08_")]
    cells = nbformat.read(lesson, as_version=4).cells
    (guide,) = [cell.source for cell in cells if cell.source.startswith("## A guide\n")]
    full = [line.replace("](#", f"](notebooks/{lesson.name}#") for line in guide.splitlines()]
    short = [line for line in section("Which schedule?").splitlines() if line.startswith("|")]
    assert len(short) >= 2 + 5
    assert short == full[full.index(short[0]) :][: len(short)], "its first rows, word for word"


def test_the_first_picture_is_put_together_from_those_of_the_lessons(tmp_path: Path) -> None:
    draw_overview.draw(tmp_path / "overview.png")
    drawn = Image.open(tmp_path / "overview.png")
    stored = Image.open(draw_overview.OVERVIEW)
    assert drawn.size == stored.size and drawn.tobytes() == stored.tobytes(), "make pictures"
    assert draw_overview.OVERVIEW.stat().st_size < 150_000
    (text,) = re.findall(
        rf"!\[([^\]]+)\]\({draw_overview.OVERVIEW.relative_to(PROJECT).as_posix()}", README
    )
    assert len(text) > 100, "a text that stands for the picture"
    assert README.index(text) < README.index("```"), "before anything else"


def test_a_cut_through_something_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match=r"08_.*png: something is drawn in column 600"):
        draw_overview.half("08", 600, "left")


def test_make_commands_are_targets() -> None:
    used = set(re.findall(r"(?:`|^)make (?:[A-Z_]+=\S+ )*([a-z]+)", README, re.MULTILINE))
    assert used and used <= set(TARGETS)
    assert set(TARGETS) - used <= NAMED_TARGETS, "every target is described"


def shell_lines() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    return [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]


def test_files_in_commands_exist() -> None:
    words = [word for line in shell_lines() for word in shlex.split(line)]
    files = [word for word in words if "/" in word and not word.startswith((".venv", "$", "/"))]
    assert files and [word for word in files if not (PROJECT / word).exists()] == []


def test_every_folder_of_the_table_is_there() -> None:
    section = README.split("## What is where")[1].split("\n## ")[0]
    named = set(re.findall(r"^\| \[([^\]]+)\]", section, re.MULTILINE))
    assert named and all((PROJECT / folder).is_dir() for folder in named)


def test_there_are_lessons() -> None:
    numbers = [int(path.name[:2]) for path in LESSONS]
    assert numbers == list(range(1, len(LESSONS) + 1))
