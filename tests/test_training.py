"""The compiled epoch and the saved loop: same training as a plain loop, one trace, the rates it used,
mixed precision, going on bit for bit in a fresh process, and bad input."""

import functools
import os
import signal
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
from helpers.training import (
    make_epoch,
    make_train_step,
    resume_loop,
    save_loop,
    shuffled_batches,
)

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
BATCH = 32

# Without XLA an epoch is compiled in a fraction of the time. Tests that take `jit_compile`, and the
# programs in processes of their own, use XLA as well.
quick_epoch = functools.partial(make_epoch, jit_compile=False)


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
        ((10, 0, 0, 0), ValueError, "batch_size must be 1 or more, got 0"),
        ((10, 11, 0, 0), ValueError, "batch_size must be at most examples .10.*, got 11"),
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
    run_epoch = quick_epoch(new_model(), keras.optimizers.SGD(0.1), LOSS, *data)
    for batch_size in (32, 32, 50, 100):
        logs = run_epoch(shuffled_batches(500, batch_size, 0, 0))
        assert logs["learning_rate"].shape == (500 // batch_size,)
    assert run_epoch_traces(run_epoch) == 1


def test_rates_are_the_plan_at_every_step_and_after_a_restart(data):
    scheduler = LRScheduler(45, 0.1, "linear")
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.iterations.assign(15)  # as restored after one epoch
    logs = quick_epoch(new_model(), optimizer, LOSS, *data, scheduler)(
        shuffled_batches(500, BATCH, 0, 1)
    )
    plan = scheduler.schedule(np.arange(15, 30)).numpy()
    assert (np.abs(logs["learning_rate"] - plan) <= np.spacing(plan)).all()
    assert int(optimizer.iterations) == 30


def test_without_scheduler_a_schedule_in_the_optimizer_is_recorded(data):
    schedule = LRScheduler(15, 0.1, "linear").schedule
    logs = quick_epoch(new_model(), keras.optimizers.SGD(schedule), LOSS, *data)(
        shuffled_batches(500, BATCH, 0, 0)
    )
    plan = schedule(np.arange(15)).numpy()
    assert (np.abs(logs["learning_rate"] - plan) <= np.spacing(plan)).all()


def test_same_seed_gives_the_same_weights_twice(data):
    def run():
        model = new_model()
        run_epoch = quick_epoch(model, keras.optimizers.SGD(0.1, momentum=0.9), LOSS, *data)
        for epoch in range(2):
            run_epoch(shuffled_batches(500, BATCH, 0, epoch))
        return model.get_weights()

    assert all(np.array_equal(a, b) for a, b in zip(run(), run(), strict=True))


def test_it_learns(data):
    run_epoch = quick_epoch(new_model(), keras.optimizers.SGD(0.1, momentum=0.9), LOSS, *data)
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
        logs = quick_epoch(model, keras.optimizers.SGD(0.0), LOSS, *data)(
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
    run_epoch = quick_epoch(model, keras.optimizers.SGD(0.1), LOSS, *data)
    before = [w.copy() for w in model.get_weights()]
    assert np.isfinite(run_epoch(shuffled_batches(500, BATCH, 0, 0))["loss"])
    moved = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert all(moved[: len(model.weights) - 2])


def test_labels_of_another_length_are_refused(data):
    images, labels = data
    with pytest.raises(ValueError, match="same length, got 500 and 499"):
        quick_epoch(new_model(), keras.optimizers.SGD(0.1), LOSS, images, labels[:-1])


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
    run_epoch = quick_epoch(model, optimizer, LOSS, *data)
    with pytest.raises(error, match=words):
        run_epoch(batches)
    assert int(optimizer.iterations) == 0


def test_a_schedule_in_the_optimizer_and_a_scheduler_are_refused_together(data):
    optimizer = keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 10))
    run_epoch = quick_epoch(
        new_model(), optimizer, LOSS, *data, scheduler=LRScheduler(9, 0.1, "step")
    )
    with pytest.raises(TypeError, match="built with a learning-rate schedule"):
        run_epoch(shuffled_batches(500, BATCH, 0, 0))


