"""The model that every lesson trains."""

import keras
import numpy as np
import pytest

from helpers.model import create_model


def images(count: int, shape: tuple[int, ...] = (28, 28)) -> np.ndarray:
    return np.random.default_rng(0).random((count, *shape), dtype=np.float32)


def test_parameters_counted_by_hand() -> None:
    assert create_model().count_params() == 784 * 128 + 128 + 128 * 10 + 10 == 101_770


@pytest.mark.parametrize("units", [1, 10, 300, np.int64(64), np.uint8(7)])
def test_hidden_units_set_the_width(units: int) -> None:
    model = create_model(units)
    assert model.count_params() == 784 * int(units) + int(units) + int(units) * 10 + 10
    assert isinstance(model, keras.Sequential)
    assert model.input_shape == (None, 28, 28) and model.output_shape == (None, 10)


@pytest.mark.parametrize("shape", [(8, 8), (32, 32, 3), (13,), [5, 4], (np.int64(6), 2)])
@pytest.mark.parametrize("classes", [2, 100, np.int32(3)])
def test_other_data(shape: tuple[int, ...], classes: int) -> None:
    model = create_model(4, input_shape=shape, classes=classes)
    inputs = int(np.prod(shape))
    assert model.count_params() == inputs * 4 + 4 + 4 * int(classes) + int(classes)
    assert model(images(3, tuple(shape))).shape == (3, classes)
    assert model.output_shape == (None, classes)


def test_what_it_computes_is_what_the_lesson_says() -> None:
    """Flatten, multiply and add, negative results become 0, multiply and add: nothing else."""
    model = create_model(32)
    inputs = images(40)
    first, first_bias, second, second_bias = model.get_weights()
    first_bias = np.linspace(-0.5, 0.5, 32, dtype=np.float32)
    second_bias = np.linspace(-1, 1, 10, dtype=np.float32)
    model.set_weights([first, first_bias, second, second_bias])
    hidden = inputs.reshape(40, 784) @ first + first_bias
    assert (hidden < -0.1).any() and (hidden > 1).any()
    logits = np.maximum(hidden, 0) @ second + second_bias
    np.testing.assert_allclose(model(inputs).numpy(), logits, rtol=0, atol=1e-4)


def test_is_not_compiled_and_returns_logits() -> None:
    model = create_model()
    assert not model.compiled
    logits = model(images(50)).numpy()
    assert logits.min() < 0 and not np.allclose(logits.sum(axis=1), 1)
    assert model.layers[-1].activation is keras.activations.linear


def test_same_seed_same_weights() -> None:
    weights = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        weights.append(create_model().get_weights()[0])
    assert np.array_equal(weights[0], weights[1]) and not np.array_equal(weights[0], weights[2])


def test_naming_the_defaults_changes_nothing() -> None:
    weights = []
    for arguments in ({}, {"hidden_units": np.int64(128), "input_shape": [28, 28], "classes": 10}):
        keras.utils.set_random_seed(3)
        weights.append(create_model(**arguments).get_weights())
    for ours, theirs in zip(*weights, strict=True):
        assert np.array_equal(ours, theirs)


def test_can_be_saved_and_loaded(tmp_path) -> None:
    model = create_model(np.int64(16), input_shape=[28, 28])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for before, after in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"hidden_units": 0}, ValueError, "hidden_units must be 1 or more, got 0"),
        ({"hidden_units": np.int64(-1)}, ValueError, "hidden_units must be 1 or more, got -1"),
        ({"hidden_units": 1.5}, TypeError, "hidden_units must be an int, got float 1.5"),
        ({"hidden_units": 128.0}, TypeError, "hidden_units must be an int, got float 128.0"),
        ({"hidden_units": float("nan")}, TypeError, "hidden_units must be an int, got float nan"),
        ({"hidden_units": True}, TypeError, "hidden_units must be an int, got bool True"),
        ({"hidden_units": "8"}, TypeError, "hidden_units must be an int, got str '8'"),
        ({"hidden_units": None}, TypeError, "hidden_units must be an int, got NoneType None"),
        ({"hidden_units": (28, 28)}, TypeError, "hidden_units must be an int, got tuple"),
        ({"classes": 1}, ValueError, "classes must be 2 or more, got 1"),
        ({"classes": 10.0}, TypeError, "classes must be an int, got float 10.0"),
        ({"classes": list("ab")}, TypeError, "classes must be an int, got list"),
        ({"input_shape": 784}, TypeError, r"input_shape must be a tuple .*\(28, 28\), got int 784"),
        ({"input_shape": "28"}, TypeError, "input_shape must be a tuple .* got str '28'"),
        ({"input_shape": None}, TypeError, "input_shape must be a tuple .* got NoneType None"),
        ({"input_shape": ()}, ValueError, "input_shape must have at least one number"),
        ({"input_shape": (None, 28, 28)}, TypeError, r"input_shape\[0\] must be an int"),
        ({"input_shape": (28, 0)}, ValueError, r"input_shape\[1\] must be 1 or more, got 0"),
        ({"input_shape": (28, 28.0)}, TypeError, r"input_shape\[1\] must be an int, got float"),
    ],
)
def test_refuses(arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        create_model(**arguments)
