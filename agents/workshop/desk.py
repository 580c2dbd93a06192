"""The desk of a workshop: takes commands one after the other, writes them down, and tells everybody what has changed.

All that touches the room and its log runs in one thread, so nothing of them is ever locked. Commands that come while
others are being written are written together: one wait for the disk for all of them. Only then are they answered.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import marketsim
from agents.game.setup import Setup
from agents.workshop import protocol as p
from agents.workshop.allowed import Refusal, check
from agents.workshop.clock import Clock
from agents.workshop.debrief import Debriefing
from agents.workshop.entries import FACILITATOR, SERVER, Admitted, Body, Entry, Opened, Restarted, Seated
from agents.workshop.log import Log, LogError
from agents.workshop.markets import Markets
from agents.workshop.room import Room, Seat, rebuilt
from agents.workshop.secrets import hash_of, is_one_of, new_secret, new_token, token_of
from agents.workshop.telling import Listener, News, form, news
from marketsim.errors import printable

GRACE = 2.0
"""Seconds after the clock has run out in which what is on its way is still taken."""
TICK = 0.25
"""Seconds between two looks at the clock."""
PAUSE, PAUSE_OF_EACH = 0.25, 0.005
"""Seconds between two times that everybody is told what has changed, and how many there are at least for each listener:
a browser's tab takes some thousandths of a second of this machine to draw it. A team's own form is told at once."""

LOGGER = logging.getLogger(__name__)

Answer = TypeVar("Answer")


@dataclass
class _Asked:
    """What waits to be written.  who: asks.  ask: makes the lines and the answer, in the room's thread."""

    who: str
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
        known = self.room.seq_of(who, command)
        if known is not None:
            return p.Accepted(id=command.id, seq=known)
        check(self.room, who, command)
        seq = self.do(who, command).seq
        if isinstance(command, p.Close):
            self.close()
        return p.Accepted(id=command.id, seq=seq)

    def close(self) -> None:
        """Play the quarter.  Raises Refusal if none is open."""
        body = self.room.close()
        self.room.seq = self._add(SERVER, body).seq
        self._desk.clock.heed(body, self._desk.now())

    def join(self, wish: p.Join) -> p.Joined:
        """A seat for somebody, once.  Raises Refusal."""
        token = new_token() if wish.again is None else token_of(self.room.opened.secret, wish.model_dump_json())
        known = self.room.tokens.get(hash_of(token))
        if known is not None:
            return self._joined(self.room.seats[known], token)
        seat, name = self.room.join(wish)
        self.do(seat.vendor, Seated(vendor=seat.vendor, name=name, token_hash=hash_of(token)))
        return self._joined(seat, token)

    def _joined(self, seat: Seat, token: str) -> p.Joined:
        return p.Joined(vendor=seat.vendor, name=seat.name or "", token=token, code=self.room.code_of(seat))

    def time_is_up(self) -> None:
        """Close the quarter if its time is over, which may have changed since it was looked at."""
        left = self._desk.clock.remaining(self._desk.now())
        if self.room.phase == "open" and left is not None and left <= -GRACE:
            self.close()


