"""Who is in the market: names, and a place for colour and letter that stays the same on every screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.game.view import GameView
from marketsim.scenario.schema import EntrantType, Scenario
from tui.speech import Speech
from tui.widgets.line_chart import Series
from tui.widgets.share_chart import Share


@dataclass(frozen=True)
class Roster:
    """All vendors of the arrays: the named domestic ones, slots of entrants, foreign suppliers.

    slots: place for colour and letter by row, the largest at the start first: the same whoever is played.
    own: row of who is played, -1: nobody.
    """

    names: Sequence[str]
    slots: Sequence[int]
    own: int

    def series(self, vendor: int, values: Sequence[float]) -> Series:
        """A vendor's line in a chart."""
        return Series(self.names[vendor], values, own=vendor == self.own, slot=self.slots[vendor])

    def share(self, vendor: int, values: Sequence[float]) -> Share:
        """A vendor's area in a chart."""
        return Share(self.names[vendor], values, own=vendor == self.own, slot=self.slots[vendor])


def roster_of(game: GameView, speech: Speech, followed: int | None = None) -> Roster:
    """The roster of a game in a language.  followed: row of who stands out where nobody is played."""
    world, p = game.world, game.parameters
    names = [*_named(world, speech), *_entrants(p.entrant_slots, speech), *_foreign(world, speech)]
    start = game.turns[0].before if game.turns else game.state
    size = start.base[:, :, 0].sum(axis=1)
    own = followed if followed is not None else -1 if game.setup.vendor is None else game.seat
    slots = [0] * len(names)
    for slot, vendor in enumerate(np.argsort(-size, kind="stable").tolist()):
        slots[vendor] = slot
    return Roster(names, slots, own)


def _named(world: Scenario, speech: Speech) -> list[str]:
    return [speech.title(vendor.title) for vendor in world.vendors.values()]


def _entrants(slots: list[tuple[str, EntrantType]], speech: Speech) -> list[str]:
    """Entrants have no names of their own: those of their kind, with the number of the slot."""
    names = []
    for identifier, kind in slots:
        number = identifier.rsplit("-", 1)[1]
        names.append(speech.say("{kind} {number}", kind=speech.title(kind.title), number=number))
    return names


def _foreign(world: Scenario, speech: Speech) -> list[str]:
    return [speech.title(supplier.title) for supplier in world.foreign.values()]
