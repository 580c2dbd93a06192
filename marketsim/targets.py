"""Targets: reported figures that a scenario should come out at, and how near it comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from marketsim.errors import Origin, Problem, TargetError, did_you_mean, listing
from marketsim.measures import MEASURES, View, quarters_of
from marketsim.scenario import library
from marketsim.scenario.checks import Violation
from marketsim.scenario.fields import quarter_index, quarter_name
from marketsim.scenario.model_file import read_model
from marketsim.scenario.problems import from_violations
from marketsim.scenario.provenance import provenance_of
from marketsim.scenario.schema import Scenario
from marketsim.scenario.source import Node, Provenance
from marketsim.scenario.target_file import Target, TargetFile
from marketsim.state import Floats, Ints
from marketsim.trace import Trace

GROUPS = ("domestic", "foreign")
"""Vendors by kind; entrants are domestic."""


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of a file, with where each figure comes from."""

    path: Path
    file: TargetFile
    provenance: Mapping[str, Provenance]

    def of_use(self, use: str) -> dict[str, Target]:
        """The targets to fit, or those to predict, by name."""
        return {name: target for name, target in self.file.targets.items() if target.use == use}

    def last_quarter(self, use: str | None = None) -> str:
        """The last quarter that the targets of a use need; of all where none is given."""
        chosen = [target for target in self.file.targets.values() if use in (None, target.use)]
        return quarter_name(max(quarters_of(period)[1] for target in chosen for period in _periods(target)))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A target beside what came out: `values` [r] of all runs, `distance` [r] from -1 to 1 inside the tolerance."""

    name: str
    target: Target
    values: Floats
    distance: Floats

    @property
    def median(self) -> float:
        """Median over runs."""
        return float(np.median(self.values))

    @property
    def miss(self) -> float:
        """Distance of the median run in tolerances: at most 1 is a hit."""
        return float(np.median(self.distance))

    @property
    def hit(self) -> bool:
        """Whether the median run is inside the tolerance."""
        return abs(self.miss) <= 1

    @property
    def share_inside(self) -> float:
        """Share of runs inside the tolerance."""
        return float(np.mean(np.abs(self.distance) <= 1))


def folder() -> Path:
    """Where the target files of the package are."""
    return library.folder() / "targets"


def names() -> list[str]:
    """Names of the scenarios that have targets in the package."""
    return sorted(path.stem for path in folder().glob("*.yaml"))


def find(name_or_path: str | Path) -> Path:
    """The file of targets: a name such as `china-ai-chips`, or a path. Raises TargetError for an unknown name."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or library.is_path(text):
        return Path(text)
    if text not in names():
        hint = did_you_mean(text, names(), "there are")
        raise TargetError([Problem(Origin("target library"), f"there are no targets {text!r}", hint=hint)])
    return folder() / f"{text}.yaml"


def load_targets(name_or_path: str | Path, scenario: Scenario) -> Targets:
    """Read and check a file of targets for a scenario.

    Raises TargetError with everything that is wrong.
    """
    path = find(name_or_path)
    what = "targets are a mapping with the keys title, scenario and targets"
    file, tree, problems = read_model(path, TargetFile, TargetError, what)
    provenance = provenance_of(tree)
    problems = problems + from_violations(list(_violations(file, scenario)), tree)
    problems += list(_without_source(file, tree))
    if problems:
        raise TargetError(problems)
    return Targets(path, file, provenance)


def compare(trace: Trace, targets: Targets, use: str | None = None) -> list[Comparison]:
    """Every target whose period the trace covers, or those of one use, beside what came out."""
    return [
        _compared(name, target, trace)
        for name, target in targets.file.targets.items()
        if use in (None, target.use) and _covered(trace, target)
    ]


def _compared(name: str, target: Target, trace: Trace) -> Comparison:
    values = measured(target, target.period, trace)
    if target.against is not None:
        before = measured(target, target.against, trace)
        values = values / np.where(before == 0, np.nan, before) - 1
    values = np.nan_to_num(values, nan=0.0)
    return Comparison(name, target, values, distance(target, values))


def of_use(comparisons: Iterable[Comparison], use: str) -> list[Comparison]:
    """The comparisons of figures that may be fitted, or of those that are predicted."""
    return [comparison for comparison in comparisons if comparison.target.use == use]


def bounds(target: Target) -> tuple[float, float]:
    """Ends of the tolerance, in the unit of the measure."""
    if target.value is None:
        assert target.low is not None and target.high is not None
        return target.low, target.high
    if target.absolute is not None:
        return target.value - target.absolute, target.value + target.absolute
    if target.factor is not None:
        return target.value / target.factor, target.value * target.factor
    assert target.relative is not None
    return target.value * (1 - target.relative), target.value * (1 + target.relative)


def centre(target: Target) -> float:
    """The reported value, or the middle of the band."""
    if target.value is not None:
        return target.value
    low, high = bounds(target)
    return (low + high) / 2


def distance(target: Target, values: Floats) -> Floats:
    """Distance from the figure in tolerances, -1 and 1 at its ends; factors and shares are taken as logarithms."""
    if target.value is None:
        assert target.low is not None and target.high is not None
        return (values - (target.low + target.high) / 2) / ((target.high - target.low) / 2)
    if target.absolute is not None:
        return (values - target.value) / target.absolute
    if target.factor is not None:
        ratios: Floats = np.log(np.maximum(values / target.value, 1e-9)) / np.log(target.factor)
        return ratios
    assert target.relative is not None
    shares: Floats = (values / target.value - 1) / target.relative
    return shares


