"""What Keras, optax and PyTorch test of their own schedules, and the class here that it holds for.

Each case names tests of a peer's own suite, sets up what they are about with numbers of its own, and
says which class of ``helpers/schedules.py`` must give the same rates. The peers' rates are stored in
``peer_suites.json``; ``tests/test_peer_suites.py`` compares the classes with them.

When a new version of a peer is out (``peers`` is an environment as in ``make_references.py``, with
keras and numpy as well):

    peers/bin/python tests/references/peer_suites.py            compare with what is stored
    peers/bin/python tests/references/peer_suites.py --store    store the rates of the new versions
    python tests/references/peer_suites.py --suite optax=_schedule_test.py
                                 name the tests of a peer's suite file that are not judged here yet

The suites are keras/src/optimizers/schedules/learning_rate_schedule_test.py (Keras),
optax/schedules/_schedule_test.py and _join_test.py (optax), test/optim/test_lrscheduler.py (PyTorch).
"""

import argparse
import ast
import fnmatch
import itertools
import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

RESULT = Path(__file__).resolve().with_suffix(".json")
PACKAGES = {"keras": ["keras"], "optax": ["optax", "jax"], "torch": ["torch"]}


@dataclass(frozen=True)
class Case:
    """Tests of a peer whose behaviour a class here must show, too.

    Attributes:
        peer: "keras", "optax" or "torch".
        tests: names in the peer's suite, "Class.test"; may hold ``*``.
        holds_for: the class here.
        behaviour: what the tests are about.
        ours: makes our schedule from the schedules module and Keras's own.
        theirs: the peer's rates at ``steps``; called only where the peer is installed.
        steps: where they are compared.
    """

    peer: str
    tests: tuple[str, ...]
    holds_for: str
    behaviour: str
    ours: Callable[[object, object], Callable]
    theirs: Callable[[np.ndarray], Sequence[float]]
    steps: tuple[int, ...]

    @property
    def name(self) -> str:
        return f"{self.peer}: {', '.join(self.tests)}"


# --- how to ask each peer -----------------------------------------------------------------------


def of_keras(make: Callable[[object], Callable]) -> Callable[[np.ndarray], list[float]]:
    def rates(steps: np.ndarray) -> list[float]:
        import keras

        schedule = make(keras.optimizers.schedules)
        return [float(keras.ops.convert_to_numpy(schedule(int(step)))) for step in steps]

    return rates


def of_optax(make: Callable[[object], Callable]) -> Callable[[np.ndarray], list[float]]:
    def rates(steps: np.ndarray) -> list[float]:
        import jax

        jax.config.update("jax_enable_x64", True)
        import optax

        schedule = make(optax)
        return [float(schedule(jax.numpy.asarray(step))) for step in steps]

    return rates


def of_torch(rate: float, make: Callable) -> Callable[[np.ndarray], list[float]]:
    """``make(torch.optim.lr_scheduler, optimizer)``, stepped from 0 to the last step."""

    def rates(steps: np.ndarray) -> list[float]:
        import torch

        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
        scheduler = make(torch.optim.lr_scheduler, optimizer)
        found = []
        for _ in range(max(steps) + 1):
            found.append(float(optimizer.param_groups[0]["lr"]))
            optimizer.step()
            scheduler.step()
        return [found[step] for step in steps]

    return rates


def one_step_further(
    rates: Callable[[np.ndarray], list[float]], climb: int
) -> Callable[[np.ndarray], list[float]]:
    """While Keras climbs, its rate at step s + 1 is that of WarmUp at step s."""
    return lambda steps: rates([step + 1 if step < climb else step for step in steps])


def lines(schedules: object, *points: tuple[int, float]) -> Callable:
    """Straight lines through (step, rate) points, the first at step 0."""
    pieces = [
        schedules.LinearDecay(rate, next_step - step, next_rate)
        for (step, rate), (next_step, next_rate) in itertools.pairwise(points)
    ]
    return schedules.Sequence(pieces, [step for step, _ in points[1:-1]])


# --- the cases ----------------------------------------------------------------------------------

