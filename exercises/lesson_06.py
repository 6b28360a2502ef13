"""The checks of lesson 6."""

import re
import textwrap

import keras
import numpy as np
import tensorflow as tf

from exercises.verdict import NotYet, call, require, verdict
from helpers.lr_scheduler import LRScheduler

STEPS = (3, 0, 1, 2, 7, 4)  # in no order, as a restarted loop may come


@verdict
def check_1(scheduler: object) -> None:
    """Whether an ``LRScheduler`` is the plan asked for: wsd, 2,500 steps, 200 of them warm-up."""
    require_scheduler("my_scheduler", scheduler)
    steps_that_mean_something = {
        500: "500 steps are one epoch, the run has 5.",
        1500: "this exercise has 5 epochs.",
        1950: "this exercise has batches of 100.",
        1170: "this exercise has batches of 100 and 5 epochs.",
        50_000: "50,000 is the number of images; a step trains 100 of them.",
        250_000: "250,000 images pass in 5 epochs; a step trains 100 of them.",
        5: "5 is the number of epochs; iterations counts steps.",
    }
    hint = steps_that_mean_something.get(scheduler.iterations, "how many batches are there?")
    require(scheduler.iterations == 2500, f"iterations is {scheduler.iterations}: {hint}")
    require(scheduler.policy == "wsd", f"the policy must be 'wsd', it is {scheduler.policy!r}.")
    require(np.isclose(scheduler.lr, 0.2), f"the peak rate must be 0.2, it is {scheduler.lr:g}.")
    require(
        scheduler.warm_up != 0, "there is no warm-up: warm_up is 0, the first 200 steps must climb."
    )
    rates = rates_of(scheduler, 2500)
    reached = int(np.argmax(rates >= np.float32(0.2))) + 1
    require(
        reached == 200,
        f"the peak is reached after {reached} step{'s' if reached > 1 else ''}, not after 200. "
        "An int counts steps, a float is a fraction of the run.",
    )


@verdict
def check_2(make_rate_setter: object) -> None:
    """Whether ``make_rate_setter(scheduler, optimizer)`` compiles ``update`` and traces it once."""
    seen: list[tuple[object, bool]] = []  # what Python hands to update, and whether eagerly
    scheduler, optimizer = watched(seen), keras.optimizers.SGD(0.5)
    set_rate = call(make_rate_setter, scheduler, optimizer, name="make_rate_setter")
    require(
        callable(set_rate), f"make_rate_setter must return a function, it returns {set_rate!r:.60}."
    )
    rates = {}
    for step in STEPS:
        rates[step] = rate_of(set_rate, step, seen)
        require(
            np.isclose(optimizer.learning_rate.numpy(), rates[step], rtol=1e-5),
            f"you return {rates[step]:g}, but the optimizer that was handed in has "
            f"{optimizer.learning_rate.numpy():g}.",
        )
    require(
        not any(eager for _, eager in seen),
        "update is not compiled, Python runs it for every step. Put it into a tf.function.",
    )
    require_rates(rates, scheduler)
    traces = len(seen)
    if traces > 1 and any(type(step) is int for step, _ in seen):
        raise NotYet(
            f"6 steps, {traces} traces: a Python int is traced anew for each value. Hand the step "
            "over as a tensor."
        )
    require(
        traces == 1,
        f"6 steps, {traces} traces: make the tf.function once, outside the function that is called "
        "for every step.",
    )


def watched(seen: list[tuple[object, bool]]) -> LRScheduler:
    """The real ``LRScheduler``, which also writes down how Python calls its ``update``."""

    def update(self: LRScheduler, optimizer: object, step: object) -> object:
        seen.append((step, tf.executing_eagerly()))
        return LRScheduler.update(self, optimizer, step)

    update.__qualname__ = "LRScheduler.update"  # an error names it
    methods = {"update": tf.autograph.experimental.do_not_convert(update)}
    return type("LRScheduler", (LRScheduler,), methods)(10, 1.0, "linear", warm_up=0)


def rate_of(set_rate: object, step: int, seen: list[tuple[object, bool]]) -> float:
    """What an answer gives for one step, or the true cause why it gives no rate."""
    try:
        rate = call(set_rate, step)
    except NotYet as problem:
        raise NotYet(explained(problem, ran=bool(seen))) from problem
    require(
        bool(seen),
        "your function must call scheduler.update(optimizer, step), which sets the rate.",
    )
    if isinstance(rate, bool) or not isinstance(rate, (float, np.floating)):
        kind = type(rate).__name__
        hint = ": convert outside the compiled function." if "Tensor" in kind else "."
        raise NotYet(f"your function must return a float, it returns {kind}{hint}")
    return float(rate)


