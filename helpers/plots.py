"""The course's charts: one style, one colour per schedule, told apart by colour-blind people and in grey.

``plot_schedules``, ``plot_rates`` and ``plot_history`` draw on Matplotlib axes (or make a figure) and
return the axes; ``show`` puts a figure and its caption into a notebook.

Needs NumPy and Matplotlib alone: rates may be numbers or tensors of TensorFlow, JAX or PyTorch.
Works alone in an empty folder.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Every colour shows at least 3:1 on white, so a thin line is seen. Any two differ by 11 or more in
# CIEDE2000 for full colour vision and for each of the three kinds of colour blindness; to be sure,
# charts also give every line a style and a marker of its own.
BLACK, GREY = "#000000", "#767676"
ORANGE, SKY, BLUE, NAVY = "#DC7900", "#0098E4", "#4B69D2", "#0F2D69"
GREEN, TEAL, OLIVE = "#288E60", "#006969", "#4B6900"
VERMILION, MAGENTA, PLUM, BROWN = "#E10F3C", "#C31E78", "#5A1E3C", "#690F00"
PURPLE, MAUVE = "#5A00E1", "#9678A5"

# One colour per schedule through the whole course.
SCHEDULE_COLOURS = {
    "constant": BLACK,
    "step": OLIVE,
    "exponential": ORANGE,
    "time-based": SKY,
    "hold then decay": MAGENTA,
    "constant then exponential": GREEN,
    "linear": TEAL,
    "cosine": BLUE,
    "one-cycle": VERMILION,
    "wsd": PURPLE,
    "triangular": BROWN,
    "inverse square root": MAUVE,
    "cosine restarts": NAVY,
    "plateau": PLUM,
}
# Other names of the same schedules.
SAME_SCHEDULE = {
    "onecycle": "one-cycle",
    "warmup-stable-decay": "wsd",
    "polynomial": "linear",
    "inverse time": "time-based",
}
# For names of your own, in this order.
FREE_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)

# A plan is a wide line in this grey, on which dots of every colour with a white edge are seen.
PLANNED = "#909090"

LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 3)))
MARKERS = ("o", "s", "^", "D", "v", "P")
FEW_POINTS = 40  # with more, a line has no markers
# Which of these styles a schedule has, in every chart of the course. Those that are drawn together
# differ; where two that share a style do meet, the second one takes the next that is free.
SCHEDULE_LOOKS = {
    "constant": 3,
    "step": 4,
    "cosine": 1,
    "one-cycle": 0,
    "linear": 2,
    "wsd": 5,
    "time-based": 1,
    "exponential": 2,
    "constant then exponential": 4,
    "hold then decay": 5,
    "triangular": 0,
    "inverse square root": 2,
    "cosine restarts": 4,
    "plateau": 5,
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
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.handlelength": 3.0,
    "lines.linewidth": 2.0,
    "image.cmap": "gray_r",
    "axes.prop_cycle": plt.cycler(color=FREE_COLOURS),
}


@dataclass
class Picture:
    """How ``show`` stores a figure.

    Attributes:
        pixels: per pixel that it is shown at, in each direction.
        colours: of its palette.
        change: by how much a colour may change for that, of 255.
    """

    pixels: float = 2.0
    colours: int = 256
    change: int = 24


SHARP, SMALL = Picture(), Picture(pixels=1.4, colours=64, change=40)
_stored_as = SHARP


def use_course_style(small_pictures: bool = False) -> None:
    """Set Matplotlib's defaults to the style of the course, for every figure that follows.

    Args:
        small_pictures: for a notebook with many figures: ``show`` stores them in about half the
            bytes, a little less sharp on dense screens.
    """
    global _stored_as
    _stored_as = SMALL if small_pictures else SHARP
    plt.rcParams.update(STYLE)


def show(figure: Figure | Axes, caption: str) -> None:
    """Show a figure, sharp on every screen, with its caption under it as text.

    In a notebook this takes the place of ``plt.show()``: the picture has twice the pixels that it
    is shown at (see ``use_course_style``), and its metadata hold the caption as ``alt``, a text alternative for pages that are
    made from the notebook. (JupyterLab 4.6 gives no picture an alternative; there the caption below
    is what a screen reader says.) Elsewhere it prints the caption and calls ``plt.show()``.

    Args:
        figure: the figure, or any axes in it. In a notebook it is closed once it is shown.
        caption: one sentence that says what to see.
    """
    figure = figure.figure
    if not _in_a_notebook():
        print(caption)
        plt.show()
        return
    from IPython.display import Markdown, display

    picture, about = as_picture(figure, caption)
    display(picture, metadata=about, raw=True)
    display(Markdown(f"*{caption}*"))


def as_picture(figure: Figure, caption: str) -> tuple[dict, dict]:
    """Close a figure and return what ``display`` shows of it: data and metadata by MIME type."""
    png = _png(figure)
    width, height = (round(inches * figure.dpi) for inches in figure.get_size_inches())
    plt.close(figure)
    about = {"width": width, "height": height, "alt": caption}
    return {"image/png": png, "text/plain": caption}, {"image/png": about}


def _in_a_notebook() -> bool:
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")


def _png(figure: Figure) -> bytes:
    """The figure as a PNG of more pixels, as small as it gets without a visible change."""
    from PIL import Image

    plain = io.BytesIO()
    dpi = _stored_as.pixels * figure.dpi
    figure.savefig(plain, format="png", dpi=dpi, pil_kwargs={"compress_level": 0})  # read at once
    full = Image.open(plain).convert("RGB")
    palette = full.quantize(
        _stored_as.colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    )
    change = np.abs(np.asarray(full, np.int16) - np.asarray(palette.convert("RGB"), np.int16))
    smallest = io.BytesIO()
    (palette if change.max() <= _stored_as.change else full).save(
        smallest, format="png", optimize=True
    )
    return smallest.getvalue()


def plot_schedules(
    schedules: Mapping[str, Callable],
    steps: int | Sequence[int],
    axes: Axes | None = None,
    x_label: str = "epoch",
) -> Axes:
    """Draw planned learning rates by calling the very schedules that train.

    A plain function is called with one Python int at a time, as ``LearningRateScheduler`` does. A
    Keras ``LearningRateSchedule`` is called once with an int64 array, or, where it takes scalars
    only, step by step. Rates of epochs are drawn as stairs: each holds until the next epoch begins.

    Args:
        schedules: name to schedule. A name that ``SCHEDULE_COLOURS`` has gets that colour and
            its line style in ``SCHEDULE_LOOKS``; other names get a style that the chart has left.
            Markers where the points are few.
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
    planned = {name: _planned_rates(name, of, numbers) for name, of in schedules.items()}
    if axes is None:
        _, axes = plt.subplots()
    stairs = x_label.startswith("epoch")
    for name, rates in planned.items():
        (line,) = axes.plot(
            numbers,
            rates,
            label=name,
            color=_schedule_colour(name, schedules),
            drawstyle="steps-post" if stairs else "default",
            **_style_of(name, schedules, axes, len(numbers)),
        )
        if stairs:
            _draw_last_stair(axes, line)
    axes.set(xlabel=x_label, ylabel="learning rate")
    _count_in_whole_numbers(axes)
    axes.legend()
    return axes