CASES = [
    Case(
        "keras",
        (
            "LinearDecayTest.test_halfway",
            "LinearDecayTest.test_end",
            "LinearDecayTest.test_halfway_with_end",
            "LinearDecayTest.test_beyond_end",
        ),
        "LinearDecay",
        "a line, halfway, at its end and beyond it, with and without an end rate",
        lambda s, k: s.LinearDecay(0.08, 12, 0.002),
        of_keras(lambda k: k.PolynomialDecay(0.08, 12, 0.002)),
        tuple(range(20)),
    ),
    Case(
        "keras",
        (
            "PiecewiseConstantDecayTest.test_piecewise_values",
            "PiecewiseConstantDecayTest.test_boundary_values",
        ),
        "Sequence",
        "a rate per stretch; Keras keeps the old one at the boundary itself, so ours is one later",
        lambda s, k: s.Sequence([0.7, 0.2, 0.05], [5, 12]),
        of_keras(lambda k: k.PiecewiseConstantDecay([4, 11], [0.7, 0.2, 0.05])),
        tuple(range(16)),
    ),
    Case(
        "keras",
        (
            "CosineDecayTest.test_decay",
            "CosineDecayTest.test_alpha",
            "CosineDecayTest.test_float64",
        ),
        "WarmUp",
        "half a cosine; a warm-up of 0 steps hands it on unchanged",
        lambda s, k: s.WarmUp(k.CosineDecay(0.3, 40, alpha=0.2), 0),
        of_keras(lambda k: k.CosineDecay(np.float64(0.3), 40, alpha=0.2)),
        tuple(range(0, 60, 3)),
    ),
    Case(
        "keras",
        ("CosineDecayTest.test_warmup", "CosineDecayTest.test_warmup_decay"),
        "WarmUp",
        "a linear warm-up before half a cosine; ours is one step further on the way up",
        lambda s, k: s.WarmUp(k.CosineDecay(4.0, 30), 25),
        one_step_further(
            of_keras(lambda k: k.CosineDecay(0.0, 30, warmup_target=4.0, warmup_steps=25)), 25
        ),
        tuple(range(70)),
    ),
    Case(
        "keras",
        (
            "CosineDecayRestartsTest.test_decay",
            "CosineDecayRestartsTest.test_tmul",
            "CosineDecayRestartsTest.test_mmul",
            "CosineDecayRestartsTest.test_alpha",
            "CosineDecayRestartsTest.test_float64",
        ),
        "Sequence",
        "warm restarts: each cycle twice as long and 0.8 as high as the last",
        lambda s, k: s.Sequence(
            [
                k.CosineDecay(0.5, 16, alpha=0.1),
                # Keras multiplies the fall alone: alpha of the first rate stays below.
                k.CosineDecay(0.5 * (0.8 * 0.9 + 0.1), 32, alpha=0.1 / (0.8 * 0.9 + 0.1)),
            ],
            [16],
        ),
        of_keras(lambda k: k.CosineDecayRestarts(0.5, 16, t_mul=2.0, m_mul=0.8, alpha=0.1)),
        tuple(range(48)),
    ),
    Case(
        "optax",
        ("ConstantTest.test_constant",),
        "WarmUp",
        "a constant rate",
        lambda s, k: s.WarmUp(0.6, 0),
        of_optax(lambda o: o.constant_schedule(0.6)),
        tuple(range(9)),
    ),
    Case(
        "optax",
        ("PolynomialTest.test_linear",),
        "LinearDecay",
        "a rising line and what follows its end",
        lambda s, k: s.LinearDecay(0.2, 14, 1.6),
        of_optax(lambda o: o.polynomial_schedule(0.2, 1.6, 1, 14)),
        tuple(range(22)),
    ),
    Case(
        "optax",
        ("PiecewiseConstantTest.test_positive", "JoinTest.test_join_schedules"),
        "Sequence",
        "numbers in a row, exactly from their boundaries on",
        lambda s, k: s.Sequence([0.4, 1.2, 0.3], [4, 9]),
        of_optax(
            lambda o: o.join_schedules([o.constant_schedule(r) for r in (0.4, 1.2, 0.3)], [4, 9])
        ),
        tuple(range(13)),
    ),
    Case(
        "optax",
        ("CosineDecayTest.test_with_giant_int_steps",),
        "LinearDecay",
        "more steps than 32 bits can count",
        lambda s, k: s.LinearDecay(500.0, 30_000_000_000),
        of_optax(lambda o: o.linear_schedule(500.0, 0.0, 30_000_000_000)),
        (0, 1, 3_000_000_000, 29_999_999_999, 30_000_000_000, 40_000_000_000),
    ),
    Case(
        "optax",
        ("WarmupCosineDecayTest.test_limits",),
        "Sequence",
        "a line up from one rate, half a cosine down to another",
        lambda s, k: s.Sequence(
            [s.LinearDecay(0.05, 20, 0.8), k.CosineDecay(0.8, 60, alpha=0.02 / 0.8)], [20]
        ),
        of_optax(lambda o: o.warmup_cosine_decay_schedule(0.05, 0.8, 20, 80, 0.02)),
        tuple(range(90)),
    ),
    Case(
        "optax",
        ("SGDRTest.test_limits",),
        "Sequence",
        "warm-up and half a cosine, again and again, lower each time",
        lambda s, k: s.Sequence(
            [
                s.Sequence([s.LinearDecay(0.0, 5, peak), k.CosineDecay(peak, fall)], [5])
                for peak, fall in ((0.9, 15), (0.5, 25))
            ],
            [20],
        ),
        of_optax(
            lambda o: o.sgdr_schedule(
                [
                    {
                        "init_value": 0.0,
                        "peak_value": peak,
                        "warmup_steps": 5,
                        "decay_steps": steps,
                        "end_value": 0.0,
                    }
                    for peak, steps in ((0.9, 20), (0.5, 30))
                ]
            )
        ),
        tuple(range(60)),
    ),
    Case(
        "optax",
        ("PiecewiseInterpolateTest.test_linear_piecewise",),
        "Sequence",
        "straight lines through given points",
        lambda s, k: lines(s, (0, 0.8), (6, 1.2), (15, 0.3)),
        of_optax(lambda o: o.piecewise_interpolate_schedule("linear", 0.8, {6: 1.5, 15: 0.25})),
        tuple(range(20)),
    ),
    Case(
        "optax",
        ("PiecewiseInterpolateTest.test_empty_dict", "PiecewiseInterpolateTest.test_no_dict"),
        "Sequence",
        "no boundaries at all: one schedule in a row",
        lambda s, k: s.Sequence([0.9], []),
        of_optax(lambda o: o.piecewise_interpolate_schedule("linear", 0.9, {})),
        tuple(range(6)),
    ),
    Case(
        "optax",
        ("OneCycleTest.test_cosine",),
        "OneCycle",
        "one rise and one fall, each half a cosine, and the last rate afterwards",
        lambda s, k: s.OneCycle(2.0, 24, 0.25, 8.0, 40.0),
        of_optax(lambda o: o.cosine_onecycle_schedule(24, 2.0, 0.25, 8.0, 40.0)),
        tuple(range(30)),
    ),
    Case(
        "optax",
        ("OneCycleTest.test_linear",),
        "Sequence",
        "the three straight lines of one-cycle's first version",
        lambda s, k: lines(s, (0, 0.25), (6, 2.0), (18, 0.25), (24, 0.25 / 40)),
        of_optax(lambda o: o.linear_onecycle_schedule(24, 2.0, 0.25, 0.75, 8.0, 40.0)),
        tuple(range(30)),
    ),
    Case(
        "torch",
        ("TestLRScheduler.test_onecycle_lr_cosine_annealing",),
        "OneCycle",
        "PyTorch ends each phase a step earlier: a cycle of one step less",
        lambda s, k: s.OneCycle(3.0, 19, 4.5 / 19, 25.0, 5.0),
        of_torch(
            0.1,
            lambda t, o: t.OneCycleLR(
                o, 3.0, 20, pct_start=0.25, final_div_factor=5.0, cycle_momentum=False
            ),
        ),
        tuple(range(19)),
    ),
    Case(
        "torch",
        ("TestLRScheduler.test_onecycle_lr_linear_annealing",),
        "Sequence",
        "one-cycle in two straight lines",
        lambda s, k: lines(s, (0, 0.12), (4, 3.0), (19, 0.12 / 5)),
        of_torch(
            0.1,
            lambda t, o: t.OneCycleLR(
                o,
                3.0,
                20,
                pct_start=0.25,
                anneal_strategy="linear",
                final_div_factor=5.0,
                cycle_momentum=False,
            ),
        ),
        tuple(range(19)),
    ),
    Case(
        "torch",
        ("TestLRScheduler.test_onecycle_lr_linear_annealing_three_phases",),
        "Sequence",
        "one-cycle in three straight lines",
        lambda s, k: lines(s, (0, 0.12), (5, 3.0), (10, 0.12), (19, 0.12 / 5)),
        of_torch(
            0.1,
            lambda t, o: t.OneCycleLR(
                o,
                3.0,
                20,
                pct_start=0.3,
                anneal_strategy="linear",
                final_div_factor=5.0,
                cycle_momentum=False,
                three_phase=True,
            ),
        ),
        tuple(range(19)),
    ),
    Case(
        "torch",
        (
            "TestLRScheduler.test_cycle_lr_triangular_mode",
            "TestLRScheduler.test_cycle_lr_triangular_mode_one_lr*",
            "TestLRScheduler.test_cycle_lr_with_momentumless_optimizer",
        ),
        "Triangular",
        "up and down in straight lines, cycle after cycle",
        lambda s, k: s.Triangular(0.2, 1.1, 7),
        of_torch(0.1, lambda t, o: t.CyclicLR(o, 0.2, 1.1, 7, cycle_momentum=False)),
        tuple(range(60)),
    ),
    Case(
        "torch",
        (
            "TestLRScheduler.test_cycle_lr_triangular2_mode",
            "TestLRScheduler.test_cycle_lr_triangular2_mode_one_lr",
        ),
        "Triangular",
        "each cycle half as high",
        lambda s, k: s.Triangular(0.2, 1.1, 7, halve=True),
        of_torch(
            0.1,
            lambda t, o: t.CyclicLR(o, 0.2, 1.1, 7, mode="triangular2", cycle_momentum=False),
        ),
        tuple(range(100)),
    ),
    Case(
        "torch",
        ("TestLRScheduler.test_linearlr", "TestLRScheduler.test_get_last_lr_linearlr"),
        "WarmUp",
        "a climb from 1 / n of a constant rate",
        lambda s, k: s.WarmUp(0.7, 8),
        of_torch(0.7, lambda t, o: t.LinearLR(o, 1 / 8, 1.0, 7)),
        tuple(range(14)),
    ),
    Case(
        "torch",
        (
            "TestLRScheduler.test_multi_step_lr",
            "TestLRScheduler.test_step_lr",
            "TestLRScheduler.test_constantlr",
            "TestLRScheduler.test_get_last_lr_*step_lr",
            "TestLRScheduler.test_get_last_lr_constantlr",
        ),
        "Sequence",
        "stairs",
        lambda s, k: s.Sequence([0.6, 0.06, 0.006], [4, 9]),
        of_torch(0.6, lambda t, o: t.MultiStepLR(o, [4, 9], 0.1)),
        tuple(range(14)),
    ),
    Case(
        "torch",
        ("TestLRScheduler.test_sequentiallr[1-5]", "TestLRScheduler.test_get_last_lr_sequentiallr"),
        "Sequence",
        "schedulers in a row, each from its own step 0",
        lambda s, k: s.Sequence(
            [s.LinearDecay(0.12, 6, 0.6), 0.6, s.LinearDecay(0.6, 9, 0.06)], [6, 10]
        ),
        of_torch(
            0.6,
            lambda t, o: t.SequentialLR(
                o,
                [t.LinearLR(o, 0.2, 1.0, 6), t.ConstantLR(o, 1.0, 1), t.LinearLR(o, 1.0, 0.1, 9)],
                [6, 10],
            ),
        ),
        tuple(range(24)),
    ),
    Case(
        "torch",
        ("TestLRScheduler.test_CosineAnnealingWarmRestarts_lr1",),
        "Sequence",
        "warm restarts: cycles of 10 and 20 steps",
        lambda s, k: s.Sequence(
            [k.CosineDecay(0.6, 10, alpha=0.05), k.CosineDecay(0.6, 20, alpha=0.05)], [10]
        ),
        of_torch(0.6, lambda t, o: t.CosineAnnealingWarmRestarts(o, 10, 2, eta_min=0.03)),
        tuple(range(30)),
    ),
]

