"""`marketsim levels`: what it measures, prints and refuses."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from agents.game.difficulty import LEVELS, LINE_UPS
from agents.game.force import FORCES
from agents.game.ladder import CONTESTANTS, seat_scores
from agents.game.setup import Setup
from agents.strategies import names
from tests.command import Result, called

SHORT = ("levels", "--quarters", "12", "--seed", "3", "--workers", "1")


@pytest.fixture
def marketsim(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("COLUMNS", raising=False)

    def call(*arguments: str) -> Result:
        return called(capsys, arguments)

    return call


def by_strategy(level: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["strategy"]: one for one in level["strategies"]}


def test_the_figures_are_those_of_games_that_are_played_one_by_one(marketsim):
    shown = marketsim(*SHORT, "--games", "4", "--format", "json")
    assert (shown.code, shown.err) == (0, "")
    found = json.loads(shown.out)
    assert [one["level"] for one in found["levels"]] == list(LEVELS)
    seats = {0: "cambricon", 1: "metax", 2: "biren", 3: "others"}  # 13 vendors, 4 games: each its block's last
    level, plain = LEVELS["hard"], Setup(quarters=12).world()
    scores = []
    for run, vendor in seats.items():
        world = level.applied(plain, vendor, LINE_UPS[level.deck[run % len(level.deck)]])
        scores.append(seat_scores(world, vendor, (*CONTESTANTS, *FORCES), 3, range(run, run + 1)))
    value = np.concatenate([one.value for one in scores], axis=1)
    lasted = np.concatenate([one.lasted for one in scores], axis=1)
    alive = np.concatenate([one.alive for one in scores], axis=1)
    dice, best = CONTESTANTS.index("random"), value[: len(CONTESTANTS)].max(axis=0)
    by_force = {force.base: np.median(value[len(CONTESTANTS) + i] / best) for i, force in enumerate(FORCES)}
    forced = found["levels"][2]["forced"]
    assert forced["value"] == by_force[forced["from"]] == max(by_force.values())
    standings = by_strategy(found["levels"][2])
    for place, strategy in enumerate(CONTESTANTS):
        mine = standings[strategy]
        ahead = (value[place] > value[dice]) | ((value[place] == value[dice]) & (lasted[place] > lasted[dice]))
        assert mine["won"]["value"] == np.mean(value[place] == best)
        assert mine["ahead"]["value"] == ahead.mean()
        assert mine["survived"]["value"] == alive[place].mean()
        assert mine["score"]["value"] == np.median(value[place])


def test_everybody_is_there_and_the_best_comes_first(marketsim):
    found = json.loads(marketsim(*SHORT, "--games", "13", "--format", "json").out)
    assert (found["games"], found["quarters"], len(found["vendors"])) == (13, 12, 13)
    for level in found["levels"]:
        won = [one["won"]["value"] for one in level["strategies"]]
        assert set(by_strategy(level)) == set(names()) - {"hold"}
        assert won == sorted(won, reverse=True) and 1 <= sum(won) < 1.2  # more than 1 where two are equally good
        assert by_strategy(level)["random"]["ahead"]["value"] == 0
        assert by_strategy(level)["disciplined"]["ahead"] == level["careful_ahead"]
        assert level["careful_by_score"]["value"] <= level["careful_ahead"]["value"]
        assert level["reached"] == {
            "careful": level["careful_ahead"]["value"] >= 0.9,
            "most": won[0] <= 0.4,
            "forced": level["forced"]["value"] <= 1.5,
        }
        for one in level["strategies"]:
            assert one["won"]["low"] <= one["won"]["value"] <= one["won"]["high"]


def test_workers_change_nothing(marketsim):
    alone = marketsim(*SHORT, "--games", "5")
    together = marketsim("levels", "--quarters", "12", "--seed", "3", "--games", "5", "--workers", "2")
    assert alone == together
    assert alone.out != marketsim("levels", "--quarters", "12", "--seed", "4", "--games", "5", "--workers", "1").out


@pytest.mark.parametrize("width", [80, 120])
def test_the_page_fits_and_says_what_is_wanted_and_reached(marketsim, monkeypatch: pytest.MonkeyPatch, width: int):
    monkeypatch.setenv("COLUMNS", str(width))
    shown = marketsim(*SHORT, "--games", "3")
    lines = shown.out.splitlines()
    assert (shown.code, shown.err) == (0, "")
    assert max(map(len, lines)) <= width and "…" not in shown.out
    text = " ".join(shown.out.split())
    for level in LEVELS.values():
        assert level.title["en"] in lines and level.about["en"] in text
    assert text.count("disciplined is ahead of random by rank in ") == text.count("by score alone in ") == 3
    assert text.count("wanted by rank at least 90 %: ") == text.count("wanted at most 40 %: ") == 3
    assert "Rivals: skimming 5, undercutting 3, resting 2 of 10." in lines
    assert text.count("By force, ") == text.count("wanted at most 1.5: ") == 1
    first = next(line for line in lines if line.startswith(CONTESTANTS) and "  " in line)  # of a table
    assert ("(" in first) == (width == 120)  # intervals where there is room


def test_rivals_come_as_often_as_the_odds_of_their_line_ups_say():
    from marketsim.commands.levels import _blocks

    world = Setup().world()
    for games in (13, 200):
        blocks = list(_blocks(world, games))
        for name, level in LEVELS.items():
            mine = [block for block in blocks if block.level == name]
            assert sorted(run for block in mine for run in block.runs) == list(range(games))
            for line_up in set(level.deck):
                played = sum(len(block.runs) for block in mine if block.line_up == line_up)
                assert abs(played - games * level.deck.count(line_up) / len(level.deck)) < len(level.deck)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("levels", "nowhere"), 1, "no scenario 'nowhere'"),
        (("levels", "--quarters", "41"), 1, "41 are too many"),
        (("levels", "--games", "0"), 2, "from 1 to 100,000"),
    ],
)
def test_what_cannot_be_is_refused(marketsim, arguments: tuple[str, ...], code: int, said: str):
    shown = marketsim(*arguments)
    assert (shown.code, shown.out) == (code, "")
    assert said in " ".join(shown.err.split())
