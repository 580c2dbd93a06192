"""The page of a game: what it says, in both languages, and how a browser shows it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from agents.game import Game, Setup
from agents.game.debrief import turning_points, what_if
from agents.game.page import render
from tests.tui.browser import CHROMIUM, browser
from tui.lookback import ladder_of, worth
from tui.report import page_of
from tui.session import Session
from tui.speech import Language, Speech


def played(quarters: int, of: int) -> Game:
    made = Game(Setup(vendor="cambricon", quarters=of))
    while len(made.turns) < quarters:
        plan = made.advised("disciplined")
        made.play(plan.with_value("price", 1.2 * plan.price) if len(made.turns) == 3 else plan)
    return made


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_says_what_the_screen_does(language: Language):
    made, speech = played(6, 6), Speech(language)
    session = Session(made)
    rungs, asked = ladder_of(made), what_if(made, "2025Q4", "price", 60.0, worth)
    page = render(page_of(made, session.instrument, rungs, [asked], speech))
    shown = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.S)
    assert speech.money(worth(made)) in shown and speech.money(asked.other_measure or 0.0) in shown
    for point in turning_points(made):
        assert f"{point.quarter}: " in shown
    for turn in made.turns:
        assert turn.now.name in shown
    assert page.count("<figure>") == 5  # share and cash, twice, and the path
    if language == "zh":
        words = set(re.findall("[A-Za-z]{4,}", shown))
        assert words <= {"DeepSeek", "Qwen", "Llama", "Jaccard", "STAR", "marketsim", "quot"}, words


def test_a_page_of_a_game_of_one_quarter():
    made = played(1, 6)
    session = Session(made)
    page = render(page_of(made, session.instrument, ladder_of(made), [], Speech("en")))
    assert "No decision was changed" in page and "nan" not in re.sub("[a-z]*nan[a-z]+", "", page)


@pytest.mark.skipif(CHROMIUM is None and "CI_NEEDS_BROWSER" not in os.environ, reason="no Chromium on the path")
def test_the_page_in_a_browser(tmp_path: Path):
    made = played(6, 6)
    file = tmp_path / "page.html"
    file.write_text(
        render(page_of(made, Session(made).instrument, ladder_of(made), [], Speech("zh"))), encoding="utf-8"
    )
    (tmp_path / "chromium").mkdir()
    grounds = []
    with browser(tmp_path / "chromium") as running, running.tab("about:blank", 1200, 900) as tab:
        for scheme in ("light", "dark"):
            tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            tab.goes_to(file.as_uri())
            tab.becomes("document.readyState == 'complete' && !!document.querySelector('footer')")
            grounds.append(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
            assert tab.evaluate("document.documentElement.scrollWidth") <= 1200
            assert tab.evaluate("Math.min(...[...document.querySelectorAll('figure')].map(f => f.clientHeight))") > 100
            assert any("CJK" in font for font in tab.fonts_of("h1"))
        assert tab.complaints == []
        assert {url for url in tab.requests if not url.startswith("about:")} == {file.as_uri()}
    assert grounds == ["rgb(255, 255, 255)", "rgb(13, 17, 23)"]
