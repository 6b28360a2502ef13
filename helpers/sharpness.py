"""Measure the curvature of a loss while a model trains: the largest eigenvalue of its Hessian.

The Hessian, the matrix of all second derivatives, is never built: it has the square of the number of
weights as entries. Only its products with vectors are computed, each for one to a few times the price
of a gradient, in code that XLA compiles once. SciPy's ``eigsh`` (ARPACK) finds the eigenvalue from them.

    curvature, vector = largest_curvature(loss, model.trainable_variables)
    ...                                                          # train on
    curvature, vector = largest_curvature(loss, model.trainable_variables, vector)

Gradient descent with a constant rate is stable along a direction while its curvature is below
``2 / rate`` (Cohen et al. 2021, arXiv 2103.00065). With momentum ``m`` the limit is
``(2 + 2 m) / rate``. Adam's with ``beta_1 = 0.9`` is ``38 / rate``, for the curvature with ``scales``.

A call costs 10 to 20 products as a rule; the first one with a ``loss`` also compiles. A low curvature
is no proof of health: a network that a high rate has destroyed can be flat too: look at the loss beside
it. A model with BatchNormalization is measured as it is under ``training=False``, with its moving
averages, which is not quite the loss that it is trained on.

Needs NumPy, SciPy and TensorFlow; variables may be Keras's. Works alone in an empty folder.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from numbers import Integral, Real

import numpy as np
import tensorflow as tf
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

REMEMBERED = 8  # compiled products that are kept, with what their losses hold
NOISE = 0.1  # share of a random direction in a warm start
SUBSPACE = 8  # how many vectors the eigenvalue is sought with at a time

Loss = Callable[[], tf.Tensor]
_compiled: OrderedDict[tuple, tuple[Callable, Loss, tuple]] = OrderedDict()


class NotConverged(RuntimeError):
    """The eigenvalue was not found within the allowed number of products."""


def largest_curvature(
    loss: Loss,
    variables: Sequence,
    vector: np.ndarray | None = None,
    scales: Sequence[np.ndarray] | None = None,
    tolerance: float = 0.001,
    max_products: int = 500,
    seed: int = 0,
    jit_compile: bool = True,
) -> tuple[float, np.ndarray]:
    """Find the largest eigenvalue of the Hessian of ``loss`` with respect to ``variables``.

    It is the largest in value, not in size: a direction that curves downwards strongly is not
    reported. Before the first call with a ``loss`` it is compiled; then calls with the same function
    and the same variables reuse that, so what changes must be a variable or a tensor variable: a
    Python number that ``loss`` reads keeps the value of the first call.

    Args:
        loss: a function without arguments that returns the loss as one number (a tensor), the same
            number each time: over fixed data, without dropout or shuffling.
        variables: what the loss depends on: ``model.trainable_variables``, or a list of
            ``tf.Variable``; one or more, all of one floating-point type.
        vector: where to start: the second result of an earlier call. Along a training this saves up
            to a quarter of the products; at least about 10 are always made. A tenth of a random
            direction is mixed in, or a start at an exact eigenvector would stay there when another
            one has become the largest.
        scales: arrays above 0, one per variable and of its shape. Given them, the result is the
            curvature for an optimizer that divides the gradient by ``scales``, as Adam does by the
            root of its second moment: the largest eigenvalue of ``S**-0.5 H S**-0.5``.
        tolerance: how exactly the pair must be an eigenpair, from 1e-6 (float32 gives no more) to
            0.5: ``norm(H v - curvature v) <= tolerance * abs(curvature)`` for the returned ``v`` of
            length 1. So some eigenvalue is that near. That it is the largest is likely, not certain:
            two nearly equal ones can be confused, and then the result is too low by their distance.
            That happens most easily with a ``vector`` that has become the second; a smaller
            tolerance makes it rarer.
        max_products: how many products to allow before giving up; 20 or more.
        seed: of the random direction.
        jit_compile: whether XLA compiles the product; False for a loss that XLA cannot compile.

    Returns:
        The curvature, and its eigenvector: shape (n,) for n weights in all, length 1, in the order
        of ``variables``.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: a number is out of range, a shape does not fit, the loss does not depend on the
            variables, is not one number or differs from call to call, or a product is NaN or
            infinite, as after a divergence.
        NotConverged: ``max_products`` were not enough.
    """
    check_numbers(tolerance, max_products, seed)
    check_variables(variables)
    product = compiled_product(loss, variables, jit_compile)
    size = sum(math.prod(variable.shape) for variable in variables)
    start = start_vector(vector, size, seed)
    shrink = 1.0 if scales is None else flat(checked_scales("scales", scales, variables)) ** -0.5

    def times_hessian(direction: np.ndarray) -> np.ndarray:
        return shrink * checked_product("the product", product(shrink * direction.ravel()).numpy())

    return top_eigenpair(times_hessian, start, tolerance, max_products)


def hessian_product(loss: Loss, variables: Sequence, jit_compile: bool = True) -> Callable:
    """Make a compiled function that multiplies the Hessian of ``loss`` with a vector.

    The product is the gradient of a gradient: of the sum of gradient times vector.

    Args:
        loss: as in ``largest_curvature``.
        variables: as in ``largest_curvature``; n numbers in all.
        jit_compile: whether XLA compiles it.

    Returns:
        ``product(vector)``: takes and returns float64 of shape (n,); what it computes with has the
        variables' type.
    """
    shapes = [variable.shape for variable in variables]
    sizes = [math.prod(shape) for shape in shapes]

    @tf.function(jit_compile=jit_compile)
    def product(vector: tf.Tensor) -> tf.Tensor:
        pieces = tf.split(tf.cast(vector, variables[0].dtype), sizes)
        parts = [tf.reshape(piece, shape) for piece, shape in zip(pieces, shapes, strict=True)]
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                value = loss()
            gradients = inner.gradient(value, variables, unconnected_gradients="zero")
            along = tf.add_n([tf.reduce_sum(g * p) for g, p in zip(gradients, parts, strict=True)])
        columns = outer.gradient(along, variables, unconnected_gradients="zero")
        return tf.cast(tf.concat([tf.reshape(part, [-1]) for part in columns], axis=0), tf.float64)

    return product


def top_eigenpair(
    product: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    tolerance: float = 0.001,
    max_products: int = 500,
) -> tuple[float, np.ndarray]:
    """Find the largest eigenvalue of a symmetric matrix of which only products are known.

    Args:
        product: takes a vector of shape (n,) and returns the matrix times it.
        start: shape (n,), not an exact eigenvector.
        tolerance: as in ``largest_curvature``.
        max_products: as in ``largest_curvature``.

    Returns:
        The eigenvalue, and its eigenvector of length 1.

    Raises:
        NotConverged: ``max_products`` were not enough.
    """
    size = len(start)
    first = product(start)
    if size == 1 or not first.any():  # ARPACK takes neither
        return float(first @ start), start
    matrix = LinearOperator((size, size), product, dtype=start.dtype)
    subspace = min(SUBSPACE, size)
    restarts = max(1, (max_products - subspace - 2) // max(1, subspace // 2))
    try:
        values, vectors = eigsh(
            matrix, 1, which="LA", v0=start, ncv=subspace, tol=tolerance, maxiter=restarts
        )
    except ArpackNoConvergence:
        raise NotConverged(
            f"the largest eigenvalue was not found with tolerance {tolerance:g} in {max_products} "
            "products: allow more max_products, or a larger tolerance"
        ) from None
    return float(values[0]), vectors[:, 0]


def start_vector(vector: np.ndarray | None, size: int, seed: int = 0) -> np.ndarray:
    """A random direction of length 1, or ``vector`` with a tenth of one."""
    noise = np.random.default_rng(seed).normal(size=size)
    noise /= np.linalg.norm(noise)
    if vector is not None:
        noise = checked_vector("vector", vector, size) + NOISE * noise
    return noise / np.linalg.norm(noise)


def flat(arrays: Sequence) -> np.ndarray:
    """All numbers of some arrays or variables in one row, in their order; float64."""
    return np.concatenate([np.ravel(array).astype(np.float64) for array in arrays])


def compiled_product(loss: Loss, variables: Sequence, jit_compile: bool = True) -> Callable:
    """``hessian_product``, compiled once per loss and variables; the last few are kept."""
    key = (id(loss), *map(id, variables), jit_compile)
    if key not in _compiled:
        check_loss(loss, variables)
        kept_alive = (loss, tuple(variables))  # or another object could get their ids
        _compiled[key] = hessian_product(loss, variables, jit_compile), *kept_alive
        while len(_compiled) > REMEMBERED:
            _compiled.popitem(last=False)
    _compiled.move_to_end(key)
    return _compiled[key][0]


def check_numbers(tolerance: float, max_products: int, seed: int) -> None:
    """Say what is wrong with a number that ``largest_curvature`` takes."""
    if not 1e-6 <= checked_rate("tolerance", tolerance) <= 0.5:
        raise ValueError(f"tolerance must be from 1e-6 to 0.5, got {tolerance}")
    checked_steps("max_products", max_products, minimum=20)
    checked_steps("seed", seed, minimum=0)


def check_variables(variables: Sequence) -> None:
    """Say why these are no variables that a curvature can be taken for."""
    if not isinstance(variables, (list, tuple)):
        raise TypeError(f"variables must be a list of variables, got {type(variables).__name__}")
    if not variables:
        raise ValueError("variables must hold at least one variable, got none")
    for number, variable in enumerate(variables):
        if not hasattr(variable, "assign"):
            raise TypeError(
                f"variables[{number}] must be a variable of TensorFlow or Keras, "
                f"got {type(variable).__name__}"
            )
    types = sorted({tf.as_dtype(variable.dtype).name for variable in variables})
    if len(types) > 1 or types[0] not in ("float32", "float64"):
        raise ValueError(
            f"variables must all be float32, or all float64, got {' and '.join(types)}"
        )


def check_loss(loss: Loss, variables: Sequence) -> None:
    """Say why a function has no curvature that could be measured; it is called twice."""
    if not callable(loss):
        raise TypeError(
            f"loss must be a function without arguments that computes the loss, "
            f"got {type(loss).__name__}: pass lambda: ..., not its value"
        )
    with tf.GradientTape() as tape:
        value = loss()
    if not tf.is_tensor(value) or value.shape != () or not value.dtype.is_floating:
        found = f"{value.dtype.name} of shape {value.shape}" if tf.is_tensor(value) else repr(value)
        raise ValueError(f"loss must return one number, a tensor, got {found:.80}")
    if all(gradient is None for gradient in tape.gradient(value, variables)):
        raise ValueError(
            "loss must depend on the variables and compute with TensorFlow: it has no gradient"
        )
    again = float(loss())
    if math.isfinite(again) and again != float(value):
        raise ValueError(
            f"loss must return the same number each time, got {float(value)} and {again}: "
            "call the model with training=False, and shuffle nothing"
        )


def checked_vector(name: str, vector: np.ndarray, size: int) -> np.ndarray:
    """Return a direction with length 1, or say what is wrong with it."""
    vector = np.asarray(vector, np.float64)
    if vector.shape != (size,):
        raise ValueError(f"{name} must have shape ({size},), got {vector.shape}")
    length = np.linalg.norm(vector)
    if not 0 < length < math.inf:
        raise ValueError(f"{name} must be finite and not all zeros, its length is {length}")
    return vector / length


def checked_scales(
    name: str, scales: Sequence[np.ndarray], variables: Sequence
) -> list[np.ndarray]:
    """Return the scales as arrays, or say which does not fit its variable."""
    arrays = [np.asarray(scale) for scale in scales]
    shapes = [tuple(variable.shape) for variable in variables]
    if [array.shape for array in arrays] != shapes:
        raise ValueError(
            f"{name} must have the shapes of the variables, {shapes}, "
            f"got {[array.shape for array in arrays]}"
        )
    for number, array in enumerate(arrays):
        if not (np.isfinite(array).all() and (array > 0).all()):
            raise ValueError(f"{name}[{number}] must hold finite numbers above 0")
    return arrays


def checked_product(name: str, product: np.ndarray) -> np.ndarray:
    """Return a product of the Hessian, or say that it is broken."""
    if not np.isfinite(product).all():
        raise ValueError(
            f"{name} of the Hessian with a vector must be finite, got NaN or infinity: "
            "are the weights finite, or has the training diverged?"
        )
    return product


def checked_rate(name: str, value: float, minimum: float = 0.0) -> float:
    """Return ``value`` as a float, or say why it cannot be a rate (or a factor)."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {type(value).__name__} {value!r:.60}")
    if not math.isfinite(value) or value < minimum:
        raise ValueError(f"{name} must be a finite number, {minimum:g} or more, got {value}")
    return float(value)


def checked_steps(name: str, value: int, minimum: int = 1) -> int:
    """Return ``value`` as an int, or say why it cannot be a number of steps, epochs or items."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an int, got {type(value).__name__} {value!r:.60}")
    if value < minimum:
        raise ValueError(f"{name} must be {minimum} or more, got {value}")
    return int(value)
