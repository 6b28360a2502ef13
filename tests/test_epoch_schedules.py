"""The factories give the published numbers, follow their formulas and refuse bad input."""

import math
import subprocess
import sys

import keras
import numpy as np
import pytest
from conftest import PROJECT
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.epoch_schedules import (
    checked_at_most,
    checked_rate,
    checked_steps,
    constant,
    constant_then_exponential_decay,
    exponential_decay,
    hold_then_decay,
    one_cycle,
    time_based_decay,
)

PURE = [
    constant,
    time_based_decay,
    exponential_decay,
    constant_then_exponential_decay,
    one_cycle,
]
ALL = [*PURE, hold_then_decay]

# The five series printed in the chart of dzlab, "Learning Rate Scheduling with Callbacks".
PUBLISHED = {
    constant: [0.001] * 20,
    time_based_decay: [
        0.001,
        0.0009090909090909091,
        0.0008333333333333334,
        0.0007692307692307692,
        0.0007142857142857144,
        0.0006666666666666666,
        0.000625,
        0.000588235294117647,
        0.0005555555555555556,
        0.0005263157894736842,
        0.0005,
        0.0004761904761904762,
        0.00045454545454545455,
        0.0004347826086956522,
        0.00041666666666666664,
        0.0004,
        0.0003846153846153846,
        0.00037037037037037035,
        0.0003571428571428572,
        0.0003448275862068965,
    ],
    exponential_decay: [
        0.001,
        0.0009048374180359595,
        0.0008187307530779819,
        0.0007408182206817179,
        0.0006703200460356394,
        0.0006065306597126335,
        0.0005488116360940264,
        0.0004965853037914095,
        0.0004493289641172216,
        0.00040656965974059914,
        0.00036787944117144236,
        0.00033287108369807955,
        0.00030119421191220205,
        0.0002725317930340126,
        0.00024659696394160646,
        0.00022313016014842982,
        0.00020189651799465538,
        0.0001826835240527346,
        0.00016529888822158653,
        0.00014956861922263504,
    ],
    constant_then_exponential_decay: [
        *[0.001] * 10,
        0.00036787944117144236,
        0.00033287108369807955,
        0.00030119421191220205,
        0.0002725317930340126,
        0.00024659696394160646,
        0.00022313016014842982,
        0.00020189651799465538,
        0.0001826835240527346,
        0.00016529888822158653,
        0.00014956861922263504,
    ],
    one_cycle: [
        0.0001,
        0.00019,
        0.00028,
        0.00036999999999999994,
        0.00045999999999999996,
        0.00055,
        0.0006399999999999999,
        0.00073,
        0.00082,
        0.00091,
        0.001,
        0.0008020000000000001,
        0.0006436000000000001,
        0.0005168800000000002,
        0.0004155040000000001,
        0.0003344032000000001,
        0.0002695225600000001,
        0.00021761804800000007,
        0.00017609443840000007,
        0.00014287555072000006,
    ],
}

rates = st.floats(0, 10)
decays = st.floats(0, 5)
counts = st.integers(0, 200)
modest = settings(max_examples=60, deadline=None)


def name(factory) -> str:
    return getattr(factory, "__name__", repr(factory))


@pytest.mark.parametrize("factory", PURE, ids=name)
def test_published_series(factory):
    published = PUBLISHED[factory]
    assert len(published) == 20
    planned = [factory()(epoch) for epoch in range(20)]
    np.testing.assert_allclose(planned, published, rtol=0, atol=1e-12)


@pytest.mark.parametrize("factory", PURE, ids=name)
def test_both_calling_forms_give_the_same_python_float(factory):
    schedule = factory()
    for epoch in (0, 3, 10, 25):
        assert type(schedule(epoch)) is float
        assert schedule(epoch) == schedule(epoch, 0.5) == schedule(epoch, lr=123.0)


@pytest.mark.parametrize("factory", PURE, ids=name)
def test_calls_in_any_order_and_twice_give_the_same(factory):
    schedule = factory()
    forward = [schedule(epoch) for epoch in range(30)]
    backward = [schedule(epoch) for epoch in reversed(range(30))]
    assert forward == backward[::-1]


