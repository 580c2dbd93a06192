"""Fast follower: what sells, a little later and a little cheaper."""

from __future__ import annotations

from typing import ClassVar

from agents.strategies.outlook import Outlook
from agents.strategies.planning import (
    adaptation_to_gaps,
    budgets,
    funds_of_start_up,
    price_between,
    undercut,
)
from agents.strategies.strategy import Strategy
from agents.strategies.supply import capacity_for, needed_cards, run_for_orders, time_for_product
from marketsim.decisions import Decision, change
from marketsim.observation import Observation


class FastFollower(Strategy):
    """Copy the best-selling domestic card and undercut the market by a tenth.

    Lets others find out which node and memory sell, starts the same, saves on research, and stays a tenth below the
    mean domestic price as long as that covers its cost.

    Example: none is named in the reference data. Idea: first-mover disadvantages in Lieberman and Montgomery (1988),
    Strategic Management Journal 9.
    """

    name = "fast-follower"
    title: ClassVar = {"en": "Fast follower", "zh": "快速跟随"}

    def decide(self, obs: Observation) -> Decision:
        """The leader's node and memory, below the mean price."""
        outlook = Outlook(obs)
        node, memory = outlook.market.leading_card
        normal = price_between(outlook, 1.5, follow_up=0.7, follow_down=0.6, rise=0.08, fall=0.12, floor=1.05)
        return change(
            obs.hold(),
            price=undercut(outlook, normal, obs.public.domestic_price, cut=0.1),
            capacity=capacity_for(outlook, needed_cards(outlook, trust=0.6)),
            run_share=run_for_orders(outlook, trust=0.6, cover=0.5),
            start_product=time_for_product(outlook, node, every=5),
            product_node=node,
            product_memory=memory,
            **budgets(outlook, research=0.08, adaptation=0.05, service=0.03, floor=0.8),
            adaptation_split=adaptation_to_gaps(outlook),
            funds=funds_of_start_up(outlook, quarters=5),
        )
