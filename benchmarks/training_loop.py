"""Time one training loop written in many ways: seconds per epoch, and peak memory.

    python benchmarks/training_loop.py                       every row, 5 rounds
    python benchmarks/training_loop.py --rounds 9            more epochs of each
    python benchmarks/training_loop.py --rows fit,compiled   some rows only

Every row trains the same model (784-128-10, SGD with momentum 0.9) on the 60,000 training images of
Fashion-MNIST in batches of 128. Each row has a process of its own, so its peak memory is its own
and no library disturbs another. The processes take turns, one epoch each per round, so that a slow
minute of the machine hits all rows alike. The first epoch of each, which compiles, is not counted.

The rows ``pytorch`` and ``jax`` are for whoever has those libraries:
``pip install torch jax optax``. Without them they are left out.
"""

import argparse
import contextlib
import importlib.metadata
import importlib.util
import os
import platform
import resource
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

BATCH, HIDDEN, PEAK_RATE, MOMENTUM = 128, 128, 0.1, 0.9
EXAMPLES = 60_000
STEPS = EXAMPLES // BATCH
LONG_RUN = 100 * STEPS  # the schedule's length: longer than any benchmark

PROJECT = Path(__file__).resolve().parent.parent
RunEpoch = Callable[[int], None]


# The rows. Each function sets up and returns run_epoch(epoch), which trains one epoch and waits for
# its result. Imports stand inside, so that a row's process holds only what the row needs.


def load() -> tuple[np.ndarray, np.ndarray]:
    # The file alone: importing the package would put TensorFlow into the rows of other libraries.
    helper = runpy.run_path(str(PROJECT / "helpers" / "preprocess_data.py"))
    (images, labels), _ = helper["load_fashion_mnist"]()
    return helper["prepare_data"](images), labels.astype(np.int32)


def shuffled(epoch: int) -> np.ndarray:
    order = np.random.default_rng(epoch).permutation(EXAMPLES)
    return order[: STEPS * BATCH].reshape(STEPS, BATCH).astype(np.int32)


def keras_parts(learning_rate=PEAK_RATE):
    import keras

    from helpers.model import create_model

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.SGD(learning_rate, momentum=MOMENTUM)
    return create_model(HIDDEN), optimizer, loss


def scheduler():
    from helpers.lr_scheduler import LRScheduler

    return LRScheduler(LONG_RUN, PEAK_RATE, "onecycle")


