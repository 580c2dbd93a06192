"""Disciplined: margin first."""

from __future__ import annotations

from typing import ClassVar

from agents.strategies.outlook import Outlook
from agents.strategies.planning import adaptation_to_gaps, budgets, focus_on_base, funds_for_runway, price_between
from agents.strategies.strategy import Strategy
from agents.strategies.supply import capacity_for, needed_cards, run_for_orders, time_for_product
from marketsim.decisions import Decision, change
from marketsim.observation import Observation


class Disciplined(Strategy):
    """Margin first, capacity only for orders in hand, money before it is needed or not at all.

    Holds its mark-up in a glut and makes fewer cards instead, never asks for capacity beyond orders, starts a product
    only when three tape-outs could be paid, and seeks funds only when cash gets short.

    Example: Hygon kept a gross margin of 64 % in 2024 and a net profit of RMB 1.96bn on RMB 9.5bn in three quarters of
    2025 (reference data, vendors; processors included).
    """

    name = "disciplined"
    title: ClassVar = {"en": "Disciplined", "zh": "利润优先"}

    def decide(self, obs: Observation) -> Decision:
        """High mark-up held, capacity and wafers for orders in hand."""
        outlook = Outlook(obs)
        node, memory = outlook.node_at_scale, outlook.memory_at_scale
        return change(
            obs.hold(),
            price=price_between(outlook, 2.0, follow_up=0.9, follow_down=0.15, rise=0.08, fall=0.05, floor=1.3),
            capacity=capacity_for(outlook, needed_cards(outlook, trust=0.0), release=1.0, spend=0.3),
            run_share=run_for_orders(outlook, trust=0.0, cover=0.25, least=0.0),
            start_product=time_for_product(outlook, node, every=5, reserve=3.0),
            product_node=node,
            product_memory=memory,
            **budgets(outlook, research=0.15, adaptation=0.05, service=0.04, runway=8),
            adaptation_split=adaptation_to_gaps(outlook),
            focus=focus_on_base(outlook),
            funds=funds_for_runway(outlook, quarters=3, wanted=6),
        )
