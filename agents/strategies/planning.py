"""Building blocks of strategies: prices, budgets, funds and focus. Capacity and products are in `supply`.

All are pure functions of an `Outlook`; arrays are [vendor, run] unless said, money rmb_m, prices krmb/card.
"""

from __future__ import annotations

import numpy as np

from agents.strategies.outlook import Outlook
from marketsim.rules.arrays import total
from marketsim.state import Floats

LARGEST_BUDGET = 1e5
"""rmb_m: the bound of a decision's budgets, funds and bids."""


RETURN_TO_NORMAL = 0.2
"""Share of the way back to the cost-plus price that a price goes in a quarter with ample cards."""


# Prices ---------------------------------------------------------------------------------------------------------------


def best_markup(outlook: Outlook) -> Floats:
    """Mark-up p/c = e/(e-1) that maximises profit when cards are ample; e at least 1.25, so at most 5.

    Source: Bertrand competition under CES demand: Anderson, de Palma, Thisse (1992).
    """
    elasticity = np.maximum(outlook.elasticity, 1.25)
    markup: Floats = elasticity / (elasticity - 1)
    return markup


def towards(price: Floats, target: Floats, rise: float, fall: float) -> Floats:
    """The target, or as far towards it as list prices may move in a quarter: up by `rise`, down by `fall` (shares)."""
    return np.minimum(np.maximum(target, price * (1 - fall)), price * (1 + rise))


def price_between(
    outlook: Outlook,
    markup: float | Floats,
    *,
    follow_up: float = 1.0,
    follow_down: float = 0.5,
    rise: float = 0.1,
    fall: float = 0.1,
    floor: float = 1.0,
    ceiling: float = 2.0,
) -> Floats:
    """List price that follows the market between a floor and a ceiling, and returns to cost-plus when cards are ample.

    Cards short (clearing price pc above today's p): p * (pc/p)^follow_up, at least k*c. Cards ample: p *
    (pc/p)^follow_down, and a fifth of the way back to k*c where that is lower. k is the mark-up, c the cost of a new
    card. Between floor * c and ceiling * k * c. Price follows utilisation down to variable cost where follow_down and
    `floor` are 1: then a glut becomes a price war.
    """
    cost, price = outlook.obs.card_cost, outlook.obs.price
    normal = markup * cost
    pull = outlook.clearing_price / np.maximum(price, 1e-9)
    short = pull > 1
    led = price * pull ** np.where(short, follow_up, follow_down)
    target = np.where(short, np.maximum(led, normal), led - RETURN_TO_NORMAL * np.maximum(led - normal, 0.0))
    return np.maximum(towards(price, np.minimum(target, ceiling * normal), rise, fall), floor * cost)


def price_by_use(
    outlook: Outlook,
    markup: float,
    *,
    idle: float = 0.5,
    full: float = 0.9,
    back: float = 0.3,
    rise: float = 0.15,
    fall: float = 0.25,
    ceiling: float = 1.3,
) -> Floats:
    """List price of a commodity: a mark-up that follows the use of the industry's capacity, and own orders around it.

    k = 1 + (markup - 1) * (U - idle)/(full - idle), between 1 and `markup`, U the industry's use of capacity. From
    p * u^(1/e), with own expected orders over the cards within reach u and own elasticity e, the price goes the share
    `back` of the way to k*c; it is at least c and at most ceiling * markup * c, c the cost of a new card. All see the
    same glut, so all prices fall together: much faster than the clearing price, which supposes that rivals stand still.
    A first price is k*c at once.
    """
    cost, price = outlook.obs.card_cost, outlook.obs.price
    room = np.minimum(np.maximum((outlook.market.industry_use - idle) / (full - idle), 0.0), 1.0)
    normal = cost * (1 + (markup - 1) * room)
    led = price * np.minimum(np.maximum(outlook.reach_use, 0.01), 100.0) ** (1 / outlook.elasticity)
    target = np.minimum(led + back * (normal - led), ceiling * markup * cost)
    listed = np.where(outlook.obs.orders > 0, towards(price, target, rise, fall), normal)
    return np.maximum(listed, cost)


def undercut(outlook: Outlook, price: Floats, rival: Floats, cut: float, floor: float = 1.1) -> Floats:
    """The price, or a share `cut` below the rivals' if that is lower, as long as it covers floor * cost of a card."""
    return np.minimum(price, np.maximum(rival * (1 - cut), floor * outlook.obs.card_cost))


# Budgets --------------------------------------------------------------------------------------------------------------


