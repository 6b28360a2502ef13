"""LRScheduler: its policies against closed formulas, its update in every kind of loop, momentum that
takes effect in compiled code, and what it refuses."""

import math
import pickle
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import PROJECT
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.lr_scheduler import (
    POLICIES,
    LRScheduler,
    SettableMomentum,
    SettableMomentumAdam,
    SettableMomentumAdamW,
    SettableMomentumSGD,
    momentum_variable,
)

SETTABLE = (SettableMomentumSGD, SettableMomentumAdam, SettableMomentumAdamW)
CYCLE = (0.85, 0.95)

LR, LRF, N = 0.1, 0.05, 1000
STEPS = np.arange(N)
WARM_UPS = (0, 0.0, 0.1, 0.5, 1.0, 1, 77, N)


def rates(policy: str, steps=STEPS, **options) -> np.ndarray:
    return LRScheduler(N, LR, policy, **options).schedule(steps).numpy()


def momenta(scheduler: LRScheduler, steps=STEPS) -> np.ndarray:
    return np.asarray(scheduler.momentum_schedule(steps))


def falling_cosine(step, start, end, steps):
    return end + (start - end) * (1 + math.cos(math.pi * step / steps)) / 2


# The policies as written down in the docstring, one step at a time, in float64.


def expected(policy: str, step: int, warm: int, first_cycle: int = 2500, weight: float = 2):
    if policy == "constant":
        return LR
    if policy == "onecycle":
        if warm == N:
            return LR * (1 - math.cos(math.pi * (step + 1) / N)) / 2
        if step < warm:
            return falling_cosine(step, LR / 25, LR, warm)
        return falling_cosine(step - warm, LR, LR / 250_000, N - warm)
    if step < warm:
        return LR * (step + 1) / warm
    if policy == "step":
        return LR * (LRF if step >= 920 else math.sqrt(LRF) if step >= 750 else 1)
    if policy == "cosine":
        start, length = warm, first_cycle
        while step >= start + length:
            start, length = start + length, length * weight
        return falling_cosine(step - start, LR, LR * LRF, length)
    if policy == "linear":
        return LR * (1 - (step - warm) / (N - warm))
    cooldown = min(200, N - warm)
    return LR * (1 - math.sqrt(max(step - (N - cooldown), 0) / cooldown))


@pytest.mark.parametrize("warm_up", WARM_UPS, ids=repr)
@pytest.mark.parametrize("policy", POLICIES)
def test_equals_its_closed_formula(policy, warm_up):
    warm = warm_up if isinstance(warm_up, int) else int(warm_up * N)
    found = rates(policy, warm_up=warm_up, initial_cycle_length=100)
    formula = [expected(policy, int(step), warm, first_cycle=100) for step in STEPS]
    np.testing.assert_allclose(found, formula, rtol=0, atol=4e-7 * LR)
    assert found.dtype == np.float32 and (found >= 0).all() and found.max() <= np.float32(LR)


def test_defaults_are_those_of_the_source():
    assert np.array_equal(rates("step"), rates("step", warm_up=0.1, lrf=0.05))
    assert np.array_equal(rates("cosine"), rates("cosine", initial_cycle_length=2500))
    assert np.array_equal(
        rates("cosine", np.arange(9000)), rates("cosine", np.arange(9000), cycle_weight=2)
    )


def test_a_float_is_a_fraction_and_an_int_a_number_of_steps():
    assert np.array_equal(rates("linear", warm_up=0.1), rates("linear", warm_up=100))
    assert rates("linear", warm_up=1)[0] == np.float32(LR)
    assert rates("linear", warm_up=1.0)[-1] == np.float32(LR)
    assert rates("linear", warm_up=1.0)[0] == pytest.approx(LR / N, rel=1e-6)


def test_step_drops_at_75_and_92_percent():
    found = rates("step", warm_up=0)
    drops = np.flatnonzero(np.diff(found)) + 1
    assert drops.tolist() == [750, 920]
    assert found[[0, 750, 920]] == pytest.approx([0.1, 0.1 * math.sqrt(0.05), 0.005], rel=1e-6)


