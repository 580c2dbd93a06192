"""The JSON schemas for editors of experiment and policy files agree with what is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from marketsim.experiments import experiment, policies
from marketsim.experiments.experiment import load_experiment
from marketsim.scenario.json_schema import experiment_json_schema, policy_json_schema
from marketsim.scenario.source import parse, plain, read_text
from tests.command import called
from tests.experiments.files import PRICE, SUBSIDY, written
from tests.experiments.test_schema import WRONG_VALUES

EXPERIMENTS = Draft202012Validator(experiment_json_schema())
POLICIES = Draft202012Validator(policy_json_schema())
TARIFF = {"title": {"en": "a", "zh": "b"}, "levers": {"import_tariff": {"2025Q1": 0, "2027Q1": 0.1}}}
SOURCED = {"source": "assumption", "note": {"en": "a range", "zh": "范围"}}


def content(path: Path) -> Any:
    return plain(parse(read_text(path), str(path)).root)


def places(validator: Draft202012Validator, document: Any) -> list[str]:
    """Where something is wrong, by dotted path, with what is said of it."""
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(document)]


@pytest.mark.parametrize("which", ["experiment", "policy"])
def test_the_command_prints_valid_schemas(which: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = called(capsys, ["experiment", "schema", *(["--policy"] if which == "policy" else [])])
    schema = {"experiment": experiment_json_schema, "policy": policy_json_schema}[which]()
    assert (shown.code, shown.err) == (0, "") and json.loads(shown.out) == schema
    Draft202012Validator.check_schema(schema)
    assert schema["description"].startswith(f"A{'n' if which == 'experiment' else ''} {which} of marketsim")


@pytest.mark.parametrize("path", sorted(experiment.folder().glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_experiments_are_valid(path: Path) -> None:
    assert places(EXPERIMENTS, content(path)) == []


@pytest.mark.parametrize("path", sorted(policies.folder().glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_policies_are_valid_and_no_experiments(path: Path) -> None:
    assert places(POLICIES, content(path)) == []
    assert places(EXPERIMENTS, content(path))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"uncertain": "free", "policies": [], "keep": {"quarters": "all", "vendors": 0}, "outcomes": None},
        {"uncertain": {"price": "free", **SOURCED}, "set": {"finance.climate": {"2025Q1": 1}, "events.0.quarter": "x"}},
        {"uncertain": {"price": {**PRICE, **SOURCED, "low": {"value": 20, **SOURCED}, "distribution": "normal", "mean": 40, "sd": 5}}},
        {"design": {"kind": "grid", "levels": 3}},
        {"design": {"kind": "grid", "levels": {"price": [20, {"value": 30, **SOURCED}], "capacity": 2}}},
        {"policies": ["a", "../b.yaml", {**SUBSIDY, **SOURCED, "title": None}, {"name": "x", "levers": {"import_tariff": {"2025Q1": {"value": 1, **SOURCED}}}}]},
        {"outcomes": {"hhi": {"measure": "hhi", "over": "mean", "enough": {"value": 0.25, **SOURCED}}}, "precision": {"outcome": "hhi", "half_width": 0.1, "at_most": 100}},
    ],
)  # fmt: skip
def test_every_way_of_writing_is_valid(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert places(EXPERIMENTS, content(written(tmp_path, **changes))) == []


@pytest.mark.parametrize("changes", [changes for changes, _ in WRONG_VALUES])
def test_what_is_refused_when_it_is_read_the_schema_refuses_there(tmp_path: Path, changes: dict[str, Any]) -> None:
    """An editor underlines that entry, and not the whole file for each way of writing that does not fit."""
    found = places(EXPERIMENTS, content(written(tmp_path, **changes)))
    (key,) = changes
    assert found and all(said.startswith((key, ": ")) for said in found)
    assert all(key in said for said in found)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"policies": [3]}, "policies.0: 3 is not of type 'string'"),
        ({"policies": [{"name": "x", "levers": {"import_tariff": {"2027": 1}}}]}, "policies.0.levers.import_tariff: '2027' does not match"),
        ({"uncertain": {"price": {**PRICE, "lo": 1}}}, "uncertain.price: Additional properties are not allowed ('lo' was unexpected)"),
        ({"uncertain": {"price": "open"}}, "uncertain.price: 'free' was expected"),
        ({"keep": {"quarters": "some"}}, "keep.quarters: 'all' was expected"),
        ({"keep": {"quarters": -1}}, "keep.quarters: -1 is less than the minimum of 0"),
        ({"design": {"kind": "grid", "levels": {"price": ["a"]}}}, "design.levels.price.0: 'a' is not of type 'number'"),
        ({"design": {"kind": "grid", "levels": {"price": 1}}}, "design.levels.price: 1 is less than the minimum of 2"),
        ({"seed": {"value": -1, "source": "s"}}, "seed.value: -1 is less than the minimum of 0"),
        ({"outcomes": {"hhi": {"measure": "hhi", "source": 5}}}, "outcomes.hhi.source: 5 is not of type 'string'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_of_the_way_that_is_written(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    (found,) = places(EXPERIMENTS, content(written(tmp_path, **changes)))
    assert said in found


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"levers": {}}, "levers: "),
        ({"variants": {}}, "variants: "),
        ({"title": "tariff"}, "title: 'tariff' is not of type 'object'"),
        ({"levers": {"import_tariff": "high"}}, "levers.import_tariff: 'high' is not of type 'number'"),
        ({"levers": {"import_tariff": {"2025": 0}}}, "levers.import_tariff: '2025' does not match"),
        ({"levers": {"import_tariff": {}}}, "levers.import_tariff: "),
        ({"variants": {"Low": TARIFF}}, "variants: 'Low' does not match"),
        ({"variants": {"low": {"levers": {"import_tariff": 1}}}}, "variants.low: 'title' is a required property"),
        ({"baseline": "none"}, ": Additional properties are not allowed ('baseline' was unexpected)"),
    ],
)
def test_wrong_policy_files(changes: dict[str, Any], said: str) -> None:
    assert places(POLICIES, TARIFF) == places(POLICIES, {**TARIFF, **SOURCED}) == []
    (found,) = places(POLICIES, {**TARIFF, **changes})
    assert found.startswith(said)


def test_a_file_that_the_schema_takes_can_be_read(tmp_path: Path) -> None:
    path = written(tmp_path, seed={"value": 11, **SOURCED}, design={"kind": "grid", "levels": {"price": [20, 80]}})
    assert places(EXPERIMENTS, content(path)) == []
    assert load_experiment(path).seed == 11


def test_units_of_another_figure_are_told_as_such() -> None:
    low = experiment_json_schema()["$defs"]["UncertainParameter"]["properties"]["low"]
    assert low["description"] == "least value, in the unit of the figure"
