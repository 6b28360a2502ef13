"""The one model that every lesson trains. Needs Keras only."""

from collections.abc import Sequence
from numbers import Integral

import keras


def create_model(
    hidden_units: int = 128, input_shape: Sequence[int] = (28, 28), classes: int = 10
) -> keras.Sequential:
    """Build a classifier: flatten the input, one hidden layer with ReLU, one logit per class.

    The model is not compiled: choose your own optimizer and learning rate. It returns logits, so
    use a loss with ``from_logits=True``. The defaults are those of Fashion-MNIST, and give 101,770
    parameters; for other data name the shape of one item and the number of classes, for example
    ``create_model(input_shape=(32, 32, 3), classes=100)``.

    Args:
        hidden_units: width of the hidden layer, at least 1.
        input_shape: the shape of one item, without the batch.
        classes: how many classes there are, at least 2.

    Returns:
        A built ``keras.Sequential``: input ``(batch, *input_shape)``, output ``(batch, classes)``.

    Raises:
        TypeError: ``hidden_units`` or ``classes`` is not a whole number, or ``input_shape`` is not
            a tuple or list of whole numbers.
        ValueError: one of these numbers is too small, or ``input_shape`` is empty.
    """
    return keras.Sequential(
        [
            keras.Input(shape=checked_shape("input_shape", input_shape)),
            keras.layers.Flatten(),
            keras.layers.Dense(checked_steps("hidden_units", hidden_units), activation="relu"),
            keras.layers.Dense(checked_steps("classes", classes, minimum=2)),
        ]
    )


def checked_shape(name: str, shape: Sequence[int]) -> tuple[int, ...]:
    """Return ``shape`` as a tuple of ints, or say why it cannot be the shape of one item."""
    if not isinstance(shape, (tuple, list)):
        raise TypeError(
            f"{name} must be a tuple such as (28, 28), got {type(shape).__name__} {shape!r:.60}"
        )
    if not shape:
        raise ValueError(f"{name} must have at least one number, got {shape!r}")
    return tuple(checked_steps(f"{name}[{i}]", size) for i, size in enumerate(shape))


def checked_steps(name: str, value: int, minimum: int = 1) -> int:
    """Return ``value`` as an int, or say why it cannot be a number of steps, epochs or items."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an int, got {type(value).__name__} {value!r:.60}")
    if value < minimum:
        raise ValueError(f"{name} must be {minimum} or more, got {value}")
    return int(value)
