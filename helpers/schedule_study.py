"""The course's study of schedules: what is trained, and how one run is made.

    run = Run("cosine", peak=0.1, epochs=8, seed=0)
    results = train(run.settings())

Every run trains one model on 50,000 images of Fashion-MNIST in full batches of 128, with the compiled
epoch of ``training.py``, and is judged on the 10,000 validation images after every epoch. A process
compiles once per kind of model and optimizer: shape, rate, length and seed are data, not code. It uses
one thread, so that a run gives the same bits beside other runs and alone; use every core by making
several runs at once.

Not meant for copying: ``study.py`` is what runs any grid.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras.optimizers.schedules import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    LearningRateSchedule,
)

from helpers.lr_scheduler import (
    LRScheduler,
    SettableMomentumAdamW,
    SettableMomentumSGD,
    momentum_variable,
)
from helpers.model import create_model
from helpers.preprocess_data import load_fashion_mnist, prepare_data, train_validation_split
from helpers.schedules import LinearDecay, OneCycle, Sequence, WarmUp, WarmupStableDecay
from helpers.study import digest_of
from helpers.training import make_epoch, shuffled_batches

TABLE = Path(__file__).resolve().parent.parent / "data" / "studies" / "schedules.csv"
BATCH_SIZE = 128
LONGEST_RUN = 64  # epochs
SPLIT_SEED = 0
PLATEAU_FACTOR = 0.5  # ReduceLROnPlateau, with a patience of one epoch in 16, at least 1
MOMENTUM_RANGE = (0.85, 0.95)  # of one-cycle with momentum, as in PyTorch
JUDGED_AT_ONCE = 500  # validation images per block: small enough for a core's cache


@keras.saving.register_keras_serializable(package="learning_rate_lessons")
class InverseSquareRoot(LearningRateSchedule):
    """Hold a rate, then let it fall with the square root of the step, as the first Transformer did.

    Args:
        peak_learning_rate: the rate until step ``hold_steps``.
        hold_steps: from there on the rate is ``peak * sqrt(hold_steps / step)``.
    """

    def __init__(self, peak_learning_rate: float, hold_steps: int) -> None:
        self.peak_learning_rate = float(peak_learning_rate)
        self.hold_steps = int(hold_steps)

    def __call__(self, step):
        """Return the rate at ``step``: float32, of the same shape as ``step``."""
        step = keras.ops.maximum(keras.ops.cast(step, "float64"), self.hold_steps)
        rate = self.peak_learning_rate * keras.ops.sqrt(self.hold_steps / step)
        return keras.ops.cast(rate, "float32")

    def get_config(self) -> dict:
        """Return the arguments that build this schedule again."""
        return dict(vars(self))


def share(total_steps: int, percent: int) -> int:
    """A share of the run in whole steps, at least one."""
    return max(1, total_steps * percent // 100)


def plateau_and_cooldown(shape: str) -> Callable[[float, int], LearningRateSchedule]:
    """Four fifths at the peak, one fifth of cooldown in a given shape."""
    return lambda peak, steps: WarmupStableDecay(peak, steps, 0, share(steps, 20), shape)


# Each shape from its peak rate and the length of the run in steps. None is decided while training.
SHAPES: dict[str, Callable[[float, int], LearningRateSchedule] | None] = {
    "constant": lambda peak, steps: LinearDecay(peak, steps, peak),
    "step": lambda peak, steps: Sequence(
        [peak, peak / 10, peak / 100], [share(steps, 50), share(steps, 75)]
    ),
    "exponential": lambda peak, steps: ExponentialDecay(peak, steps, 0.01),
    "cosine": lambda peak, steps: CosineDecay(peak, steps),
    "cosine to 10 %": lambda peak, steps: CosineDecay(peak, steps, alpha=0.1),
    "linear": lambda peak, steps: LinearDecay(peak, steps),
    "linear to 10 %": lambda peak, steps: LinearDecay(peak, steps, peak / 10),
    "one-cycle": lambda peak, steps: OneCycle(peak, steps),
    "one-cycle with momentum": lambda peak, steps: OneCycle(peak, steps),
    "wsd, 1-sqrt": plateau_and_cooldown("1-sqrt"),
    "wsd, linear": plateau_and_cooldown("linear"),
    "wsd, cosine": plateau_and_cooldown("cosine"),
    # Three cycles, each twice as long as the one before: 1 + 2 + 4 sevenths of the run.
    "cosine restarts": lambda peak, steps: CosineDecayRestarts(peak, max(1, -(-steps // 7))),
    "inverse square root": lambda peak, steps: InverseSquareRoot(peak, share(steps, 5)),
    "reduce on plateau": None,
    "schedule-free": lambda peak, steps: LinearDecay(peak, steps, peak),
}


@dataclass(frozen=True)
class Run:
    """The settings of one training.

    Attributes:
        shape: a key of ``SHAPES``.
        peak: highest learning rate.
        epochs: length of the run (the budget).
        seed: of the first weights and of the order of the images; runs with one seed are paired.
        optimizer: ``"sgd"`` (momentum 0.9) or ``"adamw"`` (weight decay 0.01 times the rate).
        model: ``"dense"`` (784-128-10) or ``"convolutional"``.
        warm_up: length of a linear warm-up before the shape, in per cent of the run.
    """

    shape: str
    peak: float
    epochs: int
    seed: int
    optimizer: str = "sgd"
    model: str = "dense"
    warm_up: int = 0

    def settings(self) -> dict[str, object]:
        """All that decides what the run is: whoever changes a definition makes another run."""
        schedule = self.schedule(steps=1000)
        rate = (
            f"halved on a plateau of {plateau_patience(self.epochs)}"
            if schedule is None
            else plain(keras.saving.serialize_keras_object(schedule))
        )
        definition = f"{rate}; {optimizer_text(self.kind)}; {model_text(self.model)}; {DATA_TEXT}"
        return {**asdict(self), "definition": definition}

    @property
    def kind(self) -> str:
        """The key of ``OPTIMIZERS``."""
        return (
            f"{self.optimizer}, cycled"
            if self.shape == "one-cycle with momentum"
            else self.optimizer
        )

    def momentum(self, steps: int) -> np.ndarray | None:
        """The momentum of each step, float32 of shape (steps,); None where it stays as it is."""
        if not self.kind.endswith("cycled"):
            return None
        cycle = LRScheduler(steps, 1.0, "onecycle", 0.3, momentum=MOMENTUM_RANGE).momentum_schedule
        return np.asarray(cycle(np.arange(steps)), np.float32)

    def schedule(self, steps: int) -> LearningRateSchedule | None:
        """The plan for a run of ``steps`` steps; None where validation decides."""
        make = SHAPES[self.shape]
        if make is None:
            return None
        warm_up_steps = steps * self.warm_up // 100
        after = make(self.peak, steps - warm_up_steps)
        return WarmUp(after, warm_up_steps) if warm_up_steps else after


def plain(config: dict) -> str:
    """The class and the numbers of a schedule's configuration, as one line."""
    return f"{config['class_name']}({plain_value(config['config'])})"


