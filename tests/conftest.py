"""What the tests share."""

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
LESSONS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
HELPERS = sorted(path for path in (PROJECT / "helpers").glob("*.py") if path.stem != "__init__")
# What only the lessons of this course need: pictures of single lessons, errors and bars in a page.
NOT_FOR_COPYING = {"figures", "lesson"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start what runs longest first, so that two workers end together.

    All papermill runs are in one file and so on one worker; nbval's notebooks follow on the other.
    """

    def rank(item: pytest.Item) -> int:
        if item.path.name == "test_papermill.py":
            return 0
        return 1 if item.path.suffix == ".ipynb" else 2

    items.sort(key=rank)


def lesson_id(path: Path) -> str:
    return path.stem


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for ``lesson`` runs once for every notebook that is there."""
    if "lesson" in metafunc.fixturenames:
        metafunc.parametrize("lesson", LESSONS, ids=lesson_id)
