"""The exercises of lesson 7: smooth a curve, write a rule, read the table of the study."""

from collections.abc import Callable
from functools import cache
from numbers import Real

import numpy as np

from exercises.verdict import NotYet, call, require, verdict

LOSSES = [3.0, 1.0, 2.0, 6.0, 4.0, 0.5]


@verdict
def check_1(smooth: Callable[[list[float]], list[float]]) -> None:
    """Whether ``smooth(losses)`` gives the bias-corrected moving average after each loss.

    Args:
        smooth: takes a list of losses and returns as many smoothed losses, with 0.98.
    """
    for losses in ([7.0], LOSSES, [2.5] * 60):
        handed_in = list(losses)
        given = as_numbers(call(smooth, handed_in, name="smooth"), "smooth")
        require(handed_in == losses, "smooth must not change the list that it gets.")
        require(given.ndim == 1, "smooth must return a list, with one number for each loss.")
        require(
            given.shape == (len(losses),),
            f"smooth must return one number for each of {len(losses)} losses, "
            f"got {given.size}: the smoothed loss after the first, after the second, and so on.",
        )
        require_smoothed(given, losses)


def require_smoothed(given: np.ndarray, losses: list[float]) -> None:
    """Name what is wrong with smoothed losses."""
    if np.allclose(given, smoothed(losses), rtol=1e-6):
        return
    if np.allclose(given, averages(losses), rtol=1e-6):
        raise NotYet(
            "the bias correction is missing: divide each average by 1 - 0.98 ** count. "
            f"After a first loss of {losses[0]:g} you give {given[0]:g}."
        )
    if np.allclose(given, averages(losses, keep=0.02) / corrections(losses, keep=0.02)):
        raise NotYet("the weights are swapped: the average so far counts 0.98, the new loss 0.02.")
    if np.allclose(given, averages(losses, first=losses[0])):
        raise NotYet(
            "the average must start at 0, not at the first loss: then it can be corrected."
        )
    if np.allclose(given, averages(losses) / corrections([*losses, 0.0])[1:]):
        raise NotYet("`count` is one too high: after the first loss it is 1.")
    if np.allclose(given, fed_back(losses)):
        raise NotYet(
            "the corrected value must not become the next average: keep the two apart, as "
            "`average` and `smoothed`."
        )
    worst = int(np.nan_to_num(np.abs(given - smoothed(losses)), nan=np.inf).argmax())
    raise NotYet(
        f"for the losses {losses[: worst + 1][-6:]} the last smoothed loss should be "
        f"{smoothed(losses)[worst]:.4f}, yours is {given[worst]:.4f}."
    )


def averages(losses: list[float], keep: float = 0.98, first: float = 0.0) -> np.ndarray:
    """The moving averages without a correction."""
    found, average = [], first
    for loss in losses:
        average = keep * average + (1 - keep) * loss
        found.append(average)
    return np.array(found)


def fed_back(losses: list[float]) -> np.ndarray:
    """A wrong way: each corrected value is taken for the average so far."""
    found, average = [], 0.0
    for count, loss in enumerate(losses, start=1):
        average = (0.98 * average + 0.02 * loss) / (1 - 0.98**count)
        found.append(average)
    return np.array(found)


def corrections(losses: list[float], keep: float = 0.98) -> np.ndarray:
    """What each average is divided by."""
    return 1 - keep ** np.arange(1, len(losses) + 1)


def smoothed(losses: list[float]) -> np.ndarray:
    """The right answer."""
    return averages(losses) / corrections(losses)


@verdict
def check_2(half_way: Callable[[np.ndarray, np.ndarray], float]) -> None:
    """Whether a rule finds the first rate at which half of the fall is done.

    Args:
        half_way: ``half_way(rates, losses)`` returns the first rate whose loss is at most half-way
            between the first loss and the lowest.
    """
    answers = []
    for losses, _ in CURVES:
        try:
            answers.append(answer_of(half_way, losses))
        except NotYet:
            if wrong_ones(answers):
                break
            raise
    if wrong_ones(answers):
        raise NotYet(why_not(answers))


# (smoothed losses, the point that is right)
CURVES = (
    (np.array([4.0, 4.0, 3.4, 2.4, 1.9, 1.0, 2.0, 6.0]), 3),
    (np.array([4.0, 5.0, 4.5, 3.0, 2.0, 2.0, 9.0]), 3),
    (np.array([10.0, 9.0, 8.5, 8.0, 8.2, 8.0, 8.4]), 1),
    (np.array([4.0, 4.0, 2.6, 1.9, 1.0, 5.0]), 3),
)


def rates_of(losses: np.ndarray) -> np.ndarray:
    """The rates of a made-up curve."""
    return 10.0 ** np.arange(-6, len(losses) - 6)


