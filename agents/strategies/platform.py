"""Platform: the price that a lead allows, and supply for whoever comes."""

from __future__ import annotations

from typing import ClassVar

from agents.strategies.outlook import Outlook
from agents.strategies.planning import adaptation_to_gaps, best_markup, budgets, funds_for_runway, towards
from agents.strategies.strategy import Strategy
from agents.strategies.supply import capacity_for, needed_cards, run_for_orders, time_for_product
from marketsim.decisions import Decision, change
from marketsim.observation import Observation

SLACK = 1.25
"""Capacity asked for, over what expected orders need."""


class Platform(Strategy):
    """Software first, never sold out, and the mark-up that its share of the market commands.

    Spends on adaptation what others spend on research, signs a quarter more capacity than expected orders need and
    keeps half a quarter of sales in stock, so that no buyer has to learn another platform. Price goes to the mark-up of
    Bertrand competition, whatever the stock: near the cost of a card while many are alike, high once buyers cannot
    leave.

    Example: graphics chips, where three vendors of 2015 were left of seventy in 1996 (reference data, firm counts).
    Idea: market power from an installed base, Katz and Shapiro (1985); mark-up of Anderson, de Palma, Thisse (1992).
    """

    name = "platform"
    title: ClassVar = {"en": "Platform", "zh": "平台厂商"}

    def decide(self, obs: Observation) -> Decision:
        """Mark-up by share, ample supply, adaptation before research."""
        outlook = Outlook(obs)
        node, memory = outlook.node_at_scale, outlook.market.best_value_memory
        return change(
            obs.hold(),
            price=towards(obs.price, best_markup(outlook) * obs.card_cost, rise=0.1, fall=0.1),
            capacity=capacity_for(outlook, SLACK * needed_cards(outlook, trust=1.0, growth_limit=0.2), spend=0.8),
            run_share=run_for_orders(outlook, trust=1.0, cover=0.5),
            start_product=time_for_product(outlook, node, every=4),
            product_node=node,
            product_memory=memory,
            **budgets(outlook, research=0.08, adaptation=0.1, service=0.04),
            adaptation_split=adaptation_to_gaps(outlook),
            funds=funds_for_runway(outlook, quarters=4),
        )
