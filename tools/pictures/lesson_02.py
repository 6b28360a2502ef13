"""The picture at the top of lesson 2; ``make pictures`` draws it."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from helpers import plots

START, STEPS = -2.0, 6
RATES = {"too low": 0.03, "good": 0.3, "too high": 1.06}
COLOURS = {"too low": plots.SKY, "good": plots.GREEN, "too high": plots.VERMILION}


def descend(rate: float) -> np.ndarray:
    """The weight after 0, 1, 2, ... steps of gradient descent on the loss w**2."""
    weights = [START]
    for _ in range(STEPS):
        weights.append(weights[-1] - rate * 2 * weights[-1])
    return np.array(weights)


def draw() -> plt.Figure:
    """The same valley three times, and six steps down it with three learning rates."""
    figure, all_axes = plt.subplots(1, 3, figsize=(9.5, 3.0), sharey=True)
    valley = np.linspace(-4.3, 4.3, 200)
    for axes, (name, rate) in zip(all_axes, RATES.items(), strict=True):
        weights = descend(rate)
        axes.plot(valley, valley**2, color=plots.GREY, linewidth=1.5)
        axes.plot(weights, weights**2, "o", color=COLOURS[name], markersize=7, zorder=3)
        for before, after in pairwise(weights):
            axes.annotate(
                "",
                xy=(after, after**2),
                xytext=(before, before**2),
                arrowprops={"arrowstyle": "->", "color": COLOURS[name], "linewidth": 1.6},
            )
        axes.text(START - 0.25, START**2, "start", ha="right", va="center")
        axes.set_title(f"learning rate {name}", loc="center")
        axes.set(xlabel="a weight", xticks=[], yticks=[], ylim=(-1, 17))
        axes.grid(False)
    all_axes[0].set_ylabel("loss")
    return figure
