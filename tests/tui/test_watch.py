"""Watching a market and showing a game again: speed, steps, jumps, playing on."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.game import load, save
from tests.tui.conftest import application, game, text
from tui.app import opened
from tui.screens.watch import SPEEDS, Watch
from tui.widgets.key_bar import KeyBar


async def watching(pilot, quarter: int) -> None:
    while len(pilot.app.session.game.turns) < quarter:
        await pilot.pause(0.02)


async def test_a_market_runs_by_itself_and_can_be_stopped():
    async with game(vendor=None, view=None, quarters=40) as pilot:
        assert isinstance(pilot.app.screen, Watch) and pilot.app.screen.running
        await pilot.press("greater_than_sign", "greater_than_sign")
        assert pilot.app.screen.speed == SPEEDS[2]
        await watching(pilot, 3)
        await pilot.press("space")
        reached = len(pilot.app.session.game.turns)
        await pilot.pause(0.3)
        assert len(pilot.app.session.game.turns) == reached
        assert "stopped" in text(pilot)


async def test_speed_stays_within_what_there_is():
    async with game(vendor=None, view=None, quarters=40) as pilot:
        await pilot.press("space", *["greater_than_sign"] * 9)
        assert pilot.app.screen.speed == SPEEDS[-1]
        await pilot.press(*["less_than_sign"] * 9)
        assert pilot.app.screen.speed == SPEEDS[0]


async def test_steps_lead_forward_and_back_to_the_same_market():
    async with game(vendor=None, view=None) as pilot:
        await pilot.press("space", "n", "n", "n")
        digests = [turn.digest for turn in pilot.app.session.game.turns]
        await pilot.press("b", "b")
        assert len(pilot.app.session.game.turns) == len(digests) - 2
        await pilot.press("n", "n")
        assert [turn.digest for turn in pilot.app.session.game.turns] == digests


async def test_one_goes_to_a_quarter_and_no_further_than_there_are_any():
    async with game(vendor=None, view=None, quarters=6) as pilot:
        await pilot.press("space", "g", *"1999q1", "enter")
        await pilot.pause()
        assert "1999Q1" in text(pilot)
        await pilot.press(*["backspace"] * 6, *"2026q1", "enter")
        await pilot.pause()
        assert pilot.app.session.game.now.name == "2026Q1"
        await pilot.press("n", "n", "n", "n")
        assert pilot.app.session.ended and len(pilot.app.session.game.turns) == 6


async def test_who_is_followed_stands_out():
    async with game(vendor=None, view=None) as pilot:
        await pilot.press("space", "n", "f")
        assert pilot.app.screen.followed >= 0
        name = pilot.app.screen.roster().names[pilot.app.screen.followed]
        assert f"* {name}" in text(pilot)


async def recorded(path: Path) -> list[str]:
    async with game(played=4) as pilot:
        save(pilot.app.session.game, path)
        return [turn.digest for turn in pilot.app.session.game.turns]


async def test_a_recorded_game_is_shown_again_bit_for_bit_and_played_on(home: Path):
    digests = await recorded(home / "game.json")
    async with application(opening=opened(home / "game.json", replay=True)) as pilot:
        while pilot.app.session is None:
            await pilot.pause(0.01)
        await pilot.pause()
        await pilot.press("space", *["n"] * 6)
        assert [turn.digest for turn in pilot.app.session.game.turns] == digests
        await pilot.press("b", "p")
        await pilot.pause()
        assert pilot.app.session.plays and len(pilot.app.session.game.turns) == 3
        await pilot.press("e", "4", "0", "enter", "space")
        await pilot.pause()
        assert pilot.app.session.game.turns[-1].digest != digests[3]
    assert load(home / "game.json").digests == tuple(digests), "the recording stays as it was"


async def test_a_watched_market_offers_no_books_of_anybody():
    async with game(vendor=None, view=None) as pilot:
        await pilot.press("space", "e", "3", "4")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Watch)


async def test_keys_at_the_foot_can_be_clicked():
    async with game(vendor=None, view=None, quarters=40) as pilot:
        bar = pilot.app.screen.query_one(KeyBar)
        line = text(pilot).splitlines()[-1]
        assert pilot.app.screen.running
        await pilot.click(KeyBar, offset=(line.index("run / stop"), 0))
        await pilot.pause()
        assert not pilot.app.screen.running, bar.render()
        reached = len(pilot.app.session.game.turns)
        await pilot.click(KeyBar, offset=(line.index("step"), 0))
        await pilot.pause()
        assert len(pilot.app.session.game.turns) == reached + 1


@pytest.mark.parametrize(("language", "start"), [("en", "start"), ("zh", "开始")])
async def test_the_dashboard_of_a_market_that_has_not_begun_shows_where_everybody_stands(language, start: str):
    async with game(language, vendor=None) as pilot:
        assert start in text(pilot) and "B" in text(pilot)
        assert "1 7 " in text(pilot).splitlines()[-1]  # only these screens need nobody's books
