"""Consolidator: wait, then buy."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from agents.strategies.disciplined import Disciplined
from agents.strategies.outlook import Outlook
from agents.strategies.planning import LARGEST_BUDGET
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
        spare = np.maximum(obs.cash - 6 * Outlook(obs).fixed_cost, 0.0)
        return change(super().decide(obs), bid=np.minimum(0.5 * spare, LARGEST_BUDGET))
