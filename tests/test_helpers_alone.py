"""Each helper file works in an empty folder, with at most one named sibling beside it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HELPERS, NOT_FOR_COPYING, PROJECT

COPIED = [helper for helper in HELPERS if helper.stem not in NOT_FOR_COPYING]

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
        "plots.use_course_style()\n"
        "axes = plots.plot_schedules({'mine': lambda epoch: 0.1 / (epoch + 1)}, 5)\n"
        "assert len(axes.lines) >= 1\n"
        "plots.show(axes, 'What to see: a fall.')"
    ),
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
    "learning_rate_finder": (
        "import keras, numpy as np\n"
        "from learning_rate_finder import find_learning_rate\n"
        "keras.utils.set_random_seed(0)\n"
        "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\n"
        "model.compile('sgd', 'mse')\n"
        "test = find_learning_rate(model, np.eye(4), np.ones(4), 1e-3, 1.0, batch_size=2)\n"
        "assert test.suggestion('steep') > 0\n"
    ),
    "study": (
        "from study import digest_of, load_table, missing_runs\n"
        "runs = [{'rate': 0.1}, {'rate': 0.2}]\n"
        "assert missing_runs(runs, load_table('none.csv')) == runs\n"
        "assert len(digest_of(runs[0])) == 12"
    ),
    "comparison": (
        "import pandas as pd\n"
        "from comparison import by_rate, judge, own_best, paired_difference, with_results\n"
        "rows = [{'peak': peak, 'seed': seed, 'epochs': 1, 'val_loss': '0.5',\n"
        "         'val_accuracy': str(peak + seed / 100)} for peak in (0.5, 0.8) for seed in (0, 1)]\n"
        "runs = with_results(pd.DataFrame(rows))\n"
        "best = own_best(runs)\n"
        "assert best.peak == 0.8\n"
        "judge({'itself': paired_difference(best.by_seed, by_rate(runs)[0.5])})"
    ),
    "sharpness": (
        "import tensorflow as tf\n"
        "from sharpness import largest_curvature\n"
        "w = tf.Variable([1.0, 2.0])\n"
        "curvature, vector = largest_curvature(lambda: tf.reduce_sum([1.0, 3.0] * w**2), [w])\n"
        "assert abs(curvature - 6) < 0.1 and vector.shape == (2,)"
    ),
    "training": (
        "import keras, numpy as np\n"
        "from training import make_epoch, shuffled_batches\n"
        "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])\n"
        "loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)\n"
        "x, y = np.eye(4, dtype='float32'), np.array([0, 1, 2, 0])\n"
        "run_epoch = make_epoch(model, keras.optimizers.SGD(0.5), loss, x, y)\n"
        "logs = [run_epoch(shuffled_batches(4, 2, 0, epoch)) for epoch in range(3)]\n"
        "assert logs[2]['loss'] < logs[0]['loss']"
    ),
    "multi_worker": (
        "import keras, numpy as np\n"
        "from multi_worker import connect, free_ports, make_distributed_epoch, resume_together\n"
        "from multi_worker import save_checkpoint\n"
        "assert len(set(free_ports(3))) == 3\n"
        "strategy = connect()\n"
        "with strategy.scope():\n"
        "    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])\n"
        "    optimizer = keras.optimizers.SGD(0.5)\n"
        "loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)\n"
        "x, y = np.eye(4, dtype='float32'), np.array([0, 1, 2, 0])\n"
        "run_epoch = make_distributed_epoch(strategy, model, optimizer, loss, x, y)\n"
        "batches = np.arange(4, dtype='int32').reshape(2, 2)\n"
        "assert run_epoch(batches)['loss'] > run_epoch(batches)['loss']\n"
        "save_checkpoint('here', model, optimizer, epoch=1)\n"
        "assert resume_together(strategy, 'here', model, optimizer) == 1"
    ),
}

# Runs every helper in its folder, one after the other, and writes what went wrong with each. Between
# two of them everything that came from a folder is forgotten, so that none finds another's copies.
PROGRAM = """
import importlib, json, os, pathlib, sys, traceback

sys.modules["helpers"] = None  # here, `helpers` is installed; a copier does not have it

def forget(folder):
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(folder + os.sep):
            del sys.modules[name]
    importlib.invalidate_caches()

def try_helper(name, use):
    exec(use, {})
    forget(os.getcwd())
    for copy in pathlib.Path().glob("*.py"):  # a package must not take what lies beside it
        copy.unlink()
    importlib.import_module("package." + name)

wrong = {}
for folder, name, use in json.load(sys.stdin):
    os.chdir(folder)
    sys.path.insert(0, folder)
    try:
        try_helper(name, use)
    except BaseException:
        wrong[name] = traceback.format_exc()
    sys.path.remove(folder)
    forget(folder)
pathlib.Path(sys.argv[1]).write_text(json.dumps(wrong))
"""


def siblings(helper: Path) -> list[str]:
    """Other helpers that this one imports, from the project, from a package or from beside it."""
    imported = re.findall(r"^\s*from (?:helpers\.|\.)?(\w+) import", helper.read_text(), re.M)
    return sorted(set(imported) & {path.stem for path in HELPERS})


def copy_alone_and_as_package(helper: Path, folder: Path) -> None:
    package = folder / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    for name in [helper.stem, *siblings(helper)]:
        shutil.copy(helper.with_name(f"{name}.py"), folder)
        shutil.copy(helper.with_name(f"{name}.py"), package)


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What went wrong, by helper."""
    place = tmp_path_factory.mktemp("alone").resolve()
    for helper in COPIED:
        copy_alone_and_as_package(helper, place / helper.stem)
    jobs = [(str(place / helper.stem), helper.stem, USES[helper.stem]) for helper in COPIED]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, place / "wrong.json"],
        input=json.dumps(jobs), cwd=place, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads((place / "wrong.json").read_text())


@pytest.mark.parametrize("helper", COPIED, ids=lambda path: path.stem)
def test_works_alone_and_in_a_package(helper: Path, wrong: dict[str, str]) -> None:
    names = siblings(helper)
    assert len(names) <= 1, f"{helper.name} needs more than one sibling: {names}"
    assert helper.stem not in wrong, wrong[helper.stem]


def test_every_use_names_a_helper() -> None:
    assert {path.stem for path in COPIED} == set(USES)
