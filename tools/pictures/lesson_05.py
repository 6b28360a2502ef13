"""The picture at the top of lesson 5; ``make pictures`` draws it."""

import matplotlib.pyplot as plt
import numpy as np

from helpers import plots
from helpers.schedules import LinearDecay, OneCycle, WarmUp, WarmupStableDecay

STEPS_PER_EPOCH, EPOCHS = 100, 5


def draw_step_and_epoch(axes: plt.Axes) -> None:
    steps = np.arange(STEPS_PER_EPOCH * EPOCHS + 1)
    decay = LinearDecay(0.1, STEPS_PER_EPOCH * EPOCHS)
    held = np.array(decay(steps // STEPS_PER_EPOCH * STEPS_PER_EPOCH))
    held[-1] = held[-2]  # training ends there: the last stair never reaches zero
    axes.plot(
        steps, held, color=plots.GREY, linestyle="--", drawstyle="steps-post", label="per epoch"
    )
    axes.plot(steps, decay(steps), color=plots.SCHEDULE_COLOURS["linear"], label="per step")
    axes.set(title="The same plan, asked once per epoch or at every step")
    axes.legend()


def draw_shapes(axes: plt.Axes) -> None:
    plans = {
        "linear": (WarmUp(LinearDecay(0.1, 450), 50), "WarmUp(LinearDecay)"),
        "one-cycle": (OneCycle(0.1, 500), "OneCycle"),
        "wsd": (WarmupStableDecay(0.1, 500, 50, 150), "WarmupStableDecay"),
    }
    steps = np.arange(501)
    for (name, (plan, label)), style in zip(plans.items(), ("-", "--", "-."), strict=True):
        colour = plots.SCHEDULE_COLOURS[name]
        axes.plot(steps, plan(steps), color=colour, linestyle=style, label=label)
    axes.set(title="What you build here")
    axes.legend(loc=(0.14, 0.02))


def draw() -> plt.Figure:
    """The same plan asked once per epoch and at every step; three plans that the lesson builds."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4), sharey=True)
    draw_step_and_epoch(left)
    draw_shapes(right)
    for axes in (left, right):
        axes.set(xlabel="step")
    left.set(ylabel="learning rate")
    return figure
