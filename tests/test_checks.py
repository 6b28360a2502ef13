"""The checks of lessons 1 and 2 accept right answers and say what is wrong with plausible ones."""

from collections.abc import Callable

import numpy as np
import pytest

from helpers import checks
from helpers.model import create_model

Said = Callable[[object], str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture) -> Callable[[Callable, object], str]:
    """What a check prints about an answer; that it returns True only for "Correct." is tested."""

    def run(check: Callable, answer: object) -> str:
        capsys.readouterr()
        right = check(answer)
        text = capsys.readouterr().out.strip()
        assert type(right) is bool
        assert right == (text == "Correct.")
        assert right or text.startswith("Not yet: ")
        assert len(text.splitlines()) == 1
        return text

    return run


def test_report_prints_the_first_problem_only(capsys: pytest.CaptureFixture) -> None:
    assert checks.report(["a", "b"]) is False
    assert checks.report([]) is True
    assert capsys.readouterr().out == "Not yet: a\nCorrect.\n"


FUNCTION_CHECKS = [
    checks.lesson_1_exercise_1,
    checks.lesson_1_exercise_2,
    checks.lesson_1_exercise_3,
    checks.lesson_2_exercise_1,
    checks.lesson_2_exercise_2,
]


@pytest.mark.parametrize("check", FUNCTION_CHECKS)
def test_stubs_and_functions_that_fail(said: Said, check: Callable) -> None:
    assert "returns nothing yet" in said(check, lambda *_: None)
    assert "returns nothing yet" in said(check, lambda *_: ...)
    assert "got int" in said(check, 3)

    def fails(*_: object) -> None:
        raise KeyError("colour")

    assert "your function raises KeyError: 'colour'" in said(check, fails)
    assert "your function raises TypeError" in said(check, lambda: 1)
    assert "array of numbers, got str" in said(check, lambda *_: "many")
    assert "array of numbers, got list" in said(check, lambda *_: [[1], [1, 2]])


def undo(scaled: np.ndarray) -> np.ndarray:
    return np.rint(scaled * 255).astype(np.uint8)


def undo_in_place(scaled: np.ndarray) -> np.ndarray:
    scaled *= 255
    return scaled.astype(np.uint8)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (undo, "Correct."),
        (lambda scaled: (scaled * 255 + 0.5).astype("uint8"), "Correct."),
        (undo_in_place, "changed the array it was given"),
        (lambda scaled: scaled, "multiply by 255"),
        (lambda scaled: scaled.astype(np.uint8), "multiply by 255"),
        (lambda scaled: scaled * 255, "type must be uint8, got float32"),
        (lambda scaled: (scaled * 255).astype(int), "type must be uint8, got int64"),
        (
            lambda scaled: undo(scaled).reshape(-1, 784),
            r"shape must stay (2, 28, 28), got (2, 784)",
        ),
        (
            lambda scaled: (scaled * 254).astype(np.uint8),
            "1 must come back as 1, and comes back as",
        ),
        (lambda scaled: (scaled * 256).astype(np.uint16).astype(np.uint8), "255 must come back"),
        (lambda scaled: 7, "shape must stay"),
    ],
)
def test_lesson_1_exercise_1(said: Said, answer: Callable, words: str) -> None:
    assert words in said(checks.lesson_1_exercise_1, answer)


