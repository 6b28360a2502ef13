"""The exercises of lesson 3: keep the best accuracy, plan a rate, remember across a restart."""

import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np

from exercises.verdict import NotYet, call, in_short, require, verdict

HOOK_AND_KEY = "Is the hook called `on_epoch_end`, and the key `'val_accuracy'`?"
HOOK_AND_NAME = "Nothing changes it: is the hook on_epoch_end, and the name learning_rate?"


@verdict
def check_1(callback_class: type) -> None:
    """Whether a callback keeps the best validation accuracy and its first epoch.

    Args:
        callback_class: the class itself; it is made without arguments, and its hooks are called as
            ``fit`` calls them. ``best`` and ``best_epoch`` are read afterwards.
    """
    require_class(callback_class, "BestAccuracy")
    try:
        callback = callback_class()
        _check_best(callback)
    except NotYet:
        raise
    except Exception as error:
        missing = isinstance(error, KeyError) or "NoneType" in str(error)
        hint = f" {HOOK_AND_KEY}" if missing else ""
        raise NotYet(f"your callback raises {in_short(error)}{hint}") from error


def require_class(answer: object, name: str) -> None:
    """Refuse an object in place of a class, and a class that is no callback."""
    is_class = isinstance(answer, type) and issubclass(answer, keras.callbacks.Callback)
    require(is_class, f"pass the class itself: {name}, without parentheses; it must be a callback.")


def _check_best(callback: keras.callbacks.Callback) -> None:
    accuracies = [0.7012, 0.8034, 0.7856]
    best, epoch = _best_after(callback, accuracies)
    training = max(_training_accuracy(epoch) for epoch in range(3))
    if epoch is None and best in (*accuracies, training):
        raise NotYet(f"best is {best} but best_epoch is still None: set both.")
    require(
        epoch is not None,
        f"best_epoch is still None after three epochs: nothing is kept yet. {HOOK_AND_KEY}",
    )
    require(
        best != training,
        "best is the training accuracy; the key of the validation is 'val_accuracy'.",
    )
    require(
        best != 0.7856,
        "0.7856 came after 0.8034 and replaced it: compare with best before you keep a value.",
    )
    rounded = any(best == round(0.8034, digits) for digits in (1, 2, 3))
    hint = " Keep the value as it is, do not round it." if rounded else ""
    require(best == 0.8034, f"the best of {accuracies} is 0.8034, yours says {best}.{hint}")
    require(epoch == 1, f"the best epoch, counted from 0, is 1; your callback says {epoch}.")
    require(
        _best_after(callback, [0.7012, 0.8034, 0.7856, 0.8034]) != (0.8034, 3),
        "epoch 3 only equals the best; keep the first epoch that reached it (use >).",
    )
    require(
        _best_after(callback, [0.6, 0.5]) == (0.6, 0),
        "a second fit has to start afresh: set best and best_epoch in on_train_begin.",
    )
    _check_small_gain(callback)
    _check_without_validation(callback)


def _check_small_gain(callback: keras.callbacks.Callback) -> None:
    """Two accuracies that are one once they are rounded."""
    best, epoch = _best_after(callback, [0.80121, 0.80123])
    require(
        (best, epoch) == (0.80123, 1),
        f"after 0.80121 and 0.80123 the best is 0.80123, in epoch 1; yours says {best}, in epoch "
        f"{epoch}. Compare the values as they are, not rounded ones.",
    )


def _check_without_validation(callback: keras.callbacks.Callback) -> None:
    try:
        _, epoch = _best_after(callback, [None, None])
    except Exception as error:
        raise NotYet(
            "a fit without validation has no 'val_accuracy' in logs, and your callback raises "
            f"{in_short(error)} Ask with logs.get(...), and give a default."
        ) from error
    require(
        epoch is None, "without validation there is no best epoch: best_epoch has to stay None."
    )


def _training_accuracy(epoch: int) -> float:
    return 0.90 + epoch / 100


def _best_after(
    callback: keras.callbacks.Callback, accuracies: Sequence[float | None]
) -> tuple[object, object]:
    """Drive a callback through one ``fit`` with these validation accuracies; None: there are none."""
    callback.on_train_begin({})
    for epoch, accuracy in enumerate(accuracies):
        logs = {"accuracy": _training_accuracy(epoch), "loss": 0.5}
        callback.on_epoch_begin(epoch, {})
        callback.on_epoch_end(
            epoch, logs if accuracy is None else logs | {"val_accuracy": accuracy}
        )
    callback.on_train_end({})
    return callback.best, callback.best_epoch


