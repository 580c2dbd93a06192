"""When a shakeout begins and ends: the peak of active firms t0, and the trough t1 in which their fall ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketsim.rules.arrays import ratio
from marketsim.shakeout.history import History, at, quotient, within
from marketsim.state import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Window:
    """Peak and trough of each run. Times in years; [r] unless said."""

    peak: Ints  # period of t0
    trough: Ints  # period of t1; t0 where firms never fall
    down: Ints  # the first period after t0 in which they have fallen by what counts as a fall; t1 if they never do
    t0: Floats
    t1: Floats
    fall: Floats  # 1 - N(t1)/N(t0); NaN if nobody ever sells
    inside: Bools  # [t,r] the periods from a year before t0 to t1: W
    after: Bools  # [t,r] those of W after t0


def window(history: History, fall: float = 0.4, firms: int = 10, settled: float = 3.0) -> Window:
    """Where the shakeout is, if there is one.

    t0 is the last period at the peak from which active firms fall farthest, relative to the peak; falls from fewer than
    `firms` firms count only if there is no other; firms that never fall have it at the last count. t1 is the first
    period, once they have fallen by `fall`, whose number is not undercut at the next count nor within `settled` years;
    without such a fall it is the lowest point after t0, and t0 itself if firms never fall.
    """
    number = history.firms
    known = ~np.isnan(number)
    filled = _carried(number, known)
    peak_so_far = np.maximum.accumulate(filled, axis=0)
    drop = np.where(known, 1 - ratio(filled, peak_so_far, otherwise=1.0), 0.0)
    of_many = drop * (peak_so_far >= firms)
    drop = np.where(of_many.max(axis=0) > 0, of_many, drop)
    last = len(number) - 1 - known[::-1].argmax(axis=0)
    bottom = np.where(drop.max(axis=0) > 0, drop.argmax(axis=0), last)
    peak = _last_at_peak(filled, known, bottom)
    after_peak = np.arange(len(number))[:, None] > peak
    falls = known & after_peak & (number <= (1 - fall) * at(number, peak) + 1e-9)
    trough = _trough(history.time, number, known, falls, bottom, settled)
    down = np.where(falls.any(axis=0), falls.argmax(axis=0), trough)
    t0, t1 = history.time[peak], history.time[trough]
    inside = within(history.time, t0 - 1, t1)
    fallen = 1 - quotient(at(number, trough), at(number, peak))
    return Window(peak, trough, down, t0, t1, fallen, inside, inside & (history.time[:, None] > t0 + 0.1))


def _carried(number: Floats, known: Bools) -> Floats:
    """Counts with gaps filled by the last one before, 0 before the first."""
    filled = np.where(known, number, 0.0)
    for row in range(1, len(filled)):
        filled[row] = np.where(known[row], filled[row], filled[row - 1])
    return filled


def _last_at_peak(filled: Floats, known: Bools, bottom: Ints) -> Ints:
    """The last period before the bottom, or at it, at which firms are as many as ever until then."""
    before = np.arange(len(filled))[:, None] <= bottom
    most = np.where(before & known, filled, -1.0).max(axis=0)
    at_peak = before & known & (filled >= most)
    return np.asarray(len(filled) - 1 - at_peak[::-1].argmax(axis=0))


def _trough(time: Floats, number: Floats, known: Bools, falls: Bools, bottom: Ints, settled: float) -> Ints:
    """See `window`.  falls: periods after t0 in which firms have fallen far enough, [t,r]."""
    periods = len(time)
    level = np.where(known, number, np.inf)
    following = np.full(number.shape[1], np.inf)
    found, chosen = np.zeros(number.shape[1], dtype=bool), bottom.copy()
    lows = np.full(number.shape, np.inf)
    for row in range(periods - 1, -1, -1):
        soon = (time > time[row]) & (time <= time[row] + settled + 0.1)
        lows[row] = np.minimum(np.where(soon[:, None], level, np.inf).min(axis=0), following)
        following = np.where(known[row], number[row], following)
    for row in range(periods):
        ends = falls[row] & (lows[row] >= number[row]) & ~found
        chosen = np.where(ends, row, chosen)
        found |= ends
    return chosen
