"""Hints: one at a time, when they fit, gone when they are done or dismissed, none after six quarters."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from agents.game import Setup
from tui.session import Session
from tui.speech import Speech
from tui.tutorial import HINTS, QUARTERS, Tutor, next_hint
from tui.widgets.hint_line import HintLine

ROOM = 76
"""Cells for a hint in a terminal of 80 columns."""


def session(vendor: str | None = "cambricon", quarters: int = 10, played: int = 0, **values: float | bool) -> Session:
    """A game; values: of the draft of every quarter that has been played."""
    begun = Session.begin(Setup(vendor=vendor, quarters=quarters))
    for _ in range(played):
        for path, value in values.items():
            begun.edit(path, value)
        begun.end_quarter()
    return begun


def name(tutor: Tutor, going_on: Session, screen: str) -> str:
    hint = tutor.hint(going_on, screen)
    return "" if hint is None else hint.name


def test_the_first_quarter_is_guided_step_by_step():
    going_on, tutor = session(), Tutor()
    assert name(tutor, going_on, "briefing") == "briefing"
    assert name(tutor, going_on, "dashboard") == "form"
    assert name(tutor, going_on, "decide") == "price"
    going_on.edit("price", 50.0)
    assert name(tutor, going_on, "decide") == "end"
    going_on.end_quarter()
    assert name(tutor, going_on, "dashboard") == "news"
    assert name(tutor, going_on, "briefing") != "news"
    going_on.end_quarter()
    assert name(tutor, going_on, "dashboard") == "why"
    assert name(tutor, going_on, "why") == "on-why"


def test_a_step_that_was_left_undone_comes_back():
    going_on, tutor = session(), Tutor()
    assert name(tutor, going_on, "decide") == "price"
    assert name(tutor, going_on, "market") == "on-market"
    assert name(tutor, going_on, "decide") == "price"


def test_who_knows_the_way_is_not_told():
    """What was done before it was asked for is not asked for."""
    going_on, tutor = session(), Tutor()
    going_on.edit("price", 50.0)
    assert name(tutor, going_on, "decide") == "end"
    going_on.end_quarter()
    going_on.end_quarter()
    assert name(tutor, going_on, "why") == "on-why"
    assert name(tutor, going_on, "dashboard") not in ("price", "form", "why")


def test_a_dismissed_hint_does_not_come_back():
    going_on, tutor = session(), Tutor()
    seen = []
    while (hint := tutor.hint(going_on, "dashboard")) is not None:
        seen.append(hint.name)
        tutor.dismiss()
    assert seen[0] == "form"
    assert len(seen) == len(set(seen))
    assert next_hint(going_on, "dashboard", tutor.seen) is None


def test_an_error_comes_first_and_is_told_once():
    going_on, tutor = session(), Tutor()
    going_on.edit("research", -5.0)
    assert name(tutor, going_on, "decide") == "error"
    going_on.undo()
    assert name(tutor, going_on, "decide") == "price"
    going_on.edit("research", -5.0)
    assert name(tutor, going_on, "decide") != "error"


@pytest.mark.parametrize(
    ("expected", "setting"),
    [
        ("piling-up", {"vendor": "cambricon", "played": 1, "price": 500.0}),
        ("unserved", {"vendor": "cambricon", "played": 1, "price": 20.0}),
        ("outdated", {"vendor": "tsingmicro", "played": 1}),
        ("runway", {"vendor": "tsingmicro", "played": 3}),
    ],
)
def test_what_needs_attention_is_told(expected: str, setting: dict[str, object]):
    going_on = session(**setting)
    told, seen = [], set()
    while (hint := next_hint(going_on, "dashboard", seen)) is not None:
        told.append(hint.name)
        seen.add(hint.name)
    assert expected in told
    calm = session(played=1)
    assert next(hint for hint in HINTS if hint.name == expected).when(calm, "dashboard") is False


@pytest.mark.parametrize(("hint", "path", "value"), [("capacity", "capacity.n7", 0.5), ("funds", "funds", 500.0)])
def test_what_was_asked_for_is_not_asked_again(hint: str, path: str, value: float):
    going_on, rule = session("biren", played=4), next(each for each in HINTS if each.name == hint)
    assert rule.when(going_on, "dashboard")
    assert not rule.done(going_on, "dashboard")
    going_on.edit(path, value)
    assert rule.done(going_on, "dashboard")


def test_no_hint_after_six_quarters_nor_for_who_watches():
    everywhere = ("dashboard", "decide", "why", "briefing")
    late, watched = session(played=QUARTERS), session(vendor=None, played=1)
    assert not any(next_hint(late, screen, ()) for screen in everywhere)
    assert not any(next_hint(watched, screen, ()) for screen in everywhere)
    assert any(next_hint(session(played=QUARTERS - 1), screen, ()) for screen in everywhere)


def test_the_end_of_the_game_has_none():
    over = session(quarters=2, played=2)
    assert next_hint(over, "dashboard", ()) is None
    assert Tutor().hint(over, "dashboard") is None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_hint_is_a_line(language: str):
    assert len({hint.name for hint in HINTS}) == len(HINTS)
    for hint in HINTS:
        said = Speech(language).say(hint.text)
        assert cell_len(said) <= ROOM, hint.name
        assert (said == hint.text) == (language == "en")


def test_where_digits_are_typed_none_leads_elsewhere_by_digit():
    for played in range(QUARTERS):
        seen: set[str] = set()
        while (hint := next_hint(session(played=played), "decide", seen)) is not None:
            assert not any(f"press {digit}" in hint.text.lower() for digit in range(1, 10))
            seen.add(hint.name)


class Lines(App[None]):
    """A hint above a line of keys, and what was clicked."""

    dismissed = 0

    def compose(self) -> ComposeResult:
        yield HintLine(Speech("zh"))

    def on_hint_line_dismissed(self) -> None:
        self.dismissed += 1


async def test_the_line_is_there_only_with_a_hint_and_goes_by_a_click():
    async with Lines().run_test(size=(80, 5)) as pilot:
        line = pilot.app.query_one(HintLine)
        assert not line.display
        line.show(Speech("zh").say(HINTS[0].text))
        await pilot.pause()
        assert line.display
        assert line.size.height == 1
        assert "旁边写着允许的范围" in str(line.render())
        await pilot.click(HintLine)
        assert pilot.app.dismissed == 1
        line.show("")
        await pilot.pause()
        assert not line.display
