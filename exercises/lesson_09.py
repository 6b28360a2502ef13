"""The exercises of lesson 9: a limit, the curvature of one direction, the cooldown of an average."""

from collections.abc import Callable
from numbers import Real

import numpy as np
import tensorflow as tf

from exercises.verdict import NotYet, call, in_short, require, verdict


@verdict
def check_1(largest_rate: Callable[[float, float], float]) -> None:
    """Whether ``largest_rate(curvature, momentum)`` is the rate at the edge of stability.

    Args:
        largest_rate: returns ``(2 + 2 * momentum) / curvature``.
    """
    cases = ((10.0, 0.0), (4.0, 0.0), (10.0, 0.9), (4.0, 0.5))
    rates = [one_number(call(largest_rate, *case, name="largest_rate")) for case in cases]
    undivided = np.allclose(rates, [2 + 2 * momentum for _, momentum in cases])
    for rate, (curvature, momentum) in zip(rates, cases, strict=True):
        wanted = (2 + 2 * momentum) / curvature
        if np.isclose(rate, wanted, rtol=1e-6):
            continue
        case = (
            f"for curvature {curvature:g} and momentum {momentum:g} the rate should be {wanted:g}"
        )
        if undivided:
            raise NotYet(f"{case}, yours is {rate:g}: divide it by the curvature.")
        if not momentum and np.isclose(rate, 2):
            raise NotYet(f"{case}, yours is {rate:g}: put the sum 2 + 2 * momentum in parentheses.")
        if np.isclose(rate, curvature / (2 + 2 * momentum)) or np.isclose(rate, curvature / 2):
            raise NotYet(f"{case}, yours is {rate:g}: it is upside down.")
        if momentum and np.isclose(rate, 2 / curvature):
            raise NotYet(f"{case}, yours is {rate:g}: that is the limit without momentum.")
        if momentum and np.isclose(rate, 2 * (1 - momentum) / curvature):
            raise NotYet(
                f"{case}, yours is {rate:g}: momentum moves the limit up, not down. A step against "
                "the velocity is braked by it."
            )
        if momentum and np.isclose(rate, 2 / (1 - momentum) / curvature):
            raise NotYet(
                f"{case}, yours is {rate:g}: 1 / (1 - momentum) says how far momentum carries along "
                "one direction, not where it becomes unstable."
            )
        raise NotYet(f"{case}, yours is {rate:g}.")


def one_number(value: object) -> float:
    """An answer as a float; a tensor of one number will do."""
    if isinstance(value, (bool, str)):
        raise NotYet(f"your function should return one number, got {type(value).__name__}.")
    if not isinstance(value, Real):
        try:
            array = np.asarray(value, np.float64)
        except (TypeError, ValueError):
            array = np.zeros(0)
        require(
            array.shape == (),
            f"your function should return one number, got {type(value).__name__}"
            + (f" of shape {array.shape}." if array.size > 1 else "."),
        )
        value = array
    return float(value)


@verdict
def check_2(curvature_along: Callable) -> None:
    """Whether ``curvature_along(loss, variables, direction)`` is d H d / d d.

    Args:
        curvature_along: takes a function ``loss()``, a list of variables, and a direction of shape
            (n,), of any length but 0; returns the curvature of the loss along it.
    """
    x, y = tf.Variable([1.0, -2.0]), tf.Variable([[0.5]])

    def loss() -> tf.Tensor:
        return 2 * x[0] ** 2 + 5 * x[1] ** 2 + x[0] * x[1] + y[0, 0] ** 2

    hessian = np.array([[4.0, 1.0, 0.0], [1.0, 10.0, 0.0], [0.0, 0.0, 2.0]])
    before = [x.numpy(), y.numpy()]
    for direction in ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.6, 0.8, 0.0], [3.0, 0.0, 4.0]):
        vector = np.array(direction)
        wanted = vector @ hessian @ vector / (vector @ vector)
        given = one_number(call_curvature_along(curvature_along, loss, [x, y], vector.copy()))
        require(
            np.array_equal(x.numpy(), before[0]) and np.array_equal(y.numpy(), before[1]),
            "curvature_along must leave the variables as they were.",
        )
        if np.isclose(given, wanted, rtol=1e-3):
            continue
        case = f"along {direction} the curvature should be {wanted:g}, yours is {given:.4g}"
        if np.isclose(given, vector @ hessian @ vector, rtol=1e-3):
            raise NotYet(f"{case}: it must not depend on the length; divide by d @ d.")
        if np.isclose(given, vector @ hessian @ vector / np.linalg.norm(vector), rtol=1e-3):
            raise NotYet(f"{case}: divide by d @ d, not by its root, the length of d.")
        if np.isclose(given, np.linalg.norm(hessian @ vector), rtol=1e-3) or np.isclose(
            given, np.linalg.norm(hessian @ vector) / np.linalg.norm(vector), rtol=1e-3
        ):
            raise NotYet(
                f"{case}: that is the length of the product. Take d @ product, its part along d."
            )
        if np.isclose(given, np.linalg.eigvalsh(hessian)[-1], rtol=2e-2):
            raise NotYet(f"{case}: that is the largest of all directions; this one is asked for.")
        raise NotYet(f"{case}.")


