"""Lines are told apart without their colours: printed in grey, or by eyes that see none."""

import itertools

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from test_plots import linear_rgb

from helpers import figures, plots


def contrast(one: str, other: str) -> float:
    """Contrast of two colours as WCAG 2 defines it: 1 to 21. In grey nothing else is left of them."""
    first, second = sorted(float(linear_rgb(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (second + 0.05) / (first + 0.05)


def test_lines_of_one_chart_have_styles_of_their_own() -> None:
    names = list(plots.SCHEDULE_COLOURS)[: len(plots.LINE_STYLES)]
    axes = plots.plot_schedules({name: lambda step: 1e-3 for name in names}, 200, x_label="step")
    styles = {(line.get_linestyle(), str(line._dash_pattern)) for line in axes.lines}
    plt.close(axes.figure)
    assert len(styles) == len(names) == 6


def test_the_runs_of_one_chart_have_styles_of_their_own() -> None:
    runs = {f"run {number}": [[1.0, 0.5], [0.9, 0.4]] for number in range(6)}
    axes = plots.plot_history(runs)
    looks = {(line.get_linestyle(), line.get_marker()) for line in axes.lines}
    plt.close(axes.figure)
    assert len(looks) == 6


def test_shapes_of_lesson_8_differ_in_line_marker_or_grey() -> None:
    for one, other in itertools.combinations(figures.SHAPE_LOOKS, 2):
        colour, *look = figures.SHAPE_LOOKS[one]
        colour_2, *look_2 = figures.SHAPE_LOOKS[other]
        assert look != look_2 or contrast(colour, colour_2) > 1.5, f"{one} and {other}"


def test_a_record_is_seen_on_its_plan() -> None:
    rates = np.linspace(0.1, 0.0, 30)
    axes = plots.plot_rates(rates, rates)
    planned, recorded = axes.lines
    plt.close(axes.figure)
    assert planned.get_linewidth() == 6 and recorded.get_linestyle() == "None"
    assert recorded.get_marker() == "o" and recorded.get_markeredgecolor() == "white"
    assert contrast(planned.get_color(), "#FFFFFF") >= 3
