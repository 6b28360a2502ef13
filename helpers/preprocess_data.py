"""Load the real Fashion-MNIST offline, check it, scale it and split it.

Needs NumPy; ``make_dataset`` also needs TensorFlow. Works alone in an empty folder: pass
``data_dir`` the folder that holds the four ``.gz`` files.

For images of your own: ``prepare_data`` takes their shape and their largest value, and
``train_validation_split`` and ``make_dataset`` take arrays of any shape.
"""

import hashlib
import os
import warnings
import zlib
from collections.abc import Iterator
from math import prod
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

DATA_DIR = Path(__file__).resolve().parent.parent / "data" / "fashion-mnist"

FILE_SHAPES = {
    "train-images-idx3-ubyte": (60_000, 28, 28),
    "train-labels-idx1-ubyte": (60_000,),
    "t10k-images-idx3-ubyte": (10_000, 28, 28),
    "t10k-labels-idx1-ubyte": (10_000,),
}

# SHA-256 of the uncompressed IDX contents, as in data/fashion-mnist/SHA256SUMS.
FILE_DIGESTS = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}

Split = tuple[np.ndarray, np.ndarray]


def load_fashion_mnist(data_dir: str | Path | None = None) -> tuple[Split, Split]:
    """Read Fashion-MNIST from disk and verify every byte of it.

    Args:
        data_dir: folder with the four ``.gz`` files. Default: ``data/fashion-mnist`` of this
            project.

    Returns:
        ``(train_images, train_labels), (test_images, test_labels)``, exactly what
        ``keras.datasets.fashion_mnist.load_data()`` returns: images uint8 of shape (60000, 28, 28)
        and (10000, 28, 28), labels uint8 of shape (60000,) and (10000,).

    Raises:
        TypeError: ``data_dir`` is not a path.
        FileNotFoundError: a file is missing; the message names it and says how to restore it.
        ValueError: a file is truncated, swapped, edited, or followed by other bytes; the message
            gives the expected and the found SHA-256.
    """
    if data_dir is not None and not isinstance(data_dir, (str, os.PathLike)):
        raise TypeError(
            f"data_dir must be a str or a path, got {type(data_dir).__name__} {data_dir!r:.60}"
        )
    folder = DATA_DIR if data_dir is None else Path(data_dir)
    train = (
        _read_idx(folder, "train-images-idx3-ubyte"),
        _read_idx(folder, "train-labels-idx1-ubyte"),
    )
    test = (
        _read_idx(folder, "t10k-images-idx3-ubyte"),
        _read_idx(folder, "t10k-labels-idx1-ubyte"),
    )
    return train, test


def prepare_data(
    images: np.ndarray, largest_value: int = 255, shape: tuple[int, ...] = (28, 28)
) -> np.ndarray:
    """Scale images from whole numbers, 0 to ``largest_value``, to float32 in [0, 1].

    Args:
        images: shape ``(n, *shape)``, of the smallest unsigned type that holds ``largest_value``:
            uint8 up to 255, uint16 up to 65,535. For other whole numbers: ``images.astype``.
        largest_value: the largest value that a pixel can have, which becomes 1.
        shape: of one image: ``(28, 28)``, or for example ``(32, 32, 3)`` with three colours.

    Returns:
        float32, same shape, every value divided by ``largest_value``.

    Raises:
        TypeError: ``images`` is not a NumPy array of that type (already scaled, for example).
        ValueError: the shape is another, or a pixel is above ``largest_value``.

    Warns:
        UserWarning: no pixel comes near ``largest_value``, so it is probably not theirs.
    """
    check_images(images, largest_value, shape)
    return images.astype(np.float32) / np.float32(largest_value)


