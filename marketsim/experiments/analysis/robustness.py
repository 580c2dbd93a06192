"""Robustness over uncertain points: regret, and how often an outcome is good enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketsim.experiments.analysis.samples import Sample, share
from marketsim.shakeout.statistics import Interval
from marketsim.state import Floats

ROUNDING = float(np.sqrt(np.finfo(float).eps))
"""Difference, relative to the size of the outcome, up to which there is none: half the digits of a number, 1.5e-8."""


@dataclass(frozen=True)
class PolicyRobustness:
    """How a policy does over the points, in the outcome's unit.

    regret, at each point: how much worse its mean is than that of the best policy there; mean, 90 % quantile and
    largest over points, None if neither way is better or there is one policy alone.  best: share of points where no
    policy is better.  enough: share of runs in which the outcome is good enough, None if the experiment does not say
    what is; unknown outcomes are not.  enough_points: share of points whose mean is good enough.
    """

    policy: str
    regret_mean: float | None
    regret_p90: float | None
    regret_max: float | None
    best: float | None
    enough: Interval | None
    enough_points: Interval | None


@dataclass(frozen=True)
class Robustness:
    """An outcome over the points.

    points: at which the outcome is known under every policy.  left_out: other points.
    least_regret: the policy with the smallest largest regret (Savage's minimax); the first of those that are equal.
    most_often_enough: the policy that most often satisfies.  None where it cannot be told.
    """

    outcome: str
    points: int
    left_out: int
    policies: tuple[PolicyRobustness, ...]
    least_regret: str | None
    most_often_enough: str | None


def regrets(sample: Sample) -> Floats:
    """How much worse the mean under each policy is than under the best one, [policy, point] by `Sample.numbers`.

    At least one is 0 at each point; NaN at points where no run has the outcome under every policy. A point's means are
    over the runs in which it is known under all policies, so that all meet the same luck. Few runs a point leave luck
    in the means, and with it some regret even between policies that do the same on average. What is below ROUNDING of
    the largest mean at any point is 0: where policies do the same, their means differ by rounding.
    Raises ValueError if neither way is better.  Source: Savage (1951), J. of the American Statistical Association 46.
    """
    if sample.better is None:
        raise ValueError(f"neither way is better for {sample.outcome}")
    means = _means(sample)
    found = means.max(axis=0) - means if sample.better == "higher" else means - means.min(axis=0)
    size = np.abs(means[~np.isnan(means)]).max(initial=0.0)
    return np.asarray(np.where(found <= ROUNDING * size, 0.0, found))


def robustness(sample: Sample) -> Robustness | None:
    """Regret and satisficing of an outcome; None if it has no direction."""
    if sample.better is None:
        return None
    found = regrets(sample)
    known = ~np.isnan(found).any(axis=0)
    several = len(sample.policies) > 1 and bool(known.any())
    rows = tuple(_of_policy(sample, row, found[row, known] if several else None) for row in range(len(found)))
    return Robustness(
        outcome=sample.outcome,
        points=int(known.sum()),
        left_out=int((~known).sum()),
        policies=rows,
        least_regret=_first([-each.regret_max if each.regret_max is not None else None for each in rows], sample),
        most_often_enough=_first([each.enough.value if each.enough is not None else None for each in rows], sample),
    )


def _means(sample: Sample) -> Floats:
    """Point means over the runs that are known under every policy, [policy, point]."""
    unknown = np.isnan(sample.values).any(axis=0)
    return sample.point_means(np.where(unknown, np.nan, sample.values))


def _of_policy(sample: Sample, row: int, regret: Floats | None) -> PolicyRobustness:
    """regret: of the policy at each point, [point], None if there is none."""
    enough, enough_points = _satisficing(sample, row)
    return PolicyRobustness(
        policy=sample.policies[row],
        regret_mean=None if regret is None else float(regret.mean()),
        regret_p90=None if regret is None else float(np.quantile(regret, 0.9)),
        regret_max=None if regret is None else float(regret.max()),
        best=None if regret is None else float((regret == 0).mean()),
        enough=enough,
        enough_points=enough_points,
    )


def _satisficing(sample: Sample, row: int) -> tuple[Interval | None, Interval | None]:
    """Share of runs, and of points by their mean, that are good enough."""
    if sample.enough is None:
        return None, None
    made, values = sample.made[row], sample.values[row]
    visited = np.isin(sample.numbers, sample.point[made])
    by_run = share(sample.satisfied(values[made]), sample.cluster[made])
    return by_run, share(sample.satisfied(sample.point_means(values)[visited]), sample.numbers[visited])


def _first(scores: list[float | None], sample: Sample) -> str | None:
    """The policy with the highest score; None if scores are not known or there is one policy alone."""
    if len(scores) < 2 or any(score is None for score in scores):
        return None
    return sample.policies[int(np.argmax(np.array(scores, dtype=float)))]
