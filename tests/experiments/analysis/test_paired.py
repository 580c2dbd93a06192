"""Paired differences: known answers, coverage, and what must not matter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import stats

from marketsim.experiments.analysis.paired import adjusted, differences, mean_interval
from tests.experiments.analysis.made import sample_of

whole = npst.arrays(float, (2, 4, 3), elements=st.integers(-50, 50).map(float))


def test_a_known_difference_by_hand() -> None:
    """Four runs that stand alone: Student's t of their differences 1, 2, 3, 6."""
    found = differences(sample_of([[[10, 20, 30, 40]], [[11, 22, 33, 46]]], own_luck=False))[0]
    expected = stats.ttest_1samp([1, 2, 3, 6], 0)
    low, high = expected.confidence_interval(0.95)
    assert (found.baseline, found.mean, found.difference.value) == (25, 28, 3)
    assert (found.difference.low, found.difference.high) == pytest.approx((low, high))
    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.p50, found.pairs, found.unknown, found.clusters) == (2.5, 4, 0, 4)
    assert found.better is not None and found.better.value == 0 and found.tied == 0


def test_pairing_takes_away_common_luck() -> None:
    rng = np.random.default_rng(1)
    luck = rng.normal(0, 100, (1, 1, 500))
    gain = rng.normal(2, 1, (1, 1, 500))
    found = differences(sample_of(np.concatenate([luck, luck + gain]), own_luck=False))[0]
    assert found.difference.low < 2 < found.difference.high
    assert found.difference.high - found.difference.low < 0.2


@pytest.mark.parametrize("between", [0.0, 2.0])
def test_intervals_cover_the_truth_whether_points_matter_or_not(between: float) -> None:
    rng, hits, rejected = np.random.default_rng(2), 0, 0
    for _ in range(600):
        gains = 1 + rng.normal(0, between, (25, 1)) + rng.normal(0, 1, (25, 8))
        interval, _ = mean_interval(gains.ravel(), np.repeat(np.arange(25), 8))
        hits += interval.low <= 1 <= interval.high
        rejected += mean_interval(gains.ravel() - 1, np.repeat(np.arange(25), 8))[1] < 0.05
    assert 0.925 < hits / 600 < 0.975
    assert 0.025 < rejected / 600 < 0.075


def test_runs_of_a_drawn_point_count_together() -> None:
    """Eight copies of the same run say no more than one of them."""
    rng = np.random.default_rng(3)
    gains = rng.normal(1, 1, (20, 1))
    once = mean_interval(gains.ravel(), np.arange(20))[0]
    copied = mean_interval(np.repeat(gains, 8), np.repeat(np.arange(20), 8))[0]
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high))


def test_unknown_outcomes_are_dropped_in_pairs_and_counted() -> None:
    nan = math.nan
    sample = sample_of([[[1, 2, nan, nan, 5]], [[2, nan, 3, nan, 7]]], own_luck=False)
    sample.made[1, 4] = False
    sample.values[1, 4] = nan
    found = differences(sample)[0]
    assert (found.pairs, found.unknown, found.baseline, found.mean) == (1, 3, 1, 2)
    assert math.isnan(found.difference.low) and math.isnan(found.p_value)


def test_nothing_known() -> None:
    found = differences(sample_of(np.full((2, 1, 4), math.nan)))[0]
    assert (found.pairs, found.unknown) == (0, 4)
    assert math.isnan(found.difference.value) and math.isnan(found.p50) and math.isnan(found.tied)
    assert math.isnan(adjusted([found])[0].adjusted)


def test_ties_and_constants() -> None:
    same, shifted = differences(sample_of([[[3] * 6], [[3] * 6], [[2] * 6]], own_luck=False))
    assert (same.tied, same.p_value, same.difference.low, same.difference.high) == (1, 1, 0, 0)
    assert same.better is not None and same.better.value == 0
    assert (shifted.tied, shifted.p_value, shifted.difference.high) == (0, 0, -1)
    assert shifted.better is not None and shifted.better.value == 1 and shifted.better.low < 1


def test_better_is_the_way_that_the_outcome_says() -> None:
    values = [[[1, 1, 1, 1]], [[2, 2, 0, 1]]]
    ways = {way: differences(sample_of(values, False, way))[0].better for way in ("higher", "lower", None)}
    assert {way: found and found.value for way, found in ways.items()} == {"higher": 0.5, "lower": 0.25, None: None}


def test_one_point_or_one_luck_says_nothing_of_others() -> None:
    one = differences(sample_of(np.arange(10).reshape(2, 5, 1), own_luck=False))[0]
    assert one.clusters == 1 and one.difference.value == 5
    assert math.isnan(one.difference.low) and math.isnan(one.p_value)
    assert one.better is not None and math.isnan(one.better.low)


def test_one_policy_has_no_differences() -> None:
    assert differences(sample_of([[[1, 2]]])) == [] and adjusted([]) == []


def test_p_values_are_adjusted_over_all_tests() -> None:
    """Holm by hand: the smallest times three, the next times two, never falling."""
    rng = np.random.default_rng(4)
    noise = rng.normal(0, 1, (4, 1, 50))
    noise[1:] += np.array([0.0, 0.45, 0.4])[:, None, None]
    found = differences(sample_of(noise, own_luck=False))
    raw = np.sort([each.p_value for each in found])
    expected = np.maximum.accumulate(np.minimum(raw * [3, 2, 1], 1))
    assert sorted(each.adjusted for each in adjusted(found)) == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(whole)
def test_swapping_policy_and_baseline_changes_the_sign(values: np.ndarray) -> None:
    there, back = (differences(sample_of(each))[0] for each in (values, values[::-1]))
    assert back.difference.value == pytest.approx(-there.difference.value)
    assert (back.difference.low, back.difference.high) == pytest.approx((-there.difference.high, -there.difference.low))
    assert (back.p10, back.p50, back.p90) == pytest.approx((-there.p90, -there.p50, -there.p10))
    assert back.p_value == pytest.approx(there.p_value) and back.tied == there.tied
    assert there.better is not None and back.better is not None
    assert there.better.value + back.better.value + there.tied == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(whole, st.integers(-1000, 1000))
def test_what_is_added_to_both_changes_no_difference(values: np.ndarray, constant: int) -> None:
    one, other = (differences(sample_of(each))[0] for each in (values, values + constant))
    assert one.difference == other.difference and one.better == other.better and one.p_value == other.p_value