# What the suites want refused, or kept when it is saved: (peer, tests, class, behaviour, call).
# The call raises the error that is named, or returns True.
BEHAVIOURS = [
    (
        "optax",
        ("OneCycleTest.test_nonpositive_transition_steps",),
        "OneCycle",
        "a cycle without steps is refused",
        (ValueError, lambda s, k: s.OneCycle(0.4, 0)),
    ),
    (
        "torch",
        ("TestLRScheduler.test_onecycle_lr_invalid_pct_start",),
        "OneCycle",
        "a share of more than 1 is refused",
        (ValueError, lambda s, k: s.OneCycle(0.4, 30, pct_start=1.3)),
    ),
    (
        "torch",
        ("TestLRScheduler.test_onecycle_lr_cannot_calculate_total_steps",),
        "OneCycle",
        "the number of steps must be given",
        (TypeError, lambda s, k: s.OneCycle(0.4)),
    ),
    (
        "optax",
        ("PolynomialTest.test_zero_steps_schedule",),
        "LinearDecay",
        "a line without steps: constant in optax, refused here",
        (ValueError, lambda s, k: s.LinearDecay(0.4, 0, 0.8)),
    ),
    (
        "optax",
        ("PiecewiseConstantTest.test_negative",),
        "Sequence",
        "negative rates: allowed in optax, refused here",
        (ValueError, lambda s, k: s.Sequence([-0.4, -0.8], [3])),
    ),
    (
        "keras",
        (
            "LinearDecayTest.test_config",
            "PiecewiseConstantDecayTest.test_config",
            "CosineDecayTest.test_config",
            "CosineDecayRestartsTest.test_config",
        ),
        "all classes",
        "a config, as JSON, makes an equal schedule",
        (None, lambda s, k: all(comes_back(make(s, k)) for make in ONE_OF_EACH)),
    ),
    (
        "keras",
        ("TestFitLRSchedulesFlow.test_fit_lr_correctness",),
        "all classes",
        "in fit the optimizer counts each batch and uses the rate of its step",
        (None, lambda s, k: all(trains_with_its_rates(make(s, k)) for make in ONE_OF_EACH)),
    ),
    (
        "torch",
        ("TestLRScheduler.test_cycle_lr_state_dict_picklable",),
        "all classes",
        "a schedule can be pickled",
        (None, lambda s, k: all(pickles(make(s, k)) for make in ONE_OF_EACH)),
    ),
]
ONE_OF_EACH = [
    lambda s, k: s.LinearDecay(0.3, 7, 0.1),
    lambda s, k: s.WarmUp(k.CosineDecay(0.3, 7), 3, "cosine"),
    lambda s, k: s.OneCycle(0.3, 9),
    lambda s, k: s.WarmupStableDecay(0.3, 9, 2, 4),
    lambda s, k: s.Sequence([0.3, s.LinearDecay(0.2, 4)], [5]),
    lambda s, k: s.Triangular(0.1, 0.3, 2, halve=True),
    lambda s, k: s.Scaled(s.LinearDecay(0.3, 7), 0.5),
]

