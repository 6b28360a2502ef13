"""The exercises of lesson 10: right answers pass, plausible wrong ones get a fitting message."""

import keras
import numpy as np
import pytest
from verdicts import assert_correct, assert_not_yet

from exercises.lesson_10 import check_1, check_2, check_3
from helpers.schedules import LinearDecay, Scaled, Sequence, WarmUp

SGD = keras.optimizers.SGD


def price(lengths, share):
    return sum(lengths), (1 - share) * max(lengths) + share * sum(lengths)


def price_as_list(lengths, share):
    shorter = [share * length for length in lengths if length != max(lengths)]
    return [np.sum(lengths), max(lengths) + sum(shorter)]


@pytest.mark.parametrize("answer", [price, price_as_list])
def test_price_accepts_right_answers(answer, capsys):
    assert_correct(check_1, answer, capsys)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda lengths, share: None, "price returns nothing yet."),
        (lambda lengths, share: 28, "should return two numbers of epochs, got 28."),
        (lambda lengths, share: ("a", "b"), "should return two numbers of epochs, got ('a', 'b')."),
        (lambda lengths, share: (20, 19), "the first of your numbers is 20."),
        (lambda lengths, share: price(lengths, share)[::-1], "your two numbers are swapped"),
        (
            lambda lengths, share: (sum(lengths), int(price(lengths, share)[1])),
            "11.5 with the trunk; yours is 11. Do you round?",
        ),
        (
            lambda lengths, share: (sum(lengths), max(lengths) + share * sum(lengths)),
            "yours counts the last cooldown twice (23 epochs).",
        ),
        (
            lambda lengths, share: (sum(lengths), max(lengths)),
            "the shorter models have cooldowns of their own",
        ),
        (
            lambda lengths, share: (
                sum(lengths),
                (1 - share) * max(lengths) + share * max(lengths) * len(lengths),
            ),
            "a cooldown takes a share of its own model's length: 1, 2 and 4 epochs",
        ),
        (lambda lengths, share: (sum(lengths), 7), "the second of your numbers is 7."),
        (
            lambda lengths, share: (sum(lengths), 0.75 * lengths[-1] + share * sum(lengths)),
            "for lengths 10 and 5 with a share of 0.2 the numbers should be 15 and 11",
        ),
        (lambda lengths: (28, 19), "price raises TypeError: "),
        ((28, 19), "pass price itself to the check, got tuple."),
    ],
)
def test_price_says_what_is_wrong(answer, message, capsys):
    assert_not_yet(check_1, answer, message, capsys)


def cooldown(schedule, step, steps):
    return Sequence([schedule, LinearDecay(float(schedule(step)), steps)], [step])


class Falls(keras.optimizers.schedules.LearningRateSchedule):
    """A right answer of another kind: the given schedule times a line that ends at 0."""

    def __init__(self, schedule, step, steps):
        self.schedule, self.step, self.steps = schedule, step, steps

    def __call__(self, step):
        step = keras.ops.cast(step, "float64")
        left = keras.ops.clip(1 - (step - self.step) / self.steps, 0, 1)
        rate = self.schedule(keras.ops.minimum(step, self.step))
        return keras.ops.cast(rate, "float64") * left


@pytest.mark.parametrize("answer", [cooldown, Falls])
def test_cooldown_accepts_right_answers(answer, capsys):
    assert_correct(check_2, answer, capsys)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda schedule, step, steps: None, "cooldown_from returns nothing yet."),
        (lambda schedule, step, steps: 0.1, "should return a schedule object, got float."),
        (lambda schedule, step, steps: schedule, "the rate should stay at 0 from step 300 on"),
        (
            lambda schedule, step, steps: LinearDecay(0.1, steps),
            "the rates before step 200 should be those of the given schedule.",
        ),
        (
            lambda schedule, step, steps: Sequence([schedule, LinearDecay(0.1, steps)], [step]),
            "for CosineDecay, step 400 and 50 steps of cooldown, the cooldown should begin with",
        ),
        (
            lambda schedule, step, steps: cooldown(schedule, step, 2 * steps),
            "the rate should stay at 0 from step 300 on",
        ),
        (
            lambda schedule, step, steps: cooldown(schedule, step, steps // 2),
            "the fall should be a straight line; at step 250 your rate is 0 instead of 0.05.",
        ),
        (
            lambda schedule, step, steps: Sequence(
                [
                    schedule,
                    keras.optimizers.schedules.CosineDecay(float(schedule(step)), steps),
                ],
                [step],
            ),
            "the fall should be a straight line",
        ),
        (
            lambda schedule, step, steps: Sequence(
                [schedule, LinearDecay(float(schedule(step)), steps)], [step + 1]
            ),
            "your cooldown begins one step late: at step 201 the rate should already be 0.099",
        ),
        (lambda schedule, step, steps: Falls(schedule, step, None), "your schedule raises "),
        (lambda schedule, step, steps: 1 / 0, "cooldown_from raises ZeroDivisionError"),
        (Scaled(0.1), "cooldown_from raises TypeError"),
        (WarmUp, "cooldown_from raises "),
    ],
)
def test_cooldown_says_what_is_wrong(answer, message, capsys):
    assert_not_yet(check_2, answer, message, capsys)


