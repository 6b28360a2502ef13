"""Schedules against closed formulas, optax, PyTorch and Keras; compiled, huge, saved and refused.

Run with ``-rP`` to see the largest difference from each reference.
"""

import copy
import json
import math
import pickle
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import PROJECT
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import schedules
from helpers.schedules import (
    LinearDecay,
    OneCycle,
    Scaled,
    Sequence,
    Triangular,
    WarmUp,
    WarmupStableDecay,
    preview,
)

built_in = keras.optimizers.schedules
REFERENCES = Path(__file__).resolve().parent / "references"
STEPS = np.arange(130)

# One of each kind, nested ones included. All but those of ENDLESS are over after 120 steps.
EXAMPLES = {
    "linear": LinearDecay(0.1, 100),
    "linear rising": LinearDecay(0.01, 50, end_learning_rate=0.2),
    "warm-up, constant": WarmUp(0.1, 20),
    "warm-up, cosine shape": WarmUp(LinearDecay(0.1, 100), 20, shape="cosine"),
    "warm-up, built-in": WarmUp(built_in.CosineDecay(0.1, 80), 20),
    "one-cycle": OneCycle(0.1, 120),
    "wsd 1-sqrt": WarmupStableDecay(0.1, 120, 20, 40),
    "wsd linear": WarmupStableDecay(0.1, 120, 0, 40, decay_shape="linear"),
    "wsd cosine": WarmupStableDecay(0.1, 120, 80, 40, decay_shape="cosine"),
    "sequence": Sequence([0.1, OneCycle(0.2, 30), WarmUp(LinearDecay(0.05, 20), 5)], [10, 40]),
    "one in a row": Sequence([0.1], []),
    "warm-up of 0 steps": WarmUp(OneCycle(0.1, 120), 0, "cosine"),
    "triangular": Triangular(0.01, 0.1, 7),
    "triangular, halved": Triangular(0.0, 0.1, 15, halve=True),
    "scaled": Scaled(WarmUp(LinearDecay(0.1, 100), 20), 0.3),
    "scaled number": Scaled(0.1, 0.7),
}
ENDLESS = {"triangular", "triangular, halved"}
each_example = pytest.mark.parametrize("schedule", EXAMPLES.values(), ids=EXAMPLES.keys())


def rates(schedule, steps=STEPS) -> np.ndarray:
    found = np.asarray(schedule(steps))
    assert found.dtype == np.float32 and found.shape == np.shape(steps)
    return found