def answer_of(half_way: Callable, losses: np.ndarray) -> float:
    """What the answer gives for one curve, if that is one number."""
    given = call(half_way, rates_of(losses), losses.copy(), name="half_way")
    if isinstance(given, (list, np.ndarray)) and np.size(given) != 1:
        raise NotYet(f"half_way must return one rate, got {np.size(given)} values: take the first.")
    return as_numbers(given, "half_way").item()


def at_most(losses: np.ndarray, level: float) -> np.ndarray:
    """The points that are low enough."""
    return np.flatnonzero(losses <= level)


# What a wrong answer does, as a function of rates and losses: each explains it on all curves.
MISTAKES = (
    (
        lambda rates, losses: at_most(losses, half(losses))[0],
        "return the rate of the point, not its number.",
    ),
    (
        lambda rates, losses: rates[losses.argmin()],
        "that is the rate of the lowest loss: the loss need only have fallen half-way to it.",
    ),
    (
        lambda rates, losses: rates[at_most(losses, losses[0] / 2)[0]],
        "half-way is between the first loss and the lowest, (first + lowest) / 2; "
        "yours is half of the first loss.",
    ),
    (
        lambda rates, losses: rates[at_most(losses, half(losses))[-1]],
        "take the first point that is low enough, not the last.",
    ),
    (
        lambda rates, losses: rates[at_most(losses, (losses.max() + losses.min()) / 2)[0]],
        "the fall begins at the first loss, not at the highest: at the end of a test "
        "the loss runs away.",
    ),
    (
        lambda rates, losses: rates[np.abs(losses - half(losses)).argmin()],
        "that is the point nearest to half-way; take the first that is at half-way or below.",
    ),
    (
        lambda rates, losses: rates[np.flatnonzero(losses < half(losses))[0]],
        "a loss that is just half-way counts: at most half-way, so <= and not <.",
    ),
)


def half(losses: np.ndarray) -> float:
    """Half-way between the first loss and the lowest."""
    return (losses[0] + losses.min()) / 2


def wrong_ones(answers: list[float]) -> list[int]:
    """Numbers of the curves with a wrong answer."""
    return [
        number
        for number, (given, (losses, place)) in enumerate(zip(answers, CURVES, strict=False))
        if not np.isclose(given, rates_of(losses)[place])
    ]


def why_not(answers: list[float]) -> str:
    """What wrong rates show: the one mistake that explains them all, or the first that is wrong."""
    for mistake, words in MISTAKES:
        found = [expected(mistake, losses) for losses, _ in CURVES[: len(answers)]]
        if np.allclose(answers, found, rtol=1e-6, atol=0):
            return words
    first = wrong_ones(answers)[0]
    losses, place = CURVES[first]
    return (
        f"for the losses {losses.tolist()} half-way is {half(losses):g}, first reached at the rate "
        f"{rates_of(losses)[place]:g}; yours is {answers[first]:g}."
    )


def expected(mistake: Callable, losses: np.ndarray) -> float:
    """What a mistake gives for one curve; NaN where it finds no point."""
    try:
        return float(mistake(rates_of(losses), losses))
    except IndexError:
        return float("nan")


@verdict
def check_3(factor: float) -> None:
    """Whether a factor makes the median of ``valley``'s ratios 1, over the 45 tests of the study.

    Args:
        factor: what to multiply the suggestions of ``valley`` by.
    """
    if factor is None or factor is Ellipsis:
        raise NotYet("give a number: what valley's suggestions should be multiplied by.")
    require(
        isinstance(factor, Real) and not isinstance(factor, bool),
        f"the factor must be a number, got {type(factor).__name__}.",
    )
    ratios = valley_ratios()
    right = 1 / np.median(ratios)
    if np.isclose(factor, right, rtol=0.01):
        return
    require(
        not np.isclose(factor, 1 / right, rtol=0.01),
        "that is the median ratio itself: to bring it to 1, multiply by its inverse.",
    )
    require(
        not np.isclose(factor, 1 / np.mean(ratios), rtol=0.01),
        "that brings the mean to 1. Take the median: a few large ratios pull the mean up.",
    )
    require(
        not np.isclose(factor, 10),
        "nearly: the printed median is rounded. Compute it from the table `read`.",
    )
    raise NotYet(f"with the factor {factor:g} the median ratio is {factor / right:.2f}, not 1.")


@cache
def valley_ratios() -> np.ndarray:
    """Suggestion divided by best rate, for the tests of 100 steps in the stored study."""
    from helpers.finder_study import TABLE, best_rate, rate_test
    from helpers.study import load_table

    table = load_table(TABLE)
    tests = table[(table["kind"] == "test") & (table["steps"] == 100)]
    return np.array(
        [
            rate_test(row).suggestion("valley")
            / best_rate(table, row["optimizer"], int(row["batch_size"]))
            for _, row in tests.iterrows()
        ]
    )


def as_numbers(values: object, name: str) -> np.ndarray:
    """An answer as float64, or what it is instead of numbers."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise NotYet(f"{name} must return numbers, got {type(values).__name__}.") from None
