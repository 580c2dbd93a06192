"""How long domestic vendors last under each policy: Kaplan-Meier and log-rank test, by lifelines.

The table of vendors says who is in business at the end of each year. Whoever is gone left in the middle of the year;
who appears came in the middle of one; named vendors count from the start of the first year, since their true age is not
known. Whoever is there at the end is censored. An entrant that comes and goes within a year is not seen, nor that
another firm has taken a slot within the year in which the first one left it.

Firms of a run are alike: bands and shifts are from resampled runs (points, if these were drawn). The log-rank test
takes firms as independent, and policies as if they had not met the same luck.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from marketsim.experiments.design import Alike
from marketsim.shakeout.statistics import LEVEL, Interval
from marketsim.state import Floats, Ints

if TYPE_CHECKING:
    import polars as pl

MOST_YEARS = 52
"""Years of a record that are read: a firm's history is kept as one number with a bit for each year."""
RESAMPLES = 1000
SEED = 1
"""Of resampling, so that the same results give the same intervals."""


class TooLong(ValueError):
    """A record has too many years."""


@dataclass(frozen=True)
class SurvivalPoint:
    """Share of vendors still in business after so many years, with its 95 % band."""

    years: float
    share: Interval
    at_risk: int


@dataclass(frozen=True)
class PolicySurvival:
    """Survival of the domestic vendors under a policy.

    runs: whose vendors are kept.  firms, exits: in all of them.  curve: at every age at which firms leave or are last
    seen, from 0 on.  median: years that half of the firms survive, None if more than half do.
    shift: of the share that survives for `horizon` years, the longest that is watched, from the baseline to this
    policy.  log_rank: p-value of the same hazard as under the baseline, with firms taken as independent. Both are None
    for the baseline itself.
    """

    policy: str
    runs: int
    firms: int
    exits: int
    curve: tuple[SurvivalPoint, ...]
    median: float | None
    horizon: float
    shift: Interval | None
    log_rank: float | None


@dataclass(frozen=True)
class Lives:
    """The firms of one policy, counted.

    ages: years, [age], rising.  exits, last_seen: firms that leave at an age, and all that are watched no longer,
    [cluster, age].  clusters: runs or points, [cluster].  runs: whose vendors are kept.
    """

    ages: Floats
    exits: Ints
    last_seen: Ints
    clusters: Ints
    runs: int

    def survival(self, weights: Floats) -> Floats:
        """Kaplan-Meier with clusters counted so often, [sample, cluster]; [sample, age]."""
        exits, last_seen = weights @ self.exits, weights @ self.last_seen
        at_risk = np.cumsum(last_seen[:, ::-1], axis=1)[:, ::-1]
        return np.asarray(np.cumprod(1 - exits / np.maximum(at_risk, 1), axis=1))

    def rows(self) -> tuple[Floats, Floats, Ints]:
        """Firms of the same age and fate together: age, whether they left, how many."""
        exits, last_seen = self.exits.sum(axis=0), self.last_seen.sum(axis=0)
        counts = np.concatenate([exits, last_seen - exits])
        ages, left = np.tile(self.ages, 2), np.repeat([1.0, 0.0], len(self.ages))
        return ages[counts > 0], left[counts > 0], counts[counts > 0]

    def among(self, clusters: Ints) -> Lives:
        """The firms of some of the clusters."""
        chosen = np.isin(self.clusters, clusters)
        return Lives(self.ages, self.exits[chosen], self.last_seen[chosen], self.clusters[chosen], self.runs)


def policy_survival(
    vendors: pl.LazyFrame, named: Sequence[str], foreign: Sequence[str], policies: Sequence[str], alike: Alike
) -> list[PolicySurvival]:
    """Survival under every policy of which vendors are kept.

    vendors: the table of the results.  named: domestic vendors that are there at the start.  policies: the baseline
    first.  alike: what makes runs alike.
    Raises TooLong if the record has more than MOST_YEARS years.
    """
    lives = {name: each for name, each in _lives(vendors, named, foreign, alike).items() if each.last_seen.any()}
    if not lives:
        return []
    horizon = min(float(each.ages[each.last_seen.sum(axis=0) > 0].max()) for each in lives.values())
    return [_of_policy(name, lives, policies[0], horizon) for name in policies if name in lives]


def _of_policy(name: str, lives: Mapping[str, Lives], baseline: str, horizon: float) -> PolicySurvival:
    own, first = lives[name], lives.get(baseline)
    shift = log_rank = None
    if name != baseline and first is not None:
        shift, log_rank = _shift(first, own, horizon), _log_rank(first, own)
    curve, median = _kaplan_meier(own)
    firms, exits = int(own.last_seen.sum()), int(own.exits.sum())
    return PolicySurvival(name, own.runs, firms, exits, curve, median, horizon, shift, log_rank)


