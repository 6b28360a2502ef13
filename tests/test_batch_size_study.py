"""The study of batch size and rate: what it asks for, what is stored, and how it is read."""

import itertools

import numpy as np
import pandas as pd
import pytest

from helpers import batch_size_study as study
from helpers.study import digest_of, load_table, missing_runs

NONE = load_table("there is no such file.csv")
KINDS = list(itertools.product(study.OPTIMIZERS, study.BATCH_SIZES, study.WARM_UPS))


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return load_table(study.TABLE)


def test_the_stored_table_is_complete_and_holds_nothing_else(table: pd.DataFrame) -> None:
    runs = study.next_runs(table)
    assert missing_runs(runs, table) == []
    assert set(table.index) == {digest_of(run) for run in runs}


def test_settings_are_what_was_stored(table: pd.DataFrame) -> None:
    names = list(study.grid_settings("SGD", 128, 0, 0.05, 0))
    for name, row in itertools.chain(table.iloc[:3].iterrows(), table.iloc[-3:].iterrows()):
        plain = {key: getattr(row[key], "item", lambda key=key: row[key])() for key in names}  # noqa: B023
        assert digest_of(plain) == name


@pytest.mark.parametrize(("optimizer", "batch_size", "warm_up"), KINDS)
def test_every_best_rate_has_neighbours_a_factor_of_two_away(
    optimizer: str, batch_size: int, warm_up: int, table: pd.DataFrame
) -> None:
    grid = study.losses_of(table, optimizer, batch_size, warm_up)
    assert list(grid.columns) == list(study.SEEDS)
    assert grid.notna().all(axis=None)
    for seed in grid:
        best = int(grid[seed].argmin())
        assert 0 < best < len(grid) - 1
        near = grid.index[best - 1 : best + 2].to_numpy()
        np.testing.assert_allclose(near[1:] / near[:-1], 2.0)


def test_updates_are_those_of_the_plan(table: pd.DataFrame) -> None:
    for _, row in table.iterrows():
        if len(study.series(row)) == row["epochs"]:
            settings = row.to_dict()
            _, rates = study.plan_of(settings, 50_000)
            assert row["updates"] == len(rates), settings


# --- what it asks for ---------------------------------------------------------------------------


def test_an_empty_table_asks_for_the_stages_and_the_first_grids() -> None:
    runs = study.next_runs(NONE)
    kinds = [run["kind"] for run in runs]
    assert kinds.count("stages") == 3 * 3 * 5
    assert kinds.count("grid") == len(KINDS) * 3 * 3
    assert len({digest_of(run) for run in runs}) == len(runs)


def with_best_at(optimizer: str, batch_size: int, exponent: float, rounds: int = 1) -> pd.DataFrame:
    """Made-up results of a cell's grid, widened as often as asked."""
    rows: dict[str, dict] = {}
    middle = study.MIDDLE_RATES[optimizer]
    for _ in range(rounds):
        table = pd.DataFrame.from_dict(rows, orient="index") if rows else NONE
        for e in study.grid_of(optimizer, batch_size, 0, table):
            for seed in study.SEEDS:
                run = study.cell(optimizer, batch_size, 0, e, seed)
                loss = 0.4 + 0.01 * (np.log2(run["rate"] / middle) - exponent) ** 2
                texts = {"val_loss": f"1 1 1 {loss}", "val_accuracy": "0 0 0 0.8"}
                rows[digest_of(run)] = {**run, **texts}
    return pd.DataFrame.from_dict(rows, orient="index")


@pytest.mark.parametrize(
    ("best", "grid"), [(0, [-1, 0, 1]), (1, [-1, 0, 1, 2]), (-1, [-2, -1, 0, 1])]
)
def test_a_grid_is_widened_where_its_best_is_at_the_edge(best: int, grid: list[int]) -> None:
    table = with_best_at("SGD", 128, best)
    assert study.grid_of("SGD", 128, 0, table) == grid


