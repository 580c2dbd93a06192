"""Is an ensemble nearer to photovoltaics or to ecosystem industries? The median distance difference over runs.

d(x, m) = sqrt((x - m)' S^-1 (x - m)) over the facts that both histories have a range for: m the middles of the ranges,
S their variances (a range is read as the middle nine tenths) with the correlations of the facts over runs, shrunk.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from marketsim.scenario.reference_file import Range
from marketsim.shakeout.classify import Class
from marketsim.shakeout.ensemble import Kept
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.reference import Reference
from marketsim.shakeout.statistics import Interval
from marketsim.state import Floats, Ints

FEWEST = 30
"""Runs with a shakeout below which nothing is said."""
MOST = 1_000
"""Runs that are looked at: every n-th, so that all draws of parameters are among them."""
RESAMPLES = 1_000
NO_POWER = "S2"
"""How fast firms are halved does not tell the two histories apart."""


def distance_difference(kept: Kept, reference: Reference, dropped: frozenset[str], seed: int) -> Interval | None:
    """Median over runs with a shakeout of d_ecosystem - d_photovoltaic: above 0 nearer to photovoltaics.

    The 95 % interval is a percentile bootstrap that draws runs anew (whole draws of parameters, where there are
    several) and, each time, also the middles of the reference ranges within these: most of what is not known is there.
    None with too few runs.
    """
    shakeouts = np.flatnonzero(kept.classes <= Class.UNTOLD)
    chosen = shakeouts[:: max(-(-len(shakeouts) // MOST), 1)]
    facts = dict(zip(FACTS, kept.facts[:, chosen], strict=True))
    scored = [name for name in FACTS if name not in dropped | {NO_POWER} and not np.isnan(facts[name]).all()]
    usable = {name: pair for name in scored if (pair := _known_ranges(reference, name)) is not None}
    if len(chosen) < FEWEST or not usable:
        return None
    known = np.stack([facts[name] for name in usable])
    ranges = list(zip(*usable.values(), strict=True))
    sigmas = np.array([each.sigma for each in ranges[0]])
    centred = np.nan_to_num((known - np.nanmedian(known, axis=1, keepdims=True)) / sigmas[:, None])
    whiten = np.linalg.cholesky(np.linalg.inv(shrunk_correlation(centred))).T
    value = float(np.median(_difference(known, ranges, whiten, None)))
    rng = np.random.default_rng(seed)
    draws = kept.draw[chosen]
    resampled = [
        float(np.median(_difference(known[:, _resample(draws, rng)], ranges, whiten, rng))) for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(resampled, (0.025, 0.975))
    return Interval(value, float(low), float(high))


def shrunk_correlation(standardised: Floats) -> Floats:
    """Correlation of facts [fact,r] with the sampling noise of its off-diagonal shrunk towards 0, [fact,fact].

    r* = (1 - l) r with l = sum var(r) / sum r^2 over pairs.  Source: Schaefer, Strimmer (2005), SAGMB 4(1).
    """
    facts, runs = standardised.shape
    spread = standardised.std(axis=1)
    centred = (standardised - standardised.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)[:, None]
    products = centred[:, None] * centred[None]
    correlation = products.mean(axis=2)
    variance = products.var(axis=2) / (runs - 1)
    off = ~np.eye(facts, dtype=bool)
    total = float((correlation[off] ** 2).sum())
    shrinkage = min(float(variance[off].sum()) / total, 1.0) if total > 0 else 1.0
    return np.where(off, (1 - shrinkage) * correlation, 1.0)


def _difference(
    facts: Floats, ranges: Sequence[Sequence[Range]], whiten: Floats, rng: np.random.Generator | None
) -> Floats:
    """d_ecosystem - d_photovoltaic of each run.

    whiten: W with W'W the inverse of the facts' correlation.  rng: draws the middles of the ranges within them; none:
    takes them.
    """
    distances = []
    for known in ranges:
        centres = np.array([each.centre for each in known])
        sigmas = np.array([each.sigma for each in known])
        middles = centres if rng is None else rng.normal(centres, sigmas)
        z = np.nan_to_num((facts - middles[:, None]) / sigmas[:, None])
        distances.append(np.sqrt(((whiten @ z) ** 2).sum(axis=0)))
    photovoltaic, ecosystem = distances
    return np.asarray(ecosystem - photovoltaic)


def _resample(draws: Ints, rng: np.random.Generator) -> Ints:
    """Places of runs drawn anew: of single runs, or of all runs of parameter draws that are drawn anew."""
    groups = np.unique(draws)
    if len(groups) == 1:
        return rng.integers(len(draws), size=len(draws))
    places = {group: np.flatnonzero(draws == group) for group in groups}
    return np.concatenate([places[group] for group in rng.choice(groups, len(groups))])


def _known_ranges(reference: Reference, name: str) -> tuple[Range, Range] | None:
    """A fact's ranges in both histories, None where one of them lacks two ends."""
    photovoltaic, ecosystem = reference.ranges(name)
    if photovoltaic is None or ecosystem is None or not np.isfinite(photovoltaic.sigma + ecosystem.sigma):
        return None
    return photovoltaic, ecosystem