def explained(problem: NotYet, ran: bool) -> str:
    """Say what frequent errors mean; ``ran``: whether ``update`` has been called."""
    text, cause = str(problem), str(problem.__cause__)
    if ran and ("NoneType" in cause or "returns nothing" in text):
        return "update runs, but its rate does not come back: is a return missing?"
    if ran and re.search(r"step must be an int( or a scalar)?", cause):
        return (
            "update got a step that is no whole number, and LRScheduler refuses that. Hand over an "
            "int32 or int64 tensor."
        )
    if "the order is update(optimizer, step)" in cause:
        return "update gets its arguments in another order: it is update(optimizer, step)."
    if "Symbolic" in cause or "attribute 'numpy'" in cause or "not allowed in Graph" in cause:
        return (
            "inside the compiled function a tensor has no value yet: convert outside the compiled "
            "function, float(compiled(...))."
        )
    if "in user code" in cause:  # TensorFlow puts the lines of the traced code before the error
        last = [line.strip() for line in cause.splitlines() if line.strip()][-1]
        return f"your function raises {textwrap.shorten(last, 160, placeholder=' ...')}"
    return text


def require_rates(rates: dict[int, float], scheduler: LRScheduler) -> None:
    """Raise ``NotYet`` if the rates are not those of the steps that were asked for."""
    planned = {step: float(scheduler.schedule(step)) for step in rates}
    for step, rate in rates.items():
        if np.isclose(rate, planned[step], rtol=1e-5):
            continue
        problem = f"step {step} must give the rate {planned[step]:g}, you return {rate:g}: "
        if len(set(rates.values())) > 1:
            raise NotYet(problem + "is it the step that your function is called with?")
        if step == next(iter(rates)):
            raise NotYet(problem + "your function does not use the step that it is called with.")
        raise NotYet(problem + "the first step is frozen in the graph. Hand it in as an argument.")


@verdict
def check_3(plan_in_updates: object) -> None:
    """Whether ``plan_in_updates(epochs, steps_per_epoch, accumulation)`` counts updates."""
    for epochs, steps_per_epoch, accumulation in ((3, 400, 4), (5, 390, 4), (2, 97, 8)):
        case = f"{epochs} epochs of {steps_per_epoch} batches, accumulation {accumulation}: "
        plan = call(plan_in_updates, epochs, steps_per_epoch, accumulation, name="plan_in_updates")
        require_scheduler("the result", plan)
        require(plan.policy == "linear", f"the policy must be 'linear', it is {plan.policy!r}.")
        require(np.isclose(plan.lr, 0.1), f"the peak rate must be 0.1, it is {plan.lr:g}.")
        batches = epochs * steps_per_epoch
        updates = batches // accumulation
        hints = {
            batches: f"{batches} is the number of batches; an update takes {accumulation} of them.",
            batches * accumulation: "an update takes several batches, so there are fewer updates.",
            steps_per_epoch // accumulation: "these are the updates of one epoch.",
            epochs * (steps_per_epoch // accumulation): (
                "batches left over in one epoch count in the next. Divide all batches of the run."
            ),
            -(-batches // accumulation): "the last update is not complete and does not happen.",
        }
        hint = hints.get(plan.iterations, f"there are {batches} batches.")
        require(
            plan.iterations == updates, f"{case}iterations must not be {plan.iterations}: {hint}"
        )
        rates = rates_of(plan, updates + 1)
        require(
            np.isclose(rates[0], 0.1, rtol=1e-5),
            f"{case}the first update must use 0.1, it uses {rates[0]:g}: is there a warm-up?",
        )
        require(rates[-1] == 0, f"{case}the line must reach 0 at the end, it is at {rates[-1]:g}.")


def require_scheduler(name: str, scheduler: object) -> None:
    """Raise ``NotYet`` unless something is an ``LRScheduler``, the lesson's or the helper's."""
    require(
        scheduler is not None and scheduler is not Ellipsis, f"set {name} to an LRScheduler(...)."
    )
    names = ("iterations", "lr", "policy", "warm_up", "schedule", "update")
    is_one = not isinstance(scheduler, type) and all(hasattr(scheduler, each) for each in names)
    kind = "the class itself" if isinstance(scheduler, type) else type(scheduler).__name__
    hint = ", the object around the schedule" if hasattr(scheduler, "get_config") else ""
    require(is_one, f"{name} must be an LRScheduler(...){hint}; it is {kind}.")


def rates_of(scheduler: object, steps: int) -> np.ndarray:
    """The rates of the first steps, from a scheduler that may be the reader's own."""
    try:
        return np.asarray(scheduler.schedule(np.arange(steps)), dtype=float).astype("float32")
    except Exception as error:
        raise NotYet(
            f"its schedule cannot be asked for rates: {type(error).__name__}: {error!s:.100}"
        ) from error
