"""The picture at the top of lesson 11; ``make pictures`` draws it."""

import matplotlib.pyplot as plt
import numpy as np

from helpers import plots
from helpers.batch_size_study import BATCH_SIZES, TABLE, best_rates, ruled_rate
from helpers.study import load_table

LOOKS = {"SGD": (plots.BLUE, "o"), "Adam": (plots.VERMILION, "s")}


def draw_rates(axes: plt.Axes) -> None:
    """Best rates with a warm-up, as multiples of the best rate at the smallest batch."""
    table = load_table(TABLE)
    sizes = np.array(BATCH_SIZES)
    for rule, line in (("square root", "--"), ("linear", "-")):
        rates = [ruled_rate(1.0, size, rule) for size in sizes]
        axes.plot(sizes, rates, color=plots.PLANNED, linestyle=line, label=f"{rule} rule")
    for name, (colour, marker) in LOOKS.items():
        found = [best_rates(table, name, size, 1).values() for size in BATCH_SIZES]
        means = np.array([np.exp(np.mean(np.log(list(rates)))) for rates in found])
        axes.plot(
            sizes, means / means[0], marker, color=colour, markersize=7, label=f"best for {name}"
        )
    axes.set(xscale="log", yscale="log", xlabel="images per step", ylabel="times the rate at 128")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set_title("Larger rates with a warm-up, up to a point ...")
    axes.legend(fontsize=9)


def draw_workers(axes: plt.Axes) -> None:
    """Two workers, what passes between them, and their checkpoints."""
    axes.set(title="... and more workers", xlim=(0, 10), ylim=(0, 10))
    axes.axis("off")
    for number, (x, colour) in enumerate(((1.9, plots.BLUE), (8.1, plots.VERMILION))):
        box = {"boxstyle": "round,pad=0.6", "facecolor": "white", "edgecolor": colour}
        text = f"worker {number}\n\na copy of the model\nhalf of each batch"
        axes.text(x, 7.2, text, ha="center", va="center", fontsize=9, bbox=box)
        small = {"boxstyle": "square,pad=0.4", "facecolor": "white", "edgecolor": plots.GREY}
        axes.text(x, 1.2, "its checkpoints", ha="center", va="center", fontsize=9, bbox=small)
        arrow = {"arrowstyle": "->", "color": plots.GREY}
        axes.annotate("", xy=(x, 2.2), xytext=(x, 4.9), arrowprops=arrow)
    both = {"arrowstyle": "<->", "color": plots.BLACK, "linewidth": 2}
    axes.annotate("", xy=(6.1, 7.2), xytext=(3.9, 7.2), arrowprops=both)
    axes.text(5, 7.9, "gradients are\nadded up", ha="center", va="bottom", fontsize=9)
    axes.text(5, 1.2, "agree", ha="center", va="bottom", fontsize=9)
    axes.annotate("", xy=(6.1, 1.0), xytext=(3.9, 1.0), arrowprops=both | {"linewidth": 1})


def draw() -> plt.Figure:
    """The best rate against the batch size, and two workers."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6))
    draw_rates(left)
    draw_workers(right)
    return figure
