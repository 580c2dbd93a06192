"""The JSON schema for editors agrees with what the loader takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from marketsim.scenario.json_schema import in_words, model_schema, scenario_json_schema, schema_at
from marketsim.scenario.library import folder
from marketsim.scenario.source import parse, plain, read_text
from tests.scenario.conftest import SMALL

VALIDATOR = Draft202012Validator(scenario_json_schema())


def written(path: Path) -> Any:
    return plain(parse(read_text(path), str(path)).root)


def messages(document: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(document)]


def test_it_is_a_valid_schema_and_json() -> None:
    Draft202012Validator.check_schema(scenario_json_schema())
    assert json.loads(json.dumps(scenario_json_schema())) == scenario_json_schema()


@pytest.mark.parametrize("path", [SMALL, *sorted(folder().glob("*.yaml"))], ids=lambda path: path.stem)
def test_real_files_are_valid(path: Path) -> None:
    assert messages(written(path)) == []


def test_without_extends_everything_is_required() -> None:
    assert any("'vendors' is a required property" in message for message in messages({"name": "x"}))


def test_with_extends_nothing_is_required_and_null_removes() -> None:
    change = {"extends": "china-ai-chips", "vendors": {"biren": None, "metax": {"cash": 1}}, "policy": None}
    assert messages(change) == []
    assert messages({**change, "vendors": {"metax": {"cash": -1}}})
    assert messages({**change, "vendors": {"metax": {"cahs": 1}}})


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        ("finance", "climate", -1),
        ("finance", "climate", {"2025-Q1": 1}),
        ("finance", "climate", {"2025Q1": {"value": -1, "source": "s"}}),
        ("finance", "climate", {"value": 1, "source": 5}),
        ("finance", "debt_term", {"value": 0, "source": "s"}),
        ("finance", "debt_term", "16"),
        ("finance", "debt_terms", 16),
        ("segments", "source", {}),
        ("vendors", "Biren Tech", None),
    ],
)
def test_what_the_loader_refuses_the_schema_refuses(section: str, field: str, value: Any) -> None:
    document = written(SMALL)
    document[section][field] = value
    assert messages(document)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (("finance", "climate"), "a number from 0 to 1,000,000,000 or such numbers by quarter like {2025Q1: ..., "),
        (("nodes", "n7", "wafer_price", "2025Q1"), "a number above 0 and at most 1,000,000,000, in krmb/wafer"),
        (("memories", "hbm", "supply"), "or null, in TB/quarter (supply, linear between points; none: plentiful)"),
        (("vendors", "x", "listed"), "true or false (already listed on an exchange)"),
        (("events", 3, "quarter"), "text"),
        (("reported", 0, "half"), "1, 2 or null"),
    ],
)
def test_what_is_allowed_in_words(path: tuple[str | int, ...], words: str) -> None:
    schema = schema_at(path)
    assert schema is not None
    assert words in in_words(schema)


def test_where_nothing_may_stand() -> None:
    assert schema_at(("finance", "climates")) is None
    assert schema_at(("vendors", 0)) is None
    assert schema_at(("name", "x")) is None


def test_every_number_has_a_unit() -> None:
    models = [model_schema(), *model_schema()["$defs"].values()]
    for model in models:
        for name, field in model["properties"].items():
            if field.get("type") == "number":
                assert "unit" in field, f"{model['title']}.{name}"
