"""Learning-rate schedules per epoch, for ``keras.callbacks.LearningRateScheduler``.

Each factory takes the numbers of a schedule once, checks them, and returns a plain function
``schedule(epoch, lr=None) -> float`` that Keras can call with ``(epoch)`` or ``(epoch, lr)``::

    callback = keras.callbacks.LearningRateScheduler(exponential_decay(start_lr=1e-3))
    model.fit(..., callbacks=[callback])

``epoch`` counts from 0 and has no last value: a schedule goes on past any number of epochs. All but
``hold_then_decay`` compute from the epoch alone, so they can be plotted, restarted and resumed.

Needs nothing but Python, so it serves Keras on any backend. The formulas and defaults are those of
dzlab's "Learning Rate Scheduling with Callbacks"; ``hold_then_decay`` is the example of Keras's own
``LearningRateScheduler``.
"""

import math
from collections.abc import Callable
from numbers import Integral, Real


def hold_then_decay(hold_epochs: int = 5, rate: float = 0.1) -> Callable[..., float]:
    """Keep the optimizer's own rate, then multiply it by ``e ** -rate`` at every epoch.

    ``lr(epoch) = lr`` before ``hold_epochs``, ``lr * e ** -rate`` from there on, where ``lr`` is the
    rate that the optimizer has at the time. What it gives so depends on what came before: after a
    restart with a new optimizer it starts from that one's rate.

    Args:
        hold_epochs: how many epochs to leave the rate alone; an int, 0 or more.
        rate: decay per epoch after that; a finite number, 0 or more.

    Returns:
        ``schedule(epoch, lr)``; ``lr`` must be given, and Keras gives it.

    Raises:
        TypeError: an argument is not a number, or not an int where epochs are counted; here or in
            the schedule's own arguments (``lr`` left out among them).
        ValueError: a negative, NaN or infinite number, here or there.
    """
    hold_epochs = checked_steps("hold_epochs", hold_epochs, minimum=0)
    rate = checked_rate("rate", rate)

    def schedule(epoch: int, lr: float | None = None) -> float:
        epoch = checked_steps("epoch", epoch, minimum=0)
        lr = checked_rate("lr", lr)
        return lr if epoch < hold_epochs else lr * math.exp(-rate)

    return schedule


def constant(start_lr: float = 1e-3) -> Callable[..., float]:
    """Keep one rate: ``lr(epoch) = start_lr``. The one to beat.

    Args:
        start_lr: the rate; a finite number, 0 or more.

    Returns:
        ``schedule(epoch, lr=None)``; ``lr`` is not used.

    Raises:
        TypeError: ``start_lr`` is not a number, or the schedule's ``epoch`` not an int.
        ValueError: a negative, NaN or infinite number, here or there.
    """
    start_lr = checked_rate("start_lr", start_lr)

    def schedule(epoch: int, lr: float | None = None) -> float:
        epoch = checked_steps("epoch", epoch, minimum=0)
        return start_lr

    return schedule


def time_based_decay(start_lr: float = 1e-3, decay: float = 0.1) -> Callable[..., float]:
    """Decay with the reciprocal of time: ``lr(epoch) = start_lr / (1 + decay * epoch)``.

    With ``decay=0.1`` the rate is half after 10 epochs and a third after 20: the decay slows down.
    Per step, Keras has this as ``keras.optimizers.schedules.InverseTimeDecay``.

    Args:
        start_lr: rate of epoch 0; a finite number, 0 or more.
        decay: how fast, per epoch; a finite number, 0 or more.

    Returns:
        ``schedule(epoch, lr=None)``; ``lr`` is not used.

    Raises:
        TypeError: an argument is not a number, or the schedule's ``epoch`` not an int.
        ValueError: a negative, NaN or infinite number, here or there.
    """
    start_lr = checked_rate("start_lr", start_lr)
    decay = checked_rate("decay", decay)

    def schedule(epoch: int, lr: float | None = None) -> float:
        epoch = checked_steps("epoch", epoch, minimum=0)
        return start_lr / (1 + decay * epoch)

    return schedule


def exponential_decay(start_lr: float = 1e-3, exp_decay: float = 0.1) -> Callable[..., float]:
    """Lose the same share at every epoch: ``lr(epoch) = start_lr * e ** (-exp_decay * epoch)``.

    With ``exp_decay=0.1`` each epoch has 0.905 times the rate of the one before. Per step, Keras
    has this as ``keras.optimizers.schedules.ExponentialDecay``.

    Args:
        start_lr: rate of epoch 0; a finite number, 0 or more.
        exp_decay: how fast, per epoch; a finite number, 0 or more.

    Returns:
        ``schedule(epoch, lr=None)``; ``lr`` is not used.

    Raises:
        TypeError: an argument is not a number, or the schedule's ``epoch`` not an int.
        ValueError: a negative, NaN or infinite number, here or there.
    """
    start_lr = checked_rate("start_lr", start_lr)
    exp_decay = checked_rate("exp_decay", exp_decay)

    def schedule(epoch: int, lr: float | None = None) -> float:
        epoch = checked_steps("epoch", epoch, minimum=0)
        return start_lr * math.exp(-exp_decay * epoch)

    return schedule


