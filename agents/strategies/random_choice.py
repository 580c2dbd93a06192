"""Random: the floor that every strategy should beat."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from agents.strategies.outlook import Outlook
from agents.strategies.strategy import Strategy
from marketsim.decisions import Decision, change
from marketsim.observation import Observation


class Random(Strategy):
    """Decide by dice, within bounds that do not kill at once: what market rules alone make of a vendor.

    Four dice a quarter: one for the price around one and a half times cost, one for capacity by a tenth up or down,
    one for spending and funds, one for products. The dice are the vendor's own: nobody else's luck changes.

    Idea: zero-intelligence traders, Gode and Sunder (1993), Journal of Political Economy 101(1).
    """

    name = "random"
    title: ClassVar = {"en": "Random", "zh": "随机"}

    def decide(self, obs: Observation) -> Decision:
        """Everything from `obs.noise`."""
        dice = np.clip(obs.noise.astype(np.float64), -2.5, 2.5)
        price, growth, money, product = (dice[:, i] for i in range(4))
        hold = obs.hold()
        face = np.abs(1e3 * product).astype(np.int64)
        return change(
            hold,
            price=1.5 * obs.card_cost * np.exp(0.25 * price),
            capacity=0.1 * growth[:, None] * obs.contracts,
            run_share=np.clip(0.8 + 0.2 * growth, 0.0, 1.0),
            start_product=(product > 1) & (obs.next_quarters == 0),
            product_node=face % len(obs.world.nodes),
            product_memory=face // 12 % len(obs.world.memories),
            research=hold.research * np.exp(0.5 * money),
            adaptation=hold.adaptation * np.exp(-0.5 * money),
            service=hold.service * np.exp(0.5 * money),
            funds=np.where(money < -1, 4 * Outlook(obs).fixed_cost, 0.0),
        )
