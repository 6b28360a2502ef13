"""plot_schedules draws what the schedules give, in the course's colours, and refuses the rest."""

import math

import keras
import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf

from helpers import plots

schedules = keras.optimizers.schedules


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def decay(epoch: int) -> float:
    return 0.001 * math.exp(-0.1 * epoch)


def drawn(axes, index=0):
    return np.asarray(axes.lines[index].get_ydata())


def test_an_epoch_function_gets_python_ints_and_is_drawn_exactly():
    seen = []

    def schedule(epoch):
        seen.append(epoch)
        return decay(epoch)

    axes = plots.plot_schedules({"exponential": schedule}, 20)
    assert seen == list(range(20)) and all(type(epoch) is int for epoch in seen)
    assert drawn(axes).tolist() == [decay(epoch) for epoch in range(20)]
    assert axes.lines[0].get_xdata().tolist() == list(range(20))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "learning rate")


def test_an_epoch_lr_function_whose_lr_has_a_default_is_drawn():
    axes = plots.plot_schedules({"constant": lambda epoch, lr=None: 0.5}, 3)
    assert drawn(axes).tolist() == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.ExponentialDecay(1.0, 100, 0.5),
        schedules.PiecewiseConstantDecay([50, 100], [1.0, 0.5, 0.1]),
        schedules.CosineDecayRestarts(1.0, 60),
        schedules.CosineDecay(0.1, 100, warmup_target=1.0, warmup_steps=20),  # scalars only
    ],
    ids=lambda schedule: type(schedule).__name__,
)
def test_a_keras_schedule_is_drawn_as_it_trains(schedule):
    axes = plots.plot_schedules({"mine": schedule}, 150, x_label="step")
    one_by_one = [float(schedule(tf.constant(step, tf.int64))) for step in range(150)]
    np.testing.assert_allclose(drawn(axes), one_by_one, rtol=0, atol=2e-7)
    assert axes.get_xlabel() == "step"


def test_a_keras_schedule_that_takes_arrays_is_called_once():
    calls = []

    class Counting(schedules.LearningRateSchedule):
        def __call__(self, step):
            calls.append(step)
            return 1.0 / (keras.ops.cast(step, "float32") + 1.0)

        def get_config(self):
            return {}

    plots.plot_schedules({"counting": Counting()}, 5000)
    assert len(calls) == 1 and calls[0].dtype == np.int64


def test_chosen_steps_and_given_axes():
    _, given = plt.subplots()
    axes = plots.plot_schedules({"linear": decay}, range(10, 30, 5), axes=given)
    assert axes is given
    assert axes.lines[0].get_xdata().tolist() == [10, 15, 20, 25]


def test_colours_by_name_and_different_line_styles():
    names = ["constant", "time-based", "exponential", "constant then exponential", "one-cycle"]
    axes = plots.plot_schedules({name: decay for name in [*names, "own a", "own b"]}, 5)
    colours = [line.get_color() for line in axes.lines]
    assert colours[:5] == [plots.SCHEDULE_COLOURS[name] for name in names]
    assert len(set(colours)) == 7
    assert len({(str(line.get_linestyle()), line.get_marker()) for line in axes.lines[:5]}) == 5
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == [*names, "own a", "own b"]


def test_a_second_call_on_the_same_axes_goes_on_with_other_line_styles():
    axes = plots.plot_schedules({"constant": decay}, 5)
    plots.plot_schedules({"exponential": decay}, 5, axes=axes)
    assert axes.lines[0].get_linestyle() != axes.lines[1].get_linestyle()


def test_markers_only_where_points_are_few():
    assert plots.plot_schedules({"a": decay}, 20).lines[0].get_marker() == "o"
    assert plots.plot_schedules({"a": decay}, 200).lines[0].get_marker() in ("", "None")


@pytest.mark.parametrize("schedules_", [decay, [decay], None])
def test_not_a_mapping(schedules_):
    with pytest.raises(TypeError, match="schedules must map names to schedules"):
        plots.plot_schedules(schedules_, 5)


def test_nothing_to_draw():
    with pytest.raises(ValueError, match="at least one schedule"):
        plots.plot_schedules({}, 5)


@pytest.mark.parametrize("value", [0.001, None, [0.1, 0.2]])
def test_not_callable(value):
    with pytest.raises(TypeError, match=r"schedules\['flat'\] must be callable"):
        plots.plot_schedules({"flat": value}, 5)


@pytest.mark.parametrize("steps", [0, -3, True, [], [-1, 2], [0.5, 1.0], 2.5, [[1, 2]], None])
def test_bad_steps(steps):
    with pytest.raises(ValueError, match="steps must be"):
        plots.plot_schedules({"a": decay}, steps)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_rate_that_is_not_finite(bad):
    with pytest.raises(ValueError, match=r"schedules\['a'\] must give finite rates.*at 3"):
        plots.plot_schedules({"a": lambda epoch: bad if epoch == 3 else 0.1}, 5)


@pytest.mark.parametrize("bad", [None, "fast", [0.1, 0.2]])
def test_a_result_that_is_not_one_number(bad):
    with pytest.raises(ValueError, match=r"schedules\['a'\] must give one number per step"):
        plots.plot_schedules({"a": lambda epoch: bad}, 5)


def test_runs_are_drawn_as_mean_and_band():
    runs = {"constant": [[1, 2, 3], [3, 4, 5]], "own": [[0, 0, 0]]}
    axes = plots.plot_runs(runs, [5, 10, 15], y_label="accuracy in %")
    assert drawn(axes).tolist() == [2, 3, 4]
    assert axes.lines[0].get_color() == plots.SCHEDULE_COLOURS["constant"]
    assert axes.lines[0].get_linestyle() != axes.lines[1].get_linestyle()
    band = axes.collections[0].get_paths()[0].get_extents()
    assert (band.y0, band.y1) == (1, 5)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epochs trained", "accuracy in %")


@pytest.mark.parametrize("bad", [[], [1, 2, 3], [[1, 2]], [[1, 2, 3, 4]]])
def test_runs_of_the_wrong_shape(bad):
    with pytest.raises(ValueError, match=r"runs\['a'\] must have shape \(runs, 3\)"):
        plots.plot_runs({"a": bad}, [1, 2, 3])


def test_runs_that_are_not_finite():
    with pytest.raises(ValueError, match=r"runs\['a'\] must be finite"):
        plots.plot_runs({"a": [[1, math.nan]]}, [1, 2])
