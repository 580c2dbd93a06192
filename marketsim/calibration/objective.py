"""From places of a scenario's free parameters to the distances of its median run from the targets to fit.

All places meet the same luck (common random numbers), so that what differs between them comes from the parameters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from pydantic import ValidationError

from marketsim.ensemble import Decide
from marketsim.errors import Origin, Problem, ScenarioError, TargetError
from marketsim.measures import quarters_of
from marketsim.scenario.checks import violations
from marketsim.scenario.fields import quarter_index, quarter_name
from marketsim.scenario.free import FreeSpace, figures_at, points
from marketsim.scenario.library import LoadedScenario
from marketsim.scenario.problems import from_validation, from_violations
from marketsim.scenario.schema import Scenario
from marketsim.scenario.source import Key
from marketsim.state import Floats
from marketsim.targets import Targets, compare
from marketsim.trace import trace

FIGURES = 6
"""Significant digits of a moved figure, so that the fitted scenario can be read."""


@dataclass(frozen=True)
class Objective:
    """What is evaluated: a scenario's free parameters, the targets to fit (and no others), luck and number of runs."""

    loaded: LoadedScenario
    targets: Targets
    decide: Decide
    seed: int
    runs: int

    @classmethod
    def of(cls, loaded: LoadedScenario, targets: Targets, decide: Decide, seed: int, runs: int) -> Objective:
        """The objective of a scenario and all its targets, of which those to predict are left out.

        Raises ScenarioError if no parameter is free or a range leaves what is allowed, TargetError if no target can
        be fitted.
        """
        fitted = targets.of_use("fit")
        file = targets.file.model_copy(update={"targets": fitted})
        problems = list(_about_targets(targets, loaded.scenario))
        if problems:
            raise TargetError(problems)
        problems = list(_about_ranges(loaded))
        if problems:
            raise ScenarioError(problems)
        return cls(loaded, replace(targets, file=file), decide, seed, runs)

    @cached_property
    def space(self) -> FreeSpace:
        """The free parameters."""
        return FreeSpace.of(self.loaded.tree, self.loaded.scenario)

    @cached_property
    def until(self) -> str:
        """The last quarter that is played."""
        return self.targets.last_quarter("fit")

    @property
    def start(self) -> Floats:
        """The place of the scenario as it is written, [parameter]."""
        return self.space.places(self.space.present)

    def values(self, place: Floats) -> Floats:
        """The values of the free parameters at a place, to six significant digits, [parameter]."""
        return np.array([_rounded(value) for value in self.space.values(place)])

    def figures(self, place: Floats) -> dict[tuple[Key, ...], float]:
        """The moved figures by path, to six significant digits."""
        moved = self.space.figures(self.values(place))
        return {path: _rounded(figure) for path, figure in moved.items()}

    def scenario(self, place: Floats) -> Scenario:
        """The scenario at a place, [parameter]."""
        return self.space.with_figures(self.figures(place))

    def __call__(self, place: Floats) -> Floats:
        """Distance of the median run from each target in tolerances, [target]. place: [parameter] within 0 and 1."""
        played = trace(self.scenario(place), self.decide, self.seed, self.runs, self.until)
        return np.array([comparison.miss for comparison in compare(played, self.targets)])

    def about(self) -> dict[str, str | int]:
        """What an evaluation depends on, for the journal."""
        unseen = {"title", "remark", "group", "input"}
        figures = "".join(
            f"{name} {target.model_dump_json(exclude=unseen)}" for name, target in self.targets.file.targets.items()
        )
        return {
            "scenario": _hash(self.loaded.scenario.model_dump_json()),
            "targets": _hash(figures),
            "runs": self.runs,
            "seed": self.seed,
        }


