"""Population: failure, sale of failing vendors, entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from marketsim.rules.arrays import at, of_runs, running_total, total
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Bools, Floats, Ints, MarketState

LEFT_BEHIND = (
    *("cash", "debt", "stock", "stock_value", "orders", "sold", "revenue", "gross_profit", "research"),
    *("pipeline", "pipeline_value", "contracts", "arriving", "base", "next_quarters"),
)
"""What nothing remains of when a vendor fails."""

NEWCOMER: Mapping[str, Any] = {
    **{"alive": True, "listed": False, "age": 0, "founders_share": 1.0, "has_product": False},
    **{"nodes_mastered": False, "delivery": 1.0, "cumulative": 0.0, "growth": 0.0, "shortfall": 0.0},
}
"""What every entrant starts with, whatever its type."""


def buyers(
    p: Parameters, now: Conditions, state: MarketState, bid: Floats, failed: Bools, approved: Bools
) -> tuple[Ints, Floats]:
    """Who buys each failing vendor, and for how much: the bidder for whom base, software and plant are worth most.

    Worth to a bidder = base value * cards of the target's base + software value * mean maturity that it lacks + plant
    value * today's price of the target's capacity. It pays a share of that, if its bid and its cash reach so far; of
    equals, the one that can pay most. Vendors are sold in the order of their worth, and a bidder buys one a quarter.
    bid [v,r] rmb_m, failed, approved [v,r].  Returns buyer [v,r] (-1: none) and price paid [v,r] rmb_m, by target.
    """
    buyer = np.full(failed.shape, -1)
    price = np.zeros(failed.shape)
    targets, runs = np.nonzero(failed & approved)
    if targets.size == 0 or not (bid > 0).any():
        return buyer, price
    finance = p.finance
    means = total(state.software, axis=1) / len(p.families)
    cards = total(state.base, axis=1)[targets, runs]
    plant = total(state.contracts * now.contract_fee, axis=1)[targets, runs]
    lacking = np.maximum(means[targets, runs] - means[:, runs], 0.0)
    base_value, software_value, plant_value, share_paid = (
        of_runs(number, runs)
        for number in (finance.base_value, finance.software_value, finance.plant_value, finance.acquisition_price)
    )
    worth = base_value * cards + software_value * lacking + plant_value * plant
    asked = share_paid * worth
    payable = np.minimum(bid, state.cash)[:, runs]
    able = (state.alive & ~failed & ~p.foreign)[:, runs] & (payable >= asked) & (asked > 0)
    worth = np.where(able, worth, -1.0)
    for event in np.argsort(-worth.max(axis=0), kind="stable"):
        target, run = targets[event], runs[event]
        taken = buyer[:, run]
        open_to = worth[:, event].copy()
        open_to[taken[taken >= 0]] = -1.0
        most = open_to.max()
        if most > 0:
            winner = np.where(open_to == most, payable[:, event], -1.0).argmax()
            buyer[target, run] = winner
            price[target, run] = asked[winner, event]
    return buyer, price


def merged(p: Parameters, state: MarketState, buyer: Ints) -> MarketState:
    """The buyer keeps part of the target's base, its capacity contracts, and the better software of the two."""
    targets, runs = np.nonzero(buyer >= 0)
    if targets.size == 0:
        return state
    winners = buyer[targets, runs]
    base, contracts, software = state.base.copy(), state.contracts.copy(), state.software.copy()
    retained = of_runs(p.population.base_retention, runs)
    base[winners, :, runs] += (retained * state.base[targets, :, runs].T).T
    contracts[winners, :, runs] += state.contracts[targets, :, runs]
    software[winners, :, runs] = np.maximum(state.software[winners, :, runs], state.software[targets, :, runs])
    return replace(state, base=base, contracts=contracts, software=software)


def buried(state: MarketState, failed: Bools) -> MarketState:
    """Failed vendors leave: no cash, debt, cards, contracts or base remain with them."""
    vendors, runs = np.nonzero(failed)
    return changed_at(state, (vendors, runs), {"alive": False} | dict.fromkeys(LEFT_BEHIND, 0))


