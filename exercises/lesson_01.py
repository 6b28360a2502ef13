"""The checks of lesson 1: undo the preparation, a balanced split, the nearest mean."""

from collections.abc import Callable

import numpy as np

from exercises.verdict import NotYet, call, require, verdict


@verdict
def check_1(undo_preparation: Callable[[np.ndarray], np.ndarray]) -> None:
    """Whether ``undo_preparation(scaled)`` turns [0, 1] back into uint8, exactly.

    Args:
        undo_preparation: takes float32 images of shape (n, 28, 28), returns uint8 of that shape.
    """
    original = (np.arange(2 * 784) % 256).astype(np.uint8).reshape(2, 28, 28)
    scaled = original.astype(np.float32) / np.float32(255)
    given = scaled.copy()
    result = call_for_array(undo_preparation, given)
    require(
        np.array_equal(given, scaled),
        "your function changed the array it was given; compute a new one.",
    )
    require(
        result.shape == original.shape,
        f"the shape must stay {original.shape}, got {result.shape}.",
    )
    require(
        result.max() != 1,
        "the largest value is still 1: multiply by 255 before you change the type.",
    )
    require(result.dtype == np.uint8, f"the type must be uint8, got {result.dtype}: see astype.")
    wrong = np.flatnonzero(result != original)
    if len(wrong):
        before, after = original.flat[wrong[0]], result.flat[wrong[0]]
        raise NotYet(f"{before} must come back as {before}, and comes back as {after}.")


@verdict
def check_2(balanced_positions: Callable[[np.ndarray, int, int], np.ndarray]) -> None:
    """Whether ``balanced_positions(labels, per_class, seed)`` draws equally many of each class.

    Args:
        balanced_positions: returns ``10 * per_class`` positions of labels, each at most once.
    """
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(10), range(40, 90, 5)))
    drawn = [balanced_draw(balanced_positions, labels, 20, seed) for seed in range(6)]
    balanced_draw(balanced_positions, labels, 7, 0)
    again = balanced_draw(balanced_positions, labels, 20, 0)
    require(
        np.array_equal(drawn[0], again),
        "a second call with the same seed gives other positions: draw every random number from one "
        "generator that starts inside your function, np.random.default_rng(seed).",
    )
    check_seeds(labels, drawn)


