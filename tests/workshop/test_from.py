"""Rooms that teams join in the middle of history: `marketsim workshop host --from`."""

from __future__ import annotations

import gc
from contextlib import closing
from pathlib import Path

import pytest

from agents.game.game import Game
from agents.workshop import protocol as p
from agents.workshop.allowed import Refusal
from agents.workshop.desk import Desk
from agents.workshop.entries import FACILITATOR
from agents.workshop.log import Log
from agents.workshop.looking_back import looked_back
from agents.workshop.room import Room
from agents.workshop.snapshot import snapshot
from marketsim.commands.hosting import Wish, _desk
from marketsim.errors import MarketSimError
from tests.tui.conftest import home, text
from tests.workshop.consoles import AtTheDesk, console, pressed, until
from tests.workshop.members import member
from tests.workshop.rooms import SETUP, SMALL, VENDORS, new_id

__all__ = ["home"]


def test_strategies_play_until_teams_come(tmp_path: Path):
    path = tmp_path / "room.workshop"
    desk = Desk.opening(path, SETUP, VENDORS, "A room", ahead=3)
    room = desk.room
    assert (room.played, room.ahead, room.phase, room.quarter) == (3, 3, "lobby", "2025Q4")
    assert room.how == [{}, {}, {}]  # of no team
    assert set(room.free) == set(VENDORS)
    watched = Game(SETUP, [None] * 3)
    assert [turn.digest for turn in room.game.turns] == [turn.digest for turn in watched.turns]
    desk.log.close()
    again = Desk(Log(path))
    assert again.room.played == again.room.ahead == 3 and again.room.differs is None
    again.log.close()


def test_a_room_that_was_not_begun_to_the_end_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path, play, played = tmp_path / "room.workshop", Room.close, []

    def killed(room: Room) -> object:
        played.append(room.quarter)
        if len(played) == 2:
            raise KeyboardInterrupt
        return play(room)

    wish = Wish(SMALL, vendors=VENDORS, seed=3, first="2025Q4")
    with monkeypatch.context() as patch:
        patch.setattr(Room, "close", killed)
        with pytest.raises(KeyboardInterrupt):
            _desk(wish, path)
    assert played == ["2025Q1", "2025Q2"] and path.stat().st_size
    gc.collect()  # what had the file open
    with closing(_desk(wish, path).log) as log:
        assert [entry.body.kind for entry in log.entries()] == ["opened", *["open", "closed"] * 3]


async def test_teams_go_on_from_there_and_take_back_what_is_theirs(tmp_path: Path):
    async with Desk.opening(tmp_path / "room.workshop", SETUP, VENDORS, "A room", ahead=2) as desk:
        joined = await desk.join(p.Join(code=desk.room.code, name="Ours"))
        await desk.accept(FACILITATOR, p.Open(id="open-0001"))
        await desk.accept(joined.vendor, p.Edit(id="edit-0001", quarter="2025Q3", values={"price": 61.0}))
        await desk.accept(FACILITATOR, p.Close(id="close-001"))
        assert desk.room.played == 3 and desk.room.how[-1] == {joined.vendor: "draft"}
        assert desk.room.phase == "results"
        for played in (1, 3):
            with pytest.raises(Refusal, match="cannot be kept") as refused:
                await desk.accept(FACILITATOR, p.RollBack(id="back-0001", played=played))
            assert refused.value.allowed == "2 to 2"
        await desk.accept(FACILITATOR, p.RollBack(id="back-0001", played=2))
        assert desk.room.played == 2 and desk.room.phase == "lobby"


async def test_what_came_before_teams_is_not_told_as_theirs(tmp_path: Path):
    async with Desk.opening(tmp_path / "room.workshop", SETUP, VENDORS, "A room", ahead=3) as desk:
        joined = await desk.join(p.Join(code=desk.room.code, name="Ours"))
        await desk.accept(FACILITATOR, p.Intervene(id="event-001", policy="no-discount"))
        for number in range(2):
            await desk.accept(FACILITATOR, p.Open(id=f"open-000{number}"))
            await desk.accept(FACILITATOR, p.Close(id=f"close-000{number}"))
        past = looked_back(snapshot(desk.room))
        (team,) = past.teams
        assert past.quarters[:4] == ["2025Q1", "2025Q2", "2025Q3", "2025Q4"] and team.vendor == joined.vendor
        assert team.turning == [3, 4], "of the five quarters, two were the team's"
        assert [each.quarter for each in past.happened if each.kind == "event"] == ["2025Q4"]


async def test_quarters_of_teams_are_counted(tmp_path: Path):
    async with Desk.opening(tmp_path / "room.workshop", SETUP, VENDORS, "A room", ahead=2) as desk:
        joined = await desk.join(p.Join(code=desk.room.code, name="Ours"))
        async with member(AtTheDesk(desk, joined.vendor)) as pilot:
            await until(pilot, lambda: "2025Q3 (1/4)" in text(pilot))
        async with console(desk) as pilot:
            await until(pilot, lambda: "2025Q3 (1/4)" in text(pilot) and "lobby" in text(pilot))
            for kind in (p.Open, p.Close, p.Open, p.Close):
                await desk.accept(FACILITATOR, kind(id=new_id()))
            await until(pilot, lambda: "2026Q1 (3/4)" in text(pilot))
            await pressed(pilot, "u")
            await until(pilot, lambda: "Quarters that stay, of 2:" in text(pilot))
            await pressed(pilot, "enter")
            await until(pilot, lambda: desk.room.played == 3)
            await until(pilot, lambda: "quarters that stay: 1" in text(pilot))


def test_quarters_count_from_there():
    wish = Wish(SMALL, teams=2, quarters=4, seed=3, first="2025Q3")
    setup, _, _ = wish.room()
    assert setup.quarters == 6 and wish.ahead(setup) == 2
    whole, _, _ = Wish(SMALL, teams=2, seed=3, first="2025Q3").room()
    assert whole.quarters is None


@pytest.mark.parametrize(
    ("first", "quarters", "wrong"),
    [("2024Q4", 4, "from 2025Q1 to 2027Q4"), ("soon", None, "--from soon"), ("2027Q4", 2, "13 are too many")],
)
def test_what_cannot_be_is_said(first: str, quarters: int | None, wrong: str, tmp_path: Path):
    wish = Wish(SMALL, teams=2, quarters=quarters, seed=3, first=first)
    with pytest.raises(MarketSimError, match=wrong):
        wish.ahead(wish.room()[0])
