"""Capacity hoarder: whoever holds the wafers holds the market."""

from __future__ import annotations

from typing import ClassVar

from agents.strategies.outlook import Outlook
from agents.strategies.planning import adaptation_to_gaps, budgets, funds_of_start_up, price_between
from agents.strategies.strategy import Strategy
from agents.strategies.supply import capacity_for, needed_cards, time_for_product
from marketsim.decisions import Decision, change
from marketsim.observation import Observation
from marketsim.rules.arrays import ratio


class CapacityHoarder(Strategy):
    """Extrapolate growth in full, sign all the capacity that debt allows, prepay, and run it whatever is ordered.

    Reads a shortage as demand: while buyers get only a part of what they order, it takes all orders for its own. It
    gives nothing up before it has to and sells stock at whatever price clears it.

    Example: Cambricon bought for about RMB 7.6bn in 2025, more than it sold cost, and planned 500,000 cards for 2026
    against some 117,000 in 2025 (reference data, vendors). Idea: pre-emption by capacity, Spence (1977), Dixit (1980).
    """

    name = "capacity-hoarder"
    title: ClassVar = {"en": "Capacity hoarder", "zh": "囤积产能"}

    def decide(self, obs: Observation) -> Decision:
        """Growth in full, divided by the share of orders that the market fills, with prepayment."""
        outlook = Outlook(obs)
        node, memory = outlook.node_at_scale, outlook.memory_at_scale
        unfilled = ratio(1.0, obs.public.fill_rate, otherwise=1.0)
        cards = needed_cards(outlook, trust=1.0) * unfilled.clip(1.0, 2.0)
        return change(
            obs.hold(),
            price=price_between(outlook, 1.7, follow_up=0.8, follow_down=0.9, rise=0.08, fall=0.15, floor=1.0),
            capacity=capacity_for(outlook, cards, release=0.1, premium=0.5, spend=0.9),
            premium=0.5,
            start_product=time_for_product(outlook, node, every=4),
            product_node=node,
            product_memory=memory,
            **budgets(outlook, research=0.12, adaptation=0.05, service=0.02),
            adaptation_split=adaptation_to_gaps(outlook),
            funds=funds_of_start_up(outlook, quarters=6, wanted=12),
        )
