"""Demand: what work costs on each card, what buyers choose, and who gets cards when they are short."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketsim.rules.arrays import ratio, share_met, total
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Bools, Floats

TERMS = ("price", "performance", "software", "lock_in", "reliability", "policy", "affinity", "focus", "luck")
"""The terms of utility. Their differences decompose every change of log odds exactly: see `marketsim.records`."""

HOURS_PER_QUARTER = 2191.5
SECONDS_PER_QUARTER = HOURS_PER_QUARTER * 3600
NO_ONE = -50.0
"""Utility that stands for 'may not buy': e^-50 of the spend is nothing, and stays finite."""

NOTHING = -500.0
"""Utility so far below the best that nobody buys: shares smaller than e^-500 would overflow when divided by."""
NOT_ON_SALE = -1e6
"""Below any utility, and finite: who does not sell must not set the scale for those who do."""


def card_cost_of_ownership(p: Parameters, now: Conditions, price: Floats, power: Floats) -> Floats:
    """Cost of a card per million seconds of work, before policy: p*(1+server)/(life*use) + power*tariff.

    price [v,r] krmb, power [v,r] W.  Returns [v,r] RMB per million seconds at work.
    """
    capital = 1000 * price * (1 + p.market.server_markup) / (p.market.card_life * SECONDS_PER_QUARTER)
    electricity = power / 1000 * p.market.power_overhead * now.electricity_price / 3600
    return (capital / p.market.utilisation + electricity) * 1e6


def policy_discount(p: Parameters, now: Conditions, price: Floats, power: Floats, cost: Floats) -> Floats:
    """Log of what subsidies leave of a domestic card's cost of ownership; 0 for foreign cards.

    The state pays its share of the card's price, not of the server's: (p*(1+server) - subsidy*p)/life + power.
    price [v,r] krmb, power [v,r] W, cost [v,r] as `card_cost_of_ownership`.  Returns [v,r], at most 0.
    """
    subsidised = card_cost_of_ownership(
        p,
        now,
        price * (1 - now.levers["purchase_subsidy"] / (1 + p.market.server_markup)),
        power * (1 - now.levers["electricity_discount"]),
    )
    with np.errstate(divide="ignore"):
        discount = np.where(cost > 0, np.log(np.maximum(subsidised, 1e-300)) - np.log(np.maximum(cost, 1e-300)), 0.0)
    return np.where(p.foreign, 0.0, np.maximum(discount, NO_ONE))


def content_rule(p: Parameters, now: Conditions) -> Floats:
    """Utility of foreign cards under a domestic-content rule that binds a share c of buyers: ln(1-c), [v,s,1]."""
    with np.errstate(divide="ignore"):
        barred = np.maximum(np.log(1 - now.domestic_content), NO_ONE)
    return np.where(p.foreign[:, None], barred, 0.0)


@dataclass(frozen=True, slots=True)
class Offers:
    """What is on sale, as buyers see it. All [v,r] but for the three-dimensional arrays."""

    on_sale: Bools  # [v,r]
    price: Floats  # krmb
    compute: Floats  # TFLOPS
    bandwidth: Floats  # TB/s
    power: Floats  # W
    time_per_token: Floats  # [v,s,r] seconds of a fully adapted card
    maturity: Floats  # [v,s,r]
    base: Floats  # [v,s,r] k cards
    reliability: Floats
    delivery: Floats
    focus: Floats  # [v,s,r]
    luck: Floats  # [v,s,r] standard normal


def utility_terms(p: Parameters, now: Conditions, offers: Offers, alpha: Floats) -> tuple[Floats, ...]:
    """The terms of u[v,s] in the order of TERMS, each broadcastable to [v,s,r].  alpha [s,1]: price sensitivity.

    u = -alpha*ln(cost of work) + beta*M + lambda*ln(l0 + base share) + rho*r*delivery + policy + affinity + focus +
    luck, with
    ln(cost of work) = ln(cost of ownership) + ln(time per token) + (1-M)*ln(1/e_min): the first is the price term, the
    second performance, the third goes to software together with beta*M. Policy holds subsidies and content rules.
    """
    untuned = -np.log(p.technology.untuned_share)
    ownership = card_cost_of_ownership(p, now, offers.price, offers.power)
    discount = policy_discount(p, now, offers.price, offers.power, ownership)
    share = offers.base / np.maximum(total(offers.base, axis=0), 1e-12)
    dependable = offers.reliability * offers.delivery
    return (
        np.log(np.maximum(ownership, 1e-300))[:, None] * -alpha,
        np.log(offers.time_per_token) * -alpha,
        offers.maturity * (alpha * untuned + p.of_segments("software_weight")) - alpha * untuned,
        np.log(p.market.lock_in_floor + share) * p.of_segments("lock_in"),
        dependable[:, None] * p.of_segments("reliability_weight"),
        discount[:, None] * -alpha + content_rule(p, now),
        p.affinity,
        (offers.focus * len(p.segments) - 1) * p.market.focus_effect,
        offers.luck * np.float64(p.market.luck),
    )


def sum_of_terms(terms: tuple[Floats, ...]) -> Floats:
    """Utility [v,s,r]: the terms added in order."""
    utility = terms[1] + terms[0]
    for term in terms[2:]:
        utility += term
    return utility


def value_shares(utility: Floats, on_sale: Bools) -> tuple[Floats, Floats]:
    """Share of each segment's spend that goes to each vendor (logit / CES form), and the log-sum.

    x[v,s] = exp(u[v,s]) / sum_v exp(u[v,s]) over vendors on sale.

    utility [v,s,r]; on_sale [v,r].
    Returns shares [v,s,r] that sum to 1 over vendors, 0 where nobody sells; and ln sum_v exp(u), [s,r], 0 where nobody
    sells.
    Source: Anderson, de Palma, Thisse (1992), ch. 2; attraction form as in Markstrat.
    """
    selling = on_sale[:, None]
    offered = np.where(selling, utility, NOT_ON_SALE)
    highest = offered.max(axis=0)
    behind = offered - highest
    weights = np.exp(behind) * (selling & (behind > NOTHING))
    sums = total(weights, axis=0)
    return weights * ratio(1.0, sums), np.where(sums > 0, highest + np.log(np.maximum(sums, 1.0)), 0.0)


def cost_index(log_sum: Floats, alpha: Floats) -> Floats:
    """Log-sum cost of work I = (sum_v exp(u))^(-1/alpha), [s,r]: cheaper, better or more cards lower it.

    log_sum [s,r], alpha [s,1].
    """
    return np.exp(-log_sum / alpha)


def spend(p: Parameters, now: Conditions, index: Floats, reference: Floats, noise: Floats) -> Floats:
    """E = E0(t) * (I/I0(t))^(1-eps) * exp(sigma*noise): cheaper work means more work bought, [s,r] rmb_m.

    I0 falls by the scenario's cost decline each quarter, which is what E0 was planned with.
    """
    expected = reference * (1 - p.of_segments("cost_decline")) ** now.index
    elasticity = 1 - p.of_segments("demand_elasticity")
    return now.spend * (index / expected) ** elasticity * np.exp(np.float64(p.market.demand_noise) * noise)


def ration(
    choice: Floats,
    wanted: Floats,
    stock_worth: Floats,
    abroad: slice,
    free: Floats,
    patience: Floats,
    passes: int = 3,
) -> tuple[Floats, Floats, Floats]:
    """Who gets what when cards are short: buyers who were served short turn to vendors that still have cards.

    In each pass vendors sell at most what they hold, the same share of every order. What is left is spent in proportion
    to `choice` among vendors with cards left, or kept for those without, whose choice then counts with the weight
    `patience`: who is alone with cards cannot ask any price. Abroad goes at most the money of buyers who may buy there;
    what is barred from going abroad turns to domestic vendors in the same pass.
    choice [v,s,r]; wanted [s,r] rmb_m; stock_worth [v,r] cards on hand at their price, rmb_m; abroad: the foreign
    vendors; free [s,r] rmb_m of buyers whom no domestic-content rule binds; patience [s,1] in [0,1].
    Returns spend by vendor and segment [v,s,r] rmb_m; all that was asked of each vendor, second choices included, [v,r]
    rmb_m; and the share of first choices that each vendor served, [v,r].
    """
    left = stock_worth
    orders = _allowed(choice * wanted, choice, abroad, free)
    first = total(orders, axis=1)
    met = share_met(left, first)
    bought = orders * met[:, None]
    served, asked, everything = bought, first, first
    unmet = wanted
    for _ in range(passes - 1):
        unmet = np.maximum(unmet - total(served, axis=0), 0.0)
        left = np.maximum(left - asked, 0.0)
        open_choice = choice * (left > 0)[:, None]
        reach = total(open_choice, axis=0)
        orders = open_choice * ratio(unmet * (reach > 0), reach + patience * (1 - reach))
        orders = _allowed(orders, open_choice, abroad, np.maximum(free - total(bought[abroad], axis=0), 0.0))
        asked = total(orders, axis=1)
        served = orders * share_met(left, asked)[:, None]
        bought = bought + served
        everything = everything + asked
    return bought, everything, met


def _allowed(orders: Floats, choice: Floats, abroad: slice, free: Floats) -> Floats:
    """Orders [v,s,r] with those that may not go abroad turned to domestic vendors by choice; free [s,r] may go abroad.

    Orders that find no domestic vendor to turn to are dropped.
    """
    foreign = total(orders[abroad], axis=0)
    barred = np.maximum(foreign - free, 0.0)
    if not barred.any():
        return orders
    home = slice(0, abroad.start)
    turned = orders.copy()
    turned[abroad] *= share_met(free, foreign)
    turned[home] += choice[home] * ratio(barred, total(choice[home], axis=0))
    return turned
