"""Statistics of shares, medians and differences over runs. SciPy does the numerics; it is imported when needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketsim.state import Floats, Ints

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % confidence interval."""

    value: float
    low: float
    high: float


def share_interval(hits: Ints, runs: Ints) -> Interval:
    """A share with its exact (Clopper-Pearson) interval.

    hits, runs: by draw of the uncertain parameters, [draw]; one draw is a plain binomial. Runs of one draw are alike,
    so the interval counts as many runs as the variance between draws allows: runs / design effect.
    Source: Clopper, Pearson (1934); Korn, Graubard (1998), Survey Methodology 24(2).
    """
    total = float(runs.sum())
    share = float(hits.sum()) / total
    return Interval(share, *_clopper_pearson(share, _effective(hits, runs, share)))


def _effective(hits: Ints, runs: Ints, share: float) -> float:
    """How many independent runs the draws are worth; if nothing varies, each draw counts once."""
    from scipy import stats

    draws, total = len(runs), float(runs.sum())
    if draws == 1:
        return total
    if share in (0.0, 1.0):
        return float(draws)
    variance = draws / (draws - 1) * float(((hits - share * runs) ** 2).sum()) / total**2
    effective = min(share * (1 - share) / variance, total) if variance > 0 else total
    tail = (1 + LEVEL) / 2
    return float(effective * (stats.t.ppf(tail, total - 1) / stats.t.ppf(tail, draws - 1)) ** 2)


def _clopper_pearson(share: float, runs: float) -> tuple[float, float]:
    from scipy import stats

    hits, tail = share * runs, (1 - LEVEL) / 2
    low = 0.0 if share <= 0 else float(stats.beta.ppf(tail, hits, runs - hits + 1))
    high = 1.0 if share >= 1 else float(stats.beta.ppf(1 - tail, hits + 1, runs - hits))
    return low, high


def difference_interval(gained: Ints, lost: Ints, runs: Ints) -> Interval:
    """A shift in a share between two policies that met the same luck, with its interval.

    gained, lost: runs that are in the class under the second policy alone, or under the first alone, [draw].
    With one draw: Wald's interval for matched pairs with half a run more in each of the four cells; with several:
    Student's t over the draws' differences. Draws that all differ alike count once each: what none of them shows may
    still happen.
    Source: Agresti, Min (2005), Statistics in Medicine 24(5).
    """
    from scipy import stats

    total, tail = float(runs.sum()), (1 + LEVEL) / 2
    value = float((gained - lost).sum()) / total
    if len(runs) == 1:
        come, go, count = float(gained[0]) + 0.5, float(lost[0]) + 0.5, total + 2
        middle = (come - go) / count
        reach = float(stats.norm.ppf(tail)) * float(np.sqrt(come + go - (come - go) ** 2 / count)) / count
    else:
        differences = (gained - lost) / runs
        error = float(differences.std(ddof=1)) / np.sqrt(len(runs))
        alike, middle = np.ptp(differences) == 0, value
        reach = _unseen(len(runs)) if alike else float(stats.t.ppf(tail, len(runs) - 1)) * error
    return Interval(value, max(middle - reach, -1.0), min(middle + reach, 1.0))


def _unseen(runs: float) -> float:
    """The largest share of what did not happen in any of some independent runs."""
    return float(1 - (1 - LEVEL) ** (1 / runs))


def holm(p_values: Floats) -> Floats:
    """Holm's step-down adjustment for as many tests as there are p-values, [test]; NaN stays and does not count.

    Source: Holm (1979), Scandinavian Journal of Statistics 6(2).
    """
    adjusted = np.full(p_values.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    steps = p_values[order] * (len(order) - np.arange(len(order)))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def median_interval(values: Floats, level: float = 0.90) -> Interval:
    """Median with the interval between order statistics that covers it with at least `level`, by the binomial.

    values: at least one, none NaN; the range of fewer than five covers the median less often than in 90 % of samples.
    """
    from scipy import stats

    ordered = np.sort(values)
    rank = max(int(stats.binom.ppf((1 - level) / 2, len(ordered), 0.5)), 1)
    return Interval(float(np.median(ordered)), float(ordered[rank - 1]), float(ordered[-rank]))


def equivalence(values: Floats, low: float, high: float) -> float:
    """p-value of the claim that the median lies between two bounds: the larger of two sign tests, one at each bound.

    values: none NaN; those at a bound, up to rounding, lie inside, as in `Range.contains`.
    Source: two one-sided tests, Schuirmann (1987).
    """
    from scipy import stats

    count = len(values)
    if count == 0:
        return float("nan")
    inside = [int((values >= low - 1e-9).sum()), int((values <= high + 1e-9).sum())]
    return max(float(stats.binomtest(hits, count, alternative="greater").pvalue) for hits in inside)