def plain_value(value: object) -> str:
    """Nested configurations as text, numbers with all their digits."""
    if isinstance(value, dict) and "class_name" in value:
        return plain(value)
    if isinstance(value, dict):
        return ", ".join(f"{key}={plain_value(inside)}" for key, inside in sorted(value.items()))
    if isinstance(value, list):
        return "[" + ", ".join(map(plain_value, value)) + "]"
    return repr(value)


@keras.saving.register_keras_serializable(package="learning_rate_lessons")
class MendedScheduleFreeAdamW(keras.optimizers.ScheduleFreeAdamW):
    """Schedule-free AdamW as published (Defazio et al. 2024, arXiv 2405.15682), without decay.

    Keras 3.15.1 wants to keep the point z of before the update, but ``momentum.value`` is the variable
    itself on TensorFlow: it reads z after the update, and the average comes out wrong. Here z is
    copied.
    """

    def update_step(self, gradient, variable, learning_rate) -> None:
        """Move z by Adam's step, the average x towards z, and the weights y between the two."""
        index = self._get_variable_index(variable)
        z, velocity = self._momentums[index], self._velocities[index]
        step = keras.ops.cast(self.iterations + 1, variable.dtype)
        x = keras.ops.copy((variable - (1 - self.beta_1) * z) / self.beta_1)
        self.assign(velocity, self.beta_2 * velocity + (1 - self.beta_2) * gradient**2)
        size = keras.ops.sqrt(velocity / (1 - self.beta_2**step)) + self.epsilon
        self.assign_sub(z, learning_rate * gradient / size)
        x = x + (z - x) / step
        self.assign(variable, (1 - self.beta_1) * z + self.beta_1 * x)


