"""Round chaser: the next round is the business."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from agents.strategies.outlook import Outlook
from agents.strategies.planning import adaptation_to_gaps, budgets, funds_for_runway, funds_while_hot, price_between
from agents.strategies.strategy import Strategy
from agents.strategies.supply import capacity_for, needed_cards, time_for_product
from marketsim.decisions import Decision, change
from marketsim.observation import Observation


class RoundChaser(Strategy):
    """Spend to grow, grow to raise, raise whenever investors listen.

    Prices for orders, since growth is what rounds are priced on; spends more than it earns on research and software;
    expects growth to go on; and asks for funds every quarter in which the climate is not cold, or cash gets short.

    Example: Biren lost RMB 1.6bn on a revenue of RMB 59m in the first half of 2025 and raised HKD 5.6bn at its listing
    in January 2026 (reference data, vendors and events).
    """

    name = "round-chaser"
    title: ClassVar = {"en": "Round chaser", "zh": "融资驱动"}

    def decide(self, obs: Observation) -> Decision:
        """Low price, high spend, funds whenever the climate allows."""
        outlook = Outlook(obs)
        node, memory = outlook.node_at_scale, outlook.memory_at_scale
        hot = funds_while_hot(outlook, climate=0.8, quarters=8)
        return change(
            obs.hold(),
            price=price_between(outlook, 1.3, follow_up=0.3, follow_down=0.7, rise=0.05, fall=0.15, floor=0.95),
            capacity=capacity_for(outlook, needed_cards(outlook, trust=0.9), release=0.5, premium=0.2, spend=0.8),
            premium=0.2,
            start_product=time_for_product(outlook, node, every=3, reserve=1.5),
            product_node=node,
            product_memory=memory,
            **budgets(outlook, research=0.3, adaptation=0.15, service=0.06, floor=1.3, runway=3),
            adaptation_split=adaptation_to_gaps(outlook),
            funds=np.maximum(hot, funds_for_runway(outlook, quarters=8, wanted=12)),
        )
