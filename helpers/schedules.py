"""Learning-rate schedules that Keras lacks: pure functions of the step, serializable, composable.

Every schedule here can be handed to a Keras optimizer on any backend (TensorFlow, JAX, PyTorch),
called in ``tf.function`` or under XLA, and plotted from an array of steps. Asking it changes
nothing: it has no memory of earlier steps. (Only a ``Scaled`` holds something that may change: its
factor.) A step is the number of updates made so far: the first batch trains at step 0. No rate is
ever negative, and a schedule that has an end keeps its last rate from there on; ``Triangular``
goes on for ever.

Inside, steps are float64: float32 holds whole numbers only up to 2**24, about 16.8 million, and
skips single steps beyond. The rate comes back as float32, like that of Keras's own schedules.

JAX has no float64 unless you switch it on (``jax_enable_x64``), and PyTorch has none on Apple's
GPUs. There all is computed in float32: rates differ by up to 5e-6 of the peak. From step 2**24 on a
step counts as its nearest neighbour among the steps that float32 can hold, every second one first,
every fourth from 2**25 on, so the rate moves in small stairs; ``WarmUp``, ``Sequence`` and
``Triangular`` still turn at the exact step. JAX itself counts an optimizer's steps only up to 2**31.

Needs NumPy and Keras, 3.0.5 or newer, on any of its backends. Works alone in an empty folder.
"""

import math
from collections.abc import Callable
from collections.abc import Sequence as SequenceOf
from numbers import Integral, Real
from typing import Any

import keras
import numpy as np
from keras import ops
from keras.optimizers.schedules import LearningRateSchedule

