"""From the facts of a run to its class: is there a shakeout, is there excess supply, and which kind is it.

                    cost and price kill       the ecosystem kills
fragmented after    photovoltaic shakeout     niche partition
concentrated after  commodity oligopoly       lock-in
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from marketsim.scenario.reference_file import Range
from marketsim.shakeout.bounds import Bounds, bounded_evidence
from marketsim.shakeout.gauges import Measured
from marketsim.shakeout.reference import Reference
from marketsim.state import Bools, Floats, Ints

STRUCTURE = ("C1", "C2", "C3", "C4")
PRICE = {"P1": 1, "P3": -1, "P4": -1, "P5": -1, "P6": -1, "U1": -1, "U2": 1, "M1": 1}
"""Facts that speak for cost and price as what kills if they go as far as in photovoltaics: upwards (1) or downwards."""


class Class(IntEnum):
    """What a run is: four kinds of shakeouts, one whose kind cannot be told, and four ways of having none."""

    PHOTOVOLTAIC = 0
    LOCK_IN = 1
    COMMODITY = 2
    NICHE = 3
    UNTOLD = 4
    RATIONED = 5
    SHELTERED = 6
    COLLAPSE = 7
    NONE = 8


class Structure(IntEnum):
    """Axis 1."""

    FRAGMENTED = 0
    CONCENTRATED = 1
    OPEN = 2


class Mechanism(IntEnum):
    """Axis 2. NOT_TESTABLE: without excess supply price cannot kill, so that it did not says nothing."""

    COST = 0
    ECOSYSTEM = 1
    MIXED = 2
    NOT_TESTABLE = 3


@dataclass(frozen=True)
class Thresholds:
    """Where the instrument draws its lines. See docs/validation.md for what they were set on, and how well they do."""

    fall: float = 0.40
    """Gate A: least fall in active firms."""
    firms: int = 10
    """Gate A: least firms at the peak."""
    output: float = 0.0
    """Gate A: least change of output from t0 to its best from when firms are down by `fall` to three years after t1."""
    recovery: float = 0.9
    """Gate A: firms that come back stay below this share of the peak."""
    left: float = 0.20
    """Gate A: least fall in firms in business, idle ones included; of China's module makers 27 % left in a year."""
    excess: float = 1.2
    """Gate B: least capacity over demand, for half a year."""
    evidence: float = 3.0
    """Axis 1: odds from which structure counts as told."""
    persistence: float = 1.0
    """Axis 1: weight of C3 and C4, whether leaders stay, beside that of C1 and C2."""
    cost_facts: float = 5 / 8
    """Axis 2: least share of the known facts of price that go as far as in photovoltaics."""
    known_facts: int = 4
    """Axis 2: least number of them that must be known."""
    cost: float = 0.0
    """Axis 2: M1 above which cost decides."""
    ecosystem: float = -0.10
    """Axis 2: M1 at or below which the ecosystem decides."""
    revenue: float = 0.0
    """Axis 2: least change of revenue if the ecosystem decides."""
    margin: float = 0.15
    """Rationed: lowest gross margin that counts as kept."""
    overlap: Floats = field(default_factory=lambda: np.eye(len(STRUCTURE)))
    """Correlation of C1-C4 over runs, [4,4]: overlapping facts count less."""


@dataclass(frozen=True)
class Verdicts:
    """The verdict on each run and what it rests on, [r]."""

    classes: Ints  # of Class
    shakeout: Bools  # gate A
    excess: Bools  # gate B
    structure: Ints  # of Structure
    mechanism: Ints  # of Mechanism
    evidence: Bounds  # log odds of fragmented over concentrated, tempered: least and most
    cost_share: Floats  # share of the known facts of price that go as far as in photovoltaics


def judge(
    measured: Measured, reference: Reference, thresholds: Thresholds, dropped: frozenset[str] = frozenset()
) -> Verdicts:
    """The class of each run, from its facts and gauges.

    dropped: facts that are not scored, since a parameter was fitted to them; gate A still looks at them.
    """
    scored = {name: np.full_like(value, np.nan) if name in dropped else value for name, value in measured.items()}
    shakeout = gate_a(measured, thresholds)
    excess = measured["excess"] >= thresholds.excess
    evidence = structure_evidence(scored, reference, thresholds, dropped)
    structure = np.full(len(excess), int(Structure.OPEN))
    structure[evidence.low >= np.log(thresholds.evidence)] = Structure.FRAGMENTED
    structure[evidence.high <= -np.log(thresholds.evidence)] = Structure.CONCENTRATED
    share = cost_share(scored, reference, thresholds)
    mechanism = _mechanism(scored, excess, share, reference, thresholds)
    classes = np.where(shakeout, _kind(structure, mechanism), _without_shakeout(measured, thresholds))
    return Verdicts(classes, shakeout, excess, structure, mechanism, evidence, share)


def gate_a(measured: Measured, thresholds: Thresholds) -> Bools:
    """Is there a shakeout? Firms fall far from a peak of enough of them, output does not fall, firms do not come back.

    Firms that only stand idle have not left: some of those in business must have. What a table does not say about
    output, recovery and idle firms does not speak against it.
    """
    falls = (measured["S1"] >= thresholds.fall - 1e-9) & (measured["firms"] >= thresholds.firms)
    left = ~(measured["left"] < thresholds.left - 1e-9)
    return falls & left & ~(measured["output"] < thresholds.output) & ~(measured["S4"] >= thresholds.recovery)