def _style_of(name: str, names: Mapping[str, object], axes: Axes, points: int) -> dict:
    """Line style and marker of a line: those of its schedule, or the first that the chart has left."""
    taken = {line.get_gid() for line in axes.lines}
    known = SCHEDULE_LOOKS.get(SAME_SCHEDULE.get(name, name))
    if known is None:
        taken |= {f"look {SCHEDULE_LOOKS.get(SAME_SCHEDULE.get(other, other))}" for other in names}
    wanted = known or 0
    looks = [(wanted + shift) % len(LINE_STYLES) for shift in range(len(LINE_STYLES))]
    look = next((look for look in looks if f"look {look}" not in taken), wanted)
    return {
        "linestyle": LINE_STYLES[look],
        "marker": MARKERS[look] if points <= FEW_POINTS else "",
        "markersize": 5,
        "gid": f"look {look}",
    }


def _draw_last_stair(axes: Axes, line: plt.Line2D) -> None:
    """Draw what holds in the last epoch, whose end Matplotlib's stairs leave out."""
    places, rates = line.get_data()
    look = {"linewidth": line.get_linewidth(), "linestyle": line.get_linestyle()}
    axes.hlines(rates[-1], places[-1], places[-1] + 1, color=line.get_color(), **look)


def _count_in_whole_numbers(axes: Axes) -> None:
    """No ticks at half epochs, on an axis that has not been given ticks of its own."""
    if isinstance(axes.xaxis.get_major_locator(), MaxNLocator):
        axes.xaxis.get_major_locator().set_params(integer=True)


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
        return float(_as_numbers(rate))
    except (TypeError, ValueError):
        raise ValueError(
            f"schedules[{name!r}] must give one number per step, got {rate!r} at {number}"
        ) from None


