"""The study of schedules: a run depends on its settings alone, and the plan asks for what it needs."""

import subprocess
import sys
import textwrap

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from helpers import schedule_study
from helpers.schedule_study import (
    CELLS,
    EDGE_RUNS,
    SHAPES,
    Cell,
    InverseSquareRoot,
    MendedScheduleFreeAdamW,
    Run,
    next_runs,
    use_one_thread,
)
from helpers.study import digest_of

STEPS = np.arange(1000)
START, SLOPES = np.array([1.0, -2.0], np.float32), np.array([1.0, 3.0], np.float32)


@pytest.mark.parametrize("shape", [name for name, make in SHAPES.items() if make])
@pytest.mark.parametrize("steps", [7, 20, 1000])
def test_a_shape_reaches_its_peak_and_nothing_above(shape: str, steps: int) -> None:
    rates = np.asarray(Run(shape, 0.1, 2, 0).schedule(steps)(np.arange(steps)))
    assert rates.shape == (steps,) and np.isfinite(rates).all() and (rates >= 0).all()
    assert rates.max() == np.float32(0.1)


def test_shapes_end_where_their_names_say() -> None:
    ends = {name: Run(name, 1.0, 2, 0).schedule(1000) for name, make in SHAPES.items() if make}
    last = {name: float(np.asarray(schedule(np.int64(1000)))) for name, schedule in ends.items()}
    assert last["constant"] == 1
    assert last["step"] == pytest.approx(0.01)
    assert last["exponential"] == pytest.approx(0.01, rel=1e-5)
    assert [last[name] for name in ("cosine", "linear", "wsd, 1-sqrt", "wsd, linear")] == (
        pytest.approx([0, 0, 0, 0], abs=1e-6)
    )
    assert [last["cosine to 10 %"], last["linear to 10 %"]] == pytest.approx([0.1, 0.1])
    assert last["inverse square root"] == pytest.approx((50 / 1000) ** 0.5)


def test_inverse_square_root_holds_then_falls() -> None:
    schedule = InverseSquareRoot(0.2, 50)
    rates = np.asarray(schedule(STEPS))
    np.testing.assert_array_equal(rates[:51], np.float32(0.2))
    np.testing.assert_allclose(rates[50:], 0.2 * np.sqrt(50 / STEPS[50:]), rtol=1e-6)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(schedule))
    np.testing.assert_array_equal(np.asarray(again(STEPS)), rates)


def test_a_warm_up_comes_before_the_shape_and_inside_the_run() -> None:
    rates = np.asarray(Run("linear", 0.4, 8, 0, warm_up=20).schedule(1000)(STEPS))
    np.testing.assert_allclose(rates[:200], 0.4 * (STEPS[:200] + 1) / 200, rtol=1e-6)
    np.testing.assert_allclose(rates[200:], 0.4 * (1 - (STEPS[200:] - 200) / 800), rtol=1e-5)


def test_every_setting_makes_another_run(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Run("cosine", 0.1, 8, 0)
    others = [
        Run("linear", 0.1, 8, 0), Run("cosine", 0.2, 8, 0), Run("cosine", 0.1, 2, 0),
        Run("cosine", 0.1, 8, 1), Run("cosine", 0.1, 8, 0, "adamw"),
        Run("cosine", 0.1, 8, 0, model="convolutional"), Run("cosine", 0.1, 8, 0, warm_up=5),
    ]  # fmt: skip
    digests = [digest_of(run.settings()) for run in (one, *others)]
    assert len(set(digests)) == len(digests)
    monkeypatch.setitem(
        SHAPES,
        "cosine",
        lambda peak, steps: keras.optimizers.schedules.CosineDecay(peak, 2 * steps),
    )
    assert digest_of(one.settings()) not in digests, "a changed definition is another run"


def test_the_definition_names_what_decides() -> None:
    text = Run("one-cycle with momentum", 0.1, 8, 0, "adamw").settings()["definition"]
    for part in ("OneCycle(", "max_learning_rate=0.1", "weight_decay=0.01", "momentum (0.85, 0.95)",
                 "Densex784x128", "batches of 128"):  # fmt: skip
        assert part in text


def test_a_run_of_another_definition_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {**Run("cosine", 0.1, 2, 0).settings(), "definition": "as it was"}
    monkeypatch.setattr(schedule_study, "use_one_thread", lambda: None)
    with pytest.raises(ValueError, match="has changed"):
        schedule_study.train(settings)


def invented(runs: list[dict], best: float) -> pd.DataFrame:
    """A table in which the loss is lowest at one rate."""
    rows = []
    for run in runs:
        loss = 0.3 + 0.05 * np.log2(run["peak"] / best) ** 2
        series = {
            "val_loss": " ".join([f"{loss:.6g}"] * run["epochs"]),
            "val_accuracy": " ".join([f"{1 - loss:.6g}"] * run["epochs"]),
        }
        rows.append({"run": digest_of(run), **run, **series})
        if run["shape"] == "schedule-free":
            rows[-1] |= {
                "average_loss": series["val_loss"],
                "average_accuracy": series["val_accuracy"],
            }
    return pd.DataFrame(rows).set_index("run")


@pytest.fixture
def one_cell(monkeypatch: pytest.MonkeyPatch) -> Cell:
    cell = Cell("cosine", 32)
    monkeypatch.setattr(schedule_study, "STAGES", [[cell]])
    return cell


def complete(best: float) -> pd.DataFrame:
    """Go on asking until nothing is missing; each round must bring something new."""
    table = pd.DataFrame(index=pd.Index([], name="run"))
    for _ in range(12):
        runs = next_runs(table)
        if all(digest_of(run) in table.index for run in runs):
            return table
        table = invented(runs, best)
    raise AssertionError("the plan never ends")


@pytest.mark.parametrize("exponent", [-5, -2, 0, 1, 4])
def test_an_optimum_at_the_edge_widens_the_grid(exponent: int, one_cell: Cell) -> None:
    best = 0.05 * 2.0**exponent
    table = complete(best)
    rates = sorted(table["peak"].unique())
    assert rates[0] < best < rates[-1]
    np.testing.assert_allclose(np.diff(np.log2(rates)), 1)
    seeds = table.groupby("peak")["seed"].nunique()
    assert seeds[best] == 5, "the best rate is seen by all seeds"
    assert (seeds >= 2).all()


def test_a_sensitivity_is_measured_with_all_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule_study, "STAGES", [[Cell("cosine", 8)]])
    assert (complete(0.05).groupby("peak")["seed"].nunique() == 5).all()


