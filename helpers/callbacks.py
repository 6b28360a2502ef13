"""Callbacks: see what Keras calls, stop at the minimum, set the learning rate, record it.

Needs Keras alone, 3.5 or newer, on any of its backends (TensorFlow, JAX, PyTorch). Works alone in an
empty folder.

``LossAndErrorPrintingCallback``, ``EarlyStoppingAtMinLoss`` and ``CustomLearningRateScheduler`` are
the classes of the TensorFlow guide "Writing your own callbacks" (R. Chao, F. Chollet), made to work
on Keras 3 and mended; each docstring says how. ``EventRecorder`` stands for its ``CustomCallback``,
and ``schedule_from_table`` for its ``lr_schedule``. The others are new.
"""

import itertools
import json
import math
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import NamedTuple

import keras
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
        self.patience = checked_steps("patience", patience, minimum=0)

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.best = float("inf")
        self.best_epoch = None
        self.best_weights = None
        self.stopped_epoch = None
        self.wait = 0

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if logs["loss"] < self.best:
            self.best = logs["loss"]
            self.best_epoch = epoch
            self.best_weights = self.model.get_weights()
            self.wait = 0
        else:
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

    At the end of each epoch it writes ``learning_rate`` to ``logs``, and so to ``History``, as
    ``keras.callbacks.LearningRateScheduler`` does.

    Mended against the guide: Keras 3 names; the rate is checked before it reaches the optimizer;
    small rates are printed with their digits instead of as 0.0000.

    Args:
        schedule: ``schedule(epoch, rate) -> rate``; the epoch is counted from 0, the rate that goes
            in is the optimizer's current one.

    Raises:
        TypeError: ``schedule`` cannot be called (at once); it returned no number, or the optimizer
            has several rates or a schedule of its own (before the epoch trains).
        ValueError: ``schedule`` returned NaN, infinity or a negative rate (before the epoch
            trains).
    """

    def __init__(self, schedule: Callable[[int, float], float]) -> None:
        super().__init__()
        self.schedule = checked_function("schedule", schedule)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        optimizer = self.model.optimizer
        check_one_rate(optimizer)
        current = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
        rate = self.schedule(epoch, current)
        rate = checked_rate(f"schedule({epoch}, {current:g})", rate)
        optimizer.learning_rate = rate
        print(f"Epoch {epoch}: learning rate is {rate:g}.")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        logs["learning_rate"] = current_rate(self.model.optimizer)


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
    rows = [
        (
            checked_steps("table: an epoch", epoch, minimum=0),
            checked_rate(f"table: the rate from epoch {epoch}", rate),
        )
        for epoch, rate in table
    ]
    if not rows:
        raise ValueError("table must have at least one (epoch, rate) row, got none")
    epochs = [epoch for epoch, _ in rows]
    if any(later <= earlier for earlier, later in itertools.pairwise(epochs)):
        raise ValueError(f"table: epochs must increase, got {epochs}")

    def schedule(epoch: int, rate: float) -> float:
        reached = [table_rate for start, table_rate in rows if start <= epoch]
        return reached[-1] if reached else rate

    return schedule


class ReduceOnPlateauWithMemory(keras.callbacks.Callback):
    """Lower the learning rate when a loss no longer falls, also if the run is stopped in between.

    The rates of a run without a break are those of ``keras.callbacks.ReduceLROnPlateau`` with
    ``mode="min"`` and no cooldown. That one forgets, when a process ends, for how many epochs the
    loss has not fallen, and ``BackupAndRestore`` does not keep it either.

    This one writes what it remembers to a file at the end of each epoch, under the number of the
    epoch. A ``fit`` that begins with epoch ``n`` takes up what was remembered at the end of epoch
    ``n - 1``, whatever came later; the learning rate is part of it. A ``fit`` that begins with epoch
    0 starts anew. In the list of callbacks put it before ``BackupAndRestore``: then, wherever a
    crash falls, the memory has the epoch that the backup of the model goes on from.

    Keep the file beside the folder of the backup, in one folder of the run, not inside it: at the end
    ``BackupAndRestore`` deletes its folder. If the file is missing when ``fit`` begins with a later
    epoch, a UserWarning says so and the callback starts anew.

    Args:
        path: the JSON file of the memory, in a folder that exists. Use another one for each run.
        monitor: the key of ``logs`` to watch; lower is better.
        factor: the new rate is the old one times this, more than 0 and less than 1.
        patience: epochs without an improvement before the rate is lowered; 0 and 1 both lower it
            after the first.
        min_delta: an improvement is larger than this.

    Attributes:
        best: the lowest value of ``monitor`` so far.
        wait: for how many epochs it has not improved.

    Raises:
        TypeError: an argument is not a number, or ``path`` is not a path; the optimizer has several
            rates or a schedule of its own (before the first batch trains).
        ValueError: an argument is out of range, or the file does not hold the epoch before the one
            that ``fit`` begins with.
        KeyError: ``logs`` has no ``monitor``.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        min_delta: float = 1e-4,
    ) -> None:
        super().__init__()
        self.path = Path(path)
        self.monitor = monitor
        self.factor = checked_rate("factor", factor)
        check_between_0_and_1("factor", factor)
        self.patience = checked_steps("patience", patience, minimum=0)
        self.min_delta = checked_rate("min_delta", min_delta)

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.best = float("inf")
        self.wait = 0
        self.memory = None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if self.memory is None:
            self.recall(epoch)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        logs["learning_rate"] = current_rate(self.model.optimizer)
        if logs[self.monitor] < self.best - self.min_delta:
            self.best = logs[self.monitor]
            self.wait = 0
        else:
            self.wait += 1
            if self.wait >= self.patience:
                self.wait = 0
                self.model.optimizer.learning_rate = logs["learning_rate"] * self.factor
        self.remember(epoch)

    def remember(self, epoch: int) -> None:
        rate = current_rate(self.model.optimizer)
        self.memory[str(epoch)] = {"best": self.best, "wait": self.wait, "rate": rate}
        unfinished = self.path.with_name(self.path.name + ".part")
        unfinished.write_text(json.dumps(self.memory))
        unfinished.replace(self.path)

    def recall(self, epoch: int) -> None:
        check_rate_can_be_set(self.model.optimizer)
        self.memory = {}
        check_memory_exists(self.path, epoch)
        if epoch > 0 and self.path.exists():
            self.memory = json.loads(self.path.read_text())
            check_remembered(self.path, self.memory, epoch - 1)
            before = self.memory[str(epoch - 1)]
            self.best = before["best"]
            self.wait = before["wait"]
            self.model.optimizer.learning_rate = before["rate"]