# Mixed precision and loss scaling


SCALES = {
    "mixed_float16": lambda rate: keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(rate, momentum=0.9)
    ),
    "mixed_bfloat16": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    "float32": lambda rate: keras.optimizers.SGD(rate, momentum=0.9, loss_scale_factor=4096.0),
}


@pytest.fixture
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


def all_weights(model: keras.Model) -> np.ndarray:
    return np.concatenate([np.ravel(weight) for weight in model.get_weights()])


@pytest.mark.parametrize("jit_compile", [True, False])
@pytest.mark.parametrize("policy", SCALES, indirect=True)
def test_scaled_losses_train_as_fit_does(data, policy, jit_compile):
    """Without scale_loss in the tape the gradients are divided by a scale they never had.

    The rate is low: at 0.1, half precision that is rounded in another order (not compiled, another
    kind of CPU) moved the last weights by a tenth to a third of their way.
    """
    images, labels = data
    scheduler = LRScheduler(120, 0.01, "linear")
    model = new_model()
    start = all_weights(model)
    run_epoch = make_epoch(model, SCALES[policy](0.5), LOSS, images, labels, scheduler, jit_compile)
    for _ in range(8):
        logs = run_epoch(np.arange(480).reshape(15, 32))
    own = np.mean(model.predict(images, verbose=0).argmax(1) == labels)

    fitted = new_model()
    fitted.compile(SCALES[policy](scheduler.schedule), LOSS, jit_compile=jit_compile)
    losses = fitted.fit(images[:480], labels[:480], 32, 8, shuffle=False, verbose=0).history["loss"]
    of_fit = np.mean(fitted.predict(images, verbose=0).argmax(1) == labels)
    moved = np.linalg.norm(all_weights(fitted) - start)
    assert own > 0.5 and abs(own - of_fit) < 0.06
    assert np.linalg.norm(all_weights(model) - all_weights(fitted)) < 0.05 * moved
    assert 0.2 < logs["loss"] < 1.0, "the loss is reported without its scale"
    assert logs["loss"] == pytest.approx(losses[-1], rel=0.02)
    assert logs["loss"].dtype == logs["accuracy"].dtype == np.float32


def test_an_overflow_is_skipped_and_its_rate_stands_twice(data):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        optimizer = keras.optimizers.LossScaleOptimizer(
            keras.optimizers.SGD(0.5), initial_scale=2.0**40
        )
        scheduler = LRScheduler(100, 0.1, "linear", warm_up=0)
        run_epoch = quick_epoch(new_model(), optimizer, LOSS, *data, scheduler)
        rates = run_epoch(shuffled_batches(500, 10, 0, 0))["learning_rate"]
    finally:
        keras.config.set_dtype_policy("float32")
    steps = int(optimizer.iterations)
    skipped = 50 - steps
    assert 5 < skipped < 45
    different = np.unique(rates)[::-1]
    plan = scheduler.schedule(np.arange(len(different))).numpy()
    np.testing.assert_allclose(different, plan, rtol=1e-6)
    assert len(different) in (steps, steps + 1)  # one more if the last batch was skipped
    assert (rates[:6] == rates[0]).all()


# Accuracies of other labels


def model_with_outputs(columns, activation=None):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(columns, activation=activation),
        ]
    )


