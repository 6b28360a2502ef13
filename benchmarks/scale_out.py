"""Measure what a second worker brings, and what its communication costs, for lesson 11.

    python benchmarks/scale_out.py            about two minutes on two quiet cores

The loop of lesson 11 trains the course's model on batches of several sizes, with one or two workers
on one or two cores. Two workers also train side by side *without* adding up their gradients, each on
its own share: what the same steps cost more with adding up is communication. Both kinds take turns,
so that a slow minute hits both alike.

Writes data/studies/throughput.csv: a row per measured round. Linux only (it pins workers to cores).
"""

import argparse
import itertools
import json
import os
import sys
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).resolve().parent.parent / "data" / "studies" / "throughput.csv"
BATCH_SIZES = (128, 512, 2048, 8192)  # of all workers together
ROUNDS = 5
SECONDS_PER_ROUND = 0.3
# Workers and the cores that they share; worker n gets the core n modulo the number of cores if every
# worker has a single one, else all of them.
SETTINGS = ((1, 1), (1, 2), (2, 1), (2, 2))
COLUMNS = ("workers", "cores", "batch_size", "kind", "round", "ms_per_step")


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the throughput of one and two workers.")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return measure(**json.loads(arguments.worker))
    lines = [",".join(COLUMNS)]
    for workers, cores in SETTINGS:
        lines += run(workers, cores)
        print(f"{workers} workers on {cores} cores: done", flush=True)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text("\n".join(lines) + "\n")
    return 0


def run(workers: int, cores: int) -> list[str]:
    """Measure one setting with processes of its own; the lines of the table that it gives."""
    from helpers.multi_worker import LocalWorkers

    if not hasattr(os, "sched_setaffinity"):
        raise SystemExit(
            "Only Linux can keep a process on chosen cores, which this measurement needs."
        )
    usable = sorted(os.sched_getaffinity(0))[:cores]
    settings = json.dumps({"workers": workers, "cores": usable})
    with tempfile.TemporaryDirectory() as folder:
        program = [Path(__file__), "--worker", settings]
        with LocalWorkers(program, workers, folder) as group:
            group.wait(seconds=600)
        log = group.log(0)
    return [line.removeprefix("row ") for line in log.splitlines() if line.startswith("row ")]


def measure(workers: int, cores: list[int]) -> int:
    """What each worker does: it measures, and worker 0 prints."""
    number = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
    mine = [cores[number % len(cores)]] if workers > 1 else cores
    os.sched_setaffinity(0, mine)

    import keras
    import tensorflow as tf

    from helpers.model import create_model
    from helpers.multi_worker import connect, make_distributed_epoch, numbers_of_all
    from helpers.preprocess_data import load_fashion_mnist, prepare_data
    from helpers.training import shuffled_batches

    tf.config.threading.set_intra_op_parallelism_threads(len(mine))
    keras.utils.set_random_seed(0)
    together = connect()
    alone = tf.distribute.get_strategy()
    (images, labels), _ = load_fashion_mnist()
    x, y = prepare_data(images), labels
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    kinds = {"together": (together, 1), "alone": (alone, workers)}
    epochs = {}
    for kind, (strategy, _) in kinds.items():
        with strategy.scope():
            model = create_model()
            optimizer = keras.optimizers.SGD(0.01, momentum=0.9)
        epochs[kind] = make_distributed_epoch(strategy, model, optimizer, loss, x, y)
    for batch_size in BATCH_SIZES:
        full = shuffled_batches(len(x), batch_size, 0, 0)
        batches = {kind: full[:, : batch_size // parts] for kind, (_, parts) in kinds.items()}
        steps = None
        for round_number, kind in itertools.product(range(-1, ROUNDS), kinds):
            if steps is None or round_number < 0:  # compile, and find out how many steps to time
                epochs[kind](batches[kind][:2])
                steps = enough_steps(epochs["together"], batches["together"], together)
            rows = batches[kind][:steps]
            numbers_of_all(together, [])  # all begin together
            started = time.perf_counter()
            epochs[kind](rows)
            ms = 1000 * (time.perf_counter() - started) / len(rows)
            if number == 0 and round_number >= 0:
                row = (workers, len(cores), batch_size, kind, round_number, f"{ms:.4g}")
                print("row " + ",".join(map(str, row)), flush=True)
    return 0


def enough_steps(run_epoch, batches, strategy) -> int:
    """How many steps make a round long enough to time; the same number on every worker."""
    from helpers.multi_worker import numbers_of_all

    rows = batches[: max(2, len(batches) // 10)]
    run_epoch(rows)
    started = time.perf_counter()
    run_epoch(rows)
    per_step = (time.perf_counter() - started) / len(rows)
    of_all = numbers_of_all(strategy, [int(SECONDS_PER_ROUND / per_step)])
    return min(len(batches), max(3, *min(of_all)))


if __name__ == "__main__":
    sys.exit(main())
