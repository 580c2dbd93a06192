"""How figures are measured, written and judged."""

from __future__ import annotations

import numpy as np
import pytest

from marketsim.markdown import listed, middle_and_range, reported, table
from marketsim.outcomes import METRICS, Outcomes
from marketsim.scenario.target_file import Target
from marketsim.targets import Comparison, bounds, centre
from marketsim.validation import figures
from marketsim.validation.headlines import Played, exits, largest_fall, since_peak, top2_share, trough

TITLE = {"en": "a figure", "zh": "数字"}


def target(**fields: object) -> Target:
    given = {"title": TITLE, "group": 1, "use": "fit", "measure": "cards", "period": "2025", "unit": "k cards"}
    return Target.model_validate(given | fields)


@pytest.mark.parametrize(
    ("fields", "written", "ends", "middle"),
    [
        ({"value": 1900.0, "relative": 0.05}, "1,900 ±5 %", (1805, 1995), 1900),
        ({"value": 55.2, "absolute": 0.5}, "55.2 ±0.5", (54.7, 55.7), 55.2),
        ({"value": 8.0, "factor": 2.0}, "8 ×÷2", (4, 16), 8),
        ({"low": 0.01, "high": 100.0}, "0.01 to 100", (0.01, 100), 50.005),
        ({"low": 0.6, "high": 0.75, "measure": "share_of_value", "unit": "1"}, "60 to 75", (0.6, 0.75), 0.675),
        ({"low": 0.02, "high": 0.15, "measure": "hhi", "unit": "1"}, "0.02 to 0.15", (0.02, 0.15), 0.085),
        ({"low": -650.0, "high": 0.0, "measure": "net_income", "unit": "rmb_m"}, "-0.65 to 0", (-650, 0), -325),
    ],
)
def test_a_reported_figure_is_written_as_it_was_given(fields, written: str, ends, middle: float):
    found = target(**fields)
    assert reported(found) == written
    assert bounds(found) == pytest.approx(ends)
    assert centre(found) == pytest.approx(middle)


@pytest.mark.parametrize(
    ("values", "unit", "written"),
    [
        ([0.381, 0.411, 0.44], "1", "41.1 (38.7-43.4)"),
        ([16.0, 16.0, 16.0], "firms", "16"),
        ([-1.0, 0.0, 2.0], "quarters", "0.00 (-0.80 to 1.60)"),
        ([0.9, 1.0, 4.0], "1", "100 (92-340)"),
    ],
)
def test_the_middle_and_the_range_of_runs(values, unit: str, written: str):
    assert middle_and_range(np.array(values), unit) == written


def test_lists_and_tables():
    assert [listed(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert table(["a", "b"], [["x", "10"], ["a|b", "9"]], (1,)).splitlines() == [
        "| a    |   b |", "| ---- | --: |", "| x    |  10 |", "| a\\|b |   9 |",
    ]  # fmt: skip


def comparison(group: int, miss: float, **fields: object) -> Comparison:
    distance = np.array([miss - 0.5, miss, miss + 0.5, miss, miss])
    return Comparison("x", target(group=group, value=10.0, relative=0.1, **fields), 10 + distance, distance)


def test_a_group_is_hit_when_all_its_figures_are():
    found = figures.groups([comparison(2, 0.0), comparison(1, 0.9), comparison(2, 1.1), comparison(1, -1.0)])
    assert [(group.number, group.hit, len(group.comparisons)) for group in found] == [(1, True, 2), (2, False, 2)]


def test_counts_tell_fitted_from_set_and_from_predicted():
    found = [
        comparison(1, 0.0, input=True), comparison(2, 2.0), comparison(3, 0.0, use="predict"),
        comparison(4, 0.0, use="predict"), comparison(4, 3.0, use="predict"),
    ]  # fmt: skip
    assert figures.counts(found) == (
        "1 of 2 fitted figures (1 of them set by the scenario) are inside their tolerance in the median run. "
        "2 of 3 predicted figures are, and 1 of 2 predicted groups (3) with all their figures."
    )
    assert [round(other.miss, 1) for other in figures.worst_first(found)] == [3.0, 2.0]


def test_a_hit_of_few_runs_is_not_steady():
    shaky = comparison(1, 0.9)
    assert shaky.share_inside == 0.8
    assert figures.steady([shaky]) == [shaky]
    shakier = Comparison("x", shaky.target, shaky.values, np.array([0.0, 0.9, 0.9, 1.5, 1.5]))
    assert figures.steady([shakier]) == []
    assert "Luck decides over 1 of the hits" in figures.counts([shakier])


def played(revenue: list[list[float]], **yearly: list[float]) -> Played:
    """Four years, twice the same run. revenue: [vendor][year]."""
    metrics = np.zeros((len(METRICS), 4, 2))
    for name, values in yearly.items():
        metrics[list(METRICS).index(name)] = np.array(values)[:, None]
    sold = np.repeat(np.array(revenue, float)[..., None], 2, axis=-1)
    active = np.repeat(metrics[list(METRICS).index("active_vendors")], 4, axis=0)
    return Played(Outcomes([2025, 2026, 2027, 2028], metrics, sold, sold, sold, active), domestic=3)


def test_signatures_of_a_shakeout_by_hand():
    run = played(
        [[9, 9, 9, 6], [1, 1, 1, 3], [1, 1, 1, 1], [90, 90, 90, 90]],
        active_vendors=[10, 20, 12, 8], cards=[50, 100, 120, 130], price=[10, 8, 4, 2],
        gross_margin=[0.0, 0.3, 0.1, 0.2], domestic_share_value=[0.0, 0.1, 0.1, 0.1],
        exits_price_war=[0, 1, 5, 2], exits_funding=[0, 0, 3, 2],
    )  # fmt: skip
    assert largest_fall(run) == pytest.approx(0.6)
    assert since_peak("cards")(run) == pytest.approx(0.3)
    assert since_peak("price")(run) == pytest.approx(-0.75)
    assert trough("gross_margin")(run) == pytest.approx(0.1), "a year without domestic sales has no margin"
    assert top2_share(run) == pytest.approx(0.9), "foreign vendors do not count"
    assert exits(run) == pytest.approx(13)
