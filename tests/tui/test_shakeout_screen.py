"""The shakeout monitor: what it shows is what the test says, in both languages, for games and watched markets."""

from __future__ import annotations

import re
from threading import Event

import numpy as np
import pytest
from textual.pilot import Pilot

from agents.game import Game, Setup
from agents.game.shakeout import SincePeak, instrument_for, read, stories
from marketsim.shakeout.classify import Class
from marketsim.shakeout.words import CLASSES, in_full
from tests.tui.conftest import game, text
from tui.pattern import (
    FACTS,
    QUESTIONS,
    gauges,
    headline,
    path_series,
    range_text,
    speaks_against,
    speaks_for,
    text_of,
    value_of,
)
from tui.screens import shakeout
from tui.screens.shakeout import FUTURES, Shakeout
from tui.speech import Language, Speech
from tui.widgets.bars import Bars
from tui.widgets.gauge import GaugeList
from tui.widgets.line_chart import LineChart

WORLDS = {
    "glut": Class.PHOTOVOLTAIC,
    "lock-in": Class.LOCK_IN,
    "niche": Class.NICHE,
    "rationed": Class.RATIONED,
    "collapse": Class.COLLAPSE,
    "steady": Class.NONE,
}
"""Small worlds that isolate one mechanism each, and what they end as."""


