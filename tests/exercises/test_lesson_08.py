"""The exercises of lesson 8: right answers pass, plausible wrong ones get a fitting message."""

import keras
import numpy as np
import pytest
from verdicts import assert_correct, assert_not_yet

from exercises.lesson_08 import check_1, check_2
from helpers.comparison import by_rate
from helpers.schedules import LinearDecay, Sequence, WarmupStableDecay

CosineDecay = keras.optimizers.schedules.CosineDecay


def means_of(runs):
    return by_rate(runs).mean(skipna=False)


def right(runs):
    means = means_of(runs)
    there = means[2 * means.idxmax()]
    return np.inf if np.isnan(there) else means.max() - there


def by_group(runs):
    diverged = runs.groupby("peak")["diverged"].any()
    means = runs.groupby("peak")["accuracy"].mean()[~diverged]
    return float(means.max() - means[2 * means.idxmax()]) if 2 * means.idxmax() in means else np.inf


@pytest.mark.parametrize("answer", [right, by_group])
def test_cost_accepts_right_functions(answer, capsys) -> None:
    assert_correct(check_1, answer, capsys)


@pytest.mark.parametrize(
    "answer, message",
    [
        (None, "pass cost_of_doubling itself to the check, got NoneType."),
        (lambda runs: None, "cost_of_doubling returns nothing yet."),
        (lambda runs: means_of(runs), "return one number, not a Series."),
        (lambda runs: "0.8", "return a number, got '0.8'."),
        (lambda runs: -right(runs), "the sign: what is lost counts positive"),
        (
            lambda runs: (m := means_of(runs)).max() - m[m.idxmax() / 2],
            "this is what half of the best rate costs",
        ),
        (
            lambda runs: (m := means_of(runs)).max() - m.min(),
            "this is the best minus the worst of all rates",
        ),
        (
            lambda runs: (
                right(runs)
                if runs["peak"].min() > 0.01
                else (m := means_of(runs)).max() - m[2 * by_rate(runs).max().idxmax()]
            ),
            "at 0.02, though the best single run is elsewhere.",
        ),
        (
            lambda runs: (m := by_rate(runs).max()).max() - m[2 * m.idxmax()],
            "you compare the luckiest runs",
        ),
        (
            lambda runs: (m := runs.groupby("peak")["accuracy"].mean()).max() - m[2 * m.idxmax()],
            "At 0.4 a run diverged: the cost is infinite.",
        ),
        (lambda runs: right(runs) if runs["diverged"].any() else 0.8, "gives 0.8, not 0.2."),
        (
            lambda runs: right(runs) if runs["peak"].min() < 0.1 else np.inf,
            "A rate at which a run diverged (0.4) cannot be the best",
        ),
        (lambda runs: runs["rate"], "cost_of_doubling raises KeyError: 'rate'."),
    ],
)
def test_cost_says_what_is_wrong(answer, message, capsys) -> None:
    assert_not_yet(check_1, answer, message, capsys)


def half_plateau(peak, steps):
    half = steps // 2
    return Sequence([peak, LinearDecay(peak, steps - half)], [half])


@pytest.mark.parametrize(
    "answer",
    [
        half_plateau,
        lambda peak, steps: WarmupStableDecay(peak, steps, 0, steps - steps // 2, "linear"),
    ],
)
def test_shape_accepts_every_right_way(answer, capsys) -> None:
    assert_correct(check_2, answer, capsys)


class NoConfig(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, peak, steps):
        self.inside = half_plateau(peak, steps)

    def __call__(self, step):
        return self.inside(step)


class Scalar(NoConfig):
    def __call__(self, step):
        return self.inside(0)


class Raises(NoConfig):
    def __call__(self, step):
        return 0.1 if step < 5 else 0.0


@pytest.mark.parametrize(
    "answer, message",
    [
        (None, "pass your shape itself to the check, got NoneType."),
        (lambda peak, steps: None, "your shape returns nothing yet."),
        (
            lambda peak, steps: peak,
            "must return a schedule object such as LinearDecay(...), got float",
        ),
        (lambda peak: LinearDecay(peak, 100), "your shape raises TypeError"),
        (lambda peak, steps: half_plateau(0.1, steps), "must be the peak that is handed in."),
        (
            lambda peak, steps: half_plateau(peak, 1000),
            "with peak 0.03 and 390 steps the rate never falls.",
        ),
        (lambda peak, steps: LinearDecay(peak, steps, peak), "the rate never falls."),
        (
            lambda peak, steps: LinearDecay(0.0, steps, peak),
            "the rate begins at 0, not at the peak.",
        ),
        (lambda peak, steps: LinearDecay(peak, steps), "first falls at step 1, not after 500."),
        (
            lambda peak, steps: WarmupStableDecay(peak, steps, 0, steps // 5, "linear"),
            "the plateau takes half of the run, not four fifths.",
        ),
        (
            lambda peak, steps: Sequence([peak, LinearDecay(peak, steps * 3 // 4)], [steps // 4]),
            "the plateau takes half of the run, not a quarter.",
        ),
        (
            lambda peak, steps: Sequence([peak, LinearDecay(peak, steps)], [steps // 2]),
            "not 0. A LinearDecay inside a Sequence counts its own steps from 0",
        ),
        (
            lambda peak, steps: WarmupStableDecay(peak, steps, 0, steps - steps // 2, "cosine"),
            "0.0853553, a straight line has 0.075.",
        ),
        (
            lambda peak, steps: Sequence(
                [peak, CosineDecay(peak, steps - steps // 2)], [steps // 2]
            ),
            "a straight line has",
        ),
        (
            NoConfig,
            "the study names a run by the configuration of its schedule, and yours has none",
        ),
        (Scalar, "must give one rate for each."),
        (Raises, "asked for an array of steps, your schedule raises ValueError"),
    ],
)
def test_shape_says_what_is_wrong(answer, message, capsys) -> None:
    assert_not_yet(check_2, answer, message, capsys)
