"""Compare trainings fairly: each at its own best rate, paired by seed, with intervals and verdicts.

    runs = with_results(load_table("schedules.csv"))       # one row per run
    ours = own_best(select(runs, shape="cosine"), "accuracy")
    theirs = own_best(select(runs, shape="constant"), "accuracy")
    judge({"cosine": paired_difference(ours.by_seed, theirs.by_seed)})

The table has one row per run: its settings, and texts with one number per epoch. Runs with the same
``seed`` had the same first weights and the same order of the data: they are pairs.

Needs NumPy, pandas and SciPy (1.15 or newer). Works alone in an empty folder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

BETTER, WORSE, SAME = "better", "worse", "cannot be told apart"
HOLDS, NOT_SHOWN, OPPOSITE = "holds", "does not show here", "opposite"


def numbers_of(text: object) -> np.ndarray:
    """The numbers of one series: what stands in a cell such as ``"0.51 0.43 0.4"``; float64."""
    return np.array(str(text).split(), dtype=float)


def with_results(table: pd.DataFrame, chance: float = 0.1) -> pd.DataFrame:
    """Add what each run reached at its end, and whether it diverged.

    Args:
        table: a row per run, with ``epochs``, ``val_loss`` and ``val_accuracy``; where there are
            ``average_loss`` and ``average_accuracy``, they are read, too.
        chance: the accuracy of guessing, 0.1 for ten classes of equal size.

    Returns:
        A copy with the columns ``diverged`` (the run ended early, its loss is no number, or its
        accuracy is below twice that of guessing), ``loss`` and ``accuracy`` (in per cent) after the
        last epoch, and the same ``..._at_average``. A diverged run has NaN for these.

    Raises:
        ValueError: the table has no such columns, as when its file was not found.
    """
    needed = ("epochs", "val_loss", "val_accuracy")
    if missing := [name for name in needed if name not in table]:
        raise ValueError(
            f"the table ({len(table)} rows) must have the columns {', '.join(needed)}, "
            f"{', '.join(missing)} missing: was it read from the right file?"
        )
    results = table.copy()
    losses = results["val_loss"].map(numbers_of)
    last_accuracy = results["val_accuracy"].map(lambda text: numbers_of(text)[-1])
    results["diverged"] = (
        (losses.map(len) < results["epochs"])
        | ~losses.map(lambda values: bool(np.isfinite(values[-1])))
        | (last_accuracy < 2 * chance)
    )
    for prefix, suffix in (("val", ""), ("average", "_at_average")):
        for kind, scale in (("loss", 1.0), ("accuracy", 100.0)):
            if f"{prefix}_{kind}" in results:
                last = results[f"{prefix}_{kind}"].map(lambda text: numbers_of(text)[-1])
                results[kind + suffix] = (scale * last).where(~results["diverged"])
    return results


def select(table: pd.DataFrame, **settings: object) -> pd.DataFrame:
    """The rows with these settings, as in ``select(runs, shape="cosine", epochs=8)``.

    Raises:
        ValueError: the table has no such column, or no such row.
    """
    rows = table
    for name, value in settings.items():
        if name not in table:
            raise ValueError(f"the table has no column {name!r}; it has {', '.join(table)}")
        rows = rows[rows[name] == value]
    if rows.empty:
        raise ValueError(f"no run in the table has the settings {settings}")
    return rows


def by_rate(runs: pd.DataFrame, value: str = "accuracy") -> pd.DataFrame:
    """One column per peak rate, one row per seed; NaN where a run diverged or was not made."""
    return runs.pivot(index="seed", columns="peak", values=value).sort_index(axis="columns")


def complete_rates(runs: pd.DataFrame, value: str = "accuracy") -> pd.DataFrame:
    """``by_rate`` for the rates at which every seed was run and none diverged."""
    grid = by_rate(runs, value).dropna(axis="columns")
    if grid.empty:
        raise ValueError("there is no rate at which every seed was run and none diverged")
    return grid


@dataclass(frozen=True)
class OwnBest:
    """What something reaches at its own best rate.

    Attributes:
        peak: the rate with the best mean over all seeds.
        by_seed: for each seed the value at the rate that is best for the *other* seeds. So the seed
            that is judged had no say in the choice, and luck is not rewarded.
    """

    peak: float
    by_seed: pd.Series

    @property
    def mean(self) -> float:
        """The mean over the seeds."""
        return float(self.by_seed.mean())


def own_best(runs: pd.DataFrame, value: str = "accuracy", highest: bool = True) -> OwnBest:
    """Find the best rate of runs that differ in rate and seed alone.

    Args:
        runs: rows with ``peak``, ``seed`` and the column ``value``; two seeds or more.
        value: what is judged.
        highest: whether more is better; False for a loss.
    """
    grid = complete_rates(runs, value)
    score = grid if highest else -grid
    chosen = {seed: score.drop(seed).mean().idxmax() for seed in grid.index}
    by_seed = pd.Series({seed: grid.at[seed, rate] for seed, rate in chosen.items()})
    return OwnBest(float(score.mean().idxmax()), by_seed)


def at_rate(runs: pd.DataFrame, peak: float, value: str = "accuracy") -> pd.Series:
    """What the runs at one rate reached, one value per seed."""
    return by_rate(runs, value)[peak]


def standard_error_of_accuracy(accuracy: float, images: int) -> float:
    """The standard error of an accuracy (in per cent) that was counted on so many images."""
    share = accuracy / 100
    return 100 * float(np.sqrt(share * (1 - share) / images))


def good_range(means: pd.Series, tolerance: float) -> tuple[float, float]:
    """The rates between which the mean stays within ``tolerance`` of its best.

    Args:
        means: mean value by rate; more is better. NaN: some run diverged at this rate.
        tolerance: what may be lost, in the unit of the values.

    Returns:
        Lowest and highest rate. Between two rates of the grid the mean is taken as a straight line
        over the logarithm of the rate; beside a rate that diverged the range ends. Where the mean
        is good up to the edge of the grid, the range ends at the edge: then it is wider in truth.
    """
    means = means.sort_index()
    octaves, values = np.log2(means.index.to_numpy(float)), means.to_numpy(float)
    best, wanted = int(np.nanargmax(values)), np.nanmax(values) - tolerance

    def end(direction: int) -> float:
        here = best
        while 0 <= here + direction < len(values):
            there = here + direction
            if np.isnan(values[there]):
                break
            if values[there] < wanted:
                part = (values[here] - wanted) / (values[here] - values[there])
                return octaves[here] + part * (octaves[there] - octaves[here])
            here = there
        return octaves[here]

    return float(2 ** end(-1)), float(2 ** end(+1))


@dataclass(frozen=True)
class PairedDifference:
    """Ours minus theirs, seed by seed.

    Attributes:
        mean: the mean difference.
        low, high: bootstrap interval of the mean.
        p_value: of the paired t test; how often chance alone would give a mean this far from 0.
        pairs: how many seeds.
    """

    mean: float
    low: float
    high: float
    p_value: float
    pairs: int


def paired_difference(
    ours: Sequence[float], theirs: Sequence[float], confidence: float = 0.95, seed: int = 0
) -> PairedDifference:
    """Compare two things that were measured with the same seeds, in the same order.

    Args:
        ours: one number per seed, two or more.
        theirs: as many numbers, of the same seeds in the same order.
        confidence: of the interval.
        seed: of the bootstrap.

    Raises:
        ValueError: there is not one number of theirs for each of ours, or one is NaN.
    """
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    if ours.shape != theirs.shape or ours.ndim != 1 or len(ours) < 2:
        raise ValueError(f"two or more pairs are needed, got {ours.shape} and {theirs.shape}")
    if not np.isfinite([ours, theirs]).all():
        raise ValueError("a diverged run has no pair: choose rates at which every seed trains")
    differences = ours - theirs
    if np.ptp(differences) == 0:  # nothing varies: a t test would divide by zero
        same = float(differences[0])
        return PairedDifference(same, same, same, float(same == 0), len(ours))
    interval = stats.bootstrap(
        (ours, theirs),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        paired=True,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    p_value = float(stats.ttest_rel(ours, theirs).pvalue)
    low, high = float(interval.low), float(interval.high)
    return PairedDifference(float(differences.mean()), low, high, p_value, len(ours))


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Adjust p values for how many there are (Holm 1979): the smallest times n, the next times n - 1.

    Returns:
        As many numbers, in the same order, each 1 at most and never below that of a smaller p value.
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1.0)
    return adjusted


def judge(
    differences: Mapping[str, PairedDifference], level: float = 0.05, highest: bool = True
) -> pd.DataFrame:
    """A table of differences with a verdict for each: better, worse, or cannot be told apart.

    Args:
        differences: name to difference from the same reference.
        level: how often at most a verdict other than "cannot be told apart" may be wrong anywhere in
            the table, if nothing differs in truth.
        highest: whether more is better; False for a loss.

    Returns:
        A row per name, in the same order: ``difference``, ``low``, ``high``, ``p_holm``, ``verdict``.
    """
    adjusted = holm([one.p_value for one in differences.values()])
    rows = {}
    for (name, one), p_holm in zip(differences.items(), adjusted, strict=True):
        above = BETTER if highest else WORSE
        below = WORSE if highest else BETTER
        verdict = SAME if p_holm >= level else above if one.mean > 0 else below
        rows[name] = (one.mean, one.low, one.high, p_holm, verdict)
    columns = ["difference", "low", "high", "p_holm", "verdict"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def claim_verdict(measured: float, p_value: float, level: float = 0.05) -> str:
    """The verdict on "there is more": holds, opposite, or does not show here.

    Args:
        measured: a difference or a correlation; above 0 if the claim is right.
        p_value: of this number, corrected if many claims are judged.
        level: how small the p value must be.
    """
    if not p_value < level:
        return NOT_SHOWN
    return HOLDS if measured > 0 else OPPOSITE


def at_least_verdict(difference: PairedDifference, margin: float) -> str:
    """The verdict on "this is at least as good", where a loss of ``margin`` would not matter.

    It holds if the whole interval lies above ``-margin``; if all of it lies below, the opposite does.
    That two things cannot be told apart is not enough: with few seeds nothing can.
    """
    if difference.low > -margin:
        return HOLDS
    return OPPOSITE if difference.high < -margin else NOT_SHOWN


def factor_verdict(factor: float, claimed: float) -> str:
    """The verdict on "so many times": at least the claimed factor, less than that, or none at all."""
    if factor >= claimed:
        return HOLDS
    return OPPOSITE if factor < 1 else NOT_SHOWN


def inversions(before: pd.Series, after: pd.Series) -> tuple[int, int]:
    """How many pairs change their order between two rankings of the same names, and of how many."""
    after = after[before.index]
    flipped = pairs = 0
    for one in range(len(before)):
        for other in range(one):
            pairs += 1
            then = before.iloc[one] - before.iloc[other]
            flipped += bool(then * (after.iloc[one] - after.iloc[other]) < 0)
    return flipped, pairs


def epochs_needed(reached: pd.Series, target: float) -> float:
    """The shortest run that reaches a target, from what runs of several lengths reached.

    Args:
        reached: value by length of the run in epochs; more is better.
        target: the value to reach.

    Returns:
        The length; between two lengths that were run, from a straight line over the logarithm of
        the length. The shortest length if that is enough, infinity if the longest is not.
    """
    reached = reached.sort_index()
    lengths, values = reached.index.to_numpy(float), reached.to_numpy(float)
    enough = np.flatnonzero(values >= target)
    if not len(enough):
        return float("inf")
    first = enough[0]
    if first == 0:
        return float(lengths[0])
    part = (target - values[first - 1]) / (values[first] - values[first - 1])
    return float(lengths[first - 1] * (lengths[first] / lengths[first - 1]) ** part)
