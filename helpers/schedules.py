"""Learning-rate schedules that Keras lacks: pure functions of the step, serializable, composable.

Every schedule here can be handed to a Keras optimizer, called in ``tf.function`` or under XLA, and
plotted from an array of steps. It holds no state, so asking it changes nothing. A step is the
number of updates made so far: the first batch trains at step 0. Past its end a schedule keeps its
last rate, and no rate is ever negative.

Inside, steps are float64: float32 holds whole numbers only up to 2**24, about 16.8 million, and
skips single steps beyond. The rate comes back as float32, like that of Keras's own schedules.

Needs NumPy and Keras on TensorFlow. Works alone in an empty folder.
"""

import math
from collections.abc import Callable
from collections.abc import Sequence as SequenceOf
from numbers import Integral, Real

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from keras.optimizers.schedules import LearningRateSchedule


@keras.saving.register_keras_serializable(package="learning_rate_lessons")
class LinearDecay(LearningRateSchedule):
    """A straight line from one rate to another, constant afterwards.

    With ``end_learning_rate`` above ``initial_learning_rate`` the line rises. Equals
    ``optax.linear_schedule`` and, for a falling line, ``keras.optimizers.schedules.PolynomialDecay``
    of power 1 (whose end rate is 1e-4 unless you say otherwise).

    Args:
        initial_learning_rate: rate at step 0; a finite number, 0 or more.
        decay_steps: step at which the line ends; an int, 1 or more.
        end_learning_rate: rate from step ``decay_steps`` on; a finite number, 0 or more.

    Raises:
        TypeError: a rate is not a number, or ``decay_steps`` is not an int.
        ValueError: a rate is negative, infinite or NaN, or ``decay_steps`` is below 1.
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, end_learning_rate: float = 0.0
    ) -> None:
        self.initial_learning_rate = checked_rate("initial_learning_rate", initial_learning_rate)
        self.decay_steps = checked_steps("decay_steps", decay_steps)
        self.end_learning_rate = checked_rate("end_learning_rate", end_learning_rate)

    def __call__(self, step: int | np.ndarray | tf.Tensor) -> tf.Tensor:
        """Return the rate at ``step``: float32, of the same shape as ``step``."""
        step = ops.cast(step, "float64")
        progress = ops.clip(step / self.decay_steps, 0.0, 1.0)
        rate = blend(self.initial_learning_rate, self.end_learning_rate, progress)
        return ops.cast(rate, "float32")

    def get_config(self) -> dict:
        """Return the arguments that build this schedule again."""
        return dict(vars(self))  # every attribute is an argument


@keras.saving.register_keras_serializable(package="learning_rate_lessons")
class WarmUp(LearningRateSchedule):
    """Climb to the first rate of a schedule, then follow that schedule from its own step 0.

    The warm-up comes before the schedule and does not count in its steps, as in
    ``keras.optimizers.schedules.CosineDecay(warmup_steps=...)``: the whole run takes
    ``warmup_steps`` plus the schedule's own steps. Step ``s`` of the warm-up uses the fraction
    ``(s + 1) / warmup_steps`` of the schedule's first rate, so the first update is not wasted on a
    rate of zero and the last one has reached the full rate. From step ``warmup_steps`` on,
    ``WarmUp(schedule, n)(step)`` equals ``schedule(step - n)``.

    Args:
        schedule: any Keras schedule, or a number for a constant rate after the warm-up.
        warmup_steps: length of the warm-up; an int, 1 or more.
        shape: ``"linear"``, or ``"cosine"`` for a climb that starts and ends gently.

    Raises:
        TypeError: ``schedule`` is neither a schedule nor a number, or ``warmup_steps`` no int.
        ValueError: ``warmup_steps`` is below 1, ``shape`` is unknown, or the rate is bad.
    """

    def __init__(
        self, schedule: LearningRateSchedule | float, warmup_steps: int, shape: str = "linear"
    ) -> None:
        self.schedule = checked_schedule("schedule", schedule)
        self.warmup_steps = checked_steps("warmup_steps", warmup_steps)
        self.shape = checked_choice("shape", shape, ("linear", "cosine"))

    def __call__(self, step: int | np.ndarray | tf.Tensor) -> tf.Tensor:
        """Return the rate at ``step``: float32, of the same shape as ``step``."""
        step = ops.cast(step, "int64")
        climbed = ramp_up(step, self.warmup_steps)
        if self.shape == "cosine":
            climbed = half_cosine(climbed)
        after_warmup = ops.maximum(step - self.warmup_steps, 0)
        return ops.cast(climbed * rate_at(self.schedule, after_warmup), "float32")

    def get_config(self) -> dict:
        """Return the arguments that build this schedule again."""
        return {**vars(self), "schedule": keras.saving.serialize_keras_object(self.schedule)}

    @classmethod
    def from_config(cls, config: dict) -> "WarmUp":
        """Build the schedule from ``get_config``, the schedule inside it first."""
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(**{**config, "schedule": schedule})


@keras.saving.register_keras_serializable(package="learning_rate_lessons")
class OneCycle(LearningRateSchedule):
    """One rise and one fall, each half a cosine wave: the one-cycle policy as fastai changed it.

    The policy of Smith & Topin (2017, arXiv 1708.07120) has two linear parts of equal length and a
    short tail. This variant, in two parts, is that of fastai, PyTorch and optax, with the default
    values of the last two.

    Starts at ``max_learning_rate / div_factor``, peaks at step ``int(pct_start * total_steps)`` and
    reaches the starting rate divided by ``final_div_factor`` at step ``total_steps``. Equals
    ``optax.cosine_onecycle_schedule`` at every step. ``torch.optim.lr_scheduler.OneCycleLR`` ends
    each phase one step earlier: its peak is at ``pct_start * total_steps - 1`` and its end at
    ``total_steps - 1``.

    Args:
        max_learning_rate: the peak; a finite number, 0 or more.
        total_steps: length of the cycle; an int, 1 or more.
        pct_start: share of the steps spent rising, between 0 and 1; at least one whole step.
        div_factor: peak divided by the first rate; a finite number, 1 or more.
        final_div_factor: first rate divided by the last rate; a finite number, 1 or more.

    Raises:
        TypeError: ``total_steps`` is not an int, or another argument is not a number.
        ValueError: an argument is out of its range, NaN or infinite, or the rise is shorter than
            one step.
    """

    def __init__(
        self,
        max_learning_rate: float,
        total_steps: int,
        pct_start: float = 0.3,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
    ) -> None:
        self.max_learning_rate = checked_rate("max_learning_rate", max_learning_rate)
        self.total_steps = checked_steps("total_steps", total_steps)
        self.pct_start = checked_pct_start(pct_start, self.total_steps)
        self.div_factor = checked_rate("div_factor", div_factor, minimum=1.0)
        self.final_div_factor = checked_rate("final_div_factor", final_div_factor, minimum=1.0)

    def __call__(self, step: int | np.ndarray | tf.Tensor) -> tf.Tensor:
        """Return the rate at ``step``: float32, of the same shape as ``step``."""
        step = ops.cast(step, "float64")
        top = int(self.pct_start * self.total_steps)
        peak, first = self.max_learning_rate, self.max_learning_rate / self.div_factor
        rise = blend(first, peak, half_cosine(step / top))
        fallen = half_cosine((step - top) / (self.total_steps - top))
        fall = blend(peak, first / self.final_div_factor, fallen)
        return ops.cast(ops.where(step < top, rise, fall), "float32")

    def get_config(self) -> dict:
        """Return the arguments that build this schedule again."""
        return dict(vars(self))  # every attribute is an argument


@keras.saving.register_keras_serializable(package="learning_rate_lessons")
class WarmupStableDecay(LearningRateSchedule):
    """Warm up, stay at the peak, cool down to zero (Haegele et al. 2024, arXiv 2405.18392).

    The linear warm-up is that of ``WarmUp``; the rate stays at the peak until step
    ``total_steps - decay_steps`` and is zero from step ``total_steps`` on. With ``p`` the share of
    the cooldown that is done, the peak is multiplied by ``1 - sqrt(p)``, by ``1 - p`` or by
    ``(1 + cos(pi * p)) / 2``.

    Args:
        peak_learning_rate: a finite number, 0 or more.
        total_steps: length of the whole run; an int, 1 or more.
        warmup_steps: length of the warm-up; an int, 0 (none) or more.
        decay_steps: length of the cooldown; an int, 1 or more.
        decay_shape: ``"1-sqrt"``, ``"linear"`` or ``"cosine"``.

    Raises:
        TypeError: the rate is not a number, or a number of steps is not an int.
        ValueError: an argument is out of its range, ``decay_shape`` is unknown, or warm-up and
            cooldown together are longer than the run.
    """

    def __init__(
        self,
        peak_learning_rate: float,
        total_steps: int,
        warmup_steps: int,
        decay_steps: int,
        decay_shape: str = "1-sqrt",
    ) -> None:
        self.peak_learning_rate = checked_rate("peak_learning_rate", peak_learning_rate)
        self.total_steps = checked_steps("total_steps", total_steps)
        self.warmup_steps = checked_steps("warmup_steps", warmup_steps, minimum=0)
        self.decay_steps = checked_steps("decay_steps", decay_steps)
        self.decay_shape = checked_choice(
            "decay_shape", decay_shape, ("1-sqrt", "linear", "cosine")
        )
        if self.warmup_steps + self.decay_steps > self.total_steps:
            raise ValueError(
                f"warmup_steps + decay_steps must be at most total_steps ({self.total_steps}), "
                f"got {self.warmup_steps} + {self.decay_steps}"
            )

    def __call__(self, step: int | np.ndarray | tf.Tensor) -> tf.Tensor:
        """Return the rate at ``step``: float32, of the same shape as ``step``."""
        step = ops.cast(step, "float64")
        cooldown_start = self.total_steps - self.decay_steps
        cooled = ops.clip((step - cooldown_start) / self.decay_steps, 0.0, 1.0)
        if self.decay_shape == "1-sqrt":
            cooled = ops.sqrt(cooled)
        elif self.decay_shape == "cosine":
            cooled = half_cosine(cooled)
        climbed = ramp_up(step, self.warmup_steps)
        return ops.cast(self.peak_learning_rate * climbed * (1.0 - cooled), "float32")

    def get_config(self) -> dict:
        """Return the arguments that build this schedule again."""
        return dict(vars(self))  # every attribute is an argument


@keras.saving.register_keras_serializable(package="learning_rate_lessons")
class Sequence(LearningRateSchedule):
    """Play schedules one after the other, each from its own step 0.

    Schedule ``i`` takes over exactly at step ``boundaries[i - 1]``, as in
    ``optax.join_schedules``. (Keras's ``PiecewiseConstantDecay`` switches one step after its
    boundary.)

    Args:
        schedules: at least one Keras schedule, or number for a constant piece.
        boundaries: the step at which each schedule but the first begins; strictly increasing ints,
            1 or more, one fewer than ``schedules``.

    Raises:
        TypeError: an item is neither a schedule nor a number, or a boundary is not an int.
        ValueError: a wrong number of boundaries, or they do not increase.
    """

    def __init__(
        self, schedules: SequenceOf[LearningRateSchedule | float], boundaries: SequenceOf[int]
    ) -> None:
        self.schedules = checked_list("schedules", schedules, checked_schedule)
        self.boundaries = checked_list("boundaries", boundaries, checked_steps)
        if not self.schedules or len(self.boundaries) != len(self.schedules) - 1:
            raise ValueError(
                "boundaries must be one fewer than schedules (at least 1), got "
                f"{len(self.boundaries)} boundaries for {len(self.schedules)} schedules"
            )
        if sorted(set(self.boundaries)) != self.boundaries:
            raise ValueError(f"boundaries must increase strictly, got {self.boundaries}")

    def __call__(self, step: int | np.ndarray | tf.Tensor) -> tf.Tensor:
        """Return the rate at ``step``: float32, of the same shape as ``step``."""
        step = ops.cast(step, "int64")
        rate = rate_at(self.schedules[0], step)
        for schedule, start in zip(self.schedules[1:], self.boundaries, strict=True):
            own_step = ops.maximum(step - start, 0)
            rate = ops.where(step < start, rate, rate_at(schedule, own_step))
        return ops.cast(rate, "float32")

    def get_config(self) -> dict:
        """Return the arguments that build this schedule again."""
        schedules = [keras.saving.serialize_keras_object(s) for s in self.schedules]
        return {**vars(self), "schedules": schedules}

    @classmethod
    def from_config(cls, config: dict) -> "Sequence":
        """Build the schedule from ``get_config``, the schedules inside it first."""
        schedules = [keras.saving.deserialize_keras_object(s) for s in config["schedules"]]
        return cls(**{**config, "schedules": schedules})


def preview(schedule: LearningRateSchedule, steps: int | np.ndarray) -> np.ndarray:
    """Ask any schedule for its rates the way training does: compiled, one int64 tensor at a time.

    The schedules of this file, and most of Keras's, can also be called with the whole array of
    steps. ``CosineDecay`` with a warm-up cannot, nor can schedules that somebody else wrote; this
    works for all of them.

    Args:
        schedule: any Keras schedule.
        steps: an array of steps, shape (n,), or a number n for the steps 0 to n - 1.

    Returns:
        float32 rates, shape (n,).

    Raises:
        TypeError: ``schedule`` is not a Keras schedule.
        ValueError: ``steps`` is a number below 1.
    """
    if not isinstance(schedule, LearningRateSchedule):
        raise TypeError(f"schedule must be a LearningRateSchedule, got {_describe(schedule)}")
    if np.ndim(steps) == 0:
        steps = np.arange(checked_steps("steps", steps))

    ask = tf.autograph.experimental.do_not_convert(lambda step: ops.cast(schedule(step), "float32"))
    rates = tf.data.Dataset.from_tensor_slices(np.asarray(steps, "int64")).map(ask)
    return next(iter(rates.batch(len(steps)))).numpy()


def blend(start: float, end: float, weight: tf.Tensor) -> tf.Tensor:
    """Mix two rates: ``start`` exactly at weight 0, ``end`` exactly at weight 1."""
    return start * (1.0 - weight) + end * weight


def half_cosine(progress: tf.Tensor) -> tf.Tensor:
    """Rise from 0 to 1 along half a cosine wave, flat at both ends."""
    return (1.0 - ops.cos(math.pi * ops.clip(progress, 0.0, 1.0))) / 2.0


def ramp_up(step: tf.Tensor, steps: int) -> tf.Tensor:
    """Rise from 1 / steps at step 0 to 1 at step ``steps - 1``; always 1 when there are no steps."""
    return ops.clip((ops.cast(step, "float64") + 1.0) / max(steps, 1), 0.0, 1.0)


def rate_at(schedule: LearningRateSchedule | float, step: tf.Tensor) -> tf.Tensor:
    """Return the float64 rate of a schedule, or of a constant, in the shape of ``step``."""
    rate = schedule(step) if isinstance(schedule, LearningRateSchedule) else schedule
    return ops.cast(rate, "float64") * ops.ones_like(step, dtype="float64")


def checked_rate(name: str, value: float, minimum: float = 0.0) -> float:
    """Return ``value`` as a float, or say why it cannot be a rate (or a factor)."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {_describe(value)}")
    if not math.isfinite(value) or value < minimum:
        raise ValueError(f"{name} must be a finite number, {minimum:g} or more, got {value}")
    return float(value)


