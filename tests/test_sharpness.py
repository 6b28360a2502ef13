"""The largest curvature equals the dense Hessian's, also where a start or a shape makes it hard."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import sharpness
from helpers.sharpness import (
    NotConverged,
    hessian_product,
    largest_curvature,
    start_vector,
    top_eigenpair,
)


def quadratic(matrix: np.ndarray, start: np.ndarray | None = None):
    """A loss whose Hessian is ``matrix``, and its variable."""
    size = len(matrix)
    weights = tf.Variable(np.zeros(size) if start is None else start, dtype=tf.float32)
    constant = tf.constant(matrix, tf.float32)
    return lambda: tf.tensordot(weights, tf.linalg.matvec(constant, weights), 1) / 2, weights


def random_matrix(eigenvalues: list[float], seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(random.normal(size=(len(eigenvalues), len(eigenvalues))))
    return turn @ np.diag(eigenvalues) @ turn.T


def small_model(activation: str, seed: int):
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(5, activation), keras.layers.Dense(4, activation)]
    model = keras.Sequential([keras.Input((6,)), *layers, keras.layers.Dense(3)])
    random = np.random.default_rng(seed)
    x = tf.constant(random.normal(size=(20, 6)), tf.float32)
    return model, x, tf.constant(random.integers(0, 3, 20), tf.int32)


def dense_hessian(loss, variables) -> np.ndarray:
    """By TensorFlow's own Jacobian of the gradient, without the code that is tested."""
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as inner:
            value = loss()
        gradients = inner.gradient(value, variables)
        row = tf.concat([tf.reshape(gradient, [-1]) for gradient in gradients], 0)
    blocks = outer.jacobian(
        row, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO,
        experimental_use_pfor=False,
    )  # fmt: skip
    return np.concatenate([np.reshape(block, (len(row), -1)) for block in blocks], axis=1)


@pytest.mark.parametrize(("activation", "seed"), [("tanh", 0), ("tanh", 1), ("relu", 2)])
@pytest.mark.parametrize("kind", ["cross-entropy", "squared error"])
def test_equals_the_dense_hessian_of_a_small_model(activation, seed, kind) -> None:
    model, x, y = small_model(activation, seed)

    def loss():
        logits = model(x, training=False)
        if kind == "squared error":
            return tf.reduce_mean((logits - tf.one_hot(y, 3)) ** 2)
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))

    variables = model.trainable_variables
    hessian = dense_hessian(loss, variables)
    wanted = np.linalg.eigvalsh(hessian)[-1]
    curvature, vector = largest_curvature(loss, variables, tolerance=1e-4)
    assert curvature == pytest.approx(wanted, rel=1e-3)
    assert vector.shape == (len(hessian),)
    assert np.linalg.norm(vector) == pytest.approx(1)
    assert np.linalg.norm(hessian @ vector - wanted * vector) < 2e-3 * wanted
    other = np.random.default_rng(9).normal(size=len(hessian))
    product = hessian_product(loss, variables)(other).numpy()
    np.testing.assert_allclose(product, hessian @ other, atol=1e-4)


def test_the_largest_in_value_not_in_size() -> None:
    loss, weights = quadratic(random_matrix([-50.0, -3.0, 0.5, 2.0, *np.linspace(0, 1, 16)]))
    assert largest_curvature(loss, [weights])[0] == pytest.approx(2.0, rel=0.01)


def test_negative_curvature_everywhere() -> None:
    loss, weights = quadratic(random_matrix([-9.0, -4.0, -1.0]))
    assert largest_curvature(loss, [weights])[0] == pytest.approx(-1.0, rel=0.01)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 50])
def test_any_number_of_weights(size) -> None:
    eigenvalues = np.linspace(1.0, 3.0, size)
    loss, weights = quadratic(random_matrix(eigenvalues))
    assert largest_curvature(loss, [weights])[0] == pytest.approx(eigenvalues[-1], rel=0.01)


def test_equal_largest_eigenvalues() -> None:
    loss, weights = quadratic(random_matrix([7.0, 7.0, 7.0, *np.linspace(0, 3, 30)]))
    assert largest_curvature(loss, [weights])[0] == pytest.approx(7.0, rel=1e-3)


def test_many_eigenvalues_close_to_the_largest() -> None:
    loss, weights = quadratic(random_matrix(np.linspace(9.0, 10.0, 60)))
    assert largest_curvature(loss, [weights], tolerance=0.001)[0] == pytest.approx(10.0, rel=0.002)


def test_a_flat_loss_has_no_curvature() -> None:
    weights = tf.Variable([1.0, 2.0, 3.0])
    assert largest_curvature(lambda: tf.reduce_sum(2 * weights), [weights])[0] == 0.0


def counted(monkeypatch) -> list[int]:
    """Count the products of all following calls."""
    count = [0]
    original = sharpness.compiled_product

    def counting(*arguments):
        product = original(*arguments)

        def one(vector):
            count[0] += 1
            return product(vector)

        return one

    monkeypatch.setattr(sharpness, "compiled_product", counting)
    return count