def eager() -> RunEpoch:
    """The loop as tutorials write it: Python runs every operation of every step."""
    import tensorflow as tf

    from helpers.preprocess_data import make_dataset

    model, optimizer, loss = keras_parts()
    lr_scheduler = scheduler()
    dataset = make_dataset(*load(), BATCH, shuffle=True, seed=0)

    def run_epoch(epoch: int) -> None:
        for batch, (images, labels) in enumerate(dataset):
            lr_scheduler.update(optimizer, epoch * (STEPS + 1) + batch)
            with tf.GradientTape() as tape:
                predictions = model(images, training=True)
                batch_loss = loss(labels, predictions)
            gradients = tape.gradient(batch_loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        float(batch_loss)

    return run_epoch


def function() -> RunEpoch:
    """The same loop with its step in ``tf.function``."""
    import tensorflow as tf

    from helpers.preprocess_data import make_dataset

    model, optimizer, loss = keras_parts()
    lr_scheduler = scheduler()
    dataset = make_dataset(*load(), BATCH, shuffle=True, seed=0)
    optimizer.build(model.trainable_variables)

    @tf.function(reduce_retracing=True)
    def train_step(images, labels):
        lr_scheduler.update(optimizer, optimizer.iterations)
        with tf.GradientTape() as tape:
            predictions = model(images, training=True)
            batch_loss = loss(labels, predictions)
        gradients = tape.gradient(batch_loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return batch_loss

    def run_epoch(epoch: int) -> None:
        for images, labels in dataset:
            batch_loss = train_step(images, labels)
        float(batch_loss)

    return run_epoch


def fit(**compile_options) -> RunEpoch:
    """``fit`` on NumPy arrays, the schedule in the optimizer."""
    model, optimizer, loss = keras_parts(scheduler().schedule)
    model.compile(optimizer, loss, metrics=["accuracy"], **compile_options)
    images, labels = load()
    return lambda epoch: model.fit(images, labels, batch_size=BATCH, verbose=0)


def fit_32() -> RunEpoch:
    """The same with 32 steps per call of the compiled step."""
    return fit(steps_per_execution=32)


def compiled(with_scheduler: bool = False, jit_compile: bool = True) -> RunEpoch:
    """The whole epoch in one call, compiled by XLA, at a constant rate."""
    from helpers.training import make_epoch

    lr_scheduler = scheduler() if with_scheduler else None
    train = make_epoch(*keras_parts(), *load(), scheduler=lr_scheduler, jit_compile=jit_compile)
    return lambda epoch: train(shuffled(epoch))


def graph_scheduler() -> RunEpoch:
    """The whole epoch in one call, with the scheduler inside, without XLA."""
    return compiled(with_scheduler=True, jit_compile=False)


def compiled_scheduler() -> RunEpoch:
    """The whole epoch in one call, with the scheduler inside."""
    return compiled(with_scheduler=True)


def floor() -> RunEpoch:
    """No training: gather the batches, and the five matrix products of a step."""
    import tensorflow as tf

    images = tf.reshape(tf.constant(load()[0]), (EXAMPLES, -1))
    hidden = tf.random.stateless_normal((784, HIDDEN), seed=(0, 1)) / 28
    output = tf.random.stateless_normal((HIDDEN, 10), seed=(0, 2)) / 11

    @tf.function(jit_compile=True)
    def products(batches: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # Each product takes the result of the one before, and the sums keep all of them alive.
        def step(sums, indices):
            x = tf.gather(images, indices)
            h = x @ hidden
            z = h @ output
            dh = tf.matmul(z, output, transpose_b=True)
            d_output = tf.matmul(h, z, transpose_a=True)
            d_hidden = tf.matmul(x, dh, transpose_a=True)
            return sums[0] + d_hidden, sums[1] + d_output

        sums = tf.zeros_like(hidden), tf.zeros_like(output)
        for indices in batches:
            sums = step(sums, indices)
        return sums

    return lambda epoch: products(shuffled(epoch))[0].numpy()


def pytorch() -> RunEpoch:
    """PyTorch, tensors in memory, ``OneCycleLR`` stepped per batch."""
    import torch

    images, labels = load()
    images, labels = torch.from_numpy(images), torch.from_numpy(labels).long()
    model = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(784, HIDDEN),
        torch.nn.ReLU(),
        torch.nn.Linear(HIDDEN, 10),
    )
    loss = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=PEAK_RATE, momentum=MOMENTUM)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK_RATE, total_steps=LONG_RUN, cycle_momentum=False
    )

    def run_epoch(epoch: int) -> None:
        for indices in torch.from_numpy(shuffled(epoch)):
            optimizer.zero_grad()
            batch_loss = loss(model(images[indices]), labels[indices])
            batch_loss.backward()
            optimizer.step()
            schedule.step()
        batch_loss.item()

    return run_epoch


