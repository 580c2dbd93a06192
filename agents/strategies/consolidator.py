"""Consolidator: wait, then buy."""

from __future__ import annotations

from typing import ClassVar

from agents.strategies.disciplined import Disciplined
from agents.strategies.outlook import Outlook
from agents.strategies.planning import bid_from_cash
from marketsim.decisions import Decision, change
from marketsim.observation import Observation


class Consolidator(Disciplined):
    """Disciplined, and with the cash that this leaves buys the base and software of those who fail.

    Bids up to half the cash that is not needed for the next six quarters' fixed cost.

    Example: exits by acquisition among graphics chip makers, 12 of 14 that could be classified; eleven polysilicon
    makers' plan of 2025 to buy up idle capacity (reference data, shakeout research and photovoltaics events).
    """

    name = "consolidator"
    title: ClassVar = {"en": "Consolidator", "zh": "整合者"}

    def decide(self, obs: Observation) -> Decision:
        """As disciplined, with a bid."""
        return change(super().decide(obs), bid=bid_from_cash(Outlook(obs), quarters=6, share=0.5))
