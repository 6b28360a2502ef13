"""What the tests share, and what pytest needs wherever and with whatever plugins it is started."""

import importlib.metadata
import json
import os
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent
LESSONS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
BROWSER_TESTS = PROJECT / "tests" / "browser"
HELPERS = sorted(path for path in (PROJECT / "helpers").glob("*.py") if path.stem != "__init__")
# What only the lessons of this course need: pictures of single lessons, errors and bars in a page,
# and what its own studies train.
NOT_FOR_COPYING = {"figures", "lesson", "schedule_study", "finder_study", "batch_size_study"}

# The workers share the cores. A thread that waits for work does so busily and takes that time from
# another worker: OpenBLAS's idle threads took a sixth of all time, TensorFlow's a twentieth. And
# glibc gives large arrays back to the system at once, which then clears the memory for the next one.
# With these settings, lessons 9 and 10 take a third less of a CPU's time. What you have set yourself
# stays. Three workers on two cores: where one waits for its kernel, another goes on.
FOR_SHARED_CORES = {
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(512 * 2**20),
}

# Files with more than 40 seconds of a CPU's time; the others follow them.
LONG_FILES = {
    "test_training.py",
    "test_readme_commands.py",
    "test_backends.py",
    "test_callbacks.py",
    "test_lr_scheduler.py",
    "test_pages.py",
}

# Options that pyproject.toml gives, by plugin; (name, whether a value follows).
OPTIONS = {
    "xdist": [("--numprocesses", True), ("--dist", True), ("--no-loadscope-reorder", False)],
    "nbval": [
        ("--nbval", False),
        ("--nbval-current-env", False),
        ("--nbval-cell-timeout", True),
        ("--nbval-kernel-startup-timeout", True),
    ],
}


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Without a plugin (``-p no:xdist``, or not installed) its options are read and mean nothing."""
    for plugin, options in OPTIONS.items():
        if not pluginmanager.hasplugin(plugin):
            group = parser.getgroup(f"{plugin} is not loaded")
            for name, has_value in options:
                action = "store" if has_value else "store_true"
                group.addoption(name, action=action, dest=f"without_{plugin}_{name.strip('-')}")


def pytest_configure(config: pytest.Config) -> None:
    """Set what workers and kernels inherit; see that what they import is this folder."""
    if browser_tests_are_left_out(config):
        for name, value in FOR_SHARED_CORES.items():
            os.environ.setdefault(name, value)
    installed = installed_folder()
    if installed != PROJECT:
        found = f"is that of {installed}" if installed else "is not installed"
        raise pytest.UsageError(
            f"The project {found} in {sys.executable}. Use `make test`, or install it from {PROJECT}:"
            " python -m pip install -r requirements.txt"
        )


def browser_tests_are_left_out(config: pytest.Config) -> bool:
    """They need a browser and ten minutes: they run when they are named (`make test-browser`)."""
    folder = config.invocation_params.dir
    named = [(folder / argument.split("::")[0]).resolve() for argument in config.args]
    return not any(path.is_relative_to(BROWSER_TESTS) for path in named)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if collection_path == BROWSER_TESTS and browser_tests_are_left_out(config):
        return True
    return None


def installed_folder() -> Path | None:
    """The folder whose helpers this Python imports."""
    for distribution in importlib.metadata.distributions(name="learning-rate-lessons"):
        if text := distribution.read_text("direct_url.json"):
            url = urllib.parse.urlparse(json.loads(text)["url"])
            return Path(urllib.request.url2pathname(url.path)).resolve()
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start what runs longest first, so that the workers end together.

    All papermill runs are in one file and so on one worker; nbval's notebooks follow on the others.
    """

    def rank(item: pytest.Item) -> int:
        if item.path.name == "test_papermill.py":
            return 0
        if item.path.suffix == ".ipynb":
            return 1
        return 2 if item.path.name in LONG_FILES else 3

    items.sort(key=rank)


def lesson_id(path: Path) -> str:
    return path.stem


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for ``lesson`` runs once for every notebook that is there."""
    if "lesson" in metafunc.fixturenames:
        metafunc.parametrize("lesson", LESSONS, ids=lesson_id)


@pytest.fixture(autouse=True)
def tensorflow_as_it_was() -> Iterator[None]:
    """Undo what TensorFlow keeps until a process ends, so that the order of tests means nothing.

    Op determinism, which the studies turn on: with it, `fit` is not compiled by XLA. And what
    `tf.scan` leaves behind when its body raises: with it, no strategy's scope can be entered.
    """
    yield
    if tensorflow := sys.modules.get("tensorflow"):
        from tensorflow.python.framework.config import disable_op_determinism

        disable_op_determinism()
        scope = tensorflow.compat.v1.get_variable_scope()
        if scope.caching_device is not None:
            tensorflow.function(lambda: scope.set_caching_device(None))()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """At the end of a run, say which Keras backends were tested: tests/test_backends names them.

    And say what was not run.
    """
    lines = set()
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            backend = dict(getattr(report, "user_properties", ())).get("backend")
            if backend:
                lines.add(f"{backend}: {outcome}".removesuffix(": passed"))
    if lines:
        terminalreporter.section("Keras backends tested")
        for line in sorted(lines):
            terminalreporter.write_line(line)
    if browser_tests_are_left_out(config):
        terminalreporter.write_line(
            "Not part of this run: lessons and pages in a real browser (make test-browser)."
        )
