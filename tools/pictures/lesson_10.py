"""The picture at the top of lesson 10; ``make pictures`` draws it."""

import matplotlib.pyplot as plt
import numpy as np
from keras.optimizers.schedules import CosineDecay

from helpers import plots
from helpers.schedules import LinearDecay, WarmUp

STEPS, PEAK = 300, 0.1  # of the run that was planned: 3 epochs of 100 steps


def draw_ended(axes: plt.Axes) -> None:
    planned, later = np.arange(STEPS + 1), np.arange(STEPS, 2 * STEPS + 1)
    cosine = CosineDecay(PEAK, STEPS)
    colour = plots.SCHEDULE_COLOURS["cosine"]
    axes.plot(planned / 100, cosine(planned), color=colour, label="planned for 3 epochs")
    axes.plot(later / 100, CosineDecay(PEAK, 2 * STEPS)(later), "--", color=plots.GREEN,
              label="stretched")  # fmt: skip
    again = WarmUp(CosineDecay(PEAK, STEPS - 33), 33)
    axes.plot(later / 100, again(later - STEPS), "-.", color=plots.VERMILION,
              label="warmed up again")  # fmt: skip
    axes.plot(later / 100, 0 * later, ":", color=plots.BLACK, lw=3, label="as it was")
    axes.set(ylabel="learning rate", title="The plan has ended, the run goes on")
    axes.legend(loc="upper right", ncols=2, fontsize=8)


def draw_branches(axes: plt.Axes) -> None:
    colour = plots.SCHEDULE_COLOURS["wsd"]
    axes.plot([0, 5], [PEAK, PEAK], color=colour, label="trunk")
    for end in (3, 6):
        steps = np.arange(101)
        label = "cooldown, for a finished model" if end == 3 else None
        axes.plot(end - 1 + steps / 100, LinearDecay(PEAK, 100)(steps), "--", color=colour,
                  label=label)  # fmt: skip
        axes.plot(end, 0, "o", color=colour, clip_on=False)
    axes.set(title="A plateau can branch")
    axes.legend(loc="upper right", fontsize=8)


def draw() -> plt.Figure:
    """Ways to go on after a cosine has ended; a plateau from which cooldowns branch off."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4), sharey=True)
    draw_ended(left)
    draw_branches(right)
    for axes in (left, right):
        axes.set(xlabel="epochs", ylim=(-0.004, 0.135))
    return figure
