"""Quantile counts: error bound, any order, negative values and zeros."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketsim.quantiles import QuantileCounts

PROBABILITIES = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0]


def exact(values: np.ndarray, probability: float) -> np.ndarray:
    """The smallest value that at least this share does not exceed."""
    rank = max(int(np.ceil(probability * values.shape[1] - 1e-9)), 1)
    return np.sort(values, axis=1)[:, rank - 1]


@pytest.mark.parametrize("probability", PROBABILITIES)
def test_error_is_at_most_a_fortieth_of_a_percent(probability: float):
    rng = np.random.default_rng(1)
    values = np.stack(
        [rng.lognormal(0, 5, 999), -rng.lognormal(3, 2, 999), rng.normal(0, 1, 999), rng.integers(0, 9, 999)]
    )
    counts = QuantileCounts(4)
    counts.add(values)
    assert counts.quantile(probability) == pytest.approx(exact(values, probability), rel=1 / 4095, abs=0)


@given(st.lists(st.floats(-1e9, 1e9, width=32).filter(lambda x: x == 0 or abs(x) > 1e-30), min_size=1, max_size=50))
def test_any_values(values: list[float]):
    counts = QuantileCounts(1)
    counts.add(np.array([values]))
    for probability in PROBABILITIES:
        assert counts.quantile(probability)[0] == pytest.approx(exact(np.array([values]), probability)[0], rel=1 / 4095)


def test_zeros_small_integers_and_shares_are_exact():
    values = np.array([[0.0, -0.0, 0.0, 1.0, 13.0, 0.5, -2.0, 100.0, 4095.0]])
    counts = QuantileCounts(1)
    counts.add(values)
    for number, value in enumerate(np.sort(values[0])):
        assert counts.quantile((number + 1) / 9)[0] == value


def test_merging_in_any_order_gives_the_same_bits():
    rng = np.random.default_rng(2)
    values = rng.normal(0, 100, (3, 5000))
    results = []
    for order, size in (([0, 1, 2, 3, 4], 1000), ([4, 2, 0, 3, 1], 1000), (list(range(500)), 10), ([0], 5000)):
        merged = QuantileCounts(3)
        for part in order:
            one = QuantileCounts(3)
            one.add(values[:, part * size : (part + 1) * size])
            merged.merge(one)
        results.append([merged.quantile(q).tobytes() for q in PROBABILITIES])
    assert results.count(results[0]) == len(results)


def test_asking_does_not_change_the_counts():
    counts = QuantileCounts(1)
    counts.add(np.array([[1.0, 2.0]]))
    assert counts.quantile(0.5)[0] == 1
    counts.add(np.array([[4.0, 4.0]]))
    assert counts.quantile(0.5)[0] == 2
    assert counts.quantile(0.75)[0] == 4


def test_size_does_not_grow_with_the_number_of_values():
    rng = np.random.default_rng(3)
    counts = QuantileCounts(1)
    sizes = []
    for _ in range(4):
        for _ in range(40):
            counts.add(rng.uniform(1, 2, (1, 5000)))
        counts.quantile(0.5)
        sizes.append(sum(len(part[0]) for part in counts._parts))
    assert sizes[-1] == sizes[0] <= 2**11 + 1
