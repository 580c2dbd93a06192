"""Whole games by keyboard, from the first screen to the last, in both languages."""

from __future__ import annotations

import re

import pytest

from agents.game import Game
from agents.game.saves import entries
from tests.tui.conftest import application, game, text, told
from tui.palette import THEMES
from tui.speech import Language, Speech
from tui.widgets.hint_line import HintLine

CHINESE = re.compile("[\u4e00-\u9fff]")


async def test_a_newcomer_plays_a_game_to_its_end():
    async with application("zh") as pilot:
        await pilot.press("enter")  # quick start
        while pilot.app.session is None:
            await pilot.pause(0.01)
        session = pilot.app.session
        for _ in range(5):
            await pilot.press("e", "a", "enter", "space", "escape")
        while not session.game.over:
            await pilot.press("space")  # as it was
        await pilot.pause()
        assert session.game.over and len(session.game.turns) == 16
        assert type(pilot.app.screen).__name__ == "Debrief"
        played = [turn.digest for turn in session.game.turns]
    assert [turn.digest for turn in Game(session.game.setup, session.game.plans).turns] == played
    assert [len(entry.saved.plans) for entry in entries() if entry.saved] == [16]


async def test_an_experts_quarter_takes_ten_keys():
    """Price and research changed, funds asked for, quarter ended."""
    async with game(played=1) as pilot:
        before = pilot.app.session.game.held()
        keys = ["e", "6", "1", "enter", "space"]
        await pilot.press(*keys)
        await pilot.pause()
        assert len(keys) <= 10
        assert pilot.app.session.game.turns[-1].plan == before.with_value("price", 61.0)


@pytest.mark.parametrize("played", [0, 3])
async def test_every_screen_stands_any_size_language_and_theme(played: int):
    async with game(played=played) as pilot:
        for view in ("dashboard", "decide", "rivals", "market", "technology", "why", "shakeout", "briefing", "debrief"):
            pilot.app.action_view(view)
            for size in ((40, 10), (160, 48), (20, 5), (120, 36)):
                await pilot.resize_terminal(*size)
                await pilot.pause()
            await pilot.app.workers.wait_for_complete()
            assert not CHINESE.search(text(pilot)), view
            await pilot.press("l", "t")
            assert CHINESE.search(text(pilot)), view
            await pilot.press("l")
            await pilot.pause()
            assert not CHINESE.search(text(pilot)), view


async def test_one_theme_follows_another():
    async with game() as pilot:
        seen = [pilot.app.theme]
        for _ in THEMES:
            await pilot.press("t")
            seen.append(pilot.app.theme)
        assert seen[-1] == seen[0] and set(seen) == {theme.name for theme in THEMES}


async def test_leaving_a_game_keeps_it_and_continuing_brings_it_back():
    async with application() as pilot:
        await pilot.press("enter")
        while pilot.app.session is None:
            await pilot.pause(0.01)
        await pilot.press("space", "space", "e", "5", "1", "enter", "escape")
        await pilot.pause()
        game, draft = pilot.app.session.game, pilot.app.session.draft
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.session is None
        await pilot.app.open_latest()
        await pilot.pause()
        assert pilot.app.session.game.turns[-1].digest == game.turns[-1].digest
        assert pilot.app.session.draft == draft


async def test_a_setup_that_cannot_be_is_told_and_the_menu_stays():
    from agents.game.setup import Setup

    async with application() as pilot:
        await pilot.app.begin(Setup(vendor="nobody"))
        await pilot.pause()
        assert pilot.app.session is None and "nobody" in told(pilot)


READING = {"en": 200 / 60, "zh": 300 / 60}
"""Words, or Chinese characters, that a person reads in a second.

English: slower than the mean of 238 a minute for silent reading of non-fiction (Brysbaert 2019, Journal of Memory and
Language 109, 104047). Chinese: an assumption.
"""
A_KEY = 1.5
"""Seconds to find and press a key that one has just been told of."""


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_newcomers_first_decision_comes_within_a_minute(language: Language):
    """From the menu along the hints: all of the briefing between status line and keys is read, and every hint."""
    async with application(language, (80, 24)) as pilot:
        await pilot.press("enter")
        while pilot.app.session is None:
            await pilot.pause(0.01)
        await pilot.pause()
        read = ["\n".join(text(pilot).splitlines()[1:-2])]
        before = pilot.app.session.draft
        keys = ["1", "e", "right", "space"]
        for key in keys:
            hint = pilot.app.screen.query_one(HintLine)
            assert hint.display and hint.hint
            read.append(Speech(language).say(hint.hint))
            await pilot.press(key)
            await pilot.pause()
        assert len(pilot.app.session.game.turns) == 1
        assert pilot.app.session.game.turns[0].plan != before
        pattern = r"[A-Za-z]{2,}" if language == "en" else r"[\u4e00-\u9fff]"
        words = sum(len(re.findall(pattern, part)) for part in read)
        seconds = words / READING[language] + A_KEY * (1 + len(keys))
        assert seconds <= 60, f"{words} to read"
