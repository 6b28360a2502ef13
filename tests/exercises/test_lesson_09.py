"""The exercises of lesson 9: right answers pass, plausible wrong ones get a fitting message."""

import numpy as np
import pytest
import tensorflow as tf
from verdicts import assert_correct, assert_not_yet

from exercises.lesson_09 import check_1, check_2, check_3
from helpers.sharpness import hessian_product, largest_curvature


@pytest.mark.parametrize(
    "answer",
    [
        lambda curvature, momentum: (2 + 2 * momentum) / curvature,
        lambda curvature, momentum: np.float32(2 * (1 + momentum) / curvature),
        lambda curvature, momentum: tf.constant((2 + 2 * momentum) / curvature),
    ],
)
def test_largest_rate_accepts_the_formula(answer, capsys):
    assert_correct(check_1, answer, capsys)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "pass largest_rate itself to the check, got NoneType."),
        (0.2, "pass largest_rate itself to the check, got float."),
        (lambda curvature, momentum: None, "largest_rate returns nothing yet."),
        (lambda curvature: 2 / curvature, "largest_rate raises TypeError"),
        (lambda curvature, momentum: 2 / curvature, "that is the limit without momentum."),
        (lambda curvature, momentum: curvature / 2, "it is upside down."),
        (lambda curvature, momentum: curvature / (2 + 2 * momentum), "it is upside down."),
        (
            lambda curvature, momentum: 2 * (1 - momentum) / curvature,
            "moves the limit up, not down",
        ),
        (
            lambda curvature, momentum: 1 / curvature,
            "for curvature 10 and momentum 0 the rate should be 0.2, yours is 0.1.",
        ),
        (
            lambda curvature, momentum: 2 / (1 - momentum) / curvature,
            "yours is 2: 1 / (1 - momentum) says how far momentum carries",
        ),
        (
            lambda curvature, momentum: 2 + 2 * momentum / curvature,
            "put the sum 2 + 2 * momentum in parentheses.",
        ),
        (
            lambda curvature, momentum: 2 + 2 * momentum,
            "should be 0.2, yours is 2: divide it by the curvature.",
        ),
        (lambda curvature, momentum: float("nan"), "yours is nan."),
        (lambda curvature, momentum: True, "should return one number, got bool."),
        (lambda curvature, momentum: "0.2", "should return one number, got str."),
        (lambda curvature, momentum: [0.2, 0.4], "one number, got list of shape (2,)."),
        (lambda curvature, momentum: {"rate": 0.2}, "one number, got dict."),
    ],
)
def test_largest_rate_says_what_is_wrong(answer, message, capsys):
    assert_not_yet(check_1, answer, message, capsys)


def right(loss, variables, direction):
    product = hessian_product(loss, variables)(direction).numpy()
    return direction @ product / (direction @ direction)


def through_differences(loss, variables, direction):
    """Without the helper: the slope of the slope, from three values of the loss."""
    start = [variable.numpy() for variable in variables]

    def loss_at(distance):
        done = 0
        for variable, value in zip(variables, start, strict=True):
            part = direction[done : done + value.size].reshape(value.shape)
            variable.assign(value + distance * part)
            done += value.size
        return float(loss())

    curved = loss_at(1.0) - 2 * loss_at(0.0) + loss_at(-1.0)
    loss_at(0.0)
    return curved / (direction @ direction)


def moves_the_weights(loss, variables, direction):
    variables[0].assign_add([0.1, 0.1])
    return right(loss, variables, direction)


@pytest.mark.parametrize("answer", [right, through_differences])
def test_curvature_along_accepts_every_right_way(answer, capsys):
    assert_correct(check_2, answer, capsys)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda loss, variables, d: None, "curvature_along returns nothing yet."),
        (
            lambda loss, variables, d: d @ hessian_product(loss, variables)(d).numpy(),
            "it must not depend on the length; divide by d @ d.",
        ),
        (
            lambda loss, variables, d: right(loss, variables, d) * np.linalg.norm(d),
            "divide by d @ d, not by its root",
        ),
        (
            lambda loss, variables, d: d @ hessian_product(loss, variables) / (d @ d),
            "is a function: call it with the direction",
        ),
        (
            lambda loss, variables, d: d @ hessian_product(loss, variables)(d) / (d @ d),
            ".numpy() turns the product into an array.",
        ),
        (
            lambda loss, variables, d: hessian_product(loss, variables)(d).numpy(),
            "should return one number, got ndarray of shape (3,).",
        ),
        (
            lambda loss, variables, d: np.linalg.norm(hessian_product(loss, variables)(d)),
            "that is the length of the product.",
        ),
        (
            lambda loss, variables, d: largest_curvature(loss, variables)[0],
            "that is the largest of all directions",
        ),
        (lambda loss, variables, d: 0.0, "the curvature should be 4, yours is 0."),
        (moves_the_weights, "must leave the variables as they were."),
        (
            lambda loss, variables, d: right(loss(), variables, d),
            "curvature_along raises TypeError",
        ),
    ],
)
def test_curvature_along_says_what_is_wrong(answer, message, capsys):
    assert_not_yet(check_2, answer, message, capsys)


def by_hand(weights):
    return [sum(weights[stair + 1 :]) for stair in range(len(weights) - 1)]


@pytest.mark.parametrize(
    "answer",
    [by_hand, lambda w: 1 - np.cumsum(w)[:-1], lambda w: np.cumsum(w[::-1])[::-1][1:]],
)
def test_cooldown_of_accepts_every_right_way(answer, capsys):
    assert_correct(check_3, answer, capsys)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda w: None, "cooldown_of returns nothing yet."),
        (lambda w: w[:1], "there are 3 stairs, one less than snapshots; you return 1 factors."),
        (lambda w: w[:-1], "the factor of stair 0 should be 0.9, yours is 0.1."),
        (lambda w: w[1:], "the factor of stair 0 should be 0.9, yours is 0.2."),
        (lambda w: [1.0, *w], "there are 1 stairs, one less than snapshots; you return 3 factors."),
        (lambda w: np.cumsum(w[::-1])[::-1], "leave the first out."),
        (lambda w: by_hand(w)[::-1], "in the wrong order: the first stair comes first."),
        (lambda w: np.cumsum(w)[:-1], "not of those before it"),
        (lambda w: np.full(len(w) - 1, np.nan), "should be 0.5, yours is nan."),
        (lambda w: "many", "cooldown_of must return numbers"),
    ],
)
def test_cooldown_of_says_what_is_wrong(answer, message, capsys):
    assert_not_yet(check_3, answer, message, capsys)
