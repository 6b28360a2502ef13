"""``make study`` says what is missing, makes it, and goes on where it was."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import run_study

from helpers.study import load_table


def doubled(settings: dict) -> dict:
    return {"twice": 2 * settings["rate"]}


def next_runs(table: pd.DataFrame) -> list[dict]:
    """Two runs; and when they are there, a third."""
    return [{"rate": 1}, {"rate": 2}, {"rate": 3}][: 3 if len(table) >= 2 else 2]


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small study in place of the course's; it is made in this process."""
    module = SimpleNamespace(next_runs=next_runs, train=doubled)
    monkeypatch.setattr(run_study, "STUDIES", {"small": "a module"})
    monkeypatch.setattr(run_study, "importlib", SimpleNamespace(import_module=lambda _: module))
    monkeypatch.setattr(run_study, "progress_bar", lambda finished, total: finished)


@pytest.mark.usefixtures("study")
def test_rounds_go_on_until_nothing_is_missing(tmp_path: Path, capsys) -> None:
    assert run_study.main(["--results", str(tmp_path), "--workers", "1"]) == 0
    assert list(load_table(tmp_path / "small.csv")["twice"]) == [2, 4, 6]
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "small: 0 runs are there, 2 are next",
        "small: 2 runs are there, 1 are next",
        "small: 3 runs are there, 0 are next",
    ]
    assert "small: 3 runs in" in lines[3] and "runs per minute" in lines[3]
    before = (tmp_path / "small.csv").read_bytes()
    assert run_study.main(["small", "--results", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "small: 3 runs are there, 0 are next\n"
    assert (tmp_path / "small.csv").read_bytes() == before


@pytest.mark.usefixtures("study")
def test_missing_runs_nothing(tmp_path: Path, capsys) -> None:
    assert run_study.main(["--missing", "--results", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "small: 0 runs are there, 2 are next\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("study")
def test_an_interruption_is_one_line(tmp_path: Path, capsys, monkeypatch) -> None:
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(run_study, "run_study", interrupt)
    assert run_study.main(["--results", str(tmp_path)]) == 130
    assert capsys.readouterr().out.splitlines()[-1] == (
        "stopped; what was done is kept. The same command goes on from there."
    )


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["schedule"], "unknown study schedule: choose from"),
        (["--workers", "0"], "--workers must be 1 or more, got 0"),
        (["--workers", "x"], "invalid int value: 'x'"),
    ],
)
def test_bad_options_are_refused(words: list[str], what: str, capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        run_study.main(words)
    assert stop.value.code == 2
    assert what in capsys.readouterr().err


@pytest.mark.parametrize("name", run_study.STUDIES)
def test_every_study_of_the_course_is_complete(name: str, capsys) -> None:
    """A changed definition makes other runs: then the stored table is not the study's any more."""
    assert run_study.main([name, "--missing"]) == 0
    assert capsys.readouterr().out.endswith("runs are there, 0 are next\n")
