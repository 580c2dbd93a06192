"""Products from design over tape-out to the shelf, played quarter by quarter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from marketsim.decisions import change
from marketsim.market import Market
from marketsim.rules import products
from tests.worlds import PLAIN_MEMORY, PLAIN_NODE, plain_world, rows

SECOND = {"nodes__fine": {**PLAIN_NODE, "design_time": 3, "compute": 900}, "memories__fast": PLAIN_MEMORY}


def play(market: Market, quarters: int, first=None, **always) -> None:
    """Decide `always` each quarter, and `first` as well in the first one."""
    for quarter in range(quarters):
        market.step(change(market.observe().hold(), **always, **((first or {}) if quarter == 0 else {})))


def test_a_product_takes_design_time_and_lead_and_gains_from_its_research():
    p = plain_world(1, **SECOND)
    market = Market(p, 0, range(2))
    play(market, 5, {"start_product": True, "product_node": 1, "product_memory": 1}, research=500.0)
    assert market.state.node[0, 0] == 0
    assert market.state.next_quarters[0, 0] == 1
    play(market, 1, research=500.0)
    state = market.state
    assert (state.node[0, 0], state.memory[0, 0], state.next_quarters[0, 0]) == (1, 1, 0)
    assert state.architecture[0, 0] == pytest.approx(1 + (1 - np.exp(-3 * 500 / 2000)))
    assert state.nodes_mastered[0, :, 0].tolist() == [True, True]


def test_research_after_tape_out_counts_for_the_next_product():
    market = Market(plain_world(1, **SECOND), 0, range(2))
    play(market, 5, {"start_product": True, "product_node": 1}, research=500.0)
    assert market.state.research[0, 0] == pytest.approx(1000)


def test_wafers_after_tape_out_are_those_of_the_next_product():
    p = plain_world(1, each={"contracts": {"node": 8, "fine": 8}}, **SECOND)
    market = Market(p, 0, range(2))
    used = []
    for quarter in range(5):
        wish = market.observe().hold()
        outcome = market.step(change(wish, start_product=quarter == 0, product_node=1))
        used.append((outcome.wafers[0, :, 0] > 0).tolist())
    assert used == [[True, False]] * 3 + [[False, True]] * 2


def test_only_one_design_at_a_time_and_it_is_paid_once():
    market = Market(plain_world(1, **SECOND), 0, range(2))
    paid = []
    for _ in range(6):
        outcome = market.step(change(market.observe().hold(), start_product=True, product_node=1))
        paid.append(-outcome.flows["tape_out"][0, 0])
    assert paid == [100, 0, 0, 0, 0, 100]


def test_old_cards_are_partly_written_off_at_launch():
    p = plain_world(1, each={"contracts": {}, "stock": 1e6}, **SECOND)
    market = Market(p, 0, range(2))
    play(market, 5, {"start_product": True, "product_node": 1})
    before = market.state
    outcome = market.step(market.observe().hold())
    assert outcome.written_off[0, 0] == pytest.approx(0.5 * before.stock[0, 0])
    worth = 0.5 * before.stock_value[0, 0] - outcome.cost_of_goods[0, 0]
    assert market.state.stock_value[0, 0] == pytest.approx(worth)


def test_a_respin_costs_a_quarter_and_money_and_mastered_nodes_need_none():
    nodes = {"nodes__fine": {**PLAIN_NODE, "respin_chance": 0.5, "respin_cost": 70}, "nodes__node__respin_chance": 1}
    p = plain_world(1, **nodes)
    market = Market(p, 0, range(2))
    state = replace(market.state, next_node=np.ones((1, 2), dtype=np.int64), next_quarters=np.full((1, 2), 3))
    late, progress = products.progress(p, state, np.array([[0.4, 0.6]]))
    assert progress.respins.tolist() == [[True, False]]
    assert late.next_quarters.tolist() == [[3, 2]]
    known, progress = products.progress(p, replace(state, next_node=np.zeros((1, 2), dtype=np.int64)), rows(0))
    assert not progress.respins.any()
    assert known.next_quarters.tolist() == [[2, 2]]


def test_a_respin_is_charged():
    nodes = {"nodes__fine": {**PLAIN_NODE, "respin_chance": 1, "respin_cost": 70}}
    market = Market(plain_world(1, **nodes), 0, range(2))
    charged = []
    for quarter in range(4):
        outcome = market.step(change(market.observe().hold(), start_product=quarter == 0, product_node=1))
        charged.append(-outcome.flows["respins"][0, 0])
    assert charged[:3] == [0, 0, 70]


def test_a_product_is_delayed_by_one_respin_at_most():
    nodes = {"nodes__fine": {**PLAIN_NODE, "respin_chance": 1, "respin_cost": 70}}
    market = Market(plain_world(1, **nodes), 0, range(2))
    play(market, 6, {"start_product": True, "product_node": 1})
    assert market.state.node[0, 0] == 1


def test_a_road_map_is_kept_even_without_research():
    future = {"node": "node", "memory": "memory", "architecture": 1.7, "ready_in": 4}
    market = Market(plain_world(1, each={"next_product": future}), 0, range(2))
    play(market, 3)
    assert market.state.architecture[0, 0] == 1
    play(market, 1)
    assert market.state.architecture[0, 0] == pytest.approx(1.7)


def test_a_weaker_card_is_paid_for_as_what_it_is():
    future = {"node": "node", "memory": "memory", "architecture": 1, "ready_in": 1}
    each = {"product": {"node": "node", "memory": "memory", "architecture": 4}, "next_product": future}
    market = Market(plain_world(1, each=each, technology__architecture_cost=0.5), 0, range(2))
    weak = Market(plain_world(1, technology__architecture_cost=0.5), 0, range(2))
    assert market.observe().card_cost[0, 0] == pytest.approx(weak.observe().card_cost[0, 0])


def test_a_node_that_does_not_exist_is_not_a_crash():
    market = Market(plain_world(1), 0, range(2))
    play(market, 6, {"start_product": True, "product_node": 11, "product_memory": 11})
    assert (market.state.node == 0).all()
    assert (market.state.memory == 0).all()
