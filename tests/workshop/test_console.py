"""The facilitator's console: every key does in the room what it says, and asks before it takes something away."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from textual.pilot import Pilot

from agents.workshop import allowed
from agents.workshop import protocol as p
from agents.workshop.desk import Desk
from agents.workshop.entries import FACILITATOR
from tests.tui.conftest import home, text, told
from tests.workshop.consoles import (
    ADDRESS,
    console,
    desk,
    log,
    one_line,
    play,
    pressed,
    room,
    submit,
    typed,
    until,
)
from tui.screens.question import Question
from tui.screens.rivals import Rivals
from tui.screens.shakeout import Shakeout
from tui.screens.watch import Watch
from tui.speech import Language, Speech
from tui.workshop.connection import WorkshopError, new_id
from tui.workshop.console_commands import COMMANDS
from tui.workshop.console_dialogs import Ask
from tui.workshop.console_room import Console
from tui.workshop.debrief import RoomDebriefScreen

__all__ = ["desk", "home"]  # fixtures; the second one: of settings that are the test's alone


async def do(desk: Desk, command: p.FacilitatorCommand) -> None:
    assert isinstance(await desk.do(FACILITATOR, command), p.Accepted)


async def phase(pilot: Pilot[None], wanted: str) -> None:
    await until(pilot, lambda: pilot.app.overview.room.phase == wanted and isinstance(pilot.app.screen, Console))


def vendor(desk: Desk, number: int) -> str:
    return list(desk.room.seats)[number]


# -- the clock ---------------------------------------------------------------------------------------------------------


async def test_a_quarter_is_opened_for_so_many_minutes_and_they_are_remembered(desk: Desk):
    async with console(desk) as pilot:
        await pressed(pilot, "o")
        for minutes in ("0", "-3", "five", "nan", "inf", "1e99", "1441"):
            await typed(pilot, minutes, "enter")
            await until(pilot, lambda minutes=minutes: f"{minutes} is no number of minutes" in text(pilot))
            assert desk.room.phase == "lobby" and isinstance(pilot.app.screen, Ask)
        await typed(pilot, "1.5", "enter")
        await phase(pilot, "open")
        assert 60 < desk.clock.remaining(desk.now()) <= 90
        assert "2025Q1 is open" in log(pilot)
        await do(desk, p.Close(id=new_id()))
        await phase(pilot, "results")
        await pressed(pilot, "o")
        assert pilot.app.focused.value == "1.5"
        await typed(pilot, "", "enter")
        await phase(pilot, "open")
        assert desk.clock.remaining(desk.now()) is None, "without minutes there is no limit"


async def test_the_clock_counts_down_is_stopped_goes_on_and_gets_more_time(desk: Desk):
    async with console(desk) as pilot:
        await do(desk, p.Open(id=new_id(), seconds=60))
        await phase(pilot, "open")
        before = pilot.app.overview.remaining
        await pilot.pause(0.3)
        assert before - 30 < pilot.app.overview.remaining < before
        await pressed(pilot, "p")
        await phase(pilot, "paused")
        await pressed(pilot, "e", "enter")
        await until(pilot, lambda: pilot.app.overview.remaining > 120)
        left = pilot.app.overview.remaining
        await pilot.pause(0.3)
        assert pilot.app.overview.remaining == left
        assert pilot.app.screen.query_one("#clock").text[:3] in ("03:", "02:")
        await pressed(pilot, "p")
        await phase(pilot, "open")
        assert "the clock stands still\nthe clock goes on" in log(pilot)


async def test_closing_names_the_teams_that_have_not_handed_in(desk: Desk):
    async with console(desk) as pilot:
        await do(desk, p.Open(id=new_id()))
        await submit(desk, vendor(desk, 0))
        await until(pilot, lambda: pilot.app.overview.teams[0].decided)
        assert "Alpha has handed in" in log(pilot)
        await pressed(pilot, "c")
        assert "Not handed in yet (2): 玄武1, 白泽2." in one_line(pilot)
        await pressed(pilot, "n")
        assert desk.room.phase == "open"
        await pressed(pilot, "c", "y")
        await phase(pilot, "results")
        assert "2025Q1 is over: 1 handed in, 2 as before" in log(pilot)
        await do(desk, p.Open(id=new_id()))
        for number in range(3):
            await submit(desk, vendor(desk, number))
        await until(pilot, lambda: pilot.app.overview.room.phase == "open" and not pilot.app.overview.undecided)
        await pressed(pilot, "c")
        await phase(pilot, "results")
        assert "2025Q2 is over: 3 handed in" in log(pilot), "nothing is asked when all have decided"


# -- the market --------------------------------------------------------------------------------------------------------


async def test_quarters_are_taken_back_and_the_market_that_was_fetched_with_them(desk: Desk):
    await play(desk, 3)
    async with console(desk) as pilot:
        assert len(pilot.app.market.turns) == 3
        await pressed(pilot, "u")
        assert "in 2025Q3 is taken back" in text(pilot)
        await typed(pilot, "3", "enter")
        await until(pilot, lambda: "3 is no number of quarters: 0 to 2" in text(pilot))
        await typed(pilot, "1")
        assert "in 2025Q2, 2025Q3 is taken back" in one_line(pilot)
        await pressed(pilot, "enter")
        await until(pilot, lambda: pilot.app.market.branch == 1)
        assert desk.room.played == len(pilot.app.market.turns) == len(pilot.app.session.game.turns) == 1
        assert "rolled back; quarters that stay: 1" in log(pilot)


async def test_after_the_last_quarter_none_is_opened_but_it_can_be_taken_back(tmp_path: Path):
    async with room(tmp_path, quarters=1) as desk:
        await play(desk)
        async with console(desk, size=(80, 24)) as pilot:
            await pressed(pilot, "o", "i")
            assert isinstance(pilot.app.screen, Console)
            await pressed(pilot, "u")
            assert "in 2025Q1 is taken back" in text(pilot)


async def test_what_teams_see_of_each_other_and_the_debrief(desk: Desk):
    await play(desk)
    async with console(desk, size=(80, 24)) as pilot:
        await pressed(pilot, "s")
        assert "● Each team sees its own results" in text(pilot) and "● The ranking has no names" in text(pilot)
        await pressed(pilot, "down", "enter")
        await until(pilot, lambda: pilot.app.overview.room.results == "public")
        await pressed(pilot, "s", *["down"] * 4, "enter")
        await until(pilot, lambda: pilot.app.overview.office.ranking == "named")
        assert desk.room.results == "public" and desk.room.ranking == "named"
        assert "everybody sees all results\nthe ranking has names" in log(pilot)
        await pressed(pilot, "d")
        assert isinstance(pilot.app.screen, Question)
        await pressed(pilot, "n")
        assert desk.room.phase == "results"
        await pressed(pilot, "d", "y")
        await phase(pilot, "debrief")
        assert desk.room.phase == "debrief"
        await pressed(pilot, "9")
        assert isinstance(pilot.app.screen, RoomDebriefScreen)
        await pressed(pilot, "q")
        assert isinstance(pilot.app.screen, Console)


# -- teams -------------------------------------------------------------------------------------------------------------


async def test_a_strategy_plays_for_a_team_hands_back_and_a_seat_is_released(desk: Desk):
    async with console(desk, size=(80, 24)) as pilot:
        await pressed(pilot, "down", "b", "down", "enter")
        await until(pilot, lambda: pilot.app.overview.teams[1].strategy is not None)
        assert desk.room.seats[vendor(desk, 1)].strategy in pilot.app.overview.library.strategies
        assert "a strategy plays for 玄武1" in log(pilot) and "plays: " in text(pilot)
        await pressed(pilot, "b")
        assert "Hand back to 玄武1?" in text(pilot)
        await pressed(pilot, "y")
        await until(pilot, lambda: pilot.app.overview.teams[1].strategy is None)
        assert "玄武1 plays itself again" in log(pilot)
        await pressed(pilot, "k", "n")
        assert desk.room.seats[vendor(desk, 1)].name == "玄武1"
        await pressed(pilot, "k", "y")
        await until(pilot, lambda: len(pilot.app.overview.teams) == 2)
        assert desk.room.seats[vendor(desk, 1)].name is None and "玄武1 has lost its seat" in log(pilot)
        await pressed(pilot, "k", "b", "v")
        assert isinstance(pilot.app.screen, Console), "there is no team in this seat any more"


async def test_only_what_makes_sense_now_is_among_the_keys(desk: Desk):
    def offered(pilot: Pilot[None]) -> set[str]:
        return {active.binding.id for active in pilot.app.screen.active_bindings.values() if active.enabled}

    async with console(desk, size=(80, 24)) as pilot:
        assert "console.open" in offered(pilot)
        assert not offered(pilot) & {"console.close", "console.pause", "console.debrief", "console.roll-back"}
        await do(desk, p.Open(id=new_id()))
        await phase(pilot, "open")
        assert {"console.close", "console.pause", "console.extend"} <= offered(pilot)
        assert not offered(pilot) & {"console.open", "console.resume", "console.debrief"}
        await pressed(pilot, "o", "d")
        assert isinstance(pilot.app.screen, Console)
        commands = {command.title: command.help for command in pilot.app.get_system_commands(pilot.app.screen)}
        assert commands["Close"] == "c" and commands["Message"] == "m" and commands["How to join"] == "a"
        assert commands["Dashboard"] == "1" and commands["Shakeout"] == "7"


PHASES_OF_A_ROOM = {
    "lobby": [],
    "open": [p.Open],
    "paused": [p.Open, p.Pause],
    "results": [p.Open, p.Close],
    "debrief": [p.Open, p.Close, p.Debrief],
}


@pytest.mark.parametrize("wanted", PHASES_OF_A_ROOM)
@pytest.mark.parametrize(("language", "words"), [("en", ("v code", "q quit")), ("zh", ("v 口令", "q 退出"))])
async def test_code_and_leaving_are_among_the_keys_that_fit(
    desk: Desk, wanted: str, language: Language, words: tuple[str, str]
):
    for command in PHASES_OF_A_ROOM[wanted]:
        await do(desk, command(id=new_id()))
    for size in ((80, 24), (120, 36)):
        async with console(desk, language, size) as pilot:
            await phase(pilot, wanted)
            bar = text(pilot).splitlines()[-1]
            assert [word for word in words if word not in bar] == []
            assert bar.count("9") == (wanted == "debrief"), "one way to the debrief"


def test_all_that_the_facilitator_can_do_has_a_key():
    assert {f"console.{name}" for name in COMMANDS} <= {binding.id for binding in Console.BINDINGS}


# -- what is shown -----------------------------------------------------------------------------------------------------


async def test_who_comes_leaves_and_joins_is_in_the_log_in_both_languages(desk: Desk):
    async with console(desk, size=(80, 24)) as pilot:
        listeners = [await desk.listen(vendor(desk, 1)) for _ in range(2)]
        await until(pilot, lambda: pilot.app.overview.people == 2)
        for listener in listeners:
            await desk.leave(listener)
        await until(pilot, lambda: "玄武1 has left" in log(pilot))
        await desk.join(p.Join(code=desk.room.code, name="Late"))
        await until(pilot, lambda: len(pilot.app.overview.teams) == 4)
        assert "玄武1: somebody came" in log(pilot) and "Late plays Cambricon" in log(pilot)
        await pressed(pilot, "l")
        assert "Late经营寒武纪" in text(pilot) and "玄武1已离开" in text(pilot)


@pytest.mark.parametrize("key", ["", "3"], ids=["the room", "the market"])
async def test_what_is_told_while_the_language_changes_does_no_harm(
    desk: Desk, key: str, monkeypatch: pytest.MonkeyPatch
):
    async with console(desk, size=(80, 24)) as pilot:
        await pressed(pilot, *key)
        screen, made_anew = pilot.app.screen, pilot.app.screen.recompose

        async def recompose() -> None:
            await screen.query_children("*").remove()
            pilot.app.heed(pilot.app.overview.room.model_copy(update={"title": "Told"}))
            pilot.app.screen_stack[1]._look()
            pilot.app._take_market(pilot.app.market)
            await made_anew()

        monkeypatch.setattr(screen, "recompose", recompose)
        await pressed(pilot, "l", *("q" if key else ""))
        await until(pilot, lambda: "Told" in text(pilot) and "队伍" in text(pilot))


async def test_figures_and_codes_can_be_hidden(desk: Desk):
    await play(desk)
    code = desk.room.code_of(desk.room.seats[vendor(desk, 0)])
    async with console(desk) as pilot:
        assert "Cash" in text(pilot) and "Value" in text(pilot) and "RMB" in text(pilot)
        await pressed(pilot, "f")
        assert "Cash" not in text(pilot) and "Value" not in text(pilot) and "RMB" not in text(pilot)
        assert code not in text(pilot)
        await pressed(pilot, "v")
        assert f"code of Alpha: {code}" in text(pilot)
        await pressed(pilot, "down")
        await until(pilot, lambda: code not in text(pilot))
        await pressed(pilot, "v", "v")
        assert "code of" not in text(pilot)


async def test_the_projector_shows_how_to_join_and_nothing_else(desk: Desk):
    desk.address = "http://10.0.0.7:9000"  # the facilitator may have come another way
    await play(desk)
    async with console(desk) as pilot:
        await pressed(pilot, "v", "a")
        shown = text(pilot)
        assert "http://10.0.0.7:9000" in shown and desk.room.code in shown and ADDRESS not in shown
        taken = [seat for seat in desk.room.seats.values() if seat.name]
        secrets = [pilot.app.connection.token, "RMB", *(seat.name for seat in taken), *map(desk.room.code_of, taken)]
        assert not [secret for secret in secrets if secret in shown]
        await pressed(pilot, "a")
        assert isinstance(pilot.app.screen, Console)


async def test_the_market_is_shown_to_the_class_and_follows_the_room(desk: Desk):
    await play(desk, 2)
    async with console(desk) as pilot:
        await pressed(pilot, "1")
        assert isinstance(pilot.app.screen, Watch) and "after 2025Q2" in text(pilot)
        await play(desk)
        await until(pilot, lambda: "after 2025Q3" in text(pilot))
        await pressed(pilot, "b", "b")
        assert "after 2025Q1" in text(pilot)
        await play(desk)
        await until(pilot, lambda: len(pilot.app.market.turns) == 4)
        assert "after 2025Q1" in text(pilot), "who looks back is left there"
        await pressed(pilot, "3")
        assert isinstance(pilot.app.screen, Rivals)
        await pressed(pilot, "4", "7", "e", "2", "5", "s", "h")
        assert isinstance(pilot.app.screen, Shakeout), "nobody's books are opened, and nothing is played"
        await pressed(pilot, "q")
        assert isinstance(pilot.app.screen, Console) and desk.room.played == 4


async def test_a_refusal_is_told_with_field_value_and_what_is_allowed(desk: Desk):
    async with console(desk, "zh", size=(80, 24)) as pilot:
        pilot.app.do_now(p.HandBack(id=new_id(), vendor=vendor(desk, 9)))
        await until(pilot, lambda: bool(told(pilot)))
        assert f"公司：{vendor(desk, 9)}" in told(pilot) and f"允许：{vendor(desk, 0)}" in told(pilot)


def test_what_the_room_may_refuse_the_facilitator_is_said_in_chinese():
    refused = re.findall(r'Refusal\(\s*f?"([^"]*)"', Path(allowed.__file__).read_text())
    never_asked = {"only a team can do this", "either an intervention or a policy is needed", "there is no such field"}
    speech = Speech("zh")
    for message in set(refused) - never_asked:
        for said in [message.replace("{room.phase}", phase) for phase in get_args(p.Phase)]:
            if said not in ("the quarter is not open: open", "the quarter is not open: debrief"):
                assert re.search("[\u4e00-\u9fff]", speech.say(said)), said


async def test_exports_are_written_into_the_folder_that_is_told(desk: Desk, tmp_path: Path):
    async with console(desk, size=(80, 24)) as pilot:
        pilot.app.connection.exports["report"] = b"<html>"
        await pressed(pilot, "x", "tab", "tab")
        await typed(pilot, str(tmp_path / "out"), "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Console))
        assert (tmp_path / "out" / "report.html").read_bytes() == b"<html>"
        assert str(tmp_path / "out" / "report.html") in log(pilot)
        await pressed(pilot, "x", "down", "enter")
        await until(pilot, lambda: "there is no such export" in text(pilot))


@pytest.mark.parametrize(("language", "said"), [("en", "Without names of teams"), ("zh", "不含队名")])
async def test_an_export_without_names_has_a_name_of_its_own(desk: Desk, tmp_path: Path, language: Language, said: str):
    async with console(desk, language, size=(80, 24)) as pilot:
        pilot.app.connection.exports["report"] = b"<html>"
        for ticks, name in ((0, "report"), (1, "report-anonymous"), (2, "report-2"), (1, "report-anonymous-2")):
            await pressed(pilot, "x", "tab")
            assert said in text(pilot) and "✓" not in text(pilot)
            await pressed(pilot, *["space"] * ticks)
            assert ("✓" in text(pilot)) == (ticks == 1)
            await pressed(pilot, "tab")
            await typed(pilot, str(tmp_path), "shift+tab", "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Console))
            assert (tmp_path / f"{name}.html").read_bytes() == b"<html>"
            assert pilot.app.connection.asked.endswith(f"anonymous={'true' if ticks == 1 else 'false'}")


async def test_a_token_that_is_none_is_told_and_leaving_is_asked_for(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    async with console(desk, size=(80, 24)) as pilot:

        async def closed(heed: object) -> None:
            raise WorkshopError("the token opens no seat", 4401)

        monkeypatch.setattr(pilot.app.connection, "follow", closed)
        pilot.app._follow()
        await until(pilot, lambda: "This seat is not, or no longer, yours." in text(pilot))
        await pressed(pilot, "q", "n")
        assert not pilot.app._exit
        await pressed(pilot, "q", "y")
        assert pilot.app._exit
