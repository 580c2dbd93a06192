"""Levels: other rivals and another start, the same rules; the harder, the less even the best can make of a seat."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from agents.game.difficulty import LEVELS, Difficulty
from agents.game.ladder import seat_scores
from agents.strategies import names
from marketsim.scenario.library import load_scenario

WORLD = load_scenario("china-ai-chips")
BEST = ("capacity-hoarder", "inference-specialist", "flagship", "ecosystem")


def test_every_level_has_words_in_both_languages_and_strategies_that_exist():
    assert list(LEVELS) == list(get_args(Difficulty))
    for level in LEVELS.values():
        assert re.search("[a-zA-Z]", level.title["en"] + level.about["en"])
        assert level.about["en"].endswith(".") and level.about["zh"].endswith("。")
        assert not re.search("[a-zA-Z]", level.title["zh"] + level.about["zh"])
        assert set(level.rivals) | set(level.rivals.values()) <= set(names())


@pytest.mark.parametrize("name", LEVELS)
@pytest.mark.parametrize("vendor", ["huawei-ascend", "tsingmicro"])
def test_a_level_changes_strategies_of_rivals_and_the_own_cash_alone(name: Difficulty, vendor: str):
    level, world = LEVELS[name], LEVELS[name].applied(WORLD, vendor)
    assert world.vendors[vendor] == WORLD.vendors[vendor].model_copy(
        update={"cash": WORLD.vendors[vendor].cash * level.cash}
    )
    for part in ("vendors", "entrants"):
        before, after = getattr(WORLD, part), getattr(world, part)
        assert list(after) == list(before)
        for rival in set(before) - {vendor}:
            played = level.rivals.get(before[rival].strategy, before[rival].strategy)
            assert after[rival] == before[rival].model_copy(update={"strategy": played})
    left = {"vendors": {}, "entrants": {}}
    assert world.model_copy(update=left) == WORLD.model_copy(update=left)


def test_normal_is_the_scenario():
    assert LEVELS["normal"].applied(WORLD, "metax") == WORLD


def test_no_rival_is_left_to_its_own_plan_where_the_level_says_so():
    for name, played in (("easy", {"skimmer", "random"}), ("hard", {"capacity-hoarder", "inference-specialist"})):
        world = LEVELS[name].applied(WORLD, "metax")  # type: ignore[index]
        rivals = [own.strategy for vendor, own in world.vendors.items() if vendor != "metax"]
        assert {*rivals, *(kind.strategy for kind in world.entrants.values())} == played


@pytest.mark.parametrize("vendor", ["cambricon", "sunrise"])
def test_the_harder_the_level_the_less_the_best_strategy_makes_of_a_seat(vendor: str):
    best = []
    for level in LEVELS.values():
        scores = seat_scores(level.applied(WORLD, vendor), vendor, BEST, 3, range(2))
        best.append(float(scores.value.max(axis=0).mean()))
    assert best[0] > 1.5 * best[1] and best[1] > 1.5 * best[2]
