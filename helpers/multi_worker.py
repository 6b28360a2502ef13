"""Train one model with several processes, on one machine or on several, in the loop of lesson 6.

Each worker runs the same program. The environment variable ``TF_CONFIG`` tells it who all workers
are and which of them it is. In the program::

    strategy = connect()
    with naming_lost_workers():
        with strategy.scope():
            model = create_model()
            optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
        run_epoch = make_distributed_epoch(
            strategy, model, optimizer, loss, images, labels, scheduler
        )
        for epoch in range(resume_together(strategy, folder, model, optimizer), epochs):
            logs = run_epoch(shuffled_batches(len(images), 128, seed=0, epoch=epoch))
            save_checkpoint(folder, model, optimizer, epoch + 1)

To start all workers on this machine: ``LocalWorkers``.

Needs NumPy and Keras on TensorFlow, and training.py beside it.
"""

import contextlib
import faulthandler
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from numbers import Real
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras.metrics import sparse_categorical_accuracy

if __package__:
    from .training import (
        check_data,
        check_model,
        checked_batches,
        make_train_step,
        resume_loop,
        save_loop,
        saved_arrays,
    )
else:
    from training import (
        check_data,
        check_model,
        checked_batches,
        make_train_step,
        resume_loop,
        save_loop,
        saved_arrays,
    )

CONNECT_SECONDS = 60.0  # how long workers wait for each other at the start
GRACE_SECONDS = 30.0  # how long the others may take to say why, once a worker has failed
LOOK_SECONDS = 5.0  # how long to look for the one that is gone
POLL_SECONDS = 0.05
MOST_NUMBERS, NOTHING = 64, -1  # that workers tell each other at once, and what fills the rest
# What TensorFlow raises when another worker is gone; the last one when the network is cut.
LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)
PORTS = range(20_000, 32_000)  # below those that systems hand to outgoing connections


class WorkerLost(RuntimeError):
    """A worker does not answer; the message says which, and what to do."""


class WorkerFailed(RuntimeError):
    """A worker that ``LocalWorkers`` started ended badly or too late; the message says how."""


# --- who the workers are ------------------------------------------------------------------------


def tf_config(hosts: Sequence[str], number: int) -> str:
    """Say to one worker who all are: the text for its environment variable ``TF_CONFIG``.

    Args:
        hosts: ``"host:port"`` of each worker, the same list in the same order for all.
        number: which of them this one is, from 0 on. Worker 0 is the chief.

    Returns:
        JSON, as TensorFlow's ``TFConfigClusterResolver`` reads it.

    Raises:
        ValueError: there are no hosts, one has no port, one stands there twice, or there is no
            such worker.
    """
    check_hosts(hosts, number)
    task = {"type": "worker", "index": number}
    return json.dumps({"cluster": {"worker": list(hosts)}, "task": task})


def read_tf_config() -> tuple[list[str], int]:
    """Return (hosts, own number) from ``TF_CONFIG``; without it ([], 0).

    Raises:
        ValueError: ``TF_CONFIG`` is no such JSON, or does not fit itself.
    """
    text = os.environ.get("TF_CONFIG", "")
    if not text:
        return [], 0
    try:
        config = json.loads(text)
        hosts, number = config["cluster"]["worker"], config["task"]["index"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            'TF_CONFIG must look like {"cluster": {"worker": ["host:port", ...]}, '
            f'"task": {{"type": "worker", "index": 0}}}}, got {text!r:.200}'
        ) from error
    check_hosts(hosts, number)
    return hosts, number


def free_ports(number: int) -> list[int]:
    """Return TCP ports of this machine that nobody listens at, each once."""
    ports: list[int] = []
    for port in random.Random(os.urandom(8)).sample(PORTS, len(PORTS)):
        if len(ports) == number:
            break
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            ports.append(port)
    return ports


# --- a start that cannot hang -------------------------------------------------------------------


