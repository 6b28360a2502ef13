"""The picture at the top of lesson 8, from the table of the study; ``make pictures`` draws it."""

from pathlib import Path

import matplotlib.pyplot as plt

from helpers.comparison import by_rate, judge, own_best, paired_difference, select, with_results
from helpers.figures import count_by_factors, look_of
from helpers.study import load_table

TABLE = Path(__file__).resolve().parents[2] / "data" / "studies" / "schedules.csv"
CURVES = ("constant", "cosine", "wsd, 1-sqrt")
COMPARED = ("wsd, 1-sqrt", "one-cycle", "linear", "cosine to 10 %", "step", "constant")


def draw() -> plt.Figure:
    """Accuracy against the peak rate; and shapes against the cosine, each at its own best rate."""
    runs = select(
        with_results(load_table(TABLE)), optimizer="sgd", model="dense", epochs=8, warm_up=0
    )
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4))
    for shape in CURVES:
        means = by_rate(select(runs, shape=shape)).mean()
        left.plot(means.index, means, label=shape, **look_of(shape))
    left.set(ylim=(84, 89.6), xlim=(0.011, 0.3), xlabel="peak rate", ylabel="accuracy (%)")
    left.set_title("Which is best? At which rate?")
    count_by_factors(left)
    left.legend()
    cosine = own_best(select(runs, shape="cosine")).by_seed
    differences = {
        shape: paired_difference(own_best(select(runs, shape=shape)).by_seed, cosine)
        for shape in COMPARED
    }
    for row, (shape, one) in enumerate(judge(differences).iterrows()):
        look = look_of(shape)
        right.plot([one["low"], one["high"]], [row, row], color=look["color"])
        right.plot(one["difference"], row, look["marker"], color=look["color"], markersize=7)
    right.axvline(0, color="black", linewidth=1)
    right.set(yticks=range(len(COMPARED)), yticklabels=COMPARED, ylim=(len(COMPARED) - 0.5, -0.5))
    right.set(xlabel="points more than the cosine, intervals of five seeds")
    right.set_title("Each at its own best rate")
    right.grid(visible=False, axis="y")
    return figure
