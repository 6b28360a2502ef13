"""papermill runs every lesson with other parameters, started from another folder."""

from pathlib import Path

import pytest
import run_notebooks
from lesson_files import parameters, read


def test_runs_with_other_parameters(
    lesson: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = dict(read(lesson).metadata.lesson.test_parameters)
    run_notebooks.check_names(chosen, {lesson: run_notebooks.known_parameters(lesson)})
    monkeypatch.chdir(tmp_path)

    output = run_notebooks.run(lesson, chosen, tmp_path / "runs", progress=False)

    executed = read(output)
    injected = [cell for cell in executed.cells if "injected-parameters" in cell.metadata.tags]
    assert len(injected) == 1
    statuses = {cell.metadata.papermill.status for cell in executed.cells if "outputs" in cell}
    assert statuses == {"completed"}


def test_test_parameters_differ_from_the_defaults(lesson: Path) -> None:
    notebook = read(lesson)
    defaults, chosen = parameters(notebook), dict(notebook.metadata.lesson.test_parameters)
    assert chosen, "name at least one parameter in the notebook's metadata: lesson.test_parameters"
    for name, value in chosen.items():
        assert name in defaults
        assert value != defaults[name], f"{name} has its default value"


def test_papermill_sees_the_parameters(lesson: Path) -> None:
    assert run_notebooks.known_parameters(lesson) == set(parameters(read(lesson)))


def test_unknown_parameter_is_refused(lesson: Path) -> None:
    known = {lesson: run_notebooks.known_parameters(lesson)}
    with pytest.raises(ValueError, match=r"no lesson has the parameter EPOCH_COUNT.*SEED"):
        run_notebooks.check_names({"EPOCH_COUNT": 2, "SEED": 1}, known)