@pytest.mark.parametrize(
    ("warm_up", "later"), [(0.8, {800: math.sqrt(LRF), 920: LRF}), (0.95, {950: LRF})]
)
def test_step_reaches_its_peak_before_it_drops(warm_up, later):
    found = rates("step", warm_up=warm_up)
    warm = int(warm_up * N)
    assert found[warm - 1] == np.float32(LR)
    for start, factor in later.items():
        assert found[start] == pytest.approx(LR * factor, rel=1e-6)


@pytest.mark.parametrize("iterations", [1, 2, 3, 7])
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("warm_up", [0, 0.1, 0.5, 1.0])
def test_very_short_runs(policy, iterations, warm_up):
    found = LRScheduler(iterations, LR, policy, warm_up).schedule(np.arange(iterations)).numpy()
    assert np.isfinite(found).all() and (found >= 0).all() and (found <= np.float32(LR)).all()


@pytest.mark.parametrize("warm_up", [0, 0.1, 500])
@pytest.mark.parametrize("weight", [1, 2, 3])
def test_cosine_restarts_at_the_peak(weight, warm_up):
    scheduler = LRScheduler(
        200_000, LR, "cosine", warm_up, initial_cycle_length=2500, cycle_weight=weight
    )
    start, length = warm_up if isinstance(warm_up, int) else int(warm_up * 200_000), 2500
    while start < 180_000:
        at_start, before_end = scheduler.schedule(np.array([start, start + length - 1])).numpy()
        assert at_start == pytest.approx(LR, abs=1e-6)
        assert before_end == pytest.approx(LR * LRF, abs=1e-6)
        start, length = start + length, length * weight


