"""A lesson refuses parameters that it cannot run with in the cell after them, before it trains."""

import ast
from functools import cache
from pathlib import Path
from types import CodeType

import pytest
from lesson_files import code_cells, parameters, read, used_names

NAN = float("nan")


def check_cell(lesson: Path):
    """The code cell right after the parameters."""
    cells = code_cells(read(lesson))
    (index,) = [i for i, cell in enumerate(cells) if cell.id == "parameters"]
    return cells[index + 1]


def imports_before(lesson: Path, last: str) -> str:
    lines = []
    for cell in code_cells(read(lesson)):
        if cell.id == last:
            break
        lines += [
            ast.unparse(statement)
            for statement in ast.parse(cell.source).body
            if isinstance(statement, (ast.Import, ast.ImportFrom))
        ]
    return "\n".join(lines)


@cache
def compiled_check(lesson: Path) -> tuple[CodeType, dict[str, object]]:
    """The code of the cell that checks, and what it finds defined."""
    cell = check_cell(lesson)
    namespace: dict[str, object] = {}
    exec(imports_before(lesson, cell.id), namespace)
    return compile(cell.source, cell.id, "exec"), namespace | parameters(read(lesson))


def run_check(lesson: Path, **values: object) -> None:
    code, namespace = compiled_check(lesson)
    exec(code, namespace | values)


def wrong_values(name: str, default: object) -> list[object]:
    if isinstance(default, bool) or not isinstance(default, (int, float)):
        return [None, "no such choice"]
    wrong: list[object] = ["abc", None, -1, NAN]
    if isinstance(default, int):
        wrong += [default + 0.5, 10**12]
        if name != "SEED":
            wrong.append(10_000_000)
    if name in ("EPOCHS", "BATCH_SIZE", "RUNS"):
        wrong.append(0)
    if name == "BATCH_SIZE":
        wrong.append(100_000)
    return wrong


def test_every_parameter_is_checked_right_after_the_parameters(lesson: Path) -> None:
    cell = check_cell(lesson)
    unchecked = set(parameters(read(lesson))) - used_names(cell.source)
    assert not unchecked, f"{cell.id}, right after the parameters, must check {sorted(unchecked)}"


def test_bad_parameters_are_refused_by_name(lesson: Path) -> None:
    for name, default in parameters(read(lesson)).items():
        for value in wrong_values(name, default):
            with pytest.raises((ValueError, TypeError)) as caught:
                run_check(lesson, **{name: value})
                pytest.fail(f"{name} = {value!r} is accepted")
            message = str(caught.value)
            assert name in message and repr(value) in message, message


def test_defaults_and_test_parameters_are_accepted(lesson: Path) -> None:
    run_check(lesson)
    run_check(lesson, **read(lesson).metadata.lesson.test_parameters)
