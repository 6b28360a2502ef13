"""The exercises of lesson 10: the price of several lengths, a cooldown, a rate for each layer."""

from collections.abc import Callable

import keras
import numpy as np
from keras.optimizers.schedules import CosineDecay, LearningRateSchedule

from exercises.verdict import NotYet, call, in_short, require, verdict
from helpers.schedules import WarmUp, preview

SAME = 1e-6


@verdict
def check_1(price: Callable) -> None:
    """Whether a function counts the epochs of several lengths, from scratch and with one trunk.

    Args:
        price: ``price(lengths, share)`` gives both numbers.
    """
    scratch, branched = two_numbers(call(price, [4, 8, 16], 0.25, name="price"))
    if abs(scratch - 19) < SAME and abs(branched - 28) < SAME:
        raise NotYet("your two numbers are swapped: what it costs from scratch comes first.")
    require(
        abs(scratch - 28) < SAME,
        "from scratch, 4, 8 and 16 epochs cost their sum, 28 epochs; the first of your numbers is "
        f"{scratch:g}.",
    )
    if abs(branched - 23) < SAME:
        raise NotYet(
            "with a share of 0.25 the trunk ends after 12 epochs, where the longest cooldown "
            "begins; yours counts the last cooldown twice (23 epochs)."
        )
    if abs(branched - 16) < SAME:
        raise NotYet(
            "the shorter models have cooldowns of their own, which branch off the trunk: 1 and 2 "
            "epochs more than the longest run alone (16)."
        )
    if abs(branched - 24) < SAME:
        raise NotYet(
            "a cooldown takes a share of its own model's length: 1, 2 and 4 epochs, not 4 each."
        )
    require(
        abs(branched - 19) < SAME,
        "with one trunk, lengths of 4, 8 and 16 and a share of 0.25 cost 12 + 1 + 2 + 4 epochs; the "
        f"second of your numbers is {branched:g}.",
    )
    other = two_numbers(call(price, [10, 5], 0.2, name="price"))
    require(
        np.allclose(other, (15, 11)),
        "for lengths 10 and 5 with a share of 0.2 the numbers should be 15 and 11, yours are "
        f"{other[0]:g} and {other[1]:g}. Is the longest always the last of your list?",
    )
    cut = two_numbers(call(price, [5, 10], 0.3, name="price"))
    if abs(cut[1] - 11.5) > SAME and abs(cut[1] - 11.5) <= 1:
        raise NotYet(
            "for lengths 5 and 10 with a share of 0.3 the cooldowns take 1.5 and 3 epochs, 11.5 with "
            f"the trunk; yours is {cut[1]:g}. Do you round?"
        )
    require(
        np.allclose(cut, (15, 11.5)),
        "for lengths 5 and 10 with a share of 0.3 the numbers should be 15 and 11.5, yours are "
        f"{cut[0]:g} and {cut[1]:g}.",
    )


def two_numbers(result: object) -> tuple[float, float]:
    """A pair of numbers, or a sentence."""
    try:
        first, second = result
        return float(first), float(second)
    except (TypeError, ValueError):
        raise NotYet(f"price should return two numbers of epochs, got {result!r:.60}.") from None


@verdict
def check_2(cooldown_from: Callable) -> None:
    """Whether a function lets any schedule fall to 0 from a step on.

    Args:
        cooldown_from: ``cooldown_from(schedule, step, cooldown_steps)`` gives a schedule.
    """
    for given, step, length in ((WarmUp(0.1, 50), 200, 100), (CosineDecay(0.2, 1000), 400, 50)):
        require_cooldown(cooldown_from, given, step, length)


def require_cooldown(answer: Callable, given: LearningRateSchedule, step: int, length: int) -> None:
    """Compare the answer's rates with those wanted, and name the cause of a difference."""
    result = call(answer, given, step, length, name="cooldown_from")
    require(
        isinstance(result, LearningRateSchedule),
        f"cooldown_from should return a schedule object, got {type(result).__name__}.",
    )
    steps = np.arange(step + length + 50)
    try:
        rates = preview(result, steps)
    except Exception as error:
        raise NotYet(f"your schedule raises {in_short(error)}") from error
    before = preview(given, steps)
    name = f"for {type(given).__name__}, step {step} and {length} steps of cooldown,"
    require(
        np.allclose(rates[:step], before[:step], atol=SAME),
        f"{name} the rates before step {step} should be those of the given schedule.",
    )
    start = before[step]
    wanted = start * np.clip(1 - (steps - step) / length, 0, 1)
    if abs(rates[step] - start) > SAME:
        raise NotYet(
            f"{name} the cooldown should begin with {start:.6g}, the rate of the given schedule "
            f"there; yours begins with {rates[step]:.6g}."
        )
    if np.allclose(rates[step + 1 :], wanted[step:-1], atol=SAME):
        raise NotYet(
            f"{name} your cooldown begins one step late: at step {step + 1} the rate should already "
            f"be {wanted[step + 1]:.6g}, yours is still {rates[step + 1]:.6g}. A boundary of Sequence is the "
            "first step of the next schedule."
        )
    require(
        rates[-1] < SAME,
        f"{name} the rate should stay at 0 from step {step + length} on, yours is "
        f"{rates[-1]:.6g} at step {steps[-1]}.",
    )
    difference = np.abs(rates[step:] - wanted[step:])
    worst = step + int(difference.argmax())
    require(
        difference.max() < SAME,
        f"{name} the fall should be a straight line; at step {worst} your rate is "
        f"{rates[worst]:.6g} instead of {wanted[worst]:.6g}.",
    )


