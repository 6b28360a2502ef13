"""What every lesson must be, checked on its file; nothing is executed here."""

import ast
import re
import warnings
from pathlib import Path

import nbformat
import pytest
from lesson_files import (
    cells_tagged,
    code_cells,
    code_lines,
    has_assert,
    markdown_cells,
    output_text,
    parameters,
    read,
    tags,
)

HEADINGS = [
    r"# Lesson \d+: .+",
    "## You will learn",
    "## Setup",
    "## Parameters",
    "## Recap",
    "## Exercises",
    "## Copy this",
    "## Next lesson",
]
ALLOWED_TAGS = {
    "parameters",
    "nbval-ignore-output",
    "measures-time",
    "fails",
    "exercise",
    "solution",
}
MACHINE_PATH = re.compile(
    r"/(root|home|work|tmp|Users|var|opt|mnt)/|[A-Z]:\\|site-packages|ipykernel_\d"
)
DEAD_NAME = re.compile(
    r"optimizer\.lr\b|\bopt\.lr\b|np\.Inf\b|sys\.path\b|K\.set_value|backend\.[gs]et_value"
)


def test_is_valid_nbformat(lesson: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nbformat.validate(read(lesson))


def test_cell_ids_are_fixed_unique_words(lesson: Path) -> None:
    ids = [cell.id for cell in read(lesson).cells]
    assert len(ids) == len(set(ids))
    for cell_id in ids:
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", cell_id), cell_id
        assert not re.fullmatch(r"[0-9a-f]{8}", cell_id), f"{cell_id} was made by a tool"


def test_was_executed_once_from_top_to_bottom(lesson: Path) -> None:
    counts = [cell.execution_count for cell in code_cells(read(lesson))]
    assert counts == list(range(1, len(counts) + 1))


def test_no_empty_cells(lesson: Path) -> None:
    assert all(cell.source.strip() for cell in read(lesson).cells)


def test_outputs_hold_no_error_and_no_stderr(lesson: Path) -> None:
    for cell in code_cells(read(lesson)):
        for output in cell.outputs:
            assert output.output_type != "error", cell.id
            assert output.get("name") != "stderr", cell.id


def test_no_machine_path_and_no_object_address(lesson: Path) -> None:
    for cell in read(lesson).cells:
        text = cell.source + (output_text(cell) if cell.cell_type == "code" else "")
        assert not MACHINE_PATH.search(text), f"{cell.id}: {MACHINE_PATH.search(text)}"
        assert " at 0x" not in text, cell.id


def test_no_dead_name_outside_a_cell_that_shows_it_failing(lesson: Path) -> None:
    for cell in code_cells(read(lesson)):
        if "fails" not in tags(cell):
            assert not DEAD_NAME.search(cell.source), f"{cell.id}: {DEAD_NAME.search(cell.source)}"


def test_size(lesson: Path) -> None:
    assert lesson.stat().st_size <= 1_000_000


def test_headings_follow_the_anatomy(lesson: Path) -> None:
    text = "\n".join(cell.source for cell in markdown_cells(read(lesson)))
    lines = [line for line in text.splitlines() if re.match(r"#{1,2} ", line)]
    found = [
        pattern for line in lines for pattern in HEADINGS if re.fullmatch(pattern, line.strip())
    ]
    assert found == HEADINGS


def test_title_has_the_number_of_the_file(lesson: Path) -> None:
    first = read(lesson).cells[0]
    assert first.source.startswith(f"# Lesson {int(lesson.name[:2])}: ")
    assert re.search(r"!\[.{10,}\]\(images/.+\)", first.source), "a picture with a description"


def test_links_lead_to_files(lesson: Path) -> None:
    text = "\n".join(cell.source for cell in markdown_cells(read(lesson)))
    targets = re.findall(r"\]\(([^)#\s]+)\)", text)
    missing = [
        target
        for target in targets
        if not target.startswith(("http://", "https://")) and not (lesson.parent / target).exists()
    ]
    assert missing == []


def test_length(lesson: Path) -> None:
    notebook = read(lesson)
    cells = code_cells(notebook)
    assert 30 <= len(notebook.cells) <= 60
    assert sum(code_lines(cell) for cell in cells) <= 300
    assert max(code_lines(cell) for cell in cells) <= 25
    assert sorted(code_lines(cell) for cell in cells)[len(cells) // 2] <= 8


def test_paragraphs_are_short(lesson: Path) -> None:
    for cell in markdown_cells(read(lesson)):
        for paragraph in re.split(r"\n\s*\n", cell.source):
            assert len(paragraph.split()) <= 120, f"{cell.id}: {paragraph[:60]}..."


def test_one_parameters_cell_of_upper_case_names(lesson: Path) -> None:
    notebook = read(lesson)
    (cell,) = cells_tagged(notebook, "parameters")
    assert cell.id == "parameters"
    names = parameters(notebook)
    assert names and all(name == name.upper() for name in names)
    for line in cell.source.splitlines():
        assert "#" in line, f"say what it means: {line}"


def test_helpers_are_imported_before_tensorflow(lesson: Path) -> None:
    """Importing the helpers package quiets TensorFlow's start-up lines, if it comes first."""
    modules = []
    for cell in code_cells(read(lesson)):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                modules += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules.append(node.module)
    heavy = [m for m in modules if m.split(".")[0] in ("helpers", "keras", "tensorflow")]
    assert heavy[0].split(".")[0] == "helpers"


def test_only_known_tags(lesson: Path) -> None:
    for cell in code_cells(read(lesson)):
        assert tags(cell) <= ALLOWED_TAGS, f"{cell.id}: {tags(cell) - ALLOWED_TAGS}"


def test_no_magics_and_no_shell_lines(lesson: Path) -> None:
    """A magic or a shell line that fails passes silently, so there are none."""
    for cell in code_cells(read(lesson)):
        ast.parse(cell.source)


def test_each_ignored_output_is_followed_by_an_assertion(lesson: Path) -> None:
    cells = code_cells(read(lesson))
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        if "nbval-ignore-output" in tags(cell):
            assert following is not None and has_assert(following), cell.id


def test_timings_are_not_compared(lesson: Path) -> None:
    for cell in cells_tagged(read(lesson), "measures-time"):
        assert "nbval-ignore-output" in tags(cell), cell.id


def test_most_outputs_are_compared_strictly(lesson: Path) -> None:
    with_output = [cell for cell in code_cells(read(lesson)) if cell.outputs]
    strict = [cell for cell in with_output if "nbval-ignore-output" not in tags(cell)]
    assert len(strict) >= 0.8 * len(with_output)


def test_exercises_have_folded_solutions_that_assert(lesson: Path) -> None:
    notebook = read(lesson)
    tasks = re.findall(
        r"^### Exercise (\d+): .+$",
        "\n".join(cell.source for cell in markdown_cells(notebook)),
        flags=re.MULTILINE,
    )
    assert tasks in (["1", "2"], ["1", "2", "3"])
    assert len(cells_tagged(notebook, "exercise")) == len(tasks)
    solutions = cells_tagged(notebook, "solution")
    assert len(solutions) == len(tasks)
    number = int(lesson.name[:2])
    for task, cell in zip(tasks, solutions, strict=True):
        assert cell.metadata.jupyter.source_hidden
        assert f"assert checks.lesson_{number}_exercise_{task}(" in cell.source
    text = "\n".join(output_text(cell) for cell in code_cells(notebook))
    assert text.count("Not yet: ") >= len(tasks), "each stub shows what is still wrong"
    assert text.count("Correct.") >= len(tasks)


def test_cells_that_show_a_failure_catch_it(lesson: Path) -> None:
    for cell in cells_tagged(read(lesson), "fails"):
        assert output_text(cell).strip(), f"{cell.id} shows nothing"


def test_metadata(lesson: Path) -> None:
    metadata = read(lesson).metadata
    assert metadata.language_info == {"name": "python"}, "stored with tools/execute_notebooks.py"
    assert metadata.kernelspec.name == "python3"
    assert "widgets" not in metadata
    assert 1 <= metadata.lesson.minutes <= 60


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_nothing_left_open(lesson: Path, word: str) -> None:
    assert all(word not in cell.source for cell in read(lesson).cells)
