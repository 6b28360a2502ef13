"""The checks of lesson 4 accept right answers and name what is wrong with plausible others."""

import math

import numpy as np
import pytest
import tensorflow as tf
from verdicts import assert_correct, assert_not_yet

from exercises.lesson_04 import check_1, check_2, check_3


def hold(epoch, lr=None):
    return 1e-3 * math.exp(-0.1 * max(0, epoch - 4))


def remembers():
    rates = {"now": 1e-3}

    def schedule(epoch):
        if epoch >= 5:
            rates["now"] *= math.exp(-0.1)
        return rates["now"]

    return schedule


def cosine(start_lr, epochs):
    def schedule(epoch):
        return start_lr * (1 + math.cos(math.pi * min(epoch / epochs, 1.0))) / 2

    return schedule


def plan(epoch):
    return 1e-3 * math.exp(-0.1 * epoch)


def lowered(epoch, lr):
    return min(lr, plan(epoch))


@pytest.mark.parametrize(
    "answer",
    [
        hold,
        lambda epoch: np.float64(hold(epoch)),
        lambda epoch: np.float32(hold(epoch)),
        lambda epoch, lr=None: hold(epoch),
        lambda n: 1e-3 if n < 5 else 1e-3 * math.e ** (-0.1 * (n - 4)),
        lambda n: 1e-3 * 0.904837418035959573 ** max(0, n - 4),
    ],
)
def test_right_answers_of_exercise_1(answer, capsys):
    assert_correct(check_1, answer, capsys)


WRONG_1 = {
    "pass my_hold_then_decay itself to the check, got None": None,
    "pass my_hold_then_decay itself to the check, got 0.001": 1e-3,
    "my_hold_then_decay(0) gives None: is a return missing?": lambda epoch: None,
    "is a return missing or do you compute from lr, which is None here?": lambda epoch, lr=None: lr,
    "call your factory": lambda epoch: hold,
    "a function of one argument, the epoch": lambda epoch, lr: lr,
    "my_hold_then_decay(0) raises ZeroDivisionError": lambda epoch: 1 / 0,
    "my_hold_then_decay(0) raises TypeError": lambda epoch: hold(),
    "my_hold_then_decay(0) gives the int 1: write 1.0": lambda epoch: 1,
    "must give a float, it gives bool True": lambda epoch: True,
    "must give a float, it gives EagerTensor": lambda epoch: tf.constant(1e-3),
    "must give a float, it gives str '0.001'": lambda epoch: "0.001",
    "my_hold_then_decay(0) gives nan, which is no finite number. Keras would": lambda epoch: (
        math.nan
    ),
    "my_hold_then_decay(0) gives inf, which is no finite number": lambda epoch: math.inf,
    "my_hold_then_decay(7) gives nan": lambda epoch: math.nan if epoch == 7 else hold(epoch),
    "my_hold_then_decay(5) gives nan": lambda epoch: np.float32(
        hold(epoch) if epoch < 5 else "nan"
    ),
    "epochs 0 to 4 must have the rate 0.001, you give 0.000904837 in epoch 1": plan,
    "one epoch too early": lambda epoch: hold(epoch + 1),
    "hold too long": lambda epoch: 1e-3 * math.exp(-0.1 * max(0, epoch - 5)),
    "Count the epochs since the hold": lambda epoch: 1e-3 if epoch < 5 else plan(epoch),
    "epoch 6 must have": lambda epoch: hold(epoch) if epoch < 6 else hold(epoch) / 2,
    "Each later epoch is multiplied again": lambda epoch: hold(min(epoch, 5)),
    "remembers something": remembers(),
}


@pytest.mark.parametrize("message", WRONG_1)
def test_wrong_answers_of_exercise_1(message, capsys):
    assert_not_yet(check_1, WRONG_1[message], message, capsys)


def shape(formula):
    """A factory whose schedule is formula(start_lr, share of the run)."""
    return lambda start_lr, epochs: lambda epoch: formula(start_lr, epoch / epochs)


def cosine_that_remembers(start_lr, epochs):
    calls = []

    def schedule(epoch):
        calls.append(epoch)
        return cosine(start_lr, epochs)(len(calls) - 1)

    return schedule


@pytest.mark.parametrize(
    "answer",
    [
        cosine,
        lambda start_lr, epochs: lambda n, lr=None: np.float64(cosine(start_lr, epochs)(n)),
        lambda start_lr, epochs: (
            lambda n: start_lr * math.cos(math.pi / 2 * min(n, epochs) / epochs) ** 2
        ),
    ],
)
def test_right_answers_of_exercise_2(answer, capsys):
    assert_correct(check_2, answer, capsys)


