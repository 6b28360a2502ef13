"""The checks of lesson 3 accept right answers and name what is wrong with plausible others."""

import itertools
import json
import math
from pathlib import Path

import keras
import numpy as np
import pytest
from verdicts import assert_correct, assert_not_yet

from exercises.lesson_03 import check_1, check_2, check_3

# Exercise 1


class Best(keras.callbacks.Callback):
    """A right answer; the classes below each spoil one thing."""

    def on_train_begin(self, logs=None):
        self.best, self.best_epoch = 0.0, None

    def on_epoch_end(self, epoch, logs=None):
        accuracy = self.accuracy(logs)
        if self.better(accuracy):
            self.best, self.best_epoch = self.kept(accuracy), epoch

    def accuracy(self, logs):
        return logs.get("val_accuracy", 0.0)

    def better(self, accuracy):
        return accuracy > self.best

    def kept(self, accuracy):
        return accuracy


class Stub(Best):
    def on_epoch_end(self, epoch, logs=None):
        pass


class WrongHook(Stub):
    def on_epoch_ends(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)


class EpochForgotten(Best):
    def on_epoch_end(self, epoch, logs=None):
        self.best = max(self.best, self.accuracy(logs))


class WrongKey(Best):
    def accuracy(self, logs):
        return logs["validation_accuracy"]


class WrongKeyIsNone(Best):
    def accuracy(self, logs):
        return logs.get("validation_accuracy")


class NeverCompares(Best):
    def better(self, accuracy):
        return True


class NoDefault(Best):
    def accuracy(self, logs):
        return logs.get("val_accuracy")


class TrainingAccuracy(Best):
    def accuracy(self, logs):
        return logs["accuracy"]


class FirstForEver(Best):
    def better(self, accuracy):
        return self.best_epoch is None


class LastOfEquals(Best):
    def better(self, accuracy):
        return accuracy >= self.best


class CountedFromOne(Best):
    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch + 1, logs)


class NeverReset(Best):
    def __init__(self):
        super().__init__()
        self.best, self.best_epoch = 0.0, None

    def on_train_begin(self, logs=None):
        pass


class NeedsValidation(Best):
    def accuracy(self, logs):
        return logs["val_accuracy"]


class UnknownIsGood(Best):
    def accuracy(self, logs):
        return logs.get("val_accuracy", 0.5)


class MisspeltName(Best):
    def on_train_begin(self, logs=None):
        self.best_accuracy = 0.0


class KeepsRounded(Best):
    def kept(self, accuracy):
        return round(accuracy, 2)


class ComparesRounded(Best):
    def better(self, accuracy):
        return round(accuracy, 2) > round(self.best, 2)


class NotANumber(Best):
    def kept(self, accuracy):
        return math.nan


class NoCallback:
    def on_epoch_end(self, epoch, logs=None):
        pass


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Stub, "nothing is kept yet"),
        (Stub, "Is the hook called `on_epoch_end`, and the key `'val_accuracy'`?"),
        (WrongHook, "Is the hook called `on_epoch_end`, and the key `'val_accuracy'`?"),
        (WrongKey, "KeyError: 'validation_accuracy'. Is the hook called `on_epoch_end`"),
        (WrongKeyIsNone, "and the key `'val_accuracy'`?"),
        (EpochForgotten, "best is 0.8034 but best_epoch is still None: set both"),
        (NeverCompares, "0.7856 came after 0.8034 and replaced it"),
        (NoDefault, "without validation has no 'val_accuracy' in logs"),
        (TrainingAccuracy, "best is the training accuracy; the key of the validation is"),
        (FirstForEver, "is 0.8034, yours says 0.7012."),
        (LastOfEquals, "only equals the best"),
        (CountedFromOne, "counted from 0, is 1"),
        (NeverReset, "start afresh"),
        (NeedsValidation, "logs.get(...)"),
        (UnknownIsGood, "has to stay None"),
        (MisspeltName, "raises AttributeError"),
        (KeepsRounded, "yours says 0.8. Keep the value as it is, do not round it."),
        (ComparesRounded, "Compare the values as they are, not rounded ones."),
        (NotANumber, "is 0.8034, yours says nan."),
        (Best(), "without parentheses"),
        (None, "without parentheses"),
        (dict, "it must be a callback"),
        (NoCallback, "it must be a callback"),
    ],
)
def test_wrong_answers_of_exercise_1(answer, message, capsys):
    assert_not_yet(check_1, answer, message, capsys)


