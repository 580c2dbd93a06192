"""The nineteen facts against answers from the back of an envelope, and what must not change them."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketsim.shakeout.facts import FACTS, experience_curve
from marketsim.shakeout.history import SERIES, Firms, History
from marketsim.shakeout.mechanism import auc
from marketsim.shakeout.window import window
from marketsim.state import Floats
from tests.shakeout.hand_made import firms, measured, one, random_history, with_shares, written

YEARS = np.arange(2008.0, 2018.0)

PHOTOVOLTAICS = written(
    YEARS,
    firms=[300, 500, 624, 400, 274, 270, 272, 275, 271, 272],
    output=[5, 10, 20, 30, 35, 40, 50, 55, 60, 70],
    price=[3.4, 2.4, 2.0, 1.7, 0.9, 0.7, 0.6, 0.6, 0.5, 0.5],
    revenue=[17, 24, 40, 51, 31.5, 28, 30, 33, 30, 35],
    capacity=[6, 12, 30, 52, 70, 72, 75, 80, 80, 90],
    demand=[5, 10, 20, 30, 35, 40, 50, 55, 60, 70],
    utilisation=[0.9, 0.85, 0.8, 0.7, 0.6, 0.62, 0.5, 0.7, 0.7, 0.7],
    gross_margin=[0.3, 0.25, 0.22, 0.16, 0.01, 0.1, 0.15, 0.15, 0.15, 0.15],
    profitable=[1, 1, 0.9, 0.4, 0, 0.2, 0.5, 0.6, 0.6, 0.6],
    hhi=[0.1, 0.05, 0.03, 0.03, 0.03, 0.03, 0.03, 0.03, 0.05, 0.06],
    top2_share=[0.4, 0.3, 0.15, 0.15, 0.15, 0.16, 0.18, 0.2, 0.22, 0.24],
    leader=[7, 1, 1, 1, 2, 2, 3, 3, 4, 4],
    exits=[50, 1, 10, 250, 140, 20, 5, 5, 5, 5],
    exits_acquired=[50, 0, 5, 100, 80, 10, 5, 5, 5, 5],
)
"""Peak in 2010, trough in 2013: 274 in 2012 is undercut by 270, which is not undercut again."""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("S1", 1 - 270 / 624),
        ("S2", 2),  # 274 of 624 in 2012
        ("S3", 40 / 20 - 1),
        ("S4", 275 / 624),
        ("C1", 0.05),  # 2016
        ("C2", 0.22),
        ("C3", 3 / 8),  # 1, 2, 3, 4 from 2009 to 2017
        ("P1", 1 - 0.9 / 2.4),
        ("P4", 28 / 40 - 1),
        ("P5", 0.01),
        ("P6", 0),
        ("U1", 0.6),
        ("U2", 70 / 35),
        ("M2", 195 / 421),  # 2009 to 2013
    ],
)
def test_a_path_like_that_of_photovoltaics(name: str, expected: float):
    assert one(PHOTOVOLTAICS, name) == pytest.approx(expected, abs=1e-12)


def test_facts_that_need_firms_one_by_one_are_unknown_in_a_table():
    assert all(np.isnan(one(PHOTOVOLTAICS, name)) for name in ("C4", "M1", "M3"))


@pytest.mark.parametrize(
    ("number", "years"),
    [
        ([20, 11, 10, 8], 2),
        ([20, 12, 11, 10.5], np.nan),  # never
        ([5, 20, 9], 1),
        ([5, 10, 20], np.nan),  # no time after the peak
        ([20, 20, 10, 20], 1),  # from the last period at the peak
    ],
)
def test_halving_time(number: list[float], years: float):
    assert one(written(2000.0 + np.arange(len(number)), firms=number), "S2") == pytest.approx(years, nan_ok=True)


@given(st.floats(0.01, 0.6), st.lists(st.floats(0.1, 100), min_size=4, max_size=30))
def test_a_pure_experience_curve_has_its_learning_rate(rate: float, output: list[float]):
    price = 70 * np.cumsum(output) ** np.log2(1 - rate)
    history = written(2000.0 + np.arange(len(output)), firms=[1.0] * len(output), performance=output, price=price)
    assert one(history, "P2") == pytest.approx(rate, abs=1e-6)
    assert np.abs(experience_curve(history)[1]).max() < 1e-6


def test_the_experience_curve_is_least_squares():
    output, price = np.array([1.0, 3, 4, 8, 16, 20]), np.array([9.0, 8, 8.5, 5, 3, 3.2])
    history = written(2000.0 + np.arange(6), firms=[1.0] * 6, performance=output, price=price)
    slope, _ = np.polyfit(np.log2(np.cumsum(output)), np.log2(price), 1)
    assert one(history, "P2") == pytest.approx(1 - 2**slope)


def test_too_few_points_make_no_curve():
    history = written([2000, 2001, 2002], firms=[1] * 3, performance=[1] * 3, price=[3, 2, 1])
    assert np.isnan(one(history, "P2")) and np.isnan(one(history, "P3"))


def test_the_swing_is_the_largest_fall_from_a_residual_before_it():
    """A price that doubles after its low does not make the crash larger than it was."""
    residual = np.array([0.0, 0, 0.5, -0.5, 1.0, 0, 0, 0])
    number = [10, 20, 30, 25, 20, 10, 10, 10]
    made = np.arange(1.0, 9)
    history = written(2000.0 + np.arange(8), firms=number, performance=made, price=2.0**residual)
    fitted = experience_curve(history)[1][:, 0]  # t0 = 2002, t1 = 2005
    falls = [fitted[later] - fitted[first] for later in (3, 4, 5) for first in range(1, later + 1)]
    assert one(history, "P3") == pytest.approx(min(falls))
    assert min(falls) > fitted[3] - fitted[4], "the high after the low does not count"


def test_price_that_only_rises_about_its_curve_does_not_swing():
    history = written(2000.0 + np.arange(6), firms=[20, 30, 20, 15, 12, 12], performance=[1.0] * 6,
                      price=[10, 4, 4, 4, 4, 4])  # fmt: skip
    assert one(history, "P3") <= 0


@pytest.mark.parametrize(("count", "shares"), [(1, [1.0]), (4, [0.25] * 4), (2, [0.58, 0.42])])
def test_concentration_is_the_index_itself(count: int, shares: list[float]):
    """Two equal sellers are at a half, not at 0 as with the index freed of their number."""
    index = sum(share**2 for share in shares)
    history = written([2000, 2001, 2004], firms=[20, count, count], hhi=[0.1, 0.9, index])
    assert one(history, "C1") == pytest.approx(index, abs=1e-12)


def test_revenue_that_turns_before_the_number_of_firms():
    """From the best year of W up to t0, 2001, to the worst after it; what was before W and after t1 does not count."""
    history = written(2000.0 + np.arange(7), firms=[10, 20, 30, 20, 12, 12, 12], revenue=[99, 50, 40, 60, 30, 20, 20])
    assert one(history, "P4") == pytest.approx(30 / 50 - 1)  # t0 = 2002, t1 = 2004


def test_the_leader_is_compared_once_a_year():
    quarters = 2000 + np.arange(16) / 4
    flickering = written(quarters, firms=[9.0] * 16, leader=[1, 2, 3, 4] * 4)
    assert one(flickering, "C3") == 0
    rising = written(quarters, firms=[9.0] * 16, leader=[1] * 4 + [2] * 4 + [3] * 4 + [4] * 4)
    assert one(rising, "C3") == pytest.approx(1)


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.booleans()), min_size=1, max_size=12))
def test_auc_counts_pairs(cases: list[tuple[int, bool, bool]]):
    score, event, counted = (np.array([list(row)] * 2).T for row in zip(*cases, strict=True))
    with_event = [s for s, happened, here in cases if happened and here]
    without = [s for s, happened, here in cases if not happened and here]
    found = auc(score.astype(float), event, counted)
    if not with_event or not without:
        assert np.isnan(found).all()
        return
    pairs = [(high > low) + 0.5 * (high == low) for high, low in product(with_event, without)]
    assert found == pytest.approx([np.mean(pairs)] * 2)


MANY = 12
"""Firms at the peak: enough that a fall from it counts."""


def dying(gone: list[int], cost: list[float], worth: list[float], died: int = 1) -> History:
    """Twelve firms sell in 2000; those of `gone` have failed by the end of the period `died`."""
    time = [2000.0, 2001, 2002]
    alive, failed = np.ones((3, MANY), dtype=bool), np.zeros((3, MANY), dtype=bool)
    alive[died:, gone], failed[died, gone] = False, True
    active = alive.copy()
    active[0] = True  # who fails in the last quarter has sold in it
    firm = firms(MANY, time, alive=alive, active=active, failed=failed,
                 unit_cost=[cost] * 3, ecosystem=[worth] * 3)  # fmt: skip
    return replace(written(time, firms=[12, 12 - len(gone), 12 - len(gone)]), firm=firm)


@pytest.mark.parametrize("died", [0, 1])
def test_what_decides_who_leaves(died: int):
    """Also for firms that fail in the last quarter of t0, which count in N(t0)."""
    costly, weak = [2.0] * 6 + [1.0] * 6, [0.0] * 3 + [1.0] * 9
    gone = [0, 1, 2, 3, 4, 5]
    assert one(dying(gone, costly, [1.0] * 12, died), "M1") == pytest.approx(0.5)
    # Three of the six gone are weak: 18 of 36 pairs are higher, the other 18 tie.
    assert one(dying(gone, [1.0] * 12, weak, died), "M1") == pytest.approx(0.5 - 0.75)
    assert one(dying(gone, costly, weak, died), "M1") == pytest.approx(1 - 0.75)


def test_a_newcomer_in_the_slot_does_not_make_a_firm_stay():
    history = dying([0, 1, 2, 3, 4, 5], [2.0] * 6 + [1.0] * 6, [1.0] * 12)
    assert history.firm is not None
    alive, spell = history.firm.alive.copy(), history.firm.spell.copy()
    alive[1:, :3], spell[1:, :3] = True, 1
    assert one(replace(history, firm=replace(history.firm, alive=alive, spell=spell)), "M1") == pytest.approx(0.5)


def test_the_hazard_of_latecomers_by_hand():
    """Two founders and four firms of 2000 are early, six of 2002 late. Ages count from the start of the period before.

    At age 1: early 4 at risk, 1 leaves (2001); late 6 at risk, 3 leave (2003).
    At age 2: early 3 + 2 founders (who were a year old) at risk, 1 leaves; late 3 at risk in 2004, 1 leaves.
    """
    time = np.arange(2000.0, 2005.0)
    entered, failed = np.zeros((5, MANY), dtype=bool), np.zeros((5, MANY), dtype=bool)
    entered[0, 2:6] = entered[2, 6:] = True
    failed[1, 2] = failed[2, 3] = True
    failed[3, 6:9] = failed[4, 9] = True
    alive = np.zeros((5, MANY), dtype=bool)
    alive[:, :6] = True
    alive[2:, 6:] = True
    for period, slot in zip(*np.nonzero(failed), strict=True):
        alive[period:, slot] = False
    firm = firms(MANY, time, entered=entered, failed=failed, alive=alive, active=alive)
    history = replace(written(time, firms=alive.sum(axis=1)), firm=firm)
    late = 3 * 4 / 10 + 1 * 5 / 8
    early = 1 * 6 / 10 + 1 * 3 / 8
    assert one(history, "M3") == pytest.approx(late / early)


def test_leaders_that_stay_and_slots_that_are_used_again():
    """Two of the three leaders of 2000 lead ten years after the peak of 2001, but one slot is another firm's."""
    time = np.arange(2000.0, 2012.0)
    number = [10, 12, 6] + [6] * 9
    revenue = np.tile([9.0, 8, 7, 1, 1, 1], (12, 1))
    revenue[-1] = [9, 8, 1, 7, 1, 1]
    history = replace(written(time, firms=number), firm=firms(6, time, revenue=revenue))
    assert one(history, "C4") == pytest.approx(2 / 4)
    assert history.firm is not None
    spell = history.firm.spell.copy()
    spell[5:, 1] = 1
    assert one(replace(history, firm=replace(history.firm, spell=spell)), "C4") == pytest.approx(1 / 5)


