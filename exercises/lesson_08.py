"""The checks of lesson 8."""

import keras
import numpy as np
import pandas as pd

from exercises.verdict import NotYet, call, in_short, require, verdict


@verdict
def check_1(cost_of_doubling: object) -> None:
    """Whether ``cost_of_doubling(runs)`` gives the points that twice the best peak rate costs."""
    for accuracies, wanted, hint in GROUPS:
        given = call(cost_of_doubling, made_up(accuracies), name="cost_of_doubling")
        if isinstance(given, (pd.Series, pd.DataFrame, np.ndarray, list, tuple)):
            raise NotYet(f"return one number, not a {type(given).__name__}.")
        if isinstance(given, bool) or not isinstance(given, (int, float, np.number)):
            raise NotYet(f"return a number, got {given!r:.60}.")
        require_cost(float(given), accuracies, wanted, hint)


def require_cost(
    given: float, accuracies: dict[float, list[float]], wanted: float, hint: str
) -> None:
    """Compare with the right number, and name the mistake that leads to another."""
    if np.isclose(given, wanted, atol=1e-6) or given == wanted:
        return
    means = pd.Series({peak: np.mean(values) for peak, values in accuracies.items()})
    best = means.idxmax()  # NaN, where a run diverged, is never the best
    if np.isclose(given, -wanted, atol=1e-6):
        raise NotYet(
            "the sign: what is lost counts positive, the best minus what the double reaches."
        )
    if best / 2 in means and np.isclose(given, means[best] - means[best / 2], atol=1e-6):
        raise NotYet("this is what half of the best rate costs; the question is about twice of it.")
    if np.isclose(given, means.max() - means.min(), atol=1e-6):
        raise NotYet(
            "this is the best minus the worst of all rates; take the one at twice the best."
        )
    if np.isclose(given, means[best] - means.iloc[-1], atol=1e-6):
        raise NotYet("this is what the highest rate costs; take the one at twice the best.")
    lucky = pd.Series({peak: np.max(values) for peak, values in accuracies.items()})
    if not lucky.isna().any() and 2 * lucky.idxmax() in lucky:
        of_the_lucky = lucky.max() - lucky[2 * lucky.idxmax()]
        if np.isclose(given, of_the_lucky, atol=1e-6):
            raise NotYet(
                "you compare the luckiest runs; take the mean over the seeds at each rate."
            )
    raise NotYet(
        f"for {described(accuracies)} your function gives {given:g}, not {wanted:g}. {hint}"
    )


def described(accuracies: dict[float, list[float]]) -> str:
    """A made-up group as text."""
    parts = [f"{peak:g}: {values}" for peak, values in accuracies.items()]
    return "accuracies by peak rate of {" + ", ".join(parts).replace("nan", "diverged") + "}"


def made_up(accuracies: dict[float, list[float]]) -> pd.DataFrame:
    """Runs of one shape that differ in rate and seed alone, in no order."""
    rows = [
        {"shape": "made up", "peak": peak, "seed": seed, "accuracy": accuracy}
        for peak, values in accuracies.items()
        for seed, accuracy in enumerate(values)
    ]
    runs = pd.DataFrame(rows).sample(frac=1, random_state=0)
    runs["diverged"] = runs["accuracy"].isna()
    return runs


NAN = float("nan")
GROUPS = [
    (
        {0.05: [86.0, 86.4], 0.1: [88.0, 88.2], 0.2: [87.5, 87.1], 0.4: [80.0, 81.0]},
        0.8,
        "The best mean is at 0.1, so compare it with the mean at 0.2.",
    ),
    (
        {0.01: [85.0, 88.9], 0.02: [88.0, 88.4], 0.04: [88.1, 87.9], 0.08: [87.0, 87.2]},
        0.2,
        "The best mean is at 0.02, though the best single run is elsewhere.",
    ),
    (
        {0.1: [87.0, 87.4], 0.2: [88.0, 88.0], 0.4: [87.9, NAN]},
        float("inf"),
        "At 0.4 a run diverged: the cost is infinite.",
    ),
    (
        {0.1: [87.0, 87.4], 0.2: [86.0, 86.4], 0.4: [89.0, NAN]},
        1.0,
        "A rate at which a run diverged (0.4) cannot be the best, however good the others were.",
    ),
]


@verdict
def check_2(shape: object) -> None:
    """Whether ``shape(peak, steps)`` holds its peak for half of the run and falls straight to 0."""
    for peak, steps in ((0.1, 1000), (0.03, 390), (0.2, 780)):
        schedule = call(shape, peak, steps, name="your shape")
        if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
            kind = type(schedule).__name__
            raise NotYet(
                f"your shape must return a schedule object such as LinearDecay(...), got {kind}."
            )
        require_rates(rates_of(schedule, steps), peak, steps)
        require_config(schedule)


def rates_of(schedule: keras.optimizers.schedules.LearningRateSchedule, steps: int) -> np.ndarray:
    """The rate at each step and at the end."""
    try:
        rates = keras.ops.convert_to_numpy(schedule(np.arange(steps + 1)))
    except Exception as error:
        raise NotYet(
            f"asked for an array of steps, your schedule raises {in_short(error)}"
        ) from error
    rates = np.asarray(rates, dtype=float)
    if rates.shape != (steps + 1,):
        raise NotYet("asked for an array of steps, your schedule must give one rate for each.")
    return rates


def require_rates(rates: np.ndarray, peak: float, steps: int) -> None:
    """The peak for the first half, then a straight line to 0."""
    half, where = steps // 2, f"with peak {peak:g} and {steps} steps"
    require(
        bool(np.isclose(rates.max(), peak, rtol=1e-5)),
        f"{where} the highest rate is {rates.max():g}: it must be the peak that is handed in.",
    )
    held = np.isclose(rates, peak, rtol=1e-5)
    falls_at = steps if held.all() else int(np.argmin(held))
    require(falls_at > 0, f"{where} the rate begins at {rates[0]:g}, not at the peak.")
    require(not held.all(), f"{where} the rate never falls.")
    wrong_half = {
        half // 2 + 1: "the plateau takes half of the run, not a quarter.",
        int(0.8 * steps) + 1: "the plateau takes half of the run, not four fifths.",
    }
    require(
        abs(falls_at - half - 1) <= 1,
        wrong_half.get(
            falls_at, f"{where} the rate first falls at step {falls_at}, not after {half}."
        ),
    )
    require(
        bool(np.isclose(rates[-1], 0, atol=1e-7)),
        f"{where} the rate is {rates[-1]:g} at the end, step {steps}, not 0. A LinearDecay inside a "
        "Sequence counts its own steps from 0: how many are left?",
    )
    middle = half + (steps - half) // 4
    wanted = peak * (steps - middle) / (steps - half)
    require(
        bool(np.isclose(rates[middle], wanted, rtol=0.02)),
        f"{where} the rate at step {middle} is {rates[middle]:g}, a straight line has {wanted:g}.",
    )


def require_config(schedule: keras.optimizers.schedules.LearningRateSchedule) -> None:
    """The study names a run by the configuration of its schedule."""
    try:
        keras.saving.serialize_keras_object(schedule)
    except Exception as error:
        raise NotYet(
            "the study names a run by the configuration of its schedule, and yours has none: "
            f"{in_short(error)}"
        ) from error
