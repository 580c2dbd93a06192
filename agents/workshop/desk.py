"""The desk of a workshop: takes commands one after the other, writes them down, and tells everybody what has changed.

All that touches the room and its log runs in one thread, so nothing of them is ever locked. Commands that come while
others are being written are written together: one wait for the disk for all of them. Only then are they answered.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import marketsim
from agents.game.setup import Setup
from agents.workshop import protocol as p
from agents.workshop import views
from agents.workshop.clock import Clock
from agents.workshop.entries import FACILITATOR, SERVER, Admitted, Body, Entry, Opened, Restarted, Seated
from agents.workshop.log import Log, LogError
from agents.workshop.room import Refusal, Room, rebuilt
from agents.workshop.secrets import hash_of, is_one_of, new_secret, new_token

GRACE = 2.0
"""Seconds after the clock has run out in which what is on its way is still taken."""
TICK = 0.25
"""Seconds between two looks at the clock."""
BEHIND = 64
"""Messages that may wait for a listener; one that is further behind starts over with the room as it is."""

Answer = TypeVar("Answer")


@dataclass(eq=False)
class Listener:
    """Somebody who is told of the room.  who: FACILITATOR or a vendor.  waiting: messages as JSON; None: no longer."""

    who: str
    waiting: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(BEHIND))
    last: dict[str, bytes] = field(default_factory=dict)

    def tell(self, kind: str, fact: bytes, message: bytes) -> None:
        """Have a message sent, if its fact is another one than the last of its kind."""
        if self.last.get(kind) == fact:
            return
        self.last[kind] = fact
        try:
            self.waiting.put_nowait(message)
        except asyncio.QueueFull:
            self.hang_up()

    def hang_up(self) -> None:
        """End it: the client will come back and be told everything anew."""
        while not self.waiting.empty():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)


@dataclass
class _Asked:
    """What waits to be written.  ask: makes the lines and the answer, in the room's thread."""

    ask: Callable[[_Writer], Any]
    answered: asyncio.Future[Any]


class _Writer:
    """The room and the log while lines are being written, in their thread."""

    def __init__(self, desk: Desk, add: Callable[[str, Body], Entry]) -> None:
        self.room, self._desk, self._add = desk.room, desk, add

    def do(self, who: str, body: Body) -> Entry:
        """Write a line and do what it says."""
        entry = self._add(who, body)
        self.room.apply(entry)
        self._desk.clock.heed(body, self._desk.now())
        return entry

    def command(self, who: str, command: p.Command) -> p.Accepted:
        """A command, once.  Raises Refusal."""
        known = self.room.done.get((who, command.id))
        if known is not None:
            return p.Accepted(id=command.id, seq=known)
        seq = 0
        for body in self.room.answer(who, command):
            seq = self.do(who, body).seq
        if isinstance(command, p.Close):
            self.close()
        return p.Accepted(id=command.id, seq=seq)

    def close(self) -> None:
        """Play the quarter.  Raises Refusal if none is open."""
        body = self.room.close()
        self.room.seq = self._add(SERVER, body).seq
        self._desk.clock.heed(body, self._desk.now())

    def join(self, wish: p.Join) -> p.Joined:
        """A seat for somebody.  Raises Refusal."""
        seat, name = self.room.join(wish)
        token = new_token()
        self.do(seat.vendor, Seated(vendor=seat.vendor, name=name, token_hash=hash_of(token)))
        return p.Joined(vendor=seat.vendor, name=seat.name or "", token=token, code=self.room.code_of(seat))

    def time_is_up(self) -> None:
        """Close the quarter if its time is over, which may have changed since it was looked at."""
        left = self._desk.clock.remaining(self._desk.now())
        if self.room.phase == "open" and left is not None and left <= -GRACE:
            self.close()