def create_convolutional_model() -> keras.Sequential:
    """Two small convolutions and one dense layer: 7,018 parameters."""
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Reshape((28, 28, 1)),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
            keras.layers.Conv2D(16, 3, strides=2, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10),
        ]
    )


MODELS: dict[str, Callable[[], keras.Model]] = {
    "dense": create_model,
    "convolutional": create_convolutional_model,
}
COMPILED_BY_XLA = {"dense": True, "convolutional": False}  # which is faster on a CPU
OPTIMIZERS: dict[str, Callable[[], keras.optimizers.Optimizer]] = {
    "sgd": lambda: keras.optimizers.SGD(0.5, momentum=0.9),
    "sgd, cycled": lambda: SettableMomentumSGD(0.5, momentum=MOMENTUM_RANGE[1]),
    "adamw": lambda: keras.optimizers.AdamW(0.5, weight_decay=0.01),
    "adamw, cycled": lambda: SettableMomentumAdamW(
        0.5, weight_decay=0.01, beta_1=MOMENTUM_RANGE[1]
    ),
    # Without weight decay: Keras applies it to the weights only, not to the average.
    "schedule-free": lambda: keras.optimizers.ScheduleFreeAdamW(0.5),
    "schedule-free, mended": lambda: MendedScheduleFreeAdamW(0.5),
}
DATA_TEXT = f"batches of {BATCH_SIZE}, split {SPLIT_SEED}"


