"""The oldest Keras that a copied schedules.py runs on, and LearningRateLogger, in environments apart.

Each test installs another Keras with the TensorFlow or PyTorch that it goes with, which takes a
minute and the network. So they are skipped unless asked for, as the weekly job does:

    LESSONS_OLD_KERAS=1 python -m pytest tests/test_oldest_keras.py
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT

from helpers import schedules

# (backend, what to install, the first Python that it has no wheels for)
ENVIRONMENTS = {
    "the oldest": ("tensorflow", ["keras==3.0.5", "tensorflow-cpu==2.16.2"], (3, 13)),
    "the oldest for callbacks": ("tensorflow", ["keras==3.5.0", "tensorflow-cpu==2.17.1"], (3, 13)),
    "old, on PyTorch": ("torch", ["keras==3.5.0", "torch", "numpy"], None),
    "in between": ("tensorflow", ["keras==3.9.2", "tensorflow-cpu==2.18.1"], (3, 13)),
}
PLANS = {
    "LinearDecay(0.1, 30, 0.02)": 40,
    "WarmUp(OneCycle(0.1, 30), 5, 'cosine')": 40,
    "WarmUp(0.1, 0)": 3,
    "WarmupStableDecay(0.1, 30, 5, 10)": 40,
    "Sequence([0.1, LinearDecay(0.05, 10)], [7])": 20,
    "Triangular(0.01, 0.1, 6, halve=True)": 40,
    "Scaled(OneCycle(0.1, 30), 0.3)": 40,
}
PROGRAM = """
import json, sys
import keras, numpy as np
import schedules
from schedules import *

ops = keras.ops
rates = {}
for plan, steps in json.loads(sys.argv[1]).items():
    schedule = eval(plan)
    array = ops.convert_to_numpy(schedule(np.arange(steps)))
    assert array.dtype == np.float32 and array.shape == (steps,), plan
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(schedule))
    assert type(again) is type(schedule) and again.get_config() == schedule.get_config(), plan
    rates[plan] = [array.tolist(), schedules.preview(again, steps).tolist()]

model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
schedule = Scaled(LinearDecay(0.1, 12), 0.5)
model.compile(keras.optimizers.SGD(schedule), loss="mse")
callbacks = []
if sys.argv[2] == "with callbacks":
    from callbacks import LearningRateLogger

    callbacks = [LearningRateLogger()]
ones = np.ones((4, 1), "float32")
model.fit(ones, ones, batch_size=1, epochs=3, verbose=0, callbacks=callbacks)
rates["fit"] = callbacks[0].learning_rates if callbacks else None
model.save("model.keras")
loaded = keras.models.load_model("model.keras").optimizer
rates["loaded"] = [float(ops.convert_to_numpy(loaded._learning_rate(6))), loaded._learning_rate.factor]
print("RESULT" + json.dumps([keras.__version__, keras.backend.backend(), rates]))
"""


def oldest(helper: str) -> list[int]:
    """The version of Keras that a helper's docstring names."""
    text = (PROJECT / "helpers" / f"{helper}.py").read_text(encoding="utf-8")
    (named,) = re.findall(r"Keras\b[^.,]*,\s+(\d+(?:\.\d+)+)\s+or\s+newer", text)
    return version_numbers(named)


def version_numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def wanted_rates() -> dict[str, np.ndarray]:
    return {
        plan: np.asarray(eval(plan, dict(vars(schedules)))(np.arange(steps)))
        for plan, steps in PLANS.items()
    }


def run_with(python: str | Path, backend: str, folder: Path, callbacks: bool = True) -> list:
    """Run the program beside copies of the two helpers, where nothing else of the project is."""
    for helper in ("schedules", "callbacks"):
        shutil.copy(PROJECT / "helpers" / f"{helper}.py", folder)
    done = subprocess.run(
        [python, "-c", PROGRAM, json.dumps(PLANS), "with callbacks" if callbacks else "without"],
        cwd=folder,
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.split("RESULT")[1])


def assert_right(rates: dict) -> None:
    for plan, wanted in wanted_rates().items():
        for found in rates[plan]:  # all steps at once, and one by one
            assert np.abs(np.array(found) - wanted).max() <= 1e-8, plan
    planned = [np.float32(0.05 * (1 - step / 12)) for step in range(12)]
    if rates["fit"] is not None:
        assert np.allclose(rates["fit"], planned, rtol=0, atol=1e-8)
    assert np.allclose(rates["loaded"], [0.025, 0.5])


def test_the_program_runs_here(tmp_path):
    """So that a failure elsewhere means that Keras differs."""
    import keras

    version, backend, rates = run_with(sys.executable, "tensorflow", tmp_path)
    assert (version, backend) == (keras.__version__, "tensorflow")
    assert_right(rates)


def test_the_docstrings_name_versions_that_are_tested():
    tested = [
        version_numbers(packages[0].removeprefix("keras=="))
        for _, packages, _ in ENVIRONMENTS.values()
    ]
    assert min(tested) == oldest("schedules")
    assert min(tested) <= oldest("callbacks") <= max(tested)


@pytest.mark.skipif(
    os.environ.get("LESSONS_OLD_KERAS") != "1",
    reason="installs other versions of Keras: set LESSONS_OLD_KERAS=1 to run it",
)
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_runs_on(name, tmp_path):
    backend, packages, too_new = ENVIRONMENTS[name]
    if too_new and sys.version_info >= too_new:
        pytest.skip(f"{packages[-1]} has no wheels for Python {sys.version.split()[0]}")
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", *packages]
    done = subprocess.run(install, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stderr[-2000:]
    folder = tmp_path / "copier"
    folder.mkdir()
    callbacks = version_numbers(packages[0].removeprefix("keras==")) >= oldest("callbacks")
    version, used, rates = run_with(python, backend, folder, callbacks)
    assert (f"keras=={version}", used) == (packages[0], backend)
    assert_right(rates)