def connect(seconds: float = CONNECT_SECONDS) -> tf.distribute.Strategy:
    """Join the other workers of ``TF_CONFIG``, or say which of them does not come.

    TensorFlow alone would wait for a missing worker without end, deaf to Ctrl-C. So the workers
    first look for each other over plain TCP. Call this first in the program, before TensorFlow has
    computed anything.

    Args:
        seconds: how long to wait for the others.

    Returns:
        A ``MultiWorkerMirroredStrategy``; without ``TF_CONFIG`` the same for one worker, so that the
        program also runs alone.

    Raises:
        WorkerLost: a worker did not come in time.
        ValueError: ``TF_CONFIG`` is wrong, or ``seconds`` is not above 0.
        OSError: the own port is taken.
    """
    checked_seconds("seconds", seconds)
    hosts, number = read_tf_config()
    end_with_parent()
    if len(hosts) < 2:
        return tf.distribute.MultiWorkerMirroredStrategy()
    wait_for_workers(hosts, number, seconds)
    # A worker that dies from here on would be waited for without end, and no Python would run.
    faulthandler.dump_traceback_later(seconds + CONNECT_SECONDS, exit=True, file=sys.__stderr__)
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    finally:
        faulthandler.cancel_dump_traceback_later()


def wait_for_workers(hosts: Sequence[str], number: int, seconds: float) -> None:
    """Answer at the own port until every other worker has answered at its port.

    A worker that has seen all others goes on to TensorFlow, whose server then answers for it.
    """
    deadline = time.monotonic() + seconds
    others = [other for other in range(len(hosts)) if other != number]
    with socket.create_server(("", port_of(hosts[number])), backlog=128) as server:
        server.setblocking(False)
        while missing := [other for other in others if not answers(hosts[other])]:
            if time.monotonic() > deadline:
                names = ", ".join(f"worker {other} at {hosts[other]}" for other in missing)
                raise WorkerLost(
                    f"worker {number} waited {seconds:g} s for {names}. Start all workers, each "
                    "with the same hosts in TF_CONFIG; a firewall must let these ports pass"
                )
            hang_up(server)
            time.sleep(POLL_SECONDS)
        time.sleep(2 * POLL_SECONDS)  # whoever is still looking finds this port open once more


def hang_up(server: socket.socket) -> None:
    """Take the calls that have come in, and end them: to be reached was all that was wanted."""
    with contextlib.suppress(BlockingIOError):
        while True:
            server.accept()[0].close()


def answers(host: str, seconds: float = 1.0) -> bool:
    """Whether something accepts connections at ``"host:port"``."""
    name, _, port = host.rpartition(":")
    try:
        socket.create_connection((name, int(port)), timeout=seconds).close()
    except OSError:
        return False
    return True


def end_with_parent() -> None:
    """End this process when the one that started it is gone; for what ``LocalWorkers`` starts.

    Its standard input is a pipe from the starting process, which closes however that one ends.
    """
    if os.environ.get("MULTI_WORKER_STDIN") != "1":
        return

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def naming_lost_workers() -> Iterator[None]:
    """Turn TensorFlow's errors about a broken connection into one that names the lost workers.

    When a worker dies, the others fail in their next common operation: at once when the connection
    breaks, else (a machine is switched off, a cable is cut) after 10 s without a sign of life.

    Raises:
        WorkerLost: within the block TensorFlow failed to reach a worker.
    """
    try:
        yield
    except LOST as error:
        hosts, number = read_tf_config()
        who = ", ".join(f"worker {n} at {hosts[n]}" for n in gone(hosts, number))
        who = who or "another worker"
        raise WorkerLost(
            f"worker {number} lost {who}. Nobody can go on alone: start all workers again, they "
            "resume from the newest checkpoint that all of them have"
        ) from error


