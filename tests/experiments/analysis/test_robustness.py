"""Regret and satisficing: known answers and invariants."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from marketsim.experiments.analysis.robustness import regrets, robustness
from tests.experiments.analysis.made import sample_of

PRICES = [[[1, 3], [10, 10]], [[4, 4], [6, 8]], [[5, 5], [9, 9]]]
"""[policy, point, run]: means 2 and 10; 4 and 7; 5 and 9."""


def test_regret_by_hand() -> None:
    sample = sample_of(PRICES)
    assert regrets(sample).tolist() == [[0, 3], [2, 0], [3, 2]]
    found = robustness(sample)
    assert found is not None
    assert [(each.regret_mean, each.regret_max, each.best) for each in found.policies] == [
        (1.5, 3, 0.5),
        (1, 2, 0.5),
        (2.5, 3, 0),
    ]
    assert found.policies[1].regret_p90 == pytest.approx(1.8)
    assert (found.least_regret, found.most_often_enough, found.points, found.left_out) == ("policy-1", None, 2, 0)


def test_where_higher_is_better_regret_is_what_is_missing() -> None:
    assert regrets(sample_of(PRICES, better="higher")).tolist() == [[3, 0], [1, 3], [0, 1]]


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e9])
def test_rounding_is_no_regret_whatever_the_outcomes_size(size: float) -> None:
    means = np.array([[0.1 + 0.2, 5, -5], [0.3, 5, -5 - 1e-14], [0.3, 5.001, -5]]) * size
    found = robustness(sample_of(means[..., None]))
    assert regrets(sample_of(means[..., None])) == pytest.approx(np.array([[0, 0, 0], [0, 0, 0], [0, 0.001, 0]]) * size)
    assert found is not None and [each.best for each in found.policies] == [1, 1, pytest.approx(2 / 3)]


def test_satisficing_by_hand() -> None:
    found = robustness(sample_of(PRICES, enough=6))
    assert found is not None
    shares = [
        (each.enough and each.enough.value, each.enough_points and each.enough_points.value) for each in found.policies
    ]
    assert shares == [(0.5, 0.5), (0.75, 0.5), (0.5, 0.5)]
    assert found.most_often_enough == "policy-1"
    assert all(each.enough and each.enough.low < each.enough.value < each.enough.high for each in found.policies)


def test_an_unknown_outcome_is_not_enough_but_a_run_not_made_does_not_count() -> None:
    sample = sample_of([[[1, math.nan, 1, math.nan]]], own_luck=False, enough=2)
    sample.made[0, 3] = False
    found = robustness(sample)
    assert found is not None and found.policies[0].enough is not None
    assert found.policies[0].enough.value == pytest.approx(2 / 3)


def test_policies_meet_the_same_runs() -> None:
    """What is unknown under one policy is left out under all: 9 would make the first look bad otherwise."""
    sample = sample_of([[[1, 9]], [[2, math.nan]]])
    assert regrets(sample).tolist() == [[0], [1]]


def test_points_at_which_a_policy_is_unknown_are_left_out() -> None:
    found = robustness(sample_of([[[1], [2]], [[math.nan], [1]]]))
    assert found is not None and (found.points, found.left_out, found.least_regret) == (1, 1, "policy-1")
    nothing = robustness(sample_of([[[math.nan]], [[1]]]))
    assert nothing is not None and nothing.policies[0].regret_max is None and nothing.least_regret is None


def test_one_policy_has_no_regret_but_may_be_good_enough() -> None:
    found = robustness(sample_of([[[1, 2]]], enough=1.5))
    assert found is not None and found.policies[0].regret_mean is None and found.policies[0].enough is not None
    assert found.least_regret is None and found.most_often_enough is None


def test_without_a_direction_there_is_no_regret() -> None:
    assert robustness(sample_of(PRICES, better=None)) is None
    with pytest.raises(ValueError, match="neither way"):
        regrets(sample_of(PRICES, better=None))


def test_equal_policies_have_no_regret_and_the_first_is_named() -> None:
    found = robustness(sample_of(np.ones((3, 2, 2)), enough=1))
    assert found is not None and (found.least_regret, found.most_often_enough) == ("none", "none")
    assert [each.best for each in found.policies] == [1, 1, 1]


@settings(max_examples=60, deadline=None)
@given(
    npst.arrays(float, (3, 4, 2), elements=st.floats(-1e6, 1e6) | st.just(math.nan)),
    st.sampled_from(["higher", "lower"]),
)
def test_regret_is_never_negative_and_none_for_somebody(values: np.ndarray, better: str) -> None:
    found = regrets(sample_of(values, better=better))
    known = ~np.isnan(found).any(axis=0)
    assert (found[:, known] >= 0).all() and (found[:, known].min(axis=0) == 0).all()
