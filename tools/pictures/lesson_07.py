"""The picture at the top of lesson 7; ``make pictures`` draws it."""

import matplotlib.pyplot as plt
import numpy as np

from helpers import plots

# A curve as range tests have it: flat, falling, running away.
POINTS = np.linspace(0, 1, 400)
RATES = 1e-7 * 1e8**POINTS
LOSSES = 2.35 - 1.2 / (1 + np.exp(-(POINTS - 0.68) / 0.045)) + np.exp((POINTS - 0.955) / 0.022)
STAGES = ((1e-5, "nothing happens"), (7e-3, "the loss falls"), (2.2, "it runs\naway"))


def draw_test(axes: plt.Axes) -> None:
    random = np.random.default_rng(1)
    noisy = LOSSES[::4] + random.normal(0, 0.05, len(LOSSES[::4]))
    axes.semilogx(RATES[::4], noisy, ".", color=plots.GREY, alpha=0.6)
    axes.semilogx(RATES, LOSSES, color=plots.BLUE)
    for rate, words in STAGES:
        axes.text(rate, 2.75, words, ha="center", va="center", fontsize=9)
    for edge in (3e-4, 0.35):
        axes.axvline(edge, color=plots.GREY, linestyle=":", linewidth=1)
    axes.set(ylim=(0.9, 3.0), yticks=[], xlabel="learning rate, growing at every step")
    axes.set(ylabel="loss", title="One test of 100 steps ...")


def draw_rules(axes: plt.Axes) -> None:
    colours = (plots.PURPLE, plots.BLUE, plots.GREEN, plots.VERMILION)
    axes.semilogx(RATES, LOSSES, color=plots.GREY)
    for rate, marker, colour in zip((2e-6, 6e-3, 5e-2, 3.0), "Do^s", colours, strict=True):
        height = np.interp(np.log(rate), np.log(RATES), LOSSES)
        axes.plot(rate, min(height, 2.6), marker, color=colour, markersize=10)
        axes.text(rate, min(height, 2.6) + 0.16, "?", color=colour, ha="center", fontsize=13)
    axes.set(ylim=(0.9, 3.0), yticks=[], xlabel="learning rate", title="... and several answers")


def draw() -> plt.Figure:
    """A range test, and the different rates that rules read off its curve."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.2), width_ratios=(3, 2))
    draw_test(left)
    draw_rules(right)
    return figure
