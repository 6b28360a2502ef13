"""Train a whole epoch of a GradientTape loop in one compiled call; save such a loop and resume it.

The images stay in memory as tensors. Each epoch gets a (steps, batch) array of shuffled row
numbers, gathers its batches by it, and runs all its steps inside one ``tf.function`` that XLA
compiles once. Between epochs you are back in Python: print, validate, save, stop.

Needs NumPy and Keras on TensorFlow. Works alone in an empty folder.
"""

import io
import os
import zipfile
from collections.abc import Callable
from functools import partial
from numbers import Integral
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras.metrics import sparse_categorical_accuracy


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
    check_deal(examples, batch_size, seed, epoch)
    order = np.random.default_rng([seed, epoch]).permutation(examples)
    steps = examples // batch_size
    return order[: steps * batch_size].reshape(steps, batch_size).astype(np.int32)


def make_train_step(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    scheduler: object | None = None,
    accuracy: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] = sparse_categorical_accuracy,
) -> Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor, tf.Tensor]]:
    """Make the function that trains one batch; the arguments are those of ``make_epoch``.

    In a ``tf.distribute`` scope the model's own losses are divided by the number of replicas, as in
    ``fit``: each replica adds its share. A Keras loss object divides itself.

    Returns:
        ``train_step(x, y)``, to be called as it is, or in ``tf.function``. It returns the loss and
        the accuracy of the batch before the update, and the learning rate that the update used.

    Raises:
        TypeError: ``optimizer`` is no Keras optimizer, or one with several rates.
        ValueError: the model is not built.
    """
    check_model(model, optimizer)
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    variables = model.trainable_variables
    if not optimizer.built:
        optimizer.build(variables)

    def train_step(x: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        if scheduler is not None:
            scheduler.update(optimizer, optimizer.iterations)
        rate = tf.identity(optimizer.learning_rate)
        with tf.GradientTape() as tape:
            predictions = model(x, training=True)
            penalties = [penalty / replicas for penalty in model.losses]
            batch_loss = tf.add_n([loss(y, predictions), *penalties])
            scaled_loss = optimizer.scale_loss(batch_loss)
        gradients = tape.gradient(scaled_loss, variables)
        optimizer.apply(gradients, variables)
        return batch_loss, tf.reduce_mean(accuracy(y, predictions)), rate

    return train_step


def make_epoch(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    images: np.ndarray,
    labels: np.ndarray,
    scheduler: object | None = None,
    jit_compile: bool = True,
    accuracy: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] = sparse_categorical_accuracy,
) -> Callable[[np.ndarray], dict]:
    """Make a function that trains one epoch, all of its steps compiled together.

    Example::

        run_epoch = make_epoch(model, optimizer, loss, images, labels, scheduler)
        for epoch in range(epochs):
            logs = run_epoch(shuffled_batches(len(images), 128, seed=0, epoch=epoch))
            print(f"epoch {epoch}: loss {logs['loss']:.3f}, rate {logs['learning_rate'][-1]:g}")

    What is Python is fixed when the first epoch is traced: a changed ``layer.trainable``, a
    ``momentum`` set as an attribute, or another schedule given to ``optimizer.learning_rate`` does
    nothing afterwards, though the object reports it. Make a new epoch then.

    Under mixed precision the loss is scaled as the optimizer asks. ``LossScaleOptimizer`` skips a
    batch whose gradients overflow: ``optimizer.iterations`` stays, a schedule waits, and the same
    rate stands twice in the record.

    Args:
        model: a built model with one input and one output. Everything in it must compile under XLA;
            otherwise pass ``jit_compile=False``.
        optimizer: any Keras optimizer but ``MultiOptimizer``, which has several rates; it is built
            here. Its ``iterations`` number the steps, so a restored optimizer goes on where it was.
        loss: ``loss(labels, predictions)`` gives the mean loss of a batch; a Keras loss object
            does. The model's own losses (regularizers) are added.
        images: shape (n, ...), in the form that the model takes.
        labels: shape (n,), class numbers; with another ``accuracy``, whatever that and ``loss``
            take.
        scheduler: its ``update(optimizer, step)`` is called before every step, with a tensor; such
            as ``LRScheduler``. None leaves the rate to the optimizer.
        jit_compile: whether XLA compiles the epoch. It is traced once either way.
        accuracy: ``accuracy(labels, predictions)`` gives one number for each example of a batch.
            The default is for class numbers and a column of predictions per class. For a single
            column (yes or no) pass ``keras.metrics.binary_accuracy`` where the model returns
            probabilities, or ``functools.partial(keras.metrics.binary_accuracy, threshold=0.0)``
            where it returns logits; for one-hot labels ``keras.metrics.categorical_accuracy``.

    Returns:
        ``run_epoch(batches)``: trains on ``batches``, an int array of row numbers of shape
        (steps, batch), and returns a dict: ``"loss"`` and ``"accuracy"``, the means over the epoch,
        measured on each batch before its update; and ``"learning_rate"``, float32 of shape
        (steps,), the rate that each step used. A new shape of ``batches`` is compiled again, not
        traced again. ``run_epoch.compiled`` is the ``tf.function`` inside.

    Raises:
        TypeError: ``model`` or ``optimizer`` is none that can be trained here; from ``run_epoch``
            if ``batches`` are no ints.
        ValueError: the model is not built or has several inputs or outputs; the numbers of images
            and labels differ; labels or predictions do not fit ``accuracy``; from ``run_epoch`` if
            ``batches`` has another shape, or a row number that does not exist (compiled code would
            use the last row instead, silently).
    """
    check_model(model, optimizer)
    check_data(model, images, labels, accuracy)
    images, labels = tf.constant(images), tf.constant(labels)
    train_step = make_train_step(model, optimizer, loss, scheduler, accuracy)

    def train_rows(_: tuple, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        return train_step(tf.gather(images, rows), tf.gather(labels, rows))

    # partial and not a nested def: of one def made into many epochs TensorFlow says "retracing".
    compiled = tf.function(
        partial(tf.scan, train_rows, initializer=(0.0, 0.0, 0.0)),
        input_signature=[tf.TensorSpec((None, None), tf.int32)],
        jit_compile=jit_compile,
    )

    def run_epoch(batches: np.ndarray) -> dict:
        losses, accuracies, rates = compiled(checked_batches("batches", batches, len(labels)))
        means = {"loss": np.mean(losses), "accuracy": np.mean(accuracies)}
        return {**means, "learning_rate": rates.numpy()}

    run_epoch.compiled = compiled
    return run_epoch


def loop_variables(
    model: keras.Model, optimizer: keras.optimizers.Optimizer
) -> dict[str, keras.Variable]:
    """Name everything that training changes: what a loop needs to go on is in these variables.

    From the model: weights, running statistics, the states of random layers such as Dropout. From
    the optimizer: step count, rate, moments, scheduled momentum, loss scale.
    """
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    parts = {"model": model.variables, "optimizer": optimizer.variables}
    return {
        f"{part}/{number}": variable
        for part, variables in parts.items()
        for number, variable in enumerate(variables)
    }


def save_loop(
    path: str | Path, model: keras.Model, optimizer: keras.optimizers.Optimizer, epoch: int
) -> None:
    """Write what a loop needs to go on into one file: whole, or not at all.

    The file is written beside ``path`` and then takes its name, so a program that is killed in
    between leaves the older file as it was. What a program makes again from its own text is not in
    it: data, schedule, seed, the architecture.

    Args:
        path: where to write, such as ``"loop.npz"``; the folder must be there. It is a NumPy file
            without pickles.
        model: a built model.
        optimizer: the optimizer that trains it.
        epoch: number of the epoch to go on with; an int, 0 or more.

    Raises:
        TypeError: ``epoch`` is not an int, or ``optimizer`` is no Keras optimizer.
        ValueError: ``epoch`` is below 0, or the model is not built.
        OSError: the file cannot be written.
    """
    check_model(model, optimizer)
    state = {name: value.numpy() for name, value in loop_variables(model, optimizer).items()}
    state["epoch"] = checked_steps("epoch", epoch, minimum=0)
    state["optimizer"] = type(optimizer).__name__
    part = Path(f"{path}.part")
    with part.open("wb") as file:
        np.savez(file, **state)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def resume_loop(path: str | Path, model: keras.Model, optimizer: keras.optimizers.Optimizer) -> int:
    """Put back what ``save_loop`` wrote, and return the number of the epoch to go on with.

    Everything is compared before anything is changed. It makes no difference whether ``make_epoch``
    was called before.

    Args:
        path: a file of ``save_loop``.
        model: built by the same code as the saved one.
        optimizer: made by the same code as the saved one.

    Returns:
        The ``epoch`` that was saved.

    Raises:
        FileNotFoundError: there is no such file.
        TypeError: ``optimizer`` is no Keras optimizer.
        ValueError: the file is cut off, damaged or another kind of file; it was saved from another
            model or optimizer; or the model is not built.
    """
    check_model(model, optimizer)
    variables = loop_variables(model, optimizer)
    check_saved(path, variables, optimizer)
    with np.load(path) as state:
        for name, variable in variables.items():
            variable.assign(state[name].view(variable.dtype))  # NumPy saves bfloat16 as raw bytes
        return int(state["epoch"])


def check_deal(examples: int, batch_size: int, seed: int, epoch: int) -> None:
    """Say what is wrong with an argument of ``shuffled_batches``."""
    checked_steps("examples", examples)
    if checked_steps("batch_size", batch_size) > examples:
        raise ValueError(
            f"batch_size must be at most examples ({examples}, an epoch trains full batches only), "
            f"got {batch_size}"
        )
    checked_steps("seed", seed, minimum=0)
    checked_steps("epoch", epoch, minimum=0)


def check_model(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
    """Say why a loop cannot train a model with an optimizer."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"model must be a Keras model, got {type(model).__name__}")
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(f"optimizer must be a Keras optimizer, got {type(optimizer).__name__}")
    if type(optimizer).__name__ == "MultiOptimizer":
        raise TypeError(
            "optimizer must have one rate, got MultiOptimizer, which has several: "
            "write that loop by hand, and record the rate of each of optimizer.optimizers"
        )
    if not model.built:
        raise ValueError(
            f"model {model.name!r} must be built, so that its weights are there: begin it with "
            "keras.Input(shape), or call it once on a batch"
        )


def check_data(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, accuracy: Callable
) -> None:
    """Say what is wrong with the data, or why they do not fit the model."""
    for name, tensors in (("input", model.inputs), ("output", model.outputs)):
        if len(tensors or ()) > 1:
            raise ValueError(
                f"model {model.name!r} must have one {name}, got {len(tensors)}: "
                "make_epoch gathers its batches from one array of images and one of labels"
            )
    if len(images) != len(labels):
        raise ValueError(
            f"images and labels must have the same length, got {len(images)} and {len(labels)}"
        )
    if accuracy is sparse_categorical_accuracy:
        check_labels(np.asarray(labels), predictions=model(images[:1], training=False))


def check_labels(labels: np.ndarray, predictions: tf.Tensor) -> None:
    """Say why the accuracy of class numbers would be wrong for these labels or predictions."""
    *others, columns = predictions.shape[1:] or (1,)
    if columns == 1:
        raise ValueError(
            f"the model must predict a column per class, got {columns} column: its accuracy would "
            "be wrong. For yes or no pass accuracy=keras.metrics.binary_accuracy, or a partial of "
            "it with threshold=0.0 if the model returns logits"
        )
    if list(labels.shape[1:]) not in (others, [*others, 1]):
        raise ValueError(
            f"labels must hold class numbers, shape (n,), got shape {labels.shape}. If they are "
            "one-hot, pass labels.argmax(axis=-1), or accuracy=keras.metrics.categorical_accuracy"
        )
    if labels.min() < 0 or labels.max() >= columns:
        raise ValueError(
            f"labels must be class numbers from 0 to {columns - 1}, as the model has {columns} "
            f"outputs; got {labels.min()} to {labels.max()}"
        )


def checked_batches(name: str, batches: np.ndarray, examples: int) -> np.ndarray:
    """Return the row numbers as int32, or say what is wrong with them."""
    batches = np.asarray(batches)
    if not np.issubdtype(batches.dtype, np.integer):
        raise TypeError(f"{name} must hold row numbers (ints), got {batches.dtype}")
    if batches.ndim != 2 or batches.size == 0:
        raise ValueError(f"{name} must have shape (steps, batch), got {batches.shape}")
    if batches.min() < 0 or batches.max() >= examples:
        raise ValueError(
            f"{name} must hold row numbers from 0 to {examples - 1}, "
            f"got {batches.min()} to {batches.max()}"
        )
    return batches.astype(np.int32)


def saved_arrays(path: str | Path) -> tuple[dict[str, tuple], str]:
    """Shape and type of each array in a file of ``save_loop``, and the kind of optimizer.

    Every byte of the file is read, and its checksums are compared.

    Raises:
        OSError: there is no such file, or it cannot be read. That says nothing about what is in it.
        ValueError: it is cut off, damaged or another kind of file.
    """
    content = Path(path).read_bytes()
    try:
        with np.load(io.BytesIO(content)) as state:
            if state.zip.testzip():
                raise zipfile.BadZipFile("a checksum is wrong")
            found = {key: (state[key].shape, state[key].dtype) for key in state.files}
            saved_by = str(state["optimizer"])
            int(state["epoch"])
        check_names(list(found))
    except Exception as error:  # what a changed byte makes of a file can raise anything
        raise ValueError(
            f"{Path(path).name} is cut off, damaged or no file of save_loop "
            f"({type(error).__name__}). "
            "save_loop writes a file whole or not at all: take another copy of it"
        ) from error
    return found, saved_by


def check_names(names: list[str]) -> None:
    """Say that these are not the names of ``save_loop``, without a gap."""
    wanted = {"epoch", "optimizer"}
    for part in ("model", "optimizer"):
        wanted |= {f"{part}/{n}" for n in range(sum(key.startswith(f"{part}/") for key in names))}
    if set(names) != wanted:
        raise KeyError(f"arrays are missing: {sorted(wanted - set(names))}")


def check_saved(
    path: str | Path, variables: dict[str, keras.Variable], optimizer: keras.optimizers.Optimizer
) -> None:
    """Say why a file cannot be put into these variables."""
    name = Path(path).name
    found, saved_by = saved_arrays(path)
    if saved_by != type(optimizer).__name__:
        raise ValueError(
            f"{name} was saved with the optimizer {saved_by}, got {type(optimizer).__name__}"
        )
    for part in ("model", "optimizer"):
        saved, wanted = (
            [key for key in keys if key.startswith(f"{part}/")] for keys in (found, variables)
        )
        if len(saved) != len(wanted):
            raise ValueError(
                f"{name} has {len(saved)} variables of the {part}, this {part} has {len(wanted)}: "
                "build both with the same code"
            )
    for key, variable in variables.items():
        shape, dtype = found[key]
        size = np.dtype(variable.dtype).itemsize
        if shape != variable.shape or dtype.itemsize != size:
            raise ValueError(
                f"{name} has {dtype} of shape {shape} for {variable.path!r}, "
                f"which is {variable.dtype} of shape {tuple(variable.shape)}"
            )


def checked_steps(name: str, value: int, minimum: int = 1) -> int:
    """Return ``value`` as an int, or say why it cannot be a number of steps, epochs or items."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an int, got {type(value).__name__} {value!r:.60}")
    if value < minimum:
        raise ValueError(f"{name} must be {minimum} or more, got {value}")
    return int(value)
