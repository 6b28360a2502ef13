"""Run a grid of trainings that can be interrupted, continued and repeated.

A *run* is a dict of settings, plain numbers and texts. Its name is a digest of these settings, so a
changed definition is another run and never mixes with the old one. You give one function,
``train(settings) -> results``; it must depend on its settings alone, so that it does not matter in
which process, or in which order, a run is made.

    table = run_study(runs, train, "results.csv")                            # all cores of this machine
    table = run_study(runs, train, "results.csv", scheduler="tcp://host:8786")  # a Dask cluster

What is in the file is not run again. The file is replaced as a whole, so it is never half-written.

Needs pandas and joblib; for a cluster ``distributed``. Works alone in an empty folder.
"""

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from numbers import Integral
from pathlib import Path

import pandas as pd

Settings = dict[str, object]
Train = Callable[[Settings], Settings]

SAVE_SECONDS = 20.0  # how much work an interruption can cost, beside the runs under way
ATTEMPTS = 3  # rounds in a row in which processes died and nothing was finished, before giving up


def digest_of(settings: Settings) -> str:
    """Name a run by its settings: 12 hexadecimal digits, the same on every machine.

    Raises:
        TypeError: a setting is not a number, text, bool, None, or a list or dict of these.
        ValueError: a setting is NaN or infinite.
    """
    text = json.dumps(settings, sort_keys=True, allow_nan=False, default=refuse_setting)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def load_table(path: str | Path) -> pd.DataFrame:
    """Read the results of a study, one row per run, with ``run`` (its digest) as the index.

    A file that does not exist is an empty table.

    Raises:
        ValueError: the file has no column ``run``.
    """
    if not Path(path).exists():
        return pd.DataFrame(index=pd.Index([], name="run"))
    table = pd.read_csv(path, dtype={"run": str})
    if "run" not in table:
        raise ValueError(f"{Path(path).name} is no table of a study: it has no column 'run'")
    return table.set_index("run")


def save_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write the results atomically: whoever reads meanwhile sees the old file or the new one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "w", newline="") as file:
            table.to_csv(file, lineterminator="\n")
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def missing_runs(runs: Iterable[Settings], table: pd.DataFrame) -> list[Settings]:
    """The runs that the table has no row for, each once, in their own order."""
    by_digest = {digest_of(run): run for run in runs}
    return [run for digest, run in by_digest.items() if digest not in table.index]


def run_study(
    runs: Iterable[Settings],
    train: Train,
    path: str | Path,
    scheduler: str | None = None,
    workers: int | None = None,
    progress: Callable[[Iterable, int], Iterable] | None = None,
) -> pd.DataFrame:
    """Make the runs that are missing in a file, and return its table.

    Args:
        runs: the settings of each run.
        train: makes one run: takes its settings and returns what was measured, as a flat dict of
            numbers and texts. It must be importable by the workers (not defined in ``__main__``).
        path: the CSV file; results are added to those in it.
        scheduler: address of a Dask scheduler, such as ``"tcp://127.0.0.1:8786"``; by default local
            processes are used.
        workers: how many local processes; by default one per core.
        progress: wraps the iterable of finished runs and gets their number, for a progress bar.

    Returns:
        The table with all rows of the file, in the order of ``runs`` first, then what else it had.

    Raises:
        TypeError: ``runs`` holds no dicts of plain settings, ``train`` is no function, or
            ``workers`` no int.
        ValueError: ``workers`` is below 1, or the file is no table of a study.
        RuntimeError: processes died three times in a row without finishing a single run.
        Exception: what ``train`` itself raised, after the results so far were saved.
    """
    runs = list(runs)
    check_study(runs, train, workers)
    table = load_table(path)
    idle_rounds = 0
    while todo := missing_runs(runs, table):
        before = len(table)
        with executor_of(scheduler, workers) as executor:
            table = _run_round(todo, train, path, table, executor, progress)
        idle_rounds = idle_rounds + 1 if len(table) == before else 0
        if idle_rounds == ATTEMPTS:
            raise RuntimeError(
                f"the process of every run died, {ATTEMPTS} times in a row; {len(todo)} runs are "
                f"missing, the first is {todo[0]}"
            )
    table = _in_order(table, runs)
    save_table(table, path)
    return table


