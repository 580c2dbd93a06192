"""Force: players that ask for all the capacity there is, to see whether that beats thinking."""

from __future__ import annotations

from typing import ClassVar

from agents.strategies.outlook import Outlook
from agents.strategies.registry import get
from agents.strategies.strategy import Strategy
from marketsim.decisions import Decision, bounds, change
from marketsim.observation import Observation


class Force(Strategy):
    """A built-in strategy, but for its queueing: each quarter the most capacity and the largest premium.

    On the node of the planned product alone, since contracts on others cost and make nothing, and with the funds that
    the strategy asks for: to ask for the most of these as well gives the firm away. Not in the registry: no scenario
    and no adviser should follow it.
    """

    name = "force"
    title: ClassVar = {"en": "Force", "zh": "蛮力"}

    def __init__(self, base: str) -> None:
        self.base = base
        self._strategy = get(base)

    def decide(self, obs: Observation) -> Decision:
        """The base's decision with the bounds of capacity and premium."""
        asked = bounds("capacity")[1] * Outlook(obs).planned
        return change(self._strategy.decide(obs), capacity=asked, premium=bounds("premium")[1])


FORCES = tuple(Force(base) for base in ("capacity-hoarder", "mature-node", "flagship"))
"""From the strategies that win most seats."""
