"""What the checks of lesson 2 say to right and wrong answers."""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import pytest
from verdicts import verdict_text

from exercises.lesson_02 import check_1, check_2, check_3
from helpers.model import create_model


@pytest.fixture
def said(capsys: pytest.CaptureFixture) -> Callable[..., str]:
    """Call a check and return what it prints, as one line; its verdict must agree with that."""
    return partial(verdict_text, capsys=capsys)


@pytest.mark.parametrize("check", [check_1, check_2])
def test_stubs_and_functions_that_fail(said, check: Callable) -> None:
    assert "returns nothing yet" in said(check, lambda *_: None)
    assert "returns nothing yet" in said(check, lambda *_: ...)
    assert "got int" in said(check, 3)

    def fails(*_: object) -> None:
        raise KeyError("colour")

    assert "your function raises KeyError: 'colour'" in said(check, fails)
    assert "your function raises TypeError" in said(check, lambda: 1)


MODEL = create_model()


def with_a_layer_of_its_own(units: int) -> int:
    layer = keras.layers.Dense(units)
    layer.build((None, 784))
    return layer.count_params() + 10 * units + 10


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda units: 784 * units + units + 10 * units + 10, "Correct."),
        (lambda units: np.int64(795) * units + 10, "Correct."),
        (lambda units: create_model(units).count_params(), "builds a model"),
        (with_a_layer_of_its_own, "builds a model"),
        (lambda units: MODEL.count_params(), "use the argument"),
        (lambda units: 784 * units + 10 * units, "the biases are missing"),
        (lambda units: 784 * units + units + 10 * units, "biases of the ten output units"),
        (lambda units: 784 * units + 10 * units + 10, "biases of the hidden units"),
        (lambda units: 101_770, "use the argument"),
        (lambda units: 785 * units, "hidden layer alone"),
        (lambda units: 784 * units, "784 weights and a bias per hidden unit"),
        (lambda units: 784 * units + 10, "784 weights and a bias per hidden unit"),
        (lambda units: units + 10 * units + 10, "784 inputs"),
        (lambda units: 795.0 * units + 10, "return one whole number (an int), got float 238510.0"),
        (lambda units: float("nan"), "got float nan"),
        (lambda units: True, "got bool True"),
        (lambda units: "805", "got str '805'"),
        (lambda units: np.zeros(3), "got the shape (3,)"),
        (lambda units: {1: 805, 128: 101_770, 300: 238_510}[units], "KeyError"),
    ],
)
def test_count_parameters(said, answer: Callable, words: str) -> None:
    assert words in said(check_1, answer)


def test_layers_can_be_built_after_the_check(said) -> None:
    said(check_1, lambda units: create_model(units).count_params())
    assert create_model(3).count_params() == 795 * 3 + 10


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def in_place(logits: np.ndarray) -> np.ndarray:
    logits -= logits.max(axis=1, keepdims=True)
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True)


def all_in_place(logits: np.ndarray) -> np.ndarray:
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits


def naive(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def minus_the_mean_of_the_row(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.mean(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def minus_the_largest_of_all(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (softmax, "Correct."),
        (lambda logits: softmax(logits).tolist(), "Correct."),
        (lambda logits: softmax(logits).astype(np.float32), "Correct."),
        (lambda logits: keras.ops.softmax(logits), "Correct."),
        (in_place, "changes the logits that it is given"),
        (all_in_place, "changes the logits that it is given"),
        (naive, "subtract each row's own largest logit"),
        (minus_the_mean_of_the_row, "for the logits [1000.0, -1000.0, -1000.0]"),
        (minus_the_largest_of_all, "for the logits [-1000.0, -1000.0, -999.0]"),
        (lambda logits: naive(np.clip(logits, -700, 700)), "loses their differences"),
        (lambda logits: np.nan_to_num(naive(logits)), "each row must add up to 1"),
        (lambda logits: np.log(softmax(logits)), "logarithms of the probabilities"),
        (lambda logits: np.exp(logits) / np.exp(logits).sum(axis=1), "keepdims=True"),
        (lambda logits: np.exp(logits) / np.exp(logits).sum(), "each row must add up to 1"),
        (lambda logits: np.exp(logits) / np.exp(logits).sum(axis=0), "each row must add up to 1"),
        (lambda logits: np.exp(logits), "each row must add up to 1"),
        (lambda logits: softmax(logits)[0], "shape must stay (2, 3), got (3,)"),
        (lambda logits: softmax(-logits), "they should be [0.1753, 0.03911, 0.7856]"),
        (lambda logits: logits / logits.sum(axis=1, keepdims=True), "they should be"),
        (lambda logits: softmax(logits)[:, :3], "shape must stay (5, 10), got (5, 3)"),
        (lambda logits: np.full_like(logits, np.nan), "[nan, nan, nan]"),
        (lambda logits: "many", "array of real numbers, got str"),
        (lambda logits: [[1], [1, 2]], "array of numbers, got list"),
        (lambda logits: softmax(logits) + 0j, "got ndarray of type complex128"),
    ],
)
def test_softmax(said, answer: Callable, words: str) -> None:
    assert words in said(check_2, answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((1 / 6, 1 / 3), "Correct."),
        ([0.1666667, 0.3333333], "Correct."),
        (np.array([1 / 6, 1 / 3]), "Correct."),
        (None, "give two learning rates"),
        (..., "give two learning rates"),
        (0.5, "give two numbers"),
        ((..., ...), "give two numbers"),
        ((1 / 6,), "give two numbers"),
        ((1 / 6, 1 / 3, 1 / 2), "give two numbers"),
        (("1/6", "1/3"), "give two numbers"),
        ((float("nan"), 1 / 3), "give two numbers"),
        ((1 / 6, float("inf")), "give two numbers"),
        ((True, 1 / 3), "give two numbers"),
        ((1 / 3, 1 / 6), "in the other order"),
        ((1 / 3, 2 / 3), "leads from w = 1 to -1, not to 0"),
        ((0.1, 1 / 3), "leads from w = 1 to 0.4, not to 0"),
        ((1 / 6, 0.25), "leads from w = 1 to -0.5, which is nearer to 0"),
        ((1 / 6, 1), "a smaller rate will do"),
        ((1 / 6, 0), "must be above 0"),
        ((1 / 6, -1 / 3), "must be above 0"),
    ],
)
def test_two_rates(said, answer: object, words: str) -> None:
    assert words in said(check_3, answer)
