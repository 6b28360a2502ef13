"""Lesson 7's study of the range test: how far its suggestions are from the best rate of a grid.

    table = load_table(TABLE)
    test = rate_test(table[table["kind"] == "test"].iloc[0])

Two kinds of runs, both of the course's dense model on 50,000 images of Fashion-MNIST: a *test* is one
range test, stored as its losses; a *training* is two epochs at one rate, judged on the 10,000
validation images after each. A run is decided by its settings alone, so each can be repeated.

Not meant for copying: ``study.py`` runs any grid, ``learning_rate_finder.py`` tests any model.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from helpers.learning_rate_finder import RateTest, find_learning_rate, smoothed_loss
from helpers.model import create_model
from helpers.preprocess_data import load_fashion_mnist, prepare_data, train_validation_split
from helpers.study import digest_of
from helpers.training import make_epoch, shuffled_batches

Settings = dict[str, object]
TABLE = Path(__file__).resolve().parent.parent / "data" / "studies" / "finder.csv"

OPTIMIZERS: dict[str, Callable[[], keras.optimizers.Optimizer]] = {
    "SGD": lambda: keras.optimizers.SGD(0.5),
    "SGD, momentum 0.9": lambda: keras.optimizers.SGD(0.5, momentum=0.9),
    "Adam": lambda: keras.optimizers.Adam(0.5),
}
BATCH_SIZES = (32, 128, 512)
SEEDS = (0, 1, 2, 3, 4)
EPOCHS = 2
SPLIT_SEED = 0
LOWEST, HIGHEST = 1e-7, 10.0  # the ends of every test
STEPS = (30, 100, 400)  # lengths of a test; 100 for every batch size, the others for the middle one
WARM_UP = 20  # per cent of the training, where there is one
MIDDLE_BATCH_SIZE = 128

# Rates of the first grid: middle * 2 ** exponent. A grid whose best rate is at its edge is widened.
MIDDLE_RATES = {"SGD": 0.4, "SGD, momentum 0.9": 0.05, "Adam": 2e-3}
FIRST_EXPONENTS = {0: range(-6, 5), WARM_UP: range(-2, 5)}  # by warm-up
# Without a warm-up each grid goes up to where a model only guesses; these need more than 4.
HIGHEST_EXPONENTS = {"SGD, momentum 0.9": 6, "Adam": 12}
WIDEST = 25  # rates in a grid


def test_settings(optimizer: str, batch_size: int, seed: int, steps: int = 100) -> Settings:
    """The settings of one range test; ``optimizer`` is a key of ``OPTIMIZERS``."""
    run = {"kind": "test", "optimizer": optimizer, "batch_size": batch_size, "seed": seed}
    return run | {"epochs": 0, "steps": steps, "lowest_rate": LOWEST, "highest_rate": HIGHEST}


def training_settings(
    optimizer: str, batch_size: int, seed: int, rate: float, warm_up: int = 0
) -> Settings:
    """The settings of one training; ``warm_up`` is in per cent of its steps."""
    run = {"kind": "training", "optimizer": optimizer, "batch_size": batch_size, "seed": seed}
    return run | {"epochs": EPOCHS, "rate": rate, "warm_up": warm_up}


def settings_of(row: pd.Series) -> Settings:
    """The settings of a row of the table, to make its run again.

    Raises:
        ValueError: the study no longer has such a run.
    """
    names = (row["optimizer"], int(row["batch_size"]), int(row["seed"]))
    if row["kind"] == "test":
        settings = test_settings(*names, int(row["steps"]))
    else:
        settings = training_settings(*names, float(row["rate"]), int(row["warm_up"]))
    if digest_of(settings) != row.name:
        raise ValueError(f"the definition of run {row.name} has changed: it is not {settings}")
    return settings


class WarmedRate:
    """A scheduler for ``make_epoch``: a straight climb, then one rate. Both numbers are data."""

    def __init__(self) -> None:
        self.rate = tf.Variable(0.0, trainable=False)
        self.warm_up_steps = tf.Variable(0.0, trainable=False)

    def update(self, optimizer: keras.optimizers.Optimizer, step: tf.Tensor) -> tf.Tensor:
        """Give the optimizer the rate of ``step``; the first step of a climb is not 0."""
        done = (tf.cast(step, tf.float32) + 1.0) / tf.maximum(self.warm_up_steps, 1.0)
        return optimizer.learning_rate.assign(self.rate * tf.minimum(done, 1.0))


class Trainer:
    """One model, one optimizer and one compiled epoch, used for many runs.

    Args:
        optimizer: a key of ``OPTIMIZERS``.
    """

    def __init__(self, optimizer: str) -> None:
        (self.x_train, self.y_train), (x, y) = _load_split()
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model, self.optimizer = create_model(), OPTIMIZERS[optimizer]()
        self.model.compile(self.optimizer, loss)
        self.plan = WarmedRate()
        self.run_epoch = make_epoch(
            self.model, self.optimizer, loss, self.x_train, self.y_train, self.plan
        )
        self.unused = [keras.ops.convert_to_numpy(v).copy() for v in self.optimizer.variables]
        x, y = tf.constant(x), tf.constant(y)

        @tf.function(jit_compile=True)
        def judge() -> tuple[tf.Tensor, tf.Tensor]:
            logits = self.model(x, training=False)
            right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), tf.cast(y, tf.int32))
            return loss(y, logits), tf.reduce_mean(tf.cast(right, tf.float32))

        self.judge = judge

    def begin(self, seed: int) -> None:
        """New first weights from ``seed``, and an optimizer that has done nothing yet."""
        self.model.set_weights(_first_weights(seed))
        for variable, value in zip(self.optimizer.variables, self.unused, strict=True):
            variable.assign(value)

    def test(self, run: Settings) -> dict[str, str]:
        """Make one range test."""
        self.begin(run["seed"])
        test = find_learning_rate(
            self.model,
            self.x_train,
            self.y_train,
            run["lowest_rate"],
            run["highest_rate"],
            run["steps"],
            run["batch_size"],
            run["seed"],
        )
        return {"losses": as_text(test.losses)}

    def train(self, run: Settings) -> dict[str, str]:
        """Make one training; it ends with an epoch in which the loss is no number any more."""
        self.begin(run["seed"])
        steps = run["epochs"] * (len(self.x_train) // run["batch_size"])
        self.plan.rate.assign(run["rate"])
        self.plan.warm_up_steps.assign(steps * run["warm_up"] // 100)
        losses, accuracies = [], []
        for epoch in range(run["epochs"]):
            batches = shuffled_batches(len(self.x_train), run["batch_size"], run["seed"], epoch)
            train_loss = self.run_epoch(batches)["loss"]
            loss, accuracy = self.judge()
            losses.append(float(loss))
            accuracies.append(float(accuracy))
            if not np.isfinite(train_loss):
                break
        return {"val_loss": as_text(losses), "val_accuracy": as_text(accuracies)}


@cache
def trainer(optimizer: str) -> Trainer:
    """The process's trainer of an optimizer; made once, compiled once per batch size."""
    tf.config.experimental.enable_op_determinism()
    return Trainer(optimizer)


