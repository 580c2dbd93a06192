"""What is read beside the facts, each by hand: the best output, firms that left, losses, rationing, margins, bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.gauges import BUSY, GAUGES, LOSING, SCARCE, gauges, measure
from marketsim.shakeout.history import History
from marketsim.shakeout.window import window
from tests.shakeout.hand_made import measured, random_history, written

NO = np.nan
FIRMS = [20, 30, 12, 12, 12, 12, 12, 12]
"""Peak in 2001, trough in 2002: W is 2000 to 2002, and three years after it end in 2005."""


def history_of(**series: list[float]) -> History:
    """A shakeout of which a few series are known."""
    return written(2000.0 + np.arange(8), **{"firms": FIRMS} | series)


def read(name: str, **series: list[float]) -> float:
    """A gauge of a history whose two runs are alike."""
    history = history_of(**series)
    first, second = gauges(history, window(history))[name]
    assert first == second or (np.isnan(first) and np.isnan(second))
    return float(first)


def test_firms_are_those_of_the_peak():
    assert read("firms") == 30
    assert read("firms", firms=[NO, 30, NO, 12, 12, 12, 12, 12]) == 30


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ([1, 2, 1, 1, 1, 1.8, 9, 9], 1.8 / 2 - 1),  # 2006 is too late to count
        ([9, 2, 1, 3, 1, 1, 1, 1], 3 / 2 - 1),  # a dip is no collapse
        ([1, 2, NO, NO, 1, NO, 9, 9], 1 / 2 - 1),
        ([1, NO, 1, 1, 1, 1, 1, 1], NO),
        ([1, 2, NO, NO, NO, NO, 9, 9], NO),
        ([0, 0, 1, 1, 1, 1, 1, 1], NO),
    ],
)
def test_output_at_its_best_up_to_three_years_after_the_trough(output: list[float], expected: float):
    assert read("output", output=output) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ([10, 20, 18, 24, 6, 5, 4, 3], 24 / 20 - 1),  # more than ever when most had left, little from the last three
        ([10, 20, 22, 18, 15, 12, 9, 6], 18 / 20 - 1),  # in 2002 firms are not yet down by 40 %
        ([10, 20, 16, 12, 8, 6, 4, 2], 12 / 20 - 1),  # it falls with the firms
    ],
)
def test_output_counts_from_when_firms_are_down(output: list[float], expected: float):
    """Down by 40 % in 2003, though their number has its trough in 2005 only."""
    assert read("output", firms=[20, 30, 20, 14, 8, 3, 3, 3], output=output) == pytest.approx(expected)


def test_firms_that_stand_idle_have_not_left():
    assert read("left", idle=[0] * 8) == pytest.approx(18 / 30)
    assert read("left", idle=[0, 0, 15, 0, 0, 0, 0, 0]) == pytest.approx(3 / 30)
    assert read("left", idle=[0, 10, 0, 0, 0, 0, 0, 0]) == pytest.approx(28 / 40)
    assert read("left", idle=[0, 0, 30, 0, 0, 0, 0, 0]) == pytest.approx(-12 / 30), "more than ever are in business"
    assert np.isnan(read("left", idle=[0, 0, NO, 0, 0, 0, 0, 0])) and np.isnan(read("left"))


def test_the_leader_margin_is_the_lowest_of_the_window():
    assert read("leader", leader_margin=[0.5, NO, 0.4, 0.1, 0, 0, 0, 0]) == 0.4
    assert np.isnan(read("leader", leader_margin=[NO, NO, NO, 0.1, 0, 0, 0, 0]))


def test_the_margin_is_the_lowest_of_the_history():
    assert read("margin", gross_margin=[0.5, NO, 0.4, 0.3, 0.2, 0.1, -0.2, 0.3]) == -0.2
    assert np.isnan(read("margin"))


def test_rationed_needs_full_contracts_and_an_input_that_is_nearly_taken():
    """2 of the 6 years of which both are known."""
    scarcity = [SCARCE, SCARCE, SCARCE - 0.01, 1.0, 1.0, NO, 0.0, 1.0]
    utilisation = [BUSY, BUSY - 0.01, 1.0, 1.0, 0.0, 1.0, 0.0, NO]
    assert read("rationed", scarcity=scarcity, utilisation=utilisation) == pytest.approx(2 / 6)
    assert np.isnan(read("rationed", scarcity=[1.0] * 8)), "who knows whether contracts were in use?"


def test_losing_is_idle_firms_or_losses_of_the_largest():
    """3 of the 6 years of which either is known."""
    firms, idle = [12, 12, 12, 12, 12, 12, 12, 12], [4, 3.9, 0, 0, NO, 4, NO, NO]  # of 16: a quarter
    profitable = [1, 1, LOSING, LOSING + 0.01, 1, NO, NO, NO]
    assert read("losing", firms=firms, idle=idle, profitable=profitable) == pytest.approx(3 / 6)
    assert np.isnan(read("losing"))


def test_bounds_of_structure_three_years_after_the_trough():
    """Known; or the largest of eleven has a half, so that the second has 1/20 to 1/2; or only that there are four."""
    known = {"top2_share": [NO] * 5 + [0.3, NO, NO], "hhi": [NO] * 5 + [0.1, NO, NO]}
    assert [read(name, **known) for name in ("C1 low", "C1 high", "C2 low", "C2 high")] == [0.1, 0.1, 0.3, 0.3]
    half = {"firms": [20, 30, 11, 11, 11, 11, 11, 11], "top1_share": [NO] * 5 + [0.5, NO, NO]}
    assert read("C2 low", **half) == pytest.approx(0.5 + 0.05) and read("C2 high", **half) == 1
    assert read("C1 low", **half) == pytest.approx(0.25 + 10 * 0.05**2) and read("C1 high", **half) == 0.5
    few = {"firms": [20, 30, 4, 4, 4, 4, 4, 4]}
    assert [read(name, **few) for name in ("C1 low", "C1 high", "C2 low", "C2 high")] == [0.25, 1, 0.5, 1]


def test_the_most_excess_that_lasted():
    """A year is long enough; what was after W does not count."""
    assert read("excess", capacity=[1, 3, 2, 9, 9, 9, 9, 9], demand=[1.0] * 8) == 3
    assert read("excess", capacity=[1, NO, 2, 9, 9, 9, 9, 9], demand=[1.0] * 8) == 2
    assert np.isnan(read("excess", capacity=[1, 1, 1, 9, 9, 9, 9, 9], demand=[0.0] * 8))


@given(st.integers(0, 10_000))
def test_facts_and_gauges_in_one(seed: int):
    """All by their names, of every run, and shares between 0 and 1."""
    history = random_history(seed)
    found, facts = measure(history, window(history)), measured(history)
    assert list(found) == [*FACTS, *GAUGES]
    for name, values in facts.items():
        np.testing.assert_array_equal(found[name], values)
    for name, values in found.items():
        assert values.shape == (history.runs,) and not np.isinf(values).any(), name
    for name in ("rationed", "losing"):
        assert ((found[name] >= 0) & (found[name] <= 1)).all()
    for name in ("C1", "C2"):
        known = ~np.isnan(found[name])
        np.testing.assert_array_equal(found[f"{name} low"][known], found[name][known])
        np.testing.assert_array_equal(found[f"{name} high"][known], found[name][known])
