"""Building blocks of strategies: capacity, how much of it to run, and when to start which product.

All are pure functions of an `Outlook`; arrays are [vendor, run] unless said, capacity in k wafers/quarter.
"""

from __future__ import annotations

import numpy as np

from agents.strategies.outlook import Outlook
from marketsim.rules.arrays import pick
from marketsim.state import Bools, Floats, Ints

LARGEST_CHANGE = 1000.0
"""k wafers/quarter: the bound of a decision's capacity."""


# Capacity -------------------------------------------------------------------------------------------------------------


def needed_cards(outlook: Outlook, trust: float, growth_limit: float = 0.5) -> Floats:
    """Cards (k a quarter) that capacity asked for now should be able to make.

    orders * exp(trust*g*h): growth g (of the logarithm) extrapolated over the lead time h of capacity and production,
    as far as the vendor trusts it (0: orders in hand; 1: growth goes on, at most `growth_limit` a quarter).
    """
    horizon = outlook.obs.world.contract_lead + outlook.lead
    growth = np.minimum(trust * outlook.obs.growth, growth_limit)
    cards: Floats = outlook.obs.orders * np.exp(growth * horizon)
    return cards


def capacity_for(
    outlook: Outlook,
    cards: Floats,
    *,
    release: float = 0.3,
    premium: float = 0.0,
    spend: float = 0.5,
    payable: Floats | None = None,
) -> Floats:
    """Capacity to ask for or give up [v,n,r] so that the planned product can be made `cards` times a quarter.

    What contracts will be worth when new ones arrive is set against what the cards need on the node of the product
    that will then be on the line. A surplus is given up at `release` (share of it a quarter), and so are contracts on
    nodes that no product needs; the node of today's product is left alone while another is planned. At most the share
    `spend` of cash beyond two quarters' fixed cost pays for new capacity and its first wafers, unless `payable` says
    how much can be paid. Who has had no order yet keeps what it has, or asks for a first contract.
    """
    wanted = np.where(outlook.obs.orders > 0, cards * outlook.wafers_per_card, outlook.first_capacity)
    gap = wanted - outlook.planned_position
    if payable is None:
        payable = outlook.spare_cash * (spend / (1 + premium)) / outlook.capacity_price
    asked = np.minimum(np.where(gap > 0, gap, release * gap), np.minimum(payable, LARGEST_CHANGE))
    asked = np.maximum(asked, -LARGEST_CHANGE)
    return outlook.planned * asked[:, None] - release * outlook.unused


def run_for_orders(outlook: Outlook, trust: float, cover: float, least: float = 0.4, pace: float = 1.0) -> Floats:
    """Share of capacity to run so that stock and cards in process meet orders, with `cover` quarters of sales to spare.

    starts = o*G + pace * (o*L*(1 + G)/2 + cover*o - stock - in process), with G = exp(trust*g*L), over what contracts
    can start: orders when the cards come out, and of orders until then and a buffer, less what there is, the share
    `pace`. A pace of 1 makes lines of a short lead stop and go, a slower one smooths them. Who has no orders runs in
    full.
    """
    obs, lead = outlook.obs, outlook.lead
    later = np.exp(obs.growth * (trust * lead))
    missing = obs.orders * (lead / 2 * (1 + later) + cover) - outlook.cards_coming
    starts = obs.orders * later + pace * missing
    share = np.minimum(np.maximum(starts / np.maximum(outlook.line_capacity, 1e-9), least), 1.0)
    return np.where(obs.orders > 0, share, 1.0)


# Products -------------------------------------------------------------------------------------------------------------


def time_for_product(outlook: Outlook, node: Ints, every: float, reserve: float = 2.0) -> Bools:
    """Start a product: none is in design, the research of `every` normal quarters is in hand, cash pays the tape-out.

    Research counts from the last tape-out, so `every` sets the age of a generation at which work on the next begins.
    node: of the new product.  reserve: cash asked for, over the cost of the tape-out.
    """
    obs, world = outlook.obs, outlook.obs.world
    due = obs.research >= every * world.research_base[obs.vendors]
    starts: Bools = due & (obs.next_quarters == 0) & (obs.cash >= reserve * pick(world.of_nodes("tape_out_cost"), node))
    return starts
