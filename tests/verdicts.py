"""What the tests of the exercises share: the verdict of a check, and what it printed."""

from collections.abc import Callable

import pytest


def verdict_text(check: Callable, answer: object, capsys: pytest.CaptureFixture) -> str:
    """What a check prints about an answer, as one line; that the verdict fits it is asserted."""
    capsys.readouterr()
    right = check(answer)
    text = capsys.readouterr().out
    assert type(right) is bool
    assert right == (text == "Correct.\n")
    assert right or text.startswith("Not yet: ")
    assert max(map(len, text.splitlines())) <= 96
    return " ".join(text.split())


def assert_correct(check: Callable, answer: object, capsys: pytest.CaptureFixture) -> None:
    assert verdict_text(check, answer, capsys) == "Correct."


def assert_not_yet(
    check: Callable, answer: object, message: str, capsys: pytest.CaptureFixture
) -> None:
    said = verdict_text(check, answer, capsys)
    assert said.startswith("Not yet: ") and message in said, said
