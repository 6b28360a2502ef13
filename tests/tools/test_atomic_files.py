"""A file is old or new, never half of one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from atomic_files import replacing, write_bytes, write_text
from conftest import PROJECT


def test_writes_a_new_file_and_replaces_an_old_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_text(path, "Grüße\n")
    assert path.read_bytes() == "Grüße\n".encode()
    write_bytes(path, b"\x00\r\n")
    assert path.read_bytes() == b"\x00\r\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of Unix")
def test_keeps_the_mode_and_follows_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_text(link, "new")
    assert link.is_symlink() and path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_an_error_while_writing_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(path) as unfinished:
        unfinished.write_text("ne")
        1 / 0  # noqa: B018
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and limits are those of Unix")
@pytest.mark.parametrize(
    ("break_it", "status"),
    [
        ("os.fsync = lambda descriptor: os.kill(os.getpid(), 9)", -9),
        ("resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))", 1),
    ],
    ids=["killed", "disk full"],
)
def test_a_kill_and_a_full_disk_change_nothing(tmp_path: Path, break_it: str, status: int) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    program = (
        f"import os, resource, sys; sys.path.insert(0, {str(PROJECT / 'tools')!r})\n"
        f"import atomic_files; {break_it}\n"
        f"atomic_files.write_bytes(atomic_files.Path(sys.argv[1]), b'new' * 1000)"
    )
    done = subprocess.run([sys.executable, "-c", program, path], stderr=subprocess.PIPE, text=True)
    assert done.returncode == status, done.stderr
    assert path.read_text() == "old"


def test_no_tool_writes_a_file_in_another_way() -> None:
    """Every write of a tool goes through ``atomic_files``."""
    direct = ("nbformat.write(", "write_text(", "write_bytes(", '"w"', '"wb"', "savefig(")
    for tool in (PROJECT / "tools").glob("*.py"):
        source = tool.read_text()
        if tool.name != "atomic_files.py" and any(word in source for word in direct):
            assert "from atomic_files import" in source, tool.name
            assert "nbformat.write(" not in source, tool.name


def test_the_unfinished_file_is_hidden_and_beside_the_file(tmp_path: Path) -> None:
    with replacing(tmp_path / "file.ipynb") as unfinished:
        assert unfinished.parent == tmp_path and unfinished.name.startswith(".unfinished-")
        assert unfinished.suffix == ".ipynb" and str(os.getpid()) in unfinished.name
        unfinished.touch()
