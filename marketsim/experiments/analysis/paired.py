"""Paired comparison: every policy against the baseline, run by run, under the same luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from marketsim.experiments.analysis.samples import UNKNOWN, Sample, share
from marketsim.experiments.precision import Differences
from marketsim.shakeout.statistics import LEVEL, Interval, holm
from marketsim.state import Bools, Floats, Ints


@dataclass(frozen=True)
class Difference:
    """An outcome under a policy less that under the baseline, over the runs in which both are known.

    baseline, mean: means over these runs, in the outcome's unit.  difference: the mean difference.
    p10, p50, p90: quantiles of the runs' differences.  better: share of runs that are better under the policy, None if
    neither way is better; ties count for neither.  tied: share of runs in which both are the same.
    p_value: that the mean difference is zero.  adjusted: the same after Holm, over all policies and outcomes.
    pairs: runs compared.  unknown: runs left out, since the outcome is not known under one of the two.
    clusters: groups of runs that are alike, see `Sample.cluster`; of fewer than two nothing is known but the mean.
    """

    policy: str
    outcome: str
    baseline: float
    mean: float
    difference: Interval
    p10: float
    p50: float
    p90: float
    better: Interval | None
    tied: float
    p_value: float
    adjusted: float
    pairs: int
    unknown: int
    clusters: int


def differences(sample: Sample) -> list[Difference]:
    """Every policy but the baseline against it; p-values are not adjusted yet, see `adjusted`."""
    return [_difference(sample, row) for row in range(1, len(sample.policies))]


def adjusted(found: Sequence[Difference]) -> list[Difference]:
    """The same with p-values adjusted for all of them (Holm)."""
    p_values = holm(np.array([each.p_value for each in found], dtype=float))
    return [replace(each, adjusted=float(p_value)) for each, p_value in zip(found, p_values, strict=True)]


def mean_interval(values: Floats, clusters: Ints) -> tuple[Interval, float]:
    """The mean with its interval, and the p-value of its being zero.

    values: [run], NaN is left out.  clusters: [run], runs of one are alike.  Bounds and p-value are NaN with fewer than
    two clusters, see `Differences.half_width` for the method; if all values are the same, the interval has no width.
    """
    from scipy import stats

    known = ~np.isnan(values)
    if not known.any():
        return UNKNOWN, float("nan")
    summed, mean = Differences(), float(values[known].mean())
    summed.add(clusters, values)
    reach, groups = summed.half_width(LEVEL), len(summed.sums)
    if not np.isfinite(reach):
        return Interval(mean, np.nan, np.nan), float("nan")
    error = reach / float(stats.t.ppf((1 + LEVEL) / 2, groups - 1))
    if error > 0:
        return Interval(mean, mean - reach, mean + reach), float(2 * stats.t.sf(abs(mean) / error, groups - 1))
    return Interval(mean, mean, mean), 0.0 if mean else 1.0


def _difference(sample: Sample, row: int) -> Difference:
    first, second, clusters = sample.values[0], sample.values[row], sample.cluster
    known = ~np.isnan(first) & ~np.isnan(second)
    first, second, clusters = first[known], second[known], clusters[known]
    gained = second - first
    interval, p_value = mean_interval(gained, clusters)
    p10, p50, p90 = np.quantile(gained, (0.1, 0.5, 0.9)) if len(gained) else (np.nan,) * 3
    return Difference(
        policy=sample.policies[row],
        outcome=sample.outcome,
        baseline=_mean(first),
        mean=_mean(second),
        difference=interval,
        p10=float(p10),
        p50=float(p50),
        p90=float(p90),
        better=share(_better(sample, gained), clusters) if sample.better else None,
        tied=_mean(gained == 0),
        p_value=p_value,
        adjusted=float("nan"),
        pairs=len(gained),
        unknown=int((sample.made[[0, row]].all(axis=0) & ~known).sum()),
        clusters=len(np.unique(clusters)),
    )


def _better(sample: Sample, gained: Floats) -> Bools:
    return np.asarray(gained > 0 if sample.better == "higher" else gained < 0)


def _mean(values: Floats | Bools) -> float:
    return float(values.mean()) if len(values) else float("nan")
