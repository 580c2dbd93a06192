"""Three levels: they change the strategies of rivals and the money that one starts with, never the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from agents.strategies.registry import BUILT_IN
from marketsim.scenario.schema import Scenario

Difficulty = Literal["easy", "normal", "hard"]


@dataclass(frozen=True, slots=True)
class Level:
    """One level.

    about: what it changes, in a sentence.  rivals: strategies by the strategy that they replace; those that are not
    named stay.  cash: what one starts with over what the scenario says.
    """

    title: Mapping[str, str]
    about: Mapping[str, str]
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


GIANTS = ("ecosystem", "captive")
"""Strategies of Huawei, Alibaba and Baidu among AI chips, the largest vendors at the start."""

LARGE = (*GIANTS, "flagship", "consolidator", "fast-follower")
"""Strategies of those on the strongest node with orders to speak of."""

SMALL = ("round-chaser", "skimmer", "cost-leader", "best-response")

LEVELS: Mapping[Difficulty, Level] = {
    "easy": Level(
        title={"en": "Easy", "zh": "简单"},
        about={
            "en": "The largest rivals sell few cards at high prices, all others decide by dice, and you start with "
            "half as much cash again.",
            "zh": "最大的几家对手高价少卖，其余对手掷骰子决策，你的起始现金多出一半。",
        },
        rivals={**dict.fromkeys(BUILT_IN, "random"), **dict.fromkeys(GIANTS, "skimmer")},
        cash=1.5,
    ),
    "normal": Level(
        title={"en": "Normal", "zh": "普通"},
        about={
            "en": "Rivals follow the strategies that the scenario gives them, and you start with its cash.",
            "zh": "对手按情景设定的策略行事，你的起始现金与情景一致。",
        },
        rivals={},
        cash=1.0,
    ),
    "hard": Level(
        title={"en": "Hard", "zh": "困难"},
        about={
            "en": "Large rivals hoard capacity and small ones sell the cheapest inference, the two strategies that do "
            "best on normal, and you start with 30 % less cash.",
            "zh": "大对手囤积产能，小对手专卖最便宜的推理，这是普通难度下最好的两种策略，你的起始现金少三成。",
        },
        rivals={**dict.fromkeys(LARGE, "capacity-hoarder"), **dict.fromkeys(SMALL, "inference-specialist")},
        cash=0.7,
    ),
}
