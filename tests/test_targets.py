"""Target files: what is refused, how distance is measured, and that quarters of a trace are those of the market."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marketsim.api import simulate, strategies_of
from marketsim.errors import TargetError
from marketsim.scenario import library
from marketsim.scenario.schema import Scenario
from marketsim.scenario.target_file import Target
from marketsim.targets import compare, distance, find, load_targets, measured, names
from marketsim.trace import trace

SMALL = Path(__file__).parent / "data" / "small.yaml"
TITLE = {"en": "figures", "zh": "数字"}
CARDS: dict[str, Any] = {
    "title": TITLE,
    "group": 1,
    "use": "fit",
    "measure": "cards",
    "period": "2025",
    "unit": "k cards",
    "value": 120,
    "relative": 0.1,
    "source": "a survey",
    "note": "reported",
}
FILE: dict[str, Any] = {"title": TITLE, "scenario": "small", "targets": {"cards": CARDS}}

Refused = Callable[[dict[str, Any]], str]


@pytest.fixture(scope="module")
def small() -> Scenario:
    return library.load_scenario(SMALL)


@pytest.fixture
def refused(tmp_path: Path, small: Scenario) -> Refused:
    """What is said of a file."""

    def load(tree: dict[str, Any]) -> str:
        path = tmp_path / "figures.yaml"
        path.write_text(json.dumps(tree, indent=1), encoding="utf-8")
        with pytest.raises(TargetError) as caught:
            load_targets(path, small)
        return str(caught.value).replace(str(path), "figures.yaml")

    return load


def changed(**changes: Any) -> dict[str, Any]:
    """The file with other fields of its target; None takes a field out."""
    target = {name: value for name, value in (CARDS | changes).items() if value is not None}
    return {**FILE, "targets": {"cards": target}}


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"measure": "card"}, "measure", r"there is no measure 'card'\n +found: +'card' \(text\)\n +allowed: active, "),
        ({"unit": "cards"}, "unit", r"cards is measured in another unit\n.*found: +'cards'.*\n +allowed: k cards"),
        ({"against": "2025Q1"}, "unit", r"cards is measured in another unit\n.*\n +allowed: 1$"),
        ({"period": "2025H3"}, "period", r"is not a period such as .*\n +found: +'2025H3'.*\n +allowed: 2025, 2025H1"),
        ({"period": "2026-2025"}, "period", r"ends before it begins"),
        ({"against": "then", "unit": "1"}, "against", r"is not a period such as"),
        ({"period": 2025}, "period", r"is of the wrong type\n +found: +2025\n +allowed: text"),
        ({"measure": "learning_rate", "unit": "1", "period": "2025H1"}, "period", r"learning_rate needs whole years"),
        ({"source": None}, "", r"lacks a source\n +allowed: `source:` beside the figure or above it"),
        ({"low": 3, "high": 1, "value": None, "relative": None}, "low", r"the band ends before it begins"),
        ({"low": 1, "high": 3}, "value", r"a value needs one tolerance, and no band beside it"),
        ({"low": 1, "high": 3, "value": None}, "value", r"the figure is neither a value with a tolerance nor a band"),
        ({"value": None}, "value", r"the figure is neither a value with a tolerance nor a band"),
        (
            {"low": 1, "value": None, "relative": None},
            "value",
            r"the figure is neither a value with a tolerance nor a band",
        ),
        ({"relative": None}, "value", r"a value needs one tolerance\b.*\n.*\n +allowed: `value` with one of relative"),
        ({"absolute": 5}, "value", r"a value needs one tolerance"),
        ({"value": -1}, "value", r"a figure that is not positive needs a tolerance in its own unit"),
        ({"relative": 1.5}, "relative", r"is out of bounds|less than 1"),
        ({"of": ["cambrikon"]}, "of.0", r"there is no vendor 'cambrikon'\n(.*\n)+ +hint: +did you mean 'cambricon'\?"),
        ({"of": ["n7"]}, "of.0", r"there is no vendor 'n7'"),
        ({"measure": "wafer_limit", "unit": "k wafers/quarter", "of": ["n5"]}, "of.0", r"there is no node 'n5'"),
        ({"of": []}, "of", r"."),
        ({"use": "fitted"}, "use", r"is not one of the allowed values"),
        ({"valu": 3}, "valu", r"is not known here"),
        ({"title": None}, "title", r"is required and missing"),
    ],
)
def test_what_is_wrong_with_a_target(changes: dict[str, Any], field: str, message: str, refused: Refused):
    said = refused(changed(**changes))
    place = ".".join(["targets.cards", *([field] if field else [])])
    assert re.match(r"\d problems? in the targets\n\nfigures.yaml\n", said)
    assert re.search(rf"line \d+: {re.escape(place)}: {message}", said), said


def test_everything_is_said_at_once(refused: Refused):
    assert refused(changed(unit="cards", source=None, of=["nobody"])).startswith("3 problems in the targets")


def test_targets_of_another_scenario(refused: Refused):
    assert "scenario: the targets are for 'large', not for 'small'" in refused({**FILE, "scenario": "large"})


def test_files_that_are_none(tmp_path: Path, small: Scenario):
    path = tmp_path / "figures.yaml"
    for text, message in (("targets: {a", r"line 1"), ("- 1", r"found: +a list of 1"), ("", r"is empty")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(TargetError, match=message) as caught:
            load_targets(path, small)
        assert str(caught.value).startswith("1 problem in the targets"), text
    with pytest.raises(TargetError, match="there is no such file"):
        load_targets(tmp_path / "nothing.yaml", small)
    with pytest.raises(
        TargetError, match=r"there are no targets 'china-ai-chip'\n +hint: +did you mean 'china-ai-chips'"
    ):
        find("china-ai-chip")


@pytest.mark.parametrize("name", names())
def test_the_targets_of_the_library_can_be_used(name: str):
    loaded = library.load(name)
    targets = load_targets(name, loaded.scenario)
    assert targets.of_use("fit")
    assert targets.of_use("predict")
    notes = [
        targets.provenance[f"targets.{one}.{'low' if at.value is None else 'value'}"]
        for one, at in targets.file.targets.items()
    ]
    assert all(origin.source and origin.note for origin in notes)


def target(**changes: Any) -> Target:
    return Target.model_validate(
        {
            name: value
            for name, value in (CARDS | changes).items()
            if name not in ("source", "note") and value is not None
        }
    )


@pytest.mark.parametrize(
    ("figure", "values", "distances"),
    [
        ({"value": 100.0, "relative": 0.1}, [100, 110, 90, 130], [0, 1, -1, 3]),
        ({"value": -5.0, "absolute": 2.0, "relative": None}, [-5, -3, -7, -1], [0, 1, -1, 2]),
        ({"value": 10.0, "factor": 2.0, "relative": None}, [10, 20, 5, 40], [0, 1, -1, 2]),
        ({"value": None, "relative": None, "low": 2.0, "high": 6.0}, [4, 6, 2, 8], [0, 1, -1, 2]),
    ],
)
def test_distance_is_in_tolerances(figure: dict[str, Any], values: list[float], distances: list[float]):
    assert distance(target(**figure), np.array(values, dtype=float)) == pytest.approx(distances)


def test_nothing_sold_is_far_from_a_factor_but_not_infinitely_far():
    (far,) = distance(target(value=10.0, factor=2.0, relative=None), np.zeros(1))
    assert -np.inf < far < -20


def test_a_trace_is_the_market_of_the_ensemble(small: Scenario):
    """Two ways to the same figures: the yearly outcomes of an ensemble, and the quarters of a trace."""
    wide = library.load_scenario(SMALL, {"market.luck": 0.3, "market.demand_noise": 0.1})
    played = trace(wide, strategies_of(wide), 5, 6)
    yearly = simulate(wide, runs=6, seed=5).outcomes
    for year, first in zip(yearly.years, (0, 4, 8), strict=True):
        sold = played.cards[first : first + 4].sum(axis=0)
        assert np.allclose(sold, yearly.cards[:, yearly.years.index(year)])
    assert played.quarters == [f"{year}Q{quarter}" for year in (2025, 2026, 2027) for quarter in (1, 2, 3, 4)]
    assert np.ptp(played.demand[0]) > 0, "runs differ, or the test would show little"


def test_an_earlier_end_changes_nothing_before_it(small: Scenario):
    whole, part = (trace(small, strategies_of(small), 5, 3, until) for until in (None, "2026Q2"))
    assert part.quarters == whole.quarters[:6]
    for name in ("cards", "net_income", "tokens", "good_dies", "raised"):
        assert np.array_equal(getattr(part, name), getattr(whole, name)[:6]), name


def test_vendors_groups_and_changes_are_measured(small: Scenario):
    played = trace(small, strategies_of(small), 5, 2)
    by_name = {
        who: measured(target(of=[who]), "2025", played)[0]
        for who in ("domestic", "foreign", "cambricon", "biren", "nvidia")
    }
    assert by_name["domestic"] == by_name["cambricon"] + by_name["biren"] > 0
    assert by_name["foreign"] == by_name["nvidia"] > 0
    assert measured(target(of=["domestic", "cambricon"]), "2025", played)[0] == by_name["domestic"]
    everybody = measured(target(), "2025", played)[0]
    assert everybody == pytest.approx(by_name["domestic"] + by_name["foreign"])


def test_only_what_was_played_is_compared(small: Scenario, tmp_path: Path):
    path = tmp_path / "figures.yaml"
    later = {**CARDS, "period": "2026", "use": "predict"}
    change = {
        **later,
        "period": "2026",
        "against": "2025",
        "unit": "1",
        "value": -0.9,
        "relative": None,
        "absolute": 0.2,
    }
    tree = {**FILE, "targets": {"cards": CARDS, "later": later, "change": change}}
    path.write_text(json.dumps(tree, indent=1), encoding="utf-8")
    targets = load_targets(path, small)
    assert (targets.last_quarter("fit"), targets.last_quarter()) == ("2025Q4", "2026Q4")
    first, whole = (trace(small, strategies_of(small), 5, 2, until) for until in ("2025Q4", None))
    assert [found.name for found in compare(first, targets)] == ["cards"]
    found = {each.name: each for each in compare(whole, targets)}
    assert list(found) == ["cards", "later", "change"]
    assert [each.name for each in compare(whole, targets, "predict")] == ["later", "change"]
    assert found["change"].median == pytest.approx(found["later"].median / found["cards"].median - 1)
    assert found["cards"].hit == (abs(found["cards"].miss) <= 1)