def _kaplan_meier(lives: Lives) -> tuple[tuple[SurvivalPoint, ...], float | None]:
    """The curve at ages at which firms leave or are last seen, and the median."""
    from lifelines import KaplanMeierFitter

    ages, left, counts = lives.rows()
    fit = KaplanMeierFitter().fit(ages, left, weights=counts)
    low, high = _bounds(lives)
    total = lives.last_seen.sum(axis=0)
    curve = [SurvivalPoint(0.0, Interval(1.0, 1.0, 1.0), int(total.sum()))]
    for place in np.flatnonzero(total):
        age = float(lives.ages[place])
        share = Interval(float(fit.predict(age)), float(low[place]), float(high[place]))
        curve.append(SurvivalPoint(age, share, int(total[place:].sum())))
    median = float(fit.median_survival_time_)
    return tuple(curve), median if np.isfinite(median) else None


def _shift(first: Lives, second: Lives, horizon: float) -> Interval:
    """How much more of the second's firms survive to the horizon; over the clusters of both, resampled together."""
    both = np.intersect1d(first.clusters, second.clusters)
    first, second = first.among(both), second.among(both)
    if not len(both):
        return Interval(np.nan, np.nan, np.nan)
    place = int(np.searchsorted(first.ages, horizon, side="right")) - 1
    once = np.ones((1, len(both)))
    value = (second.survival(once) - first.survival(once))[0, place]
    low, high = _bounds(second, first)
    return Interval(float(value), float(low[place]), float(high[place]))


def _log_rank(first: Lives, second: Lives) -> float:
    from lifelines.statistics import logrank_test

    (ages, left, counts), (other_ages, other_left, other_counts) = first.rows(), second.rows()
    if not left.any() and not other_left.any():
        return 1.0
    test = logrank_test(ages, other_ages, left, other_left, weights_A=counts, weights_B=other_counts)
    return float(test.p_value)


def _bounds(lives: Lives, less: Lives | None = None) -> tuple[Floats, Floats]:
    """The middle 95 % of survival over resampled clusters, [age]; NaN for fewer than two of them.

    less: firms whose survival is taken away, of the same clusters.
    """
    clusters = len(lives.clusters)
    if clusters < 2:
        return np.full(len(lives.ages), np.nan), np.full(len(lives.ages), np.nan)
    rng, found = np.random.default_rng(SEED), []
    resamples = int(np.clip(20_000_000 // clusters, 200, RESAMPLES))
    batch = max(2_000_000 // clusters, 1)
    for begin in range(0, resamples, batch):
        size = min(batch, resamples - begin)
        weights = rng.multinomial(clusters, np.full(clusters, 1 / clusters), size=size).astype(float)
        survival = lives.survival(weights)
        found.append(survival if less is None else survival - less.survival(weights))
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(np.concatenate(found), (tail, 1 - tail), axis=0)
    return low, high


def _lives(vendors: pl.LazyFrame, named: Sequence[str], foreign: Sequence[str], alike: Alike) -> dict[str, Lives]:
    """The firms of each policy."""
    import polars as pl

    first, last = vendors.select(pl.col("year").min().alias("a"), pl.col("year").max().alias("b")).collect().row(0)
    years = last - first + 1
    if years > MOST_YEARS:
        raise TooLong(f"a record of {years} years is longer than {MOST_YEARS}")
    bit = pl.col("alive").cast(pl.Int64) * 2 ** (pl.col("year") - first).cast(pl.Int64)
    slots = (
        vendors.filter(~pl.col("vendor").is_in(foreign))
        .group_by("policy", "point", "run", "vendor")
        .agg(bit.sum().alias("history"))
    )
    kinds = (
        slots.group_by(
            "policy", pl.col(alike).alias("cluster"), pl.col("vendor").is_in(named).alias("named"), "history"
        )
        .agg(pl.len().alias("count"))
        .collect(engine="streaming")
    )
    runs = vendors.group_by("policy").agg(pl.struct("point", "run").n_unique().alias("runs")).collect()
    of_policy = dict(runs.iter_rows())
    return {
        name: _counted(frame, years, of_policy[name])
        for (name,), frame in kinds.partition_by("policy", as_dict=True).items()
    }


def _counted(kinds: pl.DataFrame, years: int, runs: int) -> Lives:
    """kinds: cluster, named, history, count; how many slots of a cluster have the same history."""
    clusters, place = np.unique(kinds["cluster"].to_numpy(), return_inverse=True)
    exits, last_seen = (np.zeros((len(clusters), 2 * years), dtype=np.int64) for _ in range(2))
    for row, named, history, count in zip(place, kinds["named"], kinds["history"], kinds["count"], strict=True):
        for halves, left in _spells(history, named, years):
            last_seen[row, halves - 1] += count
            exits[row, halves - 1] += count * left
    return Lives(np.arange(1, 2 * years + 1) / 2, exits, last_seen, clusters.astype(np.int64), runs)


def _spells(history: int, named: bool, years: int) -> list[tuple[int, bool]]:
    """The firms of a slot: half years that each lived, and whether it left.

    history: bit y says whether somebody is in business at the end of year y.  named: there from the start of year 0.
    """
    found = []
    came = 0 if named else None  # in half years from the start
    for year in range(years):
        here = bool(history >> year & 1)
        if here and came is None:
            came = 2 * year + 1
        elif not here and came is not None:
            found.append((2 * year + 1 - came, True))
            came = None
    if came is not None:
        found.append((2 * years - came, False))
    return found
