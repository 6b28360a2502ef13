"""Small files that the lessons share. Importing this package quiets TensorFlow's start-up lines."""

import os
import sys


def _import_tensorflow_quietly() -> None:
    """Import TensorFlow with file descriptor 2 pointing nowhere, and put it back.

    The lines that TensorFlow's C++ code writes while it loads and looks for devices go straight to
    the file descriptor, so neither ``contextlib.redirect_stderr`` nor ``TF_CPP_MIN_LOG_LEVEL``
    stops them (tensorflow#100442). Python errors still reach the caller as exceptions.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        import tensorflow as tf

        tf.config.list_physical_devices()
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


_import_tensorflow_quietly()
