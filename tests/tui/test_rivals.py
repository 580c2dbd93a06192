"""Rivals: what stands in the table is what is public, it sorts, and one vendor opens beside you."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tests.tui.conftest import game, text
from tui.public import Public
from tui.screens.dashboard import Dashboard
from tui.screens.rivals import Rivals
from tui.speech import Speech
from tui.widgets.table import Table


def table(pilot: Pilot[None]) -> Table:
    return pilot.app.screen.query_one("#vendors", Table)


def column(pilot: Pilot[None], key: str) -> list[str]:
    return [str(cell).strip() for cell in table(pilot).get_column(key)]


def line(pilot: Pilot[None], name: str) -> str:
    return next(row for row in text(pilot).splitlines()[1:] if name in row)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_vendor_stands_with_its_public_facts(language):
    async with game(language, played=5, view="rivals", size=(160, 48)) as pilot:
        public, speech = Public(pilot.app.session.game), Speech(language)
        for vendor in public.vendors:
            standing, name = public.standing(vendor), pilot.app.screen.roster.names[vendor]
            row = line(pilot, f" {name} ")
            for said in (speech.price(standing.price), speech.share(standing.share), speech.cards(standing.cards)):
                assert said in row
        own = line(pilot, "寒武纪" if language == "zh" else "* Cambricon")
        assert "*" in own


async def test_s_sorts_by_the_next_column_and_r_turns_it_round():
    async with game(played=5, view="rivals") as pilot:
        public = Public(pilot.app.session.game)
        shares = sorted((public.standing(v).share for v in public.vendors), reverse=True)
        assert column(pilot, "share") == [f"{100 * share:.1f}%" for share in shares]
        await pilot.press("r")
        assert column(pilot, "share") == [f"{100 * share:.1f}%" for share in shares[::-1]]
        await pilot.press("o")
        assert pilot.app.screen.sorted_by == "share_change"
        await pilot.press("o")
        cards = sorted((public.standing(v).cards for v in public.vendors), reverse=True)
        assert column(pilot, "cards") == [Speech().cards(amount) for amount in cards]


async def test_a_click_on_a_header_sorts_by_it_and_another_turns_it_round():
    async with game(played=3, view="rivals") as pilot:
        at = text(pilot).splitlines()[2].index("Vendor")
        await pilot.click("#vendors", offset=(2, 0))
        await pilot.pause()
        assert at and pilot.app.screen.sorted_by == "vendor"
        names = column(pilot, "vendor")
        assert names == sorted(names)
        await pilot.click("#vendors", offset=(2, 0))
        await pilot.pause()
        assert column(pilot, "vendor") == names[::-1]


async def test_the_cursor_chooses_whom_you_are_compared_with():
    async with game(played=5, view="rivals") as pilot:
        public, screen = Public(pilot.app.session.game), pilot.app.screen
        first, second = (v for v in public.rivals[:2])
        assert (screen.vendor, screen.other) == (first, screen.roster.own)
        await pilot.press("down")
        await pilot.pause()
        assert screen.vendor == second
        assert f"You and {screen.roster.names[second]}" in text(pilot)
        compute = public.hardware[0]
        row = next(row for row in text(pilot).splitlines() if "TFLOPS" in row)
        assert f"{compute[screen.roster.own]:,.0f}" in row and f"{compute[second]:,.0f}" in row
        assert ("◀" if compute[screen.roster.own] > compute[second] else "▶") in row


async def test_you_are_compared_with_your_largest_rival():
    async with game(played=5, view="rivals") as pilot:
        screen = pilot.app.screen
        rows = [line.key for line in table(pilot)._lines]
        await pilot.press(*["down"] * rows.index(str(screen.roster.own)))
        await pilot.pause()
        assert (screen.vendor, screen.other) == (screen.roster.own, screen.public.rivals[0])


async def test_enter_opens_a_vendor_and_escape_goes_back_to_the_table():
    async with game(played=5, view="rivals", size=(80, 24)) as pilot:
        screen = pilot.app.screen
        assert not screen.query_one("#detail").display and screen.query_one("#list").display
        await pilot.press("enter")
        await pilot.pause()
        assert screen.query_one("#detail").display and not screen.query_one("#list").display
        assert "Share of revenue" in text(pilot)
        before = screen.vendor
        await pilot.press("v", "down")
        await pilot.pause()
        assert "Price of a card" in text(pilot) and screen.vendor != before
        await pilot.press("escape")
        await pilot.pause()
        assert screen.query_one("#list").display and pilot.app.focused is table(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, Rivals)


async def test_a_quarter_and_another_language_leave_the_vendor_open():
    async with game(played=4, view="rivals") as pilot:
        await pilot.press("down", "down", "enter")
        await pilot.pause()
        vendor = pilot.app.screen.vendor
        await pilot.press("space", "l")
        await pilot.pause()
        assert pilot.app.screen.vendor == vendor and pilot.app.screen.query_one("#detail").display
        assert "收入份额" in text(pilot) and "Share" not in text(pilot)
        assert len(pilot.app.screen.public.quarters) == 5


async def test_rounds_that_closed_are_told():
    async with game(played=8, quarters=12, view="rivals") as pilot:
        public, speech = Public(pilot.app.session.game), Speech()
        raised = next(v for v in public.vendors if public.rounds(v))
        keys = [row.key for row in table(pilot)._lines]
        await pilot.press(*["down"] * keys.index(str(raised)))
        await pilot.pause()
        quarter, money = public.rounds(raised)[-1]
        assert f"{quarter} {speech.money(money)}" in str(pilot.app.screen.query_one("#facts", Static).render())


@pytest.mark.parametrize("vendor", ["cambricon", None])
@pytest.mark.parametrize("played", [0, 1])
async def test_it_opens_before_much_has_happened_and_where_nobody_is_played(vendor, played):
    async with game(played=played, vendor=vendor, view="rivals") as pilot:
        assert isinstance(pilot.app.screen, Rivals)
        await pilot.press("down", "o", "enter", "v", "escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Rivals) and "Huawei Ascend" in text(pilot)


async def test_any_size():
    async with game(played=3, view="rivals") as pilot:
        for size in ((80, 24), (40, 10), (10, 4), (160, 48), (100, 30)):
            await pilot.resize_terminal(*size)
            await pilot.press("down", "enter", "v")
            await pilot.pause()
        await pilot.press("escape", "1")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Dashboard)