@given(
    iterations=st.integers(2, 5000),
    share=st.floats(0, 1),
    policy=st.sampled_from(POLICIES),
    as_steps=st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_peak_is_reached_and_never_passed(iterations, share, policy, as_steps):
    warm = int(share * iterations)
    momentum = CYCLE if policy == "onecycle" else None
    scheduler = LRScheduler(iterations, LR, policy, warm if as_steps else share, momentum=momentum)
    found = scheduler.schedule(np.arange(iterations)).numpy()
    peak = np.float32(LR)
    assert np.isfinite(found).all() and (found >= 0).all() and (found <= peak).all()
    if policy == "onecycle" and 0 < warm < iterations:
        assert found[warm] == peak and np.argmax(found) == warm
    elif warm:
        assert found[warm - 1] == peak
    if scheduler.momentum_schedule:
        momentum = momenta(scheduler, np.arange(iterations))
        assert (momentum >= np.float32(0.85)).all() and (momentum <= np.float32(0.95)).all()


@pytest.mark.parametrize("policy", POLICIES)
def test_schedule_survives_a_config_round_trip(policy):
    schedule = LRScheduler(N, LR, policy).schedule
    config = keras.optimizers.schedules.serialize(schedule)
    again = keras.optimizers.schedules.deserialize(config)
    assert np.array_equal(again(STEPS), schedule(STEPS))


# update: any step, in any order, from anywhere


def updated(scheduler: LRScheduler, step) -> np.float32:
    optimizer = keras.optimizers.SGD(0.5)
    scheduler.update(optimizer, step)
    return optimizer.learning_rate.numpy()


@pytest.mark.parametrize("policy", POLICIES)
def test_update_sets_the_rate_of_the_schedule_in_any_order(policy):
    scheduler = LRScheduler(N, LR, policy)
    optimizer = keras.optimizers.SGD(0.5)
    for step in [999, 0, 500, 500, 3, 750, 0]:
        returned = scheduler.update(optimizer, step)
        assert optimizer.learning_rate.numpy() == returned.numpy() == scheduler.schedule(step)


@pytest.mark.parametrize(
    "make",
    [
        int,
        np.int32,
        np.int64,
        np.uint8,
        np.array,
        lambda s: tf.constant(s, tf.int32),
        lambda s: tf.constant(s, tf.int64),
        lambda s: tf.Variable(s, dtype=tf.int64),
        lambda s: keras.Variable(s, dtype="int64", trainable=False),
    ],
    ids=["int", "int32", "int64", "uint8", "array", "tf32", "tf64", "tf.Variable", "keras"],
)
def test_step_may_be_of_any_whole_kind(make):
    scheduler = LRScheduler(N, LR, "onecycle")
    assert updated(scheduler, make(123)) == scheduler.schedule(123).numpy()


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("policy", POLICIES)
def test_update_in_compiled_code_sets_the_same_rates_with_one_trace(policy, jit_compile):
    scheduler = LRScheduler(N, LR, policy)
    optimizer = keras.optimizers.SGD(0.5)
    traces = []

    @tf.function(jit_compile=jit_compile)
    def rate_used(step):
        traces.append(step)
        scheduler.update(optimizer, step)
        return tf.identity(optimizer.learning_rate)

    steps = [0, 1, 99, 100, 500, 749, 750, 999]
    used = [rate_used(tf.constant(step, tf.int64)).numpy() for step in steps]
    plan = scheduler.schedule(np.array(steps)).numpy()
    # Keras computes the cosine cycles in float32, where the last bit depends on how it compiles.
    tolerance = 2 * np.spacing(np.float32(LR)) if policy == "cosine" else np.spacing(plan)
    assert (np.abs(used - plan) <= tolerance).all()
    assert len(traces) == 1


def test_a_restored_optimizer_goes_on_with_the_right_rate():
    scheduler = LRScheduler(N, LR, "linear")
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.iterations.assign(600)
    scheduler.update(optimizer, optimizer.iterations)
    assert optimizer.learning_rate.numpy() == scheduler.schedule(600).numpy()


def test_constant_is_the_rate_itself():
    assert (rates("constant", warm_up=0.5) == np.float32(LR)).all()


def test_past_the_end():
    later = np.array([N, N + 1, 10 * N])
    assert (rates("linear", later) == 0).all() and (rates("wsd", later) == 0).all()
    assert rates("step", later) == pytest.approx(LR * LRF)
    assert rates("onecycle", later) == pytest.approx(LR / 250_000)


def test_it_holds_no_state_and_cannot_be_changed():
    scheduler = LRScheduler(N, LR, "step")
    before = scheduler.schedule(STEPS).numpy()
    for step in (5, 900, 1):
        updated(scheduler, step)
    assert np.array_equal(scheduler.schedule(STEPS), before)
    with pytest.raises(AttributeError, match="lr"):
        scheduler.lr = 1.0
    assert scheduler == LRScheduler(N, LR, "step")


# Momentum


@pytest.mark.parametrize("warm_up", [0.1, 0.5, 300])
def test_momentum_is_the_rate_upside_down(warm_up):
    scheduler = LRScheduler(N, LR, "onecycle", warm_up, momentum=CYCLE)
    warm = warm_up if isinstance(warm_up, int) else int(warm_up * N)
    formula = [
        falling_cosine(s, 0.95, 0.85, warm)
        if s < warm
        else falling_cosine(s - warm, 0.85, 0.95, N - warm)
        for s in range(N + 1)
    ]
    found = momenta(scheduler, np.arange(N + 1))
    np.testing.assert_allclose(found, formula, rtol=0, atol=1e-7)
    assert found[[0, warm, N]].tolist() == [np.float32(m) for m in (0.95, 0.85, 0.95)]


def test_momentum_at_the_extremes_of_warm_up():
    only_fall = momenta(LRScheduler(N, LR, "onecycle", 0, momentum=CYCLE))
    only_rise = momenta(LRScheduler(N, LR, "onecycle", 1.0, momentum=CYCLE))
    assert only_fall[0] == np.float32(0.85) and (np.diff(only_fall) >= 0).all()
    assert only_rise[-1] == np.float32(0.85) and (np.diff(only_rise) <= 0).all()


def test_onecycle_peaks_after_exactly_the_warm_up_steps():
    for steps in range(1, 100):  # 29 / 100 * 100 is 28.999... in floating point
        scheduler = LRScheduler(100, LR, "onecycle", steps, momentum=CYCLE)
        found = scheduler.schedule(np.arange(100)).numpy()
        assert found[steps] == np.float32(LR) and np.argmax(found) == steps
        assert np.argmin(momenta(scheduler, np.arange(100))) == steps


@pytest.mark.parametrize("policy", POLICIES)
def test_the_momentum_is_left_alone_unless_asked_for(policy):
    assert LRScheduler(N, LR, policy).momentum_schedule is None
    optimizer = SettableMomentumSGD(0.5, momentum=0.7)
    LRScheduler(N, LR, policy).update(optimizer, 500)
    assert optimizer.momentum.numpy() == np.float32(0.7)


@pytest.mark.parametrize("policy", [policy for policy in POLICIES if policy != "onecycle"])
def test_only_onecycle_cycles_the_momentum(policy):
    with pytest.raises(ValueError, match=f"momentum must be None for the policy '{policy}'"):
        LRScheduler(N, LR, policy, momentum=CYCLE)
    assert LRScheduler(N, LR, "onecycle", momentum=CYCLE).momentum_schedule(100) > 0


def train(optimizer, set_momentum, jit_compile: bool, steps: int = 6) -> np.ndarray:
    """Train a vector in compiled code; ``set_momentum(step)`` is called between the steps."""
    weights = keras.Variable(np.linspace(-1, 1, 5), dtype="float32")
    optimizer.build([weights])

    @tf.function(jit_compile=jit_compile)
    def train_step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(weights))
        optimizer.apply(tape.gradient(loss, [weights.value]), [weights])

    for step in range(steps):
        set_momentum(step)
        train_step()
    return weights.numpy()


