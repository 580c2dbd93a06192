"""Uncertain parameters: values from places between 0 and 1 by their distributions, and the scenario that they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from pydantic import ValidationError

from marketsim.errors import did_you_mean
from marketsim.scenario.checks import Violation, free_violations
from marketsim.scenario.experiment_file import ExperimentFile, UncertainEntry, UncertainParameter
from marketsim.scenario.free import FreeSpace, figures_at, impossible, place_of, points
from marketsim.scenario.library import LoadedScenario
from marketsim.scenario.schema import FreeParameter, Scenario
from marketsim.state import Floats

DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = {"uniform": (), "triangular": ("mode",), "normal": ("mean", "sd")}
"""The figures that each distribution needs besides its bounds."""


@dataclass(frozen=True)
class UncertainSpace:
    """Uncertain parameters in a fixed order: places [0,1] that are all equally likely, and the values there.

    written: the figures of the scenario, and the bounds of each parameter.
    """

    written: FreeSpace
    parameters: Mapping[str, UncertainParameter]

    @classmethod
    def over(cls, space: FreeSpace) -> UncertainSpace:
        """The parameters of a space with their distributions; uniform where none is given."""
        return cls(space, {name: _with_distribution(free) for name, free in space.parameters.items()})

    @property
    def names(self) -> list[str]:
        """Names of the parameters."""
        return list(self.parameters)

    @property
    def present(self) -> Floats:
        """Values in the scenario as it is written, [parameter]."""
        return self.written.present

    def values(self, places: Floats) -> Floats:
        """Values at places: the inverse distribution functions, [parameter] or [point, parameter] of each."""
        columns = zip(self.parameters.values(), np.moveaxis(places, -1, 0), strict=True)
        within = np.stack([_quantile(parameter, column) for parameter, column in columns], axis=-1)
        rows = within.reshape(-1, len(self.parameters))
        return np.array([self.written.values(row) for row in rows]).reshape(places.shape)

    def scenario(self, values: Floats) -> Scenario:
        """The scenario with these values, [parameter]. Raises MarketSimError if a figure leaves what it may be."""
        try:
            return self.written.scenario(values)
        except ValidationError as error:
            raise impossible(error) from None

    def impossible_figures(self) -> Iterator[tuple[str, str]]:
        """Parameter, and the figure that its range leads out of what it may be.

        Figures rise or fall with each of their parameters, so that they are farthest out where all are low, or high.
        """
        for place in (0.0, 1.0):
            try:
                self.written.scenario(self.written.values(np.full(len(self.parameters), place)))
            except ValidationError as error:
                wrong = tuple(map(str, error.errors()[0]["loc"]))
                movers = [name for name, free in self.parameters.items() if self._moves(free, wrong)]
                yield movers[0] if movers else self.names[0], str(impossible(error))

    def _moves(self, free: FreeParameter, figure: tuple[str, ...]) -> bool:
        moved = (path for pattern in free.moves for path, _ in points(figures_at(self.written.tree, pattern)))
        return any(tuple(map(str, path)) == figure[: len(path)] for path in moved)


def _with_distribution(free: FreeParameter) -> UncertainParameter:
    return free if isinstance(free, UncertainParameter) else UncertainParameter(**free.model_dump())


def _quantile(parameter: UncertainParameter, places: Floats) -> Floats:
    """Places between the bounds, linear or logarithmic as the scale is, below which the given share lies."""
    from scipy import stats

    if parameter.distribution == "triangular":
        assert parameter.mode is not None
        within = stats.triang.ppf(places, place_of(parameter, parameter.mode))
    elif parameter.distribution == "normal":
        assert parameter.mean is not None and parameter.sd is not None
        middle, spread = place_of(parameter, parameter.mean), parameter.sd / _width(parameter)
        within = stats.truncnorm.ppf(places, -middle / spread, (1 - middle) / spread, loc=middle, scale=spread)
    else:
        return places
    inside: Floats = np.clip(within, 0.0, 1.0)
    return inside


def _width(free: FreeParameter) -> float:
    """Length of the range on its scale."""
    return float(np.log(free.high) - np.log(free.low)) if free.scale == "log" else free.high - free.low


def uncertain_space(file: ExperimentFile, loaded: LoadedScenario) -> tuple[UncertainSpace | None, list[Violation]]:
    """The uncertain parameters of an experiment, None if there are none or they are wrong, and what is wrong with them.

    Of all free parameters, those that would move what `set` fixes are left out.
    """
    if file.uncertain is None:
        return None, []
    own = loaded.scenario.free
    if file.uncertain == "free":
        space = FreeSpace.of(loaded.tree, loaded.scenario).without(file.set)
        if not space.names:
            why = "`set` fixes all that the free parameters move" if own else "the scenario has no free parameters"
            return None, [Violation(("uncertain",), why, "a mapping of parameters")]
        return UncertainSpace.over(space), _leading_out(UncertainSpace.over(space), named=False)
    wrong = list(_wrong_parameters(file.uncertain, loaded.scenario))
    if wrong:
        return None, wrong
    asked = {name: own[name] if entry == "free" else entry for name, entry in file.uncertain.items()}
    space = replace(FreeSpace.of(loaded.tree, loaded.scenario), parameters=asked)
    left = space.without(file.set).names
    fixed = [
        Violation(("uncertain", name), "moves what `set` fixes", "one of the two") for name in asked if name not in left
    ]
    return UncertainSpace.over(space), fixed + _leading_out(UncertainSpace.over(space), named=True)


def _leading_out(space: UncertainSpace, named: bool) -> list[Violation]:
    """Parameters whose range holds impossible figures.  named: each has a place of its own in the file."""
    return [
        Violation(("uncertain", name) if named else ("uncertain",), why) for name, why in space.impossible_figures()
    ]


def _wrong_parameters(entries: Mapping[str, UncertainEntry], scenario: Scenario) -> Iterator[Violation]:
    own = {name: entry for name, entry in entries.items() if isinstance(entry, UncertainParameter)}
    for name in entries:
        if name == "point":
            yield Violation(("uncertain", name), "is the name of another column of the results", "another name")
        elif name not in own and name not in scenario.free:
            hint = did_you_mean(name, list(scenario.free), "there are")
            yield Violation(("uncertain", name), f"the scenario has no free parameter {name!r}", hint=hint)
    for wrong in free_violations(scenario.model_copy(update={"free": own})):
        yield replace(wrong, path=("uncertain", *wrong.path[1:]))
    for name, parameter in own.items():
        yield from (replace(one, path=("uncertain", name, *one.path)) for one in _wrong_distribution(parameter))


def _wrong_distribution(parameter: UncertainParameter) -> Iterator[Violation]:
    """What is wrong with the figures of a distribution; paths start at the parameter."""
    kind, needed = parameter.distribution, DISTRIBUTIONS[parameter.distribution]
    for figure in ("mode", "mean", "sd"):
        value = getattr(parameter, figure)
        if figure in needed and value is None:
            yield Violation((figure,), f"is required and missing: a {kind} distribution needs it", "a number")
        elif figure not in needed and value is not None:
            owner = next(name for name, own in DISTRIBUTIONS.items() if figure in own)
            yield Violation((figure,), f"means nothing for a {kind} distribution", hint=f"`distribution: {owner}`")
        elif figure != "sd" and value is not None and not parameter.low <= value <= parameter.high:
            yield Violation((figure,), "is out of bounds", f"a number from {parameter.low:g} to {parameter.high:g}")
