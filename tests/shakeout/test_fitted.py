"""Facts that a scenario was fitted to are not scored, and only those."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from marketsim import targets
from marketsim.scenario import library
from marketsim.shakeout.fitted import fitted_facts
from marketsim.shakeout.reference import load_reference
from tests.shakeout.small import SMALL

REFERENCE = load_reference()


def test_a_scenario_without_targets_was_fitted_to_nothing():
    assert fitted_facts(library.load(SMALL).scenario, REFERENCE) == frozenset()


@pytest.mark.parametrize("name", targets.names())
def test_the_scenarios_of_the_package(name: str):
    """Every fact that is left out has a measure among the figures to fit."""
    scenario = library.load(name).scenario
    measures = {target.measure for target in targets.load_targets(name, scenario).of_use("fit").values()}
    for fact in fitted_facts(scenario, REFERENCE):
        assert measures & set(REFERENCE.file.facts[fact].measures), fact


def left_out(folder: Path, monkeypatch: pytest.MonkeyPatch, *figures: Mapping[str, Any]) -> frozenset[str]:
    """The facts that are left out if these are the targets of the small scenario."""
    title = {"en": "a", "zh": "一"}
    still = {
        "title": title,
        "group": 1,
        "use": "fit",
        "unit": "krmb/card",
        "low": 0.1,
        "high": 0.5,
        "source": "a survey",
    }
    made = {f"t{number}": still | dict(figure) for number, figure in enumerate(figures)}
    content = {"schema_version": 1, "scenario": "small", "title": title, "targets": made}
    (folder / "small.yaml").write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setattr(targets, "folder", lambda: folder)
    return fitted_facts(library.load(SMALL).scenario, REFERENCE)


def price(period: str, **others: Any) -> dict[str, Any]:
    return {"measure": "price", "period": period} | others


OF_PRICE = {"P1", "P2", "P3", "P4"}


@pytest.mark.parametrize(
    ("figures", "facts"),
    [
        ([price("2025")], set()),  # one figure of a price says nothing about its fall
        ([price("2025"), price("2025", group=2)], set()),
        ([price("2025"), price("2026")], OF_PRICE),
        ([price("2026", against="2025", unit="1")], OF_PRICE),  # its change
        ([price("2025"), price("2026", use="predict")], set()),
        ([price("2025", of=["biren"]), price("2026", of=["biren"])], set()),  # one vendor is not the industry
        ([price("2025", of=["domestic"]), price("2026", of=["domestic"])], OF_PRICE),
        ([{"measure": "fall_in_active", "period": "2025-2027", "unit": "1"}], {"S1"}),  # it holds the fact by itself
    ],
)
def test_which_facts(figures: list[dict[str, Any]], facts: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert left_out(tmp_path, monkeypatch, *figures) == facts