def assert_same(what: str, found, expected, ulps: int = 1) -> None:
    """Equal but for rounding to float32; prints the largest difference."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape
    difference = np.abs(found - expected)
    print(f"{what}: largest difference {difference.max():.2g} over {found.size} steps")
    assert (difference <= ulps * np.spacing(np.abs(expected).astype(np.float32))).all()


def assert_close(what: str, found, expected, largest: float = 0.1) -> None:
    """Equal but for a few float32 roundings of the largest rate: Keras computes in float32."""
    difference = np.abs(np.asarray(found, np.float64) - np.asarray(expected, np.float64)).max()
    print(f"{what}: largest difference {difference:.2g} over {np.size(found)} steps")
    assert difference <= 4 * np.spacing(np.float32(largest))


# Closed formulas, one step at a time, in float64


def linear(step, start, end, steps):
    return start + (end - start) * min(step / steps, 1)


def cosine(step, start, end, steps):
    return end + (start - end) * (1 + math.cos(math.pi * min(step / steps, 1))) / 2


def one_cycle(step, peak, steps, pct_start=0.3, div_factor=25.0, final_div_factor=1e4):
    first, top = peak / div_factor, int(pct_start * steps)
    if step < top:
        return cosine(step, first, peak, top)
    return cosine(step - top, peak, first / final_div_factor, steps - top)


def wsd(step, peak, steps, warmup, decay, shape):
    if step < warmup:
        return peak * (step + 1) / warmup
    done = min(max(step - (steps - decay), 0) / decay, 1)
    left = {
        "1-sqrt": 1 - math.sqrt(done),
        "linear": 1 - done,
        "cosine": (1 + math.cos(math.pi * done)) / 2,
    }
    return peak * left[shape]


def triangular(step, lowest, highest, size, halve=False):
    """As Smith (2015) gives it: cycles from 1 on, x from 1 to 0 to 1 in each."""
    cycle = math.floor(1 + step / (2 * size))
    x = abs(step / size - 2 * cycle + 1)
    height = (highest - lowest) / (2 ** (cycle - 1) if halve else 1)
    return lowest + height * max(0, 1 - x)


FORMULAS = {
    "linear": lambda s: linear(s, 0.1, 0.0, 100),
    "linear rising": lambda s: linear(s, 0.01, 0.2, 50),
    "warm-up, constant": lambda s: 0.1 * min((s + 1) / 20, 1),
    "warm-up, cosine shape": lambda s: (
        0.1 * (1 - math.cos(math.pi * (s + 1) / 20)) / 2
        if s < 20
        else linear(s - 20, 0.1, 0.0, 100)
    ),
    "one-cycle": lambda s: one_cycle(s, 0.1, 120),
    "wsd 1-sqrt": lambda s: wsd(s, 0.1, 120, 20, 40, "1-sqrt"),
    "wsd linear": lambda s: wsd(s, 0.1, 120, 0, 40, "linear"),
    "wsd cosine": lambda s: wsd(s, 0.1, 120, 80, 40, "cosine"),
    "sequence": lambda s: (
        0.1
        if s < 10
        else one_cycle(s - 10, 0.2, 30)
        if s < 40
        else 0.05 * (s - 39) / 5
        if s < 45
        else linear(s - 45, 0.05, 0.0, 20)
    ),
    "one in a row": lambda s: 0.1,
    "warm-up of 0 steps": lambda s: one_cycle(s, 0.1, 120),
    "triangular": lambda s: triangular(s, 0.01, 0.1, 7),
    "triangular, halved": lambda s: triangular(s, 0.0, 0.1, 15, halve=True),
    "scaled": lambda s: 0.3 * (0.1 * (s + 1) / 20 if s < 20 else linear(s - 20, 0.1, 0.0, 100)),
    "scaled number": lambda s: 0.1 * 0.7,
}


@pytest.mark.parametrize("name", FORMULAS)
def test_equals_its_closed_formula(name):
    assert_same(name, rates(EXAMPLES[name]), [FORMULAS[name](int(step)) for step in STEPS])


# Other libraries


def reference_cases(library: str, name: str) -> list[dict]:
    content = json.loads((REFERENCES / f"{library}.json").read_text())
    cases = [case for case in content["cases"] if case["name"] == name]
    assert cases
    return cases


def one_cycle_of(settings: dict) -> OneCycle:
    return OneCycle(
        settings["peak"],
        settings["steps"],
        settings["pct_start"],
        settings["div_factor"],
        settings["final_div_factor"],
    )


@pytest.mark.parametrize("case", reference_cases("optax", "one-cycle"))
def test_one_cycle_equals_optax_at_every_step(case):
    steps = np.arange(len(case["rates"]))
    found = rates(one_cycle_of(case["settings"]), steps)
    assert_same("optax cosine_onecycle_schedule", found, case["rates"])


@pytest.mark.parametrize("case", reference_cases("torch", "one-cycle"))
def test_torch_ends_each_phase_of_one_cycle_one_step_earlier(case):
    wanted = np.array(case["rates"])
    total, top = len(wanted), int(case["settings"]["pct_start"] * len(wanted))
    steps = np.arange(total)
    ours = rates(one_cycle_of(case["settings"]), steps)
    # The peaks: at top - 1 in PyTorch, at top here.
    if case["settings"]["pct_start"] * total == top:
        assert wanted.argmax() == top - 1 and ours.argmax() == top
        # The fall takes equally many steps, so PyTorch's is ours, one step earlier.
        shifted = rates(one_cycle_of(case["settings"]), steps[top:])
        assert_same("torch OneCycleLR, fall", shifted, wanted[top - 1 : -1])
        # The rise is a step shorter: a cycle of one step less in all.
        share = (top - 0.5) / (total - 1)  # int() of it gives top - 1, whatever the rounding
        shorter = OneCycle(
            case["settings"]["peak"],
            total - 1,
            share,
            case["settings"]["div_factor"],
            case["settings"]["final_div_factor"],
        )
        assert_same("torch OneCycleLR, whole", rates(shorter, steps), wanted)
    assert np.abs(ours - wanted).max() > 1e-3 * case["settings"]["peak"], "not the same plan"


def test_every_torch_one_cycle_case_has_a_whole_step_at_its_peak():
    for case in reference_cases("torch", "one-cycle"):
        assert (case["settings"]["pct_start"] * case["settings"]["steps"]).is_integer()


def test_linear_decay_equals_optax():
    (case,) = reference_cases("optax", "linear")
    decay = LinearDecay(0.3, 70, end_learning_rate=0.02)
    assert_same("optax linear_schedule", rates(decay, np.arange(80)), case["rates"])


def test_warm_up_cosine_equals_optax_one_step_further_on_the_way_up():
    (case,) = reference_cases("optax", "warm-up cosine")
    schedule = WarmUp(built_in.CosineDecay(0.1, 80), 20)
    steps = np.arange(len(case["rates"]))
    found, wanted = rates(schedule, steps), case["rates"]
    assert wanted[0] == 0.0 and found[0] > 0.0
    assert_same("optax warm-up cosine, climbing", found[:20], wanted[1:21])
    assert_close("optax warm-up cosine, falling", found[20:], wanted[20:])


def test_warm_up_around_a_cosine_equals_optax_joined_from_one_nth():
    (case,) = reference_cases("optax", "warm-up from 1/n")
    found = rates(WarmUp(built_in.CosineDecay(0.1, 80), 20), np.arange(110))
    assert_close("optax joined warm-up cosine", found, case["rates"])


def test_sequence_of_cycles_equals_optax_sgdr():
    (case,) = reference_cases("optax", "sgdr")
    pieces, boundaries, start = [], [], 0
    for cycle in case["settings"]["cycles"]:
        climb, fall = cycle["warmup_steps"], cycle["decay_steps"] - cycle["warmup_steps"]
        peak = cycle["peak_value"]
        pieces.append(
            Sequence(
                [
                    LinearDecay(cycle["init_value"], climb, end_learning_rate=peak),
                    built_in.CosineDecay(peak, fall, alpha=cycle["end_value"] / peak),
                ],
                [climb],
            )
        )
        start += cycle["decay_steps"]
        boundaries.append(start)
    found = rates(Sequence(pieces, boundaries[:-1]), np.arange(len(case["rates"])))
    assert_close("optax sgdr_schedule", found, case["rates"])


def test_sequence_equals_optax_join_schedules():
    (case,) = reference_cases("optax", "joined")
    pieces = [0.1, built_in.CosineDecay(0.1, 50), LinearDecay(0.02, 30)]
    found = rates(Sequence(pieces, case["settings"]["boundaries"]), np.arange(len(case["rates"])))
    assert_close("optax join_schedules", found, case["rates"])


@pytest.mark.parametrize("case", reference_cases("torch", "warm restarts"))
def test_warm_restarts_equal_torch_as_sequence_and_as_keras_built_in(case):
    wanted, given_ = np.array(case["rates"]), case["settings"]
    steps, alpha = np.arange(len(wanted)), given_["minimum"] / given_["rate"]
    pieces, boundaries, start, length = [], [], 0, given_["first_cycle"]
    while start < len(wanted):
        pieces.append(built_in.CosineDecay(given_["rate"], length, alpha=alpha))
        start, length = start + length, length * given_["factor"]
        boundaries.append(start)
    joined = rates(Sequence(pieces, boundaries[:-1]), steps)
    single = rates(
        built_in.CosineDecayRestarts(
            given_["rate"], given_["first_cycle"], t_mul=float(given_["factor"]), alpha=alpha
        ),
        steps,
    )
    assert_close("torch warm restarts as a Sequence", joined, wanted, given_["rate"])
    # Keras finds the cycle with a logarithm in float32, so it has fewer correct digits.
    difference = np.abs(single - wanted).max()
    print(f"torch warm restarts as CosineDecayRestarts: largest difference {difference:.2g}")
    assert difference < 1e-5 * given_["rate"]


# Keras's built-in schedules where they overlap


def test_linear_decay_equals_polynomial_decay_of_power_one():
    ours = rates(LinearDecay(0.1, 100))
    keras_rates = rates(built_in.PolynomialDecay(0.1, 100, end_learning_rate=0.0))
    assert_close("PolynomialDecay", ours, keras_rates)
    assert float(built_in.PolynomialDecay(0.1, 100)(100)) == pytest.approx(1e-4)


def test_warm_up_equals_that_of_cosine_decay_one_step_further():
    keras_own = built_in.CosineDecay(0.0, 80, warmup_target=0.1, warmup_steps=20)
    ours, theirs = rates(WarmUp(built_in.CosineDecay(0.1, 80), 20)), preview(keras_own, len(STEPS))
    assert_close("CosineDecay's warm-up", ours[:19], theirs[1:20])
    assert_close("CosineDecay after its warm-up", ours[20:], theirs[20:])


def test_sequence_switches_at_the_boundary_and_piecewise_constant_one_step_after():
    ours = rates(Sequence([0.1, 0.05, 0.01], [30, 60]))
    theirs = rates(built_in.PiecewiseConstantDecay([30, 60], [0.1, 0.05, 0.01]))
    shifted = rates(built_in.PiecewiseConstantDecay([29, 59], [0.1, 0.05, 0.01]))
    assert np.array_equal(ours, shifted)
    assert np.flatnonzero(ours != theirs).tolist() == [30, 60]


def test_warmup_stable_decay_equals_its_parts_put_together():
    parts = WarmUp(Sequence([0.1, LinearDecay(0.1, 40)], [60]), 20)
    whole = WarmupStableDecay(0.1, 120, 20, 40, decay_shape="linear")
    assert_same("WarmUp of a Sequence", rates(parts), rates(whole))


@pytest.mark.parametrize(
    "inner",
    [
        built_in.ExponentialDecay(0.1, 30, 0.5, staircase=True),
        built_in.PiecewiseConstantDecay([30, 60], [0.1, 0.05, 0.01]),
        built_in.PolynomialDecay(0.1, 50, power=2.0),
        built_in.InverseTimeDecay(0.1, 10, 0.5),
        built_in.CosineDecay(0.1, 80),
        built_in.CosineDecay(0.0, 80, warmup_target=0.1, warmup_steps=20),
        built_in.CosineDecayRestarts(0.1, 30),
    ],
    ids=lambda inner: type(inner).__name__,
)
def test_every_built_in_schedule_can_be_inside(inner):
    nested = Sequence([0.2, WarmUp(inner, 10)], [5])
    wanted = preview(inner, 100)
    found = preview(nested, 115)
    assert found[:5] == pytest.approx(0.2)
    assert_close("climb", found[5:15], wanted[0] * np.arange(1, 11) / 10)
    assert_close("after it", found[15:], wanted)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(nested))
    assert np.array_equal(preview(again, 115), found)


# Every way to call


@each_example
def test_ints_arrays_tensors_graph_and_xla_give_the_same(schedule):
    steps = [0, 1, 9, 10, 19, 20, 21, 39, 40, 79, 80, 99, 119, 120, 10_000]
    traces = []

    def ask(step):
        traces.append(step)
        return schedule(step)

    graph = tf.function(ask, autograph=False)
    compiled = tf.function(ask, autograph=False, jit_compile=True)
    wanted = rates(schedule, np.array(steps))
    # Keras's own schedules compute in float32, which XLA may round another way.
    tolerance = 4 * np.spacing(np.float32(0.1))
    for call in (
        [schedule(step) for step in steps],
        [schedule(np.int64(step)) for step in steps],
        [schedule(tf.constant(step, tf.int64)) for step in steps],
        [schedule(tf.constant(step, tf.int32)) for step in steps],
        [schedule(keras.Variable(step, dtype="int64")) for step in steps],
        [graph(tf.constant(step, tf.int64)) for step in steps],
        [compiled(tf.constant(step, tf.int64)) for step in steps],
    ):
        assert all(rate.dtype == tf.float32 and rate.shape == () for rate in call)
        assert np.abs(np.array([float(rate) for rate in call]) - wanted).max() <= tolerance
    assert len(traces) == 2, "one trace each, whatever the step"
    assert np.abs(preview(schedule, np.array(steps)) - wanted).max() <= tolerance


@each_example
def test_arrays_of_any_shape_and_integer_type(schedule):
    flat = rates(schedule, np.arange(12))
    assert np.array_equal(rates(schedule, np.arange(12).reshape(3, 4)), flat.reshape(3, 4))
    assert np.array_equal(rates(schedule, np.arange(12, dtype=np.uint8)), flat)
    assert np.array_equal(rates(schedule, np.arange(12, dtype=np.int32)), flat)
    assert np.array_equal(np.asarray(schedule(tf.range(12, dtype=tf.int64))), flat)


@each_example
def test_asking_changes_nothing(schedule):
    first = rates(schedule)
    for step in (200, 3, 0, 57):
        schedule(step)
    assert np.array_equal(rates(schedule), first)


@each_example
def test_an_optimizer_uses_it_at_every_compiled_step(schedule):
    """With a gradient of 1, SGD moves the weight by the rate."""

    class Pull(keras.Model):
        def __init__(self):
            super().__init__()
            self.weight = self.add_weight(shape=(), initializer="zeros")

        def call(self, inputs):
            return inputs * self.weight

    seen = []
    model = Pull()
    model.compile(keras.optimizers.SGD(schedule), loss=lambda y, p: p, jit_compile=True)
    track = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(float(model.weight.numpy()))
    )
    model.fit(np.ones((12, 1)), np.ones((12, 1)), batch_size=1, verbose=0, callbacks=[track])
    moved = -np.diff([0.0, *seen])
    assert moved == pytest.approx(rates(schedule, np.arange(12)), abs=1e-6)


# Far beyond 2**24 steps, where float32 cannot count


def test_no_step_is_lost_beyond_two_to_the_24():
    start = 2**24
    steps = np.arange(start, start + 8)
    assert len(set(steps.astype(np.float32))) < 8, "float32 would lose some"
    switch = Sequence([0.1, 0.2], [start + 3])
    assert rates(switch, steps) == pytest.approx([0.1] * 3 + [0.2] * 5)
    cooldown = WarmupStableDecay(1.0, start + 8, 0, 8, decay_shape="linear")
    assert rates(cooldown, steps).tolist() == [1 - step / 8 for step in range(8)]
    after = WarmUp(LinearDecay(1.0, 8), start)
    assert rates(after, steps).tolist() == [1 - step / 8 for step in range(8)]
    falling = LinearDecay(1.0, start + 8)
    assert_same("beyond 2**24", rates(falling, steps), [(8 - s) / (start + 8) for s in range(8)])


def test_plans_of_billions_of_steps():
    total = 3 * 2**31
    last = np.array([total - 2, total - 1, total])
    for schedule in (
        LinearDecay(1.0, total),
        WarmupStableDecay(1.0, total, 1, total - 1, "linear"),
    ):
        assert rates(schedule, last)[2] == 0.0
        assert rates(schedule, last)[:2] == pytest.approx([2 / total, 1 / total], rel=1e-6)
    assert float(OneCycle(1.0, total, pct_start=0.5)(total // 2)) == 1.0
    assert float(LinearDecay(1.0, total)(2**40)) == 0.0


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - ENDLESS))
def test_constant_after_the_end(name):
    late = rates(EXAMPLES[name], np.array([120, 121, 1000, 2**24 + 1, 2**31 + 7, 2**40]))
    assert len(set(late.tolist())) == 1


@each_example
def test_never_negative(schedule):
    assert (rates(schedule, np.arange(-5, 300)) >= 0.0).all()


def test_a_triangle_turns_at_the_exact_step_however_late():
    start = 30 * 2**40  # a whole number of cycles
    found = rates(Triangular(0.0, 1.0, 15), np.arange(start, start + 31))
    assert found.tolist() == rates(Triangular(0.0, 1.0, 15), np.arange(31)).tolist()
    assert rates(Triangular(0.1, 1.0, 5, halve=True), np.array([2**50]))[0] == np.float32(0.1)


# Properties of any schedule that can be built

rate_values = st.floats(0.0, 10.0, allow_subnormal=False).map(lambda rate: round(rate, 6))
lengths = st.integers(1, 60)


@st.composite
def one_cycles(draw):
    steps = draw(st.integers(2, 80))
    top = draw(st.integers(1, steps - 1))
    return OneCycle(
        draw(rate_values),
        steps,
        (top + 0.5) / steps,
        draw(st.floats(1.0, 100.0)),
        draw(st.floats(1.0, 1e5)),
    )


@st.composite
def stable_decays(draw):
    warmup, stable, decay = draw(st.integers(0, 30)), draw(st.integers(0, 30)), draw(lengths)
    shape = draw(st.sampled_from(["1-sqrt", "linear", "cosine"]))
    return WarmupStableDecay(draw(rate_values), warmup + stable + decay, warmup, decay, shape)


@st.composite
def triangles(draw):
    lowest, highest = sorted([draw(rate_values), draw(rate_values)])
    return Triangular(lowest, highest, draw(lengths), draw(st.booleans()))


simple = st.one_of(
    st.builds(LinearDecay, rate_values, lengths, rate_values),
    one_cycles(),
    stable_decays(),
    triangles(),
)


@st.composite
def sequences(draw, pieces):
    count = draw(st.integers(1, 4))
    boundaries = draw(
        st.lists(st.integers(1, 90), min_size=count - 1, max_size=count - 1, unique=True)
    )
    return Sequence([draw(pieces) for _ in range(count)], sorted(boundaries))


factors = st.integers(0, 40).map(lambda twentieths: twentieths / 20)
any_schedule = st.recursive(
    simple | rate_values,
    lambda inner: (
        st.builds(WarmUp, inner, st.integers(0, 60), st.sampled_from(["linear", "cosine"]))
        | sequences(inner)
        | st.builds(Scaled, inner, factors)
    ),
    max_leaves=5,
).filter(lambda schedule: not isinstance(schedule, float))
PROPERTY = settings(deadline=None, max_examples=40, derandomize=True)
SPAN = np.arange(200)


def rounding(largest: float) -> float:
    """One float32 rounding of the largest rate."""
    return float(np.spacing(np.float32(largest)))


def highest_rate(schedule) -> float:
    if isinstance(schedule, float):
        return schedule
    if isinstance(schedule, WarmUp):
        return highest_rate(schedule.schedule)
    if isinstance(schedule, Sequence):
        return max(map(highest_rate, schedule.schedules))
    if isinstance(schedule, Scaled):
        return schedule.factor * highest_rate(schedule.schedule)
    names = ("initial_learning_rate", "end_learning_rate", "max_learning_rate")
    return max(getattr(schedule, name, 0.0) for name in (*names, "peak_learning_rate"))


@PROPERTY
@given(any_schedule)
def test_rates_are_finite_and_between_zero_and_the_peak(schedule):
    found = rates(schedule, SPAN)
    highest = highest_rate(schedule)
    assert np.isfinite(found).all() and found.min() >= 0.0
    assert found.max() <= highest + rounding(highest)


@PROPERTY
@given(any_schedule)
def test_a_config_round_trip_gives_the_same_schedule(schedule):
    config = keras.saving.serialize_keras_object(schedule)
    again = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)))
    assert type(again) is type(schedule)
    assert again.get_config() == schedule.get_config()
    assert np.array_equal(rates(again, SPAN), rates(schedule, SPAN))


@PROPERTY
@given(rate_values, lengths, rate_values)
def test_a_line_goes_one_way_in_equal_strides(start, steps, end):
    found = rates(LinearDecay(start, steps, end), SPAN).astype(np.float64)
    slack = 2 * rounding(max(start, end))
    assert found[0] == np.float32(start) and (found[steps:] == np.float32(end)).all()
    strides = np.diff(found[: steps + 1])
    assert np.abs(strides - (end - start) / steps).max() <= slack


@PROPERTY
@given(one_cycles())
def test_one_cycle_rises_then_falls_without_a_jump(schedule):
    found = rates(schedule, SPAN).astype(np.float64)
    top, peak = int(schedule.pct_start * schedule.total_steps), schedule.max_learning_rate
    slack = 2 * rounding(peak)
    assert found[0] == pytest.approx(peak / schedule.div_factor, rel=1e-6)
    assert found[top] == np.float32(peak)
    assert (np.diff(found[: top + 1]) >= -slack).all()
    assert (np.diff(found[top:]) <= slack).all()
    steepest = peak * math.pi / 2
    assert np.abs(np.diff(found[: top + 1])).max() <= steepest / top + slack
    fall = schedule.total_steps - top
    assert np.abs(np.diff(found[top:])).max() <= steepest / fall + slack


@PROPERTY
@given(stable_decays())
def test_warmup_stable_decay_climbs_stays_and_cools_to_zero(schedule):
    found = rates(schedule, SPAN).astype(np.float64)
    peak, warm_up = schedule.peak_learning_rate, schedule.warmup_steps
    cooldown = schedule.total_steps - schedule.decay_steps
    slack = 2 * rounding(peak)
    assert (np.diff(found[: warm_up + 1]) >= -slack).all()
    assert (found[max(warm_up - 1, 0) : cooldown + 1] == np.float32(peak)).all()
    assert (np.diff(found[cooldown:]) <= slack).all()
    assert (found[schedule.total_steps :] == 0.0).all()
    if peak > 0:
        assert found[0] > 0.0 and (found[cooldown : schedule.total_steps] > 0.0).all()


@PROPERTY
@given(triangles())
def test_triangles_climb_and_fall_in_equal_strides_between_their_bounds(schedule):
    found = rates(schedule, np.arange(4 * schedule.step_size + 1)).astype(np.float64)
    lowest, highest = schedule.base_learning_rate, schedule.max_learning_rate
    slack, size = 2 * rounding(highest), schedule.step_size
    assert (found[:: 2 * size] == np.float32(lowest)).all()
    assert found[size] == np.float32(highest)
    assert np.abs(np.diff(found[: size + 1]) - (highest - lowest) / size).max() <= slack
    share = 0.5 if schedule.halve else 1.0
    again = lowest + share * (found[: 2 * size] - lowest)
    assert np.abs(found[2 * size : 4 * size] - again).max() <= slack


@PROPERTY
@given(simple, factors)
def test_scaled_multiplies_every_rate(inner, factor):
    found = rates(Scaled(inner, factor), SPAN).astype(np.float64)
    wanted = factor * rates(inner, SPAN).astype(np.float64)
    assert np.abs(found - wanted).max() <= rounding(max(wanted.max(), 1e-30))


@PROPERTY
@given(any_schedule, st.sampled_from(["linear", "cosine"]))
def test_a_warm_up_of_0_steps_is_the_schedule_itself(inner, shape):
    assert np.array_equal(rates(WarmUp(inner, 0, shape), SPAN), rates(inner, SPAN))


@PROPERTY
@given(simple, lengths, st.sampled_from(["linear", "cosine"]))
def test_a_warm_up_climbs_to_the_first_rate_and_hands_over(inner, steps, shape):
    found = rates(WarmUp(inner, steps, shape), SPAN).astype(np.float64)
    inside = rates(inner, SPAN)
    slack = 2 * rounding(inside[0])
    assert np.array_equal(found[steps:], inside[: len(SPAN) - steps])
    assert found[steps - 1] == inside[0], "the climb ends at the first rate: no jump"
    assert (np.diff(found[: steps + 1]) >= -slack).all()
    if inside[0] > 1e-6:
        assert found[0] > 0.0, "the first update is not wasted"


@PROPERTY
@given(st.lists(simple, min_size=2, max_size=4), st.data())
def test_a_sequence_plays_each_schedule_from_its_own_start(pieces, data):
    count = len(pieces) - 1
    drawn = st.lists(st.integers(1, 150), min_size=count, max_size=count, unique=True)
    boundaries = sorted(data.draw(drawn))
    found = rates(Sequence(pieces, boundaries), SPAN)
    for piece, start, end in zip(pieces, [0, *boundaries], [*boundaries, 200], strict=True):
        assert np.array_equal(found[start:end], rates(piece, SPAN)[: end - start])


# Refusals: the message names the argument, the value and what is allowed

STEPS_ERRORS = [
    (0, ValueError, "must be 1 or more, got 0"),
    (-3, ValueError, "must be 1 or more, got -3"),
    (2.0, TypeError, "must be an int, got float 2.0"),
    (True, TypeError, "must be an int, got bool True"),
    ("10", TypeError, "must be an int, got str '10'"),
    (None, TypeError, "must be an int, got NoneType None"),
]
RATE_ERRORS = [
    (-0.1, ValueError, "must be a finite number, 0 or more, got -0.1"),
    (math.nan, ValueError, "must be a finite number, 0 or more, got nan"),
    (math.inf, ValueError, "must be a finite number, 0 or more, got inf"),
    (True, TypeError, "must be a number, got bool True"),
    ("0.1", TypeError, "must be a number, got str '0.1'"),
    (None, TypeError, "must be a number, got NoneType None"),
    (LinearDecay(0.1, 5), TypeError, "must be a number, got LinearDecay"),
]
STEPS_ARGUMENTS = [
    ("decay_steps", lambda value: LinearDecay(0.1, value)),
    ("step_size", lambda value: Triangular(0.1, 0.2, value)),
    ("total_steps", lambda value: OneCycle(0.1, value)),
    ("total_steps", lambda value: WarmupStableDecay(0.1, value, 1, 1)),
    ("decay_steps", lambda value: WarmupStableDecay(0.1, 100, 1, value)),
    (r"boundaries\[0\]", lambda value: Sequence([0.1, 0.2], [value])),
    ("steps", lambda value: preview(LinearDecay(0.1, 5), value)),
]
RATE_ARGUMENTS = [
    ("initial_learning_rate", lambda value: LinearDecay(value, 10)),
    ("end_learning_rate", lambda value: LinearDecay(0.1, 10, value)),
    ("max_learning_rate", lambda value: OneCycle(value, 10)),
    ("peak_learning_rate", lambda value: WarmupStableDecay(value, 10, 1, 1)),
    ("base_learning_rate", lambda value: Triangular(value, 0.1, 10)),
    ("max_learning_rate", lambda value: Triangular(0.0, value, 10)),
    ("factor", lambda value: Scaled(0.1, value)),
    ("factor", lambda value: setattr(Scaled(0.1), "factor", value)),
]


@pytest.mark.parametrize("name, build", STEPS_ARGUMENTS)
@pytest.mark.parametrize("value, error, message", STEPS_ERRORS)
def test_refuses_a_bad_number_of_steps(name, build, value, error, message):
    with pytest.raises(error, match=f"^{name} {message}"):
        build(value)


@pytest.mark.parametrize("name, build", RATE_ARGUMENTS)
@pytest.mark.parametrize("value, error, message", RATE_ERRORS)
def test_refuses_a_bad_rate(name, build, value, error, message):
    with pytest.raises(error, match=f"^{name} {message}"):
        build(value)


@pytest.mark.parametrize(
    "build, error, message",
    [
        (lambda: WarmUp(0.1, -1), ValueError, "warmup_steps must be 0 or more, got -1"),
        (lambda: WarmUp(0.1, 2.0), TypeError, "warmup_steps must be an int, got float 2.0"),
        (lambda: WarmUp(0.1, True), TypeError, "warmup_steps must be an int, got bool True"),
        (
            lambda: Triangular(0.2, 0.1, 5),
            ValueError,
            r"max_learning_rate must be at least base_learning_rate \(0.2\), got 0.1",
        ),
        (lambda: Triangular(0.1, 0.2, 5, 1), TypeError, "halve must be True or False, got int 1"),
        (lambda: Triangular(0.1, 0.2, 5, "no"), TypeError, "halve must be True or False"),
        (lambda: Scaled("x"), TypeError, "schedule must be a LearningRateSchedule or a number"),
        (lambda: Scaled({"class_name": "X"}), TypeError, "A dict is a config: build it with"),
        (lambda: Scaled(math.nan), ValueError, "schedule must be a finite number, 0 or more"),
        (lambda: WarmUp(-0.1, 5), ValueError, "schedule must be a finite number, 0 or more"),
        (lambda: WarmUp("0.1", 5), TypeError, "schedule must be a LearningRateSchedule or a num"),
        (lambda: WarmUp(True, 5), TypeError, "got bool True"),
        (lambda: WarmUp(lambda step: 0.1, 5), TypeError, "got function"),
        (lambda: WarmUp({"class_name": "X"}, 5), TypeError, "A dict is a config: build it with"),
        (
            lambda: WarmUp(0.1, 5, "sine"),
            ValueError,
            "shape must be one of 'linear', 'cosine', got",
        ),
        (lambda: WarmUp(0.1, 5, None), ValueError, "got None"),
        (lambda: OneCycle(0.1, 10, 0.0), ValueError, "pct_start must be between 0 and 1, both ex"),
        (lambda: OneCycle(0.1, 10, 1.0), ValueError, "pct_start must be between 0 and 1, both ex"),
        (lambda: OneCycle(0.1, 10, 30), ValueError, "excluded, got 30"),
        (lambda: OneCycle(0.1, 10, math.nan), ValueError, "pct_start must be a finite number"),
        (lambda: OneCycle(0.1, 10, "0.3"), TypeError, "pct_start must be a number"),
        (lambda: OneCycle(0.1, 3), ValueError, "at least one whole step on each side .* 0.3 . 3"),
        (
            lambda: OneCycle(0.1, 10, div_factor=0.5),
            ValueError,
            "div_factor must be a .* 1 or more",
        ),
        (lambda: OneCycle(0.1, 10, final_div_factor=0), ValueError, "^final_div_factor must be"),
        (lambda: OneCycle(0.1, 10, final_div_factor=math.inf), ValueError, "^final_div_factor"),
        (lambda: WarmupStableDecay(0.1, 10, -1, 5), ValueError, "warmup_steps must be 0 or more"),
        (lambda: WarmupStableDecay(0.1, 10, 0.1, 5), TypeError, "warmup_steps must be an int"),
        (
            lambda: WarmupStableDecay(0.1, 10, 6, 5),
            ValueError,
            r"warmup_steps \+ decay_steps must be at most total_steps \(10\), got 6 \+ 5",
        ),
        (
            lambda: WarmupStableDecay(0.1, 10, 1, 5, "sqrt"),
            ValueError,
            "decay_shape must be one of '1-sqrt', 'linear', 'cosine', got 'sqrt'",
        ),
        (lambda: Sequence([], []), ValueError, "one fewer than schedules .* 0 boundaries for 0"),
        (lambda: Sequence([0.1, 0.2], []), ValueError, "0 boundaries for 2 schedules"),
        (lambda: Sequence([0.1], [5]), ValueError, "1 boundaries for 1 schedules"),
        (lambda: Sequence([1, 2, 3], [9, 5]), ValueError, r"increase strictly, got \[9, 5\]"),
        (lambda: Sequence([1, 2, 3], [5, 5]), ValueError, r"increase strictly, got \[5, 5\]"),
        (lambda: Sequence([0.1, "x"], [5]), TypeError, r"^schedules\[1\] must be a LearningRate"),
        (lambda: Sequence(0.1, []), TypeError, "schedules must be a list or tuple, got float"),
        (lambda: Sequence([0.1, 0.2], 5), TypeError, "boundaries must be a list or tuple, got int"),
        (lambda: preview(0.1, 5), TypeError, "schedule must be a LearningRateSchedule, got float"),
        (lambda: preview(LinearDecay, 5), TypeError, "schedule must be a .*, got type"),
    ],
)
def test_refuses(build, error, message):
    with pytest.raises(error, match=message):
        build()


def test_whole_numbers_are_rates_too():
    """Keras's ExponentialDecay(1, 10, 0.5) computes in int32 and is 0 from step 1 on."""
    assert float(built_in.ExponentialDecay(1, 10, 0.5)(1)) == 0.0
    assert float(LinearDecay(1, 10)(5)) == 0.5
    assert float(WarmUp(np.float32(1), np.int64(4))(0)) == 0.25
    assert float(Sequence([1, 0], [2])(1)) == 1.0