# Tests of the suites that no class here answers to, with the reason.
NOT_HERE = {
    "keras": {
        "ExponentialDecayTest.*": "Keras's own class is used",
        "InverseTimeDecayTest.*": "Keras's own class is used",
        "SqrtDecayTest.*": "Keras's own class is used",
        "LinearDecayTest.test_beyond_end_with_cycle": "Keras's own class is used",
    },
    "optax": {
        "ExponentialTest.*": "Keras's ExponentialDecay is used",
        "CosineDecayTest.*": "Keras's CosineDecay is used",
        "PolynomialTest.test_nonlinear": "Keras's PolynomialDecay is used",
        "PolynomialTest.test_with_decay_begin": "a Sequence begins with a number instead",
        "WarmupCosineDecayTest.test_with_exponent": "no exponent here",
        "WarmupCosineDecayTest.test_zero_peak_value": "no exponent and no negative rate here",
        "PiecewiseInterpolateTest.test_cos_piecewise": "no rising half cosine outside OneCycle",
        "PiecewiseInterpolateTest.test_invalid_*": "no kind to choose, no scale",
    },
    "torch": {
        "TestLRScheduler.test_cycle_lr_*step_size_up_down": "up and down in equally many steps here",
        "TestLRScheduler.test_cycle_lr_exp_range_mode*": "the modes triangular and triangular2 alone",
        "TestLRScheduler.test_cycle_lr_scale_fn*": "no function of one's own: write a schedule",
        "TestLRScheduler.test_cycle_lr_invalid_mode": "no mode to choose",
        "TestLRScheduler.test_cycle_lr_cycle_momentum_*": "momentum: see lr_scheduler.py",
        "TestLRScheduler.test_cycle_lr_with_adam": "momentum: see lr_scheduler.py",
        "TestLRScheduler.test_cycle_lr_removed_after_out_of_scope": "a schedule knows no optimizer",
        "TestLRScheduler.test_onecycle_lr_invalid_anneal_strategy": "cosine alone",
        "TestLRScheduler.test_onecycle_lr_legacy_state_dict": "no old state",
        "TestLRScheduler.test_sequentiallr_*": "a schedule changes no optimizer",
        "TestLRScheduler.test_linearlr_start_factor_limits[12]": "rates, not factors",
        "TestLRScheduler.test_cos_anneal_lr*": "Keras's CosineDecay is used",
        "TestLRScheduler.test_CosineAnnealingWarmRestarts_lr[23]": "fractions of a step",
        "TestLRScheduler.test_CosineAnnealingWarmRestarts_T_cur_reset": "no memory",
        "TestLRScheduler.test_*_lr*state_dict*": "no memory: a config instead",
        "TestLRScheduler.test_*_lr_is_constant_for_constant_epoch": "the same step gives the same rate: no memory",
        "TestLRScheduler.test_*linearlr_is_constant_for_constant_epoch": "the same",
        "TestLRScheduler.test_constantlr_is_constant_for_constant_epoch": "the same",
        "TestLRScheduler.test_*_with_epoch": "PyTorch's old way to set the epoch",
        "TestLRScheduler.test_closed_form_*": "a schedule here is its closed form",
        "TestLRScheduler.test_exp_lr": "Keras's ExponentialDecay is used",
        "TestLRScheduler.test_poly_lr": "Keras's PolynomialDecay is used",
        "TestLRScheduler.test_chained_lr*": "several schedulers that multiply one rate",
        "TestLRScheduler.test_compound_*": "several schedulers that multiply one rate",
        "TestLRScheduler.test_lambda_lr*": "write a schedule",
        "TestLRScheduler.test_multiplicative_lr*": "write a schedule",
        "TestLRScheduler.test_reduce_lr_on_plateau*": "depends on a metric: a callback",
        "TestLRScheduler.test_add_param_group_*": "depends on a metric: a callback",
        "TestLRScheduler.test_swalr_*": "weight averaging",
        "TestLRScheduler.test_constant_initial_*": "rates given as tensors",
        "TestLRScheduler.test_lr_scheduler_checkpoint*": "the step count is saved with the optimizer",
        "TestLRScheduler.test_lr_scheduler_state_dict_load": "the step count is saved with the optimizer",
        "TestLRScheduler.test_cosine_then_cyclic": "two schedulers of one optimizer",
        "TestLRScheduler.test_old_pattern_*": "the order of two calls that a schedule does not need",
        "TestLRScheduler.test_new_pattern_*": "the order of two calls that a schedule does not need",
        "TestLRScheduler.test_*error_when_*": "a schedule knows no optimizer",
        "TestLRScheduler.test_no_cyclic_references*": "a schedule knows no optimizer",
    },
}


