"""The guide for teachers: its commands exist with their options, its rooms can be played, its figures come out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from agents.game import Game, Setup
from agents.game.shakeout import instrument_for, read
from marketsim.cli import app
from marketsim.commands.hosting import Wish
from marketsim.scenario.library import load_scenario
from marketsim.shakeout.classify import Class

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = ["workshop.md", "workshop.zh-CN.md"]
LESSONS = (45, 90, 180)
STAND_IN = {"ADDRESS": "192.168.1.20:8000"}
"""For what a reader replaces."""


def text(guide: str) -> str:
    return (DOCS / guide).read_text(encoding="utf-8")


def blocks(guide: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text(guide), re.DOTALL)


def commands(guide: str) -> list[list[str]]:
    """All that begins with `marketsim`, in examples and between backticks."""
    lines = [line for block in blocks(guide, "sh") for line in block.splitlines()]
    lines += re.findall(r"`(marketsim [^`]+)`", re.sub(r"```.*?```", "", text(guide), flags=re.DOTALL))
    words = [[STAND_IN.get(word, word) for word in shlex.split(line, comments=True)] for line in lines]
    return [each[1:] for each in words if each and each[0] == "marketsim"]


def parsed(arguments: list[str]) -> tuple[str, dict[str, Any]]:
    """Name and parameters of a command.  Fails for a command or an option that there is not."""
    command: Any = get_command(app)
    names = []
    while commands := getattr(command, "commands", None):
        assert arguments[0] in commands, arguments
        names.append(arguments[0])
        command, arguments = commands[arguments[0]], arguments[1:]
    return " ".join(names), command.make_context(names[-1], list(arguments)).params


@pytest.mark.parametrize("guide", GUIDES)
def test_commands_exist_with_their_options(guide: str):
    shown = commands(guide)
    assert len(shown) > 20
    names = set()
    for arguments in shown:
        name, given = parsed(arguments)
        names.add(name)
        scenario = given.get("scenario")
        if scenario is not None:
            load_scenario(str(scenario))
    assert {f"workshop {each}" for each in ("host", "join", "briefings", "export")} < names


def rooms(guide: str) -> Iterator[tuple[str, Wish]]:
    """Of the commands that host one, or print its sheets."""
    for arguments in commands(guide):
        name, given = parsed(arguments)
        if name in ("workshop host", "workshop briefings"):
            vendors = given["vendors"] and given["vendors"].split(",")
            asked = {key: given[key] for key in ("scenario", "teams", "quarters", "seed", "title", "first")}
            yield name, Wish(**asked, vendors=vendors, language="en")


@pytest.mark.parametrize("guide", GUIDES)
def test_rooms_can_be_played_and_sheets_are_of_the_same(guide: str):
    lessons = []
    for name, wish in rooms(guide):
        setup, vendors, _ = wish.room()
        ahead = wish.ahead(setup)
        if wish.seed is not None:
            lessons.append((name, setup, vendors, ahead))
    hosted = [rest for name, *rest in lessons if name == "workshop host"]
    printed = [rest for name, *rest in lessons if name == "workshop briefings"]
    assert len(hosted) == 4 and printed == hosted[:2]


def timetables(guide: str) -> list[list[tuple[int, int, str]]]:
    """Of each lesson: first and last minute of each line, and what is in it."""
    found: list[list[tuple[int, int, str]]] = []
    for first, last, what in re.findall(r"^\| (\d+)-(\d+) \| (.*)$", text(guide), re.MULTILINE):
        if first == "0":
            found.append([])
        found[-1].append((int(first), int(last), what))
    return found


@pytest.mark.parametrize("guide", GUIDES)
def test_timetables_have_no_holes_and_room_for_their_quarters(guide: str):
    lessons = timetables(guide)
    assert [lesson[-1][1] for lesson in lessons] == list(LESSONS)
    for lesson in lessons:
        assert all(before[1] == after[0] for before, after in pairwise(lesson))
        for first, last, what in lesson:
            spans = re.match(r"(\d{4})Q(\d)(?: (?:to|至) (\d{4})Q(\d))?", what)
            minutes = re.search(r"([\d.]+) (?:minutes each|分钟)", what)
            if spans and minutes:
                year, quarter, until, end = (int(each) for each in spans.groups())
                count = 4 * (until - year) + end - quarter + 1
                assert 0 <= (last - first) - count * float(minutes[1]) <= 1, what


def test_both_languages_show_the_same():
    for pattern in (r"```sh\n(.*?)```", r"`(marketsim [^`]+)`"):
        english, chinese = ([tidy(each) for each in re.findall(pattern, text(guide), re.DOTALL)] for guide in GUIDES)
        assert english == chinese
    assert [[line[:2] for line in lesson] for lesson in timetables(GUIDES[0])] == [
        [line[:2] for line in lesson] for lesson in timetables(GUIDES[1])
    ]
    english, chinese = (re.findall(r"^\| \d+ \| .*$", text(guide), re.MULTILINE) for guide in GUIDES)
    assert english == chinese and len(english) == 13


def tidy(code: str) -> str:
    """Without comments and the language, which differ."""
    return " ".join(re.sub(r"#.*|--language \w+", "", code).split())


def test_figures_come_out(capsys: pytest.CaptureFixture[str]):
    made: dict[str, object] = {}
    (code,) = blocks(GUIDES[0], "python")
    exec(compile(re.sub(r"rooms=\d+", "rooms=100", code), GUIDES[0], "exec"), made)
    capsys.readouterr()
    played, cheaper, six = made["played"], made["cheaper"], made["six"]
    assert callable(played) and callable(cheaper)
    told = text(GUIDES[0])
    careful, price, _ = played("photovoltaics", six, "2011Q1", "disciplined", "2014Q4", rooms=200)
    held, *_ = played("photovoltaics", six, "2011Q1", "hold", "2014Q4", rooms=200)
    assert f"{100 * careful:.0f} % careful" in told and f"{100 * held:.0f} % going on as before" in told
    assert f"RMB {price:.1f} a watt at the end of 2014 with six careful teams" in told
    cards, revenue = cheaper("photovoltaics", "suntech", "2012Q1", rooms=300)
    assert f"Suntech {100 * (cards - 1):+.0f} % watts and {100 * (revenue - 1):+.0f} % revenue" in told
    cards, revenue = cheaper("china-ai-chips", "cambricon", "2025Q4", rooms=300)
    assert f"{100 * (cards - 1):+.0f} % cards and {100 * (revenue - 1):+.0f} % revenue" in told


def test_the_room_of_the_second_lesson_ends_as_it_is_told():
    game = Game(Setup(scenario="photovoltaics", quarters=40, seed=7))
    active = []
    while not game.over:
        turn = game.play(others={})
        active.append(int((turn.outcome.sold[: game.parameters.domestic, 0] > 0).sum()))
    found = read(game, instrument_for(game))
    assert found is not None and found.verdicts.classes[0] == Class.PHOTOVOLTAIC
    assert f"from {max(active)} active makers to {active[-1]} by 2014Q4" in " ".join(text(GUIDES[0]).split())
    seats = next(wish.vendors for _, wish in rooms(GUIDES[0]) if wish.first is not None)
    left = [vendor for vendor in seats if game.state.alive[game.parameters.vendors.index(vendor), 0]]
    assert left == ["suntech"]