def _rates_of_array(schedule: Callable, numbers: np.ndarray) -> np.ndarray | None:
    """Call a Keras schedule once for all steps; None where it takes a single step only."""
    try:
        rates = _as_numbers(schedule(numbers))
    except (
        Exception
    ):  # each backend has errors of its own; asked step by step, a bad schedule fails
        return None
    return rates if rates.shape == numbers.shape else None


def _as_numbers(values: object) -> np.ndarray:
    """Numbers, or a tensor of any backend, as float64."""
    if hasattr(values, "detach"):  # PyTorch: NumPy takes no tensor of a graph or on another device
        values = values.detach().cpu().double()
    values = np.asarray(values)
    if values.dtype.kind in "OSU":
        raise TypeError(f"numbers are wanted, got {values!r:.60}")
    return values.astype(np.float64)


def _schedule_colour(name: str, names: Mapping[str, object]) -> str:
    """The course's colour for a name, or the first that no schedule of this chart has."""
    known = {other: _course_colour(other) for other in names}
    if known[name]:
        return known[name]
    free = [colour for colour in FREE_COLOURS if colour not in known.values()] or [GREY]
    others = [other for other in names if not known[other]]
    return free[others.index(name) % len(free)]


def _course_colour(name: str) -> str | None:
    return SCHEDULE_COLOURS.get(SAME_SCHEDULE.get(name, name))