Tensor = Any  # a tensor of the backend that Keras runs on


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

    def __call__(self, step: int | np.ndarray | Tensor) -> Tensor:
        """Return the rate at ``step``: float32, of the same shape as ``step``."""
        step = precise(step)
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
        warmup_steps: length of the warm-up; an int, 0 (then it is the schedule itself) or more.
        shape: ``"linear"``, or ``"cosine"`` for a climb that starts and ends gently.

    Raises:
        TypeError: ``schedule`` is neither a schedule nor a number, or ``warmup_steps`` no int.
        ValueError: ``warmup_steps`` is below 0, ``shape`` is unknown, or the rate is bad.
    """

    def __init__(
        self, schedule: LearningRateSchedule | float, warmup_steps: int, shape: str = "linear"
    ) -> None:
        self.schedule = checked_schedule("schedule", schedule)
        self.warmup_steps = checked_steps("warmup_steps", warmup_steps, minimum=0)
        self.shape = checked_choice("shape", shape, ("linear", "cosine"))

    def __call__(self, step: int | np.ndarray | Tensor) -> Tensor:
        """Return the rate at ``step``: float32, of the same shape as ``step``."""
        step = whole(step)
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
        self.pct_start = checked_share("pct_start", pct_start, self.total_steps)
        self.div_factor = checked_rate("div_factor", div_factor, minimum=1.0)
        self.final_div_factor = checked_rate("final_div_factor", final_div_factor, minimum=1.0)

    def __call__(self, step: int | np.ndarray | Tensor) -> Tensor:
        """Return the rate at ``step``: float32, of the same shape as ``step``."""
        step = precise(step)
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
        check_phases(self.warmup_steps, self.decay_steps, self.total_steps)

    def __call__(self, step: int | np.ndarray | Tensor) -> Tensor:
        """Return the rate at ``step``: float32, of the same shape as ``step``."""
        step = precise(step)
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
        check_boundaries(self.boundaries, len(self.schedules))

    def __call__(self, step: int | np.ndarray | Tensor) -> Tensor:
        """Return the rate at ``step``: float32, of the same shape as ``step``."""
        step = whole(step)
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


@keras.saving.register_keras_serializable(package="learning_rate_lessons")
class Triangular(LearningRateSchedule):
    """Up and down in straight lines, again and again: a cyclical learning rate.

    The policy of Smith (2015, arXiv 1506.01186): from the base rate up to the highest in
    ``step_size`` steps, down again in as many. With ``halve`` the height above the base rate is
    halved after each cycle. Equals ``torch.optim.lr_scheduler.CyclicLR`` with the modes
    ``"triangular"`` and, with ``halve``, ``"triangular2"``.

    Args:
        base_learning_rate: the lowest rate, that of step 0; a finite number, 0 or more.
        max_learning_rate: the highest rate, first reached at step ``step_size``; a finite number,
            at least ``base_learning_rate``.
        step_size: steps from the lowest rate to the highest, half a cycle; an int, 1 or more.
        halve: whether each cycle is half as high as the one before.

    Raises:
        TypeError: a rate is not a number, ``step_size`` is not an int, or ``halve`` not a bool.
        ValueError: an argument is out of its range, NaN or infinite, or the highest rate is below
            the lowest.
    """

    def __init__(
        self,
        base_learning_rate: float,
        max_learning_rate: float,
        step_size: int,
        halve: bool = False,
    ) -> None:
        self.base_learning_rate = checked_rate("base_learning_rate", base_learning_rate)
        self.max_learning_rate = checked_rate("max_learning_rate", max_learning_rate)
        self.step_size = checked_steps("step_size", step_size)
        self.halve = checked_bool("halve", halve)
        check_order(self.base_learning_rate, self.max_learning_rate)

    def __call__(self, step: int | np.ndarray | Tensor) -> Tensor:
        """Return the rate at ``step``: float32, of the same shape as ``step``."""
        step = whole(step)
        way = precise(step % (2 * self.step_size)) / self.step_size  # from 0 to 2 in each cycle
        height = 1.0 - ops.abs(way - 1.0)
        if self.halve:
            height = height * 0.5 ** precise(step // (2 * self.step_size))
        rate = blend(self.base_learning_rate, self.max_learning_rate, height)
        return ops.cast(rate, "float32")

    def get_config(self) -> dict:
        """Return the arguments that build this schedule again."""
        return dict(vars(self))  # every attribute is an argument


@keras.saving.register_keras_serializable(package="learning_rate_lessons")
class Scaled(LearningRateSchedule):
    """Any schedule times a factor that can be changed while it trains.

    ``fit`` compiles a schedule once, so another schedule put into the optimizer later is ignored.
    The factor is heard, because it sits in a ``keras.Variable``: ``schedule.factor = 0.5`` halves
    all later rates, in ``fit``, in ``tf.function`` and under XLA. (Compiled by JAX, the schedule
    asks the host for the factor at each step.)

    Change the factor of the very object that the optimizer holds. A loaded model has a schedule of
    its own, and so has an optimizer that was built from another's config: each of them starts with
    the factor of that moment, and later changes concern one alone. ``get_config`` gives the present
    factor, so ``model.save`` keeps it. ``model.save_weights`` does not, nor does
    ``keras.callbacks.BackupAndRestore``, which uses it: a schedule is no part of the weights.

    Args:
        schedule: any Keras schedule, or a number for a constant rate.
        factor: what its rates are multiplied with; a finite number, 0 or more.

    Attributes:
        factor: the present factor, a float. Assigning a number sets it.

    Raises:
        TypeError: ``schedule`` is neither a schedule nor a number, or ``factor`` is not a number.
        ValueError: the factor, or a constant rate, is negative, infinite or NaN.
    """

    def __init__(self, schedule: LearningRateSchedule | float, factor: float = 1.0) -> None:
        self.schedule = checked_schedule("schedule", schedule)
        self.variable = keras.Variable(
            checked_rate("factor", factor), dtype=widest("float"), trainable=False
        )

    @property
    def factor(self) -> float:
        """The number that the rates are multiplied with."""
        return float(ops.convert_to_numpy(self.variable))

    @factor.setter
    def factor(self, value: float) -> None:
        self.variable.assign(checked_rate("factor", value))

    def __call__(self, step: int | np.ndarray | Tensor) -> Tensor:
        """Return the rate at ``step``: float32, of the same shape as ``step``."""
        return ops.cast(heard(self.variable) * rate_at(self.schedule, step), "float32")

    def get_config(self) -> dict:
        """Return the arguments that build this schedule again, with the factor of now."""
        schedule = keras.saving.serialize_keras_object(self.schedule)
        return {"schedule": schedule, "factor": self.factor}

    @classmethod
    def from_config(cls, config: dict) -> "Scaled":
        """Build the schedule from ``get_config``, the schedule inside it first."""
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(**{**config, "schedule": schedule})


def preview(schedule: LearningRateSchedule, steps: int | np.ndarray) -> np.ndarray:
    """Ask any schedule for its rates the way training does: one whole number at a time.

    The schedules of this file, and most of Keras's, can also be called with the whole array of
    steps. ``CosineDecay`` with a warm-up cannot, nor can schedules that somebody else wrote; this
    works for all of them. On TensorFlow and JAX the schedule is compiled, as in training; PyTorch
    trains without compiling.

    Args:
        schedule: any Keras schedule.
        steps: an array of steps, shape (n,), or a number n for the steps 0 to n - 1.

    Returns:
        float32 rates, shape (n,).

    Raises:
        TypeError: ``schedule`` is not a Keras schedule.
        ValueError: ``steps`` is a number below 1.
    """
    check_schedule("schedule", schedule)
    if np.ndim(steps) == 0:
        steps = np.arange(checked_steps("steps", steps))
    steps = np.asarray(steps, widest("int"))

    def ask(step: Tensor) -> Tensor:
        return ops.cast(schedule(step), "float32")

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # tf.data compiles without counting: many tf.functions would bring warnings of retracing.
        compiled = tf.autograph.experimental.do_not_convert(ask)
        rates = tf.data.Dataset.from_tensor_slices(steps).map(compiled)
        return next(iter(rates.batch(len(steps)))).numpy()
    if keras.backend.backend() == "jax":
        import jax

        ask = jax.jit(ask)
    rates = [ops.convert_to_numpy(ask(ops.convert_to_tensor(step))) for step in steps]
    return np.array(rates, "float32")


def blend(start: float, end: float, weight: Tensor) -> Tensor:
    """Mix two rates: ``start`` exactly at weight 0, ``end`` exactly at weight 1."""
    return start * (1.0 - weight) + end * weight


def half_cosine(progress: Tensor) -> Tensor:
    """Rise from 0 to 1 along half a cosine wave, flat at both ends."""
    return (1.0 - ops.cos(math.pi * ops.clip(progress, 0.0, 1.0))) / 2.0


def ramp_up(step: Tensor, steps: int) -> Tensor:
    """Rise from 1 / steps at step 0 to 1 at step ``steps - 1``; always 1 when there are no steps."""
    return ops.clip((precise(step) + 1.0) / max(steps, 1), 0.0, 1.0)


def rate_at(schedule: LearningRateSchedule | float, step: Tensor) -> Tensor:
    """Return the rate of a schedule, or of a constant, in the shape of ``step``."""
    # A constant is multiplied as it is: TensorFlow casts a Python number by way of float32.
    rate = precise(schedule(step)) if isinstance(schedule, LearningRateSchedule) else schedule
    return rate * ops.ones_like(precise(step))


def precise(number: float | np.ndarray | Tensor) -> Tensor:
    """Cast to float64, or to float32 where the backend has no float64."""
    return ops.cast(number, widest("float"))


def whole(number: int | np.ndarray | Tensor) -> Tensor:
    """Cast to int64, or to int32 where the backend has no int64."""
    return ops.cast(number, widest("int"))


def widest(kind: str) -> str:
    """Name the widest type of a kind, "float" or "int", that the backend has now."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return f"{kind}64" if jax.config.jax_enable_x64 else f"{kind}32"
    if backend == "torch" and kind == "float":
        import torch

        return "float32" if torch.backends.mps.is_available() else "float64"
    return f"{kind}64"