def _rounded(figure: float) -> float:
    return float(f"{figure:.{FIGURES}g}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _about_targets(targets: Targets, scenario: Scenario) -> Iterator[Problem]:
    """Why the targets cannot be fitted."""
    fitted = targets.of_use("fit")
    if not fitted:
        yield Problem(Origin(str(targets.path)), "no target is to be fitted", allowed="`use: fit` at one or more")
    first = quarter_index(scenario.start)
    last = first + scenario.quarters - 1
    for name, target in fitted.items():
        spans = [quarters_of(period) for period in (target.period, target.against) if period is not None]
        if any(start < first or end > last for start, end in spans):
            played = f"{quarter_name(first)} to {quarter_name(last)}"
            yield Problem(Origin(str(targets.path)), "its period is not played", f"targets.{name}", allowed=played)


def _about_ranges(loaded: LoadedScenario) -> Iterator[Problem]:
    """Why the free parameters cannot be moved over their ranges."""
    if not loaded.scenario.free:
        hint = "a section `free:` names figures with their ranges, see scenarios/README.md"
        yield Problem(Origin(str(loaded.files[0])), "no parameter is free, so nothing can be fitted", hint=hint)
        return
    space = FreeSpace.of(loaded.tree, loaded.scenario)
    shared: dict[tuple[Key, ...], str] = {}
    problems = [problem for name in space.names for problem in _about_moves(loaded, space, name, shared)]
    for check in (_about_ends, _about_corners):
        problems = problems or list(check(loaded, space))
    yield from problems


def _about_moves(
    loaded: LoadedScenario, space: FreeSpace, name: str, shared: dict[tuple[Key, ...], str]
) -> Iterator[Problem]:
    """Figures that cannot be found, or that two parameters move of which one sets them."""
    free = space.parameters[name]
    for index, pattern in enumerate(free.moves):
        field = f"free.{name}.moves.{index}"
        try:
            paths = list(points(figures_at(space.tree, pattern)))
        except KeyError:
            message = f"{pattern!r} is not written in the scenario, which leaves it at its default"
            yield Problem(_origin(loaded, name), message, field, hint="write the figure, then it can be moved")
            continue
        for path, _ in paths:
            other = shared.setdefault(path, name)
            if other != name and not (free.factor and space.parameters[other].factor):
                message = f"{'.'.join(map(str, path))} is moved by {other!r} too: only factors can share a figure"
                yield Problem(_origin(loaded, name), message, field)


def _about_ends(loaded: LoadedScenario, space: FreeSpace) -> Iterator[Problem]:
    """Present values outside of their range, and ends at which the scenario would not be valid."""
    present = space.present
    for index, (name, free) in enumerate(space.parameters.items()):
        slack = 1e-9 * (free.high - free.low)
        if not free.low - slack <= present[index] <= free.high + slack:
            message = f"the scenario's own {'factor' if free.factor else 'figure'} is outside of the range"
            allowed = f"a range that holds {present[index]:g}"
            yield Problem(_origin(loaded, name), message, f"free.{name}", f"{free.low:g} to {free.high:g}", allowed)
        for end in ("low", "high"):
            values = present.copy()
            values[index] = getattr(free, end)
            for problem in _about_scenario(loaded, space, values):
                message = f"at this end, {problem.field} {problem.message}"
                yield Problem(_origin(loaded, name), message, f"free.{name}.{end}", allowed=problem.allowed)


def _about_corners(loaded: LoadedScenario, space: FreeSpace) -> Iterator[Problem]:
    """Parameters that together move a figure to where it may not be."""
    for end in ("low", "high"):
        corner = np.array([getattr(free, end) for free in space.parameters.values()])
        for problem in _about_scenario(loaded, space, corner):
            message = f"with every parameter at its {end} end, {problem.field} {problem.message}"
            yield Problem(_origin(loaded), message, "free", allowed=problem.allowed)


def _about_scenario(loaded: LoadedScenario, space: FreeSpace, values: Floats) -> list[Problem]:
    """What is wrong with the scenario at some values, at most one thing."""
    try:
        found = from_violations(violations(space.scenario(values)), loaded.tree)
    except ValidationError as error:
        found = from_validation(error, loaded.tree)
    return found[:1]


def _origin(loaded: LoadedScenario, *path: str) -> Origin:
    node = loaded.tree
    for key in ("free", *path):
        node = node.child(key) or node
    return node.origin