# Saved models

TRAIN_ON = """
import json, sys
import keras, numpy as np

def train(model, steps):
    used = []
    keep = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: used.append(
            float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
        )
    )
    inputs = np.linspace(0, 1, 8, dtype="float32").reshape(8, 1)
    model.fit(np.tile(inputs, (steps, 1)), np.tile(inputs, (steps, 1)), batch_size=8, verbose=0,
              shuffle=False, callbacks=[keep])
    return used, [weight.tolist() for weight in model.get_weights()]
"""
LOAD_AND_TRAIN_ON = """
try:
    keras.models.load_model(sys.argv[1])
except TypeError as error:
    assert "LinearDecay" in str(error)
else:
    raise SystemExit("loaded a class that nothing has registered yet")

import helpers.schedules
print("RESULT" + json.dumps([train(keras.models.load_model(path), 25) for path in sys.argv[1:]]))
"""


def test_a_fresh_process_loads_the_model_and_continues_with_the_same_rates(tmp_path):
    exec(TRAIN_ON, scope := {})
    names = ["linear", "warm-up, built-in", "wsd 1-sqrt", "sequence", "triangular", "scaled"]
    wanted, paths = [], []
    for number, schedule in enumerate(EXAMPLES[name] for name in names):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(schedule, momentum=0.9), loss="mse")
        scope["train"](model, 25)
        paths.append(tmp_path / f"{number}.keras")
        model.save(paths[-1])
        wanted.append(scope["train"](model, 25))
        assert wanted[-1][0] == pytest.approx(rates(schedule, np.arange(25, 50)), abs=1e-8)

    command = [sys.executable, "-c", TRAIN_ON + LOAD_AND_TRAIN_ON, *map(str, paths)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.split("RESULT")[1])
    for name, (used, weights), (wanted_used, wanted_weights) in zip(
        names, found, wanted, strict=True
    ):
        assert used == wanted_used, name
        assert weights == wanted_weights, name


