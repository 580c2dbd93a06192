"""Measures on a trace written by hand: eight quarters, three vendors, two runs, and answers from the back of an envelope."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from marketsim.measures import MEASURES, View, quarters_of
from marketsim.scenario.fields import quarter_index
from marketsim.state import Floats
from marketsim.trace import Trace
from tests.worlds import PLAIN_NODE, plain_world

WORLD = plain_world(
    3,
    technology__production_lead=3,
    nodes={"node": {**PLAIN_NODE, "design_time": 2}, "new": {**PLAIN_NODE, "design_time": 6}},
)
YEAR_1, YEAR_2, BOTH = slice(0, 4), slice(4, 8), slice(0, 8)
ALL = np.arange(3)


def hand_made(**series: Any) -> Trace:
    """A trace whose series are 0 but for those given; both runs alike."""
    shapes = {"v": 3, "q": 8, "r": 2, "n": 2}
    made: dict[str, Floats] = {}
    for item in fields(Trace):
        if item.name == "parameters":
            continue
        shape = tuple(shapes[axis] for axis in item.metadata["axes"])
        value = np.zeros(shape)
        if item.name in series:
            given = np.asarray(series[item.name], dtype=float)
            value = value + (given if item.name == "installed" else given[..., None])
        made[item.name] = value
    return Trace(WORLD, **made)


def by_vendor(*values: float) -> Floats:
    """[q,v]: each vendor's value in every quarter."""
    return np.tile(np.array(values), (8, 1))


def over_time(*values: float, vendor: int = 0) -> Floats:
    """[q,v]: a vendor's value quarter by quarter, 0 for the others."""
    found = np.zeros((8, 3))
    found[:, vendor] = values
    return found


def measure(name: str, trace: Trace, when: slice = BOTH, who: Any = ALL) -> float:
    first, second = MEASURES[name].compute(View(trace, when, np.asarray(who)))
    assert first == second, "the runs are alike"
    return float(first)


SOLD = {"cards": by_vendor(10, 30, 60), "revenue": by_vendor(100, 600, 300), "cost_of_goods": by_vendor(80, 300, 330)}


@pytest.mark.parametrize(
    ("name", "when", "who", "expected"),
    [
        ("cards", YEAR_1, ALL, 400),
        ("cards", BOTH, [1], 240),
        ("revenue", YEAR_1, [0, 2], 1600),
        ("price", YEAR_1, ALL, 10),
        ("price", YEAR_1, [1], 20),
        ("gross_margin", YEAR_1, [1], 0.5),
        ("gross_margin", YEAR_1, ALL, 0.29),
        ("share_of_cards", YEAR_1, [0, 1], 0.4),
        ("share_of_value", YEAR_1, [1], 0.6),
        ("hhi", YEAR_1, ALL, 0.01 + 0.36 + 0.09),
        ("hhi", YEAR_1, [0, 2], 0.0625 + 0.5625),
        ("top10_share", YEAR_1, ALL, 1),
        ("top10_margin", YEAR_1, ALL, 0.2),
        ("active", YEAR_1, ALL, 3),
        ("dies", YEAR_1, [2], 240),
    ],
)
def test_sums_shares_and_ratios(name: str, when: slice, who: Any, expected: float):
    assert measure(name, hand_made(**SOLD), when, who) == pytest.approx(expected)


def test_one_period_is_not_another():
    trace = hand_made(cards=over_time(1, 2, 3, 4, 50, 60, 70, 80))
    assert [measure("cards", trace, when) for when in (YEAR_1, YEAR_2, slice(3, 5))] == [10, 260, 54]


@pytest.mark.parametrize("name", ["net_income", "research", "raised"])
def test_sums_of_other_series(name: str):
    trace = hand_made(**{name: by_vendor(-1, 2, 4)})
    assert measure(name, trace, YEAR_1) == 20
    assert measure(name, trace, YEAR_1, [0]) == -4


def test_demand_is_of_the_whole_market_whoever_is_asked_for():
    trace = hand_made(demand=np.arange(8))
    assert measure("demand", trace, YEAR_2) == measure("demand", trace, YEAR_2, [1]) == 4 + 5 + 6 + 7


@pytest.mark.parametrize("name", ["tokens", "inference", "cost_per_million_tokens"])
def test_means_over_quarters(name: str):
    assert measure(name, hand_made(**{name: np.arange(8)}), YEAR_2) == 5.5


@pytest.mark.parametrize("name", ["wafer_limit", "good_dies"])
def test_means_of_nodes(name: str):
    series = np.stack([np.arange(8), np.full(8, 100)], axis=1)
    assert measure(name, hand_made(**{name: series}), YEAR_1, [0]) == 1.5
    assert measure(name, hand_made(**{name: series}), YEAR_1, [1]) == 100


def test_numbers_of_the_scenario():
    assert measure("production_lead", hand_made()) == 3
    assert measure("design_time", hand_made(), who=[0]) == 2
    assert measure("design_time", hand_made(), who=[0, 1]) == 4


def test_who_sells_nothing_in_the_last_quarter_is_not_active():
    trace = hand_made(cards=by_vendor(5, 5, 5) * np.array([1, 1, 1, 1, 1, 1, 1, 0])[:, None])
    assert measure("active", trace, slice(0, 7)) == 3
    assert measure("active", trace, BOTH) == 0


