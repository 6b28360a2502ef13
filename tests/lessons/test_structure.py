"""What every lesson must be, checked on its file; nothing is executed here."""

import ast
import itertools
import re
import warnings
from pathlib import Path

import nbformat
import pytest
from lesson_files import (
    asserts,
    assigned_names,
    called_names,
    cells_tagged,
    code_cells,
    code_lines,
    draws,
    has_assert,
    heading_lines,
    is_folded,
    is_picture,
    markdown_cells,
    output_text,
    parameters,
    printed_lines,
    read,
    tags,
    used_names,
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
OTHER_WORDS = re.compile(
    r"\b(train|val|valid|validation)_(images|labels)\b|\b[xy]_val(id)?\b|\b(train|validation)\[[01]\]"
)
PROGRESS = re.compile(r"\d%\||\d+/\d+ [━\x1b]|[█▏▎▍▌▋▊▉]|\bETA\b|\d+ms/step|it/s\]")
WIDGET_TEXT = re.compile(r"\b(VBox|HBox|IntSlider|FloatSlider|Output|Image|interactive)\(")
HEAVY = ("helpers", "exercises", "keras", "tensorflow")  # what imports TensorFlow
LONG_DRAWING = 10  # lines of code
WIDEST_PICTURE = 912  # pixels: 9.5 inches at 96 dots per inch
WIDEST_LINE = 100  # characters
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
    """Pictures are sharp on dense screens (see ``use_course_style``); a page must still load."""
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


def test_one_heading_per_cell_at_its_top(lesson: Path) -> None:
    for cell in markdown_cells(read(lesson)):
        assert heading_lines(cell) in ([], [0]), f"{cell.id}: a heading gets a cell of its own"


def test_long_drawing_cells_are_folded_and_assert_nothing(lesson: Path) -> None:
    for cell in code_cells(read(lesson)):
        if draws(cell) and code_lines(cell) >= LONG_DRAWING:
            assert is_folded(cell), f"{cell.id}: {code_lines(cell)} lines that draw, not folded"
            assert not has_assert(cell), f"{cell.id}: assertions stand in the next cell"


def test_folded_cells_follow_a_sentence(lesson: Path) -> None:
    """What is folded away is introduced: by the Markdown before it, or by an open cell under one."""
    text_seen = False
    for cell in read(lesson).cells:
        if cell.cell_type == "markdown":
            text_seen = True
        elif is_folded(cell):
            assert text_seen, f"{cell.id} is folded and follows no text"


def test_figures_are_shown_with_their_captions(lesson: Path) -> None:
    """``plots.show`` draws sharply and writes the caption as text; nothing else shows a figure."""
    for cell in code_cells(read(lesson)):
        for call in ("plt.show(", "plots.caption("):
            assert call not in cell.source, f"{cell.id}: end with plots.show(figure, caption)"


def test_pictures_have_a_text_alternative_and_fit_the_page(lesson: Path) -> None:
    for cell in code_cells(read(lesson)):
        for output in filter(is_picture, cell.outputs):
            about = output.metadata.get("image/png", {})
            assert len(about.get("alt", "").split()) >= 4, f"{cell.id}: no text alternative"
            assert 0 < about["width"] <= WIDEST_PICTURE, f"{cell.id}: {about['width']} px wide"


def test_captions_stand_under_their_pictures_as_text(lesson: Path) -> None:
    for cell in code_cells(read(lesson)):
        for output, following in itertools.zip_longest(cell.outputs, cell.outputs[1:]):
            if is_picture(output):
                alternative = output.metadata.get("image/png", {}).get("alt", "")
                text = following.get("data", {}).get("text/markdown", "") if following else ""
                assert alternative and alternative in text, f"{cell.id}: no caption as text"


def test_printed_lines_fit_the_page(lesson: Path) -> None:
    for cell in code_cells(read(lesson)):
        for line in printed_lines(cell):
            assert len(line) <= WIDEST_LINE, f"{cell.id}: {len(line)} characters: {line[:60]}..."


def test_no_progress_and_no_widget_text_is_stored(lesson: Path) -> None:
    for cell in code_cells(read(lesson)):
        text = output_text(cell)
        for pattern in (PROGRESS, WIDGET_TEXT):
            assert not pattern.search(text), f"{cell.id}: {pattern.search(text).group()!r}"
        for output in cell.outputs:
            assert output.get("data", True), f"{cell.id}: an output without content"


def test_every_assert_makes_one_claim_with_a_message(lesson: Path) -> None:
    for cell in code_cells(read(lesson)):
        for claim in asserts(cell.source):
            if is_verdict(claim):
                continue
            text = ast.unparse(claim)
            assert claim.msg is not None, f"{cell.id}: say what it means: {text}"
            both = isinstance(claim.test, ast.BoolOp) and isinstance(claim.test.op, ast.And)
            assert not both, f"{cell.id}: two claims in one assert: {text}"


def is_verdict(claim: ast.Assert) -> bool:
    """``assert check_1(my_answer)``: the check itself prints what is wrong."""
    return isinstance(claim.test, ast.Call) and any(
        re.fullmatch(r"check_\d", name) for name in called_names(claim.test)
    )


def test_no_packed_assignments_of_unrelated_things(lesson: Path) -> None:
    """Two alike things may share a line; three, or two that are made differently, may not."""
    for cell in code_cells(read(lesson)):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
                targets = node.targets[0]
                if isinstance(targets, ast.Tuple):
                    calls = [value for value in node.value.elts if isinstance(value, ast.Call)]
                    alike = len({ast.unparse(call.func) for call in calls}) == 1 and len(calls) == 2
                    packed = len(node.value.elts) > 2 or (calls and not alike)
                    assert not packed, f"{cell.id}: one line each: {ast.unparse(node)}"


def test_nothing_depends_on_a_cell_that_judges_a_training(lesson: Path) -> None:
    """Such a claim may fail for other parameters or on another CPU; what follows must still run."""
    cells = code_cells(read(lesson))
    for index, (cell, judge) in enumerate(itertools.pairwise(cells)):
        if "nbval-ignore-output" in tags(cell) and has_assert(judge):
            needed = assigned_names(judge.source) & needed_names(cells[index + 2 :])
            assert not needed, f"{judge.id}: later cells need {sorted(needed)}: define them before"


def needed_names(cells: list) -> set[str]:
    """Names that these cells use and do not define themselves."""
    needed: set[str] = set()
    defined: set[str] = set()
    for cell in cells:
        defined |= assigned_names(cell.source)
        needed |= used_names(cell.source) - defined
    return needed


def test_paragraphs_are_short(lesson: Path) -> None:
    """A paragraph ends at an empty line; each item of a list and row of a table is one."""
    for cell in markdown_cells(read(lesson)):
        for paragraph in re.split(r"\n\s*\n|\n(?=\s*(?:[-*|]|\d+\.) ?)", cell.source):
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
    heavy = [m for m in modules if m.split(".")[0] in HEAVY]
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


def test_exercises_have_stubs_and_folded_solutions_that_assert(lesson: Path) -> None:
    notebook = read(lesson)
    tasks = [
        re.fullmatch(r"### Exercise (\d+): .+", cell.source.splitlines()[0])
        for cell in markdown_cells(notebook)
    ]
    tasks = [task.group(1) for task in tasks if task]
    assert tasks in (["1", "2"], ["1", "2", "3"])
    stubs = cells_tagged(notebook, "exercise")
    solutions = cells_tagged(notebook, "solution")
    assert len(stubs) == len(solutions) == len(tasks)
    for task, stub, solution in zip(tasks, stubs, solutions, strict=True):
        assert f"_ = check_{task}(" in stub.source, stub.id
        assert is_folded(solution), solution.id
        assert solution.source.splitlines()[0] == "# Solution", f"{solution.id}: its first line"
        assert f"assert check_{task}(" in solution.source, solution.id
        assert "Not yet: " in output_text(stub), f"{stub.id} shows what is still wrong"
        assert "Correct." in output_text(solution), solution.id


def test_checks_come_from_the_lessons_own_file(lesson: Path) -> None:
    number = lesson.name[:2]
    source = "\n".join(cell.source for cell in code_cells(read(lesson)))
    assert f"from exercises.lesson_{number} import check_1, check_2" in source
    assert (lesson.parent.parent / "exercises" / f"lesson_{number}.py").exists()


def test_one_vocabulary(lesson: Path) -> None:
    """`x_train, y_train, x_validation, y_validation`, and a split that depends on SEED."""
    for cell in code_cells(read(lesson)):
        if not lesson.name.startswith("01"):  # there, the images are not yet prepared
            found = OTHER_WORDS.search(cell.source)
            assert not found, f"{cell.id}: {found.group()}"
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and "fails" not in tags(cell):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name == "train_validation_split":
                    keywords = {k.arg: ast.unparse(k.value) for k in node.keywords}
                    assert keywords.get("seed") == "SEED", f"{cell.id}: {ast.unparse(node)}"


def test_cells_that_show_a_failure_catch_it(lesson: Path) -> None:
    for cell in cells_tagged(read(lesson), "fails"):
        assert output_text(cell).strip(), f"{cell.id} shows nothing"


def test_metadata(lesson: Path) -> None:
    metadata = read(lesson).metadata
    assert metadata.language_info == {"name": "python"}, "stored with tools/execute_notebooks.py"
    assert metadata.kernelspec.name == "python3"
    assert "widgets" not in metadata
    assert 1 <= metadata.lesson.minutes <= 120


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_nothing_left_open(lesson: Path, word: str) -> None:
    assert all(word not in cell.source for cell in read(lesson).cells)
