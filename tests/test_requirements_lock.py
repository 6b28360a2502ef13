"""requirements.lock has everything that requirements.txt asks for, on each Python and system, with hashes."""

import functools
import importlib.metadata
import re
import tomllib
from collections.abc import Iterator

import pytest
from conftest import PROJECT
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

LOCK = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
DIRECT = [
    Requirement(line.split("#")[0])
    for line in (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    if re.match(r"[A-Za-z]", line)
]
# One text per locked package: its first line, its hashes, and who asked for it.
ENTRIES = re.findall(r"^[A-Za-z0-9].*\n(?:^ .*\n)*", LOCK, re.MULTILINE)
LOCKED = {Requirement(entry.split("\\")[0].strip()): entry for entry in ENTRIES}

PYTHONS = ["3.11", "3.12", "3.13"]
SYSTEMS = {
    "Linux": {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
    "macOS": {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin"},
    "Windows": {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"},
}
MACHINES = [("Linux", "x86_64"), ("Linux", "aarch64"), ("macOS", "arm64"), ("Windows", "AMD64")]


def environment(python: str, system: str, machine: str) -> dict[str, str]:
    """What markers are compared with there."""
    return SYSTEMS[system] | {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }


def applies(requirement: Requirement, where: dict[str, str], extra: str = "") -> bool:
    return requirement.marker is None or requirement.marker.evaluate(where | {"extra": extra})


def locked_there(where: dict[str, str]) -> dict[str, str]:
    """Name and version of what is installed there."""
    found: dict[str, str] = {}
    for requirement in LOCKED:
        if applies(requirement, where):
            name = canonicalize_name(requirement.name)
            assert name not in found, f"{name} is pinned twice for {where}"
            found[name] = next(iter(requirement.specifier)).version
    return found


def test_every_package_is_pinned_and_has_hashes() -> None:
    assert len(LOCKED) > 100
    for requirement, entry in LOCKED.items():
        assert [part.operator for part in requirement.specifier] == ["=="], entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), f"no hash: {entry}"
    outside = [line for line in LOCK.splitlines() if not re.match(r"#| |[A-Za-z0-9]|$", line)]
    assert outside == [], "no options there: which index is asked is the reader's choice"
    assert "://" not in LOCK


def test_requirements_txt_is_locked_exactly() -> None:
    asked = {str(Requirement(f"{r.name}{r.specifier}")) for r in DIRECT}
    locked = {
        f"{requirement.name}{requirement.specifier}"
        for requirement, entry in LOCKED.items()
        if "-r requirements.txt" in entry
    }
    assert asked == locked, "requirements.txt was changed: make lock"


def test_the_pythons_are_those_of_the_project() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    supported = SpecifierSet(project["requires-python"])
    assert [f"3.{minor}" for minor in range(30) if f"3.{minor}.9" in supported] == PYTHONS


@functools.cache
def asked_for(name: str) -> list[Requirement]:
    """What a package asks for anywhere; nothing if it is not here, such as colorama on Linux."""
    try:
        return [Requirement(text) for text in importlib.metadata.requires(name) or []]
    except importlib.metadata.PackageNotFoundError:
        return []


def requirements_of(name: str, extras: set[str], where: dict[str, str]) -> Iterator[Requirement]:
    """What a package asks for there."""
    for requirement in asked_for(name):
        if any(applies(requirement, where, extra) for extra in extras | {""}):
            yield requirement


def walk(where: dict[str, str]) -> set[str]:
    """Follow what packages ask for, from requirements.txt on; give the names of all."""
    locked = locked_there(where)
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = list(DIRECT)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{requirement} is not in requirements.lock"
        fits = requirement.specifier.contains(locked[name], prereleases=True)
        assert fits, f"{requirement}: {locked[name]} is locked"
        key = (name, frozenset(requirement.extras))
        if key not in seen:
            seen.add(key)
            waiting += requirements_of(name, set(requirement.extras), where)
    return {name for name, _ in seen}


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(("system", "machine"), MACHINES)
def test_all_that_packages_ask_for_is_locked_in_a_version_that_fits(
    python: str, system: str, machine: str
) -> None:
    assert len(walk(environment(python, system, machine))) > 100


def test_nothing_is_locked_that_nobody_asks_for() -> None:
    """Here, where every package can be asked what it needs."""
    here = default_environment()
    assert set(locked_there(here)) - walk(here) == set()