def test_the_fall_is_from_an_earlier_peak_within_the_period():
    numbers = [1, 3, 3, 2, 3, 1, 2, 2]
    cards = np.array([[1.0 if vendor < number else 0 for vendor in range(3)] for number in numbers])
    assert measure("fall_in_active", hand_made(cards=cards)) == pytest.approx(2 / 3)
    assert measure("fall_in_active", hand_made(cards=cards), slice(0, 5)) == pytest.approx(1 / 3)
    assert measure("fall_in_active", hand_made(cards=cards), slice(0, 3)) == 0
    assert measure("fall_in_active", hand_made(cards=cards), slice(5, 8)) == 0, "a rise is no fall"


def test_capacity_in_use_and_its_worst_year():
    trace = hand_made(contracts=by_vendor(2, 2, 4), wafers=over_time(8, 8, 4, 4, 4, 4, 0, 0))
    assert measure("capacity_use", trace) == pytest.approx(32 / 64)
    assert measure("capacity_use", trace, YEAR_1, [0]) == pytest.approx(24 / 8)
    assert measure("capacity_use_trough", trace) == pytest.approx(8 / 32)


def test_the_worst_year_of_margins():
    costs = np.concatenate([np.tile([80.0, 300, 330], (4, 1)), np.tile([95.0, 480, 150], (4, 1))])
    trace = hand_made(**{**SOLD, "cost_of_goods": costs})
    assert measure("top10_margin", trace, YEAR_1) == pytest.approx(0.2), "the middle of 0.2, 0.5 and -0.1"
    assert measure("top10_margin", trace, YEAR_2) == pytest.approx(0.2), "the middle of 0.05, 0.2 and 0.5"
    costs[4:, 2] = 290
    trace = hand_made(**{**SOLD, "cost_of_goods": costs})
    assert measure("top10_margin_trough", trace) == pytest.approx(0.05)


def test_firms_without_sales_have_no_margin():
    trace = hand_made(revenue=by_vendor(100, 0, 0), cost_of_goods=by_vendor(60, 0, 0))
    assert measure("top10_margin", trace, YEAR_1) == pytest.approx(0.4)
    assert measure("top10_margin", hand_made(), YEAR_1) == 0


def test_a_price_that_falls_by_a_fifth_with_every_doubling_is_a_learning_rate_of_a_fifth():
    """Cumulative output at the end of the years is 200 and 400, after 160 before the first quarter."""
    cards = over_time(10, 10, 10, 10, 50, 50, 50, 50)
    price = np.array([100.0] * 4 + [80.0] * 4)[:, None]
    trace = hand_made(cards=cards, revenue=cards * price, installed=[160, 0, 0])
    assert measure("learning_rate", trace) == pytest.approx(0.2)
    assert measure("learning_rate", trace, BOTH, [0, 1]) == pytest.approx(0.2)


def test_output_before_the_period_counts_for_learning():
    """Cumulative output doubles from year 2 to year 3 only if year 1 is counted: seen from year 2 on."""
    cards = over_time(25, 25, 25, 25, 25, 25, 25, 25)
    price = np.array([100.0] * 4 + [70.0] * 4)[:, None]
    trace = hand_made(cards=cards, revenue=cards * price)
    assert measure("learning_rate", trace) == pytest.approx(0.3)


def test_the_gap_between_products_is_that_of_a_vendor_not_of_the_market():
    launches = np.zeros((8, 3))
    launches[[3, 7], 0] = 1
    launches[[1, 5], 1] = 1
    trace = hand_made(launches=launches)
    assert measure("generation_gap", trace, who=[0]) == 4
    assert measure("generation_gap", trace, who=[0, 1]) == 4
    assert measure("generation_gap", trace) == 4, "who brings nothing out has no gap"


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_gives_a_number_of_each_run_even_where_nothing_is_sold(name: str):
    who = np.array([0]) if MEASURES[name].of_node else ALL
    found = MEASURES[name].compute(View(hand_made(), BOTH, who))
    assert found.shape == (2,)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2025", "2025Q1", "2025Q4"),
        ("2025H1", "2025Q1", "2025Q2"),
        ("2025H2", "2025Q3", "2025Q4"),
        ("2025Q3", "2025Q3", "2025Q3"),
        ("2011-2014", "2011Q1", "2014Q4"),
        ("2025Q4-2026H1", "2025Q4", "2026Q2"),
    ],
)
def test_periods(period: str, first: str, last: str):
    assert quarters_of(period) == (quarter_index(first), quarter_index(last))


@pytest.mark.parametrize("wrong", ["", "25", "2025Q5", "2025H3", "2025-", "-2025", "2025 - 2026", "2025-2026-2027"])
def test_what_is_no_period(wrong: str):
    with pytest.raises(ValueError, match="is not a period such as 2025, 2025H1, 2025Q2 or 2011-2014"):
        quarters_of(wrong)


def test_a_period_that_ends_before_it_begins():
    with pytest.raises(ValueError, match="ends before it begins"):
        quarters_of("2026-2025")
