"""What is lost of a workshop in which everything fails while teams decide, and what is counted twice.

The server is a real process and is killed at random moments, its machine's clock is set back and forth, and clients
(those that people use) are cut off. Each notes what it was told; afterwards that is compared with the log.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from agents.game.plan import Plan
from agents.game.setup import Setup
from agents.workshop import protocol as p
from agents.workshop.desk import Desk
from agents.workshop.entries import FACILITATOR, Closed, Entry
from agents.workshop.limits import Buckets, Limits
from agents.workshop.listening import WorkshopServer
from agents.workshop.log import Log
from agents.workshop.room import rebuilt
from agents.workshop.server import app
from tui.workshop.connection import Connection, Heard, new_id

UP_WITHIN = 60.0
"""Seconds."""
HOUR = 3600.0

# -- The server --------------------------------------------------------------------------------------------------------


def serve(path: Path, port: int, seed: int | None) -> None:
    """Serve the workshop of a file, until killed.  seed: of how the machine's clock jumps; none: it does not."""
    if seed is not None:
        real, chance = time.time, random.Random(seed)
        time.time = lambda: real() + chance.choice((-HOUR, 0.0, HOUR))
    asyncio.run(_served(path, port))


async def _served(path: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as listening:
        async with Desk(Log(path)) as desk:
            limits = Limits(commands=Buckets(1000.0, 1000))
            await WorkshopServer(app(desk, limits)).serve_on(listening)


class Server:
    """A server that can be killed and started again.  jumping: its machine's clock is set back and forth."""

    def __init__(self, path: Path, jumping: bool = True) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.path, self.jumping, self.starts = path, jumping, 0
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["benchmarks.faults"])
        self._process: BaseProcess | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; it is not up at once."""
        self.starts += 1
        seed = self.starts if self.jumping else None
        self._process = self._processes.Process(target=serve, args=(self.path, self.port, seed), daemon=True)
        self._process.start()

    def kill(self) -> None:
        """Kill it with signal 9."""
        assert self._process is not None
        self._process.kill()
        self._process.join()

    async def up(self) -> None:
        """Wait until it answers.  Raises TimeoutError."""
        async with asyncio.timeout(UP_WITHIN):
            while True:
                with suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    return
                assert self._process is not None and self._process.is_alive(), "the server has ended by itself"
                await asyncio.sleep(0.01)


# -- Clients -----------------------------------------------------------------------------------------------------------


@dataclass
class Note:
    """A command, and what was answered; nothing, as long as nothing was."""

    who: str
    command: p.Command
    answer: p.Accepted | p.Refused | None = None


@dataclass
class Client:
    """Somebody who decides, and notes what he is told.  who: FACILITATOR or a vendor."""

    who: str
    connection: Connection
    chance: random.Random
    notes: list[Note] = field(default_factory=list)
    room: p.RoomNow | None = None
    plan: Plan | None = None

    @property
    def answered(self) -> int:
        """Commands that were."""
        return sum(note.answer is not None for note in self.notes)

    def heed(self, heard: Heard) -> None:
        """Take note of what is told."""
        if isinstance(heard, p.RoomNow):
            self.room = heard
        elif isinstance(heard, p.Form):
            self.plan = heard.plan

    async def play(self, on: Callable[[], bool]) -> None:
        """Do one thing after the other.  on: whether to go on."""
        following = asyncio.create_task(self.connection.follow(self.heed))
        try:
            while on():
                await asyncio.sleep(self.chance.uniform(0.0, 0.02 if self.who == FACILITATOR else 0.1))
                command = self._next()
                if command is not None:
                    note = Note(self.who, command)
                    self.notes.append(note)
                    note.answer = await self.connection.do(command)
        finally:
            following.cancel()

    def cut(self) -> None:
        """Have the connection break, as by a cable that is pulled."""
        link = self.connection._socket
        if link is not None:
            link.transport.abort()

    def _next(self) -> p.Command | None:
        if self.room is None:
            return None
        return _facilitated(self.room, self.chance) if self.who == FACILITATOR else self._decided(self.room)

    def _decided(self, room: p.RoomNow) -> p.Command | None:
        if self.plan is None:
            return None
        price, what = self.chance.uniform(10.0, 90.0), self.chance.random()
        if what < 0.6:
            return p.Submit(id=new_id(), quarter=room.quarter, plan=self.plan.with_value("price", price))
        if what < 0.9:
            return p.Edit(id=new_id(), quarter=room.quarter, values={"price": price})
        return p.Withdraw(id=new_id(), quarter=room.quarter)


def _facilitated(room: p.RoomNow, chance: random.Random) -> p.Command | None:
    """What the facilitator does next: he keeps the room going, and goes back when the market is over."""
    if room.phase == "paused":
        return p.Resume(id=new_id())
    if room.phase == "open":
        close, extend = p.Close(id=new_id()), p.Extend(id=new_id(), seconds=5)
        todo: list[p.Command] = [close, close, extend, p.Tell(id=new_id(), text="well done")]
        return chance.choice(todo)
    if room.played == room.quarters:
        return p.RollBack(id=new_id(), played=chance.randrange(room.quarters))
    return p.Open(id=new_id(), seconds=chance.choice([None, 1, 60]))


# -- The trial ---------------------------------------------------------------------------------------------------------


@dataclass
class Report:
    """What a trial came to.  wrong: everything that was not as clients had been told."""

    kills: int
    cuts: int
    lines: int
    quarters: int
    answers: Counter[str]
    wrong: list[str]


async def prepared(path: Path, setup: Setup, teams: int, members: int) -> tuple[str, list[p.Joined]]:
    """A new workshop in a file; the facilitator's token, and the seats of all members."""
    async with Desk.opening(path, setup, list(setup.world().vendors)[:teams], "Faults") as desk:
        token = await desk.admit_facilitator()
        seats = []
        for number in range(teams):
            first = await desk.join(p.Join(code=desk.room.code, name=f"Team {number}"))
            seats += [first, *[await desk.join(p.Join(code=first.code)) for _ in range(members - 1)]]
    return token, seats


