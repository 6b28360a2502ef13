"""The checks of lesson 6 accept right answers and say what is wrong with plausible wrong ones."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import checks
from helpers.lr_scheduler import LRScheduler


@pytest.mark.parametrize("warm_up", [200, 0.08, np.int64(200)])
def test_a_planned_run_is_right(warm_up, capsys):
    assert checks.lesson_6_exercise_1(LRScheduler(2500, 0.2, "wsd", warm_up))
    assert capsys.readouterr().out == "Correct.\n"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "set my_scheduler"),
        (..., "set my_scheduler"),
        (LRScheduler, "must be an LRScheduler, it is type"),
        (0.2, "must be an LRScheduler, it is float"),
        (LRScheduler(2500, 0.2, "wsd").schedule, "must be an LRScheduler"),
        (LRScheduler(500, 0.2, "wsd", 200), "one epoch"),
        (LRScheduler(50_000, 0.2, "wsd", 200), "number of images"),
        (LRScheduler(250_000, 0.2, "wsd", 200), "a step trains 100"),
        (LRScheduler(5, 0.2, "wsd", 1), "number of epochs"),
        (LRScheduler(1955, 0.2, "wsd", 200), "how many batches"),
        (LRScheduler(2500, 0.2, "linear", 200), "policy must be 'wsd', it is 'linear'"),
        (LRScheduler(2500, 0.1, "wsd", 200), "0.2, it is 0.1"),
        (LRScheduler(2500, 0.2, "wsd"), "after 250 steps, not after 200"),
        (LRScheduler(1500, 0.2, "wsd", 200), "this exercise has 5 epochs"),
        (LRScheduler(1950, 0.2, "wsd", 200), "this exercise has batches of 100."),
        (LRScheduler(1170, 0.2, "wsd", 200), "batches of 100 and 5 epochs"),
        (LRScheduler(2500, 0.2, "wsd", 0), "there is no warm-up"),
        (LRScheduler(2500, 0.2, "wsd", 0.0), "there is no warm-up"),
        (LRScheduler(2500, 0.2, "wsd", 1), "after 1 step, not after 200"),
        (LRScheduler(2500, 0.2, "wsd", 0.2), "after 500 steps"),
    ],
)
def test_a_planned_run_that_is_wrong(answer, words, capsys):
    assert not checks.lesson_6_exercise_1(answer)
    assert words in capsys.readouterr().out


def traced_once(scheduler, optimizer):
    compiled = tf.function(lambda step: scheduler.update(optimizer, step))
    return lambda step: float(compiled(tf.constant(step, tf.int64)))


def traced_once_through_a_variable(scheduler, optimizer):
    counter = tf.Variable(0, dtype=tf.int64)
    compiled = tf.function(lambda: scheduler.update(optimizer, counter))

    def set_rate(step):
        counter.assign(step)
        return compiled().numpy()

    return set_rate


def traced_once_with_a_numpy_int(scheduler, optimizer):
    compiled = tf.function(lambda step: scheduler.update(optimizer, step), jit_compile=True)
    return lambda step: float(compiled(np.int64(step)))


@pytest.mark.parametrize(
    "answer", [traced_once, traced_once_through_a_variable, traced_once_with_a_numpy_int]
)
def test_a_rate_setter_is_right(answer, capsys):
    assert checks.lesson_6_exercise_2(answer)
    assert capsys.readouterr().out == "Correct.\n"


def nothing(scheduler, optimizer):
    return None


def a_rate(scheduler, optimizer):
    return 0.1


def eager(scheduler, optimizer):
    return lambda step: float(scheduler.update(optimizer, step))


def traced_for_each_int(scheduler, optimizer):
    compiled = tf.function(lambda step: scheduler.update(optimizer, step))
    return lambda step: float(compiled(step))


def made_again_each_time(scheduler, optimizer):
    def set_rate(step):
        compiled = tf.function(lambda step: scheduler.update(optimizer, step))
        return float(compiled(tf.constant(step)))

    return set_rate


def frozen(scheduler, optimizer):
    now = {"step": 0}
    compiled = tf.function(lambda: scheduler.update(optimizer, now["step"]))

    def set_rate(step):
        now["step"] = step
        return float(compiled())

    return set_rate


def a_tensor(scheduler, optimizer):
    compiled = tf.function(lambda step: scheduler.update(optimizer, step))
    return lambda step: compiled(tf.constant(step))


def without_update(scheduler, optimizer):
    return lambda step: 1 / (1 + step)


def without_return(scheduler, optimizer):
    return lambda step: None


def failing(scheduler, optimizer):
    return lambda step: 1 / 0


def a_float_tensor(scheduler, optimizer):
    compiled = tf.function(lambda step: scheduler.update(optimizer, step))
    return lambda step: float(compiled(tf.constant(float(step))))


def a_python_float(scheduler, optimizer):
    compiled = tf.function(lambda step: scheduler.update(optimizer, step))
    return lambda step: float(compiled(float(step)))


def the_optimizers_own_step(scheduler, optimizer):
    compiled = tf.function(lambda: scheduler.update(optimizer, optimizer.iterations))
    return lambda step: float(compiled())


def one_step_late(scheduler, optimizer):
    compiled = tf.function(lambda step: scheduler.update(optimizer, step + 1))
    return lambda step: float(compiled(tf.constant(step)))


def float_inside(scheduler, optimizer):
    @tf.function
    def compiled(step):
        return float(scheduler.update(optimizer, step))

    return lambda step: compiled(tf.constant(step))


def float_inside_without_autograph(scheduler, optimizer):
    compiled = tf.function(lambda s: float(scheduler.update(optimizer, s)), autograph=False)
    return lambda step: compiled(tf.constant(step))


def numpy_inside(scheduler, optimizer):
    @tf.function
    def compiled(step):
        return scheduler.update(optimizer, step).numpy()

    return lambda step: compiled(tf.constant(step))


def compiled_returns_nothing(scheduler, optimizer):
    @tf.function
    def compiled(step):
        scheduler.update(optimizer, step)

    return lambda step: float(compiled(tf.constant(step)))


def compiled_returns_nothing_to_read(scheduler, optimizer):
    @tf.function
    def compiled(step):
        scheduler.update(optimizer, step)

    return lambda step: compiled(tf.constant(step)).numpy()


def outer_returns_nothing(scheduler, optimizer):
    compiled = tf.function(lambda step: scheduler.update(optimizer, step))

    def set_rate(step):
        float(compiled(tf.constant(step)))

    return set_rate


def on_another_optimizer(scheduler, optimizer):
    other = keras.optimizers.SGD(0.1)
    return traced_once(scheduler, other)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "pass your function itself"),
        (nothing, "returns nothing yet"),
        (a_rate, "must return a function, it returns 0.1"),
        (eager, "update is not compiled"),
        (traced_for_each_int, "6 traces: a Python int is traced anew"),
        (made_again_each_time, "6 traces: make the tf.function once"),
        (frozen, "frozen in the graph"),
        (the_optimizers_own_step, "does not use the step that it is called with"),
        (one_step_late, "is it the step that your function is called with?"),
        (a_float_tensor, "got the step as a float, and LRScheduler refuses that"),
        (a_python_float, "got the step as a float, and LRScheduler refuses that"),
        (a_tensor, "it returns EagerTensor: convert outside the compiled function"),
        (float_inside, "convert outside the compiled function"),
        (float_inside_without_autograph, "convert outside the compiled function"),
        (numpy_inside, "convert outside the compiled function"),
        (compiled_returns_nothing, "is a return missing?"),
        (compiled_returns_nothing_to_read, "is a return missing?"),
        (outer_returns_nothing, "is a return missing?"),
        (without_update, "must call scheduler.update"),
        (without_return, "returns nothing yet"),
        (failing, "raises ZeroDivisionError"),
        (on_another_optimizer, "another rate than you return"),
    ],
)
def test_a_rate_setter_that_is_wrong(answer, words, capsys):
    assert not checks.lesson_6_exercise_2(answer)
    assert words in capsys.readouterr().out


@pytest.mark.parametrize("answer", [a_float_tensor, a_python_float])
def test_the_real_scheduler_refuses_a_float_step_too(answer):
    set_rate = answer(LRScheduler(10, 0.1, "linear"), keras.optimizers.SGD(0.5))
    with pytest.raises(TypeError):
        set_rate(3)
