"""The verdict on a scenario under a policy: shares of classes, facts, what it hangs on, how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import get_args

import numpy as np

from marketsim.rules.finance import CAUSES
from marketsim.scenario.reference_file import Range
from marketsim.shakeout.assumptions import Assumption, of_class
from marketsim.shakeout.classify import Class
from marketsim.shakeout.distance import distance_difference
from marketsim.shakeout.ensemble import FALLS, Assessed, Kept, Tally
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.instrument import TOLERANCES, ErrorRates, Instrument
from marketsim.shakeout.record import Boundary
from marketsim.shakeout.statistics import (
    Interval,
    difference_interval,
    equivalence,
    holm,
    median_interval,
    share_interval,
)
from marketsim.state import Floats, Ints

KINDS = (Class.PHOTOVOLTAIC, Class.LOCK_IN, Class.COMMODITY, Class.NICHE)
SHAKEOUTS = (*KINDS, Class.UNTOLD)
WITHOUT = (Class.RATIONED, Class.SHELTERED, Class.COLLAPSE, Class.NONE)
NAMED = 3
"""Assumptions that a verdict names."""


class Answer(Enum):
    """What can be said to the question whether it is the photovoltaic pattern."""

    YES = "yes"
    ANOTHER_KIND = "another kind of shakeout"
    KIND_OPEN = "a shakeout, kind cannot be told"
    NOT_TESTABLE = "no shakeout while supply is rationed: not testable"
    NO_SHAKEOUT = "no shakeout"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class ClassShare:
    """A class: its share of runs, and its probability once the instrument's errors are allowed for.

    equal: with the same prior for each class that was measured; sceptical: with half of the prior on no shakeout.
    tolerances: share of runs with reference ranges 0.75, 1 and 1.5 times as wide.  chance: share of the first runs
    with entry, exit and shares at random; beyond_chance: p-value of the claim that the class is more frequent than so.
    """

    which: Class
    runs: Interval
    equal: float
    sceptical: float
    tolerances: tuple[float, ...]
    chance: float
    beyond_chance: float


@dataclass(frozen=True)
class Within:
    """The runs with the boundary drawn so: the most frequent class, shares of all that occur within any boundary."""

    boundary: Boundary
    leading: Class
    classes: Mapping[Class, Interval]


@dataclass(frozen=True)
class FactLine:
    """A fact over the runs in which it is known: median and middle 80 %, and the ranges that it is held against.

    inside: share of those runs in the photovoltaic range.  p_value: that the median lies in it, Holm over all facts.
    """

    name: str
    title: Mapping[str, str]
    known: float
    median: Interval
    low: float
    high: float
    photovoltaic: Range | None
    ecosystem: Range | None
    inside: float
    inside_ecosystem: float
    p_value: float
    dropped: bool


@dataclass(frozen=True)
class Verdict:
    """The verdict on one policy of an assessment."""

    policy: str | None
    runs: int
    draws: int
    answer: Answer
    leading: Class
    shares: tuple[ClassShare, ...]
    shakeout: Interval
    falls: tuple[tuple[float, Interval], ...]
    excess: Interval
    facts: tuple[FactLine, ...]
    exits: tuple[tuple[str, float], ...]
    """Exits a run by cause."""
    nearer: Interval | None
    """Distance to ecosystem industries less distance to photovoltaics, see `marketsim.shakeout.distance`."""
    assumptions: tuple[Assumption, ...]
    boundaries: tuple[Within, ...]
    """The verdict's own boundary and those around other vendors, the narrowest first; empty if there is no other."""


@dataclass(frozen=True)
class Shift:
    """How a class gains or loses from the first policy to another one, run by run."""

    which: Class
    first: float
    second: float
    shift: Interval


def verdicts(assessed: Assessed) -> list[Verdict]:
    """The verdict on each policy, in their order."""
    return [
        _verdict(assessed, policy, tally) for policy, tally in zip(assessed.job.policies, assessed.tallies, strict=True)
    ]


