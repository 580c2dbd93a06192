"""The runs of the generating scenarios, and what their signatures are read from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from agents.strategies import Team, names
from marketsim.market import Market
from marketsim.rules.arrays import ratio
from marketsim.rules.finance import CAUSES
from marketsim.scenario import library
from marketsim.scenario.parameters import Parameters
from marketsim.state import Bools, Floats, Ints

RUNS = 64
SEED = 7
YEAR = 4


@dataclass(frozen=True)
class History:
    """What happened in the runs of a world. q: quarter, v: domestic vendor."""

    sold: Floats  # [q,v,r] k units
    revenue: Floats  # [q,v,r] rmb_m
    cost: Floats  # [q,v,r] rmb_m, of what was sold
    capacity: Floats  # [q,r] units that contracts could make
    wanted: Floats  # [q,r] units that buyers wanted to spend money on
    exits: Ints  # [q,c] firms that failed in all runs together, by main cause

    @property
    def active(self) -> Floats:
        """[q,r] firms with sales."""
        return (self.sold > 1e-6).sum(axis=1).astype(float)

    @property
    def peak(self) -> Ints:
        """[r] quarter in which most firms were active."""
        quarter: Ints = self.active.argmax(axis=0)
        return quarter

    @property
    def fall(self) -> Floats:
        """[r] largest fall in active firms from an earlier peak."""
        peak = np.maximum.accumulate(self.active, axis=0)
        return (1 - ratio(self.active, peak, otherwise=1.0)).max(axis=0)

    @property
    def shakeout(self) -> Bools:
        """[r] whether active firms fell by 40 % from a peak of ten or more, and output did not fall with them."""
        return (self.fall >= 0.4) & (self.active.max(axis=0) >= 10) & (self.growth_since_peak("sold") >= 1)

    def growth_since_peak(self, what: str) -> Floats:
        """[r] a total of the last year over that of the year before the peak of firms."""
        total = getattr(self, what).sum(axis=1)
        before = [total[max(q - YEAR, 0) : max(q, YEAR), run].mean() for run, q in enumerate(self.peak)]
        return total[-YEAR:].mean(axis=0) / np.array(before)

    def shares(self, start: int, end: int | None = None) -> Floats:
        """[v,r] shares of revenue in some quarters."""
        revenue = self.revenue[start:end].sum(axis=0)
        return ratio(revenue, revenue.sum(axis=0))

    @property
    def top_two(self) -> Floats:
        """[r] share of the two largest in the revenue of the last year."""
        return np.sort(self.shares(-YEAR), axis=0)[-2:].sum(axis=0)

    @property
    def excess(self) -> Floats:
        """[r] most capacity over demand, as a mean of a year."""
        years = len(self.capacity) // YEAR
        capacity, wanted = (total.reshape(years, YEAR, -1).sum(axis=1) for total in (self.capacity, self.wanted))
        return (capacity / wanted).max(axis=0)

    def died_of(self, *causes: str) -> float:
        """Share of all exits that have one of these main causes."""
        total = self.exits.sum(axis=0)
        return float(sum(total[CAUSES.index(cause)] for cause in causes) / total.sum())

    def margins(self, start: int, end: int | None = None) -> Floats:
        """[v,r] gross margin in some quarters, NaN for who sold nothing."""
        revenue, cost = (flow[start:end].sum(axis=0) for flow in (self.revenue, self.cost))
        return 1 - cost / np.where(revenue > 0, revenue, np.nan)


@cache
def history(name: str, *changes: str) -> History:
    """The runs of a scenario of the library, with some of its values changed."""
    world = Parameters(library.load_scenario(name, list(changes), names()))
    market, decide, home = Market(world, SEED, range(RUNS)), Team(world.strategies).decide, slice(0, world.domestic)
    quarters = []
    while not market.over:
        outcome = market.step(decide(market.observe()))
        revenue = (outcome.price * outcome.sold)[home]
        capacity = market.state.contracts[home].sum(axis=(0, 1))
        wanted = ratio(outcome.spend.sum(axis=0) * outcome.sold[home].sum(axis=0), revenue.sum(axis=0))
        exits = [(outcome.cause == cause).sum() for cause in range(len(CAUSES))]
        quarters.append((outcome.sold[home], revenue, outcome.cost_of_goods[home], capacity, wanted, exits))
    return History(*(np.array(series) for series in zip(*quarters, strict=True)))


def share(holds: Bools) -> float:
    """Share of runs in which something holds."""
    return float(np.mean(holds))
