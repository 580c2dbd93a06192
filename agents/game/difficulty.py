"""Three levels: they change the strategies of rivals and the money that one starts with, never the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from marketsim.scenario.schema import Scenario

Difficulty = Literal["easy", "normal", "hard"]


@dataclass(frozen=True, slots=True)
class Level:
    """One level.

    rivals: strategies by the strategy that they replace; those that are not named stay.
    cash: what one starts with over what the scenario says.
    """

    title: Mapping[str, str]
    rivals: Mapping[str, str]
    cash: float

    def applied(self, world: Scenario, vendor: str) -> Scenario:
        """The scenario as a player of this vendor meets it on this level."""
        vendors = {
            name: own.model_copy(
                update={"cash": own.cash * self.cash}
                if name == vendor
                else {"strategy": self.rivals.get(own.strategy, own.strategy)}
            )
            for name, own in world.vendors.items()
        }
        entrants = {
            name: kind.model_copy(update={"strategy": self.rivals.get(kind.strategy, kind.strategy)})
            for name, kind in world.entrants.items()
        }
        return world.model_copy(update={"vendors": vendors, "entrants": entrants})


LEVELS: Mapping[Difficulty, Level] = {
    "easy": Level({"en": "Easy", "zh": "简单"}, {}, 1.5),
    "normal": Level({"en": "Normal", "zh": "普通"}, {}, 1.0),
    "hard": Level({"en": "Hard", "zh": "困难"}, {}, 0.7),
}