def test_the_optimizers_config_restores_the_whole_schedule():
    nested = EXAMPLES["sequence"]
    optimizer = keras.optimizers.Adam(nested)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    restored = again._learning_rate
    assert type(restored) is Sequence and type(restored.schedules[2]) is WarmUp
    assert type(restored.schedules[2].schedule) is LinearDecay
    assert np.array_equal(rates(restored), rates(nested))


def test_from_config_leaves_the_config_as_it_was():
    for name in ("sequence", "warm-up, cosine shape", "scaled"):
        config = EXAMPLES[name].get_config()
        before = json.dumps(config)
        type(EXAMPLES[name]).from_config(config)
        assert json.dumps(config) == before


def test_a_second_class_of_the_same_registered_name_takes_over():
    """As when a lesson writes a class out: Keras loads whichever was registered last."""
    config = keras.saving.serialize_keras_object(EXAMPLES["linear"])
    try:

        @keras.saving.register_keras_serializable("learning_rate_lessons", name="LinearDecay")
        class Twin(LinearDecay):
            pass

        loaded = keras.saving.deserialize_keras_object(config)
        assert type(loaded) is Twin
        assert (
            keras.saving.serialize_keras_object(loaded)["registered_name"]
            == (config["registered_name"])
        )
    finally:
        keras.saving.get_custom_objects()["learning_rate_lessons>LinearDecay"] = LinearDecay
    assert type(keras.saving.deserialize_keras_object(config)) is LinearDecay


