"""Free parameters: which figures they move, between which bounds, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from marketsim.errors import ScenarioError
from marketsim.scenario import library
from marketsim.scenario.free import FreeSpace, figures_at, value_at
from marketsim.scenario.schema import FreeParameter
from tests.scenario.conftest import SMALL


def with_free(folder: Path, free: dict[str, Any], **more: Any) -> library.LoadedScenario:
    path = folder / "world.yaml"
    path.write_text(yaml.safe_dump({"extends": str(SMALL), "free": free, **more}, sort_keys=False), encoding="utf-8")
    return library.load(path)


def space(folder: Path, free: dict[str, Any]) -> FreeSpace:
    loaded = with_free(folder, free)
    return FreeSpace.of(loaded.tree, loaded.scenario)


PRICE = {"moves": ["vendors.*.price"], "low": 20, "high": 80}
CAPACITY = {"moves": ["nodes.n7.capacity"], "low": 0.5, "high": 2, "factor": True, "scale": "log"}
LATE = {"moves": ["nodes.n7.capacity.2026Q1-2030Q4"], "low": 0.1, "high": 3, "factor": True}


def test_patterns_name_figures():
    tree = {"a": {"x": {"price": 1}, "y": {"price": 2.5}}, "list": [3, 4], "path": {"2025Q1": 1, "2026Q1": 2}}
    assert figures_at(tree, "a.*.price") == {("a", "x", "price"): 1, ("a", "y", "price"): 2.5}
    assert figures_at(tree, "list.1") == {("list", 1): 4}
    assert figures_at(tree, "list.*") == {("list", 0): 3, ("list", 1): 4}
    assert figures_at(tree, "path") == {("path",): {"2025Q1": 1, "2026Q1": 2}}
    assert figures_at(tree, "path.2026Q1") == {("path", "2026Q1"): 2}
    assert figures_at(tree, "path.2025Q2-2030Q4") == {("path", "2026Q1"): 2}
    assert figures_at(tree, "path.2027Q1-2030Q4") == {}


@pytest.mark.parametrize("pattern", ["b", "a.z.price", "a.*.cost", "list.2", "list.x", "a.x.price.more", ""])
def test_patterns_that_name_nothing(pattern: str):
    tree = {"a": {"x": {"price": 1}}, "list": [3, 4]}
    with pytest.raises(KeyError, match="there is no "):
        figures_at(tree, pattern)


@pytest.mark.parametrize("pattern", ["a", "text", "truth", "list"])
def test_what_is_no_figure(pattern: str):
    with pytest.raises(KeyError, match=f"{pattern} is not a figure"):
        figures_at({"a": {"x": 1}, "text": "1", "truth": True, "list": [1]}, pattern)


def test_values_lie_between_the_bounds_on_a_scale(tmp_path: Path):
    linear = FreeParameter.model_validate(PRICE)
    log = FreeParameter.model_validate(CAPACITY)
    assert [value_at(linear, place) for place in (0, 0.5, 1)] == [20, 50, 80]
    assert [value_at(log, place) for place in (0, 0.5, 1)] == pytest.approx([0.5, 1, 2])
    made = space(tmp_path, {"price": PRICE, "capacity": CAPACITY})
    places = np.array([[0.0, 0.3], [1.0, 0.77]])
    for place in places:
        assert made.places(made.values(place)) == pytest.approx(place)
    assert made.places(np.array([-5.0, 9.0])).tolist() == [0, 1], "cut to the range"


def test_present_values_are_those_of_the_scenario(tmp_path: Path):
    late_wafers = {"moves": ["nodes.n7.wafer_price"], "low": 50, "high": 200}
    made = space(tmp_path, {"price": PRICE, "capacity": CAPACITY, "wafers": late_wafers})
    assert made.names == ["price", "capacity", "wafers"]
    assert made.present.tolist() == [60, 1, 97]


def test_a_value_sets_and_a_factor_multiplies(tmp_path: Path):
    made = space(tmp_path, {"price": PRICE, "capacity": CAPACITY, "late": LATE})
    moved = made.figures(np.array([44.0, 2.0, 0.5]))
    assert moved == {
        ("vendors", "cambricon", "price"): 44,
        ("vendors", "biren", "price"): 44,
        ("nodes", "n7", "capacity", "2025Q1"): 40,
        ("nodes", "n7", "capacity", "2026Q1"): 30,
    }, "factors on the same figure multiply"
    world = made.scenario(np.array([44.0, 2.0, 0.5]))
    assert [vendor.price for vendor in world.vendors.values()] == [44, 44]
    assert world.nodes["n7"].capacity == {"2025Q1": 40, "2026Q1": 30}
    assert world.segments == library.load_scenario(SMALL).segments


def test_the_space_is_not_changed_by_its_scenarios(tmp_path: Path):
    made = space(tmp_path, {"capacity": CAPACITY})
    made.scenario(np.array([2.0]))
    assert made.scenario(np.array([1.0])).nodes["n7"].capacity == {"2025Q1": 20, "2026Q1": 30}


def test_a_figure_beyond_its_own_bounds_is_refused(tmp_path: Path):
    made = space(tmp_path, {"stock": {"moves": ["technology.obsolete_stock"], "low": 0, "high": 1.5}})
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        made.scenario(np.array([1.5]))


@pytest.mark.parametrize(
    ("free", "message"),
    [
        ({**PRICE, "moves": ["vendors.*.prise"]}, r"free\.p\.moves\.0: there is no 'prise' in 'vendors\.\*\.prise'"),
        ({**PRICE, "moves": ["vendors.biren"]}, r"free\.p\.moves\.0: vendors\.biren is not a figure"),
        ({**PRICE, "moves": []}, r"free\.p\.moves"),
        ({**PRICE, "low": 80}, r"free\.p\.low: the range ends before it begins\n +found: +80"),
        ({**PRICE, "low": 0, "scale": "log"}, r"free\.p\.low: a logarithmic scale has no 0"),
        (
            {**CAPACITY, "factor": False},
            r"free\.p\.moves\.0: a path over time has no single value\n(.*\n)? +allowed: `factor",
        ),
        ({**PRICE, "scale": "root"}, r"free\.p\.scale: is not one of the allowed values"),
    ],
)
def test_what_is_refused(tmp_path: Path, free: dict[str, Any], message: str):
    with pytest.raises(ScenarioError, match=message):
        with_free(tmp_path, {"p": free})


def test_parameters_of_vendors_that_were_taken_out_go_with_them(tmp_path: Path):
    (tmp_path / "base").mkdir()
    one = {"moves": ["vendors.biren.price"], "low": 20, "high": 80}
    with_free(tmp_path / "base", {"all": PRICE, "one": one})
    path = tmp_path / "smaller.yaml"
    path.write_text("extends: base/world.yaml\nvendors: {biren: null}\n", encoding="utf-8")
    assert list(library.load_scenario(path).free) == ["all"]
    path.write_text("extends: base/world.yaml\nvendors: {biren: null}\nfree: {one: {low: 30}}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"there is no 'biren' in"):
        library.load(path)


@pytest.mark.parametrize("name", library.names())
def test_free_parameters_of_the_library_can_be_moved_over_their_ranges(name: str):
    loaded = library.load(name)
    made = FreeSpace.of(loaded.tree, loaded.scenario)
    assert np.all(made.present >= [free.low for free in made.parameters.values()])
    assert np.all(made.present <= [free.high for free in made.parameters.values()])
    for place in (0.0, 1.0):
        made.scenario(made.values(np.full(len(made.names), place)))
