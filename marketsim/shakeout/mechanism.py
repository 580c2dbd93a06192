"""The facts of mechanism, M1-M3: who leaves, how, and whether latecomers leave first."""

from __future__ import annotations

import numpy as np

from marketsim.rules.arrays import total
from marketsim.shakeout.history import Firms, History
from marketsim.shakeout.window import Window
from marketsim.state import Bools, Floats

OLDEST = 10
"""Age in years from which all firms count as of one age."""


def exit_driver(history: History, window: Window) -> Floats:
    """M1, what decides who leaves: AUC(unit cost -> exit) - AUC(lack of software and base -> exit), in [-1, 1].

    Among the firms that sell at t0: the probability that one that leaves until t1 had the higher unit cost at t0 than
    one that stays, less the probability that it had the weaker ecosystem. Positive: cost kills; negative: the ecosystem
    does. NaN without firm-level data, or where all leave or all stay.
    """
    firm = history.firm
    if firm is None:
        return np.full(history.runs, np.nan)
    at_peak = np.take_along_axis(firm.active, window.peak[None, None], axis=0)[0]
    cost, worth = (
        np.take_along_axis(series, window.peak[None, None], axis=0)[0] for series in (firm.unit_cost, firm.ecosystem)
    )
    leaves = _leaves(firm, window)
    counted = at_peak & ~np.isnan(cost) & ~np.isnan(worth)
    return auc(cost, leaves, counted) - auc(-worth, leaves, counted)


def acquired_share(history: History, window: Window) -> Floats:
    """M2, share of exits in W that were acquisitions; NaN without an exit."""
    exits, acquired = (
        np.where(window.inside, series, 0.0).sum(axis=0) for series in (history.exits, history.exits_acquired)
    )
    return acquired / np.where(exits > 0, exits, np.nan)


def late_entry_hazard(history: History, window: Window) -> Floats:
    """M3, hazard of firms that entered late over that of early ones, at the same age: Mantel-Haenszel rate ratio.

    Late is after the median entry of the run. R = sum_a d1*n0/n / sum_a d0*n1/n over ages a, with d exits and n firm-
    periods at risk of late (1) and early (0) firms. NaN without firm-level data or without an early exit at a common
    age. Source: Mantel, Haenszel (1959); close to Cox's estimate with age as time (`marketsim.shakeout.survival`).
    """
    firm = history.firm
    if firm is None:
        return np.full(history.runs, np.nan)
    entry, late = _entry(history)
    exits, risk = _by_age(history, entry, late)
    both = risk[0] + risk[1]
    weight = np.where(both > 0, 1 / np.where(both > 0, both, 1.0), 0.0)
    of_late, of_early = (total(exits[one] * risk[1 - one] * weight, axis=0) for one in (1, 0))
    return np.where(of_early > 0, of_late / np.where(of_early > 0, of_early, 1.0), np.nan)


def auc(score: Floats, event: Bools, counted: Bools) -> Floats:
    """Area under the ROC curve: P(score with the event > score without), ties half, from [v,r], [r].

    counted: which firms are compared.  NaN where all or none of them has the event.
    Source: Mann, Whitney (1947): the sum of mid-ranks of those with the event.
    """
    event = event & counted
    above = np.zeros(score.shape[-1])
    without = counted & ~event
    for one in range(len(score)):
        higher, equal = score[one] > score, score[one] == score
        above += event[one] * ((without & higher).sum(axis=0) + 0.5 * (without & equal).sum(axis=0))
    pairs = event.sum(axis=0) * without.sum(axis=0)
    return np.where(pairs > 0, above / np.where(pairs > 0, pairs, 1), np.nan)


def _leaves(firm: Firms, window: Window) -> Bools:
    """Whether the firm that holds a slot at t0 fails after it, until t1, [v,r]."""
    period = np.arange(len(firm.failed))[:, None]
    later = (period > window.peak) & (period <= window.trough)
    leaves: Bools = (firm.failed & later[:, None]).any(axis=0)
    return leaves


def _entry(history: History) -> tuple[Floats, Bools]:
    """When the firm in each slot entered, and whether after the run's median, [t,v,r]; those of the start at once."""
    firm, time = history.firm, history.time
    assert firm is not None
    entry = np.empty(firm.revenue.shape)
    since = np.where(firm.alive[0] & ~firm.entered[0], time[0] - 1, np.where(firm.entered[0], time[0], np.nan))
    entry[0] = since
    for row in range(1, len(time)):
        since = np.where(firm.entered[row], time[row], since)
        entry[row] = since
    entries = np.where(firm.entered, time[:, None, None], np.nan)
    founders = np.where(firm.alive[0] & ~firm.entered[0], time[0] - 1, np.nan)
    stacked = np.concatenate([founders[None], entries]).reshape(-1, history.runs)
    known = np.isfinite(stacked).any(axis=0)
    median = np.full(history.runs, np.nan)
    median[known] = np.nanmedian(stacked[:, known], axis=0)
    late: Bools = entry > median
    return entry, late


def _by_age(history: History, entry: Floats, late: Bools) -> tuple[Floats, Floats]:
    """Exits and firm-periods at risk of early and late firms by age in years, [2,age,r] each."""
    firm = history.firm
    assert firm is not None
    exits, risk = np.zeros((2, OLDEST + 1, history.runs)), np.zeros((2, OLDEST + 1, history.runs))
    for row in range(1, len(history.time)):
        here = firm.alive[row - 1]
        age = np.clip(np.nan_to_num(history.time[row] - entry[row - 1]), 0, OLDEST).astype(int)
        died = here & firm.failed[row]
        for years in np.unique(age):
            of_age = here & (age == years)
            for cohort, chosen in enumerate((of_age & ~late[row - 1], of_age & late[row - 1])):
                risk[cohort, years] += chosen.sum(axis=0)
                exits[cohort, years] += (chosen & died).sum(axis=0)
    return exits, risk
