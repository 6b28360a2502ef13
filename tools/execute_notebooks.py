"""Execute the lessons and store their outputs so that two runs give the same bytes.

    python tools/execute_notebooks.py                          all lessons
    python tools/execute_notebooks.py notebooks/02_*.ipynb     some of them
    python tools/execute_notebooks.py --measure-again          also store new timings

Cells tagged ``measures-time`` are executed like all others, but keep the outputs stored before, as
long as their source is unchanged (its digest is in the cell's metadata): a timing is different in
every run, and the text beside it speaks of the stored one.

A lesson is replaced in one step and only when all of its cells have run: stopped at any moment, this
leaves the lesson as it was.
"""

import argparse
import hashlib
import sys
from pathlib import Path

import nbformat
from atomic_files import write_text
from chosen_lessons import chosen_lessons
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run every cell in a fresh kernel started in ``folder``; outputs land in the notebook."""
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=600,
        resources={"metadata": {"path": str(folder)}},
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
        extra_arguments=["--Application.log_level=40"],
    )
    client.execute()


def make_reproducible(notebook: NotebookNode) -> None:
    """Drop what differs from run to run or from machine to machine and means nothing to a reader."""
    notebook.metadata.language_info = {"name": "python"}
    notebook.metadata.pop("widgets", None)
    for cell in code_cells(notebook):
        for output in cell.outputs:
            output.get("data", {}).pop(WIDGET_VIEW, None)
        cell.outputs = [output for output in cell.outputs if output.get("data", True)]
    for cell in timed_cells(notebook):
        cell.metadata["measured_source"] = digest(cell.source)


def keep_stored_timings(notebook: NotebookNode, stored: NotebookNode) -> None:
    """Give ``measures-time`` cells the outputs that the same source had before."""
    before = {cell.id: cell for cell in timed_cells(stored)}
    for cell in timed_cells(notebook):
        old = before.get(cell.id)
        if (
            old is not None
            and old.outputs
            and old.metadata.get("measured_source") == digest(cell.source)
        ):
            cell.outputs = old.outputs
            renumber(cell)


def timed_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [c for c in code_cells(notebook) if "measures-time" in c.metadata.get("tags", [])]


def digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def renumber(cell: NotebookNode) -> None:
    """Make the number of a stored result equal to that of the cell that holds it."""
    for output in cell.outputs:
        if output.output_type == "execute_result":
            output.execution_count = cell.execution_count


def find_faults(notebook: NotebookNode) -> list[str]:
    """Say which cells wrote to stderr: JupyterLab shows those as red boxes."""
    return [
        f"cell {cell.id!r} wrote to stderr: {output.text[:300]!r}"
        for cell in code_cells(notebook)
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stderr"
    ]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def store_outputs(path: Path, measure_again: bool) -> list[str]:
    """Execute one lesson and write it back; returns its faults, and then writes nothing."""
    stored = nbformat.read(path, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    execute(notebook, path.parent)
    faults = find_faults(notebook)
    if faults:
        return faults
    if not measure_again:
        keep_stored_timings(notebook, stored)
    make_reproducible(notebook)
    nbformat.validate(notebook)
    write_text(path, nbformat.writes(notebook) + "\n")
    return []


def main() -> int:
    parser = argparse.ArgumentParser(description="Execute lessons and store their outputs.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all lessons")
    parser.add_argument("--measure-again", action="store_true", help="replace stored timings")
    arguments = parser.parse_args()
    try:
        paths = chosen_lessons(arguments.notebooks)
    except ValueError as error:
        parser.exit(2, f"{error}\n")
    failed = False
    for path in paths:
        print(path.name, end=" ", flush=True)
        try:
            faults = store_outputs(path, arguments.measure_again)
        except (CellExecutionError, DeadKernelError, OSError) as error:
            faults = [f"{error}".strip()]
        print("not stored:" if faults else "stored", *faults, sep="\n  " if faults else " ")
        failed = failed or bool(faults)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
