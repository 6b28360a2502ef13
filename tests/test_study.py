"""A study is repeatable, resumable, and the same whoever runs it.

The helper is used as its readers use it: copied into a folder. There a worker imports no TensorFlow.
"""

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from conftest import PROJECT

from helpers.study import digest_of, load_table, missing_runs, save_table

RUNS = [{"rate": rate, "seed": seed} for rate in (0.1, 0.2, 0.4) for seed in (0, 1)]

# Workers import what they run; a module of its own stands in for somebody's training program.
TRAINING = """
    import os, pathlib, signal, time

    KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has no SIGKILL

    def train(settings):
        return {"score": settings["rate"] * 10 + settings["seed"], "losses": "0.5 0.25"}

    def slow(settings):
        time.sleep(0.2)
        return train(settings)

    def dies_once(settings):
        mark = pathlib.Path(os.environ["MARK"])
        if settings["rate"] == 0.2 and settings["seed"] == 0 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), KILL)
        return train(settings)

    def always_dies(settings):
        os.kill(os.getpid(), KILL)

    def raises(settings):
        if settings["rate"] == 0.4:
            raise ValueError("no such rate")
        return train(settings)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory):
    """A folder with the helper and the module above, importable here and in every worker."""
    folder = tmp_path_factory.mktemp("a study")
    shutil.copy(PROJECT / "helpers" / "study.py", folder / "copied_study.py")
    (folder / "some_training.py").write_text(textwrap.dedent(TRAINING))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
        yield folder
    for name in ("copied_study", "some_training"):
        sys.modules.pop(name, None)


@pytest.fixture
def training(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Somebody's training program."""
    monkeypatch.setenv("MARK", str(tmp_path / "mark"))
    return importlib.import_module("some_training")


@pytest.fixture
def run_study(folder: Path):
    """``run_study`` of the copied helper."""
    return importlib.import_module("copied_study").run_study


def measured(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns="seconds")


def test_a_digest_depends_on_settings_and_not_on_their_order() -> None:
    assert digest_of({"a": 1, "b": 0.1}) == digest_of({"b": 0.1, "a": 1}) == "e9ea63b12739"
    assert len({digest_of(run) for run in RUNS}) == len(RUNS)


@pytest.mark.parametrize("setting", [object(), {1, 2}, b"text"])
def test_a_setting_must_be_plain(setting: object) -> None:
    with pytest.raises(TypeError):
        digest_of({"setting": setting})


def test_nan_is_no_setting() -> None:
    with pytest.raises(ValueError):
        digest_of({"rate": float("nan")})


def test_every_run_is_made_once_and_in_order(training, tmp_path: Path, run_study) -> None:
    table = run_study(RUNS, training.train, tmp_path / "r.csv", workers=2)
    assert list(table.index) == [digest_of(run) for run in RUNS]
    assert list(table["score"]) == [run["rate"] * 10 + run["seed"] for run in RUNS]
    assert (table["seconds"] >= 0).all()
    pd.testing.assert_frame_equal(load_table(tmp_path / "r.csv"), table)
    before = (tmp_path / "r.csv").read_bytes()
    run_study(RUNS, training.always_dies, tmp_path / "r.csv", workers=2)
    assert (tmp_path / "r.csv").read_bytes() == before, "nothing was left to run"


def test_only_what_is_missing_is_run(training, tmp_path: Path, run_study) -> None:
    run_study(RUNS[:4], training.train, tmp_path / "r.csv", workers=2)
    asked = []

    def progress(finished, total):
        asked.append(total)
        return finished

    table = run_study(RUNS, training.train, tmp_path / "r.csv", workers=2, progress=progress)
    assert asked == [2] and len(table) == 6


def test_a_changed_setting_is_another_run(training, tmp_path: Path, run_study) -> None:
    table = run_study(RUNS, training.train, tmp_path / "r.csv", workers=2)
    changed = [{**run, "epochs": 8} for run in RUNS]
    assert missing_runs(changed, table) == changed
    assert missing_runs(RUNS, table) == []


def test_interrupted_it_goes_on_where_it_was(training, tmp_path: Path, run_study) -> None:
    class Stopped(Exception):
        pass

    def stop_after_two(finished, total):
        for count, future in enumerate(finished):
            if count == 2:
                raise Stopped
            yield future

    with pytest.raises(Stopped):
        run_study(RUNS, training.slow, tmp_path / "r.csv", workers=1, progress=stop_after_two)
    assert 2 <= len(load_table(tmp_path / "r.csv")) < 6
    table = run_study(RUNS, training.train, tmp_path / "r.csv", workers=2)
    assert len(table) == 6 and table.index.is_unique


def test_a_killed_worker_costs_its_run_not_the_study(training, tmp_path: Path, run_study) -> None:
    table = run_study(RUNS, training.dies_once, tmp_path / "r.csv", workers=2)
    assert (tmp_path / "mark").exists() and len(table) == 6


def test_it_gives_up_when_every_process_dies(training, tmp_path: Path, run_study) -> None:
    with pytest.raises(RuntimeError, match="3 times in a row; 6 runs are missing"):
        run_study(RUNS, training.always_dies, tmp_path / "r.csv", workers=2)


def test_what_training_raises_reaches_you_and_nothing_is_lost(
    training, tmp_path: Path, run_study
) -> None:
    with pytest.raises(ValueError, match="no such rate"):
        run_study(RUNS, training.raises, tmp_path / "r.csv", workers=1)
    assert len(load_table(tmp_path / "r.csv")) == 4