def test_right_answer_of_exercise_1(capsys):
    assert_correct(check_1, Best, capsys)


# Exercise 2


def careful_start(epoch, rate):
    if epoch < 2:
        return 0.02
    return 0.1 if epoch < 6 else 0.01


def counting():
    """A function that derives the rate from how often it was called."""
    calls = itertools.count()
    return lambda epoch, rate: careful_start(next(calls), rate)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (counting(), "called twice for epoch 6 it gives two rates: it remembers its calls"),
        (lambda rate, epoch: careful_start(epoch, rate), "epoch 6 needs 0.01"),
        (lambda rate, epoch: float(epoch), "Use the epoch alone"),
        (lambda epoch, rate: float(epoch), "Are the arguments swapped?"),
        (lambda epoch, rate: rate, "Use the epoch alone"),
        (lambda epoch, rate: {0: 0.02, 2: 0.1, 6: 0.01}.get(epoch, rate), "Use the epoch alone"),
        (lambda epoch, rate: None, "returns nothing yet"),
        (lambda epoch, rate: 1, "no float but 1"),
        (lambda epoch, rate: True, "no float but True"),
        (lambda epoch: 0.02, "raises TypeError"),
        (lambda epoch, rate: careful_start(epoch + 1, rate), "epoch 1 needs 0.02"),
        (lambda epoch, rate: careful_start(epoch - 1, rate), "epoch 6 needs 0.01"),
        (lambda epoch, rate: 0.1 if epoch > 9 else careful_start(epoch, rate), "epoch 500 needs"),
        (lambda epoch, rate: math.nan, "in epoch 6 the result is nan, which is no rate"),
        (lambda epoch, rate: math.inf, "in epoch 6 the result is inf, which is no rate"),
        (
            lambda epoch, rate: math.nan if epoch == 3 else careful_start(epoch, rate),
            "in epoch 3 the result is nan",
        ),
        (0.02, "pass your function itself"),
        (None, "pass your function itself"),
    ],
)
def test_wrong_answers_of_exercise_2(answer, message, capsys):
    assert_not_yet(check_2, answer, message, capsys)


@pytest.mark.parametrize(
    "answer", [careful_start, lambda epoch, rate: np.float32(careful_start(epoch, rate))]
)
def test_right_answers_of_exercise_2(answer, capsys):
    assert_correct(check_2, answer, capsys)


# Exercise 3


class Halve(keras.callbacks.Callback):
    """A right answer; the classes below each spoil one thing."""

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)

    def on_train_begin(self, logs=None):
        self.best, self.halvings = math.inf, 0
        if self.path.exists():
            self.recall(json.loads(self.path.read_text()))

    def recall(self, memory):
        self.best, self.halvings = memory

    def on_epoch_end(self, epoch, logs=None):
        if self.lower(logs["loss"]):
            self.best = logs["loss"]
        else:
            self.halve()
            self.halvings += 1
            self.stop()
        self.save()

    def lower(self, loss):
        return loss < self.best

    def halve(self):
        optimizer = self.model.optimizer
        optimizer.learning_rate = float(keras.ops.convert_to_numpy(optimizer.learning_rate)) / 2

    def stop(self):
        if self.halvings == 3:
            self.model.stop_training = True

    def save(self):
        self.path.write_text(json.dumps([self.best, self.halvings]))


class ReadsAtOnce(Halve):
    """Another right answer: it reads the file when it is made."""

    def __init__(self, path):
        super().__init__(path)
        Halve.on_train_begin(self)

    def on_train_begin(self, logs=None):
        pass


class HalveStub(Halve):
    def on_epoch_end(self, epoch, logs=None):
        pass


class DeadName(Halve):
    def halve(self):
        self.model.optimizer.lr = 0.05


class SetsAFixedRate(Halve):
    def halve(self):
        self.model.optimizer.learning_rate = 0.1 / 2 ** (self.halvings + 1)


