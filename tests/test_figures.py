"""What the pictures of single lessons draw, and what they refuse."""

from types import SimpleNamespace

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers import figures, plots
from helpers.callbacks import Event
from helpers.learning_rate_finder import RateTest


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


IMAGE = np.arange(28 * 28).reshape(28, 28) % 256


def texts(axes: plt.Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_pixels_of_a_whole_image() -> None:
    axes = figures.plot_pixels(IMAGE)
    (image,) = axes.images
    np.testing.assert_array_equal(image.get_array(), IMAGE)
    assert image.get_extent() == [-0.5, 27.5, 27.5, -0.5]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("column", "row")
    assert texts(axes) == []


def test_pixels_of_a_part_keep_their_place_and_show_their_numbers() -> None:
    _, given = plt.subplots()
    axes = figures.plot_pixels(IMAGE, rows=(3, 5), columns=(10, 13), numbers=True, axes=given)
    assert axes is given
    (image,) = axes.images
    np.testing.assert_array_equal(image.get_array(), IMAGE[3:5, 10:13])
    assert image.get_extent() == [9.5, 12.5, 4.5, 2.5]
    assert image.get_clim() == (0, 255), "the same grey as in the whole image"
    assert texts(axes) == [str(value) for value in IMAGE[3:5, 10:13].ravel()]
    assert axes.texts[0].get_position() == (10, 3)
    assert axes.texts[-1].get_position() == (12, 4)


def test_pixel_numbers_stay_readable_on_dark_and_light() -> None:
    axes = figures.plot_pixels(np.array([[0.0, 1.0]]), numbers=True)
    assert texts(axes) == ["0.00", "1.00"]
    assert [text.get_color() for text in axes.texts] == [plots.BLACK, "white"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"image": np.zeros((1, 28, 28))}, r"image must have shape \(height, width\)"),
        ({"image": IMAGE, "rows": (5, 5)}, r"rows must be \(start, stop\) within 0 to 28"),
        ({"image": IMAGE, "rows": (-1, 5)}, "rows must be"),
        ({"image": IMAGE, "columns": (20, 29)}, r"columns must be .* got \(20, 29\)"),
    ],
)
def test_pixels_refuse(arguments: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        figures.plot_pixels(**arguments)


def test_images_row_after_row_with_titles_on_the_first() -> None:
    images = np.arange(7)[:, np.newaxis, np.newaxis] * np.ones((1, 4, 4))
    axes = figures.plot_images(images, titles=["a", "b"], columns=3)
    assert axes.shape == (3, 3)
    drawn = [place.images[0].get_array()[0, 0] for place in axes.ravel() if place.images]
    assert drawn == [0, 1, 2, 3, 4, 5, 6]
    assert [place.get_title() for place in axes.ravel()[:3]] == ["a", "b", ""]
    assert not any(place.axison for place in axes.ravel())


def test_images_on_given_axes() -> None:
    _, given = plt.subplots(1, 2)
    assert figures.plot_images(np.zeros((2, 4, 4)), axes=given) is given
    assert all(len(place.images) == 1 for place in given)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"images": np.zeros((28, 28))}, r"images must have shape \(n, height, width\)"),
        ({"images": np.zeros((0, 28, 28))}, "n >= 1"),
        ({"images": np.zeros((1, 4, 4)), "titles": ["a", "b"]}, "titles must be at most 1"),
        ({"images": np.zeros((1, 4, 4)), "columns": 0}, "columns must be at least 1"),
        ({"images": np.zeros((3, 4, 4)), "axes": np.array([None])}, "axes must be at least 3"),
    ],
)
def test_images_refuse(arguments: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        figures.plot_images(**arguments)


def test_class_balance_draws_shares_in_per_cent() -> None:
    labels = {"mine": np.array([0, 0, 0, 1]), "yours": [0, 1, 2, 2, 2, 2, 2, 2, 2, 2]}
    axes = figures.plot_class_balance(labels, ["zero", "one", "two"])
    widths = [[bar.get_width() for bar in bars] for bars in axes.containers]
    assert widths == [[75, 25, 0], pytest.approx([10, 10, 80])]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["zero", "one", "two"]
    assert axes.yaxis_inverted(), "the first class is at the top"
    assert axes.lines[0].get_xdata() == pytest.approx([100 / 3] * 2)
    legend = {text.get_text() for text in axes.get_legend().get_texts()}
    assert legend == {"mine", "yours", "equal share: 33.3333 %"}
    assert "%" in axes.get_xlabel()


def test_class_balance_bars_do_not_overlap_and_differ_without_colour() -> None:
    _, given = plt.subplots()
    axes = figures.plot_class_balance({"a": [0, 1], "b": [1, 0]}, "xy", axes=given)
    assert axes is given
    first, second = (bars[0] for bars in axes.containers)
    assert first.get_y() + first.get_height() == pytest.approx(second.get_y())
    assert first.get_hatch() != second.get_hatch()


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({}, "at least one set of labels"),
        ({"mine": []}, r"labels\['mine'\]"),
        ({"mine": [0, 2]}, "numbers from 0 to 1"),
        ({"mine": [-1, 0]}, "numbers from 0 to 1"),
    ],
)
def test_class_balance_refuses(labels: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        figures.plot_class_balance(labels, "ab")


EVENTS = [
    Event("on_train_begin", None, (), 0),
    Event("on_epoch_begin", 0, (), 1),
    Event("on_train_batch_begin", 0, (), 2),
    Event("on_train_batch_end", 0, ("loss",), 2),
    Event("on_epoch_end", 0, ("loss",), 1),
    Event("on_train_end", None, ("loss",), 0),
]


def test_events_are_nested_bars_from_begin_to_end() -> None:
    axes = figures.plot_events(EVENTS)
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    assert bars == [(0, 5), (1, 4), (2, 3)]
    assert [bar.get_y() + bar.get_height() / 2 for bar in axes.patches] == [0, 1, 2]
    assert [text.get_text() for text in axes.texts] == ["train", "epoch 0", "batch 0"]
    assert axes.yaxis_inverted(), "what is inside lies lower"


def test_an_event_that_never_ended_runs_to_the_last_one() -> None:
    axes = figures.plot_events(EVENTS[:3])
    assert [bar.get_x() + bar.get_width() for bar in axes.patches] == [2, 2, 2]
    with pytest.raises(ValueError, match="at least one event"):
        figures.plot_events([])


def test_predictions_show_each_image_above_its_classes_by_epochs() -> None:
    probabilities = np.random.default_rng(0).random((3, 2, 4))
    images = np.zeros((2, 28, 28))
    figure = figures.plot_predictions(images, [1, 3], probabilities, "abcd")
    maps = [axes.images[0].get_array() for axes in figure.axes[2:4]]
    np.testing.assert_array_equal(maps[1], probabilities[:, 1].T)
    assert [axes.get_title() for axes in figure.axes[:2]] == ["b", "d"]
    assert [axes.patches[0].get_y() + 0.5 for axes in figure.axes[2:4]] == [1, 3]
    with pytest.raises(ValueError, match=r"shape \(epochs, 2, 3\), got \(3, 2, 4\)"):
        figures.plot_predictions(images, [1, 2], probabilities, "abc")


def test_features_share_one_scale() -> None:
    figure = figures.plot_features(
        [np.zeros((2, 5)), np.full((2, 5), 7.0)], ["before", "after"], "ab"
    )
    assert [axes.images[0].get_clim() for axes in figure.axes[:2]] == [(0, 7), (0, 7)]
    assert [axes.get_title() for axes in figure.axes[:2]] == ["before", "after"]
    with pytest.raises(ValueError, match="one entry per panel, 1"):
        figures.plot_features([np.zeros((2, 5))], [], "ab")


class Slider:
    """As much of an ipywidgets slider as ``explore`` uses."""

    def __init__(self, value: float) -> None:
        self.value = value
        self.description = ""
        self.heard_by = []

    def observe(self, heard_by, name: str) -> None:
        assert name == "value"
        self.heard_by.append(heard_by)

    def move(self, value: float) -> None:
        self.value = value
        for heard_by in self.heard_by:
            heard_by({"new": value})


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What ``explore`` shows, and the updates of the place that it keeps."""
    page = SimpleNamespace(shown=[], updates=[])

    def display(data, metadata=None, raw=False, display_id=None):
        page.shown.append((data, metadata))
        if display_id:
            update = lambda data, metadata, raw: page.updates.append((data, metadata))  # noqa: E731
            return SimpleNamespace(update=update)

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr("ipywidgets.VBox", lambda children: SimpleNamespace(model_id="0"))
    return page


def test_a_slider_changes_the_one_picture_and_its_size_stays(page: SimpleNamespace) -> None:
    drawn, height, width_of = [], Slider(1.0), Slider(2.0)

    def draw(height: float, width_of: float) -> plt.Axes:
        drawn.append((height, width_of))
        axes = plots.plot_schedules({"mine": lambda step: height * step}, 5, x_label="step")
        return axes

    figures.explore(draw, "What to see: a line.", height=height, width_of=width_of)
    assert drawn == [(1.0, 2.0)], "drawn once at the start"
    assert width_of.description == "width of"
    widget, (picture, about), (below, _) = page.shown
    assert list(widget[0]) == ["application/vnd.jupyter.widget-view+json"]
    assert about["image/png"]["alt"] == "What to see: a line." == below.data.strip("*")
    height.move(3.0)
    assert drawn[1:] == [(3.0, 2.0)]
    ((changed, about_changed),) = page.updates
    assert about_changed == about, "the same size, so the page does not move"
    assert changed["image/png"] != picture["image/png"]
    assert len(page.shown) == 3 and plt.get_fignums() == []


# --- lesson 7 -----------------------------------------------------------------------------------


def a_test(shift: float = 0.0) -> RateTest:
    points = np.arange(50)
    rates = 1e-5 * 10 ** (points / 10)
    losses = 2.0 - points / 40 + shift
    losses[-1] = np.inf
    return RateTest(rates, losses, losses, 50)


def test_suggestions_lie_on_the_curve_with_their_rates_in_the_legend() -> None:
    test = a_test()
    chosen = {"valley": test.learning_rates[10], "Lightning, now": 1e-9}
    axes = figures.plot_suggestions(test.learning_rates, test.losses, chosen)
    curve, valley, outside = axes.lines
    assert axes.get_xscale() == "log" and len(curve.get_xdata()) == 50
    assert valley.get_xdata()[0] == pytest.approx(1e-4)
    assert valley.get_ydata()[0] == pytest.approx(test.losses[10])
    assert outside.get_ydata()[0] == pytest.approx(test.losses[0]), "at the height of the end"
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["valley: 0.0001", "Lightning, now: 1e-09"]
    low, high = axes.get_ylim()
    assert low < test.losses[:-1].min() and test.losses[0] < high < 10


def test_range_tests_share_axes_with_a_line_dots_and_a_mark_each() -> None:
    tests = {"one": a_test(), "other": a_test(0.5)}
    axes = figures.plot_rate_tests(tests, {"one": 1e-3})
    assert len(axes.lines) == 2 + 2 + 1
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["one: 0.001", "other"]
    assert len({line.get_color() for line in axes.lines}) == 2


def test_dots_by_rule_stand_in_their_band_and_the_median_is_a_stroke() -> None:
    table = pd.DataFrame(
        {
            "rule": ["valley", "valley", "steep", "steep", "steep"],
            "optimizer": ["SGD", "Adam", "SGD", "SGD", "Adam"],
            "batch_size": [32, 512, 128, 128, 32],
            "ratio": [0.1, 0.3, 1.0, 2.0, np.nan],
        }
    )
    axes = figures.plot_by_rule(table, "ratio")
    assert [text.get_text() for text in axes.get_yticklabels()] == ["valley", "steep"]
    bands = [axes.lines[:10], axes.lines[10:]]
    for row, (lines, values, median) in enumerate(
        zip(bands, ([0.1, 0.3], [1.0, 2.0]), (0.2, 1.5), strict=True)
    ):
        *dots, stroke = lines
        drawn = [x for line in dots for x in line.get_xdata()]
        assert sorted(drawn) == values
        assert list(stroke.get_xdata()) == pytest.approx([median, median])
        assert all(abs(y - row) < 0.45 for line in dots for y in line.get_ydata())


def test_curvature_is_drawn_at_its_steps_with_the_limit_of_every_step() -> None:
    limits = np.linspace(20, 10, 25)
    axes = figures.plot_curvature([1.0, 4.0, 9.0], limits, label="rate 0.1", colour=plots.GREEN)
    limit, curvature = axes.lines
    assert limit.get_xdata().tolist() == list(range(25))
    assert limit.get_ydata().tolist() == limits.tolist()
    assert curvature.get_xdata().tolist() == [0, 10, 20]
    assert curvature.get_ydata().tolist() == [1.0, 4.0, 9.0]
    assert {limit.get_color(), curvature.get_color()} == {plots.GREEN}
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["rate 0.1"]
    assert figures.plot_curvature([2.0], [5.0], axes) is axes
    assert len(axes.lines) == 4


@pytest.mark.parametrize(("curvatures", "limits"), [([], [1.0]), ([1.0, 2.0], [5.0] * 10)])
def test_curvature_needs_a_limit_for_each_measurement(curvatures, limits) -> None:
    with pytest.raises(ValueError, match=f"limits must have one number .* {len(limits)} limits"):
        figures.plot_curvature(curvatures, limits)


# --- lesson 8 -----------------------------------------------------------------------------------


def some_runs() -> pd.DataFrame:
    rows = [
        {"shape": shape, "peak": peak, "seed": seed, "accuracy": accuracy + seed / 10}
        for shape, accuracies in (("cosine", (88.0, 89.0, 80.0)), ("linear", (88.5, 88.0, np.nan)))
        for peak, accuracy in zip((0.05, 0.1, 0.2), accuracies, strict=True)
        for seed in (0, 1)
    ]
    runs = pd.DataFrame(rows)
    return runs.assign(diverged=runs["accuracy"].isna())


def test_every_shape_of_the_study_has_a_look_of_its_own() -> None:
    from helpers.schedule_study import SHAPES

    assert set(figures.SHAPE_LOOKS) == set(SHAPES)
    assert len(set(figures.SHAPE_LOOKS.values())) == len(SHAPES)
    assert figures.look_of("mine")["color"], "a shape of the reader is drawn, too"


def test_shapes_are_drawn_one_to_a_panel() -> None:
    plans = {"constant": lambda step: 0.1 + 0 * step, "mine": lambda step: 0.1 * step}
    figure = figures.plot_shapes(plans, 10, columns=3)
    titles = [axes.get_title() or axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["constant", "mine", ""]
    assert figure.axes[1].lines[0].get_ydata()[9] == pytest.approx(0.9)
    assert not figure.axes[2].axison


def test_runs_by_rate_have_means_arrows_and_crosses() -> None:
    figure = figures.plot_by_rate(some_runs(), "accuracy", (85, 90), "accuracy (%)", columns=2)
    cosine, linear = figure.axes
    dots, mean, below, above, crosses = cosine.lines
    assert len(dots.get_xdata()) == 4 and list(mean.get_ydata()) == pytest.approx(
        [88.05, 89.05, 80.05]
    )
    assert list(below.get_xdata()) == [0.2] and len(above.get_xdata()) == 0
    assert len(crosses.get_xdata()) == 0
    assert list(linear.lines[4].get_xdata()) == [0.2], "a cross where a run diverged"
    assert cosine.get_xscale() == "log" and cosine.get_ylim() == (85, 90)


def test_rates_are_written_as_plain_numbers() -> None:
    axes = figures.plot_by_rate(some_runs(), "accuracy", (85, 90), "accuracy (%)").axes[0]
    axes.figure.canvas.draw()
    assert "0.1" in [label.get_text() for label in axes.get_xticklabels()]


def test_differences_are_hollow_where_there_is_no_verdict() -> None:
    table = pd.DataFrame(
        {
            "difference": [0.5, 0.1],
            "low": [0.4, -0.1],
            "high": [0.6, 0.3],
            "verdict": ["better", "cannot be told apart"],
        },
        index=["linear", "constant"],
    )
    figure = figures.plot_differences({"one": table, "other": table}, ["points", "loss"])
    assert [axes.get_xlabel() for axes in figure.axes] == ["points", "loss"]
    _, interval, settled, _, open_question = figure.axes[0].lines
    assert list(interval.get_xdata()) == [0.4, 0.6]
    assert (
        settled.get_markerfacecolor() != "white" and open_question.get_markerfacecolor() == "white"
    )
    assert figure.axes[0].get_ylim() == (1.5, -0.5), "the first name is on top"


def test_ranks_are_lines_with_names_at_both_ends() -> None:
    axes = figures.plot_ranks(pd.DataFrame({2: [1, 2], 8: [2, 1]}, index=["cosine", "linear"]))
    assert [list(line.get_ydata()) for line in axes.lines] == [[1, 2], [2, 1]]
    assert texts(axes) == ["cosine", "cosine", "linear", "linear"]


def test_ranges_are_bars_with_their_best_rate() -> None:
    ranges = pd.DataFrame({"low": [0.05], "high": [0.2], "best": [0.1]}, index=["cosine"])
    axes = figures.plot_ranges(ranges, "peak rate")
    bar, best = axes.lines
    assert list(bar.get_xdata()) == [0.05, 0.2] and list(best.get_xdata()) == [0.1]


def test_a_table_is_shown_as_markdown_and_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: shown.append(data))
    table = pd.DataFrame(
        {"n": [3, 4], "value": [0.126, np.nan], "word": ["good", ""]}, index=["a", "b"]
    )
    figures.show_table(table.rename_axis("name"))
    (data,) = shown
    assert data["text/markdown"].splitlines() == [
        "| name | n | value | word |",
        "| --- | ---: | ---: | --- |",
        "| a | 3 | 0.13 | good |",
        "| b | 4 | – |  |",
    ]
    assert "0.13" in data["text/plain"] and "0.126" not in data["text/plain"]
    with pytest.raises(ValueError, match="needs a name"):
        figures.show_table(table)
