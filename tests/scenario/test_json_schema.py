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
        ("foreign", "nvidia", {"offers": {"2025-Q1": {}}}),
        ("families", "qwen", {"generations": ["2025Q5"]}),
    ],
)
def test_what_the_loader_refuses_the_schema_refuses(section: str, field: str, value: Any) -> None:
    document = written(SMALL)
    document[section][field] = value
    assert messages(document)


WRONG_PLACES = {
    "a number": (("nodes", "n7", "power"), -1, "-1 is less than or equal to the minimum of 0"),
    "a number with a source": (("nodes", "n7", "power"), {"value": "x", "source": "s"}, "'x' is not of type 'number'"),
    "a point of a path": (("finance", "climate"), {"2025Q1": -1}, "-1 is less than the minimum of 0"),
    "a point with a source": (("finance", "climate"), {"2025Q1": {"value": -1}}, "-1 is less than the minimum of 0"),
    "a quarter": (("nodes", "n7", "capacity"), {"2025Q5": 1}, "'2025Q5' does not match"),
    "a quarter of an offer": (("foreign", "nvidia", "offers"), {"25Q1": {}}, "'25Q1' does not match"),
    "the start": (("start",), "2025-Q1", "'2025-Q1' does not match"),
    "an entry of a list": (("events", 0, "quarter"), 5, "5 is not of type 'string'"),
    "a field": (("vendors", "biren", "csh"), 1, "'csh' was unexpected"),
    "a missing field": (("vendors", "new"), {"cash": 1}, "'title' is a required property"),
    "a choice": (("reported", 0, "metric"), "sales", "'sales' is not one of"),
}


@pytest.mark.parametrize("partly", [False, True], ids=["whole", "extends"])
@pytest.mark.parametrize(("path", "value", "message"), WRONG_PLACES.values(), ids=WRONG_PLACES.keys())
def test_errors_stand_where_the_value_stands(
    path: tuple[str | int, ...], value: Any, message: str, partly: bool
) -> None:
    """An editor underlines that place: not a whole section of which no way to write it fits."""
    document = written(SMALL)
    if partly:
        document["extends"] = "china-ai-chips"
    *parents, last = path
    place = document
    for key in parents:
        place = place[key]
    place[last] = value
    found = list(VALIDATOR.iter_errors(document))
    if partly and message.endswith("required property"):
        assert found == [], "with `extends` nothing is required"
        return
    assert found
    assert all(tuple(error.absolute_path)[: len(parents)] == tuple(parents) for error in found)
    assert any(message in error.message for error in found), [error.message for error in found]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (("finance", "climate"), "a number from 0 to 1,000,000,000 or such numbers by quarter like {2025Q1: ..., "),
        (("nodes", "n7", "wafer_price", "2025Q1"), "a number above 0 and at most 1,000,000,000, in krmb/wafer"),
        (("memories", "hbm", "supply"), "or null, in TB/quarter (supply, linear between points; none: plentiful)"),
        (("vendors", "x", "listed"), "true or false (already listed on an exchange)"),
        (("events", 3, "quarter"), "a quarter such as 2025Q1"),
        (("foreign", "x", "offers"), "a mapping by quarter like {2025Q1: ..., 2026Q1: ...} (offers, each valid"),
        (("events", 3, "changes"), "a mapping (policy lever"),
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