MOMENTUM_SERIES = (0.95, 0.9, 0.85, 0.5, 0.2, 0.1)


def sgd_by_hand(momenta_used, rate=0.1, nesterov=False) -> np.ndarray:
    weights, velocity = np.linspace(-1, 1, 5), np.zeros(5)
    for momentum in momenta_used:
        gradient = 2 * weights
        velocity = momentum * velocity - rate * gradient
        weights = weights + (momentum * velocity - rate * gradient if nesterov else velocity)
    return weights


def adam_by_hand(betas_used, rate=0.1) -> np.ndarray:
    weights, m, v = np.linspace(-1, 1, 5), np.zeros(5), np.zeros(5)
    for t, beta in enumerate(betas_used, start=1):
        gradient = 2 * weights
        m, v = beta * m + (1 - beta) * gradient, 0.999 * v + 0.001 * gradient**2
        alpha = rate * math.sqrt(1 - 0.999**t) / (1 - beta**t)
        weights = weights - alpha * m / (np.sqrt(v) + 1e-7)
    return weights


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("nesterov", [False, True])
def test_settable_sgd_uses_each_momentum_in_compiled_code(nesterov, jit_compile):
    optimizer = SettableMomentumSGD(0.1, momentum=0.95, nesterov=nesterov)
    found = train(optimizer, lambda s: optimizer.momentum.assign(MOMENTUM_SERIES[s]), jit_compile)
    np.testing.assert_allclose(found, sgd_by_hand(MOMENTUM_SERIES, nesterov=nesterov), atol=1e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("build", [SettableMomentumAdam, SettableMomentumAdamW])
def test_settable_adam_uses_each_momentum_in_compiled_code(build, jit_compile):
    options = {"weight_decay": 0.0} if build is SettableMomentumAdamW else {}
    optimizer = build(0.1, beta_1=0.95, **options)
    found = train(optimizer, lambda s: optimizer.beta_1.assign(MOMENTUM_SERIES[s]), jit_compile)
    np.testing.assert_allclose(found, adam_by_hand(MOMENTUM_SERIES), atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize(
    ("build", "attribute"),
    [
        (lambda: keras.optimizers.SGD(0.1, momentum=0.95), "momentum"),
        (lambda: keras.optimizers.Adam(0.1, beta_1=0.95), "beta_1"),
    ],
    ids=["SGD", "Adam"],
)
def test_a_plain_attribute_changes_nothing_in_compiled_code(build, attribute, jit_compile):
    changed, kept = build(), build()
    with_changes = train(
        changed, lambda s: setattr(changed, attribute, MOMENTUM_SERIES[s]), jit_compile
    )
    assert np.array_equal(with_changes, train(kept, lambda s: None, jit_compile))


def run_in_compiled_code(scheduler, optimizer, weights, jit_compile: bool) -> None:
    @tf.function(jit_compile=jit_compile)
    def run():
        for _ in tf.range(scheduler.schedule.total_steps):
            scheduler.update(optimizer, optimizer.iterations)
            optimizer.apply([optimizer.scale_loss(2 * weights.value)], [weights])

    run()


def test_a_plain_attribute_works_in_eager_code_which_is_why_it_looks_right():
    optimizer, weights = keras.optimizers.SGD(0.1, momentum=0.95), keras.Variable([-1.0, 0.5])
    by_hand, velocity = np.array([-1.0, 0.5]), 0
    for momentum in MOMENTUM_SERIES:
        optimizer.momentum = momentum
        optimizer.apply([2 * weights.value], [weights])
        velocity = momentum * velocity - 0.1 * 2 * by_hand
        by_hand = by_hand + velocity
    np.testing.assert_allclose(weights.numpy(), by_hand, atol=1e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize(
    ("build", "by_hand"),
    [
        (lambda: SettableMomentumSGD(0.5), "sgd"),
        (lambda: SettableMomentumAdam(0.5), "adam"),
        (lambda: SettableMomentumAdamW(0.5, weight_decay=0.0), "adam"),
        (lambda: keras.optimizers.LossScaleOptimizer(SettableMomentumSGD(0.5)), "sgd"),
    ],
    ids=["SGD", "Adam", "AdamW", "LossScaleOptimizer"],
)
def test_onecycle_momentum_takes_effect_in_a_compiled_loop(build, by_hand, jit_compile):
    """The whole run in one tf.function, against the same run by hand; and it matters."""
    results = {}
    for cycle_momentum in (True, False):
        scheduler = LRScheduler(
            40, 0.05, "onecycle", 0.3, momentum=CYCLE if cycle_momentum else None
        )
        optimizer = build()
        weights = keras.Variable(np.linspace(-1, 1, 5), dtype="float32")
        optimizer.build([weights])

        run_in_compiled_code(scheduler, optimizer, weights, jit_compile)
        results[cycle_momentum] = weights.numpy()

    scheduler = LRScheduler(40, 0.05, "onecycle", 0.3, momentum=CYCLE)
    weights, velocity = np.linspace(-1, 1, 5), np.zeros(5)
    m, v = np.zeros(5), np.zeros(5)
    for step in range(40):
        rate, beta = float(scheduler.schedule(step)), float(scheduler.momentum_schedule(step))
        gradient = 2 * weights
        if by_hand == "sgd":
            velocity = beta * velocity - rate * gradient
            weights = weights + velocity
        else:
            m, v = beta * m + (1 - beta) * gradient, 0.999 * v + 0.001 * gradient**2
            alpha = rate * math.sqrt(1 - 0.999 ** (step + 1)) / (1 - beta ** (step + 1))
            weights = weights - alpha * m / (np.sqrt(v) + 1e-7)
    np.testing.assert_allclose(results[True], weights, atol=2e-5)
    assert np.abs(results[True] - results[False]).max() > 1e-3


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_settable_optimizers_equal_keras_at_constant_momentum(nesterov, jit_compile):
    pairs = [
        (
            SettableMomentumSGD(0.1, momentum=0.9, nesterov=nesterov),
            keras.optimizers.SGD(0.1, momentum=0.9, nesterov=nesterov),
        ),
        (SettableMomentumAdam(0.1, beta_1=0.9), keras.optimizers.Adam(0.1, beta_1=0.9)),
        (
            SettableMomentumAdamW(0.1, beta_1=0.9, weight_decay=0.01),
            keras.optimizers.AdamW(0.1, beta_1=0.9, weight_decay=0.01),
        ),
    ]
    for ours, keras_own in pairs:
        found = train(ours, lambda s: None, jit_compile)
        np.testing.assert_allclose(
            found, train(keras_own, lambda s: None, jit_compile), rtol=2e-6, atol=1e-7
        )


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("build", SETTABLE)
def test_settable_optimizers_are_saved_and_loaded_with_their_step_count(build, scaled, tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = build(0.01)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model.compile(optimizer, "mse")
    x, y = np.linspace(-1, 1, 24, dtype="float32").reshape(8, 3), np.ones((8, 1))
    model.fit(x, y, epochs=3, verbose=0)
    momentum_variable(optimizer).assign(0.875)
    model.save(tmp_path / "model.keras")

    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer) is type(optimizer)
    assert int(loaded.optimizer.iterations) == 3
    assert momentum_variable(loaded.optimizer).numpy() == 0.875
    for one, other in zip(optimizer.variables, loaded.optimizer.variables, strict=True):
        assert np.array_equal(one.numpy(), other.numpy()), one.path
    model.fit(x, y, epochs=2, verbose=0, shuffle=False)
    loaded.fit(x, y, epochs=2, verbose=0, shuffle=False)
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_another_optimizer_gets_a_settable_momentum_in_one_line():
    class SettableMomentumNadam(SettableMomentum, keras.optimizers.Nadam):
        pass

    optimizer, kept = SettableMomentumNadam(0.1), SettableMomentumNadam(0.1)
    heard = train(optimizer, lambda s: optimizer.beta_1.assign(MOMENTUM_SERIES[s]), True)
    assert np.abs(heard - train(kept, lambda s: None, True)).max() > 1e-3


# Any optimizer of Keras


def keras_optimizers() -> list[str]:
    """Every optimizer class in ``keras.optimizers`` that has one rate."""
    names = [
        name
        for name in dir(keras.optimizers)
        if isinstance(getattr(keras.optimizers, name), type)
        and issubclass(getattr(keras.optimizers, name), keras.optimizers.Optimizer)
    ]
    return sorted(set(names) - {"Optimizer", "MultiOptimizer"})


def build_optimizer(name: str) -> keras.optimizers.Optimizer:
    if name == "LossScaleOptimizer":
        return keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5))
    return getattr(keras.optimizers, name)(0.5)


def test_the_list_of_optimizers_is_not_empty():
    assert {"SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "Lion"} <= set(keras_optimizers())


@pytest.mark.parametrize("policy", ["onecycle", "cosine"])
@pytest.mark.parametrize("name", keras_optimizers())
def test_any_keras_optimizer_is_given_the_rate_in_compiled_code(name, policy):
    optimizer, scheduler = build_optimizer(name), LRScheduler(4, 0.01, policy, warm_up=0.5)
    weights = keras.Variable(np.linspace(-1, 1, 6).reshape(2, 3), dtype="float32")
    optimizer.build([weights])
    before = weights.numpy()

    @tf.function
    def train_step():
        rate = scheduler.update(optimizer, optimizer.iterations)
        used = tf.identity(optimizer.learning_rate)
        optimizer.apply([optimizer.scale_loss(2 * weights.value)], [weights])
        return rate, used

    rates = [[float(value) for value in train_step()] for _ in range(4)]
    plan = scheduler.schedule(np.arange(4)).numpy()
    np.testing.assert_allclose([rate for rate, _ in rates], plan, rtol=1e-6)
    np.testing.assert_allclose([used for _, used in rates], plan, rtol=1e-6)
    assert np.abs(weights.numpy() - before).max() > 0


def test_several_rates_are_refused_and_its_parts_can_be_updated():
    part = keras.optimizers.SGD(0.5)
    several = keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(part))
    scheduler = LRScheduler(N, LR, "linear")
    with pytest.raises(TypeError, match=r"MultiOptimizer.*each of optimizer.optimizers"):
        scheduler.update(several, 0)
    for each in several.optimizers:
        scheduler.update(each, 500)
    assert part.learning_rate.numpy() == scheduler.schedule(500).numpy()


def test_a_skipped_batch_does_not_advance_the_schedule():
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5))
    weights = keras.Variable(np.ones(3), dtype="float32")
    optimizer.build([weights])
    scheduler = LRScheduler(10, LR, "linear", warm_up=0)
    rates = []
    for gradient in (1.0, math.inf, 1.0):
        rates.append(float(scheduler.update(optimizer, optimizer.iterations)))
        optimizer.apply([tf.fill([3], gradient)], [weights])
    assert rates == [float(scheduler.schedule(step)) for step in (0, 1, 1)]


