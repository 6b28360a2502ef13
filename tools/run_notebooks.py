"""Run lessons with papermill; executed copies land in runs/, the lessons stay as they are.

    python tools/run_notebooks.py                              all lessons, their own parameters
    python tools/run_notebooks.py -p EPOCHS 2 -p SEED 7        other parameters
    python tools/run_notebooks.py notebooks/02_*.ipynb         some of them

Each lesson gets those of the parameters that it has. A name that no chosen lesson has is an error.
"""

import argparse
import ast
import shutil
import sys
import time
from pathlib import Path

import papermill
from atomic_files import replacing
from chosen_lessons import NOTEBOOKS, PROJECT, chosen_lessons
from papermill.exceptions import PapermillExecutionError


def parse_value(text: str) -> object:
    """Read a number, True, False, None or a list as Python does; anything else is a string."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def known_parameters(path: Path) -> set[str]:
    return set(papermill.inspect_notebook(str(path)))


def check_names(parameters: dict[str, object], known: dict[Path, set[str]]) -> None:
    """Refuse a parameter that none of the lessons has; papermill itself would only warn."""
    everywhere = set().union(*known.values())
    unknown = sorted(set(parameters) - everywhere)
    if unknown:
        raise ValueError(
            f"no lesson has the parameter {', '.join(unknown)}; known: {', '.join(sorted(everywhere))}"
        )


def find_incomplete(notebook: dict) -> list[str]:
    """Name the cells that did not run to their end. ``sys.exit(0)`` would look like success."""
    return [
        cell.id
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.papermill.status != "completed"
    ]


def check_folder(folder: Path, lessons: list[Path]) -> None:
    """Refuse to write executed copies where the lessons are."""
    folder = folder.resolve()
    if folder.is_relative_to(NOTEBOOKS) or folder in {path.parent for path in lessons}:
        raise ValueError(f"{folder} is where the lessons are: choose another folder for -o")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is no folder: choose another one for -o")


def run(path: Path, parameters: dict[str, object], folder: Path, progress: bool = True) -> Path:
    """Execute one lesson with ``parameters`` and return the executed copy.

    The kernel starts in the lesson's own folder, whatever folder you call this from. When a cell
    raises, the copy is there all the same, with the error in it.

    Raises:
        PapermillExecutionError: a cell raised.
        RuntimeError: a cell did not complete.
    """
    folder.mkdir(parents=True, exist_ok=True)
    output = folder.resolve() / path.name
    stopped = None
    with replacing(output) as unfinished:
        try:
            executed = papermill.execute_notebook(
                str(path),
                str(unfinished),
                parameters,
                kernel_name="python3",
                cwd=str(path.parent),
                progress_bar=progress,
                start_timeout=120,
                execution_timeout=600,
                # The copy is moved into its place at the end; to save it at every cell as well
                # costs up to a quarter of the time.
                request_save_on_cell_execute=False,
                autosave_cell_every=0,
                extra_arguments=["--Application.log_level=40"],
            )
        except PapermillExecutionError as error:
            stopped = error
    if stopped is not None:
        raise stopped
    incomplete = find_incomplete(executed)
    if incomplete:
        raise RuntimeError(f"these cells did not complete: {', '.join(incomplete)}")
    return output


def copy_pictures(folder: Path) -> None:
    """Put the pictures at the lessons' top beside the executed copies."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for picture in (NOTEBOOKS / "images").glob("*.png"):
        with replacing(folder / "images" / picture.name) as unfinished:
            shutil.copyfile(picture, unfinished)


def in_one_line(error: Exception) -> str:
    """What stopped a lesson: the error of its cell, without the frames."""
    if isinstance(error, PapermillExecutionError):
        return f"{error.ename}: {' '.join(error.evalue.split())}"
    return " ".join(str(error).split())


def main() -> int:
    parser = argparse.ArgumentParser(description="Run lessons with papermill.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all lessons")
    parser.add_argument("-p", "--parameter", nargs=2, action="append", default=[], dest="pairs")
    parser.add_argument("-o", "--output", type=Path, default=PROJECT / "runs")
    arguments = parser.parse_args()
    parameters = {name: parse_value(value) for name, value in arguments.pairs}
    try:
        paths = chosen_lessons(arguments.notebooks)
        known = {path: known_parameters(path) for path in paths}
        check_names(parameters, known)
        check_folder(arguments.output, paths)
        copy_pictures(arguments.output)
    except (ValueError, OSError) as error:
        parser.exit(2, f"{error}\n")
    failed = False
    for path in paths:
        own = {name: value for name, value in parameters.items() if name in known[path]}
        print(f"{path.name}  {own or 'its own parameters'}", flush=True)
        started = time.perf_counter()
        try:
            output = run(path, own, arguments.output)
        except (PapermillExecutionError, RuntimeError, OSError) as error:
            failed = True
            print(f"  stopped: {in_one_line(error)}", flush=True)
        else:
            print(f"  {time.perf_counter() - started:.0f} s, executed copy: {output}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
