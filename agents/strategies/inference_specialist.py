"""Inference specialist: tokens for the money."""

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


class InferenceSpecialist(Strategy):
    """Memory bandwidth for the money and tuned software: the lowest cost per token, and no training at all.

    Decode is bound by bandwidth, so it takes the memory with most bandwidth per yuan of the whole card on the cheapest
    node, adapts models more than it researches, and sells to inference buyers only.

    Example: Sunrise (Xiwang) makes inference cards only and aims at RMB 0.01 per million tokens, after RMB 1 in the
    market of 2025 (Caijing, 2026-01-29). Idea: focus in Porter (1980), Competitive Strategy.
    """

    name = "inference-specialist"
    title: ClassVar = {"en": "Inference specialist", "zh": "推理专精"}

    def decide(self, obs: Observation) -> Decision:
        """Best bandwidth for the money, adaptation, inference buyers."""
        outlook = Outlook(obs)
        node, memory = outlook.market.cheapest_node, outlook.market.best_value_memory
        return change(
            obs.hold(),
            price=price_between(outlook, 1.6, follow_up=0.7, follow_down=0.5, rise=0.08, fall=0.1, floor=1.05),
            capacity=capacity_for(outlook, needed_cards(outlook, trust=0.65)),
            run_share=run_for_orders(outlook, trust=0.65, cover=0.5),
            start_product=time_for_product(outlook, node, every=5),
            product_node=node,
            product_memory=memory,
            **budgets(outlook, research=0.1, adaptation=0.1, service=0.03),
            adaptation_split=adaptation_to_gaps(outlook),
            focus=focus_on_work(outlook, training=0.0),
            funds=funds_of_start_up(outlook, quarters=6),
        )
