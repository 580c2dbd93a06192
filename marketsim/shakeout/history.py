"""What the shakeout test looks at: an industry over time, simulated many times over or read from a table.

A figure that nobody knows is NaN everywhere in this package, and what is measured on it is NaN as well.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketsim.rules.arrays import ratio
from marketsim.state import Bools, Floats, Ints, axes, taken


@dataclass(frozen=True, slots=True)
class Firms:
    """The firms of an industry one by one. A slot v may hold one firm after another: see `spell`."""

    revenue: Floats = axes("tvr", "money", "revenue of the period")
    active: Bools = axes("tvr", "", "sells at the end of the period")
    alive: Bools = axes("tvr", "", "in business at the end of the period")
    entered: Bools = axes("tvr", "", "a firm entered in this slot within the period")
    failed: Bools = axes("tvr", "", "the firm in this slot failed within the period, with or without a buyer")
    acquired: Bools = axes("tvr", "", "it failed and was bought")
    spell: Ints = axes("tvr", "", "which firm holds the slot at the end of the period: 0 the first, 1 the next ...")
    unit_cost: Floats = axes(
        "tvr", "money", "cost of making one over the work it can do; NaN for who does not sell or trade"
    )
    ecosystem: Floats = axes(
        "tvr", "1", "what software and installed base add to the utility of buyers; NaN for who does not trade"
    )


@dataclass(frozen=True, slots=True)
class History:
    """An industry period by period. t: period (a year or a quarter), r: run; a table of history has one run, twice.

    Money is in one unit throughout, output and capacity in another. Output, performance, revenue, capacity and demand
    of a period that is not complete are at the rate of a whole one.
    """

    time: Floats = axes("t", "years", "of each period, growing: 2011, or 2011.25 for the second quarter")
    firms: Floats = axes("tr", "firms", "active firms: those with sales at the end of the period")
    output: Floats = axes("tr", "units", "sold in the period")
    performance: Floats = axes("tr", "work", "delivered by the units sold; output where units do not get better")
    revenue: Floats = axes("tr", "money", "of the period")
    price: Floats = axes("tr", "money", "per unit of delivered performance")
    capacity: Floats = axes("tr", "units", "that contracted or built capacity could make in the period")
    demand: Floats = axes("tr", "units", "that buyers came for")
    utilisation: Floats = axes("tr", "1", "capacity used over capacity")
    gross_margin: Floats = axes("tr", "1", "median of the ten largest firms")
    leader_margin: Floats = axes("tr", "1", "gross margin of the largest firm")
    profitable: Floats = axes("tr", "1", "share of the ten largest with positive net income")
    top1_share: Floats = axes("tr", "1", "share of the largest firm")
    top2_share: Floats = axes("tr", "1", "share of the two largest")
    top5_share: Floats = axes("tr", "1", "share of the five largest")
    top10_share: Floats = axes("tr", "1", "share of the ten largest")
    hhi: Floats = axes("tr", "1", "Herfindahl-Hirschman index")
    leader: Floats = axes("tr", "", "which firm is the largest, as a number")
    entries: Floats = axes("tr", "firms", "in the period")
    exits: Floats = axes("tr", "firms", "in the period, acquired ones included")
    exits_acquired: Floats = axes("tr", "firms", "in the period")
    scarcity: Floats = axes("tr", "1", "share that is taken of what the scarcest input's makers can supply")
    idle: Floats = axes("tr", "firms", "in business without sales at the end of the period")
    causes: Floats | None = axes("cr", "1", "exits by cause: each firm's losses of two years, as shares")
    firm: Firms | None = axes("", "", "firm by firm, where that is known")

    @property
    def runs(self) -> int:
        """Length of the run axis."""
        return int(self.firms.shape[-1])

    def take_runs(self, first: int, count: int) -> History:
        """Some of the runs; a lone one twice, as everywhere where runs are added up."""
        timeless = replace(self, time=self.time[:, None])  # periods are no runs
        return replace(taken(timeless, first + np.arange(max(count, 2)) % count), time=self.time)


SERIES = tuple(field.name for field in fields(History) if field.metadata["axes"] == "tr")
"""Names of the series by period."""


def quotient(numerator: Floats, denominator: Floats) -> Floats:
    """One series over another, NaN where the denominator is not positive or either is not known."""
    return ratio(numerator, denominator, otherwise=np.nan)


def at(series: Floats, index: Ints) -> Floats:
    """A series [t,r] at one period of each run, [r]; NaN where the index is negative."""
    values = np.take_along_axis(series, np.maximum(index, 0)[None], axis=0)[0]
    return np.where(index < 0, np.nan, values)


def firms_at(series: NDArray[Any], index: Ints) -> NDArray[Any]:
    """A series by firm [t,v,r] at one period of each run, [v,r]; at the first where the index is negative."""
    return np.asarray(np.take_along_axis(series, np.maximum(index, 0)[None, None], axis=0)[0])


def period_at(time: Floats, when: Floats) -> Ints:
    """Index of the period at a time [r] in years, -1 where the history has none within a tenth of a year, [r]."""
    nearest = np.abs(time[:, None] - when).argmin(axis=0)
    return np.where(np.abs(time[nearest] - when) < 0.1, nearest, -1)


def within(time: Floats, first: Floats, last: Floats) -> Bools:
    """Which periods lie between two times [r], ends included, [t,r]."""
    inside: Bools = (time[:, None] >= first - 0.1) & (time[:, None] <= last + 0.1)
    return inside


def lowest(series: Floats, where: Bools) -> Floats:
    """Lowest known value of a series [t,r] over some periods [t,r], NaN where none is known, [r]."""
    found = np.where(where & ~np.isnan(series), series, np.inf).min(axis=0)
    return np.where(np.isfinite(found), found, np.nan)


def highest(series: Floats, where: Bools) -> Floats:
    """Highest known value of a series [t,r] over some periods [t,r], NaN where none is known, [r]."""
    return -lowest(-series, where)
