"""The nineteen facts: what is measured of a shakeout, each on every run of a history.

Each function takes a history and its window (see `marketsim.shakeout.window`) and gives one number of each run, [r],
NaN where the history cannot tell. t0 is the peak of active firms, t1 the trough, W the time from a year before t0 to
t1. Prices are per unit of delivered performance. Definitions: docs/shakeout.md; values in history: the reference file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from marketsim.rules.arrays import total
from marketsim.shakeout.history import History, at, highest, lowest, period_at, quotient, within
from marketsim.shakeout.mechanism import acquired_share, exit_driver, late_entry_hazard
from marketsim.shakeout.structure import concentration, leader_changes, leaders_kept, top2_share
from marketsim.shakeout.window import Window
from marketsim.state import Floats

Fact = Callable[[History, Window], Floats]


def firm_fall(history: History, window: Window) -> Floats:
    """S1, fall in active firms: 1 - N(t1)/N(t0)."""
    return window.fall


def halving_time(history: History, window: Window) -> Floats:
    """S2, years from t0 until half of the firms are gone.

    NaN where that never comes, and where more than a year lies between the counts before and after it.
    """
    half = 0.5 * at(history.firms, window.peak)
    counted = ~np.isnan(history.firms)
    after = np.arange(len(history.time))[:, None] > window.peak
    halved = after & (history.firms <= half)
    first = np.where(halved.any(axis=0), halved.argmax(axis=0), -1)
    earlier = counted & (np.arange(len(history.time))[:, None] < first)
    before = len(history.time) - 1 - earlier[::-1].argmax(axis=0)
    seen = (first >= 0) & (history.time[first] - history.time[before] <= 1.1)
    return np.where(seen, history.time[first] - window.t0, np.nan)


def output_change(history: History, window: Window) -> Floats:
    """S3, change of output while firms fall: Q(t1)/Q(t0) - 1."""
    return change(history.output, window)


def recovery(history: History, window: Window) -> Floats:
    """S4, how far firms come back: the most within five years after t1 over N(t0); NaN where the history ends at t1."""
    later = within(history.time, window.t1, window.t1 + 5) & (history.time[:, None] > window.t1 + 0.1)
    return quotient(highest(history.firms, later), at(history.firms, window.peak))


def price_fall(history: History, window: Window) -> Floats:
    """P1, fall in price over three years: 1 - P(t0+2)/P(t0-1)."""
    before, after = (at(history.price, period_at(history.time, window.t0 + years)) for years in (-1, 2))
    return 1 - quotient(after, before)


def learning_rate(history: History, window: Window) -> Floats:
    """P2, learning rate of the experience curve over the whole history: 1 - 2^b, see `experience_curve`."""
    slope, _ = experience_curve(history)
    return np.asarray(1 - np.exp2(slope))


def residual_swing(history: History, window: Window) -> Floats:
    """P3, how far price swings about the experience curve of the whole history, log2: the largest fall of the residual
    e in W that ends after t0, min e(t) - max e(s) over s <= t, at most 0.

    It separates a crash from a return to the curve. The evidence has e(t1) - e(t0); the largest fall is taken since
    price turns before the number of firms does.
    """
    _, residual = experience_curve(history)
    shown = np.where(window.inside & ~np.isnan(residual), residual, -np.inf)
    return lowest(residual - np.maximum.accumulate(shown, axis=0), window.after)


def revenue_change(history: History, window: Window) -> Floats:
    """P4, change of the industry's revenue: its lowest after t0 over its highest up to t0, in W, less 1.

    The evidence has R(t1)/R(t0) - 1; revenue turns before and after the number of firms does.
    """
    up_to_peak = window.inside & ~window.after
    return quotient(lowest(history.revenue, window.after), highest(history.revenue, up_to_peak)) - 1


def margin_trough(history: History, window: Window) -> Floats:
    """P5, lowest median gross margin of the ten largest in W."""
    return lowest(history.gross_margin, window.inside)


def profit_incidence(history: History, window: Window) -> Floats:
    """P6, lowest share of the ten largest with positive net income in W.

    The evidence has the share at t1; the lowest is taken since profits turn before the number of firms does.
    """
    return lowest(history.profitable, window.inside)


def utilisation_trough(history: History, window: Window) -> Floats:
    """U1, lowest use of capacity in W."""
    return lowest(history.utilisation, window.inside)


def overshoot(history: History, window: Window) -> Floats:
    """U2, most capacity over demand in W."""
    return highest(quotient(history.capacity, history.demand), window.inside)


def change(series: Floats, window: Window) -> Floats:
    """Change of a series [t,r] from t0 to t1, share, [r]."""
    return quotient(at(series, window.trough), at(series, window.peak)) - 1


def experience_curve(history: History) -> tuple[Floats, Floats]:
    """Least squares over periods of log2 P = a + b log2 Q + e, with price P and cumulative output Q.

    Output counts as delivered performance, from the first period on in which it is known until the first gap: after
    that nobody knows what was made in all.
    Returns the slope b [r] and the residuals e [t,r], NaN where fewer than four periods are known or Q stands still.
    Source: Wright (1936).
    """
    made = cumulative(history.performance, history.time)
    known = (history.price > 0) & (history.performance > 0) & (made > 0)
    x, y = (np.log2(np.where(known, series, 1.0)) for series in (made, history.price))
    count = known.sum(axis=0)
    enough = np.where(count >= 4, count, np.nan)
    from_mean_x, from_mean_y = (known * (log - total(log, axis=0) / enough) for log in (x, y))  # log is 0 if unknown
    spread = total(from_mean_x**2, axis=0)
    slope = total(from_mean_x * from_mean_y, axis=0) / np.where(spread > 1e-12, spread, np.nan)
    residual = np.where(known, from_mean_y - slope * from_mean_x, np.nan)
    return slope, residual


def cumulative(series: Floats, time: Floats) -> Floats:
    """Running sum of a series [t,r] from its first known period on, NaN before it and from its first gap on, [t,r].

    A gap is an unknown figure, or more time between periods [t] than a year, or than the shortest time between two.
    """
    known = ~np.isnan(series)
    begun = np.logical_or.accumulate(known, axis=0)
    steps = np.diff(time, prepend=time[0])
    jump = steps > 1.5 * min(np.diff(time).min(initial=1.0), 1.0)
    gap = begun & (~known | (jump[:, None] & np.roll(begun, 1, axis=0)))
    broken = np.logical_or.accumulate(gap, axis=0)
    return np.where(begun & ~broken, np.cumsum(np.where(known, series, 0.0), axis=0), np.nan)


FACTS: Mapping[str, Fact] = {
    "S1": firm_fall,
    "S2": halving_time,
    "S3": output_change,
    "S4": recovery,
    "C1": concentration,
    "C2": top2_share,
    "C3": leader_changes,
    "C4": leaders_kept,
    "P1": price_fall,
    "P2": learning_rate,
    "P3": residual_swing,
    "P4": revenue_change,
    "P5": margin_trough,
    "P6": profit_incidence,
    "U1": utilisation_trough,
    "U2": overshoot,
    "M1": exit_driver,
    "M2": acquired_share,
    "M3": late_entry_hazard,
}
"""By the names of the evidence: S whether there is a shakeout, C structure, P price, U capacity, M mechanism."""