def call_curvature_along(curvature_along: Callable, *arguments: object) -> object:
    """Call the answer; two mistakes with ``hessian_product`` have errors that are hard to read."""
    try:
        return call(curvature_along, *arguments, name="curvature_along")
    except NotYet as problem:
        if "InvalidArgumentError" in str(problem):
            raise NotYet(
                "the product is a tensor of TensorFlow, and d an array: .numpy() turns the product "
                "into an array."
            ) from problem
        if "matmul" in str(problem) and "ValueError" in str(problem):
            raise NotYet(
                "hessian_product(loss, variables) is a function: call it with the direction to get "
                "the product."
            ) from problem
        raise


@verdict
def check_3(cooldown_of: Callable[[np.ndarray], np.ndarray]) -> None:
    """Whether ``cooldown_of(weights)`` turns the weights of an average into a cooldown's factors.

    Args:
        cooldown_of: takes the weights of n + 1 snapshots, in their order and with the sum 1, and
            returns the factors of the n stairs between them.
    """
    averages = {
        "two equal snapshots": [0.5, 0.5],
        "a moving average": [0.1, 0.2, 0.3, 0.4],
        "a plain average of four": [0.25, 0.25, 0.25, 0.25],
        "the last snapshot alone": [0.0, 0.0, 0.0, 1.0],
    }
    for name, weights in averages.items():
        weights = np.array(weights)
        result = call(cooldown_of, weights.copy(), name="cooldown_of")
        try:
            given = np.asarray(result, np.float64)
        except (TypeError, ValueError) as error:
            raise NotYet(f"cooldown_of must return numbers: {in_short(error)}") from error
        require_factors(given, weights, f"for {name}, {weights.tolist()},")


def require_factors(given: np.ndarray, weights: np.ndarray, case: str) -> None:
    """Name what is wrong with the factors of the stairs."""
    wanted = np.cumsum(weights[::-1])[::-1][1:]
    if given.shape == weights.shape and np.allclose(given[1:], wanted, atol=1e-9):
        raise NotYet(f"{case} there is no stair before the first snapshot: leave the first out.")
    require(
        given.shape == wanted.shape,
        f"{case} there are {len(wanted)} stairs, one less than snapshots; you return "
        f"{given.size} factors.",
    )
    if np.allclose(given, wanted, atol=1e-9):
        return
    if np.allclose(given, wanted[::-1], atol=1e-9):
        raise NotYet(f"{case} the factors are in the wrong order: the first stair comes first.")
    if np.allclose(given, np.cumsum(weights)[:-1], atol=1e-9):
        raise NotYet(
            f"{case} add up the weights of the snapshots after a stair, not of those before it: "
            "only they contain its updates."
        )
    worst = int(np.nan_to_num(np.abs(given - wanted), nan=np.inf).argmax())
    raise NotYet(
        f"{case} the factor of stair {worst} should be {wanted[worst]:.4g}, "
        f"yours is {given[worst]:.4g}."
    )
