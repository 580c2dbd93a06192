"""`--set path=value`."""

from __future__ import annotations

import pytest

from marketsim.errors import ScenarioError
from marketsim.scenario import library
from marketsim.scenario.policies import held, levers_set, under_policy
from marketsim.scenario.schema import Scenario
from marketsim.scenario.source import Provenance
from tests.scenario.conftest import SMALL


def small(*overrides: str) -> Scenario:
    return library.load_scenario(SMALL, overrides)


def test_values_are_yaml_and_replace_the_old_ones() -> None:
    world = small(
        "policy.electricity_discount=0.5",
        "vendors.cambricon.cash=5e3",
        "finance.climate={2025Q1: 1, 2028Q1: 0.2}",
        "nodes.n7.capacity={2025Q1: 7}",
        "vendors.cambricon.in_process=[1, 2]",
        "title.en=A = B",
    )
    assert world.policy.electricity_discount == {"0001Q1": 0.5}
    assert world.vendors["cambricon"].cash == 5000
    assert world.finance.climate == {"2025Q1": 1, "2028Q1": 0.2}
    assert world.nodes["n7"].capacity == {"2025Q1": 7}
    assert world.vendors["cambricon"].in_process == [1, 2]
    assert world.title.en == "A = B"


def test_single_entries_of_lists_and_paths() -> None:
    world = small("events.0.quarter=2026Q1", "vendors.biren.in_process.1=9", "nodes.n7.capacity.2027Q1=50")
    assert world.events[0].quarter == "2026Q1"
    assert world.vendors["biren"].in_process == [1, 9]
    assert world.nodes["n7"].capacity == {"2025Q1": 20, "2026Q1": 30, "2027Q1": 50}


def test_a_field_that_the_file_leaves_to_its_default() -> None:
    assert small("policy.import_tariff=0.2").policy.import_tariff == {"0001Q1": 0.2}
    assert small("vendors.biren.debt=7").vendors["biren"].debt == 7


def test_null_removes() -> None:
    assert list(small("vendors.cambricon=null").vendors) == ["biren"]
    assert small("policy=").policy == Scenario.model_fields["policy"].default


def test_later_ones_win_and_the_file_is_not_touched() -> None:
    before = SMALL.read_bytes()
    assert small("quarters=3", "quarters=4").quarters == 4
    assert SMALL.read_bytes() == before


def test_a_mapping_of_values_does_the_same() -> None:
    world = library.load_scenario(SMALL, {"policy.electricity_discount": 0.5, "finance.climate": {"2025Q1": 1e-7}})
    assert world == small("policy.electricity_discount=0.5", "finance.climate={2025Q1: 1e-7}")


def test_an_overridden_figure_says_so_and_may_bring_its_source() -> None:
    marks = library.load(SMALL, ["nodes.n7.power=1", "nodes.n7.compute={value: 2, source: me}"]).provenance
    assert marks["nodes.n7.power"] == Provenance(note="set with --set")
    assert marks["nodes.n7.compute"] == Provenance("me")


LEVERS = {
    "as a whole": ("policy.import_ceiling=2", ["domestic_content.internet"]),
    "one segment": ("policy.domestic_content.internet=0.1", ["import_ceiling"]),
    "all segments": ("policy.domestic_content={internet: 0.1}", ["import_ceiling"]),
    "all levers": ("policy={import_tariff: 1}", []),
    "another lever": ("policy.import_tariff=1", ["import_ceiling", "domestic_content.internet"]),
    "a point of another path": (
        "policy.electricity_discount.2026Q1=1",
        ["import_ceiling", "domestic_content.internet"],
    ),
}


@pytest.mark.parametrize(("override", "moved"), LEVERS.values(), ids=LEVERS.keys())
def test_a_lever_that_is_set_is_no_longer_moved_by_events(override: str, moved: list[str]) -> None:
    assert list(small(override).events[0].changes) == moved


def test_a_point_of_a_lever_holds_as_well() -> None:
    world = library.load_scenario(
        SMALL, ["policy.import_ceiling={2025Q1: 1, 2026Q1: 2}", "policy.import_ceiling.2026Q1=3"]
    )
    assert world.policy.import_ceiling == {"2025Q1": 1, "2026Q1": 3}
    assert levers_set(["policy.import_ceiling.2026Q1"]) == ["import_ceiling.2026Q1"]
    assert list(held(world, ["import_ceiling.2026Q1"]).events[0].changes) == ["domestic_content.internet"]


def test_a_policy_and_a_lever_set_by_hand_may_not_meet() -> None:
    world = small("policies.content={domestic_content.internet: 1}")
    for by_hand in ("domestic_content", "domestic_content.internet", "domestic_content.internet.2026Q1", ""):
        with pytest.raises(ScenarioError, match="is set by the policy 'content' and by --set"):
            under_policy(world, "content", [by_hand])
    assert under_policy(world, "content", ["domestic_content.other"]).policy.domestic_content["internet"] == {
        "0001Q1": 1
    }