class Desk:
    """A workshop that is running.

    log: of the workshop, new or not.  opened: how it begins, if it is new.  address: for browsers of teams, if known.
    now: seconds of a clock that never jumps.  Raises MarketSimError for a log that cannot be used.
    """

    def __init__(self, log: Log, opened: Opened | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self.log, self.now = log, now
        if opened is not None and not log.empty:
            raise LogError(f"{printable(str(log.path), 400)} holds a workshop already")
        self._thread = ThreadPoolExecutor(1, "room")
        self._market_thread = ThreadPoolExecutor(1, "market")
        self._asked: asyncio.Queue[_Asked] = asyncio.Queue()
        self._listeners: set[Listener] = set()
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._markets = Markets()
        self.debriefing = Debriefing()
        self.address = ""
        self._in_doubt = self._stopped = False
        with self.log.writing() as add:  # a room that is begun is begun whole
            if opened is not None:
                add(SERVER, opened)
            self.room, self.clock = self._built()
            writer = _Writer(self, add)
            if opened is None:
                writer.do(SERVER, Restarted(marketsim=marketsim.__version__))
            while self.room.played < self.room.ahead:
                writer.do(FACILITATOR, p.Open(id=f"ahead-{self.room.quarter}"))
                writer.close()
        self._tokens = dict(self.room.tokens)

    @classmethod
    def opening(cls, path: Path, setup: Setup, vendors: Sequence[str], title: str, ahead: int = 0) -> Desk:
        """A new workshop in a new file.  vendors: that teams can play.  ahead: as of `Opened`.

        Raises MarketSimError.
        """
        opened = Opened(
            setup=setup,
            vendors=list(vendors),
            title=title,
            secret=new_secret(),
            marketsim=marketsim.__version__,
            ahead=ahead,
        )
        Room.of(opened)  # before there is a file
        return cls(Log(path), opened)

    def _built(self) -> tuple[Room, Clock]:
        """The room that the log tells of, and its clock as it stood at the last line.  Raises MarketSimError."""
        clock = Clock()

        def heeded() -> Iterator[Entry]:
            for entry in self.log.entries():
                clock.heed(entry.body, entry.at)
                yield entry

        room = rebuilt(heeded())
        clock.continue_from(self.now())
        return room, clock

    # -- coming and going -----------------------------------------------------------------------------------------

    async def __aenter__(self) -> Desk:
        steps = self._write, self._tell_changes, self._look_at_clock
        self._tasks = [asyncio.create_task(_for_ever(step)) for step in steps]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopped = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while not self._asked.empty():
            self._asked.get_nowait().answered.cancel()
        await self.debriefing.close()
        for listener in self._listeners:
            listener.hang_up()
        self._thread.shutdown()
        self._market_thread.shutdown()
        self.log.close()

    async def admit_facilitator(self) -> str:
        """Another token of the facilitator; those that were given before stay good."""
        token = new_token()
        await self._ask(FACILITATOR, lambda writer: writer.do(FACILITATOR, Admitted(token_hash=hash_of(token))))
        return token

    def who(self, token: str) -> str | None:
        """Whose a token is: FACILITATOR, a vendor, or nobody's."""
        found = is_one_of(token, self._tokens)
        return None if found is None else self._tokens[found]

    def still(self, who: str, hashed: str) -> bool:
        """Whether a token whose hash is known is still somebody's."""
        return self._tokens.get(hashed) == who

    async def listen(self, who: str) -> Listener:
        """Be told of the room from now on, beginning with all of it."""
        listener = Listener(who)
        self._listeners.add(listener)
        try:
            await self._tell([listener])
        except BaseException:  # it has gone meanwhile
            self._listeners.discard(listener)
            raise
        finally:
            self._changed.set()
        return listener

    async def leave(self, listener: Listener) -> None:
        """Be told no longer."""
        self._listeners.discard(listener)
        self._changed.set()

    # -- commands -------------------------------------------------------------------------------------------------

    async def do(self, who: str, command: p.Command) -> p.Accepted | p.Refused:
        """Have a command written down, or refused."""
        try:
            return await self.accept(who, command)
        except (Refusal, LogError) as error:
            return refused(error, command.id)

    async def accept(self, who: str, command: p.Command) -> p.Accepted:
        """The same.  Raises Refusal, or LogError."""
        accepted: p.Accepted = await self._ask(who, lambda writer: writer.command(who, command))
        return accepted

    async def join(self, wish: p.Join) -> p.Joined:
        """Take a seat.  Raises Refusal, or LogError."""
        joined: p.Joined = await self._ask(SERVER, lambda writer: writer.join(wish))
        return joined

    async def market(self, who: str, first: int, packed: bool = False) -> bytes:
        """Quarters of the market from one on, as JSON of `protocol.Market`.  packed: by gzip."""
        reader = None if who == FACILITATOR else who
        content = await self.read(lambda: self._markets.of(self.room, reader, first, packed))
        return await asyncio.get_running_loop().run_in_executor(self._market_thread, content)

    async def read(self, look: Callable[[], Answer]) -> Answer:
        """Look at the room in its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, look)

    async def _ask(self, who: str, ask: Callable[[_Writer], Any]) -> Any:
        if self._stopped:
            raise LogError("the server stops")
        asked = _Asked(who, ask, asyncio.get_running_loop().create_future())
        await self._asked.put(asked)
        return await asked.answered

    async def _write(self) -> None:
        """Write what is asked for, all that waits at once."""
        batch = [await self._asked.get()]
        while not self._asked.empty():
            batch.append(self._asked.get_nowait())
        forms: dict[str, News] = {}
        try:
            answers, forms = await self.read(lambda: self._written(batch))
        except asyncio.CancelledError:
            for asked in batch:
                asked.answered.cancel()
            raise
        except Exception as error:
            answers = [error] * len(batch)
        self._tokens = dict(self.room.tokens)
        for asked, answer in zip(batch, answers, strict=True):
            _answer(asked.answered, answer)
        for listener in self._listeners:
            listener.tell(forms.get(listener.who, {}))
        self._changed.set()
        if self.room.over:
            self.debriefing.begin(self)

    def _written(self, batch: Sequence[_Asked]) -> tuple[list[Any], dict[str, News]]:
        """The answers to all, and the forms of the teams that asked."""
        answers = self._answers([asked.ask for asked in batch])
        teams = {asked.who for asked in batch} & self.room.seats.keys()
        return answers, {who: form(self.room, who) for who in teams}

    def _answers(self, asks: Sequence[Callable[[_Writer], Any]]) -> list[Any]:
        """What is answered to each; a Refusal or another error for what has not happened.

        What cannot be written has not happened, and all who asked are told so; a mistake in one keeps no other from it.
        """
        clock = copy(self.clock)
        if self._in_doubt:
            self._build_again(clock)
        try:
            with self.log.writing() as add:
                writer = _Writer(self, add)
                return [_tried(ask, writer) for ask in asks]
        except Exception as error:
            self._build_again(clock)
            if isinstance(error, LogError) or len(asks) == 1:
                return [error] * len(asks)
        return [answer for ask in asks for answer in self._answers([ask])]

    def _build_again(self, clock: Clock) -> None:
        """Forget what was done but not written.  clock: goes on.  Raises MarketSimError, and is to be tried again."""
        self._in_doubt, self.clock = True, clock
        self.room, _ = self._built()
        self._in_doubt = False

    async def _look_at_clock(self) -> None:
        await asyncio.sleep(TICK)
        left = self.clock.remaining(self.now())
        if self.room.phase == "open" and left is not None and left <= -GRACE:
            with suppress(LogError):  # tried again at the next look
                await self._ask(SERVER, lambda writer: writer.time_is_up())

    # -- telling --------------------------------------------------------------------------------------------------

    async def _tell_changes(self) -> None:
        await self._changed.wait()
        self._changed.clear()
        await self._tell(self._listeners)
        await asyncio.sleep(max(PAUSE, PAUSE_OF_EACH * len(self._listeners)))

    async def _tell(self, listeners: Iterable[Listener]) -> None:
        """Tell listeners what is new to them."""
        listeners = tuple(listeners)
        people = Counter(listener.who for listener in self._listeners)
        told = await self.read(lambda: self._news({listener.who for listener in listeners}, people))
        for listener in listeners:
            listener.tell(told[listener.who])

    def _news(self, readers: Iterable[str], people: Mapping[str, int]) -> dict[str, News]:
        now = self.now()
        left = self.clock.remaining(now)
        end = None if left is None else round(left + (now if self.room.phase == "open" else 0.0))
        return news(self.room, readers, people, left, end, self.address)


async def _for_ever(step: Callable[[], Awaitable[None]]) -> None:
    """Do something again and again; a mistake in it is reported, and ends neither it nor the workshop."""
    while True:
        try:
            await step()
        except Exception:
            LOGGER.exception("a mistake of the workshop's server")
            await asyncio.sleep(1.0)


def _tried(ask: Callable[[_Writer], Any], writer: _Writer) -> Any:
    try:
        return ask(writer)
    except Refusal as refusal:
        return refusal


def _answer(asked: asyncio.Future[Any], answer: Any) -> None:
    if asked.done():  # nobody waits for it any more
        return
    if isinstance(answer, Exception):
        asked.set_exception(answer)
    else:
        asked.set_result(answer)


def refused(error: Exception, command: str | None = None) -> p.Refused:
    """What somebody is told whose command changes nothing."""
    if isinstance(error, Refusal):
        told = {"field": error.field, "value": error.value, "allowed": error.allowed}
        return p.Refused(id=command, message=error.message, **told)
    return p.Refused(id=command, message=error.told if isinstance(error, LogError) else str(error))
