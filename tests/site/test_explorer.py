"""The schedule explorer computes what the real schedules compute, and its code makes these schedules.

Its formulas are JavaScript. They run here in QuickJS, beside the objects that train.
"""

import inspect
import itertools
import json
import re
from types import SimpleNamespace

import build_site
import keras
import numpy as np
import pytest
import quickjs
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_plots import ciede2000, contrast_with_white, lab, linear_rgb

from helpers import plots, schedule_study, schedules

KERAS = keras.optimizers.schedules
CLASSES = {
    name: getattr(home, name)
    for home, names in {
        KERAS: [
            "CosineDecay",
            "CosineDecayRestarts",
            "ExponentialDecay",
            "InverseTimeDecay",
            "PiecewiseConstantDecay",
            "PolynomialDecay",
        ],
        schedule_study: ["InverseSquareRoot"],
        schedules: [
            "LinearDecay",
            "OneCycle",
            "Scaled",
            "Sequence",
            "Triangular",
            "WarmUp",
            "WarmupStableDecay",
        ],
    }.items()
    for name in names
}


class Script:
    """The explorer's two files that need no page."""

    def __init__(self) -> None:
        self.context = quickjs.Context()
        for name in build_site.SCRIPTS[:2]:
            self.context.eval((build_site.EXPLORER / name).read_text("utf-8"))

    def __call__(self, function: str, *arguments: object) -> object:
        given_values = ", ".join(json.dumps(argument) for argument in arguments)
        return json.loads(self.context.eval(f"JSON.stringify({function}({given_values}))"))


script = Script()


def real(tree: object) -> object:
    """The Keras object that a tree of the explorer stands for."""
    if isinstance(tree, list):
        return [real(part) for part in tree]
    if isinstance(tree, dict):
        return CLASSES[tree["name"]](**{name: real(value) for name, value in tree["args"].items()})
    return tree


def real_rates(schedule: object, steps: np.ndarray) -> np.ndarray:
    if isinstance(schedule, (int, float)):
        return np.full(len(steps), schedule, np.float64)
    try:
        rates = keras.ops.convert_to_numpy(schedule(steps))
    except Exception:  # a schedule of Keras's that takes one step at a time
        rates = schedules.preview(schedule, steps)
    assert rates.shape == steps.shape
    return rates.astype(np.float64)


def in_float64(tree: object) -> bool:
    """Whether no schedule of Keras's own, which computes in float32, takes part."""
    if isinstance(tree, list):
        return all(map(in_float64, tree))
    if isinstance(tree, dict):
        own = not hasattr(KERAS, tree["name"])
        return own and all(map(in_float64, tree["args"].values()))
    return True


def assert_equal(tree: object, schedule: object, steps: np.ndarray) -> None:
    """Every rate to 1e-6: of itself, or of the peak where Keras itself computes in float32."""
    ours = np.array(script("Schedules.rates", tree, steps.tolist()))
    theirs = real_rates(schedule, steps)
    unit = theirs if in_float64(tree) else np.maximum(theirs, theirs.max())
    wrong = np.flatnonzero(np.abs(ours - theirs) > 1e-6 * unit + 1e-12 * theirs.max())
    assert not len(wrong), (
        f"{tree}: at step {steps[wrong[0]]} the explorer gives {ours[wrong[0]]}, "
        f"the schedule {theirs[wrong[0]]}"
    )


# Formulas

rate = st.floats(1e-6, 10.0)
share = st.floats(0.0, 1.0)
length = st.integers(1, 600)


def tree(name: str, **arguments: st.SearchStrategy) -> st.SearchStrategy:
    return st.fixed_dictionaries({"name": st.just(name), "args": st.fixed_dictionaries(arguments)})


@st.composite
def one_cycle(draw) -> dict:
    steps = draw(st.integers(2, 600))
    top = draw(st.integers(1, steps - 1))
    factors = {name: draw(st.floats(1, 1e5)) for name in ("div_factor", "final_div_factor")}
    args = {"max_learning_rate": draw(rate), "total_steps": steps, "pct_start": (top + 0.5) / steps}
    return {"name": "OneCycle", "args": args | factors}


@st.composite
def plateau(draw) -> dict:
    warmup, decay, rest = draw(st.integers(0, 200)), draw(length), draw(st.integers(0, 300))
    args = {
        "peak_learning_rate": draw(rate),
        "total_steps": warmup + rest + decay,
        "warmup_steps": warmup,
        "decay_steps": decay,
        "decay_shape": draw(st.sampled_from(["1-sqrt", "linear", "cosine"])),
    }
    return {"name": "WarmupStableDecay", "args": args}


