"""The facts of structure, C1-C4: whether the industry ends fragmented or concentrated, and whether leaders stay."""

from __future__ import annotations

import numpy as np

from marketsim.rules.arrays import total
from marketsim.shakeout.history import History, at, firms_at, period_at
from marketsim.shakeout.window import Window
from marketsim.state import Bools, Floats, Ints

AFTER = 3
"""Years after the trough at which structure is measured."""

SMALL = 15
"""With fewer firms at the peak, three leaders are compared and not five."""


def concentration(history: History, window: Window) -> Floats:
    """C1, Herfindahl-Hirschman index three years after t1.

    The evidence names the index freed of the number of firms, (H - 1/N)/(1 - 1/N), and gives values of H itself: of
    graphics chips, two sellers with 58 and 42 %, 0.51. Freed of their number two equal sellers would be at 0, like the
    firms of a market without any large one.
    """
    return settled(history.hhi, history, window)


def top2_share(history: History, window: Window) -> Floats:
    """C2, share of the two largest firms three years after t1."""
    return settled(history.top2_share, history, window)


def leader_changes(history: History, window: Window) -> Floats:
    """C3, changes of the largest firm a year, from a year before t0 to the end of the history.

    Whoever leads is compared once a year, as in the rankings that reference values come from.
    """
    known = ~np.isnan(history.leader) & (history.time[:, None] >= window.t0 - 1.1)
    changes = np.zeros(history.runs)
    last = np.full(history.runs, np.nan)
    first_seen, last_seen = np.full(history.runs, np.nan), np.full(history.runs, np.nan)
    for time, leader, is_known in zip(history.time, history.leader, known, strict=True):
        here = is_known & ~(time - last_seen < 0.9)
        changes += here & ~np.isnan(last) & (leader != last)
        last = np.where(here, leader, last)
        first_seen = np.where(here & np.isnan(first_seen), time, first_seen)
        last_seen = np.where(here, time, last_seen)
    years = last_seen - first_seen
    return changes / np.where(years > 0, years, np.nan)


def leaders_kept(history: History, window: Window) -> Floats:
    """C4, how many leaders stay: Jaccard index of the five largest a year before t0 and ten years after it.

    Three instead of five with fewer than 15 firms at the peak; a history that ends before compares with its end, if
    that is at least three years after t0.
    """
    if history.firm is None:
        return np.full(history.runs, np.nan)
    time = history.time
    before = period_at(time, np.maximum(window.t0 - 1, time[0]))
    after = period_at(time, np.minimum(window.t0 + 10, time[-1]))
    top = np.where(at(history.firms, window.peak) < SMALL, 3, 5)
    then, now = (_leaders(history, when, top) for when in (before, after))
    spell = history.firm.spell
    same = then & now & (firms_at(spell, before) == firms_at(spell, after))
    both = total(1.0 * same, axis=0)
    either = total(1.0 * then, axis=0) + total(1.0 * now, axis=0) - both
    long_enough = time[np.maximum(after, 0)] - window.t0 >= 3
    return np.where(long_enough & (either > 0), both / np.where(either > 0, either, 1.0), np.nan)


def settled(series: Floats, history: History, window: Window) -> Floats:
    """A series [t,r] three years after t1, or at the nearest period in which it is known, [r].

    That is within three years of it and a year or more after t0: a history that ends at t1 is read at t1, and what was
    counted long after says nothing about this shakeout. NaN where nothing is known by then.
    """
    distance = np.abs(history.time[:, None] - (window.t1 + AFTER))
    late = history.time[:, None] >= window.t0 + 1 - 0.1
    usable = late & ~np.isnan(series) & (distance <= AFTER + 0.1)
    nearest = np.where(usable, distance, np.inf).argmin(axis=0)
    return np.where(usable.any(axis=0), at(series, nearest), np.nan)


def _leaders(history: History, period: Ints, top: Floats) -> Bools:
    """Which firms are among the largest by revenue in one period of each run, [v,r]."""
    assert history.firm is not None
    revenue = firms_at(history.firm.revenue, period)
    rank = np.argsort(np.argsort(-revenue, axis=0, kind="stable"), axis=0, kind="stable")
    leads: Bools = (rank < top) & (revenue > 0)
    return leads