def _run_round(
    todo: list[Settings],
    train: Train,
    path: str | Path,
    table: pd.DataFrame,
    executor: Executor,
    progress: Callable[[Iterable, int], Iterable] | None,
) -> pd.DataFrame:
    """Hand out all runs and save what comes back; a dead process costs what it was working on."""
    futures = {executor.submit(_timed, train, run): run for run in todo}
    finished: Iterable[Future] = as_completed(futures)
    if progress is not None:
        finished = progress(finished, len(futures))
    rows, saved = [], time.monotonic()
    try:
        for future in finished:
            with contextlib.suppress(BrokenProcessPool, _dask_killed()):
                run = futures[future]
                rows.append({"run": digest_of(run), **run, **future.result()})
            if time.monotonic() - saved > SAVE_SECONDS:
                table, rows, saved = _with_rows(table, rows), [], time.monotonic()
                save_table(table, path)
    finally:
        table = _with_rows(table, rows)
        save_table(table, path)
        for future in futures:  # after an interruption: what has not begun is not begun
            future.cancel()
    return table


def _timed(train: Train, settings: Settings) -> Settings:
    started = time.perf_counter()
    results = train(settings)
    return {**results, "seconds": round(time.perf_counter() - started, 3)}


def _with_rows(table: pd.DataFrame, rows: list[Settings]) -> pd.DataFrame:
    if not rows:
        return table
    new = pd.DataFrame(rows).set_index("run")
    return new if table.empty else pd.concat([table, new])


def _in_order(table: pd.DataFrame, runs: list[Settings]) -> pd.DataFrame:
    """Rows in the order of the definition, so that the file does not depend on who was faster."""
    known = dict.fromkeys(digest_of(run) for run in runs)
    first = [digest for digest in known if digest in table.index]
    return table.loc[[*first, *table.index.difference(first)]]


@contextlib.contextmanager
def executor_of(scheduler: str | None, workers: int | None) -> Iterator[Executor]:
    """Local processes, or the workers of a Dask cluster, behind the interface of both."""
    if scheduler is None:
        from joblib.externals.loky import ProcessPoolExecutor

        executor = ProcessPoolExecutor(workers or os.cpu_count())
        try:
            yield executor
        finally:
            executor.shutdown()
    else:
        from distributed import Client

        with Client(scheduler) as client:
            yield client.get_executor(pure=False)


def _dask_killed() -> type[Exception]:
    """What a Dask future raises when its worker died again and again."""
    try:
        from distributed import KilledWorker
    except ImportError:
        return BrokenProcessPool
    return KilledWorker


def refuse_setting(value: object) -> None:
    """Say that a setting is nothing that JSON can write."""
    raise TypeError(
        f"a setting must be a number, text, bool, None, or a list or dict of these, "
        f"got {type(value).__name__} {value!r:.60}"
    )


def check_study(runs: list[Settings], train: Train, workers: int | None) -> None:
    """Say what is wrong with an argument of ``run_study``, before anything is run."""
    for run in runs:
        if not isinstance(run, dict):
            raise TypeError(
                f"runs must hold dicts of settings, got {type(run).__name__} {run!r:.60}"
            )
        digest_of(run)
    if not callable(train):
        raise TypeError(f"train must be a function, got {type(train).__name__} {train!r:.60}")
    if workers is not None:
        checked_steps("workers", workers)


def checked_steps(name: str, value: int, minimum: int = 1) -> int:
    """Return ``value`` as an int, or say why it cannot be a number of steps, epochs or items."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an int, got {type(value).__name__} {value!r:.60}")
    if value < minimum:
        raise ValueError(f"{name} must be {minimum} or more, got {value}")
    return int(value)
