"""The model that every lesson trains."""

import keras
import numpy as np
import pytest

from helpers.model import create_model


def test_parameters_counted_by_hand() -> None:
    assert create_model().count_params() == 784 * 128 + 128 + 128 * 10 + 10 == 101_770


@pytest.mark.parametrize("units", [1, 10, 300])
def test_hidden_units_set_the_width(units: int) -> None:
    model = create_model(units)
    assert model.count_params() == 784 * units + units + units * 10 + 10
    assert isinstance(model, keras.Sequential)
    assert model.input_shape == (None, 28, 28) and model.output_shape == (None, 10)


def test_is_not_compiled_and_returns_logits() -> None:
    model = create_model()
    assert not model.compiled
    logits = model(np.random.default_rng(0).random((50, 28, 28), dtype=np.float32)).numpy()
    assert logits.min() < 0 and not np.allclose(logits.sum(axis=1), 1)
    assert model.layers[-1].activation is keras.activations.linear


def test_same_seed_same_weights() -> None:
    weights = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        weights.append(create_model().get_weights()[0])
    assert np.array_equal(weights[0], weights[1]) and not np.array_equal(weights[0], weights[2])


def test_can_be_saved_and_loaded(tmp_path) -> None:
    model = create_model(16)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for before, after in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    ("units", "error"),
    [(0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError), ("8", TypeError)],
)
def test_refuses(units: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="hidden_units must be"):
        create_model(units)
