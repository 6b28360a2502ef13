"""The callbacks of lessons 3 and 10; what an optimizer really used is measured on its weights."""

import json
import math
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from conftest import PROJECT
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.callbacks import (
    CustomLearningRateScheduler,
    EarlyStoppingAtMinLoss,
    EventRecorder,
    LearningRateLogger,
    LossAndErrorPrintingCallback,
    ReduceOnPlateauWithMemory,
    ReduceScheduleOnPlateau,
    current_rate,
    schedule_from_table,
    steps_done,
)
from helpers.schedules import Scaled, WarmUp

LR_SCHEDULE = [(3, 0.05), (6, 0.01), (9, 0.005), (12, 0.001)]
COSINE = keras.optimizers.schedules.CosineDecay(0.1, 12)


def one_weight_model(optimizer: keras.Optimizer | float = 0.1, **options: object) -> keras.Model:
    """A model with one weight whose gradient is 1: plain SGD lowers it by the very rate it uses."""
    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")]
    )
    if isinstance(optimizer, float | keras.optimizers.schedules.LearningRateSchedule):
        optimizer = keras.optimizers.SGD(optimizer)
    model.compile(optimizer, lambda _, output: output[:, 0], **options)
    return model


def fit(model: keras.Model, *callbacks: keras.callbacks.Callback, **options: object) -> dict:
    """Train on batches of one; ``steps`` of them (6 by default) make an epoch."""
    ones = np.ones((options.pop("steps", 6), 1), np.float32)
    return model.fit(
        ones, ones, batch_size=1, verbose=0, callbacks=list(callbacks), **options
    ).history


