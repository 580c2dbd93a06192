"""The generating scenarios: each shows its signature, and loses it when the mechanism that it isolates is switched off.

A signature is asked for in nine of ten runs where nearly all runs have it, and a switch is thrown hard, so that shares
of runs end far from the thresholds: with 64 runs the standard error of a share near 0.9 is 0.04, and all runs have the
same luck every time. A change of the rules that moves a share by more than a tenth should be looked at.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from agents.strategies import names
from marketsim.scenario import library
from marketsim.state import Floats
from tests.scenario.generating import RUNS, YEAR, History, history, share

GENERATING = ["collapse", "commodity", "glut", "lock-in", "niche", "rationed", "sheltered", "steady", "tyres"]


@pytest.mark.parametrize("name", GENERATING)
def test_says_in_both_languages_what_it_is(name: str) -> None:
    scenario = library.load_scenario(name, strategies=names())
    for text in (scenario.title, scenario.description):
        assert text.en
        assert any("一" <= letter <= "鿿" for letter in text.zh)
    assert scenario.events == [], "no event decides who fails"


def test_the_readme_names_every_scenario() -> None:
    rows = [line for line in (library.folder() / "README.md").read_text("utf-8").splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([a-z0-9-]+)`", row.split("|")[1])}
    assert set(library.names()) - named == set()


# Commodity ------------------------------------------------------------------------------------------------------------


def test_commodity_ends_as_an_oligopoly_after_a_glut() -> None:
    runs = history("commodity")
    assert share(runs.shakeout) > 0.95
    assert share(runs.excess >= 1.2) > 0.95
    assert share(runs.top_two >= 0.6) > 0.8
    margins = [np.nanmedian(runs.margins(q, q + YEAR), axis=0) for q in range(24, 52, YEAR)]
    assert share(np.min(margins, axis=0) < 0.1) > 0.9, "the typical maker sells at cost in some year of the glut"


def test_commodity_kills_who_makes_it_dearer() -> None:
    """In the year of the peak those that will be left at the end have the higher margins: price is the same for all."""
    runs = history("commodity")
    left = runs.shares(-YEAR) > 0.01
    better = []
    for run, quarter in enumerate(runs.peak):
        margin = runs.margins(max(int(quarter) - YEAR, 0), int(quarter) + 1)[:, run]
        better.append(np.nanmean(margin[left[:, run]]) > np.nanmean(margin[~left[:, run]]))
    assert share(np.array(better)) > 0.8


def test_commodity_kills_by_price_and_idle_plant() -> None:
    runs = history("commodity")
    assert runs.died_of("price_war", "idle_capacity") > 0.7
    assert runs.died_of("software", "supply") == 0


def test_commodity_without_learning_ends_fragmented() -> None:
    runs = history("commodity", "technology.learning_rate=0")
    assert share(runs.fall >= 0.4) > 0.8
    assert share(runs.top_two >= 0.6) < 0.3


def test_commodity_with_learning_for_all_loses_fewer_and_ends_fragmented() -> None:
    """The glut alone takes half of the makers, and nobody runs away from the rest."""
    runs = history("commodity", "technology.experience_spillover=1")
    assert share(runs.fall < 0.7) > 0.9
    assert share(runs.top_two < 0.5) > 0.9


# Glut -----------------------------------------------------------------------------------------------------------------


def margin_trough(runs: History) -> Floats:
    """[r] lowest median gross margin of the ten largest, over the years 2006 to 2012."""
    lowest = np.full(RUNS, np.inf)
    for quarter in range(24, 52, YEAR):
        year = slice(quarter, quarter + YEAR)
        large = np.argsort(np.argsort(-runs.revenue[year].sum(axis=0), axis=0), axis=0) < 10
        margins = np.where(large, runs.margins(year.start, year.stop), np.nan)
        lowest = np.minimum(lowest, np.nanmedian(margins, axis=0))
    return lowest


def test_glut_is_a_price_war_that_leaves_many() -> None:
    runs = history("glut")
    assert share(runs.shakeout) > 0.95
    assert share(runs.excess >= 1.5) > 0.95
    assert share(margin_trough(runs) < 0.08) > 0.95, "the large hardly cover the cost of making in the worst year"
    assert share(runs.top_two < 0.5) > 0.9


def test_glut_takes_revenue_and_price_down() -> None:
    """Revenue falls by a fifth to three fifths, price by half and more within three years."""
    runs = history("glut")
    years = len(runs.sold) // YEAR
    revenue, sold = (flow.sum(axis=1).reshape(years, YEAR, RUNS).sum(axis=1) for flow in (runs.revenue, runs.sold))
    fall = (1 - revenue / np.maximum.accumulate(revenue, axis=0)).max(axis=0)
    price = revenue / sold
    assert share((fall > 0.2) & (fall < 0.6)) > 0.95
    assert share((1 - price[3:] / price[:-3]).max(axis=0) > 0.5) > 0.95


def test_glut_takes_leaders_too() -> None:
    """Of the five largest in the year before the peak most are out of the market at some time after it."""
    runs = history("glut")
    lost = []
    for run, quarter in enumerate(runs.peak):
        leaders = np.argsort(runs.shares(quarter - YEAR, quarter)[:, run])[-5:]
        lost.append((runs.sold[quarter:, leaders, run] <= 1e-6).any(axis=0).sum())
    assert share(np.array(lost) >= 3) > 0.9


def test_glut_kills_by_price_debt_and_idle_plant() -> None:
    assert history("glut").died_of("price_war", "idle_capacity", "funding") > 0.95
    assert history("glut").died_of("price_war", "funding") > 0.6
    assert history("glut").died_of("software", "supply") < 0.01


def test_glut_that_does_not_end_has_no_price_war() -> None:
    """Demand grows on by a twentieth a quarter."""
    runs = history("glut", "segments.buyers.spend={2000Q1: 1200, 2004Q1: 3500, 2006Q4: 18000, 2017Q4: 150000}")
    assert share(runs.shakeout) < 0.2
    assert share(margin_trough(runs) > 0.1) > 0.9


def test_glut_in_which_plant_costs_nothing_when_idle_has_no_shakeout() -> None:
    """Prices fall as far, but who built with its own money and pays no upkeep can wait."""
    runs = history("glut", "finance.debt_share=0", "nodes.plant.take_or_pay=0")
    assert share(runs.shakeout) < 0.1
    assert share(margin_trough(runs) < 0.05) > 0.9


def test_glut_without_debt_loses_half_as_many() -> None:
    """What is left is the upkeep of idle plant."""
    assert history("glut", "finance.debt_share=0").exits.sum() < 0.6 * history("glut").exits.sum()


def test_glut_with_learning_in_the_firm_ends_with_two() -> None:
    assert share(history("glut", "technology.experience_spillover=0.02").top_two >= 0.6) > 0.9


# Steady and collapse --------------------------------------------------------------------------------------------------

DURABLE = ("finance.debt_share=0.6", "nodes.plant.contract_life=40")
BOOM = (
    "segments.buyers.spend={2000Q1: 1500, 2006Q1: 15000, 2008Q1: 10000, 2017Q4: 12000}",
    "finance.climate={2000Q1: 1, 2005Q1: 1.5, 2006Q4: 1.5, 2007Q4: 0.2}",
    "population.entry_rate=4",
)


def test_steady_has_no_shakeout_and_no_glut() -> None:
    runs = history("steady")
    assert share(runs.active.max(axis=0) >= 10) > 0.95, "enough firms for a shakeout to be possible"
    assert share(runs.fall < 0.4) > 0.95
    assert np.median(runs.excess) < 1.25
    assert share(runs.growth_since_peak("sold") >= 1) > 0.9


def test_steady_needs_an_entry_boom_to_fail() -> None:
    """Plant of ten years on more debt alone does little; with an entry boom that stops, firms fall in most runs."""
    assert share(history("steady", *DURABLE).fall >= 0.4) < 0.2
    boom = history("steady", *DURABLE, *BOOM)
    assert share(boom.shakeout) > 0.7
    assert share(boom.excess >= 1.2) > 0.9


def test_collapse_takes_output_with_it() -> None:
    runs = history("collapse")
    assert share(runs.fall >= 0.4) > 0.95
    assert share(runs.growth_since_peak("sold") < 0.8) > 0.95
    assert not runs.shakeout.any()


def test_collapse_kills_by_price() -> None:
    runs = history("collapse")
    assert runs.died_of("price_war") > 0.7
    assert runs.died_of("software", "supply") == 0


def test_collapse_needs_demand_to_go() -> None:
    """Where only the money goes, some firms fail and the others make what buyers want."""
    runs = history("collapse", "segments.buyers.spend={2000Q1: 1500, 2017Q4: 4500}")
    assert share(runs.growth_since_peak("sold") >= 1) > 0.9


# Tyres ----------------------------------------------------------------------------------------------------------------


def test_tyres_fall_by_nine_tenths_in_half_a_century() -> None:
    """History: 274 makers in 1922, 23 in 1970, a fall of 92 %, with output growing."""
    runs = history("tyres")
    assert np.median(runs.peak) // YEAR == 1, "1922"
    assert 60 < np.median(runs.active.max(axis=0)) < 72, "274, at four makers a firm"
    left = runs.active[-1] / runs.active.max(axis=0)
    assert 0.05 < np.median(left) < 0.15
    assert share(runs.shakeout) > 0.95


def test_tyres_fall_over_decades_and_output_hardly_dips() -> None:
    runs = history("tyres")
    later = {years: runs.active[8 + years * YEAR] / runs.active.max(axis=0) for years in (9, 28)}
    assert share(later[9] > 0.5) > 0.8, "1932"
    assert share(later[28] > 0.12) > 0.8, "1951"
    output = runs.sold.sum(axis=1).reshape(-1, YEAR, RUNS).sum(axis=1)
    assert np.median((1 - output / np.maximum.accumulate(output, axis=0)).max(axis=0)) < 0.1


def test_tyres_keep_most_of_their_leaders() -> None:
    runs = history("tyres")
    before, after = (np.argsort(runs.shares(*years), axis=0)[-4:] for years in ((4, 8), (-YEAR, None)))
    kept = [len(set(before[:, run]) & set(after[:, run])) for run in range(RUNS)]
    assert share(np.array(kept) >= 3) > 0.7


def test_tyres_die_of_a_price_war() -> None:
    assert history("tyres").died_of("price_war") > 0.9
    assert history("tyres").died_of("software", "supply") == 0


def test_tyres_stay_where_makers_have_equal_costs() -> None:
    equal = (f"vendors.firm-{letter}.cost_factor=1" for letter in "abcd")
    runs = history("tyres", "entrants.newcomer.cost_spread=0", *equal)
    assert np.median(runs.active[-1] / runs.active.max(axis=0)) > 0.6


def test_tyres_stay_where_all_learn_from_all() -> None:
    runs = history("tyres", "technology.experience_spillover=1")
    assert np.median(runs.active[-1] / runs.active.max(axis=0)) > 0.35


# Rationed and sheltered: the glut without enough plant, and with a state that lets nobody fail -------------------------

AMPLE = ("nodes.plant.capacity=100000", "nodes.plant.contract_lead=3")
NO_STATE = ("policy.local_support=0", "policy.guidance_fund=0")


def test_rationed_keeps_everybody_at_high_margins() -> None:
    runs = history("rationed")
    assert share(runs.active.max(axis=0) >= 10) > 0.95
    assert share(runs.fall < 0.2) > 0.95
    assert runs.exits.sum() < RUNS
    assert share(runs.excess < 1) > 0.95, "capacity is short in every year"
    margins = [np.nanmedian(runs.margins(q, q + YEAR), axis=0) for q in range(24, 72, YEAR)]
    assert share(np.min(margins, axis=0) > 0.3) > 0.95
    assert share(runs.growth_since_peak("sold") >= 1) > 0.95


def test_sheltered_keeps_everybody_although_nobody_earns() -> None:
    """Some stand idle, so sellers get fewer; but hardly anybody fails."""
    runs = history("sheltered")
    assert share(runs.active.max(axis=0) >= 10) > 0.95
    assert runs.exits.sum() < RUNS
    assert share(runs.excess >= 1.5) > 0.95
    margins = [np.nanmedian(runs.margins(q, q + YEAR), axis=0) for q in range(24, 52, YEAR)]
    assert share(np.min(margins, axis=0) < 0.1) > 0.95
    assert share(runs.growth_since_peak("sold") >= 1) > 0.95


@pytest.mark.parametrize(("name", "changes"), [("rationed", AMPLE), ("sheltered", NO_STATE)])
def test_rationed_and_sheltered_lose_half_their_firms_without_it(name: str, changes: tuple[str, ...]) -> None:
    runs = history(name, *changes)
    assert share(runs.shakeout) > 0.7
    assert share(runs.excess >= 1.2) > 0.95
    assert runs.exits.sum() > 10 * RUNS