class Desk:
    """A workshop that is running.

    log: of the workshop, new or not.  opened: how it begins, if it is new.
    now: seconds of a clock that never jumps.  Raises MarketSimError for a log that cannot be used.
    """

    def __init__(self, log: Log, opened: Opened | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self.log, self.now, self.clock = log, now, Clock()
        if opened is not None:
            log.write([(SERVER, opened)])
        self._thread = ThreadPoolExecutor(1, "room")
        self._asked: asyncio.Queue[_Asked] = asyncio.Queue()
        self._listeners: set[Listener] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._markets: dict[tuple[object, ...], bytes] = {}
        self.room = self._built()
        self._tokens = dict(self.room.tokens)
        if opened is None:
            with self.log.writing() as add:
                _Writer(self, add).do(SERVER, Restarted(marketsim=marketsim.__version__))

    @classmethod
    def opening(cls, path: Path, setup: Setup, vendors: Sequence[str], title: str) -> Desk:
        """A new workshop in a new file.  vendors: that teams can play.  Raises MarketSimError."""
        opened = Opened(
            setup=setup, vendors=list(vendors), title=title, secret=new_secret(), marketsim=marketsim.__version__
        )
        return cls(Log(path), opened)

    def _built(self) -> Room:
        """The room that the log tells of; the clock stands as it did at the last line."""
        self.clock = Clock()

        def heeded() -> Any:
            for entry in self.log.entries():
                self.clock.heed(entry.body, entry.at)
                yield entry

        room = rebuilt(heeded())
        self.clock.continue_from(self.now())
        return room

    # -- coming and going -----------------------------------------------------------------------------------------

    async def __aenter__(self) -> Desk:
        self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._look_at_clock())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        for listener in self._listeners:
            listener.hang_up()
        self._thread.shutdown()
        self.log.close()

    async def admit_facilitator(self) -> str:
        """Another token of the facilitator; those that were given before stay good."""
        token = new_token()
        await self._ask(lambda writer: writer.do(FACILITATOR, Admitted(token_hash=hash_of(token))))
        return token

    def who(self, token: str) -> str | None:
        """Whose a token is: FACILITATOR, a vendor, or nobody's."""
        found = is_one_of(token, self._tokens)
        return None if found is None else self._tokens[found]

    async def listen(self, who: str) -> Listener:
        """Be told of the room from now on, beginning with all of it."""
        listener = Listener(who)
        self._listeners.add(listener)
        await self._tell()
        return listener

    async def leave(self, listener: Listener) -> None:
        """Be told no longer."""
        self._listeners.discard(listener)
        await self._tell()

    # -- commands -------------------------------------------------------------------------------------------------

    async def do(self, who: str, command: p.Command) -> p.Accepted | p.Refused:
        """Have a command written down, or refused."""
        try:
            accepted: p.Accepted = await self._ask(lambda writer: writer.command(who, command))
        except (Refusal, LogError) as error:
            return refused(error, command.id)
        return accepted

    async def join(self, wish: p.Join) -> p.Joined:
        """Take a seat.  Raises Refusal, or LogError."""
        joined: p.Joined = await self._ask(lambda writer: writer.join(wish))
        return joined

    async def market(self, who: str, first: int) -> bytes:
        """Quarters of the market from one on, as JSON of `protocol.Market`."""
        reader = None if who == FACILITATOR else who

        def made() -> bytes:
            room = self.room
            key = (reader, room.branch, room.world, room.played, first)
            if key not in self._markets:
                self._markets = {old: made for old, made in self._markets.items() if old[1:4] == key[1:4]}
                self._markets[key] = views.market(room, reader, first)
            return self._markets[key]

        return await self.read(made)

    async def read(self, look: Callable[[], Answer]) -> Answer:
        """Look at the room in its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, look)

    async def _ask(self, ask: Callable[[_Writer], Any]) -> Any:
        asked = _Asked(ask, asyncio.get_running_loop().create_future())
        await self._asked.put(asked)
        return await asked.answered

    async def _write(self) -> None:
        """Write what is asked for, all that waits at once."""
        while True:
            batch = [await self._asked.get()]
            while not self._asked.empty():
                batch.append(self._asked.get_nowait())
            answers = await self.read(lambda batch=batch: self._written([asked.ask for asked in batch]))  # type: ignore[misc]
            self._tokens = dict(self.room.tokens)
            for asked, answer in zip(batch, answers, strict=True):
                if asked.answered.done():  # nobody waits for it any more
                    continue
                if isinstance(answer, Exception):
                    asked.answered.set_exception(answer)
                else:
                    asked.answered.set_result(answer)
            await self._tell()

    def _written(self, batch: Sequence[Callable[[_Writer], Any]]) -> list[Any]:
        """The answers to all, which count: if they cannot be written, nothing has happened and all are told so."""
        answers: list[Any] = []
        try:
            with self.log.writing() as add:
                writer = _Writer(self, add)
                for ask in batch:
                    try:
                        answers.append(ask(writer))
                    except Refusal as error:
                        answers.append(error)
        except LogError as error:
            self.room = self._built()
            return [error] * len(batch)
        return answers

    async def _look_at_clock(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            left = self.clock.remaining(self.now())
            if self.room.phase == "open" and left is not None and left <= -GRACE:
                with suppress(LogError):  # tried again at the next look
                    await self._ask(lambda writer: writer.time_is_up())

    # -- telling --------------------------------------------------------------------------------------------------

    async def _tell(self) -> None:
        """Tell every listener what is new to it."""
        readers = {listener.who for listener in self._listeners}
        people = Counter(listener.who for listener in self._listeners)
        told = await self.read(lambda: {who: self._news(who, people) for who in readers})
        for listener in tuple(self._listeners):
            for kind, (fact, message) in told.get(listener.who, {}).items():
                listener.tell(kind, fact, message)

    def _news(self, who: str, people: Counter[str]) -> dict[str, tuple[bytes, bytes]]:
        """Everything that somebody may be told now, by kind; a listener takes what is new to it.

        Of each, what it says and the message: of the room, time that just goes by and the number of a line are no news.
        """
        room, left = self.room, self.clock.remaining(self.now())
        reader = None if who == FACILITATOR else who
        news: dict[str, Any] = {"room": views.room_now(room, people, left, reader)}
        if reader is None:
            news["office"] = views.office(room)
        else:
            news["form"] = views.form(room, room.seats[reader])
        news |= {f"told {told.number}": told for told in views.messages(room, reader)}
        found = {kind: (message.model_dump_json().encode(),) * 2 for kind, message in news.items()}
        end = None if left is None else round(left + (self.now() if room.phase == "open" else 0.0))
        fact = news["room"].model_copy(update={"seq": 0, "remaining": end})
        found["room"] = fact.model_dump_json().encode(), found["room"][1]
        return found


def refused(error: Exception, command: str | None = None) -> p.Refused:
    """What somebody is told whose command changes nothing."""
    if isinstance(error, Refusal):
        told = {"field": error.field, "value": error.value, "allowed": error.allowed}
        return p.Refused(id=command, message=error.message, **told)
    return p.Refused(id=command, message=str(error))
