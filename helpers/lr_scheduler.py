"""Set the learning rate by hand in a training loop: ``scheduler.update(optimizer, step)``.

The schedules come from ``schedules.py`` and from Keras; this file only chooses one by name and puts
its rate into the optimizer, and for one-cycle its momentum, if you ask for that. Nothing is
remembered between calls: ``update`` may be called for any step, in any order, eagerly, in
``tf.function`` or under XLA.

Needs Keras on TensorFlow, and ``schedules.py`` beside it, in a folder or in a package.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral

import keras
import tensorflow as tf
from keras import ops
from keras.optimizers.schedules import CosineDecay, CosineDecayRestarts, LearningRateSchedule

if __package__:  # in a package: this project's helpers, or one of yours
    from .schedules import (
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
else:  # two files side by side
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
    - ``onecycle``: cosine rise from ``lr / 25`` during the warm-up, cosine fall towards
      ``lr / 250,000``, which it would reach at step ``iterations``, after the last trained one
      (Smith & Topin 2017, arXiv 1708.07120). Without warm-up only the fall is left, with a warm-up
      as long as the run only a rise, from near 0.
    - ``linear``: warm-up, then a straight line to 0, which it would reach at step ``iterations``.
    - ``wsd``: warm-up, ``lr``, and a 1-sqrt cooldown to 0 over the last fifth of the run, or over
      what the warm-up leaves of it (Haegele et al. 2024, arXiv 2405.18392).

    The warm-up is linear, ``lr * (s + 1) / n`` at step ``s`` of ``n``, except for ``onecycle``.

    Two schedulers with the same arguments are equal; they can be pickled and be keys of a dict.

    Args:
        iterations: length of the run in steps; an int, 1 or more. Count what you hand to
            ``update``: with ``gradient_accumulation_steps=4`` Keras's ``optimizer.iterations``
            counts updates, a quarter of the batches.
        lr: the peak rate; a finite number, 0 or more.
        policy: one of ``POLICIES``.
        warm_up: length of the warm-up: a float is a fraction of the run, from 0.0 to 1.0 (rounded
            down to whole steps); an int is a number of steps. So ``1.0`` is the whole run and
            ``1`` is one step.
        lrf: final rate of ``step`` and ``cosine`` as a fraction of ``lr``, from 0 to 1.
        initial_cycle_length: steps of the first cosine cycle; an int, 1 or more.
        cycle_weight: factor from one cosine cycle to the next; a number, 1 or more.
        momentum: None leaves the optimizer's momentum alone. A tuple such as ``(0.85, 0.95)`` makes
            ``onecycle`` cycle it too, the other way round than the rate: the lower at the peak, the
            higher at the lowest rates; both from 0 to below 1. The optimizer must then keep its
            momentum in a variable, as ``SettableMomentumSGD``, ``SettableMomentumAdam`` and
            ``SettableMomentumAdamW`` do.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: unknown policy, or an argument is out of its range, NaN or infinite; or a
            ``momentum`` for another policy than ``onecycle``.
    """

    iterations: int
    lr: float
    policy: str
    warm_up: float | int = 0.1
    lrf: float = 0.05
    initial_cycle_length: int = 2500
    cycle_weight: float = 2
    momentum: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        check_arguments(self)

    @cached_property
    def schedule(self) -> LearningRateSchedule:
        """The pure function of the step inside: plot it, or mount it elsewhere."""
        return build_schedule(self)

    @cached_property
    def momentum_schedule(self) -> "MomentumCycle | None":
        """The same for the momentum; None unless ``momentum`` was asked for."""
        return build_momentum_schedule(self)

    def update(self, optimizer: keras.optimizers.Optimizer, step: int | tf.Tensor) -> tf.Tensor:
        """Give the optimizer the rate of ``step``; call it before the step is trained.

        Under mixed precision ``LossScaleOptimizer`` skips a batch whose gradients overflow. Its
        ``iterations`` then stays, so with ``update(optimizer, optimizer.iterations)`` the schedule
        waits as well: the next batch trains at the same rate.

        Args:
            optimizer: any Keras optimizer built with a number as its learning rate. A
                ``MultiOptimizer`` has several rates: update each of its ``optimizers``.
            step: number of steps trained so far: an int, or a scalar tensor or variable of whole
                numbers, such as ``optimizer.iterations``. Inside ``tf.function`` hand in a tensor:
                every new int would be traced again.

        Returns:
            The rate, a float32 scalar.

        Raises:
            TypeError: the optimizer was built with a schedule or a function, or is no optimizer;
                or ``step`` is not a whole number.
            ValueError: ``step`` is below 0 (the value of a tensor inside ``tf.function`` is not
                known, and is not checked), or the optimizer's momentum cannot be cycled.
        """
        check_optimizer(optimizer)
        check_step(step)
        if self.momentum is not None:
            momentum_variable(optimizer).assign(self.momentum_schedule(step))
        return optimizer.learning_rate.assign(self.schedule(step))


