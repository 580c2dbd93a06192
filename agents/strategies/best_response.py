"""Best response: the textbook's firm."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from agents.strategies.outlook import Outlook
from agents.strategies.planning import adaptation_to_gaps, best_markup, budgets, funds_for_runway
from agents.strategies.strategy import Strategy
from agents.strategies.supply import capacity_for, needed_cards, run_for_orders, time_for_product
from marketsim.decisions import Decision, change
from marketsim.observation import Observation


class BestResponse(Strategy):
    """Myopic best response to demand: the mark-up of Bertrand competition, or what clears the cards on hand if more.

    p = max(c * e/(e-1), clearing price) with e = sigma*(1-x) + eps*x: with ample cards the profit-maximising price,
    with scarce cards the price at which all of them are sold, since marginal cost is then the price forgone. It jumps
    there at once, takes rivals as they are, and plans for half of the growth it sees. Electricity in the buyers' cost
    and differences between segments are left out.

    Source: Bertrand competition under CES demand: Anderson, de Palma, Thisse (1992), Discrete Choice Theory of Product
    Differentiation; with capacity limits Kreps and Scheinkman (1983).
    """

    name = "best-response"
    title: ClassVar = {"en": "Best response", "zh": "最优反应"}

    def decide(self, obs: Observation) -> Decision:
        """Profit-maximising price, the card with most bandwidth for the money."""
        outlook = Outlook(obs)
        node, memory = outlook.node_at_scale, outlook.market.best_value_memory
        unconstrained = best_markup(outlook) * obs.card_cost
        scarce = np.where(outlook.tightness > 1, outlook.clearing_price, 0.0)
        return change(
            obs.hold(),
            price=np.maximum(unconstrained, scarce),
            capacity=capacity_for(outlook, needed_cards(outlook, trust=0.5)),
            run_share=run_for_orders(outlook, trust=0.5, cover=0.25),
            start_product=time_for_product(outlook, node, every=4),
            product_node=node,
            product_memory=memory,
            **budgets(outlook, research=0.12, adaptation=0.06, service=0.03),
            adaptation_split=adaptation_to_gaps(outlook),
            funds=funds_for_runway(outlook, quarters=4),
        )
