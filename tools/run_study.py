"""Make what is missing of the course's studies: ``make study``.

    python tools/run_study.py                                   all studies, all cores of this machine
    python tools/run_study.py schedules --workers 1             one study, one process
    python tools/run_study.py --scheduler tcp://127.0.0.1:8786  on a Dask cluster
    python tools/run_study.py --missing                         say what is missing, run nothing

Results are added to data/studies/NAME.csv. Stop it whenever you like, and call it again: it goes on.
"""

import argparse
import importlib
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from helpers.study import load_table, missing_runs, run_study

FOLDER = Path(__file__).resolve().parent.parent / "data" / "studies"
# The module of each study has next_runs(table) -> list of settings, and train(settings) -> results.
STUDIES = {
    "schedules": "helpers.schedule_study",
    "finder": "helpers.finder_study",
    "batch_sizes": "helpers.batch_size_study",
}


def complete(name: str, path: Path, arguments: argparse.Namespace) -> None:
    """Make the missing runs of one study; which those are may depend on the runs before them."""
    study = importlib.import_module(STUDIES[name])
    made, started = 0, time.monotonic()
    while True:
        table = load_table(path)
        runs = study.next_runs(table)
        todo = missing_runs(runs, table)
        print(f"{name}: {len(table)} runs are there, {len(todo)} are next", flush=True)
        if arguments.missing or not todo:
            break
        run_study(
            runs,
            study.train,
            path,
            scheduler=arguments.scheduler,
            workers=arguments.workers,
            progress=progress_bar,
        )
        made += len(todo)
    if made:
        minutes = (time.monotonic() - started) / 60
        print(f"{name}: {made} runs in {minutes:.1f} minutes, {made / minutes:.1f} runs per minute")


def progress_bar(finished: Iterable, total: int) -> Iterable:
    """Show how many runs are done, and the time left."""
    every = 0.5 if sys.stderr.isatty() else 60  # a log file gets a line a minute
    return tqdm(finished, total=total, unit="run", mininterval=every, smoothing=0.05)


def parse(words: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Make what is missing of the course's studies.")
    parser.add_argument("studies", nargs="*", metavar="STUDY", help=f"of {', '.join(STUDIES)}")
    parser.add_argument("--scheduler", help="address of a Dask scheduler; default: local processes")
    parser.add_argument("--workers", type=int, help="local processes; default: one per core")
    parser.add_argument("--results", type=Path, default=FOLDER, help="folder of the tables")
    parser.add_argument("--missing", action="store_true", help="say what is missing, run nothing")
    arguments = parser.parse_args(words)
    if unknown := [name for name in arguments.studies if name not in STUDIES]:
        parser.error(f"unknown study {', '.join(unknown)}: choose from {', '.join(STUDIES)}")
    if arguments.workers is not None and arguments.workers < 1:
        parser.error(f"--workers must be 1 or more, got {arguments.workers}")
    return arguments


def main(words: list[str] | None = None) -> int:
    """Complete the studies that were named, or all."""
    arguments = parse(words)
    try:
        for name in arguments.studies or STUDIES:
            complete(name, arguments.results / f"{name}.csv", arguments)
    except KeyboardInterrupt:
        print("\nstopped; what was done is kept. The same command goes on from there.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