def plot_rates(
    planned: Callable | Sequence[float],
    recorded: object,
    axes: Axes | None = None,
    label: str = "",
    colour: str = VERMILION,
    x_label: str | None = None,
) -> Axes:
    """Draw what the optimizer used (dots) over what was planned (a wide grey line).

    Rates of epochs are drawn as stairs: each holds until the next epoch begins.

    Args:
        planned: the schedule that trained: a Keras ``LearningRateSchedule`` is called at the
            recorded steps, any other function at the recorded steps or epochs, whichever the record
            counts. Or a list with one planned rate for each recorded one.
        recorded: a ``LearningRateLogger``, drawn against its epochs if it records per epoch and
            else against its steps; or a list of rates, drawn against 0, 1, 2, ...
        axes: where to draw; a new figure by default. Call again with the same axes to add a run.
        label: name of this run, put before "planned" and "recorded" in the legend.
        colour: of the dots.
        x_label: ``"epoch"`` or ``"step"``: what a list counts; by default steps.

    Returns:
        The axes. The last two lines in ``axes.lines`` are the plan and the record.

    Raises:
        TypeError: ``recorded`` is neither a logger nor a list of rates.
        ValueError: nothing was recorded, or there is not one planned rate per recorded rate.
    """
    rates = _recorded_rates(recorded)
    unit = getattr(recorded, "per", "step")
    numbers = np.asarray(getattr(recorded, f"{unit}s", range(len(rates))), dtype=np.int64)
    plan = planned
    if callable(planned):
        counts_steps = hasattr(planned, "get_config") and hasattr(recorded, "steps")
        asked = np.array(recorded.steps) if counts_steps else numbers
        plan = _planned_rates("planned", planned, asked)
    if len(plan) != len(rates):
        raise ValueError(
            f"planned must have one rate for each of the {len(rates)} recorded, got {len(plan)}"
        )
    if axes is None:
        _, axes = plt.subplots()
    prefix = f"{label}: " if label else ""
    x_label = x_label or unit
    stairs = x_label.startswith("epoch")
    (line,) = axes.plot(
        numbers,
        _as_numbers(plan),
        label=f"{prefix}planned",
        color=PLANNED,
        linewidth=6,
        drawstyle="steps-post" if stairs else "default",
        solid_capstyle="butt",
    )
    if stairs:
        _draw_last_stair(axes, line)
    axes.plot(
        numbers,
        rates,
        label=f"{prefix}recorded",
        color=colour,
        linestyle="",
        zorder=3,
        marker="o",
        markersize=6,
        markeredgecolor="white",
        markeredgewidth=0.8,
        markevery=1 if len(rates) <= FEW_POINTS else 0.05,  # of the diagonal
    )
    axes.set(xlabel=x_label, ylabel="learning rate")
    _count_in_whole_numbers(axes)
    axes.legend()
    return axes


def _recorded_rates(recorded: object) -> np.ndarray:
    """The rates of a logger or of a list, at least one."""
    a_logger = hasattr(recorded, "per")
    rates = getattr(recorded, "learning_rates", () if a_logger else recorded)
    try:
        rates = _as_numbers(rates)
    except (TypeError, ValueError):
        rates = np.array(None)
    if rates.ndim != 1:
        raise TypeError(
            "recorded must be a LearningRateLogger or a list of rates, "
            f"got {type(recorded).__name__} {recorded!r:.60}"
        )
    if not len(rates):
        raise ValueError("recorded must hold at least one rate, got none: has it been in a fit?")
    return rates


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
        ValueError: there is nothing to draw, a history lacks ``metric``, runs under one name differ in
            length, or there is not one of ``numbers`` per value.
    """
    if not isinstance(histories, Mapping):
        raise TypeError(f"histories must map names to histories, got {type(histories).__name__}")
    if not histories:
        raise ValueError("histories must hold at least one name, got none")
    values = {name: _runs_of(name, runs, metric) for name, runs in histories.items()}
    places = {name: _places_of(name, runs, numbers) for name, runs in values.items()}
    if axes is None:
        _, axes = plt.subplots()
    for name, runs in values.items():
        colour = (colours or {}).get(name) or _schedule_colour(name, histories)
        look = _style_of(name, histories, axes, runs.shape[1])
        axes.plot(places[name], runs.mean(axis=0), label=name, color=colour, **look)
        if len(runs) > 1:
            low, high = runs.min(axis=0), runs.max(axis=0)
            axes.fill_between(places[name], low, high, color=colour, alpha=0.18, linewidth=0)
    label = y_label or HISTORY_LABELS.get(metric, metric.replace("_", " "))
    axes.set(xlabel="epochs trained", ylabel=label)
    _count_in_whole_numbers(axes)
    axes.legend()
    return axes


def _runs_of(name: str, runs: Run | Sequence[Run], metric: str) -> np.ndarray:
    """What all runs under one name measured: shape (runs, points)."""
    if isinstance(runs, Mapping) or (len(runs) and isinstance(runs[0], Real)):
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
    return np.array([_as_numbers(values) for values in measured])


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
