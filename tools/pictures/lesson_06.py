"""The picture at the top of lesson 6; ``make pictures`` draws it."""

import matplotlib.pyplot as plt
import numpy as np

from helpers import plots
from helpers.lr_scheduler import LRScheduler

STEPS_PER_EPOCH, EPOCHS = 100, 5
MOUNTS = (
    ("LearningRateScheduler", "a callback of fit,\nonce per epoch", plots.GREY),
    ("SGD(learning_rate=schedule)", "in the optimizer,\nat every step", plots.BLUE),
    ("scheduler.update(optimizer, step)", "in a loop of your own,\nat every step", plots.VERMILION),
)


def draw_schedule(axes: plt.Axes) -> None:
    steps = np.arange(STEPS_PER_EPOCH * EPOCHS)
    schedule = LRScheduler(len(steps), 0.1, "onecycle", warm_up=0.3).schedule
    held = np.asarray(schedule(steps // STEPS_PER_EPOCH * STEPS_PER_EPOCH))
    axes.plot(
        steps, held, color=plots.GREY, linestyle="--", drawstyle="steps-post", label="per epoch"
    )
    colour = plots.SCHEDULE_COLOURS["one-cycle"]
    axes.plot(steps, schedule(steps), color=colour, label="at every step")
    axes.set(xlabel="step", ylabel="learning rate", title="One schedule ...")
    axes.legend(loc="lower center")


def draw_mounts(axes: plt.Axes) -> None:
    axes.set(title="... mounted in three places", xlim=(0, 1), ylim=(0, 3))
    axes.axis("off")
    for row, (name, place, colour) in enumerate(MOUNTS):
        y = 2.5 - row
        axes.annotate(
            "", xy=(0.16, y), xytext=(0.0, 1.5), arrowprops={"arrowstyle": "->", "color": colour}
        )
        box = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": colour}
        axes.text(0.18, y, name, va="center", family="monospace", fontsize=9, bbox=box)
        axes.text(0.68, y, place, va="center", color=plots.GREY)


def draw() -> plt.Figure:
    """One schedule, and the three places where it can be mounted."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4), width_ratios=(2, 3))
    draw_schedule(left)
    draw_mounts(right)
    return figure
