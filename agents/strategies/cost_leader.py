"""Cost leader: the cheapest card that does the work."""

from __future__ import annotations

from typing import ClassVar

from agents.strategies.outlook import Outlook
from agents.strategies.planning import (
    adaptation_to_gaps,
    budgets,
    focus_on_work,
    funds_of_start_up,
    price_between,
)
from agents.strategies.strategy import Strategy
from agents.strategies.supply import capacity_for, needed_cards, run_for_orders, time_for_product
from marketsim.decisions import Decision, change
from marketsim.observation import Observation


class CostLeader(Strategy):
    """Mature node, plentiful memory, thin margin: volume that neither foundry nor HBM limits.

    Takes the node with the cheapest good die and the cheapest plentiful memory, sells inference at a low mark-up,
    passes on a glut quickly and profits little from a shortage, spends little on research, and builds for two thirds
    of the growth that it sees.

    Example: 12nm with LPDDR at about RMB 30,000 a card, chosen because domestic 7nm and HBM are scarce (Caijing,
    2026-01-29). Idea: overall cost leadership in Porter (1980), Competitive Strategy.
    """

    name = "cost-leader"
    title: ClassVar = {"en": "Cost leader", "zh": "成本领先"}

    def decide(self, obs: Observation) -> Decision:
        """Cheapest node and memory, low mark-up, inference."""
        outlook = Outlook(obs)
        node, memory = outlook.market.cheapest_node, outlook.market.cheapest_memory
        return change(
            obs.hold(),
            price=price_between(outlook, 1.35, follow_up=0.6, follow_down=0.7, rise=0.05, fall=0.12, floor=1.02),
            capacity=capacity_for(outlook, needed_cards(outlook, trust=0.65)),
            run_share=run_for_orders(outlook, trust=0.65, cover=0.5),
            start_product=time_for_product(outlook, node, every=6),
            product_node=node,
            product_memory=memory,
            **budgets(outlook, research=0.08, adaptation=0.04, service=0.02),
            adaptation_split=adaptation_to_gaps(outlook),
            focus=focus_on_work(outlook, training=0.2),
            funds=funds_of_start_up(outlook, quarters=5),
        )
