"""Software: adaptation, generations, shared stack, community; reliability and deliveries."""

from __future__ import annotations

import numpy as np
import pytest

from marketsim.rules import software
from tests.worlds import PLAIN_FAMILY, plain_world, rows

TWO = {"families": {"a": PLAIN_FAMILY, "b": {**PLAIN_FAMILY, "obsolescence": 0.5}}}
USED = {"segments__buyers__usage": {"a": 0.6, "b": 0.2}}


def families(*values: float) -> np.ndarray:
    """[1,f,2]"""
    return np.repeat(np.array(values, dtype=float)[None, :, None], 2, axis=2)


def two_families(**changes):
    return plain_world(2, each={"software": {"a": 0.5, "b": 0.5}}, **TWO, **USED, **changes)


def test_adaptation_closes_a_share_of_the_gap():
    after = software.adapted(families(0.2, 0.2, 0.2), families(0, 500, 1e9), np.array([[500.0], [500.0], [500.0]]))
    assert after[0, :, 0] == pytest.approx([0.2, 0.2 + 0.8 * (1 - np.exp(-1)), 1.0])


def test_spending_twice_or_at_once_is_the_same():
    scale = np.array([[300.0]])
    once = software.adapted(families(0.1), families(200), scale)
    twice = software.adapted(software.adapted(families(0.1), families(100), scale), families(100), scale)
    assert once == pytest.approx(twice, rel=1e-12)


def test_maturity_weighs_families_by_usage_scaled_to_one():
    p = two_families()
    found = software.maturity_in_segments(p.usage, families(1.0, 0.2))
    assert found[0, 0, 0] == pytest.approx(0.75 * 1.0 + 0.25 * 0.2)


def test_a_generation_ages_its_family_only():
    p = two_families()
    appeared = np.array([[False, False], [True, True]])
    assert software.aged(p, families(0.8, 0.8), appeared)[0, :, 0] == pytest.approx([0.8, 0.4])


def test_generations_come_by_calendar_and_by_chance():
    world = {
        "families": {"a": {**PLAIN_FAMILY, "generations": ["2025Q2"]}, "b": {**PLAIN_FAMILY, "generation_chance": 0.3}}
    }
    p = plain_world(1, each={"software": {"a": 1, "b": 1}}, **world, **USED)
    draws = np.array([[0.0, 0.9], [0.29, 0.31]])
    assert software.new_generations(p, p.conditions[0], draws).tolist() == [[False, False], [True, False]]
    assert software.new_generations(p, p.conditions[1], draws).tolist() == [[True, True], [True, False]]


def test_a_shared_stack_passes_on_others_adaptation():
    spend = np.concatenate([families(100, 0), families(0, 40)])
    base = np.zeros((2, 1, 2))
    for share in (0.0, 0.3, 1.0):
        p = two_families(policy={"shared_stack": share})
        got = software.effective_adaptation(p, p.conditions[0], spend, base)[:, :, 0]
        assert got == pytest.approx(np.array([[100, 40 * share], [100 * share, 40]]))


def test_users_adapt_what_they_use():
    p = two_families(software__community_rate=2)
    base = rows(10, 0)[:, None]
    got = software.effective_adaptation(p, p.conditions[0], np.zeros((2, 2, 2)), base)[:, :, 0]
    assert got == pytest.approx(np.array([[2 * 10 * 0.75, 2 * 10 * 0.25], [0, 0]]))


def test_service_must_grow_with_the_base():
    p = plain_world(2, software__service_per_card=4)
    served = software.reliability_after(p, rows(0.5, 0.5), rows(100, 500), rows(0, 100), rows(0, 0))
    assert served[:, 0] == pytest.approx([1 - 0.5 * np.exp(-1)] * 2)


def test_neglect_and_missed_deliveries_cost_reliability():
    p = plain_world(2, software__reliability_decay=0.1, software__missed_delivery_cost=0.5)
    after = software.reliability_after(p, rows(0.8, 0.8), rows(0, 0), rows(10, 10), rows(0, 0.5))
    assert after[:, 0] == pytest.approx([0.8 * 0.9, 0.8 * 0.9 * 0.75])


def test_the_record_of_deliveries_forgets():
    p = plain_world(4)
    after = software.delivery_after(p, rows(1, 1, 0.5, 1), rows(0, 0.5, 1, 1))
    assert after[:, 0] == pytest.approx([0.7, 0.7 + 0.3 * 0.5, 0.35 + 0.3, 1.0])