def test_names_of_levers_that_hold_dots() -> None:
    world = small(
        "events.0.changes.domestic_content.internet=0.9",
        "policies.no-discount.domestic_content.internet=0.3",
        "policies.content={domestic_content.internet: {2025Q1: 0, 2026Q1: 1}}",
        "policies.content.domestic_content.internet.2026Q1=0.4",
        "policies.content.import_tariff={2026Q1: 0.2}",
        "policies.content.import_tariff.2026Q1=0.5",
    )
    assert world.events[0].changes == {"import_ceiling": 0, "domestic_content.internet": 0.9}
    assert world.policies["no-discount"]["domestic_content.internet"] == {"0001Q1": 0.3}
    assert world.policies["content"] == {
        "domestic_content.internet": {"2025Q1": 0, "2026Q1": 0.4},
        "import_tariff": {"2026Q1": 0.5},
    }
    assert small("events.0.changes.domestic_content.internet=null").events[0].changes == {"import_ceiling": 0}


WRONG_PATHS = {
    "no value": ("quarters", "is not of the form path=value"),
    "no path": ("=3", "is not of the form path=value"),
    "a section": ("polcy.electricity_discount=1", "there is no 'polcy' in a scenario\n      hint:    did you mean 'policy'?"),
    "a lever": ("policy.electricity=1", "there is no 'electricity' in policy\n      hint:    did you mean 'electricity_discount'?"),
    "a vendor": ("vendors.cambrikon.cash=1", "there is no 'cambrikon' in vendors\n      hint:    did you mean 'cambricon'?"),
    "nothing alike": ("vendors.zzz.cash=1", "there are: cambricon, biren"),
    "a part of a number": ("vendors.biren.cash.x=1", "vendors.biren.cash is not written as a mapping here"),
    "a point of a constant": ("finance.climate.2028Q1=1", "set it as a whole: --set finance.climate=..."),
    "a point of a default": ("policy.import_tariff.2028Q1=1", "set it as a whole: --set policy.import_tariff=..."),
    "an index": ("events.7.quarter=2026Q1", "events is a list of 1: name an entry from 0"),
    "not an index": ("events.first=1", "events is a list of 1: name an entry from 0"),
    "dots": ("vendors..cash=1", "there is no '' in vendors"),
    "a lever of an event": ("events.0.changes.import_cieling=1", "there is no policy lever 'import_cieling'"),
    "a segment of a lever": ("events.0.changes.domestic_content.intrnet=1", "did you mean 'domestic_content.internet'?"),
    "a point of a new lever": ("policies.no-discount.import_tariff.2026Q1=1", "there is no policy lever 'import_tariff.2026Q1'"),
    "extends": ("extends=china-ai-chips", "there is no 'extends' in a scenario"),
}  # fmt: skip


@pytest.mark.parametrize(("override", "message"), WRONG_PATHS.values(), ids=WRONG_PATHS.keys())
def test_a_wrong_path_explains_itself(override: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        small(override)
    assert message in str(caught.value)
    assert f"\n--set {override}\n" in str(caught.value)


WRONG_VALUES = {
    "bounds": ("policy.electricity_discount=2", "policy.electricity_discount", "a number from 0 to 1"),
    "bounds in a path": ("finance.climate={2025Q1: -1}", "finance.climate.2025Q1", "a number from 0 to"),
    "type": ("quarters=many", "quarters", "a whole number from 1 to 200"),
    "unknown key": ("policy={tax: 1}", "policy.tax", ""),
    "misfit": ("vendors.biren.product.node=n3", "vendors.biren.product.node", "a node of this scenario"),
    "quarter": ("finance.climate={2025: 1}", "finance.climate.2025", "a quarter such as 2025Q1"),
}


@pytest.mark.parametrize(("override", "field", "allowed"), WRONG_VALUES.values(), ids=WRONG_VALUES.keys())
def test_a_wrong_value_gives_the_same_block_as_a_file(override: str, field: str, allowed: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        small(override)
    (problem,) = caught.value.problems
    assert (problem.field, problem.origin.source, problem.origin.line) == (field, f"--set {override}", None)
    assert allowed in problem.allowed


@pytest.mark.parametrize("value", ["[1, 2", "*alias", "!!python/none x", "1\n---\n2", "[" * 99])
def test_a_hostile_value(value: str) -> None:
    with pytest.raises(ScenarioError, match="--set"):
        small(f"quarters={value}")


def test_all_wrong_paths_are_named_at_once() -> None:
    with pytest.raises(ScenarioError, match="2 problems"):
        small("a=1", "b=2", "quarters=3")