@cache
def _load_split():
    """The course's split, images scaled: (training, validation)."""
    (images, labels), _ = load_fashion_mnist()
    return train_validation_split(prepare_data(images), labels, seed=SPLIT_SEED)


@cache
def _first_weights(seed: int) -> list[np.ndarray]:
    """The weights that a new model has after ``set_random_seed(seed)``."""
    keras.utils.set_random_seed(seed)
    return create_model().get_weights()


def train(settings: Settings) -> dict[str, str]:
    """Make one run from its settings alone.

    Args:
        settings: of ``test_settings`` or ``training_settings``.

    Returns:
        Numbers as texts, separated by spaces. A test: ``losses``, one per step. A training:
        ``val_loss`` and ``val_accuracy``, one per epoch.
    """
    one = trainer(settings["optimizer"])
    return one.test(settings) if settings["kind"] == "test" else one.train(settings)


def as_text(values: list[float] | np.ndarray) -> str:
    """Numbers with all the digits of a float32, separated by spaces."""
    return " ".join(f"{np.float32(value):.9g}" for value in values)


def as_numbers(text: str) -> np.ndarray:
    """The numbers of a text: float64, shape (n,)."""
    return np.array(str(text).split(), float)


def rate_test(row: pd.Series) -> RateTest:
    """The range test of a row of the table, with the curve made again from its losses."""
    losses = as_numbers(row["losses"])
    steps = int(row["steps"])
    lowest, growth = row["lowest_rate"], row["highest_rate"] / row["lowest_rate"]
    rates = np.array([lowest * growth ** (step / steps) for step in range(len(losses))])
    smoothed = np.array([smoothed_loss(losses[: end + 1]) for end in range(len(losses))])
    return RateTest(rates, losses, smoothed, steps)


