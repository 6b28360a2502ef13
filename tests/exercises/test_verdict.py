"""A wrong answer gives a sentence and False; nothing that a learner hands in stops a lesson."""

import pytest

from exercises.verdict import WIDTH, NotYet, call, in_short, require, verdict


@verdict
def check_even(answer: object) -> None:
    """Whether the answer is even."""
    require(answer % 2 == 0, f"{answer} is odd.")


def test_right_answer(capsys: pytest.CaptureFixture) -> None:
    assert check_even(4) is True
    assert capsys.readouterr().out == "Correct.\n"


def test_wrong_answer(capsys: pytest.CaptureFixture) -> None:
    assert check_even(3) is False
    assert capsys.readouterr().out == "Not yet: 3 is odd.\n"


def test_nan_is_never_right(capsys: pytest.CaptureFixture) -> None:
    assert check_even(float("nan")) is False
    assert "Not yet: nan is odd." in capsys.readouterr().out


@pytest.mark.parametrize("strange", [None, ..., "text", [1], {}, object()])
def test_an_answer_that_the_check_did_not_expect_stops_nothing(
    strange: object, capsys: pytest.CaptureFixture
) -> None:
    assert check_even(strange) is False
    assert capsys.readouterr().out.startswith("Not yet: the check cannot judge this answer")


def test_long_problems_are_wrapped(capsys: pytest.CaptureFixture) -> None:
    @verdict
    def check(answer: object) -> None:
        require(False, "a word-with-hyphens " * 30)

    check(1)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 1 and max(map(len, lines)) <= WIDTH == 96
    assert not any(line.endswith("-") for line in lines)


def test_the_check_keeps_its_name_and_docstring() -> None:
    assert check_even.__name__ == "check_even" and check_even.__doc__.startswith("Whether")


def test_ctrl_c_stops_a_check() -> None:
    @verdict
    def check(answer: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(1)


def test_call_gives_what_the_answer_returns() -> None:
    assert call(divmod, 7, 2) == (3, 1)
    assert call(lambda: 0) == 0 and call(lambda: False) is False


def raises(error: Exception):
    def answer() -> None:
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (3, "pass my_f itself to the check, got int."),
        (lambda: None, "my_f returns nothing yet."),
        (lambda: ..., "my_f returns nothing yet."),
        (raises(ZeroDivisionError("division by zero")), "my_f raises ZeroDivisionError: division by zero."),
        (raises(ValueError()), "my_f raises ValueError: no message."),
        (raises(NotYet("a sentence of its own.")), "a sentence of its own."),
    ],
)  # fmt: skip
def test_call_says_what_is_wrong(answer: object, problem: str) -> None:
    with pytest.raises(NotYet) as caught:
        call(answer, name="my_f")
    assert str(caught.value) == problem


def test_call_names_a_wrong_number_of_arguments() -> None:
    with pytest.raises(
        NotYet, match=r"raises TypeError: .* takes 0 positional arguments but 1 was"
    ):
        call(lambda: 1, "argument")


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("first line.\nsecond", "ValueError: first line."),
        ("Exception encountered when calling L.call().\n\n\x1b[1mwhy\x1b[0m\n\nArguments", "ValueError: why."),
        ("no such thing. Did you mean 'that'?", "ValueError: no such thing."),
    ],
)  # fmt: skip
def test_errors_are_shortened(message: str, text: str) -> None:
    assert in_short(ValueError(message)) == text


def test_long_errors_are_cut_between_words() -> None:
    text = in_short(ValueError("word " * 100))
    assert len(text) < 190 and text.endswith("word ....")
