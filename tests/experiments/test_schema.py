"""Experiment files: what is refused while they are read, with line, field, value and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from marketsim.errors import ExperimentError
from marketsim.experiments.experiment import load_experiment
from tests.experiments.files import CAPACITY, PRICE, loaded, refused, written


def test_a_file_is_read(tmp_path: Path) -> None:
    experiment = loaded(tmp_path)
    assert experiment.file.title.zh == "试验"
    assert experiment.file.design.points == 5
    assert (experiment.keep_quarters, experiment.keep_vendors, experiment.boundary) == (200, 50, "merchant")
    assert loaded(tmp_path, keep={"quarters": "all", "vendors": 0}).keep_quarters is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"# nothing\n", "is empty"),
        (b"a: [1", "is not valid YAML"),
        (b"- a\n- b\n", "an experiment is a mapping with keys such as title, scenario and policies"),
        (b"just text", "an experiment is a mapping"),
        (b"\xff\xfea\x00", "is written in UTF-16"),
        (b"a: \x80", "is not UTF-8 text"),
        (b"a: 1\0", "NUL character"),
        (b"a: &x 1\nb: *x\n", "YAML aliases"),
        (b"title: {en: a, zh: b}\ntitle: {en: a, zh: b}\nscenario: china-ai-chips\n", "already stands in line 1"),
    ],
)
def test_files_that_are_no_experiment(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "trial.yaml"
    path.write_bytes(content)
    with pytest.raises(ExperimentError, match=said):
        load_experiment(path)


def test_a_directory_and_nothing(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="is a directory"):
        load_experiment(tmp_path)
    with pytest.raises(ExperimentError, match="there is no such file"):
        load_experiment(tmp_path / "none.yaml")


WRONG_VALUES: list[tuple[dict[str, Any], str]] = [
    ({"title": {"en": "a"}}, "title.zh: is required and missing"),
    ({"polices": []}, "polices: is not known here hint: did you mean 'policies'?"),
    ({"schema_version": 2}, "schema_version: is not one of the allowed values found: 2 allowed: 1"),
    ({"seed": -1}, "seed: is out of bounds found: -1"),
    ({"seed": 1.5}, "seed: is of the wrong type found: 1.5 allowed: a whole number"),
    ({"runs_per_point": 0}, "runs_per_point: is out of bounds found: 0"),
    ({"runs_per_point": "8"}, "runs_per_point: is of the wrong type found: '8' (text)"),
    ({"boundary": "world"}, "boundary: is not one of the allowed values"),
    ({"keep": {"quarters": "some"}}, "keep.quarters: is of the wrong type found: 'some' (text) allowed: a whole number from 0 to 1,000,000 or all"),
    ({"policies": [3]}, "policies.0: is of the wrong type found: 3 allowed: text or a mapping"),
    ({"policies": "subsidy"}, "policies: is of the wrong type found: 'subsidy' (text) allowed: a list"),
    ({"policies": [{"name": "x"}]}, "policies.0.levers: is required and missing"),
    ({"policies": [{"name": "X Y", "levers": {}}]}, "policies.0.name: is not a name"),
    ({"policies": [{"name": "x", "levers": {"import_tariff": "high"}}]}, "policies.0.levers.import_tariff: is of the wrong type"),
    ({"policies": [{"name": "x", "levers": {"import_tariff": {"2027": 1}}}]}, "is not a quarter such as 2025Q1 found: the key '2027'"),
    ({"uncertain": "all"}, "uncertain: is not one of the allowed values found: 'all' (text)"),
    ({"uncertain": {}}, "uncertain: has too few entries"),
    ({"uncertain": {"price": "open"}}, "uncertain.price: is not one of the allowed values found: 'open' (text) allowed: free or a mapping"),
    ({"uncertain": {"price": {**PRICE, "lo": 1}}}, "uncertain.price.lo: is not known here hint: did you mean 'low'?"),
    ({"uncertain": {"price": {**PRICE, "distribution": "beta"}}}, "uncertain.price.distribution: is not one of the allowed values"),
    ({"design": {"kind": "random"}}, "design.kind: is not one of the allowed values found: 'random' (text) allowed: as-written, grid, one-at-a-time, latin-hypercube, sobol, table"),
    ({"design": {"points": 3}}, "design.kind: is required and missing"),
    ({"design": {"kind": "latin-hypercube", "points": 100_001}}, "design.points: is out of bounds"),
    ({"design": {"kind": "grid", "levels": 1}}, "design.levels: is out of bounds"),
    ({"design": {"kind": "grid", "levels": {"price": []}}}, "design.levels.price: has too few entries"),
    ({"outcomes": {}}, "outcomes: has too few entries"),
    ({"outcomes": {"hhi": {"year": 2025}}}, "outcomes.hhi.measure: is required and missing"),
    ({"outcomes": {"hhi": {"measure": "hhi", "over": "median"}}}, "outcomes.hhi.over: is not one of the allowed values"),
    ({"precision": {"half_width": 1, "at_most": 100}}, "precision.outcome: is required and missing"),
    ({"precision": {"outcome": "hhi", "half_width": 0, "at_most": 100}}, "precision.half_width: is out of bounds"),
    ({"precision": {"outcome": "hhi", "half_width": 1, "at_most": 100, "confidence": 95}}, "precision.confidence: is out of bounds"),
]  # fmt: skip
"""Values that have no place in a file, whatever stands elsewhere in it, and what is said of them."""


@pytest.mark.parametrize(("changes", "said"), WRONG_VALUES)
def test_wrong_values(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    assert said in refused(tmp_path, **changes)


def test_everything_that_is_wrong_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, seed=-1, design={"kind": "random"}, runs_per_point=0)
    with pytest.raises(ExperimentError) as caught:
        load_experiment(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert "3 problems in the experiment" in str(caught.value)
    for problem in caught.value.problems:
        assert problem.field.rpartition(".")[2] in lines[(problem.origin.line or 0) - 1]


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ({**PRICE, "low": 80}, "uncertain.x.low: the range ends before it begins"),
        ({**CAPACITY, "low": 0}, "uncertain.x.low: a logarithmic scale has no 0"),
        ({**PRICE, "moves": ["vendors.huawei.price"]}, "uncertain.x.moves.0: there is no 'huawei'"),
        ({**CAPACITY, "factor": False}, "uncertain.x.moves.0: a path over time has no single value"),
        ({**PRICE, "distribution": "triangular"}, "uncertain.x.mode: is required and missing: a triangular distribution"),
        ({**PRICE, "distribution": "triangular", "mode": 90}, "uncertain.x.mode: is out of bounds found: 90 allowed: a number from 20 to 80"),
        ({**PRICE, "distribution": "normal", "mean": 50}, "uncertain.x.sd: is required and missing"),
        ({**PRICE, "distribution": "normal", "mean": 10, "sd": 5}, "uncertain.x.mean: is out of bounds"),
        ({**PRICE, "distribution": "normal", "mean": 50, "sd": 0}, "uncertain.x.sd: is out of bounds"),
        ({**PRICE, "mode": 50}, "uncertain.x.mode: means nothing for a uniform distribution found: 50 hint: `distribution: triangular`"),
        ({"moves": ["vendors.*.reliability"], "low": 0.5, "high": 2}, "uncertain.x: the ranges of the free parameters allow a figure that cannot be: vendors.cambricon.reliability"),
        ("free", "uncertain.x: the scenario has no free parameter 'x'"),
    ],
)  # fmt: skip
def test_wrong_parameters(tmp_path: Path, parameter: Any, said: str) -> None:
    assert said in refused(tmp_path, uncertain={"x": parameter})


def test_the_right_one_of_several_parameters_is_named(tmp_path: Path) -> None:
    wide = {"moves": ["vendors.biren.reliability"], "low": 0.5, "high": 2}
    said = refused(tmp_path, uncertain={"price": PRICE, "trust": wide, "capacity": CAPACITY})
    assert "uncertain.trust: " in said
    assert "1 problem in" in said


def test_a_column_of_the_results_is_no_name_of_a_parameter(tmp_path: Path) -> None:
    assert "is the name of another column" in refused(tmp_path, uncertain={"point": PRICE})
