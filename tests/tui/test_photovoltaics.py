"""A game of another industry speaks of it everywhere: no screen, hint, rule or lever of photovoltaics speaks of chips."""

from __future__ import annotations

import re

import pytest

from agents.game.setup import Setup
from marketsim.scenario.library import load_scenario
from marketsim.scenario.vocabulary import texts_of_the_game
from tests.tui.conftest import game, settle, text
from tui.screens.view import View
from tui.speech import LANGUAGES, Language, Speech
from tui.workshop.briefings import briefings

CHIPS = {
    "en": re.compile(
        r"\b(AI|accelerators?|adapt\w*|architecture|bandwidth|cards?|chips?|clusters?|compute|decode|dies?|foundr\w+|GB|HBM"
        r"|inference|memor\w+|models?|\d+ ?nm|nodes?|prefill|respin|rooflines?|software|tape-?outs?|TB|TFLOPS|tokens?"
        r"|training|wafers?)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        "AI|芯片|流片|投片|算力|模型|卡|晶圆|代工|适配|带宽|词元|训练|推理|内存|制程|架构|软件|裸片|解码|预填充|屋顶线|纳米|HBM|TFLOPS"
    ),
}
"""Words of AI chips that mean nothing in the industry of solar modules."""

BEFORE = {"China's market for AI chips", "Will China's AI chips go the way of solar panels?"}
"""Said on the first screen, before a market is chosen."""

NAMES = {"en": ("Mature node", "Inference specialist"), "zh": ("成熟制程", "推理专精")}
"""Titles of strategies, which are names."""

VIEWS = ("briefing", "dashboard", "decide", "rivals", "market", "technology", "why", "shakeout", "debrief")


def chips(said: str, language: Language) -> list[str]:
    for name in NAMES[language]:
        said = said.replace(name, "")
    return CHIPS[language].findall(said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_the_game_speaks_of_chips(language: Language):
    speech = Speech(language, load_scenario("photovoltaics").vocabulary)
    said = {text: re.sub("{.*?}", "", speech.say(text)) for text in texts_of_the_game() if text not in BEFORE}
    assert {text: found for text, own in said.items() if (found := chips(own, language))} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_ai_chips_many_texts_do(language: Language):
    said = [Speech(language).say(text) for text in texts_of_the_game()]
    assert sum(bool(chips(text, language)) for text in said) > 100


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_screen_speaks_of_chips(language: Language):
    async with game(language, (150, 60), played=3, vendor="suntech", scenario="photovoltaics") as pilot:
        for view in VIEWS:
            pilot.app.action_view(view)
            await settle(pilot)
            for key in ("d", "question_mark"):  # details of the form, help with rules and terms
                await pilot.press(key)
                await pilot.pause()
                assert chips(text(pilot), language) == [], f"{view}, {key}"
            while not isinstance(pilot.app.screen, View):
                await pilot.press("escape")
                await pilot.pause()
        assert pilot.app.session is not None


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sheet_of_a_workshop_speaks_of_chips(language: Language):
    page = briefings(Setup(scenario="photovoltaics", quarters=32, seed=7), ["suntech", "longi"], "A room", 24, language)
    body = re.sub("<[^>]*>", " ", page[page.index("<body") :])
    assert "Suntech" in body or "尚德" in body
    assert chips(body, language) == []