# Scaled: a factor that compiled code hears


class Pull(keras.Model):
    """With a gradient of 1, SGD moves the weight by the rate."""

    def __init__(self):
        super().__init__()
        self.weight = self.add_weight(shape=(), initializer="zeros")

    def call(self, inputs):
        return inputs * self.weight


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}, {"run_eagerly": True}])
def test_a_new_factor_is_heard_in_fit(options):
    schedule = Scaled(LinearDecay(1.0, 8), 0.5)
    model = Pull()
    model.compile(keras.optimizers.SGD(schedule), loss=lambda y, p: p, **options)
    seen = []

    def halve(batch, logs):
        seen.append(float(model.weight.numpy()))
        if batch == 3:
            schedule.factor = 0.25

    track = keras.callbacks.LambdaCallback(on_train_batch_end=halve)
    model.fit(np.ones((8, 1)), np.ones((8, 1)), batch_size=1, verbose=0, callbacks=[track])
    wanted = [(1 - step / 8) * (0.5 if step < 4 else 0.25) for step in range(8)]
    assert (-np.diff([0.0, *seen])).tolist() == wanted


def test_a_new_factor_is_heard_in_tf_function_without_a_new_trace():
    schedule, traces = Scaled(OneCycle(0.1, 100), 0.5), []

    @tf.function
    def ask(step):
        traces.append(step)
        return schedule(step)

    assert float(ask(tf.constant(30))) == np.float32(0.05)
    schedule.factor = 2
    assert float(ask(tf.constant(30))) == np.float32(0.2)
    assert len(traces) == 1


