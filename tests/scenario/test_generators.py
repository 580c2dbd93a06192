"""The scenarios that other tests draw are valid, cover the corners, and survive being written and read."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, settings

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


def test_strategies_are_drawn_from_the_given_ones_and_corners_are_reached() -> None:
    drawn: list[Scenario] = []

    @settings(slow, max_examples=60, phases=[Phase.generate], derandomize=True, database=None)
    @given(scenarios(["captive"]))
    def collect(scenario: Scenario) -> None:
        drawn.append(scenario)

    collect()
    assert {part.strategy for world in drawn for part in [*world.vendors.values(), *world.entrants.values()]} == {
        "captive"
    }
    nodes = [node for world in drawn for node in world.nodes.values()]
    assert any(segment.lock_in == 0 for world in drawn for segment in world.segments.values())
    assert any(world.finance.debt_share == 0 for world in drawn)
    assert any(max(node.capacity.values()) == 0 for node in nodes)
    assert any(not world.foreign and not world.entrants for world in drawn)
    assert any(len(world.foreign) == 2 for world in drawn)
    assert any(len(world.entrants) == 2 for world in drawn)
    assert {len(world.vendors) for world in drawn} == {2, 3, 4, 5, 6}


def test_no_field_of_a_section_is_forgotten() -> None:
    for section, fields in SECTIONS.items():
        model = Scenario.model_fields[section].annotation
        assert model is not None
        assert set(model.model_fields) - set(fields) <= {"production_lead"}
