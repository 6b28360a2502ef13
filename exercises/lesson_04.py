"""The checks of lesson 4: a hold without ``lr``, a cosine that ends, a plan that may be lowered."""

import inspect
import math
from collections.abc import Callable, Iterable

import numpy as np

from exercises.verdict import NotYet, call, in_short, require, verdict

HELD = 1e-3  # the rate of exercise 1's first epochs, and of epoch 0 in exercise 3


@verdict
def check_1(answer: Callable[[int], float]) -> None:
    """Whether a function of the epoch alone holds 0.001 for five epochs and decays after that."""
    rates = _rates(answer, range(20), "my_hold_then_decay")
    require(
        not (_near(rates[4], HELD * math.exp(-0.1)) and _near(rates[3], HELD)),
        "epoch 4 must still have 0.001. You lower it one epoch too early.",
    )
    for epoch in range(5):
        require(
            _near(rates[epoch], HELD),
            f"epochs 0 to 4 must have the rate 0.001, you give {rates[epoch]:.6g} in epoch {epoch}.",
        )
    require(
        not _near(rates[5], HELD),
        "epoch 5 must be the first that is lower: 0.001 * e ** -0.1. You hold too long.",
    )
    require(
        not _near(rates[5], HELD * math.exp(-0.5)),
        "epoch 5 must have 0.001 * e ** -0.1, you jump to 0.001 * e ** -0.5. "
        "Count the epochs since the hold, not since epoch 0.",
    )
    for epoch in range(5, 20):
        expected = HELD * math.exp(-0.1 * (epoch - 4))
        same = _near(rates[epoch], rates[epoch - 1])
        hint = " Each later epoch is multiplied again." if same else ""
        require(
            _near(rates[epoch], expected),
            f"epoch {epoch} must have {expected:.6g}, you give {rates[epoch]:.6g}.{hint}",
        )
    again = _rates(answer, range(19, -1, -1), "my_hold_then_decay")
    require(
        again[::-1] == rates,
        "the same epoch must always give the same rate. Called for epochs 19 to 0 after 0 to 19, "
        "yours gives others: it remembers something.",
    )


@verdict
def check_2(answer: Callable[[float, int], Callable[[int], float]]) -> None:
    """Whether a factory's schedule falls along half a cosine to 0, and stays there."""
    require(
        callable(answer), f"pass your factory itself to the check, got {type(answer).__name__}."
    )
    require(
        _takes(answer, 2),
        "your factory must take two arguments, start_lr and epochs; pass the factory itself, not "
        "the schedule that it makes.",
    )
    for start_lr, epochs in ((1e-3, 20), (0.1, 8)):
        made = f"my_cosine_decay({start_lr}, {epochs})"
        schedule = call(answer, start_lr, epochs, name=made)
        require(callable(schedule), f"{made} must return a function, it returns {schedule!r}.")
        _check_cosine(schedule, start_lr, epochs, made)


def _check_cosine(schedule: Callable, start_lr: float, epochs: int, name: str) -> None:
    rates = _rates(schedule, range(2 * epochs + 1), name)
    near, middle = 1e-6 * start_lr, epochs // 2
    require(
        abs(rates[0] - start_lr) <= near,
        f"{name} must have {start_lr} in epoch 0, you give {rates[0]:.6g}.",
    )
    require(
        abs(rates[epochs - 1]) > near,
        f"{name} must not be at 0 in epoch {epochs - 1} yet. Divide by epochs, not by epochs - 1.",
    )
    without_pi = abs(rates[epochs] - start_lr * (1 + math.cos(1.0)) / 2) <= near
    hint = " Is pi missing inside the cosine?" if without_pi else ""
    require(
        abs(rates[epochs]) <= near,
        f"{name} must be at 0 in epoch {epochs}, you give {rates[epochs]:.6g}.{hint}",
    )
    quarter = abs(rates[middle] - start_lr * math.cos(math.pi / 4)) <= near
    hint = " That is a quarter of a cosine wave; half a one is asked for." if quarter else ""
    if abs(rates[middle] - start_lr * (1 + math.cos(0.5)) / 2) <= near:
        hint = " Is pi missing inside the cosine?"
    require(
        abs(rates[middle] - start_lr / 2) <= near,
        f"{name} must have half of start_lr in epoch {middle}, you give {rates[middle]:.6g}.{hint}",
    )
    for epoch in range(epochs):
        expected = start_lr * (1 + math.cos(math.pi * epoch / epochs)) / 2
        require(
            abs(rates[epoch] - expected) <= near,
            f"{name} must have {expected:.6g} in epoch {epoch}, you give {rates[epoch]:.6g}.",
        )
    for epoch in range(epochs, 2 * epochs + 1):
        wrong = "rises again" if rates[epoch] > 0 else "is negative"
        require(
            abs(rates[epoch]) <= near,
            f"{name} must stay at 0 after epoch {epochs}, yours {wrong}: {rates[epoch]:.6g} in "
            f"epoch {epoch}.",
        )
    again = _rates(schedule, range(2 * epochs, -1, -1), name)
    require(
        again[::-1] == rates,
        f"{name} must give the same rate for the same epoch whenever it is called; yours remembers "
        "something.",
    )


