"""Every quarter of every vendor for a few hundred runs: what targets, validation and history are measured on.

An ensemble keeps yearly outcomes in constant memory (`marketsim.ensemble`); a trace is for hundreds of runs, not for
millions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from marketsim.ensemble import Decide
from marketsim.market import Market
from marketsim.outcomes import cost_per_million_tokens, demand
from marketsim.rules.arrays import ratio, total
from marketsim.rules.technology import cards_per_wafer, inference_time
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.scenario.schema import Scenario
from marketsim.state import Floats, MarketState, Outcome, axes

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Trace:
    """Quarterly series; q quarter, v vendor, n node, r run. Money rmb_m, cards k, capacity k wafers/quarter."""

    parameters: Parameters
    installed: Floats = axes("v", "k cards", "cards in service before the first quarter")
    cards: Floats = axes("qvr", "k cards", "cards sold")
    revenue: Floats = axes("qvr", "rmb_m", "price times cards sold")
    cost_of_goods: Floats = axes("qvr", "rmb_m", "cost of the cards sold")
    net_income: Floats = axes("qvr", "rmb_m", "revenue less cost of goods and all running cost")
    research: Floats = axes("qvr", "rmb_m", "architecture research, adaptation and tape-outs")
    raised: Floats = axes("qvr", "rmb_m", "equity from rounds and listings")
    contracts: Floats = axes("qvr", "k wafers/quarter", "capacity contracts")
    wafers: Floats = axes("qvr", "k wafers", "wafers started")
    launches: Floats = axes("qvr", "1", "products that came out")
    wafer_limit: Floats = axes("qnr", "k wafers/quarter", "wafer starts open to vendors")
    good_dies: Floats = axes("qnr", "dies/wafer", "good dies of a wafer, before packaging")
    demand: Floats = axes("qr", "rmb_m", "money for cards that buyers came with, orders that waited not counted again")
    tokens: Floats = axes(
        "qr", "trillion/day", "tokens of inference that the installed base serves, as far as statistics count them"
    )
    inference: Floats = axes("qr", "1", "share of inference in what buyers pay")
    cost_per_million_tokens: Floats = axes("qr", "RMB", "on the cards sold")

    @property
    def quarters(self) -> list[str]:
        """Names of the quarters, such as 2025Q1."""
        return [now.name for now in self.parameters.conditions[: len(self.cards)]]


NOT_INCOME = (
    *("sales", "purchase_subsidy", "production", "capacity", "capacity_subsidy", "borrowing", "repayment", "raised"),
    *("guidance_fund", "overdraft", "parent_support", "local_support", "unpaid", "acquisition"),
)
"""Flows that are no running cost: revenue and production, which income counts as sold, and money that others give."""


def trace(scenario: Scenario, decide: Decide, seed: int, runs: int, until: str | None = None) -> Trace:
    """Play runs 0 to runs - 1 side by side and keep the series.

    runs: at least 2.  until: the last quarter to play, such as 2026Q4; none: all of them.
    """
    market = Market(Parameters(scenario), seed, range(runs))
    tracer = Tracer(market.parameters, market.state)
    market.record(decide, tracer, until=until)
    return tracer.result()


class Tracer:
    """Writes quarters down as they are played.  start: the market before the first of them."""

    def __init__(self, p: Parameters, start: MarketState) -> None:
        self.p = p
        self.installed = total(start.base, axis=1)[:, 0]
        self.park = _Park(p, start)
        self.rows: list[Mapping[str, Floats]] = []

    def add(self, now: Conditions, before: MarketState, outcome: Outcome, after: MarketState) -> None:
        """Write a quarter down."""
        row = _of_vendors(before, outcome, after) | _of_market(self.p, now, before, outcome)
        self.rows.append(row | {"tokens": self.park.after(now, outcome)})

    def result(self) -> Trace:
        """The series of the quarters so far, at least one."""
        series = {name: np.stack([row[name] for row in self.rows]) for name in self.rows[0]}
        return Trace(self.p, self.installed, **series)


def _of_vendors(before: MarketState, outcome: Outcome, after: MarketState) -> dict[str, Floats]:
    """The quarter's row of every series by vendor."""
    revenue, flows = outcome.price * outcome.sold, outcome.flows
    running = total(np.stack([flow for name, flow in flows.items() if name not in NOT_INCOME]), axis=0)
    return {
        "cards": outcome.sold,
        "revenue": revenue,
        "cost_of_goods": outcome.cost_of_goods,
        "net_income": revenue - outcome.cost_of_goods + running,
        "research": -(flows["research"] + flows["adaptation"] + flows["tape_out"]),
        "raised": flows["raised"],
        "contracts": total(after.contracts, axis=1),
        "wafers": total(outcome.wafers, axis=1),
        "launches": 1.0 * (before.alive & after.alive & (after.architecture != before.architecture)),
    }


def _of_market(p: Parameters, now: Conditions, before: MarketState, outcome: Outcome) -> dict[str, Floats]:
    """The quarter's row of every series of the market as a whole."""
    paid = total(outcome.bought, axis=0)
    return {
        "demand": demand(before, outcome),
        "wafer_limit": np.broadcast_to(now.wafer_limit, before.wafers_made.shape),
        "good_dies": cards_per_wafer(p, now, before.wafers_made) / p.of_nodes("packaging_yield"),
        "inference": ratio(total(paid * (1 - p.of_segments("training")), axis=0), total(paid, axis=0)),
        "cost_per_million_tokens": cost_per_million_tokens(p, now, outcome),
    }


class _Park:
    """Cards in service by the speed that they had when they were sold; their software gets better with time."""

    def __init__(self, p: Parameters, state: MarketState) -> None:
        self.p = p
        self.base = state.base
        self.speed: Floats | None = None  # [v,s,r] k tokens/s of fully adapted cards

    def after(self, now: Conditions, outcome: Outcome) -> Floats:
        """Trillion tokens a day that the park serves and statistics count, with this quarter's cards in it, [r]."""
        p = self.p
        speed = ratio(1.0, inference_time(p, outcome.compute, outcome.bandwidth))
        park = self.base * speed if self.speed is None else self.speed
        self.speed = park * (1 - 1 / p.market.card_life) + outcome.sold_in * speed
        adapted = np.exp((1 - outcome.maturity) * np.log(p.technology.untuned_share))
        served = total(total(self.speed * adapted, axis=0) * (1 - p.of_segments("training")), axis=0)
        return now.counted_tokens * served * 1000 * p.market.utilisation * SECONDS_PER_DAY / 1e12
