"""The picture at the top of lesson 4; ``make pictures`` draws it."""

import matplotlib.pyplot as plt

from helpers import plots
from helpers.epoch_schedules import exponential_decay

EPOCHS = 4
BATCHES = 6


def draw() -> plt.Figure:
    """One staircase: the function is asked when an epoch begins, every batch uses its answer."""
    schedule = exponential_decay(start_lr=1.0, exp_decay=0.35)
    colour = plots.SCHEDULE_COLOURS["exponential"]
    figure, axes = plt.subplots(figsize=(8.0, 3.4))
    for epoch in range(EPOCHS):
        rate = schedule(epoch)
        batches = [epoch + (batch + 0.5) / BATCHES for batch in range(BATCHES)]
        axes.axvline(epoch, color=plots.GREY, linewidth=1, linestyle=":")
        axes.plot([epoch, epoch + 1], [rate, rate], color=colour, linewidth=3)
        axes.plot(batches, [rate] * BATCHES, "o", color=plots.BLACK, markersize=5, zorder=3)
        axes.annotate(
            f"schedule({epoch})",
            xy=(epoch, rate),
            xytext=(epoch + 0.08, rate + 0.22),
            family="monospace",
            color=plots.BLUE,
            arrowprops={"arrowstyle": "->", "color": plots.BLUE},
        )
        axes.text(epoch + 0.5, 0.08, f"epoch {epoch}", ha="center", color=plots.GREY)
    axes.set(xlim=(-0.05, EPOCHS + 0.05), ylim=(0, 1.4), xlabel="training time", yticks=[0])
    axes.set(ylabel="learning rate", xticks=[])
    axes.grid(False)
    axes.set_title("Asked once when an epoch begins; every batch (dot) of it gets the same rate")
    return figure
