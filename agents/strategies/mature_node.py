"""Mature node: the line that others leave."""

from __future__ import annotations

from typing import ClassVar

from agents.strategies.outlook import Outlook
from agents.strategies.planning import adaptation_to_gaps, budgets, focus_on_work, funds_of_start_up, price_between
from agents.strategies.strategy import Strategy
from agents.strategies.supply import capacity_for, needed_cards, run_for_orders, time_for_product
from marketsim.decisions import Decision, change
from marketsim.observation import Observation


class MatureNode(Strategy):
    """The cheapest node with the fastest memory, a margin like the strongest card's, and inference buyers only.

    On the strongest node the queue decides, and old customers stand first in it. So it goes where few ask and builds
    for four fifths of the growth that it sees. Decode is bound by bandwidth: fast memory makes up for the node, and the
    card is priced by what it does, not by what it costs.

    Example: none with fast memory is named in the reference data; makers of 12nm cards with LPDDR chose that node
    because domestic 7nm is scarce (Caijing, 2026-01-29). Idea: pre-emption by capacity, Spence (1977), Dixit (1980),
    where rivals do not look; focus in Porter (1980), Competitive Strategy.
    """

    name = "mature-node"
    title: ClassVar = {"en": "Mature node", "zh": "成熟制程"}

    def decide(self, obs: Observation) -> Decision:
        """Cheapest node, fastest memory, capacity for most of the growth, inference buyers."""
        outlook = Outlook(obs)
        node, memory = outlook.market.cheapest_node, outlook.market.fastest_memory
        return change(
            obs.hold(),
            price=price_between(outlook, 2.0, follow_up=0.7, follow_down=0.5, rise=0.08, fall=0.1, floor=1.05),
            capacity=capacity_for(outlook, needed_cards(outlook, trust=0.8), release=0.1, premium=0.1, spend=0.6),
            premium=0.1,
            run_share=run_for_orders(outlook, trust=0.8, cover=0.5),
            start_product=time_for_product(outlook, node, every=5),
            product_node=node,
            product_memory=memory,
            **budgets(outlook, research=0.1, adaptation=0.1, service=0.03),
            adaptation_split=adaptation_to_gaps(outlook),
            focus=focus_on_work(outlook, training=0.0),
            funds=funds_of_start_up(outlook, quarters=6, wanted=12),
        )
