"""Finance: what a vendor can afford, its books, lenders, investors, and why it lost money.

Every yuan that moves is a named flow, signed as it changes the vendor's cash: the cash at the end of a quarter is the
cash at its start plus the sum of the flows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketsim.decisions import Decision
from marketsim.rules.arrays import ratio, share_met, total
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Bools, Floats, Ints, MarketState

CAUSES = ("price_war", "idle_capacity", "supply", "software", "funding")
"""Why a vendor loses money: prices below a normal margin, and orders lost to cheaper work; take-or-pay and write-offs;
orders that foundry or memory could not serve; orders lost to a gap in software and base, and the cost of the frontier;
interest, and losses that nothing of this explains and investors would not carry."""

TWO_YEARS = 8


@dataclass(frozen=True, slots=True)
class Budget:
    """What a decision comes to when only what can be paid is done. All [v,r] rmb_m unless said."""

    cards: Floats  # k cards to start
    starts_product: Bools
    tape_out: Floats
    adaptation: Floats
    service: Floats
    research: Floats
    capacity: Floats  # [v,n,r] k wafers/quarter to ask for
    debt_limit: Floats  # what lenders allow this quarter


def debt_service(p: Parameters, now: Conditions, debt: Floats) -> tuple[Floats, Floats]:
    """Interest and repayment due this quarter: debt * rate, debt / term, [v,r] rmb_m."""
    return debt * now.interest, debt / np.maximum(p.finance.debt_term, 1.0)


def debt_limit(p: Parameters, now: Conditions, state: MarketState) -> Floats:
    """What lenders allow: climate * (multiple of yearly gross profit + share of the value of capacity), [v,r]."""
    plant = total(state.contracts * now.contract_fee, axis=1)
    profit = np.maximum(state.gross_profit, 0.0) * 4
    return now.climate * (p.finance.lending_multiple * profit + p.finance.collateral_share * plant)


def frontier_cost(p: Parameters, state: MarketState) -> Floats:
    """Cost of staying at the frontier, which grows with the market: a share of last quarter's domestic revenue, [v,r].

    Source: Sutton (1991), Sunk Costs and Market Structure: endogenous sunk cost.
    """
    domestic = total(state.revenue[: p.domestic], axis=0)
    return p.finance.frontier_share * domestic * (state.alive & ~p.foreign)


def capacity_cost(now: Conditions, capacity: Floats, premium: Floats) -> Floats:
    """Price of new capacity before subsidy: today's fee * (1 + premium) * units over nodes, [v,r] rmb_m."""
    return total(capacity * now.contract_fee, axis=1) * (1 + premium)


def affordable(
    p: Parameters,
    now: Conditions,
    state: MarketState,
    decision: Decision,
    cards: Floats,
    card_price: Floats,
    obligations: Floats,
    tape_out: Floats,
) -> Budget:
    """The decision cut to what can be paid, in this order: wafers, tape-out, adaptation, service, research, capacity.

    Money at hand is cash and trade credit on last quarter's revenue, less what must be paid (`obligations`).
    cards [v,r] k wanted, card_price [v,r] krmb to pay for each beyond take-or-pay, tape_out [v,r] rmb_m for the product
    that the decision would start.
    """
    left = np.maximum(state.cash + p.finance.trade_credit * state.revenue - obligations, 0.0) * (
        state.alive & ~p.foreign
    )
    cards = cards * share_met(left, cards * card_price)
    left = np.maximum(left - cards * card_price, 0.0)  # rounding must not leave less than nothing
    starts = decision.start_product & (state.next_quarters == 0) & (tape_out <= left) & state.alive & ~p.foreign
    paid_tape_out = np.where(starts, tape_out, 0.0)
    left = left - paid_tape_out
    adaptation = np.minimum(decision.adaptation, left)
    left = left - adaptation
    service = np.minimum(decision.service, left)
    left = left - service
    research = np.minimum(decision.research, left)
    left = left - research
    asked = np.maximum(decision.capacity, 0.0)
    cost = capacity_cost(now, asked, decision.premium) * (1 - now.levers["capacity_subsidy"])
    limit = debt_limit(p, now, state)
    room = np.maximum(limit - state.debt, 0.0)
    own_share = np.asarray(1 - p.finance.debt_share)
    payable = np.minimum(ratio(left, own_share, otherwise=np.inf), left + room)
    asked = asked * (share_met(payable, cost) * (state.alive & ~p.foreign))[:, None]
    return Budget(cards, starts, paid_tape_out, adaptation, service, research, asked, limit)


@dataclass(frozen=True, slots=True)
class Funding:
    """What investors gave. All [v,r]."""

    raised: Floats  # rmb_m, rounds and listings
    guidance: Floats  # rmb_m, guidance funds
    founders_share: Floats
    listed: Bools


