"""Three levels: they change the strategies of rivals and the money that one starts with, never the rules.

Each level has several line-ups of rivals, and the game's seed draws one: games differ, and no strategy suits them all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from marketsim.scenario.schema import Scenario, Vendor

Difficulty = Literal["easy", "normal", "hard"]


@dataclass(frozen=True, slots=True)
class LineUp:
    """How rivals are minded in a game.

    about: in a sentence.  large: strategy of the larger half of rivals, by what the cards that they start with cost
    buyers.  small: of the others and of all who enter.  None: as the scenario says.
    """

    about: Mapping[str, str]
    large: str | None = None
    small: str | None = None

    def strategies(self, world: Scenario, vendor: str) -> dict[str, str]:
        """Strategy of each rival of a vendor, in the scenario's order."""
        rivals = {name: own for name, own in world.vendors.items() if name != vendor}
        by_size = sorted(rivals, key=lambda name: _size(rivals[name]), reverse=True)
        large = by_size[: (len(by_size) + 1) // 2]
        return {name: (self.large if name in large else self.small) or own.strategy for name, own in rivals.items()}


@dataclass(frozen=True, slots=True)
class Level:
    """One level.

    about: what it changes, in a sentence.  deck: names of line-ups, each as often as its odds say.  cash: what one
    starts with over what the scenario says.
    """

    title: Mapping[str, str]
    about: Mapping[str, str]
    deck: tuple[str, ...]
    cash: float

    def drawn(self, seed: int) -> LineUp:
        """The line-up of the game with a seed, the same for ever: by a hash, since generators' streams may change."""
        number = int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:8])
        return LINE_UPS[self.deck[number % len(self.deck)]]

    def applied(self, world: Scenario, vendor: str, line_up: LineUp) -> Scenario:
        """The scenario as a player of this vendor meets it on this level, against a line-up."""
        strategies = line_up.strategies(world, vendor)
        vendors = {
            name: own.model_copy(
                update={"cash": own.cash * self.cash} if name == vendor else {"strategy": strategies[name]}
            )
            for name, own in world.vendors.items()
        }
        entrants = {
            name: kind.model_copy(update={"strategy": line_up.small or kind.strategy})
            for name, kind in world.entrants.items()
        }
        return world.model_copy(update={"vendors": vendors, "entrants": entrants})


def _size(vendor: Vendor) -> float:
    """What the cards in stock and in process at the start are sold for, rmb_m."""
    return vendor.price * (vendor.stock + sum(vendor.in_process))


LINE_UPS: Mapping[str, LineUp] = {
    "own": LineUp(
        {
            "en": "This time rivals follow the strategies that the scenario gives them.",
            "zh": "这一局，对手按情景设定的策略行事。",
        },
    ),
    "skimming": LineUp(
        {
            "en": "This time rivals sell little at high prices.",
            "zh": "这一局，对手高价少卖。",
        },
        large="skimmer",
        small="skimmer",
    ),
    "undercutting": LineUp(
        {
            "en": "This time large rivals rest on what they have, and small ones undercut everybody.",
            "zh": "这一局，大对手坐享其成，小对手压价抢单。",
        },
        large="hold",
        small="cost-leader",
    ),
    "resting": LineUp(
        {
            "en": "This time large rivals rest on what they have, and small ones sell little at high prices.",
            "zh": "这一局，大对手坐享其成，小对手高价少卖。",
        },
        large="hold",
        small="skimmer",
    ),
    "hoarding": LineUp(
        {
            "en": "This time rivals hoard capacity.",
            "zh": "这一局，对手囤积产能。",
        },
        large="capacity-hoarder",
        small="capacity-hoarder",
    ),
    "divided": LineUp(
        {
            "en": "This time large rivals hoard the strongest capacity, and small ones the cheapest.",
            "zh": "这一局，大对手囤积最先进的产能，小对手囤积最便宜的产能。",
        },
        large="capacity-hoarder",
        small="mature-node",
    ),
    "squeezing": LineUp(
        {
            "en": "This time large rivals hoard capacity, and small ones undercut everybody.",
            "zh": "这一局，大对手囤积产能，小对手压价抢单。",
        },
        large="capacity-hoarder",
        small="cost-leader",
    ),
}

LEVELS: Mapping[Difficulty, Level] = {
    "easy": Level(
        title={"en": "Easy", "zh": "简单"},
        about={
            "en": "Rivals leave you room: large ones sell little or rest, and you start with half as much cash again.",
            "zh": "对手给你留下空间：大对手高价少卖或坐享其成，你的起始现金多出一半。",
        },
        deck=("skimming",) * 5 + ("undercutting",) * 3 + ("resting",) * 2,
        cash=1.5,
    ),
    "normal": Level(
        title={"en": "Normal", "zh": "普通"},
        about={
            "en": "Rivals do as the scenario says, leave you room or hoard capacity, as it is drawn; you start with "
            "the scenario's cash.",
            "zh": "对手或按情景设定行事，或留出空间，或囤积产能，每局抽定；你的起始现金与情景一致。",
        },
        deck=("skimming", "resting", "hoarding", "divided") * 2 + ("own",) * 3 + ("squeezing",) * 2,
        cash=1.0,
    ),
    "hard": Level(
        title={"en": "Hard", "zh": "困难"},
        about={
            "en": "Large rivals hoard capacity, small ones take the cheapest or undercut you, and you start with 40 % "
            "less cash.",
            "zh": "大对手囤积产能，小对手抢占最便宜的产能或压价抢单，你的起始现金少四成。",
        },
        deck=("divided",) * 2 + ("squeezing",),
        cash=0.6,
    ),
}