@pytest.mark.parametrize("factory", PURE, ids=name)
def test_epochs_beyond_any_end_give_finite_rates(factory):
    for epoch in (1_000, 100_000, 10**9):
        assert 0 <= factory()(epoch) <= 1e-3


@modest
@given(rates, decays, counts)
def test_closed_formulas(start_lr, decay, epoch):
    assert constant(start_lr)(epoch) == start_lr
    assert time_based_decay(start_lr, decay)(epoch) == start_lr / (1 + decay * epoch)
    assert exponential_decay(start_lr, decay)(epoch) == start_lr * math.exp(-decay * epoch)


@modest
@given(rates, counts, decays, counts)
def test_constant_then_exponential_is_one_of_the_two(start_lr, rampup_epochs, exp_decay, epoch):
    schedule = constant_then_exponential_decay(start_lr, rampup_epochs, exp_decay)
    other = constant(start_lr) if epoch < rampup_epochs else exponential_decay(start_lr, exp_decay)
    assert schedule(epoch) == other(epoch)


def test_constant_then_exponential_jumps():
    schedule = constant_then_exponential_decay()
    assert schedule(9) == 1e-3
    assert schedule(10) == pytest.approx(0.368e-3, abs=1e-6)


@modest
@given(rates, rates, rates, counts, counts, st.floats(0, 1), counts)
def test_one_cycle_stays_between_its_rates(a, b, c, rampup, sustain, exp_decay, epoch):
    start_lr, min_lr, max_lr = a, b, max(a, b, c)
    rate = one_cycle(start_lr, min_lr, max_lr, rampup, sustain, exp_decay)(epoch)
    slack = 1e-12 * max_lr
    if epoch < rampup:
        expected = start_lr + (max_lr - start_lr) * epoch / rampup
        assert rate == pytest.approx(expected, rel=1e-12, abs=1e-300)
        assert start_lr - slack <= rate <= max_lr + slack
    elif epoch <= rampup + sustain:
        assert rate == pytest.approx(max_lr, rel=1e-12)
    else:
        assert min_lr - slack <= rate <= max_lr + slack


def test_one_cycle_sustains_and_then_falls_by_its_factor():
    schedule = one_cycle(rampup_epochs=3, sustain_epochs=2, min_lr=0.0, exp_decay=0.5)
    assert [schedule(epoch) for epoch in range(3, 8)] == [1e-3, 1e-3, 1e-3, 5e-4, 2.5e-4]


@modest
@given(decays, st.floats(1e-6, 10))
def test_decays_never_rise(decay, start_lr):
    for factory in (time_based_decay, exponential_decay):
        planned = [factory(start_lr, decay)(epoch) for epoch in range(20)]
        assert planned == sorted(planned, reverse=True)
    planned = [constant_then_exponential_decay(start_lr, 7, decay)(epoch) for epoch in range(20)]
    assert planned == sorted(planned, reverse=True)


def test_whole_numbers_as_rates_still_give_floats_which_keras_needs():
    for schedule in (
        constant(1),
        time_based_decay(1, 0),
        exponential_decay(1, 0),
        constant_then_exponential_decay(1, 5, 0),
        one_cycle(1, 1, 1, 2, 2, 1),
        one_cycle(0, 0, 0, 0, 0, 0),
    ):
        assert all(type(schedule(epoch)) is float for epoch in range(8))
    assert type(hold_then_decay()(0, 1)) is float


def test_hold_then_decay_by_hand():
    schedule = hold_then_decay()
    rate, recorded = 1e-3, []
    for epoch in range(8):
        rate = schedule(epoch, rate)
        recorded.append(rate)
    assert recorded[:5] == [1e-3] * 5
    np.testing.assert_allclose(recorded[5:], [1e-3 * math.exp(-0.1 * n) for n in (1, 2, 3)])


@modest
@given(counts, decays, counts, rates)
def test_hold_then_decay_formula(hold_epochs, rate, epoch, lr):
    expected = lr if epoch < hold_epochs else lr * math.exp(-rate)
    assert hold_then_decay(hold_epochs, rate)(epoch, lr) == expected