def changed_at(state: MarketState, place: tuple[Ints, Ints], values: Mapping[str, Any]) -> MarketState:
    """The state with some fields set for some (vendor, run) pairs.

    values: by field, one number or one per pair, or per pair and item for fields with more axes.
    """
    vendors, runs = place
    fresh = {}
    for name, value in values.items():
        field = getattr(state, name).copy()
        field[(vendors, *(slice(None),) * (field.ndim - 2), runs)] = value
        fresh[name] = field
    return replace(state, **fresh)


def entry_rates(p: Parameters, now: Conditions, state: MarketState) -> Floats:
    """Firms of each type that are expected to enter: h0 * type share * climate * margin pull * room, [k,r].

    Margin pull = 1 - w + w * max(industry gross margin, 0) / normal margin; room = 1 - active / largest population.
    """
    population = p.population
    domestic = slice(0, p.domestic)
    revenue = total(state.revenue[domestic], axis=0)
    margin = np.where(revenue > 0, total(state.gross_profit[domestic], axis=0) / np.where(revenue > 0, revenue, 1), 0.0)
    normal = np.maximum(p.finance.normal_margin, 0.01)
    pull = 1 - population.entry_margin_weight + population.entry_margin_weight * np.maximum(margin, 0.0) / normal
    active = total(1.0 * state.alive[domestic], axis=0)
    room = np.maximum(1 - active / population.largest_population, 0.0)
    rate = now.entry_rate * now.climate * np.maximum(pull, 0.0) * room
    rates: Floats = p.entrants["share"] * rate
    return rates


def poisson(rate: Floats, uniform: Floats, most: int) -> Ints:
    """Poisson counts by inversion of one uniform draw each, at most `most`; like `rate` [k,r]."""
    chance = np.exp(-rate)
    below = chance.copy()
    count = np.zeros(rate.shape, dtype=np.int64)
    for number in range(1, most + 1):
        count += uniform >= below
        chance = chance * rate / number
        below += chance
    return count


def entries(p: Parameters, now: Conditions, state: MarketState, uniform: Floats) -> Bools:
    """Which empty slots are filled this quarter, [v,r]: Poisson counts per type, first free slots first."""
    entering = np.zeros(state.alive.shape, dtype=bool)
    if not p.scenario.entrants:
        return entering
    most = max(entrant.slots for entrant in p.scenario.entrants.values())
    count = poisson(entry_rates(p, now, state), uniform, most)
    for kind in range(len(p.scenario.entrants)):
        free = (p.entry_type == kind)[:, None] & ~state.alive
        entering |= free & (running_total(1 * free) <= count[kind])
    return entering


def founded(p: Parameters, now: Conditions, state: MarketState, entering: Bools, heritage: Floats) -> MarketState:
    """Entrants start: cash, a first product in design, no base, the software and reliability of their type.

    heritage [v,r] standard normal: an entrant's unit cost is exp(spread * heritage) times the industry's.
    """
    vendors, runs = np.nonzero(entering)
    if vendors.size == 0:
        return state
    kind = p.entry_type[vendors]
    given = {name: at(numbers, kind, runs) for name, numbers in p.entrants.items()}
    node, memory = given["node"].astype(np.int64), given["memory"].astype(np.int64)
    ahead = at(p.of_nodes("design_time"), node, runs) + p.technology.production_lead
    best = np.where(state.alive, state.architecture, 0.0)[: p.domestic].max(axis=0)[runs]
    architecture = np.maximum(given["architecture"], given["catch_up"] * best)
    start = {
        **NEWCOMER,
        "cash": given["cash"],
        "price": given["price"],
        "node": node,
        "memory": memory,
        "architecture": architecture,
        "next_node": node,
        "next_memory": memory,
        "next_architecture": architecture,
        "next_quarters": ahead.astype(np.int64),
        "cost_factor": np.exp(at(p.cost_spread, vendors, runs) * heritage[vendors, runs]),
        "software": given["software"][:, None],
        "reliability": given["reliability"],
    }
    return changed_at(state, (vendors, runs), start)