def multi(paths, default=0.1):
    optimizers = {path: SGD(rate) for path, rate in paths.items()}
    return keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(SGD(default), optimizers))


def names_of(model):
    return [layer.name for layer in model.layers if layer.trainable_variables]


def layer_rates(model, top_rate, ratio):
    names = reversed(names_of(model))
    return multi({f".*/{name}/.*": top_rate * ratio**depth for depth, name in enumerate(names)})


def by_function(model, top_rate, ratio):
    """A right answer of another kind: a function of the variable."""
    names = names_of(model)
    optimizers = {
        name: SGD(top_rate * ratio ** (len(names) - 1 - place)) for place, name in enumerate(names)
    }
    return keras.optimizers.MultiOptimizer(
        lambda variable: optimizers[variable.path.split("/")[-2]]
    )


@pytest.mark.parametrize("answer", [layer_rates, by_function])
def test_layer_rates_accepts_right_answers(answer, capsys):
    assert_correct(check_3, answer, capsys)


def pattern_without_the_model(model, top_rate, ratio):
    names = reversed(names_of(model))
    return multi({f"{name}/.*": top_rate * ratio**depth for depth, name in enumerate(names)})


def upside_down(model, top_rate, ratio):
    names = names_of(model)
    return multi({f".*/{name}/.*": top_rate * ratio**depth for depth, name in enumerate(names)})


def all_layers_counted(model, top_rate, ratio):
    """The layers without weights are counted, from the top of the model."""
    names = [layer.name for layer in reversed(model.layers)]
    return multi({f".*/{name}/.*": top_rate * ratio**depth for depth, name in enumerate(names)})


def dropouts_counted(model, top_rate, ratio):
    """The top is right, but a layer without weights in between takes a power."""
    names = [layer.name for layer in reversed(model.layers)]
    start = names.index(names_of(model)[-1])
    rates = {name: top_rate * ratio ** (depth - start) for depth, name in enumerate(names)}
    return multi({f".*/{name}/.*": rates[name] for name in names_of(model)})


def only_the_head(model, top_rate, ratio):
    return multi({f".*/{names_of(model)[-1]}/.*": top_rate}, default=top_rate * ratio)


def kernel_alone(model, top_rate, ratio):
    names = reversed(names_of(model))
    return multi({f".*/{name}/kernel": top_rate * ratio**d for d, name in enumerate(names)})


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda model, rate, ratio: None, "layer_rates returns nothing yet."),
        (lambda model, rate, ratio: SGD(0.1), "should return a MultiOptimizer, got SGD."),
        (pattern_without_the_model, "does your pattern match the whole path of a variable"),
        (upside_down, "the order is upside down"),
        (all_layers_counted, "the last layer with weights, top, should get 0.1, yours gets 0.025."),
        (dropouts_counted, "the Dropout between two others: middle should get 0.05"),
        (only_the_head, "the layer low should get 0.025, yours gets 0.05."),
        (kernel_alone, "kernel and bias of a layer should have one rate"),
        (lambda model, rate, ratio: multi({".*": 1.0, ".*/top/.*": 0.1}), "your optimizer raises"),
        (lambda model: None, "layer_rates raises TypeError"),
    ],
)
def test_layer_rates_says_what_is_wrong(answer, message, capsys):
    assert_not_yet(check_3, answer, message, capsys)