@pytest.mark.parametrize("logits", [True, False])
def test_yes_or_no_is_refused_without_and_right_with_its_accuracy(data, logits):
    images, labels = data[0], (data[1] < 3).astype("int32")
    model = model_with_outputs(1, None if logits else "sigmoid")
    loss = keras.losses.BinaryCrossentropy(from_logits=logits)
    optimizer = keras.optimizers.SGD(0.0)
    with pytest.raises(ValueError, match=r"a column per class, got 1 column.*binary_accuracy"):
        quick_epoch(model, optimizer, loss, images, labels)
    accuracy = functools.partial(keras.metrics.binary_accuracy, threshold=0.0 if logits else 0.5)
    run_epoch = quick_epoch(model, optimizer, loss, images, labels, accuracy=accuracy)
    found = run_epoch(np.arange(500).reshape(5, 100))["accuracy"]
    outputs = model.predict(images, verbose=0)[:, 0]
    assert found == pytest.approx(np.mean((outputs > (0 if logits else 0.5)) == labels), abs=1e-6)
    assert 0.2 < found < 0.9


def test_one_hot_labels_are_refused_without_and_right_with_their_accuracy(data):
    images, labels = data[0], np.eye(10, dtype="float32")[data[1]]
    model, loss = model_with_outputs(10), keras.losses.CategoricalCrossentropy(from_logits=True)
    with pytest.raises(ValueError, match=r"got shape \(500, 10\).*argmax"):
        quick_epoch(model, keras.optimizers.SGD(0.0), loss, images, labels)
    accuracy = keras.metrics.categorical_accuracy
    run_epoch = quick_epoch(
        model, keras.optimizers.SGD(0.0), loss, images, labels, accuracy=accuracy
    )
    found = run_epoch(np.arange(500).reshape(5, 100))["accuracy"]
    right = np.mean(model.predict(images, verbose=0).argmax(1) == data[1])
    assert found == pytest.approx(right, abs=1e-6)


def test_class_numbers_may_stand_in_a_column(data):
    columns = quick_epoch(
        model_with_outputs(10), keras.optimizers.SGD(0.1), LOSS, data[0], data[1][:, None]
    )(np.arange(500).reshape(5, 100))
    row = quick_epoch(model_with_outputs(10), keras.optimizers.SGD(0.1), LOSS, *data)(
        np.arange(500).reshape(5, 100)
    )
    assert columns["accuracy"] == pytest.approx(row["accuracy"], abs=1e-6)
    assert columns["loss"] == pytest.approx(row["loss"], rel=1e-6)


@pytest.mark.parametrize("shift", [-1, 1])
def test_class_numbers_that_the_model_has_no_output_for_are_refused(data, shift):
    with pytest.raises(ValueError, match=r"class numbers from 0 to 9.*10 outputs; got"):
        quick_epoch(
            new_model(), keras.optimizers.SGD(0.1), LOSS, data[0], data[1].astype(int) + shift
        )


# Models and optimizers that cannot be trained here


def two_inputs():
    inputs = [keras.Input((28, 28)), keras.Input((28, 28))]
    joined = keras.layers.Flatten()(keras.layers.Add()(inputs))
    return keras.Model(inputs, keras.layers.Dense(10)(joined))


def two_outputs():
    inputs = keras.Input((28, 28))
    flat = keras.layers.Flatten()(inputs)
    return keras.Model(inputs, [keras.layers.Dense(10)(flat), keras.layers.Dense(10)(flat)])


@pytest.mark.parametrize(
    ("build", "error", "words"),
    [
        (
            lambda: keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)]),
            ValueError,
            r"must be built.*keras.Input",
        ),
        (two_inputs, ValueError, "one input, got 2"),
        (two_outputs, ValueError, "one output, got 2"),
        (lambda: lambda x: x, TypeError, "Keras model, got function"),
    ],
    ids=["unbuilt", "two inputs", "two outputs", "a function"],
)
def test_models_that_do_not_fit_are_named(data, build, error, words):
    with pytest.raises(error, match=words):
        quick_epoch(build(), keras.optimizers.SGD(0.1), LOSS, *data)


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        ("sgd", "Keras optimizer, got str"),
        (
            keras.optimizers.MultiOptimizer(
                keras.optimizers.OptimizerMap(keras.optimizers.SGD(0.1))
            ),
            "one rate, got MultiOptimizer",
        ),
    ],
)
def test_optimizers_that_do_not_fit_are_named(data, optimizer, words):
    with pytest.raises(TypeError, match=words):
        quick_epoch(new_model(), optimizer, LOSS, *data)
    with pytest.raises(TypeError, match=words):
        make_train_step(new_model(), optimizer, LOSS)


