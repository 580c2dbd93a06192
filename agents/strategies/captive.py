"""Captive: the parent's card first, the market second."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from agents.strategies.outlook import Outlook
from agents.strategies.planning import adaptation_to_gaps, budgets, focus_on, funds_for_runway, price_between
from agents.strategies.strategy import Strategy
from agents.strategies.supply import capacity_for, needed_cards, run_for_orders, time_for_product
from marketsim.decisions import Decision, change
from marketsim.observation import Observation


class Captive(Strategy):
    """Serve the parent and its friends at a modest price; sell outside what is left.

    Puts its sales effort where its affinity is, prices near cost plus a fixed mark-up whatever the market does,
    plans capacity on the steady orders of the house, and hardly ever raises funds of its own.

    Example: Alibaba T-Head, Alibaba Cloud first and then more than 400 customers; Baidu Kunlunxin, Baidu first, then
    China Mobile, finance and energy (reference data, vendors).
    """

    name = "captive"
    title: ClassVar = {"en": "Captive", "zh": "母公司优先"}

    def decide(self, obs: Observation) -> Decision:
        """Focus by affinity, steady price, what can be had in volume."""
        outlook = Outlook(obs)
        node, memory = outlook.node_at_scale, outlook.memory_at_scale
        return change(
            obs.hold(),
            price=price_between(outlook, 1.5, follow_up=0.4, follow_down=0.25, rise=0.05, fall=0.08, floor=1.05),
            capacity=capacity_for(outlook, needed_cards(outlook, trust=0.5)),
            run_share=run_for_orders(outlook, trust=0.5, cover=0.5),
            start_product=time_for_product(outlook, node, every=5),
            product_node=node,
            product_memory=memory,
            **budgets(outlook, research=0.14, adaptation=0.06, service=0.04),
            adaptation_split=adaptation_to_gaps(outlook),
            focus=focus_on(np.exp(obs.world.affinity[obs.vendors]) * obs.now.spend),
            funds=funds_for_runway(outlook, quarters=2),
        )
