"""A definition that stands in a lesson and in a helper is the same code in both, guards aside."""

import ast
import functools
from pathlib import Path

import pytest
from conftest import HELPERS, LESSONS
from lesson_files import called_names, code_cells, definitions, normalised, read

# Guards of an earlier version; `checked_rate` and `checked_steps` say the same.
OLD_GUARDS = {"check_rates", "check_decays", "check_epochs", "check_patience", "check_rate"}


@functools.cache
def helper_sources() -> dict[str, dict[str, str]]:
    """Name of each public definition to {helper: its source}.

    The course's studies are left out: each has a ``train`` and a ``next_runs`` of its own.
    """
    found: dict[str, dict[str, str]] = {}
    for path in (path for path in HELPERS if not path.stem.endswith("_study")):
        source = path.read_text(encoding="utf-8")
        for definition in definitions(source):
            if not definition.name.startswith("_"):
                found.setdefault(definition.name, {})[path.name] = text_of(definition, source)
    return found


def text_of(definition: ast.FunctionDef | ast.ClassDef, source: str) -> str:
    """A definition word for word, its decorators included."""
    first = min(node.lineno for node in [definition, *definition.decorator_list])
    return "\n".join(source.splitlines()[first - 1 : definition.end_lineno])


@functools.cache
def helper_definitions() -> dict[str, str]:
    """Name of each public definition to its code as a lesson shows it."""
    return {
        name: normalised(definitions(next(iter(sources.values())))[0])
        for name, sources in helper_sources().items()
    }


def shared(lesson: Path) -> list[tuple[str, ast.AST]]:
    """(cell id, definition) of all that the lesson shares by name with a helper."""
    known = helper_sources()
    return [
        (cell.id, definition)
        for cell in code_cells(read(lesson))
        for definition in definitions(cell.source)
        if definition.name in known
    ]


def test_lesson_code_equals_helper_code(lesson: Path) -> None:
    known = helper_definitions()
    for cell_id, definition in shared(lesson):
        ours, theirs = normalised(definition), known[definition.name]
        assert ours == theirs, f"{cell_id}: {definition.name} differs from the helper"


def test_one_cell_at_most_shows_a_guard(lesson: Path) -> None:
    guarded = {
        cell_id
        for cell_id, definition in shared(lesson)
        if any(isinstance(node, ast.Raise) for node in ast.walk(definition))
        or any(name.startswith(("check_", "checked_")) for name in called_names(definition))
    }
    assert len(guarded) <= 1, f"guards belong into the helper: {sorted(guarded)}"


def test_lessons_share_definitions_at_all() -> None:
    assert any(shared(lesson) for lesson in LESSONS)


def test_a_definition_that_stands_in_several_helpers_is_word_for_word_the_same() -> None:
    for name, sources in helper_sources().items():
        texts = set(sources.values())
        assert len(texts) == 1, f"{name} differs between {', '.join(sources)}"


def test_the_text_of_a_definition_has_its_decorators() -> None:
    assert text_of(definitions(HELPER)[0], HELPER) == HELPER.strip()


@pytest.mark.parametrize("name", ["checked_rate", "checked_steps"])
def test_the_common_guards_stand_in_several_helpers(name: str) -> None:
    assert len(helper_sources()[name]) >= 2


@pytest.mark.parametrize("helper", HELPERS, ids=lambda path: path.stem)
def test_no_old_guard_is_left(helper: Path) -> None:
    names = {definition.name for definition in definitions(helper.read_text(encoding="utf-8"))}
    assert not names & (OLD_GUARDS | {"_check_int"})


@pytest.mark.parametrize("helper", HELPERS, ids=lambda path: path.stem)
def test_public_definitions_have_docstrings(helper: Path) -> None:
    for definition in definitions(helper.read_text(encoding="utf-8")):
        if not definition.name.startswith("_"):
            assert ast.get_docstring(definition), f"{helper.name}: {definition.name}"


# --- what counts as the same code ---------------------------------------------------------------

HELPER = '''
@register("package")
class Decay(Base):
    """Falls."""

    def __init__(self, rate: float, steps: int = 10) -> None:
        """Check everything."""
        check_order(rate, steps)
        self.rate = checked_rate("rate", rate, minimum=0.5)
        self.steps = checked_steps("steps", steps)
        self.items = checked_list(f"items of {steps}", [1], checked_steps)

    def __post_init__(self) -> None:
        check_arguments(self)

    def __call__(self, step: int) -> float:
        step = checked_steps("step", step, minimum=0)
        share: float = step / self.steps

        def inner(x: float) -> float:
            checks.check_rate(x)
            return checked_rate("x", x) * share

        return self.rate * (1 - inner(share))
'''
LESSON = """
@register('package')
class Decay(Base):
    def __init__(self, rate, steps=10):
        self.rate = rate
        self.steps = steps
        self.items = [1]

    def __call__(self, step):
        share = step / self.steps
        def inner(x):
            return x * share
        return self.rate * (1 - inner(share))  # the formula
"""


def same(one: str, other: str) -> bool:
    return normalised(definitions(one)[0]) == normalised(definitions(other)[0])


def test_docstrings_annotations_and_guards_do_not_count() -> None:
    assert same(HELPER, LESSON)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1 - inner", "1 + inner"),
        ("steps=10", "steps=11"),
        ("step / self.steps", "step // self.steps"),
        ("x * share", "share * x"),
        ("self.steps = steps", "self.steps = rate"),
        ("self.items = [1]", "pass"),
        ("(Base)", "(Other)"),
        ("'package'", "'other'"),
        ("@register('package')\n", ""),
        ("self.rate = rate", "self.rate = checked_rate('rate', steps)"),
        ("return x", "x = x + 1\n            return x"),
    ],
)
def test_a_changed_formula_is_noticed(old: str, new: str) -> None:
    assert old in LESSON
    assert not same(HELPER, LESSON.replace(old, new))


@pytest.mark.parametrize(
    "not_a_guard",
    [
        "x = check_rate(x)",  # its value is used
        "check(x)",
        "x = checked(x)",
        "x = checked_rate(x)",  # names nothing
        "x = checked_rate(x, 1)",
        "x = unchecked_rate('x', x)",
        "if x < 0:\n        raise ValueError(x)",
    ],
)
def test_what_only_looks_like_a_guard_counts(not_a_guard: str) -> None:
    plain = "def f(x):\n    return x"
    assert not same(plain, f"def f(x):\n    {not_a_guard}\n    return x")
