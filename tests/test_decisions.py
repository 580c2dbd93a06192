"""Decisions: bounds, splits, messages."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketsim.decisions import Decision, change, check, clip, full, stack
from marketsim.market import Market
from tests.worlds import PLAIN_FAMILY, PLAIN_SEGMENT, plain_world, rows

TWO = {
    "segments": {"a": {**PLAIN_SEGMENT, "usage": {"x": 1, "y": 1}}, "b": {**PLAIN_SEGMENT, "usage": {"x": 1}}},
    "families": {"x": PLAIN_FAMILY, "y": PLAIN_FAMILY},
}
WORLD = plain_world(2, each={"software": {"x": 0.5, "y": 0.5}}, **TWO)
HOLD = full(Market(WORLD, 0, range(2)).observe().hold(), 2, 2)
NUMBERS = [item for item in fields(Decision) if item.name not in ("start_product", "product_node", "product_memory")]


def changed(**values) -> Decision:
    return full(change(HOLD, **values), 2, 2)


def pair(*columns: float) -> np.ndarray:
    """[1,i,1] that broadcasts over vendors and runs."""
    return np.array(columns, dtype=float)[None, :, None]


def test_a_decision_within_bounds_passes_unchanged():
    clipped, count = clip(HOLD)
    assert (count == 0).all()
    for item in fields(Decision):
        assert np.array_equal(getattr(clipped, item.name), getattr(HOLD, item.name)), item.name


@pytest.mark.parametrize("item", NUMBERS, ids=lambda item: item.name)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, -1e30])
def test_out_of_bounds_values_are_clipped_and_counted(item, value: float):
    wild = np.array(getattr(HOLD, item.name), dtype=float)
    wild[1] = value
    clipped, count = clip(changed(**{item.name: wild}))
    assert count.tolist() == [[0, 0], [1, 1]]
    found = getattr(clipped, item.name)
    if item.name in ("adaptation_split", "focus"):
        assert found.sum(axis=1) == pytest.approx(np.ones((2, 2)))
    else:
        low, high = item.metadata["low"], item.metadata["high"]
        assert (found[1] == (low if np.isnan(value) or value < 0 else high)).all()


def test_a_field_counts_once_however_many_of_its_values_are_wrong():
    _, count = clip(changed(focus=pair(-1, 7), price=-5.0))
    assert (count == 2).all()


def test_splits_are_scaled_to_one_and_empty_ones_become_even():
    clipped, count = clip(changed(focus=pair(0.6, 0.2), adaptation_split=pair(0, 0)))
    assert clipped.focus[0, :, 0] == pytest.approx([0.75, 0.25])
    assert clipped.adaptation_split[0, :, 0] == pytest.approx([0.5, 0.5])
    assert (count == 0).all()


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=4, max_size=4))
def test_splits_always_sum_to_one(weights: list[float]):
    clipped, _ = clip(changed(focus=np.array(weights).reshape(2, 2, 1)))
    assert clipped.focus.sum(axis=1) == pytest.approx(np.ones((2, 2)))
    assert (clipped.focus >= 0).all()


def test_nodes_are_bounded():
    clipped, count = clip(changed(product_node=np.array([[-1], [99]])))
    assert clipped.product_node.tolist() == [[0, 0], [11, 11]]
    assert clipped.product_node.dtype.kind == "i"
    assert (count == 1).all()


def test_people_are_told_what_is_wrong_in_which_bounds():
    assert check(HOLD, WORLD) == []
    messages = check(changed(price=0.01, run_share=1.5, research=np.nan), WORLD)
    assert len(messages) == 3
    assert "price: 0.01 is not allowed, from 0.1 to 5000 krmb/card" in messages[0]
    assert "run_share: 1.5 is not allowed, from 0 to 1 (" in messages[1]
    assert "research: nan" in messages[2]
    (message,) = check(changed(product_node=len(WORLD.nodes)), WORLD)
    assert f"product_node: {len(WORLD.nodes)} is not allowed, from 0 to {len(WORLD.nodes) - 1}" in message


def test_a_premium_is_at_most_half_of_the_fee():
    """Were it more, whoever pays a few times the small fee would corner a sold-out foundry."""
    clipped, count = clip(changed(premium=2.0))
    assert (clipped.premium == 0.5).all() and (count == 1).all()
    (message,) = check(changed(premium=0.51), WORLD)
    assert "premium: 0.51 is not allowed, from 0 to 0.5 (" in message


def test_changes_broadcast_to_full_shape_and_leave_the_rest():
    other = changed(price=70, focus=pair(0.1, 0.9))
    assert other.price.tolist() == [[70, 70], [70, 70]]
    assert other.focus.shape == HOLD.focus.shape
    assert other.research is HOLD.research
    with pytest.raises((TypeError, AttributeError)):
        change(HOLD, overdraft=1)


def test_stack_puts_each_groups_decision_in_its_place():
    one = Decision(**{item.name: getattr(HOLD, item.name)[:1] for item in fields(Decision)})
    stacked = stack([(np.array([1]), change(one, price=99))], HOLD)
    assert stacked.price.tolist() == [[60, 60], [99, 99]]
    assert HOLD.price.tolist() == [[60, 60], [60, 60]]
    assert stacked.research == pytest.approx(rows(0, 0))