@dataclass(frozen=True)
class MomentumCycle:
    """The momentum of a one-cycle run, a pure function of the step: low where the rate is high.

    Args:
        low: momentum at the peak of the rate.
        high: momentum at the lowest rates.
        share: a schedule that goes from 0 to 1 and back as the rate rises and falls.
    """

    low: float
    high: float
    share: LearningRateSchedule

    def __call__(self, step: int | tf.Tensor) -> tf.Tensor:
        """Return the momentum at ``step``: float32, of the same shape as ``step``."""
        return blend(self.high, self.low, self.share(step))


def build_schedule(run: LRScheduler) -> LearningRateSchedule:
    """Choose and compose the schedule of a policy."""
    warm_up_steps = count_warm_up_steps(run)
    steps_left = run.iterations - warm_up_steps
    if run.policy == "constant":
        return WarmUp(run.lr, 0)
    if run.policy == "step":
        return step_schedule(run, warm_up_steps)
    if run.policy == "cosine":
        cycles = CosineDecayRestarts(
            float(run.lr), run.initial_cycle_length, float(run.cycle_weight), alpha=float(run.lrf)
        )
        return WarmUp(cycles, warm_up_steps)
    if run.policy == "onecycle":
        return one_cycle_schedule(run.lr, run.iterations, warm_up_steps)
    if steps_left == 0:
        return WarmUp(run.lr, warm_up_steps)
    if run.policy == "linear":
        return WarmUp(LinearDecay(run.lr, steps_left), warm_up_steps)
    cooldown_steps = min(max(run.iterations // 5, 1), steps_left)
    return WarmupStableDecay(run.lr, run.iterations, warm_up_steps, cooldown_steps)


def count_warm_up_steps(run: LRScheduler) -> int:
    """Turn a fraction of the run (a float) or a number of steps (an int) into steps."""
    if isinstance(run.warm_up, Integral):
        return int(run.warm_up)
    return int(run.warm_up * run.iterations)


def step_schedule(run: LRScheduler, warm_up_steps: int) -> Sequence:
    """Drop at 75 % and at 92 % of the run, or when the warm-up ends if that is later."""
    first_drop = max(75 * run.iterations // 100, warm_up_steps)
    second_drop = max(92 * run.iterations // 100, warm_up_steps)
    stairs = {0: WarmUp(run.lr, warm_up_steps)}  # the first step of each stair, and its rate
    stairs[first_drop] = run.lr * math.sqrt(run.lrf)
    stairs[second_drop] = run.lr * run.lrf  # drops at the same step: the lower one counts
    return Sequence(list(stairs.values()), list(stairs)[1:])


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
        return CosineDecay(float(peak), iterations, alpha=1 / (div_factor * final_div_factor))
    if warm_up_steps == iterations:
        return WarmUp(peak, iterations, shape="cosine")
    share = (warm_up_steps + 0.5) / iterations  # OneCycle rounds it down to warm_up_steps
    return OneCycle(peak, iterations, share, div_factor, final_div_factor)


def build_momentum_schedule(run: LRScheduler) -> MomentumCycle | None:
    """One-cycle upside down: from high momentum to low at the peak of the rate, and back."""
    if run.momentum is None:
        return None
    low, high = run.momentum
    share = one_cycle_schedule(1.0, run.iterations, count_warm_up_steps(run), div_factor=1e12)
    return MomentumCycle(low, high, share)


def momentum_variable(optimizer: keras.optimizers.Optimizer) -> keras.Variable:
    """Return the variable that holds the momentum, or say how to get an optimizer that has one.

    It is looked for inside a ``LossScaleOptimizer``, too. A momentum that is a plain number is
    copied into the compiled code when it is traced, and setting the attribute later changes nothing
    there.

    Raises:
        ValueError: the optimizer keeps no momentum in a variable.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    for name in ("momentum", "beta_1"):
        if isinstance(getattr(inner, name, None), keras.Variable):
            return getattr(inner, name)
    raise ValueError(
        f"optimizer {type(inner).__name__} keeps no momentum in a variable, so compiled code would "
        "not see it change. Either build SettableMomentumSGD, SettableMomentumAdam or "
        "SettableMomentumAdamW instead, or leave LRScheduler(momentum=...) out: then the rate alone "
        "is scheduled"
    )


class SettableMomentum:
    """Keep the momentum of a Keras optimizer in a variable, so that compiled code sees it change.

    Put it before an optimizer that computes with ``beta_1``, and the new class is one::

        class SettableMomentumAdam(SettableMomentum, keras.optimizers.Adam):
            pass

    With a constant momentum it trains as Keras's own. The variable is one of the optimizer's, so it
    is saved and loaded with the moments and the step count; register the class with
    ``keras.saving.register_keras_serializable()`` for that.

    Args:
        learning_rate: as in the Keras optimizer.
        **options: its other arguments, by name. The momentum, a number from 0 to below 1, is its
            first value, by default 0.95.

    Raises:
        TypeError: the momentum is not a number.
        ValueError: the momentum is out of its range.
    """

    momentum_name = "beta_1"  # as the Keras optimizer calls it

    def __init__(self, learning_rate: float | LearningRateSchedule, **options) -> None:
        name = self.momentum_name
        momentum = checked_momentum(name, options.get(name, 0.95))
        super().__init__(learning_rate, **{**options, name: momentum})
        variable = keras.Variable(
            momentum,
            trainable=False,
            dtype="float32",
            aggregation="only_first_replica",  # every device of a strategy sets the same value
            name="settable_momentum",
        )
        setattr(self, name, variable)

    def get_config(self) -> dict:
        """Return the arguments that build this optimizer again; the momentum as a number."""
        momentum = getattr(self, self.momentum_name)
        return {**super().get_config(), self.momentum_name: float(ops.convert_to_numpy(momentum))}


@keras.saving.register_keras_serializable(package="learning_rate_lessons")
class SettableMomentumSGD(SettableMomentum, keras.optimizers.SGD):
    """``keras.optimizers.SGD`` with ``optimizer.momentum.assign(0.9)``; see ``SettableMomentum``."""

    momentum_name = "momentum"

    # SGD asks `if self.momentum != 0` in both methods, which compiled code cannot ask a variable.

    def build(self, variables: list[keras.Variable]) -> None:
        """Make a velocity for every variable, also at momentum 0: it may be raised later."""
        if self.built:
            return
        keras.optimizers.Optimizer.build(self, variables)
        self.momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient, variable, learning_rate) -> None:
        """Move one variable."""
        velocity = self.momentums[self._get_variable_index(variable)]
        momentum = ops.cast(self.momentum, variable.dtype)
        push = ops.cast(gradient, variable.dtype) * ops.cast(learning_rate, variable.dtype)
        self.assign(velocity, velocity * momentum - push)
        if self.nesterov:
            self.assign_add(variable, velocity * momentum - push)
        else:
            self.assign_add(variable, velocity)


@keras.saving.register_keras_serializable(package="learning_rate_lessons")
class SettableMomentumAdam(SettableMomentum, keras.optimizers.Adam):
    """``keras.optimizers.Adam`` with ``optimizer.beta_1.assign(0.9)``; see ``SettableMomentum``."""


@keras.saving.register_keras_serializable(package="learning_rate_lessons")
class SettableMomentumAdamW(SettableMomentum, keras.optimizers.AdamW):
    """``keras.optimizers.AdamW`` with ``optimizer.beta_1.assign(0.9)``; see ``SettableMomentum``."""


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
        check_momentum_pair(run.momentum)
        if run.policy != "onecycle":
            raise ValueError(
                f"momentum must be None for the policy {run.policy!r}: only 'onecycle' cycles it, "
                f"got {run.momentum!r}"
            )


def check_momentum_pair(momentum: tuple[float, float]) -> None:
    """Say what is wrong with the two ends of a momentum's cycle."""
    if not isinstance(momentum, tuple) or len(momentum) != 2:
        raise TypeError(f"momentum must be None or a tuple (lowest, highest), got {momentum!r}")
    lowest = checked_momentum("momentum[0]", momentum[0])
    highest = checked_momentum("momentum[1]", momentum[1])
    if lowest > highest:
        raise ValueError(f"momentum must be (lowest, highest), got {momentum!r}")


def checked_momentum(name: str, value: float) -> float:
    """Return ``value`` as a float, or say why it is no momentum: at 1 a move would never fade."""
    if checked_rate(name, value) >= 1:
        raise ValueError(f"{name} must be from 0 to below 1, got {value}")
    return float(value)


def checked_fraction(name: str, value: float) -> float:
    """Return ``value`` as a float, or say why it is not from 0 to 1."""
    if checked_rate(name, value) > 1:
        hint = ". A number of steps must be an int" if name == "warm_up" else ""
        raise ValueError(f"{name} must be from 0 to 1, got {value}{hint}")
    return float(value)


def check_optimizer(optimizer: keras.optimizers.Optimizer) -> None:
    """Say why an optimizer has no rate to set."""
    name = type(optimizer).__name__
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(
            f"optimizer must be a Keras optimizer, got {name}: the order is update(optimizer, step)"
        )
    if name == "MultiOptimizer":
        raise TypeError(
            "optimizer must have one rate, got MultiOptimizer, which has several: "
            "call update for each of optimizer.optimizers"
        )
    if not isinstance(optimizer.learning_rate, keras.Variable):
        name = type(getattr(optimizer, "inner_optimizer", optimizer)).__name__
        raise TypeError(
            f"optimizer {name} was built with a learning-rate schedule or function, which sets the "
            f"rate itself. Either build it with a number, such as {name}(learning_rate=0.1), and "
            "keep calling update; or keep the schedule in the optimizer and leave update out"
        )


def check_step(step: int | tf.Tensor) -> None:
    """Say why a schedule cannot be asked for ``step``."""
    if isinstance(step, Integral) or not (tf.is_tensor(step) or hasattr(step, "dtype")):
        checked_steps("step", step, minimum=0)
        return
    tensor = tf.convert_to_tensor(step)
    if not tensor.dtype.is_integer or tensor.shape != ():
        raise TypeError(
            "step must be an int or a scalar tensor of whole numbers, "
            f"got {tensor.dtype.name} of shape {tuple(tensor.shape)}"
        )
    if tf.executing_eagerly():
        checked_steps("step", int(tensor), minimum=0)