class Weights(keras.callbacks.Callback):
    """Keep the one weight after every batch."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.values = [0.0]

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.values.append(float(self.model.get_weights()[0][0, 0]))

    def used(self) -> np.ndarray:
        return -np.diff(self.values)


class RatePerBatch(keras.callbacks.Callback):
    """Set another rate before every batch."""

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self.model.optimizer.learning_rate = 0.1 / (1 + batch)


# EventRecorder


def test_recorder_writes_down_every_hook_in_order() -> None:
    recorder, model = EventRecorder(), one_weight_model(metrics=["mae"])
    ones = np.ones((2, 1), np.float32)
    fit(model, recorder, steps=2, validation_data=(ones[:1], ones[:1]))
    model.evaluate(ones[:1], ones[:1], verbose=0, callbacks=[recorder])
    model.predict(ones[:1], verbose=0, callbacks=[recorder])
    measured = ("loss", "mae")
    everything = (*measured, "val_loss", "val_mae")
    assert recorder.events == [
        ("on_train_begin", None, (), 0),
        ("on_epoch_begin", 0, (), 1),
        ("on_train_batch_begin", 0, (), 2),
        ("on_train_batch_end", 0, measured, 2),
        ("on_train_batch_begin", 1, (), 2),
        ("on_train_batch_end", 1, measured, 2),
        ("on_test_begin", None, (), 2),
        ("on_test_batch_begin", 0, (), 3),
        ("on_test_batch_end", 0, measured, 3),
        ("on_test_end", None, measured, 2),
        ("on_epoch_end", 0, everything, 1),
        ("on_train_end", None, everything, 0),
        ("on_test_begin", None, (), 0),
        ("on_test_batch_begin", 0, (), 1),
        ("on_test_batch_end", 0, measured, 1),
        ("on_test_end", None, measured, 0),
        ("on_predict_begin", None, (), 0),
        ("on_predict_batch_begin", 0, (), 1),
        ("on_predict_batch_end", 0, ("outputs",), 1),
        ("on_predict_end", None, (), 0),
    ]
    assert str(recorder.events[3]) == "        on_train_batch_end 0  [loss, mae]"


def test_recorder_overrides_every_hook_that_keras_has() -> None:
    hooks = {name for name in dir(keras.callbacks.Callback) if name.startswith("on_")}
    aliases = {"on_batch_begin", "on_batch_end"}  # older names of on_train_batch_...
    assert hooks - aliases == {name for name in vars(EventRecorder) if name.startswith("on_")}


def test_recorder_starts_at_depth_0_after_an_interrupted_run() -> None:
    recorder, model = EventRecorder(), one_weight_model()
    crash = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fit(model, recorder, crash)
    fit(model, recorder)
    assert recorder.events[-1] == ("on_train_end", None, ("loss",), 0)


def test_hooks_are_called_once_per_group_of_steps() -> None:
    recorder = EventRecorder()
    fit(one_weight_model(steps_per_execution=4), recorder, steps=6)
    batches = [event.index for event in recorder.events if "batch" in event.hook]
    assert batches == [0, 3, 4, 7], "the last number counts past the 6 batches"


# LossAndErrorPrintingCallback


def test_loss_and_error_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    printer = LossAndErrorPrintingCallback()
    printer.on_train_batch_end(3, {"loss": 1.234})
    printer.on_test_batch_end(4, {"loss": 5.678})
    printer.on_epoch_end(0, {"loss": 1.5, "accuracy": 0.75})
    printer.on_epoch_end(1, {"loss": 1.5})
    assert capsys.readouterr().out.splitlines() == [
        "Up to batch 3, the average loss is 1.23.",
        "Up to batch 4, the average loss is 5.68.",
        "The average loss for epoch 0 is 1.50 and the error rate is 0.25.",
        "The average loss for epoch 1 is 1.50.",
    ]


def test_logs_hold_the_average_over_the_epoch_so_far() -> None:
    losses = []
    keep = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: losses.append(logs["loss"])
    )
    fit(one_weight_model(0.1), keep, steps=3)  # the losses of the batches are 0, -0.1 and -0.2
    np.testing.assert_allclose(losses, [0, -0.05, -0.1], atol=1e-6)


# EarlyStoppingAtMinLoss


class ModelInEpoch:
    """Stands in for a model: its weights are the number of the epoch that trained last."""

    metrics = ()

    def __init__(self) -> None:
        self.stop_training, self.weights = False, [np.array(-1)]

    def get_weights(self) -> list[np.ndarray]:
        return self.weights

    def set_weights(self, weights: list[np.ndarray]) -> None:
        self.weights = weights


def drive(callback: keras.callbacks.Callback, losses: list[float]) -> tuple[int, int]:
    """Call a callback as ``fit`` does; returns (epochs run, epoch of the weights at the end)."""
    model = ModelInEpoch()
    callback.set_model(model)
    callback.on_train_begin({})
    for epoch, loss in enumerate(losses):
        model.weights = [np.array(epoch)]
        callback.on_epoch_end(epoch, {"loss": loss})
        if model.stop_training:
            break
    callback.on_train_end({})
    return epoch + 1, int(model.weights[0])


@given(
    losses=st.lists(st.floats(-5, 5).map(lambda x: round(x, 1)), min_size=1, max_size=15),
    patience=st.integers(0, 5),
)
@settings(deadline=None, max_examples=80)
def test_stops_and_restores_as_keras_does(losses: list[float], patience: int) -> None:
    theirs = keras.callbacks.EarlyStopping(
        "loss", patience=patience, mode="min", restore_best_weights=True
    )
    assert drive(EarlyStoppingAtMinLoss(patience), losses) == drive(theirs, losses)


@pytest.mark.parametrize(
    ("losses", "patience", "epochs", "restored", "stopped"),
    [
        ([3, 2, 2.5, 1], 0, 3, 1, 2),
        ([3, 2, 2.5, 1], 1, 3, 1, 2),  # 0 and 1 are the same
        ([3, 2, 2.5, 1], 2, 4, 3, None),
        ([3, 2, 2.5, 2.6], 5, 4, 1, None),  # ran out of epochs: the best weights come back too
        ([3, 2, 2], 0, 3, 1, 2),  # equal is no improvement
        ([3, math.nan, 1], 0, 2, 0, 1),
        ([math.nan, 1], 0, 1, 0, 0),  # nothing to restore: keep what is there
        ([math.nan, 1], 2, 2, 1, None),
    ],
)
def test_early_stopping_cases(
    losses: list[float], patience: int, epochs: int, restored: int, stopped: int | None
) -> None:
    stopper = EarlyStoppingAtMinLoss(patience)
    assert drive(stopper, losses) == (epochs, restored)
    assert stopper.stopped_epoch == stopped


def test_early_stopping_reports_a_stop_in_epoch_0(capsys: pytest.CaptureFixture[str]) -> None:
    drive(EarlyStoppingAtMinLoss(), [math.nan])
    assert capsys.readouterr().out == "Stopped after epoch 0.\n"


def test_early_stopping_starts_afresh_in_a_second_fit() -> None:
    stopper = EarlyStoppingAtMinLoss()
    drive(stopper, [1, 2])
    assert drive(stopper, [9, 8, 7]) == (3, 2)
    assert drive(stopper, [math.nan]) == (1, 0), "weights of the run before must not come back"


def test_early_stopping_in_a_real_fit() -> None:
    model, kept = one_weight_model(), []
    keep = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: kept.append(model.get_weights()[0].copy())
    )
    backwards = CustomLearningRateScheduler(lambda epoch, rate: 0.1 if epoch < 2 else 0.0)
    fit(model, backwards, keep, EarlyStoppingAtMinLoss(patience=2), epochs=9)
    # The loss is a mean over the epoch, so it falls once more in epoch 2 and then stands still.
    assert len(kept) == 5 and np.array_equal(model.get_weights()[0], kept[2])


@pytest.mark.parametrize("patience", [-1, True, 1.0, None, "2", math.nan])
def test_early_stopping_refuses_bad_patience(patience: object) -> None:
    with pytest.raises((TypeError, ValueError), match=f"patience must be .*{patience!r}"):
        EarlyStoppingAtMinLoss(patience)


# CustomLearningRateScheduler and schedule_from_table


def test_scheduler_sets_the_rate_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    weights, logger = Weights(), LearningRateLogger(per="epoch")
    scheduler = CustomLearningRateScheduler(schedule_from_table(LR_SCHEDULE))
    fit(one_weight_model(0.1), scheduler, weights, logger, epochs=14, steps=1)
    plan = [0.1] * 3 + [0.05] * 3 + [0.01] * 3 + [0.005] * 3 + [0.001] * 2
    assert logger.learning_rates == [np.float32(rate) for rate in plan]
    np.testing.assert_allclose(weights.used(), plan, rtol=1e-3)
    printed = capsys.readouterr().out.splitlines()
    assert printed == [f"Epoch {epoch}: learning rate is {plan[epoch]:g}." for epoch in range(14)]


def test_schedule_gets_the_epoch_and_the_current_rate() -> None:
    calls = []

    def schedule(epoch: int, rate: float) -> float:
        calls.append((epoch, rate))
        return rate / 2

    fit(one_weight_model(1.0), CustomLearningRateScheduler(schedule), initial_epoch=4, epochs=6)
    assert calls == [(4, 1.0), (5, 0.5)]


def test_scheduler_writes_the_rate_to_history_as_keras_does() -> None:
    def schedule(epoch: int, rate: float) -> float:
        return 0.1 / (1 + epoch)

    ours = fit(one_weight_model(0.5), CustomLearningRateScheduler(schedule), epochs=3)
    keras_own = keras.callbacks.LearningRateScheduler(schedule)
    theirs = fit(one_weight_model(0.5), keras_own, epochs=3)
    assert ours["learning_rate"] == theirs["learning_rate"]
    assert ours["learning_rate"] == [np.float32(0.1 / (1 + epoch)) for epoch in range(3)]


@pytest.mark.parametrize("schedule", [0.1, None, "cosine", [(3, 0.05)]])
def test_scheduler_refuses_what_cannot_be_called(schedule: object) -> None:
    with pytest.raises(TypeError, match="schedule must be a function"):
        CustomLearningRateScheduler(schedule)


@pytest.mark.parametrize(
    ("rate", "error"),
    [
        (math.nan, ValueError),
        (math.inf, ValueError),
        (-0.1, ValueError),
        (None, TypeError),
        (True, TypeError),
        ("0.1", TypeError),
        (keras.ops.ones(()), TypeError),
    ],
)
def test_scheduler_refuses_a_bad_rate(rate: object, error: type) -> None:
    model = one_weight_model(0.1)
    scheduler = CustomLearningRateScheduler(lambda epoch, current: rate)
    scheduler.set_model(model)
    with pytest.raises(error, match=r"schedule\(0, 0.1\) must be .*got"):
        scheduler.on_epoch_begin(0)
    assert current_rate(model.optimizer) == np.float32(0.1)


def test_a_bad_rate_stops_fit_before_it_trains() -> None:
    model = one_weight_model(0.1)
    with pytest.raises(ValueError, match="got nan"):
        fit(model, CustomLearningRateScheduler(lambda epoch, rate: math.nan))
    assert steps_done(model.optimizer) == 0 and model.get_weights()[0][0, 0] == 0


@pytest.mark.parametrize("rate", [0, 1, 0.0, np.float32(0.5), np.float64(0.5)])
def test_scheduler_takes_every_kind_of_number(rate: float) -> None:
    model, scheduler = one_weight_model(0.1), CustomLearningRateScheduler(lambda *_: rate)
    scheduler.set_model(model)
    scheduler.on_epoch_begin(0)
    assert current_rate(model.optimizer) == rate


def test_scheduler_cannot_set_an_optimizer_that_has_a_schedule() -> None:
    with pytest.raises(TypeError, match="LearningRateSchedule"):
        fit(one_weight_model(COSINE), CustomLearningRateScheduler(lambda epoch, rate: 0.1))


def test_table_beyond_its_end_and_before_its_start() -> None:
    schedule = schedule_from_table(LR_SCHEDULE)
    assert [schedule(epoch, 0.7) for epoch in (0, 2, 3, 8, 11, 12, 13, 10**6)] == [
        *(0.7, 0.7, 0.05, 0.01, 0.005, 0.001, 0.001, 0.001)
    ]


@given(epoch=st.integers(3, 50), one=st.floats(0, 1), other=st.floats(0, 1))
@settings(deadline=None, max_examples=50)
def test_table_depends_on_the_epoch_alone(epoch: int, one: float, other: float) -> None:
    schedule = schedule_from_table(LR_SCHEDULE)
    assert schedule(epoch, one) == schedule(epoch, other)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([], "at least one"),
        ([(3, 0.1), (3, 0.2)], "increase"),
        ([(3, 0.1), (2, 0.2)], "increase"),
        ([(-1, 0.1)], "0 or more"),
        ([(1.5, 0.1)], "an epoch must be an int, got float 1.5"),
        ([(True, 0.1)], "an epoch must be an int, got bool True"),
        ([("3", 0.1)], "an epoch must be an int, got str '3'"),
        ([(3, math.nan)], "the rate from epoch 3 .*got nan"),
        ([(3, -1.0)], "the rate from epoch 3 .*got -1.0"),
        ([(3, "0.1")], "the rate from epoch 3 must be a number"),
    ],
)
def test_bad_tables_are_refused(table: list, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        schedule_from_table(table)


# LearningRateLogger


@pytest.mark.parametrize(
    ("mount", "setters"),
    [
        (0.1, ()),
        (COSINE, ()),
        (0.1, (keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2),)),
        (0.1, (RatePerBatch(),)),
        (0.1, (keras.callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=9, factor=0.5),)),
    ],
    ids=["float", "schedule", "epoch callback", "batch callback", "plateau"],
)
def test_logger_has_what_the_optimizer_used(mount: object, setters: tuple) -> None:
    weights, logger = Weights(), LearningRateLogger()
    history = fit(one_weight_model(mount), *setters, weights, logger, epochs=3, steps=4)
    np.testing.assert_allclose(logger.learning_rates, weights.used(), rtol=1e-3, atol=1e-7)
    assert logger.steps == list(range(12))
    assert logger.epochs == [0] * 4 + [1] * 4 + [2] * 4
    assert history["learning_rate"] == logger.learning_rates[3::4]


@pytest.mark.parametrize("group", [1, 4, 100])
@pytest.mark.parametrize("mount", [0.1, COSINE], ids=["float", "schedule"])
def test_logger_has_every_step_of_a_group(mount: object, group: int) -> None:
    model, logger = one_weight_model(mount, steps_per_execution=group), LearningRateLogger()
    fit(model, logger, epochs=2, steps=6)
    planned = [float(COSINE(step)) if mount is COSINE else np.float32(0.1) for step in range(12)]
    assert logger.steps == list(range(12)) and logger.learning_rates == planned
    assert -model.get_weights()[0][0, 0] == pytest.approx(sum(planned), rel=1e-5)


def test_logger_with_groups_has_what_a_batch_callback_set() -> None:
    model = one_weight_model(0.1, steps_per_execution=3)
    logger = LearningRateLogger()
    fit(model, RatePerBatch(), logger, steps=6)  # called at batches 0 and 3 only
    assert logger.learning_rates == [np.float32(0.1)] * 3 + [np.float32(0.1 / 4)] * 3
    assert -model.get_weights()[0][0, 0] == pytest.approx(sum(logger.learning_rates), rel=1e-5)


@pytest.mark.parametrize("group", [1, 4])
def test_logger_per_epoch_has_the_last_step_of_each(group: int) -> None:
    logger = LearningRateLogger(per="epoch")
    history = fit(one_weight_model(COSINE, steps_per_execution=group), logger, epochs=3, steps=4)
    assert (logger.epochs, logger.steps) == ([0, 1, 2], [3, 7, 11])
    assert logger.learning_rates == [float(COSINE(step)) for step in (3, 7, 11)]
    assert history["learning_rate"] == logger.learning_rates


def test_logger_starts_empty_in_a_second_fit_and_goes_on_counting() -> None:
    model, logger = one_weight_model(COSINE), LearningRateLogger()
    fit(model, logger, steps=4)
    fit(model, logger, steps=4, initial_epoch=1, epochs=2)
    assert (logger.steps, logger.epochs) == ([4, 5, 6, 7], [1, 1, 1, 1])
    assert logger.learning_rates == [float(COSINE(step)) for step in range(4, 8)]


def test_logger_after_saving_and_loading(tmp_path: object) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(COSINE), "mse")
    fit(model, steps=5)
    model.save(tmp_path / "model.keras")
    logger = LearningRateLogger()
    fit(keras.models.load_model(tmp_path / "model.keras"), logger, steps=3)
    assert logger.steps == [5, 6, 7]
    assert logger.learning_rates == [float(COSINE(step)) for step in (5, 6, 7)]


def test_logger_counts_batches_with_gradient_accumulation() -> None:
    model = one_weight_model(keras.optimizers.SGD(COSINE, gradient_accumulation_steps=3))
    logger = LearningRateLogger()
    fit(model, logger, steps=6)
    assert logger.learning_rates == [float(COSINE(step)) for step in range(6)]
    used = -model.get_weights()[0][0, 0]
    assert used == pytest.approx(float(COSINE(2)) + float(COSINE(5)), rel=1e-5)


def test_logger_sees_through_mixed_precision() -> None:
    inner = keras.optimizers.SGD(COSINE)
    logger = LearningRateLogger()
    fit(one_weight_model(keras.optimizers.LossScaleOptimizer(inner)), logger, steps=3)
    assert logger.learning_rates == [float(COSINE(step)) for step in range(3)]


def unknown_length(batches: int) -> object:
    """Batches of one, without a length: Keras finds out at the end of each epoch."""
    import tensorflow as tf

    ones = np.ones((1, 1), np.float32)
    data = tf.data.Dataset.from_tensors((ones, ones)).repeat(batches)
    return data.filter(lambda x, y: True)  # nobody knows how many are left


@pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning")
@pytest.mark.parametrize("per", ["step", "epoch"])
@pytest.mark.parametrize(
    ("options", "extra"),
    [
        ({}, 1),
        ({"jit_compile": True}, 0),
        ({"run_eagerly": True}, 0),
        ({"steps_per_execution": 2}, 0),
    ],
    ids=["compiled", "XLA", "eager", "groups"],
)
def test_logger_on_data_of_unknown_length(options: dict, extra: int, per: str) -> None:
    """Compiled ``fit`` counts one more step when the data ends; the last real step is recorded."""
    model, weights, logger = one_weight_model(COSINE, **options), Weights(), LearningRateLogger(per)
    history = model.fit(unknown_length(4), epochs=3, verbose=0, callbacks=[weights, logger]).history
    assert steps_done(model.optimizer) == 3 * (4 + extra)
    steps = [epoch * (4 + extra) + step for epoch in range(3) for step in range(4)]
    assert logger.steps == (steps if per == "step" else steps[3::4])
    assert logger.learning_rates == [float(COSINE(step)) for step in logger.steps]
    assert history["learning_rate"] == [float(COSINE(step)) for step in steps[3::4]]
    if per == "step" and not options.get("steps_per_execution"):
        np.testing.assert_allclose(weights.used(), logger.learning_rates, rtol=1e-3, atol=1e-7)


@pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning")
def test_logger_after_a_callback_that_was_called_for_a_batch_that_never_came() -> None:
    logger = LearningRateLogger("epoch")
    one_weight_model(0.5).fit(unknown_length(2), verbose=0, callbacks=[RatePerBatch(), logger])
    assert logger.learning_rates == [np.float32(0.05)], "the third call came without a batch"


@pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning")
@pytest.mark.parametrize("per", ["step", "epoch"])
def test_logger_in_a_fit_without_data(per: str) -> None:
    model, logger = one_weight_model(COSINE), LearningRateLogger(per)
    fit(model)  # so that Keras knows the shapes
    history = model.fit(unknown_length(0), epochs=2, verbose=0, callbacks=[logger]).history
    assert logger.learning_rates == logger.steps == logger.epochs == []
    assert "learning_rate" not in history


class Overflow(keras.callbacks.Callback):
    """Give the model a weight whose gradient overflows, in some epochs."""

    def __init__(self, epochs: tuple[int, ...]) -> None:
        super().__init__()
        self.epochs = epochs

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.model.set_weights([np.full((1, 1), np.inf if epoch in self.epochs else 1.0)])


@pytest.mark.parametrize("per", ["step", "epoch"])
def test_skipped_batches_leave_no_record(per: str) -> None:
    """Under mixed precision a batch whose gradients overflow changes nothing and is not counted."""
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(COSINE))
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(optimizer, "mse")
    logger = LearningRateLogger(per)
    history = fit(model, Overflow((0, 2)), logger, epochs=4, steps=2)
    assert steps_done(optimizer) == 4, "two epochs of two steps were skipped"
    assert logger.steps == ([0, 1, 2, 3] if per == "step" else [1, 3])
    assert logger.epochs == ([1, 1, 3, 3] if per == "step" else [1, 3])
    assert logger.learning_rates == [float(COSINE(step)) for step in logger.steps]
    first, last = float(COSINE(1)), float(COSINE(3))
    assert history["learning_rate"] == [first, first, last], "no rate is known in epoch 0"


def two_rates() -> keras.Optimizer:
    if not hasattr(keras.optimizers, "MultiOptimizer"):
        pytest.skip("this Keras has no MultiOptimizer")
    sgd, adam = keras.optimizers.SGD(0.1), keras.optimizers.Adam(0.2)
    return keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(sgd, {".*kernel": adam}))


@pytest.mark.parametrize(
    "callback",
    [
        LearningRateLogger,
        lambda: CustomLearningRateScheduler(lambda epoch, rate: 0.1),
        lambda: ReduceOnPlateauWithMemory("memory.json", "loss"),
        lambda: ReduceScheduleOnPlateau("memory.json", "loss"),
    ],
    ids=["logger", "scheduler", "plateau", "schedule-plateau"],
)
def test_an_optimizer_with_several_rates_is_refused(callback: object) -> None:
    model = one_weight_model(two_rates())
    with pytest.raises(
        TypeError, match="optimizer must have one learning rate, got MultiOptimizer"
    ):
        fit(model, callback())
    assert model.get_weights()[0][0, 0] == 0, "refused before the first batch"


# ReduceOnPlateauWithMemory


class Losses(keras.callbacks.Callback):
    """Put losses of a given list into ``logs``, one per epoch."""

    def __init__(self, losses: list[float]) -> None:
        super().__init__()
        self.losses = losses

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        logs["given"] = self.losses[epoch]


def rates_with(reducer: keras.callbacks.Callback, losses: list[float]) -> list[float]:
    """Drive a callback as ``fit`` does; returns the rate of each epoch."""
    optimizer, rates = keras.optimizers.SGD(0.1), []
    reducer.set_model(SimpleNamespace(optimizer=optimizer))
    reducer.on_train_begin({})
    for epoch, loss in enumerate(losses):
        reducer.on_epoch_begin(epoch, {})
        rates.append(current_rate(optimizer))
        reducer.on_epoch_end(epoch, {"given": loss})
    reducer.on_train_end({})
    return rates


@given(
    losses=st.lists(
        st.one_of(st.floats(0, 3).map(lambda x: round(x, 1)), st.just(math.nan)),
        min_size=1, max_size=12,
    ),
    patience=st.integers(0, 4),
    min_delta=st.sampled_from([0.0, 1e-4, 0.45]),  # no ties: Keras compares in float32
)  # fmt: skip
@settings(deadline=None, max_examples=40)
def test_lowers_the_rate_as_keras_does(
    tmp_path_factory: pytest.TempPathFactory, losses: list, patience: int, min_delta: float
) -> None:
    options = {"factor": 0.5, "patience": patience, "min_delta": min_delta}
    path = tmp_path_factory.mktemp("memory") / "memory.json"
    theirs = keras.callbacks.ReduceLROnPlateau("given", mode="min", **options)
    ours = ReduceOnPlateauWithMemory(path, "given", **options)
    if math.isnan(losses[0]):  # Keras takes a first NaN as the best for ever
        losses = [3.0, *losses]
    assert rates_with(ours, losses) == rates_with(theirs, losses)


PLATEAU = [3.0, 2.0, 2.0, 2.0, 2.5, 1.0, 1.0, 1.0]
WITHOUT_A_BREAK = [np.float32(0.1) * f for f in (1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5)]


def run(path: Path, backup: Path, epochs: int, crash_in: int = -1, swap: bool = False) -> list:
    """Train from the backup on, if there is one; a real ``fit``, its losses from a list."""
    reducer = ReduceOnPlateauWithMemory(path, "given", factor=0.5, patience=2)
    keep = keras.callbacks.BackupAndRestore(backup)
    crash = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: 1 / (epoch - crash_in)  # fails at the end of this epoch
    )
    order = [keep, crash, reducer] if swap else [reducer, keep, crash]
    logger = LearningRateLogger(per="epoch")
    try:
        fit(one_weight_model(0.1), logger, Losses(PLATEAU), *order, epochs=epochs, steps=1)
    except ZeroDivisionError:
        assert crash_in >= 0
    return logger.learning_rates


@pytest.mark.parametrize("crash_in", range(7))
def test_memory_survives_a_restart_in_any_epoch(tmp_path: Path, crash_in: int) -> None:
    run(tmp_path / "m.json", tmp_path / "b", epochs=8, crash_in=crash_in)
    rest = run(tmp_path / "m.json", tmp_path / "b", epochs=8)
    assert rest == WITHOUT_A_BREAK[crash_in + 1 :]


def test_memory_that_is_an_epoch_ahead_of_the_backup(tmp_path: Path) -> None:
    """Killed after the memory was written and before the model was: the epoch is trained again."""
    run(tmp_path / "m.json", tmp_path / "b", epochs=8, crash_in=2)
    kept = {path: path.read_bytes() for path in (tmp_path / "b").iterdir()}
    run(tmp_path / "m.json", tmp_path / "b", epochs=8, crash_in=3)
    for path, content in kept.items():
        path.write_bytes(content)
    assert list(json.loads((tmp_path / "m.json").read_text())) == ["0", "1", "2", "3"]
    rest = run(tmp_path / "m.json", tmp_path / "b", epochs=8)
    assert rest == [np.float32(0.1) * f for f in (1, 0.5, 0.5, 0.5, 0.5)]


def test_memory_that_was_not_written_before_the_backup_is_refused(tmp_path: Path) -> None:
    run(tmp_path / "m.json", tmp_path / "b", epochs=8, crash_in=3, swap=True)
    with pytest.raises(ValueError, match=r"m\.json must hold epoch 3, it holds 0 to 2"):
        run(tmp_path / "m.json", tmp_path / "b", epochs=8)


def test_a_fit_from_epoch_0_starts_anew(tmp_path: Path) -> None:
    """The backup is deleted after a clean end, the file of the memory is not."""
    for _ in range(2):
        assert run(tmp_path / "m.json", tmp_path / "b", epochs=8) == WITHOUT_A_BREAK


def test_a_missing_epoch_in_the_memory_is_named(tmp_path: Path) -> None:
    run(tmp_path / "m.json", tmp_path / "b", epochs=2)
    reducer = ReduceOnPlateauWithMemory(tmp_path / "m.json", "given")
    with pytest.raises(ValueError, match=r"m\.json must hold epoch 4, it holds 0 to 1"):
        fit(one_weight_model(0.1), Losses(PLATEAU), reducer, initial_epoch=5, epochs=6)


@pytest.mark.parametrize(
    ("kind", "mount"),
    [(ReduceOnPlateauWithMemory, 0.1), (ReduceScheduleOnPlateau, Scaled(0.1))],
    ids=["rate", "schedule"],
)
def test_a_missing_memory_of_a_resumed_run_is_reported(
    tmp_path: Path, kind: type, mount: object
) -> None:
    """Without a word a run would go on with another rate than before."""
    reducer = kind(tmp_path / "m.json", "given")
    with pytest.warns(
        UserWarning, match=r"m\.json does not exist, although fit begins with epoch 5"
    ):
        fit(one_weight_model(mount), Losses(PLATEAU), reducer, initial_epoch=5, epochs=6)
    assert list(json.loads((tmp_path / "m.json").read_text())) == ["5"], "it starts anew"


@pytest.mark.parametrize(
    ("kind", "mount"),
    [(ReduceOnPlateauWithMemory, 0.1), (ReduceScheduleOnPlateau, Scaled(0.1))],
    ids=["rate", "schedule"],
)
def test_a_new_run_needs_no_memory(tmp_path: Path, kind: type, mount: object) -> None:
    reducer = kind(tmp_path / "m.json", "given")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        fit(one_weight_model(mount), Losses(PLATEAU), reducer, epochs=2)


def test_plateau_refuses_a_schedule_before_it_trains(tmp_path: Path) -> None:
    model, reducer = one_weight_model(COSINE), ReduceOnPlateauWithMemory(tmp_path / "m", "loss")
    with pytest.raises(TypeError, match=r"a number as its learning rate.*got CosineDecay"):
        fit(model, reducer)
    assert steps_done(model.optimizer) == 0


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("factor", 1.0), ("factor", 0.0), ("factor", math.nan), ("factor", "half"),
        ("patience", -1), ("patience", 1.5), ("min_delta", -0.1), ("min_delta", None),
    ],
)  # fmt: skip
def test_plateau_refuses_bad_arguments(argument: str, value: object) -> None:
    with pytest.raises((TypeError, ValueError), match=f"{argument} must be"):
        ReduceOnPlateauWithMemory("memory.json", **{argument: value})


def test_plateau_reports_a_missing_loss(tmp_path: Path) -> None:
    reducer = ReduceOnPlateauWithMemory(tmp_path / "m.json")
    with pytest.raises(KeyError, match="val_loss"):
        fit(one_weight_model(0.1), reducer)


# ReduceScheduleOnPlateau


def scaled_optimizer() -> keras.optimizers.SGD:
    return keras.optimizers.SGD(Scaled(0.1))


def factors_with(reducer: ReduceScheduleOnPlateau, losses: list[float]) -> list[float]:
    """Drive the callback as ``fit`` does; returns the factor that each epoch used."""
    optimizer, factors = scaled_optimizer(), []
    reducer.set_model(SimpleNamespace(optimizer=optimizer))
    reducer.on_train_begin({})
    for epoch, loss in enumerate(losses):
        reducer.on_epoch_begin(epoch, {})
        logs = {"given": loss}
        reducer.on_epoch_end(epoch, logs)
        factors.append(logs["learning_rate_factor"])
    return factors


@given(
    losses=st.lists(
        st.one_of(st.floats(0, 3).map(lambda x: round(x, 1)), st.just(math.nan)),
        min_size=1, max_size=14,
    ),
    patience=st.integers(0, 3),
    min_delta=st.sampled_from([0.0, 1e-4, 0.45]),  # no ties: Keras compares in float32
    cooldown=st.integers(0, 3),
    least=st.sampled_from([0.0, 0.3]),
    mode=st.sampled_from(["min", "max"]),
)  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_lowers_the_factor_when_keras_lowers_the_rate(
    tmp_path_factory: pytest.TempPathFactory,
    losses: list, patience: int, min_delta: float, cooldown: int, least: float, mode: str,
) -> None:  # fmt: skip
    options = {"factor": 0.5, "patience": patience, "mode": mode, "min_delta": min_delta}
    path = tmp_path_factory.mktemp("memory") / "memory.json"
    theirs = keras.callbacks.ReduceLROnPlateau(
        "given", min_lr=0.1 * least, cooldown=cooldown, **options
    )
    ours = ReduceScheduleOnPlateau(path, "given", cooldown=cooldown, min_factor=least, **options)
    if math.isnan(losses[0]):  # Keras takes a first NaN as the best for ever
        losses = [3.0 if mode == "min" else 0.0, *losses]
    rates = rates_with(theirs, losses)
    np.testing.assert_allclose(factors_with(ours, losses), np.array(rates) / 0.1, rtol=1e-6)


def scaled_run(
    folder: Path, epochs: int, crash_in: int = -1, cooldown: int = 0, swap: bool = False, **options
) -> tuple[list[float], float]:
    """Train from the backup on; the rate of each step, measured on the weight, and the weight."""
    reducer = ReduceScheduleOnPlateau(
        folder / "m.json", "given", factor=0.5, patience=2, cooldown=cooldown
    )
    keep = keras.callbacks.BackupAndRestore(folder / "b")
    crash = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: 1 / (epoch - crash_in)  # fails at the end of this epoch
    )
    order = [keep, crash, reducer] if swap else [reducer, keep, crash]
    model = one_weight_model(Scaled(WarmUp(0.1, 6)), **options)
    logger = LearningRateLogger()
    try:
        fit(model, logger, Losses(PLATEAU), *order, epochs=epochs, steps=2)
    except ZeroDivisionError:
        assert crash_in >= 0
    return logger.learning_rates, float(model.get_weights()[0][0, 0])


WARM_UP_THEN_PLATEAU = np.array(
    [0.1 * part / 6 for part in (1, 2, 3, 4, 5, 6)] + [0.1] * 2 + [0.05] * 8, np.float32
)


@pytest.mark.parametrize("group", [1, 2])
def test_a_schedule_goes_on_below_the_factor(tmp_path: Path, group: int) -> None:
    rates, weight = scaled_run(tmp_path, epochs=8, steps_per_execution=group)
    np.testing.assert_allclose(rates, WARM_UP_THEN_PLATEAU, rtol=1e-6)
    assert abs(-weight - WARM_UP_THEN_PLATEAU.sum()) < 1e-6, "the optimizer heard the factor"


@pytest.mark.parametrize(("crash_in", "cooldown"), [(0, 0), (3, 0), (6, 0), (4, 2)])
def test_factor_and_memory_survive_a_restart_in_any_epoch(
    tmp_path: Path, crash_in: int, cooldown: int
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    rates, weight = scaled_run(whole, epochs=8, cooldown=cooldown)
    before, _ = scaled_run(broken, epochs=8, crash_in=crash_in, cooldown=cooldown)
    after, resumed_weight = scaled_run(broken, epochs=8, cooldown=cooldown)
    assert after == rates[2 * (crash_in + 1) :]
    assert before == rates[: len(before)]
    assert resumed_weight == weight, "bit for bit"


def test_a_cosine_below_the_factor_still_ends_at_0(tmp_path: Path) -> None:
    reducer = ReduceScheduleOnPlateau(tmp_path / "m.json", "given", factor=0.5, patience=2)
    logger = LearningRateLogger()
    schedule = Scaled(keras.optimizers.schedules.CosineDecay(0.1, 16))
    losses = Losses([*PLATEAU, 1.0])
    fit(one_weight_model(schedule), logger, losses, reducer, epochs=9, steps=2)
    factors = np.repeat([1.0] * 4 + [0.5] * 4 + [0.25], 2)
    cosine = 0.05 * (1 + np.cos(np.pi * np.minimum(np.arange(18), 16) / 16))
    np.testing.assert_allclose(logger.learning_rates, factors * cosine, atol=1e-8)
    assert logger.learning_rates[16:] == [0, 0]


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("kind", [ReduceOnPlateauWithMemory, ReduceScheduleOnPlateau])
def test_a_memory_inside_the_folder_of_the_backup_is_deleted(
    tmp_path: Path, kind: type, inside: bool
) -> None:
    """Why both docstrings say beside the folder: Keras deletes it after a clean end."""
    backup = tmp_path / "backup"
    backup.mkdir()
    path = (backup if inside else tmp_path) / "memory.json"
    mount = Scaled(0.1) if kind is ReduceScheduleOnPlateau else 0.1
    keep = keras.callbacks.BackupAndRestore(backup)
    fit(one_weight_model(mount), kind(path, "loss"), keep, epochs=2)
    assert not backup.exists()
    assert path.exists() is not inside


def test_without_the_callback_a_backup_loses_the_factor(tmp_path: Path) -> None:
    """Why the callback keeps it: the weights come back, the factor does not."""
    backup = keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    model = one_weight_model(Scaled(0.1, factor=0.5))
    fit(model, backup, epochs=1)
    resumed = one_weight_model(Scaled(0.1))
    fit(resumed, keras.callbacks.BackupAndRestore(tmp_path), epochs=2)
    assert current_rate(resumed.optimizer).factor == 1.0
    assert steps_done(resumed.optimizer) == 12


def test_scaled_memory_that_was_not_written_before_the_backup_is_refused(tmp_path: Path) -> None:
    scaled_run(tmp_path, epochs=8, crash_in=3, swap=True)
    with pytest.raises(ValueError, match=r"m\.json must hold epoch 3, it holds 0 to 2"):
        scaled_run(tmp_path, epochs=8)


def test_epochs_of_a_warm_up_are_not_counted(tmp_path: Path) -> None:
    losses = [1.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    counted = ReduceScheduleOnPlateau(tmp_path / "a", "given", factor=0.5, patience=2)
    later = ReduceScheduleOnPlateau(tmp_path / "b", "given", 0.5, patience=2, first_epoch=3)
    assert factors_with(counted, losses) == [1, 1, 1, 0.5, 0.5, 0.25]
    assert factors_with(later, losses) == [1, 1, 1, 1, 1, 0.5]


def test_factor_of_each_epoch_is_in_the_history(tmp_path: Path) -> None:
    reducer = ReduceScheduleOnPlateau(tmp_path / "m", "given", factor=0.5, patience=2)
    history = fit(one_weight_model(Scaled(0.1)), Losses(PLATEAU), reducer, epochs=8)
    assert history["learning_rate_factor"] == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("mount", "found"), [(0.1, "float"), (COSINE, "CosineDecay")], ids=["number", "schedule"]
)
def test_a_rate_without_a_factor_is_refused_before_it_trains(
    tmp_path: Path, mount: object, found: str
) -> None:
    model = one_weight_model(mount)
    with pytest.raises(TypeError, match=rf"schedule with a factor, such as Scaled.*got {found}"):
        fit(model, ReduceScheduleOnPlateau(tmp_path / "m", "loss"))
    assert steps_done(model.optimizer) == 0


def test_keras_plateau_refuses_a_schedule_only_when_it_first_fires() -> None:
    model = one_weight_model(Scaled(0.1))
    plateau = keras.callbacks.ReduceLROnPlateau("given", 0.5, 2, mode="min")
    with pytest.raises(TypeError, match="LearningRateSchedule"):
        fit(model, Losses(PLATEAU), plateau, epochs=8)
    assert steps_done(model.optimizer) == 4 * 6, "four epochs were trained before the error"


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("factor", 1.0), ("factor", 0.0), ("factor", "half"), ("patience", -1), ("mode", "auto"),
        ("min_delta", math.nan), ("cooldown", 1.5), ("min_factor", -1.0), ("first_epoch", -1),
    ],
)  # fmt: skip
def test_schedule_plateau_refuses_bad_arguments(argument: str, value: object) -> None:
    with pytest.raises((TypeError, ValueError), match=f"{argument} must be"):
        ReduceScheduleOnPlateau("memory.json", **{argument: value})


def test_schedule_plateau_reports_a_missing_loss(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="val_loss"):
        fit(one_weight_model(Scaled(0.1)), ReduceScheduleOnPlateau(tmp_path / "m"))


# What Keras's own callbacks do around a restart: lesson 3 says so


def test_keras_plateau_forgets_in_a_restart(tmp_path: Path) -> None:
    def rates(*more: keras.callbacks.Callback) -> list[float]:
        plateau = keras.callbacks.ReduceLROnPlateau("given", 0.5, 3, mode="min")
        backup = keras.callbacks.BackupAndRestore(tmp_path / "b")
        constant = Losses([1.0] * 9)
        logger = LearningRateLogger("epoch")
        try:
            fit(one_weight_model(0.1), constant, plateau, backup, *more, logger, epochs=8, steps=1)
        except ZeroDivisionError:
            return []
        return logger.learning_rates

    whole = rates()
    crash = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: 1 / (5 - epoch))
    rates(crash)
    assert whole[5:] == [np.float32(0.1) * f for f in (0.5, 0.5, 0.25)]
    assert rates() == [np.float32(0.1) * f for f in (0.5, 0.5, 0.5)]


@pytest.mark.parametrize("delete", [True, False])
def test_keras_backup_after_a_clean_end(tmp_path: Path, delete: bool) -> None:
    def epochs(until: int) -> list[int]:
        backup = keras.callbacks.BackupAndRestore(tmp_path / "b", delete_checkpoint=delete)
        recorder = EventRecorder()
        fit(one_weight_model(0.1), backup, recorder, epochs=until, steps=1)
        return [event.index for event in recorder.events if event.hook == "on_epoch_begin"]

    assert epochs(3) == [0, 1, 2]
    assert epochs(5) == ([0, 1, 2, 3, 4] if delete else [3, 4])


@pytest.mark.parametrize("dropout", [True, False])
def test_keras_backup_does_not_bring_back_the_state_of_dropout(
    tmp_path: Path, dropout: bool
) -> None:
    """Lesson 10 says so: equal rates, other weights, also with the same seed."""

    def run(folder: Path, crash_in: int = -1) -> tuple[list[float], np.ndarray]:
        keras.utils.set_random_seed(0)
        layers = [keras.Input((8,)), *([keras.layers.Dropout(0.5)] if dropout else [])]
        model = keras.Sequential([*layers, keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(COSINE), "mse")
        logger = LearningRateLogger()
        crash = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: 1 / (epoch - crash_in)
        )
        keep = keras.callbacks.BackupAndRestore(folder)
        ones = np.ones((6, 8), np.float32)
        try:
            options = {"batch_size": 2, "epochs": 4, "shuffle": False, "verbose": 0}
            model.fit(ones, ones[:, :1], callbacks=[keep, logger, crash], **options)
        except ZeroDivisionError:
            assert crash_in >= 0
        return logger.learning_rates, model.get_weights()[0]

    rates, weights = run(tmp_path / "whole")
    run(tmp_path / "broken", crash_in=2)
    later_rates, resumed = run(tmp_path / "broken")
    assert later_rates == rates[6:]
    assert np.array_equal(resumed, weights) is not dropout


@pytest.mark.parametrize(("save_freq", "steps"), [("epoch", 60), (4, 66)])
def test_keras_backup_inside_an_epoch_makes_more_steps(
    tmp_path: Path, save_freq: str | int, steps: int
) -> None:
    """Lesson 10 says so: ``fit`` trains the whole epoch again, from weights of its middle."""

    def run(crash_at: int = -1) -> keras.Model:
        model = one_weight_model(0.1)
        keep = keras.callbacks.BackupAndRestore(tmp_path / "b", save_freq=save_freq)
        crash = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: 1 / (steps_done(model.optimizer) - crash_at)
        )
        try:
            fit(model, keep, crash, epochs=6, steps=10)
        except ZeroDivisionError:
            assert crash_at >= 0
        return model

    run(crash_at=37)
    assert steps_done(run().optimizer) == steps


@pytest.mark.parametrize("seed", [0, None])
def test_fit_deals_the_same_order_in_each_epoch_only_with_a_seed(seed: int | None) -> None:
    """Lesson 10 says so. In a process of its own: a seed that was set cannot be taken back."""
    code = f"""
