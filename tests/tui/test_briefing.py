"""The briefing: short enough to be read, true to the scenario, and two keys from a first decision."""

from __future__ import annotations

import re

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from agents.game import Game, Setup
from marketsim.scenario.library import load_scenario
from tests.tui.conftest import application, game, text
from tui.design import taken
from tui.facts import position, provenance, scarce, sentences, sources
from tui.roster import roster_of
from tui.screens.briefing import Briefing
from tui.screens.decide import Decide
from tui.session import Session
from tui.speech import Speech
from tui.widgets.field_row import FieldRow

VENDORS = list(load_scenario("china-ai-chips").vendors)
WORDS_A_MINUTE = 220
"""Of a reader of English who is in no hurry."""


async def settled(pilot: Pilot[None]) -> Briefing:
    """The briefing once the adviser has been asked and sources have been looked up."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, Briefing)
    return screen


def running_text(pilot: Pilot[None]) -> str:
    """What has to be read: all but the frame, the sources and the figures of panels."""
    boxes = [*pilot.app.screen.query(".number").results(Static)]
    boxes += [pilot.app.screen.query_one(name, Static) for name in ("#sentences", "#aim")]
    listed = pilot.app.screen.query_one(OptionList)
    rows = [listed.get_option_at_index(index).prompt for index in range(listed.option_count)]
    return "\n".join(str(part) for part in [*(box.render() for box in boxes if box.display), *rows])


@pytest.mark.parametrize("vendor", ["cambricon", "huawei-ascend", "baidu-kunlunxin"])
async def test_it_is_read_within_half_a_minute(vendor: str):
    async with game(view="briefing", vendor=vendor, size=(80, 24)) as pilot:
        await settled(pilot)
        words = [word for word in running_text(pilot).split() if re.search("[a-z]", word)]  # figures are glanced at
        assert 40 < len(words) <= 90
        assert 60 * len(words) / WORDS_A_MINUTE < 25


async def test_a_newcomers_first_quarter_takes_three_keys():
    """Start, accept the advice, end the quarter."""
    async with application(size=(80, 24)) as pilot:
        await pilot.press("enter")
        while pilot.app.session is None:
            await pilot.pause(0.01)
        await pilot.pause()
        advised = pilot.app.session.game.advised(pilot.app.session.adviser).rounded()
        await pilot.press("a", "space")
        await pilot.pause()
        assert [turn.plan for turn in pilot.app.session.game.turns] == [advised]


async def test_accepted_advice_is_marked_and_can_be_undone():
    async with game(view="briefing") as pilot:
        await settled(pilot)
        held = pilot.app.session.draft
        assert "→" in text(pilot)
        await pilot.press("a")
        await pilot.pause()
        assert "Accepted" in text(pilot)
        assert "✓" in text(pilot)
        await pilot.press("u")
        await pilot.pause()
        assert pilot.app.session.draft == held
        assert "a accepts all" in text(pilot)


async def test_enter_opens_the_form_at_the_decision():
    async with game(view="briefing") as pilot:
        screen = await settled(pilot)
        await pilot.press("down")
        asked = screen.query_one(OptionList).highlighted_option
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Decide)
        focused = pilot.app.screen.focused
        assert isinstance(focused, FieldRow)
        assert focused.field.path == asked.id


async def test_decisions_are_those_on_which_most_hangs():
    async with game(view="briefing", size=(120, 36)) as pilot:
        screen = await settled(pilot)
        held, advised = pilot.app.session.game.held(), pilot.app.session.game.advised(pilot.app.session.adviser)
        listed = screen.query_one(OptionList)
        paths = [listed.get_option_at_index(index).id for index in range(listed.option_count)]
        assert 1 <= len(paths) <= 3
        assert all(held.value(path) != advised.value(path) for path in paths)
        assert not any(path.startswith(("focus", "adaptation_split")) for path in paths)
        found = {each.change.path: each.stake for each in screen._advice.suggestions}
        others = [stake for path, stake in found.items() if path not in paths and "." not in path]
        assert min(found[path] for path in paths) >= max(others, default=0.0)


async def test_sources_stand_on_the_page():
    async with game(view="briefing", size=(120, 36)) as pilot:
        await settled(pilot)
        assert "news.cnyes.com (derived)" in text(pilot)


async def test_later_it_tells_of_the_last_quarter():
    async with game(played=3) as pilot:
        await pilot.press("8")
        await settled(pilot)
        turn, seat, speech = pilot.app.session.game.turns[-1], pilot.app.session.game.seat, Speech("en")
        found = text(pilot)
        assert f"Cambricon in {turn.now.name}" in found
        assert speech.money(float(turn.outcome.price[seat, 0] * turn.outcome.sold[seat, 0])) in found
        assert speech.money(float(turn.after.cash[seat, 0])) in found
        assert speech.share(float(turn.outcome.bought[seat, :, 0].sum() / turn.outcome.bought[..., 0].sum())) in found
        assert f"{turn.now.name} " in found
        assert "What counts" not in found


async def test_chinese_is_chinese():
    async with game(language="zh", view="briefing", size=(120, 36)) as pilot:
        await settled(pilot)
        assert not re.search(
            "[A-Za-z]{5,}", re.sub(r"\S+\.(com|ai|cn|pk|net|org)\S*|Enter|space|English", "", text(pilot))
        )


# Facts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_vendor_has_its_facts(vendor: str, language: str):
    begun, speech = Game(Setup(vendor=vendor)), Speech(language)
    own = begun.world.vendors[vendor]
    said = sentences(begun, roster_of(begun, speech), Session(begun).rivals(speech), speech)
    assert speech.price(own.price) in said[0]
    assert all(speech.title(begun.world.segments[name].title) in said[1] for name in list(own.affinity)[:1])
    assert (speech.money(own.parent_support) in said[1]) == (own.parent_support > 0)
    cash, share, base = position(begun, speech)
    assert cash.value == speech.money(own.cash)
    assert base.value == speech.cards(own.installed)
    revenue = {name: float(value) for name, value in zip(VENDORS, begun.state.revenue[:, 0], strict=False)}
    rank = sorted(revenue.values(), reverse=True).index(revenue[vendor]) + 1
    assert str(rank) in share.note


def test_what_is_scarce_is_what_contracts_take():
    begun = Game(Setup(vendor="cambricon"))
    gauges = {gauge.title: gauge for gauge in scarce(begun, Speech("en"))}
    held = taken(begun)
    limit = begun.now.wafer_limit[:, 0]
    for index, node in enumerate(begun.world.nodes.values()):
        if limit[index] > 0:
            assert gauges[node.title.en].value == pytest.approx(held[index] / limit[index])
    assert gauges["7nm-class domestic"].value > 0.5 > gauges["12nm mature"].value
    assert gauges["HBM"].over


def test_memory_that_is_called_short_does_run_out_within_a_year():
    """The forecast of the first page against the game: held plans use the memory up."""
    begun = Game(Setup(vendor="cambricon"))
    assert next(gauge for gauge in scarce(begun, Speech("en")) if gauge.title == "HBM").over
    for _ in range(5):
        begun.play(begun.held())
    hbm = begun.parameters.memories.index("hbm")
    assert begun.state.memory_stock[hbm, 0] == pytest.approx(0, abs=1e-6)


def test_sources_say_how_sure_a_figure_is():
    begun = Game(Setup(vendor="cambricon"))
    said = sources(begun, provenance("china-ai-chips"), Speech("en"))
    assert "cash (assumption)" in said
    assert "price news.cnyes.com (derived)" in said


def test_a_scenario_without_sources_says_nothing_of_them():
    begun = Game(Setup(scenario="collapse", vendor=next(iter(load_scenario("collapse").vendors))))
    assert all("(" in line for line in sources(begun, provenance("collapse"), Speech("en")))
    assert sources(begun, {}, Speech("en")) == []