def funding(
    p: Parameters, now: Conditions, state: MarketState, asked: Floats, round_draw: Floats, listing_draw: Floats
) -> Funding:
    """Rounds and listings: chance and size follow the climate, growth and revenue.

    A round closes with chance climate * c * (1 + w * growth) and sells at most the largest dilution of the value
    climate * (floor + multiple * yearly revenue). A vendor that is large enough lists instead, once, at a higher
    value; listed vendors place new shares as in a round. The guidance fund's money is split among all who ask.
    Investors fund a need: they fill cash up to the value of a team without revenue and two years' revenue, and no more.
    asked [v,r] rmb_m; draws [v,r] uniform.
    """
    finance = p.finance
    yearly = 4 * state.revenue
    value = now.climate * (finance.valuation_floor + finance.valuation_multiple * yearly)
    chance = now.climate * finance.round_chance * (1 + finance.round_growth_weight * np.maximum(state.growth, 0.0))
    asks = (asked > 0) & state.alive & ~p.foreign
    lists = asks & ~state.listed & (yearly >= finance.listing_revenue) & (listing_draw < now.levers["listing_window"])
    closes = asks & ~lists & (round_draw < chance)
    value = value * np.where(lists, finance.listing_boost, 1.0)
    missing = np.maximum(now.climate * finance.valuation_floor + TWO_YEARS * state.revenue - state.cash, 0.0)
    given = np.minimum(np.minimum(asked, missing), finance.largest_dilution * value)
    raised = np.where(lists | closes, given, 0.0)
    founders = state.founders_share * (1 - ratio(raised, value))
    return Funding(raised, _guidance(now, state, asked - raised, asks), founders, state.listed | lists)


def _guidance(now: Conditions, state: MarketState, open_wish: Floats, asks: Bools) -> Floats:
    """Guidance-fund money: equal parts or by revenue among those who ask, never more than asked, [v,r] rmb_m."""
    fund, targeting = now.levers["guidance_fund"], now.levers["guidance_targeting"]
    if not np.any(fund):
        return np.zeros_like(open_wish)
    revenue = state.revenue * asks
    equal = ratio(1.0 * asks, total(1.0 * asks, axis=0))
    by_share = ratio(revenue, total(revenue, axis=0))
    return np.minimum(fund * ((1 - targeting) * equal + targeting * by_share), open_wish) * asks


def settle(
    p: Parameters, now: Conditions, state: MarketState, flows: dict[str, Floats], limit: Floats
) -> tuple[Floats, Floats, Bools]:
    """Close the books: overdraft up to the lenders' limit, then parent and local support, else the vendor fails.

    flows: the quarter's flows so far; the flows of the settlement are added to it. `unpaid` is what creditors lose.
    limit [v,r] rmb_m.  Returns cash [v,r], debt [v,r], failed [v,r].
    """
    cash = state.cash + sum_of_flows(flows)
    debt = state.debt + flows["borrowing"] + flows["repayment"]
    flows["overdraft"] = np.minimum(np.maximum(-cash, 0.0), np.maximum(limit - debt, 0.0))
    debt, cash = debt + flows["overdraft"], cash + flows["overdraft"]
    flows["parent_support"] = np.minimum(np.maximum(-cash, 0.0), p.parent_support)
    cash = cash + flows["parent_support"]
    local = now.levers["local_support"] * p.finance.subsidy_limit
    flows["local_support"] = np.minimum(np.maximum(-cash, 0.0), local)
    cash = cash + flows["local_support"]
    failed = (cash < -1e-6) & state.alive & ~p.foreign
    flows["unpaid"] = np.maximum(-cash, 0.0)
    return cash + flows["unpaid"], debt, failed


def sum_of_flows(flows: dict[str, Floats]) -> Floats:
    """Sum of the flows in the order in which they were entered, [v,r]."""
    names = iter(flows)
    result = flows[next(names)].copy()
    for name in names:
        result += flows[name]
    return result


def shortfall_after(p: Parameters, shortfall: Floats, losses: tuple[Floats, ...]) -> Floats:
    """Losses by cause over about two years: L' = L * (1 - 1/8) + this quarter's, [v,c,r] in the order of CAUSES."""
    newest: Floats = np.stack(losses, axis=1)
    return shortfall * (1 - 1 / TWO_YEARS) + newest


def main_cause(shortfall: Floats) -> Ints:
    """Index in CAUSES of the largest loss, [v,r]: funding for who lost nothing else and ran out of what it began with.

    shortfall [v,c,r] rmb_m.
    """
    return np.where(shortfall.max(axis=1) > 0, shortfall.argmax(axis=1), CAUSES.index("funding"))


def growth_after(p: Parameters, growth: Floats, orders: Floats, before: Floats) -> Floats:
    """Extrapolated growth of orders: g' = (1-k)*g + k*ln(orders/before), [v,r] in [-1/2, 1/2].

    Source: extrapolative expectations as in the cobweb and hog-cycle literature (Ezekiel 1938).
    """
    known = (orders > 0) & (before > 0)
    newest = np.log(np.where(known, orders, 1.0)) - np.log(np.where(known, before, 1.0))
    memory = p.market.growth_memory
    bounded: Floats = np.clip(newest, -0.5, 0.5)
    return (1 - memory) * growth + memory * bounded