def check_images(images: np.ndarray, largest_value: int, shape: tuple[int, ...]) -> None:
    """Say what is wrong with images that ``prepare_data`` is not meant for."""
    checked_steps("largest_value", largest_value)
    if not isinstance(shape, (tuple, list)) or not shape:
        raise TypeError(f"shape must be a tuple such as (28, 28), got {shape!r:.60}")
    for size in shape:
        checked_steps("each size in shape", size)
    dtype = np.min_scalar_type(int(largest_value))
    if not isinstance(images, np.ndarray):
        raise TypeError(f"images must be a NumPy array of {dtype}, got {type(images).__name__}")
    if images.dtype != dtype:
        raise TypeError(
            f"images must have dtype {dtype} (0 to {largest_value}), got {images.dtype}. "
            + _how_to_convert(images, largest_value, dtype)
        )
    if images.shape[1:] != tuple(shape):
        wanted = ", ".join(map(str, shape))
        raise ValueError(
            f"images must have shape (n, {wanted}), got {images.shape}. "
            + _how_to_reshape(images, largest_value, tuple(shape))
        )
    highest = int(images.max(initial=0))
    if highest > largest_value:
        raise ValueError(
            f"images must have no value above largest_value = {largest_value}, got {highest}"
        )
    if 0 < highest <= largest_value // 8:
        warnings.warn(
            f"images have no value above {highest}, and largest_value is {largest_value}. If "
            f"{highest} is the most that a pixel can have, pass largest_value={highest}.",
            stacklevel=3,
        )


def _how_to_convert(images: np.ndarray, largest_value: int, dtype: np.dtype) -> str:
    """How images of another type become fit for ``prepare_data``, as far as their values tell."""
    if images.dtype.kind not in "iuf" or not images.size or not np.isfinite(images).all():
        return f"They must be whole numbers from 0 to {largest_value}."
    if images.dtype == np.uint8 and largest_value > 255:
        return f"In uint8 values above 255 have wrapped: cast the original images to {dtype}."
    lowest, highest = images.min(), images.max()
    if images.dtype.kind == "f" and lowest >= 0 and highest <= 1:
        return "Were they scaled already? prepare_data runs once."
    if lowest < 0 or (images.dtype.kind == "f" and (images % 1).any()):
        return (
            f"They go from {lowest:g} to {highest:g} and are not whole numbers from 0 on: pass the "
            "images as they were before any arithmetic."
        )
    if highest > largest_value:
        return f"They go up to {highest:g}: pass the most that a pixel can have as largest_value."
    return f"They hold whole numbers up to {highest:g}, so images.astype(np.{dtype}) loses nothing."


def _how_to_reshape(images: np.ndarray, largest_value: int, shape: tuple[int, ...]) -> str:
    """What to do about images of another shape, whichever of the usual reasons it has."""
    found = images.shape
    if found == shape:
        return "One image alone needs images[np.newaxis]."
    if found[1:] == (*shape, 1):
        return "An axis too many goes with images[..., 0]."
    if (*found[1:], 1) == shape:
        return "An axis too few comes with images[..., np.newaxis]."
    if len(found) in (1, 2) and found[-1] == prod(shape):
        return f"Flat images need images.reshape(-1, {', '.join(map(str, shape))})."
    if len(found) < 3:
        return (
            "The first axis must count the images: one image alone needs images[np.newaxis], flat "
            "ones images.reshape(-1, rows, columns)."
        )
    advice = f"If that is the shape of your images, pass shape={found[1:]}"
    highest = images.max(initial=0)
    if 0 < highest <= largest_value // 8 or highest > largest_value:
        return (
            f"{advice}, and as they go up to {highest}, largest_value={highest} too if that is "
            "the most that a pixel can have."
        )
    return f"{advice}."


