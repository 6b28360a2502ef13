"""What the pictures of lessons 1 and 2 draw, and what they refuse."""

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers import plots


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


IMAGE = np.arange(28 * 28).reshape(28, 28) % 256


def texts(axes: plt.Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_style_and_caption() -> None:
    with plt.rc_context():
        plots.use_course_style()
        assert plt.rcParams["image.cmap"] == "gray_r"
        figure = plt.figure()
        plots.caption(figure, "What to see: a line.")
        assert figure.get_supxlabel() == "What to see: a line."


def test_pixels_of_a_whole_image() -> None:
    axes = plots.plot_pixels(IMAGE)
    (image,) = axes.images
    np.testing.assert_array_equal(image.get_array(), IMAGE)
    assert image.get_extent() == [-0.5, 27.5, 27.5, -0.5]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("column", "row")
    assert texts(axes) == []


def test_pixels_of_a_part_keep_their_place_and_show_their_numbers() -> None:
    _, given = plt.subplots()
    axes = plots.plot_pixels(IMAGE, rows=(3, 5), columns=(10, 13), numbers=True, axes=given)
    assert axes is given
    (image,) = axes.images
    np.testing.assert_array_equal(image.get_array(), IMAGE[3:5, 10:13])
    assert image.get_extent() == [9.5, 12.5, 4.5, 2.5]
    assert image.get_clim() == (0, 255), "the same grey as in the whole image"
    assert texts(axes) == [str(value) for value in IMAGE[3:5, 10:13].ravel()]
    assert axes.texts[0].get_position() == (10, 3)
    assert axes.texts[-1].get_position() == (12, 4)


def test_pixel_numbers_stay_readable_on_dark_and_light() -> None:
    axes = plots.plot_pixels(np.array([[0.0, 1.0]]), numbers=True)
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
        plots.plot_pixels(**arguments)


def test_images_row_after_row_with_titles_on_the_first() -> None:
    images = np.arange(7)[:, np.newaxis, np.newaxis] * np.ones((1, 4, 4))
    axes = plots.plot_images(images, titles=["a", "b"], columns=3)
    assert axes.shape == (3, 3)
    drawn = [place.images[0].get_array()[0, 0] for place in axes.ravel() if place.images]
    assert drawn == [0, 1, 2, 3, 4, 5, 6]
    assert [place.get_title() for place in axes.ravel()[:3]] == ["a", "b", ""]
    assert not any(place.axison for place in axes.ravel())


def test_images_on_given_axes() -> None:
    _, given = plt.subplots(1, 2)
    assert plots.plot_images(np.zeros((2, 4, 4)), axes=given) is given
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
        plots.plot_images(**arguments)


def test_class_balance_draws_shares_in_per_cent() -> None:
    labels = {"mine": np.array([0, 0, 0, 1]), "yours": [0, 1, 2, 2, 2, 2, 2, 2, 2, 2]}
    axes = plots.plot_class_balance(labels, ["zero", "one", "two"])
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
    axes = plots.plot_class_balance({"a": [0, 1], "b": [1, 0]}, "xy", axes=given)
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
        plots.plot_class_balance(labels, "ab")


def test_history_of_one_run() -> None:
    _, given = plt.subplots()
    axes = plots.plot_history({"mine": {"val_loss": [3.0, 2.0, 1.0]}}, axes=given)
    assert axes is given
    (line,) = axes.lines
    assert line.get_xdata().tolist() == [1, 2, 3] and line.get_ydata().tolist() == [3, 2, 1]
    assert len(axes.collections) == 0, "one run has no band"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "validation loss")


def test_history_of_several_runs_is_their_mean_and_range() -> None:
    runs = [{"accuracy": [0.1, 0.5]}, {"accuracy": [0.3, 0.7]}, {"accuracy": [0.2, 0.3]}]
    axes = plots.plot_history({"mine": runs}, "accuracy")
    assert axes.lines[0].get_ydata() == pytest.approx([0.2, 0.5])
    (band,) = axes.collections
    edges = {(round(x, 6), round(y, 6)) for x, y in band.get_paths()[0].vertices}
    assert {(1, 0.1), (1, 0.3), (2, 0.3), (2, 0.7)} <= edges
    assert axes.get_ylabel() == "training accuracy"


def test_history_colours_styles_and_names() -> None:
    histories = {"cosine": {"top_5": [1.0]}, "b": {"top_5": [2.0]}, "c": {"top_5": [3.0]}}
    axes = plots.plot_history(histories, "top_5", colours={"c": plots.ORANGE})
    colours = [line.get_color() for line in axes.lines]
    assert colours[0] == plots.SCHEDULE_COLOURS["cosine"] and colours[2] == plots.ORANGE
    assert len(set(colours)) == 3
    assert len({(line.get_linestyle(), line.get_marker()) for line in axes.lines}) == 3
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["cosine", "b", "c"]
    assert axes.get_ylabel() == "top 5"


@pytest.mark.parametrize(
    ("histories", "error", "words"),
    [
        ([{"loss": [1.0]}], TypeError, "histories must map names to histories, got list"),
        ({}, ValueError, "at least one name"),
        ({"a": []}, ValueError, r"histories\['a'\] must hold at least one history"),
        ({"a": {"accuracy": [1.0]}}, ValueError, "no metric 'loss'; it has accuracy"),
        ({"a": [{"loss": [1.0]}, {"loss": [1.0, 2.0]}]}, ValueError, r"equal length.*\[1, 2\]"),
        ({"a": {"loss": []}}, ValueError, r"at least one epoch, got \[0\]"),
    ],
)
def test_history_refuses(histories: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        plots.plot_history(histories, "loss")
