"""What a verdict hangs on: a synthetic response to one of many parameters, chance among thirty, few draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from marketsim.shakeout.assumptions import FEWEST, of_class, ranked
from marketsim.shakeout.classify import Class
from marketsim.shakeout.ensemble import Tally
from tests.shakeout.small import parameters

DRAWS = 96


@pytest.mark.parametrize("slope", [-0.5, 0.5])
def test_the_parameter_that_matters_is_the_first(slope: float):
    """A response 0.5 + slope * p3 with noise: from a place of 1/6 to one of 5/6 it moves by 2/3 of the slope."""
    draws = parameters(12, DRAWS)
    response = 0.5 + slope * draws.places[:, 3] + np.random.default_rng(1).normal(0, 0.05, DRAWS)
    first, *others = ranked(draws, response, np.full(DRAWS, 8))
    assert first.name == "p3"
    assert first.shift.value == pytest.approx(2 / 3 * slope, abs=0.05) == first.high - first.low
    assert first.shift.low < 2 / 3 * slope < first.shift.high
    assert first.p_value < 1e-6 < min(other.p_value for other in others)
    assert [abs(found.shift.value) for found in others] == sorted(
        (abs(found.shift.value) for found in others), reverse=True
    )


def test_thirds_by_hand():
    """Twelve draws: the four of the lowest and of the highest third, weighted by their runs."""
    draws = parameters(1, 12)
    rank = draws.places[:, 0].argsort().argsort()
    response = np.array([0.0, 0, 1, 1, 9, 9, 9, 9, 2, 2, 2, 3])[rank]
    weights = np.array([1, 1, 3, 3, 1, 1, 1, 1, 2, 2, 2, 2])[rank]
    (found,) = ranked(draws, response, weights)
    assert (found.low, found.high, found.note) == (6 / 8, 18 / 8, "a guess")


def test_chance_among_thirty_parameters_is_not_called_sure():
    """In twenty samples without any cause, of thirty parameters each, hardly one comes out below 5 %."""
    draws, rng = parameters(30, DRAWS), np.random.default_rng(2)
    sure = 0
    for _ in range(20):
        found = ranked(draws, rng.random(DRAWS), np.full(DRAWS, 8))
        assert len(found) == 30 and min(assumption.p_value for assumption in found) >= 0
        sure += min(assumption.p_value for assumption in found) < 0.05
    assert sure <= 3


def test_the_interval_covers_the_shift():
    draws, rng = parameters(1, DRAWS), np.random.default_rng(3)
    found = [ranked(draws, draws.places[:, 0] + rng.normal(0, 0.5, DRAWS), np.full(DRAWS, 8))[0] for _ in range(300)]
    low, high = (
        draws.places[(draws.places[:, 0] < 1 / 3), 0].mean(),
        draws.places[draws.places[:, 0] > 2 / 3, 0].mean(),
    )
    assert np.mean([one.shift.low <= high - low <= one.shift.high for one in found]) >= 0.92


@pytest.mark.parametrize(("response", "p_value"), [(np.full(12, 0.25), 1.0), (np.repeat([0.0, 0.5, 1.0], 4), 0.0)])
def test_thirds_without_any_spread(response: np.ndarray, p_value: float):
    """All alike, or a clean step: no division by a variance of 0."""
    draws = parameters(1, 12)
    (found,) = ranked(draws, response[draws.places[:, 0].argsort().argsort()], np.full(12, 8))
    assert found.p_value == p_value
    assert found.shift.low == found.shift.value == found.shift.high == response[-1] - response[0]


def test_a_third_that_does_not_vary():
    """Welch's test by hand: all of the error is that of the other third."""
    draws = parameters(1, 12)
    response = np.array([1.0, 1, 1, 1, 0, 0, 0, 0, 0.2, 0.4, 0.4, 0.6])
    (found,) = ranked(draws, response[draws.places[:, 0].argsort().argsort()], np.full(12, 8))
    expected = stats.t.interval(0.95, 3, -0.6, stats.sem(response[8:]))
    assert (found.shift.low, found.shift.high) == pytest.approx(expected)
    assert found.p_value == pytest.approx(stats.ttest_1samp(response[8:], 1.0).pvalue)


def test_too_few_draws_say_nothing():
    draws = parameters(2, FEWEST - 1)
    assert ranked(draws, draws.places[:, 0], np.full(FEWEST - 1, 8)) == []


def test_the_class_that_gains_where_another_is_lower():
    """High p1: photovoltaic runs become lock-in; high p2: they were rationed ones."""
    draws = parameters(4, 240)
    tally = Tally(240)
    chances = np.zeros((240, len(Class)))
    chances[:, Class.LOCK_IN] = 0.5 * draws.places[:, 1]
    chances[:, Class.RATIONED] = 0.3 * (1 - draws.places[:, 2])
    chances[:, Class.PHOTOVOLTAIC] = 1 - chances.sum(axis=1)
    rng = np.random.default_rng(4)
    tally.by_draw[:] = [rng.multinomial(40, chance) for chance in chances]
    first, second, *_ = of_class(draws, tally, Class.PHOTOVOLTAIC)
    assert (first.name, first.gaining, first.shift.value < 0) == ("p1", Class.LOCK_IN, True)
    assert (second.name, second.gaining, second.shift.value > 0) == ("p2", Class.RATIONED, True)


@given(st.integers(0, 1000), st.integers(FEWEST, 40))
def test_means_of_thirds_lie_within_the_response(seed: int, count: int):
    draws = parameters(2, count)
    response = np.random.default_rng(seed).random(count)
    for found in ranked(draws, response, np.full(count, 3)):
        assert response.min() <= min(found.low, found.high) and max(found.low, found.high) <= response.max()
        assert found.shift.low <= found.shift.value <= found.shift.high
        assert 0 <= found.p_value <= 1