def test_a_warm_start_saves_products(monkeypatch) -> None:
    loss, weights = quadratic(random_matrix([10.0, *np.linspace(0, 9.7, 199)]))
    count = counted(monkeypatch)
    _, vector = largest_curvature(loss, [weights], tolerance=1e-3)
    cold = count[0]
    curvature, _ = largest_curvature(loss, [weights], vector, tolerance=1e-3)
    assert curvature == pytest.approx(10.0, rel=1e-3)
    assert count[0] - cold < 0.7 * cold


def test_a_warm_start_at_an_eigenvector_that_is_no_longer_the_largest() -> None:
    vectors = np.eye(30)
    loss, weights = quadratic(np.diag([5.0, 20.0, *np.linspace(0, 4, 28)]))
    for start in vectors[[0, 2, 29]]:
        curvature, vector = largest_curvature(loss, [weights], start)
        assert curvature == pytest.approx(20.0, rel=0.01)
        assert abs(vector[1]) > 0.99


def test_two_nearly_equal_eigenvalues_can_be_confused_when_started_at_the_second() -> None:
    """As the docstring of ``tolerance`` says: the result is an eigenvalue, not surely the largest."""
    size = 28_618
    random = np.random.default_rng(0)
    eigenvalues = np.array([5, 5.25, *4 * random.random(size - 2) ** 30])

    def product(vector):
        return eigenvalues * vector.ravel()

    cold, _ = top_eigenpair(product, start_vector(None, size))
    assert cold == pytest.approx(5.25, rel=1e-3)
    warm, vector = top_eigenpair(product, start_vector(np.eye(1, size)[0], size))
    assert min(abs(warm - 5), abs(warm - 5.25)) < 0.005, "one of the two"
    assert np.linalg.norm(product(vector) - warm * vector) <= 0.001 * warm


@pytest.mark.parametrize("tolerance", [0.05, 0.001, 1e-4])
def test_what_is_returned_is_an_eigenpair_to_the_tolerance(tolerance) -> None:
    """Of a network of 28,618 weights, before and after steps that are almost too long."""
    keras.utils.set_random_seed(0)
    hidden = [keras.layers.Dense(32, activation="relu") for _ in range(4)]
    network = keras.Sequential([keras.Input((784,)), *hidden, keras.layers.Dense(10)])
    random = np.random.default_rng(0)
    x = tf.constant(random.normal(size=(200, 784)) / 10, tf.float32)
    y = tf.one_hot(random.integers(0, 10, 200), 10)
    variables = network.trainable_variables

    def loss():
        return tf.reduce_mean(tf.reduce_sum((network(x) - y) ** 2, axis=1)) / 2

    product = sharpness.compiled_product(loss, variables)
    vector = None
    for _ in range(4):
        curvature, vector = largest_curvature(loss, variables, vector, tolerance=tolerance)
        residual = product(vector).numpy() - curvature * vector
        assert np.linalg.norm(residual) <= 1.05 * tolerance * curvature
        assert np.linalg.norm(vector) == pytest.approx(1)
        for _ in range(5):
            with tf.GradientTape() as tape:
                value = loss()
            for variable, g in zip(variables, tape.gradient(value, variables), strict=True):
                variable.assign_sub(1.5 / curvature * g)


def test_follows_the_variables_without_another_compilation() -> None:
    weights = tf.Variable([1.0, 3.0])

    def loss():
        traces.append(1)
        return tf.reduce_sum(weights**3)

    traces = []
    assert largest_curvature(loss, [weights])[0] == pytest.approx(18.0, rel=1e-4)
    before = len(traces)
    weights.assign([5.0, 1.0])
    assert largest_curvature(loss, [weights])[0] == pytest.approx(30.0, rel=1e-4)
    assert len(traces) == before


def test_another_loss_is_compiled_anew_and_old_ones_are_forgotten() -> None:
    weights = tf.Variable([1.0, 1.0])
    losses = [lambda k=k: k * tf.reduce_sum(weights**2) for k in range(1, 12)]
    found = [largest_curvature(loss, [weights])[0] for loss in [*losses, *losses]]
    assert found == pytest.approx([2.0 * k for k in [*range(1, 12), *range(1, 12)]])
    assert len(sharpness._compiled) <= sharpness.REMEMBERED


def test_scales_stretch_the_landscape() -> None:
    matrix = random_matrix([1.0, 2.0, 3.0, 6.0])
    loss, weights = quadratic(matrix)
    scales = np.array([4.0, 1.0, 0.25, 2.0])
    stretched = matrix / np.sqrt(np.outer(scales, scales))
    curvature, _ = largest_curvature(loss, [weights], scales=[scales], tolerance=1e-4)
    assert curvature == pytest.approx(np.linalg.eigvalsh(stretched)[-1], rel=1e-3)