def test_what_is_trainable_is_fixed_when_the_epoch_is_made(data):
    """As the docstring says: freeze layers first, or make a new epoch."""
    model = new_model()
    run_epoch = quick_epoch(model, keras.optimizers.SGD(0.1), LOSS, *data)
    model.layers[-1].trainable = False
    before = model.layers[-1].get_weights()[0]
    run_epoch(shuffled_batches(500, BATCH, 0, 0))
    assert np.abs(model.layers[-1].get_weights()[0] - before).max() > 0

    before = model.layers[-1].get_weights()[0]
    quick_epoch(model, keras.optimizers.SGD(0.1), LOSS, *data)(shuffled_batches(500, BATCH, 0, 0))
    assert np.array_equal(model.layers[-1].get_weights()[0], before)


def test_a_schedule_exchanged_after_tracing_is_ignored_though_reported(data):
    """As the docstring says."""
    optimizer = keras.optimizers.SGD(LRScheduler(100, 0.1, "linear").schedule)
    run_epoch = quick_epoch(new_model(), optimizer, LOSS, *data)
    run_epoch(shuffled_batches(500, BATCH, 0, 0))
    optimizer.learning_rate = LRScheduler(100, 0.001, "constant").schedule
    rates = run_epoch(shuffled_batches(500, BATCH, 0, 1))["learning_rate"]
    assert rates.min() > 0.05 and float(optimizer.learning_rate) == np.float32(0.001)


# Save and resume


PROGRAM = """
import sys
import keras, numpy as np, tensorflow as tf
tf.config.experimental.enable_op_determinism()
from helpers.lr_scheduler import *
from helpers.preprocess_data import load_fashion_mnist, prepare_data
from helpers.training import *

KINDS = {
    "sgd": lambda: SettableMomentumSGD(0.5),
    "adamw": lambda: SettableMomentumAdamW(0.5),
    "scaled": lambda: keras.optimizers.LossScaleOptimizer(SettableMomentumSGD(0.5)),
    "accumulating": lambda: SettableMomentumSGD(0.5, gradient_accumulation_steps=4),
    "averaging": lambda: SettableMomentumSGD(0.5, use_ema=True),
}
folder, first, last = sys.argv[1], int(sys.argv[2]), 4
(images, labels), _ = load_fashion_mnist()
images, labels = prepare_data(images[:512]), labels[:512]
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
scheduler = LRScheduler(4 * 16, 0.01, "onecycle", 0.4, momentum=(0.85, 0.95))
for kind, build in KINDS.items():
    keras.config.set_dtype_policy("mixed_float16" if kind == "scaled" else "float32")
    keras.utils.set_random_seed(first)  # the weights of a resumed run must not depend on it
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(),
        keras.layers.Dense(16), keras.layers.BatchNormalization(), keras.layers.ReLU(),
        keras.layers.Dropout(0.3), keras.layers.Dense(10)])
    optimizer = build()
    if first:  # before or after make_epoch: see below for the other
        assert resume_loop(f"{folder}/{kind}", model, optimizer) == first
    run_epoch = make_epoch(model, optimizer, loss, images, labels, scheduler)
    if kind == "scaled" and first:
        assert resume_loop(f"{folder}/{kind}", model, optimizer) == first
    logs = []
    for epoch in range(first, last):
        if not first and epoch == 2:  # what a process that ends here leaves
            save_loop(f"{folder}/{kind}", model, optimizer, epoch)
        logs.append(run_epoch(shuffled_batches(512, 32, 7, epoch)))
    np.savez(f"{folder}/{kind}-from-{first}", *[log["learning_rate"] for log in logs],
             *[v.numpy() for v in model.variables], *[v.numpy() for v in optimizer.variables])
"""

