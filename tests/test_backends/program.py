"""Runs in a process of its own, in a folder that holds four helper files: python program.py backend

Uses everything in them that touches Keras, and prints as JSON what came out. TensorFlow cannot be
imported, unless it is the backend.
"""

import importlib
import json
import os
import sys

BACKEND = sys.argv[1]
for blocked in {"helpers", "exercises", "tensorflow"} - {BACKEND}:
    sys.modules[blocked] = None  # importing it fails, and looking for it finds nothing

sys.path.insert(0, os.getcwd())
os.environ["KERAS_BACKEND"] = BACKEND
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras  # noqa: E402
import matplotlib  # noqa: E402
import numpy as np  # noqa: E402

matplotlib.use("agg")

callbacks, epoch_schedules, plots, schedules = map(
    importlib.import_module, ("callbacks", "epoch_schedules", "plots", "schedules")
)

PEAK = 0.1
# Name to a schedule of 40 steps and peak PEAK; at least one for every class of schedules.py.
SCHEDULES = {
    "LinearDecay": lambda: schedules.LinearDecay(PEAK, 30, 0.001),
    "WarmUp": lambda: schedules.WarmUp(schedules.LinearDecay(PEAK, 30), 7),
    "WarmUp cosine": lambda: schedules.WarmUp(PEAK, 9, "cosine"),
    "WarmUp 0 steps": lambda: schedules.WarmUp(PEAK, 0),
    "OneCycle": lambda: schedules.OneCycle(PEAK, 40),
    "WarmupStableDecay": lambda: schedules.WarmupStableDecay(PEAK, 40, 5, 12),
    "Sequence": lambda: schedules.Sequence([PEAK, schedules.OneCycle(0.03, 20), 0.001], [7, 29]),
    "Triangular": lambda: schedules.Triangular(0.01, PEAK, 6),
    "Triangular halved": lambda: schedules.Triangular(0.01, PEAK, 5, halve=True),
    "Scaled": lambda: schedules.Scaled(schedules.LinearDecay(PEAK, 30), 0.5),
    "Keras: CosineDecay": lambda: keras.optimizers.schedules.CosineDecay(PEAK, 35),
}
PLAIN = {
    "hold then decay": epoch_schedules.hold_then_decay(2),
    "constant": epoch_schedules.constant(),
    "time-based": epoch_schedules.time_based_decay(),
    "exponential": epoch_schedules.exponential_decay(),
    "constant then exponential": epoch_schedules.constant_then_exponential_decay(rampup_epochs=2),
    "one-cycle": epoch_schedules.one_cycle(rampup_epochs=2, sustain_epochs=1),
}
# A long schedule asked around step 2**24, where float32 stops to hold every whole number.
LONG_STEPS = [2**24 + offset for offset in range(-2, 7)]
LONG = schedules.LinearDecay(PEAK, 2**25)

random = np.random.default_rng(0)
X = random.normal(size=(40, 3)).astype("float32")
Y = random.normal(size=(40, 1)).astype("float32")


def numbers(tensor: object) -> list:
    return np.asarray(keras.ops.convert_to_numpy(tensor)).tolist()


def new_model(rate: object, **compile_options: object) -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), loss="mse", **compile_options)
    return model


def train(rate: object, callback: object = (), epochs: int = 2, **options: object) -> tuple:
    """Train for ``epochs`` of 20 steps; returns the model, a logger per step and one per epoch."""
    model = new_model(rate, **options)
    loggers = callbacks.LearningRateLogger(), callbacks.LearningRateLogger("epoch")
    each = [*callback, *loggers]
    model.fit(X, Y, batch_size=2, epochs=epochs, shuffle=False, verbose=0, callbacks=each)
    return model, *loggers


class SaveAfterTheFirstEpoch(keras.callbacks.Callback):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if epoch == 0:
            self.model.save(self.path)


def after_loading(name: str) -> dict:
    """Load what ``in_fit`` saved after one epoch, train for another: its rates and steps."""
    loaded = keras.models.load_model(f"{name}.keras")
    logger = callbacks.LearningRateLogger()
    loaded.fit(X, Y, batch_size=2, shuffle=False, verbose=0, callbacks=[logger])
    same_type = type(loaded.optimizer._learning_rate) is type(SCHEDULES[name]())
    return {"steps": logger.steps, "rates": logger.learning_rates, "same_type": same_type}


def scaled_while_training() -> list:
    """The factor of a Scaled, changed between two calls of fit: what compiled code then uses."""
    schedule = schedules.Scaled(schedules.LinearDecay(PEAK, 30), 1.0)
    model = new_model(schedule)
    logger = callbacks.LearningRateLogger()
    rates = []
    for factor in (1.0, 0.5):
        schedule.factor = factor
        before = numbers(model.trainable_variables[0])
        model.fit(X, Y, batch_size=2, shuffle=False, verbose=0, callbacks=[logger])
        rates.append({"rates": logger.learning_rates, "before": before})
        rates[-1]["after"] = numbers(model.trainable_variables[0])
    return rates


