"""The pictures of lesson 3: what is drawn is what was recorded."""

from types import SimpleNamespace

import keras
import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")
import matplotlib.pyplot as plt

from helpers import plots
from helpers.callbacks import Event

COSINE = keras.optimizers.schedules.CosineDecay(0.1, 100)


@pytest.fixture(autouse=True)
def close_figures() -> None:
    yield
    plt.close("all")


def record(per: str, steps: list[int], epochs: list[int], rates: list[float]) -> SimpleNamespace:
    return SimpleNamespace(per=per, steps=steps, epochs=epochs, learning_rates=rates)


def drawn(axes: plt.Axes) -> list[tuple[list[float], list[float]]]:
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines]


def test_rates_per_step_lie_over_the_plan() -> None:
    axes = plots.plot_rates(lambda step: step / 10, record("step", [4, 5], [1, 1], [0.4, 0.6]))
    assert drawn(axes) == [([4, 5], [0.4, 0.5]), ([4, 5], [0.4, 0.6])]
    assert axes.get_xlabel() == "step" and axes.get_ylabel() == "learning rate"


def test_rates_per_epoch_are_drawn_against_epochs() -> None:
    recorded = record("epoch", [9, 19], [0, 1], [0.1, 0.2])
    axes = plots.plot_rates([0.1, 0.3], recorded, label="mine")
    assert drawn(axes) == [([0, 1], [0.1, 0.3]), ([0, 1], [0.1, 0.2])]
    assert axes.get_xlabel() == "epoch"
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["mine: planned", "mine: recorded"]


def test_a_keras_schedule_is_asked_for_steps_even_if_the_record_is_per_epoch() -> None:
    recorded = record("epoch", [9, 19], [0, 1], [float(COSINE(9)), float(COSINE(19))])
    (_, plan), (_, rates) = drawn(plots.plot_rates(COSINE, recorded))
    np.testing.assert_allclose(plan, rates, rtol=1e-6)


def test_lists_of_rates_and_given_axes() -> None:
    _, axes = plt.subplots()
    assert plots.plot_rates(COSINE, [0.1, 0.1], axes=axes) is axes
    plots.plot_rates([1.0], [1.0], axes=axes)
    assert len(axes.lines) == 4 and drawn(axes)[2] == ([0], [1.0])


def test_rates_refuse_nothing_recorded_and_a_plan_of_another_length() -> None:
    with pytest.raises(ValueError, match="has it been in a fit"):
        plots.plot_rates([], [])
    with pytest.raises(ValueError, match="for each of the 2 recorded, got 3"):
        plots.plot_rates([1, 2, 3], [1, 2])


EVENTS = [
    Event("on_train_begin", None, (), 0),
    Event("on_epoch_begin", 0, (), 1),
    Event("on_train_batch_begin", 0, (), 2),
    Event("on_train_batch_end", 0, ("loss",), 2),
    Event("on_epoch_end", 0, ("loss",), 1),
    Event("on_train_end", None, ("loss",), 0),
]


def test_events_are_nested_bars_from_begin_to_end() -> None:
    axes = plots.plot_events(EVENTS)
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    assert bars == [(0, 5), (1, 4), (2, 3)]
    assert [bar.get_y() + bar.get_height() / 2 for bar in axes.patches] == [0, 1, 2]
    assert [text.get_text() for text in axes.texts] == ["train", "epoch 0", "batch 0"]
    assert axes.yaxis_inverted(), "what is inside lies lower"


def test_an_event_that_never_ended_runs_to_the_last_one() -> None:
    axes = plots.plot_events(EVENTS[:3])
    assert [bar.get_x() + bar.get_width() for bar in axes.patches] == [2, 2, 2]
    with pytest.raises(ValueError, match="at least one event"):
        plots.plot_events([])


def test_predictions_show_each_image_above_its_classes_by_epochs() -> None:
    probabilities = np.random.default_rng(0).random((3, 2, 4))
    images = np.zeros((2, 28, 28))
    figure = plots.plot_predictions(images, [1, 3], probabilities, "abcd")
    maps = [axes.images[0].get_array() for axes in figure.axes[2:4]]
    np.testing.assert_array_equal(maps[1], probabilities[:, 1].T)
    assert [axes.get_title() for axes in figure.axes[:2]] == ["b", "d"]
    assert [axes.patches[0].get_y() + 0.5 for axes in figure.axes[2:4]] == [1, 3]
    with pytest.raises(ValueError, match=r"shape \(epochs, 2, 3\), got \(3, 2, 4\)"):
        plots.plot_predictions(images, [1, 2], probabilities, "abc")


def test_features_share_one_scale() -> None:
    figure = plots.plot_features(
        [np.zeros((2, 5)), np.full((2, 5), 7.0)], ["before", "after"], "ab"
    )
    assert [axes.images[0].get_clim() for axes in figure.axes[:2]] == [(0, 7), (0, 7)]
    assert [axes.get_title() for axes in figure.axes[:2]] == ["before", "after"]
    with pytest.raises(ValueError, match="one entry per panel, 1"):
        plots.plot_features([np.zeros((2, 5))], [], "ab")
