"""Attribution in points is exact in any quarter of any market: in drawn ones, and in games of the scenarios."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agents.strategies.registry import BUILT_IN
from agents.strategies.team import Team
from marketsim.attribution import MIX, PAIRED_TERMS, PRESENCE, RIVALS, SHARE_TERMS, SUPPLY, against_market, share_points
from marketsim.market import Market
from marketsim.rules.demand import TERMS, sum_of_terms, value_shares
from marketsim.scenario.library import load_scenario
from marketsim.scenario.parameters import Parameters
from marketsim.state import Outcome
from tests.properties.markets import markets, wild_decision
from tests.test_attribution import two_quarters

BASE = two_quarters((60, 60, 60), (60, 60, 60))[0]
MANY = 40
"""Quarters of a game that is looked at whole."""
RUNS = 3
GAMES = ("china-ai-chips", "photovoltaics", "collapse", "lock-in", "niche")
EXACT = 1e-12

drawn = settings(
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
seeds = st.integers(0, 2**32)
chances = st.sampled_from([0.0, 0.3, 1.0])


def check(before: Outcome, after: Outcome) -> None:
    """Terms add up, by segment and altogether; the way back takes what the way there gave; runs do not mix."""
    points, back = share_points(before, after), share_points(after, before)
    assert np.isfinite(points.by_segment).all()
    parts = [_of_all_money(quarter) for quarter in (before, after)]
    assert np.abs(points.by_segment.sum(axis=0) - (parts[1] - parts[0])).max() < EXACT
    assert np.abs(points.by_term.sum(axis=0) - (parts[1] - parts[0]).sum(axis=1)).max() < EXACT
    assert np.abs(points.by_term.sum(axis=0) - points.change).max() < EXACT
    assert np.abs(points.by_segment + back.by_segment).max() < EXACT
    alone = share_points(*(_first_runs(quarter) for quarter in (before, after)))
    assert np.array_equal(alone.by_segment, points.by_segment[..., :2])
    for vendor in range(len(points.before)):
        check_sides(before, after, points.by_segment[:, vendor], vendor)


def check_sides(before: Outcome, after: Outcome, points: np.ndarray, vendor: int) -> None:
    """Own terms are those of all points; what rivals did adds up to `rivals`, but for cards that were not there."""
    sides = against_market(before, after, vendor)
    by_term = dict(zip(SHARE_TERMS, points, strict=True))
    assert np.abs(sides.net.sum(axis=0) - points.sum(axis=0)).max() < EXACT
    own, rivals = (dict(zip(PAIRED_TERMS, side, strict=True)) for side in (sides.own, sides.rivals))
    assert all(np.abs(own[name] - by_term[name]).max() < EXACT for name in (*TERMS, PRESENCE, MIX))
    assert np.abs(own[SUPPLY] + rivals[SUPPLY] - by_term[SUPPLY]).max() < EXACT
    assert np.abs(sum(rivals[name] for name in (*TERMS, PRESENCE)) - by_term[RIVALS]).max() < EXACT
    everybody = ((before.choice > 0) == (after.choice > 0)).all(axis=(0, 2))
    came = np.abs(rivals[PRESENCE][everybody])
    assert not came.size or came.max() < EXACT


def _of_all_money(quarter: Outcome) -> np.ndarray:
    everything = quarter.bought.sum(axis=(0, 1))
    return np.divide(quarter.bought, everything, out=np.zeros_like(quarter.bought), where=everything > 0)


def _first_runs(quarter: Outcome) -> Outcome:
    terms = tuple(term[..., :2] for term in quarter.terms)
    return replace(quarter, terms=terms, choice=quarter.choice[..., :2], bought=quarter.bought[..., :2])


# Drawn quarters ---------------------------------------------------------------------------------------------------


def quarter_of(rng: np.random.Generator, size: tuple[int, int], scale: float, gone: float, short: float) -> Outcome:
    """Any quarter: utilities of some scale, vendors off sale, without cards or short, segments that buy nothing."""
    shape = (*size, RUNS)
    terms = tuple(scale * rng.normal(size=shape) for _ in TERMS)
    choice, _ = value_shares(sum_of_terms(terms), rng.random((size[0], RUNS)) >= gone)
    met = np.where(rng.random(shape) < short, rng.choice([0, 1e-200, 0.5], shape), 1.0)
    spend = np.where(rng.random(shape[1:]) < short / 2, 0.0, np.exp(3 * rng.normal(size=shape[1:])))
    return replace(BASE, terms=terms, choice=choice, bought=choice * spend * met, spend=spend)


@settings(drawn, max_examples=300)
@given(
    seed=seeds,
    size=st.tuples(st.integers(1, 6), st.integers(1, 4)),
    scale=st.sampled_from([1e-9, 0.1, 3.0, 100.0]),
    gone=chances,
    short=chances,
)
def test_any_two_quarters(seed: int, size: tuple[int, int], scale: float, gone: float, short: float):
    rng = np.random.default_rng(seed)
    before, other = (quarter_of(rng, size, scale, gone, short) for _ in range(2))
    check(before, other)
    check(before, quarter_of(rng, size, scale, 0.0, 0.0))
    check(before, before)


@settings(drawn, max_examples=40)
@given(p=markets(), seed=seeds)
def test_any_market_whatever_is_decided(p: Parameters, seed: int):
    rng = np.random.default_rng(seed)
    market = Market(p, seed, range(RUNS))
    quarters = []
    while not market.over:
        quarters.append(market.step(wild_decision(p, RUNS, rng)))
    for before, after in pairwise(quarters):
        check(before, after)


# Games of the scenarios -------------------------------------------------------------------------------------------


@cache
def game(name: str) -> list[Outcome]:
    """A scenario played by strategies drawn at random, one for each seat."""
    p = Parameters(load_scenario(name))
    names = np.random.default_rng(len(name)).choice(list(BUILT_IN), p.domestic)
    market, team = Market(p, 11, range(RUNS)), Team(names.tolist())
    return [outcome for _, _, outcome in market.play(team.decide)]


@pytest.mark.parametrize("name", GAMES)
def test_games_of_scenarios(name: str):
    """Of a long one, every second quarter."""
    pairs = list(pairwise(game(name)))
    for before, after in pairs[:: 1 + len(pairs) // MANY]:
        check(before, after)


def test_the_games_hold_the_hard_cases():
    """Entry, exit and vendors that are chosen but have no card, each told by its term."""
    seen: dict[str, Any] = dict.fromkeys(("entry", "exit", "sold out", MIX), 0)
    for before, after in (pair for name in GAMES for pair in pairwise(game(name))):
        points = dict(zip(SHARE_TERMS, share_points(before, after).by_segment, strict=True))
        was, now = before.choice > 0, after.choice > 0
        sold_out = was & now & (before.bought > 0) & (after.bought == 0) & (after.bought.sum(axis=0) > 0)
        assert (points[SUPPLY][sold_out] < 0).all()
        seen["sold out"] += sold_out.sum()
        seen["entry"] += (points[PRESENCE][~was & now] > 0).sum()
        seen["exit"] += (points[PRESENCE][was & ~now] < 0).sum()
        seen[MIX] += (np.abs(points[MIX]) > 1e-3).sum()
    assert min(seen.values()) > 10, seen
