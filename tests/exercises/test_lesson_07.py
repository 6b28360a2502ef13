"""The exercises of lesson 7: right answers pass, plausible wrong ones get a fitting message."""

import numpy as np
import pytest
from verdicts import assert_correct, assert_not_yet

from exercises.lesson_07 import check_1, check_2, check_3, valley_ratios
from helpers.learning_rate_finder import smoothed_loss


def moving(losses, keep=0.98, first=0.0, start=1, corrected=True):
    average, found = first, []
    for count, loss in enumerate(losses, start=start):
        average = keep * average + (1 - keep) * loss
        found.append(average / (1 - keep**count) if corrected else average)
    return found


def test_smooth_accepts_both_ways(capsys):
    assert_correct(check_1, moving, capsys)
    at_once = lambda losses: [smoothed_loss(losses[: n + 1]) for n in range(len(losses))]  # noqa: E731
    assert_correct(check_1, at_once, capsys)
    assert_correct(check_1, lambda losses: np.array(moving(losses)), capsys)


def fed_back(losses):
    average, found = 0.0, []
    for count, loss in enumerate(losses, start=1):
        average = (0.98 * average + 0.02 * loss) / (1 - 0.98**count)
        found.append(average)
    return found


def clears(losses):
    found = moving(losses)
    losses.clear()
    return found


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "pass smooth itself to the check, got NoneType"),
        (lambda losses: None, "smooth returns nothing yet"),
        (lambda losses: moving(losses)[-1:], "one number for each of 6 losses, got 1"),
        (lambda losses: moving(losses)[-1], "must return a list, with one number for each loss"),
        (lambda losses: moving(losses, corrected=False), "the bias correction is missing"),
        (lambda losses: moving(losses, corrected=False), "After a first loss of 7 you give 0.14"),
        (lambda losses: moving(losses, keep=0.02), "the weights are swapped"),
        (
            lambda losses: moving(losses, first=losses[0], corrected=False),
            "the average must start at 0, not at the first loss",
        ),
        (fed_back, "the corrected value must not become the next average"),
        (lambda losses: moving(losses, start=2), "`count` is one too high"),
        (lambda losses: moving(losses, start=0), "smooth raises ZeroDivisionError"),
        (lambda losses: moving(losses, keep=0.9), "for the losses [3.0, 1.0, "),
        (lambda losses: list(losses), "the last smoothed loss should be "),
        (lambda losses: [float("nan")] * len(losses), "yours is nan"),
        (lambda losses: "abc", "smooth must return numbers, got str"),
        (clears, "must not change the list"),
    ],
)
def test_smooth_says_what_is_wrong(answer, message, capsys):
    assert_not_yet(check_1, answer, message, capsys)


def level(losses):
    return (losses[0] + losses.min()) / 2


def test_half_way_accepts_a_right_rule(capsys):
    assert_correct(check_2, lambda r, y: r[np.flatnonzero(y <= level(y))[0]], capsys)
    assert_correct(check_2, lambda r, y: float(r[np.argmax(y <= level(y))]), capsys)
    by_loop = lambda r, y: next(a for a, b in zip(r, y, strict=True) if b <= level(y))  # noqa: E731
    assert_correct(check_2, by_loop, capsys)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda r, y: None, "half_way returns nothing yet"),
        (lambda r, y: r[y <= level(y)], "must return one rate, got 4 values: take the first"),
        (
            lambda r, y: np.flatnonzero(y <= level(y))[0],
            "return the rate of the point, not its number",
        ),
        (lambda r, y: r[y.argmin()], "that is the rate of the lowest loss"),
        (lambda r, y: r[np.flatnonzero(y <= y[0] / 2)[0]], "yours is half of the first loss"),
        (
            lambda r, y: r[np.flatnonzero(y <= level(y))[-1]],
            "take the first point that is low enough",
        ),
        (
            lambda r, y: r[np.flatnonzero(y <= (y.max() + y.min()) / 2)[0]],
            "the fall begins at the first loss, not at the highest",
        ),
        (
            lambda r, y: r[np.abs(y - level(y)).argmin()],
            "that is the point nearest to half-way; take the first that is at half-way or below",
        ),
        (lambda r, y: r[np.flatnonzero(y < level(y))[0]], "at most half-way, so <= and not <"),
        (lambda r, y: r[0], "half-way is 2.5, first reached at the rate 0.001; yours is 1e-06"),
        (lambda r, y: float("nan"), "yours is nan"),
        (lambda r, y: r[99], "half_way raises IndexError"),
        (lambda r, y: "0.001x", "half_way must return numbers, got str"),
    ],
)
def test_half_way_says_what_is_wrong(answer, message, capsys):
    assert_not_yet(check_2, answer, message, capsys)


def test_factor_accepts_the_inverse_of_the_median(capsys):
    assert_correct(check_3, 1 / np.median(valley_ratios()), capsys)
    assert_correct(check_3, float(f"{1 / np.median(valley_ratios()):.3g}"), capsys)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda ratios: None, "give a number"),
        (lambda ratios: "10", "the factor must be a number, got str"),
        (lambda ratios: np.median(ratios), "that is the median ratio itself"),
        (lambda ratios: 1 / np.mean(ratios), "that brings the mean to 1"),
        (lambda ratios: 3.0 / np.median(ratios), "the median ratio is 3.00, not 1"),
        (lambda ratios: 0.0, "the median ratio is 0.00, not 1"),
        (lambda ratios: 10, "the printed median is rounded. Compute it"),
    ],
)
def test_factor_says_what_is_wrong(answer, message, capsys):
    assert_not_yet(check_3, answer(valley_ratios()), message, capsys)


def test_the_study_has_45_tests_of_100_steps():
    assert valley_ratios().shape == (45,)
