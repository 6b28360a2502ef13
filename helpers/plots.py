"""The course's pictures: one style, one colour per schedule, readable by colour-blind people.

Every function takes Matplotlib axes (or makes them) and returns them. Needs NumPy and Matplotlib.
"""

import io
from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# The Okabe-Ito palette: eight colours that stay apart for every common kind of colour blindness.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#767676"

# One colour per schedule through the whole course.
SCHEDULE_COLOURS = {
    "constant": BLACK,
    "step": YELLOW,
    "exponential": ORANGE,
    "time-based": SKY,
    "hold then decay": PURPLE,
    "constant then exponential": GREEN,
    "linear": GREEN,
    "cosine": BLUE,
    "one-cycle": VERMILION,
    "wsd": PURPLE,
}

STYLE = {
    "figure.figsize": (7.0, 3.6),
    "figure.dpi": 96,
    "savefig.dpi": 96,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "image.cmap": "gray_r",
    "axes.prop_cycle": plt.cycler(color=[BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK]),
}


def use_course_style() -> None:
    """Set Matplotlib's defaults to the style of the course, for every figure that follows."""
    plt.rcParams.update(STYLE)


def show(figure: Figure | Axes, caption: str) -> None:
    """Show a figure sharp on every screen, with its caption under it as text.

    The caption is also the picture's text alternative. In a notebook this takes the place of
    ``plt.show()``; elsewhere it calls it.

    Args:
        figure: the figure, or any axes in it. It is closed once it is shown.
        caption: one sentence that says what to see.
    """
    figure = figure.figure
    try:
        from IPython import get_ipython
        from IPython.display import Markdown, display
    except ImportError:
        return plt.show()
    if not hasattr(get_ipython(), "kernel"):
        return plt.show()
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=2 * figure.dpi, metadata={"Software": None})
    width, height = (round(inches * figure.dpi) for inches in figure.get_size_inches())
    plt.close(figure)
    display(
        {"image/png": png.getvalue(), "text/plain": caption},
        metadata={"image/png": {"width": width, "height": height, "alt": caption}},
        raw=True,
    )
    display(Markdown(f"*{caption}*"))


def caption(figure: Figure, text: str) -> None:
    """Write one line under a figure that says what to see in it."""
    figure.supxlabel(text, fontsize=9.5, color=GREY, style="italic", x=0.02, ha="left")


LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 3)))
MARKERS = ("o", "s", "^", "D", "v", "P")


def plot_schedules(
    schedules: Mapping[str, Callable],
    steps: int | Sequence[int],
    axes: Axes | None = None,
    x_label: str = "epoch",
) -> Axes:
    """Draw planned learning rates by calling the very schedules that train.

    A plain function is called with one Python int at a time, as ``LearningRateScheduler`` does. A
    Keras ``LearningRateSchedule`` is called once with an int64 array, or, where it takes scalars
    only, step by step.

    Args:
        schedules: name to schedule. A name that ``SCHEDULE_COLOURS`` has gets that colour; every
            schedule gets its own line style, and markers where the points are few.
        steps: the steps or epochs to call, or how many from 0 on.
        axes: where to draw; a new figure by default.
        x_label: ``"epoch"`` or ``"step"``, whatever the schedules count.

    Returns:
        The axes, with one line and one legend entry per schedule.

    Raises:
        TypeError: ``schedules`` is not a mapping, or one of them is not callable.
        ValueError: there is nothing to draw, a step is negative or not whole, or a schedule gives
            something that is not one finite number per step.
    """
    _check_schedules(schedules)
    numbers = _step_numbers(steps)
    if axes is None:
        _, axes = plt.subplots()
    few = len(numbers) <= 40
    for index, (name, schedule) in enumerate(schedules.items(), start=len(axes.lines)):
        axes.plot(
            numbers,
            _planned_rates(name, schedule, numbers),
            label=name,
            color=_schedule_colour(name, schedules),
            linestyle=LINE_STYLES[index % len(LINE_STYLES)],
            marker=MARKERS[index % len(MARKERS)] if few else "",
            markersize=4,
        )
    axes.set(xlabel=x_label, ylabel="learning rate")
    axes.legend()
    return axes


def _check_schedules(schedules: Mapping[str, Callable]) -> None:
    if not isinstance(schedules, Mapping):
        raise TypeError(
            f"schedules must map names to schedules, got {type(schedules).__name__}. "
            'For one schedule, pass {"its name": schedule}.'
        )
    if not schedules:
        raise ValueError("schedules must hold at least one schedule, got none")
    for name, schedule in schedules.items():
        if not callable(schedule):
            raise TypeError(
                f"schedules[{name!r}] must be callable, got {type(schedule).__name__} {schedule!r}"
            )


