"""Run the tests with the newest version of everything, instead of the locked ones.

    python tools/try_newest.py                            install into .venv-newest, run all tests
    python tools/try_newest.py --venv FOLDER -- -k model  another folder, some of the tests
    python tools/try_newest.py --install-only

Says what is newer than in requirements.txt, and ends with the status of the tests. Run once a week by
.github/workflows/newest.yml: a failure there is a new release that breaks something, weeks before
`make lock` would meet it.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LOCK_TEST = PROJECT / "tests" / "test_requirements_lock.py"  # asks what the lock asks


def pinned(text: str) -> dict[str, str]:
    """Return the direct requirements and their versions, by name."""
    return dict(re.findall(r"^([A-Za-z][\w.-]*)==([^\s#;]+)", text, re.MULTILINE))


def python_of(folder: Path) -> Path:
    """The Python of a virtual environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(python: Path, names: list[str]) -> None:
    """Install the newest versions that fit together, and the project itself."""
    pip = [python, "-m", "pip", "install", "--quiet", "--upgrade"]
    subprocess.run([*pip, "pip", "uv"], check=True)
    settings = subprocess.run(
        [python, "-m", "pip", "config", "list"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    sys.path.insert(0, str(Path(__file__).parent))
    from uv_settings import pip_settings, uv_variables

    environment = os.environ | uv_variables(pip_settings(settings), os.environ)
    command = [python, "-m", "uv", "pip", "install", "--quiet", "--python", python, "--upgrade"]
    subprocess.run([*command, *names, "--editable", "."], check=True, cwd=PROJECT, env=environment)


def installed(python: Path) -> dict[str, str]:
    """Return what is installed there, by name."""
    done = subprocess.run(
        [python, "-m", "pip", "list", "--format", "json"], check=True, stdout=subprocess.PIPE
    )
    return {package["name"].lower(): package["version"] for package in json.loads(done.stdout)}


def differences(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """Return a line for each direct requirement whose version is another one now."""
    return [
        f"{name} {version} -> {now.get(name.lower(), 'not installed')}"
        for name, version in before.items()
        if now.get(name.lower()) != version
    ]


def main() -> int:
    """Install, test, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venv", type=Path, default=PROJECT / ".venv-newest")
    parser.add_argument("--install-only", action="store_true")
    parser.add_argument("pytest", nargs="*", help="options of pytest, after --")
    options = parser.parse_args()

    before = pinned((PROJECT / "requirements.txt").read_text(encoding="utf-8"))
    python = python_of(options.venv)
    if not python.exists():
        venv.create(options.venv, with_pip=True)
    install(python, list(before))
    status = 0
    if not options.install_only:
        status = subprocess.run(
            [python, "-m", "pytest", f"--ignore={LOCK_TEST}", *options.pytest], cwd=PROJECT
        ).returncode
    changes = differences(before, installed(python))
    print("\nnewer than in requirements.txt:", *(changes or ["nothing"]), sep="\n  ")
    return status


if __name__ == "__main__":
    raise SystemExit(main())
