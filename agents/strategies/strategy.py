"""What a strategy is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from marketsim.decisions import Decision
from marketsim.observation import Observation


class Strategy(ABC):
    """A way to run a vendor: a pure function from what it knows to what it decides.

    One object decides for all vendors and runs that the observation covers: its arrays are [vendor, run], and the same
    code serves one vendor with [1, 2]. A strategy keeps nothing between quarters, and its only chance is `obs.noise`.
    So a run is the same whichever runs and vendors are computed with it. To write one, start from `obs.hold()` and
    replace what should differ with `marketsim.decisions.change`; `agents.strategies.planning` and `supply` have
    building blocks.
    """

    name: ClassVar[str]
    """as in scenario files"""
    title: ClassVar[dict[str, str]]
    """for people, by language: `en` and `zh`"""

    @abstractmethod
    def decide(self, obs: Observation) -> Decision:
        """The decision of all vendors in the observation, of the shapes that `obs.hold()` has."""