# A used scheduler is a value: pickled, a key of a dict, equal to its twin


@pytest.mark.parametrize("policy", POLICIES)
def test_a_used_scheduler_can_be_pickled_and_hashed(policy):
    options = {"momentum": CYCLE} if policy == "onecycle" else {}
    used, twin = (LRScheduler(N, LR, policy, **options) for _ in range(2))
    used.update(SettableMomentumSGD(0.5), 3)
    again = pickle.loads(pickle.dumps(used))
    assert used == twin == again and len({used, twin, again}) == 1
    assert np.array_equal(again.schedule(STEPS), twin.schedule(STEPS))
    if options:
        assert np.array_equal(momenta(again), momenta(twin))
    assert used != LRScheduler(N, 2 * LR, policy, **options)


def test_an_int_rate_is_the_same_as_a_float():
    for policy in POLICIES:
        for warm_up in (0, 0.1, 1.0):
            assert np.array_equal(
                LRScheduler(N, 1, policy, warm_up).schedule(STEPS),
                LRScheduler(N, 1.0, policy, warm_up).schedule(STEPS),
            )


# Copied into another project: its neighbour counts, not the course


def copy_to(folder) -> None:
    folder.mkdir(exist_ok=True)
    for name in ("lr_scheduler.py", "schedules.py"):
        shutil.copy(PROJECT / "helpers" / name, folder)
    with (folder / "schedules.py").open("a") as file:
        file.write("\n\nMINE = True\n")


