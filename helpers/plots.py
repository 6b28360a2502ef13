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


HISTORY_LABELS = {
    "loss": "training loss",
    "accuracy": "training accuracy",
    "val_loss": "validation loss",
    "val_accuracy": "validation accuracy",
}

Run = Mapping[str, Sequence[float]] | Sequence[float]


def plot_history(
    histories: Mapping[str, Run | Sequence[Run]],
    metric: str = "val_loss",
    axes: Axes | None = None,
    colours: Mapping[str, str] | None = None,
    numbers: Sequence[float] | None = None,
    y_label: str | None = None,
) -> Axes:
    """Draw what runs measured; several under one name become a mean and a band from low to high.

    Args:
        histories: name to a run, or to a list of runs of equal length, one per seed. A run is what
            ``fit(...).history`` holds, or a list of numbers that you measured yourself.
        metric: which key of a history to draw, such as ``"val_loss"`` or ``"val_accuracy"``; any
            name for what the numbers are, if the runs are lists of numbers.
        axes: where to draw; a new figure by default.
        colours: name to colour. Without it, a name that ``SCHEDULE_COLOURS`` has gets that colour.
        numbers: where each point was measured, in epochs; by default after epochs 1, 2, ...
        y_label: what is written at the vertical axis, for example with a unit; by default a name
            made of ``metric``.

    Returns:
        The axes, with one line (the mean over its runs) per name.

    Raises:
        TypeError: ``histories`` is not a mapping.
        ValueError: there is nothing to draw, a history lacks ``metric``, a value is not a number,
            runs under one name differ in length, or there is not one of ``numbers`` per value.
    """
    if not isinstance(histories, Mapping):
        raise TypeError(f"histories must map names to histories, got {type(histories).__name__}")
    if not histories:
        raise ValueError("histories must hold at least one name, got none")
    values = {name: _runs_of(name, runs, metric) for name, runs in histories.items()}
    places = {name: _places_of(name, runs, numbers) for name, runs in values.items()}
    if axes is None:
        _, axes = plt.subplots()
    for index, (name, runs) in enumerate(values.items(), start=len(axes.lines)):
        colour = (colours or {}).get(name) or _schedule_colour(name, histories)
        axes.plot(
            places[name],
            runs.mean(axis=0),
            label=name,
            color=colour,
            linestyle=LINE_STYLES[index % len(LINE_STYLES)],
            marker=MARKERS[index % len(MARKERS)] if runs.shape[1] <= 40 else "",
            markersize=5,
        )
        if len(runs) > 1:
            low, high = runs.min(axis=0), runs.max(axis=0)
            axes.fill_between(places[name], low, high, color=colour, alpha=0.18, linewidth=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    label = y_label or HISTORY_LABELS.get(metric, metric.replace("_", " "))
    axes.set(xlabel="epochs trained", ylabel=label)
    axes.legend()
    return axes


def _runs_of(name: str, runs: Run | Sequence[Run], metric: str) -> np.ndarray:
    """What all runs under one name measured: shape (runs, points)."""
    if isinstance(runs, Mapping) or (len(runs) and np.ndim(runs[0]) == 0 and not _is_run(runs[0])):
        runs = [runs]
    if not len(runs):
        raise ValueError(f"histories[{name!r}] must hold at least one history, got none")
    for run in runs:
        if isinstance(run, Mapping) and metric not in run:
            raise ValueError(
                f"histories[{name!r}] has no metric {metric!r}; it has {', '.join(run)}"
            )
    measured = [run[metric] if isinstance(run, Mapping) else run for run in runs]
    lengths = {len(values) for values in measured}
    if len(lengths) > 1 or lengths == {0}:
        raise ValueError(
            f"histories[{name!r}] must have runs of equal length, at least one point, "
            f"got {sorted(lengths)}"
        )
    return np.array(measured, dtype=np.float64)


def _is_run(value: object) -> bool:
    return isinstance(value, Mapping)


def _places_of(name: str, runs: np.ndarray, numbers: Sequence[float] | None) -> np.ndarray:
    """Where the points of one name are drawn: 1, 2, ... or the numbers given."""
    points = runs.shape[1]
    places = np.arange(1, points + 1) if numbers is None else np.asarray(numbers)
    if places.shape != (points,):
        raise ValueError(
            f"numbers must have one entry for each of the {points} points of "
            f"histories[{name!r}], got {numbers!r}"
        )
    return places