NAN_AT_THE_END = shape(
    lambda lr, share: lr * (1 + math.cos(math.pi * share)) / 2 if share < 1 else math.nan
)
WRONG_2 = {
    "pass your factory itself to the check, got NoneType": None,
    "pass your factory itself to the check, got float": 1e-3,
    "your factory must take two arguments, start_lr and epochs": lambda start_lr: hold,
    "pass the factory itself, not the schedule that it makes": cosine(1e-3, 20),
    "my_cosine_decay(0.001, 20) raises ZeroDivisionError": lambda start_lr, epochs: 1 / 0,
    "my_cosine_decay(0.001, 20) returns nothing yet": lambda start_lr, epochs: None,
    "must return a function, it returns 0.001": lambda start_lr, epochs: start_lr,
    "my_cosine_decay(0.001, 20)(0) gives None: is a return missing?": lambda start_lr, epochs: (
        lambda epoch: None
    ),
    "a function of one argument, the epoch": lambda start_lr, epochs: lambda epoch, lr: lr,
    "my_cosine_decay(0.001, 20)(0) gives nan": shape(lambda lr, share: math.nan),
    "my_cosine_decay(0.001, 20)(20) gives nan": NAN_AT_THE_END,
    "my_cosine_decay(0.001, 20)(0) gives inf": shape(lambda lr, share: math.inf),
    "must have 0.001 in epoch 0": shape(lambda lr, share: lr * (1 - math.cos(math.pi * share)) / 2),
    "must be at 0 in epoch 20": shape(lambda lr, share: lr * math.exp(-share)),
    "half of start_lr": shape(lambda lr, share: lr * max(1 - share**2, 0.0)),
    "a quarter of a cosine": shape(lambda lr, share: lr * math.cos(math.pi / 2 * min(share, 1.0))),
    "Is pi missing": shape(lambda lr, share: lr * (1 + math.cos(min(share, 1.0))) / 2),
    "give 0.000938791. Is pi missing": shape(
        lambda lr, share: lr * (1 + math.cos(share)) / 2 if share < 1 else 0.0
    ),
    "not by epochs - 1": lambda start_lr, epochs: cosine(start_lr, epochs - 1),
    "(20) gives the int 0: write 0.0": lambda start_lr, epochs: (
        lambda epoch: cosine(start_lr, epochs)(epoch) if epoch < epochs else 0
    ),
    "yours rises again: 6.15583e-06 in epoch 21": shape(
        lambda lr, share: lr * (1 + math.cos(math.pi * share)) / 2
    ),
    "yours is negative": shape(
        lambda lr, share: lr * ((1 + math.cos(math.pi * share)) / 2 if share <= 1 else 1 - share)
    ),
    "must have 0.000993844 in epoch 1": shape(lambda lr, share: lr * max(1 - share, 0.0)),
    "my_cosine_decay(0.1, 8) must have 0.1 in epoch 0": lambda start_lr, epochs: cosine(1e-3, 20),
    "(0) raises ZeroDivisionError": lambda start_lr, epochs: lambda epoch: start_lr / 0,
    "yours remembers something": cosine_that_remembers,
}


@pytest.mark.parametrize("message", WRONG_2)
def test_wrong_answers_of_exercise_2(message, capsys):
    assert_not_yet(check_2, WRONG_2[message], message, capsys)


@pytest.mark.parametrize(
    "answer",
    [
        lowered,
        lambda epoch, lr: float(np.minimum(lr, plan(epoch))),
        lambda epoch, lr: plan(epoch) if plan(epoch) < lr else lr,
    ],
)
def test_right_answers_of_exercise_3(answer, capsys):
    assert_correct(check_3, answer, capsys)


WRONG_3 = {
    "pass my_lowered_plan itself to the check, got NoneType": None,
    "my_lowered_plan(0, 0.01) returns nothing yet": lambda epoch, lr: None,
    "my_lowered_plan must take two arguments, epoch and lr": plan,
    "my_lowered_plan(0, 0.01) raises ZeroDivisionError": lambda epoch, lr: 1 / 0,
    "In epoch 3 the plan is 0.000740818 and the optimizer has more, 0.000777859": (
        lambda epoch, lr: lr if lr < 1e-3 else plan(epoch)
    ),
    "my_lowered_plan(0, 0.01) gives nan": lambda epoch, lr: math.nan,
    "(3, 0.00740818) gives nan": lambda epoch, lr: lowered(epoch, lr) if epoch < 3 else math.nan,
    "gives the int 0": lambda epoch, lr: 0,
    "must give a float, it gives EagerTensor": lambda epoch, lr: tf.minimum(lr, plan(epoch)),
    "the optimizer has less, 0.00025: that must stay. You give 0.001.": (
        lambda epoch, lr: plan(epoch)
    ),
    "the optimizer has more, 0.01: the plan must win. You give 0.01.": lambda epoch, lr: lr,
    "That is the higher of the two": lambda epoch, lr: max(lr, plan(epoch)),
    "do not lower it once more": lambda epoch, lr: min(plan(epoch), lr * math.exp(-0.1)),
    "In epoch 3 the plan is 0.000740818": lambda epoch, lr: min(lr, 1e-3),
    "the optimizer has just that: it must stay": (
        lambda epoch, lr: lr / 2 if lr == plan(epoch) else lowered(epoch, lr)
    ),
}


@pytest.mark.parametrize("message", WRONG_3)
def test_wrong_answers_of_exercise_3(message, capsys):
    assert_not_yet(check_3, WRONG_3[message], message, capsys)
