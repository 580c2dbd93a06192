"""Policies: levers set by hand or by a named policy, which then hold against the dated events of the scenario."""

from __future__ import annotations

from collections.abc import Collection

from marketsim.errors import Origin, Problem, ScenarioError, did_you_mean
from marketsim.scenario.schema import Scenario


def under_policy(scenario: Scenario, name: str) -> Scenario:
    """The scenario with one of its named policies in force.

    Each lever of the policy follows the policy's path throughout; events no longer move it.
    Raises ScenarioError for a name that the scenario does not have.
    """
    if name not in scenario.policies:
        hint = did_you_mean(name, list(scenario.policies), "there are") or "the scenario has no policies"
        raise ScenarioError([Problem(Origin(f"--policy {name}"), f"there is no policy {name!r}", hint=hint)])
    levers = scenario.policies[name]
    simple = {lever: path for lever, path in levers.items() if "." not in lever}
    content = dict(scenario.policy.domestic_content)
    content |= {lever.partition(".")[2]: path for lever, path in levers.items() if "." in lever}
    policy = scenario.policy.model_copy(update={**simple, "domestic_content": content})
    return held(scenario.model_copy(update={"policy": policy}), levers)


def held(scenario: Scenario, levers: Collection[str]) -> Scenario:
    """The scenario with these levers taken out of its events; the events stay news."""
    events = [
        event.model_copy(update={"changes": {name: to for name, to in event.changes.items() if name not in levers}})
        for event in scenario.events
    ]
    return scenario.model_copy(update={"events": events})


def levers_set(paths: Collection[str]) -> list[str]:
    """Policy levers among dotted paths of a scenario: `policy.import_tariff` gives `import_tariff`."""
    return [path.removeprefix("policy.") for path in paths if path.startswith("policy.")]
