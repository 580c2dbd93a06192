"""Intervals and tests against SciPy's own, answers by hand, and how often they are right in simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from marketsim.shakeout.statistics import (
    difference_interval,
    equivalence,
    holm,
    median_interval,
    share_interval,
)
from marketsim.state import Floats

COVERED = 0.93
"""What a 95 % interval must cover at least, over a few hundred samples."""


def counts(*values: int) -> np.ndarray:
    return np.array(values)


@pytest.mark.parametrize(("hits", "runs"), [(0, 1), (1, 1), (0, 20), (20, 20), (3, 10), (512, 1024), (1, 100_000)])
def test_one_draw_is_a_plain_binomial(hits: int, runs: int):
    found = share_interval(counts(hits), counts(runs))
    exact = stats.binomtest(hits, runs).proportion_ci(0.95, method="exact")
    assert (found.value, found.low, found.high) == pytest.approx((hits / runs, exact.low, exact.high), abs=1e-12)


@pytest.mark.parametrize("every", [0, 1])
def test_draws_in_which_nothing_varies_count_once(every: int):
    """Sixteen draws of 64 runs, all the same: the interval is that of 16 runs."""
    runs = np.full(16, 64)
    found = share_interval(every * runs, runs)
    exact = stats.binomtest(every * 16, 16).proportion_ci(0.95, method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))


def test_runs_that_do_as_their_draw_does_are_worth_one_each():
    """Half of 40 draws all in, half all out: as many runs as draws, but for the freedom that estimating variance takes."""
    runs = np.full(40, 25)
    found = share_interval(runs * (np.arange(40) % 2), runs)
    as_draws = stats.binomtest(20, 40).proportion_ci(0.95, method="exact")
    assert (found.low, found.high) == pytest.approx((as_draws.low, as_draws.high), abs=0.02)


def test_independent_runs_are_worth_almost_all():
    """Draws that differ by luck alone have the interval of their runs."""
    rng = np.random.default_rng(5)
    runs = np.full(128, 8)
    hits = rng.binomial(8, 0.3, 128)
    found = share_interval(hits, runs)
    plain = share_interval(counts(int(hits.sum())), counts(1024))
    assert found.high - found.low == pytest.approx(plain.high - plain.low, rel=0.25)


@pytest.mark.parametrize(("mean", "alike", "draws"), [(0.5, 0.3, 32), (0.2, 0.3, 32), (0.9, 0.1, 64), (0.5, 0.8, 24)])
def test_the_interval_of_a_share_covers_it(mean: float, alike: float, draws: int):
    """Shares of draws are beta, with correlation `alike` between runs of one draw; hits are binomial."""
    rng = np.random.default_rng(1)
    total = 1 / alike - 1
    shares = rng.beta(mean * total, (1 - mean) * total, (600, draws))
    hits, runs = rng.binomial(8, shares), np.full(draws, 8)
    found = [share_interval(sample, runs) for sample in hits]
    covered = np.mean([interval.low <= mean <= interval.high for interval in found])
    assert covered >= COVERED
    assert np.mean([interval.high - interval.low for interval in found]) < 0.6, "it says something"


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=9))
def test_a_share_lies_in_its_interval_and_that_between_0_and_1(draws: list[tuple[int, int]]):
    hits, runs = (np.array(column) for column in zip(*((min(hit, run), run) for hit, run in draws), strict=True))
    found = share_interval(hits, runs)
    assert 0 <= found.low <= found.value + 1e-12 and found.value - 1e-12 <= found.high <= 1


def test_a_difference_of_one_draw_by_hand():
    """As `diffpropci.mp(b = 40, c = 20, n = 160)` of the R package PropCIs."""
    found = difference_interval(counts(20), counts(40), counts(160))
    assert found.value == -20 / 160
    assert (found.low, found.high) == pytest.approx((-0.21601726, -0.03089632), abs=1e-8)


@pytest.mark.parametrize(("gained", "lost"), [(9, 1), (30, 10), (0, 9), (20, 18), (8, 5), (3, 1), (0, 0)])
def test_the_interval_leaves_out_0_if_mcnemar_does(gained: int, lost: int):
    """And not far from where it does: discordant pairs that are no clear case are left out here."""
    found = difference_interval(counts(gained), counts(lost), counts(200))
    p_value = stats.binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert (found.low > 0 or found.high < 0) == (p_value < 0.05)


@pytest.mark.parametrize("chances", [(0.05, 0.0), (0.05, 0.01), (0.2, 0.2), (0.9, 0.02)])
def test_the_interval_of_a_difference_of_one_draw_covers_it(chances: tuple[float, float]):
    """Also where all runs that change go one way: how many change is a matter of luck too."""
    gains, loses = chances
    changes = np.random.default_rng(4).multinomial(500, [gains, loses, 1 - gains - loses], 800)
    found = [difference_interval(counts(one), counts(other), counts(500)) for one, other, _ in changes]
    assert np.mean([interval.low <= gains - loses <= interval.high for interval in found]) >= 0.92


def test_no_run_that_differs_is_not_no_difference():
    found = difference_interval(counts(0), counts(0), counts(29))
    assert found.value == 0 and found.high == -found.low
    assert found.high == pytest.approx(1.959964 / 31)


@pytest.mark.parametrize("gained", [0, 10])
def test_draws_that_all_shift_alike_count_once(gained: int):
    """Sixteen draws, in which no run changes, or every one does."""
    found = difference_interval(np.full(16, gained), np.zeros(16, dtype=int), np.full(16, 10))
    value, reach = gained / 10, 1 - 0.05 ** (1 / 16)
    expected = (value, value - reach, min(value + reach, 1.0))
    assert (found.value, found.low, found.high) == pytest.approx(expected)


def test_a_difference_of_several_draws_is_student_t():
    gained, lost, runs = counts(3, 1, 0, 2), counts(0, 0, 1, 1), np.full(4, 10)
    differences = np.array([0.3, 0.1, -0.1, 0.1])
    found = difference_interval(gained, lost, runs)
    expected = stats.t.interval(0.95, 3, differences.mean(), stats.sem(differences))
    assert found.value == pytest.approx(0.1) and (found.low, found.high) == pytest.approx(expected)


def test_the_interval_of_a_difference_covers_it():
    """A third of runs gain, a sixth lose, more in some draws than in others."""
    rng = np.random.default_rng(2)
    chances = rng.dirichlet(np.array([2.0, 1.0, 3.0]), (600, 32))
    changes = np.array([[rng.multinomial(8, chance) for chance in draws] for draws in chances])
    found = [difference_interval(sample[:, 0], sample[:, 1], np.full(32, 8)) for sample in changes]
    assert np.mean([interval.low <= 1 / 3 - 1 / 6 <= interval.high for interval in found]) >= COVERED


def test_a_difference_stays_between_minus_1_and_1():
    found = difference_interval(counts(10, 10, 9), counts(0, 0, 0), counts(10, 10, 10))
    assert found.high == 1 and found.low < found.value < 1


def test_holm_by_hand():
    """Four tests: 0.01 x 4, 0.015 x 3 = 0.045, 0.03 x 2 = 0.06, then 0.04 x 1, which is not less than the one before."""
    adjusted = holm(np.array([0.03, np.nan, 0.01, 0.04, 0.015]))
    np.testing.assert_allclose(adjusted, [0.06, np.nan, 0.04, 0.06, 0.045])
    np.testing.assert_allclose(holm(np.array([0.9, 0.8])), [1, 1])
    assert np.isnan(holm(np.full(3, np.nan))).all() and holm(np.array([])).size == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_lies_between_p_and_bonferroni(values: list[float]):
    p_values = np.array(values)
    adjusted = holm(p_values)
    assert (adjusted >= p_values).all() and (adjusted <= np.minimum(len(values) * p_values, 1) + 1e-12).all()
    assert (np.diff(adjusted[np.argsort(p_values, kind="stable")]) >= 0).all()


@pytest.mark.parametrize("count", [5, 6, 13, 40, 101])
def test_the_interval_of_a_median_covers_it(count: int):
    rng = np.random.default_rng(count)
    found = [median_interval(sample) for sample in rng.exponential(size=(800, count))]
    covered = np.mean([interval.low <= np.log(2) <= interval.high for interval in found])
    assert covered >= 0.88
    assert all(interval.low <= interval.value <= interval.high for interval in found)


def test_the_interval_of_a_median_is_between_order_statistics():
    """Of ten, the second and the ninth: P(B <= 1) = 11/1024 on either side, P(B <= 2) is above 5 %."""
    found = median_interval(np.arange(10.0)[::-1])
    assert (found.value, found.low, found.high) == (4.5, 1, 8)
    assert median_interval(np.array([3.0])).low == 3, "one value is all that there is"


def sign(hits: int, count: int) -> float:
    return float(stats.binomtest(hits, count, alternative="greater").pvalue)


@pytest.mark.parametrize(
    ("values", "low", "high", "expected"),
    [
        (np.linspace(0.4, 0.6, 10), 0.0, 1.0, 2**-10),
        (np.linspace(0.4, 0.6, 10), 0.0, np.inf, 2**-10),
        (np.linspace(-1.0, 1.0, 10), 0.0, 2.0, sign(5, 10)),
        (np.linspace(5.0, 6.0, 10), 0.0, 1.0, 1.0),
        (np.zeros(10), 0.0, 0.25, 2**-10),  # at the end of a range is inside it
        (np.full(10, 0.1 + 0.2), 0.0, 0.3, 2**-10),  # up to rounding
    ],
)
def test_equivalence_is_the_larger_of_two_sign_tests(values: Floats, low: float, high: float, expected: float):
    assert equivalence(values, low, high) == pytest.approx(expected)


def test_equivalence_of_nothing_is_unknown():
    assert np.isnan(equivalence(np.array([]), 0.0, 1.0))


def test_equivalence_is_seldom_claimed_wrongly():
    """The median at the very end of the range: at most one claim in twenty."""
    samples = np.random.default_rng(3).normal(1.0, 0.3, (2000, 60))
    assert np.mean([equivalence(sample, 0.0, 1.0) < 0.05 for sample in samples]) <= 0.06
