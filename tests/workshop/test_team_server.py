"""A team's client and a real server: joining, coming back, losing the link, losing the seat."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from marketsim.places import seats_file, settings_file
from tests.tui.conftest import home, text
from tests.workshop.consoles import until
from tests.workshop.members import on_form
from tests.workshop.serving import Served, serving
from tui.settings import Settings
from tui.workshop import connection
from tui.workshop.connection import Connection, WorkshopError
from tui.workshop.console import ConsoleApp
from tui.workshop.join import Joining
from tui.workshop.lobby import Lobby
from tui.workshop.open import seated
from tui.workshop.team import TeamApp

__all__ = ["home"]


def client(served: Served, token: str = "") -> TeamApp:
    return TeamApp(Connection(served.address, token), Settings(language="en", theme="night"))


async def test_joining_and_coming_back(tmp_path: Path):
    with serving(tmp_path / "room.workshop") as served:
        app = client(served)
        async with app.run_test(size=(100, 30)) as pilot:
            await until(pilot, lambda: "Baidu Kunlunxin" in text(pilot))
            await pilot.press(*"NOPE-1234", "enter")
            await until(pilot, lambda: "neither the room's code nor a team's" in text(pilot))
            await pilot.press("ctrl+u", *served.code, "enter")
            await until(pilot, lambda: "a new team needs a name" in text(pilot))
            await pilot.press(*"Tigers", "tab", "down", "down", "enter")
            await until(pilot, lambda: "Tigers plays Alibaba T-Head" in text(pilot))
            code = app.membership.form.code
            assert code in text(pilot)

        kept = json.loads(seats_file().read_text())
        assert seats_file().stat().st_mode & 0o777 == 0o600 and len(kept) == 1
        assert next(iter(kept)).startswith(served.address)

        again = client(served)
        async with again.run_test(size=(100, 30)) as pilot:
            await until(pilot, lambda: "Tigers plays Alibaba T-Head" in text(pilot))
            await pilot.press("n")  # another seat: nobody is sent back to the one that is known
            await until(pilot, lambda: isinstance(again.screen, Joining) and "Huawei" in text(pilot))
            await pilot.press(*code.lower().replace("-", ""), "enter")
            await until(pilot, lambda: "Tigers plays" in text(pilot) and again.membership.own.people == 1)


async def test_a_seat_whose_answer_was_lost_is_given_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fetch, lost = Connection.fetch, []

    async def cut_once(self: Connection, path: str, content: dict[str, Any] | None = None, **more: float) -> bytes:
        answer = await fetch(self, path, content, **more)
        if path == "/api/join" and not lost:
            lost.append(answer)
            raise WorkshopError("does not answer")
        return answer

    monkeypatch.setattr(Connection, "fetch", cut_once)
    with serving(tmp_path / "room.workshop") as served:
        app = client(served)
        async with app.run_test(size=(100, 30)) as pilot:
            await until(pilot, lambda: app.screen.card is not None)
            await pilot.press(*served.code, "tab", *"Tigers", "enter")
            await until(pilot, lambda: bool(lost) and "does not answer" in text(pilot))
            await pilot.press("enter")
            await until(pilot, lambda: "Tigers plays" in text(pilot))
        assert app.connection.token == json.loads(lost[0])["token"]


async def test_the_facilitators_token_opens_the_console(tmp_path: Path):
    with serving(tmp_path / "room.workshop") as served:
        app = client(served)
        async with app.run_test(size=(100, 30)) as pilot:
            await until(pilot, lambda: app.screen.card is not None)
            code = app.screen.query_one("#code")
            await pilot.press(*f"#{served.facilitator}")
            assert served.facilitator not in text(pilot) and code.password
            await pilot.press("ctrl+u", *served.code)
            assert served.code in text(pilot)
            await pilot.press("ctrl+u", *f"#{served.facilitator}", "enter")
            await until(pilot, lambda: isinstance(app.then, ConsoleApp))
        assert app.then.connection.token == served.facilitator


async def test_the_link_is_cut_and_nothing_that_was_typed_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection, "LONGEST", 0.6)
    path = tmp_path / "room.workshop"
    with serving(path) as served:
        seat = served.join("Tigers")
        served.do("open", seconds=900)
        app = client(served, seat.token)
        pilot_of = app.run_test(size=(100, 30))
        pilot = await pilot_of.__aenter__()
        await until(pilot, lambda: app.session is not None and app.session.state == "open")
        await on_form(pilot)
        was = app.session.draft.price
    await until(pilot, lambda: "offline" in text(pilot))
    assert "what you type is kept here" in text(pilot)
    await pilot.press("right", "right")
    await pilot.pause(0.6)  # while nobody is there to be told
    await pilot.press("right", "space")
    assert app.session.draft.price == was + 6 and "offline" in text(pilot)
    with serving(path) as served:
        app.connection.address = served.address  # the same in a class; here the port is another one
        room = served.desk.room
        await until(pilot, lambda: room.seats[seat.vendor].plan.price == was + 6)
        await until(pilot, lambda: "paused" in text(pilot) and "offline" not in text(pilot))
        assert app.session.draft.price == was + 6, "a plan cannot be handed in while the clock stands still"
        served.do("resume")
        await until(pilot, lambda: "not handed in" in text(pilot))
        await pilot.press("space")
        await until(pilot, lambda: "✓ handed in" in text(pilot))
        assert room.seats[seat.vendor].submitted == app.session.draft
        await pilot_of.__aexit__(None, None, None)


async def test_whoever_loses_the_seat_joins_again_or_is_told(tmp_path: Path):
    with serving(tmp_path / "room.workshop") as served:
        seat = served.join("Tigers")
        app = client(served, seat.token)
        async with app.run_test(size=(100, 30)) as pilot:
            await until(pilot, lambda: isinstance(app.screen, Lobby) and app.session is not None)
            served.do("release", vendor=seat.vendor)
            await until(pilot, lambda: isinstance(app.screen, Joining) and "no longer, yours" in text(pilot))
            assert app.session is None and not app.membership.messages
            await pilot.press(*served.code, "tab", *"Lions", "enter")
            await until(pilot, lambda: "Lions plays" in text(pilot))


async def test_what_opens_a_tab(tmp_path: Path):
    with serving(tmp_path / "room.workshop") as served:
        seat = served.join("Tigers")

        def both() -> tuple[object, object]:
            return seated(served.address, seat.token), seated(served.address, served.facilitator)

        team, console = await asyncio.to_thread(both)
        assert isinstance(team, TeamApp) and not team.own_machine and isinstance(console, ConsoleApp)
        async with team.run_test(size=(100, 30)) as pilot:
            await until(pilot, lambda: team.session is not None)
            await pilot.press("l", "t")
            await until(pilot, lambda: "本队" in text(pilot))
            assert "换席位" not in text(pilot)
            assert not seats_file().exists() and not settings_file().exists(), "nothing of it is the host's"
