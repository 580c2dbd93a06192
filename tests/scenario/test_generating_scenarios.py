"""The generating scenarios: each shows its signature, and loses it when the mechanism that it isolates is switched off.

A signature is asked for in nine of ten runs where nearly all runs have it, and a switch is thrown hard, so that shares
of runs end far from the thresholds: with 64 runs the standard error of a share near 0.9 is 0.04, and all runs have the
same luck every time. A change of the rules that moves a share by more than a tenth should be looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from agents.strategies import Team, names
from marketsim.market import Market
from marketsim.rules.arrays import ratio
from marketsim.rules.finance import CAUSES
from marketsim.scenario import library
from marketsim.scenario.parameters import Parameters
from marketsim.state import Bools, Floats, Ints

RUNS = 64
SEED = 7
YEAR = 4
GENERATING = ["collapse", "commodity", "glut", "lock-in", "niche", "rationed", "sheltered", "steady", "tyres"]


@dataclass(frozen=True)
class History:
    """What happened in the runs of a world. q: quarter, v: domestic vendor."""

    sold: Floats  # [q,v,r] k units
    revenue: Floats  # [q,v,r] rmb_m
    cost: Floats  # [q,v,r] rmb_m, of what was sold
    capacity: Floats  # [q,r] units that contracts could make
    wanted: Floats  # [q,r] units that buyers wanted to spend money on
    exits: Ints  # [q,c] firms that failed in all runs together, by main cause

    @property
    def active(self) -> Floats:
        """[q,r] firms with sales."""
        return (self.sold > 1e-6).sum(axis=1).astype(float)

    @property
    def peak(self) -> Ints:
        """[r] quarter in which most firms were active."""
        quarter: Ints = self.active.argmax(axis=0)
        return quarter

    @property
    def fall(self) -> Floats:
        """[r] largest fall in active firms from an earlier peak."""
        peak = np.maximum.accumulate(self.active, axis=0)
        return (1 - ratio(self.active, peak, otherwise=1.0)).max(axis=0)

    @property
    def shakeout(self) -> Bools:
        """[r] whether active firms fell by 40 % from a peak of ten or more, and output did not fall with them."""
        return (self.fall >= 0.4) & (self.active.max(axis=0) >= 10) & (self.growth_since_peak("sold") >= 1)

    def growth_since_peak(self, what: str) -> Floats:
        """[r] a total of the last year over that of the year before the peak of firms."""
        total = getattr(self, what).sum(axis=1)
        before = [total[max(q - YEAR, 0) : max(q, YEAR), run].mean() for run, q in enumerate(self.peak)]
        return total[-YEAR:].mean(axis=0) / np.array(before)

    def shares(self, start: int, end: int | None = None) -> Floats:
        """[v,r] shares of revenue in some quarters."""
        revenue = self.revenue[start:end].sum(axis=0)
        return ratio(revenue, revenue.sum(axis=0))

    @property
    def top_two(self) -> Floats:
        """[r] share of the two largest in the revenue of the last year."""
        return np.sort(self.shares(-YEAR), axis=0)[-2:].sum(axis=0)

    @property
    def excess(self) -> Floats:
        """[r] most capacity over demand, as a mean of a year."""
        years = len(self.capacity) // YEAR
        capacity, wanted = (total.reshape(years, YEAR, -1).sum(axis=1) for total in (self.capacity, self.wanted))
        return (capacity / wanted).max(axis=0)

    def died_of(self, *causes: str) -> float:
        """Share of all exits that have one of these main causes."""
        total = self.exits.sum(axis=0)
        return float(sum(total[CAUSES.index(cause)] for cause in causes) / total.sum())

    def margins(self, start: int, end: int | None = None) -> Floats:
        """[v,r] gross margin in some quarters, NaN for who sold nothing."""
        revenue, cost = (flow[start:end].sum(axis=0) for flow in (self.revenue, self.cost))
        return 1 - cost / np.where(revenue > 0, revenue, np.nan)


@cache
def history(name: str, *changes: str) -> History:
    """The runs of a scenario of the library, with some of its values changed."""
    world = Parameters(library.load_scenario(name, list(changes), names()))
    market, decide, home = Market(world, SEED, range(RUNS)), Team(world.strategies).decide, slice(0, world.domestic)
    quarters = []
    while not market.over:
        outcome = market.step(decide(market.observe()))
        revenue = (outcome.price * outcome.sold)[home]
        capacity = market.state.contracts[home].sum(axis=(0, 1))
        wanted = ratio(outcome.spend.sum(axis=0) * outcome.sold[home].sum(axis=0), revenue.sum(axis=0))
        exits = [(outcome.cause == cause).sum() for cause in range(len(CAUSES))]
        quarters.append((outcome.sold[home], revenue, outcome.cost_of_goods[home], capacity, wanted, exits))
    return History(*(np.array(series) for series in zip(*quarters, strict=True)))


def share(holds: Bools) -> float:
    """Share of runs in which something holds."""
    return float(np.mean(holds))


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


# Lock-in --------------------------------------------------------------------------------------------------------------


def test_lock_in_ends_with_two_that_cannot_be_left() -> None:
    runs = history("lock-in")
    assert share(runs.shakeout) > 0.95
    assert share(runs.growth_since_peak("revenue") >= 1) > 0.95
    assert share(runs.top_two >= 0.6) > 0.95


def test_lock_in_keeps_its_leaders() -> None:
    runs = history("lock-in")
    last = np.argsort(runs.shares(-YEAR), axis=0)[-2:]
    same = []
    for run, quarter in enumerate(runs.peak):
        before = np.argsort(runs.shares(quarter - YEAR, quarter)[:, run])[-2:]
        same.append(set(before) == set(last[:, run]))
    assert share(np.array(same)) > 0.9


def leads(runs: History) -> Floats:
    """[r] margin of the largest over the median of the ten largest, three years after the peak."""
    gaps = []
    for run, quarter in enumerate(runs.peak):
        year = (int(quarter) + 2 * YEAR, int(quarter) + 3 * YEAR)
        margin, size = runs.margins(*year)[:, run], runs.shares(*year)[:, run]
        ten = np.argsort(size)[-10:]
        gaps.append(margin[size.argmax()] - np.nanmedian(margin[ten]))
    return np.array(gaps)


def test_lock_in_lets_the_leader_charge_more_than_the_median_vendor() -> None:
    """While there are others to compare with."""
    gaps = leads(history("lock-in"))
    assert np.median(gaps) >= 0.15
    assert share(gaps > 0.05) > 0.95


def test_lock_in_kills_by_software() -> None:
    """Software, base and the cost of the frontier: unit costs are equal and nothing is scarce."""
    assert history("lock-in").died_of("software") > 0.95


def test_lock_in_without_frontier_cost_keeps_its_fringe() -> None:
    """Two still lead, since buyers follow base and software, but nobody has to leave."""
    runs = history("lock-in", "finance.frontier_share=0")
    assert share(runs.shakeout) < 0.4
    assert share(runs.top_two >= 0.6) > 0.9


def test_lock_in_without_base_has_no_leaders_and_no_shakeout() -> None:
    runs = history("lock-in", "segments.buyers.lock_in=0")
    assert share(runs.shakeout) < 0.3
    assert share(runs.top_two < 0.3) > 0.9


# Niche ----------------------------------------------------------------------------------------------------------------

NICHES = "abcde"
ANY = "{use-a: 0.2, use-b: 0.2, use-c: 0.2, use-d: 0.2, use-e: 0.2}"
ANYWHERE = ANY.replace("use", "buyers")


def test_niche_ends_with_one_large_vendor_in_each_niche() -> None:
    runs = history("niche")
    assert share(runs.shakeout) > 0.95
    assert share(runs.growth_since_peak("revenue") >= 1) > 0.95
    assert share((runs.shares(-YEAR) > 0.1).sum(axis=0) == len(NICHES)) > 0.95
    assert share(runs.top_two < 0.5) > 0.95


def test_niche_lets_its_owner_charge_more_than_who_has_none() -> None:
    gaps = leads(history("niche"))
    assert np.median(gaps) >= 0.15
    assert share(gaps > 0.05) > 0.95


def test_niche_kills_by_software() -> None:
    assert history("niche").died_of("software") > 0.95


def test_niche_without_frontier_cost_keeps_who_has_none() -> None:
    runs = history("niche", "finance.frontier_share=0")
    assert share(runs.shakeout) < 0.2


def test_niche_whose_software_and_base_carry_over_is_lock_in() -> None:
    """Work of all kinds in every group of buyers, and every vendor's base spread over all of them."""
    usage = (f"segments.buyers-{letter}.usage={ANY}" for letter in NICHES)
    base = (f"vendors.firm-{letter}.installed_split={ANYWHERE}" for letter in NICHES)
    runs = history("niche", *usage, *base)
    assert share(runs.shakeout) > 0.95
    assert share(runs.top_two >= 0.6) > 0.8


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
