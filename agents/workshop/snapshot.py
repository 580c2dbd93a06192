"""The room as it was when somebody asked: what takes long is made of it, while the room goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.game.kept import KeptGame
from agents.workshop.allowed import Refusal
from agents.workshop.entries import Opened
from agents.workshop.protocol import How
from agents.workshop.room import Room
from marketsim.scenario.schema import Scenario


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What stays as it is.

    names: of teams, by vendor.  how: of each quarter, how plans came about, by vendor.  market: see `market_of`.
    scripted: as of `Room`.
    """

    opened: Opened
    game: KeptGame
    names: Mapping[str, str]
    how: Sequence[Mapping[str, How]]
    market: object
    scripted: int


def snapshot(room: Room) -> Snapshot:
    """The room as it is, in some milliseconds.  Raises Refusal before the first quarter is over."""
    if not room.played:
        raise Refusal("no quarter has been played yet")
    names = {seat.vendor: seat.name for seat in room.seats.values() if seat.name is not None}
    return Snapshot(room.opened, KeptGame(room.game), names, tuple(room.how), market_of(room), room.scripted)


def market_of(room: Room) -> object:
    """Equal as long as the market is the same, quarter by quarter."""
    return room.branch, room.world, room.played


def usual_world(of: Snapshot) -> Scenario:
    """The world with all that the facilitator let happen, and the scenario's own strategies."""
    usual, world = of.opened.setup.world().vendors, of.game.world
    vendors = {
        name: vendor.model_copy(update={"strategy": usual[name].strategy}) for name, vendor in world.vendors.items()
    }
    return world.model_copy(update={"vendors": vendors})