def gone(hosts: Sequence[str], number: int, seconds: float = LOOK_SECONDS) -> list[int]:
    """The workers that do not answer. Looks again for a while if all do: a process that is being
    ended loses its connections a moment before its port."""
    deadline = time.monotonic() + seconds
    others = [other for other in range(len(hosts)) if other != number]
    while True:
        silent = [other for other in others if not answers(hosts[other])]
        if silent or time.monotonic() > deadline:
            return silent
        time.sleep(POLL_SECONDS)


# --- the loop -----------------------------------------------------------------------------------


def make_distributed_epoch(
    strategy: tf.distribute.Strategy,
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: keras.losses.Loss,
    images: np.ndarray,
    labels: np.ndarray,
    scheduler: object | None = None,
    accuracy: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] = sparse_categorical_accuracy,
) -> Callable[[np.ndarray], dict]:
    """Make a function that trains one epoch on all replicas of a strategy, each on its share.

    A replica is one copy of the model. Every batch is cut into equal shares, one per replica; the
    gradients are added up over all replicas, so all copies take the same step and stay equal. With
    the default strategy it is ``make_epoch`` without XLA.

    It is the same training as on one device, except for layers that look at the whole batch
    (BatchNormalization takes the means of its share) or draw random numbers (Dropout).

    Args:
        strategy: any synchronous one: ``MultiWorkerMirroredStrategy``, ``MirroredStrategy``, the
            default.
        model: built in ``strategy.scope()``.
        optimizer: made in ``strategy.scope()``.
        loss: a Keras loss **object** whose ``call`` gives a number per image. Keras averages them
            and divides by the number of replicas. It does not divide a single number, whether a
            function or a ``call`` of yours returns it: the gradients would be as many times too large.
        images: all of them, on each worker; shape (n, ...).
        labels: shape (n,).
        scheduler: its ``update(optimizer, step)`` is called before every step; None leaves the rate
            to the optimizer.
        accuracy: as in ``make_epoch``.

    Returns:
        ``run_epoch(batches)``, with row numbers of shape (steps, batch), the same on every worker. It
        returns ``"loss"``, ``"accuracy"`` (means over the epoch and all replicas) and
        ``"learning_rate"``, float32 of shape (steps,). ``run_epoch.compiled`` is the ``tf.function``.

    Raises:
        TypeError: ``loss`` is no Keras loss object; as in ``make_epoch``.
        ValueError: ``loss`` gives a single number for a batch; from ``run_epoch``, if a batch cannot
            be cut into equal shares; as in ``make_epoch``.
    """
    check_model(model, optimizer)
    check_data(model, images, labels, accuracy)
    check_divided_loss(loss, model, images, labels)
    images, labels = tf.constant(images), tf.constant(labels)
    replicas = strategy.num_replicas_in_sync
    with strategy.scope():
        train_step = make_train_step(model, optimizer, loss, scheduler, accuracy)

    def train_share(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        share = tf.reshape(rows, (replicas, -1))[replica]
        batch_loss, right, rate = train_step(tf.gather(images, share), tf.gather(labels, share))
        return tf.stack([batch_loss, right / replicas]), rate

    def train_rows(_: tuple, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        measured, rate = strategy.run(train_share, args=(rows,))
        total = strategy.reduce("SUM", measured, axis=None)
        return total, strategy.experimental_local_results(rate)[0]

    compiled = tf.function(
        partial(tf.scan, train_rows, initializer=(tf.zeros(2), 0.0)),
        input_signature=[tf.TensorSpec((None, None), tf.int32)],
    )

    def run_epoch(batches: np.ndarray) -> dict:
        check_shares(batches, replicas)
        measured, rates = compiled(checked_batches("batches", batches, len(labels)))
        loss, accuracy = np.mean(measured, axis=0)
        return {"loss": loss, "accuracy": accuracy, "learning_rate": rates.numpy()}

    run_epoch.compiled = compiled
    return run_epoch


# --- checkpoints --------------------------------------------------------------------------------


def save_checkpoint(
    folder: str | Path,
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    epoch: int,
    keep: int = 2,
) -> None:
    """Write a checkpoint beside the older ones, whole or not at all, and keep the newest few.

    Args:
        folder: of this worker alone; made if it is not there.
        model: as in ``save_loop``.
        optimizer: as in ``save_loop``.
        epoch: number of the epoch to go on with.
        keep: how many checkpoints to keep; 2 or more, so that one may be damaged.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_loop(checkpoint(folder, epoch), model, optimizer, epoch)
    for old in sorted(folder.glob("epoch-*.npz"))[: -max(keep, 2)]:
        old.unlink()


def checkpoint(folder: str | Path, epoch: int) -> Path:
    """The file of one checkpoint."""
    return Path(folder) / f"epoch-{epoch:06d}.npz"


def is_whole(path: str | Path) -> bool:
    """Whether a checkpoint is there, all of it, and its checksums are right.

    Raises:
        OSError: the file is there and cannot be read (a disk that fails, no permission). That says
            nothing about what is in it.
    """
    try:
        saved_arrays(path)
    except (FileNotFoundError, ValueError):
        return False
    return True


def whole_epochs(folder: str | Path) -> list[int]:
    """The epochs of all whole checkpoints in a folder, in their order."""
    paths = sorted(Path(folder).glob("epoch-*.npz"))
    return [int(path.stem.removeprefix("epoch-")) for path in paths if is_whole(path)]


def resume_together(
    strategy: tf.distribute.Strategy,
    folder: str | Path,
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    anew: bool = False,
) -> int:
    """Go on from the newest checkpoint that every worker has whole; return the epoch to train next.

    Each worker has a folder of its own, so no disk needs to be shared. Once all have agreed, newer
    checkpoints are removed: they belong to a future that the others do not know.

    Args:
        strategy: that of ``connect``, or any other; all workers must call this.
        folder: where this worker's checkpoints are; it may be missing or empty.
        model: as in ``resume_loop``.
        optimizer: as in ``resume_loop``.
        anew: count this worker's checkpoints as none. When all workers say so, all begin with
            epoch 0, and their checkpoints are removed.

    Returns:
        The number of the next epoch; 0 if no worker has a whole checkpoint.

    Raises:
        ValueError: some workers have checkpoints, but there is none that all have; nothing is
            removed then. Or the file was saved from another model or optimizer.
        OSError: a checkpoint cannot be read.
    """
    of_all = numbers_of_all(strategy, [] if anew else whole_epochs(folder))
    epoch = newest_in_common(of_all)
    if epoch > 0:
        resume_loop(checkpoint(folder, epoch), model, optimizer)
    for path in Path(folder).glob("epoch-*.npz"):
        if int(path.stem.removeprefix("epoch-")) > epoch:
            path.unlink()
    return epoch


def newest_in_common(of_all: Sequence[Sequence[int]]) -> int:
    """The newest epoch of which every worker has a checkpoint; 0 if nobody has any."""
    if not any(of_all):
        return 0
    common = set.intersection(*map(set, of_all))
    if not common:
        listed = "; ".join(f"worker {n}: {epochs or 'none'}" for n, epochs in enumerate(of_all))
        raise ValueError(
            f"no checkpoint is on every worker; the epochs of the whole ones are {listed}. Nothing "
            "was removed. Copy the file of one epoch to all workers that lack it, or begin with "
            "epoch 0 by resume_together(..., anew=True) on all, which removes them"
        )
    return max(common)


def numbers_of_all(strategy: tf.distribute.Strategy, numbers: Sequence[int]) -> list[list[int]]:
    """Tell all workers some numbers from 0 on; return what each of them told, worker by worker.

    Of more than ``MOST_NUMBERS`` only the highest are told. Every worker waits here for the others.
    """
    told = np.full(MOST_NUMBERS, NOTHING)
    highest = sorted(numbers)[-MOST_NUMBERS:]
    told[: len(highest)] = highest

    @tf.function
    def gather() -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        return context.all_gather(tf.constant(told)[tf.newaxis], axis=0)

    everybody = strategy.experimental_local_results(strategy.run(gather))[0].numpy()
    return [[int(number) for number in row if number != NOTHING] for row in everybody]


# --- all workers on this machine ----------------------------------------------------------------


class LocalWorkers:
    """Start a program several times on this machine, as the workers of one training.

    Example::

        with LocalWorkers(["train.py", "settings.json"], workers=2, folder="logs") as workers:
            workers.wait(seconds=300)
        print(workers.log(0))

    When the block is left, however that happens, no worker is left running.

    Args:
        program: a Python file and its arguments.
        workers: how many; 1 or more.
        folder: where each one's output is written, to ``worker-0.log`` and so on.
        hosts: ``"host:port"`` of each; by default free ports of this machine.

    Attributes:
        hosts: where the workers listen.
        processes: the started processes, in order.
        ended: numbers of the workers that have ended, in the order in which they were found so.
    """

    def __init__(
        self,
        program: Sequence[str | Path],
        workers: int,
        folder: str | Path,
        hosts: Sequence[str] | None = None,
    ) -> None:
        self.program = [str(part) for part in program]
        self.folder = Path(folder)
        self.hosts = list(hosts or [f"127.0.0.1:{port}" for port in free_ports(workers)])
        check_hosts(self.hosts, workers - 1)
        self.processes: list[subprocess.Popen] = []
        self.ended: list[int] = []

    def __enter__(self) -> "LocalWorkers":
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            for number in range(len(self.hosts)):
                self.processes.append(self.start(number))
        except BaseException:
            self.kill_all()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill_all()

    def start(self, number: int) -> subprocess.Popen:
        """Start one worker; Ctrl-C does not reach it, ``kill_all`` does."""
        config = {"TF_CONFIG": tf_config(self.hosts, number), "MULTI_WORKER_STDIN": "1"}
        config["PYTHON_COLORS"] = "0"  # Jupyter asks for colours, and Python 3.13 would obey
        with self.log_path(number).open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-u", *self.program],
                env={**os.environ, **config},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log_path(self, number: int) -> Path:
        """The file that a worker writes to."""
        return self.folder / f"worker-{number}.log"

    def log(self, number: int) -> str:
        """What a worker has written so far."""
        return self.log_path(number).read_text(errors="replace")

    def wait(
        self,
        seconds: float,
        grace: float = GRACE_SECONDS,
        each: Callable[[], object] = lambda: None,
    ) -> None:
        """Wait until all workers have ended well.

        Args:
            seconds: how long it may take.
            grace: how long the others may go on after one has failed; then they are killed.
            each: called every now and then, such as the ``update`` of a progress bar.

        Raises:
            WorkerFailed: a worker failed, or time ran out. All workers are ended then.
        """
        checked_seconds("seconds", seconds)
        deadline, late = time.monotonic() + seconds, False
        while self.running() and not late:
            if any(self.processes[number].returncode for number in self.ended):
                deadline, grace = min(deadline, time.monotonic() + grace), float("inf")
            late = time.monotonic() > deadline
            each()
            time.sleep(POLL_SECONDS)
        if late or any(process.returncode for process in self.processes):
            reason = self.reason(late)
            self.kill_all()
            raise WorkerFailed(reason)

    def wait_for_text(
        self, number: int, text: str, seconds: float, each: Callable[[], object] = lambda: None
    ) -> None:
        """Wait until a worker has written a text to its log.

        Args:
            number: which worker.
            text: what to wait for.
            seconds: how long it may take.
            each: called every now and then, such as the ``update`` of a progress bar.

        Raises:
            WorkerFailed: it ended without, or time ran out.
        """
        deadline = time.monotonic() + seconds
        while text not in self.log(number):
            if self.processes[number].poll() is not None or time.monotonic() > deadline:
                raise WorkerFailed(f"worker {number} did not write {text!r}. {self.reason(False)}")
            each()
            time.sleep(POLL_SECONDS / 5)

    def running(self) -> list[int]:
        """Numbers of the workers that have not ended."""
        for number, process in enumerate(self.processes):
            if process.poll() is not None and number not in self.ended:
                self.ended.append(number)
        return [number for number in range(len(self.processes)) if number not in self.ended]

    def reason(self, late: bool) -> str:
        """How each worker ended, the first one first, with the last line of its log."""
        running = self.running()
        ends = [f"worker {number} {self.end_of(number)}" for number in self.ended]
        if running:
            state = "took too long and was ended" if late else "was still running"
            ends += [f"worker {number} {state}{self.last_line(number)}" for number in running]
        return "; ".join(ends)

    def end_of(self, number: int) -> str:
        """How one worker ended, in words."""
        code = self.processes[number].returncode
        if code == 0:
            return "ended well"
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}{self.last_line(number)}"

    def last_line(self, number: int) -> str:
        """The last line of a log, if there is one."""
        lines = self.log(number).strip().splitlines()
        return f" ({lines[-1].strip()[:300]})" if lines else ""

    def kill(self, number: int) -> None:
        """End one worker at once, in the middle of whatever it does (SIGKILL on Linux)."""
        self.processes[number].kill()
        self.processes[number].wait()

    def kill_all(self) -> None:
        """End all workers at once. TensorFlow may ignore anything more polite while it waits."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()
            if process.stdin:
                process.stdin.close()


# --- guards -------------------------------------------------------------------------------------


def check_hosts(hosts: Sequence[str], number: int) -> None:
    """Say what is wrong with a list of workers, or with the number of one of them."""
    if isinstance(hosts, str) or not len(hosts):
        raise ValueError(f'hosts must be a list such as ["host:port", ...], got {hosts!r}')
    for host in hosts:
        port_of(host)
    if len(set(hosts)) < len(hosts):
        raise ValueError(f"hosts must each stand there once, got {hosts!r}")
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(hosts):
        raise ValueError(f"number must be a worker from 0 to {len(hosts) - 1}, got {number!r}")


def port_of(host: str) -> int:
    """The port of ``"host:port"``."""
    name, _, port = str(host).rpartition(":")
    if not name or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError(f'a host must be "name:port" with a port up to 65535, got {host!r}')
    return int(port)


def checked_seconds(name: str, value: float) -> float:
    """Return ``value`` as a float, or say why it is no time to wait."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < value < float("inf"):
        raise ValueError(f"{name} must be a number above 0, got {value!r:.60}")
    return float(value)


def check_divided_loss(
    loss: object, model: keras.Model, images: np.ndarray, labels: np.ndarray
) -> None:
    """Refuse a loss that would not be divided by the number of replicas."""
    if not isinstance(loss, keras.losses.Loss):
        raise TypeError(
            f"loss must be a Keras loss object, got {type(loss).__name__}: only such an object "
            "divides by the number of replicas"
        )
    predictions = model(images[:2], training=False)
    each = loss.call(*(keras.ops.cast(values, loss.dtype) for values in (labels[:2], predictions)))
    if len(each.shape) == 0:
        raise ValueError(
            f"loss must give a number per image, got a single number from {type(loss).__name__}.call:"
            " Keras divides by the number of replicas only where it takes the mean itself"
        )


def check_shares(batches: np.ndarray, replicas: int) -> None:
    """Say that a batch cannot be cut into equal shares."""
    batch_size = np.shape(batches)[-1]
    if batch_size % replicas:
        raise ValueError(
            f"batches must have a size that {replicas} replicas can share equally, got {batch_size}"
        )
