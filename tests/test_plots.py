"""plots.py draws what schedules give and what runs recorded, in colours that are told apart."""

import io
import itertools
import math
from types import SimpleNamespace

import keras
import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from helpers import plots
from helpers.callbacks import LearningRateLogger

schedules = keras.optimizers.schedules
COSINE = schedules.CosineDecay(0.1, 100)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def decay(epoch: int) -> float:
    return 0.001 * math.exp(-0.1 * epoch)


def drawn(axes: plt.Axes, index: int = 0) -> np.ndarray:
    return np.asarray(axes.lines[index].get_ydata())


def legend(axes: plt.Axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


# Style and colours

# Simulations of Machado, Oliveira and Fernandes (2009) at full severity, on linear RGB.
SIGHT = {
    "full": np.eye(3),
    "without red cones": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "without green cones": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "without blue cones": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear_rgb(colour: str) -> np.ndarray:
    values = np.array(matplotlib.colors.to_rgb(colour))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast_with_white(colour: str) -> float:
    """Contrast as WCAG 2 defines it: 1 to 21."""
    return 1.05 / (linear_rgb(colour) @ [0.2126, 0.7152, 0.0722] + 0.05)


def lab(colour: str, sight: np.ndarray = SIGHT["full"]) -> np.ndarray:
    """CIE L*a*b* under daylight (D65), as somebody with this sight sees the colour."""
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    xyz = to_xyz @ np.clip(sight @ linear_rgb(colour), 0, 1) / [0.95047, 1.0, 1.08883]
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def ciede2000(first: np.ndarray, second: np.ndarray) -> float:
    """The colour difference of CIE 142-2001; about 1 is just seen in patches side by side."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean_chroma = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * math.sqrt(mean_chroma**7 / (mean_chroma**7 + 25**7))
    c1, c2 = math.hypot(a1 * stretch, b1), math.hypot(a2 * stretch, b2)
    h1 = math.degrees(math.atan2(b1, a1 * stretch)) % 360
    h2 = math.degrees(math.atan2(b2, a2 * stretch)) % 360
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    hue = h1 + h2 if not c1 * c2 else (h1 + turn / 2) % 360
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    wave = (
        1
        - 0.17 * math.cos(math.radians(hue - 30))
        + 0.24 * math.cos(math.radians(2 * hue))
        + 0.32 * math.cos(math.radians(3 * hue + 6))
        - 0.20 * math.cos(math.radians(4 * hue - 63))
    )
    in_light = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / math.sqrt(20 + (light - 50) ** 2))
    in_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    in_hue = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2)) / (1 + 0.015 * chroma * wave)
    rotated = math.radians(60 * math.exp(-(((hue - 275) / 25) ** 2)))
    mixed = -2 * math.sqrt(chroma**7 / (chroma**7 + 25**7)) * math.sin(rotated)
    return math.sqrt(in_light**2 + in_chroma**2 + in_hue**2 + mixed * in_chroma * in_hue)


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [  # from the test data of Sharma, Wu and Dalal (2005)
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_measure_of_difference_is_right(first, second, difference) -> None:
    assert ciede2000(first, second) == pytest.approx(difference, abs=1e-4)


def test_every_line_is_seen_on_white() -> None:
    names = [name for name in vars(plots) if name.isupper()]
    named = {name: vars(plots)[name] for name in names if isinstance(vars(plots)[name], str)}
    assert {"BLACK", "GREY", "PLANNED", "VERMILION", "SKY"} <= set(named)
    too_pale = {n: c for n, c in named.items() if contrast_with_white(c) < 3}
    assert not too_pale


def test_every_schedule_of_the_lessons_has_a_colour_of_its_own() -> None:
    lessons = {
        "constant",
        "step",
        "exponential",
        "time-based",
        "hold then decay",
        "constant then exponential",
        "linear",
        "cosine",
        "one-cycle",
        "wsd",
        "triangular",
        "inverse square root",
    }
    assert lessons <= set(plots.SCHEDULE_COLOURS)
    colours = list(plots.SCHEDULE_COLOURS.values())
    assert len(set(colours)) == len(colours)
    assert set(plots.FREE_COLOURS) <= set(colours), "so that no free colour is near a schedule's"
    assert set(plots.SAME_SCHEDULE.values()) <= set(plots.SCHEDULE_COLOURS)


@pytest.mark.parametrize("sight", SIGHT)
def test_no_two_schedules_look_alike(sight: str) -> None:
    seen = {name: lab(c, SIGHT[sight]) for name, c in plots.SCHEDULE_COLOURS.items()}
    near = [
        (one, other, round(ciede2000(seen[one], seen[other]), 1))
        for one, other in itertools.combinations(seen, 2)
        if ciede2000(seen[one], seen[other]) < (18 if sight == "full" else 11)
    ]
    assert not near


def test_the_course_style() -> None:
    with plt.rc_context():
        plots.use_course_style()
        assert plt.rcParams["image.cmap"] == "gray_r"
        assert plt.rcParams["axes.prop_cycle"].by_key()["color"] == list(plots.FREE_COLOURS)


# show


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list:
    """A kernel that keeps what is displayed: (data, metadata)."""
    shown = []
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setattr(
        "IPython.display.display",
        lambda what, metadata=None, raw=False: shown.append((what, metadata)),
    )
    return shown


def test_a_figure_is_shown_sharp_with_its_caption_as_text_and_as_alternative(notebook) -> None:
    figure, axes = plt.subplots(figsize=(7.0, 3.5), dpi=96)
    axes.plot([1, 2])
    plots.show(axes, "What to see: a line.")
    (data, metadata), (below, _) = notebook
    image = Image.open(io.BytesIO(data["image/png"]))
    assert image.size == (1344, 672)
    assert metadata == {"image/png": {"width": 672, "height": 336, "alt": "What to see: a line."}}
    assert data["text/plain"] == "What to see: a line."
    assert below.data == "*What to see: a line.*"
    assert not plt.fignum_exists(figure.number), "a shown figure is closed"


def test_a_picture_is_small_and_looks_the_same(notebook) -> None:
    with plt.rc_context():
        plots.use_course_style()
        names = dict.fromkeys(plots.SCHEDULE_COLOURS, decay)
        axes = plots.plot_schedules({name: COSINE for name in names}, 100, x_label="step")
        plain = io.BytesIO()
        axes.figure.savefig(plain, format="png", dpi=2 * axes.figure.dpi)
        plots.show(axes, "")
    png = notebook[0][0]["image/png"]
    assert len(png) < len(plain.getvalue()) / 2
    before = np.asarray(Image.open(plain).convert("RGB"), np.int16)
    after = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), np.int16)
    assert np.abs(before - after).max() <= 24


def test_a_picture_of_too_many_colours_keeps_them(notebook) -> None:
    figure = plt.figure(figsize=(2, 2))
    pixels = np.random.default_rng(0).random((200, 200, 3))
    figure.figimage(pixels)
    plots.show(figure, "")
    assert Image.open(io.BytesIO(notebook[0][0]["image/png"])).mode == "RGB"


def test_small_pictures_take_half_the_bytes_and_are_shown_as_large(notebook) -> None:
    with plt.rc_context():
        for small in (False, True):
            plots.use_course_style(small_pictures=small)
            plots.show(plots.plot_schedules({"exponential": decay}, 20), "small or not")
        plots.use_course_style()
    (sharp, about_sharp), (small, about_small) = notebook[0], notebook[2]
    assert len(small["image/png"]) < 0.7 * len(sharp["image/png"])
    size = {name: about_sharp["image/png"][name] for name in ("width", "height")}
    assert {name: about_small["image/png"][name] for name in size} == size


def test_two_pictures_of_one_chart_have_the_same_bytes(notebook) -> None:
    for _ in range(2):
        plots.show(plots.plot_schedules({"exponential": decay}, 20), "twice")
    assert notebook[0][0]["image/png"] == notebook[2][0]["image/png"]


def test_outside_a_notebook_the_caption_is_printed(monkeypatch, capsys) -> None:
    called = []
    monkeypatch.setattr(plt, "show", lambda: called.append(True))
    plots.show(plt.figure(), "What to see: nothing.")
    assert called and capsys.readouterr().out == "What to see: nothing.\n"


# plot_schedules


def test_an_epoch_function_gets_python_ints_and_is_drawn_exactly() -> None:
    seen = []

    def schedule(epoch):
        seen.append(epoch)
        return decay(epoch)

    axes = plots.plot_schedules({"exponential": schedule}, 20)
    assert seen == list(range(20)) and all(type(epoch) is int for epoch in seen)
    assert drawn(axes).tolist() == [decay(epoch) for epoch in range(20)]
    assert axes.lines[0].get_xdata().tolist() == list(range(20))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "learning rate")


def test_rates_of_epochs_are_stairs_that_drop_where_an_epoch_begins() -> None:
    axes = plots.plot_schedules({"exponential": decay}, 3)
    assert axes.lines[0].get_drawstyle() == "steps-post"
    (last,) = axes.collections
    assert last.get_segments()[0].tolist() == [[2, decay(2)], [3, decay(2)]]
    assert plots.plot_schedules({"a": COSINE}, 3, x_label="step").lines[0].get_drawstyle() == (
        "default"
    )


def test_an_epoch_lr_function_whose_lr_has_a_default_is_drawn() -> None:
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
def test_a_keras_schedule_is_drawn_as_it_trains(schedule) -> None:
    axes = plots.plot_schedules({"mine": schedule}, 150, x_label="step")
    one_by_one = [float(schedule(tf.constant(step, tf.int64))) for step in range(150)]
    np.testing.assert_allclose(drawn(axes), one_by_one, rtol=0, atol=2e-7)
    assert axes.get_xlabel() == "step"


def test_a_keras_schedule_that_takes_arrays_is_called_once() -> None:
    calls = []

    class Counting(schedules.LearningRateSchedule):
        def __call__(self, step):
            calls.append(step)
            return 1.0 / (keras.ops.cast(step, "float32") + 1.0)

        def get_config(self):
            return {}

    plots.plot_schedules({"counting": Counting()}, 5000)
    assert len(calls) == 1 and calls[0].dtype == np.int64


def test_chosen_steps_and_given_axes() -> None:
    _, given = plt.subplots()
    axes = plots.plot_schedules({"linear": decay}, range(10, 30, 5), axes=given)
    assert axes is given
    assert axes.lines[0].get_xdata().tolist() == [10, 15, 20, 25]


def test_colours_by_name_and_different_line_styles_and_markers() -> None:
    names = ["constant", "time-based", "onecycle", "warmup-stable-decay"]
    axes = plots.plot_schedules(dict.fromkeys([*names, "own a", "own b"], decay), 20)
    colours = [line.get_color() for line in axes.lines]
    known = [plots.SCHEDULE_COLOURS[n] for n in ("constant", "time-based", "one-cycle", "wsd")]
    assert colours[:4] == known
    assert len(set(colours)) == 6
    assert len({str(line.get_linestyle()) + line.get_marker() for line in axes.lines}) == 6
    assert legend(axes) == [*names, "own a", "own b"]


def test_a_schedule_has_one_look_in_every_chart() -> None:
    assert set(plots.SCHEDULE_LOOKS) == set(plots.SCHEDULE_COLOURS)
    alone = plots.plot_schedules({"onecycle": decay}, 20).lines[0]
    last = plots.plot_schedules({"constant": decay, "linear": decay, "one-cycle": decay}, 20).lines[
        2
    ]
    trained = plots.plot_history({"b": [1.0, 2.0], "one-cycle": [2.0, 1.0]}).lines[1]
    for line in (last, trained):
        assert line.get_linestyle() == alone.get_linestyle() == "-"
        assert line.get_marker() == alone.get_marker()
        assert line.get_color() == alone.get_color()


def test_schedules_with_the_same_style_are_told_apart_in_one_chart() -> None:
    names = ["cosine", "exponential", "constant", "linear", "time-based", "own"]
    lines = plots.plot_schedules(dict.fromkeys(names, decay), 20).lines
    assert len({line.get_marker() for line in lines}) == 6


def test_a_second_call_on_the_same_axes_goes_on_with_other_line_styles() -> None:
    axes = plots.plot_schedules({"constant": decay}, 5)
    plots.plot_schedules({"exponential": decay}, 5, axes=axes)
    assert axes.lines[0].get_linestyle() != axes.lines[1].get_linestyle()


def test_markers_only_where_points_are_few() -> None:
    assert plots.plot_schedules({"a": decay}, 20).lines[0].get_marker() == "o"
    assert plots.plot_schedules({"a": decay}, 200).lines[0].get_marker() in ("", "None")


@pytest.mark.parametrize("schedules_", [decay, [decay], None])
def test_not_a_mapping(schedules_) -> None:
    with pytest.raises(TypeError, match="schedules must map names to schedules"):
        plots.plot_schedules(schedules_, 5)


def test_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match="at least one schedule"):
        plots.plot_schedules({}, 5)


@pytest.mark.parametrize("value", [0.001, None, [0.1, 0.2]])
def test_not_callable(value) -> None:
    with pytest.raises(TypeError, match=r"schedules\['flat'\] must be callable"):
        plots.plot_schedules({"flat": value}, 5)


@pytest.mark.parametrize("steps", [0, -3, True, [], [-1, 2], [0.5, 1.0], 2.5, [[1, 2]], None])
def test_bad_steps(steps) -> None:
    with pytest.raises(ValueError, match="steps must be"):
        plots.plot_schedules({"a": decay}, steps)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_rate_that_is_not_finite(bad) -> None:
    with pytest.raises(ValueError, match=r"schedules\['a'\] must give finite rates.*at 3"):
        plots.plot_schedules({"a": lambda epoch: bad if epoch == 3 else 0.1}, 5)


@pytest.mark.parametrize("bad", [None, "fast", [0.1, 0.2]])
def test_a_result_that_is_not_one_number(bad) -> None:
    with pytest.raises(ValueError, match=r"schedules\['a'\] must give one number per step"):
        plots.plot_schedules({"a": lambda epoch: bad}, 5)


def test_a_refused_schedule_leaves_no_figure_behind() -> None:
    before = plt.get_fignums()
    with pytest.raises(ValueError, match="finite"):
        plots.plot_schedules({"a": lambda epoch: math.nan}, 5)
    assert plt.get_fignums() == before


# plot_rates


def record(per: str, steps: list[int], epochs: list[int], rates: list[float]) -> SimpleNamespace:
    return SimpleNamespace(per=per, steps=steps, epochs=epochs, learning_rates=rates)


def lines(axes: plt.Axes) -> list[tuple[list[float], list[float]]]:
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines]


def test_rates_per_step_lie_over_the_plan() -> None:
    axes = plots.plot_rates(lambda step: step / 10, record("step", [4, 5], [1, 1], [0.4, 0.6]))
    assert lines(axes) == [([4, 5], [0.4, 0.5]), ([4, 5], [0.4, 0.6])]
    assert axes.get_xlabel() == "step" and axes.get_ylabel() == "learning rate"


def test_the_plan_is_a_wide_line_and_the_record_dots_on_it() -> None:
    plan, dots = plots.plot_rates([0.2, 0.1], [0.2, 0.1]).lines
    assert plan.get_linewidth() >= 5 and plan.get_color() == plots.PLANNED
    assert plan.get_zorder() < dots.get_zorder()
    assert dots.get_linestyle() == "None" and dots.get_marker() == "o"
    assert dots.get_markeredgecolor() == "white", "so that dots are seen on the plan in grey"


def test_rates_per_epoch_are_stairs_against_epochs() -> None:
    recorded = record("epoch", [9, 19], [0, 1], [0.1, 0.2])
    axes = plots.plot_rates([0.1, 0.3], recorded, label="mine")
    assert lines(axes) == [([0, 1], [0.1, 0.3]), ([0, 1], [0.1, 0.2])]
    assert axes.lines[0].get_drawstyle() == "steps-post"
    assert axes.collections[0].get_segments()[0].tolist() == [[1, 0.3], [2, 0.3]]
    assert axes.get_xlabel() == "epoch"
    assert legend(axes) == ["mine: planned", "mine: recorded"]


def test_a_list_can_count_epochs() -> None:
    axes = plots.plot_rates(decay, [decay(0), decay(1)], x_label="epoch")
    assert axes.get_xlabel() == "epoch" and axes.lines[0].get_drawstyle() == "steps-post"


def test_a_keras_schedule_is_asked_for_steps_even_if_the_record_is_per_epoch() -> None:
    recorded = record("epoch", [9, 19], [0, 1], [float(COSINE(9)), float(COSINE(19))])
    (_, plan), (_, rates) = lines(plots.plot_rates(COSINE, recorded))
    np.testing.assert_allclose(plan, rates, rtol=1e-6)


def test_lists_of_rates_and_given_axes() -> None:
    _, axes = plt.subplots()
    assert plots.plot_rates(COSINE, [0.1, 0.1], axes=axes) is axes
    plots.plot_rates([1.0], [1.0], axes=axes)
    assert len(axes.lines) == 4 and lines(axes)[2] == ([0], [1.0])


def test_axes_on_which_the_counts_are_ticks_already_or_logarithmic() -> None:
    _, axes = plt.subplots()
    axes.set_xticks([0, 1])
    plots.plot_rates([1.0, 2.0], [1.0, 2.0], axes=axes)
    _, axes = plt.subplots()
    axes.set_xscale("log")
    plots.plot_history({"a": [1.0, 2.0]}, axes=axes)


@pytest.mark.parametrize("per", ["step", "epoch"])
def test_a_logger_that_was_never_in_a_fit(per: str) -> None:
    with pytest.raises(ValueError, match="at least one rate, got none: has it been in a fit"):
        plots.plot_rates(decay, LearningRateLogger(per))


@pytest.mark.parametrize("recorded", [None, 0.1, decay, "rates", [[0.1], [0.2]], {"a": 1}])
def test_what_is_no_record(recorded) -> None:
    with pytest.raises(TypeError, match="recorded must be a LearningRateLogger or a list of rates"):
        plots.plot_rates(decay, recorded)


def test_rates_refuse_nothing_recorded_and_a_plan_of_another_length() -> None:
    with pytest.raises(ValueError, match="has it been in a fit"):
        plots.plot_rates([], [])
    with pytest.raises(ValueError, match="for each of the 2 recorded, got 3"):
        plots.plot_rates([1, 2, 3], [1, 2])


# plot_history


def test_history_of_one_run() -> None:
    _, given = plt.subplots()
    axes = plots.plot_history({"mine": {"val_loss": [3.0, 2.0, 1.0]}}, axes=given)
    assert axes is given
    (line,) = axes.lines
    assert line.get_xdata().tolist() == [1, 2, 3] and line.get_ydata().tolist() == [3, 2, 1]
    assert len(axes.collections) == 0, "one run has no band"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epochs trained", "validation loss")


def test_history_of_several_runs_is_their_mean_and_range() -> None:
    runs = [{"accuracy": [0.1, 0.5]}, {"accuracy": [0.3, 0.7]}, {"accuracy": [0.2, 0.3]}]
    axes = plots.plot_history({"mine": runs}, "accuracy")
    assert drawn(axes) == pytest.approx([0.2, 0.5])
    (band,) = axes.collections
    edges = {(round(x, 6), round(y, 6)) for x, y in band.get_paths()[0].vertices}
    assert {(1, 0.1), (1, 0.3), (2, 0.3), (2, 0.7)} <= edges
    assert axes.get_ylabel() == "training accuracy"


@pytest.mark.parametrize(
    "runs",
    [
        [[1.0, 2, 3], [3, 4, 5]],
        ([1, 2, 3], np.array([3, 4, 5])),
        np.array([[1.0, 2, 3], [3, 4, 5]]),
        [{"top": [1, 2, 3]}, [3, 4, 5]],
    ],
)
def test_history_of_measured_numbers_at_places_of_their_own(runs) -> None:
    axes = plots.plot_history({"a": runs}, "top", numbers=(5, 10, 20), y_label="accuracy in %")
    assert drawn(axes).tolist() == [2, 3, 4]
    assert list(axes.lines[0].get_xdata()) == [5, 10, 20]
    band = axes.collections[0].get_paths()[0].get_extents()
    assert (band.x0, band.x1, band.y0, band.y1) == (5, 20, 1, 5)
    assert axes.get_ylabel() == "accuracy in %"


@pytest.mark.parametrize("run", [[1.0, 2.0], np.array([1.0, 2.0]), [np.float32(1), np.float32(2)]])
def test_a_list_of_numbers_is_one_run(run) -> None:
    axes = plots.plot_history({"a": run})
    assert drawn(axes).tolist() == [1, 2] and len(axes.collections) == 0


def test_history_colours_styles_and_names() -> None:
    histories = {"cosine": {"top_5": [1.0]}, "b": {"top_5": [2.0]}, "c": {"top_5": [3.0]}}
    axes = plots.plot_history(histories, "top_5", colours={"c": plots.ORANGE})
    colours = [line.get_color() for line in axes.lines]
    assert colours[0] == plots.SCHEDULE_COLOURS["cosine"] and colours[2] == plots.ORANGE
    assert len(set(colours)) == 3
    assert len({(line.get_linestyle(), line.get_marker()) for line in axes.lines}) == 3
    assert legend(axes) == ["cosine", "b", "c"]
    assert axes.get_ylabel() == "top 5"


@pytest.mark.parametrize(
    ("histories", "error", "words"),
    [
        ([{"loss": [1.0]}], TypeError, "histories must map names to histories, got list"),
        ({}, ValueError, "at least one name"),
        ({"a": []}, ValueError, r"histories\['a'\] must hold at least one history"),
        ({"a": {"accuracy": [1.0]}}, ValueError, "no metric 'loss'; it has accuracy"),
        ({"a": [{"loss": [1.0]}, {"loss": [1.0, 2.0]}]}, ValueError, r"equal length.*\[1, 2\]"),
        ({"a": {"loss": []}}, ValueError, r"at least one point, got \[0\]"),
        ({"a": [[1.0], [1.0, 2.0]]}, ValueError, r"equal length.*\[1, 2\]"),
    ],
)
def test_history_refuses(histories: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        plots.plot_history(histories, "loss")


@pytest.mark.parametrize("numbers", [(5,), (1, 2, 3), 5, [[1, 2]]])
def test_history_refuses_numbers_that_do_not_fit(numbers) -> None:
    with pytest.raises(ValueError, match=r"numbers must have one entry for each of the 2 points"):
        plots.plot_history({"a": [1.0, 2.0]}, numbers=numbers)
