"""The learning-rate finder: what it measures, what it suggests, and that it leaves no trace."""

import bisect
import math

import keras
import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import learning_rate_finder as finder
from helpers.learning_rate_finder import NoSuggestion, RateTest, find_learning_rate

matplotlib.use("agg")
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    """Four clusters in ten dimensions, easy to learn."""
    random = np.random.default_rng(0)
    y = random.integers(0, 4, 1000)
    centres = random.normal(0, 1, (4, 10))
    return (centres[y] + random.normal(0, 0.5, (1000, 10))).astype("float32"), y


def make_model(optimizer: object) -> keras.Model:
    """With everything that has a state of its own: batch normalisation and dropout."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((10,)),
            layers.Dense(16),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.3),
            layers.Dense(4),
        ]
    )
    model.compile(optimizer, LOSS, metrics=["accuracy"])
    return model


OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.05),
    "momentum": lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    "adam": lambda: keras.optimizers.Adam(1e-3),
}


def state_of(model: keras.Model) -> list[np.ndarray]:
    variables = [*model.variables, *model.metrics_variables, *model.optimizer.variables]
    return [keras.ops.convert_to_numpy(variable).copy() for variable in variables]


def assert_same(one: list[np.ndarray], other: list[np.ndarray]) -> None:
    for left, right in zip(one, other, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_fit_is_the_same_with_and_without_a_test_before_it(name: str, data) -> None:
    ends = []
    for tested in (False, True):
        model = make_model(OPTIMIZERS[name]())
        if tested:
            find_learning_rate(model, *data, batch_size=32)
        model.fit(*data, batch_size=32, epochs=2, verbose=0)
        ends.append(state_of(model))
    assert_same(*ends)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_everything_is_restored_in_mid_training(name: str, data) -> None:
    model = make_model(OPTIMIZERS[name]())
    model.fit(*data, batch_size=32, verbose=0)
    before = state_of(model)
    test = find_learning_rate(model, *data, max_learning_rate=1000.0, batch_size=32)
    assert np.ptp(test.losses) > 0.1, "the test did train"
    assert_same(state_of(model), before)


def test_everything_is_restored_when_the_test_is_interrupted(data) -> None:
    model = make_model(keras.optimizers.Adam(1e-3))
    model.optimizer.build(model.trainable_variables)
    before = state_of(model)

    def interrupted(steps):
        yield from steps[:5]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_learning_rate(model, *data, batch_size=32, progress=interrupted)
    assert_same(state_of(model), before)


def test_rates_grow_by_one_factor(data) -> None:
    test = find_learning_rate(
        make_model(keras.optimizers.SGD(0.1)), *data, 1e-5, 1e-2, steps=30, batch_size=50
    )
    assert len(test.learning_rates) == 30 and not test.stopped_early
    assert test.learning_rates[0] == 1e-5
    np.testing.assert_allclose(test.learning_rates[1:] / test.learning_rates[:-1], 1000 ** (1 / 30))


def test_the_recorded_loss_is_that_of_training_by_hand() -> None:
    """One weight, loss weight ** 2: each step multiplies the weight by 1 - 2 * rate."""
    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")]
    )
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x, y = np.ones((64, 1), "float32"), np.zeros((64, 1), "float32")
    test = find_learning_rate(model, x, y, 1e-3, 0.5, steps=20, batch_size=64)
    weights = np.cumprod(np.concatenate([[1.0], 1 - 2 * test.learning_rates[:-1]]))
    np.testing.assert_allclose(test.losses, weights**2, rtol=1e-5)


def test_stops_when_the_loss_runs_away(data) -> None:
    model = make_model(keras.optimizers.SGD(0.1))
    model.layers[1].trainable = False
    test = find_learning_rate(model, *data, max_learning_rate=1e6, batch_size=32)
    assert test.stopped_early
    assert test.smoothed_losses[-1] > 4 * test.smoothed_losses.min() or not np.isfinite(
        test.losses[-1]
    )
    assert all(test.smoothed_losses[:-1] <= 4 * np.minimum.accumulate(test.smoothed_losses[:-1]))


def test_smoothing_is_a_bias_corrected_average() -> None:
    losses = [3.0, 1.0, 2.0, 5.0]
    average, expected = 0.0, []
    for count, loss in enumerate(losses, start=1):
        average = 0.98 * average + 0.02 * loss
        expected.append(average / (1 - 0.98**count))
    got = [finder.smoothed_loss(losses[: n + 1]) for n in range(4)]
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    assert finder.smoothed_loss([7.0]) == pytest.approx(7.0)


def curve(losses: np.ndarray, steps: int | None = None) -> RateTest:
    losses = np.asarray(losses, float)
    rates = 1e-7 * 1e8 ** (np.arange(len(losses)) / (steps or len(losses)))
    return RateTest(rates, losses, losses, steps or len(losses))


def longest_fall(losses: np.ndarray) -> tuple[int, int]:
    """(length, end) of the longest strictly falling subsequence, by patience sorting."""
    piles, best = [], (0, 0)
    for index, loss in enumerate(losses):
        place = bisect.bisect_left(piles, -loss)
        piles[place : place + 1] = [-loss]
        if place + 1 > best[0]:
            best = (place + 1, index)
    return best


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=3, max_size=80))
def test_valley_equals_a_second_way_to_find_it(losses: list[int]) -> None:
    length, end = longest_fall(np.array(losses, float))
    start = end - length
    assert finder.valley_index(np.array(losses, float)) == start + int(length / 3) + int(length / 6)


def bowl(steps: int = 100, noise: float = 0.0) -> np.ndarray:
    """Flat, falling to a minimum near point 70, then rising steeply."""
    points = np.arange(steps)
    losses = 2.3 - 1.8 / (1 + np.exp(-(points - 50) / 5)) + np.exp((points - 95) / 4)
    return losses + noise * np.random.default_rng(0).normal(size=steps)


def test_rules_on_a_known_curve() -> None:
    test = curve(bowl())
    rates, losses = test.learning_rates[10:-5], test.losses[10:-5]
    lowest = int(np.argmin(losses))
    assert test.suggestion("minimum") == pytest.approx(rates[lowest] / 10)
    slopes = [
        (losses[i + 1] - losses[i]) / (math.log(rates[i + 1]) - math.log(rates[i]))
        for i in range(len(losses) - 1)
    ]
    assert test.suggestion("steep") == rates[slopes.index(min(slopes))]
    length, end = longest_fall(losses)
    place = end - length + int(length / 3) + int(length / 3 / 2)
    assert test.suggestion() == test.suggestion("valley") == rates[place]
    assert test.suggestion("valley") < test.suggestion("steep") < rates[lowest]


def test_rules_stop_at_the_first_loss_that_is_no_number() -> None:
    losses = bowl()
    losses[80:] = np.nan
    assert curve(losses).suggestion("steep") == curve(bowl()).suggestion("steep")


@pytest.mark.parametrize("rule", finder.RULES)
@pytest.mark.parametrize(
    ("losses", "steps", "reason"),
    [
        (np.full(100, 2.3), 100, "never falls by 1 %.*higher max_learning_rate"),
        (2.3 + np.arange(100) / 50, 100, "never falls by 1 %.*lower min_learning_rate"),
        (np.array([np.nan]), 100, "only 0 of 100 steps.*look at your data"),
        (np.full(100, np.nan), 100, "only 0 of 100 steps.*look at your data"),
        (bowl()[:17], 100, "only 2 of 100 steps.*much lower min_learning_rate"),
        (bowl()[:7], 7, "only 2 of 7 steps.*Take more steps"),
    ],
)
def test_no_suggestion_says_why(rule: str, losses, steps: int, reason: str) -> None:
    with pytest.raises(NoSuggestion, match=f"no suggestion.*{reason}"):
        curve(losses, steps).suggestion(rule)


def test_no_minimum_in_a_curve_that_still_falls() -> None:
    test = curve(np.linspace(2.3, 0.5, 100))
    with pytest.raises(NoSuggestion, match=r"still falls at the end of the test.*higher max"):
        test.suggestion("minimum")
    assert test.suggestion("valley") > 0


def test_unknown_rule_lists_the_rules() -> None:
    with pytest.raises(ValueError, match=r"rule must be one of 'valley', 'steep', 'minimum', got"):
        curve(bowl()).suggestion("best")


def test_plot_draws_both_curves_on_a_log_axis(data) -> None:
    axes = curve(bowl(noise=0.05)).plot()
    assert axes.get_xscale() == "log" and len(axes.lines) == 2
    assert axes.get_xlabel() == "learning rate" and axes.get_ylabel() == "loss"
    assert curve(bowl()).plot(axes) is axes


def test_a_schedule_inside_is_refused_with_what_to_do(data) -> None:
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 100)
    model = make_model(keras.optimizers.SGD(schedule))
    with pytest.raises(
        TypeError, match=r"a schedule or function.*with a number.*SGD\(0\.01, \.\.\.\)"
    ):
        find_learning_rate(model, *data)


def test_works_under_mixed_precision(data) -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = make_model(keras.optimizers.SGD(0.05, momentum=0.9))
        model.optimizer.build(model.trainable_variables)
        before = state_of(model)
        test = find_learning_rate(model, *data, 1e-3, 1.0, batch_size=32)
        assert test.smoothed_losses[-1] < test.losses[0]
        assert_same(state_of(model), before)
    finally:
        keras.config.set_dtype_policy("float32")


BAD = [
    ({"model": 3}, TypeError, "model must be a Keras model, got int"),
    ({"y": np.zeros(3)}, ValueError, "x and y must have the same length, got 1000 and 3"),
    ({"min_learning_rate": 0.0}, ValueError, "above 0 and below max_learning_rate"),
    ({"min_learning_rate": 20.0}, ValueError, "above 0 and below max_learning_rate"),
    ({"min_learning_rate": "low"}, TypeError, "min_learning_rate must be a number, got str 'low'"),
    ({"max_learning_rate": math.inf}, ValueError, "max_learning_rate must be a finite number"),
    ({"steps": 19}, ValueError, "steps must be 20 or more, got 19"),
    ({"steps": 50.0}, TypeError, "steps must be an int, got float 50.0"),
    ({"batch_size": 1001}, ValueError, "batch_size must be at most 1000"),
    ({"batch_size": 0}, ValueError, "batch_size must be 1 or more"),
    ({"seed": -1}, ValueError, "seed must be 0 or more"),
    ({"stop_factor": 1.0}, ValueError, "stop_factor must be above 1"),
    ({"stop_factor": math.nan}, ValueError, "stop_factor must be a finite number"),
]


@pytest.mark.parametrize(("wrong", "error", "message"), BAD)
def test_bad_input_is_refused_by_name(wrong: dict, error: type, message: str, data) -> None:
    arguments = {"model": make_model(keras.optimizers.SGD(0.1)), "x": data[0], "y": data[1]}
    with pytest.raises(error, match=message):
        find_learning_rate(**(arguments | wrong))


def test_a_model_that_is_not_compiled_is_refused(data) -> None:
    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(4)])
    with pytest.raises(ValueError, match="model must be compiled"):
        find_learning_rate(model, *data)