@st.composite
def triangular(draw) -> dict:
    low, high = sorted([draw(rate), draw(rate)])
    args = {"base_learning_rate": low, "max_learning_rate": high}
    return {
        "name": "Triangular",
        "args": args | {"step_size": draw(length), "halve": draw(st.booleans())},
    }


@st.composite
def in_pieces(draw, pieces: st.SearchStrategy, name: str, key: str) -> dict:
    boundaries = sorted(draw(st.sets(st.integers(1, 500), min_size=1, max_size=4)))
    parts = draw(st.lists(pieces, min_size=len(boundaries) + 1, max_size=len(boundaries) + 1))
    return {"name": name, "args": {key: parts, "boundaries": boundaries}}


stairs = st.booleans()
simple = st.one_of(
    tree("CosineDecay", initial_learning_rate=rate, decay_steps=length, alpha=share),
    tree(
        "CosineDecayRestarts",
        initial_learning_rate=rate,
        first_decay_steps=length,
        t_mul=st.sampled_from([1, 2]),
        m_mul=st.floats(0.1, 1.0),
        alpha=share,
    ),
    tree(
        "ExponentialDecay",
        initial_learning_rate=rate,
        decay_steps=length,
        decay_rate=st.floats(0.01, 1.0),
        staircase=stairs,
    ),
    tree(
        "InverseTimeDecay",
        initial_learning_rate=rate,
        decay_steps=length,
        decay_rate=st.floats(0.0, 100.0),
        staircase=stairs,
    ),
    tree(
        "PolynomialDecay",
        initial_learning_rate=rate,
        decay_steps=length,
        end_learning_rate=rate,
        power=st.floats(0.25, 5.0),
    ),
    in_pieces(rate, "PiecewiseConstantDecay", "values"),
    tree("LinearDecay", initial_learning_rate=rate, decay_steps=length, end_learning_rate=rate),
    tree("InverseSquareRoot", peak_learning_rate=rate, hold_steps=length),
    one_cycle(),
    plateau(),
    triangular(),
)
# One schedule around, or beside, others.
composed = st.one_of(
    in_pieces(st.one_of(rate, simple), "Sequence", "schedules"),
    tree(
        "WarmUp",
        schedule=st.one_of(rate, simple),
        warmup_steps=st.integers(0, 300),
        shape=st.sampled_from(["linear", "cosine"]),
    ),
    tree("Scaled", schedule=st.one_of(rate, simple), factor=st.floats(0.0, 3.0)),
)
STEPS = np.arange(0, 1300)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(simple)
def test_every_formula_equals_its_schedule_at_every_step(one) -> None:
    assert_equal(one, real(one), STEPS)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(composed)
def test_schedules_around_schedules_equal_theirs(one) -> None:
    assert_equal(one, real(one), STEPS)


def test_cosine_restarts_begin_at_the_very_step_of_keras() -> None:
    for t_mul, first in itertools.product((1, 2), (1, 2, 3, 7, 10, 56, 100, 143, 333)):
        arguments = {"initial_learning_rate": 0.1, "first_decay_steps": first, "t_mul": t_mul}
        arguments |= {"m_mul": 0.5, "alpha": 0.0}
        one = {"name": "CosineDecayRestarts", "args": arguments}
        assert_equal(one, real(one), np.arange(5000))


def test_long_runs_are_equal_too() -> None:
    state = "steps=100000&show=cosine,warmup:5&show=one-cycle&show=wsd,warmup:5&show=linear&show=square-root"
    page = script("Schedules.read", state)
    steps = np.unique(np.r_[np.arange(0, 100_000, 97), np.arange(99_900, 100_010)])
    for curve in page["curves"]:
        one = script("Schedules.tree", page, curve)
        assert_equal(one, real(one), steps)


def test_every_formula_is_of_a_real_class_and_every_class_is_there() -> None:
    assert set(formulas()) == set(CLASSES)
    ours = {
        name
        for name, value in vars(schedules).items()
        if inspect.isclass(value) and value.__module__ == schedules.__name__
    }
    assert ours <= set(formulas()), "a schedule of the helpers is missing in the explorer"


