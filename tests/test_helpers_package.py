"""Importing ``helpers`` quiets TensorFlow's start-up lines, and never hides anything else."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import PROJECT

LOG_LINES = (
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    "I0000 00:00:1795519862.403714   21094 port.cc:153] oneDNN custom operations are on.\n"
    "E0000 00:00:1795519867.425221   21094 cuda_platform.cc:52] failed call to cuInit\n"
    "2026-11-24 10:00:00.123456: W tensorflow/core/file.cc:1] a warning\n"
    "To enable the following instructions: AVX2 FMA, rebuild TensorFlow.\n"
)
WRITES_LOG = (  # as C++ does: what cannot be written is dropped
    "import contextlib, os\nwith contextlib.suppress(OSError):\n"
    f"    os.write(2, {LOG_LINES.encode()!r})\n"
)
WORKS = "class config:\n    list_physical_devices = staticmethod(lambda: None)\n"


def run(program: str, **options: object) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": str(PROJECT)} | options.pop("env", {})
    for name in ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL"):
        if name not in options:
            environment.pop(name, None)
    environment |= {k: options.pop(k) for k in list(options) if k.isupper()}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=environment, text=True, timeout=120, stdout=subprocess.PIPE,
        **({"stderr": subprocess.PIPE} | options),
    )  # fmt: skip


def import_with(tensorflow: str, folder: Path, program: str = "", **options: object):
    """Import helpers beside a module named tensorflow with this source; print after, if it works."""
    (folder / "tensorflow.py").write_text(WRITES_LOG + tensorflow)
    program = f"import sys; sys.path.insert(0, {str(folder)!r})\n{program}\nimport helpers; print('after')"
    return run(program, **options)


def test_the_real_tensorflow_is_quiet_before_and_while_it_trains() -> None:
    done = run(
        """
        import helpers, tensorflow as tf

        @tf.function(jit_compile=True)
        def double(x):
            return 2 * x

        print(double(tf.ones(3)).numpy(), tf.config.list_physical_devices("CPU")[0].device_type)
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[2. 2. 2.] CPU\n", "")


def test_log_lines_are_dropped_and_nothing_else(tmp_path: Path) -> None:
    others = "os.write(2, b'from a thread\\n'); import sys; print('from Python', file=sys.stderr)\n"
    done = import_with(others + WRITES_LOG + WORKS, tmp_path)
    assert (done.returncode, done.stdout) == (0, "after\n")
    assert done.stderr == "from a thread\nfrom Python\n"


def test_more_than_a_pipe_holds_goes_through(tmp_path: Path) -> None:
    done = import_with("os.write(2, b'w' * 999_999 + b'\\n')\n" + WORKS, tmp_path)
    assert done.stdout == "after\n" and len(done.stderr) == 1_000_000


def test_what_is_written_afterwards_comes_at_once(tmp_path: Path) -> None:
    done = import_with(WORKS, tmp_path, "import atexit; atexit.register(os_write := lambda: "
                       "__import__('os').write(2, b'I0000 00:00:1.5 1 later.cc] line\\n'))")  # fmt: skip
    assert done.stderr == "I0000 00:00:1.5 1 later.cc] line\n"


@pytest.mark.parametrize(
    ("failure", "status", "told"),
    [
        ("raise ImportError('libfoo.so: cannot open')", 1, "ImportError: libfoo.so: cannot open"),
        ("import missing_part", 1, "No module named 'missing_part'"),
        ("os.write(2, b'why it ends\\n'); os.abort()", -6, "why it ends"),
        ("os.write(2, b'why it ends\\n'); os.kill(os.getpid(), 11)", -11, "why it ends"),
        ("os.write(2, b'why it ends\\n'); os._exit(3)", 3, "why it ends"),
        ("raise SystemExit('told to end')", 1, "told to end"),
    ],
    ids=["raises", "lacks a module", "aborts", "segfault", "exits", "sys.exit"],
)
@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of Unix")
def test_a_failing_import_shows_everything(
    failure: str, status: int, told: str, tmp_path: Path
) -> None:
    done = import_with(failure, tmp_path)
    assert (done.returncode, done.stdout) == (status, "")
    assert LOG_LINES in done.stderr
    assert told in done.stderr


BAD_STDERR = {
    "None": "import sys; sys.stderr = None",
    "without flush": "import sys\nclass W:\n    write = print\nsys.stderr = W()",
    "closed": "import sys; sys.stderr.close()",
    "descriptor closed": "import os; os.close(2)",
    "flush raises": "import sys\nclass W:\n    def flush(self): raise OSError('full')\nsys.stderr = W()",
    "no program": "import sys; sys.executable = None",
    "a program that is not there": "import sys; sys.executable = '/nowhere/python'",
    "a program that is no Python": "import sys; sys.executable = '/bin/false'",
}


@pytest.mark.parametrize("bad", BAD_STDERR)
def test_imports_without_a_usable_stderr(bad: str, tmp_path: Path) -> None:
    done = import_with(WORKS, tmp_path, BAD_STDERR[bad])
    assert done.stdout == "after\n", done.stderr
    assert done.returncode in (0, 120), "120: Python itself could not flush stderr at its end"


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of Unix")
def test_imports_with_stderr_closed_by_the_shell() -> None:
    """The real TensorFlow, started as `python ... 2>&-`."""
    command = f"cd '{PROJECT}' && exec '{sys.executable}' -c 'import helpers; print(1)' 2>&-"
    done = subprocess.run(["/bin/sh", "-c", command], stdout=subprocess.PIPE, text=True)
    assert (done.returncode, done.stdout) == (0, "1\n")


def test_no_process_and_no_descriptor_is_left(tmp_path: Path) -> None:
    before = """
import os
before = os.listdir("/dev/fd") if os.path.exists("/dev/fd") else []
"""
    after = """
after = os.listdir("/dev/fd") if before else []
assert len(after) == len(before), (before, after)
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("no child")
"""
    (tmp_path / "tensorflow.py").write_text(WORKS)
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
    done = run(f"{start}\n{before}\nimport helpers\n{after}")
    assert (done.stdout, done.stderr) == ("no child\n", "")


@pytest.mark.parametrize("backend", ["torch", "jax", "numpy"])
def test_with_another_backend_tensorflow_is_left_alone(backend: str, tmp_path: Path) -> None:
    done = import_with("raise ImportError('in reach of nobody')", tmp_path, KERAS_BACKEND=backend)
    assert (done.returncode, done.stdout, done.stderr) == (0, "after\n", "")


def test_without_tensorflow_nothing_is_imported() -> None:
    done = run("import sys; sys.modules['tensorflow'] = None; import helpers; print('after')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "after\n", "")


def test_a_level_of_the_users_stays(tmp_path: Path) -> None:
    done = import_with(
        WORKS + "print(os.environ['TF_CPP_MIN_LOG_LEVEL'])", tmp_path, TF_CPP_MIN_LOG_LEVEL="0"
    )
    assert done.stdout == "0\nafter\n"
