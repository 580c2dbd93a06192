"""Policies that a facilitator can let happen by name: those of the scenario and those of the library."""

from __future__ import annotations

from collections.abc import Iterator

from agents.game.company import Intervention
from marketsim.errors import ExperimentError
from marketsim.experiments.policies import folder, names, variants
from marketsim.scenario.checks import lever_names
from marketsim.scenario.experiment_file import PolicyFile
from marketsim.scenario.model_file import read_model
from marketsim.scenario.schema import Scenario, Title


def policies(world: Scenario) -> dict[str, Intervention]:
    """All policies that a scenario can have, by name: those of the library whose levers it has, and its own."""
    return {name: policy for name, policy in _all(world) if _fits(policy, world)}


def library_policy(name: str, world: Scenario) -> Intervention | list[str]:
    """A policy by its name, or the names that there are."""
    found = policies(world)
    return found.get(name, list(found))


def _all(world: Scenario) -> Iterator[tuple[str, Intervention]]:
    for stem in names():
        file, _, _ = read_model(folder() / f"{stem}.yaml", PolicyFile, ExperimentError, "a policy file")
        for name, title, levers, _ in variants(stem, file):
            paths = {lever: dict(path) for lever, path in levers.items()}
            yield name, Intervention(title=Title(**title), levers=paths)
    for name, levers in world.policies.items():
        paths = {lever: dict(path) for lever, path in levers.items()}
        yield name, Intervention(title=world.policy_titles.get(name) or Title(en=name, zh=name), levers=paths)


def _fits(policy: Intervention, world: Scenario) -> bool:
    known = lever_names(world)
    return all(lever in known for lever in policy.levers)