def test_a_history_that_ends_too_early_says_nothing_of_leaders():
    time = [2000.0, 2001, 2002, 2003]
    assert np.isnan(one(replace(written(time, firms=[10, 12, 6, 6]), firm=firms(12, time)), "C4"))


@pytest.mark.parametrize(
    "number",
    [
        [0, 0, 0, 0],  # nobody ever sells
        [1, 1, 1, 1],
        [40, 30, 20, 10],  # peak in the first period, fall without end
        [10, 20, 30, 40],  # peak in the last
        [40, 40, 0, 0],  # all die
        [0, 20, 0, 20],
        [5],
        [np.nan, 20, np.nan, 5],
        [np.nan] * 4,
    ],
)
@pytest.mark.parametrize("rest", [0.0, 1.0, np.nan])
def test_no_history_is_too_odd(number: list[float], rest: float):
    """Each fact is a number or unknown, without a warning, in two runs at least."""
    time = 2000.0 + np.arange(len(number))
    history = written(time, **{name: [rest] * len(number) for name in SERIES} | {"firms": number})
    nobody = np.zeros((len(number), MANY), dtype=bool)
    sleeping = firms(MANY, time, active=nobody, alive=nobody, revenue=np.zeros(nobody.shape), unit_cost=nobody * np.nan)
    for one_by_one in (None, firms(MANY, time), sleeping):
        for name, values in measured(replace(history, firm=one_by_one)).items():
            assert values.shape == (2,) and values.dtype == float and not np.isinf(values).any(), name


