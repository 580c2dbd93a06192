"""Flagship: the strongest card that can be made."""

from __future__ import annotations

from typing import ClassVar

from agents.strategies.outlook import Outlook
from agents.strategies.planning import adaptation_to_gaps, budgets, focus_on_work, funds_for_runway, price_between
from agents.strategies.strategy import Strategy
from agents.strategies.supply import capacity_for, needed_cards, run_for_orders, time_for_product
from marketsim.decisions import Decision, change
from marketsim.observation import Observation


class Flagship(Strategy):
    """Best node, fastest memory, much research: performance against the foreign suppliers, training included.

    Takes the strongest node on which it can be served and the fastest memory however scarce, brings a generation a
    year, pays a premium for its place in the foundry's queue, and lets a shortage raise its price.

    Example: cards on 7nm with HBM at RMB 60,000 to 200,000, such as Huawei's Ascend 910C and MetaX's C600, limited by
    foundry and HBM (Caijing, 2026-01-29). Idea: differentiation in Porter (1980), Competitive Strategy.
    """

    name = "flagship"
    title: ClassVar = {"en": "Flagship", "zh": "旗舰性能"}

    def decide(self, obs: Observation) -> Decision:
        """Strongest node, fastest memory, research first."""
        outlook = Outlook(obs)
        node, memory = outlook.node_at_scale, outlook.market.fastest_memory
        return change(
            obs.hold(),
            price=price_between(outlook, 2.2, follow_up=0.9, follow_down=0.4, rise=0.1, fall=0.08, floor=1.15),
            capacity=capacity_for(outlook, needed_cards(outlook, trust=0.75), premium=0.2),
            premium=0.2,
            run_share=run_for_orders(outlook, trust=0.75, cover=0.5),
            start_product=time_for_product(outlook, node, every=3),
            product_node=node,
            product_memory=memory,
            **budgets(outlook, research=0.2, adaptation=0.05, service=0.03, floor=1.2),
            adaptation_split=adaptation_to_gaps(outlook),
            focus=focus_on_work(outlook, training=0.5),
            funds=funds_for_runway(outlook, quarters=6, wanted=10),
        )