def run(program: str, folder) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


USE = "scheduler = LRScheduler(100, 0.1, 'linear'); scheduler.schedule(5); print(__import__('sys').modules[type(scheduler.schedule).__module__].MINE)"


def test_a_copy_prefers_its_neighbour_to_the_installed_course(tmp_path):
    copy_to(tmp_path)
    assert run(f"from lr_scheduler import LRScheduler; {USE}", tmp_path) == "True\n"


def test_a_copy_works_inside_a_package(tmp_path):
    copy_to(tmp_path / "mine")
    (tmp_path / "mine" / "__init__.py").touch()
    program = f"import sys; sys.modules['helpers'] = None; from mine.lr_scheduler import LRScheduler; {USE}"
    assert run(program, tmp_path) == "True\n"


# What is refused


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"policy": "exponential"}, ValueError, "policy.*'constant', 'step', 'cosine', 'onecycle'"),
        ({"policy": None}, ValueError, "policy.*None"),
        ({"iterations": 0}, ValueError, "iterations.*0"),
        ({"iterations": -5}, ValueError, "iterations.*-5"),
        ({"iterations": 10.0}, TypeError, "iterations.*int.*10.0"),
        ({"iterations": True}, TypeError, "iterations.*bool"),
        ({"lr": -0.1}, ValueError, "lr.*-0.1"),
        ({"lr": math.nan}, ValueError, "lr.*nan"),
        ({"lr": math.inf}, ValueError, "lr.*inf"),
        ({"lr": "0.1"}, TypeError, "lr.*str"),
        ({"lr": True}, TypeError, "lr.*bool"),
        ({"warm_up": 1001}, ValueError, "warm_up.*1000 steps.*1001"),
        ({"warm_up": 1.5}, ValueError, "warm_up.*from 0 to 1.*1.5.*must be an int"),
        ({"warm_up": -0.1}, ValueError, "warm_up.*-0.1"),
        ({"warm_up": -1}, ValueError, "warm_up.*-1"),
        ({"warm_up": math.nan}, ValueError, "warm_up.*nan"),
        ({"warm_up": True}, TypeError, "warm_up.*bool"),
        ({"warm_up": None}, TypeError, "warm_up.*NoneType"),
        ({"lrf": 1.5}, ValueError, "lrf.*1.5"),
        ({"lrf": -0.5}, ValueError, "lrf.*-0.5"),
        ({"lrf": math.nan}, ValueError, "lrf.*nan"),
        ({"initial_cycle_length": 0}, ValueError, "initial_cycle_length.*0"),
        ({"initial_cycle_length": 2.5}, TypeError, "initial_cycle_length.*2.5"),
        ({"cycle_weight": 0.5}, ValueError, "cycle_weight.*1 or more.*0.5"),
        ({"cycle_weight": math.inf}, ValueError, "cycle_weight.*inf"),
        ({"momentum": (0.95, 0.85)}, ValueError, r"\(lowest, highest\), got \(0.95, 0.85\)"),
        ({"momentum": (0.85, 1.2)}, ValueError, "momentum.1.*1.2"),
        ({"momentum": (0.85, 1.0)}, ValueError, "momentum.1.*below 1, got 1.0"),
        ({"momentum": (math.nan, 0.9)}, ValueError, "momentum.0.*nan"),
        ({"momentum": (-0.1, 0.9)}, ValueError, "momentum.0.*-0.1"),
        ({"momentum": ("0.8", 0.9)}, TypeError, "momentum.0.*str"),
        ({"momentum": 0.9}, TypeError, "momentum.*tuple.*0.9"),
        ({"momentum": [0.85, 0.95]}, TypeError, "momentum.*tuple.*0.85"),
        ({"momentum": (0.85, 0.9, 0.95)}, TypeError, "momentum.*tuple"),
        ({"momentum": False}, TypeError, "momentum.*tuple.*False"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_bad_arguments_are_refused(options, error, words):
    for policy in POLICIES:
        with pytest.raises(error, match=words):
            LRScheduler(**{"iterations": N, "lr": LR, "policy": policy, **options})


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (-1, ValueError),
        (np.int64(-3), ValueError),
        (tf.constant(-1), ValueError),
        (1.0, TypeError),
        (True, TypeError),
        (None, TypeError),
        ("7", TypeError),
        (tf.constant(1.0), TypeError),
        (np.array([1, 2]), TypeError),
        (tf.constant([1]), TypeError),
        (tf.constant(True), TypeError),
    ],
)
def test_bad_steps_are_refused_and_the_rate_stays(step, error):
    optimizer = keras.optimizers.SGD(0.5)
    with pytest.raises(error, match="step must be"):
        LRScheduler(N, LR, "linear").update(optimizer, step)
    assert optimizer.learning_rate.numpy() == 0.5


