"""The checks of lesson 4 accept right answers and name what is wrong with plausible others."""

import math

import numpy as np
import pytest
import tensorflow as tf

from helpers import checks


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


@pytest.mark.parametrize(
    "answer", [hold, lambda epoch: np.float64(hold(epoch)), lambda epoch: np.float32(hold(epoch))]
)
def test_right_answers_of_exercise_1(answer, capsys):
    assert checks.lesson_4_exercise_1(answer)
    assert capsys.readouterr().out == "Correct.\n"


WRONG_1 = {
    "must be a function": None,
    "no return": lambda epoch: None,
    "computed from lr": lambda epoch, lr=None: lr,
    "call your factory": lambda epoch: hold,
    "with epoch 0 alone it raises TypeError": lambda epoch, lr: lr,
    "must give a float, it gives int 1: write 1.0": lambda epoch: 1,
    "must give a float, it gives bool": lambda epoch: True,
    "must give a float, it gives EagerTensor": lambda epoch: tf.constant(1e-3),
    "epochs 0 to 4": lambda epoch: 1e-3 * math.exp(-0.1 * epoch),
    "one epoch too early": lambda epoch: hold(epoch + 1),
    "hold too long": lambda epoch: 1e-3 * math.exp(-0.1 * max(0, epoch - 5)),
    "Count the epochs since the hold": lambda epoch: (
        1e-3 if epoch < 5 else 1e-3 * math.exp(-0.1 * epoch)
    ),
    "epoch 6 must have": lambda epoch: hold(epoch) if epoch < 6 else hold(epoch) / 2,
    "Each later epoch is multiplied again": lambda epoch: hold(min(epoch, 5)),
    "remembers something": remembers(),
}


@pytest.mark.parametrize("message", WRONG_1)
def test_wrong_answers_of_exercise_1(message, capsys):
    assert not checks.lesson_4_exercise_1(WRONG_1[message])
    said = capsys.readouterr().out
    assert said.startswith("Not yet: ") and message in said


def test_right_answer_of_exercise_2(capsys):
    assert checks.lesson_4_exercise_2(cosine)
    assert capsys.readouterr().out == "Correct.\n"


def shape(formula):
    """A factory whose schedule is formula(start_lr, share of the run)."""
    return lambda start_lr, epochs: lambda epoch: formula(start_lr, epoch / epochs)


WRONG_2 = {
    "my_cosine_decay(0.001, 20) raises TypeError": None,
    "must return a function, it returns None": lambda start_lr, epochs: None,
    "must return a function, it returns 0.001": lambda start_lr, epochs: start_lr,
    "no return": lambda start_lr, epochs: lambda epoch: None,
    "epoch 0 alone it raises": lambda start_lr, epochs: lambda epoch, lr: lr,
    "must have start_lr": shape(lambda lr, share: lr * (1 - math.cos(math.pi * share)) / 2),
    "must have the rate 0": shape(lambda lr, share: lr * math.exp(-share)),
    "half of start_lr": shape(lambda lr, share: lr * max(1 - share**2, 0.0)),
    "a quarter of a cosine": shape(lambda lr, share: lr * math.cos(math.pi / 2 * min(share, 1.0))),
    "Is pi missing": shape(lambda lr, share: lr * (1 + math.cos(min(share, 1.0))) / 2),
    "not by epochs - 1": lambda start_lr, epochs: cosine(start_lr, epochs - 1),
    "write 0.0": lambda start_lr, epochs: (
        lambda epoch: cosine(start_lr, epochs)(epoch) if epoch < epochs else 0
    ),
    "rises again": shape(lambda lr, share: lr * (1 + math.cos(math.pi * share)) / 2),
    "on the cosine": shape(lambda lr, share: lr * max(1 - share, 0.0)),
    "with start_lr=0.1 and epochs=8": lambda start_lr, epochs: cosine(1e-3, 20),
    "raises ZeroDivisionError": lambda start_lr, epochs: lambda epoch: start_lr / 0,
}


@pytest.mark.parametrize("message", WRONG_2)
def test_wrong_answers_of_exercise_2(message, capsys):
    assert not checks.lesson_4_exercise_2(WRONG_2[message])
    said = capsys.readouterr().out
    assert said.startswith("Not yet: ") and message in said