def test_hold_then_decay_cannot_do_without_the_rate():
    with pytest.raises(TypeError, match=r"^lr must be a number, got NoneType None$"):
        hold_then_decay()(3)


# Bad input: argument, value and what is allowed are named, before any training.

RATES = [
    (constant, "start_lr"),
    (time_based_decay, "start_lr"),
    (exponential_decay, "start_lr"),
    (constant_then_exponential_decay, "start_lr"),
    (one_cycle, "start_lr"),
    (one_cycle, "min_lr"),
    (one_cycle, "max_lr"),
]
DECAYS = [
    (hold_then_decay, "rate"),
    (time_based_decay, "decay"),
    (exponential_decay, "exp_decay"),
    (constant_then_exponential_decay, "exp_decay"),
    (one_cycle, "exp_decay"),
]
EPOCHS = [
    (hold_then_decay, "hold_epochs"),
    (constant_then_exponential_decay, "rampup_epochs"),
    (one_cycle, "rampup_epochs"),
    (one_cycle, "sustain_epochs"),
]
NOT_NUMBERS = [True, None, "0.1", [0.1], 1j, keras.ops.convert_to_tensor(0.1)]


@pytest.mark.parametrize(("factory", "argument"), RATES + DECAYS)
@pytest.mark.parametrize("bad", [-1e-3, math.nan, math.inf, -math.inf])
def test_numbers_that_are_no_rate(factory, argument, bad):
    message = f"^{argument} must be a finite number, 0 or more, got {bad}$"
    with pytest.raises(ValueError, match=message):
        factory(**{argument: bad})


@pytest.mark.parametrize(("factory", "argument"), RATES + DECAYS)
@pytest.mark.parametrize("bad", NOT_NUMBERS, ids=lambda bad: type(bad).__name__)
def test_not_a_number(factory, argument, bad):
    with pytest.raises(TypeError, match=f"^{argument} must be a number, got {type(bad).__name__}"):
        factory(**{argument: bad})


@pytest.mark.parametrize(("factory", "argument"), EPOCHS)
@pytest.mark.parametrize("bad", [True, None, 2.0, "5", math.nan])
def test_not_a_number_of_epochs(factory, argument, bad):
    with pytest.raises(TypeError, match=f"^{argument} must be an int, got {type(bad).__name__}"):
        factory(**{argument: bad})


@pytest.mark.parametrize(("factory", "argument"), EPOCHS)
def test_negative_number_of_epochs(factory, argument):
    with pytest.raises(ValueError, match=f"^{argument} must be 0 or more, got -1$"):
        factory(**{argument: -1})


