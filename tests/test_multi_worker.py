"""Workers are told who they are, find each other or say who is missing, and never outlive a run.

Two real workers train, die and resume in lesson 11, which runs twice in every test run. Here is what
the lesson leaves out: other moments to die, penalties on two devices, and what needs no TensorFlow.
"""

import json
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import keras
import numpy as np
import psutil
import pytest
import tensorflow as tf
from conftest import PROJECT
from hypothesis import given
from hypothesis import strategies as st

from helpers import multi_worker
from helpers.lr_scheduler import LRScheduler
from helpers.multi_worker import (
    LocalWorkers,
    WorkerFailed,
    WorkerLost,
    answers,
    checkpoint,
    connect,
    free_ports,
    is_whole,
    make_distributed_epoch,
    naming_lost_workers,
    newest_in_common,
    numbers_of_all,
    read_tf_config,
    resume_together,
    save_checkpoint,
    tf_config,
    wait_for_workers,
    whole_epochs,
)
from helpers.training import make_epoch, resume_loop, shuffled_batches

HOSTS = ["host-a:12345", "host-b:12345"]
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
ONE = tf.distribute.get_strategy()


def local_hosts(number: int) -> list[str]:
    return [f"127.0.0.1:{port}" for port in free_ports(number)]


# --- who the workers are ------------------------------------------------------------------------


def test_tensorflow_reads_what_tf_config_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", tf_config(HOSTS, 1))
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    assert resolver.cluster_spec().as_dict() == {"worker": HOSTS}
    assert (resolver.task_type, resolver.task_id) == ("worker", 1)
    assert read_tf_config() == (HOSTS, 1)


def test_without_tf_config_there_are_no_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert read_tf_config() == ([], 0)


@pytest.mark.parametrize(
    ("hosts", "number", "words"),
    [
        ([], 0, "hosts must be a list"),
        ("host-a:1", 0, "hosts must be a list"),
        (["host-a"], 0, 'must be "name:port"'),
        (["host-a:"], 0, 'must be "name:port"'),
        (["host-a:70000"], 0, "up to 65535"),
        ([":12345"], 0, 'must be "name:port"'),
        (["host-a:1", "host-a:1"], 0, "each stand there once"),
        (HOSTS, 2, "a worker from 0 to 1, got 2"),
        (HOSTS, -1, "got -1"),
        (HOSTS, "0", "got '0'"),
        (HOSTS, True, "got True"),
    ],
)
def test_a_list_of_workers_that_is_wrong(hosts: object, number: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        tf_config(hosts, number)


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"cluster": {}}', '{"cluster": {"worker": ["a:1"]}, "task": 0}']
)
def test_a_tf_config_that_is_wrong(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match="TF_CONFIG must look like"):
        read_tf_config()


def test_free_ports_can_be_listened_at() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    for port in ports:
        socket.create_server(("127.0.0.1", port)).close()


def test_a_taken_port_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        monkeypatch.setattr(multi_worker, "PORTS", range(taken, taken + 1))
        assert free_ports(1) == []


# --- a start that cannot hang -------------------------------------------------------------------


def test_workers_find_each_other_in_any_order() -> None:
    hosts, found = local_hosts(3), []

    def join(number: int, delay: float) -> None:
        time.sleep(delay)
        wait_for_workers(hosts, number, seconds=20)
        found.append(number)
        # What follows in a worker is TensorFlow's server at the same port.
        with socket.create_server(("", int(hosts[number].split(":")[1])), backlog=10):
            time.sleep(2)

    threads = [threading.Thread(target=join, args=(n, 0.3 * n)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(found) == [0, 1, 2]


def test_a_missing_worker_is_named_in_time() -> None:
    hosts = local_hosts(2)
    started = time.monotonic()
    with pytest.raises(WorkerLost, match=f"worker 0 waited 0.3 s for worker 1 at {hosts[1]}"):
        wait_for_workers(hosts, 0, seconds=0.3)
    assert time.monotonic() - started < 5
    assert not answers(hosts[0]), "the own port is closed again"


def test_a_worker_that_has_come_and_gone_is_missing() -> None:
    """Worker 1 answers for a while, and is gone before worker 2 comes."""
    hosts = local_hosts(3)

    def come_and_go(number: int, delay: float, stay: float) -> None:
        time.sleep(delay)
        with socket.create_server(("127.0.0.1", int(hosts[number].split(":")[1]))):
            time.sleep(stay)

    others = [
        threading.Thread(target=come_and_go, args=(1, 0.0, 0.5)),
        threading.Thread(target=come_and_go, args=(2, 1.0, 3.0)),
    ]
    for other in others:
        other.start()
    with pytest.raises(WorkerLost, match=rf"for worker 1 at {hosts[1]}\. Start"):
        wait_for_workers(hosts, 0, seconds=2.0)
    for other in others:
        other.join()


def test_connect_says_who_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", tf_config(local_hosts(3), 1))
    with pytest.raises(WorkerLost, match=r"for worker 0 at .*, worker 2 at "):
        connect(seconds=0.2)


def test_the_own_port_may_be_taken() -> None:
    with socket.create_server(("", 0)) as server:
        hosts = [f"127.0.0.1:{server.getsockname()[1]}", "127.0.0.1:1"]
        with pytest.raises(OSError, match="use"):
            wait_for_workers(hosts, 0, seconds=0.2)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), "10", True, None])
