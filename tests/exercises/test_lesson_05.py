"""The exercises of lesson 5: right answers pass, plausible wrong ones get a fitting message."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from exercises.lesson_05 import check_1, check_2
from helpers.schedules import LinearDecay, OneCycle, Sequence, WarmUp, WarmupStableDecay

built_in = keras.optimizers.schedules
Base = built_in.LearningRateSchedule


def fall(steps: int) -> LinearDecay:
    return LinearDecay(0.05, steps)


class Raises(Base):
    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self, step):
        raise ValueError(self.message)


class NaN(Base):
    def __call__(self, step):
        return ops.cast(step, "float32") * float("nan")


def says(capsys: pytest.CaptureFixture) -> str:
    """What was printed, as one line; every printed line fits the page."""
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 96
    return " ".join(text.split())


@pytest.mark.parametrize(
    "plan",
    [
        WarmupStableDecay(0.05, 1000, 100, 300, decay_shape="linear"),
        Sequence([WarmUp(0.05, 100), LinearDecay(0.05, 300)], [700]),
        WarmUp(Sequence([0.05, LinearDecay(0.05, 300)], [600]), 100),
    ],
)
def test_plan_accepts_every_right_composition(plan, capsys):
    assert check_1(plan)
    assert says(capsys) == "Correct."


@pytest.mark.parametrize(
    "plan, message",
    [
        (None, "your plan must be a schedule object, got NoneType"),
        (0.05, "your plan must be a schedule object, got float"),
        (LinearDecay, "pass a schedule object, LinearDecay(...), not the class."),
        (lambda step: 0.05, "your plan must be a schedule object, got function."),
        # Falls at step 800 without a WarmUp: the message must not speak of one.
        (
            Sequence([LinearDecay(0.0005, 99, 0.05), LinearDecay(0.05, 300)], [800]),
            "the fall should begin at step 700, yours begins at step 800.",
        ),
        (
            WarmupStableDecay(0.05, 1100, 100, 300, "linear"),
            "the fall should begin at step 700, yours begins at step 800.",
        ),
        (
            Sequence([WarmUp(Sequence([0.05, fall(300)], [700]), 100), 0.0], [2000]),
            "what is inside WarmUp counts its steps from the end of the warm-up.",
        ),
        (OneCycle(0.05, 1000), "at step 99 your rate is "),
        (Sequence([WarmUp(0.05, 100), fall(300)], [690]), "begins at step 690."),
        (Sequence([WarmUp(0.05, 99), fall(300)], [700]), "in a straight line from 0.05 / 100 to"),
        (Sequence([WarmUp(0.05, 100), fall(299)], [700]), "reaches 0 at step 999 instead of 1000."),
        (
            Sequence([LinearDecay(0.0, 100, 0.05), 0.05, LinearDecay(0.05, 300)], [100, 700]),
            "the first update is wasted",
        ),
        (
            WarmupStableDecay(0.5, 1000, 100, 300, "linear"),
            "to 0.05; at step 99 your rate is 0.5 instead of 0.05.",
        ),
        (
            WarmUp(0.05, 50),
            "climb in a straight line from 0.05 / 100 to 0.05; at step 49 your rate",
        ),
        (
            WarmUp(Sequence([0.05, LinearDecay(0.05, 300)], [600]), 100, "cosine"),
            "your rate is 0.0",
        ),
        (LinearDecay(0.05, 1000), "at step 0 your rate is 0.05 instead of 0.0005."),
        (
            Sequence([WarmUp(0.05, 100), 0.06, LinearDecay(0.05, 300)], [150, 700]),
            "should stay at 0.05 until step 700; at step 150 your rate is 0.06 instead of 0.05.",
        ),
        (
            Sequence([WarmUp(0.05, 100), LinearDecay(0.05, 600, 0.06), fall(300)], [100, 700]),
            "should stay at 0.05 until step 700; at step 698 your rate is 0.0599667",
        ),
        (
            Sequence([WarmUp(0.05, 100), 0.06, 0.07, LinearDecay(0.07, 300)], [150, 300, 700]),
            "the rate should stay at 0.05 until step 700; at step 300 your rate is 0.07",
        ),
        (Sequence([WarmUp(0.05, 100), fall(200)], [700]), "reaches 0 at step 900 instead of 1000."),
        (
            Sequence([WarmUp(0.05, 100), fall(400)], [700]),
            "the rate reaches 0 at step 1100 instead of 1000.",
        ),
        (
            Sequence([WarmUp(0.05, 100), fall(300), 0.01], [700, 1100]),
            "after step 1000 the rate should stay at 0; at step 1100 your rate is 0.01 instead of 0",
        ),
        (
            built_in.CosineDecay(0.0, 900, warmup_target=0.05, warmup_steps=100),
            "the first update is wasted",
        ),
        (WarmUp(built_in.CosineDecay(0.05, 900), 100), "yours begins at step 100"),
        (
            Raises("ends. \x1b[1mIn colour\x1b[0m\nand more"),
            "raises ValueError: ends. In colour.",
        ),
        (Raises("word " * 60), "word word ...."),
        (Raises(""), "your plan raises ValueError: no message."),
        (NaN(), "at step 0 your rate is nan instead of 0.0005"),
        (WarmUp(0.05, 100), "the rate never falls"),
        (
            WarmUp(Sequence([0.05, LinearDecay(0.05, 300)], [700]), 100),
            "the fall begins at step 800 instead of 700: what is inside WarmUp counts its steps",
        ),
        (WarmUp(LinearDecay(0.05, 900), 100), "yours begins at step 100"),
        (
            Sequence([WarmUp(0.05, 100), built_in.PolynomialDecay(0.05, 300)], [700]),
            "at step 1000 the rate should be 0, yours is 0.0001.",
        ),
        (
            WarmupStableDecay(0.05, 1000, 100, 300),
            "should be a straight line; at step 775 your rate is 0.025 ",
        ),
    ],
)
def test_plan_says_what_is_wrong(plan, message, capsys):
    assert not check_1(plan)
    text = says(capsys)
    assert text.startswith("Not yet: ") and message in text
    assert ("WarmUp" in text) == ("WarmUp" in message)


class NeedsMore(Base):
    def __init__(self, peak, hold_steps, end):
        pass

    def __call__(self, step):
        return 0.1


def make(call, get_config=None, register=True):
    """A class of the exercise with this ``__call__``."""

    class Answer(Base):
        def __init__(self, peak, hold_steps):
            self.peak, self.hold_steps = peak, hold_steps

    Answer.__call__ = call
    if get_config is not False:
        Answer.get_config = get_config or (lambda self: dict(vars(self)))
    if register:
        keras.saving.register_keras_serializable(package="test_lesson_5")(Answer)
    return Answer


def right(self, step):
    step = ops.maximum(ops.cast(step, "float64"), self.hold_steps)
    return ops.cast(self.peak * ops.sqrt(self.hold_steps / step), "float32")


def no_cast(self, step):
    return self.peak * ops.rsqrt(ops.maximum(step / float(self.hold_steps), 1.0))


def divides_by_int_tensor(self, step):
    return self.peak * (float(self.hold_steps) / ops.maximum(step, self.hold_steps)) ** 0.5


def python_max(self, step):
    return self.peak * (self.hold_steps / max(ops.cast(step, "float32"), self.hold_steps)) ** 0.5


def numpy_functions(self, step):
    return self.peak * np.sqrt(self.hold_steps / np.maximum(step, self.hold_steps))


def math_function(self, step):
    return self.peak * math.sqrt(self.hold_steps / ops.maximum(step, self.hold_steps))


def own_numbers(self, step):
    return right(make(right)(0.1, 100), step)


def no_hold(self, step):
    return self.peak * ops.sqrt(self.hold_steps / (ops.cast(step, "float32") + 1.0))


def scalars_only(self, step):
    step = ops.reshape(ops.cast(step, "float32"), (-1,))[0]
    return self.peak * ops.sqrt(self.hold_steps / ops.maximum(step, self.hold_steps))


def test_inverse_square_root_accepts_a_right_class(capsys):
    assert check_2(make(right))
    assert says(capsys) == "Correct."


def test_running_the_checks_often_brings_no_warning(caplog, capfd):
    logger = tf.get_logger()
    logger.addHandler(caplog.handler)
    try:
        for _ in range(8):
            assert check_2(make(right))
            assert check_1(WarmupStableDecay(0.05, 1000, 100, 300, "linear"))
    finally:
        logger.removeHandler(caplog.handler)
    assert not caplog.records
    assert set(capfd.readouterr().out.split()) == {"Correct."}


@pytest.mark.parametrize(
    "answer, message",
    [
        (lambda: None, "pass the class itself"),
        (lambda: make(right)(0.1, 100), "pass the class itself"),
        (lambda: dict, "must be a subclass"),
        (lambda: make(lambda self, step: None), "__call__ returns nothing yet"),
        (lambda: make(lambda self, step: 0.1), "the rate at step 400 should be 0.05, yours is 0.1"),
        (
            lambda: make(lambda self, step: float("nan")),
            "the rate at step 0 should be 0.1, yours is nan",
        ),
        (lambda: make(lambda self, step: [0.1, 0.1]), "should return one number, got [0.1, 0.1]."),
        (lambda: make(lambda self, step: "0.1"), "should return one number, got '0.1'."),
        (lambda: make(lambda self: 0.1), "__call__ raises TypeError: "),
        (lambda: NeedsMore, "NeedsMore(0.1, 100) raises TypeError: "),
        (lambda: make(right, lambda self: [0.1, 100]), "get_config must return a dict, got list."),
        (lambda: make(no_hold), "the rate at step 0 should be 0.1, yours is 1."),
        (lambda: make(no_cast), "an int64 step fails"),
        (lambda: make(divides_by_int_tensor), "Does __call__ cast the step first?"),
        (lambda: make(python_max), "a Python `if` or `max` on a tensor fails"),
        (lambda: make(numpy_functions), "use keras.ops instead of NumPy"),
        (lambda: make(math_function), "`math` fails when the schedule is compiled"),
        (lambda: make(own_numbers), "with peak 0.3 and hold_steps 50 the rate at step 200"),
        (lambda: make(scalars_only), "an array of steps should give an array"),
        (lambda: make(right, get_config=False), "get_config is missing"),
        (
            lambda: make(right, lambda self: Base.get_config(self)),
            "do not call super().get_config() here",
        ),
        (
            lambda: make(right, lambda self: 1 / 0),
            "cannot be saved: ZeroDivisionError: division by",
        ),
        (lambda: make(right, register=False), "register the class"),
        (
            lambda: make(right, lambda self: {"top": self.peak}),
            "get_config must return the arguments of __init__ by name: peak and hold_steps, not top.",
        ),
        (lambda: make(right, lambda self: {}), "peak and hold_steps, not an empty dict."),
        (
            lambda: make(right, lambda self: {"peak": 0.1, "hold_steps": 100}),
            "the loaded schedule gives another rate",
        ),
        (
            lambda: make(right, lambda self: {"peak": None, "hold_steps": None}),
            "the saved schedule does not load: ValueError: ",
        ),
        (
            lambda: make(right, lambda self: {"peak": 1.0, "hold_steps": 100}),
            "the loaded schedule gives another rate",
        ),
        (
            lambda: make(lambda self, step: 1 / 0),
            "__call__ raises ZeroDivisionError: division by zero.",
        ),
    ],
)
def test_inverse_square_root_says_what_is_wrong(answer, message, capsys):
    assert not check_2(answer())
    text = says(capsys)
    assert text.startswith("Not yet: ") and message in text
