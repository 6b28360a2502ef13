"""What lessons show: errors as text, refused parameters, bars that move and leave nothing behind."""

import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
import tensorflow as tf
from nbclient import NotebookClient
from small_notebooks import write_notebook
from tqdm import tqdm

from helpers import lesson
from helpers.lesson import FitProgress, check_parameters, error_text, progress, show_error

# --- show_error -----------------------------------------------------------------------------------


def takes_schedule(schedule: object) -> object:
    return schedule


def fail_with(message: str) -> None:
    raise ValueError(message)


def test_a_misspelt_keyword_reads_the_same_on_every_python(capsys: pytest.CaptureFixture) -> None:
    """Python 3.13 adds ". Did you mean 'schedule'?"; this file runs on 3.11, 3.12 and 3.13."""
    show_error(takes_schedule, scheduler=1)
    assert capsys.readouterr().out == (
        "TypeError: takes_schedule() got an unexpected keyword argument 'scheduler'\n"
    )
    as_in_3_13 = TypeError("f() got an unexpected keyword argument 'a'. Did you mean 'b'?")
    as_in_3_11 = TypeError("f() got an unexpected keyword argument 'a'")
    assert error_text(as_in_3_13) == error_text(as_in_3_11)


def test_lines_fit_a_lesson_and_continue_indented(capsys: pytest.CaptureFixture) -> None:
    show_error(fail_with, "word " * 60 + "x" * 200, label="label: ")
    first, *others = capsys.readouterr().out.splitlines()
    assert first.startswith("label: ValueError: word word")
    assert others and all(line.startswith("    ") for line in others)
    assert max(map(len, [first, *others])) <= lesson.WIDTH == 96


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("one\ntwo   three\n\nfour", "one two three"),
        ("", ""),
        ("Exception encountered when calling Layer.call().\n\n\x1b[1mwhy\x1b[0m\n\nArguments: 1", "why"),
        ("could not be read.\n\nException encountered: Could not locate class 'X'", "Could not locate class 'X'"),
    ],
)  # fmt: skip
def test_only_the_first_paragraph_is_shown(message: str, text: str) -> None:
    assert error_text(ValueError(message)) == text


def test_a_python_if_on_a_tensor_is_one_sentence() -> None:
    """TensorFlow goes on with four lines of remedies and a link that no line can hold."""

    @tf.function(autograph=False)
    def decide(step: tf.Tensor) -> float:
        return 0.1 if step < 5 else 0.05

    with pytest.raises(tf.errors.OperatorNotAllowedInGraphError) as caught:
        decide(tf.constant(3))
    assert "You can attempt the following" in str(caught.value)
    text = "Using a symbolic `tf.Tensor` as a Python `bool` is not allowed."
    assert error_text(caught.value) == text


def test_an_error_without_a_message(capsys: pytest.CaptureFixture) -> None:
    show_error(fail_with, "")
    assert capsys.readouterr().out == "ValueError\n"


def test_what_does_not_fail_is_shown_too(capsys: pytest.CaptureFixture) -> None:
    show_error(takes_schedule, "result", label="fine: ")
    assert capsys.readouterr().out == "fine: no error, the result is 'result'\n"


def test_a_keyboard_interrupt_is_not_an_error_to_show() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        show_error(interrupt)


# --- check_parameters -----------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["abc", 0, -1, 51, 2.0, None, True, float("nan"), [3]])
def test_a_whole_number_outside_its_limits_is_refused(value: object) -> None:
    with pytest.raises(ValueError) as caught:
        check_parameters(EPOCHS=(value, 2, 50))
    assert str(caught.value) == f"EPOCHS must be a whole number from 2 to 50, got {value!r}"


@pytest.mark.parametrize("value", ["abc", 0, -0.1, 0.6, None, True, float("nan"), float("inf")])
def test_a_number_outside_its_limits_is_refused(value: object) -> None:
    with pytest.raises(ValueError) as caught:
        check_parameters(PEAK=(value, 0.001, 0.5))
    assert str(caught.value) == f"PEAK must be a number from 0.001 to 0.5, got {value!r}"


def test_limits_are_allowed_and_the_first_bad_parameter_is_named() -> None:
    check_parameters(EPOCHS=(2, 2, 50), BATCH_SIZE=(1024, 16, 1024), PEAK=(1, 0.001, 1.0))
    with pytest.raises(
        ValueError, match="BATCH_SIZE must be a whole number from 16 to 1024, got 100000"
    ):
        check_parameters(EPOCHS=(2, 2, 50), BATCH_SIZE=(1e5, 16, 1024), SEED=("x", 0, 9))


# --- progress -------------------------------------------------------------------------------------


def test_outside_a_notebook_the_bar_is_silent_without_a_terminal(
    capfd: pytest.CaptureFixture,
) -> None:
    assert list(progress(range(3), label="counting")) == [0, 1, 2]
    with progress(total=5) as bar:
        bar.update(5)
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list[tqdm]:
    """The bars that FitProgress makes, written to nowhere."""
    made: list[tqdm] = []

    def record(total: int | None = None, label: str = "") -> tqdm:
        made.append(tqdm(total=total, desc=label, file=open(os.devnull, "w")))  # noqa: SIM115
        return made[-1]

    monkeypatch.setattr(lesson, "progress", record)
    return made


def fit(bar: FitProgress, **options: object) -> keras.callbacks.History:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", steps_per_execution=options.pop("steps_per_execution", 1))
    x = np.ones((70, 1), "float32")
    settings = {"batch_size": 10, "epochs": 3, "verbose": 0} | options
    callbacks = [bar, *settings.pop("callbacks", [])]
    return model.fit(x, x, callbacks=callbacks, **settings)


