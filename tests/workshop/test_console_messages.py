"""Messages of the facilitator: to whom they go, and how the console's log tells of them."""

from __future__ import annotations

import pytest

from agents.workshop import protocol as p
from agents.workshop.desk import Desk
from tests.tui.conftest import home
from tests.workshop.consoles import console, desk, log, pressed, submit, typed, until
from tests.workshop.test_console import do, phase, vendor
from tui.workshop.connection import new_id
from tui.workshop.console_dialogs import Ask
from tui.workshop.console_room import Console

__all__ = ["desk", "home"]


async def test_messages_go_to_all_to_one_or_to_those_that_are_late(desk: Desk):
    async with console(desk, size=(80, 24)) as pilot:
        await do(desk, p.Open(id=new_id()))
        await submit(desk, vendor(desk, 0))
        await until(pilot, lambda: pilot.app.overview.teams[0].decided)
        for downs, said in enumerate(("Good morning", "Think of memory", "Two minutes")):
            await pressed(pilot, "m")
            await typed(pilot, said, "shift+tab", *["down"] * downs, "enter")
            await until(pilot, lambda said=said: said in log(pilot) and isinstance(pilot.app.screen, Console))
        readers = [(message.text, reader) for message, reader in desk.room.messages]
        assert readers[:2] == [("Good morning", None), ("Think of memory", pilot.app.screen.chosen)]
        assert readers[2:] == [("Two minutes", vendor(desk, 1)), ("Two minutes", vendor(desk, 2))]
        await until(pilot, lambda: "to 玄武1, 白泽2: Two minutes" in log(pilot))
        name = pilot.app.overview.team(pilot.app.screen.chosen).name
        assert f"to all: Good morning\nto {name}: Think of memory\nto 玄武1, 白泽2: Two minutes" in log(pilot)
        assert log(pilot).count("Two minutes") == 1 and "发给玄武1、白泽2：Two minutes" in log(pilot, "zh")
        await do(desk, p.Tell(id=new_id(), text="Two minutes", vendor=vendor(desk, 0)))
        await until(pilot, lambda: "to one team: Two minutes" in log(pilot))  # it was sent from elsewhere


async def test_a_message_that_is_refused_for_a_team_does_not_name_it(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    async def refusing(who: str, command: p.Command) -> p.Accepted | p.Refused:
        if isinstance(command, p.Tell) and command.vendor == vendor(desk, 1):
            return p.Refused(message="the disk is full")
        return await done(who, command)

    done = desk.do
    async with console(desk, size=(80, 24)) as pilot:
        await do(desk, p.Open(id=new_id()))
        await phase(pilot, "open")
        monkeypatch.setattr(desk, "do", refusing)
        await pressed(pilot, "m")
        await typed(pilot, "Two minutes", "shift+tab", "down", "down", "enter")
        await until(pilot, lambda: "Two minutes" in log(pilot))
        assert isinstance(pilot.app.screen, Ask), "what is wrong is told there"
        assert "to Alpha: Two minutes" in log(pilot).splitlines()


async def test_messages_of_before_are_not_told_as_if_they_were_of_now(desk: Desk):
    await do(desk, p.Tell(id=new_id(), text="Yesterday"))
    await do(desk, p.Tell(id=new_id(), text="Yesterday", vendor=vendor(desk, 0)))
    async with console(desk, size=(80, 24)) as pilot:
        await do(desk, p.Tell(id=new_id(), text="Today"))
        await until(pilot, lambda: "to all: Today" in log(pilot))
        for listener in tuple(desk._listeners):
            listener.hang_up()
        await do(desk, p.Tell(id=new_id(), text="While it was cut"))
        pilot.app._follow()
        await until(pilot, lambda: "to all: While it was cut" in log(pilot))
        assert log(pilot).count("Today") == 1 and "Yesterday" not in log(pilot)