@pytest.mark.parametrize("factory", ALL, ids=name)
def test_bad_epoch(factory):
    schedule = factory()
    for bad in (1.0, True, None, "3"):
        with pytest.raises(TypeError, match=r"^epoch must be an int, got "):
            schedule(bad, 1e-3)
    with pytest.raises(ValueError, match=r"^epoch must be 0 or more, got -1$"):
        schedule(-1, 1e-3)


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_hold_then_decay_refuses_a_bad_current_rate(bad):
    with pytest.raises(ValueError, match=f"^lr must be a finite number, 0 or more, got {bad}$"):
        hold_then_decay()(0, bad)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start_lr": 2e-3}, "start_lr must be at most max_lr, which is 0.001, got 0.002"),
        ({"min_lr": 2e-3}, "min_lr must be at most max_lr, which is 0.001, got 0.002"),
        ({"max_lr": 5e-5}, "start_lr must be at most max_lr, which is 5e-05, got 0.0001"),
        ({"exp_decay": 1.5}, "exp_decay must be at most 1, got 1.5"),
    ],
)
def test_one_cycle_names_what_is_too_high_and_what_is_allowed(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        one_cycle(**arguments)


@pytest.mark.parametrize("good", [0, 1, 0.1, np.float64(0.1), np.float32(0.1), np.int64(1)])
def test_good_rates_come_back_as_floats(good):
    assert type(checked_rate("a", good)) is float and checked_rate("a", good) == good
    assert type(checked_at_most("a", good, 1.0)) is float and checked_at_most("a", good, 1) == good


@pytest.mark.parametrize("good", [0, 3, 10**9, np.int64(3)])
def test_good_numbers_of_epochs_come_back_as_ints(good):
    assert type(checked_steps("a", good, minimum=0)) is int
    assert checked_steps("a", good, minimum=0) == good


def test_zero_steps_are_refused_unless_allowed():
    with pytest.raises(ValueError, match=r"^a must be 1 or more, got 0$"):
        checked_steps("a", 0)


def test_a_long_value_is_cut_in_the_message():
    with pytest.raises(TypeError) as caught:
        constant([0.1] * 1000)
    assert len(str(caught.value)) < 110


@pytest.mark.parametrize(("factory", "argument"), RATES + DECAYS)
def test_a_number_of_numpy_gives_python_floats(factory, argument):
    schedule, of_numpy = factory(**{argument: 5e-4}), factory(**{argument: np.float32(5e-4)})
    for epoch in range(20):
        rate = of_numpy(epoch, 1e-3)
        assert type(rate) is float and rate == pytest.approx(schedule(epoch, 1e-3), rel=1e-6)


@pytest.mark.parametrize("factory", PURE, ids=name)
def test_epochs_of_numpy_give_the_same(factory):
    planned = [factory()(epoch) for epoch in np.arange(20)]
    assert planned == pytest.approx([factory()(n) for n in range(20)], rel=1e-12)
    assert all(isinstance(rate, float) for rate in planned)


def test_needs_nothing_but_python(tmp_path):
    """So it serves Keras on any backend: nothing is imported that Python does not bring."""
    program = (
        "import sys\n"
        f"sys.path.insert(0, {str(PROJECT / 'helpers')!r})\n"
        "import epoch_schedules\n"
        "assert epoch_schedules.one_cycle()(10) == 1e-3\n"
        "names = {name.split('.')[0] for name in sys.modules} - {'epoch_schedules'}\n"
        "foreign = names - set(sys.stdlib_module_names) - {'__main__'}\n"
        "print(sorted(name for name in foreign if not name.startswith('_')))"
    )
    # -S: without it, files of installed packages may import something when Python starts.
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


# With Keras.


def model_with_one_weight(rate: float = 1e-3) -> keras.Model:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
    return model


def rates_of_fit(model, schedule, epochs, initial_epoch=0):
    x = np.ones((4, 1), np.float32)
    history = model.fit(
        x,
        x,
        epochs=epochs,
        initial_epoch=initial_epoch,
        verbose=0,
        callbacks=[keras.callbacks.LearningRateScheduler(schedule)],
    )
    return history.history["learning_rate"]


def test_keras_uses_exactly_the_planned_rates():
    model = model_with_one_weight()
    for factory in PURE:
        recorded = rates_of_fit(model, factory(), 20)
        assert recorded == [float(np.float32(factory()(epoch))) for epoch in range(20)], factory


def test_keras_uses_hold_then_decay_from_the_rate_of_the_optimizer():
    recorded = rates_of_fit(model_with_one_weight(0.5), hold_then_decay(2, 0.3), 5)
    expected = [0.5, 0.5, *[0.5 * math.exp(-0.3 * n) for n in (1, 2, 3)]]
    np.testing.assert_allclose(recorded, expected, rtol=1e-6)


def test_after_a_restart_the_pure_schedules_go_on_and_hold_then_decay_does_not():
    new = model_with_one_weight()
    for factory in PURE:
        resumed = rates_of_fit(new, factory(), 14, initial_epoch=8)
        assert resumed == [float(np.float32(factory()(epoch))) for epoch in range(8, 14)]
    resumed = rates_of_fit(model_with_one_weight(), hold_then_decay(), 9, initial_epoch=8)
    assert resumed == [pytest.approx(1e-3 * math.exp(-0.1), rel=1e-6)]


def test_a_saved_and_loaded_model_goes_on_with_hold_then_decay(tmp_path):
    whole = rates_of_fit(model_with_one_weight(), hold_then_decay(), 10)
    model = model_with_one_weight()
    first = rates_of_fit(model, hold_then_decay(), 7)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert first + rates_of_fit(loaded, hold_then_decay(), 10, initial_epoch=7) == whole