def jax() -> RunEpoch:
    """JAX with optax, the epoch in one ``lax.scan``, one-cycle inside."""
    import jax
    import jax.numpy as jnp
    import optax

    images, labels = load()
    images, labels = jnp.asarray(images.reshape(EXAMPLES, -1)), jnp.asarray(labels)
    keys = jax.random.split(jax.random.key(0))
    weights = [
        (jax.random.normal(keys[0], (784, HIDDEN)) / 28, jnp.zeros(HIDDEN)),
        (jax.random.normal(keys[1], (HIDDEN, 10)) / 11, jnp.zeros(10)),
    ]
    optimizer = optax.sgd(optax.cosine_onecycle_schedule(LONG_RUN, PEAK_RATE), momentum=MOMENTUM)

    def loss(weights, x, y):
        (w1, b1), (w2, b2) = weights
        logits = jax.nn.relu(x @ w1 + b1) @ w2 + b2
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

    @jax.jit
    def train(weights, state, images, labels, batches):
        def step(carry, indices):
            weights, state = carry
            value, gradients = jax.value_and_grad(loss)(weights, images[indices], labels[indices])
            updates, state = optimizer.update(gradients, state)
            return (optax.apply_updates(weights, updates), state), value

        return jax.lax.scan(step, (weights, state), batches)

    carry = weights, optimizer.init(weights)

    def run_epoch(epoch: int) -> None:
        nonlocal carry
        carry, losses = train(*carry, images, labels, shuffled(epoch))
        losses.block_until_ready()

    return run_epoch


# Name on the command line: (label in the table, function, libraries it needs).
ROWS = {
    "eager": ("eager GradientTape loop", eager, ()),
    "function": ("step in `tf.function`", function, ()),
    "fit": ("`fit` on arrays, defaults", fit, ()),
    "fit-32": ("`fit`, `steps_per_execution=32`", fit_32, ()),
    "graph": ("epoch in one graph, without XLA", graph_scheduler, ()),
    "compiled": ("**compiled epoch**, constant rate", compiled, ()),
    "compiled-scheduler": ("**compiled epoch**, with `LRScheduler`", compiled_scheduler, ()),
    "floor": ("floor: gather and matrix products alone", floor, ()),
    "pytorch": ("PyTorch, `OneCycleLR` per batch", pytorch, ("torch",)),
    "jax": ("JAX and optax, epoch in one `lax.scan`", jax, ("jax", "optax")),
}
REFERENCE = "compiled-scheduler"


# A worker trains one row. It answers each line on its standard input with one line of output.