class ReduceScheduleOnPlateau(keras.callbacks.Callback):
    """Lower the rates of a schedule when a loss no longer falls, and remember it after a restart.

    ``keras.callbacks.ReduceLROnPlateau`` sets the rate of the optimizer, which an optimizer with a
    schedule refuses, with a TypeError when the callback first wants to lower it. This one lowers the
    ``factor`` of the schedule instead, so the schedule goes on below it: warm-up, then plateau. The
    optimizer's schedule must be a ``Scaled`` (``helpers/schedules.py``), or another schedule with an
    attribute ``factor`` that can be set and is heard by compiled code::

        schedule = Scaled(WarmUp(0.1, 500))
        model.compile(keras.optimizers.SGD(schedule, momentum=0.9), loss)
        plateau = ReduceScheduleOnPlateau("plateau.json", factor=0.5, patience=2)

    It lowers the factor after those epochs in which Keras's callback lowers the rate. What it
    remembers, and the factor itself, which neither ``save_weights`` nor ``BackupAndRestore`` keeps,
    is written to a file at the end of each epoch, under the number of the epoch. A ``fit`` that
    begins with epoch ``n`` takes up what was remembered at the end of epoch ``n - 1``, whatever came
    later. A ``fit`` that begins with epoch 0 starts anew, with the factor that the schedule has.

    In the list of callbacks put it before ``BackupAndRestore``: then, wherever a crash falls, the
    memory has the epoch that the backup goes on from. In the other order a run that was killed
    between the two cannot go on (a ValueError). Keep the file beside the folder of the backup, in one
    folder of the run, not inside it: at the end ``BackupAndRestore`` deletes its folder. If the file
    is missing when ``fit`` begins with a later epoch, a UserWarning says so and the callback starts
    anew, with the factor that the schedule has.

    At the end of each epoch it writes ``learning_rate_factor`` to ``logs``, and so to ``History``: the
    factor that the epoch has used.

    Args:
        path: the JSON file of the memory, in a folder that exists. Use another one for each run.
        monitor: the key of ``logs`` to watch.
        factor: the new factor is the old one times this, more than 0 and less than 1.
        patience: epochs without an improvement before the factor is lowered; 0 and 1 both lower it
            after the first.
        mode: ``"min"`` if lower is better, as of a loss, ``"max"`` if higher is, as of an accuracy.
        min_delta: an improvement is larger than this.
        cooldown: epochs after a lowering that are not counted, as in Keras's callback; not a fall of
            the rate to 0.
        min_factor: the factor is not lowered below this.
        first_epoch: epochs before this one, such as those of a warm-up, are not counted as without
            improvement. The best of their values counts.

    Attributes:
        best: the best value so far; with ``mode="max"`` its negative.
        wait: how many counted epochs brought no improvement.
        rest: how many epochs of the cooldown are left.

    Raises:
        TypeError: an argument is not a number, or ``path`` is not a path; the optimizer has several
            rates, or no schedule with a factor (before the first batch trains).
        ValueError: an argument is out of range, or the file does not hold the epoch before the one
            that ``fit`` begins with.
        KeyError: ``logs`` has no ``monitor``.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        mode: str = "min",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_factor: float = 0.0,
        first_epoch: int = 0,
    ) -> None:
        super().__init__()
        check_mode(mode)
        self.path = Path(path)
        self.monitor = monitor
        self.factor = checked_rate("factor", factor)
        check_between_0_and_1("factor", factor)
        self.patience = checked_steps("patience", patience, minimum=0)
        self.sign = -1 if mode == "max" else 1
        self.min_delta = checked_rate("min_delta", min_delta)
        self.cooldown = checked_steps("cooldown", cooldown, minimum=0)
        self.min_factor = checked_rate("min_factor", min_factor)
        self.first_epoch = checked_steps("first_epoch", first_epoch, minimum=0)

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.best = float("inf")
        self.wait = 0
        self.rest = 0
        self.memory = None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if self.memory is None:
            self.recall(epoch)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        schedule = current_rate(self.model.optimizer)
        logs["learning_rate_factor"] = schedule.factor
        value = self.sign * logs[self.monitor]
        if self.rest > 0:
            self.rest -= 1
            self.wait = 0
        if value < self.best - self.min_delta:
            self.best = value
            self.wait = 0
        elif self.rest == 0 and epoch >= self.first_epoch:
            self.wait += 1
            if self.wait >= self.patience and schedule.factor > self.min_factor:
                schedule.factor = max(schedule.factor * self.factor, self.min_factor)
                self.wait = 0
                self.rest = self.cooldown
        self.remember(epoch)

    def remember(self, epoch: int) -> None:
        factor = current_rate(self.model.optimizer).factor
        state = {"best": self.best, "wait": self.wait, "rest": self.rest, "factor": factor}
        self.memory[str(epoch)] = state
        unfinished = self.path.with_name(self.path.name + ".part")
        unfinished.write_text(json.dumps(self.memory))
        unfinished.replace(self.path)

    def recall(self, epoch: int) -> None:
        schedule = current_rate(self.model.optimizer)
        check_has_factor(schedule)
        self.memory = {}
        check_memory_exists(self.path, epoch)
        if epoch > 0 and self.path.exists():
            self.memory = json.loads(self.path.read_text())
            check_remembered(self.path, self.memory, epoch - 1)
            before = self.memory[str(epoch - 1)]
            self.best = before["best"]
            self.wait = before["wait"]
            self.rest = before["rest"]
            schedule.factor = before["factor"]


class LearningRateLogger(keras.callbacks.Callback):
    """Record the learning rate that the optimizer used, from whatever source it came.

    Works for a float, a ``LearningRateSchedule``, a callback that sets the rate, and under a
    ``MirroredStrategy``. In the list of callbacks put it after callbacks that set the rate and
    before those that write ``logs`` (it adds ``learning_rate``): it reads a settable rate when the
    others have set it and before the batch uses it.

    With ``steps_per_execution=k`` Keras calls the batch hooks once per k batches. The record still
    has every step: nothing can set the rate inside such a group, so all its steps used the rate
    it began with; a schedule object is evaluated at each step count that the optimizer went
    through, as the optimizer does itself. (Keras 3.5 calls no hook at the end of a group that the
    data did not fill: there its steps are missing.)

    At the end of each epoch ``logs["learning_rate"]`` is set to the rate of the last step that was
    recorded, so ``History`` and callbacks further down the list have it too; as long as there is no
    record, ``logs`` are left alone.

    Only steps that changed the weights, or were accumulated, leave a record. Under mixed precision
    a batch whose gradients overflow is skipped: the optimizer does not count it, a schedule does not
    move on, and nothing is recorded. On data of unknown length, ``fit`` on TensorFlow (compiled, not
    by XLA) counts one step too many whenever the data ends; that step used no data, and is not
    recorded either, so ``steps`` has a gap there, as the schedule has.

    It records what the optimizer says. A schedule that is exchanged in a compiled model,
    ``model.optimizer.learning_rate = other``, is not used before
    ``model.compile(model.optimizer, loss)``: until then the training step goes on with the old one,
    and the record, which has the new one, is wrong.

    ``MultiOptimizer`` is refused: its parts have rates of their own.

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
        self.learning_rates = []
        self.steps = []
        self.epochs = []

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.epoch = epoch
        self.last_steps = range(0)

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self.step = steps_done(self.model.optimizer)
        self.rate = current_rate(self.model.optimizer)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        steps = range(self.step, steps_done(self.model.optimizer))
        if self.per == "step":
            self.record(steps, self.rate)
        elif steps:
            self.last_steps = steps[-1:]
            self.last_rate = self.rate

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if self.per == "epoch" and self.last_steps:
            self.record(self.last_steps, self.last_rate)
        if self.learning_rates and logs is not None:
            logs["learning_rate"] = self.learning_rates[-1]

    def record(self, steps: Iterable[int], source: float | LearningRateSchedule) -> None:
        for step in steps:
            rate = source(step) if callable(source) else source
            self.learning_rates.append(float(keras.ops.convert_to_numpy(rate)))
            self.steps.append(step)
            self.epochs.append(self.epoch)