def comes_back(schedule: object) -> bool:
    import keras

    config = json.loads(json.dumps(keras.saving.serialize_keras_object(schedule)))
    again = keras.saving.deserialize_keras_object(config)
    return again.get_config() == schedule.get_config() and same_rates(again, schedule)


def pickles(schedule: object) -> bool:
    import pickle

    return same_rates(pickle.loads(pickle.dumps(schedule)), schedule)


def same_rates(one: Callable, other: Callable) -> bool:
    from keras import ops

    steps = np.arange(15)
    return np.array_equal(*(ops.convert_to_numpy(schedule(steps)) for schedule in (one, other)))


def trains_with_its_rates(schedule: Callable) -> bool:
    """With a gradient of 1, SGD moves the weight by the rate: 3 epochs of 4 batches, 12 steps."""
    import keras

    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")]
    )
    optimizer = keras.optimizers.SGD(schedule)
    model.compile(optimizer, loss=lambda y_true, y_pred: y_pred)
    ones = np.ones((4, 1), "float32")
    model.fit(ones, ones, batch_size=1, epochs=3, verbose=0)
    moved = -float(model.get_weights()[0][0, 0])
    planned = float(np.sum(keras.ops.convert_to_numpy(schedule(np.arange(12))), dtype=np.float64))
    counted = int(keras.ops.convert_to_numpy(optimizer.iterations))
    return counted == 12 and math.isclose(moved, planned, rel_tol=1e-5)