def test_the_present_factor_is_saved_and_loaded(tmp_path):
    schedule = Scaled(WarmUp(OneCycle(0.1, 100), 10), 0.5)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(schedule), loss="mse")
    schedule.factor = 0.125
    assert schedule.get_config()["factor"] == 0.125
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").optimizer._learning_rate
    assert type(loaded) is Scaled and loaded.factor == 0.125
    assert np.array_equal(rates(loaded), rates(schedule))


def test_each_copy_has_a_factor_of_its_own():
    schedule = Scaled(0.1, 0.5)
    optimizer = keras.optimizers.SGD(schedule)
    assert optimizer._learning_rate is schedule, "an optimizer keeps the very object"
    rebuilt = keras.optimizers.SGD.from_config(optimizer.get_config())._learning_rate
    copies = [rebuilt, copy.deepcopy(schedule), pickle.loads(pickle.dumps(schedule))]
    schedule.factor = 1.0
    assert [other.factor for other in copies] == [0.5, 0.5, 0.5]
    copies[0].factor = 0.0
    assert [other.factor for other in (schedule, *copies)] == [1.0, 0.0, 0.5, 0.5]


def test_a_factor_is_kept_by_a_saved_model_and_not_by_its_weights(tmp_path):
    """As the docstring says; a schedule is no part of the weights."""

    def model_with(factor):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(Scaled(0.1, factor)), loss="mse")
        return model

    model_with(0.5).save_weights(tmp_path / "model.weights.h5")
    other = model_with(1.0)
    other.load_weights(tmp_path / "model.weights.h5")
    assert other.optimizer._learning_rate.factor == 1.0


