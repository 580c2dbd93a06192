"""The game: a person's plans and the rule book, bit for bit what a strategy's decisions would give."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from agents.game import Game, GameError, Setup
from agents.game.game import digest
from agents.strategies.team import Team
from marketsim.errors import MarketSimError
from marketsim.market import Market
from marketsim.scenario.parameters import Parameters

SETUP = Setup(vendor="cambricon", quarters=8)


def played(setup: Setup, strategy: str = "disciplined") -> Game:
    game = Game(setup)
    while not game.over:
        game.play(None if setup.vendor is None else game.advised(strategy))
    return game


def test_a_game_by_the_advice_of_a_strategy_is_the_ensembles_run_of_it():
    game = played(SETUP)
    world = SETUP.world()
    own = world.vendors["cambricon"].model_copy(update={"strategy": "disciplined"})
    world = world.model_copy(update={"vendors": {**world.vendors, "cambricon": own}})
    market = Market(Parameters(world), SETUP.seed, range(3))
    team = Team(market.parameters.strategies)
    for _ in range(8):
        market.step(team.decide(market.observe()))
    for item in fields(market.state):
        ours, theirs = getattr(game.state, item.name)[..., 0], getattr(market.state, item.name)[..., 0]
        np.testing.assert_array_equal(ours, theirs, err_msg=item.name)


def test_the_same_plans_give_the_same_bits_and_others_do_not():
    game = played(SETUP)
    again = Game(SETUP, game.plans)
    assert [turn.digest for turn in again.turns] == [turn.digest for turn in game.turns]
    plans = list(game.plans)
    assert plans[4] is not None
    plans[4] = plans[4].with_value("price", 1.01 * plans[4].price)
    other = Game(SETUP, plans)
    assert [turn.digest for turn in other.turns[:4]] == [turn.digest for turn in game.turns[:4]]
    assert other.turns[4].digest != game.turns[4].digest
    assert digest(other.state) == other.turns[-1].digest


def test_a_fork_goes_its_own_way_and_leaves_the_game_alone():
    game = played(SETUP)
    last = game.turns[-1].digest
    fork = game.fork(3)
    assert fork.now.name == "2025Q4" and fork.turns[-1].digest == game.turns[2].digest
    fork.play(fork.held().with_value("price", 10.0))
    assert len(game.turns) == 8 and game.turns[-1].digest == last


def test_a_watched_market_needs_no_plans_and_can_be_forked():
    watched = played(Setup(quarters=5))
    assert watched.over and watched.plans == [None] * 5
    assert watched.fork(2).turns[-1].digest == watched.turns[1].digest
    with pytest.raises(GameError, match="watched"):
        _ = watched.seat


def test_holding_keeps_what_was_decided_but_asks_for_nothing_twice():
    game = Game(SETUP)
    first = game.held()
    plan = first.with_value("price", 61.5).with_value("capacity.n7", 0.2).with_value("funds", 500.0)
    game.play(plan.with_value("research", 123.0).with_value("start_product", True))
    held = game.held()
    assert (held.price, held.research) == (61.5, 123.0)
    assert held.capacity["n7"] == held.funds == 0.0 and not held.start_product


def test_a_plan_that_cannot_be_is_refused_and_nothing_is_played():
    game = Game(SETUP)
    wrong = game.held().with_value("price", -3.0).with_value("capacity.n7", -999.0).with_value("product_node", "n2")
    found = {problem.path: problem for problem in game.problems(wrong)}
    assert set(found) == {"price", "capacity.n7", "product_node"}
    assert (found["price"].low, found["price"].high) == (0.1, 5000.0)
    assert found["capacity.n7"].low == -game.state.contracts[game.seat, 1, 0]
    assert found["product_node"].choices == ("n12", "n7", "n5")
    assert {problem.path for problem in game.problems(game.held().with_value("funds", float("nan")))} == {"funds"}
    with pytest.raises(GameError, match="price"):
        game.play(wrong)
    assert game.turns == []


def test_plans_and_seats_must_fit():
    with pytest.raises(GameError, match="needs a plan"):
        Game(SETUP).play()
    with pytest.raises(GameError, match="needs a plan"):
        Game(Setup(quarters=1)).play(Game(SETUP).held())
    finished = played(Setup(vendor="cambricon", quarters=1))
    with pytest.raises(GameError, match="over"):
        finished.play(finished.held())


@pytest.mark.parametrize(
    ("setup", "said"),
    [
        (Setup(vendor="cambrikon"), "cambricon"),
        (Setup(vendor="nvidia"), "no vendor 'nvidia'"),
        (Setup(vendor="cambricon", quarters=41), "40"),
        (Setup(scenario="nowhere"), "no scenario"),
    ],
)
def test_a_setup_that_cannot_be_says_why(setup: Setup, said: str):
    with pytest.raises(MarketSimError, match=said):
        setup.world()


def test_levels_change_rivals_and_the_own_start_alone():
    plain, hard = (Setup(vendor="cambricon", difficulty=level).world() for level in ("normal", "hard"))
    assert hard.vendors["cambricon"].cash < plain.vendors["cambricon"].cash
    same = {"strategy": "hold", "cash": 0.0}
    for name in plain.vendors:
        assert hard.vendors[name].model_copy(update=same) == plain.vendors[name].model_copy(update=same)
    left = {"vendors": {}, "entrants": {}}
    assert hard.model_copy(update=left) == plain.model_copy(update=left)


def test_values_are_found_by_their_paths():
    plan = Game(SETUP).held()
    paths = [path for path, _ in plan.values()]
    assert paths[:4] == ["price", "capacity.n12", "capacity.n7", "capacity.n5"]
    assert all(plan.value(path) == value for path, value in plan.values())
    with pytest.raises(KeyError):
        plan.value("capacity")
    with pytest.raises(KeyError):
        plan.value("capacity.n2")


def test_advice_is_rounded_to_what_a_person_would_type_and_can_be_played():
    game = Game(SETUP)
    advised = game.advised("cost-leader")
    rounded = advised.rounded()
    assert game.problems(rounded) == []
    assert rounded.price == pytest.approx(advised.price, rel=0.005) and len(f"{rounded.price:g}") <= 5
    assert rounded.rounded() == rounded
    held_by_node = zip(game.parameters.nodes, game.state.contracts[game.seat, :, 0].tolist(), strict=True)
    for node, held in held_by_node:
        given_up = game.held().with_value(f"capacity.{node}", -held)
        assert game.problems(given_up.rounded()) == []
