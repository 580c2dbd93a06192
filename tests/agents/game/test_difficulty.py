"""Levels: other rivals and another start, the same rules; the harder, the less even the best can make of a seat."""

from __future__ import annotations

import re
from collections import Counter
from typing import get_args

import pytest

from agents.game.difficulty import LEVELS, LINE_UPS, Difficulty
from agents.game.ladder import seat_scores
from agents.game.setup import Setup
from agents.strategies import names
from marketsim.scenario.library import load_scenario

WORLD = load_scenario("china-ai-chips")
BEST = ("capacity-hoarder", "mature-node", "inference-specialist", "flagship", "ecosystem")
LARGE = {"huawei-ascend", "alibaba-t-head", "cambricon", "baidu-kunlunxin", "hygon", "others"}
"""Who sells most of the cards that it starts with, by the scenario's file."""


def test_everything_has_words_in_both_languages():
    assert list(LEVELS) == list(get_args(Difficulty))
    for about in (*(level.about for level in LEVELS.values()), *(one.about for one in LINE_UPS.values())):
        assert about["en"].endswith(".") and about["zh"].endswith("。")
        assert not re.search("[a-zA-Z]", about["zh"])
    for level in LEVELS.values():
        assert level.title["en"].isalpha() and not level.title["zh"].isascii()
    for one in LINE_UPS.values():
        assert one.about["en"].startswith("This time ") and one.about["zh"].startswith("这一局")
        assert {one.large, one.small} <= {*names(), None}


def test_every_line_up_is_played_and_the_scenarios_own_is_the_usual_one():
    assert {name for level in LEVELS.values() for name in level.deck} == set(LINE_UPS)
    (first, most), (_, next_most) = Counter(LEVELS["normal"].deck).most_common(2)
    assert first == "own" and most > next_most
    assert (LINE_UPS["own"].large, LINE_UPS["own"].small) == (None, None)


@pytest.mark.parametrize("name", LEVELS)
def test_a_level_changes_strategies_of_rivals_and_the_own_cash_alone(name: Difficulty):
    level, vendor = LEVELS[name], "metax"
    for line_up in (LINE_UPS[one] for one in dict.fromkeys(level.deck)):
        world = level.applied(WORLD, vendor, line_up)
        own = WORLD.vendors[vendor]
        assert world.vendors[vendor] == own.model_copy(update={"cash": own.cash * level.cash})
        assert list(world.vendors) == list(WORLD.vendors) and list(world.entrants) == list(WORLD.entrants)
        for rival, before in WORLD.vendors.items():
            if rival != vendor:
                played = (line_up.large if rival in LARGE else line_up.small) or before.strategy
                assert world.vendors[rival] == before.model_copy(update={"strategy": played})
        for kind, entrant in WORLD.entrants.items():
            played = line_up.small or entrant.strategy
            assert world.entrants[kind] == entrant.model_copy(update={"strategy": played})
        left = {"vendors": {}, "entrants": {}}
        assert world.model_copy(update=left) == WORLD.model_copy(update=left)


def test_normal_with_its_own_line_up_is_the_scenario():
    assert LEVELS["normal"].applied(WORLD, "metax", LINE_UPS["own"]) == WORLD


def test_who_is_large_does_not_hang_on_who_plays():
    """Among the rivals of a large vendor the largest of the small ones moves up."""
    played = LINE_UPS["divided"].strategies(WORLD, "huawei-ascend")
    hoarders = {name for name, strategy in played.items() if strategy == "capacity-hoarder"}
    assert hoarders == LARGE - {"huawei-ascend"} | {"metax"}
    assert set(played) == set(WORLD.vendors) - {"huawei-ascend"}


def test_the_seed_alone_draws_the_line_up_and_draws_the_same_for_ever():
    """A saved game keeps its seed, not its rivals: another draw would be another game."""
    drawn = [LEVELS["normal"].drawn(seed) for seed in range(7, 11)]
    assert drawn == [LINE_UPS[name] for name in ("own", "resting", "own", "squeezing")]
    for vendor in ("metax", "sunrise"):
        setup = Setup(vendor=vendor, difficulty="hard", seed=123)
        assert setup.line_up == LEVELS["hard"].drawn(123)
        assert setup.world() == LEVELS["hard"].applied(WORLD, vendor, setup.line_up)


def test_line_ups_come_as_often_as_their_odds_say():
    for level in LEVELS.values():
        drawn = Counter(id(level.drawn(seed)) for seed in range(3000))
        for name in set(level.deck):
            expected = level.deck.count(name) / len(level.deck)
            assert drawn[id(LINE_UPS[name])] / 3000 == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("vendor", ["cambricon", "sunrise"])
def test_the_harder_the_level_the_less_the_best_strategy_makes_of_a_seat(vendor: str):
    best = []
    for level in LEVELS.values():
        scores = [
            seat_scores(level.applied(WORLD, vendor, LINE_UPS[name]), vendor, BEST, 3, range(2))
            .value.max(axis=0)
            .mean()
            for name in dict.fromkeys(level.deck)
        ]
        odds = [level.deck.count(name) / len(level.deck) for name in dict.fromkeys(level.deck)]
        best.append(sum(score * share for score, share in zip(scores, odds, strict=True)))
    assert best[0] > 1.5 * best[1] and best[1] > 1.5 * best[2]
