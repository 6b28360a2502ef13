"""Small files that the lessons share. Importing this package quiets TensorFlow's start-up lines.

TensorFlow's C++ code writes them straight to file descriptor 2 while it loads and looks for devices,
so neither ``contextlib.redirect_stderr`` nor ``TF_CPP_MIN_LOG_LEVEL`` stops them (tensorflow#100442).
Here a small process reads the descriptor meanwhile. It passes on whatever is no line of TensorFlow's
log, such as what another thread writes, and passes on everything when the import fails, even when
TensorFlow takes the whole process down. All of it comes when the import is over, not before.

With another backend (``KERAS_BACKEND=torch`` or ``jax``), or without TensorFlow, nothing is imported.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

_IMPORTED, _FAILED = b"<helpers: imported>", b"<helpers: failed>"

# Reads until the import is over, then writes what is to be seen to the real standard error.
_READER = rf"""
import os, re
text = b""
while {_IMPORTED} not in text and {_FAILED} not in text:
    more = os.read(0, 65536)
    if not more:  # the importing process is gone
        break
    text += more
if {_IMPORTED} in text:
    log = re.compile(
        rb"[IWE]\d{{4}} [\d:]+\.\d+ |\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] "
        rb"|WARNING: All log messages before absl::InitializeLog\(\) is called"
        rb"|To enable the following instructions: |Skipping registering GPU devices"
    )
    text = b"".join(line for line in text.splitlines(keepends=True) if not log.match(line))
text = text.replace({_IMPORTED}, b"").replace({_FAILED}, b"")
while text:
    text = text[os.write(2, text):]
"""


@contextlib.contextmanager
def _without_log_lines() -> Iterator[None]:
    """Keep the lines of TensorFlow's log from file descriptor 2 while the block runs without error.

    Where there is nothing to quiet, or no process to do it, the block runs as it is.
    """
    with contextlib.suppress(Exception):
        sys.stderr.flush()  # it may be None, closed, or anything else that has a write
    try:
        if "python" not in os.path.basename(sys.executable).lower():
            raise OSError("this process was started by another program, that can run no reader")
        real = os.dup(2)
    except (OSError, TypeError):  # descriptor 2 is closed, or sys.executable is None
        yield
        return
    try:
        reader = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _READER],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the import alone
        )
    except (OSError, ValueError):  # no more processes
        os.close(real)
        yield
        return
    outcome = _FAILED
    try:
        os.dup2(reader.stdin.fileno(), 2)
        yield
        outcome = _IMPORTED
    finally:
        os.dup2(real, 2)
        os.close(real)
        with contextlib.suppress(OSError), reader.stdin:
            os.write(reader.stdin.fileno(), outcome)
        reader.wait()


def _import_tensorflow() -> None:
    # Level 3: at 2 every tf.data pipeline under op determinism writes a harmless "E0000 ... NodeDef
    # mentions attribute". Fatal lines are written at every level, and errors are exceptions.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import tensorflow as tf
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":  # something that TensorFlow itself needs is missing
            raise
    else:
        tf.config.list_physical_devices()


if os.environ.get("KERAS_BACKEND", "tensorflow") in ("", "tensorflow"):
    with _without_log_lines():
        _import_tensorflow()