@verdict
def check_3(layer_rates: Callable) -> None:
    """Whether a function gives each layer its rate, lower layers lower ones.

    Args:
        layer_rates: ``layer_rates(model, top_rate, ratio)`` gives a ``MultiOptimizer``.
    """
    for names in (["low", "middle", "top"], ["a", "b", "c", "d"]):
        model = model_with_layers_without_weights(names)
        optimizer = call(layer_rates, model, 0.1, 0.5, name="layer_rates")
        require(
            isinstance(optimizer, keras.optimizers.MultiOptimizer),
            f"layer_rates should return a MultiOptimizer, got {type(optimizer).__name__}.",
        )
        require_rates(rates_by_layer(optimizer, model), names, model)


def model_with_layers_without_weights(names: list[str]) -> keras.Sequential:
    """Dense layers of these names, with layers that have no weights below, between and above."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Flatten()])
    for name in names:
        model.add(keras.layers.Dense(2, name=name))
        model.add(keras.layers.Dropout(0.1, name=f"dropout_above_{name}"))
    model.add(keras.layers.Activation("softmax", name="activation"))
    return model


def rates_by_layer(optimizer: keras.optimizers.MultiOptimizer, model: keras.Model) -> dict:
    """The rates that each layer's variables get."""
    try:
        optimizer.build(model.trainable_variables)
        found: dict[str, set[float]] = {}
        for variable in model.trainable_variables:
            index = optimizer._var_to_optimizer_idx[optimizer._var_key(variable)]
            rate = float(keras.ops.convert_to_numpy(optimizer.optimizers[index].learning_rate))
            found.setdefault(variable.path.split("/")[-2], set()).add(round(rate, 7))
    except Exception as error:
        raise NotYet(f"your optimizer raises {in_short(error)}") from error
    return found


def require_rates(found: dict[str, set[float]], names: list[str], model: keras.Model) -> None:
    """Compare the rate of each layer with the one wanted, and name the cause of a difference."""
    wanted = {name: round(0.1 * 0.5**depth, 7) for depth, name in enumerate(reversed(names))}
    divided = [name for name, rates in found.items() if len(rates) > 1]
    require(
        not divided,
        f"kernel and bias of a layer should have one rate; those of {divided[:1]} have two.",
    )
    rates = {name: min(values) for name, values in found.items()}
    if len(set(rates.values())) == 1 and len(names) > 1:
        raise NotYet(
            f"all layers get the rate {rates[names[0]]:g}: does your pattern match the whole path "
            f"of a variable, such as 'sequential/{names[0]}/kernel'?"
        )
    upside_down = dict(zip(names, reversed([wanted[name] for name in names]), strict=True))
    if np.allclose(list(rates.values()), [upside_down[name] for name in rates]):
        raise NotYet("the order is upside down: the last layer should have the highest rate.")
    depths = {layer.name: depth for depth, layer in enumerate(reversed(model.layers))}
    if np.allclose(list(rates.values()), [0.1 * 0.5 ** depths[name] for name in rates]):
        raise NotYet(
            "you count layers that have no weights, too, such as Dropout and Activation: the last "
            f"layer with weights, {names[-1]}, should get 0.1, yours gets {rates[names[-1]]:g}."
        )
    highest = max(rates.values())
    if all(np.isclose(rates[n], highest * 0.5 ** (depths[n] - depths[names[-1]])) for n in names):
        raise NotYet(
            "you count layers that have no weights, too, such as the Dropout between two others: "
            f"{names[-2]} should get 0.05, yours gets {rates[names[-2]]:g}."
        )
    for name in reversed(names):
        require(
            abs(rates[name] - wanted[name]) < SAME,
            f"with top_rate 0.1 and ratio 0.5, of the layers {', '.join(names)} the layer {name} "
            f"should get {wanted[name]:g}, yours gets {rates[name]:g}.",
        )
