"""CITATION.cff is valid, and says what the project says."""

import datetime
import json
import tomllib

import jsonschema
import pytest
import yaml
from conftest import PROJECT

# The schema of the Citation File Format 1.2.0, CC BY 4.0, as published by its authors
# (github.com/citation-file-format/citation-file-format, doi.org/10.5281/zenodo.5171937).
SCHEMA = json.loads((PROJECT / "tests/references/citation-file-format-1.2.0.json").read_text())
CITATION = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
LICENSE = (PROJECT / "LICENSE").read_text(encoding="utf-8")


def test_is_valid() -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(CITATION)


@pytest.mark.parametrize("key", ["authors", "title", "message", "cff-version"])
def test_the_schema_finds_what_is_missing(key: str) -> None:
    with pytest.raises(jsonschema.ValidationError, match=f"'{key}' is a required property"):
        jsonschema.Draft7Validator(SCHEMA).validate(
            {name: value for name, value in CITATION.items() if name != key}
        )


def test_says_what_the_project_says() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert CITATION["version"] == project["version"]
    assert CITATION["license"] == project["license"]
    (author,) = CITATION["authors"]
    assert author["name"] in LICENSE
    released = datetime.date.fromisoformat(CITATION["date-released"])
    assert str(released.year) in LICENSE
