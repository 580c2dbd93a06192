"""The screen on which a change of share is explained."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from tests.tui.conftest import game, text
from tui.changes import WORDS, Cause, change_of, part_of_all_money
from tui.screens.decide import Decide
from tui.screens.why import Why
from tui.speech import Speech
from tui.widgets.field_row import FieldRow


def shown(pilot: Pilot[None]) -> Why:
    screen = pilot.app.screen
    assert isinstance(screen, Why)
    return screen


async def choose(pilot: Pilot[None], name: str) -> None:
    """Put the cursor on a cause."""
    screen = shown(pilot)
    screen.query_one(OptionList).highlighted = [cause.name for cause in screen.change.causes].index(name)
    await pilot.pause()


async def test_the_first_quarter_has_nothing_to_compare_with():
    for played in (0, 1):
        async with game(played=played, view="why") as pilot:
            assert "from the second quarter on" in text(pilot)
            await pilot.press("left", "right", "tab", "shift+tab", "left_square_bracket", "enter")
            assert shown(pilot).change is None


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_screen_says_what_the_market_did(size: tuple[int, int]):
    async with game(played=4, view="why", size=size) as pilot:
        turns = pilot.app.session.game.turns
        change, speech = shown(pilot).change, Speech("en")
        assert change.causes[0].name == change_of(turns[-2].outcome, turns[-1].outcome, 3).causes[0].name
        found = text(pilot)
        shares = [part_of_all_money(turn.outcome)[3].sum() for turn in turns[-2:]]
        assert f"{speech.share(shares[0], change.digits)} → {speech.share(shares[1], change.digits)}" in found
        lines = [line for line in found.splitlines() if "│" in line]
        for cause in change.causes:
            assert any(speech.points(cause.points, change.digits) in line for line in lines)
        assert any("Together" in line and speech.points(change.total, change.digits) in line for line in lines)


async def test_arrows_and_tab_and_brackets_choose_whom_and_when():
    async with game(played=4, view="why") as pilot:
        names = [turn.now.name for turn in pilot.app.session.game.turns]
        title = lambda: text(pilot).splitlines()[1]  # noqa: E731
        assert all(part in title() for part in ("Cambricon", names[-1], "All buyers"))
        await pilot.press("right")
        assert "NVIDIA" in title()
        await pilot.press("left", "left_square_bracket", "tab")
        assert all(part in title() for part in ("Cambricon", names[-2]))
        assert "All buyers" not in title()
        await pilot.press("shift+tab", *["left_square_bracket"] * 9)
        assert all(part in title() for part in ("Cambricon", names[1], "All buyers"))
        await pilot.press("right_square_bracket")
        assert names[2] in title()


async def test_after_a_quarter_it_shows_the_new_one():
    async with game(played=3, view="why") as pilot:
        await pilot.press("space")
        await pilot.pause()
        assert pilot.app.session.game.turns[-1].now.name in text(pilot).splitlines()[1]


async def test_enter_leads_to_what_can_be_done():
    async with game(played=4, view="why") as pilot:
        await choose(pilot, "price")
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Decide)
        focused = pilot.app.screen.focused
        assert isinstance(focused, FieldRow)
        assert focused.field.path == "price"


@pytest.mark.parametrize("name", [name for name, words in WORDS.items() if words.field])
async def test_every_cause_leads_to_a_field_of_the_form(name: str):
    async with game(played=3, view="why") as pilot:
        screen = shown(pilot)
        way = screen._way(Cause(name, 0.01, 0.01, 0.0), mine=True)
        screen.open_field(way)
        await pilot.pause()
        assert pilot.app.screen.focused.field.path == way
        assert way.startswith(WORDS[name].field)


async def test_what_rivals_did_leads_to_rivals():
    async with game(played=4, view="why") as pilot:
        await pilot.press("right", "enter")
        await pilot.pause()
        assert type(pilot.app.screen).__name__ in ("Rivals", "MarketView")


async def test_small_windows_keep_the_sum():
    async with game(played=4, view="why", size=(80, 24)) as pilot:
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        few = shown(pilot).change
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        many = shown(pilot).change
        assert len(few.causes) < len(many.causes)
        for change in (few, many):
            assert sum(cause.points for cause in change.causes) == pytest.approx(change.total, abs=1e-9)


async def test_chinese_is_chinese():
    async with game(language="zh", played=4, view="why", size=(160, 48)) as pilot:
        found = text(pilot)
        assert "占总支出的份额" in found
        for english in ("Rivals", "You", "points", "Price", "Luck"):
            assert english not in found
