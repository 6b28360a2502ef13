"""What conftest.py undoes after each test; the second test of each pair fails if it does not."""

import pytest
import tensorflow as tf


def test_a_scan_that_raises() -> None:
    @tf.function
    def raising(x: tf.Tensor) -> tf.Tensor:
        def body(total: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
            raise ValueError("on purpose")

        return tf.scan(body, x)

    with pytest.raises(ValueError, match="on purpose"):
        raising(tf.ones(3))


def test_does_not_keep_a_later_test_from_a_strategy() -> None:
    with tf.distribute.OneDeviceStrategy("/cpu:0").scope():
        assert tf.distribute.has_strategy()


def test_op_determinism_is_turned_on() -> None:
    tf.config.experimental.enable_op_determinism()


def test_and_is_off_in_a_later_test() -> None:
    from tensorflow.python.framework.config import is_op_determinism_enabled

    assert not is_op_determinism_enabled()
