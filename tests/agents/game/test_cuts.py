"""What of a plan cannot be done, and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agents.game import Game, Plan, Setup
from agents.game.cuts import Cut
from agents.game.forecast import forecast
from marketsim.scenario.schema import Scenario


@pytest.fixture
def game() -> Game:
    """Three quarters in."""
    game = Game(Setup(vendor="hygon", quarters=12))
    for _ in range(3):
        game.play(game.advised("disciplined"))
    return game


def cuts(game: Game, plan: Plan) -> dict[tuple[str, str], Cut]:
    return {(cut.path, cut.reason): cut for cut in forecast(game, plan).cuts}


def with_cash(game: Game, cash: float) -> None:
    state = game.state
    game.model.market.state = replace(
        state, cash=np.where(np.arange(len(state.cash))[:, None] == game.seat, cash, state.cash)
    )


def test_a_modest_plan_is_done_in_full(game: Game):
    with_cash(game, 1e5)
    assert cuts(game, game.held().with_value("run_share", 0.5)) == {}


def test_research_is_cut_to_what_is_left(game: Game):
    plan = game.held().with_value("research", 9e4)
    cut = cuts(game, plan)["research", "money"]
    assert cut.asked == 9e4 and cut.chance == 1.0
    spent = -game.fork(3).play(plan).outcome.flows["research"][game.seat, 0]
    assert cut.done == pytest.approx(float(spent), rel=0.05)  # the luck of the line changes what wafers cost


def test_money_is_spent_in_the_rule_books_order(game: Game):
    with_cash(game, 0.0)
    plan = game.held().model_copy(update={"adaptation": 5e4, "service": 10.0, "research": 10.0})
    found = cuts(game, plan)
    assert 0 < found["adaptation", "money"].done < 5e4
    assert found["service", "money"].done == found["research", "money"].done == 0.0


def test_wafers_are_cut_for_want_of_money(game: Game):
    state = game.state
    game.model.market.state = replace(
        state, revenue=np.where(np.arange(len(state.cash))[:, None] == game.seat, 0.0, state.revenue)
    )
    with_cash(game, 0.0)
    cut = cuts(game, game.held())["run_share", "money"]
    assert (cut.asked, cut.done, cut.chance) == (1.0, 0.0, 1.0)


def test_wafers_are_cut_for_want_of_memory(game: Game):
    with_cash(game, 1e5)
    state = game.state
    assert game.parameters.memories[state.memory[game.seat, 0]] == "hbm"
    game.model.market.state = replace(state, memory_stock=np.minimum(state.memory_stock, 0.0))
    game.world = scarce(game)
    cut = cuts(game, game.held())["run_share", "memory"]
    assert (cut.asked, cut.done) == (1.0, pytest.approx(0.0, abs=1e-3))


def scarce(game: Game) -> Scenario:
    """The game's world without memory."""
    memories = game.world.memories
    none = memories["hbm"].model_copy(update={"supply": {"2025Q1": 1e-6}})
    return game.world.model_copy(update={"memories": {**memories, "hbm": none}})


def test_the_foundry_gives_what_is_free(game: Game):
    with_cash(game, 1e6)
    found = cuts(game, game.held().with_value("capacity.n7", 900.0))
    assert ("capacity.n7", "money") not in found
    cut = found["capacity.n7", "foundry"]
    free = game.parameters.conditions[3].wafer_limit[1, 0]
    assert cut.asked == 900.0 and 0 <= cut.done < free


def test_capacity_that_cannot_be_paid_is_not_asked_for(game: Game):
    with_cash(game, 0.0)
    cut = cuts(game, game.held().model_copy(update={"research": 9e4, "capacity": {"n12": 0.0, "n7": 5.0, "n5": 0.0}}))
    assert cut["capacity.n7", "money"].done < 5.0


def test_contracts_let_go_of_a_part(game: Game):
    with_cash(game, 1e5)
    node, state = game.parameters.scenario.nodes["n7"], game.state
    held = float(state.contracts[game.seat, 1, 0])
    cut = cuts(game, game.held().with_value("capacity.n7", -held))["capacity.n7", "contract"]
    kept = held * (1 - 1 / node.contract_life) + float(state.arriving[game.seat, 1, 0, 0])
    assert (cut.asked, cut.done) == (-held, pytest.approx(-node.releasable * kept))


def test_one_product_is_designed_at_a_time(game: Game):
    with_cash(game, 1e5)
    state = game.state
    busy = np.where(np.arange(len(state.cash))[:, None] == game.seat, 6, state.next_quarters)
    game.model.market.state = replace(state, next_quarters=busy)
    cut = cuts(game, game.held().with_value("start_product", True))["start_product", "design"]
    assert (cut.asked, cut.done, cut.chance) == (1.0, 0.0, 1.0)
    game.model.market.state = replace(state, next_quarters=0 * busy)
    with_cash(game, 0.0)
    assert ("start_product", "money") in cuts(game, game.held().with_value("start_product", True))


def test_investors_may_not_close_and_never_give_more_than_asked(game: Game):
    with_cash(game, 0.0)
    cut = cuts(game, game.held().with_value("funds", 9e4))["funds", "investors"]
    assert cut.chance == 1.0 and 0 < cut.done < 9e4
