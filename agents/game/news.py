"""What happened in a quarter, as data: events, entries, exits, launches, money, new generations of models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from agents.game.view import Turn
from marketsim.rules.finance import CAUSES
from marketsim.scenario.parameters import Parameters

Kind = Literal["event", "generation", "failed", "acquired", "entered", "launched", "funded", "price"]

NOTABLE_PRICE = 0.08
"""Change of a price, as a share of the old one, from which it is news."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened.

    vendor: row of who it is about, -1: nobody.  buyer: row of who bought it.  cause: of a failure, see
    `rules.finance.CAUSES`.  amount: funds raised (rmb_m) or relative change of price.  part: index of the event in the
    scenario, or of the model family.
    """

    quarter: str
    kind: Kind
    vendor: int = -1
    buyer: int = -1
    cause: str = ""
    amount: float = 0.0
    part: int = -1


def news_of(turn: Turn, world: Parameters) -> list[News]:
    """The quarter's news, what concerns everybody first."""
    return [*_of_the_world(turn), *_of_vendors(turn, world)]


def _of_the_world(turn: Turn) -> Iterator[News]:
    quarter = turn.now.name
    for event in turn.now.events:
        yield News(quarter, "event", part=event)
    for family in np.flatnonzero(turn.now.new_generation[:, 0]).tolist():
        yield News(quarter, "generation", part=family)


def _of_vendors(turn: Turn, world: Parameters) -> Iterator[News]:
    quarter, before, outcome, after = turn.now.name, turn.before, turn.outcome, turn.after
    for vendor in np.flatnonzero(outcome.failed[:, 0]).tolist():
        buyer = int(outcome.acquired_by[vendor, 0])
        kind: Kind = "acquired" if buyer >= 0 else "failed"
        yield News(quarter, kind, vendor, buyer, cause=CAUSES[int(outcome.cause[vendor, 0])])
    for vendor in np.flatnonzero(outcome.entered[:, 0]).tolist():
        yield News(quarter, "entered", vendor)
    for vendor in range(world.domestic):
        if not after.alive[vendor, 0]:
            continue
        if before.alive[vendor, 0] and after.architecture[vendor, 0] != before.architecture[vendor, 0]:
            yield News(quarter, "launched", vendor)
        if outcome.funded[vendor, 0]:
            yield News(quarter, "funded", vendor, amount=float(outcome.flows["raised"][vendor, 0]))
        old, new = float(before.price[vendor, 0]), float(after.price[vendor, 0])
        if before.alive[vendor, 0] and outcome.sold[vendor, 0] > 0 and old > 0 and abs(new / old - 1) >= NOTABLE_PRICE:
            yield News(quarter, "price", vendor, amount=new / old - 1)
