"""What is measured of each run, by year: market figures, vendors' shares and survival, the fall in firms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from marketsim.rules.arrays import ratio, total
from marketsim.rules.demand import card_cost_of_ownership
from marketsim.rules.finance import CAUSES
from marketsim.rules.technology import inference_time
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Floats, Ints, MarketState, Outcome

METRICS: dict[str, str] = {
    "domestic_share_cards": "1",
    "domestic_share_value": "1",
    "active_vendors": "firms",
    "hhi": "1",
    "top5_share": "1",
    "cards": "k cards",
    "price": "krmb/card",
    "cost_per_million_tokens": "RMB",
    "foundry_use": "1",
    "scarce_memory_use": "1",
    "capacity_use": "1",
    "gross_margin": "1",
    "revenue": "rmb_m",
    "demand": "rmb_m",
    "entries": "firms",
    "exits_acquired": "firms",
    **{f"exits_{cause}": "firms" for cause in CAUSES},
}
"""Yearly outcomes and their units. Price, margin, concentration and capacity are those of domestic vendors; an exit is
counted under its main cause, and those among them that ended in a sale under exits_acquired as well. Foundry and memory
use are those of the scarcest node and memory type of each quarter: at 1 the limit binds. Demand is the money that
buyers came with, orders that waited from the quarter before not counted again."""

ACTIVE = 1e-6
"""k cards: a vendor that sells no more in a quarter is not active in it."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The measured outcomes of some runs. y: year, q: quarter; of a book by quarter y is the quarter as well."""

    years: list[int]  # [y] by quarter: the year of each
    metrics: Floats  # [metric,y,r] in the order of METRICS
    cards: Floats  # [v,y,r] k cards sold
    revenue: Floats  # [v,y,r] rmb_m
    alive: Floats  # [v,y,r] 1 if in business at the end of the period
    active: Floats  # [q,r] domestic firms with sales

    def take_runs(self, runs: slice) -> Outcomes:
        """The same outcomes for some of the runs."""
        return Outcomes(
            self.years,
            self.metrics[..., runs],
            self.cards[..., runs],
            self.revenue[..., runs],
            self.alive[..., runs],
            self.active[..., runs],
        )

    @property
    def peak_fall(self) -> Floats:
        """Largest fall in active firms from an earlier peak, D = max over time of 1 - N/peak so far, [r]."""
        return largest_fall(self.active)


def largest_fall(number: Floats) -> Floats:
    """Largest fall of a number from an earlier peak, share of the peak, [time,r] -> [r]."""
    peak = np.maximum.accumulate(number, axis=0)
    fall: Floats = (1 - ratio(number, peak, otherwise=1.0)).max(axis=0)
    return fall


def demand(before: MarketState, outcome: Outcome) -> Floats:
    """Money that buyers came with in a quarter: what waited from the one before is not counted again, [r] rmb_m."""
    return total(outcome.spend - before.waiting, axis=0)


def foundry_use(outcome: Outcome) -> Floats:
    """Wafers started over the limit, on the node where most is taken, [r]."""
    use: Floats = ratio(total(outcome.wafers, axis=0), outcome.wafer_limit).max(axis=0)
    return use


def memory_use(outcome: Outcome) -> Floats:
    """Memory used over what is available, of the scarce type of which most is taken, [r]; 0 where none is scarce."""
    scarce = np.isfinite(outcome.memory_limit)
    use: Floats = ratio(np.where(scarce, outcome.memory_used, 0.0), np.where(scarce, outcome.memory_limit, 0.0)).max(
        axis=0
    )
    return use


def herfindahl(shares: Floats) -> Floats:
    """Herfindahl-Hirschman index: sum of squared shares, [v,r] -> [r]."""
    return total(shares * shares, axis=0)


def largest_sellers(revenue: Floats, count: int = 10) -> Ints:
    """Places of the firms with most revenue, the largest first, [v,r] -> [k,r]."""
    return np.argsort(-revenue, axis=0, kind="stable")[:count]


def gross_margins(revenue: Floats, cost: Floats) -> Floats:
    """1 - cost of goods / revenue, NaN for who sells nothing; of any shape."""
    sells = revenue > 0
    return np.where(sells, 1 - cost / np.where(sells, revenue, 1.0), np.nan)


def median_known(values: Floats) -> Floats:
    """Median over the first axis of the values that are not NaN, NaN where none is, [v,r] -> [r]."""
    ordered = np.sort(values, axis=0)
    number = np.maximum((~np.isnan(values)).sum(axis=0), 1)
    low, high = (number - 1) // 2, number // 2
    below, above = (np.take_along_axis(ordered, place[None], axis=0)[0] for place in (low, high))
    return np.asarray((below + above) / 2)


