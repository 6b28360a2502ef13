"""The exercises of lesson 5: compose a plan, write a schedule."""

import inspect

import keras
import numpy as np
from keras import ops
from keras.optimizers.schedules import LearningRateSchedule

from exercises.verdict import NotYet, call, in_short, require, verdict
from helpers.schedules import preview

SAME = 1e-7  # rates that differ by less are equal but for rounding


@verdict
def check_1(plan: LearningRateSchedule) -> None:
    """Whether a plan climbs for 100 steps to 0.05, stays until step 700 and is 0 at step 1000.

    Args:
        plan: a schedule; its warm-up starts at 0.05 / 100, its fall is a straight line.
    """
    if isinstance(plan, type):
        raise NotYet(f"pass a schedule object, {plan.__name__}(...), not the class.")
    if not isinstance(plan, LearningRateSchedule):
        raise NotYet(f"your plan must be a schedule object, got {type(plan).__name__}.")
    steps = np.arange(1201)
    try:
        rates = preview(plan, steps)
    except Exception as error:
        raise NotYet(f"your plan raises {in_short(error)}") from error
    wanted = np.clip(np.minimum((steps + 1) / 100, (1000 - steps) / 300), 0.0, 1.0) * 0.05
    require_climb(rates, wanted)
    require_plateau(plan, rates, wanted)
    require_fall(rates, wanted)


def require_climb(rates: np.ndarray, wanted: np.ndarray) -> None:
    """The first 100 steps."""
    if rates[0] == 0.0:
        raise NotYet("the first update is wasted: at step 0 the rate should be 0.05 / 100, not 0.")
    require_rates(
        "the first 100 steps should climb in a straight line from 0.05 / 100 to 0.05",
        (rates, wanted),
        (0, 100),
    )


def require_plateau(plan: LearningRateSchedule, rates: np.ndarray, wanted: np.ndarray) -> None:
    """From the end of the climb to the last step before the fall."""
    falls = 100 + np.flatnonzero(np.diff(rates[100:]) < -1e-9)
    require(len(falls) > 0, "the rate never falls: it should do so from step 700 to step 1000.")
    if falls[0] == 800 and holds_a_warm_up(plan):
        raise NotYet(
            "the fall begins at step 800 instead of 700: what is inside WarmUp counts its steps "
            "from the end of the warm-up."
        )
    require_rates(
        "the rate should stay at 0.05 until step 700", (rates, wanted), (100, min(700, falls[0]))
    )
    require(falls[0] == 700, f"the fall should begin at step 700, yours begins at step {falls[0]}.")
    require_rates("the rate should stay at 0.05 until step 700", (rates, wanted), (100, 701))


def require_fall(rates: np.ndarray, wanted: np.ndarray) -> None:
    """From step 700 to the end and beyond."""
    at_zero = np.flatnonzero(rates < SAME)
    require(len(at_zero) > 0, f"at step 1000 the rate should be 0, yours is {rates[1000]:.6g}.")
    require(at_zero[0] == 1000, f"the rate reaches 0 at step {at_zero[0]} instead of 1000.")
    require_rates("the fall should be a straight line", (rates, wanted), (700, 1001))
    require_rates("after step 1000 the rate should stay at 0", (rates, wanted), (1001, 1201))


def require_rates(
    what: str, rates_and_wanted: tuple[np.ndarray, np.ndarray], stretch: tuple[int, int]
) -> None:
    """Raise, naming the worst step of a stretch, unless all its rates are as wanted."""
    rates, wanted = (values[slice(*stretch)] for values in rates_and_wanted)
    difference = np.nan_to_num(np.abs(rates - wanted), nan=np.inf)
    if not len(difference) or difference.max() < SAME:
        return
    worst = int(difference.argmax())
    raise NotYet(
        f"{what}; at step {stretch[0] + worst} your rate is {rates[worst]:.6g} "
        f"instead of {wanted[worst]:.6g}."
    )


def holds_a_warm_up(schedule: object) -> bool:
    """Whether a WarmUp, the lesson's or the helper's, is somewhere in a schedule."""
    inside = [getattr(schedule, "schedule", None), *getattr(schedule, "schedules", [])]
    return type(schedule).__name__ == "WarmUp" or any(
        holds_a_warm_up(one) for one in inside if isinstance(one, LearningRateSchedule)
    )


@verdict
def check_2(schedule_class: type) -> None:
    """Whether a class holds a rate for ``hold_steps``, then lets it fall as 1 / sqrt(step).

    Args:
        schedule_class: built as ``schedule_class(peak, hold_steps)``; its rate at a step is
            ``peak * sqrt(hold_steps / max(step, hold_steps))``.
    """
    is_class = isinstance(schedule_class, type)
    if not is_class or not issubclass(schedule_class, LearningRateSchedule):
        raise NotYet("pass the class itself; it must be a subclass of LearningRateSchedule.")
    try:
        schedule, second = schedule_class(0.1, 100), schedule_class(0.3, 50)
    except Exception as error:
        raise NotYet(f"{schedule_class.__name__}(0.1, 100) raises {in_short(error)}") from error
    require_rates_of_numbers(schedule, second)
    require_rates_of_tensors(schedule)
    require_saving(schedule)
    require_saving(second)


