"""All that the results of an experiment say, in one call."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import TYPE_CHECKING, Any

import yaml

from marketsim import __version__
from marketsim.commands.needs import need
from marketsim.errors import MarketSimError
from marketsim.experiments.analysis.discovery import Discovery, discoveries
from marketsim.experiments.analysis.drivers import METHODS, Drivers, drivers
from marketsim.experiments.analysis.paired import Difference, adjusted, differences
from marketsim.experiments.analysis.robustness import Robustness, robustness
from marketsim.experiments.analysis.samples import Points, class_sample, outcome_sample, points_of, shakeout_sample
from marketsim.experiments.analysis.survival import PolicySurvival, TooLong, policy_survival
from marketsim.experiments.analysis.verdicts import PolicyVerdict, policy_verdicts
from marketsim.experiments.design import Alike
from marketsim.experiments.manifest import SCENARIO
from marketsim.shakeout.instrument import load_instrument
from marketsim.shakeout.statistics import Interval
from marketsim.shakeout.verdict_json import plain

if TYPE_CHECKING:
    import polars as pl

    from marketsim.experiments.results import Results


@dataclass(frozen=True)
class Skipped:
    """A part of the analysis that these results cannot give.  part: name of a field of `Analysis`."""

    part: str
    reason: str


@dataclass(frozen=True)
class Analysis:
    """The analysis of an experiment.

    policies: the baseline first.  runs: by policy.  points: of the design, 1 if nothing is uncertain.
    alike: what makes runs alike, so that intervals count them together: `point`, or `run` (the run's number).
    skipped: parts that are empty, and why.
    """

    policies: tuple[str, ...]
    runs: Mapping[str, int]
    points: int
    design: str
    alike: Alike
    complete: bool
    differences: tuple[Difference, ...]
    verdicts: tuple[PolicyVerdict, ...]
    robustness: tuple[Robustness, ...]
    drivers: tuple[Drivers, ...]
    discoveries: tuple[Discovery, ...]
    survival: tuple[PolicySurvival, ...]
    skipped: tuple[Skipped, ...]


def analyse(results: Results, progress: Callable[[str], None] | None = None) -> Analysis:
    """Everything that the results say. One outcome is in memory at a time.

    progress: called with the name of each outcome, and of each other part, before it is worked on.
    Raises MarketSimError if a library is missing that the analysis needs.
    """
    need("SALib", "ema_workbench", "lifelines")
    points, tell = points_of(results), progress or (lambda _: None)
    gained: list[Difference] = []
    robust: list[Robustness] = []
    driven: list[Drivers] = []
    found: list[Discovery] = []
    for name in results.outcomes:
        tell(name)
        sample = outcome_sample(results, points, name)
        gained += differences(sample)
        driven += drivers(sample, points)
        found += discoveries(sample, points)
        of_outcome = robustness(sample) if points.names else None
        robust += [] if of_outcome is None else [of_outcome]
    tell("verdict")
    sample = shakeout_sample(results, points)
    driven, found = driven + drivers(sample, points), found + discoveries(sample, points)
    classes = class_sample(results, points)
    tell("survival")
    survival, why = _survival(results, points)
    return Analysis(
        policies=tuple(results.policies),
        runs=dict(zip(classes.policies, classes.made.sum(axis=1).tolist(), strict=True)),
        points=len(points.numbers),
        design=points.kind,
        alike=points.alike,
        complete=results.is_complete,
        differences=tuple(adjusted(gained)),
        verdicts=tuple(policy_verdicts(classes, load_instrument().errors)),
        robustness=tuple(robust),
        drivers=tuple(driven),
        discoveries=tuple(found),
        survival=tuple(survival),
        skipped=tuple(_skipped(results, points, robust, why)),
    )


def _skipped(results: Results, points: Points, robust: Sequence[Robustness], survival: str) -> list[Skipped]:
    """What cannot be given, and why.  survival: why there is none, empty if there is."""
    skipped = []
    if len(results.policies) < 2:
        skipped.append(Skipped("differences", "There is no policy to set against the baseline."))
    if not points.names:
        reason = "Nothing is uncertain in this experiment."
        skipped += [Skipped(part, reason) for part in ("robustness", "drivers", "discoveries")]
    elif not robust:
        skipped.append(Skipped("robustness", "The experiment does not say of any outcome which way is better."))
    if points.kind == "one-at-a-time":
        skipped.append(Skipped("discoveries", "Parameters that are moved one at a time show no box."))
    return [*skipped, Skipped("survival", survival)] if survival else skipped


def _survival(results: Results, points: Points) -> tuple[list[PolicySurvival], str]:
    """Survival by policy, or why there is none."""
    try:
        vendors = results.vendors()
    except MarketSimError:
        return [], "No vendors were kept in this experiment."
    text = results.store.read(SCENARIO)
    if text is None:
        return [], "The scenario is missing from the results: it says which vendors are domestic."
    scenario = yaml.safe_load(text)
    named, foreign = list(scenario.get("vendors") or {}), list(scenario.get("foreign") or {})
    try:
        return policy_survival(vendors, named, foreign, results.policies, points.alike), ""
    except TooLong:
        return [], "The record has too many years."


def as_json(analysis: Analysis) -> str:
    """The analysis for other programs; what is not known is null."""
    content = {"marketsim": __version__, "methods": METHODS, **plain(analysis)}
    return json.dumps(content, ensure_ascii=False, indent=1)


def tables(analysis: Analysis) -> dict[str, pl.DataFrame]:
    """The analysis as flat tables by name: differences, verdicts, robustness, drivers, discoveries, survival.

    An interval NAME is three columns: NAME, NAME_low, NAME_high. Parts that are empty have no table.
    """
    import polars as pl

    rows: dict[str, list[dict[str, Any]]] = {
        "differences": [_flat(each) for each in analysis.differences],
        "verdicts": [_flat(each) | _flat(row) for each in analysis.verdicts for row in each.classes],
        "robustness": [_flat(each) | _flat(row) for each in analysis.robustness for row in each.policies],
        "drivers": [_flat(each) | _flat(row) for each in analysis.drivers for row in each.drivers],
        "discoveries": [
            _flat(each) | (_flat(limit) if limit else {})
            for each in analysis.discoveries
            for limit in each.limits or [None]
        ],
        "survival": [_flat(each) | _flat(row) for each in analysis.survival for row in each.curve],
    }
    return {name: pl.DataFrame(found, infer_schema_length=None) for name, found in rows.items() if found}


def _flat(value: Any) -> dict[str, Any]:
    """The fields of a dataclass that are plain values or intervals."""
    row: dict[str, Any] = {}
    for field in fields(value):
        item = getattr(value, field.name)
        if isinstance(item, Interval):
            row |= {field.name: item.value, f"{field.name}_low": item.low, f"{field.name}_high": item.high}
        elif isinstance(item, Enum):
            row[field.name] = item.name.lower()
        elif not isinstance(item, tuple):
            row[field.name] = item
    return row
