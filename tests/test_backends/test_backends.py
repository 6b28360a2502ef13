"""The helpers that promise to run on any Keras backend, on each that is installed.

Each backend gets a process of its own, in an empty folder with copies of the four helper files; with
JAX and PyTorch, TensorFlow cannot be imported there. What it must give is what TensorFlow gives.
"""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
HELPERS = HERE.parents[1] / "helpers"
COPIED = ("schedules", "epoch_schedules", "callbacks", "plots")
OTHERS = ("jax", "torch")
PEAK = 0.1
IN_FLOAT32 = 5e-6 * PEAK
SETTABLE = np.finfo(np.float32).eps  # an optimizer keeps a settable rate as float32


class Runs(dict):
    """What ``program.py`` printed, by backend; each runs when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def __missing__(self, backend: str) -> dict:
        try:
            importlib.metadata.version(backend)
        except importlib.metadata.PackageNotFoundError:
            pytest.skip(f"{backend} is not installed; tools/install_backends.sh installs it")
        folder = self.folder / backend
        folder.mkdir()
        for name in COPIED:
            shutil.copy(HELPERS / f"{name}.py", folder)
        environment = os.environ | {"PYTHONWARNINGS": "ignore", "MPLBACKEND": "agg"}
        environment.pop("PYTHONPATH", None)
        done = subprocess.run(
            [sys.executable, HERE / "program.py", backend],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == 0, f"{backend}:\n{done.stderr[-3000:]}"
        self[backend] = json.loads(done.stdout)
        return self[backend]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("backends"))


@pytest.fixture(scope="module")
def expected(runs: Runs) -> dict:
    return runs["tensorflow"]


@pytest.fixture(params=OTHERS)
def run(request: pytest.FixtureRequest, runs: Runs) -> dict:
    return runs[request.param]


def assert_same_rates(run: dict, rates: list, wanted: list, name: str = "") -> None:
    """Bit for bit with PyTorch; with JAX, which computes in float32, within 5e-6 of the peak.

    Keras's own schedules compute in float32 on every backend, so they get that tolerance on both.
    """
    in_float32 = run["backend"] == "jax" or name.startswith("Keras")
    tolerance = IN_FLOAT32 if in_float32 else 0.0
    np.testing.assert_allclose(rates, wanted, rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("backend", ("tensorflow", *OTHERS))
def test_backend_runs(backend: str, runs: Runs, record_property: object) -> None:
    installed = {name.lower() for name in OTHERS if _version(name)} | {"tensorflow"}
    version = _version(backend) or "not installed"
    record_property("backend", f"{backend} {version}")
    assert (backend in installed) == (version != "not installed")
    result = runs[backend]
    assert result["backend"] == backend
    assert result["tensorflow_imported"] == (backend == "tensorflow")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def test_every_class_of_schedules_is_tried(expected: dict) -> None:
    assert set(expected["classes"]) <= set(expected["made"])


def test_rates_asked_step_by_step(run: dict, expected: dict) -> None:
    for name, wanted in expected["alone"].items():
        assert_same_rates(run, run["alone"][name], wanted, name)


def test_rates_of_an_array_are_those_of_its_steps(run: dict) -> None:
    for name, rates in run["array"].items():
        assert_same_rates(run, rates, run["alone"][name], name)


def test_rates_in_fit(run: dict, expected: dict) -> None:
    for name, wanted in expected["fit"].items():
        found = run["fit"][name]
        assert_same_rates(run, found["rates"], wanted["rates"], name)
        assert found["steps"] == wanted["steps"] == list(range(40))
        assert found["epochs"] == wanted["epochs"] == [0] * 20 + [1] * 20


def test_a_record_per_epoch_is_that_of_its_last_step(run: dict) -> None:
    for found in run["fit"].values():
        assert found["last_steps"] == [19, 39]
        assert found["last_rates"] == [found["rates"][19], found["rates"][39]]


def test_what_was_recorded_is_what_was_planned(run: dict, expected: dict) -> None:
    for result in (run, expected):
        for name, found in result["fit"].items():
            np.testing.assert_allclose(found["rates"], result["alone"][name][:40], atol=2e-8)


def test_functions_of_the_epoch_in_both_callbacks(run: dict) -> None:
    for name, found in run["callbacks"].items():
        np.testing.assert_allclose(found["rates"], found["planned"], rtol=SETTABLE, err_msg=name)
        assert found["own"] == found["rates"], name
        assert found["per_step"] == sorted(set(found["rates"])), name


def test_saved_and_loaded_a_run_goes_on_where_it_was(run: dict) -> None:
    for name, found in run["loaded"].items():
        assert found["same_type"], name
        assert found["steps"] == list(range(20, 40)), name
        assert found["rates"] == run["fit"][name]["rates"][20:], name


def test_configs_are_alike(run: dict, expected: dict) -> None:
    assert run["config"] == expected["config"]


def test_compiled_code_hears_the_factor_of_a_scaled(run: dict) -> None:
    whole, half = run["scaled"]
    line = [PEAK * (1 - step / 30) for step in range(20)]
    np.testing.assert_allclose(whole["rates"], line, atol=IN_FLOAT32)
    late = [0.5 * PEAK * max(0, 1 - step / 30) for step in range(20, 40)]
    np.testing.assert_allclose(half["rates"], late, atol=IN_FLOAT32)
    moved = np.abs(np.subtract(half["after"], half["before"])).max()
    assert 0 < moved < np.abs(np.subtract(whole["after"], whole["before"])).max()


def test_steps_beyond_two_to_the_24(run: dict, expected: dict) -> None:
    """float32 skips every second step there: JAX's rate moves in stairs, within the tolerance."""
    exact = [np.float32(PEAK * (1 - (2**24 + offset) / 2**25)) for offset in range(-2, 7)]
    assert expected["long"] == [float(rate) for rate in exact]
    assert_same_rates(run, run["long"], expected["long"])
    if run["backend"] == "torch":
        assert run["long"] == expected["long"]


def test_the_other_callbacks(run: dict, expected: dict) -> None:
    assert run["other"]["events"] == expected["other"]["events"]
    assert run["other"]["best_weights_kept"]


def test_several_steps_per_call_leave_every_step_in_the_record(run: dict) -> None:
    if run["backend"] == "torch":
        assert run["several_steps"] is None, "Keras refuses steps_per_execution on PyTorch"
    else:
        assert run["several_steps"] == run["fit"]["OneCycle"]["rates"]


def test_charts_draw_what_the_schedules_give(run: dict) -> None:
    drawn = run["drawn"]
    for name, rates in drawn["lines"].items():
        assert_same_rates(run, rates, run["alone"][name][:40], name)
    assert_same_rates(run, drawn["plan"], run["alone"]["OneCycle"][:40])
    assert drawn["record"] == run["fit"]["OneCycle"]["rates"]
    assert drawn["of_tensors"] == [0.25, 0.5]
    assert drawn["history"] == [0.5, 0.5]
