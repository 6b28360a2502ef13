"""Pictures that one lesson needs: hooks, pixels, classes, predictions, features.

Not meant for copying; what a reader copies is in ``plots.py``, which gives the style and colours.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from helpers.plots import (
    BLACK,
    BLUE,
    FREE_COLOURS,
    GREEN,
    GREY,
    LINE_STYLES,
    MARKERS,
    ORANGE,
    PURPLE,
    SCHEDULE_COLOURS,
    SKY,
    VERMILION,
    as_picture,
)

if TYPE_CHECKING:
    import pandas as pd

    from helpers.learning_rate_finder import RateTest

EVENT_COLOURS = {"train": BLUE, "epoch": SKY, "test": ORANGE, "predict": GREEN}


def plot_events(events: Sequence, axes: Axes | None = None) -> Axes:
    """Draw hooks as bars: each runs from its ``_begin`` to its ``_end``, what is inside lies lower.

    Args:
        events: ``EventRecorder.events``, at least one; a bar that never ended runs to the end.
        axes: where to draw; a new figure by default.

    Returns:
        The axes, with one bar (patch) per begun thing, in the order of their beginnings.

    Raises:
        ValueError: there are no events.
    """
    if not len(events):
        raise ValueError("events must hold at least one event, got none")
    if axes is None:
        _, axes = plt.subplots(figsize=(9.0, 3.2))
    for start, event in enumerate(events):
        if event.hook.endswith("_begin"):
            _draw_event(axes, event, start, _end_of(events, start))
    axes.set(xlim=(-1, len(events)), ylim=(max(e.depth for e in events) + 0.6, -0.6))
    axes.set(xlabel="number of the call, in order", ylabel="nesting depth")
    axes.set_yticks(range(max(e.depth for e in events) + 1))
    axes.grid(visible=False)
    return axes


def _end_of(events: Sequence, start: int) -> int:
    for number in range(start + 1, len(events)):
        if events[number].depth == events[start].depth:
            return number
    return len(events) - 1


def _draw_event(axes: Axes, event: object, start: int, end: int) -> None:
    """One bar with its name: upright where the bar is too short for it."""
    words = event.hook.removeprefix("on_").removesuffix("_begin").split("_")
    name = " ".join(words) if event.index is None else f"{words[-1]} {event.index}"
    batch = words[-1] == "batch"
    axes.barh(
        event.depth,
        end - start,
        left=start,
        height=0.8,
        color=EVENT_COLOURS[words[0]],
        edgecolor="white",
        alpha=0.55 if batch else 1.0,
    )
    axes.text(
        (start + end) / 2,
        event.depth,
        name,
        ha="center",
        va="center",
        fontsize=8,
        color="white" if event.hook == "on_train_begin" else BLACK,
        rotation=90 if batch else 0,
    )


def plot_pixels(
    image: np.ndarray,
    rows: tuple[int, int] | None = None,
    columns: tuple[int, int] | None = None,
    numbers: bool = False,
    axes: Axes | None = None,
) -> Axes:
    """Draw an image, or a part of it, with the rows and columns counted at its edges.

    Args:
        image: shape (height, width); white is 0 and black is the largest value of the image.
        rows: first row and the row after the last, as in a slice; all rows by default.
        columns: the same for columns.
        numbers: write the value into each pixel; for parts of about 12 by 12 pixels.
        axes: where to draw; a new figure by default.

    Returns:
        The axes, with one image.

    Raises:
        ValueError: ``image`` has not two dimensions, or ``rows`` or ``columns`` lie outside it.
    """
    image = np.asarray(image)
    if image.ndim != 2:
        raise ValueError(f"image must have shape (height, width), got {image.shape}")
    top, bottom = _slice_inside("rows", rows, image.shape[0])
    left, right = _slice_inside("columns", columns, image.shape[1])
    part = image[top:bottom, left:right]
    if axes is None:
        _, axes = plt.subplots(figsize=(4.2, 4.2))
    edges = (left - 0.5, right - 0.5, bottom - 0.5, top - 0.5)
    axes.imshow(part, vmin=0, vmax=image.max(), extent=edges)
    if numbers:
        for (row, column), value in np.ndenumerate(part):
            text = f"{value:.2f}" if np.issubdtype(part.dtype, np.floating) else str(value)
            colour = "white" if value > image.max() / 2 else BLACK
            place = (left + column, top + row)
            axes.text(*place, text, ha="center", va="center", fontsize=8, color=colour)
    axes.set(xlabel="column", ylabel="row")
    axes.grid(visible=False)
    return axes


def _slice_inside(name: str, limits: tuple[int, int] | None, size: int) -> tuple[int, int]:
    start, stop = (0, size) if limits is None else limits
    if not 0 <= start < stop <= size:
        raise ValueError(f"{name} must be (start, stop) within 0 to {size}, got {limits}")
    return start, stop


def plot_images(
    images: np.ndarray,
    titles: Sequence[str] = (),
    columns: int = 10,
    axes: np.ndarray | None = None,
) -> np.ndarray:
    """Draw images side by side, row after row.

    Args:
        images: shape (n, height, width), at least one.
        titles: written above the first images, one each; at most n.
        columns: images per row.
        axes: array of n or more axes; a new figure by default.

    Returns:
        Array of axes with one image each. Axes that are left over are switched off.

    Raises:
        ValueError: no images or the wrong shape, more titles than images, fewer axes than images,
            or ``columns`` below 1.
    """
    images = np.asarray(images)
    if images.ndim != 3 or not len(images):
        raise ValueError(f"images must have shape (n, height, width), n >= 1, got {images.shape}")
    if len(titles) > len(images):
        raise ValueError(f"titles must be at most {len(images)}, one per image, got {len(titles)}")
    if columns < 1:
        raise ValueError(f"columns must be at least 1, got {columns}")
    if axes is None:
        rows = -(-len(images) // columns)
        size = (0.95 * columns, 1.02 * rows + 0.45)
        _, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    places = np.ravel(axes)
    if len(places) < len(images):
        raise ValueError(f"axes must be at least {len(images)}, one per image, got {len(places)}")
    for place in places:
        place.set_axis_off()
    for place, image in zip(places, images, strict=False):
        place.imshow(image)
    for place, title in zip(places, titles, strict=False):
        place.set_title(title, fontsize=9, loc="center")
    return axes


def plot_class_balance(
    labels: Mapping[str, np.ndarray], class_names: Sequence[str], axes: Axes | None = None
) -> Axes:
    """Draw which share of the images each class has, as bars, for one or more sets of labels.

    Args:
        labels: name of a set to its labels, whole numbers from 0 to ``len(class_names) - 1``.
        class_names: name of each class, in the order of the labels.
        axes: where to draw; a new figure by default.

    Returns:
        The axes, with one container of bars (in per cent) per set and a line at the equal share.

    Raises:
        ValueError: there is no set, a set is empty, or a label is out of range.
    """
    if not labels:
        raise ValueError("labels must hold at least one set of labels, got none")
    shares = {name: _class_shares(name, of, len(class_names)) for name, of in labels.items()}
    if axes is None:
        _, axes = plt.subplots(figsize=(7.0, 4.0))
    places, height = np.arange(len(class_names)), 0.8 / len(labels)
    hatches = ("", "//", "..", "xx")
    for index, (name, share) in enumerate(shares.items()):
        offset = (index - (len(labels) - 1) / 2) * height
        style = {"edgecolor": "white", "hatch": hatches[index % len(hatches)]}
        axes.barh(places + offset, share, height, label=name, **style)
    equal = 100 / len(class_names)
    axes.axvline(equal, color=BLACK, linestyle="--", linewidth=1, label=f"equal share: {equal:g} %")
    axes.set_yticks(places, class_names)
    axes.invert_yaxis()
    axes.set(xlabel="share of the images (%)")
    axes.grid(visible=False, axis="y")
    axes.set_axisbelow(True)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return axes


def _class_shares(name: str, labels: np.ndarray, classes: int) -> np.ndarray:
    labels = np.asarray(labels)
    if not labels.size or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels[{name!r}] must be one or more numbers from 0 to {classes - 1}")
    return 100 * np.bincount(labels, minlength=classes) / len(labels)


def plot_predictions(
    images: np.ndarray,
    labels: Sequence[int],
    probabilities: Sequence[np.ndarray],
    class_names: Sequence[str],
) -> Figure:
    """Show how what a model says about a few images changes from epoch to epoch.

    Args:
        images: the images, shape (n, 28, 28).
        labels: their true classes, n ints.
        probabilities: arrays of shape (n, classes): before training, then after each epoch.
        class_names: a name per class.

    Returns:
        A figure: each image above its map of classes by epochs; the true class is framed.

    Raises:
        ValueError: ``probabilities`` does not have shape (epochs, n, classes).
    """
    values = np.asarray(probabilities)
    if values.ndim != 3 or values.shape[1:] != (len(images), len(class_names)):
        raise ValueError(
            f"probabilities must have shape (epochs, {len(images)}, {len(class_names)}), "
            f"got {values.shape}"
        )
    every = 1 + len(values) // 8  # more numbers would touch
    figure, grid = plt.subplots(
        2, len(images), figsize=(9.0, 4.4), height_ratios=(1, 2), squeeze=False
    )
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        top, bottom = grid[:, number]
        top.imshow(image)
        top.set_title(class_names[label])
        top.axis("off")
        heat = bottom.imshow(values[:, number].T, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        bottom.add_patch(
            plt.Rectangle(
                (-0.5, label - 0.5), len(values), 1, fill=False, edgecolor=VERMILION, lw=2
            )
        )
        bottom.set(
            xlabel="epochs trained",
            xticks=range(0, len(values), every),
            yticks=range(len(class_names)),
        )
        bottom.set_yticklabels(class_names if number == 0 else [])
        bottom.grid(visible=False)
    figure.colorbar(heat, ax=grid[1, -1], label="probability")
    return figure


def plot_features(
    features: Sequence[np.ndarray], titles: Sequence[str], row_names: Sequence[str]
) -> Figure:
    """Show the activations of one layer for a few inputs, one panel per moment of training.

    Args:
        features: one array of shape (inputs, units) per panel; all panels share one grey scale.
        titles: a title per panel.
        row_names: a name per input.

    Returns:
        A figure with one panel per array: a row for each input, a column for each unit.

    Raises:
        ValueError: there is not one title per panel.
    """
    if len(titles) != len(features):
        raise ValueError(f"titles must have one entry per panel, {len(features)}; got {titles!r}")
    figure, panels = plt.subplots(1, len(features), figsize=(9.0, 2.8), sharey=True, squeeze=False)
    highest = max(np.max(panel) for panel in features)
    for axes, panel, title in zip(panels[0], features, titles, strict=True):
        heat = axes.imshow(panel, vmin=0, vmax=highest, aspect="auto", interpolation="nearest")
        axes.set(title=title, xlabel="hidden unit", yticks=range(len(row_names)))
        axes.grid(visible=False)
    panels[0, 0].set_yticklabels(row_names)
    figure.colorbar(heat, ax=panels[0, -1], label="activation")
    return figure


# Lesson 5


def explore(draw: Callable[..., Axes], caption: str, **sliders: object) -> None:
    """Draw a picture again, in the same place and at the same size, whenever a slider moves.

    The picture is drawn once at the start. What is stored in the notebook is this picture, with its
    caption; the sliders are there only while the notebook runs.

    Args:
        draw: called with the sliders' values by name; returns the axes (or figure) it drew.
        caption: one sentence that says what to see; also the text alternative.
        **sliders: name to ipywidgets slider; a slider shows its name, with spaces for underscores.
    """
    from IPython.display import Markdown, display
    from ipywidgets import VBox

    from helpers.lesson import WIDGET_VIEW

    def picture() -> tuple[dict, dict]:
        values = {name: slider.value for name, slider in sliders.items()}
        return as_picture(draw(**values).figure, caption)

    for name, slider in sliders.items():
        slider.description = name.replace("_", " ")
    # The view alone, without text: stored outputs and nbval both leave widget views out.
    box = VBox(list(sliders.values()))
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    display({WIDGET_VIEW: view}, raw=True)
    data, about = picture()
    place = display(data, metadata=about, raw=True, display_id=True)
    display(Markdown(f"*{caption}*"))

    def draw_again(change: object) -> None:
        data, about = picture()
        place.update(data, metadata=about, raw=True)

    for slider in sliders.values():
        slider.observe(draw_again, "value")


# --- lesson 7 -----------------------------------------------------------------------------------

RULE_LOOKS = {  # colour, marker
    "valley": (BLUE, "o"),
    "steep": (VERMILION, "^"),
    "minimum": (GREEN, "s"),
    "Lightning, before": (ORANGE, "v"),
    "Lightning, now": (PURPLE, "D"),
}


def plot_suggestions(
    rates: np.ndarray,
    losses: np.ndarray,
    suggestions: Mapping[str, float],
    axes: Axes | None = None,
) -> Axes:
    """Draw the curve of a range test with what rules suggest, each as a mark on the curve.

    Args:
        rates: shape (n,), growing.
        losses: shape (n,); the picture reaches as high as half the fall above the first.
        suggestions: name of a rule, a key of ``RULE_LOOKS``, to its rate. A suggestion off the
            curve is drawn where it would be, at the loss of the nearest end.
        axes: where to draw; a new figure by default.

    Returns:
        The axes, with one line for the curve and one for each rule.
    """
    if axes is None:
        _, axes = plt.subplots(figsize=(8.0, 3.8))
    axes.semilogx(rates, losses, color=BLACK)
    for name, rate in suggestions.items():
        colour, marker = RULE_LOOKS[name]
        height = np.interp(np.log(rate), np.log(rates), losses)
        label = f"{name}: {rate:.2g}"
        axes.plot(rate, height, marker, color=colour, markersize=10, markeredgecolor="white",
                  linestyle="", zorder=3, label=label)  # fmt: skip
    _limit_losses(axes, [losses])
    axes.set(xlabel="learning rate", ylabel="smoothed loss")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return axes


def plot_rate_tests(
    tests: Mapping[str, "RateTest"], marks: Mapping[str, float], axes: Axes | None = None
) -> Axes:
    """Draw several range tests: the loss of each batch as a dot, the smoothed loss as a line.

    Args:
        tests: name to ``RateTest``, at most six.
        marks: name of a test to a rate that is marked on its curve.
        axes: where to draw; a new figure by default.

    Returns:
        The axes, with two lines for each test and one for each mark.
    """
    if axes is None:
        _, axes = plt.subplots(figsize=(8.0, 3.8))
    looks = zip(FREE_COLOURS, LINE_STYLES, MARKERS, strict=False)
    for (name, test), (colour, style, marker) in zip(tests.items(), looks, strict=False):
        axes.semilogx(test.learning_rates, test.losses, ".", color=colour, alpha=0.3, markersize=5)
        rates, losses = test.learning_rates, test.smoothed_losses
        label = f"{name}: {marks[name]:.2g}" if name in marks else name
        axes.semilogx(rates, losses, color=colour, linestyle=style, label=label)
        if name in marks:
            height = np.interp(np.log(marks[name]), np.log(rates), losses)
            axes.plot(marks[name], height, marker, color=colour, markersize=9, zorder=3,
                      markeredgecolor="white")  # fmt: skip
    _limit_losses(axes, [test.losses for test in tests.values()])
    axes.set(xlabel="learning rate", ylabel="loss")
    axes.legend()
    return axes


def _limit_losses(axes: Axes, curves: Sequence[np.ndarray]) -> None:
    """Show what falls, and the beginning of what runs away."""
    finite = [losses[np.isfinite(losses)] for losses in curves]
    lowest = min(losses.min() for losses in finite)
    first = max(losses[0] for losses in finite)
    axes.set_ylim(lowest - 0.1 * (first - lowest), first + 0.5 * (first - lowest))


BATCH_MARKERS = {32: "^", 128: "o", 512: "s"}
OPTIMIZER_COLOURS = {"SGD": BLUE, "SGD, momentum 0.9": VERMILION, "Adam": GREEN}


def plot_by_rule(table: "pd.DataFrame", value: str, axes: Axes | None = None) -> Axes:
    """Draw one dot for each row of a table, in a band for its rule, with the median as a stroke.

    Args:
        table: has the columns ``rule``, ``optimizer`` (a key of
            ``OPTIMIZER_COLOURS``), ``batch_size`` (a key of ``BATCH_MARKERS``) and ``value``. Rules
            stand from top to bottom in their first order; missing values are left out.
        value: the column that gives the place on the horizontal axis.
        axes: where to draw; a new figure by default.

    Returns:
        The axes. Lines: for each rule, optimizer and batch size one of dots, then the stroke.
    """
    if axes is None:
        _, axes = plt.subplots(figsize=(9.5, 4.2))
    rules = list(dict.fromkeys(table["rule"]))
    for row, rule in enumerate(rules):
        of_rule = table[table["rule"] == rule]
        for place, (optimizer, colour) in enumerate(OPTIMIZER_COLOURS.items()):
            for lower, (batch_size, marker) in enumerate(BATCH_MARKERS.items()):
                chosen = (of_rule["optimizer"] == optimizer) & (of_rule["batch_size"] == batch_size)
                values = of_rule.loc[chosen, value].dropna()
                height = row + 0.26 * (place - 1) + 0.06 * (lower - 1)
                axes.plot(values, np.full(len(values), height), marker, color=colour, markersize=5,
                          alpha=0.8, markeredgewidth=0)  # fmt: skip
        median = of_rule[value].median()
        axes.plot([median, median], [row - 0.42, row + 0.42], color=BLACK)
    axes.set(yticks=range(len(rules)), yticklabels=rules, ylim=(len(rules) - 0.5, -0.5))
    axes.grid(visible=False, axis="y")
    handles = [
        *(
            plt.Line2D([], [], color=c, marker="o", linestyle="")
            for c in OPTIMIZER_COLOURS.values()
        ),
        *(plt.Line2D([], [], color=GREY, marker=m, linestyle="") for m in BATCH_MARKERS.values()),
        plt.Line2D([], [], color=BLACK),
    ]
    names = [*OPTIMIZER_COLOURS, *(f"batch size {size}" for size in BATCH_MARKERS), "median"]
    axes.legend(handles, names, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.5)
    return axes


# Lesson 8

# What a reader sees of each shape: variants of one schedule share its colour, not its line style.
# Schedules that are drawn together differ in their line style or in their marker, too.
SHAPE_LOOKS: dict[str, tuple[str, str | tuple, str]] = {
    "constant": (SCHEDULE_COLOURS["constant"], "-", "o"),
    "step": (SCHEDULE_COLOURS["step"], "-.", "s"),
    "exponential": (SCHEDULE_COLOURS["exponential"], ":", ">"),
    "cosine": (SCHEDULE_COLOURS["cosine"], "-", "s"),
    "cosine to 10 %": (SCHEDULE_COLOURS["cosine"], "--", "o"),
    "linear": (SCHEDULE_COLOURS["linear"], (0, (8, 3)), "D"),
    "linear to 10 %": (SCHEDULE_COLOURS["linear"], "--", "v"),
    "one-cycle": (SCHEDULE_COLOURS["one-cycle"], (0, (5, 1, 1, 1, 1, 1)), "P"),
    "one-cycle with momentum": (SCHEDULE_COLOURS["one-cycle"], "--", "X"),
    "wsd, 1-sqrt": (SCHEDULE_COLOURS["wsd"], "-", "^"),
    "wsd, linear": (SCHEDULE_COLOURS["wsd"], "--", "D"),
    "wsd, cosine": (SCHEDULE_COLOURS["wsd"], ":", "o"),
    "cosine restarts": (SCHEDULE_COLOURS["cosine restarts"], "-.", "v"),
    "inverse square root": (SCHEDULE_COLOURS["inverse square root"], "-.", "<"),
    "reduce on plateau": (SCHEDULE_COLOURS["plateau"], "-.", "P"),
    "schedule-free": (GREY, "-", "X"),
}


def look_of(shape: str) -> dict[str, object]:
    """Colour, line style and marker of a shape of the study, as keywords for ``plot``."""
    colour, style, marker = SHAPE_LOOKS.get(shape, (GREEN, (0, (8, 3)), "v"))
    return {"color": colour, "linestyle": style, "marker": marker, "markersize": 5}


def count_by_factors(axes: Axes) -> None:
    """Make the horizontal axis logarithmic, with plain numbers such as 0.05 for its ticks."""
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    subs = (1.0,) if high / low > 50 else (1.0, 2.0, 5.0)
    axes.xaxis.set_major_locator(LogLocator(subs=subs))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()


def plot_shapes(plans: Mapping[str, Callable], steps: int, columns: int = 5) -> Figure:
    """Draw schedules as small panels, one each, on common axes.

    Args:
        plans: name to schedule.
        steps: how many steps of each are drawn.
        columns: panels per row.

    Returns:
        A figure with a panel per schedule; panels that are left over are switched off.
    """
    rows = -(-len(plans) // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(9.5, 1.45 * rows), sharex=True, sharey=True, squeeze=False
    )
    places = grid.ravel()
    for axes, (name, plan) in zip(places, plans.items(), strict=False):
        look = look_of(name) | {"marker": ""}
        axes.plot(np.arange(steps), np.asarray(plan(np.arange(steps))), **look)
        axes.set_title(name, fontsize=9)
    for axes in places[len(plans) :]:
        axes.set_axis_off()
    for axes in grid[:, 0]:
        axes.set_ylabel("rate")
    for axes in grid[-1]:
        axes.set_xlabel("step")
    return figure


def plot_by_rate(
    runs: "pd.DataFrame",
    value: str,
    limits: tuple[float, float],
    y_label: str,
    columns: int = 5,
) -> Figure:
    """Draw what runs reached against their peak rate, one panel per shape.

    Args:
        runs: a row per run with ``shape``, ``peak``, ``seed``, ``diverged`` and ``value``.
        value: the column to draw.
        limits: lowest and highest value of the vertical axis; what lies outside is drawn as an
            arrow at the edge.
        y_label: written at the left panels.
        columns: panels per row.

    Returns:
        A figure. In each panel: the mean over the seeds as a line, each run as a dot, an arrow for
        what lies outside, and a cross for each rate at which a run diverged.
    """
    shapes = list(dict.fromkeys(runs["shape"]))
    rows = -(-len(shapes) // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(9.5, 1.75 * rows + 0.3), sharex=True, sharey=True, squeeze=False
    )
    places = grid.ravel()
    for axes, shape in zip(places, shapes, strict=False):
        _draw_by_rate(axes, runs[runs["shape"] == shape], value, limits)
        axes.set_title(shape, fontsize=9 if len(shape) < 20 else 8)
        axes.set(ylim=limits)
        count_by_factors(axes)
    for axes in places[len(shapes) :]:
        axes.set_axis_off()
    for axes in grid[:, 0]:
        axes.set_ylabel(y_label)
    for axes in grid[-1]:
        axes.set_xlabel("peak rate")
    return figure


def _draw_by_rate(
    axes: Axes, runs: "pd.DataFrame", value: str, limits: tuple[float, float]
) -> None:
    """One panel: dots, mean, arrows and crosses."""
    low, high = limits
    look = look_of(runs["shape"].iloc[0])
    trained = runs[~runs["diverged"]]
    inside = trained[trained[value].between(low, high)]
    axes.plot(inside["peak"], inside[value], ".", color=look["color"], alpha=0.5, markeredgewidth=0)
    means = trained.groupby("peak")[value].mean()
    axes.plot(means.index, means, color=look["color"], linewidth=1.4)
    room = 0.05 * (high - low)
    for outside, marker, place in (
        (trained[trained[value] < low], "v", low + room),
        (trained[trained[value] > high], "^", high - room),
    ):
        peaks = outside["peak"].unique()
        axes.plot(peaks, np.full(len(peaks), place), marker, color=look["color"], markersize=5)
    peaks = runs.loc[runs["diverged"], "peak"].unique()
    axes.plot(peaks, np.full(len(peaks), (low + high) / 2), "x", color=VERMILION, markersize=7)


def plot_differences(
    judged: Mapping[str, "pd.DataFrame"], x_labels: str | Sequence[str], width: float = 9.5
) -> Figure:
    """Draw differences with their intervals: filled where there is a verdict, hollow where not.

    Args:
        judged: title to a table as ``comparison.judge`` makes it; all have the same names.
        x_labels: what is subtracted from what, with the unit; one for all panels or one for each.
        width: of the figure, in inches.

    Returns:
        The figure, with one panel per table and one line per name, the first name on top.
    """
    names = list(next(iter(judged.values())).index)
    labels = [x_labels] * len(judged) if isinstance(x_labels, str) else x_labels
    figure, panels = plt.subplots(
        1, len(judged), figsize=(width, 0.26 * len(names) + 1.1), sharey=True, squeeze=False
    )
    for axes, (title, table), label in zip(panels[0], judged.items(), labels, strict=True):
        axes.axvline(0, color=BLACK, linewidth=1)
        for row, name in enumerate(names):
            one = table.loc[name]
            look = look_of(name)
            colour = look["color"]
            inside = "white" if one["verdict"] == "cannot be told apart" else colour
            axes.plot([one["low"], one["high"]], [row, row], color=colour, linewidth=1.6)
            axes.plot([one["difference"]], [row], look["marker"], color=colour, markersize=7,
                      markerfacecolor=inside)  # fmt: skip
        axes.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
        axes.set(xlabel=label)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.set_title(title, fontsize=10)
        axes.grid(visible=False, axis="y")
    return figure


def plot_ranks(ranks: "pd.DataFrame", axes: Axes | None = None) -> Axes:
    """Draw how a ranking changes from one column to the next: a line per name, rank 1 on top.

    Args:
        ranks: a row per name, a column per place where they were ranked; 1 is best.
        axes: where to draw; a new figure by default.

    Returns:
        The axes, with one line per name, which is written at both ends.
    """
    if axes is None:
        _, axes = plt.subplots(figsize=(9.0, 0.27 * len(ranks) + 1.0))
    places = range(ranks.shape[1])
    for name, row in ranks.iterrows():
        axes.plot(places, row, **look_of(name))
        axes.text(-0.05, row.iloc[0], name, ha="right", va="center", fontsize=9)
        axes.text(places[-1] + 0.05, row.iloc[-1], name, va="center", fontsize=9)
    axes.set(xticks=places, xticklabels=ranks.columns, yticks=range(1, len(ranks) + 1))
    axes.set(ylim=(len(ranks) + 0.5, 0.5), ylabel="rank", xlim=(-0.95, places[-1] + 0.85))
    axes.grid(visible=False)
    return axes


def plot_ranges(ranges: "pd.DataFrame", x_label: str, axes: Axes | None = None) -> Axes:
    """Draw a range of rates for each name as a bar on a logarithmic axis, with its best rate.

    Args:
        ranges: a row per name with ``low``, ``high`` and ``best``.
        x_label: what the rates are.
        axes: where to draw; a new figure by default.

    Returns:
        The axes, with one bar and one marker per name, the first on top.
    """
    if axes is None:
        _, axes = plt.subplots(figsize=(7.0, 0.27 * len(ranges) + 1.0))
    for row, (name, one) in enumerate(ranges.iterrows()):
        look = look_of(name)
        axes.plot([one["low"], one["high"]], [row, row], color=look["color"], linewidth=5,
                  solid_capstyle="butt", alpha=0.55)  # fmt: skip
        axes.plot([one["best"]], [row], marker=look["marker"], color=look["color"], markersize=7)
    count_by_factors(axes)
    axes.set(xlabel=x_label, yticks=range(len(ranges)), yticklabels=ranges.index)
    axes.set(ylim=(len(ranges) - 0.5, -0.5))
    axes.grid(visible=False, axis="y")
    return axes


def show_table(table: "pd.DataFrame", digits: int = 2) -> None:
    """Show a table in a lesson: a Markdown table, whose text is compared like printed text.

    Args:
        table: its index becomes the first column, with the index's name as its head.
        digits: of the numbers that are no whole numbers. NaN is shown as a dash.

    Raises:
        ValueError: the index has no name; a column without a head says nothing to a screen reader.
    """
    from IPython.display import display

    if not table.index.name:
        raise ValueError("the table's index needs a name: table.rename_axis('...')")

    def text(value: object) -> str:
        if not isinstance(value, float):
            return str(value)
        return "–" if np.isnan(value) else f"{value:.{digits}f}"

    head = [str(table.index.name), *map(str, table.columns)]
    numeric = [False, *(kind.kind in "iufb" for kind in table.dtypes)]
    lines = [head, ["---:" if right else "---" for right in numeric]]
    lines += [
        [text(name), *map(text, row)]
        for name, row in zip(table.index, table.itertuples(index=False), strict=True)
    ]
    markdown = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    display({"text/markdown": markdown, "text/plain": table.round(digits).to_string()}, raw=True)


# Lesson 9


def plot_curvature(
    curvatures: Sequence[float],
    limits: Sequence[float],
    axes: Axes | None = None,
    label: str = "",
    colour: str = BLUE,
    every: int = 10,
) -> Axes:
    """Draw the curvature along a training, and the limit that belongs to the rate of each step.

    Args:
        curvatures: what was measured before steps 0, ``every``, 2 * ``every``, ...
        limits: the limit at each step, such as ``2 / rates``; drawn dashed.
        axes: where to draw; a new figure by default. Call again with the same axes to add a run.
        label: name of the run in the legend.
        colour: of both lines.
        every: how many steps lie between two measurements.

    Returns:
        The axes; its last two lines are the limit and the curvature.

    Raises:
        ValueError: nothing was measured, or there are fewer limits than measured steps.
    """
    steps = every * np.arange(len(curvatures))
    if not len(steps) or len(limits) <= steps[-1]:
        raise ValueError(
            f"limits must have one number for each step of {len(curvatures)} measurements, every "
            f"{every} steps, and there must be at least one; got {len(limits)} limits"
        )
    if axes is None:
        _, axes = plt.subplots()
    axes.plot(np.arange(len(limits)), limits, color=colour, linestyle="--", linewidth=1.4)
    axes.plot(steps, curvatures, color=colour, marker="o", markersize=3.5, label=label or None)
    axes.set(xlabel="step", ylabel="curvature")
    if label:
        axes.legend()
    return axes
