"""What the weekly run with the newest versions reports."""

from conftest import PROJECT
from try_newest import differences, pinned


def test_every_direct_requirement_is_upgraded() -> None:
    text = (PROJECT / "requirements.txt").read_text(encoding="utf-8")
    names = pinned(text)
    assert names["keras"] and names["tensorflow"]
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "-e"))]
    assert len(names) == len(lines)


def test_names_what_changed_and_what_is_gone() -> None:
    before = {"keras": "3.15.1", "numpy": "2.4.6", "Sphinx": "9.0.4", "tqdm": "4.70.1"}
    now = {"keras": "3.16.0", "numpy": "2.4.6", "sphinx": "9.1.0"}
    assert differences(before, now) == [
        "keras 3.15.1 -> 3.16.0",
        "Sphinx 9.0.4 -> 9.1.0",
        "tqdm 4.70.1 -> not installed",
    ]