def train_validation_split(
    images: np.ndarray, labels: np.ndarray, validation_size: int = 10_000, seed: int = 0
) -> tuple[Split, Split]:
    """Set part of the training images aside for validation, chosen at random but repeatably.

    The split is not stratified: each class comes near its share of the validation images, but not
    exactly to it. A class with very few images can even be missing there.

    Args:
        images: shape (n, ...).
        labels: shape (n,) or (n, ...).
        validation_size: how many images to set aside, from 1 to n - 1.
        seed: the same seed gives the same split.

    Returns:
        ``(train_images, train_labels), (validation_images, validation_labels)``. Every image is in
        exactly one of the two parts.

    Raises:
        TypeError: ``images`` or ``labels`` is not a NumPy array, or ``validation_size`` or ``seed``
            not an int.
        ValueError: ``validation_size`` or ``seed`` is out of range, or there are not as many labels
            as images.
    """
    check_arrays(images=images, labels=labels)
    check_lengths(images, labels)
    check_validation_size(validation_size, len(images))
    order = np.random.default_rng(checked_steps("seed", seed, minimum=0)).permutation(len(images))
    validation, train = order[:validation_size], order[validation_size:]
    return (images[train], labels[train]), (images[validation], labels[validation])


def make_dataset(
    images: np.ndarray,
    labels: np.ndarray,
    batch_size: int,
    shuffle: bool = False,
    seed: int | None = None,
) -> "tf.data.Dataset":
    """Build a ``tf.data`` pipeline that yields batches of images and labels.

    Whole batches are gathered by index, not image by image. The order is new in every epoch when
    ``shuffle`` is set.

    Args:
        images: shape (n, ...).
        labels: shape (n,) or (n, ...).
        batch_size: images per batch, at least 1; the last batch may be smaller.
        shuffle: draw a new order at every pass.
        seed: makes the sequence of orders repeatable; only used when ``shuffle`` is set.

    Returns:
        A dataset of pairs: (batch, ...) images and (batch, ...) labels.

    Raises:
        TypeError: ``batch_size`` or ``seed`` is not an int.
        ValueError: ``batch_size`` is below 1, ``seed`` is negative, there is no image, or there are
            not as many labels as images.
    """
    import tensorflow as tf

    check_lengths(images, labels)
    check_batches(batch_size, seed)
    all_images, all_labels = tf.constant(images), tf.constant(labels)
    indices = tf.data.Dataset.range(len(images))
    if shuffle:
        indices = indices.shuffle(len(images), seed=seed, reshuffle_each_iteration=True)
    batches = indices.batch(batch_size).map(
        lambda index: (tf.gather(all_images, index), tf.gather(all_labels, index))
    )
    return batches.prefetch(tf.data.AUTOTUNE)


def check_arrays(**arrays: np.ndarray) -> None:
    """Refuse what NumPy cannot index with a list of positions."""
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise TypeError(f"{name} must be a NumPy array, got {type(array).__name__}")


def check_lengths(images: np.ndarray, labels: np.ndarray) -> None:
    """Refuse no images at all, and images and labels that do not belong together."""
    lengths = []
    for name, values in (("images", images), ("labels", labels)):
        try:
            lengths.append(len(values))
        except TypeError:
            raise TypeError(
                f"{name} must be an array with an axis that counts the images, "
                f"got {type(values).__name__}"
            ) from None
    if lengths[0] != lengths[1]:
        raise ValueError(
            f"images and labels must have the same length, got {lengths[0]} and {lengths[1]}"
        )
    if not lengths[0]:
        raise ValueError("images must hold at least one image, got none")


def check_validation_size(validation_size: int, images: int) -> None:
    """Refuse a size that leaves no image for training, or none for validation."""
    if images < 2:
        raise ValueError(f"images must hold at least two images to be split, got {images}")
    if isinstance(validation_size, Integral) and not 1 <= validation_size < images:
        raise ValueError(
            f"validation_size must be from 1 to {images - 1} for {images} images, "
            f"got {validation_size}"
        )
    checked_steps("validation_size", validation_size)


def check_batches(batch_size: int, seed: int | None) -> None:
    """Refuse what cannot be a size of batches, or a seed."""
    checked_steps("batch_size", batch_size)
    if seed is not None:
        checked_steps("seed", seed, minimum=0)


