"""What a verdict hangs on: how much the share of a class moves over the range of each uncertain parameter.

Runs whose parameter was drawn from the lowest third of its range are compared with those from the highest third, all
others as drawn: regional sensitivity analysis. Source: Hornberger, Spear (1981), J. of Environmental Management 12.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from warnings import catch_warnings, simplefilter

import numpy as np

from marketsim.shakeout.classify import Class
from marketsim.shakeout.ensemble import Draws, Tally
from marketsim.shakeout.statistics import Interval, holm
from marketsim.state import Bools, Floats, Ints

FEWEST = 12
"""Draws below which thirds are too small to compare."""


@dataclass(frozen=True)
class Assumption:
    """A parameter and what it does: a mean over draws in the lowest and in the highest third of its range.

    shift: from the lowest to the highest third.  p_value: adjusted for all parameters (Holm).  gaining: the class that
    gains most where the response is lower, if it is a share of classes.
    """

    name: str
    note: str
    low: float
    high: float
    shift: Interval
    p_value: float
    gaining: Class | None = None


def ranked(draws: Draws, response: Floats, weights: Ints) -> list[Assumption]:
    """Parameters by how far a response moves over their ranges, the farthest first; empty with too few draws.

    response, weights: mean of each draw and its number of runs, [draw].
    """
    if len(response) < FEWEST:
        return []
    thirds = [_thirds(place) for place in draws.places.T]
    found = [_compared(response, weights, low, high) for low, high in thirds]
    adjusted = holm(np.array([p_value for *_, p_value in found]))
    assumptions = [
        Assumption(name, draws.notes.get(name, ""), low, high, shift, float(p_value))
        for name, (low, high, shift, _), p_value in zip(draws.space.names, found, adjusted, strict=True)
    ]
    return sorted(assumptions, key=lambda each: -abs(each.shift.value))


def of_class(draws: Draws, tally: Tally, which: Class) -> list[Assumption]:
    """Parameters by how far the share of runs in a class moves, and which class gains where it is lower."""
    shares = tally.by_draw / tally.of_draw[:, None]
    found = ranked(draws, shares[:, which], tally.of_draw)
    return [replace(each, gaining=_gaining(draws, shares, which, each)) for each in found]


def _gaining(draws: Draws, shares: Floats, which: Class, found: Assumption) -> Class:
    low, high = _thirds(draws.places[:, draws.space.names.index(found.name)])
    there, elsewhere = (low, high) if found.shift.value > 0 else (high, low)
    gain = shares[there].mean(axis=0) - shares[elsewhere].mean(axis=0)
    gain[which] = -np.inf
    return Class(int(gain.argmax()))


def _thirds(place: Floats) -> tuple[Bools, Bools]:
    order = np.argsort(np.argsort(place, kind="stable"), kind="stable")
    third = len(place) // 3
    return order < third, order >= len(place) - third


def _compared(response: Floats, weights: Ints, low: Bools, high: Bools) -> tuple[float, float, Interval, float]:
    """Means of two groups of draws, their difference with its interval, and Welch's p-value."""
    from scipy import stats

    below, above = (float(np.average(response[group], weights=weights[group])) for group in (low, high))
    if np.ptp(response[low]) == 0 and np.ptp(response[high]) == 0:
        return below, above, Interval(above - below, above - below, above - below), 1.0 if above == below else 0.0
    with catch_warnings():
        simplefilter("ignore", RuntimeWarning)  # one third may not vary at all: nothing is lost there
        test = stats.ttest_ind(response[high], response[low], equal_var=False)
    interval = test.confidence_interval(0.95)
    return below, above, Interval(above - below, float(interval.low), float(interval.high)), float(test.pvalue)