def work(row: str) -> None:
    """Run one epoch for every line that arrives, and print its seconds; at the end, peak memory."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a library prints must not look like an answer
    run_epoch = ROWS[row][1]()
    for epoch, _ in enumerate(sys.stdin):
        start = time.perf_counter()
        run_epoch(epoch)
        print(time.perf_counter() - start, file=answers)
    print(peak_megabytes(), file=answers)


def peak_megabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


class Worker:
    """The process of one row."""

    def __init__(self, row: str) -> None:
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115  lives as long as the process
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--work", row],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        self.row = row
        self.seconds: list[float] = []

    def run_epoch(self) -> float:
        with contextlib.suppress(BrokenPipeError):  # it has failed: answer() says why
            self.process.stdin.write("epoch\n")
            self.process.stdin.flush()
        return float(self.answer())

    def finish(self) -> None:
        """Let the process end; its last answer is its peak memory."""
        self.process.stdin.close()
        self.megabytes = float(self.answer())
        self.process.wait()

    def answer(self) -> str:
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise SystemExit(f"The row {self.row!r} failed:\n{self.log.read()[-2000:]}")
        return line


def measure(rows: list[str], rounds: int, limit: float) -> tuple[list[Worker], list[float]]:
    """Let the rows take turns, for so many rounds or until ``limit`` seconds have passed.

    Returns:
        The workers, with the seconds of each epoch and their peak memory; and the scheduler's cost
        as ratios of two neighbouring epochs, with and without it (empty without those rows).
    """
    workers = [Worker(row) for row in rows]
    say("compiling (an epoch of each row, not counted) ...")
    for worker in workers:
        worker.run_epoch()
    start = time.perf_counter()
    for number in range(1, rounds + 1):
        if number > 1 and time.perf_counter() - start > limit:
            say("the time is up: fewer rounds than asked for")
            break
        say(f"round {number} of {rounds} ...")
        for worker in workers:
            worker.seconds.append(worker.run_epoch())
    by_row = {worker.row: worker for worker in workers}
    ratios = []
    if {"compiled", REFERENCE} <= by_row.keys():
        pair = by_row["compiled"], by_row[REFERENCE]
        ratios = compare(*pair, pairs=4 * rounds, limit=limit / 4)
    for worker in workers:
        worker.finish()
    return workers, ratios


def compare(plain: Worker, scheduled: Worker, pairs: int, limit: float) -> list[float]:
    """Time two rows in neighbouring epochs, each first in turn: a few per cent are hard to see."""
    say(f"{pairs} pairs of epochs with and without the scheduler ...")
    ratios, start = [], time.perf_counter()
    for number in range(pairs):
        if number > 1 and time.perf_counter() - start > limit:
            break
        order = (plain, scheduled) if number % 2 else (scheduled, plain)
        seconds = {worker.row: worker.run_epoch() for worker in order}
        ratios.append(seconds[scheduled.row] / seconds[plain.row])
    return ratios


def table(workers: list[Worker]) -> str:
    """Format the results as a Markdown table."""
    medians = {worker.row: statistics.median(worker.seconds) for worker in workers}
    unit = medians.get(REFERENCE, medians[workers[0].row])
    lines = [
        "| loop | seconds per epoch (median) | fastest to slowest | times the compiled epoch "
        "| peak memory |",
        "|---|---:|---:|---:|---:|",
    ]
    for worker in workers:
        median = medians[worker.row]
        lines.append(
            f"| {ROWS[worker.row][0]} | {median:.3f} "
            f"| {min(worker.seconds):.3f} to {max(worker.seconds):.3f} "
            f"| {median / unit:.2f} | {worker.megabytes:,.0f} MB |"
        )
    return "\n".join(lines)


def describe_machine() -> str:
    """One line on what the numbers were measured with."""
    names = ("tensorflow", "keras", "numpy", "torch", "jax", "optax")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in names if installed(name)]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{processor()}, {cores} cores, {platform.system()}, Python {platform.python_version()}, "
        + ", ".join(versions)
    )


def processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    found = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.processor() or platform.machine()


def installed(library: str) -> bool:
    return importlib.util.find_spec(library) is not None


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def chosen_rows(text: str | None) -> list[str]:
    """Turn "fit,compiled" into names of rows; by default all whose libraries are installed."""
    if text is None:
        missing = {row for row, (_, _, needs) in ROWS.items() if not all(map(installed, needs))}
        for row in missing:
            say(f"left out: {row} (needs {', '.join(ROWS[row][2])})")
        return [row for row in ROWS if row not in missing]
    rows = text.split(",")
    for row in rows:
        if row not in ROWS:
            raise SystemExit(f"--rows must be some of {', '.join(ROWS)}; got {row!r}")
        if not all(map(installed, ROWS[row][2])):
            raise SystemExit(f"the row {row!r} needs: pip install {' '.join(ROWS[row][2])}")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="Time training loops; prints a Markdown table.")
    parser.add_argument("--rounds", type=int, default=5, help="epochs of each row (default 5)")
    parser.add_argument(
        "--seconds", type=float, default=150, help="start no new round after this (default 150)"
    )
    parser.add_argument("--rows", help=f"comma-separated, default all: {','.join(ROWS)}")
    parser.add_argument("--work", choices=ROWS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work)
        return
    if arguments.rounds < 1:
        parser.error(f"--rounds must be 1 or more, got {arguments.rounds}")
    workers, ratios = measure(chosen_rows(arguments.rows), arguments.rounds, arguments.seconds)
    print(table(workers))
    if ratios:
        cost = 100 * (statistics.median(ratios) - 1)
        print(f"\nThe scheduler costs {cost:+.1f} % of the epoch (median of {len(ratios)} pairs).")
    print(
        f"\n{EXAMPLES:,} images, batches of {BATCH}, model 784-{HIDDEN}-10; medians of "
        f"{len(workers[0].seconds)} epochs, all rows taking turns. {describe_machine()}."
    )


if __name__ == "__main__":
    main()