async def trial(path: Path, setup: Setup, kills: int, teams: int, members: int, seed: int) -> Report:
    """Play in a workshop whose server is killed so often, and see what came of it."""
    token, seats = await prepared(path, setup, teams, members)
    chance, server = random.Random(seed), Server(path)
    server.start()
    whose = [(FACILITATOR, token), *[(seat.vendor, seat.token) for seat in seats]]
    clients = [Client(who, Connection(server.address, token), random.Random(chance.random())) for who, token in whose]
    playing, cuts = True, 0
    tasks = [asyncio.create_task(client.play(lambda: playing)) for client in clients]
    for _ in range(kills):
        await server.up()
        wanted = sum(client.answered for client in clients) + chance.randrange(3, 15) * len(clients)
        async with asyncio.timeout(UP_WITHIN):
            while sum(client.answered for client in clients) < wanted:
                await asyncio.sleep(chance.uniform(0.0, 0.1))
                chance.choice(clients).cut()
                cuts += 1
        await asyncio.sleep(chance.uniform(0.0, 0.05))
        server.kill()
        server.start()
    await server.up()
    playing = False
    async with asyncio.timeout(UP_WITHIN):
        await asyncio.gather(*tasks)
    server.kill()
    notes = [note for client in clients for note in client.notes]
    with closing(Log(path)) as log:
        entries = list(log.entries())
    return Report(
        kills,
        cuts,
        len(entries),
        sum(isinstance(entry.body, Closed) for entry in entries),
        Counter("none" if note.answer is None else note.answer.kind for note in notes),
        [*compared(entries, notes), *folded(entries)],
    )


def compared(entries: list[Entry], notes: list[Note]) -> Iterator[str]:
    """Where the log says something else than clients were told."""
    lines: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        if isinstance(entry.body, p.Command):
            if (entry.who, entry.body.id) in lines:
                yield f"line {entry.seq} counts a command twice that line {lines[entry.who, entry.body.id].seq} has"
            lines[entry.who, entry.body.id] = entry
    for note in notes:
        found = lines.pop((note.who, note.command.id), None)
        if isinstance(note.answer, p.Accepted):
            if found is None:
                yield f"{note.command} of {note.who} was accepted and is lost"
            elif (found.seq, found.body) != (note.answer.seq, note.command):
                yield f"line {found.seq} is not what {note.who} was told: {note.command}"
        elif note.answer is not None and found is not None:
            yield f"line {found.seq} was refused: {note.answer.message}"
    for entry in lines.values():
        yield f"line {entry.seq} was sent by nobody: {entry.body}"


def folded(entries: list[Entry]) -> Iterator[str]:
    """Where quarters were not played with what had been handed in last, or come out otherwise when played again."""
    handed_in: dict[str, Plan] = {}
    for entry in entries:
        if isinstance(entry.body, p.Submit):
            handed_in[entry.who] = entry.body.plan
        elif isinstance(entry.body, p.Withdraw):
            handed_in.pop(entry.who, None)
        elif isinstance(entry.body, Closed | p.RollBack):
            if isinstance(entry.body, Closed):
                how, plans = entry.body.how, entry.body.plans
                played = {vendor: plan for vendor, plan in plans.items() if how[vendor] == "submitted"}
                if played != handed_in:
                    yield f"line {entry.seq} plays something else than was handed in"
            handed_in.clear()
    if (differs := rebuilt(iter(entries)).differs) is not None:
        yield f"{differs} comes out otherwise when it is played again"


@contextmanager
def hasty() -> Iterator[None]:
    """Have clients come back at once, so that a trial takes seconds."""
    from tui.workshop import connection

    kept = connection.SHORTEST, connection.LONGEST
    connection.SHORTEST, connection.LONGEST = 0.01, 0.05
    try:
        yield
    finally:
        connection.SHORTEST, connection.LONGEST = kept