def test_a_float_tensor_is_refused_when_traced():
    optimizer, scheduler = keras.optimizers.SGD(0.5), LRScheduler(N, LR, "linear")
    with pytest.raises(TypeError, match="float32"):
        tf.function(lambda step: scheduler.update(optimizer, step))(tf.constant(1.0))


@pytest.mark.parametrize(
    "rate", [keras.optimizers.schedules.CosineDecay(0.1, 10), lambda: 0.1], ids=["schedule", "call"]
)
def test_an_optimizer_built_with_a_schedule_is_refused_with_advice(rate):
    optimizer = keras.optimizers.SGD(rate)
    for each in (optimizer, keras.optimizers.LossScaleOptimizer(optimizer)):
        with pytest.raises(TypeError, match=r"SGD\(learning_rate=0.1\).*or keep the schedule"):
            LRScheduler(N, LR, "linear").update(each, 0)


@pytest.mark.parametrize("not_an_optimizer", [7, "sgd", None])
def test_no_optimizer_is_refused(not_an_optimizer):
    with pytest.raises(TypeError, match=r"Keras optimizer.*update\(optimizer, step\)"):
        LRScheduler(N, LR, "linear").update(not_an_optimizer, 0)


@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.SGD(0.5, momentum=0.9),
        keras.optimizers.Adam(0.5),
        keras.optimizers.Adagrad(0.5),
    ],
    ids=lambda optimizer: type(optimizer).__name__,
)
def test_a_momentum_that_would_not_cycle_is_refused_and_the_rate_stays(optimizer):
    for each in (optimizer, keras.optimizers.LossScaleOptimizer(optimizer)):
        with pytest.raises(ValueError, match=rf"{type(optimizer).__name__} keeps.*AdamW.*out"):
            LRScheduler(N, LR, "onecycle", momentum=CYCLE).update(each, 10)
        assert each.learning_rate.numpy() == 0.5
    LRScheduler(N, LR, "onecycle").update(optimizer, 10)
    assert optimizer.learning_rate.numpy() != 0.5


@pytest.mark.parametrize("momentum", [-0.1, 1.0, 1.5, math.nan])
@pytest.mark.parametrize("build", SETTABLE)
def test_settable_optimizers_refuse_bad_momentum(build, momentum):
    name = build.momentum_name
    with pytest.raises(ValueError, match=f"{name} must be.*{momentum}"):
        build(0.1, **{name: momentum})


def test_momentum_may_start_at_0_and_be_raised():
    optimizer = SettableMomentumSGD(0.1, momentum=0.0)
    series = [0.0, 0.0, 0.9, 0.9, 0.5, 0.0]
    found = train(optimizer, lambda s: optimizer.momentum.assign(series[s]), jit_compile=True)
    np.testing.assert_allclose(found, sgd_by_hand(series), atol=1e-6)