def test_a_file_is_never_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.csv"
    save_table(pd.DataFrame({"score": [1.0]}, index=pd.Index(["a"], name="run")), path)
    before = path.read_bytes()

    def full(self, file, **keywords):
        file.write("run,sco")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(OSError, match="No space left"):
        save_table(pd.DataFrame({"score": [2.0]}), path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["r.csv"]


def test_no_file_is_an_empty_table(tmp_path: Path) -> None:
    assert load_table(tmp_path / "none.csv").empty
    assert missing_runs(RUNS, load_table(tmp_path / "none.csv")) == RUNS


@pytest.fixture
def cluster(training, tmp_path: Path):
    """A scheduler and two workers, as processes of their own on this machine."""
    pytest.importorskip("distributed")
    address_file = tmp_path / "scheduler.json"
    common = ["--scheduler-file", str(address_file)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    scheduler = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_scheduler", *common, "--port", "0",
         "--host", "127.0.0.1", "--no-dashboard"], **quiet,
    )  # fmt: skip
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_worker", *common, "--nthreads", "1",
             "--no-dashboard", "--local-directory", str(tmp_path / f"w{number}")], **quiet,
        )
        for number in range(2)
    ]  # fmt: skip
    try:
        yield wait_for_address(address_file), workers
    finally:
        for process in [*workers, scheduler]:
            process.kill()
            process.wait()


def wait_for_address(address_file: Path) -> str:
    from distributed import Client

    for _ in range(240):
        if address_file.exists() and address_file.read_text():
            address = json.loads(address_file.read_text())["address"]
            with Client(address) as client:
                client.wait_for_workers(2, timeout=60)
            return address
        time.sleep(0.25)
    raise TimeoutError("the scheduler did not start")


def test_a_dask_cluster_gives_the_results_of_local_processes(
    cluster, training, tmp_path: Path, run_study
) -> None:
    address, _ = cluster
    local = run_study(RUNS, training.train, tmp_path / "local.csv", workers=2)
    there = run_study(RUNS, training.train, tmp_path / "there.csv", scheduler=address)
    pd.testing.assert_frame_equal(measured(there), measured(local))


def test_a_killed_dask_worker_costs_its_run_not_the_study(
    cluster, training, tmp_path: Path, run_study
) -> None:
    address, workers = cluster

    def kill_one(finished, total):
        for count, future in enumerate(finished):
            if count == 0:
                workers[0].kill()
            yield future

    table = run_study(RUNS, training.slow, tmp_path / "r.csv", scheduler=address, progress=kill_one)
    assert len(table) == 6


def test_unknown_dask_scheduler_is_an_error(tmp_path: Path, training, run_study) -> None:
    pytest.importorskip("distributed")
    import dask

    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}), pytest.raises(OSError):
        run_study(RUNS, training.train, tmp_path / "r.csv", scheduler="tcp://127.0.0.1:9")
    assert load_table(tmp_path / "r.csv").empty


PROGRAM = """
    import signal, sys
    import copied_study, some_training

    # Whoever was started in the background of a shell may have inherited that it is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def watched(finished, total):
        for future in finished:
            yield future
            print("one is done", flush=True)

    try:
        copied_study.run_study(
            [{"rate": 0.1, "seed": seed} for seed in range(400)],
            some_training.slow, sys.argv[1], workers=2,
            progress=watched,
        )
    except KeyboardInterrupt:
        print("stopped")
"""


def children(process: int) -> list[int]:
    lines = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in lines.read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")
def test_ctrl_c_ends_the_workers_and_keeps_what_is_done(folder: Path, tmp_path: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), str(tmp_path / "r.csv")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout.readline() == "one is done\n"
    workers = [child for child in children(program.pid) if is_worker(child)]
    assert len(workers) == 2
    program.send_signal(signal.SIGINT)
    try:
        output, errors = program.communicate(timeout=10)
    except subprocess.TimeoutExpired:  # Python ignores a Ctrl-C that falls into a finalizer
        program.send_signal(signal.SIGINT)
        output, errors = program.communicate(timeout=60)
    # A Ctrl-C may fall between the text of a line and its end.
    assert (program.returncode, output.endswith("stopped\n")) == (0, True), output
    assert "Traceback" not in errors
    assert 1 <= len(load_table(tmp_path / "r.csv")) < 400
    assert [worker for worker in workers if Path(f"/proc/{worker}").exists()] == []


def is_worker(process: int) -> bool:
    return b"LokyProcess" in Path(f"/proc/{process}/cmdline").read_bytes()


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, "2"])
def test_workers_must_be_a_number_of_processes(workers: object, tmp_path: Path) -> None:
    from helpers.study import run_study

    with pytest.raises((TypeError, ValueError), match="workers must be"):
        run_study(RUNS, dict, tmp_path / "r.csv", workers=workers)


def test_runs_and_train_must_be_what_they_are(tmp_path: Path) -> None:
    from helpers.study import run_study

    with pytest.raises(TypeError, match=r"runs must hold dicts of settings, got list"):
        run_study([["rate", 0.1]], dict, tmp_path / "r.csv")
    with pytest.raises(TypeError, match=r"train must be a function, got int"):
        run_study(RUNS, 3, tmp_path / "r.csv")
    with pytest.raises(TypeError, match=r"a setting must be .*, got object"):
        run_study([{"rate": object()}], dict, tmp_path / "r.csv")


def test_a_file_that_is_no_table_of_runs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("name,age\nAnn,3\n")
    with pytest.raises(
        ValueError, match=r"other\.csv is no table of a study: it has no column 'run'"
    ):
        load_table(tmp_path / "other.csv")
