"""Foundry and memory: water-filling, contracts, allocation of memory, the line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from marketsim.decisions import change
from marketsim.market import Market
from marketsim.rules import foundry
from tests.worlds import plain_world, rows

ONE = np.ones((1, 2))


def filled(requests: list[float], weights: list[float], limit: float) -> np.ndarray:
    return foundry.water_fill(rows(*requests), rows(*weights), np.array([limit]))[:, 0]


def test_water_fill_by_hand():
    assert filled([10, 10], [1, 1], 30) == pytest.approx([10, 10])
    assert filled([10, 10], [1, 1], 10) == pytest.approx([5, 5])
    assert filled([2, 10, 10], [1, 1, 1], 12) == pytest.approx([2, 5, 5])
    assert filled([10, 10], [3, 1], 8) == pytest.approx([6, 2])
    assert filled([3, 10], [3, 1], 8) == pytest.approx([3, 5])
    assert filled([0, 7], [5, 1], 3) == pytest.approx([0, 3])
    assert filled([4, 7], [1, 1], 0) == pytest.approx([0, 0])


def bisected(requests: np.ndarray, weights: np.ndarray, limit: float) -> np.ndarray:
    """Slow reference: raise the level until the limit is used up."""
    if requests.sum() <= limit:
        return requests
    low, high = 0.0, float((requests / weights).max())
    for _ in range(200):
        level = (low + high) / 2
        if np.minimum(requests, level * weights).sum() > limit:
            high = level
        else:
            low = level
    return np.minimum(requests, low * weights)


amounts = st.floats(0, 100).map(lambda x: round(x, 3))


@given(arrays(float, (5, 2), elements=amounts), arrays(float, (5, 2), elements=st.floats(0.01, 50)), st.floats(0, 300))
def test_water_fill_against_bisection(requests, weights, limit):
    granted = foundry.water_fill(requests, weights, np.array([limit]))
    assert (granted <= requests).all()
    assert granted.sum(axis=0) == pytest.approx(np.minimum(requests.sum(axis=0), limit), rel=1e-9, abs=1e-9)
    for run in range(2):
        slow = bisected(requests[:, run], weights[:, run], limit)
        assert granted[:, run] == pytest.approx(slow, rel=1e-7, abs=1e-7)
        per_weight = (granted / weights)[:, run]
        cut = granted[:, run] < requests[:, run] * (1 - 1e-9) - 1e-12
        if cut.any():
            assert per_weight[cut] == pytest.approx(per_weight[cut][0], rel=1e-9, abs=1e-12)
            assert per_weight.max() <= per_weight[cut][0] * (1 + 1e-9) + 1e-12


@given(arrays(float, (4, 2), elements=amounts), st.permutations(range(4)), st.floats(0, 200))
def test_water_fill_does_not_depend_on_the_order_of_vendors(requests, order, limit):
    weights = np.repeat(np.array([[1.0], [2.0], [0.5], [3.0]]), 2, axis=1)
    limit_row = np.array([limit])
    straight = foundry.water_fill(requests, weights, limit_row)
    permuted = foundry.water_fill(requests[order], weights[order], limit_row)
    assert permuted == pytest.approx(straight[order], rel=1e-9, abs=1e-9)


def test_water_fill_survives_extreme_weights():
    granted = filled([5, 1, 1], [1e3, 1e-9, 1e-9], 5.5)
    assert granted == pytest.approx([5, 0.25, 0.25])


def test_contracts_expire_at_one_over_life():
    p = plain_world(1, nodes__node__contract_life=4)
    kept, _ = foundry.renewed_contracts(p, 8 * ONE[None], 0 * ONE[None, None], 0 * ONE[None], 1000 * ONE[:, :1])
    assert kept[0, 0, 0] == pytest.approx(6)


def test_new_capacity_arrives_after_its_lead():
    p = plain_world(1, nodes__node__contract_lead=3, nodes__node__contract_life=1e9)
    contracts, arriving = np.zeros((1, 1, 2)), np.zeros((1, 1, 3, 2))
    arriving = foundry.add_arrivals(p, arriving, 5 * np.ones((1, 1, 2)))
    held = []
    for _ in range(4):
        contracts, arriving = foundry.renewed_contracts(p, contracts, arriving, 0 * contracts, np.array([[1000.0]]))
        held.append(contracts[0, 0, 0])
    assert held == pytest.approx([0, 0, 5, 5])


def test_each_node_has_its_own_lead():
    from tests.worlds import PLAIN_NODE

    p = plain_world(1, nodes__slow={**PLAIN_NODE, "contract_lead": 2})
    arriving = foundry.add_arrivals(p, np.zeros((1, 2, 2, 2)), np.ones((1, 2, 2)))
    assert arriving[0, :, :, 0].tolist() == [[1, 0], [0, 1]]


def test_release_is_limited():
    p = plain_world(1, nodes__node__contract_life=1e9, nodes__node__releasable=0.25)
    kept, _ = foundry.renewed_contracts(p, 8 * ONE[None], 0 * ONE[None, None], -5 * ONE[None], 1000 * ONE[:, :1])
    assert kept[0, 0, 0] == pytest.approx(6)
    kept, _ = foundry.renewed_contracts(p, 8 * ONE[None], 0 * ONE[None, None], -1 * ONE[None], 1000 * ONE[:, :1])
    assert kept[0, 0, 0] == pytest.approx(7)


def test_a_falling_limit_cuts_all_contracts_alike():
    p = plain_world(2, nodes__node__contract_life=1e9)
    contracts = np.array([6.0, 2.0])[:, None, None] * ONE
    kept, _ = foundry.renewed_contracts(p, contracts, np.zeros((2, 1, 1, 2)), 0 * contracts, np.array([[4.0]]))
    assert kept[:, 0, 0] == pytest.approx([3, 1])
    kept, _ = foundry.renewed_contracts(p, contracts, np.zeros((2, 1, 1, 2)), 0 * contracts, np.array([[0.0]]))
    assert kept[:, 0, 0] == pytest.approx([0, 0])


def test_capacity_is_granted_from_what_will_be_free():
    p = plain_world(2, nodes__node__contract_life=4, nodes__node__contract_lead=2)
    contracts = np.array([4.0, 4.0])[:, None, None] * ONE
    arriving = np.zeros((2, 1, 2, 2))
    arriving[0, 0, 1] = 1.0
    wanted = np.array([10.0, 10.0])[:, None, None] * ONE
    granted = foundry.granted_capacity(p, wanted, 1 + 0 * wanted, contracts, arriving, np.array([[10.0]]))
    assert granted[:, 0, 0].sum() == pytest.approx(10 - 8 * 0.75**2 - 1)


def test_place_in_the_queue():
    p = plain_world(2, policy={"foundry_priority": 1}, **{"vendors__maker-1__foundry_priority": 3})
    contracts = np.array([2.0, 2.0])[:, None, None] * ONE
    limit = np.array([[1000.0]])
    weights = foundry.queue_weights(foundry.queue_standing(p, p.conditions[0], contracts, limit), rows(0, 0))[:, 0, 0]
    assert weights[1] / weights[0] == pytest.approx(3)
    assert weights[0] == pytest.approx(0.01 * 1000 + 2)
    paid = foundry.queue_weights(foundry.queue_standing(p, p.conditions[0], contracts, limit), rows(2, 0))[:, 0, 0]
    assert paid[0] == pytest.approx(3 * weights[0])
    equal = plain_world(2, **{"vendors__maker-1__foundry_priority": 3})
    weights = foundry.queue_weights(foundry.queue_standing(equal, equal.conditions[0], contracts, limit), rows(0, 0))[
        :, 0, 0
    ]
    assert weights[0] == pytest.approx(weights[1])


def test_scarce_memory_is_rationed_and_plentiful_is_not():
    from tests.worlds import PLAIN_MEMORY

    p = plain_world(3, memories__scarce={**PLAIN_MEMORY, "supply": 4})
    kind = np.array([[0, 0], [1, 1], [1, 1]])
    need = rows(100, 6, 2)
    available = np.array([[np.inf], [4.0]])
    got = foundry.allocated_memory(p, need, kind, rows(1, 1, 1), available)
    assert got[:, 0] == pytest.approx([100, 2, 2])
    assert foundry.memory_used(p, got, kind)[:, 0] == pytest.approx([100, 4])


def test_a_premium_that_is_paid_for_capacity_buys_no_memory():
    from tests.worlds import PLAIN_MEMORY

    p = plain_world(2, memories__memory={**PLAIN_MEMORY, "supply": 1})
    market = Market(p, 0, range(2))
    started = market.step(change(market.observe().hold(), premium=rows(0.5, 0))).started[:, 0]
    assert 0 < started[0] == pytest.approx(started[1])


def test_cards_come_out_of_the_line_in_order():
    line = np.zeros((1, 3, 2))
    alive = np.ones((1, 2), dtype=bool)
    out = []
    for started in (1.0, 2.0, 3.0, 0.0, 0.0, 0.0):
        finished, line = foundry.advance_pipeline(line, rows(started), alive)
        out.append(finished[0, 0])
    assert out == [0, 0, 0, 1, 2, 3]
    finished, _ = foundry.advance_pipeline(np.ones((1, 3, 2)), rows(0), ~alive)
    assert finished[0, 0] == 0
