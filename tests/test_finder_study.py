"""The study of the range test: what it asks for, what is stored, and that its runs repeat."""

import itertools

import numpy as np
import pandas as pd
import pytest

from helpers import finder_study as study
from helpers.study import digest_of, load_table, missing_runs


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return load_table(study.TABLE)


def test_the_stored_table_is_complete_and_holds_nothing_else(table: pd.DataFrame) -> None:
    runs = study.next_runs(table)
    assert missing_runs(runs, table) == []
    assert set(table.index) == {digest_of(run) for run in runs}
    assert len(runs) == len(table)


def test_every_best_rate_lies_inside_its_grid(table: pd.DataFrame) -> None:
    cells = [(o, b, 0) for o in study.OPTIMIZERS for b in study.BATCH_SIZES]
    for cell in cells + [(o, 128, study.WARM_UP) for o in study.OPTIMIZERS]:
        losses = study.losses_of(table, *cell)
        assert list(losses.columns) == list(study.SEEDS)
        assert losses.notna().all(axis=None)
        for one in losses:
            assert 0 < losses[one].argmin() < len(losses) - 1, f"{cell}, seed {one}"


def test_every_grid_reaches_up_to_guessing(table: pd.DataFrame) -> None:
    for optimizer, batch_size in itertools.product(study.OPTIMIZERS, study.BATCH_SIZES):
        highest = study.losses_of(table, optimizer, batch_size).iloc[-1]
        assert highest.min() > 2, f"{optimizer}, {batch_size}: something is learned at the top"


def test_rates_of_a_grid_are_a_factor_of_two_apart(table: pd.DataFrame) -> None:
    rates = study.losses_of(table, "Adam", 128).index
    np.testing.assert_allclose(rates[1:] / rates[:-1], 2.0)


def test_the_best_rate_has_the_lowest_mean(table: pd.DataFrame) -> None:
    losses = study.losses_of(table, "SGD", 32)
    best = study.best_rate(table, "SGD", 32)
    assert losses.loc[best].mean() == min(losses.loc[rate].mean() for rate in losses.index)


def test_settings_come_back_from_a_row(table: pd.DataFrame) -> None:
    for name, row in itertools.chain(table.iloc[:3].iterrows(), table.iloc[-3:].iterrows()):
        assert digest_of(study.settings_of(row)) == name


def test_a_run_of_another_definition_is_refused(table: pd.DataFrame) -> None:
    row = table[table["kind"] == "training"].iloc[0].copy()
    row["rate"] *= 1.5
    with pytest.raises(ValueError, match=r"the definition of run [0-9a-f]{12} has changed"):
        study.settings_of(row)


def test_a_stored_test_gives_the_curve_that_was_measured(table: pd.DataFrame) -> None:
    row = table[(table["kind"] == "test") & (table["steps"] == 100)].iloc[0]
    test = study.rate_test(row)
    assert test.learning_rates[0] == study.LOWEST and test.steps == 100
    factor = (study.HIGHEST / study.LOWEST) ** 0.01
    np.testing.assert_allclose(test.learning_rates[1:] / test.learning_rates[:-1], factor)
    np.testing.assert_array_equal(test.losses, study.as_numbers(row["losses"]))
    assert test.smoothed_losses[0] == test.losses[0]
    assert 0 < test.suggestion("valley") < test.suggestion("minimum")


def test_an_empty_table_asks_for_all_tests_and_the_first_grids() -> None:
    runs = study.next_runs(load_table("there is no such file.csv"))
    kinds = [run["kind"] for run in runs]
    assert kinds.count("test") == 3 * 3 * 5 + 3 * 2 * 5
    assert kinds.count("training") == 5 * (3 * 11 + 3 * 13 + 3 * 19 + 3 * 7)


def grid_with_its_best_at(exponent: int) -> pd.DataFrame:
    """A made-up result of the first grid of one cell."""
    runs = study.grid_of("SGD", 128, 0, load_table("there is no such file.csv"))
    rows = []
    for run in runs:
        away = np.log2(run["rate"] / study.MIDDLE_RATES["SGD"]) - exponent
        rows.append({"run": digest_of(run), **run, "val_loss": f"1.0 {0.4 + 0.01 * abs(away)}"})
    return pd.DataFrame(rows).set_index("run")


@pytest.mark.parametrize(("exponent", "lowest", "highest"), [(0, -6, 4), (4, -6, 5), (-6, -7, 4)])
def test_a_best_rate_at_the_edge_widens_the_grid(exponent: int, lowest: int, highest: int) -> None:
    runs = study.grid_of("SGD", 128, 0, grid_with_its_best_at(exponent))
    exponents = np.log2(sorted({run["rate"] / study.MIDDLE_RATES["SGD"] for run in runs}))
    assert (exponents[0], exponents[-1]) == (lowest, highest)


def test_a_training_that_blew_up_counts_as_guessing() -> None:
    row = pd.Series({"kind": "training", "val_loss": "nan", "epochs": 2})
    assert study.last_loss(row) == np.inf
    assert study.last_loss(pd.Series({"val_loss": "0.5 0.4", "epochs": 2})) == 0.4
    assert study.last_loss(pd.Series({"val_loss": "0.5", "epochs": 2})) == np.inf


def test_a_run_repeats_whatever_ran_before_it() -> None:
    """To the bit, in one process: neither a test nor a training leaves anything behind."""
    run = study.training_settings("SGD, momentum 0.9", 512, 1, 0.1)
    test = study.test_settings("SGD, momentum 0.9", 512, 1)
    first = study.train(run)
    tested = study.train(test)
    study.train(study.training_settings("SGD, momentum 0.9", 512, 2, 3.2, warm_up=20))
    assert study.train(test) == tested
    assert study.train(run) == first


def test_stored_runs_are_made_again(table: pd.DataFrame) -> None:
    """On the kind of CPU that made the table to the bit, on another one nearly."""
    for run in (
        study.training_settings("SGD, momentum 0.9", 512, 1, 0.1),
        study.training_settings("SGD, momentum 0.9", 128, 3, 0.05, warm_up=20),
    ):
        stored, made = table.loc[digest_of(run)], study.train(run)
        for column in ("val_loss", "val_accuracy"):
            gap = study.as_numbers(stored[column]) - study.as_numbers(made[column])
            assert np.abs(gap).max() < 0.03


def test_a_warm_up_climbs_in_a_straight_line() -> None:
    import keras
    import tensorflow as tf

    plan, optimizer = study.WarmedRate(), keras.optimizers.SGD(0.5)
    plan.rate.assign(0.2)
    plan.warm_up_steps.assign(4)
    rates = [float(plan.update(optimizer, tf.constant(step, tf.int64))) for step in range(6)]
    np.testing.assert_allclose(rates, [0.05, 0.1, 0.15, 0.2, 0.2, 0.2], rtol=1e-6)
    plan.warm_up_steps.assign(0)
    assert float(plan.update(optimizer, tf.constant(0, tf.int64))) == pytest.approx(0.2)
