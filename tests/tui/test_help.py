"""Help: keys as they are bound, rules as the form has them, terms in both languages; found by searching."""

from __future__ import annotations

import re

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.tui.conftest import application, game, text
from tui.fields import fields_of
from tui.glossary import GLOSSARY
from tui.screens.help import Help
from tui.speech import Speech

SCREENS = ["dashboard", "decide", "rivals", "market", "technology", "why", "briefing"]


async def called(pilot: Pilot[None]) -> Help:
    """Help on the screen that is shown."""
    page = Help(pilot.app.screen)
    await pilot.app.push_screen(page)
    await pilot.pause()
    return page


def part(page: Help, name: str) -> str:
    return str(page.query_one(name, Static).visual)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("view", SCREENS)
async def test_the_keys_are_those_that_are_bound(view: str, language: str):
    async with game(language=language, view=view, played=2) as pilot:
        screen, speech = pilot.app.screen, Speech(language)
        bound = [active.binding for active in screen.active_bindings.values() if active.binding.id and active.enabled]
        page = await called(pilot)
        keys = part(page, "#bindings")
        assert len(bound) > 10
        for binding in bound:
            if binding.description:
                assert speech.say(binding.description) in keys
        assert speech.say(screen.about)[:20] in part(page, "#purpose")
        if language == "zh":
            assert not re.search("[a-z]{6,}", keys.replace("English", ""))


@pytest.mark.parametrize("size", [(60, 24), (80, 24), (120, 36)])
async def test_no_line_begins_with_a_mark_that_ends_a_phrase(size: tuple[int, int]):
    async with game(language="zh", size=size, view="decide") as pilot:
        await called(pilot)
        page = pilot.app.screen
        for name in ("#purpose", "#found"):
            prose = page.query_one(name)
            shown = [strip.text.strip() for strip in prose.render_lines(prose.size.region)]
            assert len(shown) > 2 and not [line for line in shown if line.startswith(tuple("。，、；：？！）"))]
            said = "".join(str(prose.visual).split())
            assert "".join("".join(shown).split()) == said, "all of it is there"


async def test_rules_are_those_of_the_form():
    async with game(view="decide") as pilot:
        fields = fields_of(pilot.app.session.game.world, Speech("en"))
        found = part(await called(pilot), "#found")
        for field in fields:
            assert field.rule in found
        assert "founders' shares are worth" in found


async def test_the_field_one_was_at_comes_first():
    async with game(view="decide") as pilot:
        await pilot.press("down")
        rule = pilot.app.screen.focused.field.rule
        found = part(await called(pilot), "#found")
        assert found.index(rule) < found.index("RULES BEHIND")


async def test_what_is_searched_for_is_found():
    async with game() as pilot:
        page = await called(pilot)
        await pilot.press("slash", *"herfindahl")
        await pilot.pause()
        found = part(page, "#found")
        assert "sum of squared shares" in found
        assert "Wafer" not in found
        await pilot.press("escape")
        await pilot.pause()
        assert page.query_one("#wanted", Input).value == ""
        assert "Wafer" in part(page, "#found")


async def test_nothing_found_is_said():
    async with game() as pilot:
        page = await called(pilot)
        await pilot.press("slash", *"zebra")
        await pilot.pause()
        assert part(page, "#found") == "Nothing about zebra"


@pytest.mark.parametrize("key", ["question_mark", "escape", "q", "f1"])
async def test_it_closes_and_the_game_is_where_it_was(key: str):
    async with game(view="why", played=2) as pilot:
        before, session = pilot.app.screen, pilot.app.session
        await called(pilot)
        await pilot.press(key)
        await pilot.pause()
        assert pilot.app.screen is before
        assert pilot.app.session is session


async def test_it_helps_before_there_is_a_game():
    async with application() as pilot:
        page = await called(pilot)
        assert "TERMS" in part(page, "#found")
        assert "RULES" not in part(page, "#found")


async def test_it_speaks_the_other_language_at_once():
    async with game(view="why", played=2) as pilot:
        await called(pilot)
        await pilot.press("l")
        await pilot.pause()
        assert "数字背后的规则" in text(pilot)
        await pilot.resize_terminal(40, 10)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "规则与术语" in text(pilot)


def test_terms_are_explained_once_and_shortly():
    terms = [entry.term for entry in GLOSSARY]
    assert len(terms) == len(set(terms)) >= 25
    for entry in GLOSSARY:
        assert entry.text.count(". ") <= 1, f"{entry.term}: at most two sentences"
        assert len(entry.text.split()) <= 32, entry.term
        chinese = Speech("zh").say(entry.text)
        assert re.search("[一-鿿]", chinese), entry.term
        assert chinese.count("。") <= 2, entry.term


@pytest.mark.parametrize(
    "term",
    [
        *("Herfindahl", "Take-or-pay", "Yield", "Learning rate", "Tape-out", "Roofline", "Lock-in", "Runway"),
        *("Gross margin", "HBM", "Node", "Price elasticity", "Founders", "Guidance fund", "Photovoltaic shakeout"),
    ],
)
def test_terms_of_the_field_are_there(term: str):
    assert any(entry.term.startswith(term) for entry in GLOSSARY)
