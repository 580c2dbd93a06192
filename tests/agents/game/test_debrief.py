"""Looking back: turning points that were made, and what-ifs that are replays by the rule book."""

from __future__ import annotations

import numpy as np
import pytest

from agents.game import Game, GameError, Plan, Setup
from agents.game.debrief import (
    Series,
    _changes,
    _tried,
    lasts,
    most_consequential,
    series,
    suggested_what_ifs,
    takeover,
    turning_points,
    what_if,
)

SETUP = Setup(vendor="cambricon", quarters=10)
DEAR = 5000.0


def by_hand(setup: Setup = SETUP) -> Game:
    """A person who holds, but asks for a mad price in two quarters and for capacity and a product in one."""
    game = Game(setup)
    usual = game.held().price
    for quarter in range(10):
        plan = game.held().with_value("price", DEAR if quarter in (5, 6) else usual)
        if quarter == 2:
            plan = plan.with_value("capacity.n7", 0.5)
        if quarter == 3:
            plan = plan.with_value("start_product", True)
        game.play(plan)
    return game


@pytest.fixture(scope="module")
def game() -> Game:
    return by_hand()


def cash_of(game: Game) -> float:
    return float(game.state.cash[game.seat, 0])


def replayed(game: Game, plans: list[Plan | None]) -> Series:
    return series(Game(game.setup, plans))


def test_the_quarters_of_the_mad_price_are_turning_points(game: Game):
    found = {point.quarter: point for point in turning_points(game, count=3)}
    assert len(found) == 3 and {"2026Q2", "2026Q4"} <= set(found)
    assert list(found) == sorted(found)
    begins = found["2026Q2"]
    (decided,) = begins.decided
    assert (decided.path, decided.own, decided.other) == ("price", game.plans[0].price, DEAR)
    assert begins.share < 0 < found["2026Q4"].share
    own = series(game).share
    assert begins.share == pytest.approx(own[5] - own[4])
    assert min(point.weight for point in found.values()) > 1


def test_turning_points_tell_what_happened(game: Game):
    everything = turning_points(game, count=99)
    assert [point.quarter for point in everything] == [turn.now.name for turn in game.turns[1:]]
    news = {(each.kind, each.vendor) for point in everything for each in point.news}
    assert ("event", -1) in news
    exits = {int(v) for turn in game.turns[1:] for v in np.flatnonzero(turn.outcome.failed[:, 0])}
    assert {vendor for kind, vendor in news if kind in ("failed", "acquired")} == exits
    assert not {vendor for kind, vendor in news if kind in ("price", "funded")} - {game.seat}
    assert turning_points(Game(SETUP)) == []


def test_a_value_stands_until_it_is_decided_anew(game: Game):
    assert lasts(game, 5, "price") == 7 and lasts(game, 7, "price") == 10
    assert lasts(game, 2, "capacity.n7") == 3 and lasts(game, 3, "start_product") == 4


def test_the_same_value_changes_nothing(game: Game):
    same = what_if(game, "2026Q2", "price", DEAR, measure=cash_of)
    assert same.own == same.other == series(game)
    assert same.own_measure == same.other_measure == cash_of(game)


def test_had_you_kept_the_price(game: Game):
    usual = game.plans[0].price
    found = what_if(game, "2026Q2", "price", usual, measure=cash_of)
    plans = [plan.with_value("price", usual) for plan in game.plans]
    assert found.other == replayed(game, plans)
    assert (found.quarter, found.quarters, found.strategy) == ("2026Q2", 2, None)
    assert found.other.share[:5] == found.own.share[:5] and found.other.share[5] > found.own.share[5]
    assert found.other_measure == found.other.cash[-1] != found.own_measure


def test_what_is_asked_for_once_is_undone_in_its_quarter(game: Game):
    found = what_if(game, "2025Q3", "capacity.n7", 0.0)
    plans = list(game.plans)
    plans[2] = plans[2].with_value("capacity.n7", 0.0)
    assert found.quarters == 1 and found.other == replayed(game, plans)
    assert found.own_measure is None


def test_a_strategy_takes_over(game: Game):
    found = takeover(game, "2026Q2", measure=cash_of)
    other = game.fork(5)
    while not other.over:
        other.play(other.advised("disciplined"))
    assert found.other == series(other) and found.other_measure == cash_of(other)
    assert (found.strategy, found.change, found.quarters) == ("disciplined", None, 5)


def test_what_cannot_be_asked_is_refused(game: Game):
    with pytest.raises(GameError, match="did you mean '2026Q2'"):
        what_if(game, "2026q2", "price", 1.0)
    with pytest.raises(GameError, match="price"):
        what_if(game, "2026Q2", "price", -1.0)
    with pytest.raises(KeyError):
        what_if(game, "2026Q2", "prize", 1.0)
    with pytest.raises(GameError, match="watched"):
        list(suggested_what_ifs(Game(Setup(quarters=2), [None])))


def test_changes_tried_side_by_side_are_the_replays(game: Game):
    changes = list(_changes(game))
    assert {(each.quarter, each.path) for each in changes} == {
        (2, "capacity.n7"),
        (3, "start_product"),
        (5, "price"),
        (7, "price"),
    }
    share, worth = _tried(game, changes)
    for place, each in enumerate(changes):
        plans = [
            plan.with_value(each.path, each.before) if each.quarter <= quarter < each.until else plan
            for quarter, plan in enumerate(game.plans)
        ]
        other = Game(game.setup, plans)
        assert worth[1 + place] == other.state.cash[game.seat, 0] - other.state.debt[game.seat, 0]
        assert share[1 + place] == pytest.approx(np.mean(series(other).share[2:]))


def test_the_mad_price_is_the_first_suggestion(game: Game):
    assert most_consequential(game, 3)[0].path == "price"
    found = list(suggested_what_ifs(game, measure=cash_of))
    assert found[0].change is not None and found[0].change.path == "price"
    assert [each.strategy for each in found] == [None] * (len(found) - 1) + ["disciplined"]
    assert len(found) >= 3 and all(each.other_measure is not None for each in found)


@pytest.mark.parametrize("strategy", ["hold", "disciplined", "capacity-hoarder"])
def test_every_game_of_five_quarters_has_three_answers(strategy: str):
    game = Game(Setup(vendor="hygon", quarters=5))
    while not game.over:
        game.play(game.held() if strategy == "hold" else game.advised(strategy))
    found = list(suggested_what_ifs(game))
    assert len(found) >= 3 and any(each.strategy == "disciplined" for each in found)
    assert len({(each.quarter, each.change, each.strategy) for each in found}) == len(found)


def test_a_vendor_that_fails_can_be_looked_back_on():
    game = Game(Setup(vendor="sunrise", difficulty="hard", quarters=24))
    while not game.over:
        game.play(game.held().with_value("research", 9e4).with_value("price", DEAR))
    assert not game.alive and len(game.turns) < 24
    usual = Game(game.setup).held().price
    found = what_if(game, "2025Q1", "price", usual)
    assert len(found.own.cash) == len(game.turns) and found.own.cash[-1] == 0.0
    assert len(list(suggested_what_ifs(game))) >= min(3, len(game.turns) - 1)
    early = what_if(by_hand(), "2025Q1", "research", 9e4)  # fails before the game as it was ends, or lasts as long
    assert len(early.other.cash) <= len(early.own.cash)