@pytest.mark.parametrize("together", [1, 3, 7])
def test_fit_moves_the_bar_by_every_batch(bars: list[tqdm], together: int) -> None:
    moved = []
    spy = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: moved.append(bars[0].n)
    )
    fit(FitProgress("training"), steps_per_execution=together, callbacks=[spy])
    (bar,) = bars
    assert (bar.total, bar.n, bar.desc) == (21, 21, "training")
    assert moved == sorted(set(moved)) and moved[-1] == 21, (
        "it moves in every call, and only forward"
    )
    assert len(moved) == 3 * -(-7 // together)


def test_fit_counts_from_its_initial_epoch(bars: list[tqdm]) -> None:
    totals = []
    spy = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: totals.append(bars[0].total)
    )
    fit(FitProgress(), initial_epoch=1, callbacks=[spy])
    assert totals == [14, 14] and bars[0].n == 14


def test_a_training_that_stops_early_ends_with_a_full_bar(bars: list[tqdm]) -> None:
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            self.model.stop_training = True

    fit(FitProgress(), callbacks=[Stop()])
    assert bars[0].n == bars[0].total == 7


def test_one_callback_serves_two_trainings(bars: list[tqdm]) -> None:
    bar = FitProgress()
    fit(bar)
    fit(bar, epochs=1)
    assert [bar.n for bar in bars] == [21, 7]


def test_data_of_unknown_length_is_counted_without_a_total(bars: list[tqdm]) -> None:
    import tensorflow as tf

    def batches():
        for _ in range(4):
            yield np.ones((2, 1), "float32"), np.ones((2, 1), "float32")

    shape = tf.TensorSpec((2, 1))
    data = tf.data.Dataset.from_generator(batches, output_signature=(shape, shape))
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(data, epochs=2, verbose=0, callbacks=[FitProgress()])
    assert bars[0].n == 8


# --- in a notebook --------------------------------------------------------------------------------

SHOWS_A_BAR = """
import sys, time, types
# Only the bar is tried here: keras would take seconds to import.
sys.modules["keras"] = types.SimpleNamespace(callbacks=types.SimpleNamespace(Callback=object))
sys.modules["tensorflow"] = None
from helpers.lesson import progress

for number in progress(range(6), label="counting"):
    time.sleep(0.2)
with progress(total=2) as bar:
    bar.update(2)
print("done")
"""


class Watch(NotebookClient):
    """Runs a notebook and notes when which widget was sent which value, and how bars end."""

    def process_message(self, msg: dict, *arguments: object) -> object:
        if msg["msg_type"] == "comm_msg":
            state = msg["content"]["data"].get("state", {})
            if isinstance(state.get("value"), (int, float)):
                self.moved.append((time.monotonic(), state["value"]))
            for name in ("max", "bar_style"):
                if name in state:
                    self.bars.append((name, state[name]))
        return super().process_message(msg, *arguments)


def test_in_a_notebook_the_bar_moves_and_leaves_only_a_view(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "n.ipynb", ("bar", SHOWS_A_BAR, []))
    notebook = nbformat.read(path, as_version=4)
    watch = Watch(notebook, kernel_name="python3", timeout=120)
    watch.moved, watch.bars = [], []
    watch.execute()

    values = [value for _, value in watch.moved]
    assert values[-1] == 2 and values[:-1] == sorted(values[:-1]) and 6 in values
    assert len(values) >= 5, "it moves while the cell runs"
    times = [moment for moment, _ in watch.moved]
    assert max(b - a for a, b in itertools.pairwise(times)) < 3
    *views, text = notebook.cells[0].outputs
    assert [list(view.data) for view in views] == [[lesson.WIDGET_VIEW]] * 2
    assert text.text == "done\n"


LEFT_EARLY = """
for number in progress(range(10), label="left early"):
    if number == 3:
        break
"""


CLOSED_EARLY = """
with progress(total=8, label="closed early") as bar:
    bar.update(4)
"""


@pytest.mark.parametrize("early", [LEFT_EARLY, CLOSED_EARLY], ids=["loop", "with"])
def test_a_bar_that_is_left_early_is_full_and_not_red(tmp_path: Path, early: str) -> None:
    imports = SHOWS_A_BAR.split("for number")[0]
    path = write_notebook(tmp_path / "n.ipynb", ("early", imports + early, []))
    watch = Watch(nbformat.read(path, as_version=4), kernel_name="python3", timeout=120)
    watch.moved, watch.bars = [], []
    watch.execute()

    styles = [value for name, value in watch.bars if name == "bar_style"]
    assert [value for name, value in watch.bars if name == "max"] == [4], "full where it stands"
    assert watch.moved[-1][1] == 4, "with the step at which it was left"
    assert "danger" not in styles and styles[-1] == "", "no red, and no green"


def test_nbval_compares_nothing_of_a_bar_and_all_of_the_text(tmp_path: Path) -> None:
    """Stored is the text alone; the run shows bars too, and nbval finds only the wrong text."""
    cells = [("bar", SHOWS_A_BAR, []), ("wrong", "print('other')", [])]
    path = write_notebook(tmp_path / "n.ipynb", *cells)
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(notebook.cells, start=1):
        cell.execution_count = number
        cell.outputs = [nbformat.v4.new_output("stream", text="done\n")]
    nbformat.write(notebook, path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q",
         "-p", "no:cacheprovider", "-p", "no:xdist", path],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    # In CI pytest prints whole messages, so that the line is not always the last but one.
    (failed,) = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert "n.ipynb::Cell 1" in failed
