"""Checks for the exercises: each says what is still wrong with an answer, or that it is right.

A check never raises on a wrong answer, so a lesson with open exercises still runs from top to
bottom. It returns True or False, and the lesson's own solution asserts True.
"""

import inspect
import re
import textwrap
from collections.abc import Callable

import numpy as np


def report(problems: list[str]) -> bool:
    """Print the first problem of an answer, or that there is none.

    Args:
        problems: one sentence each, most basic first; empty for a right answer.

    Returns:
        Whether the answer is right.
    """
    if problems:
        print(f"Not yet: {problems[0]}")
        return False
    print("Correct.")
    return True


def _call(answer: Callable, *arguments: object) -> tuple[object, list[str]]:
    """What an answer gives, and the problem if it gives nothing."""
    if not callable(answer):
        return None, [f"pass your function itself to the check, got {type(answer).__name__}."]
    try:
        result = answer(*arguments)
    except Exception as error:
        return None, [f"your function raises {type(error).__name__}: {error}"]
    if result is None or result is Ellipsis:
        return None, ["your function returns nothing yet."]
    return result, []


def _call_for_array(answer: Callable, *arguments: object) -> tuple[np.ndarray, list[str]]:
    """The same for an answer that should give an array of numbers (or of True and False)."""
    result, problems = _call(answer, *arguments)
    try:
        array = np.asarray(result)
    except ValueError:  # rows of different length
        array = np.asarray(None)
    if not problems and array.dtype.kind not in "biuf":
        problems = [f"return an array of numbers, got {type(result).__name__}."]
    return array, problems


def lesson_1_exercise_1(undo_preparation: Callable[[np.ndarray], np.ndarray]) -> bool:
    """Whether ``undo_preparation(scaled)`` turns [0, 1] back into uint8, exactly.

    Args:
        undo_preparation: takes float32 images of shape (n, 28, 28), returns uint8 of that shape.

    Returns:
        Whether the answer is right; what is wrong is printed.
    """
    original = (np.arange(2 * 784) % 256).astype(np.uint8).reshape(2, 28, 28)
    scaled = original.astype(np.float32) / np.float32(255)
    given = scaled.copy()
    result, problems = _call_for_array(undo_preparation, given)
    return report(problems or _undo_problems(result, original, given, scaled))


def _undo_problems(
    result: np.ndarray, original: np.ndarray, given: np.ndarray, scaled: np.ndarray
) -> list[str]:
    if not np.array_equal(given, scaled):
        return ["your function changed the array it was given; compute a new one."]
    if result.shape != original.shape:
        return [f"the shape must stay {original.shape}, got {result.shape}."]
    if result.max() <= 1:
        return ["the largest value is still 1: multiply by 255, then change the type."]
    if result.dtype != np.uint8:
        return [f"the type must be uint8, got {result.dtype}: see astype."]
    wrong = np.flatnonzero(result != original)
    if len(wrong):
        before, after = original.flat[wrong[0]], result.flat[wrong[0]]
        return [f"{before} must come back as {before}, and comes back as {after}."]
    return []


def lesson_1_exercise_2(balanced_positions: Callable[[np.ndarray, int, int], np.ndarray]) -> bool:
    """Whether ``balanced_positions(labels, per_class, seed)`` draws equally many of each class.

    Args:
        balanced_positions: returns ``10 * per_class`` positions of labels, each at most once.

    Returns:
        Whether the answer is right; what is wrong is printed.
    """
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(10), range(40, 90, 5)))
    results = []
    for seed in (0, 0, 1):
        result, problems = _call_for_array(balanced_positions, labels.copy(), 20, seed)
        if problems:
            return report(problems)
        results.append(result)
    return report(_balance_problems(labels, results[0]) or _seed_problems(*results))


def _balance_problems(labels: np.ndarray, positions: np.ndarray) -> list[str]:
    if positions.dtype == bool:
        return ["return positions (whole numbers), not True and False: see np.flatnonzero."]
    if positions.shape != (200,) or not np.issubdtype(positions.dtype, np.integer):
        return [
            "for 20 images of each of 10 classes, return one array of 200 whole numbers; "
            f"got shape {positions.shape} of {positions.dtype}: see np.concatenate."
        ]
    lowest, highest = positions.min(), positions.max()
    if lowest < 0 or highest >= len(labels):
        return [f"positions must be from 0 to {len(labels) - 1}, got {lowest} to {highest}."]
    if highest < 10:
        return ["these look like labels (0 to 9); return where they stand in the array."]
    if len(np.unique(positions)) < 200:
        return ["some positions occur twice: draw without replacement (replace=False)."]
    counts = np.bincount(labels[positions], minlength=10)
    if (counts != 20).any():
        label = int(np.flatnonzero(counts != 20)[0])
        return [f"class {label} occurs {counts[label]} times among your positions, not 20 times."]
    return []


