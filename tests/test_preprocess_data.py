"""The real data, verified; scaling, splitting and batching; bad input."""

import gzip
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import tracemalloc
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT
from hypothesis import given, settings
from hypothesis import strategies as st
from lesson_files import read

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
    assert_says_how_to_restore(str(caught.value), name)


def assert_says_how_to_restore(message: str, name: str) -> None:
    """In a folder that is not the course's, git cannot help; a copy and Keras's download can."""
    assert f"copy data/fashion-mnist/{name}.gz from the course" in message
    assert "keras.datasets.fashion_mnist.load_data() puts the four files into" in message
    assert "git" not in message


@pytest.fixture
def course_data(copied_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the data that takes the place of the course's own."""
    shutil.copy(DATA / "SHA256SUMS", copied_data)
    monkeypatch.setattr(preprocess_data, "DATA_DIR", copied_data)
    return copied_data


def test_in_the_course_git_restores_a_file(course_data: Path) -> None:
    (course_data / "t10k-images-idx3-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError) as caught:
        load_fashion_mnist()
    command = "git checkout -- data/fashion-mnist/t10k-images-idx3-ubyte.gz"
    assert command in str(caught.value) and "keras.datasets" in str(caught.value)


def test_advice_to_copy_names_the_folder_where_keras_puts_the_files() -> None:
    import inspect

    import keras
    from keras.src.utils import file_utils

    source = inspect.getsource(keras.datasets.fashion_mnist.load_data)
    assert 'os.path.join("datasets", "fashion-mnist")' in source
    assert "~" in inspect.getsource(file_utils.get_file) and ".keras" in inspect.getsource(
        file_utils.get_file
    )


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="train-images"):
        load_fashion_mnist(tmp_path / "nowhere")


def assert_digests_named(message: str, name: str, found: str) -> None:
    assert name in message
    assert f"expected SHA-256 {FILE_DIGESTS[name]}" in message
    assert f"found SHA-256    {found}" in message
    assert_says_how_to_restore(message, name)


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


@settings(max_examples=50, deadline=None)
@given(position=st.integers(0, 5124), bit=st.integers(0, 7))
def test_any_flipped_bit_of_the_smallest_file_is_found_or_harmless(position: int, bit: int) -> None:
    """A gzip header has bits without meaning (a time, a system): then the content is unchanged."""
    name = "t10k-labels-idx1-ubyte"
    damaged = bytearray((DATA / f"{name}.gz").read_bytes())
    damaged[position] ^= 1 << bit
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{name}.gz").write_bytes(damaged)
        try:
            labels = preprocess_data._read_idx(Path(folder), name)
        except ValueError as error:
            assert f"expected SHA-256 {FILE_DIGESTS[name]}" in str(error) or (
                f"is right (SHA-256 {FILE_DIGESTS[name]})" in str(error)
            )
        else:
            header = 8
            original = gzip.decompress((DATA / f"{name}.gz").read_bytes())[header:]
            assert labels.tobytes() == original


@pytest.mark.parametrize("rest", [b"x", b"\n", b"\0\0 more", b"x" * 200_000])
def test_bytes_after_the_compressed_data(copied_data: Path, rest: bytes) -> None:
    """The content is right, so nothing was swapped, and no two equal digests are shown."""
    path = copied_data / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes() + rest)
    with pytest.raises(ValueError, match="Other bytes follow the end") as caught:
        load_fashion_mnist(copied_data)
    message = str(caught.value)
    assert "swapped" not in message and "found SHA-256" not in message
    assert f"What it unpacks to is right (SHA-256 {FILE_DIGESTS[path.stem]})" in message
    assert_says_how_to_restore(message, path.stem)


def three_gigabytes_in_a_small_file() -> bytes:
    """A gzip file of about 3 MB: 48 times the same 64 MB of zeros."""
    compressor = zlib.compressobj(level=9, wbits=-zlib.MAX_WBITS)
    block = compressor.compress(bytes(2**26)) + compressor.flush(zlib.Z_FULL_FLUSH)
    header = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    return header + 48 * block + compressor.flush() + bytes(8)


