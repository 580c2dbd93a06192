"""The scenarios that other tests draw are valid, cover the corners, and survive being written and read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from marketsim.scenario import library
from marketsim.scenario.checks import violations
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario
from tests.generators import SECTIONS, scenarios

slow = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow
@given(scenarios())
def test_drawn_scenarios_are_valid(scenario: Scenario) -> None:
    assert violations(scenario, ["hold"]) == []
    assert len(Parameters(scenario).conditions) == scenario.quarters


@slow
@given(scenarios())
def test_a_drawn_scenario_survives_its_file(scenario: Scenario) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "drawn.yaml"
        path.write_text(json.dumps(scenario.model_dump(mode="json")), encoding="utf-8")
        assert library.load_scenario(path) == scenario


CORNERS: dict[str, Callable[[Scenario], bool]] = {
    "no lock-in": lambda world: any(segment.lock_in == 0 for segment in world.segments.values()),
    "no debt": lambda world: world.finance.debt_share == 0,
    "a node without capacity": lambda world: any(max(node.capacity.values()) == 0 for node in world.nodes.values()),
    "neither foreign suppliers nor entrants": lambda world: not world.foreign and not world.entrants,
    "two foreign suppliers": lambda world: len(world.foreign) == 2,
    "two kinds of entrants": lambda world: len(world.entrants) == 2,
    **{f"{count} vendors": lambda world, count=count: len(world.vendors) == count for count in (2, 3, 4, 5, 6)},  # type: ignore[misc]
}


@pytest.mark.parametrize("reached", CORNERS.values(), ids=CORNERS.keys())
def test_corners_are_reached(reached: Callable[[Scenario], bool]) -> None:
    """How often depends on what else is imported, as Hypothesis draws constants of the code under test too."""
    found = find(
        scenarios(), reached, settings=settings(slow, max_examples=1000, phases=[Phase.generate], database=None)
    )
    assert reached(found)


@settings(slow, max_examples=20)
@given(scenarios(["captive"]))
def test_strategies_are_drawn_from_the_given_ones(world: Scenario) -> None:
    assert {part.strategy for part in [*world.vendors.values(), *world.entrants.values()]} == {"captive"}


def test_no_field_of_a_section_is_forgotten() -> None:
    for section, fields in SECTIONS.items():
        model = Scenario.model_fields[section].annotation
        assert model is not None
        assert set(model.model_fields) - set(fields) <= {"production_lead"}
