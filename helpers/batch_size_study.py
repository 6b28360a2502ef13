"""Lesson 11's study of batch size and rate: which rate is best for which batch, and three rules.

    table = load_table(TABLE)
    grid = losses_of(table, "SGD", batch_size=512, warm_up=1)

Every run trains the course's dense model on 50,000 images of Fashion-MNIST and is judged on the
10,000 validation images after each epoch. All runs of the grid see the images equally often: four
times. So a larger batch means fewer updates. At 32,768 an epoch is one step, which sees 32,768 of the
50,000 images, and a warm-up of one epoch is one step that already has the peak rate. A run is decided
by its settings alone.

Not meant for copying: ``study.py`` runs any grid.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from scipy import stats

from helpers.model import create_model
from helpers.schedule_study import PlannedRates, as_row, first_weights, load_split, make_judge
from helpers.schedules import LinearDecay, WarmUp
from helpers.study import digest_of
from helpers.training import make_epoch, shuffled_batches

Settings = dict[str, object]
TABLE = Path(__file__).resolve().parent.parent / "data" / "studies" / "batch_sizes.csv"

OPTIMIZERS: dict[str, Callable[[], keras.optimizers.Optimizer]] = {
    "SGD": lambda: keras.optimizers.SGD(0.5, momentum=0.9),
    "Adam": lambda: keras.optimizers.Adam(0.5),
}
BASE = 128  # the batch size that the rules start from
BATCH_SIZES = (128, 512, 2048, 8192, 32_768)
SEEDS = (0, 1, 2)
EPOCHS = 4
WARM_UPS = (0, 1)  # epochs

# Rates of the first grid: middle * 2 ** exponent. A grid whose best rate is at its edge is widened.
MIDDLE_RATES = {"SGD": 0.05, "Adam": 2e-3}
FIRST_EXPONENTS = {128: range(-1, 2), 512: range(0, 3), 2048: range(1, 4), 8192: range(1, 4)}
WIDEST = 12  # rates in a grid
RULES = {
    "unscaled": 0.0,
    "square root": 0.5,
    "linear": 1.0,
}  # rate = base * (batch / BASE) ** power

# A growing batch in place of a falling rate: every stage of the run changes one by this factor.
STAGES, STAGE_EPOCHS, STAGE_FACTOR = 3, 2, 4
GROWTH_RATES, GROWTH_SEEDS = (0.025, 0.05, 0.1), (0, 1, 2, 3, 4)
GROWTH_ARMS = {
    "falling rate": (STAGE_FACTOR, 1),
    "growing batch": (1, STAGE_FACTOR),
    "neither": (1, 1),
}


def grid_settings(
    optimizer: str, batch_size: int, warm_up: int, rate: float, seed: int
) -> Settings:
    """The settings of one training with a fixed batch size; its rate falls to 0 in a straight line.

    Args:
        optimizer: a key of ``OPTIMIZERS``.
        batch_size: images per step.
        warm_up: epochs in which the rate climbs first, 0 or 1.
        rate: the peak.
        seed: of the first weights and of the order of the images.
    """
    run = {"kind": "grid", "optimizer": optimizer, "batch_size": batch_size, "warm_up": warm_up}
    return run | {
        "epochs": EPOCHS,
        "rate": rate,
        "rate_divisor": 1,
        "batch_factor": 1,
        "seed": seed,
    }


def growth_settings(arm: str, rate: float, seed: int) -> Settings:
    """The settings of one training in three stages; ``arm`` is a key of ``GROWTH_ARMS``."""
    divisor, factor = GROWTH_ARMS[arm]
    run = {"kind": "stages", "optimizer": "SGD", "batch_size": BASE, "warm_up": 0, "rate": rate}
    epochs = STAGES * STAGE_EPOCHS
    return run | {"epochs": epochs, "rate_divisor": divisor, "batch_factor": factor, "seed": seed}


def plan_of(settings: Settings, examples: int) -> tuple[list[int], np.ndarray]:
    """The batch size of each epoch, and the rate of each step (float32)."""
    epochs, stages = settings["epochs"], settings["kind"] == "stages"
    stage = [epoch // STAGE_EPOCHS if stages else 0 for epoch in range(epochs)]
    sizes = [settings["batch_size"] * settings["batch_factor"] ** number for number in stage]
    if stages:
        rates = [
            np.full(examples // size, settings["rate"] / settings["rate_divisor"] ** number)
            for size, number in zip(sizes, stage, strict=True)
        ]
        return sizes, np.concatenate(rates).astype(np.float32)
    steps_per_epoch = examples // settings["batch_size"]
    warm_up_steps = settings["warm_up"] * steps_per_epoch
    fall = LinearDecay(settings["rate"], (epochs - settings["warm_up"]) * steps_per_epoch)
    plan = WarmUp(fall, warm_up_steps) if warm_up_steps else fall
    return sizes, np.asarray(plan(np.arange(epochs * steps_per_epoch)), np.float32)


class Trainer:
    """One model, one optimizer and one compiled epoch, used for many runs."""

    def __init__(self, optimizer: str) -> None:
        (x_train, y_train), validation = load_split()
        self.examples = len(x_train)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model, self.optimizer = create_model(), OPTIMIZERS[optimizer]()
        self.planned = PlannedRates(STAGES * STAGE_EPOCHS * (self.examples // BASE))
        self.run_epoch = make_epoch(
            self.model, self.optimizer, loss, x_train, y_train, self.planned
        )
        self.unused = [keras.ops.convert_to_numpy(v).copy() for v in self.optimizer.variables]
        self.judge = make_judge(self.model, loss, *validation)

    def train(self, settings: Settings) -> Settings:
        """Make one run; see the function ``train``."""
        seed = settings["seed"]
        self.model.set_weights(first_weights(create_model, seed))
        for variable, value in zip(self.optimizer.variables, self.unused, strict=True):
            variable.assign(value)
        sizes, rates = plan_of(settings, self.examples)
        self.planned.plan(rates)
        measured = []
        for epoch, size in enumerate(sizes):
            logs = self.run_epoch(shuffled_batches(self.examples, size, seed, epoch))
            measured.append((float(logs["loss"]), *self.judge()))
            if not np.isfinite(logs["loss"]):
                break
        return {"updates": int(self.optimizer.iterations), **as_row(measured)}


@cache
def trainer(optimizer: str) -> Trainer:
    """The process's trainer of a kind; made once, compiled once for each batch size."""
    tf.config.experimental.enable_op_determinism()
    return Trainer(optimizer)


