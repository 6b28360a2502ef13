"""Write files so that nobody ever finds half of one: not after a kill, not on a full disk."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write to; it takes the place of ``path`` when all went well.

    If the block raises, ``path`` stays as it was and what was written is removed. If the process is
    killed, ``path`` stays as it was, and a hidden file with ``unfinished`` in its name is left.
    """
    path = Path(path).resolve()
    unfinished = path.with_name(f".unfinished-{os.getpid()}-{path.name}")
    try:
        yield unfinished
        with unfinished.open("r+b") as file:  # Windows syncs only what may be written
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, unfinished)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file, or leave the one that is there as it is."""
    with replacing(path) as unfinished:
        unfinished.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file as UTF-8 with newlines as they are, or leave the old one."""
    write_bytes(path, text.encode())