KINDS = ("sgd", "adamw", "scaled", "accumulating", "averaging")


@pytest.fixture(scope="module")
def stopped_and_whole(tmp_path_factory):
    """Kind to the results of a run in one process, and of another one that goes on from its middle."""
    folder = tmp_path_factory.mktemp("loops")

    def run(first):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, folder, str(first)],
            capture_output=True,
            text=True,
            timeout=280,
            cwd=PROJECT,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        results = {}
        for kind in KINDS:
            with np.load(folder / f"{kind}-from-{first}.npz") as result:
                results[kind] = [result[name] for name in result.files]
        return results

    return run(0), run(2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fresh_process_goes_on_bit_for_bit(kind, stopped_and_whole):
    """Dropout, batch normalisation, moments, cycled momentum, loss scale: all as never stopped."""
    whole, resumed = (results[kind] for results in stopped_and_whole)
    for number, (one, other) in enumerate(zip(whole[2:], resumed, strict=True)):
        assert np.array_equal(one, other), number


def test_saving_a_loop_leaves_its_optimizer_as_it_was(data, tmp_path):
    """Keras's LossScaleOptimizer makes new variables whenever it is built again."""
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    model, optimizer = trained_loop(data, tmp_path / "loop.npz", optimizer)
    before = [id(variable) for variable in optimizer.variables]
    save_loop(tmp_path / "loop.npz", model, optimizer, 1)
    make_train_step(model, optimizer, LOSS)
    assert [id(variable) for variable in optimizer.variables] == before
    assert int(optimizer.step_counter) == 5


def small_loop(optimizer=None, units=8):
    keras.utils.set_random_seed(5)
    model = create_model(units)
    return model, optimizer or keras.optimizers.SGD(0.1, momentum=0.9)


def weights_of(model, optimizer):
    return [v.numpy() for v in (*model.variables, *optimizer.variables)]


def trained_loop(data, path, optimizer=None):
    model, optimizer = small_loop(optimizer)
    quick_epoch(model, optimizer, LOSS, *data)(shuffled_batches(500, 100, 0, 0))
    save_loop(path, model, optimizer, 1)
    return model, optimizer


def test_what_is_saved_comes_back_and_nothing_else_is_left(data, tmp_path):
    saved = trained_loop(data, tmp_path / "loop.npz")
    fresh = small_loop()
    assert resume_loop(str(tmp_path / "loop.npz"), *fresh) == 1
    for one, other in zip(weights_of(*saved), weights_of(*fresh), strict=True):
        assert np.array_equal(one, other)
    assert int(fresh[1].iterations) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["loop.npz"]


def test_bfloat16_weights_come_back(tmp_path):
    keras.config.set_dtype_policy("bfloat16")
    try:
        saved, fresh = small_loop(), small_loop()
        save_loop(tmp_path / "loop.npz", *saved, 0)
        for variable in fresh[0].variables:
            variable.assign(variable + 1)
        resume_loop(tmp_path / "loop.npz", *fresh)
    finally:
        keras.config.set_dtype_policy("float32")
    for one, other in zip(weights_of(*saved), weights_of(*fresh), strict=True):
        assert np.array_equal(one, other)


def test_the_file_can_be_read_without_this_project(data, tmp_path):
    model, _ = trained_loop(data, tmp_path / "loop.npz")
    with np.load(tmp_path / "loop.npz", allow_pickle=False) as state:
        assert int(state["epoch"]) == 1 and str(state["optimizer"]) == "SGD"
        assert np.array_equal(state["model/0"], model.get_weights()[0])


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.3, 0.7, 0.999])
def test_a_file_cut_off_is_noticed_and_nothing_is_changed(data, tmp_path, share):
    path = tmp_path / "loop.npz"
    trained_loop(data, path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    fresh = small_loop()
    fresh[1].build(fresh[0].trainable_variables)
    before = weights_of(*fresh)
    with pytest.raises(ValueError, match=r"loop.npz is cut off, damaged or no file of save_loop"):
        resume_loop(path, *fresh)
    for one, other in zip(before, weights_of(*fresh), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("place", [0.1, 0.5, 0.6, 0.9])
def test_a_flipped_bit_is_noticed(data, tmp_path, place):
    path = tmp_path / "loop.npz"
    trained_loop(data, path)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 4
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        resume_loop(path, *small_loop())


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_text("no zip"),
        lambda path: np.savez(path, weights=np.ones(3)),
        lambda path: np.save(path.open("wb"), np.ones(3)),
        lambda path: (
            create_model(4).save_weights(path.with_suffix(".weights.h5")).__class__
            and path.with_suffix(".weights.h5").replace(path)
        ),
    ],
    ids=["text", "another npz", "an array", "a weights file"],
)
def test_another_file_is_refused(write, tmp_path):
    path = tmp_path / "loop.npz"
    write(path)
    with pytest.raises(ValueError, match="no file of save_loop"):
        resume_loop(path, *small_loop())


