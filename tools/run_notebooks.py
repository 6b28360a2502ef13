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

PROJECT = Path(__file__).resolve().parent.parent
NOTEBOOKS = PROJECT / "notebooks"


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


def run(path: Path, parameters: dict[str, object], folder: Path, progress: bool = True) -> Path:
    """Execute one lesson with ``parameters`` and return the executed copy.

    The kernel starts in the lesson's own folder, whatever folder you call this from.

    Raises:
        papermill.PapermillExecutionError: a cell raised.
        RuntimeError: a cell did not complete.
    """
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / path.name
    executed = papermill.execute_notebook(
        str(path),
        str(output),
        parameters,
        kernel_name="python3",
        cwd=str(path.parent),
        progress_bar=progress,
        start_timeout=120,
        execution_timeout=600,
    )
    incomplete = find_incomplete(executed)
    if incomplete:
        raise RuntimeError(f"{path.name}: these cells did not complete: {', '.join(incomplete)}")
    return output


def main() -> int:
    parser = argparse.ArgumentParser(description="Run lessons with papermill.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all lessons")
    parser.add_argument("-p", "--parameter", nargs=2, action="append", default=[], dest="pairs")
    parser.add_argument("-o", "--output", type=Path, default=PROJECT / "runs")
    arguments = parser.parse_args()
    paths = [path.resolve() for path in arguments.notebooks] or sorted(NOTEBOOKS.glob("*.ipynb"))
    parameters = {name: parse_value(value) for name, value in arguments.pairs}
    known = {path: known_parameters(path) for path in paths}
    try:
        check_names(parameters, known)
    except ValueError as error:
        parser.error(str(error))
    shutil.copytree(NOTEBOOKS / "images", arguments.output / "images", dirs_exist_ok=True)
    for path in paths:
        own = {name: value for name, value in parameters.items() if name in known[path]}
        print(f"{path.name}  {own or 'its own parameters'}", flush=True)
        started = time.perf_counter()
        output = run(path, own, arguments.output)
        print(f"  {time.perf_counter() - started:.0f} s, executed copy: {output}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
