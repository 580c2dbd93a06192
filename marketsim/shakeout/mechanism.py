"""The facts of mechanism, M1-M3: who leaves, how, and whether latecomers leave first."""

from __future__ import annotations

import numpy as np

from marketsim.rules.arrays import ratio, running_total, total
from marketsim.shakeout.history import Firms, History, firms_at, quotient
from marketsim.shakeout.window import Window
from marketsim.state import Bools, Floats, Ints

OLDEST = 10
"""Age in years from which all firms count as of one age."""


def exit_driver(history: History, window: Window) -> Floats:
    """M1, what decides who leaves: AUC(unit cost -> exit) - AUC(lack of software and base -> exit), in [-1, 1].

    Among the firms that sell at t0: the probability that one that is gone at t1 had the higher unit cost at t0 than one
    that stays, less the probability that it had the weaker ecosystem. Positive: cost kills; negative: the ecosystem
    does. NaN without firm-level data, or where all leave or all stay.
    """
    firm = history.firm
    if firm is None:
        return np.full(history.runs, np.nan)
    of_peak = (firm.active, firm.unit_cost, firm.ecosystem, firm.spell)
    active, cost, worth, then = (firms_at(series, window.peak) for series in of_peak)
    alive, now = (firms_at(series, window.trough) for series in (firm.alive, firm.spell))
    gone = (window.trough > window.peak) & ~(alive & (now == then))
    counted = active & ~np.isnan(cost) & ~np.isnan(worth)
    return auc(cost, gone, counted) - auc(-worth, gone, counted)


def acquired_share(history: History, window: Window) -> Floats:
    """M2, share of exits in W that were acquisitions; NaN without an exit."""
    exits, acquired = (
        total(np.where(window.inside, series, 0.0), axis=0) for series in (history.exits, history.exits_acquired)
    )
    return quotient(acquired, exits)


def late_entry_hazard(history: History, window: Window) -> Floats:
    """M3, hazard of firms that entered late over that of early ones, at the same age: Mantel-Haenszel rate ratio.

    Late is after the median entry of the run. R = sum_a d1*n0/n / sum_a d0*n1/n over ages a, with d exits and n firm-
    periods at risk of late (1) and early (0) firms. Firms that come and go within a period are not seen. NaN without
    firm-level data, or if no early firm leaves at an age at which late ones are at risk: the ratio is then unbounded.
    Source: Mantel, Haenszel (1959); close to Cox's estimate with age as time (`marketsim.shakeout.survival`).
    """
    if history.firm is None:
        return np.full(history.runs, np.nan)
    exits, risk = _by_age(history.firm, history.time)
    weight = ratio(1.0, risk[0] + risk[1])
    of_late, of_early = (total(exits[one] * risk[1 - one] * weight, axis=0) for one in (1, 0))
    return quotient(of_late, of_early)


def auc(score: Floats, event: Bools, counted: Bools) -> Floats:
    """Area under the ROC curve: P(score with the event > score without), ties half, from [v,r], [r].

    counted: which firms are compared.  NaN where all or none of them has the event.
    Source: Mann, Whitney (1947): U over the number of pairs.
    """
    event = event & counted
    above = np.zeros(score.shape[-1])
    without = counted & ~event
    for one in range(len(score)):
        higher, equal = score[one] > score, score[one] == score
        above += event[one] * ((without & higher).sum(axis=0) + 0.5 * (without & equal).sum(axis=0))
    return quotient(above, 1.0 * event.sum(axis=0) * without.sum(axis=0))


def _by_age(firm: Firms, time: Floats) -> tuple[Floats, Floats]:
    """Exits and firm-periods at risk of early and late firms by age in years, [2,age,r] each."""
    entry, late = _entry(firm, time)
    runs = entry.shape[-1]
    at_risk = firm.alive[:-1]
    age = np.minimum(time[1:, None, None] - entry[:-1], OLDEST).astype(int)
    place = (late[:-1] * (OLDEST + 1) + age) * runs + np.arange(runs)

    def counted(which: Bools) -> Floats:
        number = np.bincount(place[which], minlength=2 * (OLDEST + 1) * runs)
        return np.asarray(number.reshape(2, OLDEST + 1, runs), dtype=float)

    return counted(at_risk & firm.failed[1:]), counted(at_risk)


def _entry(firm: Firms, time: Floats) -> tuple[Floats, Bools]:
    """When the firm in each slot entered, and whether after the run's median, [t,v,r].

    Firms of the start entered a year before the first period.
    """
    founders = (firm.alive[0] | firm.failed[0]) & ~firm.entered[0]
    entry = np.where(firm.entered, time[:, None, None], time[0] - 1)
    for row in range(1, len(entry)):
        np.maximum(entry[row], entry[row - 1], out=entry[row])
    number = np.concatenate([founders.sum(axis=0)[None], firm.entered.sum(axis=1)])
    late: Bools = entry > _median(np.concatenate([time[:1] - 1, time]), number)
    return entry, late


def _median(values: Floats, number: Ints) -> Floats:
    """Median of growing values [k] that occur a number of times each [k,r], [r]."""
    up_to = running_total(number)
    ranks = (np.maximum(up_to[-1] - 1, 0) // 2, up_to[-1] // 2)
    low, high = (values[np.minimum((up_to <= rank).sum(axis=0), len(values) - 1)] for rank in ranks)
    return np.asarray((low + high) / 2)
