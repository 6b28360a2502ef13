"""Callbacks: see what Keras calls, stop at the minimum, set the learning rate, record it.

Needs NumPy and Keras. The first four classes are those of the TensorFlow guide "Writing your own
callbacks" (R. Chao, F. Chollet), made to work on Keras 3 and mended; each docstring says how.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras.optimizers.schedules import LearningRateSchedule


class Event(NamedTuple):
    """One call of a hook.

    Attributes:
        hook: its name, for example ``"on_epoch_begin"``.
        index: the epoch or batch that Keras passed; None for the hooks that get no number.
        keys: the keys of ``logs``, in order.
        depth: how many begun things this one is inside of; 0 for fit, evaluate and predict.
    """

    hook: str
    index: int | None
    keys: tuple[str, ...]
    depth: int

    def __str__(self) -> str:
        number = "" if self.index is None else f" {self.index}"
        keys = ", ".join(self.keys)
        return f"{'    ' * self.depth}{self.hook}{number}" + (f"  [{keys}]" if keys else "")


class EventRecorder(keras.callbacks.Callback):
    """Write down every hook that Keras calls, in order: all fourteen of them.

    Attributes:
        events: list of ``Event``. It goes on growing from fit to evaluate to predict.
    """

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []
        self._depth = 0

    def _record(self, hook: str, index: int | None, logs: dict | None) -> None:
        if hook.endswith("_end"):
            self._depth -= 1
        self.events.append(Event(hook, index, tuple(logs or ()), self._depth))
        if hook.endswith("_begin"):
            self._depth += 1

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._depth = 0  # a run that was interrupted never reached its end
        self._record("on_train_begin", None, logs)

    def on_train_end(self, logs: dict | None = None) -> None:
        self._record("on_train_end", None, logs)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._record("on_epoch_begin", epoch, logs)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._record("on_epoch_end", epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self._record("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._record("on_train_batch_end", batch, logs)

    def on_test_begin(self, logs: dict | None = None) -> None:
        self._record("on_test_begin", None, logs)

    def on_test_end(self, logs: dict | None = None) -> None:
        self._record("on_test_end", None, logs)

    def on_test_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self._record("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._record("on_test_batch_end", batch, logs)

    def on_predict_begin(self, logs: dict | None = None) -> None:
        self._record("on_predict_begin", None, logs)

    def on_predict_end(self, logs: dict | None = None) -> None:
        self._record("on_predict_end", None, logs)

    def on_predict_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self._record("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._record("on_predict_batch_end", batch, logs)


class LossAndErrorPrintingCallback(keras.callbacks.Callback):
    """Print the mean loss so far after each batch, and loss and error rate after each epoch.

    The guide prints the mean absolute error of a regression; for a classifier the error is the
    share of wrong answers, 1 - accuracy. It is printed when the model is compiled with
    ``metrics=["accuracy"]``.
    """

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        print(f"Up to batch {batch}, the average loss is {logs['loss']:.2f}.")

    on_test_batch_end = on_train_batch_end

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        line = f"The average loss for epoch {epoch} is {logs['loss']:.2f}"
        if "accuracy" in logs:
            line += f" and the error rate is {1 - logs['accuracy']:.2f}"
        print(line + ".")


class EarlyStoppingAtMinLoss(keras.callbacks.Callback):
    """Stop when the training loss no longer falls, and go back to the best weights.

    Mended against the guide: the best weights come back also when training simply runs out of
    epochs; a loss that is NaN from the start stops training instead of failing on missing weights;
    a stop in epoch 0 is reported; nothing is carried over from an earlier ``fit``.

    Args:
        patience: how many epochs without a new minimum to accept before stopping. As in
            ``keras.callbacks.EarlyStopping``, 0 and 1 both stop at the first such epoch.

    Attributes:
        best: the lowest training loss so far.
        best_epoch: its epoch, counted from 0; None before there is one.
        best_weights: the weights at the end of that epoch; None before there are any.
        stopped_epoch: the epoch that stopped training; None if nothing stopped it.

    Raises:
        TypeError: ``patience`` is not an int.
        ValueError: ``patience`` is negative.
    """

    def __init__(self, patience: int = 0) -> None:
        super().__init__()
        check_patience(patience)
        self.patience = patience

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.best, self.wait = float("inf"), 0
        self.best_epoch = self.best_weights = self.stopped_epoch = None

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if logs["loss"] < self.best:
            self.best, self.best_epoch, self.wait = logs["loss"], epoch, 0
            self.best_weights = self.model.get_weights()
            return
        self.wait += 1
        if self.wait >= self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: dict | None = None) -> None:
        if self.stopped_epoch is not None:
            print(f"Stopped after epoch {self.stopped_epoch}.")
        if self.best_weights is not None:
            print(f"Restoring the weights from the end of epoch {self.best_epoch}.")
            self.model.set_weights(self.best_weights)


class CustomLearningRateScheduler(keras.callbacks.Callback):
    """Set the learning rate at the start of each epoch to what a function says.

    Mended against the guide: Keras 3 names; the rate is checked before it reaches the optimizer;
    small rates are printed with their digits instead of as 0.0000.

    Args:
        schedule: ``schedule(epoch, rate) -> rate``; the epoch is counted from 0, the rate that goes
            in is the optimizer's current one.

    Raises:
        TypeError: ``schedule`` cannot be called (at once), or returned no number (before the epoch
            trains).
        ValueError: ``schedule`` returned NaN, infinity or a negative rate (before the epoch
            trains).
    """

    def __init__(self, schedule: Callable[[int, float], float]) -> None:
        super().__init__()
        if not callable(schedule):
            raise TypeError(f"schedule must be a function (epoch, rate) -> rate, got {schedule!r}")
        self.schedule = schedule

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        optimizer = self.model.optimizer
        current = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
        rate = self.schedule(epoch, current)
        check_rate(f"schedule({epoch}, {current:g})", rate)
        optimizer.learning_rate = rate
        print(f"Epoch {epoch}: learning rate is {rate:g}.")


def schedule_from_table(table: Sequence[tuple[int, float]]) -> Callable[[int, float], float]:
    """Turn a table of (first epoch, rate) rows into a schedule for ``CustomLearningRateScheduler``.

    Each rate holds from its epoch until the next row, the last one for ever. Before the first row
    the optimizer keeps its rate. From the first row on, the result depends on the epoch alone, so
    a resumed run goes on with the right rate; the guide's ``lr_schedule`` only acts in the very
    epochs of the table.

    Args:
        table: rows with increasing epochs, counted from 0, and rates of 0 or more.

    Raises:
        TypeError: an epoch is not an int or a rate is not a number.
        ValueError: no rows, epochs that do not increase, or a rate that is NaN, infinite or
            negative.
    """
    rows = [(epoch, rate) for epoch, rate in table]
    if not rows:
        raise ValueError("table must have at least one (epoch, rate) row, got none")
    for epoch, rate in rows:
        if isinstance(epoch, bool) or not isinstance(epoch, (int, np.integer)):
            raise TypeError(f"table: an epoch must be an int, got {epoch!r}")
        check_rate(f"table: the rate from epoch {epoch}", rate)
    epochs = [epoch for epoch, _ in rows]
    if epochs[0] < 0 or any(later <= earlier for earlier, later in itertools.pairwise(epochs)):
        raise ValueError(f"table: epochs must be 0 or more and increase, got {epochs}")

    def schedule(epoch: int, rate: float) -> float:
        reached = [table_rate for start, table_rate in rows if start <= epoch]
        return reached[-1] if reached else rate

    return schedule


class LearningRateLogger(keras.callbacks.Callback):
    """Record the learning rate that the optimizer used, from whatever source it came.

    Works for a float, a ``LearningRateSchedule``, a callback that sets the rate, and under a
    ``MirroredStrategy``. In the list of callbacks put it after callbacks that set the rate and
    before those that write ``logs`` (it adds ``learning_rate``): it reads a settable rate when the
    others have set it and before the batch uses it.

    With ``steps_per_execution=k`` Keras calls the batch hooks once per k batches. The record still
    has every step: nothing can set the rate inside such a group, so all its steps used the rate
    it began with; a schedule object is evaluated at each step count that the optimizer went
    through, as the optimizer does itself.

    At the end of each epoch ``logs["learning_rate"]`` is set to the rate of the epoch's last step,
    so ``History`` and callbacks further down the list have it too.

    Args:
        per: ``"step"`` records every step, ``"epoch"`` the last step of every epoch.

    Attributes:
        learning_rates: list of floats.
        steps: for each rate, the optimizer's step that used it, counted from 0 (batches, also with
            gradient accumulation). It goes on counting in a second ``fit``.
        epochs: for each rate, its epoch, counted from 0.
        All three start empty at each ``fit``.

    Raises:
        ValueError: ``per`` is neither ``"step"`` nor ``"epoch"``.
        TypeError: the optimizer has several rates (before the first batch trains).
    """

    def __init__(self, per: str = "step") -> None:
        super().__init__()
        if per not in ("step", "epoch"):
            raise ValueError(f"per must be 'step' or 'epoch', got {per!r}")
        self.per = per

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.learning_rates, self.steps, self.epochs = [], [], []

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self.step, self.rate = steps_done(self.model.optimizer), current_rate(self.model.optimizer)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if self.per == "step":
            self.record(range(self.step, steps_done(self.model.optimizer)))

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if self.per == "epoch":
            self.record([steps_done(self.model.optimizer) - 1])
        logs["learning_rate"] = self.learning_rates[-1]

    def record(self, steps: Iterable[int]) -> None:
        for step in steps:
            rate = self.rate(step) if callable(self.rate) else self.rate
            self.learning_rates.append(float(rate))
            self.steps.append(step)
            self.epochs.append(self.epoch)


def steps_done(optimizer: keras.Optimizer) -> int:
    """How many batches an optimizer has been given: the number it passes to its schedule.

    The public ``iterations`` is the same, except with gradient accumulation, where it counts
    updates. Works under a ``MirroredStrategy`` and for an optimizer wrapped by mixed precision.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return int(keras.ops.convert_to_numpy(inner._iterations))


