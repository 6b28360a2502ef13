"""Learning-rate schedules per epoch, for ``keras.callbacks.LearningRateScheduler``.

Each factory takes the numbers of a schedule once, checks them, and returns a plain function
``schedule(epoch, lr=None) -> float`` that Keras can call with ``(epoch)`` or ``(epoch, lr)``::

    callback = keras.callbacks.LearningRateScheduler(exponential_decay(start_lr=1e-3))
    model.fit(..., callbacks=[callback])

``epoch`` counts from 0 and has no last value: a schedule goes on past any number of epochs. All but
``hold_then_decay`` are pure functions of the epoch, so they can be plotted, restarted and resumed.

Needs nothing but Python. The formulas and defaults are those of dzlab's "Learning Rate Scheduling
with Callbacks"; ``hold_then_decay`` is the example of Keras's own ``LearningRateScheduler``.
"""

import math
from collections.abc import Callable
from numbers import Integral, Real


def check_rates(**rates: float) -> None:
    """Refuse learning rates that cannot be used: ``check_rates(start_lr=start_lr)``.

    Args:
        **rates: argument name to learning rate; a real number (of Python or NumPy), finite, at
            least 0.

    Raises:
        TypeError: not a number (``bool``, text, ``None`` and tensors are not).
        ValueError: negative, NaN or infinite.
    """
    for name, value in rates.items():
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"{name} must be a float, got {type(value).__name__} {value!r}")
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} must be finite and at least 0, got {value!r}")


def check_decays(**decays: float) -> None:
    """Refuse decay constants that cannot be used; the same rules as for rates.

    Args:
        **decays: argument name to decay constant per epoch; a real number, finite, at least 0.

    Raises:
        TypeError: not a number.
        ValueError: negative (the rate would grow), NaN or infinite.
    """
    check_rates(**decays)


def check_epochs(**epochs: int) -> None:
    """Refuse epochs, and numbers of epochs, that are not whole numbers from 0 on.

    Args:
        **epochs: argument name to epoch; an int (of Python or NumPy), at least 0.

    Raises:
        TypeError: not an int (``bool`` and float are not).
        ValueError: negative.
    """
    for name, value in epochs.items():
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise TypeError(f"{name} must be an int, got {type(value).__name__} {value!r}")
        if value < 0:
            raise ValueError(f"{name} must be at least 0, got {value}")


def hold_then_decay(hold_epochs: int = 5, rate: float = 0.1) -> Callable[..., float]:
    """Keep the optimizer's own rate, then multiply it by ``e ** -rate`` at every epoch.

    ``lr(epoch) = lr`` before ``hold_epochs``, ``lr * e ** -rate`` from there on, where ``lr`` is the
    rate that the optimizer has at the time. What it gives so depends on what came before: after a
    restart with a new optimizer it starts from that one's rate.

    Args:
        hold_epochs: how many epochs to leave the rate alone, at least 0.
        rate: decay per epoch after that, at least 0.

    Returns:
        ``schedule(epoch, lr)``; ``lr`` must be given, and Keras gives it.

    Raises:
        TypeError: a number of the wrong kind, here or in the schedule's own arguments.
        ValueError: a negative, NaN or infinite number, here or there.
    """
    check_epochs(hold_epochs=hold_epochs)
    check_decays(rate=rate)

    def schedule(epoch: int, lr: float | None = None) -> float:
        check_epochs(epoch=epoch)
        check_rates(lr=lr)
        return float(lr if epoch < hold_epochs else lr * math.exp(-rate))

    return schedule


def constant(start_lr: float = 1e-3) -> Callable[..., float]:
    """Keep one rate: ``lr(epoch) = start_lr``. The one to beat.

    Args:
        start_lr: the rate, at least 0.

    Returns:
        ``schedule(epoch, lr=None)``.

    Raises:
        TypeError: a number of the wrong kind, here or in the schedule's own arguments.
        ValueError: a negative, NaN or infinite number, here or there.
    """
    check_rates(start_lr=start_lr)

    def schedule(epoch: int, lr: float | None = None) -> float:
        check_epochs(epoch=epoch)
        return float(start_lr)

    return schedule