def train(settings: Settings) -> Settings:
    """Make one run of the study from its settings alone.

    Args:
        settings: what ``grid_settings`` or ``growth_settings`` gives.

    Returns:
        ``updates``, how often the weights were changed, and a text per quantity with one number per
        epoch: ``train_loss``, ``val_loss``, ``val_accuracy``. A run whose loss is no number any more
        ends with that epoch.
    """
    return trainer(settings["optimizer"]).train(settings)


def series(row: pd.Series, name: str = "val_loss") -> np.ndarray:
    """What a run measured after each of its epochs: float64, shape (epochs,), or shorter."""
    return np.array(str(row[name]).split(), float)


def last(row: pd.Series, name: str = "val_loss") -> float:
    """What a run measured after its last epoch. A run that blew up, or guesses worse than blindly,
    counts as guessing: a loss of ln 10, an accuracy of 0.1."""
    guess = np.log(10) if name.endswith("loss") else 0.1
    values = series(row, name)
    if len(values) < row["epochs"] or not np.isfinite(series(row)[-1]):
        return float(guess)
    return float(min(values[-1], guess) if name.endswith("loss") else values[-1])


def losses_of(
    table: pd.DataFrame, optimizer: str, batch_size: int, warm_up: int, name: str = "val_loss"
) -> pd.DataFrame:
    """The grid of one kind of training: a row per rate, a column per seed, the last value inside."""
    chosen = table[
        (table["kind"] == "grid")
        & (table["optimizer"] == optimizer)
        & (table["batch_size"] == batch_size)
        & (table["warm_up"] == warm_up)
    ]
    values = [last(row, name) for _, row in chosen.iterrows()]
    return chosen.assign(value=values).pivot(index="rate", columns="seed", values="value")


def best_rate(table: pd.DataFrame, optimizer: str, batch_size: int, warm_up: int) -> float:
    """The rate of the lowest loss, as the mean over the seeds."""
    return float(losses_of(table, optimizer, batch_size, warm_up).mean(axis=1).idxmin())


def best_rates(
    table: pd.DataFrame, optimizer: str, batch_size: int, warm_up: int
) -> dict[int, float]:
    """The best rate of each seed, between the rates of the grid.

    It is the lowest point of the parabola through the losses at the best rate and at its two
    neighbours, over the logarithm of the rate.
    """
    grid = losses_of(table, optimizer, batch_size, warm_up)
    rates = np.log2(grid.index.to_numpy())
    return {seed: 2 ** lowest_point(rates, grid[seed].to_numpy()) for seed in grid}