def steps_done(optimizer: keras.Optimizer) -> int:
    """How many batches an optimizer has been given: the number it passes to its schedule.

    The public ``iterations`` is the same, except with gradient accumulation, where it counts
    updates. Works under a ``MirroredStrategy`` and for an optimizer wrapped by mixed precision.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    batches = getattr(inner, "_iterations", None)  # older Keras has `iterations` alone
    return int(keras.ops.convert_to_numpy(inner.iterations if batches is None else batches))


def current_rate(optimizer: keras.Optimizer) -> float | LearningRateSchedule:
    """An optimizer's learning rate: its schedule object if it has one, else its value now.

    Raises:
        TypeError: the optimizer has several rates (``MultiOptimizer``).
    """
    check_one_rate(optimizer)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    if isinstance(inner._learning_rate, LearningRateSchedule):
        return inner._learning_rate
    return float(keras.ops.convert_to_numpy(inner.learning_rate))


def check_one_rate(optimizer: keras.Optimizer) -> None:
    """Raise if an optimizer has several learning rates (``MultiOptimizer``)."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    if hasattr(inner, "optimizers"):
        raise TypeError(f"optimizer must have one learning rate, got {type(inner).__name__}")


def check_rate_can_be_set(optimizer: keras.Optimizer) -> None:
    """Raise if an optimizer takes its learning rate from a schedule object, or has several."""
    rate = current_rate(optimizer)
    if isinstance(rate, LearningRateSchedule):
        raise TypeError(
            "optimizer must have a number as its learning rate, so that it can be set, "
            f"got {type(rate).__name__}"
        )