def time_based_decay(start_lr: float = 1e-3, decay: float = 0.1) -> Callable[..., float]:
    """Decay with the reciprocal of time: ``lr(epoch) = start_lr / (1 + decay * epoch)``.

    With ``decay=0.1`` the rate is half after 10 epochs and a third after 20: the decay slows down.
    Per step, Keras has this as ``keras.optimizers.schedules.InverseTimeDecay``.

    Args:
        start_lr: rate of epoch 0, at least 0.
        decay: how fast, per epoch, at least 0.

    Returns:
        ``schedule(epoch, lr=None)``.

    Raises:
        TypeError: a number of the wrong kind, here or in the schedule's own arguments.
        ValueError: a negative, NaN or infinite number, here or there.
    """
    check_rates(start_lr=start_lr)
    check_decays(decay=decay)

    def schedule(epoch: int, lr: float | None = None) -> float:
        check_epochs(epoch=epoch)
        return float(start_lr / (1 + decay * epoch))

    return schedule


def exponential_decay(start_lr: float = 1e-3, exp_decay: float = 0.1) -> Callable[..., float]:
    """Lose the same share at every epoch: ``lr(epoch) = start_lr * e ** (-exp_decay * epoch)``.

    With ``exp_decay=0.1`` each epoch has 0.905 times the rate of the one before. Per step, Keras
    has this as ``keras.optimizers.schedules.ExponentialDecay``.

    Args:
        start_lr: rate of epoch 0, at least 0.
        exp_decay: how fast, per epoch, at least 0.

    Returns:
        ``schedule(epoch, lr=None)``.

    Raises:
        TypeError: a number of the wrong kind, here or in the schedule's own arguments.
        ValueError: a negative, NaN or infinite number, here or there.
    """
    check_rates(start_lr=start_lr)
    check_decays(exp_decay=exp_decay)

    def schedule(epoch: int, lr: float | None = None) -> float:
        check_epochs(epoch=epoch)
        return float(start_lr * math.exp(-exp_decay * epoch))

    return schedule


def constant_then_exponential_decay(
    start_lr: float = 1e-3, rampup_epochs: int = 10, exp_decay: float = 0.1
) -> Callable[..., float]:
    """Keep one rate, then jump down onto the exponential decay that began at epoch 0.

    ``lr(epoch) = start_lr`` before ``rampup_epochs``, ``start_lr * e ** (-exp_decay * epoch)`` from
    there on. The exponent counts from epoch 0, so the rate is not continuous: with the defaults it
    drops from 1e-3 to 0.368e-3 at epoch 10. Nothing ramps up in spite of the name of the argument.

    Args:
        start_lr: rate of the first epochs, at least 0.
        rampup_epochs: how many epochs to keep it, at least 0.
        exp_decay: how fast it decays after that, per epoch, at least 0.

    Returns:
        ``schedule(epoch, lr=None)``.

    Raises:
        TypeError: a number of the wrong kind, here or in the schedule's own arguments.
        ValueError: a negative, NaN or infinite number, here or there.
    """
    check_rates(start_lr=start_lr)
    check_epochs(rampup_epochs=rampup_epochs)
    check_decays(exp_decay=exp_decay)

    def schedule(epoch: int, lr: float | None = None) -> float:
        check_epochs(epoch=epoch)
        if epoch < rampup_epochs:
            return float(start_lr)
        return float(start_lr * math.exp(-exp_decay * epoch))

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
        start_lr: rate of epoch 0, at most ``max_lr``.
        min_lr: what the rate falls towards and never reaches, at most ``max_lr``.
        max_lr: the highest rate.
        rampup_epochs: length of the rise, at least 0.
        sustain_epochs: how many epochs to stay at ``max_lr``, at least 0.
        exp_decay: factor per epoch of the fall, from 0 to 1; unlike in the other schedules a
            smaller number falls faster.

    Returns:
        ``schedule(epoch, lr=None)``.

    Raises:
        TypeError: a number of the wrong kind, here or in the schedule's own arguments.
        ValueError: a negative, NaN or infinite number, here or there; ``max_lr`` is not the highest
            rate; ``exp_decay`` is above 1.
    """
    check_rates(start_lr=start_lr, min_lr=min_lr, max_lr=max_lr)
    check_epochs(rampup_epochs=rampup_epochs, sustain_epochs=sustain_epochs)
    check_decays(exp_decay=exp_decay)
    if max(start_lr, min_lr) > max_lr or exp_decay > 1:
        raise ValueError(
            "start_lr and min_lr must be at most max_lr, and exp_decay at most 1; "
            f"got {start_lr=}, {min_lr=}, {max_lr=}, {exp_decay=}"
        )

    def schedule(epoch: int, lr: float | None = None) -> float:
        check_epochs(epoch=epoch)
        if epoch < rampup_epochs:
            return float(start_lr + (max_lr - start_lr) / rampup_epochs * epoch)
        falling = max(0, epoch - rampup_epochs - sustain_epochs)
        return float(min_lr + (max_lr - min_lr) * exp_decay**falling)

    return schedule
