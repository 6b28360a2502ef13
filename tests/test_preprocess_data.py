"""The real data, verified; scaling, splitting and batching; bad input."""

import gzip
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import preprocess_data
from helpers.preprocess_data import (
    CLASS_NAMES,
    FILE_DIGESTS,
    load_fashion_mnist,
    make_dataset,
    prepare_data,
    train_validation_split,
)

DATA = PROJECT / "data" / "fashion-mnist"


@pytest.fixture(scope="module")
def data() -> tuple:
    return load_fashion_mnist()


@pytest.fixture
def copied_data(tmp_path: Path) -> Path:
    for path in DATA.glob("*.gz"):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_shapes_types_and_counts(data: tuple) -> None:
    (train_images, train_labels), (test_images, test_labels) = data
    assert train_images.shape == (60_000, 28, 28) and test_images.shape == (10_000, 28, 28)
    assert train_labels.shape == (60_000,) and test_labels.shape == (10_000,)
    assert {a.dtype for split in data for a in split} == {np.dtype("uint8")}
    assert np.bincount(train_labels).tolist() == [6000] * 10
    assert np.bincount(test_labels).tolist() == [1000] * 10
    assert len(CLASS_NAMES) == 10 and len(set(CLASS_NAMES)) == 10


def test_first_labels_and_pixels_are_the_published_ones(data: tuple) -> None:
    (train_images, train_labels), (_, test_labels) = data
    assert train_labels[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert test_labels[:10].tolist() == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]
    assert train_images.mean() / 255 == pytest.approx(0.2860406, abs=1e-6)
    assert train_images.std() / 255 == pytest.approx(0.3530242, abs=1e-6)