@verdict
def check_3(answer: Callable[[int, float], float]) -> None:
    """Whether a plan gives way to a lower rate that another callback has set, and to no other."""
    require(
        callable(answer), f"pass my_lowered_plan itself to the check, got {type(answer).__name__}."
    )
    require(_takes(answer, 2), "my_lowered_plan must take two arguments, epoch and lr.")
    for epoch in (0, 3, 12):
        plan = HELD * math.exp(-0.1 * epoch)
        for lr in (10 * plan, 1.05 * plan, plan, plan / 4):
            called = f"my_lowered_plan({epoch}, {lr:.6g})"
            rate = _rate(call(answer, epoch, lr, name=called), called)
            _check_lowered(rate, plan, lr, f"In epoch {epoch} the plan is {plan:.6g}")


def _check_lowered(rate: float, plan: float, lr: float, where: str) -> None:
    near = 1e-6 * plan
    if abs(rate - min(plan, lr)) <= near:
        return
    if lr > plan:
        said = f"{where} and the optimizer has more, {lr:.6g}: the plan must win"
    elif lr < plan:
        said = f"{where} and the optimizer has less, {lr:.6g}: that must stay"
    else:
        said = f"{where} and the optimizer has just that: it must stay"
    hint = ""
    if abs(rate - lr * math.exp(-0.1)) <= near:
        hint = " Compare the optimizer's rate with the plan; do not lower it once more."
    elif abs(rate - max(plan, lr)) <= near and lr != plan:
        hint = " That is the higher of the two."
    raise NotYet(f"{said}. You give {rate:.6g}.{hint}")


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-9


def _rates(schedule: Callable, epochs: Iterable[int], name: str) -> list[float]:
    """The rates of a schedule in the (epoch) form.

    Raises:
        NotYet: what keeps Keras from using it, or what Keras would use though it makes no sense.
    """
    require(callable(schedule), f"pass {name} itself to the check, got {schedule!r:.60}.")
    require(
        _takes(schedule, 1),
        f"{name} must be a function of one argument, the epoch, so that it survives every restart.",
    )
    hint = " or do you compute from lr, which is None here" if _takes(schedule, 2) else ""
    return [_rate(_called(schedule, epoch, name), f"{name}({epoch})", hint) for epoch in epochs]


def _called(schedule: Callable, epoch: int, name: str) -> object:
    try:
        return schedule(epoch)
    except Exception as error:
        raise NotYet(f"{name}({epoch}) raises {in_short(error)}") from error


def _takes(function: Callable, arguments: int) -> bool:
    try:
        inspect.signature(function).bind(*range(arguments))
    except TypeError:
        return False
    except ValueError:  # some built-in functions do not tell
        return True
    return True


def _rate(rate: object, called: str, hint: str = "") -> float:
    """What Keras accepts as a rate, as a finite float."""
    require(rate is not None, f"{called} gives None: is a return missing{hint}?")
    require(
        not callable(rate), f"{called} gives a function: call your factory, and pass what it made."
    )
    whole = isinstance(rate, int) and not isinstance(rate, bool)
    require(not whole, f"{called} gives the int {rate}: write {rate}.0, Keras refuses an int.")
    require(
        isinstance(rate, (float, np.float32)),
        f"{called} must give a float, it gives {type(rate).__name__} {rate!r:.60}.",
    )
    require(
        math.isfinite(rate),
        f"{called} gives {rate}, which is no finite number. Keras would accept it, and after "
        "one step the weights would be NaN or infinite.",
    )
    return float(rate)