class YearBook:
    """Adds up quarters to the outcomes of a run.  per_year: how often its books are closed."""

    def __init__(self, p: Parameters, runs: int, per_year: Literal[1, 4] = 1) -> None:
        self.p = p
        self.runs = runs
        self.per_year = per_year
        self.years = p.years if per_year == 1 else [int(now.name[:4]) for now in p.conditions]
        shape = (len(self.years), runs)
        vendors = len(p.vendors)
        self.metrics = {name: np.zeros(shape) for name in METRICS}
        self.sums: dict[str, Floats] = {}
        self.cards = np.zeros((vendors, *shape))
        self.revenue = np.zeros((vendors, *shape))
        self.alive = np.zeros((vendors, *shape))
        self.active = np.zeros((len(p.conditions), runs))

    def add(self, now: Conditions, before: MarketState, outcome: Outcome, after: MarketState) -> None:
        """Count a quarter; a period's figures are finished with its last quarter in the scenario."""
        year = now.index if self.per_year == 4 else self.years.index(int(now.name[:4]))
        home = slice(0, self.p.domestic)
        self.cards[:, year] += outcome.sold
        self.revenue[:, year] += outcome.price * outcome.sold
        self.active[now.index] = total(1.0 * (outcome.sold[home] > ACTIVE), axis=0)
        self._sum("demand", demand(before, outcome))
        self._sum("cost_of_goods", total(outcome.cost_of_goods[home], axis=0))
        self._sum("wafers", total(total(outcome.wafers, axis=0), axis=0))
        self._sum("foundry_use", foundry_use(outcome))
        self._sum("contracts", total(total(after.contracts[home], axis=0), axis=0))
        self._count_exits(year, outcome)
        self._sum("memory_use", memory_use(outcome))
        self._sum("quarters", np.ones(self.runs))
        if self._is_last(now):
            self._close(year, now, outcome, after)

    def _is_last(self, now: Conditions) -> bool:
        """Whether a quarter is the last of its period."""
        last = now.index + 1 == len(self.p.conditions)
        return last or self.per_year == 4 or self.p.conditions[now.index + 1].name.endswith("Q1")

    def _sum(self, name: str, value: Floats) -> None:
        self.sums[name] = self.sums[name] + value if name in self.sums else value

    def _count_exits(self, year: int, outcome: Outcome) -> None:
        self.metrics["entries"][year] += total(1.0 * outcome.entered, axis=0)
        self.metrics["exits_acquired"][year] += total(1.0 * (outcome.acquired_by >= 0), axis=0)
        for index, cause in enumerate(CAUSES):
            self.metrics[f"exits_{cause}"][year] += total(1.0 * (outcome.cause == index), axis=0)

    def _close(self, year: int, now: Conditions, outcome: Outcome, after: MarketState) -> None:
        home = slice(0, self.p.domestic)
        cards, revenue = self.cards[:, year], self.revenue[:, year]
        home_revenue = total(revenue[home], axis=0)
        shares = ratio(revenue[home], home_revenue)
        largest = -np.sort(-shares, axis=0)[:5]
        sums, self.sums = self.sums, {}
        figures = {
            "domestic_share_cards": ratio(total(cards[home], axis=0), total(cards, axis=0)),
            "domestic_share_value": ratio(home_revenue, total(revenue, axis=0)),
            "active_vendors": self.active[now.index],
            "hhi": herfindahl(shares),
            "top5_share": total(largest, axis=0),
            "cards": total(cards, axis=0),
            "price": ratio(home_revenue, total(cards[home], axis=0)),
            "cost_per_million_tokens": cost_per_million_tokens(self.p, now, outcome),
            "foundry_use": sums["foundry_use"] / sums["quarters"],
            "scarce_memory_use": sums["memory_use"] / sums["quarters"],
            "capacity_use": np.minimum(ratio(sums["wafers"], sums["contracts"]), 1.0),
            "gross_margin": ratio(home_revenue - sums["cost_of_goods"], home_revenue),
            "revenue": total(revenue, axis=0),
            "demand": sums["demand"],
        }
        for name, values in figures.items():
            self.metrics[name][year] = values
        self.alive[:, year] = after.alive

    def result(self) -> Outcomes:
        """The outcomes of the quarters so far."""
        metrics = np.stack([self.metrics[name] for name in METRICS])
        return Outcomes(self.years, metrics, self.cards, self.revenue, self.alive, self.active)


def cost_per_million_tokens(p: Parameters, now: Conditions, outcome: Outcome) -> Floats:
    """Mean cost of a million tokens of inference on the cards sold in a quarter, before subsidies, [r] RMB.

    Cost of ownership of the cards sold for inference over the tokens that they produce: sum n*k / sum n*T, with
    n = sold * (1 - training).
    """
    ownership = card_cost_of_ownership(p, now, outcome.price, outcome.power)
    cards = outcome.sold_in * (1 - p.of_segments("training"))
    money = total(total(cards, axis=1) * ownership, axis=0)
    return ratio(money, total(total(cards * inference_speed(p, outcome), axis=1), axis=0))


def inference_speed(p: Parameters, outcome: Outcome) -> Floats:
    """Tokens of inference per second on the cards sold, with the software that they have, [v,s,r]."""
    untuned = -np.log(p.technology.untuned_share)
    tuned = inference_time(p, outcome.compute, outcome.bandwidth)
    return ratio(np.exp((outcome.maturity - 1) * untuned), tuned)