def shifts(assessed: Assessed, other: int) -> list[Shift]:
    """The shift of every class that occurs from the first policy to the other-th, 1 the next, with its interval."""
    first, second = assessed.tallies[0], assessed.tallies[other]
    joint = assessed.joint[:, other - 1]
    found = []
    for which in Class:
        if not first.by_draw[:, which].any() and not second.by_draw[:, which].any():
            continue
        both = joint[:, which, which]
        gained, lost = joint[:, :, which].sum(axis=1) - both, joint[:, which].sum(axis=1) - both
        before, after = (float(tally.by_draw[:, which].sum() / tally.runs) for tally in (first, second))
        found.append(Shift(which, before, after, difference_interval(gained, lost, first.of_draw)))
    return found


def _verdict(assessed: Assessed, policy: str | None, tally: Tally) -> Verdict:
    job = assessed.job
    shares = tuple(_class_shares(tally, job.instrument.errors))
    shakeout = _share_of(tally, SHAKEOUTS)
    leading = max(shares, key=lambda each: each.runs.value).which
    kept = tally.facts
    assumptions = of_class(job.draws, tally, leading) if job.draws is not None else []
    return Verdict(
        policy=policy,
        runs=tally.runs,
        draws=tally.draws,
        answer=answer(tally),
        leading=leading,
        shares=shares,
        shakeout=shakeout,
        falls=tuple((fall, share_interval(tally.falls[:, i], tally.of_draw)) for i, fall in enumerate(FALLS)),
        excess=share_interval(tally.excess, tally.of_draw),
        facts=tuple(fact_lines(kept, job.instrument)),
        exits=tuple((name, float(kept.causes[i].mean())) for i, name in enumerate(CAUSES)),
        nearer=distance_difference(kept, job.instrument.reference, job.instrument.dropped, job.seed),
        assumptions=tuple(assumptions[:NAMED]),
        boundaries=tuple(boundaries(tally, job.boundary)),
    )


def boundaries(tally: Tally, own: Boundary) -> list[Within]:
    """Classes within each boundary, the narrowest first; nothing if there is but one.  own: that of the tally."""
    if not tally.beside:
        return []
    by_boundary = {own: tally.by_draw} | tally.beside
    occurring = [which for which in Class if any(by_draw[:, which].any() for by_draw in by_boundary.values())]
    return [
        Within(
            boundary,
            Class(by_boundary[boundary].sum(axis=0).argmax()),
            {which: share_interval(by_boundary[boundary][:, which], tally.of_draw) for which in occurring},
        )
        for boundary in get_args(Boundary)
        if boundary in by_boundary
    ]


def answer(tally: Tally) -> Answer:
    """What can be said: that of which most of the runs are, with 95 % confidence; of a single run, what it is."""

    def most(*classes: Class) -> bool:
        found = _share_of(tally, classes)
        return (found.value if tally.runs == 1 else found.low) >= 0.5

    if most(Class.PHOTOVOLTAIC):
        return Answer.YES
    if most(*WITHOUT):
        rationed = tally.by_draw[:, Class.RATIONED].sum() >= 0.5 * tally.by_draw[:, list(WITHOUT)].sum()
        return Answer.NOT_TESTABLE if rationed else Answer.NO_SHAKEOUT
    if most(*KINDS[1:]):
        return Answer.ANOTHER_KIND
    return Answer.KIND_OPEN if most(*SHAKEOUTS) else Answer.CANNOT_TELL


def _share_of(tally: Tally, classes: tuple[Class, ...]) -> Interval:
    return share_interval(tally.by_draw[:, list(classes)].sum(axis=1), tally.of_draw)


def _class_shares(tally: Tally, errors: ErrorRates | None) -> list[ClassShare]:
    """The classes that occur, and those kinds that do not; by share."""
    found = tally.classes[TOLERANCES.index(1.0)]
    equal, sceptical = posteriors(errors, found / tally.runs)
    shares = [
        ClassShare(
            which,
            _share_of(tally, (which,)),
            float(equal[which]),
            float(sceptical[which]),
            tuple(float(each) for each in tally.classes[:, which] / tally.runs),
            *_beyond_chance(tally.facts, which),
        )
        for which in Class
        if which in KINDS or tally.classes[:, which].any()
    ]
    return sorted(shares, key=lambda share: -share.runs.value)


