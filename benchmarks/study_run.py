"""What does a run of the study cost beside the bare compiled epochs inside it?

    python benchmarks/study_run.py               ratios for 2, 8 and 32 epochs, SGD and AdamW

A run and its bare epochs are timed in turn, in one process with one thread, so that a machine that
gets slower or faster in between does so for both.
"""

import argparse
import statistics
import time
from collections.abc import Callable

from helpers.schedule_study import BATCH_SIZE, Run, trainer, use_one_thread
from helpers.training import shuffled_batches


def seconds_of(action: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def compare(run: Run, rounds: int) -> list[tuple[float, float]]:
    """Time a whole run and its epochs alone, in turn: (run, epochs) in seconds for each round."""
    tool = trainer(run.model, run.kind)
    deals = [shuffled_batches(tool.examples, BATCH_SIZE, 0, epoch) for epoch in range(run.epochs)]

    def bare() -> None:
        for batches in deals:
            tool.run_epoch(batches)

    return [(seconds_of(lambda: tool.train(run)), seconds_of(bare)) for _ in range(rounds)]


def main() -> None:
    """Print one row for each budget and optimizer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    use_one_thread()
    print("| run | seconds (median) | bare epochs | ratio, median of pairs |\n|---|---:|---:|---:|")
    for optimizer, peak in (("sgd", 0.1), ("adamw", 4e-3)):
        for epochs in (2, 8, 32):
            run = Run("cosine", peak, epochs, 0, optimizer)
            compare(run, 1)
            pairs = compare(run, rounds if epochs < 32 else 1 + rounds // 2)
            whole, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
            ratio = statistics.median(a / b for a, b in pairs)
            print(
                f"| {optimizer}, {epochs} epochs | {whole:.2f} | {bare:.2f} | {ratio:.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