def structure_evidence(
    scored: Measured, reference: Reference, thresholds: Thresholds, dropped: frozenset[str] = frozenset()
) -> Bounds:
    """Axis 1: least and most that the evidence can be, where only bounds of C1 or C2 are known; else a point, [r]."""
    bounds = {}
    for name in ("C1", "C2"):
        value, ends = scored[name], Bounds(scored[f"{name} low"], scored[f"{name} high"])
        if name not in dropped:
            bounds[name] = Bounds(value, value).where(~np.isnan(value), ends)
    return bounded_evidence(scored, bounds, lambda facts: concentration_evidence(facts, reference, thresholds))


def concentration_evidence(facts: Mapping[str, Floats], reference: Reference, thresholds: Thresholds) -> Floats:
    """Axis 1: tempered log likelihood ratio of fragmented over concentrated, [r].

    L = a * sum_k w_k * (ln f_pv(k) - ln f_eco(k)) over the known ones k of C1-C4.
    f: Student t with 4 degrees of freedom about the middle of each reference range, whose tails forgive an outlier.
    a = K_eff / K with K_eff = (sum of eigenvalues)^2 / sum of their squares of the correlations of the known facts:
    facts that overlap count once. 0 where no fact is known.
    """
    terms, known = [], []
    for name in STRUCTURE:
        pv, eco = reference.ranges(name)
        if pv is None or eco is None:
            term = np.full_like(facts[name], np.nan)
        else:  # NaN as well where a range has one end only
            term = log_density(facts[name], pv) - log_density(facts[name], eco)
        terms.append(np.nan_to_num(term))
        known.append(~np.isnan(term))
    present = np.array(known)
    weight = np.zeros(present.shape[1])
    for pattern in np.unique(present, axis=1).T:
        if pattern.any():
            weight[(present == pattern[:, None]).all(axis=0)] = tempering(thresholds.overlap[np.ix_(pattern, pattern)])
    weights = np.array([1.0, 1.0, thresholds.persistence, thresholds.persistence])[:, None]
    return np.asarray(weight * np.sum(weights * np.array(terms), axis=0))


def log_density(values: Floats, known: Range) -> Floats:
    """Log density of Student's t with 4 degrees of freedom about a range, up to a constant that all facts share."""
    z = (values - known.centre) / known.sigma
    return np.asarray(-2.5 * np.log1p(z * z / 4) - np.log(known.sigma))


def tempering(correlation: Floats) -> float:
    """Effective over actual number of facts, from their correlations."""
    eigenvalues = np.linalg.eigvalsh(correlation)
    return float(eigenvalues.sum() ** 2 / (eigenvalues**2).sum() / len(eigenvalues))


def cost_share(facts: Mapping[str, Floats], reference: Reference, thresholds: Thresholds) -> Floats:
    """Share of the known facts of price that go as far as in photovoltaics, NaN where too few are known, [r].

    A price war that is worse than that of photovoltaics is one too: only the near end of a range counts.
    """
    ranges = {name: reference.range(name, "photovoltaic") for name in PRICE}
    judged = {name: known for name, known in ranges.items() if known is not None}
    count = np.sum([~np.isnan(facts[name]) for name in judged], axis=0)
    hits = np.sum([known.reached_by(facts[name], PRICE[name]) for name, known in judged.items()], axis=0)
    return np.where(count >= thresholds.known_facts, hits / np.maximum(count, 1), np.nan)


def _mechanism(scored: Measured, excess: Bools, share: Floats, reference: Reference, thresholds: Thresholds) -> Ints:
    """Axis 2. Cost needs excess supply, or a table that does not tell in W; the ecosystem needs all its evidence.

    That is: who lacks software and base leaves, revenue does not fall, and the leader keeps its margin, as in P5.
    """
    keeps = reference.range("P5", "ecosystem")
    cost = (share >= thresholds.cost_facts - 1e-9) & ~(scored["M1"] <= thresholds.cost)
    holds = np.zeros(excess.shape, dtype=bool) if keeps is None else keeps.contains(scored["leader"])
    decides = (scored["M1"] <= thresholds.ecosystem) & (scored["P4"] >= thresholds.revenue) & holds
    testable = excess | np.isnan(scored["excess"])
    otherwise = np.where(testable, int(Mechanism.MIXED), int(Mechanism.NOT_TESTABLE))
    chosen = np.where(cost & testable, int(Mechanism.COST), otherwise)
    return np.where(decides, int(Mechanism.ECOSYSTEM), chosen)


def _kind(structure: Ints, mechanism: Ints) -> Ints:
    """The kind of a shakeout, by structure after it and what killed."""
    kinds = {
        (Structure.FRAGMENTED, Mechanism.COST): Class.PHOTOVOLTAIC,
        (Structure.CONCENTRATED, Mechanism.COST): Class.COMMODITY,
        (Structure.FRAGMENTED, Mechanism.ECOSYSTEM): Class.NICHE,
        (Structure.CONCENTRATED, Mechanism.ECOSYSTEM): Class.LOCK_IN,
    }
    classes = np.full(len(structure), int(Class.UNTOLD))
    for (one, other), kind in kinds.items():
        classes[(structure == one) & (mechanism == other)] = kind
    return classes


def _without_shakeout(measured: Measured, thresholds: Thresholds) -> Ints:
    """What it is if it is no shakeout: output falls too, inputs are rationed, firms are sheltered, or none of this.

    Rationed and sheltered: in half or more of the periods of which a history tells.
    """
    classes = np.full(len(measured["S1"]), int(Class.NONE))
    classes[measured["losing"] >= 0.5] = Class.SHELTERED
    classes[(measured["rationed"] >= 0.5) & (measured["margin"] >= thresholds.margin)] = Class.RATIONED
    classes[(measured["S1"] >= thresholds.fall - 1e-9) & (measured["output"] < thresholds.output)] = Class.COLLAPSE
    return classes