def lowest_point(places: np.ndarray, values: np.ndarray) -> float:
    """Where the parabola through the lowest of equally spaced values and its neighbours is lowest."""
    middle = int(np.argmin(values))
    if middle in (0, len(values) - 1):
        return float(places[middle])
    left, here, right = values[middle - 1 : middle + 2]
    shift = 0.5 * (left - right) / (left - 2 * here + right)
    return float(places[middle] + shift * (places[middle + 1] - places[middle]))


def next_runs(table: pd.DataFrame) -> list[Settings]:
    """All runs of the study that its results so far ask for.

    Args:
        table: the results so far, of ``study.load_table``; may be empty.

    Returns:
        Settings, those of runs that the table has included. When none is missing the study is
        complete: the best rate of every seed lies inside its grid, and every rule has its runs.
    """
    runs = [
        growth_settings(arm, rate, seed)
        for arm in GROWTH_ARMS
        for rate in GROWTH_RATES
        for seed in GROWTH_SEEDS
    ]
    for optimizer in OPTIMIZERS:
        for warm_up in WARM_UPS:
            for batch_size in BATCH_SIZES:
                exponents = grid_of(optimizer, batch_size, warm_up, table)
                runs += [
                    cell(optimizer, batch_size, warm_up, e, s) for e in exponents for s in SEEDS
                ]
            runs += ruled_runs(optimizer, warm_up, table)
    return runs


def cell(optimizer: str, batch_size: int, warm_up: int, exponent: int, seed: int) -> Settings:
    """The run at a place of the grid of rates."""
    rate = MIDDLE_RATES[optimizer] * 2.0**exponent
    return grid_settings(optimizer, batch_size, warm_up, rate, seed)


def grid_of(optimizer: str, batch_size: int, warm_up: int, table: pd.DataFrame) -> list[int]:
    """The exponents of one grid, as wide as its results so far demand: no seed's best at an edge."""
    exponents = list(FIRST_EXPONENTS.get(batch_size, range(1, 4)))
    while len(exponents) < WIDEST:
        names = {
            (e, s): digest_of(cell(optimizer, batch_size, warm_up, e, s))
            for e in exponents
            for s in SEEDS
        }
        if any(name not in table.index for name in names.values()):
            break
        losses = {key: last(table.loc[name]) for key, name in names.items()}
        best = {min(exponents, key=lambda e, s=s: losses[e, s]) for s in SEEDS}
        if exponents[0] in best:
            exponents.insert(0, exponents[0] - 1)
        elif exponents[-1] in best:
            exponents.append(exponents[-1] + 1)
        else:
            break
    return exponents


def ruled_runs(optimizer: str, warm_up: int, table: pd.DataFrame) -> list[Settings]:
    """What the three rules make of the best rate at the base batch size, once that is known."""
    wanted = [
        cell(optimizer, BASE, warm_up, e, s)
        for e in grid_of(optimizer, BASE, warm_up, table)
        for s in SEEDS
    ]
    if any(digest_of(run) not in table.index for run in wanted):
        return []
    base = best_rate(table, optimizer, BASE, warm_up)
    return [
        grid_settings(optimizer, size, warm_up, ruled_rate(base, size, rule), seed)
        for size in BATCH_SIZES
        for rule in RULES
        for seed in SEEDS
    ]


def ruled_rate(base: float, batch_size: int, rule: str) -> float:
    """The rate that a rule gives to a batch size; ``rule`` is a key of ``RULES``."""
    return base * (batch_size / BASE) ** RULES[rule]


def slope(
    batch_sizes: list[int], rates: list[dict[int, float]], level: float = 0.95
) -> tuple[float, float, float]:
    """How the best rate grows with the batch size: the power p of ``rate ~ batch_size ** p``.

    A straight line through all seeds' best rates over the batch size, both as logarithms, by least
    squares; its interval from Student's t.

    Args:
        batch_sizes: two or more.
        rates: for each batch size the best rate of each seed, as from ``best_rates``.
        level: of the interval.

    Returns:
        The power, and the ends of its interval.
    """
    x = [np.log(b) for b, of in zip(batch_sizes, rates, strict=True) for _ in of]
    y = [np.log(rate) for of in rates for rate in of.values()]
    line = stats.linregress(x, y)
    half = stats.t.ppf((1 + level) / 2, len(x) - 2) * line.stderr
    return float(line.slope), float(line.slope - half), float(line.slope + half)
