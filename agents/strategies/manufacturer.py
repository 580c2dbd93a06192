"""Manufacturer: the photovoltaic maker."""

from __future__ import annotations

from typing import ClassVar

from agents.strategies.outlook import Outlook
from agents.strategies.planning import (
    adaptation_to_gaps,
    bid_from_cash,
    budgets,
    funds_for_runway,
    price_between,
)
from agents.strategies.strategy import Strategy
from agents.strategies.supply import capacity_for, needed_cards, time_for_product
from marketsim.decisions import Decision, change
from marketsim.observation import Observation


class Manufacturer(Strategy):
    """A commodity from durable plant on debt: build for growth, run in full, sell at what the market takes.

    Plant is sunk, so every unit above variable cost is worth making: it runs all capacity, and its price follows
    utilisation at once, up to a good mark-up and down to variable cost. It expects growth to go on over the lead time
    of new plant and spends nearly all spare cash on it, lenders paying the rest. Research is an afterthought. For those
    who fail it bids up to half the cash beyond six quarters' fixed cost: their plant is cheaper than new plant.

    Example: photovoltaic modules, 2008 to 2013: prices fell by four fifths while output grew; Suntech went from number
    one in 2011 to insolvency in 2013 over notes of USD 541m (reference data, photovoltaics).
    Idea: extrapolated growth and debt, without which the rule book's prototype showed no shakeout.
    """

    name = "manufacturer"
    title: ClassVar = {"en": "Manufacturer", "zh": "产能制造商"}

    def decide(self, obs: Observation) -> Decision:
        """All capacity at the clearing price, more capacity while orders grow, and a bid with spare cash."""
        outlook = Outlook(obs)
        node, memory = outlook.market.cheapest_node, outlook.market.cheapest_memory
        return change(
            obs.hold(),
            price=price_between(outlook, 1.4, follow_up=0.7, follow_down=1.0, rise=0.1, fall=0.25, floor=1.0),
            capacity=capacity_for(outlook, needed_cards(outlook, trust=1.0, growth_limit=0.2), release=0.0, spend=0.8),
            start_product=time_for_product(outlook, node, every=8),
            product_node=node,
            product_memory=memory,
            **budgets(outlook, research=0.03, adaptation=0.005, service=0.01),
            adaptation_split=adaptation_to_gaps(outlook),
            funds=funds_for_runway(outlook, quarters=4),
            bid=bid_from_cash(outlook, quarters=6, share=0.5),
        )