def test_a_time_to_wait_that_is_none(seconds: object) -> None:
    with pytest.raises(ValueError, match="seconds must be a number above 0"):
        connect(seconds)


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.UnavailableError,
        tf.errors.AbortedError,
        tf.errors.CancelledError,
        tf.errors.DeadlineExceededError,  # what worker 1 gets when the network between hosts is cut
    ],
)
def test_a_lost_worker_is_named(error: type, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as alive:
        hosts = [*local_hosts(2), f"127.0.0.1:{alive.getsockname()[1]}"]
        monkeypatch.setenv("TF_CONFIG", tf_config(hosts, 0))
        with pytest.raises(WorkerLost) as caught, naming_lost_workers():
            raise error(None, None, "Collective ops is aborted")
    assert f"worker 0 lost worker 1 at {hosts[1]}." in str(caught.value)
    assert isinstance(caught.value.__cause__, error)


def test_a_port_that_closes_a_moment_after_the_connection() -> None:
    """Under load the port of a killed worker was seen open for a moment."""
    with socket.create_server(("127.0.0.1", 0)) as dying:
        hosts = [*local_hosts(1), f"127.0.0.1:{dying.getsockname()[1]}"]
        closing = threading.Timer(0.3, dying.close)
        closing.start()
        assert multi_worker.gone(hosts, 0) == [1]
        closing.join()


def test_nobody_is_named_when_all_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as alive:
        hosts = [*local_hosts(1), f"127.0.0.1:{alive.getsockname()[1]}"]
        started = time.monotonic()
        assert multi_worker.gone(hosts, 0, seconds=0.2) == []
    assert 0.2 <= time.monotonic() - started < 3


def test_another_error_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), naming_lost_workers():
        1 / 0  # noqa: B018


# --- the loop -----------------------------------------------------------------------------------


def small_model(seed: int = 0) -> keras.Sequential:
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])


X = np.random.default_rng(0).normal(size=(60, 4)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, 60)
BATCHES = shuffled_batches(60, 6, 0, 0)


