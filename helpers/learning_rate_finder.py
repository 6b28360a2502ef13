"""Find a learning rate before training: the range test, and what its curve suggests.

The test trains for a few steps while the learning rate grows exponentially, records the loss of each
step, stops when the loss runs away, and puts everything back: weights, optimizer, step count, rate
and random state are afterwards as they were, bit for bit (Smith 2015, arXiv 1506.01186; the defaults
and the rules are those of fastai's ``lr_find``).

Needs NumPy and Keras on TensorFlow; for ``plot`` also Matplotlib. Works alone in an empty folder.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMOOTHING = 0.98  # fastai's: a step counts 2 %, the steps before it 98 %
RULES = ("valley", "steep", "minimum")
LAST_POINTS = 5  # left out by every rule: the loss is already running away there


class NoSuggestion(ValueError):
    """The curve of a range test supports no suggestion; the message says why."""


@dataclass(frozen=True, eq=False)
class RateTest:
    """What a range test measured.

    Attributes:
        learning_rates: float64, shape (n,), the rate of each step; n is smaller than ``steps`` where
            the test stopped early.
        losses: float64, shape (n,), the loss of each step's batch before its update.
        smoothed_losses: float64, shape (n,), their exponential moving average, with the bias of the
            first steps corrected.
        steps: how many steps were planned.
    """

    learning_rates: np.ndarray
    losses: np.ndarray
    smoothed_losses: np.ndarray
    steps: int

    @property
    def stopped_early(self) -> bool:
        """Whether the loss ran away before the last planned step."""
        return len(self.losses) < self.steps

    def suggestion(self, rule: str = "valley") -> float:
        """A learning rate to start from, read off the smoothed curve by a rule of fastai.

        All rules leave out the first tenth of the planned steps and the last five that were made.

        Args:
            rule: ``"valley"``: a point half-way into the second third of the longest falling
                subsequence of the losses. ``"steep"``: where the loss falls most steeply over the
                logarithm of the rate. ``"minimum"``: a tenth of the rate of the lowest loss.

        Returns:
            The suggested rate.

        Raises:
            ValueError: the rule is unknown.
            NoSuggestion: the loss was NaN or infinite too early, hardly fell, or, for
                ``"minimum"``, still fell at the end of the test.
        """
        checked_choice("rule", rule, RULES)
        rates, losses = self._used_part()
        check_falls(losses)
        if rule == "valley":
            return float(rates[valley_index(losses)])
        if rule == "steep":
            return float(rates[steepest_index(rates, losses)])
        check_has_minimum(self)
        return float(rates[losses.argmin()] / 10)

    def _used_part(self) -> tuple[np.ndarray, np.ndarray]:
        """Rates and smoothed losses without the ends, up to the first loss that is no number."""
        used = slice(self.steps // 10, -LAST_POINTS)
        rates, losses = self.learning_rates[used], self.smoothed_losses[used]
        broken = np.flatnonzero(~np.isfinite(losses))
        end = broken[0] if len(broken) else len(losses)
        if end < 3:
            raise NoSuggestion(
                f"no suggestion: only {end} of {self.steps} steps are left to read a curve from. "
                + self._remedy()
            )
        return rates[:end], losses[:end]

    def _remedy(self) -> str:
        if len(self.losses) == self.steps and np.isfinite(self.losses).all():
            return "Take more steps"
        return (
            "The loss ran away or was no number: start at a much lower min_learning_rate. If the very "
            "first loss is no number, look at your data"
        )

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the raw and the smoothed losses against the rate, on a logarithmic axis.

        Args:
            axes: where to draw; a new figure by default.

        Returns:
            The axes.
        """
        if axes is None:
            import matplotlib.pyplot as plt

            _, axes = plt.subplots()
        axes.semilogx(self.learning_rates, self.losses, ".", color="#767676", label="each batch")
        axes.semilogx(self.learning_rates, self.smoothed_losses, color="#0072B2", label="smoothed")
        finite = self.losses[np.isfinite(self.losses)]
        if len(finite):
            lowest, first = finite.min(), finite[0]
            fall = first - lowest
            axes.set_ylim(lowest - 0.1 * fall, first + 0.5 * fall + 1e-9)
        axes.set(xlabel="learning rate", ylabel="loss")
        axes.legend()
        return axes