def balanced_draw(answer: Callable, labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    """What the answer draws, if each class occurs ``per_class`` times in it."""
    given = labels.copy()
    positions = call_for_array(answer, given, per_class, seed)
    require(
        np.array_equal(given, labels),
        "your function changed the labels it was given; work on a copy.",
    )
    require(
        positions.dtype != bool,
        "return positions (whole numbers), not True and False: see np.flatnonzero.",
    )
    asked = f"asked for {per_class} images of each of 10 classes, return {10 * per_class} positions"
    require(
        positions.ndim == 1,
        f"{asked} in one row, shape ({10 * per_class},), got shape {positions.shape}.",
    )
    require(
        len(positions) == 10 * per_class,
        f"{asked}, got {len(positions)}: per_class says how many of each.",
    )
    require(
        np.issubdtype(positions.dtype, np.integer),
        f"positions must be whole numbers, got {positions.dtype}.",
    )
    lowest, highest = positions.min(), positions.max()
    require(
        lowest < 0 or highest >= 10,
        "these look like labels (0 to 9); return where they stand in the array.",
    )
    require(
        lowest >= 0 and highest < len(labels),
        f"the check has {len(labels)} labels, so positions go from 0 to {len(labels) - 1}; yours go "
        f"from {lowest} to {highest}: use the labels that your function is given.",
    )
    counts = np.bincount(labels[positions], minlength=10)
    for label, count in enumerate(counts):
        require(
            count == per_class,
            f"class {label} occurs {count} times among your positions, not {per_class} times.",
        )
    values, times = np.unique(positions, return_counts=True)
    require(
        times.max() == 1,
        f"position {values[times.argmax()]} stands {times.max()} times in your answer; an image may "
        "be drawn only once.",
    )
    return positions


def check_seeds(labels: np.ndarray, drawn: list[np.ndarray]) -> None:
    """Refuse draws of seeds 0, 1, 2, ... that are the same, depend on each other, or stand in a row.

    Two independent draws share 67 of 200 images on average, with a spread of 5.
    """
    chosen = [np.isin(np.arange(len(labels)), positions) for positions in drawn]
    for seed, positions in enumerate(chosen[1:], start=1):
        for other, others in enumerate(chosen[:seed]):
            if np.array_equal(drawn[seed], drawn[other]):
                raise NotYet(f"seeds {other} and {seed} give the same positions: use the seed.")
            if np.array_equal(positions, others):
                raise NotYet(
                    f"seeds {other} and {seed} give the same images in another order: the seed must "
                    "decide which images are drawn, not only how they are ordered."
                )
    if all(stands_in_a_row(labels, positions) for positions in drawn):
        raise NotYet(
            "of each class you take images that stand one after the other in the file; the seed "
            "moves only the place where they begin. Draw them at random."
        )
    for seed, positions in enumerate(chosen[1:], start=1):
        for other, others in enumerate(chosen[:seed]):
            shared = int((positions & others).sum())
            require(
                30 <= shared <= 110,
                f"seeds {other} and {seed} share {shared} of 200 images; independent draws share "
                "about 67. Shuffle or draw anew for each seed.",
            )


def stands_in_a_row(labels: np.ndarray, positions: np.ndarray) -> bool:
    """Whether the drawn images of every class follow each other, the last followed by the first."""
    for label in range(10):
        of_class = np.isin(np.flatnonzero(labels == label), positions)
        begins = of_class & ~np.roll(of_class, 1)
        if begins.sum() != 1:
            return False
    return True


@verdict
def check_3(nearest_mean: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> None:
    """Whether ``nearest_mean(images, labels, new_images)`` names the class of the nearest mean.

    Args:
        nearest_mean: returns one label per new image.
    """
    random = np.random.default_rng(2)
    labels = random.permutation(np.repeat(np.arange(10), 20))
    brightness = np.linspace(0.1, 1.0, 10)[:, np.newaxis, np.newaxis]
    centres = brightness * random.random((10, 28, 28))
    noise = random.normal(0, 0.4, (200, 28, 28))
    images = (centres[labels] + noise).astype(np.float32)
    new_images = (centres[random.integers(0, 10, 100)] + noise[:100][::-1]).astype(np.float32)
    given = (images.copy(), labels.copy(), new_images.copy())
    result = call_for_array(nearest_mean, *given)
    for name, before, after in zip(
        ("images", "labels", "new_images"), (images, labels, new_images), given, strict=True
    ):
        require(np.array_equal(before, after), f"your function changed the {name} it was given.")
    require(
        result.shape == (len(new_images),),
        f"return one label per new image, shape ({len(new_images)},), got {result.shape}.",
    )
    check_labels(result, images, labels, new_images)


def check_labels(
    result: np.ndarray, images: np.ndarray, labels: np.ndarray, new_images: np.ndarray
) -> None:
    """Compare labels with those of the nearest mean, and name the usual mistakes."""
    means = np.stack([images[labels == label].mean(axis=0) for label in range(10)])
    differences = new_images[:, np.newaxis] - means
    distances = (differences**2).sum(axis=(2, 3))
    one_number_each = means.mean(axis=(1, 2))[:, np.newaxis, np.newaxis]
    mistakes = {
        "these are the classes whose mean is farthest away: see argmin.": distances.argmax(axis=1),
        "differences of both signs cancel: square them before you add them up.": (
            differences.sum(axis=(2, 3)).argmin(axis=1)
        ),
        "you add up absolute differences; the exercise asks for squared ones.": (
            abs(differences).sum(axis=(2, 3)).argmin(axis=1)
        ),
        "you compare with one number per class; a mean image has 28 x 28: see the axis of mean.": (
            ((new_images[:, np.newaxis] - one_number_each) ** 2).sum(axis=(2, 3)).argmin(axis=1)
        ),
        "these are the labels of the first images; compare the new images with the means.": (
            labels[: len(new_images)]
        ),
    }
    wrong = int((result != distances.argmin(axis=1)).sum())
    if not wrong:
        return
    for problem, labels_by_mistake in mistakes.items():
        require(not np.array_equal(result, labels_by_mistake), problem)
    require(
        bool(np.isin(result, range(10)).all()),
        "labels are whole numbers from 0 to 9, one per image.",
    )
    raise NotYet(
        f"{wrong} of {len(new_images)} labels differ from those of the nearest mean (the sum of the "
        "squared differences over all pixels is the smallest). Use only what your function is given."
    )


def call_for_array(answer: Callable, *arguments: object) -> np.ndarray:
    """What an answer gives, if it is an array of numbers (or of True and False)."""
    result = call(answer, *arguments)
    try:
        array = np.asarray(result)
    except ValueError:  # rows of different length
        array = np.asarray(None)
    require(
        array.dtype.kind in "biuf" and array.size > 0,
        f"return an array of numbers, got {type(result).__name__}"
        + (" without any." if array.dtype.kind in "biuf" else "."),
    )
    return array