@pytest.mark.parametrize(
    ("fresh", "words"),
    [
        (lambda: small_loop(keras.optimizers.Adam(0.1)), "with the optimizer SGD, got Adam"),
        (lambda: small_loop(keras.optimizers.SGD(0.1)), "6 variables of the optimizer.*has 2"),
        (lambda: small_loop(units=9), r"float32 of shape \(784, 8\).*shape \(784, 9\)"),
        (lambda: (model_with_outputs(10), small_loop()[1]), "4 variables of the model.*has 2"),
    ],
    ids=["optimizer", "momentum", "units", "layers"],
)
def test_another_loop_is_refused_and_not_changed(data, tmp_path, fresh, words):
    trained_loop(data, tmp_path / "loop.npz")
    model, optimizer = fresh()
    before = model.get_weights()
    with pytest.raises(ValueError, match=words):
        resume_loop(tmp_path / "loop.npz", model, optimizer)
    assert all(map(np.array_equal, before, model.get_weights()))


def test_other_bad_arguments_of_save_and_resume(tmp_path):
    with pytest.raises(FileNotFoundError):
        resume_loop(tmp_path / "none.npz", *small_loop())
    with pytest.raises(FileNotFoundError):
        save_loop(tmp_path / "none" / "loop.npz", *small_loop(), 0)
    for epoch, error in ((-1, ValueError), (1.0, TypeError), (True, TypeError), (None, TypeError)):
        with pytest.raises(error, match="epoch must be"):
            save_loop(tmp_path / "loop.npz", *small_loop(), epoch)
    with pytest.raises(TypeError, match="Keras optimizer, got int"):
        save_loop(tmp_path / "loop.npz", small_loop()[0], 1, 1)
    with pytest.raises(ValueError, match="must be built"):
        save_loop(
            tmp_path / "loop.npz", keras.Sequential([keras.layers.Dense(1)]), small_loop()[1], 1
        )
    assert not list(tmp_path.iterdir())


KILLED = """
import os, signal, sys
import numpy as np
from helpers import training
from helpers.model import create_model
import keras
real = np.savez
def killed(file, **state):
    real(file, **state)
    file.seek(0)
    file.truncate(1000)
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
training.np.savez = killed
training.save_loop(sys.argv[1], create_model(8), keras.optimizers.SGD(0.1, momentum=0.9), 2)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_program_killed_while_writing_leaves_the_older_file(data, tmp_path):
    path = tmp_path / "loop.npz"
    saved = trained_loop(data, path)
    done = subprocess.run([sys.executable, "-c", KILLED, path], cwd=PROJECT, timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "loop.npz.part").stat().st_size == 1000
    fresh = small_loop()
    assert resume_loop(path, *fresh) == 1
    for one, other in zip(weights_of(*saved), weights_of(*fresh), strict=True):
        assert np.array_equal(one, other)
    save_loop(path, *saved, 3)
    assert [file.name for file in tmp_path.iterdir()] == ["loop.npz"]


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
