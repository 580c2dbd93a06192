"""A lesson from its first to its last key at the console of a real server, over its real port."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from zipfile import ZipFile, is_zipfile

from websockets import Origin
from websockets.sync.client import ClientConnection, connect

from tests.tui.conftest import home, text
from tests.workshop.consoles import until
from tests.workshop.serving import PATIENCE, Served, serving, told
from tui.settings import Settings
from tui.web.workshop import Tabs
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
            await pilot.press("x", "down", "tab", "space")
            app.screen.query_one("#line-folder").value = str(tmp_path)
            await pilot.press("enter")
            await until(pilot, lambda: (tmp_path / "tables-anonymous.zip").exists() and isinstance(app.screen, Console))
            named, nameless = (b"".join(contents(tmp_path / f"tables{end}.zip")) for end in ("", "-anonymous"))
            assert "玄武".encode() in named and "玄武".encode() not in nameless
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


def contents(path: Path) -> Iterator[bytes]:
    with ZipFile(path) as archive:
        yield from (archive.read(name) for name in archive.namelist())


def test_a_browser_saves_an_export_with_its_other_downloads(tmp_path: Path):
    with serving(tmp_path / "room.workshop", extra_routes=lambda desk: Tabs(desk).routes) as served:
        served.join("Alpha")
        for kind in ("open", "close"):
            assert served.do(kind).status_code == 200
        url, page = f"ws://{served.host}/terminal?width=120&height=36", Origin(served.address)
        with connect(url, origin=page, max_size=None, open_timeout=PATIENCE) as tab:
            tab.send(json.dumps(["hello", {"token": served.facilitator, "language": "en"}]))
            shown(tab, b"Huawei")
            tab.send(json.dumps(["stdin", "x"]))
            shown(tab, b"Your browser saves it")
            tab.send(json.dumps(["stdin", "\x1b[B\r"]))
            key = started(tab)
            answer = served.get(f"/download/{key}")
            assert answer.headers["content-disposition"] == 'attachment; filename="tables.zip"'
            assert is_zipfile(io.BytesIO(answer.content))
            assert served.get(f"/download/{key}").status_code == 404, "it is given away once"


def shown(tab: ClientConnection, text: bytes) -> None:
    """Wait until the terminal of a tab shows something."""
    seen = b""
    while text not in seen:
        told = tab.recv(timeout=PATIENCE)
        seen += told if isinstance(told, bytes) else b""


def started(tab: ClientConnection) -> str:
    """The key of the next file that is given to the browser."""
    while True:
        told = tab.recv(timeout=PATIENCE)
        if isinstance(told, str) and (message := json.loads(told))[0] == "deliver_file_start":
            return str(message[1])


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