def test_scaled_works_under_mixed_precision_and_several_devices():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        assert float(Scaled(0.3, 1 / 3)(0)) == np.float32(0.1)
    finally:
        keras.config.set_dtype_policy("float32")
    with tf.distribute.OneDeviceStrategy("/cpu:0").scope():
        schedule = Scaled(0.1, 0.5)
    schedule.factor = 0.25
    assert float(schedule(3)) == np.float32(0.025)


# Where the backend has no float64


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - {"scaled", "scaled number"}))
def test_in_float32_the_rates_differ_by_less_than_5e_6_of_the_peak(name, monkeypatch):
    """As on JAX without x64 and PyTorch on Apple's GPUs."""
    wanted = rates(EXAMPLES[name], np.arange(300))
    monkeypatch.setattr(schedules, "widest", lambda kind: f"{kind}32")
    found = rates(EXAMPLES[name], np.arange(300))
    assert np.abs(found.astype(np.float64) - wanted).max() <= 5e-6 * wanted.max()


def test_in_float32_steps_above_2_to_the_24_move_in_small_stairs(monkeypatch):
    monkeypatch.setattr(schedules, "widest", lambda kind: f"{kind}32")
    start = 2**24
    steps = np.arange(start, start + 8)
    stairs = rates(LinearDecay(1.0, 2 * start), steps)
    assert stairs[0] == stairs[1] and len(set(stairs.tolist())) <= 5
    assert rates(Sequence([0.1, 0.2], [start + 3]), steps) == pytest.approx([0.1] * 3 + [0.2] * 5)
    turn = start + 4  # a whole number of cycles of 2 * 2 steps
    triangle = rates(Triangular(0.0, 1.0, 2), np.arange(turn, turn + 5))
    assert triangle.tolist() == [0.0, 0.5, 1.0, 0.5, 0.0]
    assert rates(WarmUp(LinearDecay(1.0, 8), start), steps).tolist() == [
        1 - step / 8 for step in range(8)
    ]


