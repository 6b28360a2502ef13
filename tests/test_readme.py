"""The README speaks of files, lessons and commands that exist."""

import re
import shlex
from pathlib import Path

import nbformat
import pytest
from conftest import HELPERS, LESSONS, NOT_FOR_COPYING, PROJECT

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