def measured(target: Target, period: str, trace: Trace) -> Floats:
    """What a target measures in its own or another period, [r]."""
    first, last = (index - quarter_index(trace.quarters[0]) for index in quarters_of(period))
    who = _places(target, trace)
    return MEASURES[target.measure].compute(View(trace, slice(first, last + 1), who))


def _covered(trace: Trace, target: Target) -> bool:
    periods = [quarters_of(period) for period in _periods(target)]
    start, end = quarter_index(trace.quarters[0]), quarter_index(trace.quarters[-1])
    return all(start <= first and last <= end for first, last in periods)


def _periods(target: Target) -> list[str]:
    """The period of a target, and the one that it is set against."""
    return [period for period in (target.period, target.against) if period is not None]


def _places(target: Target, trace: Trace) -> Ints:
    """Indices of the vendors or nodes that a target looks at."""
    p = trace.parameters
    if MEASURES[target.measure].of_node:
        return np.array([p.nodes.index(name) for name in target.of or p.nodes])
    kinds = {
        "domestic": range(p.domestic),
        "foreign": range(p.domestic, len(p.vendors)),
    }
    chosen = [kinds.get(name, [p.vendors.index(name)] if name in p.vendors else []) for name in target.of or p.vendors]
    return np.unique([v for group in chosen for v in group])


def _violations(file: TargetFile, scenario: Scenario) -> Iterator[Violation]:
    """What does not fit together within a target, or with the scenario."""
    if file.scenario != scenario.name:
        yield Violation(("scenario",), f"the targets are for {file.scenario!r}, not for {scenario.name!r}")
    for name, target in file.targets.items():
        path = ("targets", name)
        yield from (Violation((*path, field), message, allowed) for field, message, allowed in _about(target))
        if target.measure in MEASURES:
            yield from _unknown_places(target, scenario, path)


def _about(target: Target) -> Iterator[tuple[str, str, str]]:
    """Field, what is wrong with it, and what is allowed."""
    measure = MEASURES.get(target.measure)
    if measure is None:
        yield "measure", f"there is no measure {target.measure!r}", listing(sorted(MEASURES), 40)
    else:
        unit = "1" if target.against is not None else measure.unit
        if target.unit != unit:
            yield "unit", f"{target.measure} is measured in another unit", unit
    for field in ("period", "against"):
        period = getattr(target, field)
        try:
            span = quarters_of(period) if period is not None else None
        except ValueError as error:
            yield field, str(error), "2025, 2025H1, 2025Q2 or 2011-2014"
            continue
        if span is not None and measure is not None and measure.years and (span[0] % 4 or (span[1] + 1) % 4):
            yield field, f"{target.measure} needs whole years", "a year or a span of years"
    yield from _about_tolerance(target)


def _about_tolerance(target: Target) -> Iterator[tuple[str, str, str]]:
    tolerances = [name for name in ("relative", "absolute", "factor") if getattr(target, name) is not None]
    band = target.low is not None and target.high is not None
    allowed = "`value` with one of relative, absolute and factor, or `low` and `high`"
    if target.value is None and not (band and not tolerances):
        yield "value", "the figure is neither a value with a tolerance nor a band", allowed
    elif target.value is not None and (len(tolerances) != 1 or target.low is not None or target.high is not None):
        yield "value", "a value needs one tolerance, and no band beside it", allowed
    elif target.value is not None and target.value <= 0 and target.absolute is None:
        yield "value", "a figure that is not positive needs a tolerance in its own unit", "`absolute`"
    elif band and target.low is not None and target.high is not None and target.low >= target.high:
        yield "low", "the band ends before it begins", "a low below the high"


def _unknown_places(target: Target, scenario: Scenario, path: tuple[str, ...]) -> Iterator[Violation]:
    of_node = MEASURES[target.measure].of_node
    slots = [f"{name}-{n + 1}" for name, entrant in scenario.entrants.items() for n in range(entrant.slots)]
    known: Sequence[str] = list(scenario.nodes) if of_node else [*GROUPS, *scenario.vendors, *slots, *scenario.foreign]
    what = "node" if of_node else "vendor"
    for index, name in enumerate(target.of or []):
        if name not in known:
            hint = did_you_mean(name, known, "there are")
            yield Violation((*path, "of", index), f"there is no {what} {name!r}", listing(known), hint)


def _without_source(file: TargetFile, tree: Node) -> Iterator[Problem]:
    """A figure that nobody can look up is no target."""
    marks = provenance_of(tree)
    for name, target in file.targets.items():
        figure = f"targets.{name}.{'low' if target.value is None else 'value'}"
        origin = marks.get(figure)
        given = target.value is not None or target.low is not None
        if given and (origin is None or origin.source is None):
            node = tree.child("targets")
            place = node.child(name) if node is not None else None
            at = place.origin if place is not None else tree.origin
            yield Problem(at, "lacks a source", f"targets.{name}", allowed="`source:` beside the figure or above it")
