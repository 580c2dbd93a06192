"""Skimmer: few cards, dear."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from agents.strategies.outlook import Outlook
from agents.strategies.planning import adaptation_to_gaps, budgets, funds_of_start_up, price_between
from agents.strategies.strategy import Strategy
from agents.strategies.supply import capacity_for, needed_cards, run_for_orders, time_for_product
from marketsim.decisions import Decision, change
from marketsim.observation import Observation


class Skimmer(Strategy):
    """High price, low volume: sell to those who need the card most, and let the rest go.

    Asks a fifth more than the mean domestic price, or two and a half times its cost if that is more; raises the price
    in a shortage and holds it in a glut; plans capacity for orders in hand without growth.

    Example: Moore Threads' AI products had a gross margin of 73 % in 2024; it sold five clusters, of more than RMB 100m
    on average, in the first half of 2025 (reference data, vendors). Idea: skimming in Dean (1950), Harvard Business
    Review 28(6).
    """

    name = "skimmer"
    title: ClassVar = {"en": "Skimmer", "zh": "高价撇脂"}

    def decide(self, obs: Observation) -> Decision:
        """Price above market and cost, capacity for orders in hand."""
        outlook = Outlook(obs)
        node, memory = outlook.node_at_scale, outlook.market.fastest_memory
        markup = np.maximum(2.5, 1.2 * obs.public.domestic_price / obs.card_cost)
        return change(
            obs.hold(),
            price=price_between(outlook, markup, follow_up=0.5, follow_down=0.03, rise=0.15, fall=0.05, floor=1.5),
            capacity=capacity_for(outlook, needed_cards(outlook, trust=0.0)),
            run_share=run_for_orders(outlook, trust=0.0, cover=0.25),
            start_product=time_for_product(outlook, node, every=4),
            product_node=node,
            product_memory=memory,
            **budgets(outlook, research=0.2, adaptation=0.06, service=0.06),
            adaptation_split=adaptation_to_gaps(outlook),
            funds=funds_of_start_up(outlook, quarters=4),
        )
