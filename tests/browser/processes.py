"""Start a server, and leave nothing of it behind."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

SECONDS_TO_STOP = 30


@contextlib.contextmanager
def running(
    command: list[str], folder: Path, log: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen]:
    """A program that runs during the block, in a process group of its own.

    At the end it is asked to stop. Whatever of it and of its descendants (kernels lead groups of
    their own) is still there half a minute later, is killed.

    Args:
        command: program and arguments.
        folder: where it starts.
        log: a file for what it writes.
        environment: all environment variables.
    """
    with log.open("w") as stream:
        process = subprocess.Popen(
            command,
            cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=stream,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            stop(process)


def stop(process: subprocess.Popen) -> None:
    """Ask a process group to stop; then kill what is left of it and of its descendants."""
    family = []
    with contextlib.suppress(psutil.NoSuchProcess):
        leader = psutil.Process(process.pid)
        family = [*leader.children(recursive=True), leader]
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    _, alive = psutil.wait_procs(family, timeout=SECONDS_TO_STOP)
    for member in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(alive, timeout=SECONDS_TO_STOP)
    process.wait()