def test_a_grid_is_widened_until_the_best_is_inside() -> None:
    table = with_best_at("Adam", 512, 5.2, rounds=6)
    assert study.grid_of("Adam", 512, 0, table) == [0, 1, 2, 3, 4, 5, 6]
    best = study.best_rates(table, "Adam", 512, 0)
    assert best == pytest.approx(dict.fromkeys(study.SEEDS, study.MIDDLE_RATES["Adam"] * 2**5.2))


def test_the_rules_are_asked_for_once_the_base_is_known() -> None:
    assert study.ruled_runs("SGD", 0, NONE) == []
    table = with_best_at("SGD", 128, 0)
    runs = study.ruled_runs("SGD", 0, table)
    rates = {(run["batch_size"], round(run["rate"], 6)) for run in runs if run["seed"] == 0}
    expected = {
        (size, round(0.05 * (size / 128) ** p, 6))
        for size in study.BATCH_SIZES
        for p in (0, 0.5, 1)
    }
    assert rates == expected
    assert digest_of(runs[0]) in table.index, "at the base the three rules are a run that is there"


# --- one run ------------------------------------------------------------------------------------


def test_a_plan_without_warm_up_is_a_straight_line() -> None:
    sizes, rates = study.plan_of(study.grid_settings("SGD", 512, 0, 0.2, 0), 50_000)
    assert sizes == [512] * 4
    np.testing.assert_allclose(rates, 0.2 * (1 - np.arange(388) / 388), rtol=1e-5)


def test_a_warm_up_takes_the_first_epoch() -> None:
    _, rates = study.plan_of(study.grid_settings("SGD", 8192, 1, 0.2, 0), 50_000)
    climb = 0.2 * np.arange(1, 7) / 6
    fall = 0.2 * (1 - np.arange(18) / 18)
    np.testing.assert_allclose(rates, np.concatenate([climb, fall]), rtol=1e-5)


def test_stages() -> None:
    plans = {
        arm: study.plan_of(study.growth_settings(arm, 0.1, 0), 50_000) for arm in study.GROWTH_ARMS
    }
    steps = {arm: len(rates) for arm, (_, rates) in plans.items()}
    assert steps == {"falling rate": 2340, "neither": 2340, "growing batch": 2 * (390 + 97 + 24)}
    assert plans["growing batch"][0] == [128, 128, 512, 512, 2048, 2048]
    np.testing.assert_allclose(plans["growing batch"][1], 0.1)
    np.testing.assert_allclose(
        plans["falling rate"][1][[0, 779, 780, 1559, 1560]], [0.1, 0.1, 0.025, 0.025, 0.00625]
    )


# --- how it is read -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("losses", "accuracies", "loss", "accuracy"),
    [
        ("1 0.5", "0.6 0.8", 0.5, 0.8),
        ("1 nan", "0.6 0.1", np.log(10), 0.1),
        ("1", "0.6", np.log(10), 0.1),
        ("1 9.5", "0.6 0.3", np.log(10), 0.3),
    ],
)
def test_the_last_value_of_a_run(
    losses: str, accuracies: str, loss: float, accuracy: float
) -> None:
    row = pd.Series({"epochs": 2, "val_loss": losses, "val_accuracy": accuracies})
    assert study.last(row) == pytest.approx(loss)
    assert study.last(row, "val_accuracy") == pytest.approx(accuracy)


def test_the_lowest_point_of_a_parabola() -> None:
    places = np.arange(6.0)
    assert study.lowest_point(places, (places - 2.3) ** 2) == pytest.approx(2.3)
    assert study.lowest_point(places, places) == 0
    assert study.lowest_point(places, -places) == 5


def test_the_slope_is_that_of_a_power_and_its_interval_students() -> None:
    sizes = [128, 512, 2048]
    exact = [{0: 0.1 * (size / 128) ** 0.7, 1: 0.2 * (size / 128) ** 0.7} for size in sizes]
    power, low, high = study.slope(sizes, exact)
    assert power == pytest.approx(0.7)
    assert low < 0.7 < high
    # By hand: x = 0, 1, 2 twice each, residuals all log(2) / 2; t(0.975, 4) = 2.776.
    error = np.sqrt(6 * (np.log(2) / 2) ** 2 / 4 / (4 * np.log(4) ** 2))
    assert (high - low) / 2 == pytest.approx(2.7764 * error, rel=1e-4)
