"""The strategies in one's own seat: each plays the very game that a person would have played by its advice."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from agents.game import Game, GameError, Setup
from agents.game.ladder import CONTESTANTS, Rung, ladder, rank, seat_scores
from agents.game.score import Score, score
from agents.strategies import StrategyError, names

SETUP = Setup(vendor="cambricon", difficulty="hard", quarters=10, seed=11)
SOME = ("disciplined", "random", "capacity-hoarder", "round-chaser")


def same(one: Score, other: Score) -> bool:
    return all(np.array_equal(getattr(one, item.name), getattr(other, item.name)) for item in fields(Score))


@pytest.fixture(scope="module")
def rungs() -> list[Rung]:
    return ladder(SETUP)


@pytest.mark.parametrize("strategy", ["disciplined", "capacity-hoarder", "random"])
def test_a_strategy_gets_what_a_player_who_follows_it_gets_to_the_bit(rungs: list[Rung], strategy: str):
    game = Game(SETUP)
    while not game.over:
        game.play(game.advised(strategy))
    own = score(game.trace, game.state, game.seat).of(0)
    rung = next(rung for rung in rungs if rung.strategy == strategy)
    assert same(own, rung.score)
    better = [other for other in rungs if other.score.value > own.value]
    assert rank(own, rungs) == len(better) + 1


def test_all_built_in_strategies_take_part_but_the_one_that_stands_for_nobody(rungs: list[Rung]):
    assert sorted(rung.strategy for rung in rungs) == sorted(CONTESTANTS)
    assert set(names()) - set(CONTESTANTS) == {"hold"}


def test_the_best_come_first(rungs: list[Rung]):
    values = [float(rung.score.value) for rung in rungs]
    assert values == sorted(values, reverse=True) and values[0] > values[-1]
    best, worst = rungs[0].score, rungs[-1].score
    assert rank(best, rungs) == 1
    assert rank(worst, rungs) == len(rungs)


def test_everybody_meets_the_same_luck_whoever_else_plays():
    world = SETUP.world()
    many = seat_scores(world, "cambricon", SOME, 11, range(5, 8))
    assert many.value.shape == (4, 3)
    assert len(np.unique(many.value)) == 12  # other luck, other strategy: another score
    twice = seat_scores(world, "cambricon", ("random", "disciplined", "random"), 11, range(6, 7))
    assert same(twice.of((0, 0)), twice.of((2, 0)))
    assert same(twice.of((1, 0)), many.of((0, 1)))
    assert same(twice.of((0, 0)), many.of((1, 1)))


def test_rivals_do_not_change_their_minds_because_of_who_is_compared():
    """The seat's own strategy in the scenario is nobody's business."""
    world = SETUP.world()
    own = world.vendors["cambricon"].model_copy(update={"strategy": "hold"})
    other = world.model_copy(update={"vendors": {**world.vendors, "cambricon": own}})
    found, again = (seat_scores(one, "cambricon", SOME[:2], 11, range(2)) for one in (world, other))
    assert same(found, again)


def test_there_is_no_ladder_without_a_seat_or_with_an_unknown_strategy():
    with pytest.raises(GameError, match="watched"):
        ladder(Setup(quarters=2))
    with pytest.raises(StrategyError, match="disciplined"):
        ladder(SETUP, ("disciplind",))
