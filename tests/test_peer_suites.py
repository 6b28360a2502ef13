"""The schedules show what the test suites of Keras, optax and PyTorch ask of theirs."""

import fnmatch
import importlib.util
import json
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import PROJECT

from helpers import schedules

built_in = keras.optimizers.schedules
SCRIPT = PROJECT / "tests" / "references" / "peer_suites.py"


def load_script():
    spec = importlib.util.spec_from_file_location("peer_suites", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["peer_suites"] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    return module


suites = load_script()
stored = json.loads(suites.RESULT.read_text(encoding="utf-8"))
STORED = {case["name"]: case for case in stored["cases"]}
each_case = pytest.mark.parametrize("case", suites.CASES, ids=lambda case: case.name)


def largest_difference(case, wanted) -> float:
    """Of our rates from those of a peer, as a share of the highest rate."""
    ours = np.asarray(case.ours(schedules, built_in)(np.array(case.steps)), np.float64)
    return float(np.abs(ours - np.array(wanted)).max() / max(wanted))


@each_case
def test_equals_the_stored_rates_of_the_peer(case):
    difference = largest_difference(case, STORED[case.name]["rates"])
    assert difference <= 4e-7, f"{case.behaviour}: {difference:.2g} of the peak"


@each_case
def test_a_wrong_rate_would_be_noticed(case):
    wanted = np.array(STORED[case.name]["rates"])
    wanted[len(wanted) // 2] += 1e-5 * wanted.max()
    assert largest_difference(case, wanted) > 4e-7


@pytest.mark.parametrize(
    "case", [case for case in suites.CASES if case.peer == "keras"], ids=lambda case: case.name
)
def test_equals_the_keras_that_is_installed(case):
    assert largest_difference(case, suites.peer_rates(case)) <= 4e-7


@pytest.mark.parametrize("behaviour", suites.BEHAVIOURS, ids=lambda b: f"{b[0]}: {b[3]}")
def test_behaves_as_the_suites_ask(behaviour):
    _, _, _, sentence, (error, action) = behaviour
    if error is None:
        assert action(schedules, built_in) is True, sentence
    else:
        with pytest.raises(error):
            action(schedules, built_in)


def test_what_is_stored_is_what_the_script_states():
    assert [case.name for case in suites.CASES] == list(STORED)
    for case in suites.CASES:
        kept = STORED[case.name]
        assert (case.holds_for, case.behaviour) == (kept["holds_for"], kept["behaviour"])
        assert list(case.steps) == kept["steps"]
        assert hasattr(schedules, case.holds_for)
    assert set(stored["versions"]) == {"keras", "optax", "jax", "torch"}


def test_every_class_answers_to_a_peer_or_to_all_of_them():
    held = {case.holds_for for case in suites.CASES}
    made = {type(make(schedules, built_in)).__name__ for make in suites.ONE_OF_EACH}
    classes = {
        name
        for name, value in vars(schedules).items()
        if isinstance(value, type)
        and issubclass(value, built_in.LearningRateSchedule)
        and value is not built_in.LearningRateSchedule
    }
    assert made == classes
    # No peer has these two under one name; test_schedules.py has their formulas.
    assert classes - held == {"WarmupStableDecay", "Scaled"}


def test_no_test_of_a_peer_is_held_twice():
    for peer in suites.PACKAGES:
        names = [n for case in suites.CASES if case.peer == peer for n in case.tests]
        names += [n for other, tests, *_ in suites.BEHAVIOURS if other == peer for n in tests]
        assert len(names) == len(set(names))
        for number, name in enumerate(names):
            others = names[:number] + names[number + 1 :]
            assert not any(fnmatch.fnmatchcase(name, other) for other in others), name


NEW_SUITE = """
class OneCycleTest:
    def setUp(self):
        pass

    def test_cosine(self):
        pass

    def test_something_new(self):
        pass


class ExponentialTest:
    def test_exponential(self):
        pass


class BrandNewTest:
    def test_it(self):
        pass
"""


def test_a_new_test_of_a_peer_is_named(tmp_path: Path, monkeypatch, capsys):
    suite = tmp_path / "suite.py"
    suite.write_text(NEW_SUITE)
    new = ["OneCycleTest.test_something_new", "BrandNewTest.test_it"]
    assert suites.not_judged("optax", suite) == new
    monkeypatch.setattr(sys, "argv", ["peer_suites.py", "--suite", f"optax={suite}"])
    assert suites.main() == 2
    assert "4 tests" in capsys.readouterr().out


def test_changed_rates_of_a_peer_are_named(monkeypatch, capsys):
    keras_cases = [case for case in suites.CASES if case.peer == "keras"]
    monkeypatch.setattr(suites, "CASES", keras_cases)
    assert suites.compare() == 0
    linear = keras_cases[0]
    monkeypatch.setattr(
        suites, "peer_rates", lambda case: [rate * 1.01 for rate in case.theirs(case.steps)]
    )
    assert suites.compare() == len(keras_cases)
    assert f"CHANGED       {linear.name}" in capsys.readouterr().out