def _step_numbers(steps: int | Sequence[int]) -> np.ndarray:
    numbers = np.arange(steps) if isinstance(steps, (int, np.integer)) else np.asarray(steps)
    if isinstance(steps, bool) or numbers.ndim != 1 or not len(numbers):
        raise ValueError(f"steps must be a positive int or a list of steps, got {steps!r}")
    if not np.issubdtype(numbers.dtype, np.integer) or numbers.min() < 0:
        raise ValueError(f"steps must be whole numbers from 0 on, got {steps!r}")
    return numbers.astype(np.int64)


def _planned_rates(name: str, schedule: Callable, numbers: np.ndarray) -> np.ndarray:
    rates = _rates_of_array(schedule, numbers) if hasattr(schedule, "get_config") else None
    if rates is None:
        rates = np.array([_one_rate(name, schedule, int(number)) for number in numbers])
    wrong = np.flatnonzero(~np.isfinite(rates))
    if len(wrong):
        raise ValueError(
            f"schedules[{name!r}] must give finite rates, "
            f"got {rates[wrong[0]]} at {numbers[wrong[0]]}"
        )
    return rates


def _one_rate(name: str, schedule: Callable, number: int) -> float:
    rate = schedule(number)
    try:
        return float(np.asarray(rate))
    except (TypeError, ValueError):
        raise ValueError(
            f"schedules[{name!r}] must give one number per step, got {rate!r} at {number}"
        ) from None