@verdict
def check_2(schedule: Callable[[int, float], float]) -> None:
    """Whether ``schedule(epoch, rate)`` is 0.02 for two epochs, 0.1 for four, then 0.01.

    Args:
        schedule: called for epochs in any order and with several current rates, as after a restart.
    """
    plan = {0: 0.02, 6: 0.01, 2: 0.1, 1: 0.02, 5: 0.1, 7: 0.01, 3: 0.1, 4: 0.1, 500: 0.01}
    require(callable(schedule), f"pass your function itself, got {type(schedule).__name__}.")
    again = 9 * [(6, 0.1)]  # enough for a function that counts its calls to reach every rate
    rates: dict[tuple[int, float], float] = {}
    for epoch, current in again + [(epoch, rate) for epoch in plan for rate in (0.1, 0.005)]:
        rate = _rate_of(schedule, epoch, current)
        require(
            rates.setdefault((epoch, current), rate) == rate,
            f"called twice for epoch {epoch} it gives two rates: it remembers its calls; use "
            "`epoch`.",
        )
    for epoch, needed in plan.items():
        rate = rates[epoch, 0.1]
        require(
            rate == rates[epoch, 0.005],
            f"in epoch {epoch} the result depends on the current rate; after a restart that is "
            "another one. Use the epoch alone.",
        )
        if not math.isclose(rate, needed, rel_tol=1e-6):
            hint = " Are the arguments swapped? The epoch comes first." if rate == epoch else ""
            raise NotYet(f"epoch {epoch} needs {needed}, your function gives {rate:g}.{hint}")


def _rate_of(schedule: Callable, epoch: int, current: float) -> float:
    """One rate, as a finite float."""
    rate = call(schedule, epoch, current, name=f"for epoch {epoch} your function")
    number = isinstance(rate, (float, np.floating)) and not isinstance(rate, bool)
    require(number, f"in epoch {epoch} the result is no float but {rate!r:.60}.")
    require(
        math.isfinite(rate),
        f"in epoch {epoch} the result is {rate}, which is no rate: one step with it would spoil "
        "every weight.",
    )
    return float(rate)


# Exercise 3: the loss of each epoch, and with it when the rate is halved and the run stops.
LOSSES = (1.0, 0.8, 0.9, 0.7, 0.75, 0.72, 0.6, 0.5)
EQUAL_LOSSES = (1.0, 1.0, 0.9, 0.9, 0.8, 0.8, 0.7)


@verdict
def check_3(callback_class: type) -> None:
    """Whether a callback halves the rate, stops after the third time, and survives a restart.

    Args:
        callback_class: the class itself; it is made with the path of a file that does not exist
            yet, and its hooks are called as ``fit`` calls them.
    """
    require_class(callback_class, "HalveAndStop")
    with tempfile.TemporaryDirectory() as folder:
        files = (Path(folder) / f"memory-{number}" for number in range(1000))
        try:
            _check_one_run(callback_class, files)
            _check_restarts(callback_class, files)
        except NotYet:
            raise
        except Exception as error:
            raise NotYet(f"your callback raises {in_short(error)}") from error


class Run:
    """Stands in for a model that trains: an optimizer, the losses, and the rate of each epoch."""

    def __init__(self, rate: float) -> None:
        self.optimizer = keras.optimizers.SGD(rate)
        self.stop_training = False
        self.rates: list[float] = []

    def rate(self) -> float:
        return float(keras.ops.convert_to_numpy(self.optimizer.learning_rate))

    def train(
        self, callback: keras.callbacks.Callback, losses: Sequence[float], first: int, end: int
    ) -> "Run":
        """Call a callback for the epochs from ``first`` up to ``end``; a crash comes after that."""
        callback.set_params({"epochs": len(losses), "steps": 1, "verbose": 0})
        callback.set_model(self)
        callback.on_train_begin({})
        for epoch in range(first, end):
            callback.on_epoch_begin(epoch, {})
            self.rates.append(self.rate())
            callback.on_epoch_end(epoch, {"accuracy": 0.5, "loss": losses[epoch]})
            if self.stop_training:
                break
        return self


