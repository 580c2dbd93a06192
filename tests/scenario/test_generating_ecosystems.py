"""Generating scenarios in which the ecosystem kills: their signatures, and what goes without the mechanism."""

from __future__ import annotations

import numpy as np

from marketsim.state import Floats
from tests.scenario.generating import YEAR, History, history, share

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
