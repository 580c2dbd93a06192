"""A lesson from its first to its last key at the console of a real server, over its real port."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path
from zipfile import is_zipfile

from tests.tui.conftest import home, text
from tests.workshop.consoles import until
from tests.workshop.serving import Served, serving, told
from tui.settings import Settings
from tui.workshop.connection import Connection
from tui.workshop.console import ConsoleApp
from tui.workshop.console_room import Console
from tui.workshop.debrief import RoomDebriefScreen

__all__ = ["home"]


def hand_in(served: Served, token: str) -> None:
    """A team that hands in its form as it stands."""
    with served.live(token) as websocket:
        form = told(websocket, "form")
    assert served.do("submit", token, quarter=form["quarter"], plan=form["plan"]).status_code == 200


async def test_a_lesson(tmp_path: Path):
    with serving(tmp_path / "room.workshop", quarters=2) as served, ExitStack() as open_:
        teams = [served.join(name) for name in ("Alpha", "玄武", "Late")]
        open_.enter_context(served.live(teams[0].token))
        app = ConsoleApp(Connection(served.address, served.facilitator), Settings(language="en", theme="night"))
        async with app.run_test(size=(120, 36)) as pilot:
            overview = app.overview

            async def in_phase(phase: str) -> None:
                await until(pilot, lambda: overview.room.phase == phase and isinstance(app.screen, Console))

            await until(pilot, lambda: app.market is not None and overview.library is not None)
            assert served.code in text(pilot) and overview.people == 1
            await pilot.press("o", "enter")
            await in_phase("open")
            for team in teams[:2]:
                await asyncio.to_thread(hand_in, served, team.token)
            await until(pilot, lambda: len(overview.undecided) == 1)
            await pilot.press("c", "y")
            await in_phase("results")
            await until(pilot, lambda: len(app.market.turns) == 1)
            assert overview.room.how[teams[1].vendor] == "submitted" and overview.room.how[teams[2].vendor] == "held"
            await pilot.press("x", "down")
            app.screen.query_one("#line-folder").value = str(tmp_path)
            await pilot.press("enter")
            await until(pilot, lambda: (tmp_path / "tables.zip").exists() and isinstance(app.screen, Console))
            assert is_zipfile(tmp_path / "tables.zip")
            await pilot.press("u", "enter")
            await until(pilot, lambda: overview.room.phase == "lobby" and not app.market.turns)
            for _ in range(2):
                await pilot.press("o", "enter")
                await in_phase("open")
                await pilot.press("c", "y")
                await in_phase("results")
            await pilot.press("d", "y")
            await in_phase("debrief")
            await pilot.press("9")
            await until(pilot, lambda: isinstance(app.screen, RoomDebriefScreen) and app.screen.past is not None)
            assert "玄武" in text(pilot) and not served.desk.room.differs


async def test_the_console_comes_back_when_the_server_does(tmp_path: Path):
    path = tmp_path / "room.workshop"
    with serving(path) as served:
        served.join("Alpha")
        connection = Connection(served.address, served.facilitator)
        app = ConsoleApp(connection, Settings(language="en", theme="night"))
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app.overview.connected and bool(app.overview.teams))
            served.loop.call_soon_threadsafe(_cut, served)
            await until(pilot, lambda: "the connection is cut" in log(app))
            await until(pilot, lambda: log(app).count("connected") == 2 and app.overview.connected)


def _cut(served: Served) -> None:
    for listener in tuple(served.desk._listeners):
        listener.hang_up()


def log(app: ConsoleApp) -> str:
    return "\n".join(sentence(app.speech) for _, sentence in app.overview.log)
