"""The compiled epoch: same training as a plain loop, one trace, the rates it used, and bad input."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import PROJECT
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.lr_scheduler import LRScheduler, SettableMomentumSGD
from helpers.model import create_model
from helpers.preprocess_data import load_fashion_mnist, prepare_data
from helpers.training import make_epoch, shuffled_batches

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
BATCH = 32


@pytest.fixture(scope="module")
def data():
    (images, labels), _ = load_fashion_mnist()
    return prepare_data(images[:500]), labels[:500]


def new_model() -> keras.Model:
    keras.utils.set_random_seed(3)
    return create_model(16)


# shuffled_batches


@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 5), st.integers(0, 5))
@settings(deadline=None, max_examples=60)
def test_batches_deal_distinct_rows(examples, batch_size, seed, epoch):
    if batch_size > examples:
        batch_size = examples
    batches = shuffled_batches(examples, batch_size, seed, epoch)
    assert batches.shape == (examples // batch_size, batch_size) and batches.dtype == np.int32
    assert len(set(batches.flat)) == batches.size
    assert batches.min() >= 0 and batches.max() < examples
    assert np.array_equal(batches, shuffled_batches(examples, batch_size, seed, epoch))


def test_batches_differ_between_epochs_and_seeds():
    first = shuffled_batches(1000, 10, seed=0, epoch=0)
    assert not np.array_equal(first, shuffled_batches(1000, 10, seed=0, epoch=1))
    assert not np.array_equal(first, shuffled_batches(1000, 10, seed=1, epoch=0))
    # Not the order of another pair, as it would be with seed + epoch.
    assert not np.array_equal(
        shuffled_batches(1000, 10, seed=0, epoch=1), shuffled_batches(1000, 10, seed=1, epoch=0)
    )


def test_rows_left_over_are_others_in_each_epoch():
    left_over = [
        set(range(100)) - set(shuffled_batches(100, 32, seed=0, epoch=epoch).flat)
        for epoch in range(3)
    ]
    assert all(len(rows) == 4 for rows in left_over)
    assert len(set.union(*left_over)) > 4


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((0, 1, 0, 0), ValueError, "examples must be 1 or more, got 0"),
        ((10, 0, 0, 0), ValueError, "batch_size must be from 1 to 10, got 0"),
        ((10, 11, 0, 0), ValueError, "batch_size must be from 1 to 10, got 11"),
        ((10, 5, -1, 0), ValueError, "seed must be 0 or more, got -1"),
        ((10, 5, 0, -1), ValueError, "epoch must be 0 or more, got -1"),
        ((10.0, 5, 0, 0), TypeError, "examples must be an int, got float 10.0"),
        ((10, True, 0, 0), TypeError, "batch_size must be an int, got bool True"),
        ((10, 5, None, 0), TypeError, "seed must be an int, got NoneType None"),
    ],
)
def test_bad_batches_arguments_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        shuffled_batches(*arguments)


# make_epoch


def eager_epoch(model, optimizer, scheduler, images, labels, batches):
    """The same training with nothing compiled."""
    losses, accuracies, rates = [], [], []
    for indices in batches:
        if scheduler is not None:
            scheduler.update(optimizer, int(optimizer.iterations.numpy()))
        rates.append(optimizer.learning_rate.numpy())
        with tf.GradientTape() as tape:
            predictions = model(images[indices], training=True)
            loss = LOSS(labels[indices], predictions)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        losses.append(float(loss))
        accuracies.append(np.mean(predictions.numpy().argmax(1) == labels[indices]))
    return {
        "loss": np.mean(losses),
        "accuracy": np.mean(accuracies),
        "learning_rate": np.array(rates),
    }


@pytest.mark.parametrize("jit_compile", [True, False])
@pytest.mark.parametrize(
    ("optimizer", "policy"),
    [
        (SettableMomentumSGD, "onecycle"),
        (keras.optimizers.Adam, "wsd"),
        (keras.optimizers.SGD, None),
    ],
)
def test_trains_like_the_eager_loop(data, optimizer, policy, jit_compile):
    images, labels = data
    scheduler = LRScheduler(45, 0.01, policy) if policy else None
    results = []
    for compiled in (True, False):
        model, own_optimizer = new_model(), optimizer(0.02)
        if compiled:
            run_epoch = make_epoch(
                model, own_optimizer, LOSS, images, labels, scheduler, jit_compile
            )
        for epoch in range(3):
            batches = shuffled_batches(len(images), BATCH, seed=1, epoch=epoch)
            if compiled:
                logs = run_epoch(batches)
            else:
                logs = eager_epoch(model, own_optimizer, scheduler, images, labels, batches)
        results.append((logs, model.get_weights()))
    (logs, weights), (eager_logs, eager_weights) = results
    assert logs["loss"] == pytest.approx(eager_logs["loss"], rel=1e-4)
    assert logs["accuracy"] == pytest.approx(eager_logs["accuracy"], abs=0.01)
    np.testing.assert_allclose(logs["learning_rate"], eager_logs["learning_rate"], rtol=1.3e-7)
    for one, other in zip(weights, eager_weights, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-4)
    assert run_epoch_traces(run_epoch) == 1


def run_epoch_traces(run_epoch) -> int:
    return run_epoch.compiled.experimental_get_tracing_count()


def test_one_trace_whatever_the_number_of_batches(data):
    run_epoch = make_epoch(new_model(), keras.optimizers.SGD(0.1), LOSS, *data)
    for batch_size in (32, 32, 50, 100):
        logs = run_epoch(shuffled_batches(500, batch_size, 0, 0))
        assert logs["learning_rate"].shape == (500 // batch_size,)
    assert run_epoch_traces(run_epoch) == 1


def test_rates_are_the_plan_at_every_step_and_after_a_restart(data):
    scheduler = LRScheduler(45, 0.1, "linear")
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.iterations.assign(15)  # as restored after one epoch
    logs = make_epoch(new_model(), optimizer, LOSS, *data, scheduler)(
        shuffled_batches(500, BATCH, 0, 1)
    )
    plan = scheduler.schedule(np.arange(15, 30)).numpy()
    assert (np.abs(logs["learning_rate"] - plan) <= np.spacing(plan)).all()
    assert int(optimizer.iterations) == 30


def test_without_scheduler_a_schedule_in_the_optimizer_is_recorded(data):
    schedule = LRScheduler(15, 0.1, "linear").schedule
    logs = make_epoch(new_model(), keras.optimizers.SGD(schedule), LOSS, *data)(
        shuffled_batches(500, BATCH, 0, 0)
    )
    plan = schedule(np.arange(15)).numpy()
    assert (np.abs(logs["learning_rate"] - plan) <= np.spacing(plan)).all()


def test_same_seed_gives_the_same_weights_twice(data):
    def run():
        model = new_model()
        run_epoch = make_epoch(model, keras.optimizers.SGD(0.1, momentum=0.9), LOSS, *data)
        for epoch in range(2):
            run_epoch(shuffled_batches(500, BATCH, 0, epoch))
        return model.get_weights()

    assert all(np.array_equal(a, b) for a, b in zip(run(), run(), strict=True))


def test_it_learns(data):
    run_epoch = make_epoch(new_model(), keras.optimizers.SGD(0.1, momentum=0.9), LOSS, *data)
    logs = [run_epoch(shuffled_batches(500, BATCH, 0, epoch)) for epoch in range(8)]
    assert logs[-1]["loss"] < 0.7 * logs[0]["loss"] and logs[-1]["accuracy"] > 0.65
    assert isinstance(float(logs[0]["loss"]), float) and logs[0]["loss"].shape == ()


def test_losses_of_the_model_itself_count(data):
    def first_loss(regularizer):
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [
                keras.Input((28, 28)),
                keras.layers.Flatten(),
                keras.layers.Dense(10, kernel_regularizer=regularizer),
            ]
        )
        logs = make_epoch(model, keras.optimizers.SGD(0.0), LOSS, *data)(
            shuffled_batches(500, 100, 0, 0)
        )
        return float(logs["loss"]), float(np.sum(model.get_weights()[0] ** 2))

    plain, squares = first_loss(None)
    regularized, _ = first_loss(keras.regularizers.L2(0.01))
    assert regularized == pytest.approx(plain + 0.01 * squares, rel=1e-4)


def test_dropout_and_batch_norm_compile_and_change(data):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(16),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10),
        ]
    )
    run_epoch = make_epoch(model, keras.optimizers.SGD(0.1), LOSS, *data)
    before = [w.copy() for w in model.get_weights()]
    assert np.isfinite(run_epoch(shuffled_batches(500, BATCH, 0, 0))["loss"])
    moved = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert all(moved[: len(model.weights) - 2])


def test_labels_of_another_length_are_refused(data):
    images, labels = data
    with pytest.raises(ValueError, match="same length, got 500 and 499"):
        make_epoch(new_model(), keras.optimizers.SGD(0.1), LOSS, images, labels[:-1])


@pytest.mark.parametrize(
    ("batches", "error", "words"),
    [
        (np.array([[0, 500]]), ValueError, "row numbers from 0 to 499, got 0 to 500"),
        (np.array([[-1, 3]]), ValueError, "row numbers from 0 to 499, got -1 to 3"),
        (np.arange(10), ValueError, r"shape \(steps, batch\), got \(10,\)"),
        (np.zeros((0, 10), int), ValueError, r"shape \(steps, batch\), got \(0, 10\)"),
        (np.zeros((2, 3)), TypeError, "row numbers .ints., got float64"),
    ],
)
def test_bad_row_numbers_are_refused_before_training(data, batches, error, words):
    model, optimizer = new_model(), keras.optimizers.SGD(0.1)
    run_epoch = make_epoch(model, optimizer, LOSS, *data)
    with pytest.raises(error, match=words):
        run_epoch(batches)
    assert int(optimizer.iterations) == 0


def test_a_schedule_in_the_optimizer_and_a_scheduler_are_refused_together(data):
    optimizer = keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 10))
    run_epoch = make_epoch(
        new_model(), optimizer, LOSS, *data, scheduler=LRScheduler(9, 0.1, "step")
    )
    with pytest.raises(TypeError, match="built with a learning-rate schedule"):
        run_epoch(shuffled_batches(500, BATCH, 0, 0))


# The benchmark is reported, not asserted; that it runs is


def benchmark(*arguments: str) -> subprocess.CompletedProcess:
    program = PROJECT / "benchmarks" / "training_loop.py"
    return subprocess.run(
        [sys.executable, program, *arguments], capture_output=True, text=True, timeout=300
    )


def test_the_benchmark_prints_its_table():
    done = benchmark("--rounds", "1", "--rows", "compiled,compiled-scheduler")
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert lines[0].startswith("| loop |") and lines[0].count("|") == lines[2].count("|") == 6
    assert "LRScheduler" in lines[3] and "1.00" in lines[3] and "MB" in lines[3]
    assert "The scheduler costs" in done.stdout and "60,000 images" in done.stdout


@pytest.mark.parametrize("arguments", [("--rows", "fortran"), ("--rounds", "0")])
def test_the_benchmark_refuses_what_it_cannot_do(arguments):
    done = benchmark(*arguments)
    assert done.returncode != 0 and "must be" in done.stderr and "Traceback" not in done.stderr