def plateau_patience(epochs: int) -> int:
    """How many epochs ``ReduceLROnPlateau`` waits, in a run of ``epochs`` epochs."""
    return max(1, epochs // 16)


@cache
def optimizer_text(kind: str) -> str:
    """The class of an optimizer and its settings, as one line."""
    optimizer = OPTIMIZERS[kind]()
    config = optimizer.get_config()
    kept = ("momentum", "nesterov", "beta_1", "beta_2", "epsilon", "weight_decay", "warmup_steps")
    settings = {name: f"{config[name]:g}" for name in kept if config.get(name) is not None}
    cycled = f", momentum {MOMENTUM_RANGE}" if kind.endswith("cycled") else ""
    listed = ", ".join(f"{name}={value}" for name, value in settings.items())
    return f"{type(optimizer).__name__}({listed}){cycled}"


@cache
def model_text(name: str) -> str:
    """The layers of a model with the shapes of their weights, as one line."""
    layers = [(type(layer).__name__, *layer.get_weights()[:1]) for layer in MODELS[name]().layers]
    return " ".join(
        "x".join([kind, *(str(n) for w in weights for n in w.shape)]) for kind, *weights in layers
    )


class PlannedRates:
    """A scheduler for ``make_epoch`` whose rates are data: another plan needs no other code.

    Args:
        steps: how many rates there is room for.
        momentum: whether it plans the momentum, too; the optimizer then keeps it in a variable.
    """

    def __init__(self, steps: int, momentum: bool = False) -> None:
        self.rates = tf.Variable(tf.zeros(steps), trainable=False)
        self.momenta = tf.Variable(tf.zeros(steps), trainable=False) if momentum else None

    def plan(self, rates: np.ndarray, first_step: int = 0) -> None:
        """Set the rates of ``first_step`` and the steps after it; float32, shape (n,)."""
        self.rates[first_step : first_step + len(rates)].assign(rates)

    def plan_momentum(self, momenta: np.ndarray) -> None:
        """Set the momentum of each step from the first; float32, shape (n,)."""
        self.momenta[: len(momenta)].assign(momenta)

    def update(self, optimizer: keras.optimizers.Optimizer, step: tf.Tensor) -> tf.Tensor:
        """Give the optimizer the planned rate of ``step``."""
        if self.momenta is not None:
            momentum_variable(optimizer).assign(tf.gather(self.momenta, step))
        return optimizer.learning_rate.assign(tf.gather(self.rates, step))


class Trainer:
    """One model, one optimizer and one compiled epoch, used for many runs.

    Args:
        model: a key of ``MODELS``.
        optimizer: a key of ``OPTIMIZERS``.

    Attributes:
        arithmetic: 8 hexadecimal digits of what one epoch of training gives on this machine. Equal
            digits: runs made here and there are equal to the bit. Another kind of CPU rounds
            otherwise and has other digits.
    """

    def __init__(self, model: str, optimizer: str) -> None:
        x_train, y_train = training_tensors()
        _, (x_validation, y_validation) = load_split()
        self.examples = len(x_train)
        self.steps_per_epoch = self.examples // BATCH_SIZE
        self.middle_rate = MIDDLE_RATES[optimizer.removesuffix(", cycled")]
        self.make_model, self.make_optimizer = MODELS[model], OPTIMIZERS[optimizer]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model, self.optimizer = self.make_model(), self.make_optimizer()
        self.model.compile(self.optimizer, loss)
        self.planned = PlannedRates(
            LONGEST_RUN * self.steps_per_epoch, momentum=optimizer.endswith("cycled")
        )
        self.run_epoch = make_epoch(
            self.model,
            self.optimizer,
            loss,
            x_train,
            y_train,
            self.planned,
            jit_compile=COMPILED_BY_XLA[model],
        )
        self.judge = make_judge(self.model, loss, x_validation, y_validation)
        self.unused = [keras.ops.convert_to_numpy(v).copy() for v in self.optimizer.variables]
        self.arithmetic = self.measure_arithmetic()

    def measure_arithmetic(self) -> str:
        """Train one epoch, and make a digest of where that leads."""
        self.begin(seed=0)
        self.planned.plan(np.full(self.steps_per_epoch, self.middle_rate, np.float32))
        self.run_epoch(shuffled_batches(self.examples, BATCH_SIZE, 0, 0))
        values = [*self.model.get_weights(), np.float32(self.judge())]
        return hashlib.sha256(b"".join(value.tobytes() for value in values)).hexdigest()[:8]

    def begin(self, seed: int) -> None:
        """New first weights from ``seed``, and an optimizer that has done nothing yet."""
        self.model.set_weights(first_weights(self.make_model, seed))
        for variable, value in zip(self.optimizer.variables, self.unused, strict=True):
            variable.assign(value)
        if isinstance(self.optimizer, keras.optimizers.ScheduleFreeAdamW):
            weights = self.model.trainable_variables
            for variable, value in zip(self.optimizer._momentums, weights, strict=True):
                variable.assign(value)  # its point z starts at the weights, not at zero

    def train(self, run: Run) -> dict[str, object]:
        """Make one run; see ``train``."""
        self.begin(run.seed)
        steps = run.epochs * self.steps_per_epoch
        schedule, momenta = run.schedule(steps), run.momentum(steps)
        plateau = None if schedule else self.make_plateau(run.epochs)
        rates = np.full(steps, run.peak) if plateau else np.asarray(schedule(np.arange(steps)))
        self.planned.plan(rates.astype(np.float32))
        if momenta is not None:
            self.planned.plan_momentum(momenta)
        measured = []
        for epoch in range(run.epochs):
            batches = shuffled_batches(self.examples, BATCH_SIZE, run.seed, epoch)
            train_loss = self.run_epoch(batches)["loss"]
            measured.append((train_loss, *self.judge_all()))
            if not np.isfinite(train_loss):
                break
            if plateau is not None:
                plateau.on_epoch_end(epoch, {"val_loss": measured[-1][1]})
                rate = keras.ops.convert_to_numpy(self.optimizer.learning_rate)
                done = (epoch + 1) * self.steps_per_epoch
                self.planned.plan(np.full(steps - done, rate), done)
        return {**as_row(measured), "arithmetic": self.arithmetic}

    def make_plateau(self, epochs: int) -> keras.callbacks.ReduceLROnPlateau:
        """Keras's callback, ready for a run of ``epochs`` epochs."""
        plateau = keras.callbacks.ReduceLROnPlateau(
            factor=PLATEAU_FACTOR, patience=plateau_patience(epochs)
        )
        plateau.set_model(self.model)
        plateau.on_train_begin()
        return plateau

    def judge_all(self) -> tuple[float, ...]:
        """Validation loss and accuracy; for a schedule-free optimizer also at its average."""
        here = self.judge()
        if not isinstance(self.optimizer, keras.optimizers.ScheduleFreeAdamW):
            return here
        with at_average(self.model, self.optimizer):
            return (*here, *self.judge())


def make_judge(
    model: keras.Model, loss: keras.losses.Loss, images: np.ndarray, labels: np.ndarray
) -> Callable[[], tuple[float, float]]:
    """Make a function that returns mean loss and accuracy of the model as it is; compiled."""
    x = tf.constant(images.reshape(-1, JUDGED_AT_ONCE, *images.shape[1:]))
    y = tf.constant(labels.reshape(-1, JUDGED_AT_ONCE).astype(np.int32))

    def judge_block(_: tuple, block: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        images, labels = block
        logits = model(images, training=False)
        right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels)
        return loss(labels, logits), tf.reduce_sum(tf.cast(right, tf.float32))

    # partial and not a nested def: of one def made into many judges TensorFlow says "retracing".
    judge_blocks = tf.function(partial(judge_all, judge_block, x, y), jit_compile=True)

    def judge() -> tuple[float, float]:
        mean_loss, right = judge_blocks()
        return float(mean_loss), float(right) / len(labels)

    return judge


def judge_all(judge_block: Callable, x: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The mean loss of all blocks, and how many images are right."""
    losses, right = tf.scan(judge_block, (x, y), initializer=(0.0, 0.0))
    return tf.reduce_mean(losses), tf.reduce_sum(right)


@contextmanager
def at_average(model: keras.Model, optimizer: keras.optimizers.ScheduleFreeAdamW) -> Iterator[None]:
    """Give the model the averaged weights x that Keras leaves in y = (1 - beta_1) z + beta_1 x."""
    weights = [keras.ops.convert_to_numpy(w).copy() for w in model.trainable_variables]
    for variable, z in zip(model.trainable_variables, optimizer._momentums, strict=True):
        variable.assign((variable - (1 - optimizer.beta_1) * z) / optimizer.beta_1)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, weights, strict=True):
            variable.assign(value)


@cache
def first_weights(make_model: Callable[[], keras.Model], seed: int) -> list[np.ndarray]:
    """The weights that a new model has after ``set_random_seed(seed)``."""
    keras.utils.set_random_seed(seed)
    return make_model().get_weights()


@cache
def load_split():
    """The course's split, images scaled: (training, validation)."""
    (images, labels), _ = load_fashion_mnist()
    return train_validation_split(prepare_data(images), labels, seed=SPLIT_SEED)


@cache
def training_tensors() -> tuple[tf.Tensor, tf.Tensor]:
    """The training images and labels, once in the memory of a process however many trainers it has."""
    (x_train, y_train), _ = load_split()
    return tf.constant(x_train), tf.constant(y_train)


def use_one_thread() -> None:
    """Make this process compute with one thread, deterministically: call it before TensorFlow works.

    Raises:
        RuntimeError: TensorFlow has computed something already, with more threads.
    """
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError as error:
        raise RuntimeError(
            "a run of the study uses one thread, and TensorFlow has begun to work with more: "
            "call use_one_thread() before anything else that computes"
        ) from error
    tf.config.experimental.enable_op_determinism()


@cache
def trainer(model: str, optimizer: str) -> Trainer:
    """The process's trainer of a kind; made once, compiled once."""
    return Trainer(model, optimizer)


COLUMNS = ("train_loss", "val_loss", "val_accuracy", "average_loss", "average_accuracy")


def as_row(measured: list[tuple[float, ...]]) -> dict[str, object]:
    """One text per quantity: its value after each epoch, with all the digits of a float32."""
    series = zip(*measured, strict=True)
    texts = [" ".join(f"{value:.9g}" for value in one) for one in series]
    return {name: text for name, text in zip(COLUMNS, texts, strict=False)}


def train(settings: dict[str, object]) -> dict[str, object]:
    """Make one run of the study from its settings alone.

    Args:
        settings: what ``Run(...).settings()`` gives.

    Returns:
        A text per quantity, with one number per epoch, separated by spaces: ``train_loss`` (mean
        over the epoch), ``val_loss``, ``val_accuracy``; for schedule-free also ``average_loss`` and
        ``average_accuracy``. A run whose loss is no number any more ends with that epoch. And
        ``arithmetic``, which tells whether two machines give the same bits (see ``Trainer``).
    """
    use_one_thread()
    names = Run.__dataclass_fields__
    run = Run(**{name: value for name, value in settings.items() if name in names})
    if run.settings() != settings:
        raise ValueError(f"the definition of {run} has changed: {run.settings()} is not {settings}")
    return trainer(run.model, run.kind).train(run)


@dataclass(frozen=True)
class Cell:
    """What is compared at its own best rate: everything of a run but rate and seed."""

    shape: str
    epochs: int
    optimizer: str = "sgd"
    model: str = "dense"
    warm_up: int = 0

    def run(self, exponent: int, seed: int) -> Run:
        """The run at ``2 ** exponent`` times the optimizer's middle rate."""
        peak = MIDDLE_RATES[self.optimizer] * 2.0**exponent
        return Run(self.shape, peak, self.epochs, seed, self.optimizer, self.model, self.warm_up)


MIDDLE_RATES = {
    "sgd": 0.05,
    "adamw": 1e-3,
    "schedule-free": 2.5e-3,
    "schedule-free, mended": 2.5e-3,
}
SCAN_SEEDS, ALL_SEEDS = (0, 1), (0, 1, 2, 3, 4)
# Rates that are tried first, as exponents of 2 around the middle rate.
SCAN = {
    ("sgd", 2): range(-1, 3),
    ("sgd", 4): range(-1, 3),
    ("sgd", 8): range(-2, 4),
    ("sgd", 16): range(-1, 2),
    ("sgd", 32): range(-2, 1),
    ("adamw", 2): range(1, 4),
    ("adamw", 8): range(-2, 4),
    ("adamw", 32): range(0, 3),
    ("schedule-free", 2): range(-1, 2),
    ("schedule-free", 8): range(-2, 4),
    ("schedule-free", 32): range(-1, 2),
}
WIDEST = range(-8, 9)

OWN_ARMS = ("schedule-free", "one-cycle with momentum")
COMPARED = [name for name in SHAPES if name not in OWN_ARMS]
MAIN_SHAPES = ["constant", "step", "exponential", "cosine", "linear", "one-cycle", "wsd, 1-sqrt"]


def compared_cells(epochs: int, optimizer: str, names: list[str] = COMPARED) -> list[Cell]:
    """The shapes of one budget and optimizer; with AdamW also what replaces a schedule."""
    cells = [Cell(name, epochs, optimizer) for name in [*names, "one-cycle with momentum"]]
    if optimizer == "adamw":
        cells += [
            Cell("schedule-free", epochs, optimizer, warm_up=warm_up)
            for optimizer in ("schedule-free", "schedule-free, mended")
            for warm_up in (0, 5)
        ]
    return cells


# In this order: what comes first is complete before the next begins.
STAGES: list[list[Cell]] = [
    compared_cells(8, "sgd"),
    compared_cells(2, "sgd"),
    compared_cells(8, "adamw"),
    [Cell(name, epochs) for epochs in (4, 16) for name in ("cosine", "wsd, 1-sqrt")],
    compared_cells(32, "sgd"),
    [Cell(name, 8, model="convolutional") for name in MAIN_SHAPES],
    compared_cells(2, "adamw"),
    compared_cells(32, "adamw", MAIN_SHAPES),
]
CELLS = [cell for stage in STAGES for cell in stage]

# How far does a warm-up move the highest rate that trains? All of these, with all seeds.
EDGE_RUNS = [
    Cell("linear", 8, optimizer, warm_up=warm_up).run(exponent, seed)
    for optimizer in ("sgd", "adamw")
    for warm_up in (0, 5, 20)
    for exponent in range(1, 7)
    for seed in ALL_SEEDS
]


def next_runs(table: pd.DataFrame) -> list[dict[str, object]]:
    """The settings of all runs so far and of those that the study needs next; no more: it is done.

    Each cell is scanned over rates a factor of 2 apart with two seeds. Its best rate, by loss and by
    accuracy after the last epoch, must not be at an edge: else the scan is widened. Then the best
    rates get all five seeds; where ``seen_by_all_seeds`` says so, all rates do.
    """
    runs: list[Run] = []
    for number, stage in enumerate(STAGES):
        if number == 2:
            runs += EDGE_RUNS
        runs += [run for cell in stage for run in _next_of(cell, table)]
        if any(_name(run) not in table.index for run in runs):
            break
    return [run.settings() for run in dict.fromkeys(runs)]


def seen_by_all_seeds(cell: Cell) -> bool:
    """Whether all rates of a scan get all seeds: how wide is the range of good rates?"""
    return (cell.optimizer, cell.model) == ("sgd", "dense") and cell.epochs in (2, 8)


def _next_of(cell: Cell, table: pd.DataFrame) -> list[Run]:
    exponents = list(SCAN[cell.optimizer.removesuffix(", mended"), cell.epochs])
    while True:
        scan = [cell.run(exponent, seed) for exponent in exponents for seed in SCAN_SEEDS]
        if any(_name(run) not in table.index for run in scan):
            return scan
        best = _best_exponents(cell, exponents, table)
        if min(best) == exponents[0] and exponents[0] > WIDEST[0]:
            exponents.insert(0, exponents[0] - 1)
        elif max(best) == exponents[-1] and exponents[-1] < WIDEST[-1]:
            exponents.append(exponents[-1] + 1)
        else:
            compared = exponents if seen_by_all_seeds(cell) else sorted(best)
            return scan + [cell.run(exponent, seed) for exponent in compared for seed in ALL_SEEDS]


def _best_exponents(cell: Cell, exponents: list[int], table: pd.DataFrame) -> set[int]:
    """The best scanned rate by validation loss, and by accuracy (often the same)."""
    suffixes = ("average",) if cell.shape == "schedule-free" else ()
    best = set()
    for kind, sign in (("loss", -1.0), ("accuracy", 1.0)):
        for prefix in ("val", *suffixes):
            means = [
                np.mean(
                    [
                        sign * _last(table, cell.run(exponent, seed), f"{prefix}_{kind}")
                        for seed in SCAN_SEEDS
                    ]
                )
                for exponent in exponents
            ]
            best.add(exponents[int(np.nanargmax(np.where(np.isfinite(means), means, -1e9)))])
    return best


def _last(table: pd.DataFrame, run: Run, column: str) -> float:
    """What a run measured after its last epoch; NaN if it ended before."""
    values = str(table.at[_name(run), column]).split()
    return float(values[-1]) if len(values) == run.epochs else float("nan")


@cache
def _name(run: Run) -> str:
    """The digest of a run, worked out once."""
    return digest_of(run.settings())