def find_learning_rate(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    min_learning_rate: float = 1e-7,
    max_learning_rate: float = 10.0,
    steps: int = 100,
    batch_size: int = 128,
    seed: int = 0,
    stop_factor: float = 4.0,
    progress: Callable[[range], Iterator[int]] = iter,
) -> RateTest:
    """Train while the learning rate grows exponentially, record the losses, and undo the training.

    The rate of step ``s`` is ``min * (max / min) ** (s / steps)``.

    Args:
        model: a compiled model with any optimizer that has one settable rate.
        x: training inputs, shape (n, ...).
        y: their targets, shape (n, ...).
        min_learning_rate: rate of the first step, above 0.
        max_learning_rate: what the rate grows towards, above ``min_learning_rate``.
        steps: how many steps to plan, 20 or more.
        batch_size: examples per step, from 1 to n. Use the one that you will train with.
        seed: of the order of the examples, 0 or more.
        stop_factor: stop when the smoothed loss is above this many times its lowest value; above 1.
        progress: wraps the range of the steps, for a progress bar: ``tqdm.auto.tqdm``, say.

    Returns:
        The measured curve, a ``RateTest``.

    Raises:
        TypeError: ``model`` is no Keras model, a number has the wrong type, or the optimizer has a
            schedule inside or several rates.
        ValueError: the model is not compiled, ``x`` and ``y`` differ in length, or a number is out
            of its range.
    """
    check_testable(model)
    check_pairs(x, y)
    check_counts(steps, batch_size, seed, len(x))
    check_range(min_learning_rate, max_learning_rate)
    check_stop_factor(stop_factor)

    with everything_restored(model):
        rates = []
        losses = []
        smoothed = []
        test_step = make_test_step(model)
        batches = endless_batches(len(x), batch_size, seed)
        for step in progress(range(steps)):
            rate = min_learning_rate * (max_learning_rate / min_learning_rate) ** (step / steps)
            rows = next(batches)
            loss = float(test_step(x[rows], y[rows], tf.constant(rate, tf.float32)))
            rates.append(rate)
            losses.append(loss)
            smoothed.append(smoothed_loss(losses))
            if not np.isfinite(loss) or smoothed[-1] > stop_factor * min(smoothed):
                break
    return RateTest(np.array(rates), np.array(losses), np.array(smoothed), steps)


@contextmanager
def everything_restored(model: keras.Model) -> Iterator[None]:
    """Put back every variable of the model and of its optimizer, however the block ends.

    The variables are the weights, statistics of batch normalisation, the states of random layers
    such as dropout, metrics, and the optimizer's moments, step count, rate and loss scale.
    """
    optimizer = model.optimizer
    if not optimizer.built:  # a LossScaleOptimizer makes new variables at every build
        optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.metrics_variables, *optimizer.variables]
    before = [keras.ops.convert_to_numpy(variable).copy() for variable in variables]
    try:
        yield
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)


