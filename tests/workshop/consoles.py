"""A facilitator at the console, for tests: the application without a terminal, at a desk without a network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path

import pytest
from textual.pilot import Pilot

from agents.game.setup import Setup
from agents.workshop import protocol as p
from agents.workshop import views
from agents.workshop.debrief import debrief
from agents.workshop.desk import Desk
from agents.workshop.entries import FACILITATOR
from tests.tui.conftest import text
from tui.settings import Settings
from tui.speech import Language, Speech
from tui.workshop.connection import Connection, Heard, Link, WorkshopError, new_id
from tui.workshop.console import ConsoleApp

ADDRESS = "http://192.168.1.20:8000"


class AtTheDesk(Connection):
    """A connection without a network in between.  who: FACILITATOR, or the vendor of a team."""

    def __init__(self, desk: Desk, who: str = FACILITATOR) -> None:
        super().__init__(ADDRESS, f"the-token-of-{who}")
        self.desk, self.who = desk, who
        self.exports: dict[str, bytes] = {}
        self.asked = ""

    async def follow(self, heed: Callable[[Heard], None]) -> None:
        listener = await self.desk.listen(self.who)
        heed(Link(up=True))
        while (message := await listener.waiting.get()) is not None:
            heed(p.MESSAGES.validate_json(message))

    async def do(self, command: p.Command) -> p.Accepted | p.Refused:
        return await self.desk.do(self.who, command)

    async def market(self, first: int = 0) -> p.Market:
        return p.Market.model_validate_json(await self.desk.market(self.who, first))

    async def fetch(self, path: str, content: object = None, patience: float = 0.0) -> bytes:
        if path == "/api/library":
            return (await self.desk.read(lambda: views.library(self.desk.room))).model_dump_json().encode()
        if path == "/api/debrief":
            return await debrief(self.desk)
        self.asked = path
        name = path.removeprefix("/api/exports/").partition("?")[0]
        if name not in self.exports:
            raise WorkshopError("there is no such export", 404)
        return self.exports[name]


@asynccontextmanager
async def room(path: Path, firms: int = 0, teams: int = 3, seats: int = 0, quarters: int = 6) -> AsyncIterator[Desk]:
    """A desk with a room in which teams have taken seats.  seats: that there are, as many as vendors if 0."""
    setup = Setup(seed=5, quarters=quarters, firms=firms or None)
    vendors = vendors_of(setup)[: seats or None]
    async with Desk.opening(path / "room.sqlite", setup, vendors, "Chips 101") as desk:
        for number in range(teams):
            await desk.join(p.Join(code=desk.room.code, name=NAMES[number % len(NAMES)] + str(number or "")))
        yield desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """With a room of three teams."""
    async with room(tmp_path) as opened:
        yield opened


@cache
def vendors_of(setup: Setup) -> list[str]:
    """All that there are, in their order."""
    return list(setup.world().vendors)


NAMES = ("Alpha", "玄武", "白泽", "Longer Name of a Team")


@asynccontextmanager
async def console(
    desk: Desk, language: Language = "en", size: tuple[int, int] = (120, 36)
) -> AsyncIterator[Pilot[None]]:
    """The application on its first screen, with all that it fetches at the beginning."""
    app = ConsoleApp(AtTheDesk(desk), settings=Settings(language=language, theme="night"))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.market is not None and app.overview.library is not None)
        yield pilot


async def until(pilot: Pilot[None], true: Callable[[], bool]) -> None:
    """Wait until something is so, and is on the screen."""
    for _ in range(1500):
        with suppress(Exception):
            if true():
                break
        await pilot.pause(0.01)
    assert true()
    if hasattr(pilot.app.screen, "changed"):
        pilot.app.screen.redraw()
    await pilot.pause()


async def submit(desk: Desk, vendor: str) -> None:
    """A team hands in its form as it stands."""
    plan = desk.room.seats[vendor].plan
    answer = await desk.do(vendor, p.Submit(id=new_id(), quarter=desk.room.quarter, plan=plan))
    assert isinstance(answer, p.Accepted), answer


async def play(desk: Desk, quarters: int = 1) -> None:
    """Quarters in which nobody hands in."""
    for _ in range(quarters):
        for command in (p.Open(id=new_id()), p.Close(id=new_id())):
            answer = await desk.do(FACILITATOR, command)
            assert isinstance(answer, p.Accepted), answer


async def pressed(pilot: Pilot[None], *keys: str) -> None:
    """Keys one after the other, with what each leads to."""
    for key in keys:
        await pilot.press(key)
    await pilot.pause()


async def typed(pilot: Pilot[None], text: str, *keys: str) -> None:
    """A text in the place of what stands in the line, and then some keys."""
    pilot.app.focused.value = text
    await pressed(pilot, *keys)


def log(pilot: Pilot[None], language: str = "en") -> str:
    speech = Speech(language)
    return "\n".join(sentence(speech) for _, sentence in pilot.app.overview.log)


def one_line(pilot: Pilot[None]) -> str:
    """What stands on the screen, with the lines of a dialog joined."""
    lines = [line.split("│")[len(line.split("│")) // 2] for line in text(pilot).splitlines()]
    return " ".join(" ".join(lines).split())
