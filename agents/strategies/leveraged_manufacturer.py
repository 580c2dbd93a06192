"""Leveraged manufacturer: a commodity from durable plant, on growth extrapolated and other people's money."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from agents.strategies.outlook import Outlook
from agents.strategies.planning import (
    adaptation_to_gaps,
    bid_from_cash,
    budgets,
    funds_for_plant,
    funds_for_runway,
    price_by_use,
)
from agents.strategies.strategy import Strategy
from agents.strategies.supply import capacity_for, needed_cards, run_for_orders, time_for_product
from marketsim.decisions import Decision, change
from marketsim.observation import Observation


class LeveragedManufacturer(Strategy):
    """Build for growth that goes on, with all the money that lenders and investors give; sell at the industry's price.

    It extrapolates growth over the lead time of new plant in full, spends four fifths of what it can pay on it, and
    asks investors for what is missing. The price is the industry's: a fair mark-up while plants are busy, variable cost
    when half of them stand idle. Lines run for orders, smoothly, since what is made must be paid before it is sold.
    With spare cash it bids for those who fail.

    Example: photovoltaic modules, 2005 to 2014: 624 makers in China in 2011, 274 at work a year later; the top twelve
    lost USD 3bn on revenue of 12.3bn in 2012 (reference data, firm counts and photovoltaics events).
    Idea: extrapolated growth and debt, without which the rule book's prototype showed no shakeout; competition with
    capacities as in Kreps and Scheinkman (1983).
    """

    name = "leveraged-manufacturer"
    title: ClassVar = {"en": "Leveraged manufacturer", "zh": "举债扩产制造商"}

    def decide(self, obs: Observation) -> Decision:
        """Plant for growth in full, mark-up by the industry's use of capacity, lines that run for orders."""
        outlook = Outlook(obs)
        cards = needed_cards(outlook, trust=1.0, growth_limit=0.3)
        node, memory = outlook.market.cheapest_node, outlook.market.cheapest_memory
        return change(
            obs.hold(),
            price=price_by_use(outlook, 1.25),
            capacity=capacity_for(outlook, cards, release=0.0, payable=0.8 * outlook.payable_plant),
            run_share=run_for_orders(outlook, trust=1.0, cover=0.3, least=0.0, pace=0.4),
            start_product=time_for_product(outlook, node, every=8),
            product_node=node,
            product_memory=memory,
            **budgets(outlook, research=0.03, adaptation=0.005, service=0.05),
            adaptation_split=adaptation_to_gaps(outlook),
            funds=np.maximum(funds_for_runway(outlook, quarters=4), funds_for_plant(outlook, cards)),
            bid=bid_from_cash(outlook, quarters=2, share=0.3),
        )
