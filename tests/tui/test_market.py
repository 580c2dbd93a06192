"""Market: segments as the rule book has them, and why buyers choose, in bars and words."""

from __future__ import annotations

import math

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tests.tui.conftest import game, text
from tui.public import Public
from tui.reasons import match_of
from tui.screens.market import MarketView
from tui.speech import Speech
from tui.widgets.bars import Bars
from tui.widgets.gauge import GaugeList


def line(pilot: Pilot[None], name: str) -> str:
    return next(row for row in text(pilot).splitlines()[1:] if name in row)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_segment_stands_with_its_money_and_who_holds_it(language):
    async with game(language, played=5, view="market", size=(160, 48)) as pilot:
        played, speech = pilot.app.session.game, Speech(language)
        public, outcome = Public(played), played.turns[-1].outcome
        for index, segment in enumerate(played.world.segments.values()):
            row, held = line(pilot, f" {speech.title(segment.title)} "), public.holders(index)[-1]
            leader = pilot.app.screen.roster.names[int(held.argmax())]
            unserved = 1 - float(outcome.bought[:, index, 0].sum() / outcome.spend[index, 0])
            for said in (
                speech.money(float(outcome.spend[index, 0])),
                leader,
                speech.share(float(held.max())),
                speech.share(float(held[played.seat])),
                speech.share(unserved),
            ):
                assert said in row


async def test_the_bars_multiply_to_what_you_sell_against_the_rival():
    async with game(played=5, view="market") as pilot:
        screen = pilot.app.screen
        for index in range(len(pilot.app.session.game.world.segments)):
            match = match_of(screen.public, screen.segment, screen.roster.own)
            bars = screen.query_one(Bars)
            assert screen.segment == index and match is not None
            assert math.prod(math.exp(bar.value) for bar in bars._bars) == pytest.approx(math.exp(sum(match.terms)))
            assert bars._total.value == pytest.approx(sum(match.terms))
            assert f"Why they choose you or {screen.roster.names[match.rival]}" in text(pilot)
            await pilot.press("down")
            await pilot.pause()


async def test_words_stand_beside_the_bars():
    async with game(played=5, view="market") as pilot:
        screen = pilot.app.screen
        match = match_of(screen.public, screen.segment, screen.roster.own)
        shown = [str(cell.render()) for cell in screen.query("#words Static").results(Static) if cell.display]
        assert shown[1].startswith("Your price per token is")
        assert (shown[0] == "▼") == (match.ownership > match.speed)
        assert len(shown) >= 4 and not any("{" in said for said in shown)


async def test_what_buyers_value_follows_the_cursor():
    async with game(played=2, view="market") as pilot:
        segments = list(pilot.app.session.game.world.segments.values())
        gauges = pilot.app.screen.query_one(GaugeList)
        for segment in segments[:3]:
            assert gauges._gauges[0].text == f"{segment.price_sensitivity:.1f}"
            assert gauges._gauges[5].value == segment.training
            await pilot.press("down")
            await pilot.pause()


async def test_one_panel_at_a_time_where_there_is_no_room():
    async with game(played=3, view="market", size=(80, 24)) as pilot:
        screen = pilot.app.screen
        for shown in ("against", "holders", "values", "against"):
            displayed = [name for name in ("against", "holders", "values") if screen.query_one(f"#{name}").display]
            assert displayed == [shown]
            await pilot.press("v")
            await pilot.pause()


async def test_a_quarter_and_another_language_keep_the_segment():
    async with game(played=3, view="market") as pilot:
        await pilot.press("down", "down", "space", "l")
        await pilot.pause()
        assert pilot.app.screen.segment == 2
        assert "大模型公司：各家份额" in text(pilot) and "Your" not in text(pilot)


@pytest.mark.parametrize("vendor", ["cambricon", None])
@pytest.mark.parametrize("played", [0, 1])
async def test_it_opens_before_much_has_happened_and_where_nobody_is_played(vendor, played):
    async with game(played=played, vendor=vendor, view="market") as pilot:
        await pilot.press("down", "v")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MarketView)
        assert ("Your share" in text(pilot)) == (vendor is not None)
        assert ("Two vendors must have been on sale" in text(pilot)) == (played == 0)


async def test_any_size():
    async with game(played=3, view="market") as pilot:
        for size in ((80, 24), (40, 10), (10, 4), (160, 48), (100, 30)):
            await pilot.resize_terminal(*size)
            await pilot.press("down", "v")
            await pilot.pause()
        assert isinstance(pilot.app.screen, MarketView)
