"""Policies: levers set by hand or by a named policy, which then hold against the dated events of the scenario."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from marketsim.errors import Origin, Problem, ScenarioError, did_you_mean, listing
from marketsim.scenario.schema import SEGMENT_LEVERS, Scenario


def under_policy(scenario: Scenario, name: str, by_hand: Collection[str] = ()) -> Scenario:
    """The scenario with one of its named policies in force.

    Each lever of the policy follows the policy's path throughout; events no longer move it.
    by_hand: levers that were set one by one, see `levers_set`.
    Raises ScenarioError for a name that the scenario does not have, and for a lever that is set both ways.
    """
    if name not in scenario.policies:
        hint = did_you_mean(name, list(scenario.policies), "there are") or "the scenario has no policies"
        raise ScenarioError([Problem(Origin(f"--policy {name}"), f"there is no policy {name!r}", hint=hint)])
    levers = scenario.policies[name]
    both = both_ways(levers, by_hand)
    if both:
        hint = f"choose one: the policy sets {listing(list(levers))}"
        message = f"the lever {both[0]!r} is set by the policy {name!r} and by --set"
        raise ScenarioError([Problem(Origin(f"--policy {name}"), message, hint=hint)])
    return with_levers(scenario, levers)


def with_levers(scenario: Scenario, levers: Mapping[str, Mapping[str, float]]) -> Scenario:
    """The scenario in which each of these levers follows its path throughout; events no longer move it."""
    update: dict[str, Any] = {lever: dict(getattr(scenario.policy, lever)) for lever in SEGMENT_LEVERS}
    for lever, path in levers.items():
        name, _, segment = lever.partition(".")
        if segment:
            update[name][segment] = path
        else:
            update[name] = path
    policy = scenario.policy.model_copy(update=update)
    return held(scenario.model_copy(update={"policy": policy}), levers)


def held(scenario: Scenario, levers: Collection[str]) -> Scenario:
    """The scenario with these levers taken out of its events; the events stay news."""
    events = [
        event.model_copy(update={"changes": {name: to for name, to in event.changes.items() if _moves(name, levers)}})
        for event in scenario.events
    ]
    return scenario.model_copy(update={"events": events})


def both_ways(levers: Collection[str], by_hand: Collection[str]) -> list[str]:
    """Those of the levers that were set by hand as well, as a whole or in a part."""
    return [lever for lever in levers if not _moves(lever, by_hand)]


def levers_set(paths: Collection[str]) -> list[str]:
    """Policy levers among dotted paths: `policy.import_tariff` gives `import_tariff`, `policy` alone all, as ``."""
    return [path.removeprefix("policy").removeprefix(".") for path in paths if path.split(".")[0] == "policy"]


def _moves(name: str, levers: Collection[str]) -> bool:
    return not any(_same(name, lever) for lever in levers)


def _same(lever: str, other: str) -> bool:
    """Whether one is the other or a part of it, such as one segment of `domestic_content` or a point of a path."""
    return not other or lever == other or lever.startswith(f"{other}.") or other.startswith(f"{lever}.")
