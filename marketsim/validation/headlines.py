"""The outcomes that the report speaks of: ten for the default scenario, and what tells one kind of market from another.

Each gives one number of each run, from yearly outcomes, so that it can be had for any scenario.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from marketsim.outcomes import METRICS, Outcomes
from marketsim.rules.arrays import ratio, total
from marketsim.rules.finance import CAUSES
from marketsim.state import Floats


@dataclass(frozen=True)
class Played:
    """Yearly outcomes of some runs, and how many of the vendors in them are domestic: the first ones."""

    outcomes: Outcomes
    domestic: int

    def yearly(self, name: str) -> Floats:
        """A yearly outcome, [y,r]."""
        values: Floats = self.outcomes.metrics[list(METRICS).index(name)]
        return values

    def in_year(self, name: str, year: int) -> Floats:
        """A yearly outcome of one year, [r]."""
        values: Floats = self.yearly(name)[self.outcomes.years.index(year)]
        return values


@dataclass(frozen=True)
class Headline:
    """An outcome of a run: what it is called, its unit, and how it is measured, [r].

    subject: what it is called in a sentence.  why: the question that it answers.
    """

    title: str
    unit: str
    of: Callable[[Played], Floats]
    subject: str = ""
    why: str = ""


def _in(name: str, year: int) -> Callable[[Played], Floats]:
    return lambda played: played.in_year(name, year)


def largest_fall(played: Played) -> Floats:
    """Largest fall in active vendors from an earlier peak, share of the peak."""
    return played.outcomes.peak_fall


def exits(played: Played) -> Floats:
    """Vendors that left over the whole run, failed or acquired."""
    return total(total(np.stack([played.yearly(f"exits_{cause}") for cause in CAUSES]), axis=0), axis=0)


def since_peak(name: str) -> Callable[[Played], Floats]:
    """Change of a yearly outcome from the year with most active vendors to the last year."""

    def change(played: Played) -> Floats:
        peak = played.yearly("active_vendors").argmax(axis=0)
        values = played.yearly(name)
        at_peak = np.take_along_axis(values, peak[None], axis=0)[0]
        return ratio(values[-1], at_peak, otherwise=1.0) - 1

    return change


def trough(name: str) -> Callable[[Played], Floats]:
    """Lowest value of a yearly outcome over the years in which domestic vendors sell."""

    def lowest(played: Played) -> Floats:
        sells = played.yearly("domestic_share_value") > 0
        values = np.where(sells, played.yearly(name), np.inf).min(axis=0)
        found: Floats = np.where(np.isfinite(values), values, 0.0)
        return found

    return lowest


def top2_share(played: Played) -> Floats:
    """Share of the two largest domestic vendors in the domestic value of the last year."""
    revenue = played.outcomes.revenue[: played.domestic, -1]
    return ratio(total(-np.sort(-revenue, axis=0)[:2], axis=0), total(revenue, axis=0))


TEN = (
    Headline(
        "domestic share of value, 2028",
        "1",
        _in("domestic_share_value", 2028),
        "the domestic share of value in 2028",
        "the aim of the policy, and where houses of forecasters differ most",
    ),
    Headline(
        "cards sold, 2028",
        "k cards",
        _in("cards", 2028),
        "the number of cards sold in 2028",
        "volume, when the ramps of foundry and memory decide",
    ),
    Headline(
        "cost of a million tokens, 2028",
        "RMB",
        _in("cost_per_million_tokens", 2028),
        "the cost of a million tokens in 2028",
        "what users get out of it, and the industry's own promise",
    ),
    Headline(
        "price of a domestic card, 2030",
        "krmb/card",
        _in("price", 2030),
        "the price of a domestic card in 2030",
        "whether there is a price war",
    ),
    Headline(
        "domestic gross margin, 2030",
        "1",
        _in("gross_margin", 2030),
        "the gross margin of domestic vendors in 2030",
        "whether a price war hurts",
    ),
    Headline(
        "use of capacity contracts, 2030",
        "1",
        _in("capacity_use", 2030),
        "the use of capacity contracts in 2030",
        "whether there is excess supply",
    ),
    Headline(
        "Herfindahl index of domestic vendors, 2034",
        "index",
        _in("hhi", 2034),
        "the Herfindahl index of domestic vendors in 2034",
        "whether the market ends fragmented or concentrated",
    ),
    Headline(
        "active vendors, 2034",
        "firms",
        _in("active_vendors", 2034),
        "the number of active vendors in 2034",
        "how many are left",
    ),
    Headline(
        "largest fall in active vendors",
        "1",
        largest_fall,
        "the largest fall in the number of active vendors",
        "whether there is a shakeout; photovoltaics lost 40-80 %",
    ),
    Headline(
        "exits until 2034",
        "firms",
        exits,
        "the number of exits until 2034",
        "failures and acquisitions that new entry may hide",
    ),
)
"""Ten outcomes of the default scenario whose dependence on its free parameters is screened."""

COMPARED = (
    Headline("active vendors, 2034", "firms", _in("active_vendors", 2034)),
    Headline("Herfindahl index, 2034", "index", _in("hhi", 2034)),
    Headline("domestic share of value, 2027", "1", _in("domestic_share_value", 2027)),
    Headline("domestic share of value, 2030", "1", _in("domestic_share_value", 2030)),
    Headline("market value, 2028", "rmb_m", _in("revenue", 2028)),
    Headline("domestic gross margin, 2030", "1", _in("gross_margin", 2030)),
    Headline("largest fall in active vendors", "1", largest_fall),
)
"""What the alternative scenarios are compared by."""

SIGNATURES = (
    Headline("largest fall in active firms", "1", largest_fall),
    Headline("output since the peak of firms", "1", since_peak("cards")),
    Headline("price since the peak of firms", "1", since_peak("price")),
    Headline("gross margin, worst year", "1", trough("gross_margin")),
    Headline("use of contracts, worst year", "1", trough("capacity_use")),
    Headline("top-2 share, last year", "1", top2_share),
)
"""What tells one kind of market from another."""