# --- hold a new version against it --------------------------------------------------------------


def peer_rates(case: Case) -> list[float]:
    return [float(rate) for rate in case.theirs(np.array(case.steps))]


def judged(peer: str) -> list[str]:
    """Patterns of all tests of a peer's suite that are judged here, held or not."""
    tests = [test for case in CASES if case.peer == peer for test in case.tests]
    tests += [test for other, names, *_ in BEHAVIOURS if other == peer for test in names]
    return [*tests, *NOT_HERE[peer]]


def suite_tests(path: Path) -> list[str]:
    """All "Class.test" of a file of tests."""
    return [
        f"{node.name}.{item.name}"
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
        for item in node.body
        if isinstance(item, ast.FunctionDef) and item.name.startswith("test")
    ]


def not_judged(peer: str, path: Path) -> list[str]:
    """Tests of a suite's file that this file does not mention."""
    patterns = judged(peer)
    return [
        test
        for test in suite_tests(path)
        if not any(fnmatch.fnmatchcase(test, pattern) for pattern in patterns)
    ]


def store() -> None:
    versions = {name: version(name) for names in PACKAGES.values() for name in names}
    cases = [
        {
            "name": case.name,
            "holds_for": case.holds_for,
            "behaviour": case.behaviour,
            "steps": list(case.steps),
            "rates": peer_rates(case),
        }
        for case in CASES
    ]
    content = {"made_by": f"tests/references/{Path(__file__).name}", "versions": versions}
    text = json.dumps({**content, "cases": cases}, indent=1) + "\n"
    part = RESULT.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, RESULT)
    print(f"stored {len(cases)} cases: {versions}")


def compare() -> int:
    """Compare the peers that are installed with what is stored; returns how many cases differ."""
    stored = json.loads(RESULT.read_text(encoding="utf-8"))
    rates = {case["name"]: case["rates"] for case in stored["cases"]}
    changed = 0
    for case in CASES:
        try:
            now = peer_rates(case)
        except ImportError as error:
            print(f"not compared  {case.name}: {error}")
            continue
        same = np.allclose(now, rates[case.name], rtol=1e-6, atol=1e-7 * max(now))
        changed += not same
        print(f"{'as stored' if same else 'CHANGED':<13} {case.name}: {case.holds_for}")
    print(f"{changed} changed; stored for {stored['versions']}")
    return changed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", action="store_true", help="store the rates of these versions")
    parser.add_argument("--suite", metavar="PEER=FILE", help="name tests that are not judged yet")
    arguments = parser.parse_args()
    if arguments.suite:
        peer, _, path = arguments.suite.partition("=")
        new = not_judged(peer, Path(path))
        print(f"{len(suite_tests(Path(path)))} tests in {path}, not judged yet: {new or 'none'}")
        return len(new)
    if arguments.store:
        store()
        return 0
    return compare()


if __name__ == "__main__":
    raise SystemExit(main())