def test_equals_what_keras_reads_from_the_same_files(
    data: tuple, copied_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keras downloads, then parses; only its download is replaced here."""
    import keras

    module = sys.modules["keras.src.datasets.fashion_mnist"]
    monkeypatch.setattr(module, "get_file", lambda name, **_: str(copied_data / name))
    for ours, theirs in zip(data, keras.datasets.fashion_mnist.load_data(), strict=True):
        for our_array, their_array in zip(ours, theirs, strict=True):
            assert our_array.dtype == their_array.dtype
            np.testing.assert_array_equal(our_array, their_array)


def test_arrays_can_be_written_to(data: tuple) -> None:
    assert all(array.flags.writeable for split in data for array in split)


def test_digests_are_those_of_the_sums_file() -> None:
    lines = (DATA / "SHA256SUMS").read_text().splitlines()
    assert {name: digest for digest, name in (line.split() for line in lines)} == FILE_DIGESTS
    for name, digest in FILE_DIGESTS.items():
        content = gzip.decompress((DATA / f"{name}.gz").read_bytes())
        assert hashlib.sha256(content).hexdigest() == digest


@pytest.mark.parametrize("name", FILE_DIGESTS)
def test_missing_file_is_named_with_how_to_restore_it(copied_data: Path, name: str) -> None:
    (copied_data / f"{name}.gz").unlink()
    with pytest.raises(FileNotFoundError, match=f"{name}.gz is missing") as caught:
        load_fashion_mnist(copied_data)
    assert "git checkout" in str(caught.value) and "keras.datasets" in str(caught.value)


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="train-images"):
        load_fashion_mnist(tmp_path / "nowhere")


def assert_digests_named(message: str, name: str, found: str) -> None:
    assert name in message
    assert f"expected SHA-256 {FILE_DIGESTS[name]}" in message
    assert f"found SHA-256    {found}" in message
    assert "git checkout" in message


def test_truncated_file(copied_data: Path) -> None:
    path = copied_data / "train-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(ValueError, match="not a whole gzip file") as caught:
        load_fashion_mnist(copied_data)
    found = re.search(r"found SHA-256    ([0-9a-f]{64})", str(caught.value)).group(1)
    assert_digests_named(str(caught.value), "train-labels-idx1-ubyte", found)
    assert found != FILE_DIGESTS["train-labels-idx1-ubyte"]


def test_file_with_only_its_check_sum_cut_off(copied_data: Path) -> None:
    path = copied_data / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ValueError, match=r"t10k-labels-idx1-ubyte\.gz"):
        load_fashion_mnist(copied_data)


def test_swapped_files(copied_data: Path) -> None:
    ours = copied_data / "t10k-labels-idx1-ubyte.gz"
    shutil.copy(DATA / "train-labels-idx1-ubyte.gz", ours)
    with pytest.raises(ValueError, match="content is that of train-labels-idx1-ubyte") as caught:
        load_fashion_mnist(copied_data)
    found = FILE_DIGESTS["train-labels-idx1-ubyte"]
    assert_digests_named(str(caught.value), "t10k-labels-idx1-ubyte", found)


def test_one_label_edited_in_a_sound_gzip_file(copied_data: Path) -> None:
    path = copied_data / "train-labels-idx1-ubyte.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[-1] ^= 1
    path.write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(ValueError, match="is not the Fashion-MNIST file") as caught:
        load_fashion_mnist(copied_data)
    found = hashlib.sha256(content).hexdigest()
    assert_digests_named(str(caught.value), "train-labels-idx1-ubyte", found)


@pytest.mark.parametrize("content", [b"", b"not gzip at all", b"\x1f\x8b"])
def test_no_gzip_file_at_all(copied_data: Path, content: bytes) -> None:
    (copied_data / "train-images-idx3-ubyte.gz").write_bytes(content)
    with pytest.raises(ValueError, match="expected SHA-256"):
        load_fashion_mnist(copied_data)


@settings(max_examples=25, deadline=None)
@given(position=st.integers(0, 5124), bit=st.integers(0, 7))
def test_any_flipped_bit_of_the_smallest_file_is_found_or_harmless(position: int, bit: int) -> None:
    """A gzip header has bits without meaning (a time, a system): then the content is unchanged."""
    name = "t10k-labels-idx1-ubyte"
    damaged = bytearray((DATA / f"{name}.gz").read_bytes())
    damaged[position] ^= 1 << bit
    original = gzip.decompress((DATA / f"{name}.gz").read_bytes())
    readable = preprocess_data._readable_part(bytes(damaged))
    try:
        whole = gzip.decompress(bytes(damaged))
    except Exception:
        return
    assert whole == readable == original


def test_prepare_data_divides_by_255() -> None:
    images = np.arange(256, dtype=np.uint8).repeat(784 * 1)[: 784 * 256].reshape(256, 28, 28)
    prepared = prepare_data(images)
    assert prepared.dtype == np.float32 and prepared.shape == images.shape
    assert prepared.min() == 0 and prepared.max() == 1
    np.testing.assert_array_equal(prepared, images / np.float32(255))


@settings(deadline=None)
@given(st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_prepare_data_can_be_undone(count: int, seed: int) -> None:
    images = np.random.default_rng(seed).integers(0, 256, (count, 28, 28), dtype=np.uint8)
    before = images.copy()
    np.testing.assert_array_equal(np.rint(prepare_data(images) * 255), images)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize(
    ("images", "error", "words"),
    [
        (np.zeros((28, 28), np.uint8), ValueError, r"got \(28, 28\).*images\[np.newaxis\]"),
        (np.zeros((2, 784), np.uint8), ValueError, r"\(n, 28, 28\), got \(2, 784\)"),
        (
            np.zeros((2, 28, 28, 1), np.uint8),
            ValueError,
            r"got \(2, 28, 28, 1\).*images\[\.\.\., 0\]",
        ),
        (np.zeros((2, 28, 28), np.float32), TypeError, "got float32.*scaled already"),
        (np.zeros((2, 28, 28), np.int64), TypeError, "got int64"),
        ([[0]], TypeError, "got list"),
        (None, TypeError, "got NoneType"),
    ],
)
def test_prepare_data_refuses(images: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        prepare_data(images)


def numbered(count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(count).reshape(count, 1), np.arange(count)


@settings(deadline=None)
@given(st.integers(2, 300), st.data())
def test_split_loses_and_repeats_nothing(count: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, count - 1))
    seed = data.draw(st.integers(0, 1000))
    images, labels = numbered(count)
    (x, y), (x_validation, y_validation) = train_validation_split(images, labels, size, seed)
    assert len(x) == count - size and len(x_validation) == size
    assert sorted([*y, *y_validation]) == labels.tolist()
    np.testing.assert_array_equal(x[:, 0], y)
    np.testing.assert_array_equal(x_validation[:, 0], y_validation)


def test_split_repeats_with_its_seed_only() -> None:
    images, labels = numbered(1000)
    (_, first), _ = train_validation_split(images, labels, 100, seed=3)
    (_, again), _ = train_validation_split(images, labels, 100, seed=3)
    (_, other), _ = train_validation_split(images, labels, 100, seed=4)
    assert first.tolist() == again.tolist() != other.tolist()


def test_split_of_the_real_data_has_every_class(data: tuple) -> None:
    (_, y), (_, y_validation) = train_validation_split(*data[0])
    assert len(y) == 50_000 and len(y_validation) == 10_000
    assert np.bincount(y_validation).min() > 900


@pytest.mark.parametrize("size", [0, -1, 10, 11])
def test_split_refuses_a_size_out_of_range(size: int) -> None:
    with pytest.raises(ValueError, match=f"validation_size must be from 1 to 9.*got {size}"):
        train_validation_split(*numbered(10), validation_size=size)


@pytest.mark.parametrize("size", [0.2, True, "3", None])
def test_split_refuses_a_size_that_is_no_int(size: object) -> None:
    with pytest.raises(TypeError, match="validation_size must be an int"):
        train_validation_split(*numbered(10), validation_size=size)


def test_split_refuses_unequal_lengths() -> None:
    with pytest.raises(ValueError, match="same length, got 10 and 9"):
        train_validation_split(np.zeros(10), np.zeros(9), 2)


def labels_in(dataset: object) -> list[list[int]]:
    return [labels.numpy().tolist() for _, labels in dataset]


def all_labels_in(dataset: object) -> list[int]:
    return [label for batch in labels_in(dataset) for label in batch]


def test_dataset_keeps_the_order_without_shuffle() -> None:
    assert labels_in(make_dataset(*numbered(10), 4)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    for images, labels in make_dataset(*numbered(10), 4):
        np.testing.assert_array_equal(images[:, 0], labels)


def test_shuffled_dataset_is_repeatable_and_new_in_each_epoch() -> None:
    dataset = make_dataset(*numbered(100), 32, shuffle=True, seed=5)
    first, second = all_labels_in(dataset), all_labels_in(dataset)
    again = all_labels_in(make_dataset(*numbered(100), 32, shuffle=True, seed=5))
    assert sorted(first) == sorted(second) == list(range(100))
    assert first != second and first != list(range(100))
    assert first == again
    for images, labels in dataset:
        np.testing.assert_array_equal(images[:, 0], labels)


@pytest.mark.parametrize(
    ("batch_size", "error"),
    [(0, ValueError), (-3, ValueError), (2.0, TypeError), (True, TypeError)],
)
def test_dataset_refuses(batch_size: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="batch_size must be"):
        make_dataset(*numbered(10), batch_size)


def test_dataset_refuses_unequal_lengths() -> None:
    with pytest.raises(ValueError, match="same length, got 10 and 9"):
        make_dataset(np.zeros(10), np.zeros(9), 2)


def test_importing_the_helpers_writes_nothing() -> None:
    program = (
        "import helpers.model, keras; helpers.model.create_model(); import os; os.write(2, b'end')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd="/")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"end")