import keras
import numpy as np
seed = {seed}
if seed is not None:
    keras.utils.set_random_seed(seed)
values = 2.0 ** np.arange(8).reshape(8, 1)
layers = [keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")]
model = keras.Sequential(layers)
model.compile(keras.optimizers.SGD(1.0), lambda _, output: output[:, 0])
weights = [0.0]
keep = keras.callbacks.LambdaCallback(
    on_train_batch_end=lambda batch, logs: weights.append(float(model.get_weights()[0][0, 0]))
)
model.fit(values, values, batch_size=1, epochs=3, verbose=0, callbacks=[keep])
orders = np.diff(weights).reshape(3, 8).tolist()
print("the same" if orders[0] == orders[1] == orders[2] else "others")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    found = done.stdout.strip().splitlines()[-1:]
    assert found == (["others"] if seed is None else ["the same"]), done.stderr[-2000:]


@pytest.mark.parametrize("per", ["batch", "Step", "", None, 1])
def test_logger_refuses_another_unit(per: object) -> None:
    with pytest.raises(ValueError, match=f"per must be 'step' or 'epoch', got {per!r}"):
        LearningRateLogger(per)


MIRRORED = """
import sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
sys.path.insert(0, sys.argv[1])
from test_callbacks import *
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2
for mount, setters in ((0.1, [CustomLearningRateScheduler(lambda e, r: 0.5 * r)]), (COSINE, [])):
    with strategy.scope():
        model = one_weight_model(mount)
    logger = LearningRateLogger()
    ones = np.ones((8, 1), np.float32)
    model.fit(ones, ones, batch_size=2, epochs=2, verbose=0, callbacks=[*setters, logger])
    halved = [np.float32(0.05)] * 4 + [np.float32(0.025)] * 4
    planned = [float(COSINE(step)) for step in range(8)] if mount is COSINE else halved
    assert logger.steps == list(range(8)) and logger.learning_rates == planned, logger.steps
    used = -model.get_weights()[0][0, 0] / sum(planned)
    assert abs(used - 1) < 1e-5, used
print("as planned")
"""


def test_logger_under_a_mirrored_strategy() -> None:
    """In a process of its own: logical devices have to be made before TensorFlow starts."""
    done = subprocess.run(
        [sys.executable, "-c", MIRRORED, str(PROJECT / "tests")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip().endswith("as planned"), done.stderr[-2000:]