@pytest.mark.parametrize(
    ("name", "kept"), [("train-images-idx3-ubyte", 47_040_016), ("t10k-labels-idx1-ubyte", 10_008)]
)
def test_a_small_file_that_unpacks_to_3_gigabytes(tmp_path: Path, name: str, kept: int) -> None:
    bomb = three_gigabytes_in_a_small_file()
    assert len(bomb) < 4_000_000
    (tmp_path / f"{name}.gz").write_bytes(bomb)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="unpacks to more than 47,040,016 bytes") as caught:
            preprocess_data._read_idx(tmp_path, name)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * kept + 5_000_000, f"{peak / 1e6:.0f} MB were taken"
    assert_digests_named(str(caught.value), name, hashlib.sha256(bytes(47_040_017)).hexdigest())


def test_a_huge_file_that_is_no_gzip_file_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "t10k-labels-idx1-ubyte.gz"
    with open(path, "wb") as file:
        file.truncate(2**31)  # a hole: it takes no room on the disk
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="not a whole gzip file"):
            preprocess_data._read_idx(tmp_path, path.stem)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("data_dir", [3, b"data", ["data"], 1.5, True, object])
def test_a_data_dir_that_is_no_path_is_named(data_dir: object) -> None:
    kind = type(data_dir).__name__
    with pytest.raises(TypeError, match=f"data_dir must be a str or a path, got {kind}"):
        load_fashion_mnist(data_dir)


def test_data_dir_may_be_a_str_or_any_kind_of_path(data: tuple) -> None:
    class Folder:
        def __fspath__(self) -> str:
            return str(DATA)

    for folder in (str(DATA), DATA, Folder()):
        (_, _), (_, labels) = load_fashion_mnist(folder)
        np.testing.assert_array_equal(labels, data[1][1])