def test_float64_and_no_xla() -> None:
    weights = tf.Variable([1.0, 3.0], dtype=tf.float64)
    curvature, _ = largest_curvature(
        lambda: tf.reduce_sum(weights**3), [weights], jit_compile=False
    )
    assert curvature == pytest.approx(18.0, rel=1e-9)


def test_the_same_call_gives_the_same_numbers() -> None:
    loss, weights = quadratic(random_matrix(np.linspace(0, 1, 40)))
    first, second = (largest_curvature(loss, [weights]) for _ in range(2))
    assert first[0] == second[0]
    np.testing.assert_array_equal(first[1], second[1])


def test_says_so_when_it_has_not_converged() -> None:
    loss, weights = quadratic(random_matrix(np.linspace(0.99, 1.0, 400)))
    with pytest.raises(NotConverged, match="not found with tolerance 1e-06 in 20 products"):
        largest_curvature(loss, [weights], tolerance=1e-6, max_products=20)


def test_top_eigenpair_keeps_to_the_products_that_are_allowed() -> None:
    count = [0]
    eigenvalues = np.linspace(0.999, 1.0, 500)

    def product(vector):
        count[0] += 1
        return eigenvalues * vector.ravel()

    start = np.full(500, 500**-0.5)
    with pytest.raises(NotConverged):
        top_eigenpair(product, start, tolerance=1e-6, max_products=60)
    assert count[0] <= 60


X = tf.Variable([1.0, 2.0])
HALF = tf.Variable([1.0], dtype=tf.float16)
WHOLE = tf.Variable([1])


def fine() -> tf.Tensor:
    return tf.reduce_sum(X**2)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"loss": 1.0}, TypeError, "loss must be a function without arguments"),
        ({"loss": lambda: X**2}, ValueError, r"loss must return one number, a tensor, got float32"),
        ({"loss": lambda: 3.0}, ValueError, "loss must return one number, a tensor, got 3.0"),
        ({"loss": lambda: tf.constant(3.0)}, ValueError, "loss must depend on the variables"),
        (
            {"loss": lambda: tf.reduce_sum(X**2) * tf.random.uniform(())},
            ValueError,
            "loss must return the same number each time",
        ),
        ({"variables": X}, TypeError, "variables must be a list of variables"),
        ({"variables": []}, ValueError, "variables must hold at least one variable"),
        ({"variables": [tf.constant(1.0)]}, TypeError, r"variables\[0\] must be a variable"),
        ({"variables": [HALF]}, ValueError, "variables must all be float32.*got float16"),
        ({"variables": [X, WHOLE]}, ValueError, "got float32 and int32"),
        ({"vector": [1.0]}, ValueError, r"vector must have shape \(2,\), got \(1,\)"),
        ({"vector": [0.0, 0.0]}, ValueError, "vector must be finite and not all zeros"),
        ({"vector": [np.nan, 0.0]}, ValueError, "vector must be finite and not all zeros"),
        ({"scales": [np.ones(3)]}, ValueError, "scales must have the shapes of the variables"),
        ({"scales": [np.zeros(2)]}, ValueError, r"scales\[0\] must hold finite numbers above 0"),
        ({"tolerance": 0.0}, ValueError, "tolerance must be from 1e-6 to 0.5, got 0.0"),
        ({"tolerance": "small"}, TypeError, "tolerance must be a number, got str 'small'"),
        ({"tolerance": float("nan")}, ValueError, "tolerance must be a finite number"),
        ({"max_products": 5}, ValueError, "max_products must be 20 or more, got 5"),
        ({"seed": -1}, ValueError, "seed must be 0 or more, got -1"),
        ({"seed": 0.5}, TypeError, "seed must be an int, got float 0.5"),
    ],
)
def test_refuses(arguments, error, words) -> None:
    with pytest.raises(error, match=words):
        largest_curvature(**{"loss": fine, "variables": [X], **arguments})


def test_refuses_weights_that_are_no_numbers_any_more() -> None:
    weights = tf.Variable([1.0, float("nan")])
    with pytest.raises(ValueError, match=r"must be finite.*has the training diverged"):
        largest_curvature(lambda: tf.reduce_sum(weights**3), [weights])


def test_descent_ends_where_the_curvature_is_below_two_over_the_rate() -> None:
    """Two weights, loss (a b - 1) ** 2 / 2; where it is 0 the curvature is a ** 2 + b ** 2."""
    weights = tf.Variable([3.0, 0.2])

    def loss():
        return (weights[0] * weights[1] - 1) ** 2 / 2

    for rate, moves_away in ((0.1, False), (0.4, True)):
        a, b = 3.0, 0.2
        for _ in range(5000):
            error = a * b - 1
            a, b = a - rate * error * b, b - rate * error * a
        weights.assign([a, b])
        curvature, _ = largest_curvature(loss, [weights])
        assert curvature == pytest.approx(a**2 + b**2, rel=1e-3)
        assert curvature < 2 / rate
        assert (curvature < 8) == moves_away, "a low rate stays where it is sharp"