def check_has_factor(schedule: float | LearningRateSchedule) -> None:
    """Raise unless a schedule has a factor that can be changed, as ``Scaled`` has."""
    if not (isinstance(schedule, LearningRateSchedule) and hasattr(schedule, "factor")):
        raise TypeError(
            "optimizer must have a schedule with a factor, such as Scaled(schedule), "
            f"got {type(schedule).__name__}"
        )


def check_mode(mode: str) -> None:
    """Raise unless ``mode`` is ``"min"`` or ``"max"``."""
    if mode not in ("min", "max"):
        raise ValueError(f"mode must be 'min' or 'max', got {mode!r}")


def check_memory_exists(path: Path, epoch: int) -> None:
    """Warn if ``fit`` begins with a later epoch and there is no file of a memory."""
    if epoch > 0 and not path.exists():
        warnings.warn(
            f"{path} does not exist, although fit begins with epoch {epoch}: what the callback "
            "remembered before is lost, and it starts anew",
            stacklevel=2,
        )


def check_remembered(path: Path, memory: dict, epoch: int) -> None:
    """Raise unless a memory holds an epoch."""
    if str(epoch) not in memory:
        epochs = sorted(int(number) for number in memory)
        raise ValueError(f"{path} must hold epoch {epoch}, it holds {epochs[0]} to {epochs[-1]}")


def check_between_0_and_1(name: str, value: float) -> None:
    """Raise unless ``value`` is more than 0 and less than 1."""
    if not 0 < value < 1:
        raise ValueError(f"{name} must be more than 0 and less than 1, got {value}")


def checked_function(name: str, value: Callable) -> Callable:
    """Return ``value``, or say that it cannot be called."""
    if not callable(value):
        raise TypeError(f"{name} must be a function (epoch, rate) -> rate, got {value!r}")
    return value


def checked_rate(name: str, value: float, minimum: float = 0.0) -> float:
    """Return ``value`` as a float, or say why it cannot be a rate (or a factor)."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {type(value).__name__} {value!r:.60}")
    if not math.isfinite(value) or value < minimum:
        raise ValueError(f"{name} must be a finite number, {minimum:g} or more, got {value}")
    return float(value)


def checked_steps(name: str, value: int, minimum: int = 1) -> int:
    """Return ``value`` as an int, or say why it cannot be a number of steps, epochs or items."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an int, got {type(value).__name__} {value!r:.60}")
    if value < minimum:
        raise ValueError(f"{name} must be {minimum} or more, got {value}")
    return int(value)
