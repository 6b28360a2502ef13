"""The one model that every lesson trains. Needs Keras only."""

import keras


def create_model(hidden_units: int = 128) -> keras.Sequential:
    """Build the classifier for 28 x 28 images: flatten, one hidden layer, ten logits.

    The model is not compiled: each lesson chooses its own optimizer and learning rate. It returns
    logits, so use a loss with ``from_logits=True``.

    Args:
        hidden_units: width of the hidden layer, at least 1. The default of 128 gives 101,770
            parameters.

    Returns:
        A built ``keras.Sequential``: input (batch, 28, 28), output (batch, 10).

    Raises:
        TypeError: ``hidden_units`` is not an int.
        ValueError: ``hidden_units`` is below 1.
    """
    if isinstance(hidden_units, bool) or not isinstance(hidden_units, int):
        raise TypeError(
            f"hidden_units must be an int, got {type(hidden_units).__name__} {hidden_units!r}"
        )
    if hidden_units < 1:
        raise ValueError(f"hidden_units must be at least 1, got {hidden_units}")
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(hidden_units, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