def require_rates_of_numbers(schedule: LearningRateSchedule, second: LearningRateSchedule) -> None:
    """Python ints first: the formula itself."""
    for step, wanted in [(0, 0.1), (100, 0.1), (400, 0.05), (10_000, 0.01)]:
        rate = one_number(schedule, step)
        require(
            abs(rate - wanted) < 1e-6,
            f"with peak 0.1 and hold_steps 100 the rate at step {step} should be {wanted:g}, "
            f"yours is {rate:g}.",
        )
    rate = one_number(second, 200)
    require(
        abs(rate - 0.15) < 1e-6,
        "use the arguments: with peak 0.3 and hold_steps 50 the rate at step 200 should be 0.15, "
        f"yours is {rate:g}.",
    )


def one_number(schedule: LearningRateSchedule, step: int) -> float:
    """The rate at a Python int, as a float."""
    try:
        rate = call(schedule, step, name="__call__")
    except NotYet as problem:
        if isinstance(problem.__cause__, TypeError):
            raise NotYet(f"{problem} Does __call__ cast the step first?") from problem
        raise
    try:
        number = np.asarray(ops.convert_to_numpy(rate))
    except (TypeError, ValueError):
        number = np.zeros(0)
    require(
        number.shape == () and number.dtype.kind in "fiu",
        f"at step {step} __call__ should return one number, got {rate!r:.80}.",
    )
    return float(number)


def require_rates_of_tensors(schedule: LearningRateSchedule) -> None:
    """An int64 tensor, the step inside ``fit``, and an array."""
    import tensorflow as tf

    try:
        in_tensor = float(schedule(tf.constant(400, tf.int64)))
        compiled = float(preview(schedule, np.array([400]))[0])
    except Exception as error:
        raise NotYet(why_a_tensor_fails(error)) from error
    for rate in (in_tensor, compiled):
        require(
            abs(rate - 0.05) < 1e-6,
            f"for an int64 tensor of 400 the rate should be 0.05, yours is {rate:g}.",
        )
    try:
        rates = np.asarray(schedule(np.array([0, 400])))
    except Exception as error:
        raise NotYet(f"an array of steps raises {in_short(error)}") from error
    require(
        rates.shape == (2,) and np.allclose(rates, [0.1, 0.05]),
        "an array of steps should give an array of rates: use keras.ops throughout.",
    )


def why_a_tensor_fails(error: Exception) -> str:
    """What an answer does wrong that fails for a tensor only."""
    kind, text = type(error).__name__, str(error)
    if kind == "OperatorNotAllowedInGraphError":
        return "a Python `if` or `max` on a tensor fails when compiled: use keras.ops.maximum."
    if isinstance(error, NotImplementedError):  # a tensor without a value cannot become an array
        return "NumPy fails when the schedule is compiled: use keras.ops instead of NumPy."
    if "real number" in text:
        return "`math` fails when the schedule is compiled: use keras.ops instead."
    if any(word in text for word in ("int64", "dtype", "same type", "to be a float")):
        return "an int64 step fails: cast the step first, with keras.ops.cast."
    return f"an int64 tensor as step raises {in_short(error)}"


def require_saving(schedule: LearningRateSchedule) -> None:
    """To a config and back."""
    try:
        arguments = schedule.get_config()
        require(
            isinstance(arguments, dict),
            f"get_config must return a dict, got {type(arguments).__name__}.",
        )
        config = keras.saving.serialize_keras_object(schedule)
    except NotYet:
        raise
    except NotImplementedError:
        if "get_config" in vars(type(schedule)):
            raise NotYet(
                "do not call super().get_config() here: the base class has no config to give."
            ) from None
        raise NotYet("a model with this schedule cannot be saved: get_config is missing.") from None
    except Exception as error:
        raise NotYet(f"a model with this schedule cannot be saved: {in_short(error)}") from error
    require(
        ">" in (config["registered_name"] or ""),
        "a saved model does not load: register the class with "
        "@keras.saving.register_keras_serializable(package=...).",
    )
    require_arguments(schedule, arguments)
    try:
        again = keras.saving.deserialize_keras_object(config)
        rates = [(float(again(step)), float(schedule(step))) for step in (0, 400)]
    except Exception as error:
        raise NotYet(f"the saved schedule does not load: {in_short(error)}") from error
    require(
        all(abs(loaded - saved) < 1e-6 for loaded, saved in rates),
        "the loaded schedule gives another rate: get_config must return the values of this object.",
    )


def require_arguments(schedule: LearningRateSchedule, arguments: dict) -> None:
    """A config holds the arguments of ``__init__`` by name."""
    try:
        inspect.signature(type(schedule)).bind(**arguments)
    except TypeError:
        raise NotYet(
            "get_config must return the arguments of __init__ by name: peak and hold_steps, "
            f"not {' and '.join(map(str, arguments)) or 'an empty dict'}."
        ) from None