class WithLast(Halve):
    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        self.best = logs["loss"]
        self.save()


class EqualIsLower(Halve):
    def lower(self, loss):
        return loss <= self.best


class NeverStops(Halve):
    def stop(self):
        pass


class StopsAtTwo(Halve):
    def stop(self):
        self.model.stop_training = self.halvings == 2


class StopsAtFour(Halve):
    def stop(self):
        self.model.stop_training = self.halvings == 4


class StopsTheWrongThing(Halve):
    def stop(self):
        self.stop_training = True


class NoFile(Halve):
    def save(self):
        pass


class SavesAtTheEnd(Halve):
    def save(self):
        pass

    def on_train_end(self, logs=None):
        Halve.save(self)


class SavesTooEarly(Halve):
    def on_epoch_end(self, epoch, logs=None):
        before = [self.best, self.halvings]
        super().on_epoch_end(epoch, logs)
        self.path.write_text(json.dumps(before))


class ForgetsBest(Halve):
    def recall(self, memory):
        self.halvings = memory[1]


class ForgetsHalvings(Halve):
    def recall(self, memory):
        self.best = memory[0]


class NeverReads(Halve):
    def recall(self, memory):
        pass


class InTheClass(Halve):
    memory = (math.inf, 0)

    def on_train_begin(self, logs=None):
        new = not self.path.exists()
        self.best, self.halvings = (math.inf, 0) if new else InTheClass.memory

    def save(self):
        super().save()
        InTheClass.memory = (self.best, self.halvings)


class HalvesOnceMoreAtTheStart(Halve):
    def recall(self, memory):
        super().recall(memory)
        self.halve()


class NoPath(Halve):
    def __init__(self):
        super().__init__("memory")


class ForgotSuper(Halve):
    def on_train_begin(self, logs=None):
        pass


@pytest.mark.parametrize("answer", [Halve, ReadsAtOnce])
def test_right_answers_of_exercise_3(answer, capsys):
    assert_correct(check_3, answer, capsys)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "pass the class itself: HalveAndStop, without parentheses"),
        (NoCallback, "it must be a callback"),
        (Halve("memory"), "without parentheses"),
        (NoPath, "raises TypeError"),
        (ForgotSuper, "raises AttributeError: 'ForgotSuper' object has no attribute 'best'"),
        (
            HalveStub,
            "with the losses 1.0, 0.8, 0.9 and a first rate of 0.1, epoch 3 must train with 0.05, "
            "yours trains with 0.1. Nothing changes it: is the hook on_epoch_end, and the name "
            "learning_rate?",
        ),
        (DeadName, "Nothing changes it: is the hook on_epoch_end, and the name learning_rate?"),
        (SetsAFixedRate, "a first rate of 0.4, epoch 3 must train with 0.2, yours trains with 0.05."),
        (WithLast, "with the best so far, not with that of the epoch before"),
        (EqualIsLower, "a loss that only equals the best is not lower"),
        (NeverStops, "the third halving comes after epoch 5, and training has to stop there"),
        (StopsAtTwo, "stops after epoch 4; it has to stop after the third halving"),
        (StopsAtFour, "training has to stop there: set self.model.stop_training"),
        (StopsTheWrongThing, "training has to stop there: set self.model.stop_training"),
        (NoFile, "after 1 epoch and a crash there is no file"),
        (SavesAtTheEnd, "Write it in on_epoch_end: a crash calls no on_train_end"),
        (SavesTooEarly, "save it last, and read it back"),
        (ForgetsBest, "yours has forgotten the best loss: save it last"),
        (ForgetsHalvings, "yours has forgotten the number of halvings: save it"),
        (NeverReads, "yours has forgotten"),
        (InTheClass, "the memory is in the class or in a global variable"),
        (
            HalvesOnceMoreAtTheStart,
            "crashed after epoch 0 and started again with a new callback, the rates must be 0.1, "
            "0.1, 0.05, 0.05, 0.025; yours are 0.05,",
        ),
    ],
)  # fmt: skip
def test_wrong_answers_of_exercise_3(answer, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_not_yet(check_3, answer, message, capsys)