def formulas() -> list[str]:
    return json.loads(script.context.eval("JSON.stringify(Object.keys(Schedules.FORMULAS))"))


# States and code

KINDS = json.loads(script.context.eval("JSON.stringify(Object.keys(Schedules.KINDS))"))
RUN = json.loads(script.context.eval("JSON.stringify(Schedules.RUN)"))


def values_of(setting: dict) -> st.SearchStrategy:
    if "choices" in setting:
        return st.sampled_from(setting["choices"])
    if setting.get("whole"):
        return st.integers(setting["min"], min(setting["max"], 1500))
    if setting.get("log"):
        return st.floats(setting["min"], setting["max"]).map(lambda value: float(f"{value:.2g}"))
    count = round((setting["max"] - setting["min"]) / setting["step"])
    return st.integers(0, count).map(
        lambda place: round(setting["min"] + place * setting["step"], 6)
    )


@st.composite
def states(draw) -> dict:
    state = {name: draw(values_of(setting)) for name, setting in RUN.items()}
    state["axis"] = draw(st.sampled_from(["linear", "log"]))
    state["at"] = draw(st.integers(0, state["steps"]))
    state["curves"] = []
    for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3)):
        chosen = {
            name: draw(values_of(setting))
            for name, setting in script("Schedules.settingsOf", kind).items()
        }
        state["curves"].append({"kind": kind, **chosen})
    return state


def with_all_kinds(warmup: int = 0, shape: str = "linear", times: float = 1) -> list[dict]:
    curves = [{**script("Schedules.newCurve", kind)} for kind in KINDS]
    return [{**curve, "warmup": warmup, "shape": shape, "times": times} for curve in curves]


def with_curves(curves: list[dict]) -> dict:
    return {"steps": 500, "peak": 0.1, "floor": 10, "axis": "linear", "at": 250, "curves": curves}


@pytest.mark.parametrize("kind", KINDS)
def test_the_note_names_the_curves_that_the_floor_does_not_change(kind) -> None:
    curve = script("Schedules.newCurve", kind)
    without, with_floor = (
        script("Schedules.tree", with_curves([curve]) | {"floor": floor}, curve)
        for floor in (0, 40)
    )
    note = script("Schedules.floorNote", with_curves([curve]))
    names = script("Schedules.names", with_curves([curve]))
    assert note == (f"The floor does not change: {names[0]}." if without == with_floor else "")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(states())
@example(with_curves(with_all_kinds()))
@example(with_curves(with_all_kinds(10, "cosine", 0.5)))
@example(with_curves(with_all_kinds(50)) | {"steps": 20})
def test_the_code_runs_and_makes_what_is_drawn(state) -> None:
    names = script("Schedules.variables", state)
    made: dict = {}
    exec(script("Schedules.code", state), made)
    assert isinstance(made["optimizer"], keras.optimizers.SGD)
    assert len(set(names)) == len(state["curves"])
    for name, curve in zip(names, state["curves"], strict=True):
        one = script("Schedules.tree", state, curve)
        assert_equal(one, made[name], np.arange(state["steps"] + 20))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(states())
def test_the_address_holds_the_whole_state(state) -> None:
    address = script("Schedules.write", state)
    assert re.fullmatch(r"#[\w=.,:&+-]*", address), "nothing that a mail or a chat would break"
    assert script("Schedules.read", address) == state
    encoded = address.replace(",", "%2C").replace(":", "%3A")
    assert script("Schedules.read", encoded) == state


@pytest.mark.parametrize(
    "address",
    [
        "",
        "#",
        "#steps=-5&peak=nan&floor=999&axis=up&at=1e9",
        "#show=nonsense&show=cosine,warmup:oops&show=toString&show=wsd,__proto__:1",
        "#steps=&show=" + "&show=linear" * 30,
        "#<script>alert(1)</script>&show=one-cycle,rise:abc",
    ],
)
def test_a_wrong_address_gives_defaults_and_never_an_error(address) -> None:
    state = script("Schedules.read", address)
    assert RUN["steps"]["min"] <= state["steps"] <= RUN["steps"]["max"]
    assert RUN["floor"]["min"] <= state["floor"] <= RUN["floor"]["max"]
    assert 0 <= state["at"] <= state["steps"]
    assert len(state["curves"]) <= len(plots.LINE_STYLES)
    drawn = script("Chart.svg", state, 700, 350) + script("Chart.table", state)
    assert "NaN" not in drawn and "undefined" not in drawn and "<script" not in drawn
    compile(script("Schedules.code", state), "code", "exec")