def heard(variable: keras.Variable) -> Tensor:
    """Return a variable's value so that compiled code, too, finds the value of the moment.

    TensorFlow and PyTorch read a variable whenever a step runs. JAX would take its value of the
    time of compiling; a callback makes it ask.
    """
    if keras.backend.backend() != "jax":
        return ops.convert_to_tensor(variable)
    import jax
    from jax.experimental import io_callback

    shape = jax.ShapeDtypeStruct((), variable.dtype)
    return io_callback(lambda: np.asarray(variable.value, variable.dtype), shape)


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


def checked_bool(name: str, value: bool) -> bool:
    """Return ``value`` as a bool, or say that it is none."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {type(value).__name__} {value!r:.60}")
    return bool(value)


def checked_share(name: str, value: float, total_steps: int) -> float:
    """Return ``value`` as a float, or say why it cannot be the share of steps spent rising."""
    share = checked_rate(name, value)
    if not 0.0 < share < 1.0:
        raise ValueError(f"{name} must be between 0 and 1, both excluded, got {value}")
    if not 1 <= int(share * total_steps) < total_steps:
        raise ValueError(
            f"{name} * total_steps must leave at least one whole step on each side of the peak, "
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
    found = f"{type(value).__name__} {value!r:.60}"
    if isinstance(value, dict):
        found = (
            "dict. A dict is a config: build it with keras.saving.deserialize_keras_object first"
        )
    raise TypeError(f"{name} must be a LearningRateSchedule or a number, got {found}")


def checked_list(name: str, values: SequenceOf, checked: Callable) -> list:
    """Return ``values`` as a list of checked items, or say which one is wrong."""
    if not isinstance(values, (list, tuple)):
        raise TypeError(
            f"{name} must be a list or tuple, got {type(values).__name__} {values!r:.60}"
        )
    return [checked(f"{name}[{index}]", value) for index, value in enumerate(values)]


def check_schedule(name: str, value: LearningRateSchedule) -> None:
    """Raise unless ``value`` is a schedule object."""
    if not isinstance(value, LearningRateSchedule):
        raise TypeError(
            f"{name} must be a LearningRateSchedule, got {type(value).__name__} {value!r:.60}"
        )


def check_phases(warmup_steps: int, decay_steps: int, total_steps: int) -> None:
    """Raise unless warm-up and cooldown fit into the run."""
    if warmup_steps + decay_steps > total_steps:
        raise ValueError(
            f"warmup_steps + decay_steps must be at most total_steps ({total_steps}), "
            f"got {warmup_steps} + {decay_steps}"
        )


def check_boundaries(boundaries: list[int], schedules: int) -> None:
    """Raise unless boundaries increase and are one fewer than the schedules."""
    if len(boundaries) != schedules - 1:
        raise ValueError(
            "boundaries must be one fewer than schedules (at least 1), got "
            f"{len(boundaries)} boundaries for {schedules} schedules"
        )
    if sorted(set(boundaries)) != boundaries:
        raise ValueError(f"boundaries must increase strictly, got {boundaries}")


def check_order(base_learning_rate: float, max_learning_rate: float) -> None:
    """Raise if the highest rate is below the lowest."""
    if max_learning_rate < base_learning_rate:
        raise ValueError(
            f"max_learning_rate must be at least base_learning_rate ({base_learning_rate:g}), "
            f"got {max_learning_rate:g}"
        )
