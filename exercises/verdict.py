"""What all checks share: a problem is an exception with a sentence, one decorator turns it into a verdict.

A check never raises on a wrong answer, so a lesson with open exercises runs from top to bottom.
"""

import functools
import re
import textwrap
from collections.abc import Callable

WIDTH = 96


class NotYet(Exception):
    """What is still wrong with an answer: one sentence that says what to do next."""


def verdict(check: Callable[..., None]) -> Callable[..., bool]:
    """Turn a check that raises ``NotYet`` into one that prints the verdict and returns it.

    Args:
        check: returns nothing when the answer is right, and raises ``NotYet`` when it is not.

    Returns:
        The same check; it prints "Correct." or "Not yet: ..." and returns True or False. An answer
        so strange that the check itself fails on it is not yet right either.
    """

    @functools.wraps(check)
    def checked(*answers: object) -> bool:
        try:
            check(*answers)
        except NotYet as problem:
            return not_yet(str(problem))
        except Exception as error:
            return not_yet(f"the check cannot judge this answer, it stopped with {in_short(error)}")
        print("Correct.")
        return True

    return checked


def not_yet(problem: str) -> bool:
    """Print the problem, wrapped to the width of a lesson, and return False."""
    print(textwrap.fill(f"Not yet: {problem}", WIDTH, break_on_hyphens=False))
    return False


def require(condition: bool, problem: str) -> None:
    """Raise ``NotYet(problem)`` unless the condition holds; NaN compared with anything does not."""
    if not condition:
        raise NotYet(problem)


def call(answer: Callable, *arguments: object, name: str = "your function") -> object:
    """What an answer gives for these arguments.

    Args:
        answer: the learner's function.
        *arguments: handed to it.
        name: what the messages call it.

    Raises:
        NotYet: it cannot be called, it raises, or it returns nothing.
    """
    if not callable(answer):
        raise NotYet(f"pass {name} itself to the check, got {type(answer).__name__}.")
    try:
        result = answer(*arguments)
    except NotYet:
        raise
    except Exception as error:
        raise NotYet(f"{name} raises {in_short(error)}") from error
    if result is None or result is Ellipsis:
        raise NotYet(f"{name} returns nothing yet.")
    return result


def in_short(error: Exception) -> str:
    """Type and first line of an error, without the frame, colours and hints that libraries add."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    text = re.sub(r"^Exception encountered when calling .*", "", text).strip()
    text = text.split(". Did you mean")[0]  # Python 3.13 adds it, 3.11 does not
    first_line = text.splitlines()[0].rstrip(".") if text else "no message"
    return f"{type(error).__name__}: {textwrap.shorten(first_line, 160, placeholder=' ...')}."