def _beyond_chance(kept: Kept, which: Class) -> tuple[float, float]:
    """Share of a class among null histories, and McNemar's exact one-sided p-value that runs have it more often.

    Runs of one draw of the parameters are alike: the test takes one of each, where there are several draws.
    """
    from scipy import stats

    compared = np.flatnonzero(kept.chance >= 0)
    if not len(compared):
        return float("nan"), float("nan")
    share = float(np.mean(kept.chance[compared] == which))
    if kept.draw.max() > 0:
        compared = compared[np.unique(kept.draw[compared], return_index=True)[1]]
    true, null = kept.classes[compared] == which, kept.chance[compared] == which
    gained, lost = int((true & ~null).sum()), int((null & ~true).sum())
    p_value = stats.binomtest(gained, gained + lost, alternative="greater").pvalue if gained + lost else 1.0
    return share, float(p_value)


def posteriors(errors: ErrorRates | None, shares: Floats) -> tuple[Floats, Floats]:
    """Probabilities of the classes behind shares of verdicts [class], with equal and with sceptical priors, [class].

    Equal: the same for no shakeout and for each kind of one; sceptical: half for no shakeout. Ways of having none share
    alike. NaN where the instrument's errors are not known.
    """
    if errors is None:
        return np.full(len(Class), np.nan), np.full(len(Class), np.nan)
    without = np.isin(np.arange(len(Class)), WITHOUT) & errors.measured
    kinds = errors.measured & ~without
    equal, sceptical = (
        errors.posterior(
            shares, of_none * without / max(without.sum(), 1) + (1 - of_none) * kinds / max(kinds.sum(), 1)
        )
        for of_none in (1 / (1 + kinds.sum()), 0.5)
    )
    return equal, sceptical


def fact_lines(kept: Kept, instrument: Instrument) -> list[FactLine]:
    """Every fact over the runs that were kept, beside its reference ranges."""
    medians = [_by_draw(values, kept.draw) for values in kept.facts]
    ranges = [instrument.reference.range(name, "photovoltaic") for name in FACTS]
    p_values = [
        equivalence(values, known.low_end, known.high_end) if known is not None else np.nan
        for values, known in zip(medians, ranges, strict=True)
    ]
    adjusted = holm(np.array(p_values))
    return [
        _fact_line(name, values, by_draw, float(p_value), instrument)
        for name, values, by_draw, p_value in zip(FACTS, kept.facts, medians, adjusted, strict=True)
    ]


def _by_draw(values: Floats, draw: Ints) -> Floats:
    """The known values of runs; where there are several draws, whose runs are alike, the median of each draw."""
    known = ~np.isnan(values)
    if (draw == draw[0]).all():
        return np.asarray(values[known])
    return np.array([np.median(values[known & (draw == each)]) for each in np.unique(draw[known])])


def _fact_line(name: str, values: Floats, by_draw: Floats, p_value: float, instrument: Instrument) -> FactLine:
    known = values[~np.isnan(values)]
    photovoltaic, ecosystem = instrument.reference.ranges(name)
    low, high = np.quantile(known, (0.1, 0.9)) if len(known) else (np.nan, np.nan)
    nothing = Interval(np.nan, np.nan, np.nan)
    return FactLine(
        name=name,
        title=instrument.reference.title(name),
        known=len(known) / len(values),
        median=median_interval(by_draw) if len(by_draw) else nothing,
        low=float(low),
        high=float(high),
        photovoltaic=photovoltaic,
        ecosystem=ecosystem,
        inside=_inside(known, photovoltaic),
        inside_ecosystem=_inside(known, ecosystem),
        p_value=p_value,
        dropped=name in instrument.dropped,
    )


def _inside(values: Floats, known: Range | None) -> float:
    return float(np.mean(known.contains(values))) if known is not None and len(values) else float("nan")
