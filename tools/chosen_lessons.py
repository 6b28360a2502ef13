"""Which lessons a tool works on, and one line for each file that is none."""

from collections.abc import Sequence
from pathlib import Path

import nbformat

PROJECT = Path(__file__).resolve().parent.parent
NOTEBOOKS = PROJECT / "notebooks"


def chosen_lessons(given: Sequence[Path]) -> list[Path]:
    """The given notebooks, or all lessons when none is given.

    Raises:
        ValueError: a file is missing or no notebook; the message is one line that says which.
    """
    if not given:
        return sorted(NOTEBOOKS.glob("*.ipynb"))
    for path in given:
        if problem := find_problem(path):
            raise ValueError(problem)
    return [path.resolve() for path in given]


def find_problem(path: Path) -> str | None:
    """Say why this is no notebook that can be run; None if it is one."""
    if path.is_dir():
        return f"{path} is a folder: name notebooks, such as {path / '*.ipynb'}"
    if not path.exists():
        known = ", ".join(lesson.name for lesson in sorted(NOTEBOOKS.glob("*.ipynb")))
        return f"there is no file {path}; the lessons in notebooks/ are {known}"
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:
        return f"{path} is no notebook: {first_line(error)}"
    if not any(cell.cell_type == "code" for cell in notebook.cells):
        return f"{path} is no lesson: it has no code cell"
    return None


def first_line(error: BaseException) -> str:
    """The beginning of an error's message, short enough for a line."""
    lines = str(error).strip().splitlines() or [""]
    line = lines[0] if len(lines[0]) <= 100 else lines[0][:100] + " ..."
    return f"{type(error).__name__}: {line}"
