"""Each helper file works in an empty folder, with at most one named sibling beside it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT

HELPERS = sorted(path for path in (PROJECT / "helpers").glob("*.py") if path.stem != "__init__")

# One real use of each file. A helper without one fails the test below: add its line here.
USES = {
    "preprocess_data": (
        "import numpy as np\n"
        "from preprocess_data import prepare_data, load_fashion_mnist\n"
        "assert prepare_data(np.full((2, 28, 28), 255, np.uint8)).max() == 1\n"
        f"assert load_fashion_mnist({str(PROJECT / 'data' / 'fashion-mnist')!r})[0][0].shape[0] == 60000"
    ),
    "model": "from model import create_model\nassert create_model().count_params() == 101770",
    "plots": (
        "import matplotlib; matplotlib.use('Agg')\n"
        "import plots, matplotlib.pyplot as plt\n"
        "plots.use_course_style(); plots.caption(plt.figure(), 'text')"
    ),
    "checks": "import checks\nassert checks.report([]) and not checks.report(['x'])",
    "callbacks": (
        "from callbacks import EarlyStoppingAtMinLoss, LearningRateLogger\n"
        "assert LearningRateLogger() and EarlyStoppingAtMinLoss(patience=2).patience == 2"
    ),
    "epoch_schedules": (
        "from epoch_schedules import exponential_decay\nassert exponential_decay()(0) == 1e-3"
    ),
    "schedules": (
        "from schedules import LinearDecay\nassert abs(float(LinearDecay(1.0, 10)(5)) - 0.5) < 1e-6"
    ),
    "lr_scheduler": (
        "import keras\n"
        "from lr_scheduler import LRScheduler\n"
        "optimizer = keras.optimizers.SGD(0.5)\n"
        "LRScheduler(100, 0.1, 'constant', warm_up=0).update(optimizer, 50)\n"
        "assert abs(float(optimizer.learning_rate.numpy()) - 0.1) < 1e-7"
    ),
    "training": "import training",
}


def siblings(helper: Path) -> list[str]:
    return sorted(set(re.findall(r"^\s*from helpers\.(\w+) import", helper.read_text(), re.M)))


@pytest.mark.parametrize("helper", HELPERS, ids=lambda path: path.stem)
def test_works_alone(helper: Path, tmp_path: Path) -> None:
    names = siblings(helper)
    assert len(names) <= 1, f"{helper.name} needs more than one sibling: {names}"
    for name in [helper.stem, *names]:
        shutil.copy(helper.with_name(f"{name}.py"), tmp_path)
    # Here, `helpers` is installed; a copier does not have it.
    program = f"import sys; sys.modules['helpers'] = None\n{USES[helper.stem]}"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_use_names_a_helper() -> None:
    assert {path.stem for path in HELPERS} <= set(USES)
