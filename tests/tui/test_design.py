"""What is promised of a product, of capacity and of speed is what the rule book then does."""

from __future__ import annotations

import numpy as np
import pytest

from agents.game import Game, Plan, Setup
from marketsim.rules import technology
from marketsim.rules.arrays import total
from marketsim.rules.products import hardware
from tui import design

VENDOR, RESEARCH = "cambricon", 150.0


def held(game: Game, **changes: object) -> Plan:
    return game.held().model_copy(update={"research": RESEARCH, **changes})


def ready(quarters: int) -> Game:
    """A game some quarters on, with nothing in design."""
    game = Game(Setup(vendor=VENDOR))
    for _ in range(quarters):
        game.play(held(game))
    assert not game.state.next_quarters[game.seat, 0]
    return game


@pytest.mark.parametrize("memory", ["hbm", "gddr"])
def test_a_product_comes_out_as_and_when_it_was_promised(memory: str):
    game = ready(5)
    node, kind = game.parameters.nodes.index("n7"), game.parameters.memories.index(memory)
    promised = design.started(game, node, kind, RESEARCH)
    assert (promised.respin, design.starts_in(game)) == (0.0, game.now.name)
    game.play(held(game, start_product=True, product_node="n7", product_memory=memory))
    assert game.turns[-1].outcome.flows["tape_out"][game.seat, 0] == -promised.tape_out
    while game.state.next_quarters[game.seat, 0]:
        coming = design.in_design(game, RESEARCH)
        assert coming is not None and coming.out == promised.out
        assert (coming.compute, coming.bandwidth) == pytest.approx((promised.compute, promised.bandwidth))
        game.play(held(game))
    assert game.turns[-1].now.name == promised.out
    now = design.on_sale(game)
    assert now is not None and (now.node, now.memory, now.out) == (node, kind, "")
    for name in ("compute", "bandwidth", "power"):
        assert getattr(now, name) == pytest.approx(getattr(promised, name))


def test_the_product_of_the_road_map_comes_out_as_and_when_it_was_promised():
    game = Game(Setup(vendor=VENDOR))
    promised = design.in_design(game, RESEARCH)
    assert promised is not None
    while game.now.name <= promised.out:
        assert game.state.next_quarters[game.seat, 0]
        game.play(held(game))
    now = design.on_sale(game)
    assert now is not None and design.in_design(game, RESEARCH) is None
    assert (now.compute, now.bandwidth) == pytest.approx((promised.compute, promised.bandwidth))


def test_while_one_is_in_design_the_next_starts_when_it_is_out():
    game = ready(5)
    game.play(held(game, start_product=True, product_node="n7", product_memory="hbm"))
    first = design.in_design(game, RESEARCH)
    assert first is not None and design.starts_in(game) == first.out
    promised = design.started(game, 1, 0, RESEARCH)
    while game.now.name < first.out:
        game.play(held(game))
    game.play(held(game, start_product=True, product_node="n7", product_memory="hbm"))
    while game.now.name <= promised.out:
        game.play(held(game))
    now = design.on_sale(game)
    assert now is not None and now.compute == pytest.approx(promised.compute)
    assert game.turns[-1].now.name == promised.out


def test_the_card_costs_what_the_observation_says():
    game = ready(6)
    now = design.on_sale(game)
    assert now is not None
    assert now.unit_cost == pytest.approx(float(game.observation.card_cost[0, 0]))
    assert now.throughput == pytest.approx(float(game.observation.throughput[0, 0]))


def test_a_first_product_on_a_node_may_need_a_second_tape_out():
    game = ready(5)
    new = game.parameters.nodes.index("n5")
    assert design.started(game, new, 0, RESEARCH).respin == game.world.nodes["n5"].respin_chance > 0
    assert not design.is_open_for(game, new) and design.is_open_for(game, 1)
    assert design.open_from(game, new) == "2028Q1"


def test_capacity_runs_out_as_was_shown():
    game = ready(5)
    ahead = design.contracts_ahead(game, 3)
    for quarter in range(3):
        game.play(held(game))
        np.testing.assert_allclose(game.state.contracts[game.seat, :, 0], ahead[quarter])
    assert (ahead[0] > 0).any()


def test_what_is_on_offer_is_granted_where_more_is_asked_for():
    game = ready(5)
    offer = design.on_offer(game)
    game.play(held(game, capacity={"n12": 0.0, "n7": 50.0, "n5": 0.0}, premium=0.5))
    turn = game.turns[-1]
    assert offer[1] > 0 and offer[2] == 0
    # More than was offered only by what rivals gave up in the same quarter.
    kept = 1 - 1 / game.world.nodes["n7"].contract_life
    released = (turn.before.contracts * kept + turn.before.arriving[:, :, 0] - turn.after.contracts)[:, 1, 0].sum()
    granted = float(total(turn.outcome.granted, axis=0)[1, 0])
    assert granted == pytest.approx(offer[1] + kept * released, rel=1e-6)


def test_speeds_are_those_of_the_rule_at_every_segments_mix():
    game = ready(5)
    p = game.parameters
    compute, bandwidth, _ = hardware(p, game.now, game.state)
    seat = game.seat
    curve = design.speeds(p, [compute[seat, 0]], [bandwidth[seat, 0]])[0]
    time = technology.inference_time(p, compute, bandwidth)[seat, :, 0]
    for index, segment in enumerate(game.world.segments.values()):
        assert curve[round(segment.prefill * design.STEPS)] == pytest.approx(1 / time[index])
    assert curve[0] == pytest.approx(p.technology.decode_rate * bandwidth[seat, 0])
    assert curve[-1] == pytest.approx(p.technology.prefill_rate * compute[seat, 0])