def expected(
    losses: Sequence[float],
    rate: float,
    restart: int = -1,
    forget: str = "",
    rule: str = "best",
) -> list[float]:
    """The rate of each epoch until the run stops; ``forget`` is what a restart loses."""
    best, halvings, rates = math.inf, 0, []
    for epoch, loss in enumerate(losses):
        if epoch == restart:
            best = math.inf if "best" in forget else best
            halvings = 0 if "halvings" in forget else halvings
        rates.append(rate)
        lower = loss <= best if rule == "equal" else loss < best
        best = loss if rule == "last" else min(best, loss)
        if not lower:
            rate, halvings = rate / 2, halvings + 1
        if halvings == 3:
            break
    return rates


def same(rates: Sequence[float], others: Sequence[float]) -> bool:
    """Equal but for the rounding of 32 bits."""
    return len(rates) == len(others) and np.allclose(rates, others, rtol=1e-6, atol=0)


def _check_one_run(callback_class: type, files: object) -> None:
    for losses, rate in ((LOSSES, 0.1), (LOSSES, 0.4), (EQUAL_LOSSES, 0.1)):
        run = Run(rate).train(callback_class(next(files)), losses, 0, len(losses))
        if same(run.rates, expected(losses, rate)):
            continue
        raise NotYet(_wrong_run(run, losses, rate))


def _wrong_run(run: Run, losses: Sequence[float], rate: float) -> str:
    right = expected(losses, rate)
    if same(run.rates, expected(losses, rate, rule="last")):
        return "compare each loss with the best so far, not with that of the epoch before."
    if same(run.rates, expected(losses, rate, rule="equal")):
        return "a loss that only equals the best is not lower: then, too, halve the rate."
    for epoch, needed in enumerate(right):
        if epoch == len(run.rates):
            return (
                f"your callback stops after epoch {epoch - 1}; it has to stop after the third "
                f"halving, that is after epoch {len(right) - 1}."
            )
        if not math.isclose(run.rates[epoch], needed, rel_tol=1e-6):
            hint = f" {HOOK_AND_NAME}" if _constant(run) else ""
            return (
                f"with the losses {', '.join(map(str, losses[:epoch]))} and a first rate of "
                f"{rate}, epoch {epoch} must train with {needed:g}, yours trains with "
                f"{run.rates[epoch]:g}.{hint}"
            )
    return (
        f"the third halving comes after epoch {len(right) - 1}, and training has to stop there: "
        "set self.model.stop_training."
    )


def _constant(run: Run) -> bool:
    return len(set(run.rates)) == 1


def _check_restarts(callback_class: type, files: object) -> None:
    whole = expected(LOSSES, 0.1)
    for restart in range(1, len(whole)):
        path = next(files)
        before = Run(0.1).train(callback_class(path), LOSSES, 0, restart)
        require(
            path.exists(),
            f"after {restart} epoch{'s' if restart > 1 else ''} and a crash there is no file at the "
            "path that your callback was given. Write it in on_epoch_end: a crash calls no "
            "on_train_end.",
        )
        rest = _resumed(callback_class, path, before, restart)
        where = f"crashed after epoch {restart - 1} and started again with a new callback"
        if not same(rest, whole[restart:]):
            raise NotYet(_wrong_restart(rest, restart, where))
        # The same once more, with another run in between: another file, another memory.
        path = next(files)
        before = Run(0.1).train(callback_class(path), LOSSES, 0, restart)
        Run(0.1).train(callback_class(next(files)), EQUAL_LOSSES, 0, len(EQUAL_LOSSES))
        require(
            same(_resumed(callback_class, path, before, restart), whole[restart:]),
            "a run with another file changes what this one remembers: the memory is in the class "
            "or in a global variable, and a fresh process would not have it. Read it from the file.",
        )


def _resumed(callback_class: type, path: Path, before: Run, restart: int) -> list[float]:
    """The rates after a restart; the model's backup brings back the rate, as Keras's does."""
    return Run(before.rate()).train(callback_class(path), LOSSES, restart, len(LOSSES)).rates


def _wrong_restart(rest: list[float], restart: int, where: str) -> str:
    lost = {
        "best": "the best loss",
        "halvings": "the number of halvings",
        "best halvings": "both the best loss and the number of halvings",
    }
    for forget, name in lost.items():
        if same(rest, expected(LOSSES, 0.1, restart, forget)[restart:]):
            return f"{where}, yours has forgotten {name}: save it last, and read it back."
    right = [f"{rate:g}" for rate in expected(LOSSES, 0.1)[restart:]]
    got = [f"{rate:g}" for rate in rest]
    return f"{where}, the rates must be {', '.join(right)}; yours are {', '.join(got)}."
