"""The checks of lesson 1 accept right answers and name the true fault of plausible wrong ones."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from verdicts import verdict_text

from exercises.lesson_01 import check_1, check_2, check_3

Said = Callable[[Callable, object], str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture) -> Said:
    """What a check prints about an answer, as one line; that the verdict fits it is tested."""
    return partial(verdict_text, capsys=capsys)


@pytest.mark.parametrize("check", [check_1, check_2, check_3])
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
    assert "array of numbers, got list without any" in said(check, lambda *_: [])
    assert "array of numbers, got dict" in said(check, lambda *_: {})


# --- exercise 1 ---------------------------------------------------------------------------------


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
        (lambda scaled: undo(scaled).tolist(), "must be uint8, got int64"),
        (undo_in_place, "changed the array it was given"),
        (lambda scaled: scaled, "still 1: multiply by 255 before you change the type"),
        (lambda scaled: scaled.astype(np.uint8), "still 1: multiply by 255 before you change"),
        (
            lambda scaled: scaled.astype(np.uint8) * 255,
            "1 must come back as 1, and comes back as 0",
        ),
        (lambda scaled: np.zeros_like(undo(scaled)), "1 must come back as 1, and comes back as 0"),
        (lambda scaled: scaled * np.nan, "type must be uint8, got float32"),
        (lambda scaled: scaled * 255, "type must be uint8, got float32"),
        (lambda scaled: (scaled * 255).astype(int), "type must be uint8, got int64"),
        (lambda scaled: (scaled * 255).astype(np.int8), "type must be uint8, got int8"),
        (
            lambda scaled: undo(scaled).reshape(-1, 784),
            "shape must stay (2, 28, 28), got (2, 784)",
        ),
        (lambda scaled: undo(scaled)[:1], "shape must stay (2, 28, 28), got (1, 28, 28)"),
        (
            lambda scaled: (scaled * 254).astype(np.uint8),
            "1 must come back as 1, and comes back as 0",
        ),
        (
            lambda scaled: (scaled * 256).astype(np.uint16).astype(np.uint8),
            "255 must come back as 255, and comes back as 0",
        ),
        (lambda scaled: 255 - undo(scaled), "0 must come back as 0, and comes back as 255"),
        (lambda scaled: 7, "shape must stay (2, 28, 28), got ()"),
    ],
)
def test_exercise_1(said: Said, answer: Callable, words: str) -> None:
    assert words in said(check_1, answer)


# --- exercise 2 ---------------------------------------------------------------------------------


def balanced(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    of_each_class = [np.flatnonzero(labels == label) for label in range(10)]
    return np.concatenate([random.choice(p, per_class, replace=False) for p in of_each_class])


def balanced_by_shuffling(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    order = np.random.default_rng(seed).permutation(len(labels))
    return np.concatenate([order[labels[order] == label][:per_class] for label in range(10)])


def balanced_by_old_numpy(labels: np.ndarray, per_class: int, seed: int) -> list[int]:
    np.random.seed(seed)
    places = [np.random.permutation(np.flatnonzero(labels == label)) for label in range(10)]
    return [int(position) for place in places for position in place[:per_class]]


def a_generator_for_each_class(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    return np.concatenate(
        [
            np.random.default_rng(seed).choice(
                np.flatnonzero(labels == label), per_class, replace=False
            )
            for label in range(10)
        ]
    )


@pytest.mark.parametrize(
    "answer",
    [
        balanced,
        balanced_by_shuffling,
        balanced_by_old_numpy,
        a_generator_for_each_class,
        lambda *given: balanced(*given).tolist(),
        lambda *given: np.sort(balanced(*given)),
        lambda *given: balanced(*given).astype(np.uint16),
    ],
)
def test_exercise_2_accepts(said: Said, answer: Callable) -> None:
    assert said(check_2, answer) == "Correct."


def test_exercise_2_accepts_every_start_of_the_random_numbers(said: Said) -> None:
    """A right answer never fails by bad luck: its draws are as independent as the check asks."""
    for start in range(50):
        answer = lambda labels, n, seed, start=start: balanced(labels, n, 1000 * start + seed)  # noqa: E731
        assert said(check_2, answer) == "Correct.", start


def first_of_each(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    return np.concatenate([np.flatnonzero(labels == label)[:per_class] for label in range(10)])


def rolled(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    """Moves on by one image with each seed: nothing is random."""
    places = [np.flatnonzero(labels == label) for label in range(10)]
    return np.concatenate([np.roll(place, seed)[:per_class] for place in places])


def rolled_far(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    places = [np.flatnonzero(labels == label) for label in range(10)]
    return np.concatenate([np.roll(place, 13 * seed)[:per_class] for place in places])


def shuffled_once_then_rolled(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(0)
    places = [random.permutation(np.flatnonzero(labels == label)) for label in range(10)]
    return np.concatenate([np.roll(place, seed)[:per_class] for place in places])


def whole_answer_rolled(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    return np.roll(first_of_each(labels, per_class, 0), seed)


def shuffled_first_of_each(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    """Uses the seed, as the message that this answer once got asked for."""
    return np.random.default_rng(seed).permutation(first_of_each(labels, per_class, 0))


def repeated(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    places = [np.flatnonzero(labels == label) for label in range(10)]
    return np.concatenate([random.choice(place, per_class) for place in places])


def the_same_twice(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    """Draws with ``replace=False``, so that must not be what the message recommends."""
    half = balanced(labels, per_class // 2, seed)
    rest = balanced(labels, per_class - per_class // 2, seed)
    return np.concatenate([half, rest])


def any_positions(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).choice(len(labels), 10 * per_class, replace=False)


def half_seeded(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    """Makes the generator that the exercise names, and draws from another."""
    np.random.default_rng(seed)
    places = [np.flatnonzero(labels == label) for label in range(10)]
    return np.concatenate([np.random.choice(p, per_class, replace=False) for p in places])


def sorts_the_labels(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    labels.sort()
    return balanced(labels, per_class, seed)


def unused_per_class(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    return balanced(labels, 20, seed)


REAL_LABELS = np.repeat(np.arange(10), 6000)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            unused_per_class,
            "asked for 7 images of each of 10 classes, return 70 positions, got 200",
        ),
        (rolled, "stand one after the other in the file; the seed moves only the place where"),
        (rolled_far, "stand one after the other in the file; the seed moves only the place where"),
        (shuffled_once_then_rolled, "seeds 0 and 1 share 190 of 200 images; independent draws"),
        (whole_answer_rolled, "seeds 0 and 1 give the same images in another order"),
        (shuffled_first_of_each, "the seed must decide which images are drawn, not only how"),
        (first_of_each, "seeds 0 and 1 give the same positions: use the seed"),
        (lambda labels, n, seed: balanced(labels, n, seed // 2), "seeds 0 and 1 give the same pos"),
        (lambda labels, n, seed: balanced(labels, n, seed % 2), "seeds 0 and 2 give the same pos"),
        (lambda labels, n, seed: balanced(labels, n, None), "a second call with the same seed"),
        (half_seeded, "draw every random number from one generator"),
        (repeated, "may be drawn only once"),
        (the_same_twice, "stands 2 times in your answer; an image may be drawn only once"),
        (any_positions, "times among your positions, not 20 times"),
        (sorts_the_labels, "changed the labels it was given"),
        (
            lambda labels, n, seed: np.isin(np.arange(len(labels)), balanced(labels, n, seed)),
            "not True and False",
        ),
        (
            lambda *given: balanced(*given).reshape(10, -1),
            "in one row, shape (200,), got shape (10, 20)",
        ),
        (lambda *given: balanced(*given)[:-1], "return 200 positions, got 199"),
        (lambda *given: balanced(*given).astype(float), "whole numbers, got float64"),
        (lambda labels, n, seed: labels[balanced(labels, n, seed)], "look like labels"),
        (
            lambda labels, n, seed: balanced(REAL_LABELS, n, seed),
            "use the labels that your function is given",
        ),
        (lambda *given: balanced(*given) - 700, "from -"),
    ],
)
def test_exercise_2_refuses(said: Said, answer: Callable, words: str) -> None:
    assert words in said(check_2, answer)


def test_exercise_2_never_recommends_what_the_answer_had(said: Said) -> None:
    assert "replace" not in said(check_2, the_same_twice)
    assert "use the seed" not in said(check_2, shuffled_first_of_each)
    assert "concatenate" not in said(check_2, unused_per_class)


# --- exercise 3 ---------------------------------------------------------------------------------


def means_of(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.stack([images[labels == label].mean(axis=0) for label in range(10)])


def nearest(images: np.ndarray, labels: np.ndarray, new_images: np.ndarray) -> np.ndarray:
    distances = [((new_images - mean) ** 2).sum(axis=(1, 2)) for mean in means_of(images, labels)]
    return np.argmin(distances, axis=0)


def farthest(images: np.ndarray, labels: np.ndarray, new_images: np.ndarray) -> np.ndarray:
    distances = [((new_images - mean) ** 2).sum(axis=(1, 2)) for mean in means_of(images, labels)]
    return np.argmax(distances, axis=0)


def cancelling(images: np.ndarray, labels: np.ndarray, new_images: np.ndarray) -> np.ndarray:
    distances = [(new_images - mean).sum(axis=(1, 2)) for mean in means_of(images, labels)]
    return np.argmin(distances, axis=0)


def absolute(images: np.ndarray, labels: np.ndarray, new_images: np.ndarray) -> np.ndarray:
    distances = [abs(new_images - mean).sum(axis=(1, 2)) for mean in means_of(images, labels)]
    return np.argmin(distances, axis=0)


def one_number_each(images: np.ndarray, labels: np.ndarray, new_images: np.ndarray) -> np.ndarray:
    means = [images[labels == label].mean() for label in range(10)]
    distances = [((new_images - mean) ** 2).sum(axis=(1, 2)) for mean in means]
    return np.argmin(distances, axis=0)


def in_place(images: np.ndarray, labels: np.ndarray, new_images: np.ndarray) -> np.ndarray:
    result = nearest(images, labels, new_images)
    new_images -= images.mean()
    return result


def nearest_image(images: np.ndarray, labels: np.ndarray, new_images: np.ndarray) -> np.ndarray:
    distances = ((new_images[:, np.newaxis] - images) ** 2).sum(axis=(2, 3))
    return labels[distances.argmin(axis=1)]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (nearest, "Correct."),
        (lambda *given: nearest(*given).tolist(), "Correct."),
        (farthest, "see argmin"),
        (cancelling, "square them"),
        (absolute, "absolute differences; the exercise asks for squared ones"),
        (one_number_each, "one number per class; a mean image has 28 x 28"),
        (in_place, "changed the new_images it was given"),
        (nearest_image, "labels differ from those of the nearest mean"),
        (lambda images, labels, new: labels[: len(new)], "labels of the first images"),
        (lambda images, labels, new: labels, "shape (100,), got (200,)"),
        (lambda images, labels, new: nearest(images, labels, images), "shape (100,), got (200,)"),
        (lambda images, labels, new: np.zeros(len(new)), "labels differ"),
        (lambda images, labels, new: np.full(len(new), np.nan), "whole numbers from 0 to 9"),
        (lambda *given: nearest(*given) + 1, "whole numbers from 0 to 9"),
        (lambda *given: np.eye(10)[nearest(*given)], "shape (100,), got (100, 10)"),
    ],
)
def test_exercise_3(said: Said, answer: Callable, words: str) -> None:
    assert words in said(check_3, answer)