async def settled(pilot: Pilot[None]) -> None:
    """All that is worked out in the background is there."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def shown_facts(pilot: Pilot[None]) -> dict[str, float]:
    names = [name for facts in QUESTIONS.values() for name in facts]
    values = [gauge.value for chart in pilot.app.screen.query(GaugeList) for gauge in chart._gauges]
    return dict(zip(names, values, strict=True))


# -- words ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def worlds() -> dict[str, Game]:
    found = {}
    for name in WORLDS:
        found[name] = Game(Setup(scenario=name))
        while not found[name].over:
            found[name].play()
    return found


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_sentences_are_those_of_the_class(name: str, language: Language, worlds: dict[str, Game]):
    world, speech = worlds[name], Speech(language)
    instrument = instrument_for(world)
    reading = read(world, instrument)
    assert reading is not None
    assert headline(reading, world, speech).endswith(in_full(WORLDS[name], language))
    reasons = speaks_for(reading, instrument, speech), speaks_against(reading, instrument, speech)
    gone = speech.share(value_of("S1", reading), 0)
    if WORLDS[name] < Class.RATIONED:
        assert gone in reasons[0]
    told = {
        Class.LOCK_IN: speech.share(value_of("C2", reading), 0),
        Class.NICHE: speech.say("Who lacks software and installed base leaves, not who is dear."),
        Class.RATIONED: speech.share(float(reading.measured["margin"][0]), 0),
        Class.COLLAPSE: speech.say("Output falls with the firms: a collapse, no shakeout."),
    }
    assert told.get(WORLDS[name], "") in reasons[1]


def test_every_fact_of_the_test_has_its_gauge(worlds: dict[str, Game]):
    instrument = instrument_for(worlds["glut"])
    assert set(FACTS) == set(instrument.reference.file.facts)
    reading = read(worlds["glut"], instrument)
    assert reading is not None
    for name, gauge in zip(FACTS, gauges(list(FACTS), reading, instrument, Speech("en")), strict=True):
        known = instrument.reference.range(name, "photovoltaic")
        assert known is not None
        assert gauge.over == (known.low_end <= gauge.value <= known.high_end)
        if known.value is not None:
            assert gauge.low <= known.value <= gauge.high and gauge.reference == known.value


def test_output_while_firms_fall_is_nothing_before_any_is_gone(worlds: dict[str, Game]):
    steady, glut = worlds["steady"], worlds["glut"]
    for world in (steady, glut):
        reading = read(world, instrument_for(world))
        assert reading is not None
        assert np.isnan(value_of("S3", reading)) == (reading.measured["S1"][0] <= 0)
    assert np.isnan(value_of("S3", None))


def test_values_and_ranges_as_they_are_read():
    speech, instrument = Speech("en"), instrument_for(Game(Setup(quarters=1)))
    texts = {
        name: range_text(FACTS[name].kind, instrument.reference.range(name, "photovoltaic"), speech) for name in FACTS
    }
    assert (texts["S1"], texts["C1"], texts["P4"], texts["M3"]) == ("40% – 80%", "0.02 – 0.15", "-60% – -20%", "≥ ×1.0")
    assert text_of("change", 0.25, speech) == "+25%" and text_of("change", 0.0, speech) == "0%"
    assert text_of("share", float("nan"), speech) == "–"


def test_paths_lie_on_the_same_axes():
    here = SincePeak(
        np.arange(-3, 3) / 4, np.array([0.5, 0.75, 0.9, 1.0, 0.8, 0.6]), np.array([4, 3, 2, 1, 0.5, np.nan])
    )
    there = SincePeak(np.array([-1.0, 0.0, 1.0]), np.array([np.nan, 1.0, 0.4]), np.array([2.0, 1.0, 0.5]))
    series, labels = path_series(here, there, Speech("en"))
    assert labels[0] == "-1" and labels[-1] == "+5" and len(labels) == 25
    peak = labels.index("0")
    assert [line.values[peak] for line in series] == pytest.approx([100, 100, 100, 100])
    firms, price, firms_there, price_there = (line.values for line in series)
    assert firms[peak + 2] == pytest.approx(60) and np.isnan(firms[peak + 3])
    assert firms_there[peak + 2] == pytest.approx(70) and np.isnan(firms_there[peak - 1])
    assert price_there[peak - 2] == pytest.approx(150) and price[peak - 3] == pytest.approx(400)
    assert [line.reference for line in series] == [False, False, True, True]


# -- the screen -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_facts_of_a_game_and_the_class_so_far(language: Language):
    async with game(language, (120, 36), quarters=12, played=9, view="shakeout") as pilot:
        session = pilot.app.session
        reading = read(session.game, session.instrument)
        assert reading is not None
        expected = {name: value_of(name, reading) for name in FACTS}
        np.testing.assert_array_equal(list(shown_facts(pilot).values()), list(expected.values()))
        said = text(pilot)
        assert in_full(Class(int(reading.verdicts.classes[0])), language) in said
        assert speaks_for(reading, session.instrument, pilot.app.speech)[:20] in said
        await settled(pilot)
        if language == "zh":
            assert set(re.findall("[A-Za-z]{3,}", text(pilot))) == {"English"}


async def test_the_first_year_has_a_path_but_no_facts():
    async with game(quarters=8, played=2, view="shakeout") as pilot:
        await settled(pilot)
        assert "first facts stand after four quarters" in text(pilot)
        assert all(np.isnan(list(shown_facts(pilot).values())))
        chart = pilot.app.screen.query_one(LineChart)
        assert np.isfinite(chart._series[0].values).sum() == 2
        await pilot.press("space", "space")
        await pilot.pause()
        assert "So far:" in text(pilot)


async def test_a_watched_market_is_read_too():
    async with game(quarters=20, played=16, vendor=None, scenario="glut", view="shakeout") as pilot:
        await settled(pilot)
        session = pilot.app.session
        at_once = stories(session.game, session.instrument, range(FUTURES))
        assert session.findings.stories is not None
        assert session.findings.stories.counts.tolist() == at_once.counts.tolist()
        await pilot.press("space", "e", "h")  # nobody decides here
        assert isinstance(pilot.app.screen, Shakeout) and len(session.game.turns) == 16


async def test_futures_are_kept_until_the_quarter_ends():
    async with game(quarters=8, played=5, view="shakeout") as pilot:
        session = pilot.app.session
        await settled(pilot)
        found = session.findings.stories
        assert found is not None and found.runs == FUTURES
        bars = pilot.app.screen.query_one("#stories Bars", Bars)._bars
        assert sum(bar.value for bar in bars) == pytest.approx(1)
        assert CLASSES[Class.PHOTOVOLTAIC]["en"] in [bar.title for bar in bars]
        assert f"{FUTURES} futures" in text(pilot)
        await pilot.press("1", "7")
        await settled(pilot)
        assert session.findings.stories is found
        await pilot.press("space")
        assert session.findings.stories is not found
        await settled(pilot)
        assert session.findings.stories is not None and session.findings.stories.runs == FUTURES


async def test_who_leaves_stops_the_futures(monkeypatch: pytest.MonkeyPatch):
    began, go_on = Event(), Event()
    lots = []

    def slow(*arguments):
        lots.append(arguments)
        began.set()
        assert go_on.wait(20)
        return stories(*arguments)

    monkeypatch.setattr(shakeout, "stories", slow)
    async with game(quarters=8, played=5, view="shakeout") as pilot:
        while not began.is_set():
            await pilot.pause(0.01)
        assert f"0 of {FUTURES}" in text(pilot)
        session = pilot.app.session
        await pilot.press("1")
        go_on.set()
        await pilot.app.workers.wait_for_complete()
        assert len(lots) == 1 and session.findings.stories is None


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_one_picture_at_a_time_where_there_is_little_room(language: Language):
    async with game(language, (80, 24), quarters=8, played=5, view="shakeout") as pilot:
        await settled(pilot)
        assert [row for row in ("facts", "path", "stories") if visible(pilot, row)] == ["facts"]
        await pilot.press("v")
        assert [row for row in ("facts", "path", "stories") if visible(pilot, row)] == ["path"]
        await pilot.press("l")
        await settled(pilot)
        assert [row for row in ("facts", "path", "stories") if visible(pilot, row)] == ["path"]
        for size in ((40, 10), (160, 48), (100, 30)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert all(visible(pilot, row) for row in ("facts", "path", "stories"))


def visible(pilot: Pilot[None], name: str) -> bool:
    widget = pilot.app.screen.query_one(f"#{name}")
    return widget.size.height > 0 and all(
        node.display for node in widget.ancestors_with_self if hasattr(node, "display")
    )
