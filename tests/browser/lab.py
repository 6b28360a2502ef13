"""JupyterLab as `make lab` starts it, and lessons that are run in it."""

import contextlib
import hashlib
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conftest import PROJECT
from playwright.sync_api import Page

from browser.processes import running

IN_PAGE = (Path(__file__).parent / "lesson_in_page.js").read_text()
SECONDS_TO_START = 120
SECONDS_TO_RUN = 300  # one lesson, on a quiet machine
SECONDS_TO_SHOW = 120  # a page


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: the folder it shows, the address that a browser opens, and its parts."""

    folder: Path
    address: str
    server: str
    token: str

    def page_of(self, path: Path) -> str:
        """The address of a notebook in a fresh layout."""
        return f"{self.server}/lab/tree/{path.as_posix()}?reset&token={self.token}"


@contextlib.contextmanager
def make_lab(folder: Path, root: Path, *options: str) -> Iterator[Lab]:
    """`make lab` on a free port, without a browser window.

    Layout, settings and signatures of notebooks go into ``folder``, not to where the user has theirs.

    Args:
        folder: for all that is written.
        root: the folder that JupyterLab shows.
        *options: more options for JupyterLab.
    """
    if not (PROJECT / ".venv" / ".installed").exists():
        raise RuntimeError("make lab needs the .venv that make makes: call make test-browser")
    environment = os.environ | {
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
        # pytest, and the make that started it, tell their children what concerns them alone.
        "MAKEFLAGS": "",
    }
    for name in ("PYTHON", "MAKELEVEL", "JPY_PARENT_PID"):
        environment.pop(name, None)
    command = ["make", "lab", f"LAB_OPTIONS={' '.join(['--no-browser', '--port=0', *options])}"]
    log = folder / "log"
    with running(command, PROJECT, log, environment) as process:
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            text = log.read_text()
            if found := re.search(r"(http://(?:127\.0\.0\.1|localhost):\d+)/\S*token=(\w+)", text):
                yield Lab(root, found[0], *found.groups())
                return
            assert process.poll() is None, text
            time.sleep(0.2)
        raise TimeoutError(log.read_text())


def copy_of_the_course(folder: Path) -> None:
    """Notebooks to run and save; everything else leads back to the project."""
    folder.mkdir()
    for path in PROJECT.iterdir():
        if path.name == "notebooks":
            shutil.copytree(path, folder / path.name, ignore=shutil.ignore_patterns(".*"))
        elif not path.name.startswith("."):
            (folder / path.name).symlink_to(path)


# A fixed piece of work on every core, and the seconds that it takes on a quiet machine of the kind
# that the lessons' limits were set on.
WORK_ROUNDS = 1_600_000
QUIET_SECONDS = 0.4


def slowness() -> float:
    """How many times slower this machine is now than a quiet one; at least 1.

    Other programs and slower processors count alike. Limits of time are multiplied by it, so that a
    busy machine makes the tests milder, not red.
    """
    work = [
        threading.Thread(target=hashlib.pbkdf2_hmac, args=("sha256", b"a", b"b", WORK_ROUNDS))
        for _ in range(2)
    ]
    begin = time.monotonic()
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    return max(1.0, (time.monotonic() - begin) / QUIET_SECONDS)


@dataclass
class LessonRun:
    """One lesson that was opened in JupyterLab and run with "Run all"."""

    path: Path
    page: Page
    outcome: dict
    seconds: float
    slowness: float


def open_lesson(page: Page, lab: Lab, path: Path) -> None:
    page.set_default_timeout(SECONDS_TO_SHOW * 1000)
    page.goto(lab.page_of(path))
    page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
    page.evaluate(IN_PAGE)
    page.evaluate("() => window.lesson.open()")


def run_lesson(page: Page, lab: Lab, path: Path) -> LessonRun:
    """Open a lesson and run all of its cells; errors in cells do not raise."""
    slow = slowness()
    open_lesson(page, lab, path)
    begin = time.monotonic()
    page.evaluate("() => { window.lesson.runAll() }")
    page.wait_for_function(
        "() => window.lesson.finished", timeout=SECONDS_TO_RUN * slow * 1000, polling=200
    )
    seconds = time.monotonic() - begin
    outcome = page.evaluate("() => ({...window.lesson.outcome(), ...window.lesson.finished})")
    return LessonRun(lab.folder / path, page, outcome, seconds, max(slow, slowness()))


def shut_down(page: Page) -> None:
    """End the kernel of the lesson that a page shows."""
    page.evaluate("() => window.lesson.shutDown()")


def pop_ups(page: Page) -> list[str]:
    """The texts of dialogs and notifications that stand over the page."""
    return page.locator(".jp-Dialog, .Toastify__toast").all_inner_texts()


def silent_cells(run: LessonRun, long_cell: float, shows_within: float) -> list[dict]:
    """The cells that run for more than ``long_cell`` seconds, with nothing to see for too long."""
    return [
        cell
        for cell in run.outcome["runs"]
        if cell["seconds"] > long_cell
        and (cell["shownAfter"] is None or cell["shownAfter"] > shows_within)
    ]


def red_bars(page: Page) -> list[dict]:
    """Progress bars that look as if something had failed."""
    return [bar for bar in page.evaluate("() => window.lesson.bars()") if bar["red"]]