def test_data_dir_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(FileNotFoundError, match=r"is missing from .*file"):
        load_fashion_mnist(tmp_path / "file")


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
        (np.zeros((784,), np.uint8), ValueError, r"got \(784,\).*images.reshape\(-1, 28, 28\)"),
        (np.zeros((), np.uint8), ValueError, r"\(n, 28, 28\), got \(\)"),
        (np.zeros((8, 8), np.uint8), ValueError, r"got \(8, 8\).*first axis must count"),
        (np.zeros((2, 28, 28), np.float32), TypeError, "got float32.*scaled already"),
        (np.full((2, 28, 28), 0.5), TypeError, "got float64.*scaled already"),
        (np.full((2, 28, 28), -0.5), TypeError, "from -0.5 to -0.5.*before any arithmetic"),
        (np.full((2, 28, 28), 1.5), TypeError, "from 1.5 to 1.5.*before any arithmetic"),
        (np.full((2, 28, 28), np.nan), TypeError, "got float64.*whole numbers from 0 to 255"),
        (np.zeros((2, 28, 28), bool), TypeError, "got bool.*whole numbers from 0 to 255"),
        (np.full((2, 28, 28), "a"), TypeError, "got <U1.*whole numbers from 0 to 255"),
        (np.full((2, 28, 28), 200.0), TypeError, r"up to 200.*images.astype\(np.uint8\)"),
        (np.zeros((2, 28, 28), np.int64), TypeError, r"got int64.*images.astype\(np.uint8\)"),
        (np.full((2, 28, 28), 4095, np.uint16), TypeError, "got uint16.*up to 4095.*largest_value"),
        ([[0]], TypeError, "got list"),
        (None, TypeError, "got NoneType"),
    ],
)
def test_prepare_data_refuses(images: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        prepare_data(images)


def test_fashion_mnist_is_prepared_as_before(data: tuple) -> None:
    """The parameters for other data change nothing: same bits, and not one image is warned about."""
    (images, _), (test_images, _) = data
    for array in (images, test_images):
        prepared = prepare_data(array)
        assert prepared.tobytes() == (array.astype(np.float32) / np.float32(255)).tobytes()
        assert array.max(axis=(1, 2)).min() > 255 // 8


def digits() -> np.ndarray:
    """Images like scikit-learn's digits: 8 x 8 pixels, whole numbers from 0 to 16, as floats."""
    random = np.random.default_rng(0)
    return np.floor(17 * random.random((50, 8, 8)))


def test_other_images_are_led_to_the_right_call_step_by_step() -> None:
    images = digits()
    with pytest.raises(TypeError, match=r"up to 16, so images.astype\(np.uint8\)"):
        prepare_data(images)
    images = images.astype(np.uint8)
    with pytest.raises(ValueError, match=r"pass shape=\(8, 8\), and .*largest_value=16") as caught:
        prepare_data(images)
    assert "..., 0" not in str(caught.value) and "newaxis" not in str(caught.value)
    prepared = prepare_data(images, largest_value=16, shape=(8, 8))
    assert prepared.dtype == np.float32 and prepared.shape == (50, 8, 8)
    np.testing.assert_array_equal(prepared, images / np.float32(16))
    assert prepared.min() == 0 and prepared.max() == 1
    (x_train, y_train), (x_validation, _) = train_validation_split(prepared, np.arange(50), 10)
    assert x_train.shape == (40, 8, 8) and x_validation.shape == (10, 8, 8)
    batch, labels = next(iter(make_dataset(x_train, y_train, 16)))
    assert batch.shape == (16, 8, 8) and labels.shape == (16,)


def copy_advice() -> list[str]:
    """The Python code that lesson 1 tells a reader to copy: for Fashion-MNIST, for other images."""
    notebook = read(PROJECT / "notebooks" / "01_preprocess_data.ipynb")
    (cell,) = [cell for cell in notebook.cells if cell.id == "copy-this"]
    return re.findall(r"```python\n(.*?)```", cell.source, flags=re.DOTALL)


def test_what_lesson_1_says_to_copy_runs_in_a_foreign_folder(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "helpers" / "preprocess_data.py", tmp_path)
    shutil.copytree(DATA, tmp_path / "data" / "fashion-mnist")
    for_fashion_mnist, for_own_images = copy_advice()
    program = f"""
import sys
import numpy as np
sys.modules["helpers"] = None
{for_fashion_mnist}
assert x_train.shape == (50_000, 28, 28) and len(y_validation) == 10_000
assert x_train.max() == 1 and x_train.dtype == np.float32
labels = np.arange(1797) % 10
images = np.floor(17 * np.random.default_rng(0).random((1797, 8, 8)))
assert images.max() == 16 and images.dtype == np.float64
{for_own_images}
assert x_train.shape == (1497, 8, 8) and x_validation.shape == (300, 8, 8)
assert x_train.min() == 0 and x_train.max() == 1
assert (np.unique(x_train * 16) == np.arange(17)).all()
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_largest_value_forgotten_is_not_silent() -> None:
    images = digits().astype(np.uint8)
    with pytest.warns(UserWarning, match="no value above 16.*pass largest_value=16") as caught:
        prepare_data(images, shape=(8, 8))
    assert caught[0].filename == __file__, "the warning shows the caller's line"


@pytest.mark.parametrize("highest", [0, 32, 255])
def test_no_warning_about_dark_or_black_images(highest: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        prepare_data(np.full((1, 28, 28), highest, np.uint8))


def test_a_value_above_the_largest_is_refused() -> None:
    images = np.full((2, 8, 8), 17, np.uint8)
    with pytest.raises(ValueError, match="no value above largest_value = 16, got 17"):
        prepare_data(images, largest_value=16, shape=(8, 8))


def test_colour_images_are_not_told_to_drop_colours() -> None:
    images = np.full((5, 32, 32, 3), 255, np.uint8)
    with pytest.raises(ValueError, match=r"got \(5, 32, 32, 3\)") as caught:
        prepare_data(images)
    assert "pass shape=(32, 32, 3)." in str(caught.value)
    assert "..., 0" not in str(caught.value) and "largest_value" not in str(caught.value)
    assert prepare_data(images, shape=(32, 32, 3)).shape == images.shape


def test_images_with_a_missing_colour_axis() -> None:
    with pytest.raises(ValueError, match=r"images\[\.\.\., np.newaxis\]"):
        prepare_data(np.zeros((5, 28, 28), np.uint8), shape=(28, 28, 1))


def test_sixteen_bit_images() -> None:
    images = np.array([[[0, 65_535]]], dtype=np.uint16)
    assert prepare_data(images, 65_535, (1, 2)).tolist() == [[[0, 1]]]
    with pytest.raises(TypeError, match=r"dtype uint16.*got uint8.*have wrapped"):
        prepare_data(images.astype(np.uint8), 65_535, (1, 2))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"largest_value": 0}, ValueError, "largest_value must be 1 or more, got 0"),
        ({"largest_value": -255}, ValueError, "largest_value must be 1 or more, got -255"),
        ({"largest_value": 255.0}, TypeError, "largest_value must be an int, got float"),
        ({"largest_value": True}, TypeError, "largest_value must be an int, got bool"),
        ({"largest_value": None}, TypeError, "largest_value must be an int, got NoneType"),
        ({"shape": 28}, TypeError, r"shape must be a tuple such as \(28, 28\), got 28"),
        ({"shape": ()}, TypeError, "shape must be a tuple"),
        ({"shape": "28"}, TypeError, "shape must be a tuple"),
        ({"shape": (28, 0)}, ValueError, "each size in shape must be 1 or more, got 0"),
        ({"shape": (28, None)}, TypeError, "each size in shape must be an int, got NoneType"),
    ],
)
def test_prepare_data_refuses_parameters(
    arguments: dict, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        prepare_data(np.zeros((2, 28, 28), np.uint8), **arguments)


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


@pytest.mark.parametrize("size", [0.2, 3.0, True, "3", None, np.nan])
def test_split_refuses_a_size_that_is_no_int(size: object) -> None:
    with pytest.raises(TypeError, match="validation_size must be an int"):
        train_validation_split(*numbered(10), validation_size=size)


def test_split_refuses_unequal_lengths() -> None:
    with pytest.raises(ValueError, match="same length, got 10 and 9"):
        train_validation_split(np.zeros(10), np.zeros(9), 2)


@pytest.mark.parametrize(
    ("seed", "error"),
    [(-1, ValueError), ("a", TypeError), (None, TypeError), (0.5, TypeError), (True, TypeError)],
)
def test_split_refuses_a_seed(seed: object, error: type[Exception]) -> None:
    """None is what NumPy takes for a split that nobody can repeat."""
    with pytest.raises(error, match="seed must be"):
        train_validation_split(*numbered(10), 2, seed=seed)


@pytest.mark.parametrize("bad", [[1, 2, 3], (1, 2, 3), "abc", None, 3])
def test_split_refuses_what_is_no_array(bad: object) -> None:
    good = np.arange(3)
    with pytest.raises(TypeError, match="images must be a NumPy array, got"):
        train_validation_split(bad, good, 1)
    with pytest.raises(TypeError, match="labels must be a NumPy array, got"):
        train_validation_split(good, bad, 1)


def test_split_refuses_arrays_that_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="at least two images to be split, got 1"):
        train_validation_split(np.zeros(1), np.zeros(1), 1)
    with pytest.raises(ValueError, match="at least one image, got none"):
        train_validation_split(np.zeros(0), np.zeros(0), 1)
    with pytest.raises(TypeError, match="images must be an array with an axis that counts"):
        train_validation_split(np.array(1), np.zeros(1), 1)


def test_split_is_the_same_as_ever() -> None:
    """Stored results of all lessons depend on it."""
    (_, y_train), (_, y_validation) = train_validation_split(*numbered(10), 3, seed=0)
    assert y_validation.tolist() == [4, 6, 2] and y_train.tolist() == [7, 3, 5, 9, 0, 8, 1]


def test_split_keeps_labels_of_any_shape() -> None:
    one_hot = np.eye(10)
    (_, y_train), (_, y_validation) = train_validation_split(np.arange(10), one_hot, 3)
    assert y_train.shape == (7, 10) and y_validation.shape == (3, 10)


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
    [(0, ValueError), (-3, ValueError), (2.0, TypeError), (True, TypeError), (None, TypeError)],
)
def test_dataset_refuses(batch_size: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="batch_size must be"):
        make_dataset(*numbered(10), batch_size)


def test_dataset_refuses_unequal_lengths() -> None:
    with pytest.raises(ValueError, match="same length, got 10 and 9"):
        make_dataset(np.zeros(10), np.zeros(9), 2)


@pytest.mark.parametrize(("seed", "error"), [(-1, ValueError), ("a", TypeError), (0.5, TypeError)])
def test_dataset_refuses_a_seed(seed: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="seed must be"):
        make_dataset(*numbered(10), 2, shuffle=True, seed=seed)


def test_dataset_refuses_what_has_no_length() -> None:
    with pytest.raises(TypeError, match=r"images must be an array .* got NoneType"):
        make_dataset(None, np.zeros(3), 2)
    with pytest.raises(TypeError, match=r"labels must be an array .* got int"):
        make_dataset(np.zeros(3), 3, 2)
    with pytest.raises(ValueError, match="at least one image, got none"):
        make_dataset(np.zeros((0, 28, 28)), np.zeros(0), 2)


def test_dataset_takes_lists_too() -> None:
    assert labels_in(make_dataset([[1.0], [2.0], [3.0]], [0, 1, 2], 2)) == [[0, 1], [2]]


def test_importing_the_helpers_writes_nothing() -> None:
    program = (
        "import helpers.model, keras; helpers.model.create_model(); import os; os.write(2, b'end')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd="/")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"end")