# What is seen


@settings(max_examples=40, deadline=None, derandomize=True)
@given(states())
def test_the_chart_draws_the_rates_where_they_are(state) -> None:
    drawn = script("Chart.svg", state, 700, 350)
    assert "NaN" not in drawn and "Infinity" not in drawn
    paths = re.findall(r'class="ex-line".*? d="M([^"]*)"', drawn)
    assert len(paths) == len(state["curves"])
    if state["axis"] == "linear":
        chosen = [script("Schedules.tree", state, curve) for curve in state["curves"]]
        first_rates = [script("Schedules.rate", one, 0) for one in chosen]
        places = [float(path.split("L")[0].split()[1]) for path in paths]
        order = sorted(range(len(places)), key=lambda index: first_rates[index])
        heights = [places[index] for index in order]
        assert heights == sorted(heights, reverse=True), "a higher rate is drawn higher"


def test_lines_have_the_course_s_colours_and_styles() -> None:
    state = script("Schedules.startState")
    drawn = script("Chart.svg", state, 700, 350)
    assert re.findall(r"var\(--line-([\w-]+)\)\" stroke-dash", drawn) == [
        "cosine",
        "one-cycle",
        "wsd",
    ]
    dashes = re.findall(r'class="ex-line".*?stroke-dasharray="([^"]*)"', drawn)
    assert len(set(dashes)) == len(dashes), "told apart in grey"
    assert build_site.schedule_colours() == plots.SCHEDULE_COLOURS
    kinds = json.loads(script.context.eval("JSON.stringify(Schedules.KINDS)"))
    assert {kind["colour"] for kind in kinds.values()} <= set(plots.SCHEDULE_COLOURS)
    assert len({kind["colour"] for kind in kinds.values()}) == len(kinds)


def luminance(colour: str) -> float:
    return float(linear_rgb(colour) @ [0.2126, 0.7152, 0.0722])


def test_every_line_is_seen_on_the_light_and_on_the_dark_page() -> None:
    paper = luminance(build_site.DARK_PAPER) + 0.05
    for name, colour in plots.SCHEDULE_COLOURS.items():
        dark = build_site.for_dark(colour)
        assert contrast_with_white(colour) >= 3, name
        assert (luminance(dark) + 0.05) / paper >= 3, f"{name} in dark mode"
        assert f"--line-{name.replace(' ', '-')}: {colour};" in build_site.line_colours()
    dark = [build_site.for_dark(colour) for colour in plots.SCHEDULE_COLOURS.values()]
    for one, other in itertools.combinations(dark, 2):
        assert ciede2000(lab(one), lab(other)) > 9, f"{one} and {other} look alike"


def test_the_table_says_in_numbers_what_is_drawn() -> None:
    state = script("Schedules.read", "steps=1000&peak=0.1&at=250&show=linear&show=constant")
    rows = re.findall(
        r"<tr><th scope=.row.>.*?</svg> (.*?)</th>(.*?)</tr>", script("Chart.table", state)
    )
    numbers = {name: re.findall(r"<td>(.*?)</td>", cells) for name, cells in rows}
    assert numbers["Linear decay"] == [
        "0.075",
        "0.1",
        "0.075",
        "0.05",
        "0.025",
        "0.0001",
        "0.05005",
    ]
    assert set(numbers["Constant"]) == {"0.1"}
    assert script("Chart.reading", state) == (
        "Step 250 of 1,000: Linear decay 0.075; Constant 0.1."
    )


def test_a_place_in_the_chart_is_the_step_below_it() -> None:
    state = SimpleNamespace(**script("Schedules.startState")).__dict__
    drawn = script("Chart.svg", state, 700, 350)
    cursor = float(re.search(r'class="ex-cursor" x1="([\d.]+)"', drawn).group(1))
    assert script("Chart.stepAt", state, 700, cursor) == state["at"]
    assert script("Chart.stepAt", state, 700, -50) == 0
    assert script("Chart.stepAt", state, 700, 5000) == state["steps"]


def test_the_file_for_lesson_5_is_up_to_date() -> None:
    stored = build_site.EXPLORER_FILE.read_text("utf-8")
    assert stored == build_site.explorer_file(), "run: python tools/build_site.py --explorer"
    assert not re.search(r"(src|href)\s*=|@import|url\((?!#)", stored.split("<script>")[0])