def make_test_step(model: keras.Model) -> Callable[..., tf.Tensor]:
    """Compile one step of training as ``fit`` does it, with the rate as an argument.

    Returns:
        ``test_step(x, y, rate)``; it returns the loss of the batch before the update.
    """
    optimizer = model.optimizer

    @tf.function(reduce_retracing=True)
    def test_step(x: tf.Tensor, y: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        optimizer.learning_rate.assign(rate)
        with tf.GradientTape() as tape:
            loss = model.compute_loss(x=x, y=y, y_pred=model(x, training=True))
            scaled_loss = optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled_loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    return test_step


def endless_batches(examples: int, batch_size: int, seed: int) -> Iterator[np.ndarray]:
    """Row numbers of full batches; when the examples are used up they are shuffled again."""
    random = np.random.default_rng(seed)
    while True:
        order = random.permutation(examples)
        for start in range(0, examples - batch_size + 1, batch_size):
            yield order[start : start + batch_size]


def smoothed_loss(losses: list[float]) -> float:
    """The exponential moving average of all losses so far, with the weights made to sum to 1."""
    weights = SMOOTHING ** np.arange(len(losses) - 1, -1, -1)
    return float(np.dot(weights, losses) / weights.sum())


def valley_index(losses: np.ndarray) -> int:
    """A point half-way into the second third of the longest falling subsequence, as in fastai.

    The subsequence need not be contiguous. fastai takes it to span as many points as it has, ending
    where it ends, and so does this.
    """
    lengths = np.ones(len(losses), dtype=int)
    for index in range(1, len(losses)):
        longest = lengths[:index][losses[:index] > losses[index]]
        lengths[index] = 1 + longest.max(initial=0)
    end = int(lengths.argmax())
    third = lengths[end] / 3
    return end - int(lengths[end]) + int(third) + int(third / 2)


def steepest_index(rates: np.ndarray, losses: np.ndarray) -> int:
    """The point from which the loss falls most steeply over the logarithm of the rate."""
    return int((np.diff(losses) / np.diff(np.log(rates))).argmin())


def check_falls(losses: np.ndarray) -> None:
    """Refuse a curve that falls by less than 1 % of its first loss: a rule would read noise."""
    fall = losses[0] - losses.min()
    if not fall > 0.01 * abs(losses[0]):
        rises = losses[-1] - losses[0] > 0.01 * abs(losses[0])
        remedy = "Start at a lower min" if rises else "End at a higher max"
        raise NoSuggestion(
            f"no suggestion: the smoothed loss never falls by 1 % (from {losses[0]:.4g} to "
            f"{losses.min():.4g} at the lowest). {remedy}_learning_rate"
        )


def check_has_minimum(test: RateTest) -> None:
    """Refuse a test that ended while the loss was still falling: its lowest point means nothing."""
    if not test.stopped_early and test.smoothed_losses.argmin() >= len(test.losses) - LAST_POINTS:
        raise NoSuggestion(
            "no suggestion: the smoothed loss still falls at the end of the test "
            f"(rate {test.learning_rates[-1]:.3g}). Use a higher max_learning_rate"
        )


def check_testable(model: keras.Model) -> None:
    """Say why a model cannot be tested: it is none, is not compiled, or its rate cannot be set."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"model must be a Keras model, got {type(model).__name__}")
    if not model.compiled:
        raise ValueError("model must be compiled: the test uses its optimizer and its loss")
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if hasattr(optimizer, "optimizers"):
        raise TypeError(
            f"the optimizer must have one learning rate, got {type(optimizer).__name__}"
        )
    if not isinstance(optimizer.learning_rate, keras.Variable):
        name = type(optimizer).__name__
        raise TypeError(
            f"the optimizer {name} was made with a schedule or function as its learning rate, which "
            f"a test cannot set. Compile with a number for the test, such as {name}(0.01, ...), with "
            "your other settings; then compile again with a schedule that has the rate found as its "
            "highest"
        )


def check_pairs(x: np.ndarray, y: np.ndarray) -> None:
    """Say so when there are not as many targets as inputs."""
    if len(x) != len(y):
        raise ValueError(f"x and y must have the same length, got {len(x)} and {len(y)}")


def check_counts(steps: int, batch_size: int, seed: int, examples: int) -> None:
    """Say what is wrong with a number of steps, a batch size or a seed."""
    checked_steps("steps", steps, minimum=20)
    checked_steps("seed", seed, minimum=0)
    if checked_steps("batch_size", batch_size) > examples:
        raise ValueError(f"batch_size must be at most {examples} (the examples), got {batch_size}")


def check_range(lowest: float, highest: float) -> None:
    """Say what is wrong with the two ends of the test."""
    checked_rate("min_learning_rate", lowest)
    checked_rate("max_learning_rate", highest)
    if not 0 < lowest < highest:
        raise ValueError(
            "min_learning_rate must be above 0 and below max_learning_rate, "
            f"got {lowest} and {highest}"
        )


def check_stop_factor(value: float) -> None:
    """Say so when the test would stop at its first step."""
    if checked_rate("stop_factor", value, minimum=1.0) == 1.0:
        raise ValueError("stop_factor must be above 1, got 1")


def checked_choice(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """Return ``value``, or say what is allowed instead."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
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
