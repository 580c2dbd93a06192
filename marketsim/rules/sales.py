"""Stage 5: what is on sale, what buyers choose and get, and what the sellers' stocks are afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketsim.rules import demand, software, technology
from marketsim.rules.arrays import ratio, total
from marketsim.rules.products import hardware
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Bools, Floats, MarketState


@dataclass(frozen=True, slots=True)
class Sales:
    """The market of a quarter."""

    price: Floats  # [v,r] krmb, list price
    choice: Floats  # [v,s,r]
    terms: tuple[Floats, ...]
    bought: Floats  # [v,s,r] rmb_m that buyers pay
    spend: Floats  # [s,r] rmb_m
    waiting: Floats  # [s,r] rmb_m
    lost: Floats  # [s,r] rmb_m
    cost_index: Floats  # [s,r]
    orders: Floats  # [v,r] k cards, second choices included
    met: Floats  # [v,r] share of first choices served
    sold: Floats  # [v,r] k cards
    sold_in: Floats  # [v,s,r] k cards
    cost_of_goods: Floats  # [v,r] rmb_m
    compute: Floats  # [v,r] TFLOPS
    bandwidth: Floats  # [v,r] TB/s
    power: Floats  # [v,r] W
    time_per_token: Floats  # [v,s,r] seconds of a fully adapted card
    maturity: Floats  # [v,s,r]


def on_sale(p: Parameters, now: Conditions, state: MarketState) -> Bools:
    """Who sells: domestic vendors whose first cards have come out, foreign suppliers that are let in, [v,r]."""
    selling = state.alive & (state.cumulative > 0)
    selling[p.domestic :] = now.foreign_supply > 0
    return selling


def shelf(
    p: Parameters, now: Conditions, state: MarketState, price: Floats, focus: Floats, luck: Floats
) -> demand.Offers:
    """What buyers find: domestic products with this quarter's prices, foreign offers, software, base, reputation.

    price [v,r] krmb and focus [v,s,r] as decided (the foreign rows are replaced), luck [v,s,r].
    """
    compute, bandwidth, power = hardware(p, now, state)
    abroad = slice(p.domestic, None)
    price, focus = price.copy(), focus.copy()
    price[abroad], focus[abroad] = now.foreign_price, 1.0 / len(p.segments)
    return demand.Offers(
        on_sale=on_sale(p, now, state),
        price=price,
        compute=compute,
        bandwidth=bandwidth,
        power=power,
        time_per_token=technology.tuned_time_per_token(p, compute, bandwidth, state.reliability),
        maturity=software.maturity_in_segments(p.usage, state.software),
        base=state.base,
        reliability=state.reliability,
        delivery=state.delivery,
        focus=focus,
        luck=luck,
    )


def choice_and_index(
    p: Parameters, now: Conditions, offers: demand.Offers
) -> tuple[Floats, tuple[Floats, ...], Floats]:
    """Value shares by choice [v,s,r], the utility terms behind them, and the cost index [s,r].

    Joint procurement makes buyers choose more by price; what work costs them is measured as each would choose alone.
    """
    alone = p.of_segments("price_sensitivity")
    pooled = alone * (1 + now.levers["joint_procurement"])
    terms = demand.utility_terms(p, now, offers, pooled)
    choice, log_sum = demand.value_shares(demand.sum_of_terms(terms), offers.on_sale)
    if np.any(now.levers["joint_procurement"]):
        _, log_sum = demand.value_shares(
            demand.sum_of_terms(demand.utility_terms(p, now, offers, alone)), offers.on_sale
        )
    return choice, terms, demand.cost_index(log_sum, alone)


def trade(p: Parameters, now: Conditions, state: MarketState, offers: demand.Offers, noise: Floats) -> Sales:
    """Segments choose and buy; who is served short turns to others; the rest waits or is lost.

    A subsidised buyer pays p * (1 - subsidy) for a card, the state the rest.  noise [s,r] standard normal.
    """
    choice, terms, index = choice_and_index(p, now, offers)
    spend = demand.spend(p, now, index, state.reference_cost, noise)
    wanted = np.where(offers.on_sale.any(axis=0), spend, now.spend) + state.waiting
    paid_price = offers.price * np.where(p.foreign, 1.0, 1 - now.levers["purchase_subsidy"])
    stock = state.stock.copy()
    stock[p.domestic :] = now.foreign_supply
    free = wanted * (1 - now.domestic_content)
    worth = stock * paid_price * offers.on_sale
    bought, asked, met = demand.ration(choice, wanted, worth, slice(p.domestic, None), free, p.of_segments("patience"))
    per_yuan = ratio(1.0, paid_price)
    sold_in = bought * per_yuan[:, None]
    sold = np.minimum(total(sold_in, axis=1), stock)
    unmet = np.maximum(wanted - total(bought, axis=0), 0.0)
    waiting = unmet * p.of_segments("patience")
    return Sales(
        price=offers.price,
        choice=choice,
        terms=terms,
        bought=bought,
        spend=wanted,
        waiting=waiting,
        lost=unmet - waiting,
        cost_index=index,
        orders=asked * per_yuan,
        met=met,
        sold=sold,
        sold_in=sold_in,
        cost_of_goods=sold * ratio(state.stock_value, state.stock),
        compute=offers.compute,
        bandwidth=offers.bandwidth,
        power=offers.power,
        time_per_token=offers.time_per_token,
        maturity=offers.maturity,
    )