def _seed_problems(first: np.ndarray, again: np.ndarray, other: np.ndarray) -> list[str]:
    if not np.array_equal(first, again):
        return ["the same seed gives other positions: use np.random.default_rng(seed)."]
    if np.array_equal(np.sort(first), np.sort(other)):
        return ["another seed gives the same positions: use the seed that you are given."]
    return []


def lesson_1_exercise_3(
    nearest_mean: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> bool:
    """Whether ``nearest_mean(train_images, train_labels, images)`` names the class of nearest mean.

    Args:
        nearest_mean: returns one label per image.

    Returns:
        Whether the answer is right; what is wrong is printed.
    """
    random = np.random.default_rng(2)
    labels = random.permutation(np.repeat(np.arange(10), 20))
    brightness = np.linspace(0.1, 1.0, 10)[:, np.newaxis, np.newaxis]
    centres = brightness * random.random((10, 28, 28))
    noise = random.normal(0, 0.4, (200, 28, 28))
    train_images = (centres[labels] + noise).astype(np.float32)
    images = (centres[random.integers(0, 10, 100)] + noise[:100][::-1]).astype(np.float32)
    given = (train_images.copy(), labels.copy(), images.copy())
    result, problems = _call_for_array(nearest_mean, *given)
    return report(problems or _mean_problems(result, train_images, labels, images))


def _mean_problems(
    result: np.ndarray, train_images: np.ndarray, labels: np.ndarray, images: np.ndarray
) -> list[str]:
    if result.shape != (len(images),):
        return [f"return one label per image, shape ({len(images)},), got {result.shape}."]
    means = np.stack([train_images[labels == label].mean(axis=0) for label in range(10)])
    differences = images[:, np.newaxis] - means
    distances = (differences**2).sum(axis=(2, 3))
    wrong = int((result != distances.argmin(axis=1)).sum())
    if not wrong:
        return []
    if np.array_equal(result, distances.argmax(axis=1)):
        return ["these are the classes whose mean is farthest away: see argmin."]
    if np.array_equal(result, differences.sum(axis=(2, 3)).argmin(axis=1)):
        return ["differences of both signs cancel: square them before you add them up."]
    return [
        f"{wrong} of {len(images)} labels differ from those of the nearest mean (the sum of the "
        "squared differences over all pixels is the smallest)."
    ]


def lesson_2_exercise_1(count_parameters: Callable[[int], int]) -> bool:
    """Whether ``count_parameters(hidden_units)`` counts those of ``create_model(hidden_units)``.

    Args:
        count_parameters: returns a whole number for any width of the hidden layer.

    Returns:
        Whether the answer is right; what is wrong is printed.
    """
    for units in (1, 128, 300):
        result, problems = _call_for_array(count_parameters, units)
        if not problems and result.shape != ():
            problems = [f"return one whole number, got an array of shape {result.shape}."]
        if problems or result != 795 * units + 10:
            return report(problems or [_count_problem(result.item(), units)])
    return report([])


def _count_problem(result: float, units: int) -> str:
    known = {
        794 * units: "the biases are missing: each unit, hidden or output, has one.",
        795 * units: "the biases of the ten output units are missing.",
        794 * units + 10: "the biases of the hidden units are missing.",
        101_770: "that is the number for 128 hidden units; use the argument.",
    }
    default = (
        "784 weights and a bias per hidden unit, hidden_units weights and a bias per output unit."
    )
    reason = known.get(result, default)
    return f"for hidden_units={units} you count {result}, not {795 * units + 10}: {reason}"


def lesson_2_exercise_2(softmax: Callable[[np.ndarray], np.ndarray]) -> bool:
    """Whether ``softmax(logits)`` gives probabilities row by row, for logits of any size.

    Args:
        softmax: takes shape (n, classes) and returns the same shape.

    Returns:
        Whether the answer is right; what is wrong is printed.
    """
    usual = np.array([[0.5, -1.0, 2.0], [1.0, 1.0, 1.0]])
    huge = np.array([[1000.0, 999.0, -1000.0], [-1000.0, -1000.0, -999.0], [1e3, -1e3, -1e3]])
    for logits in (usual, huge):
        with np.errstate(all="ignore"):
            result, problems = _call_for_array(softmax, logits.copy())
        if problems and "broadcast" in problems[0]:
            problems = [f"{problems[0]} Keep the rows as rows: axis=1, keepdims=True."]
        problems = problems or _softmax_problems(result, logits)
        if problems:
            return report(problems)
    return report([])


def _softmax_problems(result: np.ndarray, logits: np.ndarray) -> list[str]:
    if result.shape != logits.shape:
        return [f"the shape must stay {logits.shape}, got {result.shape}."]
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected = powers / powers.sum(axis=1, keepdims=True)
    if np.allclose(result, expected, rtol=0, atol=1e-6):
        return []
    if not np.isfinite(result).all():
        row = int(np.flatnonzero(~np.isfinite(result).all(axis=1))[0])
        return [
            f"for the logits {logits[row].tolist()} your probabilities are {result[row].tolist()}: "
            "np.exp is infinite, or 0 for the whole row. Subtract each row's own largest logit first."
        ]
    if np.allclose(np.exp(result), expected, rtol=0, atol=1e-6):
        return ["these are the logarithms of the probabilities: leave out the last np.log."]
    if np.isclose(result.sum(), 1) or not np.allclose(result.sum(axis=1), 1):
        sums = np.round(result.sum(axis=1), 3).tolist()
        return [f"each row must add up to 1, yours add up to {sums}: axis=1, keepdims=True."]
    return [f"for {logits[0].tolist()} expected {expected[0].round(4).tolist()}."]


def lesson_2_exercise_3(rates: tuple[float, float]) -> bool:
    """Whether two learning rates for the loss ``3 * w**2`` are the perfect and the useless one.

    Args:
        rates: the rate whose first step lands at the minimum, and the rate from which on no step
            ever comes nearer to it.

    Returns:
        Whether the answer is right; what is wrong is printed.
    """
    return report(_rate_problems(rates))


def _rate_problems(rates: object) -> list[str]:
    if rates is None or rates is Ellipsis:
        return ["give two learning rates in place of None: (perfect, useless)."]
    try:
        perfect, useless = (float(rate) for rate in rates)
    except (TypeError, ValueError):
        return [f"give two numbers, (perfect, useless), got {rates!r}."]
    after = 1 - perfect * 6
    if not np.isclose(after, 0, atol=1e-6):
        return [
            f"with the rate {perfect:g} the first step leads from w = 1 to {after:g}, not to 0. "
            "(A fraction is exact: 1 / 7, not 0.1429.)"
        ]
    if useless <= 0:
        return [f"the second rate must be above 0, got {useless:g}."]
    after = 1 - useless * 6
    if np.isclose(abs(after), 1, atol=1e-6):
        return []
    effect = "comes nearer to 0" if abs(after) < 1 else "moves away: a smaller rate is useless too"
    return [f"with the rate {useless:g} a step leads from w = 1 to {after:g}, which {effect}."]


def lesson_5_exercise_1(plan: object) -> bool:
    """Whether a plan climbs for 100 steps to 0.05, stays until step 700 and is 0 at step 1000.

    Args:
        plan: a Keras schedule; its warm-up starts at 0.05 / 100 and its fall is a straight line.

    Returns:
        Whether the answer is right; what is wrong is printed.
    """
    import keras

    if not isinstance(plan, keras.optimizers.schedules.LearningRateSchedule):
        return report([f"plan must be a schedule object, got {type(plan).__name__}."])
    steps = np.arange(1201)
    wanted = np.clip(np.minimum((steps + 1) / 100, (1000 - steps) / 300), 0.0, 1.0) * 0.05
    try:
        rates = _rates_in_training(plan, steps)
    except Exception as error:
        return report([f"your plan raises {_in_short(error)}"])
    return report(_plan_problems(rates, wanted))


def _rates_in_training(schedule: Callable, steps: np.ndarray) -> np.ndarray:
    """The rates as ``fit`` asks for them: compiled, one int64 tensor at a time."""
    import tensorflow as tf

    # tf.data compiles without counting: many tf.functions would make TensorFlow warn of retracing.
    ask = tf.autograph.experimental.do_not_convert(lambda s: tf.cast(schedule(s), tf.float32))
    rates = tf.data.Dataset.from_tensor_slices(np.asarray(steps, np.int64)).map(ask)
    return next(iter(rates.batch(len(steps)))).numpy()


def _in_short(error: Exception) -> str:
    """The type and the first line of an error, without the frame and colours that Keras adds."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    text = re.sub(r"^Exception encountered when calling .*", "", text).strip()
    first_line = text.splitlines()[0].rstrip(".") if text else "no message"
    return f"{type(error).__name__}: {textwrap.shorten(first_line, 160, placeholder=' …')}."


def _plan_problems(rates: np.ndarray, wanted: np.ndarray) -> list[str]:
    difference = np.nan_to_num(np.abs(rates - wanted), nan=np.inf)
    if difference.max() < 1e-7:
        return []

    def worst(start: int, end: int) -> str:
        """Where between two steps the plan is furthest off; empty if it is right there."""
        step = start + int(difference[start:end].argmax())
        if difference[step] < 1e-7:
            return ""
        return f"at step {step} your rate is {rates[step]:.6g} instead of {wanted[step]:.6g}."

    if rates[0] == 0.0:
        return ["the first update is wasted: at step 0 the rate should be 0.05 / 100."]
    if worst(0, 100):
        climb = "the first 100 steps should climb in a straight line from 0.05 / 100 to 0.05"
        return [f"{climb}; {worst(0, 100)}"]
    falls = 100 + np.flatnonzero(np.diff(rates[100:]) < -1e-9)
    if not len(falls):
        return ["the rate never falls: it should do so from step 700 to step 1000."]
    if falls[0] == 800:
        return [
            "the fall begins at step 800 instead of 700: what is inside WarmUp counts its steps "
            "from the end of the warm-up."
        ]
    if falls[0] != 700:
        return [f"the fall should begin at step 700, yours begins at step {falls[0]}."]
    if worst(100, 701):
        return [f"the rate should stay at 0.05 until step 700; {worst(100, 701)}"]
    at_zero = np.flatnonzero(rates < 1e-7)
    if len(at_zero) and at_zero[0] != 1000:
        return [f"the rate reaches 0 at step {at_zero[0]} instead of 1000."]
    if not len(at_zero):
        return [f"at step 1000 the rate should be 0, yours is {rates[1000]:.6g}."]
    if worst(700, 1001):
        return [f"the fall should be a straight line; {worst(700, 1001)}"]
    return [f"after step 1000 the rate should stay at 0; {worst(1001, len(rates))}"]


def lesson_5_exercise_2(schedule_class: type) -> bool:
    """Whether a class holds a rate for ``hold_steps``, then lets it fall as 1 / sqrt(step).

    Args:
        schedule_class: built as ``schedule_class(peak, hold_steps)``; its rate at a step is
            ``peak * sqrt(hold_steps / max(step, hold_steps))``.

    Returns:
        Whether the answer is right; what is wrong is printed.
    """
    import keras

    base = keras.optimizers.schedules.LearningRateSchedule
    if not isinstance(schedule_class, type) or not issubclass(schedule_class, base):
        return report(["pass the class itself; it must be a subclass of LearningRateSchedule."])
    try:
        schedule = schedule_class(0.1, 100)
        rate = schedule(400)
        if rate is None or rate is Ellipsis:
            return report(["__call__ returns nothing yet."])
        problems = _inverse_root_problems(schedule, schedule_class(0.3, 50))
    except TypeError as error:
        problems = [f"your class raises {_in_short(error)} Does __call__ cast the step first?"]
    except Exception as error:
        problems = [f"your class raises {_in_short(error)}"]
    return report(
        problems or _saving_problems(schedule) or _saving_problems(schedule_class(0.3, 50))
    )


def _inverse_root_problems(schedule: Callable, second: Callable) -> list[str]:
    import tensorflow as tf

    for step, wanted in [(0, 0.1), (100, 0.1), (400, 0.05), (10_000, 0.01)]:
        rate = float(schedule(step))
        if not abs(rate - wanted) < 1e-6:
            return [f"at step {step} the rate should be {wanted:g}, yours is {rate:g}."]
    rate = float(second(200))
    if not abs(rate - 0.15) < 1e-6:
        return [
            "use the arguments: with peak 0.3 and hold_steps 50 the rate at step 200 should be "
            f"0.15, yours is {rate:g}."
        ]
    try:
        in_tensor = float(schedule(tf.constant(400, tf.int64)))
        compiled = float(_rates_in_training(schedule, np.array([400]))[0])
    except tf.errors.OperatorNotAllowedInGraphError:
        return ["a Python `if` or `max` on a tensor fails when compiled: use keras.ops.maximum."]
    except NotImplementedError:  # a tensor without a value yet cannot become a NumPy array
        return ["NumPy fails when the schedule is compiled: use keras.ops instead of NumPy."]
    except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
        if "real number" in str(error):
            return ["`math` fails when the schedule is compiled: use keras.ops instead."]
        return ["an int64 step fails: cast the step first, with keras.ops.cast."]
    for rate in (in_tensor, compiled):
        if not abs(rate - 0.05) < 1e-6:
            return [f"for an int64 tensor of 400 the rate should be 0.05, yours is {rate:g}."]
    rates = np.asarray(schedule(np.array([0, 400])))
    if rates.shape != (2,) or not np.allclose(rates, [0.1, 0.05]):
        return ["an array of steps should give an array of rates: use keras.ops throughout."]
    return []


def _saving_problems(schedule: Callable) -> list[str]:
    import keras

    try:
        config = keras.saving.serialize_keras_object(schedule)
    except NotImplementedError:
        if "get_config" in vars(type(schedule)):
            return ["do not call super().get_config() here: the base class has no config to give."]
        return ["a model with this schedule cannot be saved: get_config is missing."]
    except Exception as error:
        return [f"a model with this schedule cannot be saved: {_in_short(error)}"]
    if ">" not in (config["registered_name"] or ""):
        return [
            "a saved model does not load: register the class with "
            "@keras.saving.register_keras_serializable(package=...)."
        ]
    try:
        inspect.signature(type(schedule)).bind(**config["config"])
    except TypeError:
        return [
            "get_config must return the arguments of __init__ by name: peak and hold_steps, "
            f"not {' and '.join(config['config']) or 'an empty dict'}."
        ]
    try:
        again = keras.saving.deserialize_keras_object(config)
        same = all(abs(float(again(s)) - float(schedule(s))) < 1e-6 for s in (0, 400))
    except Exception as error:
        return [f"the saved schedule does not load: {_in_short(error)}"]
    return [] if same else ["the loaded schedule gives another rate: get_config lost an argument."]


def lesson_4_exercise_1(answer: Callable) -> bool:
    """Hold 1e-3 for five epochs, then decay by e ** -0.1 per epoch, in the (epoch) form."""
    return report(_problems_of_hold_then_decay(answer))


def _problems_of_hold_then_decay(answer: Callable) -> list[str]:
    rates, problem = _lesson_4_rates(answer, range(20))
    if problem:
        return [problem]
    if abs(rates[4] - 1e-3 * np.exp(-0.1)) <= 1e-9 and abs(rates[3] - 1e-3) <= 1e-9:
        return ["epoch 4 must still have 0.001. You lower it one epoch too early."]
    if any(abs(rate - 1e-3) > 1e-9 for rate in rates[:5]):
        return [f"epochs 0 to 4 must have the rate 0.001, you give {rates[:5]}."]
    if abs(rates[5] - 1e-3) <= 1e-9:
        return ["epoch 5 must be the first that is lower: 0.001 * e ** -0.1. You hold too long."]
    if abs(rates[5] - 1e-3 * np.exp(-0.5)) <= 1e-9:
        return [
            "epoch 5 must have 0.001 * e ** -0.1, you jump to 0.001 * e ** -0.5. "
            "Count the epochs since the hold, not since epoch 0."
        ]
    for epoch in range(5, 20):
        expected = 1e-3 * float(np.exp(-0.1 * (epoch - 4)))
        if abs(rates[epoch] - expected) > 1e-9:
            same = abs(rates[epoch] - rates[epoch - 1]) <= 1e-9
            hint = " Each later epoch is multiplied again." if same else ""
            return [f"epoch {epoch} must have {expected:.6g}, you give {rates[epoch]:.6g}.{hint}"]
    again, _ = _lesson_4_rates(answer, range(19, -1, -1))
    if again[::-1] != rates:
        return ["the same epoch must always give the same rate: your function remembers something."]
    return []


def lesson_4_exercise_2(answer: Callable) -> bool:
    """A factory ``cosine_decay(start_lr, epochs)`` whose schedule ends at 0 and stays there."""
    return report(_problems_of_cosine_decay(answer))


def _problems_of_cosine_decay(answer: Callable) -> list[str]:
    for start_lr, epochs in ((1e-3, 20), (0.1, 8)):
        try:
            schedule = answer(start_lr, epochs)
        except Exception as error:
            raised = f"{type(error).__name__}: {error}"
            return [f"my_cosine_decay({start_lr}, {epochs}) raises {raised}"]
        if not callable(schedule):
            return [
                f"my_cosine_decay({start_lr}, {epochs}) must return a function, "
                f"it returns {schedule!r}."
            ]
        problem = _problem_of_one_cosine(schedule, start_lr, epochs)
        if problem:
            return [f"with start_lr={start_lr} and epochs={epochs}, {problem}"]
    return []


def _problem_of_one_cosine(schedule: Callable, start_lr: float, epochs: int) -> str:
    rates, problem = _lesson_4_rates(schedule, range(2 * epochs + 1))
    if problem:
        return problem
    near = 1e-6 * start_lr
    if abs(rates[0] - start_lr) > near:
        return f"epoch 0 must have start_lr, you give {rates[0]:.6g}."
    if abs(rates[epochs - 1]) <= near:
        return f"epoch {epochs - 1} must not be 0 yet. Divide by epochs, not by epochs - 1."
    if abs(rates[epochs]) > near:
        without_pi = abs(rates[epochs] - start_lr * (1 + np.cos(1.0)) / 2) <= near
        hint = " Is pi missing inside the cosine?" if without_pi else ""
        return f"epoch {epochs} must have the rate 0, you give {rates[epochs]:.6g}.{hint}"
    if abs(rates[epochs // 2] - start_lr / 2) > near:
        middle = epochs // 2
        quarter = abs(rates[middle] - start_lr * np.cos(np.pi / 4)) <= near
        hint = " That is a quarter of a cosine wave; half a one is asked for." if quarter else ""
        return f"epoch {middle} must have half of start_lr, you give {rates[middle]:.6g}.{hint}"
    if max(rates[epochs:]) > near:
        return (
            f"the rate must stay 0 after epoch {epochs}, yours rises again: "
            f"{rates[epochs + 1]:.6g} in epoch {epochs + 1}."
        )
    expected = [start_lr * float(1 + np.cos(np.pi * epoch / epochs)) / 2 for epoch in range(epochs)]
    for epoch, rate in enumerate(expected):
        if abs(rates[epoch] - rate) > near:
            return f"epoch {epoch} must have {rate:.6g} on the cosine, you give {rates[epoch]:.6g}."
    if min(rates) < -near:
        return "the rate must never be negative."
    return ""


def _lesson_4_rates(schedule: Callable, epochs: range) -> tuple[list[float], str]:
    """The rates of a schedule in the (epoch) form, or what keeps Keras from using it."""
    if not callable(schedule):
        return [], f"the answer must be a function, it is {schedule!r}."
    rates = []
    for epoch in epochs:
        try:
            rate = schedule(epoch)
        except Exception as error:
            return [], f"called with epoch {epoch} alone it raises {type(error).__name__}: {error}"
        if not isinstance(rate, (float, np.float32)):
            return [], f"epoch {epoch} must give a float, {_what_is_no_float(rate)}"
        rates.append(float(rate))
    return rates, ""


def _what_is_no_float(rate: object) -> str:
    if rate is None:
        return "it returns None: no return, or is it computed from lr, which is None here?"
    if callable(rate):
        return "it gives a function: call your factory, and check what it returns."
    if isinstance(rate, int) and not isinstance(rate, bool):
        return f"it gives int {rate}: write {rate}.0, Keras refuses an int."
    return f"it gives {type(rate).__name__} {rate!r}."


def lesson_6_exercise_1(scheduler: object) -> bool:
    """Whether an ``LRScheduler`` is the plan asked for: wsd, 2,500 steps, 200 of them warm-up.

    Args:
        scheduler: the reader's ``LRScheduler``.

    Returns:
        Whether the answer is right; what is wrong is printed.
    """
    return report(_problems_of_a_planned_run(scheduler))


def _problems_of_a_planned_run(scheduler: object) -> list[str]:
    if scheduler is None or scheduler is Ellipsis:
        return ["set my_scheduler to an LRScheduler(...)."]
    names = ("iterations", "lr", "policy", "warm_up", "schedule", "update")
    if isinstance(scheduler, type) or not all(hasattr(scheduler, name) for name in names):
        return [f"my_scheduler must be an LRScheduler, it is {type(scheduler).__name__}."]
    steps_that_mean_something = {
        500: "500 steps are one epoch, the run has 5.",
        1500: "this exercise has 5 epochs.",
        1950: "this exercise has batches of 100.",
        1170: "this exercise has batches of 100 and 5 epochs.",
        50_000: "50,000 is the number of images; a step trains 100 of them.",
        250_000: "250,000 images pass in 5 epochs; a step trains 100 of them.",
        5: "5 is the number of epochs; iterations counts steps.",
    }
    if scheduler.iterations != 2500:
        hint = steps_that_mean_something.get(scheduler.iterations, "how many batches are there?")
        return [f"iterations is {scheduler.iterations}: {hint}"]
    if scheduler.policy != "wsd":
        return [f"the policy must be 'wsd', it is {scheduler.policy!r}."]
    if not np.isclose(scheduler.lr, 0.2):
        return [f"the peak rate must be 0.2, it is {scheduler.lr:g}."]
    rates = np.asarray(scheduler.schedule(np.arange(2500)))
    if scheduler.warm_up == 0:
        return ["there is no warm-up: warm_up is 0, the first 200 steps must climb."]
    warm_up_steps = int(np.argmax(rates >= np.float32(0.2))) + 1
    if warm_up_steps != 200:
        reached = f"{warm_up_steps} step{'s' if warm_up_steps > 1 else ''}"
        hint = " An int counts steps, a float is a fraction of the run."
        return [f"the peak is reached after {reached}, not after 200.{hint}"]
    return []


def lesson_6_exercise_2(make_rate_setter: Callable) -> bool:
    """Whether ``make_rate_setter(scheduler, optimizer)`` compiles ``update`` and traces it once.

    Args:
        make_rate_setter: returns a function of an int step that returns the rate as a float.

    Returns:
        Whether the answer is right; what is wrong is printed.
    """
    import keras

    scheduler, optimizer = _CountingScheduler(), keras.optimizers.SGD(0.5)
    set_rate, problems = _call(make_rate_setter, scheduler, optimizer)
    return report(problems or _problems_of_a_rate_setter(set_rate, scheduler, optimizer))


class _CountingScheduler:
    """Keeps what Python hands to ``update``: once per trace, or once per eager call."""

    def __init__(self) -> None:
        self.steps: list[object] = []
        self.eager_calls = 0

    def update(self, optimizer: object, step: object) -> object:
        import tensorflow as tf

        self.steps.append(step)
        self.eager_calls += tf.executing_eagerly()
        return optimizer.learning_rate.assign(1.0 / (1.0 + tf.cast(step, tf.float32)))

    def kinds_of_steps(self) -> set[str]:
        """``int32`` and the like for tensors and variables, ``int`` for Python's."""
        return {
            np.dtype(getattr(step.dtype, "name", step.dtype)).name
            if hasattr(step, "dtype")
            else type(step).__name__
            for step in self.steps
        }


def _problems_of_a_rate_setter(
    set_rate: Callable, scheduler: _CountingScheduler, optimizer: object
) -> list[str]:
    if not callable(set_rate):
        return [f"make_rate_setter must return a function, it returns {set_rate!r}."]
    rates = {}
    for step in (3, 0, 1, 2, 7, 4):
        rates[step], problems = _call(set_rate, step)
        problems = problems or _problems_of_a_rate(rates[step], optimizer, scheduler)
        if problems:
            return [_explained(problems[0], ran=bool(scheduler.steps))]
    if any("float" in kind for kind in scheduler.kinds_of_steps()):
        return ["update got the step as a float, and LRScheduler refuses that. Hand over an int32 "
                "or int64 tensor."]  # fmt: skip
    return _problems_of_rates(rates) or _problems_of_tracing(scheduler)


def _problems_of_a_rate(
    rate: object, optimizer: object, scheduler: _CountingScheduler
) -> list[str]:
    if isinstance(rate, bool) or not isinstance(rate, (float, np.floating)):
        kind = type(rate).__name__
        hint = ": convert outside the compiled function." if "Tensor" in kind else "."
        return [f"your function must return a float, it returns {kind}{hint}"]
    if not scheduler.steps:
        return ["your function must call scheduler.update(optimizer, step)."]
    if not np.isclose(float(np.asarray(optimizer.learning_rate)), rate):
        return ["the optimizer has another rate than you return."]
    return []


def _explained(problem: str, ran: bool) -> str:
    """Say what two frequent errors mean; ``ran``: whether ``update`` has been called."""
    if ran and ("NoneType" in problem or "returns nothing" in problem):
        return "update runs, but its rate does not come back: is a return missing?"
    if "Symbolic" in problem or "attribute 'numpy'" in problem:
        return (
            "inside the compiled function a tensor has no value yet: convert outside the compiled "
            "function, float(compiled(...))."
        )
    return problem


def _problems_of_rates(rates: dict[int, float]) -> list[str]:
    wrong = [step for step, rate in rates.items() if not np.isclose(rate, 1 / (1 + step))]
    if not wrong:
        return []
    step = wrong[0]
    problem = f"step {step} must give the rate {1 / (1 + step):g}, you return {rates[step]:g}: "
    if len(set(rates.values())) > 1:
        return [problem + "is it the step that your function is called with?"]
    if step == next(iter(rates)):
        return [problem + "your function does not use the step that it is called with."]
    return [problem + "the first step is frozen in the graph. Hand it in as an argument."]


def _problems_of_tracing(scheduler: _CountingScheduler) -> list[str]:
    if scheduler.eager_calls:
        return ["update is not compiled, Python runs it for every step. Put it into a tf.function."]
    traces = len(scheduler.steps)
    if traces > 1 and "int" in scheduler.kinds_of_steps():
        return [f"6 steps, {traces} traces: a Python int is traced anew for each value. Hand the "
                "step over as a tensor."]  # fmt: skip
    if traces > 1:
        return [f"6 steps, {traces} traces: make the tf.function once, outside the function that "
                "is called for every step."]  # fmt: skip
    return []


def lesson_3_exercise_1(callback_class: type) -> bool:
    """Whether a callback keeps the best validation accuracy and its first epoch.

    Args:
        callback_class: the class itself; it is made without arguments, and its hooks are called as
            ``fit`` calls them. ``best`` and ``best_epoch`` are read afterwards.

    Returns:
        Whether the answer is right; what is wrong is printed.
    """
    if not isinstance(callback_class, type) or not hasattr(callback_class, "on_epoch_end"):
        return report(["pass the class itself: BestAccuracy, without parentheses."])
    try:
        return report(_best_accuracy_problems(callback_class()))
    except Exception as error:
        problem = f"your callback raises {type(error).__name__}: {error}"
        missing = isinstance(error, KeyError) or "NoneType" in str(error)
        return report([f"{problem}. {_HOOK_AND_KEY}" if missing else problem])


_HOOK_AND_KEY = "Is the hook called `on_epoch_end`, and the key `'val_accuracy'`?"


def _best_accuracy_problems(callback: object) -> list[str]:
    accuracies = [0.70, 0.80, 0.78]
    best, epoch = _best_after(callback, accuracies)
    if epoch is None and best in (*accuracies, 0.92):
        return [f"best is {best} but best_epoch is still None: set both."]
    if epoch is None:
        return [
            f"best_epoch is still None after three epochs: nothing is kept yet. {_HOOK_AND_KEY}"
        ]
    if best == 0.92:
        return ["best is the training accuracy; the key of the validation is 'val_accuracy'."]
    if best == 0.78:
        return ["0.78 came after 0.8 and replaced it: compare with best before you keep a value."]
    if best != 0.80:
        return [f"the best of {accuracies} is 0.8, your callback says {best}."]
    if epoch != 1:
        return [f"the best epoch, counted from 0, is 1; your callback says {epoch}."]
    if _best_after(callback, [0.70, 0.80, 0.78, 0.80]) == (0.80, 3):
        return ["epoch 3 only equals the best; keep the first epoch that reached it (use >)."]
    if _best_after(callback, [0.60, 0.50]) != (0.60, 0):
        return ["a second fit has to start afresh: set best and best_epoch in on_train_begin."]
    try:
        without = _best_after(callback, [None, None])
    except Exception as error:
        return ["a fit without validation has no 'val_accuracy' in logs, and your callback raises "
                f"{type(error).__name__}: {error}. Ask with logs.get(...), and give a default."]  # fmt: skip
    if without[1] is not None:
        return ["without validation there is no best epoch: best_epoch has to stay None."]
    return []


def _best_after(callback: object, accuracies: list[float | None]) -> tuple[object, object]:
    """Drive a callback through one ``fit`` with these validation accuracies; None: there are none."""
    callback.on_train_begin({})
    for epoch, accuracy in enumerate(accuracies):
        logs = {"accuracy": 0.90 + epoch / 100, "loss": 0.5}
        callback.on_epoch_begin(epoch, {})
        callback.on_epoch_end(
            epoch, logs if accuracy is None else logs | {"val_accuracy": accuracy}
        )
    callback.on_train_end({})
    return callback.best, callback.best_epoch


def lesson_3_exercise_2(schedule: Callable[[int, float], float]) -> bool:
    """Whether ``schedule(epoch, rate)`` is 0.02 for two epochs, 0.1 for four, then 0.01.

    Args:
        schedule: called for epochs in any order and with several current rates, as after a restart.

    Returns:
        Whether the answer is right; what is wrong is printed.
    """
    plan = {0: 0.02, 6: 0.01, 2: 0.1, 1: 0.02, 5: 0.1, 7: 0.01, 3: 0.1, 4: 0.1, 500: 0.01}
    again = 9 * [(6, 0.1)]  # enough for a function that counts its calls to reach every rate
    calls = again + [(epoch, rate) for epoch in plan for rate in (0.1, 0.005)]
    rates: dict[tuple[int, float], float] = {}
    for epoch, current in calls:
        result, problems = _call(schedule, epoch, current)
        if problems:
            return report([f"in epoch {epoch}: {problems[0]}"])
        if isinstance(result, bool) or not isinstance(result, (float, np.floating)):
            return report([f"in epoch {epoch} the result is no float but {result!r}."])
        if rates.setdefault((epoch, current), result) != result:
            return report(
                [f"called twice for epoch {epoch} it gives two rates: it remembers its calls; "
                 "use `epoch`."]
            )  # fmt: skip
    for epoch, needed in plan.items():
        rate = rates[epoch, 0.1]
        if rate != rates[epoch, 0.005]:
            return report(
                [f"in epoch {epoch} the result depends on the current rate; after a restart "
                 "that is another one. Use the epoch alone."]
            )  # fmt: skip
        if not np.isclose(rate, needed, rtol=1e-9):
            swapped = all(_call(schedule, 0.1, epoch)[0] == plan[epoch] for epoch in plan)
            hint = " Are the arguments swapped? The epoch comes first." if swapped else ""
            return report([f"epoch {epoch} needs {needed}, your function gives {rate}.{hint}"])
    return report([])