def _rates_of_array(schedule: Callable, numbers: np.ndarray) -> np.ndarray | None:
    """Call a Keras schedule once for all steps; None where it takes a single step only."""
    try:
        rates = np.asarray(schedule(numbers), dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return rates if rates.shape == numbers.shape else None


def _schedule_colour(name: str, names: Mapping[str, Callable]) -> str:
    """The course's colour for a name, or the first that no schedule of this chart has."""
    if name in SCHEDULE_COLOURS:
        return SCHEDULE_COLOURS[name]
    taken = {SCHEDULE_COLOURS[other] for other in names if other in SCHEDULE_COLOURS}
    free = [c for c in (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK) if c not in taken]
    others = [other for other in names if other not in SCHEDULE_COLOURS]
    return (free or [GREY])[others.index(name) % len(free or [GREY])]


def plot_rates(
    planned: Callable | Sequence[float],
    recorded: object,
    axes: Axes | None = None,
    label: str = "",
    colour: str = VERMILION,
) -> Axes:
    """Overlay what was planned (wide pale line) and what the optimizer used (dots).

    Args:
        planned: the schedule that trained: a Keras ``LearningRateSchedule`` is called at the
            recorded steps, any other function at the recorded steps or epochs, whichever the record
            counts. Or a list with one planned rate for each recorded one.
        recorded: a ``LearningRateLogger``, drawn against its epochs if it records per epoch and
            else against its steps; or a list of rates, drawn against 0, 1, 2, ...
        axes: where to draw; a new figure by default. Call again with the same axes to add a run.
        label: name of this run, put before "planned" and "recorded" in the legend.
        colour: of the dots.

    Returns:
        The axes. The last two lines in ``axes.lines`` are the plan and the record.

    Raises:
        ValueError: nothing was recorded, or there is not one planned rate per recorded rate.
    """
    rates = getattr(recorded, "learning_rates", recorded)
    unit = getattr(recorded, "per", "step")
    numbers = np.asarray(getattr(recorded, f"{unit}s", range(len(rates))), dtype=np.int64)
    if not len(rates):
        raise ValueError("recorded must hold at least one rate, got none: has it been in a fit?")
    plan = planned
    if callable(planned):
        counts_steps = hasattr(planned, "get_config") and hasattr(recorded, "steps")
        plan = _planned_rates(
            "planned", planned, np.array(recorded.steps) if counts_steps else numbers
        )
    if len(plan) != len(rates):
        raise ValueError(
            f"planned must have one rate for each of the {len(rates)} recorded, got {len(plan)}"
        )
    if axes is None:
        _, axes = plt.subplots()
    prefix = f"{label}: " if label else ""
    style = {"color": SKY, "linewidth": 6, "alpha": 0.55}
    # What is set once per epoch holds until the next one.
    style["drawstyle"] = "steps-post" if unit == "epoch" else "default"
    axes.plot(numbers, plan, label=f"{prefix}planned", **style)
    dots = {"marker": "o", "markersize": 4, "markevery": max(1, len(rates) // 40)}
    axes.plot(
        numbers, rates, color=colour, linestyle="", zorder=3, label=f"{prefix}recorded", **dots
    )
    axes.set(xlabel=unit, ylabel="learning rate")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend()
    return axes


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


HISTORY_LABELS = {
    "loss": "training loss",
    "accuracy": "training accuracy",
    "val_loss": "validation loss",
    "val_accuracy": "validation accuracy",
}

History = Mapping[str, Sequence[float]]


def plot_history(
    histories: Mapping[str, History | Sequence[History]],
    metric: str = "val_loss",
    axes: Axes | None = None,
    colours: Mapping[str, str] | None = None,
) -> Axes:
    """Draw a metric after each epoch; several runs become their mean and a band from lowest to highest.

    Args:
        histories: name to what ``fit(...).history`` holds, or to a list of such, one per seed.
        metric: a key of the histories, such as ``"val_loss"`` or ``"val_accuracy"``.
        axes: where to draw; a new figure by default.
        colours: name to colour. Without it, a name that ``SCHEDULE_COLOURS`` has gets that colour.

    Returns:
        The axes, with one line per name: the mean over its runs at epochs 1, 2, ...

    Raises:
        TypeError: ``histories`` is not a mapping.
        ValueError: there is nothing to draw, a history lacks ``metric``, or runs under one name
            differ in length.
    """
    if not isinstance(histories, Mapping):
        raise TypeError(f"histories must map names to histories, got {type(histories).__name__}")
    if not histories:
        raise ValueError("histories must hold at least one name, got none")
    values = {name: _runs_of(name, runs, metric) for name, runs in histories.items()}
    if axes is None:
        _, axes = plt.subplots()
    for index, (name, runs) in enumerate(values.items(), start=len(axes.lines)):
        epochs = np.arange(1, runs.shape[1] + 1)
        colour = (colours or {}).get(name) or _schedule_colour(name, histories)
        axes.plot(
            epochs,
            runs.mean(axis=0),
            label=name,
            color=colour,
            linestyle=LINE_STYLES[index % len(LINE_STYLES)],
            marker=MARKERS[index % len(MARKERS)],
            markersize=5,
        )
        if len(runs) > 1:
            axes.fill_between(
                epochs, runs.min(axis=0), runs.max(axis=0), color=colour, alpha=0.18, linewidth=0
            )
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="epoch", ylabel=HISTORY_LABELS.get(metric, metric.replace("_", " ")))
    axes.legend()
    return axes


def _runs_of(name: str, runs: History | Sequence[History], metric: str) -> np.ndarray:
    """The metric of all runs under one name: shape (runs, epochs)."""
    runs = [runs] if isinstance(runs, Mapping) else list(runs)
    if not runs:
        raise ValueError(f"histories[{name!r}] must hold at least one history, got none")
    for run in runs:
        if metric not in run:
            raise ValueError(
                f"histories[{name!r}] has no metric {metric!r}; it has {', '.join(run)}"
            )
    lengths = {len(run[metric]) for run in runs}
    if len(lengths) > 1 or lengths == {0}:
        raise ValueError(
            f"histories[{name!r}] must have runs of equal length, at least one epoch, "
            f"got {sorted(lengths)}"
        )
    return np.array([run[metric] for run in runs], dtype=np.float64)


def plot_runs(
    runs: Mapping[str, Sequence[Sequence[float]]],
    numbers: Sequence[float],
    axes: Axes | None = None,
    y_label: str = "validation accuracy",
) -> Axes:
    """Draw what several runs of each schedule measured: their mean, in a band from low to high.

    Args:
        runs: name of the schedule to measurements, shape (runs, points); at least one run.
        numbers: where each point was measured, in epochs; shape (points,).
        axes: where to draw; a new figure by default.
        y_label: what was measured, with its unit.

    Returns:
        The axes, with one line (the mean) and one band for each name.

    Raises:
        ValueError: no runs, or they do not have one finite measurement for each of ``numbers``.
    """
    if axes is None:
        _, axes = plt.subplots()
    for index, (name, measured) in enumerate(runs.items()):
        values = np.asarray(measured, dtype=np.float64)
        if values.ndim != 2 or not len(values) or values.shape[1] != len(numbers):
            raise ValueError(
                f"runs[{name!r}] must have shape (runs, {len(numbers)}), got {values.shape}"
            )
        if not np.isfinite(values).all():
            raise ValueError(f"runs[{name!r}] must be finite, got {values.tolist()}")
        colour, style = _schedule_colour(name, runs), LINE_STYLES[index % len(LINE_STYLES)]
        axes.plot(numbers, values.mean(axis=0), color=colour, linestyle=style, label=name)
        axes.fill_between(
            numbers, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.2, linewidth=0
        )
    axes.set(xlabel="epochs trained", ylabel=y_label)
    axes.legend()
    return axes


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
            xlabel="epochs trained", xticks=range(len(values)), yticks=range(len(class_names))
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