def checked_steps(name: str, value: int, minimum: int = 1) -> int:
    """Return ``value`` as an int, or say why it cannot be a number of steps, epochs or items."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an int, got {type(value).__name__} {value!r:.60}")
    if value < minimum:
        raise ValueError(f"{name} must be {minimum} or more, got {value}")
    return int(value)


def _read_idx(folder: Path, name: str) -> np.ndarray:
    """Read one gzip-compressed IDX file: a header that gives the shape, then unsigned bytes."""
    path = folder / f"{name}.gz"
    if not path.is_file():
        raise FileNotFoundError(f"{path.name} is missing from {folder}. {_how_to_restore(path)}")
    expected = FILE_DIGESTS[name]
    content, found, damage = _unpack(path, _unpacked_size(name))
    if found == expected and not damage:
        shape = FILE_SHAPES[name]
        return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * len(shape)).reshape(shape)
    if found == expected:
        problem = f"{damage} What it unpacks to is right (SHA-256 {expected})."
    else:
        problem = (
            f"{damage or _whose_content(found)}\n  expected SHA-256 {expected},"
            f"\n  found SHA-256    {found}."
        )
    raise ValueError(
        f"{path.name} in {folder} is not the Fashion-MNIST file. {problem}\n{_how_to_restore(path)}"
    )


def _unpacked_size(name: str) -> int:
    """The number of bytes: four, four for each axis, and one for each pixel or label."""
    return 4 + 4 * len(FILE_SHAPES[name]) + prod(FILE_SHAPES[name])


def _unpack(path: Path, size: int) -> tuple[bytearray, str, str]:
    """Decompress a gzip file, but keep no more than ``size`` bytes of it.

    So a small file that unpacks to gigabytes takes no more memory than a sound one.

    Returns:
        The content, the digest of all that was read, and what is wrong with the file, if anything.
    """
    content, digest, total = bytearray(), hashlib.sha256(), 0
    most = max(map(_unpacked_size, FILE_SHAPES))  # read on so far: two files may be swapped
    try:
        for piece in _pieces(path):
            piece = piece[: most + 1 - total]
            digest.update(piece)
            content += piece[: size - len(content)]
            total += len(piece)
            if total > most:
                damage = f"It unpacks to more than {most:,} bytes; found is the digest of the first"
                return content, digest.hexdigest(), f"{damage} {total:,}."
    except ValueError as error:
        return content, digest.hexdigest(), str(error)
    return content, digest.hexdigest(), ""


def _pieces(path: Path) -> Iterator[bytes]:
    """What a gzip file unpacks to, at most a megabyte at a time; ValueError where it is damaged."""
    decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    with open(path, "rb") as file:
        while not decompressor.eof:
            chunk = decompressor.unconsumed_tail or file.read(2**16)
            if not chunk:
                raise ValueError(
                    "It is not a whole gzip file (its end is missing); found is what could be read."
                )
            try:
                piece = decompressor.decompress(chunk, 2**20)
            except zlib.error as error:
                raise ValueError(
                    f"It is not a whole gzip file ({error}); found is what could be read."
                ) from error
            yield piece
        if any(decompressor.unused_data) or file.read(1):
            raise ValueError("Other bytes follow the end of the compressed data.")


def _whose_content(digest: str) -> str:
    for name, known in FILE_DIGESTS.items():
        if digest == known:
            return f"Its content is that of {name}: two files were swapped."
    return "It is a whole gzip file, but its content is another."


def _how_to_restore(path: Path) -> str:
    """Where to get a sound file from: in the course from git, anywhere else by copying it."""
    if path.parent == DATA_DIR and (DATA_DIR / "SHA256SUMS").is_file():
        ways = f"git checkout -- data/fashion-mnist/{path.name} in the folder of the course"
    else:
        ways = (
            f"copy data/fashion-mnist/{path.name} from the course (data_dir may be any folder that "
            "holds the four files)"
        )
    return (
        f"To restore it: {ways}; or, online, keras.datasets.fashion_mnist.load_data() puts the four "
        "files into .keras/datasets/fashion-mnist in your home folder."
    )