def constant_then_exponential_decay(
    start_lr: float = 1e-3, rampup_epochs: int = 10, exp_decay: float = 0.1
) -> Callable[..., float]:
    """Keep one rate, then jump down onto the exponential decay that began at epoch 0.

    ``lr(epoch) = start_lr`` before ``rampup_epochs``, ``start_lr * e ** (-exp_decay * epoch)`` from
    there on. The exponent counts from epoch 0, so the rate is not continuous: with the defaults it
    drops from 1e-3 to 0.368e-3 at epoch 10. Nothing ramps up in spite of the name of the argument.

    Args:
        start_lr: rate of the first epochs; a finite number, 0 or more.
        rampup_epochs: how many epochs to keep it; an int, 0 or more.
        exp_decay: how fast it decays after that, per epoch; a finite number, 0 or more.

    Returns:
        ``schedule(epoch, lr=None)``; ``lr`` is not used.

    Raises:
        TypeError: an argument is not a number, or not an int where epochs are counted, here or in
            the schedule's ``epoch``.
        ValueError: a negative, NaN or infinite number, here or there.
    """
    start_lr = checked_rate("start_lr", start_lr)
    rampup_epochs = checked_steps("rampup_epochs", rampup_epochs, minimum=0)
    exp_decay = checked_rate("exp_decay", exp_decay)

    def schedule(epoch: int, lr: float | None = None) -> float:
        epoch = checked_steps("epoch", epoch, minimum=0)
        if epoch < rampup_epochs:
            return start_lr
        return start_lr * math.exp(-exp_decay * epoch)

    return schedule


def one_cycle(
    start_lr: float = 1e-4,
    min_lr: float = 1e-5,
    max_lr: float = 1e-3,
    rampup_epochs: int = 10,
    sustain_epochs: int = 0,
    exp_decay: float = 0.8,
) -> Callable[..., float]:
    """Rise in a straight line, stay, and fall exponentially towards a floor.

    ``start_lr`` to ``max_lr`` in ``rampup_epochs``, then ``max_lr`` for ``sustain_epochs``, then
    ``min_lr + (max_lr - min_lr) * exp_decay ** n`` in the n-th epoch after that. This is the
    "one cycle" of a widely copied Keras example. The one-cycle policy of the literature (Smith and
    Topin, "Super-convergence") has an end, lies far below its start there, and cycles momentum too.

    Args:
        start_lr: rate of epoch 0; a finite number from 0 to ``max_lr``.
        min_lr: what the rate falls towards and, while ``exp_decay`` is above 0, does not reach; a
            finite number from 0 to ``max_lr``.
        max_lr: the highest rate; a finite number, 0 or more.
        rampup_epochs: length of the rise; an int, 0 or more.
        sustain_epochs: how many epochs to stay at ``max_lr``; an int, 0 or more.
        exp_decay: factor per epoch of the fall, from 0 to 1; unlike in the other schedules a
            smaller number falls faster.

    Returns:
        ``schedule(epoch, lr=None)``; ``lr`` is not used.

    Raises:
        TypeError: an argument is not a number, or not an int where epochs are counted, here or in
            the schedule's ``epoch``.
        ValueError: a negative, NaN or infinite number, here or there; ``start_lr`` or ``min_lr`` is
            above ``max_lr``; ``exp_decay`` is above 1.
    """
    max_lr = checked_rate("max_lr", max_lr)
    start_lr = checked_at_most("start_lr", start_lr, max_lr, "max_lr")
    min_lr = checked_at_most("min_lr", min_lr, max_lr, "max_lr")
    rampup_epochs = checked_steps("rampup_epochs", rampup_epochs, minimum=0)
    sustain_epochs = checked_steps("sustain_epochs", sustain_epochs, minimum=0)
    exp_decay = checked_at_most("exp_decay", exp_decay, 1.0)

    def schedule(epoch: int, lr: float | None = None) -> float:
        epoch = checked_steps("epoch", epoch, minimum=0)
        if epoch < rampup_epochs:
            return start_lr + (max_lr - start_lr) / rampup_epochs * epoch
        falling = max(0, epoch - rampup_epochs - sustain_epochs)
        return min_lr + (max_lr - min_lr) * exp_decay**falling

    return schedule


def checked_at_most(name: str, value: float, maximum: float, maximum_name: str = "") -> float:
    """Return ``value`` as a float, or say why it is no number from 0 to ``maximum``."""
    value = checked_rate(name, value)
    if value > maximum:
        limit = f"{maximum_name}, which is {maximum:g}" if maximum_name else f"{maximum:g}"
        raise ValueError(f"{name} must be at most {limit}, got {value}")
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
