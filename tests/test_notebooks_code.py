"""A definition that stands in a lesson and in a helper is the same code in both."""

import ast
from pathlib import Path

import pytest
from conftest import LESSONS, PROJECT
from lesson_files import code_cells, read

HELPERS = sorted(path for path in (PROJECT / "helpers").glob("*.py") if path.stem != "__init__")
Definition = ast.FunctionDef | ast.ClassDef


def definitions(source: str) -> list[Definition]:
    return [node for node in ast.parse(source).body if isinstance(node, Definition)]


def without_docstrings(definition: Definition) -> str:
    tree = ast.parse(ast.unparse(definition))
    for node in ast.walk(tree):
        if isinstance(node, Definition) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def helper_definitions() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in HELPERS:
        for definition in definitions(path.read_text()):
            if definition.name.startswith("_"):
                continue
            assert definition.name not in found, f"{definition.name} stands in two helpers"
            found[definition.name] = without_docstrings(definition)
    return found


def shared(lesson: Path) -> list[tuple[str, str]]:
    """(name, code) of each definition that the lesson shares by name with a helper."""
    known = helper_definitions()
    return [
        (definition.name, without_docstrings(definition))
        for cell in code_cells(read(lesson))
        for definition in definitions(cell.source)
        if definition.name in known
    ]


def test_lesson_code_equals_helper_code(lesson: Path) -> None:
    known = helper_definitions()
    for name, code in shared(lesson):
        assert code == known[name], f"{name} differs between {lesson.name} and the helper"


def test_lessons_share_definitions_at_all() -> None:
    assert any(shared(lesson) for lesson in LESSONS)


def test_docstrings_do_not_count_and_code_does() -> None:
    (plain,) = definitions("def f(x):\n    return x")
    (documented,) = definitions('def f(x):\n    """Return x."""\n    return x')
    (other,) = definitions("def f(x):\n    return -x")
    assert without_docstrings(plain) == without_docstrings(documented)
    assert without_docstrings(plain) != without_docstrings(other)


@pytest.mark.parametrize("helper", HELPERS, ids=lambda path: path.stem)
def test_public_definitions_have_docstrings(helper: Path) -> None:
    for definition in definitions(helper.read_text()):
        if not definition.name.startswith("_"):
            assert ast.get_docstring(definition), f"{helper.name}: {definition.name}"