def in_fit() -> dict:
    results = {}
    for name, make in SCHEDULES.items():
        save = SaveAfterTheFirstEpoch(f"{name}.keras")
        _, per_step, per_epoch = train(make(), [save])
        results[name] = {
            "steps": per_step.steps,
            "rates": per_step.learning_rates,
            "epochs": per_step.epochs,
            "last_rates": per_epoch.learning_rates,
            "last_steps": per_epoch.steps,
        }
    return results


def in_callbacks() -> dict:
    model = new_model(0.5)

    def rates_of(callback: keras.callbacks.Callback) -> tuple[list, list]:
        """What the steps and the epochs of a run record; all runs train one compiled model."""
        model.optimizer.learning_rate = 0.5
        model.optimizer.iterations.assign(0)
        loggers = callbacks.LearningRateLogger(), callbacks.LearningRateLogger("epoch")
        each = [callback, *loggers]
        model.fit(X, Y, batch_size=2, epochs=5, shuffle=False, verbose=0, callbacks=each)
        return tuple(logger.learning_rates for logger in loggers)

    results = {}
    for name, plain in PLAIN.items():
        planned = [0.5]
        for epoch in range(5):
            planned.append(plain(epoch, planned[-1]))
        per_step, per_epoch = rates_of(keras.callbacks.LearningRateScheduler(plain))
        _, own = rates_of(callbacks.CustomLearningRateScheduler(plain))
        results[name] = {
            "rates": per_epoch,
            "own": own,
            "per_step": sorted(set(per_step)),
            "planned": planned[1:],
        }
    return results


def other_callbacks() -> dict:
    recorder = callbacks.EventRecorder()
    stopper = callbacks.EarlyStoppingAtMinLoss(patience=1)
    model, _, _ = train(0.01, [recorder, stopper, callbacks.LossAndErrorPrintingCallback()])
    weights = model.get_weights()
    return {
        "events": [str(event) for event in recorder.events],
        "best_weights_kept": all(map(np.array_equal, weights, stopper.best_weights)),
    }


def drawn() -> dict:
    axes = plots.plot_schedules({name: make() for name, make in SCHEDULES.items()}, 40)
    lines = {line.get_label(): numbers(line.get_ydata()) for line in axes.lines}
    _, per_step, _ = train(SCHEDULES["OneCycle"]())
    plan, record = plots.plot_rates(SCHEDULES["OneCycle"](), per_step).lines
    tensors = [keras.ops.convert_to_tensor(value, "float32") for value in (0.25, 0.5)]
    of_tensors = plots.plot_schedules({"tensors": lambda step: tensors[step]}, 2)
    history = plots.plot_history({"runs": [keras.ops.stack(tensors), [0.75, 0.5]]})
    return {
        "lines": lines,
        "plan": numbers(plan.get_ydata()),
        "record": numbers(record.get_ydata()),
        "of_tensors": numbers(of_tensors.lines[0].get_ydata()),
        "history": numbers(history.lines[0].get_ydata()),
    }


def several_steps() -> list | None:
    """Rates where each call runs four steps; Keras does not do that on PyTorch."""
    if BACKEND == "torch":
        return None
    return train(SCHEDULES["OneCycle"](), steps_per_execution=4)[1].learning_rates


def main() -> None:
    made = {name: make() for name, make in SCHEDULES.items()}
    classes = {
        name
        for name, value in vars(schedules).items()
        if isinstance(value, type)
        and issubclass(value, keras.optimizers.schedules.LearningRateSchedule)
        and value.__module__ == "schedules"
    }
    stdout, sys.stdout = sys.stdout, sys.stderr  # some callbacks print
    result = {
        "backend": keras.backend.backend(),
        "version": importlib.import_module(BACKEND).__version__,
        "keras": keras.__version__,
        "tensorflow_imported": sys.modules.get("tensorflow") is not None,
        "classes": sorted(classes),
        "made": sorted({type(schedule).__name__ for schedule in made.values()}),
        "alone": {name: [numbers(of(step)) for step in range(45)] for name, of in made.items()},
        "array": {
            name: numbers(of(np.arange(45)))
            for name, of in made.items()
            if not name.startswith("Keras")
        },
        "config": {name: json.loads(json.dumps(of.get_config())) for name, of in made.items()},
        "long": [numbers(LONG(step)) for step in LONG_STEPS],
        "fit": in_fit(),
        "callbacks": in_callbacks(),
        "loaded": {name: after_loading(name) for name in SCHEDULES},
        "scaled": scaled_while_training(),
        "other": other_callbacks(),
        "drawn": drawn(),
        "several_steps": several_steps(),
    }
    print(json.dumps(result), file=stdout)


if __name__ == "__main__":
    main()
