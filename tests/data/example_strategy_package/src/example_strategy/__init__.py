"""A strategy in a package of its own."""

from __future__ import annotations

from typing import ClassVar

from agents.strategies import Strategy
from marketsim.decisions import Decision, change
from marketsim.observation import Observation


class PennyPincher(Strategy):
    """Spend half of what is normal and sell at a quarter over cost.

    No new products, no new capacity: a vendor that lives off what it has.
    """

    name = "penny-pincher"
    title: ClassVar = {"en": "Penny pincher", "zh": "省钱派"}

    def decide(self, obs: Observation) -> Decision:
        """Half the normal research, a quarter over the cost of a card."""
        hold = obs.hold()
        return change(hold, price=1.25 * obs.card_cost, research=0.5 * hold.research, adaptation=0.5 * hold.adaptation)
