"""The photovoltaic scenario: history's shakeout comes out, and does not where its cause is taken away."""

from __future__ import annotations

import numpy as np
import pytest

from agents.strategies import names
from agents.strategies.team import Team
from marketsim.ensemble import simulate_chunk
from marketsim.outcomes import METRICS, Outcomes
from marketsim.scenario import library
from marketsim.scenario.parameters import Parameters

RUNS = range(40)


def played(*changes: str) -> Outcomes:
    world = Parameters(library.load_scenario("photovoltaics", list(changes), names()))
    return simulate_chunk(world, Team(world.strategies).decide, 7, RUNS)


@pytest.fixture(scope="module")
def history() -> Outcomes:
    return played()


def median(outcomes: Outcomes, metric: str, year: int) -> float:
    return float(np.median(outcomes.metrics[list(METRICS).index(metric), outcomes.years.index(year)]))


def fall(outcomes: Outcomes, until: int) -> float:
    """Median fall of the number of active makers from an earlier peak, until the end of a year."""
    active = outcomes.active[: 4 * (outcomes.years.index(until) + 1)]
    peak = np.maximum.accumulate(active, axis=0)
    return float(np.median((1 - active / np.maximum(peak, 1)).max(axis=0)))


def test_reported_prices_are_met_within_a_factor_of_a_half(history: Outcomes) -> None:
    reported = {it.year: it.value for it in library.load_scenario("photovoltaics").reported if it.metric == "price"}
    assert set(range(2007, 2020)) <= set(reported)
    for year in range(2007, 2020):
        assert abs(np.log(median(history, "price", year) / reported[year])) < np.log(1.5)


def test_makers_fail_in_a_price_war_while_output_grows(history: Outcomes) -> None:
    assert fall(history, 2015) > 0.4
    assert median(history, "gross_margin", 2013) < 0.08 < median(history, "gross_margin", 2010)
    assert median(history, "capacity_use", 2012) < 0.7 < median(history, "capacity_use", 2011)
    assert median(history, "cards", 2013) > median(history, "cards", 2011)
    assert median(history, "revenue", 2013) < 0.8 * median(history, "revenue", 2011)


def test_who_cannot_build_beyond_demand_does_not_fail() -> None:
    """With plant for no more than 48 GW a year, everything else equal, margins recover and nobody leaves."""
    assert fall(played("nodes.plant.capacity=1200"), 2015) < 0.1


def test_without_debt_fewer_fail(history: Outcomes) -> None:
    lent = ("finance.debt_share=0", "finance.lending_multiple=0", "finance.collateral_share=0")
    assert fall(played(*lent), 2014) < fall(history, 2014) - 0.05
