"""Those who listen to a room, and what they are told: all of it at first, and then what is new to each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agents.workshop import protocol as p
from agents.workshop import views
from agents.workshop.entries import FACILITATOR
from agents.workshop.room import Room

BEHIND = 64
"""Messages that may wait for a listener; one that is further behind starts over with the room as it is."""
RECENT = 30
"""Messages of the facilitator that somebody is told who comes back: all of a long workshop would be too many."""

News = dict[str, tuple[bytes, bytes]]
"""By kind: what it says, which is compared with what was told before, and the message."""


@dataclass(eq=False)
class Listener:
    """Somebody who is told of the room.  who: FACILITATOR or a vendor.  waiting: messages as JSON; None: no longer."""

    who: str
    waiting: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(BEHIND))
    last: dict[str, bytes] = field(default_factory=dict)

    def tell(self, news: News) -> None:
        """Have sent what is new of it."""
        for kind, (fact, message) in news.items():
            if self.last.get(kind) != fact:
                self.last[kind] = fact
                self.answer(message)

    def answer(self, message: bytes) -> None:
        """Have a message sent."""
        try:
            self.waiting.put_nowait(message)
        except asyncio.QueueFull:
            self.hang_up()

    def hang_up(self) -> None:
        """End it: the client will come back and be told everything anew."""
        while not self.waiting.empty():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)


def news(
    room: Room, readers: Iterable[str], people: Mapping[str, int], left: float | None, end: int | None, address: str
) -> dict[str, News]:
    """Everything that may be told now, by who reads it; what is the same for several of them is made once.

    people: connected, by vendor.  left: seconds on the clock.  end: when they are over, in seconds of a clock that
    never jumps: that time goes by is no news.  address: for browsers of teams.
    """
    now = views.room_now(room, people, left)
    told = [(f"told {told.number}", _alike(told), vendor) for told, vendor in room.messages[-RECENT:]]
    without = _of_room(now, end)
    found: dict[str, News] = {}
    for who in readers:
        reader = None if who == FACILITATOR else who
        ranking = views.ranking(room, reader)
        shown = without if ranking is None else _of_room(now.model_copy(update={"ranking": ranking}), end)
        own = {"office": _alike(views.office(room, address))} if reader is None else form(room, reader)
        messages = {kind: both for kind, both, vendor in told if reader is None or vendor in (None, reader)}
        found[who] = {"room": shown, **own, **messages}
    return found


def form(room: Room, vendor: str) -> News:
    """A team's own form."""
    return {"form": _alike(views.form(room, room.seats[vendor]))}


def _alike(message: p.Form | p.Office | p.Told) -> tuple[bytes, bytes]:
    text = message.model_dump_json().encode()
    return text, text


def _of_room(now: p.RoomNow, end: int | None) -> tuple[bytes, bytes]:
    fact = now.model_copy(update={"seq": 0, "remaining": end})
    return fact.model_dump_json().encode(), now.model_dump_json().encode()