def last_loss(row: pd.Series) -> float:
    """Validation loss after the last epoch; infinite where the training ended before, or blew up."""
    losses = as_numbers(row["val_loss"])
    complete = len(losses) == row["epochs"] and np.isfinite(losses[-1])
    return float(losses[-1]) if complete else float("inf")


def losses_of(
    table: pd.DataFrame, optimizer: str, batch_size: int, warm_up: int = 0
) -> pd.DataFrame:
    """The grid of one kind of training: a row per rate, a column per seed, the last loss inside.

    What is worse than guessing, or no number, counts as guessing: ln 10.
    """
    chosen = table[
        (table["kind"] == "training")
        & (table["optimizer"] == optimizer)
        & (table["batch_size"] == batch_size)
        & (table["warm_up"] == warm_up)
    ]
    losses = [last_loss(row) for _, row in chosen.iterrows()]
    grid = chosen.assign(loss=losses).pivot(index="rate", columns="seed", values="loss")
    return grid.clip(upper=np.log(10))


def best_rate(table: pd.DataFrame, optimizer: str, batch_size: int, warm_up: int = 0) -> float:
    """The rate of the lowest loss, as the mean over the seeds."""
    return float(losses_of(table, optimizer, batch_size, warm_up).mean(axis=1).idxmin())


def next_runs(table: pd.DataFrame) -> list[Settings]:
    """All runs of the study that its results so far ask for.

    Args:
        table: the results so far, of ``study.load_table``; may be empty.

    Returns:
        Settings, those of runs that the table has included. When none is missing the study is
        complete: the best rate of every seed then lies inside its grid.
    """
    tests = [test_settings(o, b, s) for o in OPTIMIZERS for b in BATCH_SIZES for s in SEEDS]
    tests += [
        test_settings(o, MIDDLE_BATCH_SIZE, s, steps)
        for o in OPTIMIZERS
        for steps in STEPS
        if steps != 100
        for s in SEEDS
    ]
    cells = [(o, b, 0) for o in OPTIMIZERS for b in BATCH_SIZES]
    cells += [(o, MIDDLE_BATCH_SIZE, WARM_UP) for o in OPTIMIZERS]
    return tests + [run for cell in cells for run in grid_of(*cell, table)]


def grid_of(optimizer: str, batch_size: int, warm_up: int, table: pd.DataFrame) -> list[Settings]:
    """The trainings of one cell: every seed at every rate, as wide as its results so far demand."""

    def run(exponent: int, seed: int) -> Settings:
        rate = MIDDLE_RATES[optimizer] * 2.0**exponent
        return training_settings(optimizer, batch_size, seed, rate, warm_up)

    exponents = list(FIRST_EXPONENTS[warm_up])
    if warm_up == 0:
        exponents = list(range(exponents[0], HIGHEST_EXPONENTS.get(optimizer, exponents[-1]) + 1))
    while len(exponents) < WIDEST:
        names = {(e, s): digest_of(run(e, s)) for e in exponents for s in SEEDS}
        if any(name not in table.index for name in names.values()):
            break
        losses = {key: last_loss(table.loc[name]) for key, name in names.items()}
        best = {min(exponents, key=lambda e, s=s: losses[e, s]) for s in SEEDS}
        if exponents[0] in best:
            exponents.insert(0, exponents[0] - 1)
        elif exponents[-1] in best:
            exponents.append(exponents[-1] + 1)
        else:
            break
    return [run(exponent, seed) for exponent in exponents for seed in SEEDS]
