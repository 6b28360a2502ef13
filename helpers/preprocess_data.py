"""Load the real Fashion-MNIST offline, check it, scale it and split it.

Needs NumPy; ``make_dataset`` also needs TensorFlow. Works alone in an empty folder: pass
``data_dir`` the folder that holds the four ``.gz`` files.
"""

import gzip
import hashlib
import zlib
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
        FileNotFoundError: a file is missing; the message names it and says how to restore it.
        ValueError: a file is truncated, swapped or edited; the message gives the expected and the
            found SHA-256.
    """
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


def prepare_data(images: np.ndarray) -> np.ndarray:
    """Scale images from whole numbers in 0..255 to float32 in [0, 1].

    Args:
        images: uint8, shape (n, 28, 28).

    Returns:
        float32, same shape, every value divided by 255.

    Raises:
        TypeError: ``images`` is not a NumPy array of uint8 (already scaled images, for example).
        ValueError: the shape is not (n, 28, 28).
    """
    if not isinstance(images, np.ndarray):
        raise TypeError(f"images must be a NumPy array of uint8, got {type(images).__name__}")
    if images.dtype != np.uint8:
        raise TypeError(
            f"images must have dtype uint8 (0 to 255), got {images.dtype}. "
            "Were they scaled already? prepare_data runs once."
        )
    if images.shape[1:] != (28, 28):
        raise ValueError(
            f"images must have shape (n, 28, 28), got {images.shape}. "
            "One image alone needs images[np.newaxis]; an axis too many goes with images[..., 0]."
        )
    return images.astype(np.float32) / np.float32(255)


def train_validation_split(
    images: np.ndarray, labels: np.ndarray, validation_size: int = 10_000, seed: int = 0
) -> tuple[Split, Split]:
    """Set part of the training images aside for validation, chosen at random but repeatably.

    Args:
        images: shape (n, ...).
        labels: shape (n,).
        validation_size: how many images to set aside, from 1 to n - 1.
        seed: the same seed gives the same split.

    Returns:
        ``(train_images, train_labels), (validation_images, validation_labels)``. Every image is in
        exactly one of the two parts.

    Raises:
        TypeError: ``validation_size`` is not an int.
        ValueError: ``validation_size`` is out of range, or there are not as many labels as images.
    """
    if len(images) != len(labels):
        raise ValueError(
            f"images and labels must have the same length, got {len(images)} and {len(labels)}"
        )
    if isinstance(validation_size, bool) or not isinstance(validation_size, (int, np.integer)):
        raise TypeError(f"validation_size must be an int, got {validation_size!r}")
    if not 1 <= validation_size < len(images):
        raise ValueError(
            f"validation_size must be from 1 to {len(images) - 1} for {len(images)} images, "
            f"got {validation_size}"
        )
    order = np.random.default_rng(seed).permutation(len(images))
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

    Whole batches are gathered by index, which costs less than shuffling and batching image by
    image. The order is new in every epoch when ``shuffle`` is set.

    Args:
        images: shape (n, ...).
        labels: shape (n,).
        batch_size: images per batch, at least 1; the last batch may be smaller.
        shuffle: draw a new order at every pass.
        seed: makes the sequence of orders repeatable; only used when ``shuffle`` is set.

    Returns:
        A dataset of pairs: (batch, ...) images and (batch,) labels.

    Raises:
        TypeError: ``batch_size`` is not an int.
        ValueError: ``batch_size`` is below 1, or there are not as many labels as images.
    """
    import tensorflow as tf

    if len(images) != len(labels):
        raise ValueError(
            f"images and labels must have the same length, got {len(images)} and {len(labels)}"
        )
    if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)):
        raise TypeError(f"batch_size must be an int, got {batch_size!r}")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    all_images, all_labels = tf.constant(images), tf.constant(labels)
    indices = tf.data.Dataset.range(len(images))
    if shuffle:
        indices = indices.shuffle(len(images), seed=seed, reshuffle_each_iteration=True)
    batches = indices.batch(batch_size).map(
        lambda index: (tf.gather(all_images, index), tf.gather(all_labels, index))
    )
    return batches.prefetch(tf.data.AUTOTUNE)


def _read_idx(folder: Path, name: str) -> np.ndarray:
    """Read one gzip-compressed IDX file: a header that gives the shape, then unsigned bytes."""
    path = folder / f"{name}.gz"
    if not path.is_file():
        raise FileNotFoundError(f"{path.name} is missing from {folder}. {_how_to_restore(path)}")
    compressed = path.read_bytes()
    try:
        content = gzip.decompress(compressed)
        damage = ""
    except (OSError, EOFError, zlib.error) as error:
        content = _readable_part(compressed)
        damage = f" It is not a whole gzip file ({error}); found is what could be read."
    found = hashlib.sha256(content).hexdigest()
    if damage or found != FILE_DIGESTS[name]:
        raise ValueError(
            f"{path.name} in {folder} is not the Fashion-MNIST file.{damage}{_whose_content(found)}"
            f"\n  expected SHA-256 {FILE_DIGESTS[name]}\n  found SHA-256    {found}"
            f"\n{_how_to_restore(path)}"
        )
    # The digest has vouched for the header: a magic number whose last byte counts the dimensions.
    dimensions = content[3]
    shape = np.frombuffer(content, dtype=">i4", count=dimensions, offset=4)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * dimensions).reshape(shape).copy()


def _readable_part(compressed: bytes) -> bytes:
    """Decompress as far as a damaged gzip file allows."""
    decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    parts = []
    try:
        for start in range(0, len(compressed), 4096):
            parts.append(decompressor.decompress(compressed[start : start + 4096]))
    except zlib.error:
        pass
    return b"".join(parts)


def _whose_content(digest: str) -> str:
    for name, known in FILE_DIGESTS.items():
        if digest == known:
            return f" Its content is that of {name}: two files were swapped."
    return ""


def _how_to_restore(path: Path) -> str:
    return (
        f"To restore it: git checkout -- data/fashion-mnist/{path.name} in this project's folder; "
        "or, online, keras.datasets.fashion_mnist.load_data() downloads the same arrays."
    )
