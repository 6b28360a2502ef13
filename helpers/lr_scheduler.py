"""Set the learning rate by hand in a training loop: ``scheduler.update(optimizer, step)``.

The schedules come from ``schedules.py`` and from Keras; this file only chooses one by name and puts
its rate, and for one-cycle its momentum, into the optimizer. Nothing is remembered between calls:
``update`` may be called for any step, in any order, eagerly, in ``tf.function`` or under XLA.

Needs Keras on TensorFlow, and ``schedules.py`` beside it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral

import keras
import tensorflow as tf
from keras import ops
from keras.optimizers.schedules import CosineDecay, CosineDecayRestarts, LearningRateSchedule

try:  # inside this project
    from helpers.schedules import (
        LinearDecay,
        OneCycle,
        Sequence,
        WarmUp,
        WarmupStableDecay,
        blend,
        checked_choice,
        checked_rate,
        checked_steps,
    )
except ImportError:  # copied next to schedules.py
    from schedules import (
        LinearDecay,
        OneCycle,
        Sequence,
        WarmUp,
        WarmupStableDecay,
        blend,
        checked_choice,
        checked_rate,
        checked_steps,
    )

POLICIES = ("constant", "step", "cosine", "onecycle", "linear", "wsd")


@dataclass(frozen=True)
class LRScheduler:
    """A schedule chosen by name, and the ``update`` that puts it into an optimizer.

    Policies, for a peak rate ``lr`` and a run of ``iterations`` steps:

    - ``constant``: ``lr`` at every step, as without a scheduler; ``warm_up`` is not used.
    - ``step``: warm-up, ``lr``, from 75 % of the run ``lr * sqrt(lrf)``, from 92 % ``lr * lrf``;
      a longer warm-up comes first.
    - ``cosine``: warm-up, then cosine decay from ``lr`` to ``lr * lrf`` with warm restarts
      (Loshchilov & Hutter 2016, arXiv 1608.03983). The first cycle has ``initial_cycle_length``
      steps, each later one is ``cycle_weight`` times longer. Cycles go on after the run. (Keras
      computes them in float32: with a weight such as 1.1 a restart may come one step late.)
    - ``onecycle``: cosine rise from ``lr / 25`` during the warm-up, cosine fall to ``lr / 250,000``
      (Smith & Topin 2017, arXiv 1708.07120); momentum the other way round. Without warm-up only
      the fall is left, with a warm-up as long as the run only a rise, from near 0.
    - ``linear``: warm-up, then a straight line to 0 at the end of the run.
    - ``wsd``: warm-up, ``lr``, and a 1-sqrt cooldown to 0 over the last fifth of the run, or over
      what the warm-up leaves of it (Haegele et al. 2024, arXiv 2405.18392).

    The warm-up is linear, ``lr * (s + 1) / n`` at step ``s`` of ``n``, except for ``onecycle``.

    Args:
        iterations: length of the run in steps; an int, 1 or more.
        lr: the peak rate; a finite number, 0 or more.
        policy: one of ``POLICIES``.
        warm_up: length of the warm-up: a float is a fraction of the run, from 0.0 to 1.0 (rounded
            down to whole steps); an int is a number of steps. So ``1.0`` is the whole run and
            ``1`` is one step.
        lrf: final rate of ``step`` and ``cosine`` as a fraction of ``lr``, from 0 to 1.
        initial_cycle_length: steps of the first cosine cycle; an int, 1 or more.
        cycle_weight: factor from one cosine cycle to the next; a number, 1 or more.
        momentum: for ``onecycle``, the momentum at the peak rate and at the lowest rates. The
            optimizer must keep its momentum in a variable: ``SettableMomentumSGD``,
            ``SettableMomentumAdam``, or any one built with ``beta_1=keras.Variable(0.95)``. None
            leaves the optimizer's momentum alone.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: unknown policy, or an argument is out of its range, NaN or infinite.
    """

    iterations: int
    lr: float
    policy: str
    warm_up: float | int = 0.1
    lrf: float = 0.05
    initial_cycle_length: int = 2500
    cycle_weight: float = 2
    momentum: tuple[float, float] | None = (0.85, 0.95)

    def __post_init__(self) -> None:
        check_arguments(self)

    @cached_property
    def schedule(self) -> LearningRateSchedule:
        """The pure function of the step inside: plot it, or mount it elsewhere."""
        return build_schedule(self)

    @cached_property
    def momentum_schedule(self) -> Callable[[int | tf.Tensor], tf.Tensor] | None:
        """The same for the momentum; None unless ``onecycle`` cycles it."""
        return build_momentum_schedule(self)

    def update(self, optimizer: keras.optimizers.Optimizer, step: int | tf.Tensor) -> tf.Tensor:
        """Give the optimizer the rate of ``step``; call it before the step is trained.

        Args:
            optimizer: any Keras optimizer built with a number as its learning rate.
            step: number of steps trained so far: an int, or a scalar tensor or variable of whole
                numbers, such as ``optimizer.iterations``. Inside ``tf.function`` hand in a tensor:
                every new int would be traced again.

        Returns:
            The rate, a float32 scalar.

        Raises:
            TypeError: the optimizer was built with a schedule or a function, or is no optimizer;
                or ``step`` is not a whole number.
            ValueError: ``step`` is below 0 (a tensor inside ``tf.function`` cannot be checked, it
                counts as 0), or the optimizer's momentum cannot be cycled.
        """
        step = checked_step(step)
        learning_rate = learning_rate_variable(optimizer)
        if self.momentum_schedule is not None:
            momentum_variable(optimizer).assign(self.momentum_schedule(step))
        return learning_rate.assign(self.schedule(step))


def build_schedule(run: LRScheduler) -> LearningRateSchedule:
    """Choose and compose the schedule of a policy."""
    warm_up_steps = count_warm_up_steps(run)
    steps_left = run.iterations - warm_up_steps
    if run.policy == "constant":
        return Sequence([run.lr], [])
    if run.policy == "step":
        return step_schedule(run, warm_up_steps)
    if run.policy == "cosine":
        cycles = CosineDecayRestarts(
            float(run.lr), run.initial_cycle_length, float(run.cycle_weight), alpha=float(run.lrf)
        )
        return warm_up_then(cycles, warm_up_steps)
    if run.policy == "onecycle":
        return one_cycle_schedule(run.lr, run.iterations, warm_up_steps)
    if steps_left == 0:
        return warm_up_then(run.lr, warm_up_steps)
    if run.policy == "linear":
        return warm_up_then(LinearDecay(run.lr, steps_left), warm_up_steps)
    cooldown_steps = min(max(run.iterations // 5, 1), steps_left)
    return WarmupStableDecay(run.lr, run.iterations, warm_up_steps, cooldown_steps)


def build_momentum_schedule(run: LRScheduler) -> Callable[[int | tf.Tensor], tf.Tensor] | None:
    """One-cycle upside down: from high momentum to low at the peak of the rate, and back."""
    if run.policy != "onecycle" or run.momentum is None:
        return None
    low, high = run.momentum
    progress = one_cycle_schedule(1.0, run.iterations, count_warm_up_steps(run), div_factor=1e12)
    return lambda step: blend(high, low, progress(step))


def warm_up_then(schedule: LearningRateSchedule | float, steps: int) -> LearningRateSchedule:
    """Put a linear warm-up of 0 or more steps before a schedule or a constant rate."""
    return WarmUp(schedule, steps) if steps else Sequence([schedule], [])


def step_schedule(run: LRScheduler, warm_up_steps: int) -> Sequence:
    """Drop at 75 % and at 92 % of the run, or when the warm-up ends if that is later."""
    rates = {0: warm_up_then(run.lr, warm_up_steps)}  # keys: the first step of each rate
    for percent, factor in ((75, math.sqrt(run.lrf)), (92, run.lrf)):
        rates[max(percent * run.iterations // 100, warm_up_steps)] = run.lr * factor
    return Sequence(list(rates.values()), list(rates)[1:])


def one_cycle_schedule(
    peak: float,
    iterations: int,
    warm_up_steps: int,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> LearningRateSchedule:
    """``OneCycle`` with its peak at step ``warm_up_steps``; only its fall, or its rise, at the ends.

    Without warm-up the run starts at the peak and falls. A warm-up as long as the run rises from
    near 0 to the peak at the last step.
    """
    if warm_up_steps == 0:
        return CosineDecay(peak, iterations, alpha=1 / (div_factor * final_div_factor))
    if warm_up_steps == iterations:
        return WarmUp(peak, iterations, shape="cosine")
    share = warm_up_steps / iterations
    if int(share * iterations) < warm_up_steps:  # 29 / 100 * 100 is 28.999...
        share = math.nextafter(share, 1.0)
    return OneCycle(peak, iterations, share, div_factor, final_div_factor)


def learning_rate_variable(optimizer: keras.optimizers.Optimizer) -> keras.Variable:
    """Return the variable that holds the rate, or say why the optimizer has none to set."""
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(
            f"optimizer must be a Keras optimizer, got {type(optimizer).__name__}: "
            "the order is update(optimizer, step)"
        )
    if not isinstance(optimizer.learning_rate, keras.Variable):
        raise TypeError(
            f"optimizer {type(optimizer).__name__} was built with a learning-rate schedule or "
            "function, which sets the rate itself. Either build it with a number, such as "
            f"{type(optimizer).__name__}(learning_rate=0.1), and keep calling update; or keep the "
            "schedule in the optimizer and leave update out"
        )
    return optimizer.learning_rate


def momentum_variable(optimizer: keras.optimizers.Optimizer) -> keras.Variable:
    """Return the variable that holds the momentum, or say how to get an optimizer that has one.

    A momentum that is a plain number is copied into the compiled code when it is traced, and
    setting the attribute later changes nothing there.
    """
    for name in ("momentum", "beta_1"):
        if isinstance(getattr(optimizer, name, None), keras.Variable):
            return getattr(optimizer, name)
    raise ValueError(
        f"optimizer {type(optimizer).__name__} keeps no momentum in a variable, so compiled code "
        "would not see it change. Either build SettableMomentumSGD or SettableMomentumAdam instead "
        "(or pass beta_1=keras.Variable(0.95)), or schedule the rate alone with "
        "LRScheduler(..., momentum=None)"
    )


@keras.saving.register_keras_serializable(package="learning_rate_lessons")
class SettableMomentumSGD(keras.optimizers.SGD):
    """Keras's SGD with its momentum in a variable, so that compiled code sees it change.

    Set it with ``optimizer.momentum.assign(0.9)``. With a constant momentum it trains bit for bit
    as ``keras.optimizers.SGD``. The variable is saved with the optimizer's others.

    Args:
        learning_rate: as in ``keras.optimizers.SGD``.
        momentum: the first value, above 0 and at most 1.
        **kwargs: the other arguments of ``keras.optimizers.SGD``.

    Raises:
        ValueError: ``momentum`` is out of its range. At 0 Keras keeps no velocities, and raising
            it later could not work.
    """

    def __init__(self, learning_rate=0.01, momentum: float = 0.95, **kwargs) -> None:
        if not checked_fraction("momentum", momentum) > 0:
            raise ValueError(f"momentum must be above 0, got {momentum}")
        super().__init__(learning_rate, momentum=float(momentum), **kwargs)
        self.momentum = momentum_as_variable(momentum)

    def build(self, variables: list[keras.Variable]) -> None:
        if self.built:
            return
        keras.optimizers.Optimizer.build(self, variables)
        self.momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient, variable, learning_rate) -> None:
        velocity = self.momentums[self._get_variable_index(variable)]
        momentum = ops.cast(self.momentum, variable.dtype)
        push = ops.cast(gradient, variable.dtype) * ops.cast(learning_rate, variable.dtype)
        self.assign(velocity, velocity * momentum - push)
        if self.nesterov:
            self.assign_add(variable, velocity * momentum - push)
        else:
            self.assign_add(variable, velocity)

    def get_config(self) -> dict:
        return {**super().get_config(), "momentum": float(ops.convert_to_numpy(self.momentum))}


@keras.saving.register_keras_serializable(package="learning_rate_lessons")
class SettableMomentumAdam(keras.optimizers.Adam):
    """Keras's Adam with ``beta_1`` in a variable, so that compiled code sees it change.

    Set it with ``optimizer.beta_1.assign(0.9)``. Unlike ``Adam(beta_1=keras.Variable(0.95))`` it
    can also be saved and loaded.

    Args:
        learning_rate: as in ``keras.optimizers.Adam``.
        beta_1: the first value, from 0 to 1.
        **kwargs: the other arguments of ``keras.optimizers.Adam``.

    Raises:
        ValueError: ``beta_1`` is out of its range.
    """

    def __init__(self, learning_rate=0.001, beta_1: float = 0.95, **kwargs) -> None:
        checked_fraction("beta_1", beta_1)
        super().__init__(learning_rate, beta_1=momentum_as_variable(beta_1), **kwargs)

    def get_config(self) -> dict:
        return {**super().get_config(), "beta_1": float(ops.convert_to_numpy(self.beta_1))}


def momentum_as_variable(value: float) -> keras.Variable:
    """Make a scalar variable for an optimizer; every device of a strategy sets the same value."""
    return keras.Variable(
        value, trainable=False, dtype="float32", aggregation="only_first_replica", name="cycled"
    )


def count_warm_up_steps(run: LRScheduler) -> int:
    """Turn a fraction of the run (a float) or a number of steps (an int) into steps."""
    if isinstance(run.warm_up, Integral):
        return int(run.warm_up)
    return int(run.warm_up * run.iterations)


def check_arguments(run: LRScheduler) -> None:
    """Say what is wrong with an argument of ``LRScheduler``."""
    checked_choice("policy", run.policy, POLICIES)
    checked_steps("iterations", run.iterations)
    checked_rate("lr", run.lr)
    if not isinstance(run.warm_up, Integral):
        checked_fraction("warm_up", run.warm_up)
    elif checked_steps("warm_up", run.warm_up, minimum=0) > run.iterations:
        raise ValueError(
            f"warm_up must be at most iterations ({run.iterations} steps), got {run.warm_up} steps"
        )
    checked_fraction("lrf", run.lrf)
    checked_steps("initial_cycle_length", run.initial_cycle_length)
    checked_rate("cycle_weight", run.cycle_weight, minimum=1.0)
    if run.momentum is not None:
        if not isinstance(run.momentum, (tuple, list)) or len(run.momentum) != 2:
            raise TypeError(
                f"momentum must be None or a pair (lowest, highest), got {run.momentum!r}"
            )
        highest = checked_fraction("momentum[1]", run.momentum[1])
        checked_fraction("momentum[0]", run.momentum[0], maximum=highest)


def checked_fraction(name: str, value: float, maximum: float = 1.0) -> float:
    """Return ``value`` as a float, or say why it is not from 0 to ``maximum``."""
    if checked_rate(name, value) > maximum:
        hint = ". A number of steps must be an int" if name == "warm_up" else ""
        raise ValueError(f"{name} must be from 0 to {maximum:g}, got {value}{hint}")
    return float(value)


def checked_step(step: int | tf.Tensor) -> int | tf.Tensor:
    """Return a step that a schedule can be asked for, or say what is wrong with it."""
    if isinstance(step, Integral) or not (tf.is_tensor(step) or hasattr(step, "dtype")):
        return checked_steps("step", step, minimum=0)
    tensor = tf.convert_to_tensor(step)
    if not tensor.dtype.is_integer or tensor.shape != ():
        raise TypeError(
            "step must be an int or a scalar tensor of whole numbers, "
            f"got {tensor.dtype.name} of shape {tuple(tensor.shape)}"
        )
    if tf.executing_eagerly():
        checked_steps("step", int(tensor), minimum=0)
    return tf.maximum(tensor, 0)
