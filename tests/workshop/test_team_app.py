"""A team's client as its members use it, at a desk without a network in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.game.company import Intervention
from agents.workshop import protocol as p
from agents.workshop.desk import Desk
from tests.tui.conftest import home, text, told
from tests.workshop.consoles import AtTheDesk, play, until
from tests.workshop.members import command, foot, member, on_form, small_room
from tui.screens.dashboard import Dashboard
from tui.screens.question import Question
from tui.workshop.debrief import RoomDebriefScreen
from tui.workshop.lobby import Lobby

__all__ = ["home"]

OWN, OTHER = "biren", "cambricon"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with small_room(tmp_path) as opened:
        yield opened


async def test_from_the_lobby_over_a_quarter_to_the_debrief(desk: Desk):
    seat = desk.room.seats[OWN]
    async with member(AtTheDesk(desk, OWN)) as pilot:
        app = pilot.app
        assert isinstance(app.screen, Lobby)
        shown = text(pilot)
        assert desk.room.code_of(seat) in shown and "玄武" in shown and "No messages yet" in shown
        assert "space" not in foot(pilot) and "w" not in foot(pilot)

        await command(desk, p.Open)
        await until(pilot, lambda: "You run" in text(pilot))
        assert "is open" in told(pilot) and "Other teams play 1 of your rivals" in text(pilot)

        await on_form(pilot)
        price = seat.plan.price
        await pilot.press("right", "right")
        await until(pilot, lambda: seat.plan.price > price)
        assert "not handed in" in text(pilot) and foot(pilot)["space"] == "app.hand_in"
        await pilot.press("space")
        await until(pilot, lambda: "✓ handed in" in text(pilot) and "Waiting for 1 of 2 teams" in text(pilot))
        assert seat.submitted == app.session.draft
        assert "space" not in foot(pilot) and foot(pilot)["w"] == "app.withdraw"

        await pilot.press("left")
        await until(pilot, lambda: "changed since handed in" in text(pilot))
        assert "What was handed in counts" in text(pilot)
        await pilot.press("w")
        await until(pilot, lambda: seat.submitted is None)
        await until(pilot, lambda: "not handed in" in text(pilot))
        await pilot.press("space")
        await until(pilot, lambda: seat.submitted is not None)

        await command(desk, p.Close)
        await until(pilot, lambda: "▸ 2025Q1: your plan was played" in text(pilot))
        await until(pilot, lambda: "Your plan for 2025Q2" in text(pilot) and "not open yet" in text(pilot))
        await pilot.press("x")
        await until(pilot, lambda: "The facilitator opens 2025Q2" in text(pilot))

        await play(desk)
        await until(pilot, lambda: "▸ 2025Q2: not handed in" in text(pilot))
        await pilot.press("x")
        await until(pilot, lambda: "▸ The market is over" in text(pilot))
        assert "9" not in foot(pilot)
        await command(desk, p.Debrief)
        await until(pilot, lambda: foot(pilot).get("9") == "app.view('debrief')")
        await pilot.press("9")
        await until(pilot, lambda: isinstance(app.screen, RoomDebriefScreen) and "Alpha" in text(pilot))
        await pilot.press("q", "q")
        await until(pilot, lambda: isinstance(app.screen, Lobby) and "press 9" in text(pilot))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Question))


async def test_keys_that_make_no_sense_are_not_heard(desk: Desk):
    await command(desk, p.Open)
    async with member(AtTheDesk(desk, OWN)) as pilot:
        pilot.app.action_view("dashboard")
        await until(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
        heard = foot(pilot)
        assert not {"app.end_quarter", "app.hold", "app.save"} & set(heard.values())
        assert "7" not in heard and "9" not in heard and "h" not in heard and "s" not in heard
        assert {"app.view('room')", "app.hand_in", "app.view('decide')"} <= set(heard.values())
        await pilot.press("7", "9", "h", "s")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Dashboard) and not told(pilot)


async def test_two_members_of_a_team_type_at_once(desk: Desk):
    await command(desk, p.Open)
    seat = desk.room.seats[OWN]
    was, typing, done = seat.plan.price, asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with member(AtTheDesk(desk, OWN)) as pilot:
            await on_form(pilot)
            await typing.wait()
            await pilot.press("right", "right", "right")
            await until(pilot, lambda: pilot.app.session.draft.premium == 0.12)
            await until(pilot, lambda: pilot.app.session.state == "in" and "Handed in for" in told(pilot))
            await pilot.press("u")
            await done.wait()

    async def second() -> None:
        async with member(AtTheDesk(desk, OWN)) as pilot:
            await on_form(pilot)
            while pilot.app.focused.field.path != "premium":
                await pilot.press("down")
            await pilot.press("1", "2")
            where = pilot.app.focused
            typing.set()
            await until(pilot, lambda: f"{was + 6:.2f}" in text(pilot))
            assert pilot.app.focused is where and "12▏" in text(pilot), "others move neither cursor nor what is typed"
            await pilot.press("enter")
            await until(pilot, lambda: (seat.plan.price, seat.plan.premium) == (was + 6, 0.12))
            await pilot.press("space")
            await until(pilot, lambda: pilot.app.session.state == "changed" and f"{was + 4:.2f}" in text(pilot))
            done.set()

    await asyncio.gather(first(), second())  # each in a context of its own, as in a process of its own
    assert seat.submitted is not None and seat.submitted.price == was + 6 and seat.plan.price == was + 4


async def test_what_the_facilitator_does_is_told(desk: Desk):
    await command(desk, p.Open, seconds=300)
    async with member(AtTheDesk(desk, OWN)) as pilot:
        await on_form(pilot)
        assert "05:00" in text(pilot) or "04:5" in text(pilot)
        await command(desk, p.Pause)
        await until(pilot, lambda: "The clock stands still: you can type" in text(pilot))
        assert "space" not in foot(pilot) and foot(pilot)["right"] == "step(1)"
        await command(desk, p.Resume)
        await until(pilot, lambda: "The clock goes on." in told(pilot))
        await command(desk, p.Extend, seconds=600)
        await until(pilot, lambda: "More time" in told(pilot))
        await command(desk, p.Tell, text="Look at [bold]memory[/]", vendor=OWN)
        await command(desk, p.Tell, text="not for you", vendor=OTHER)
        await until(pilot, lambda: "Look at [bold]memory[/]" in told(pilot))
        assert "not for you" not in told(pilot)
        event = Intervention(
            title={"en": "Vouchers [b]now[/]", "zh": "券"}, levers={"purchase_subsidy": {"2025Q1": 0.2}}
        )
        await command(desk, p.Intervene, intervention=event)
        await until(pilot, lambda: "News: Vouchers [b]now[/]" in told(pilot))
        pilot.app.action_view("room")
        await until(pilot, lambda: "2025Q1  ● Vouchers [b]now[/]" in text(pilot))
        await on_form(pilot)
        await command(desk, p.Substitute, vendor=OWN, strategy="disciplined")
        await until(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
        assert "plays for you until" in text(pilot) and "2" not in foot(pilot)
        await command(desk, p.HandBack, vendor=OWN)
        await until(pilot, lambda: "You decide again" in told(pilot) and "2" in foot(pilot))
        await command(desk, p.Close)
        await until(pilot, lambda: "last quarter's plan was held" in text(pilot))
        await command(desk, p.Show, results="public", ranking="anonymous")
        await pilot.press("0")
        await until(pilot, lambda: "Ranking" in text(pilot))
        assert "memory[/]" in text(pilot)
        ranking = [line.split("││")[1] for line in text(pilot).splitlines() if "││" in line and "RMB" in line]
        assert len(ranking) == 2 and sum("Alpha" in line for line in ranking) == 1 and "玄武" not in "".join(ranking)
        await command(desk, p.RollBack, played=0)
        await until(pilot, lambda: "Quarters were taken back" in told(pilot) and not pilot.app.session.game.turns)


async def test_the_last_seconds_of_the_clock(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    await command(desk, p.Open, seconds=300)
    async with member(AtTheDesk(desk, OWN)) as pilot:
        await until(pilot, lambda: pilot.app.session.state == "open")
        for left, said in ((61.0, ""), (59.5, "60 seconds left"), (30.0, ""), (14.2, "15 seconds left")):
            pilot.app.clear_notifications()
            monkeypatch.setattr(type(pilot.app.membership), "remaining", property(lambda self, left=left: left))
            pilot.app._tick()
            await pilot.pause()
            assert said in told(pilot) and bool(told(pilot)) == bool(said)


async def test_a_failed_company_looks_on(tmp_path: Path):
    ruin = {"research": 50_000.0, "price": 0.1, "adaptation": 50_000.0}
    async with small_room(tmp_path, quarters=3) as desk:
        await command(desk, p.Open)
        async with member(AtTheDesk(desk, OWN)) as pilot:
            await on_form(pilot)
            await desk.do(OWN, p.Edit(id="ruin-0001", quarter=desk.room.quarter, values=ruin))
            await until(pilot, lambda: pilot.app.session.draft.research == 50_000.0)
            await command(desk, p.Close)
            await until(pilot, lambda: "your form was played as it stood" in told(pilot))
            await play(desk)
            await until(pilot, lambda: isinstance(pilot.app.screen, Dashboard) and "has failed" in told(pilot))
            assert "last quarter's plan was held" in told(pilot) and "2" not in foot(pilot)
            assert "out of business" in text(pilot) and "you can look on" in text(pilot)
