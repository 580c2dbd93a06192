"""The decision form: typed, stepped, refused, undone, advised; the forecast beside it."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import OptionList

from tests.tui.conftest import game, text
from tui.screens.decide import Decide
from tui.widgets.field_row import FieldRow
from tui.widgets.forecast_panel import ForecastPanel


def row(pilot: Pilot[None], path: str) -> FieldRow:
    return next(row for row in pilot.app.screen.query(FieldRow) if row.field.path == path)


def draft(pilot: Pilot[None]):
    return pilot.app.session.draft


async def test_digits_are_typed_and_lead_nowhere_else():
    async with game(view="decide") as pilot:
        assert isinstance(pilot.app.focused, FieldRow)
        await pilot.press("5", "7", "full_stop", "5")
        assert "57.5" in text(pilot) and isinstance(pilot.app.screen, Decide)
        assert draft(pilot).price != 57.5
        await pilot.press("enter")
        assert draft(pilot).price == 57.5


async def test_what_was_typed_counts_when_one_goes_on_and_not_when_one_escapes():
    async with game(view="decide") as pilot:
        before = draft(pilot).price
        await pilot.press("9", "9", "escape")
        assert draft(pilot).price == before and isinstance(pilot.app.screen, Decide)
        await pilot.press("4", "4", "down")
        await pilot.pause()
        assert draft(pilot).price == 44.0
        assert pilot.app.focused is row(pilot, "capacity.n12")


async def test_what_was_typed_counts_in_the_quarter_that_is_ended_behind_it():
    async with game(view="decide") as pilot:
        await pilot.press("7", "0", "space")
        await pilot.pause()
        assert [turn.plan.price for turn in pilot.app.session.game.turns] == [70.0]


@pytest.mark.parametrize(
    "keys",
    ["right", "right right", "right 5 0", "5 0 right", "down 1 up right"],
    ids=lambda keys: keys.replace(" ", "-"),
)
async def test_keys_pressed_faster_than_the_screen_is_drawn_count_in_their_order(keys: str):
    async with game(view="decide") as pilot:
        before = draft(pilot)
        await pilot.press(*keys.split(), "enter")
        one_by_one = draft(pilot)
        while draft(pilot) != before:
            await pilot.press("u")
        for key in [*keys.split(), "space"]:
            pilot.app.post_message(events.Key(key, {"space": " "}.get(key, key if len(key) == 1 else None)))
        await pilot.pause()
        await pilot.pause()
        played = pilot.app.session.game.turns[0].plan
        assert played.price == one_by_one.price != before.price


async def test_a_key_behind_what_is_no_number_is_not_heard():
    async with game(view="decide") as pilot:
        await pilot.press("minus", "space")
        await pilot.pause()
        assert not pilot.app.session.game.turns and row(pilot, "price").problem


async def test_arrows_step_and_undo_takes_back():
    async with game(view="decide") as pilot:
        before = draft(pilot)
        await pilot.press("right", "right", "left")
        await pilot.pause()
        assert draft(pilot).price > before.price
        await pilot.press("u", "u", "u")
        await pilot.pause()
        assert draft(pilot) == before


async def test_a_value_that_cannot_be_is_told_beside_its_field_and_the_quarter_waits():
    async with game(view="decide") as pilot:
        await pilot.press("down", "down", "minus", "9", "9", "enter")
        await pilot.pause()
        problem = row(pilot, "capacity.n7").problem
        held = pilot.app.session.game.state.contracts[pilot.app.session.game.seat, 1, 0]
        assert problem.startswith(f"allowed: {-held:+.2f} to")
        assert problem in text(pilot)
        await pilot.press("space")
        await pilot.pause()
        assert pilot.app.session.game.turns == []
        await pilot.press("r", "space")
        await pilot.pause()
        assert len(pilot.app.session.game.turns) == 1


async def test_what_is_no_number_is_told():
    async with game(view="decide") as pilot:
        await pilot.press("1", "minus", "2", "enter")
        assert "1-2 is no number" in text(pilot)


async def test_flags_and_choices_change_with_enter():
    async with game(view="decide") as pilot:
        row(pilot, "start_product").focus()
        await pilot.press("enter")
        await pilot.pause()
        assert draft(pilot).start_product is True
        row(pilot, "product_node").focus()
        before = draft(pilot).product_node
        await pilot.press("right")
        await pilot.pause()
        assert draft(pilot).product_node != before


async def test_details_are_shown_on_demand():
    async with game(view="decide", size=(120, 60)) as pilot:
        assert not row(pilot, "focus.telecom").display
        await pilot.press("d")
        await pilot.pause()
        assert row(pilot, "focus.telecom").display and row(pilot, "adaptation_split.qwen").display


async def test_advice_and_last_quarters_plan_fill_the_form():
    async with game(played=2, view="decide") as pilot:
        held = pilot.app.session.game.held()
        await pilot.press("a", "enter")
        await pilot.pause()
        own = pilot.app.session.game.world.vendors["cambricon"].strategy
        assert draft(pilot) == pilot.app.session.game.advised(own).rounded()
        await pilot.press("a")
        await pilot.pause()
        menu = pilot.app.screen.query_one(OptionList)
        menu.highlighted = menu.get_option_index("disciplined")
        await pilot.press("enter")
        await pilot.pause()
        assert draft(pilot) == pilot.app.session.game.advised("disciplined").rounded()
        assert pilot.app.session.adviser == "disciplined"
        await pilot.press("c")
        await pilot.pause()
        assert draft(pilot) == held


async def test_the_forecast_is_that_of_the_rule_book_for_the_plan_on_screen():
    from agents.game.forecast import forecast

    async with game(played=2, view="decide") as pilot:
        await pilot.press("4", "1", "enter")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        shown = pilot.app.screen.query_one(ForecastPanel).forecast
        expected = forecast(pilot.app.session.game, draft(pilot))
        assert shown == expected
        sold = expected.quarters[0].sold.median
        assert f"{sold:.1f}" in text(pilot) or f"{sold:.2f}" in text(pilot)


async def test_what_the_foundry_will_not_give_is_warned_of():
    async with game(view="decide") as pilot:
        await pilot.press("down", "down", "9", "0", "enter")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert row(pilot, "capacity.n7").warning in text(pilot)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_form_fits_a_small_terminal(language):
    async with game(language, size=(80, 24), view="decide") as pilot:
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        lines = text(pilot).splitlines()
        assert len(lines) == 24
        assert pilot.app.screen.query_one(ForecastPanel).forecast is not None


async def test_holding_a_plan_plays_up_to_the_quarter_that_was_asked_for():
    async with game(quarters=12) as pilot:
        await pilot.press("h")
        await pilot.pause()
        await pilot.press(*"2025q3", "enter")
        await pilot.pause()
        turns = pilot.app.session.game.turns
        assert [turn.now.name for turn in turns] == ["2025Q1", "2025Q2", "2025Q3"]
        assert {turn.plan.price for turn in turns} == {turns[0].plan.price}
