"""What lessons need to show things in a notebook: an error as text, a progress bar.

Not meant for copying: in a project of your own, let errors be raised and use tqdm directly.
"""

import re
import textwrap
from collections.abc import Callable, Iterable

import keras
from IPython import get_ipython
from IPython.display import display
from tqdm import tqdm

WIDTH = 96
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def show_error(action: Callable, *arguments: object, label: str = "", **keywords: object) -> None:
    """Call something that fails and print its error, wrapped to the width of a lesson.

    Only the first paragraph of the message is printed, without what Keras puts around it, without
    the remedies that TensorFlow lists, and without the "Did you mean ...?" that Python 3.13 adds:
    the text is the same on every supported Python. If nothing fails, the result is printed.

    Args:
        action: what to call.
        *arguments: handed to ``action``.
        label: printed before the error; an argument of that name cannot be handed on.
        **keywords: handed to ``action``.
    """
    try:
        result = action(*arguments, **keywords)
    except Exception as error:
        print_wrapped(f"{label}{type(error).__name__}: {error_text(error)}".rstrip(": "))
    else:
        print_wrapped(f"{label}no error, the result is {result!r}")


def check_parameters(**limits: tuple[object, float, float]) -> None:
    """Refuse parameters that a lesson cannot run with, before anything is trained.

    Example: ``check_parameters(EPOCHS=(EPOCHS, 2, 50), PEAK=(PEAK, 0.001, 0.5))``.

    Args:
        **limits: name to (value, smallest, largest). Between whole numbers the value must be a whole
            number, else it may be any number.

    Raises:
        ValueError: a value is no such number, or lies outside; the message says what is allowed.
    """
    for name, (value, smallest, largest) in limits.items():
        whole = isinstance(smallest, int) and isinstance(largest, int)
        kind = int if whole else (int, float)
        good = isinstance(value, kind) and not isinstance(value, bool)
        if not (good and smallest <= value <= largest):
            number = "a whole number" if whole else "a number"
            raise ValueError(f"{name} must be {number} from {smallest} to {largest}, got {value!r}")


def error_text(error: Exception) -> str:
    """The first paragraph of an error's message, as one line, without a list of remedies."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split("Exception encountered: ")[-1]
    text = re.sub(r"^Exception encountered when calling [^\n]*\n+", "", text)
    text = text.strip().split("\n\n")[0].split(". Did you mean")[0]
    return " ".join(text.split()).split(" You can attempt the following resolutions")[0]


def print_wrapped(text: str) -> None:
    """Print text in lines that fit a lesson's page; continued lines are indented."""
    print(textwrap.fill(text, WIDTH, subsequent_indent="    ", break_on_hyphens=False))


def progress(iterable: Iterable | None = None, total: int | None = None, label: str = "") -> tqdm:
    """Loop over something with a progress bar, or make one to ``update()`` by hand.

    In a notebook the bar is a widget: stored outputs and nbval leave it out, so a lesson can be
    compared although it moves. Elsewhere it is a line of text on stderr, if stderr is a terminal.
    A loop that is left early, as by ``break``, ends with a full bar too, but not with a green one;
    so does a bar that is closed before its ``total``.

    Args:
        iterable: what to loop over; None for a bar that is moved with ``update(n)``.
        total: how many items there are; by default ``len(iterable)``, if it has one.
        label: written before the bar.

    Returns:
        The tqdm bar: iterate over it, or use it in ``with`` and call its ``update(n)``.
    """
    if not hasattr(get_ipython(), "kernel"):
        return tqdm(iterable, total=total, desc=label, disable=None)
    from tqdm.notebook import tqdm as notebook_tqdm

    class Bar(notebook_tqdm):
        def __iter__(self):
            try:
                for item in self.iterable:
                    yield item
                    self.update()
            except GeneratorExit:
                self.update()
                raise
            finally:
                self.close()

        def close(self) -> None:
            left_early = bool(self.total) and self.n < self.total
            if left_early:
                # The bar of tqdm itself would turn red, as if something had failed.
                end_here(self)
            super().close()
            if left_early:
                self.container.children[1].bar_style = ""

    bar = Bar(iterable, total=total, desc=label, display=False)
    # The view alone, without its text: that text would be stored and compared.
    view = {"version_major": 2, "version_minor": 0, "model_id": bar.container.model_id}
    display({WIDGET_VIEW: view}, raw=True)
    bar.displayed = True
    return bar


def end_here(bar: tqdm) -> None:
    """Make a bar full where it stands: what is left of it will not come."""
    bar.total = bar.n
    if hasattr(bar, "container"):
        _, drawn, _ = bar.container.children
        drawn.max = bar.n


class FitProgress(keras.callbacks.Callback):
    """A progress bar over all batches of a ``fit``, that leaves nothing in the stored output.

    It counts the batches from ``initial_epoch`` on, and also when Keras runs several in one call
    (``steps_per_execution``). A training that is stopped early ends with a full bar.

    Args:
        label: written before the bar.
    """

    def __init__(self, label: str = "") -> None:
        super().__init__()
        self.label = label
        self.bar: tqdm | None = None

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.bar = None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.batches_done = 0
        if self.bar is None:
            steps = self.params["steps"]
            epochs_left = self.params["epochs"] - epoch
            self.bar = progress(total=steps and steps * epochs_left, label=self.label)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        steps = self.params["steps"]
        # With steps_per_execution Keras counts on past the last batch of an epoch.
        done = min(batch + 1, steps) if steps else batch + 1
        self.bar.update(done - self.batches_done)
        self.batches_done = done

    def on_train_end(self, logs: dict | None = None) -> None:
        if self.bar is not None:
            end_here(self.bar)
            self.bar.close()