def budgets(
    outlook: Outlook, research: float, adaptation: float, service: float, *, floor: float = 1.0, runway: float = 6.0
) -> dict[str, Floats]:
    """Research, adaptation and service as shares of last quarter's revenue, as fields of a decision.

    A team is not built and dismissed by the quarter: `floor` times the vendor's normal research, and what goes with it
    at the same proportions, is the least. Cash for fewer quarters than `runway` cuts all three, down to a quarter.
    """
    base = outlook.obs.world.research_base[outlook.obs.vendors] * (floor / research)
    money = np.maximum(outlook.obs.revenue, base) * np.minimum(np.maximum(outlook.runway / runway, 0.25), 1.0)
    money = np.minimum(money, LARGEST_BUDGET)
    return {"research": research * money, "adaptation": adaptation * money, "service": service * money}


def adaptation_to_gaps(outlook: Outlook) -> Floats:
    """Split of adaptation [v,f,r]: families by what buyers use and what is still missing, usage * (1 - maturity)."""
    split: Floats = outlook.market.family_usage * (1.001 - outlook.obs.software) / 1.001
    return split


# Focus ----------------------------------------------------------------------------------------------------------------


def focus_on(weights: Floats) -> Floats:
    """Sales effort [v,s,..]: `weights` (not negative) over their largest, so that the largest is 1."""
    effort: Floats = weights / np.maximum(weights.max(axis=1, keepdims=True), 1e-12)
    return effort


def focus_on_base(outlook: Outlook, loyalty: float = 0.7) -> Floats:
    """Sales effort [v,s,r]: `loyalty` of it where one's cards stand, the rest even."""
    base = outlook.obs.base
    even = (1 - loyalty) / base.shape[1]
    effort: Floats = base * (loyalty / np.maximum(total(base, axis=1), 1e-12))[:, None] + even
    return effort


def focus_on_work(outlook: Outlook, training: float) -> Floats:
    """Sales effort [1,s,1]: where money is spent on work that is to a share `training` training (0: pure inference)."""
    share = outlook.obs.world.of_segments("training")
    fit = training * share + (1 - training) * (1 - share)
    return focus_on((outlook.obs.now.spend * fit)[None])


# Funds ----------------------------------------------------------------------------------------------------------------


def funds_for_runway(outlook: Outlook, quarters: float, wanted: float = 8.0) -> Floats:
    """Funds asked for when cash lasts for fewer than `quarters`: what `wanted` quarters of fixed cost need."""
    missing = np.maximum(wanted * outlook.fixed_cost - outlook.obs.cash, 0.0)
    return np.where(outlook.runway < quarters, np.minimum(missing, LARGEST_BUDGET), 0.0)


def funds_for_plant(outlook: Outlook, cards: Floats) -> Floats:
    """Funds asked for when own money does not pay for the plant that `cards` (k a quarter) need: what is missing."""
    gap = cards * outlook.wafers_per_card - outlook.planned_position
    missing = np.maximum(gap - outlook.payable_plant, 0.0) * outlook.plant_price
    return np.where(outlook.obs.orders > 0, np.minimum(missing, LARGEST_BUDGET), 0.0)


def funds_to_list(outlook: Outlook, quarters: float = 8.0) -> Floats:
    """Funds asked for at a listing as soon as one can be had: `quarters` of fixed cost and a year's revenue.

    Early investors want to sell, so a firm lists once the window is open (a chance of a quarter or more), in need of
    money or not.
    """
    obs, finance = outlook.obs, outlook.obs.world.finance
    can = ~obs.listed & (4 * obs.revenue >= finance.listing_revenue) & (obs.now.levers["listing_window"] >= 0.25)
    return np.where(can, np.minimum(quarters * outlook.fixed_cost + 4 * obs.revenue, LARGEST_BUDGET), 0.0)


def funds_of_start_up(outlook: Outlook, quarters: float, wanted: float = 8.0) -> Floats:
    """Funds asked for when cash gets short, see `funds_for_runway`, or at a listing, see `funds_to_list`."""
    return np.maximum(funds_for_runway(outlook, quarters, wanted), funds_to_list(outlook))


def funds_while_hot(outlook: Outlook, climate: float, quarters: float) -> Floats:
    """Funds asked for whenever the climate is at least `climate`: `quarters` of fixed cost and a year's revenue."""
    funds = np.minimum(quarters * outlook.fixed_cost + 4 * outlook.obs.revenue, LARGEST_BUDGET)
    return np.where(np.asarray(outlook.obs.now.climate) >= climate, funds, 0.0)


def bid_from_cash(outlook: Outlook, quarters: float, share: float) -> Floats:
    """Most to pay for a failing vendor: a share of the cash beyond so many `quarters` of fixed cost."""
    spare = np.maximum(outlook.obs.cash - quarters * outlook.fixed_cost, 0.0)
    return np.minimum(share * spare, LARGEST_BUDGET)