def current_rate(optimizer: keras.Optimizer) -> float | LearningRateSchedule:
    """An optimizer's learning rate: its schedule object if it has one, else its value now.

    Raises:
        TypeError: the optimizer has several rates (``MultiOptimizer``).
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    if hasattr(inner, "optimizers"):
        raise TypeError(f"optimizer must have one learning rate, got {type(inner).__name__}")
    if isinstance(inner._learning_rate, LearningRateSchedule):
        return inner._learning_rate
    return float(keras.ops.convert_to_numpy(inner.learning_rate))


def check_patience(patience: int) -> None:
    """Raise unless ``patience`` is a whole number of epochs, 0 or more."""
    if isinstance(patience, bool) or not isinstance(patience, (int, np.integer)):
        raise TypeError(f"patience must be an int of 0 or more, got {patience!r}")
    if patience < 0:
        raise ValueError(f"patience must be 0 or more epochs, got {patience}")


def check_rate(name: str, rate: float) -> None:
    """Raise unless ``rate`` is a finite number of 0 or more; the message begins with ``name``."""
    if isinstance(rate, bool) or not isinstance(rate, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {type(rate).__name__} {rate!r}")
    if not 0 <= rate < float("inf"):
        raise ValueError(f"{name} must be a finite learning rate of 0 or more, got {rate}")
