"""Hold: changes nothing."""

from __future__ import annotations

from typing import ClassVar

from agents.strategies.strategy import Strategy
from marketsim.decisions import Decision
from marketsim.observation import Observation


class Hold(Strategy):
    """Same price, full use of what capacity is left, normal research, no new product, capacity or money.

    A control: what happens to a vendor that nobody runs.
    """

    name = "hold"
    title: ClassVar = {"en": "Hold", "zh": "按兵不动"}

    def decide(self, obs: Observation) -> Decision:
        """`obs.hold()`."""
        return obs.hold()
