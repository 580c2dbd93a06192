"""Quarters of the market as JSON, for each reader what it may know; what everybody may know is made once for all."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from agents.game.company import Others
from agents.game.view import Turn
from agents.workshop.arrays import plain
from agents.workshop.room import Room
from agents.workshop.seen import OF_OUTCOME, OF_STATE, seen
from marketsim.state import Bools, MarketState, Outcome

HIDDEN_SEED = 0
"""In the place of the room's seed, which would tell everybody's luck."""
KEPT = 32_000_000
"""Bytes of markets that are kept for those who ask next."""
RECORDS = 1000
"""Of which the public part is kept, some 100 kB each in a room of sixty teams at most."""

PUBLIC = {
    kind: frozenset(name for name, each in kinds.items() if each == "public")
    for kind, kinds in ((MarketState, OF_STATE), (Outcome, OF_OUTCOME))
}
PRIVATE = {MarketState: OF_STATE.keys() - PUBLIC[MarketState], Outcome: OF_OUTCOME.keys() - PUBLIC[Outcome]}

Record = MarketState | Outcome


@dataclass
class Markets:
    """Makes them, and keeps some for those who ask next."""

    _public: dict[int, tuple[Record, bytes]] = field(default_factory=dict)
    _kept: dict[tuple[object, ...], bytes] = field(default_factory=dict)

    def of(self, room: Room, reader: str | None, first: int = 0, packed: bool = False) -> Callable[[], bytes]:
        """What gives JSON of `protocol.Market` as it is now, in one other thread: the room may go on meanwhile.

        reader: the vendor of the team that reads, which gets what it may know; none: the facilitator, who gets
        everything.  first: quarter from which on.  packed: by gzip.
        """
        first = min(first, room.played)
        key = reader, room.branch, room.world, room.played, first, packed
        game, known = room.game, _Reader(room, reader)
        begun = [] if first else [game.turns[0].before if game.turns else game.state]
        played = list(zip(game.turns[first:], game.company[first:], strict=True))
        head = {"branch": room.branch, "world_name": str(room.world), "setup": _setup(room, reader), "first": first}
        world = _world(room, reader)

        def made() -> bytes:
            start = [self._text(record, record.alive, known) for record in begun]
            turns = [self._turn(turn, company, known) for turn, company in played]
            text = to_json({**head, "world": world.model_dump(mode="json")})[:-1]
            return b'%b,"start":%b,"turns":[%b]}' % (text, b"".join(start) or b"null", b",".join(turns))

        def content() -> bytes:
            if key not in self._kept:
                self._kept[key] = gzip.compress(made(), 1) if packed else made()
                while sum(map(len, self._kept.values())) > KEPT and len(self._kept) > 1:
                    del self._kept[next(iter(self._kept))]
            return self._kept[key]

        return content

    def _turn(self, turn: Turn, company: Others, known: _Reader) -> bytes:
        plan = company.plans.get(known.vendor) if known.vendor is not None else None
        text = to_json({"quarter": turn.now.name, "plan": plan})[:-1]
        outcome = self._text(turn.outcome, turn.before.alive | turn.after.alive, known)
        return b'%b,"outcome":%b,"after":%b}' % (text, outcome, self._text(turn.after, turn.after.alive, known))

    def _text(self, record: Record, running: Bools, known: _Reader) -> bytes:
        """A market or a quarter.  running: in business."""
        own = _json(plain(known.seen(record, running), PRIVATE[type(record)]))
        return b"{%b,%b}" % (self._public_text(record), own[1:-1])

    def _public_text(self, record: Record) -> bytes:
        found = self._public.get(id(record))
        if found is None:
            if len(self._public) >= RECORDS:
                self._public.clear()
            text = _json(plain(record, PUBLIC[type(record)]))[1:-1]
            found = self._public[id(record)] = record, text  # which keeps the record, and so its id its own
        return found[1]


class _Reader:
    """Who reads, and what of a record it may know.  vendor: of a team; none: the facilitator."""

    def __init__(self, room: Room, vendor: str | None) -> None:
        self.vendor = vendor
        self._row = None if vendor is None else room.row(room.seats[vendor])
        self._domestic = room.game.parameters.domestic

    def seen(self, record: Record, running: Bools) -> Record:
        return record if self._row is None else seen(record, self._row, self._domestic, running)


def _setup(room: Room, reader: str | None) -> Mapping[str, Any]:
    game = room.game
    quarters = len(game.parameters.conditions)
    return {"scenario": game.world.name, "vendor": reader, "quarters": quarters, "seed": HIDDEN_SEED}


def _world(room: Room, reader: str | None) -> Any:
    """The scenario; of a team's, nothing that is still to come, and nothing that it is not played by."""
    world = room.game.world
    if reader is None:
        return world
    to_come = [event for event in world.events if event.quarter <= room.quarter]
    return world.model_copy(update={"events": to_come, "free": {}, "reported": [], "policies": {}})


def _json(values: Mapping[str, Any]) -> bytes:
    return to_json(values, inf_nan_mode="strings")
