"""The cycle that lesson 4 draws as PyTorch's is PyTorch's, epoch by epoch; the other ends too late."""

import math

import pytest
from conftest import PROJECT
from lesson_files import code_cells, read

LESSON = PROJECT / "notebooks" / "04_learning_rate_scheduler.ipynb"

# PyTorch 2.13: OneCycleLR(Adam([...], lr=1e-3), max_lr=1e-3, total_steps=20), in float64; what the
# optimizer had in each epoch as its rate, and as its first beta.
RATES = [
    3.9999999999999996e-05,
    0.0001316718427000252,
    0.0003716718427000253,
    0.0006683281572999747,
    0.0009083281572999747,
    0.001,
    0.0009874640062350875,
    0.0009504846320134736,
    0.0008909161775710499,
    0.000811745653949763,
    0.0007169430017913008,
    0.0006112620219362892,
    0.0005000019999999999,
    0.00038874197806371076,
    0.0002830609982086992,
    0.00018825834605023698,
    0.00010908782242895002,
    4.9519367986526286e-05,
    1.2539993764912554e-05,
    4e-09,
]
MOMENTA = [
    0.95,
    0.9404508497187474,
    0.9154508497187474,
    0.8845491502812526,
    0.8595491502812526,
    0.85,
    0.8512536043909088,
    0.854951556604879,
    0.8609084258765984,
    0.8688255099070633,
    0.878305813044122,
    0.8888739533021842,
    0.8999999999999999,
    0.9111260466978157,
    0.9216941869558779,
    0.9311744900929366,
    0.9390915741234015,
    0.945048443395121,
    0.9487463956090911,
    0.95,
]


@pytest.fixture(scope="module")
def defined() -> dict:
    """What the lesson's own cells define."""
    namespace = {"math": math}
    for cell in code_cells(read(LESSON)):
        if cell.id in ("cosine-between", "library-cycle", "late-cycle"):
            exec(cell.source, namespace)
    return namespace


def test_the_rates_are_pytorchs(defined: dict) -> None:
    rates = [defined["library_cycle"](epoch) for epoch in range(20)]
    assert rates == pytest.approx(RATES, rel=1e-9, abs=1e-18)


def test_the_momentum_is_pytorchs(defined: dict) -> None:
    momenta = [defined["library_momentum"](epoch) for epoch in range(20)]
    assert momenta == pytest.approx(MOMENTA, rel=1e-12)


def test_a_run_of_20_epochs_never_trains_the_later_end(defined: dict) -> None:
    late = [defined["late_cycle"](epoch) for epoch in range(21)]
    assert late[20] == pytest.approx(RATES[19])
    assert late[0] / late[19] == pytest.approx(3.19, abs=0.01)
    assert RATES[0] / RATES[19] == pytest.approx(10_000)
