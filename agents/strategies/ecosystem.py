"""Ecosystem: the full stack, so that buyers stay."""

from __future__ import annotations

from typing import ClassVar

from agents.strategies.outlook import Outlook
from agents.strategies.planning import adaptation_to_gaps, budgets, focus_on_base, funds_for_runway, price_between
from agents.strategies.strategy import Strategy
from agents.strategies.supply import capacity_for, needed_cards, run_for_orders, time_for_product
from marketsim.decisions import Decision, change
from marketsim.observation import Observation


class Ecosystem(Strategy):
    """Adaptation and service first: every model runs well, every buyer comes back.

    Spends on adaptation and service as much as others do on research, splits adaptation over families by use and gap,
    keeps the sales force where its cards stand, and prices for the base rather than the quarter: shortages raise
    prices little. Hardware follows what can be had in volume.

    Example: Huawei Ascend, full stack from card to the CANN software; when DeepSeek's model slipped three times in 2026
    the move to CANN was blamed (reference data, events, 2026-04). Idea: increasing returns to the installed base, Katz
    and Shapiro (1985); Arthur (1989).
    """

    name = "ecosystem"
    title: ClassVar = {"en": "Ecosystem", "zh": "全栈生态"}

    def decide(self, obs: Observation) -> Decision:
        """Adaptation and service before research; loyal to the base."""
        outlook = Outlook(obs)
        node, memory = outlook.node_at_scale, outlook.memory_at_scale
        return change(
            obs.hold(),
            price=price_between(outlook, 1.8, follow_up=0.6, follow_down=0.3, rise=0.05, fall=0.06, floor=1.1),
            capacity=capacity_for(outlook, needed_cards(outlook, trust=0.75), premium=0.1),
            premium=0.1,
            run_share=run_for_orders(outlook, trust=0.75, cover=0.8),
            start_product=time_for_product(outlook, node, every=4),
            product_node=node,
            product_memory=memory,
            **budgets(outlook, research=0.12, adaptation=0.1, service=0.08, floor=0.9),
            adaptation_split=adaptation_to_gaps(outlook),
            focus=focus_on_base(outlook, loyalty=0.5),
            funds=funds_for_runway(outlook, quarters=5),
        )
