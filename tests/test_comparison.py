"""The statistics of lesson 8 say what they promise, checked on tables whose truth is known."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import comparison
from helpers.comparison import (
    at_least_verdict,
    by_rate,
    claim_verdict,
    complete_rates,
    epochs_needed,
    factor_verdict,
    good_range,
    holm,
    inversions,
    judge,
    numbers_of,
    own_best,
    paired_difference,
    select,
    standard_error_of_accuracy,
    with_results,
)


def a_run(accuracies: str, losses: str | None = None, **settings: object) -> dict[str, object]:
    losses = losses or " ".join("0.5" for _ in accuracies.split())
    run = {"shape": "cosine", "peak": 0.1, "seed": 0, "epochs": 2}
    return {**run, "val_loss": losses, "val_accuracy": accuracies, **settings}


def group(accuracies: dict[float, list[float]]) -> pd.DataFrame:
    """Runs of one shape: accuracies (in per cent) by rate, one for each seed."""
    return pd.DataFrame(
        {"peak": peak, "seed": seed, "accuracy": value}
        for peak, values in accuracies.items()
        for seed, value in enumerate(values)
    )


def test_the_last_epoch_is_read_in_per_cent() -> None:
    runs = with_results(pd.DataFrame([a_run("0.5 0.875", "0.9 0.4")]))
    assert runs["accuracy"].tolist() == [87.5]
    assert runs["loss"].tolist() == [0.4]
    assert runs["diverged"].tolist() == [False]
    assert numbers_of("0.5 nan 1e-3").tolist()[::2] == [0.5, 1e-3]


@pytest.mark.parametrize(
    "run",
    [
        a_run("0.85", "0.4"),  # ended after one of two epochs
        a_run("0.8 0.1", "0.6 nan"),
        a_run("0.8 0.5", "0.6 inf"),
        a_run("0.8 0.1"),
        a_run("0.8 0.199"),
    ],
)
def test_a_run_that_ended_early_or_guesses_has_diverged(run) -> None:
    runs = with_results(pd.DataFrame([run]))
    assert runs["diverged"].all()
    assert runs[["loss", "accuracy"]].isna().all(axis=None)


def test_chance_is_what_a_run_is_compared_with() -> None:
    table = pd.DataFrame([a_run("0.5 0.6")])
    assert not with_results(table)["diverged"].any()
    assert with_results(table, chance=0.5)["diverged"].all()


def test_averages_are_read_where_there_are_some() -> None:
    rows = [
        a_run("0.5 0.8", average_loss="0.5 0.25", average_accuracy="0.6 0.9"),
        a_run("0.5 0.8", average_loss=np.nan, average_accuracy=np.nan),
    ]
    runs = with_results(pd.DataFrame(rows))
    assert runs["accuracy_at_average"].tolist()[0] == pytest.approx(90)
    assert runs["loss_at_average"].tolist()[0] == 0.25
    assert runs["accuracy_at_average"].isna().tolist() == [False, True]


def test_the_table_itself_is_left_alone() -> None:
    table = pd.DataFrame([a_run("0.5 0.8")])
    before = table.copy()
    with_results(table)
    pd.testing.assert_frame_equal(table, before)


def test_select_takes_the_rows_with_all_settings() -> None:
    table = pd.DataFrame([a_run("0.8 0.8", seed=seed, epochs=n) for seed in (0, 1) for n in (2, 8)])
    assert select(table, seed=1, epochs=8).index.tolist() == [3]


@pytest.mark.parametrize(
    "settings, message", [({"rate": 1}, "no column 'rate'; it has shape"), ({"seed": 7}, "no run")]
)
def test_select_refuses_what_is_not_there(settings, message) -> None:
    with pytest.raises(ValueError, match=message):
        select(pd.DataFrame([a_run("0.8 0.8")]), **settings)


def test_rates_with_a_diverged_or_missing_run_are_not_complete() -> None:
    runs = group({0.4: [80, np.nan], 0.1: [85, 86], 0.2: [87, 88]})
    runs = runs[~((runs["peak"] == 0.2) & (runs["seed"] == 1))]
    assert list(by_rate(runs).columns) == [0.1, 0.2, 0.4]
    assert list(complete_rates(runs).columns) == [0.1]
    with pytest.raises(ValueError, match="no rate at which every seed"):
        complete_rates(runs[runs["peak"] > 0.1])


def test_own_best_is_chosen_by_the_other_seeds() -> None:
    # Seed 0 is lucky at 0.2: its own vote would take it there.
    runs = group({0.1: [87.0, 88.0, 88.0], 0.2: [92.0, 87.0, 87.0]})
    best = own_best(runs)
    assert best.peak == 0.2
    assert best.by_seed.to_dict() == {0: 87.0, 1: 87.0, 2: 87.0}
    assert best.mean == 87.0


def test_own_best_of_a_loss_is_the_lowest() -> None:
    runs = group({0.1: [0.3, 0.31], 0.2: [0.4, 0.41]})
    best = own_best(runs, highest=False)
    assert best.peak == 0.1 and best.by_seed.tolist() == [0.3, 0.31]


def test_choosing_without_the_judged_seed_does_not_flatter() -> None:
    """Equal rates: the best mean of pure noise is above 0, what others chose is not."""
    generator = np.random.default_rng(0)
    fair, flattered = [], []
    for _ in range(200):
        grid = generator.normal(size=(6, 5))
        runs = group(dict(enumerate(grid.tolist(), start=1)))
        fair.append(own_best(runs).mean)
        flattered.append(grid.mean(axis=1).max())
    assert abs(np.mean(fair)) < 0.1
    assert np.mean(flattered) > 0.4


def test_standard_error_of_an_accuracy() -> None:
    assert standard_error_of_accuracy(88.0, 10_000) == pytest.approx(0.325, abs=0.001)
    draws = np.random.default_rng(0).binomial(10_000, 0.88, size=4000) / 100
    assert draws.std() == pytest.approx(standard_error_of_accuracy(88.0, 10_000), rel=0.05)


def test_a_good_range_ends_where_the_line_crosses() -> None:
    means = pd.Series({0.05: 87.0, 0.1: 88.0, 0.2: 87.5, 0.4: 80.0})
    low, high = good_range(means, tolerance=0.5)
    assert low == pytest.approx(0.05 * 2**0.5)
    assert high == pytest.approx(0.2)
    assert good_range(means.sample(frac=1, random_state=1), 0.5) == pytest.approx((low, high))


def test_a_good_range_ends_at_the_grid_and_beside_a_divergence() -> None:
    assert good_range(pd.Series({0.1: 88.0, 0.2: 88.1}), 1.0) == pytest.approx((0.1, 0.2))
    means = pd.Series({0.1: 88.0, 0.2: 88.1, 0.4: np.nan, 0.8: 88.0})
    assert good_range(means, 1.0) == pytest.approx((0.1, 0.2))


OURS, THEIRS = [88.1, 88.4, 88.2, 88.9, 88.5], [87.9, 88.0, 88.1, 88.3, 88.2]


def test_a_paired_difference_is_that_of_the_pairs() -> None:
    found = paired_difference(OURS, THEIRS)
    differences = np.subtract(OURS, THEIRS)
    assert found.mean == pytest.approx(differences.mean())
    assert found.pairs == 5
    assert found.p_value == pytest.approx(stats.ttest_1samp(differences, 0).pvalue)
    assert paired_difference(OURS, THEIRS) == found, "the bootstrap draws the same again"


def test_the_interval_is_that_of_all_resamples() -> None:
    """Of five pairs there are 3,125 resamples: count them instead of drawing."""
    differences = np.subtract(OURS, THEIRS)
    means = [differences[list(pick)].mean() for pick in itertools.product(range(5), repeat=5)]
    found = paired_difference(OURS, THEIRS)
    assert found.low == pytest.approx(np.percentile(means, 2.5), abs=0.02)
    assert found.high == pytest.approx(np.percentile(means, 97.5), abs=0.02)
    narrow = paired_difference(OURS, THEIRS, confidence=0.5)
    assert found.low < narrow.low < narrow.high < found.high


def test_what_is_common_to_a_pair_does_not_count() -> None:
    luck = np.array([0.0, 3.0, -2.0, 5.0, 1.0])
    alone = paired_difference(OURS, THEIRS)
    lucky = paired_difference(OURS + luck, THEIRS + luck)
    assert lucky.p_value == pytest.approx(alone.p_value)
    assert stats.ttest_ind(OURS + luck, THEIRS + luck).pvalue > 0.5


def test_equal_runs_differ_by_nothing_and_a_constant_by_certainty() -> None:
    same = paired_difference(OURS, OURS)
    assert (same.mean, same.low, same.high, same.p_value) == (0, 0, 0, 1)
    shifted = paired_difference([1.0, 2.0], [0.5, 1.5])
    assert (shifted.low, shifted.high, shifted.p_value) == (0.5, 0.5, 0)


@pytest.mark.parametrize(
    "ours, theirs, message",
    [
        ([1.0], [2.0], "two or more pairs are needed"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], "two or more pairs are needed"),
        ([1.0, np.nan], [1.0, 2.0], "a diverged run has no pair"),
    ],
)
def test_what_is_no_pair_is_refused(ours, theirs, message) -> None:
    with pytest.raises(ValueError, match=message):
        paired_difference(ours, theirs)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]).tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9, 0.001]).tolist() == pytest.approx([1.0, 1.0, 0.003])
    assert holm([0.04]).tolist() == [0.04]


def test_holm_keeps_the_share_of_wrong_tables() -> None:
    """20 comparisons of equal things: without correction 64 % of the tables hold an error."""
    p_values = np.random.default_rng(0).uniform(size=(2000, 20))
    wrong = np.mean([holm(row).min() < 0.05 for row in p_values])
    assert wrong == pytest.approx(0.05, abs=0.015)
    assert np.mean(p_values.min(axis=1) < 0.05) > 0.6


def test_judge_gives_the_three_verdicts() -> None:
    base = np.array(THEIRS)
    noise = np.array([0.01, -0.02, 0.02, 0.0, -0.01])
    differences = {
        "up": paired_difference(base + 1 + noise, base),
        "same": paired_difference(base + 20 * noise, base),
        "down": paired_difference(base - 1 + noise, base),
    }
    table = judge(differences)
    assert table["verdict"].tolist() == ["better", "cannot be told apart", "worse"]
    assert judge(differences, highest=False)["verdict"].tolist() == [
        "worse", "cannot be told apart", "better",
    ]  # fmt: skip
    assert table["p_holm"].tolist() == pytest.approx(
        holm([one.p_value for one in differences.values()]).tolist()
    )
    assert set(judge(differences, level=0)["verdict"]) == {"cannot be told apart"}


@pytest.mark.parametrize(
    "measured, p_value, verdict",
    [
        (0.5, 0.01, "holds"),
        (-0.5, 0.01, "opposite"),
        (0.5, 0.05, "does not show here"),
        (0.5, float("nan"), "does not show here"),
    ],
)
def test_claim_of_more(measured, p_value, verdict) -> None:
    assert claim_verdict(measured, p_value) == verdict


@pytest.mark.parametrize(
    "low, high, verdict",
    [
        (-0.2, 0.1, "holds"),
        (0.1, 0.4, "holds"),
        (-0.4, 0.1, "does not show here"),
        (-0.9, -0.4, "opposite"),
        (-0.9, -0.3, "does not show here"),
    ],
)
def test_claim_of_at_least(low, high, verdict) -> None:
    difference = comparison.PairedDifference((low + high) / 2, low, high, 0.5, 5)
    assert at_least_verdict(difference, margin=0.3) == verdict


@pytest.mark.parametrize(
    "factor, verdict",
    [(10, "holds"), (9.9, "does not show here"), (1, "does not show here"), (0.9, "opposite")],
)
def test_claim_of_a_factor(factor, verdict) -> None:
    assert factor_verdict(factor, claimed=10) == verdict


def test_inversions_are_pairs_in_another_order() -> None:
    before = pd.Series({"a": 1, "b": 2, "c": 3})
    assert inversions(before, before) == (0, 3)
    assert inversions(before, -before) == (3, 3)
    assert inversions(before, pd.Series({"c": 3, "a": 2, "b": 1})) == (1, 3)
    assert inversions(before, pd.Series({"a": 1, "b": 1, "c": 3})) == (0, 3), "a tie is no order"


def test_epochs_needed_is_read_from_the_line_between_lengths() -> None:
    reached = pd.Series({32: 90.0, 8: 89.0, 2: 87.0})
    assert epochs_needed(reached, 89.0) == pytest.approx(8)
    assert epochs_needed(reached, 88.0) == pytest.approx(4), "half-way, over the logarithm"
    assert epochs_needed(reached, 80.0) == 2
    assert epochs_needed(reached, 90.1) == float("inf")


def test_a_table_that_was_not_found_is_named() -> None:
    nothing = pd.DataFrame(index=pd.Index([], name="run"))
    with pytest.raises(ValueError, match=r"\(0 rows\) must have the columns .* right file"):
        with_results(nothing)
    with pytest.raises(ValueError, match="val_accuracy missing"):
        with_results(pd.DataFrame([a_run("0.5 0.9")]).drop(columns="val_accuracy"))