class Module:
    def __init__(self, **parts):
        vars(self).update(parts)


@pytest.mark.parametrize(
    "backend, module, wanted",
    [
        ("jax", Module(config=Module(jax_enable_x64=False)), ("float32", "int32")),
        ("jax", Module(config=Module(jax_enable_x64=True)), ("float64", "int64")),
        (
            "torch",
            Module(backends=Module(mps=Module(is_available=lambda: False))),
            ("float64", "int64"),
        ),
        (
            "torch",
            Module(backends=Module(mps=Module(is_available=lambda: True))),
            ("float32", "int64"),
        ),
        ("tensorflow", None, ("float64", "int64")),
    ],
)
def test_the_widest_types_of_each_backend(backend, module, wanted, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    monkeypatch.setitem(sys.modules, backend, module)
    assert (schedules.widest("float"), schedules.widest("int")) == wanted


def test_importing_it_needs_no_tensorflow():
    source = (PROJECT / "helpers" / "schedules.py").read_text()
    top = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert not any(name in line for line in top for name in ("tensorflow", "jax", "torch"))


def test_a_constant_keeps_all_its_digits_inside() -> None:
    """0.1 cast to float32 on the way would move some of these rates by one unit in the last place."""
    steps = np.arange(9)
    climbed = (1 - np.cos(np.pi * (steps + 1) / 9)) / 2
    rates = WarmUp(0.1, 9, "cosine")(steps)
    np.testing.assert_array_equal(rates, (0.1 * climbed).astype("float32"))
