"""The checks of lesson 3 tell right answers from plausible wrong ones, and say what is wrong."""

import itertools
from collections.abc import Callable

import keras
import pytest

from helpers import checks


class Best(keras.callbacks.Callback):
    """A right answer; the classes below each spoil one thing."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.best, self.best_epoch = 0.0, None

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        accuracy = self.accuracy(logs)
        if self.better(accuracy):
            self.best, self.best_epoch = accuracy, epoch

    def accuracy(self, logs: dict) -> float:
        return logs.get("val_accuracy", 0.0)

    def better(self, accuracy: float) -> bool:
        return accuracy > self.best


class Stub(Best):
    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        pass


class EpochForgotten(Best):
    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.best = max(self.best, self.accuracy(logs))


class WrongHook(Best):
    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        pass

    def on_epoch_ends(self, epoch: int, logs: dict | None = None) -> None:
        super().on_epoch_end(epoch, logs)


class WrongKey(Best):
    def accuracy(self, logs: dict) -> float:
        return logs["validation_accuracy"]


class WrongKeyIsNone(Best):
    def accuracy(self, logs: dict) -> float:
        return logs.get("validation_accuracy")


class NeverCompares(Best):
    def better(self, accuracy: float) -> bool:
        return True


class NoDefault(Best):
    def accuracy(self, logs: dict) -> float:
        return logs.get("val_accuracy")


class TrainingAccuracy(Best):
    def accuracy(self, logs: dict) -> float:
        return logs["accuracy"]


class FirstForEver(Best):
    def better(self, accuracy: float) -> bool:
        return self.best_epoch is None


class LastOfEquals(Best):
    def better(self, accuracy: float) -> bool:
        return accuracy >= self.best


class CountedFromOne(Best):
    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        super().on_epoch_end(epoch + 1, logs)


class NeverReset(Best):
    def __init__(self) -> None:
        super().__init__()
        self.best, self.best_epoch = 0.0, None

    def on_train_begin(self, logs: dict | None = None) -> None:
        pass


class NeedsValidation(Best):
    def accuracy(self, logs: dict) -> float:
        return logs["val_accuracy"]


class UnknownIsGood(Best):
    def accuracy(self, logs: dict) -> float:
        return logs.get("val_accuracy", 0.5)


class MisspeltName(Best):
    def on_train_begin(self, logs: dict | None = None) -> None:
        self.best_accuracy = 0.0


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Stub, "nothing is kept yet"),
        (Stub, "Is the hook called `on_epoch_end`, and the key `'val_accuracy'`?"),
        (WrongHook, "Is the hook called `on_epoch_end`, and the key `'val_accuracy'`?"),
        (WrongKey, "KeyError: 'validation_accuracy'. Is the hook called `on_epoch_end`"),
        (WrongKeyIsNone, "and the key `'val_accuracy'`?"),
        (EpochForgotten, "best is 0.8 but best_epoch is still None: set both"),
        (NeverCompares, "0.78 came after 0.8 and replaced it"),
        (NoDefault, "without validation has no 'val_accuracy' in logs"),
        (
            TrainingAccuracy,
            "best is the training accuracy; the key of the validation is 'val_accuracy'",
        ),
        (FirstForEver, "your callback says 0.7"),
        (LastOfEquals, "only equals the best"),
        (CountedFromOne, "counted from 0, is 1"),
        (NeverReset, "start afresh"),
        (NeedsValidation, "logs.get(...)"),
        (UnknownIsGood, "has to stay None"),
        (MisspeltName, "raises AttributeError"),
        (Best(), "without parentheses"),
        (None, "without parentheses"),
        (dict, "without parentheses"),
    ],
)
def test_exercise_1_says_what_is_wrong(
    answer: object, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not checks.lesson_3_exercise_1(answer)
    printed = capsys.readouterr().out
    assert printed.startswith("Not yet: ") and message in printed


def test_exercise_1_takes_a_right_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert checks.lesson_3_exercise_1(Best)
    assert capsys.readouterr().out == "Correct.\n"


def careful_start(epoch: int, rate: float) -> float:
    if epoch < 2:
        return 0.02
    return 0.1 if epoch < 6 else 0.01


def counting() -> Callable[[int, float], float]:
    """A function that derives the rate from how often it was called."""
    calls = itertools.count()
    return lambda epoch, rate: careful_start(next(calls), rate)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (counting(), "called twice for epoch 6 it gives two rates: it remembers its calls"),
        (lambda rate, epoch: careful_start(epoch, rate), "Are the arguments swapped?"),
        (lambda epoch, rate: rate, "Use the epoch alone"),
        (lambda epoch, rate: {0: 0.02, 2: 0.1, 6: 0.01}.get(epoch, rate), "Use the epoch alone"),
        (lambda epoch, rate: None, "returns nothing yet"),
        (lambda epoch, rate: 1, "no float but 1"),
        (lambda epoch, rate: True, "no float but True"),
        (lambda epoch: 0.02, "raises TypeError"),
        (lambda epoch, rate: careful_start(epoch + 1, rate), "epoch 1 needs 0.02"),
        (lambda epoch, rate: careful_start(epoch - 1, rate), "epoch 6 needs 0.01"),
        (lambda epoch, rate: 0.1 if epoch > 9 else careful_start(epoch, rate), "epoch 500 needs"),
        (0.02, "pass your function itself"),
    ],
)
def test_exercise_2_says_what_is_wrong(
    answer: Callable, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not checks.lesson_3_exercise_2(answer)
    printed = capsys.readouterr().out
    assert printed.startswith("Not yet: ") and message in printed


def test_exercise_2_takes_a_right_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert checks.lesson_3_exercise_2(careful_start)
    assert capsys.readouterr().out == "Correct.\n"
