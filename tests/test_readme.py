"""The README speaks of files and lessons that exist."""

import re

import pytest
from conftest import LESSONS, PROJECT

README = (PROJECT / "README.md").read_text()


def test_links_lead_to_files() -> None:
    targets = re.findall(r"\]\(([^)#\s]+)\)", README)
    local = [target for target in targets if not target.startswith("http")]
    assert local and [target for target in local if not (PROJECT / target).exists()] == []


def test_every_lesson_has_a_row(lesson) -> None:
    assert f"](notebooks/{lesson.name})" in README


def test_lesson_minutes_are_those_of_the_lesson(lesson) -> None:
    import nbformat

    minutes = nbformat.read(lesson, as_version=4).metadata.lesson.minutes
    (row,) = [
        line
        for line in README.splitlines()
        if f"](notebooks/{lesson.name})" in line and line.startswith("|")
    ]
    assert re.search(rf"\| *{minutes} *\|", row), row


@pytest.mark.parametrize(
    "helper", sorted((PROJECT / "helpers").glob("[a-z]*.py")), ids=lambda path: path.stem
)
def test_every_helper_has_a_row_in_the_copy_table(helper) -> None:
    assert f"(helpers/{helper.name})" in README


def test_commands_exist() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    for target in set(re.findall(r"`make ([a-z]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_there_are_lessons() -> None:
    numbers = [int(path.name[:2]) for path in LESSONS]
    assert numbers == list(range(1, len(LESSONS) + 1))