def test_an_industry_without_firms_does_not_fall():
    assert np.isnan(one(written([2000, 2001], firms=[0, 0]), "S1"))
    assert one(written([2000, 2001, 2002, 2003], firms=[0, 3, 8, 8]), "S1") == 0


def chosen(history: History, slots: Floats | slice = slice(None), runs: Floats | slice = slice(None)) -> History:
    """The same history with slots and runs in another order."""
    assert history.firm is not None
    series = {name: np.ascontiguousarray(getattr(history, name)[:, runs]) for name in SERIES}
    of_firms = (getattr(history.firm, item.name)[:, slots][:, :, runs] for item in fields(Firms))
    firm = Firms(*map(np.ascontiguousarray, of_firms))
    return with_shares(replace(history, **series, firm=firm))


def same(left: dict[str, Floats], right: dict[str, Floats], tolerance: float = 1e-9) -> None:
    for name in FACTS:
        np.testing.assert_allclose(left[name], right[name], rtol=tolerance, atol=tolerance, err_msg=name)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_units_of_measurement_do_not_matter(seed: int, money: float, units: float, work: float):
    history = random_history(seed)
    assert history.firm is not None
    other = replace(
        history,
        **{name: getattr(history, name) * units for name in ("output", "capacity", "demand")},
        performance=history.performance * work,
        price=history.price * money / work,
        revenue=history.revenue * money,
        firm=replace(
            history.firm, revenue=history.firm.revenue * money, unit_cost=history.firm.unit_cost * money / work
        ),
    )
    same(measured(history), measured(other))


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_the_order_of_slots_does_not_matter(seed: int):
    history = random_history(seed)
    order = np.random.default_rng(seed + 1).permutation(24)
    same(measured(history), measured(chosen(history, slots=order)))


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_runs_are_measured_one_by_one(seed: int):
    """In another order, and beside others or not, to the last bit."""
    history = random_history(seed, runs=5)
    facts = measured(history)
    for runs in (np.array([4, 2, 0, 3, 1]), np.array([3, 4]), np.array([1, 1])):
        few = measured(chosen(history, runs=runs))
        for name, values in facts.items():
            np.testing.assert_array_equal(few[name], values[runs], err_msg=name)


@given(st.integers(0, 10_000))
@settings(max_examples=40)
def test_facts_stay_in_their_bounds(seed: int):
    history = random_history(seed)
    facts = measured(history)
    bounds = {
        **{name: (0, 1) for name in ("S1", "C1", "C2", "C4", "M2", "P6")},
        **{"M1": (-1, 1), "P3": (-np.inf, 0), "S3": (-1, np.inf), "M3": (0, np.inf), "C3": (0, 1)},
    }
    for name, (low, high) in bounds.items():
        known = facts[name][~np.isnan(facts[name])]
        assert (known >= low - 1e-12).all() and (known <= high + 1e-12).all(), name
    assert (window(history).fall >= 0).all()