def checked_steps(name: str, value: int, minimum: int = 1) -> int:
    """Return ``value`` as an int, or say why it cannot be a number of steps."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an int, got {_describe(value)}")
    if value < minimum:
        raise ValueError(f"{name} must be {minimum} or more, got {value}")
    return int(value)


def checked_pct_start(value: float, total_steps: int) -> float:
    """Return ``value`` as a float, or say why it cannot be the share of steps spent rising."""
    share = checked_rate("pct_start", value)
    if not 0.0 < share < 1.0:
        raise ValueError(f"pct_start must be between 0 and 1, both excluded, got {value}")
    if not 1 <= int(share * total_steps) < total_steps:
        raise ValueError(
            f"pct_start * total_steps must leave at least one whole step on each side of the peak, "
            f"got {value} * {total_steps}"
        )
    return share


def checked_choice(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """Return ``value``, or say what is allowed instead."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return value


def checked_schedule(
    name: str, value: LearningRateSchedule | float
) -> LearningRateSchedule | float:
    """Return a schedule as it is and a number as a float, or say what is wrong with ``value``."""
    if isinstance(value, LearningRateSchedule):
        return value
    if isinstance(value, Real) and not isinstance(value, bool):
        return checked_rate(name, value)
    hint = ""
    if isinstance(value, dict):
        hint = ". A dict is a config: build it with keras.saving.deserialize_keras_object first"
    raise TypeError(
        f"{name} must be a LearningRateSchedule or a number, got {_describe(value)}{hint}"
    )


def checked_list(name: str, values: SequenceOf, checked: Callable) -> list:
    """Return ``values`` as a list of checked items, or say which one is wrong."""
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"{name} must be a list or tuple, got {_describe(values)}")
    return [checked(f"{name}[{index}]", value) for index, value in enumerate(values)]


def _describe(value: object) -> str:
    """Name the type of a value, and show the value when it is short."""
    text = repr(value)
    return type(value).__name__ + (f" {text}" if len(text) <= 60 else "")
