"""The checks of lesson 6 accept right answers and say what is wrong with plausible wrong ones."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from exercises.lesson_06 import check_1, check_2, check_3
from helpers.lr_scheduler import LRScheduler


@pytest.mark.parametrize("warm_up", [200, 0.08, np.int64(200)])
def test_a_planned_run_is_right(warm_up, capsys):
    assert check_1(LRScheduler(2500, 0.2, "wsd", warm_up))
    assert capsys.readouterr().out == "Correct.\n"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "set my_scheduler"),
        (..., "set my_scheduler"),
        (LRScheduler, "must be an LRScheduler(...); it is the class itself"),
        (0.2, "it is float"),
        (LRScheduler(2500, 0.2, "wsd").schedule, "the object around the schedule"),
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
    assert not check_1(answer)
    assert words in " ".join(capsys.readouterr().out.split())


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


def traced_once_by_its_signature(scheduler, optimizer):
    compiled = tf.function(
        lambda step: scheduler.update(optimizer, step),
        input_signature=[tf.TensorSpec((), tf.int64)],
    )
    return lambda step: float(compiled(step))


def traced_once_as_a_decorated_function(scheduler, optimizer):
    @tf.function
    def compiled(step):
        scheduler.update(optimizer, step)
        return tf.identity(optimizer.learning_rate)

    def set_rate(step):
        return float(compiled(tf.constant(step)).numpy())

    return set_rate


def read_from_the_optimizer(scheduler, optimizer):
    compiled = tf.function(lambda step: scheduler.update(optimizer, step))

    def set_rate(step):
        compiled(tf.constant(step))
        return float(optimizer.learning_rate.numpy())

    return set_rate


def with_a_word_about_the_scheduler(scheduler, optimizer):
    """It may look at what a real LRScheduler has."""
    assert scheduler.iterations >= 1
    assert scheduler.policy == "linear"
    assert scheduler.momentum is None
    assert repr(scheduler).startswith("LRScheduler(")
    assert isinstance(scheduler, LRScheduler)
    return traced_once(scheduler, optimizer)


@pytest.mark.parametrize(
    "answer",
    [
        traced_once,
        traced_once_through_a_variable,
        traced_once_with_a_numpy_int,
        traced_once_by_its_signature,
        traced_once_as_a_decorated_function,
        read_from_the_optimizer,
        with_a_word_about_the_scheduler,
    ],
)
def test_a_rate_setter_is_right(answer, capsys):
    assert check_2(answer)
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


def schedule_without_update(scheduler, optimizer):
    compiled = tf.function(lambda step: scheduler.schedule(step))
    return lambda step: float(compiled(tf.constant(step)))


def schedule_assigned_without_update(scheduler, optimizer):
    compiled = tf.function(lambda step: optimizer.learning_rate.assign(scheduler.schedule(step)))
    return lambda step: float(compiled(tf.constant(step)))


def misspelt(scheduler, optimizer):
    return lambda step: float(scheduler.updat(optimizer, step))


def arguments_swapped(scheduler, optimizer):
    compiled = tf.function(lambda step: scheduler.update(step, optimizer))
    return lambda step: float(compiled(tf.constant(step)))


def step_forgotten(scheduler, optimizer):
    compiled = tf.function(lambda step: scheduler.update(optimizer))
    return lambda step: float(compiled(tf.constant(step)))


def only_the_first_step_compiled(scheduler, optimizer):
    compiled = tf.function(lambda step: scheduler.update(optimizer, step))
    calls = []

    def set_rate(step):
        calls.append(step)
        return float(
            (compiled if len(calls) == 1 else scheduler.update)(
                *((tf.constant(step),) if len(calls) == 1 else (optimizer, step))
            )
        )

    return set_rate


def an_array(scheduler, optimizer):
    compiled = tf.function(lambda step: scheduler.update(optimizer, step))
    return lambda step: np.asarray(compiled(tf.constant(step)))


def not_a_number(scheduler, optimizer):
    inner = traced_once(scheduler, optimizer)
    return lambda step: inner(step) * float("nan")


def swapped_steps(scheduler, optimizer):
    compiled = tf.function(lambda step: scheduler.update(optimizer, step))
    return lambda step: float(compiled(tf.constant([step])))


def set_rate_itself(scheduler, optimizer):
    return float(scheduler.update(optimizer, tf.constant(0)))


def retraced_by_a_new_optimizer(scheduler, optimizer):
    return optimizer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "pass make_rate_setter itself to the check"),
        (nothing, "make_rate_setter returns nothing yet"),
        (a_rate, "must return a function, it returns 0.1"),
        (set_rate_itself, "must return a function, it returns 1.0"),
        (retraced_by_a_new_optimizer, "must return a function"),
        (eager, "update is not compiled"),
        (only_the_first_step_compiled, "update is not compiled"),
        (traced_for_each_int, "6 traces: a Python int is traced anew"),
        (made_again_each_time, "6 traces: make the tf.function once"),
        (frozen, "frozen in the graph"),
        (the_optimizers_own_step, "does not use the step that it is called with"),
        (one_step_late, "is it the step that your function is called with?"),
        (a_float_tensor, "a step that is no whole number"),
        (a_python_float, "a step that is no whole number"),
        (swapped_steps, "a step that is no whole number"),
        (a_tensor, "it returns EagerTensor: convert outside the compiled function"),
        (an_array, "must return a float, it returns ndarray"),
        (float_inside, "convert outside the compiled function"),
        (float_inside_without_autograph, "convert outside the compiled function"),
        (numpy_inside, "convert outside the compiled function"),
        (compiled_returns_nothing, "is a return missing?"),
        (compiled_returns_nothing_to_read, "is a return missing?"),
        (outer_returns_nothing, "is a return missing?"),
        (without_update, "must call scheduler.update"),
        (schedule_without_update, "must call scheduler.update"),
        (schedule_assigned_without_update, "must call scheduler.update"),
        (without_return, "returns nothing yet"),
        (failing, "raises ZeroDivisionError"),
        (misspelt, "'LRScheduler' object has no attribute 'updat'"),
        (arguments_swapped, "arguments in another order: it is update(optimizer, step)"),
        (
            step_forgotten,
            "raises TypeError: LRScheduler.update() missing 1 required positional argument: 'step'",
        ),
        (on_another_optimizer, "the optimizer that was handed in has 0.5"),
        (not_a_number, "you return nan"),
    ],
)
def test_a_rate_setter_that_is_wrong(answer, words, capsys):
    assert not check_2(answer)
    said = " ".join(capsys.readouterr().out.split())
    assert words in said
    assert "Watched" not in said and "Counting" not in said, "the check shows its own insides"


# Exercise 3


def plan(updates, **changes):
    arguments = {"iterations": updates, "lr": 0.1, "policy": "linear", "warm_up": 0}
    return LRScheduler(**{**arguments, **changes})


@pytest.mark.parametrize("warm_up", [0, 0.0, 1])
def test_a_plan_in_updates_is_right(warm_up, capsys):
    assert check_3(lambda epochs, steps, n: plan(epochs * steps // n, warm_up=warm_up))
    assert capsys.readouterr().out == "Correct.\n"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "pass plan_in_updates itself"),
        (lambda epochs, steps, n: None, "returns nothing yet"),
        (lambda epochs, steps, n: 300, "the result must be an LRScheduler"),
        (lambda epochs, steps, n: LRScheduler, "it is the class itself"),
        (lambda epochs, steps, n: plan(300).schedule, "the object around the schedule"),
        (lambda epochs, steps, n: plan(epochs * steps), "1200 is the number of batches"),
        (lambda epochs, steps, n: plan(epochs * steps * n), "so there are fewer updates"),
        (lambda epochs, steps, n: plan(steps // n), "the updates of one epoch"),
        (lambda epochs, steps, n: plan(epochs * (steps // n)), "left over in one epoch count"),
        (lambda epochs, steps, n: plan(-(-epochs * steps // n)), "is not complete"),
        (lambda epochs, steps, n: plan(round(epochs * steps / n)), "is not complete"),
        (lambda epochs, steps, n: plan(300), "there are 1950 batches"),
        (lambda epochs, steps, n: plan(epochs * steps / n), "must be an int"),
        (lambda epochs, steps, n: plan(epochs * steps // n, policy="cosine"), "it is 'cosine'"),
        (lambda epochs, steps, n: plan(epochs * steps // n, lr=0.2), "0.1, it is 0.2"),
        (lambda epochs, steps, n: plan(epochs * steps // n, warm_up=0.1), "is there a warm-up?"),
        (lambda epochs, steps: plan(300), "positional argument"),
    ],
)
def test_a_plan_in_updates_that_is_wrong(answer, words, capsys):
    assert not check_3(answer)
    assert words in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("answer", [a_float_tensor, a_python_float])
def test_the_real_scheduler_refuses_a_float_step_too(answer):
    set_rate = answer(LRScheduler(10, 0.1, "linear"), keras.optimizers.SGD(0.5))
    with pytest.raises(TypeError):
        set_rate(3)
