"""Small rooms for tests: four vendors, six quarters, a log in a list. What is written is read back from its text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from agents.game.plan import Plan
from agents.game.setup import Setup
from agents.workshop import protocol as p
from agents.workshop import views
from agents.workshop.allowed import check
from agents.workshop.entries import BODIES, FACILITATOR, SERVER, Body, Entry, Opened, Seated
from agents.workshop.markets import Markets
from agents.workshop.room import Room, rebuilt
from agents.workshop.secrets import hash_of

SMALL = str(Path(__file__).parents[1] / "data" / "small.yaml")
SETUP = Setup(scenario=SMALL, firms=4, quarters=6, seed=3)
VENDORS = ["biren", "cambricon", "cambricon-b"]
"""That teams can play; `cambricon-c` is always played by its strategy."""
OPENED = Opened(setup=SETUP, vendors=VENDORS, title="A room", secret="5a" * 32, marketsim="1")
_numbers = count(1)


def new_id() -> str:
    """Of a command."""
    return f"test-{next(_numbers):06}"


@dataclass
class Desk:
    """Writes for a room what a desk would, without a file or a clock."""

    room: Room = field(default_factory=lambda: Room.of(OPENED))
    lines: list[tuple[str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.write(SERVER, OPENED)

    def write(self, who: str, body: Body) -> None:
        text = body.model_dump_json(exclude_none=True).encode()
        self.lines.append((who, text))
        self.room.apply(Entry(len(self.lines), 0.0, who, BODIES.validate_json(text)))

    def do(self, who: str, command: p.Command) -> None:
        """Raises Refusal."""
        if self.room.seq_of(who, command) is not None:
            return
        check(self.room, who, command)
        self.write(who, command)
        if isinstance(command, p.Close):
            closed = self.room.close()
            self.lines.append((SERVER, closed.model_dump_json(exclude_none=True).encode()))
            self.room.seq = len(self.lines)

    def join(self, wish: p.Join) -> str:
        """The token of the new member.  Raises Refusal."""
        seat, name = self.room.join(wish)
        token = f"token {len(self.lines)}"
        self.write(seat.vendor, Seated(vendor=seat.vendor, name=name, token_hash=hash_of(token)))
        return token

    def team(self, name: str, vendor: str | None = None) -> str:
        """The vendor of a new team."""
        token = self.join(p.Join(code=self.room.code, name=name, vendor=vendor))
        return self.room.tokens[hash_of(token)]

    def entries(self) -> Iterator[Entry]:
        """The log."""
        return (Entry(n, 0.0, who, BODIES.validate_json(text)) for n, (who, text) in enumerate(self.lines, 1))

    def rebuilt(self) -> Room:
        """The room that the log tells of."""
        return rebuilt(self.entries())

    # -- for short ------------------------------------------------------------------------------------------------

    def open(self) -> None:
        self.do(FACILITATOR, p.Open(id=new_id()))

    def close(self) -> None:
        self.do(FACILITATOR, p.Close(id=new_id()))

    def submit(self, vendor: str, plan: Plan) -> None:
        self.do(vendor, p.Submit(id=new_id(), quarter=self.room.quarter, plan=plan))

    def edit(self, vendor: str, **values: p.Value) -> None:
        self.do(vendor, p.Edit(id=new_id(), quarter=self.room.quarter, values=values))


def picture(room: Room, markets: bool = True) -> dict[str, object]:
    """Everything that anybody can see of a room, and what it remembers of commands and tokens.

    markets: too, which takes most of the time.
    """
    seen: dict[str, object] = {
        "card": views.card(room),
        "now": views.room_now(room, {}, None),
        "office": views.office(room, ""),
        "messages": list(room.messages),
        "tokens": dict(room.tokens),
        "done": dict(room.done),
        "how": list(room.how),
        "world": (room.world, room.game.world),
        "drafts": {vendor: (seat.draft, seat.edited, seat.flaws) for vendor, seat in room.seats.items()},
        "digests": [turn.digest for turn in room.game.turns],
        "scores": {vendor: score.value.tobytes() for vendor, score in room.scores.items()},
    }
    for reader in (None, *room.seats):
        seen[f"ranking {reader}"] = views.ranking(room, reader)
        seen[f"market {reader}"] = Markets().of(room, reader)() if markets else None
    for seat in room.seats.values():
        seen[f"form {seat.vendor}"] = views.form(room, seat)
    return seen