def balanced(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.concatenate(
        [
            random.choice(np.flatnonzero(labels == label), per_class, replace=False)
            for label in range(10)
        ]
    )


def first_of_each(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    return np.concatenate([np.flatnonzero(labels == label)[:per_class] for label in range(10)])


def repeated(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    places = [np.flatnonzero(labels == label) for label in range(10)]
    return np.concatenate([random.choice(place, per_class) for place in places])


def any_positions(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).choice(len(labels), 10 * per_class, replace=False)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (balanced, "Correct."),
        (lambda *given: balanced(*given).tolist(), "Correct."),
        (lambda *given: np.sort(balanced(*given)), "Correct."),
        (
            lambda labels, n, seed: np.isin(np.arange(len(labels)), balanced(labels, n, seed)),
            "True",
        ),
        (lambda *given: balanced(*given).reshape(10, -1), "got shape (10, 20)"),
        (lambda *given: balanced(*given)[:20], "got shape (20,)"),
        (lambda *given: balanced(*given).astype(float), "of float64"),
        (lambda labels, *rest: labels[balanced(labels, *rest)], "look like labels"),
        (lambda *given: balanced(*given) + 600, "positions must be from 0 to 624"),
        (repeated, "occur twice"),
        (any_positions, "times among your positions, not 20 times"),
        (first_of_each, "another seed gives the same positions"),
        (lambda labels, n, seed: balanced(labels, n, None), "the same seed gives other positions"),
        (lambda labels, n, seed: balanced(labels, n, 0), "another seed gives the same positions"),
    ],
)
def test_lesson_1_exercise_2(said: Said, answer: Callable, words: str) -> None:
    assert words in said(checks.lesson_1_exercise_2, answer)


def squares_to_means(
    train_images: np.ndarray, train_labels: np.ndarray, images: np.ndarray
) -> np.ndarray:
    means = [train_images[train_labels == label].mean(axis=0) for label in range(10)]
    return np.array([((images - mean) ** 2).sum(axis=(1, 2)) for mean in means])


def nearest_image(
    train_images: np.ndarray, train_labels: np.ndarray, images: np.ndarray
) -> np.ndarray:
    distances = ((images[:, None] - train_images[None]) ** 2).sum(axis=(2, 3))
    return train_labels[distances.argmin(axis=1)]


def without_squares(
    train_images: np.ndarray, train_labels: np.ndarray, images: np.ndarray
) -> np.ndarray:
    means = [train_images[train_labels == label].mean(axis=0) for label in range(10)]
    return np.argmin([(images - mean).sum(axis=(1, 2)) for mean in means], axis=0)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda *given: squares_to_means(*given).argmin(axis=0), "Correct."),
        (lambda *given: squares_to_means(*given).argmin(axis=0).tolist(), "Correct."),
        (lambda *given: squares_to_means(*given).argmax(axis=0), "farthest away"),
        (without_squares, "square them"),
        (lambda *given: squares_to_means(*given).T, "got (100, 10)"),
        (lambda *given: squares_to_means(*given).argmin(axis=1), "got (10,)"),
        (lambda *given: 0.69, "got ()"),
        (nearest_image, "of 100 labels differ"),
        (lambda images, labels, others: np.zeros(len(others), int), "of 100 labels differ"),
    ],
)
def test_lesson_1_exercise_3(said: Said, answer: Callable, words: str) -> None:
    assert words in said(checks.lesson_1_exercise_3, answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda units: 784 * units + units + 10 * units + 10, "Correct."),
        (lambda units: create_model(units).count_params(), "Correct."),
        (lambda units: 784 * units + 10 * units, "the biases are missing"),
        (lambda units: 784 * units + units + 10 * units, "biases of the ten output units"),
        (lambda units: 784 * units + 10 * units + 10, "biases of the hidden units"),
        (lambda units: 101_770, "use the argument"),
        (lambda units: 784 * units, "784 weights and a bias per hidden unit"),
        (lambda units: np.zeros(3), "one whole number, got an array of shape (3,)"),
    ],
)
def test_lesson_2_exercise_1(said: Said, answer: Callable, words: str) -> None:
    assert words in said(checks.lesson_2_exercise_1, answer)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


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
        (naive, "np.exp is infinite, or 0 for the whole row"),
        (minus_the_mean_of_the_row, "for the logits [1000.0, -1000.0, -1000.0]"),
        (lambda logits: np.log(softmax(logits)), "logarithms of the probabilities"),
        (lambda logits: np.exp(logits) / np.exp(logits).sum(axis=1), "keepdims=True"),
        (minus_the_largest_of_all, "for the logits [-1000.0, -1000.0, -999.0]"),
        (lambda logits: np.exp(logits) / np.exp(logits).sum(), "each row must add up to 1"),
        (lambda logits: np.exp(logits) / np.exp(logits).sum(axis=0), "each row must add up to 1"),
        (lambda logits: np.exp(logits), "each row must add up to 1"),
        (lambda logits: softmax(logits)[0], "shape must stay (2, 3), got (3,)"),
        (lambda logits: softmax(-logits), "for [0.5, -1.0, 2.0] expected [0.1753, 0.0391, 0.7856]"),
        (lambda logits: logits / logits.sum(axis=1, keepdims=True), "expected"),
    ],
)
def test_lesson_2_exercise_2(said: Said, answer: Callable, words: str) -> None:
    assert words in said(checks.lesson_2_exercise_2, answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((1 / 6, 1 / 3), "Correct."),
        ([0.1666667, 0.3333333], "Correct."),
        (None, "give two learning rates"),
        (..., "give two learning rates"),
        (0.5, "give two numbers"),
        ((..., ...), "give two numbers"),
        ((1 / 6,), "give two numbers"),
        ((1 / 3, 2 / 3), "leads from w = 1 to -1, not to 0"),
        ((0.1, 1 / 3), "leads from w = 1 to 0.4, not to 0"),
        ((float("nan"), 1 / 3), "not to 0"),
        ((1 / 6, 0.25), "leads from w = 1 to -0.5, which comes nearer to 0"),
        ((1 / 6, 1), "a smaller rate is useless too"),
        ((1 / 6, 0), "must be above 0"),
    ],
)
def test_lesson_2_exercise_3(said: Said, answer: object, words: str) -> None:
    assert words in said(checks.lesson_2_exercise_3, answer)
