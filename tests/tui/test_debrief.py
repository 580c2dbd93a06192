"""Looking back: score, rank, turning points, what-ifs, export; in both languages, at the end and on the way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from agents.game import Game, Setup, load
from agents.game.debrief import series, suggested_what_ifs, turning_points, what_if
from agents.game.ladder import ladder, rank
from tests.tui.conftest import game, text
from tests.tui.widgets.drawing import ink_of
from tui.findings import Findings
from tui.lookback import ladder_bars, ladder_of, own_score, score_bars, worth
from tui.screens.debrief import Debrief
from tui.screens.export import Export
from tui.screens.start import Start
from tui.screens.what_if import AskWhatIf
from tui.session import Session
from tui.speech import Language, Speech
from tui.widgets.bars import Bars
from tui.widgets.field_row import FieldRow
from tui.widgets.line_chart import LineChart
from tui.widgets.table import Table


async def settled(pilot: Pilot[None]) -> None:
    """All that is worked out in the background is there."""
    for _ in range(2):  # the screen is filled by what the first round found
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


def session_of(pilot: Pilot[None]) -> Session:
    session = pilot.app.session
    assert session is not None
    return session


def static(pilot: Pilot[None], name: str) -> str:
    return str(pilot.app.screen.query_one(name, Static).render())


def played(quarters: int, of: int, vendor: str = "cambricon") -> Game:
    made = Game(Setup(vendor=vendor, quarters=of))
    while len(made.turns) < quarters:
        plan = made.advised("disciplined")
        made.play(plan.with_value("price", 1.2 * plan.price) if len(made.turns) == 3 else plan)
    return made


# -- score and rank ---------------------------------------------------------------------------------------------------


def test_the_terms_that_are_shown_add_up():
    made = played(6, 6)
    bars, whole = score_bars(own_score(made), Speech("en"))
    assert sum(bar.value for bar in bars) == pytest.approx(whole.value, rel=1e-3) and whole.value == worth(made)


@pytest.mark.parametrize(("quarters", "of"), [(6, 6), (5, 12)])
def test_who_plays_as_a_strategy_is_worth_what_its_rung_is(quarters: int, of: int):
    """On the way too: rank so far compares with the strategies over as many quarters."""
    made = Game(Setup(vendor="cambricon", quarters=of))
    while len(made.turns) < quarters:
        made.play(made.advised("disciplined"))
    rungs = {rung.strategy: float(rung.score.value) for rung in ladder_of(made)}
    assert rungs["disciplined"] == pytest.approx(worth(made), rel=1e-9)


def test_a_ladder_without_room_shows_the_best_and_the_neighbours():
    made = played(6, 6)
    own, rungs = own_score(made), ladder_of(made)
    whole = ladder_bars(own, rungs, "Ours", Speech("en"), 100)
    place = rank(own, rungs)
    assert len(whole) == len(rungs) + 1 and whole[place - 1].title == f"{place} Ours"
    assert [bar.value for bar in whole] == sorted((bar.value for bar in whole), reverse=True)
    for room in (2, 3, 5, 10, 16):
        some = ladder_bars(own, rungs, "Ours", Speech("en"), room)
        assert len(some) == room and some[0] == whole[0] and any(bar.own for bar in some)
        assert [bar for bar in whole if bar in some] == some


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_end_is_explained(language: Language):
    async with game(language, (120, 36), quarters=6, played=5, view="dashboard") as pilot:
        await pilot.press("space")
        await settled(pilot)
        assert isinstance(pilot.app.screen, Debrief)
        session, speech = session_of(pilot), pilot.app.speech
        own, rungs = own_score(session.game), ladder(session.game.setup)
        said = text(pilot)
        assert speech.money(float(own.value)) in static(pilot, "#worth")
        numbers = re.findall(r"\d+", static(pilot, "#worth").split(speech.money(float(own.value)))[1])
        assert numbers == [str(rank(own, rungs)), str(len(rungs) + 1)]
        for point in turning_points(session.game):
            assert point.quarter in static(pilot, "#points")
        assert len(session.findings.suggested) >= 3
        assert speech.say("As it was") in said
        if language == "zh":
            words = {word for word in re.findall("[A-Za-z]{3,}", said) if word not in ("English", "space")}
            assert words <= {"DeepSeek", "GLM", "Qwen", "Llama", "STAR", "HBM"}, words


async def test_the_numbers_stand_on_the_lines():
    async with game(quarters=8, played=8, view="debrief") as pilot:
        await settled(pilot)
        session = session_of(pilot)
        points, own = turning_points(session.game), series(session.game)
        quarters = [turn.now.name for turn in session.game.turns]
        for name, values in (("#share", [100 * share for share in own.share]), ("#cash", [c / 1000 for c in own.cash])):
            chart = pilot.app.screen.query_one(name, LineChart)
            assert list(chart._series[0].values) == pytest.approx(values)
            assert list(chart._numbered) == [quarters.index(point.quarter) for point in points]
        strips = chart.draw(60, 20, ink_of())
        reversed_text = "".join(
            segment.text for strip in strips for segment in strip if segment.style and segment.style.reverse
        )
        assert sorted(reversed_text) == sorted("12345"[: len(points)])


async def test_there_is_nothing_to_look_back_on_at_the_start():
    async with game(quarters=4, view="debrief") as pilot:
        await settled(pilot)
        assert "nothing to look back on" in text(pilot)
        await pilot.press("w", "x", "v")
        assert isinstance(pilot.app.screen, Debrief)
        await pilot.press("space")
        await settled(pilot)
        assert "Score so far" in text(pilot)


async def test_a_firm_that_failed_is_worth_nothing_and_is_ranked_all_the_same():
    async with game(quarters=8, played=1, view="dashboard") as pilot:
        session = session_of(pilot)
        while session.game.alive:
            session.draft = session.game.held().with_value("research", 50_000.0).with_value("price", 0.1)
            session.end_quarter()
        pilot.app.action_view("debrief")
        await settled(pilot)
        rungs = session.findings.rungs
        assert session.finished and worth(session.game) == 0 and rungs is not None
        assert rank(own_score(session.game), rungs) > len(rungs) // 2
        assert max(int(rung.score.lasted) for rung in rungs) > len(session.game.turns)
        assert "out of business" in text(pilot)


# -- what if ----------------------------------------------------------------------------------------------------------


async def test_a_what_if_that_is_chosen_is_drawn_beside_the_game():
    async with game(quarters=8, played=8, view="debrief") as pilot:
        await settled(pilot)
        findings, cash = session_of(pilot).findings, pilot.app.screen.query_one("#cash", LineChart)
        assert len(cash._series) == 1
        await pilot.press("down", "down")
        await pilot.pause()
        assert findings.complete
        assert list(cash._series[1].values) == pytest.approx(
            [money / 1000 for money in findings.suggested[1].other.cash]
        )
        await pilot.press("up", "up")
        await pilot.pause()
        assert len(cash._series) == 1


async def test_had_you_kept_the_price():
    async with game(quarters=8, played=6, view="debrief") as pilot:
        await settled(pilot)
        await pilot.press("w", "left_square_bracket", "left_square_bracket")
        await pilot.pause()
        assert isinstance(pilot.app.screen, AskWhatIf) and "2025Q4" in text(pilot)
        await pilot.press("space")
        assert isinstance(pilot.app.screen, AskWhatIf)  # nothing was changed
        await pilot.press("k")
        await pilot.pause()
        await pilot.press("space")
        await settled(pilot)
        made, findings = session_of(pilot).game, session_of(pilot).findings
        before = made.plans[2]
        assert before is not None
        expected = what_if(made, "2025Q4", "price", before.price, worth)
        assert findings.asked == [expected]
        assert pilot.app.screen.query_one(Table).chosen == "0"
        assert list(pilot.app.screen.query_one("#share", LineChart)._series[1].values) == pytest.approx(
            [100 * share for share in expected.other.share]
        )
        assert "2025Q4: price" in text(pilot)


async def test_a_value_that_cannot_be_is_told_and_not_played():
    async with game(quarters=8, played=4, view="debrief") as pilot:
        await settled(pilot)
        await pilot.press("w", "9", "9", "9", "9", "9", "enter")
        await pilot.pause()
        row = pilot.app.screen.query(FieldRow).first()
        assert row.problem == "allowed: 0.1 to 5,000"
        await pilot.press("space")
        assert isinstance(pilot.app.screen, AskWhatIf)
        await pilot.press("r")
        await pilot.pause()
        assert not row.problem
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, Debrief) and not session_of(pilot).findings.asked


async def test_one_thing_alone_is_decided_otherwise():
    async with game(quarters=8, played=4, view="debrief") as pilot:
        await settled(pilot)
        await pilot.press("w", "5", "0", "enter", "down", "right")
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, AskWhatIf) and screen.changed is not None and screen.changed[0] != "price"
        changed = [row.field.path for row in screen.query(FieldRow) if row.value != row.was]
        assert changed == [screen.changed[0]]
        await pilot.press("left_square_bracket")
        await pilot.pause()
        assert screen.changed is None


async def test_more_capacity_cannot_be_given_up_than_there_is():
    """But it can be asked what had been: as much is given up as there is."""
    async with game(quarters=8, played=4, view="debrief") as pilot:
        await settled(pilot)
        await pilot.press("w", "down", "down", "minus", "9", "9", "enter")
        await pilot.pause()
        await pilot.press("space")
        await settled(pilot)
        (asked,) = session_of(pilot).findings.asked
        assert asked.change is not None and asked.change.other == -99.0 and asked.other != asked.own


async def test_what_was_found_is_kept_until_the_quarter_ends():
    async with game(size=(120, 40), quarters=8, played=4, view="debrief") as pilot:
        await settled(pilot)
        findings = session_of(pilot).findings
        rungs, suggested = findings.rungs, findings.suggested
        await pilot.press("l")
        await settled(pilot)
        shown = len(pilot.app.screen.query_one("#ladder", Bars)._bars)
        assert shown == len(rungs or ()) + 1  # there is room for all, also in another language and when one comes back
        await pilot.press("1", "9")
        await settled(pilot)
        assert len(pilot.app.screen.query_one("#ladder", Bars)._bars) == shown
        assert findings is session_of(pilot).findings and findings.rungs is rungs and findings.suggested is suggested
        await pilot.press("space")
        await settled(pilot)
        assert session_of(pilot).findings is not findings


# -- leaving ----------------------------------------------------------------------------------------------------------


async def test_the_same_game_again_and_back_to_the_menu():
    async with game(quarters=4, played=4, view="debrief") as pilot:
        await settled(pilot)
        setup = session_of(pilot).game.setup
        await pilot.press("n")
        await settled(pilot)
        again = session_of(pilot).game
        assert again.setup == setup and not again.turns and len(pilot.app.screen_stack) == 3
        await pilot.press("9", "m")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Start) and pilot.app.session is None


async def test_a_game_on_the_way_is_not_left_unasked():
    async with game(quarters=8, played=4, view="debrief") as pilot:
        await settled(pilot)
        session = session_of(pilot)
        await pilot.press("n")
        await pilot.pause()
        await pilot.press("n")
        await settled(pilot)
        assert pilot.app.session is session and isinstance(pilot.app.screen, Debrief)
        await pilot.press("n", "y")
        await settled(pilot)
        assert pilot.app.session is not session and not session_of(pilot).game.turns


# -- export -----------------------------------------------------------------------------------------------------------


async def written(pilot: Pilot[None], form: int) -> str:
    """Write the form in this place of the list; what is told."""
    for _ in range(form):
        await pilot.press("down")
    await pilot.press("enter")
    await settled(pilot)
    assert isinstance(pilot.app.screen, Export)
    for _ in range(form):
        await pilot.press("up")
    return static(pilot, "#told")


async def test_files_are_written_where_one_is_and_never_over_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    async with game(quarters=6, played=6, view="debrief") as pilot:
        await settled(pilot)
        made = session_of(pilot).game
        await pilot.press("x")
        for form, ending in enumerate(("html", "zip", "json")):
            for number in ("", "-2"):
                path = folder / f"cambricon-2026Q2{number}.{ending}"
                assert str(path) in await written(pilot, form)
                assert path.stat().st_size > 1000
    assert sorted(path.name for path in folder.iterdir())[:2] == ["cambricon-2026Q2-2.html", "cambricon-2026Q2-2.json"]
    again = load(folder / "cambricon-2026Q2.json").game()
    assert [turn.digest for turn in again.turns] == [turn.digest for turn in made.turns]
    assert Speech("en").money(worth(made)) in (folder / "cambricon-2026Q2.html").read_text()


async def test_a_folder_that_is_asked_for_is_made_and_one_that_cannot_be_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("kept")
    async with game(quarters=4, played=4, view="debrief") as pilot:
        await settled(pilot)
        await pilot.press("x")
        await pilot.pause()
        folder = pilot.app.screen.query_one(Input)
        folder.value = str(tmp_path / "file")
        assert "cannot be written" in await written(pilot, 1)
        folder.value = str(tmp_path / "new" / "one")
        assert str(tmp_path / "new" / "one" / "cambricon-2025Q4.zip") in await written(pilot, 1)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, Debrief)
    assert (tmp_path / "file").read_text() == "kept"


# -- room -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_one_picture_at_a_time_where_there_is_little_room(language: Language):
    async with game(language, (80, 24), quarters=6, played=6, view="debrief") as pilot:
        await settled(pilot)
        seen = []
        for _ in range(3):
            names = ("#score", "#points", "#what-ifs")
            seen.append([name for name in names if pilot.app.screen.query_one(name).region.height > 2])
            await pilot.press("v")
            await pilot.pause()
        assert seen == [["#score"], ["#points"], ["#what-ifs"]]
        for key in ("w", "x"):
            await pilot.press(key)
            await pilot.pause()
            await pilot.resize_terminal(40, 10)
            await pilot.pause()
            await pilot.press("escape")
            await pilot.resize_terminal(160, 48)
            await pilot.pause()
        assert all(pilot.app.screen.query_one(name).region.height > 2 for name in names)
        bars = pilot.app.screen.query_one("#ladder", Bars)._bars
        assert len(bars) == len(session_of(pilot).findings.rungs or ()) + 1


async def test_playing_again_leaves_nothing_of_the_old_game_to_draw():
    """Rows of the old game may still be chosen when the new one has no quarter yet."""
    async with game(played=3, view="debrief") as pilot:
        debrief = pilot.app.screen
        pilot.app.session.game = pilot.app.session.game.fork(0)
        debrief._chosen()
        await pilot.pause()
        assert pilot.app.screen is debrief


async def test_a_list_that_is_about_what_was_does_no_harm():
    """The cursor may move on a row of a quarter that is over, before the list is filled anew."""
    async with game(size=(120, 40), quarters=8, played=4, view="debrief") as pilot:
        await settled(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, Debrief)
        last = len(session_of(pilot).findings.suggested)
        screen.query_one("#list", Table).move_cursor(row=last)
        await pilot.pause()
        session_of(pilot).findings = Findings()
        screen._chosen()
        assert pilot.app.is_running


async def test_what_was_found_before_one_left_is_not_taken_back(monkeypatch: pytest.MonkeyPatch):
    shown: list[int] = []

    def few(*arguments: object, **named: object):
        for what in suggested_what_ifs(*arguments, **named):  # type: ignore[arg-type]
            shown.append(len(session_of(pilot).findings.suggested))
            yield what

    async with game(size=(120, 40), quarters=8, played=4, view="debrief") as pilot:
        await settled(pilot)
        findings = session_of(pilot).findings
        findings.complete, findings.suggested = False, findings.suggested[:2]
        monkeypatch.setattr("tui.screens.debrief.suggested_what_ifs", few)
        await pilot.press("1", "9")
        await settled(pilot)
        assert shown == sorted(shown) and shown[0] == 2 and findings.complete
