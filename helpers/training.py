"""Train a whole epoch of a GradientTape loop in one compiled call.

The images stay in memory as tensors. Each epoch gets a (steps, batch) array of shuffled row
numbers, gathers its batches by it, and runs all its steps inside one ``tf.function`` that XLA
compiles once. Between epochs you are back in Python: print, validate, save, stop.

Needs NumPy and Keras on TensorFlow. Works alone in an empty folder.
"""

from collections.abc import Callable
from functools import partial
from numbers import Integral

import keras
import numpy as np
import tensorflow as tf


def shuffled_batches(examples: int, batch_size: int, seed: int, epoch: int) -> np.ndarray:
    """Deal the row numbers of a data set into batches, in an order of the epoch's own.

    A pure function: the same arguments give the same batches, also in a resumed run. All batches
    are full. The ``examples % batch_size`` rows that are left over sit this epoch out; each epoch
    leaves out different ones.

    Args:
        examples: number of rows; an int, 1 or more.
        batch_size: rows per batch; an int, from 1 to ``examples``.
        seed: an int, 0 or more.
        epoch: number of the epoch; an int, 0 or more.

    Returns:
        int32, shape (steps, batch_size) with ``steps = examples // batch_size``; no row twice.

    Raises:
        TypeError: an argument is not an int.
        ValueError: an argument is out of its range.
    """
    _check_int("examples", examples, minimum=1)
    _check_int("batch_size", batch_size, minimum=1, maximum=examples)
    _check_int("seed", seed, minimum=0)
    _check_int("epoch", epoch, minimum=0)
    order = np.random.default_rng([seed, epoch]).permutation(examples)
    steps = examples // batch_size
    return order[: steps * batch_size].reshape(steps, batch_size).astype(np.int32)


def make_train_step(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    scheduler: object | None = None,
) -> Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor, tf.Tensor]]:
    """Make the function that trains one batch; the arguments are those of ``make_epoch``.

    Returns:
        ``train_step(x, y)``, to be called as it is, or in ``tf.function``. It returns the loss and
        the accuracy of the batch before the update, and the learning rate that the update used.
    """
    optimizer.build(model.trainable_variables)

    def train_step(x: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        if scheduler is not None:
            scheduler.update(optimizer, optimizer.iterations)
        rate = tf.identity(optimizer.learning_rate)
        with tf.GradientTape() as tape:
            predictions = model(x, training=True)
            batch_loss = tf.add_n([loss(y, predictions), *model.losses])
        gradients = tape.gradient(batch_loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        accuracy = tf.reduce_mean(keras.metrics.sparse_categorical_accuracy(y, predictions))
        return batch_loss, accuracy, rate

    return train_step


def make_epoch(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    images: np.ndarray,
    labels: np.ndarray,
    scheduler: object | None = None,
    jit_compile: bool = True,
) -> Callable[[np.ndarray], dict]:
    """Make a function that trains one epoch, all of its steps compiled together.

    Example::

        run_epoch = make_epoch(model, optimizer, loss, images, labels, scheduler)
        for epoch in range(epochs):
            logs = run_epoch(shuffled_batches(len(images), 128, seed=0, epoch=epoch))
            print(f"epoch {epoch}: loss {logs['loss']:.3f}, rate {logs['learning_rate'][-1]:g}")

    Args:
        model: a built classifier. Everything in it must compile under XLA; otherwise pass
            ``jit_compile=False``.
        optimizer: any Keras optimizer; it is built here. Its ``iterations`` number the steps, so a
            restored optimizer goes on where it was.
        loss: ``loss(labels, predictions)`` gives the mean loss of a batch; a Keras loss object
            does. The model's own losses (regularizers) are added.
        images: shape (n, ...), in the form that the model takes.
        labels: shape (n,), class numbers.
        scheduler: its ``update(optimizer, step)`` is called before every step, with a tensor; such
            as ``LRScheduler``. None leaves the rate to the optimizer.
        jit_compile: whether XLA compiles the epoch. It is traced once either way.

    Returns:
        ``run_epoch(batches)``: trains on ``batches``, an int array of row numbers of shape
        (steps, batch), and returns a dict: ``"loss"`` and ``"accuracy"``, the means over the epoch,
        measured on each batch before its update; and ``"learning_rate"``, float32 of shape
        (steps,), the rate that each step used. A new shape of ``batches`` is compiled again, not
        traced again. ``run_epoch.compiled`` is the ``tf.function`` inside.

    Raises:
        ValueError: the numbers of images and labels differ; from ``run_epoch`` if ``batches`` has
            another shape, or a row number that does not exist (compiled code would use the last row
            instead, silently).
        TypeError: from ``run_epoch`` if ``batches`` are no ints.
    """
    check_lengths(images, labels)
    images, labels = tf.constant(images), tf.constant(labels)
    train_step = make_train_step(model, optimizer, loss, scheduler)

    def train_rows(_: tuple, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        return train_step(tf.gather(images, rows), tf.gather(labels, rows))

    # partial and not a nested def: of one def made into many epochs TensorFlow says "retracing".
    compiled = tf.function(
        partial(tf.scan, train_rows, initializer=(0.0, 0.0, 0.0)),
        input_signature=[tf.TensorSpec((None, None), tf.int32)],
        jit_compile=jit_compile,
    )

    def run_epoch(batches: np.ndarray) -> dict:
        losses, accuracies, rates = compiled(check_batches(batches, examples=len(labels)))
        means = {"loss": np.mean(losses), "accuracy": np.mean(accuracies)}
        return {**means, "learning_rate": rates.numpy()}

    run_epoch.compiled = compiled
    return run_epoch


def check_lengths(images: np.ndarray, labels: np.ndarray) -> None:
    """Say so when there are not as many labels as images."""
    if len(images) != len(labels):
        raise ValueError(
            f"images and labels must have the same length, got {len(images)} and {len(labels)}"
        )


def check_batches(batches: np.ndarray, examples: int) -> np.ndarray:
    """Return the row numbers as int32, or say what is wrong with them."""
    batches = np.asarray(batches)
    if not np.issubdtype(batches.dtype, np.integer):
        raise TypeError(f"batches must hold row numbers (ints), got {batches.dtype}")
    if batches.ndim != 2 or batches.size == 0:
        raise ValueError(f"batches must have shape (steps, batch), got {batches.shape}")
    if batches.min() < 0 or batches.max() >= examples:
        raise ValueError(
            f"batches must hold row numbers from 0 to {examples - 1}, "
            f"got {batches.min()} to {batches.max()}"
        )
    return batches.astype(np.int32)


def _check_int(name: str, value: int, minimum: int, maximum: float = np.inf) -> None:
    """Say what is wrong when ``value`` is not an int in its range."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an int, got {type(value).__name__} {value!r}")
    if not minimum <= value <= maximum:
        limit = f"{minimum} or more" if maximum == np.inf else f"from {minimum} to {maximum}"
        raise ValueError(f"{name} must be {limit}, got {value}")