def test_an_optimum_that_is_nowhere_ends_the_search(one_cell: Cell) -> None:
    assert len(complete(best=1e9)) < 60


def test_the_plan_holds_what_is_compared() -> None:
    for optimizer in ("sgd", "adamw"):
        for epochs in (2, 8):
            shapes = {
                c.shape
                for c in CELLS
                if (c.optimizer, c.epochs, c.model) == (optimizer, epochs, "dense")
            }
            assert shapes == set(SHAPES) - {"schedule-free"}
    assert {c.epochs for c in CELLS if c.optimizer.startswith("schedule-free")} == {2, 8, 32}
    assert len({c.shape for c in CELLS if c.model == "convolutional"}) >= 7
    assert {run.warm_up for run in EDGE_RUNS} == {0, 5, 20}
    assert len({run.seed for run in EDGE_RUNS}) == 5


def published_schedule_free(gradient, start: np.ndarray, rate: float, steps: int) -> tuple:
    """Defazio et al. 2024, in float64 NumPy: (y, z, x)."""
    x = z = y = start.astype(np.float64)
    velocity = np.zeros_like(x)
    for step in range(1, steps + 1):
        slope = gradient(y)
        velocity = 0.999 * velocity + 0.001 * slope**2
        z = z - rate * slope / (np.sqrt(velocity / (1 - 0.999**step)) + 1e-8)
        x = (1 - 1 / step) * x + z / step
        y = 0.1 * z + 0.9 * x
    return y, z, x


def trained(optimizer: keras.optimizers.Optimizer, compiled: bool) -> tuple:
    """Twenty steps on a bowl: the weights y, and the optimizer's point z."""
    weights = keras.Variable(START)
    optimizer.build([weights])

    def step() -> None:
        optimizer.apply([weights * SLOPES], [weights])

    run = tf.function(step, jit_compile=True) if compiled else step
    for _ in range(20):
        run()
    return weights.numpy(), optimizer._momentums[0].numpy()


@pytest.mark.parametrize("compiled", [False, True])
def test_the_mended_schedule_free_optimizer_is_the_published_one(compiled: bool) -> None:
    y, z, _ = published_schedule_free(lambda w: w * SLOPES, START, 0.1, 20)
    mended = trained(MendedScheduleFreeAdamW(0.1), compiled)
    np.testing.assert_allclose(mended, (y, z), rtol=1e-4)
    of_keras, _ = trained(keras.optimizers.ScheduleFreeAdamW(0.1), compiled)
    assert abs(of_keras - y).max() > 0.01, (
        "Keras has mended its own: use it, and say so in lesson 8"
    )


PROGRAM = """
    import json, sys
    import numpy as np
    from helpers.schedule_study import Run, train, trainer, use_one_thread

    use_one_thread()
    first, second = Run("cosine", 0.1, 2, 0), Run("one-cycle", 0.2, 2, 1)
    again = train(first.settings()), train(second.settings()), train(first.settings())
    assert again[0] == again[2], "a run does not depend on the runs before it"
    assert again[0] != again[1]
    assert trainer("dense", "sgd").run_epoch.compiled.experimental_get_tracing_count() == 1

    plateau = train(Run("reduce on plateau", 0.1, 2, 0).settings())
    constant = train(Run("constant", 0.1, 2, 0).settings())
    assert plateau == constant, "two epochs are too short for a plateau"
    lost = train(Run("constant", 1e30, 2, 0).settings())
    assert len(lost["val_loss"].split()) == 1, "a run without a number ends"
    print(json.dumps(again[0]))
"""


def test_a_run_gives_the_same_bits_alone_and_after_others() -> None:
    outputs = []
    for program in (
        PROGRAM,
        "import json\nfrom helpers.schedule_study import Run, train, use_one_thread\n"
        "use_one_thread()\n"
        "print(json.dumps(train(Run('cosine', 0.1, 2, 0).settings())))",
    ):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)],
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1]


def test_more_threads_are_refused_with_what_to_do() -> None:
    tf.ones(2) + 1
    with pytest.raises(RuntimeError, match=r"call use_one_thread\(\) before anything else"):
        use_one_thread()
