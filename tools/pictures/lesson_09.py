"""The picture at the top of lesson 9; ``make pictures`` draws it from data/studies/curvature.csv.

    python tools/pictures/lesson_09.py        measures the table again: about half a minute

The lesson's network and images, trained by full-batch descent. Such runs differ in detail between
kinds of CPU, so what is drawn is what one machine measured.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import tensorflow as tf

from helpers import figures, plots
from helpers.preprocess_data import load_fashion_mnist, prepare_data, train_validation_split
from helpers.sharpness import largest_curvature

TABLE = Path(__file__).resolve().parents[2] / "data" / "studies" / "curvature.csv"
IMAGES, STEPS, EVERY = 1000, 300, 10
RATES = {0.2: plots.BLUE, 0.3: plots.GREEN, 0.4: plots.VERMILION}
CHANGED = np.repeat([0.4, 0.2, 0.4], [80, 200, 100])


def new_network() -> keras.Sequential:
    keras.utils.set_random_seed(0)
    hidden = [keras.layers.Dense(32, activation="relu") for _ in range(4)]
    return keras.Sequential([keras.Input((784,)), *hidden, keras.layers.Dense(10)])


def make_train() -> Callable[[np.ndarray], list[float]]:
    """A function that trains by a list of rates and returns the curvature before every tenth step."""
    (images, labels), _ = load_fashion_mnist()
    (x, y), _ = train_validation_split(prepare_data(images), labels)
    x = x[:IMAGES].reshape(IMAGES, -1)
    x, y = tf.constant(x - x.mean(axis=0)), tf.one_hot(y[:IMAGES], 10)
    network = new_network()
    variables = network.trainable_variables

    def loss() -> tf.Tensor:
        return tf.reduce_mean(tf.reduce_sum((network(x) - y) ** 2, axis=1)) / 2

    def step(_: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            value = loss()
        for variable, gradient in zip(variables, tape.gradient(value, variables), strict=True):
            variable.assign_sub(rate * gradient)
        return value

    descend = tf.function(partial(tf.scan, step, initializer=0.0), jit_compile=True)

    def train(rates: np.ndarray) -> list[float]:
        network.set_weights(new_network().get_weights())
        curvatures, vector = [], None
        for part in np.float32(rates).reshape(-1, EVERY):
            curvature, vector = largest_curvature(loss, variables, vector)
            curvatures.append(curvature)
            descend(tf.constant(part))
        return curvatures

    return train


def measure() -> pd.DataFrame:
    """The curvature before every tenth step of each run, with the rate of that step."""
    tf.config.experimental.enable_op_determinism()
    train = make_train()
    plans = {f"rate {rate}": np.full(STEPS, rate) for rate in RATES} | {"changed": CHANGED}
    tables = [
        pd.DataFrame(
            {
                "run": name,
                "step": range(0, len(rates), EVERY),
                "rate": rates[::EVERY],
                "curvature": np.round(train(rates), 4),
            }
        )
        for name, rates in plans.items()
    ]
    return pd.concat(tables)


def draw() -> plt.Figure:
    """Three rates with their limits, and one rate that is changed twice."""
    measured = {name: run.curvature.to_numpy() for name, run in pd.read_csv(TABLE).groupby("run")}
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6), sharey=True)
    for rate, colour in RATES.items():
        limits = np.full(STEPS, 2 / rate)
        figures.plot_curvature(
            measured[f"rate {rate}"], limits, left, f"rate {rate}", colour, EVERY
        )
    left.set(title="Curvature goes to 2 / rate (dashed)", ylim=(0, 14))
    figures.plot_curvature(
        measured["changed"], 2 / CHANGED, right, colour=plots.PURPLE, every=EVERY
    )
    right.set(title="Rate 0.4, then 0.2, then 0.4 again", ylabel="")
    return figure


if __name__ == "__main__":
    measure().to_csv(TABLE, index=False)