def test_with_one_replica_it_is_the_epoch_of_lesson_6() -> None:
    plan = LRScheduler(20, 0.1, "linear")
    parts = [(small_model(), keras.optimizers.SGD(0.5, momentum=0.9)) for _ in range(2)]
    run = make_epoch(*parts[0], LOSS, X, Y, plan, jit_compile=False)
    distributed = make_distributed_epoch(ONE, *parts[1], LOSS, X, Y, plan)
    for _ in range(2):
        one, other = run(BATCHES), distributed(BATCHES)
        assert np.array_equal(one["learning_rate"], other["learning_rate"])
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-5)
        assert one["accuracy"] == pytest.approx(other["accuracy"])
    for one, other in zip(parts[0][0].get_weights(), parts[1][0].get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert distributed.compiled.experimental_get_tracing_count() == 1


# Penalties of the weights count once, on two devices as on one and as in `fit`.
ON_TWO_DEVICES = """
import json
import keras, numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from helpers.multi_worker import make_distributed_epoch
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
x = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
y = np.arange(12) % 3

def parts(strategy):
    keras.utils.set_random_seed(0)
    with strategy.scope():
        dense = keras.layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.5))
        model = keras.Sequential([keras.Input((4,)), dense])
        return model, keras.optimizers.SGD(0.1)

found = {}
strategies = {"one": tf.distribute.get_strategy(), "two": tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])}
for name, strategy in strategies.items():
    model, optimizer = parts(strategy)
    logs = make_distributed_epoch(strategy, model, optimizer, loss, x, y)(np.arange(12).reshape(2, 6))
    found[name] = [float(logs["loss"]), *model.layers[0].kernel.numpy().ravel().tolist()]
    model, optimizer = parts(strategy)
    with strategy.scope():
        model.compile(optimizer, loss, jit_compile=False)
    (loss_of_fit,) = model.fit(x, y, 6, shuffle=False, verbose=0).history["loss"]
    found[f"fit, {name}"] = [loss_of_fit, *model.layers[0].kernel.numpy().ravel().tolist()]
print(json.dumps(found))
"""


def test_penalties_count_once_on_two_devices_as_on_one() -> None:
    process = subprocess.run(
        [sys.executable, "-c", ON_TWO_DEVICES], cwd=PROJECT, capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr[-2000:]
    found = json.loads(process.stdout)
    for name, values in found.items():
        np.testing.assert_allclose(values, found["one"], rtol=1e-4, atol=1e-6, err_msg=name)


class OneNumber(keras.losses.Loss):
    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean((y_pred - y_true[:, tf.newaxis]) ** 2)


@pytest.mark.parametrize(
    ("loss", "error", "words"),
    [
        (
            keras.losses.sparse_categorical_crossentropy,
            TypeError,
            "loss must be a Keras loss object, got function",
        ),
        (OneNumber(), ValueError, "a number per image, got a single number from OneNumber.call"),
    ],
)
def test_a_loss_that_is_not_divided_is_refused(loss: object, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        make_distributed_epoch(ONE, small_model(), keras.optimizers.SGD(0.1), loss, X, Y)


@pytest.mark.parametrize(
    ("batches", "error", "words"),
    [
        (BATCHES.astype(float), TypeError, "row numbers .ints., got float64"),
        (BATCHES + 1, ValueError, "row numbers from 0 to 59, got 1 to 60"),
        (BATCHES[0], ValueError, "shape .steps, batch., got .6,."),
    ],
)
def test_batches_that_are_none(batches: np.ndarray, error: type, words: str) -> None:
    run = make_distributed_epoch(ONE, small_model(), keras.optimizers.SGD(0.1), LOSS, X, Y)
    with pytest.raises(error, match=words):
        run(batches)


def test_labels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="labels must be class numbers from 0 to 2"):
        make_distributed_epoch(ONE, small_model(), keras.optimizers.SGD(0.1), LOSS, X, Y + 1)


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    with pytest.raises(ValueError, match="that 4 replicas can share equally, got 6"):
        multi_worker.check_shares(BATCHES, 4)
    multi_worker.check_shares(BATCHES, 3)


# --- checkpoints --------------------------------------------------------------------------------


@pytest.fixture
def parts() -> tuple[keras.Model, keras.optimizers.Optimizer]:
    model, optimizer = small_model(), keras.optimizers.SGD(0.1, momentum=0.9)
    optimizer.build(model.trainable_variables)
    return model, optimizer


def save_epochs(folder: Path, parts: tuple, epochs: range) -> None:
    """Checkpoints whose weights all have the number of their epoch."""
    for epoch in epochs:
        parts[0].set_weights([np.full(w.shape, epoch, w.dtype) for w in parts[0].get_weights()])
        save_checkpoint(folder, *parts, epoch)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_the_newest_two_are_kept(tmp_path: Path, parts: tuple) -> None:
    save_epochs(tmp_path / "new", parts, range(1, 12))
    assert whole_epochs(tmp_path / "new") == [10, 11]


@pytest.mark.parametrize(("keep", "kept"), [(0, 2), (1, 2), (3, 3)])
def test_how_many_are_kept(keep: int, kept: int, tmp_path: Path, parts: tuple) -> None:
    for epoch in range(5):
        save_checkpoint(tmp_path, *parts, epoch, keep=keep)
    assert len(whole_epochs(tmp_path)) == kept


def test_every_cut_and_every_flipped_array_is_noticed(tmp_path: Path, parts: tuple) -> None:
    save_epochs(tmp_path, parts, range(1, 2))
    path = checkpoint(tmp_path, 1)
    whole = path.read_bytes()
    assert is_whole(path)
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        assert not is_whole(path), f"cut off after {length} of {len(whole)} bytes"
    place = whole.index(np.full(12, 1, "float32").tobytes())
    path.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
    assert not is_whole(path), "a changed byte in the weights"
    assert not is_whole(tmp_path / "none.npz")


def test_whatever_bit_changes_the_file_is_not_whole_or_says_the_same(
    tmp_path: Path, parts: tuple
) -> None:
    """One bit in each byte; a few bytes, such as the time of writing, mean nothing."""
    save_epochs(tmp_path, parts, range(1, 2))
    path = checkpoint(tmp_path, 1)
    whole, still_whole = path.read_bytes(), 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        if is_whole(path):
            still_whole += 1
            assert resume_loop(path, *parts) == 1
            assert all(np.all(weights == 1) for weights in parts[0].get_weights())
        else:
            with pytest.raises(ValueError, match="cut off, damaged or no file of save_loop"):
                resume_loop(path, *parts)
    assert still_whole < len(whole) / 3


@pytest.mark.parametrize("name", ["epoch", "optimizer", "model/0", "optimizer/0"])
def test_without_one_of_its_arrays_a_file_is_not_whole(
    name: str, tmp_path: Path, parts: tuple
) -> None:
    save_epochs(tmp_path, parts, range(1, 2))
    path = checkpoint(tmp_path, 1)
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **arrays)
    assert is_whole(path)
    del arrays[name]
    np.savez(path, **arrays)
    assert not is_whole(path)


def test_a_file_that_cannot_be_read_is_not_called_damaged(
    tmp_path: Path, parts: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_epochs(tmp_path, parts, range(1, 3))

    def fail(path: Path) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(OSError, match="Input/output"):
        resume_together(ONE, tmp_path, *parts)
    assert len(list(tmp_path.glob("epoch-*"))) == 2


def test_a_damaged_one_is_skipped(tmp_path: Path, parts: tuple) -> None:
    save_epochs(tmp_path, parts, range(1, 4))
    cut(checkpoint(tmp_path, 3))
    assert resume_together(ONE, tmp_path, *parts) == 2
    assert all(np.all(weights == 2) for weights in parts[0].get_weights())
    assert [path.name for path in tmp_path.glob("epoch-*")] == ["epoch-000002.npz"]


def test_with_all_damaged_or_none_it_starts_anew(tmp_path: Path, parts: tuple) -> None:
    before = [weights.copy() for weights in parts[0].get_weights()]
    assert resume_together(ONE, tmp_path / "not there", *parts) == 0
    save_epochs(tmp_path, parts, range(1, 3))
    parts[0].set_weights(before)
    for path in tmp_path.glob("epoch-*"):
        cut(path)
    assert resume_together(ONE, tmp_path, *parts) == 0
    for now, then in zip(parts[0].get_weights(), before, strict=True):
        assert np.array_equal(now, then)


def others_have(monkeypatch: pytest.MonkeyPatch, *others: list[int]) -> None:
    """Pretend that there are more workers, with these epochs."""
    monkeypatch.setattr(
        multi_worker, "numbers_of_all", lambda strategy, epochs: [list(epochs), *others]
    )


def test_the_newest_epoch_in_common_counts(
    tmp_path: Path, parts: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    others_have(monkeypatch, [5, 6], [6, 8])
    save_epochs(tmp_path, parts, range(6, 8))
    assert resume_together(ONE, tmp_path, *parts) == 6
    assert all(np.all(weights == 6) for weights in parts[0].get_weights())
    assert whole_epochs(tmp_path) == [6], "epoch 7 belongs to a future that the others do not know"


@pytest.mark.parametrize("other", [[], [1, 2], [10]])
def test_without_an_epoch_in_common_nothing_is_removed(
    other: list[int], tmp_path: Path, parts: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    others_have(monkeypatch, other)
    save_epochs(tmp_path, parts, range(8, 10))
    before = [weights.copy() for weights in parts[0].get_weights()]
    listed = str(other) if other else "none"
    with pytest.raises(ValueError, match="no checkpoint is on every worker") as raised:
        resume_together(ONE, tmp_path, *parts)
    assert f"worker 0: [8, 9]; worker 1: {listed}. Nothing was removed." in str(raised.value)
    assert whole_epochs(tmp_path) == [8, 9]
    for now, then in zip(parts[0].get_weights(), before, strict=True):
        assert np.array_equal(now, then)


def test_a_worker_with_an_empty_disk_makes_no_other_lose_its_files(
    tmp_path: Path, parts: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    others_have(monkeypatch, [8, 9])
    with pytest.raises(ValueError, match=r"worker 0: none; worker 1: \[8, 9\]"):
        resume_together(ONE, tmp_path / "new disk", *parts)


def test_anew_counts_when_all_say_so(
    tmp_path: Path, parts: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_epochs(tmp_path, parts, range(8, 10))
    others_have(monkeypatch, [8, 9])
    with pytest.raises(ValueError, match=r"worker 0: none; worker 1: \[8, 9\]"):
        resume_together(ONE, tmp_path, *parts, anew=True)
    assert whole_epochs(tmp_path) == [8, 9], "the other worker did not say anew"
    others_have(monkeypatch, [])
    assert resume_together(ONE, tmp_path, *parts, anew=True) == 0
    assert whole_epochs(tmp_path) == []


@given(st.lists(st.lists(st.integers(0, 9), unique=True), min_size=1, max_size=4))
def test_what_workers_have_in_common(of_all: list[list[int]]) -> None:
    in_all = [epoch for epoch in range(10) if all(epoch in epochs for epochs in of_all)]
    if in_all:
        assert newest_in_common(of_all) == in_all[-1]
    elif any(of_all):
        with pytest.raises(ValueError, match="no checkpoint is on every worker"):
            newest_in_common(of_all)
    else:
        assert newest_in_common(of_all) == 0


@pytest.mark.parametrize("numbers", [[], [0], [3], [4, 5], list(range(60, 124))])
def test_numbers_of_all_with_one_worker(numbers: list[int]) -> None:
    assert numbers_of_all(ONE, numbers) == [numbers]


def test_of_many_numbers_the_highest_are_told() -> None:
    assert numbers_of_all(ONE, list(range(200))) == [list(range(136, 200))]


def test_another_model_is_refused(tmp_path: Path, parts: tuple) -> None:
    save_epochs(tmp_path, parts, range(1, 2))
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5)])
    with pytest.raises(ValueError, match="has float32 of shape"):
        resume_together(ONE, tmp_path, other, keras.optimizers.SGD(0.1, momentum=0.9))


# --- all workers on this machine ----------------------------------------------------------------


def program(tmp_path: Path, text: str) -> Path:
    """A program of a worker; it knows its ``number``."""
    start = (
        'import json, os, sys, time; number = json.loads(os.environ["TF_CONFIG"])["task"]["index"]'
    )
    path = tmp_path / "program.py"
    path.write_text(f"{start}\n{textwrap.dedent(text)}")
    return path


def test_each_worker_knows_who_it_is(tmp_path: Path) -> None:
    path = program(tmp_path, 'print(number, os.environ["TF_CONFIG"], *sys.argv[1:])')
    with LocalWorkers([path, "an argument"], 3, tmp_path / "logs") as workers:
        workers.wait(seconds=60)
    for number in range(3):
        first, rest = workers.log(number).split(" ", 1)
        config, _ = json.JSONDecoder().raw_decode(rest)
        assert int(first) == number
        assert config == json.loads(tf_config(workers.hosts, number))
        assert rest.endswith(" an argument\n")


def test_a_failed_worker_ends_all_and_says_why(tmp_path: Path) -> None:
    path = program(tmp_path, 'sys.exit("no disk") if number == 1 else time.sleep(600)')
    started = time.monotonic()
    with (
        LocalWorkers([path], 2, tmp_path / "logs") as workers,
        pytest.raises(WorkerFailed) as caught,
    ):
        workers.wait(seconds=60, grace=0.2)
    assert str(caught.value) == (
        "worker 1 ended with exit code 1 (no disk); worker 0 took too long and was ended"
    )
    assert time.monotonic() - started < 30
    assert workers.running() == []


def test_errors_have_no_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jupyter sets FORCE_COLOR, and since 3.13 Python colours its tracebacks then."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    path = program(tmp_path, "raise OSError('no disk')")
    with (
        LocalWorkers([path], 1, tmp_path / "logs") as workers,
        pytest.raises(WorkerFailed) as caught,
    ):
        workers.wait(seconds=60)
    assert str(caught.value) == "worker 0 ended with exit code 1 (OSError: no disk)"


def test_the_others_may_say_why_too(tmp_path: Path) -> None:
    path = program(tmp_path, "time.sleep(1 - number); sys.exit(f'I am {number}')")
    with (
        LocalWorkers([path], 2, tmp_path / "logs") as workers,
        pytest.raises(WorkerFailed, match=r"^worker 1 .*\(I am 1\); worker 0 .*\(I am 0\)$"),
    ):
        workers.wait(seconds=60, grace=30)


def test_too_long(tmp_path: Path) -> None:
    path = program(tmp_path, 'print("busy", flush=True); time.sleep(600)')
    with LocalWorkers([path], 2, tmp_path / "logs") as workers:
        workers.wait_for_text(0, "busy", seconds=30)
        with pytest.raises(WorkerFailed, match=r"worker 0 took too long and was ended \(busy\)"):
            workers.wait(seconds=0.2)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of Unix")
def test_a_killed_worker_is_named(tmp_path: Path) -> None:
    calls = []
    path = program(tmp_path, "time.sleep(600)")
    with LocalWorkers([path], 2, tmp_path / "logs") as workers:
        workers.kill(1)
        with pytest.raises(WorkerFailed, match=r"^worker 1 was ended by SIGKILL; worker 0 took"):
            workers.wait(seconds=60, grace=0.2, each=lambda: calls.append(0))
    assert calls


def test_a_text_that_never_comes(tmp_path: Path) -> None:
    path = program(tmp_path, "print('something else')")
    with (
        LocalWorkers([path], 1, tmp_path / "logs") as workers,
        pytest.raises(WorkerFailed, match="worker 0 did not write 'ready'"),
    ):
        workers.wait_for_text(0, "ready", seconds=30)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_whatever_happens_no_worker_is_left(error: type, tmp_path: Path) -> None:
    path = program(tmp_path, "time.sleep(600)")
    with pytest.raises(error), LocalWorkers([path], 2, tmp_path / "logs") as workers:
        assert workers.running() == [0, 1]
        raise error
    assert workers.running() == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of Unix")
def test_a_worker_that_ignores_sigterm_is_ended_too(tmp_path: Path) -> None:
    path = program(
        tmp_path,
        """
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("deaf", flush=True)
        time.sleep(600)
        """,
    )
    with LocalWorkers([path], 1, tmp_path / "logs") as workers:
        workers.wait_for_text(0, "deaf", seconds=30)
    assert workers.processes[0].returncode == -signal.SIGKILL


# The file alone, without the seconds that TensorFlow takes: these two only start and watch.
WITHOUT_TENSORFLOW = f"""
import sys, time
from unittest.mock import MagicMock
for name in ("keras", "keras.metrics", "tensorflow", "training"):
    sys.modules[name] = MagicMock()
sys.path.insert(0, {str(PROJECT / "helpers")!r})
import multi_worker
"""
PARENT = f"""{WITHOUT_TENSORFLOW}
with multi_worker.LocalWorkers([sys.argv[1]], 1, sys.argv[2]) as workers:
    workers.wait_for_text(0, "ready", seconds=60)
    print(workers.processes[0].pid, flush=True)
    time.sleep(600)
"""


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    end = 'multi_worker.end_with_parent(); print("ready", flush=True); time.sleep(600)'
    path = program(tmp_path, WITHOUT_TENSORFLOW + end)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(path), str(tmp_path / "logs")],
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        worker = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 20
    while is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(worker)


def is_running(process: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# --- a worker that dies in two real processes -----------------------------------------------------

DYING = """
import os, signal, sys
import keras, numpy as np
from helpers.multi_worker import connect, make_distributed_epoch, naming_lost_workers, read_tf_config
from helpers.training import shuffled_batches

dying, moment = int(sys.argv[1]), sys.argv[2]
strategy = connect(seconds=60)
number = read_tf_config()[1]

def die(now):
    if (number, moment) == (dying, now):
        os.kill(os.getpid(), signal.SIGKILL)

die("before the model is made")
x, y = np.ones((60, 4), "float32"), np.arange(60) % 3
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
with naming_lost_workers():
    with strategy.scope():
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
        optimizer = keras.optimizers.SGD(0.1)
    run_epoch = make_distributed_epoch(strategy, model, optimizer, loss, x, y)
    for epoch in range(3):
        run_epoch(shuffled_batches(60, 6, 0, epoch))
        die("in training")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of Unix")
@pytest.mark.parametrize(("dying", "moment"), [(1, "before the model is made"), (0, "in training")])
def test_whoever_dies_and_whenever_the_other_names_it(
    dying: int, moment: str, tmp_path: Path
) -> None:
    """Worker 0 leads TensorFlow's server, worker 1 does not; the lesson kills worker 1 in training."""
    path = tmp_path / "dying.py"
    path.write_text(DYING)
    with (
        LocalWorkers([path, dying, moment], 2, tmp_path / "logs") as workers,
        pytest.raises(WorkerFailed) as failure,
    ):
        workers.wait(seconds=200, grace=60)
    said = str(failure.value)
    assert said.startswith(f"worker {dying} was ended by SIGKILL; worker {1 - dying} ended with"), (
        said
    )
    assert f"worker {1 - dying} lost worker {dying} at 127.0.0.1" in said
