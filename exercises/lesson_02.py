"""The checks of lesson 2: count parameters, a softmax for large logits, two learning rates."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from numbers import Integral, Real

import keras
import numpy as np

from exercises.verdict import NotYet, call, require, verdict

# --- exercise 1 -----------------------------------------------------------------------------------


@verdict
def check_1(count_parameters: Callable[[int], int]) -> None:
    """Whether ``count_parameters(hidden_units)`` is a formula for those of ``create_model``.

    Args:
        count_parameters: returns a whole number for any width of the hidden layer.
    """
    for units in (300, 128, 1, 10**12):
        with _no_layers():
            count = call(count_parameters, units)
        _require_whole_number(count)
        expected = 795 * units + 10
        if count != expected:
            reason = _why_not(int(count), units)
            raise NotYet(f"for hidden_units={units} you count {count}, not {expected}: {reason}")


@contextmanager
def _no_layers() -> Iterator[None]:
    """Within it nobody can build a model: the exercise asks for a formula."""
    original = keras.layers.Layer.__init__

    def refuse(*_: object, **__: object) -> None:
        raise NotYet(
            "your function builds a model to count its parameters. Give a formula: numbers, "
            "hidden_units, + and *."
        )

    keras.layers.Layer.__init__ = refuse
    try:
        yield
    finally:
        keras.layers.Layer.__init__ = original


def _require_whole_number(count: object) -> None:
    if isinstance(count, bool) or not isinstance(count, Integral):
        shape = np.shape(count) if isinstance(count, (np.ndarray, list, tuple)) else None
        got = f"{type(count).__name__} {count!r:.40}" if shape is None else f"the shape {shape}"
        raise NotYet(f"return one whole number (an int), got {got}.")


def _why_not(count: int, units: int) -> str:
    known = {
        794 * units: "the biases are missing: each unit, hidden or output, has one.",
        795 * units: "the biases of the ten output units are missing.",
        794 * units + 10: "the biases of the hidden units are missing.",
        101_770: "that is the number for 128 hidden units; use the argument.",
        785 * units: "that is the hidden layer alone; add the output layer.",
        11 * units + 10: "the hidden layer has 784 inputs for each unit.",
    }
    default = (
        "784 weights and a bias per hidden unit, hidden_units weights and a bias per output unit."
    )
    return known.get(count, default)


# --- exercise 2 -----------------------------------------------------------------------------------


@verdict
def check_2(softmax: Callable[[np.ndarray], np.ndarray]) -> None:
    """Whether ``softmax(logits)`` gives probabilities row by row, for logits of any size.

    Args:
        softmax: takes shape (n, classes), returns the same shape, and leaves its input as it is.
    """
    usual = np.array([[0.5, -1.0, 2.0], [1.0, 1.0, 1.0]])
    huge = np.array([[1000.0, 999.0, -1000.0], [-1000.0, -1000.0, -999.0], [1e3, -1e3, -1e3]])
    wide = np.random.default_rng(0).normal(scale=3.0, size=(5, 10))
    for logits in (usual, huge, wide):
        _check_softmax(softmax, logits)


def _check_softmax(softmax: Callable[[np.ndarray], np.ndarray], logits: np.ndarray) -> None:
    given = logits.copy()
    try:
        with np.errstate(all="ignore"):
            result = _as_numbers(call(softmax, given))
    except NotYet as problem:
        if "broadcast" in str(problem):
            raise NotYet(f"{problem} Keep the rows as rows: axis=1, keepdims=True.") from problem
        raise
    require(
        np.array_equal(given, logits),
        "your function changes the logits that it is given; the caller may still need them. "
        "Make new arrays: a = a - b in place of a -= b.",
    )
    require(
        result.shape == logits.shape, f"the shape must stay {logits.shape}, got {result.shape}."
    )
    expected = _softmax(logits)
    if not np.allclose(result, expected, rtol=0, atol=1e-6):
        raise NotYet(_what_is_wrong(result, logits, expected))


def _as_numbers(result: object) -> np.ndarray:
    try:
        numbers = np.asarray(result)
    except (TypeError, ValueError):
        raise NotYet(f"return an array of numbers, got {type(result).__name__}.") from None
    if not np.issubdtype(numbers.dtype, np.number) or np.iscomplexobj(numbers):
        kind = f"{type(result).__name__} of type {numbers.dtype}"
        raise NotYet(f"return an array of real numbers, got {kind}.")
    return numbers.astype(np.float64)


def _softmax(logits: np.ndarray, axis: int | None = 1) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _what_is_wrong(result: np.ndarray, logits: np.ndarray, expected: np.ndarray) -> str:
    finite = np.isfinite(result).all(axis=1)
    if np.allclose(np.exp(result), expected, rtol=0, atol=1e-6):
        return "these are the logarithms of the probabilities: leave out the last np.log."
    if not finite.all():
        row = int(np.flatnonzero(~finite)[0])
        return (
            f"for the logits {_listed(logits[row])} your probabilities are {_listed(result[row])}. "
            "np.exp is infinite for large logits, and 0 for a whole row of very negative ones: "
            "subtract each row's own largest logit first."
        )
    sums = result.sum(axis=1)
    if not np.allclose(sums, 1):
        return (
            f"each row must add up to 1, yours add up to {_listed(sums)}. Divide each row by its "
            "own sum: axis=1, keepdims=True."
        )
    row = int(np.flatnonzero(~np.isclose(result, expected, rtol=0, atol=1e-6).all(axis=1))[0])
    problem = (
        f"for the logits {_listed(logits[row])} your probabilities are {_listed(result[row])}, "
        f"they should be {_listed(expected[row])}."
    )
    if np.abs(logits).max() > 100:
        problem += (
            " Cutting large logits off, or replacing what is not finite, loses their differences: "
            "subtract each row's own largest logit instead."
        )
    return problem


def _listed(numbers: np.ndarray) -> str:
    return str([float(f"{number:.4g}") for number in numbers])


# --- exercise 3 -----------------------------------------------------------------------------------


@verdict
def check_3(rates: tuple[float, float]) -> None:
    """Whether two learning rates for the loss ``3 * w**2`` are the perfect and the useless one.

    Args:
        rates: the rate whose first step lands at the minimum, and the smallest rate with which a
            step does not come nearer to it.
    """
    require(
        rates is not None and rates is not Ellipsis,
        "give two learning rates in place of None: (perfect, useless).",
    )
    perfect, useless = _two_rates(rates)
    swapped = np.isclose(perfect, 1 / 3, atol=1e-6) and np.isclose(useless, 1 / 6, atol=1e-6)
    require(not swapped, "these are the two rates, but in the other order: (perfect, useless).")
    after = 1 - perfect * 6
    require(
        np.isclose(after, 0, atol=1e-6),
        f"with the rate {perfect:g} the first step leads from w = 1 to {after:.4g}, not to 0. "
        "(A fraction is exact: 1 / 7, not 0.1429.)",
    )
    require(useless > 0, f"the second rate must be above 0, got {useless:g}.")
    after = 1 - useless * 6
    if not np.isclose(abs(after), 1, atol=1e-6):
        effect = "is nearer to 0" if abs(after) < 1 else "is farther away: a smaller rate will do"
        raise NotYet(
            f"with the rate {useless:g} a step leads from w = 1 to {after:.4g}, which {effect}."
        )


def _two_rates(rates: object) -> tuple[float, float]:
    try:
        both = list(rates)
    except TypeError:
        both = []
    good = len(both) == 2 and all(
        isinstance(rate, Real) and not isinstance(rate, bool) and np.isfinite(rate) for rate in both
    )
    require(good, f"give two numbers, (perfect, useless), got {rates!r:.60}.")
    return float(both[0]), float(both[1])
