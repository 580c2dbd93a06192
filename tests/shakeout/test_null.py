"""Chance in the place of competition: what a null history keeps, and what it forgets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.history import SERIES, Firms, History
from marketsim.shakeout.null import Flows, flows_of, null_history, shuffled
from marketsim.shakeout.window import window
from tests.shakeout.lives import industry, played

CHANGED = (
    *("firms", "idle", "entries", "exits", "exits_acquired", "leader"),
    *("top1_share", "top2_share", "top5_share", "top10_share", "hhi"),
)
KEPT = tuple(name for name in SERIES if name not in CHANGED)


@st.composite
def industries(draw: st.DrawFn) -> History:
    """Up to twelve firms in up to eight periods and two or three runs, some idle, with lives and sales at random."""
    periods, firms, runs = draw(st.integers(2, 8)), draw(st.integers(1, 12)), draw(st.integers(2, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    came = rng.integers(-1, periods + 1, (firms, runs))
    left = came + rng.integers(1, periods + 2, (firms, runs))
    acquired = rng.random((firms, runs)) < 0.4
    cost, worth = rng.lognormal(0, 0.3, (firms, runs)), rng.normal(0, 1, (firms, runs))
    whole = industry(
        np.arange(2000.0, 2000.0 + periods), came, left, acquired, rng.lognormal(0, 1, (firms, runs)), cost, worth
    )
    idle = whole.firm.alive & (rng.random(whole.firm.alive.shape) < draw(st.sampled_from([0.0, 0.3, 1.0])))
    firm = replace(
        whole.firm,
        revenue=np.where(idle, 0.0, whole.firm.revenue),
        active=whole.firm.alive & ~idle,
        unit_cost=np.where(idle, np.nan, whole.firm.unit_cost),
    )
    return replace(
        whole,
        firm=firm,
        revenue=firm.revenue.sum(axis=1),
        firms=1.0 * firm.active.sum(axis=1),
        idle=1.0 * idle.sum(axis=1),
    )


def same(one: History, other: History, names: tuple[str, ...]) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in names)


@given(industries(), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_totals_are_kept(history: History, seed: int):
    null = null_history(history, np.random.default_rng(seed))
    for name in ("entries", "exits", "exits_acquired"):
        assert np.array_equal(getattr(null, name).sum(axis=0), getattr(history, name).sum(axis=0))
    pairs = [np.sort(one.entries * 1e6 + one.exits * 1e3 + one.exits_acquired, axis=0) for one in (history, null)]
    assert np.array_equal(*pairs), "the entries and exits of a period stay together"
    assert np.array_equal(flows_of(null).start, flows_of(history).start)
    assert np.array_equal(null.firm.alive[-1].sum(axis=0), history.firm.alive[-1].sum(axis=0))
    assert same(null, history, KEPT)
    assert null.time is history.time


@given(industries(), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_there_is_always_a_firm_if_there_always_was(history: History, seed: int):
    null = null_history(history, np.random.default_rng(seed))
    fewest = np.minimum(flows_of(history).start, history.firm.alive.sum(axis=1).min(axis=0))
    assert (null.firm.alive.sum(axis=1) >= np.minimum(1, fewest)).all()


@given(industries(), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_firms_and_series_agree(history: History, seed: int):
    null = null_history(history, np.random.default_rng(seed))
    firm = null.firm
    assert np.array_equal(null.firms, firm.active.sum(axis=1))
    assert np.array_equal(null.firms + null.idle, firm.alive.sum(axis=1))
    for series, events in (
        (null.entries, firm.entered),
        (null.exits, firm.failed),
        (null.exits_acquired, firm.acquired),
    ):
        assert np.array_equal(series, events.sum(axis=1))
    assert not (firm.acquired & ~firm.failed).any()
    before = np.concatenate([firm.alive[:1] & ~firm.entered[:1] | firm.failed[:1] & ~firm.entered[:1], firm.alive[:-1]])
    assert np.array_equal(firm.alive, (before | firm.entered) & ~firm.failed)
    assert not (before & firm.entered).any()
    assert not (firm.active & ~firm.alive).any()
    assert np.array_equal(firm.active, firm.revenue > 0)
    assert np.array_equal(firm.active, ~np.isnan(firm.unit_cost))
    model = history.firm.alive.any(axis=1, keepdims=True)
    assert np.array_equal(firm.alive & model, ~np.isnan(firm.ecosystem)), "unknown only where nobody was in business"


@given(industries(), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_shares_sum_to_one(history: History, seed: int):
    null = null_history(history, np.random.default_rng(seed))
    sells = null.firm.active.any(axis=1)
    assert null.firm.revenue.sum(axis=1) == pytest.approx(np.where(sells, history.revenue, 0.0))
    assert np.isnan(null.hhi[~sells]).all()
    assert (null.hhi[sells] >= 1 / null.firms[sells] - 1e-9).all()
    assert (null.top10_share[sells] <= 1 + 1e-9).all()


@given(industries(), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_periods_with_as_many_firms_have_the_same_shares_costs_and_ecosystems(history: History, seed: int):
    null = null_history(history, np.random.default_rng(seed))
    alike = (null.firm.alive.sum(axis=1) == history.firm.alive.sum(axis=1)) & (history.firms > 0)
    for name in ("revenue", "unit_cost", "ecosystem"):
        for period, run in zip(*np.nonzero(alike), strict=True):
            values = [np.nan_to_num(getattr(one.firm, name)[period, :, run]) for one in (history, null)]
            ranked = [np.sort(one[one != 0]) for one in values]
            assert ranked[1] == pytest.approx(ranked[0])


@given(industries(), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_the_same_luck_gives_the_same_history(history: History, seed: int):
    one, other = (null_history(history, np.random.default_rng(seed)) for _ in range(2))
    assert same(one, other, SERIES)
    names = tuple(Firms.__slots__)
    assert all(np.array_equal(getattr(one.firm, name), getattr(other.firm, name), equal_nan=True) for name in names)


def test_all_orders_of_years_are_as_likely():
    """Entries 1, 2, 4 with one firm at the start: six orders, none of which fails."""
    runs = 12_000
    entries = np.repeat([[1], [2], [4]], runs, axis=1)
    none = np.zeros_like(entries)
    order = shuffled(Flows(np.ones(runs, int), entries, none, none), np.random.default_rng(1)).entries
    _, counts = np.unique(order, axis=1, return_counts=True)
    assert len(counts) == 6
    assert counts == pytest.approx(runs / 6, rel=0.08)


def test_orders_in_which_all_would_be_gone_are_not_drawn():
    """One firm at the start, two that come, one and one that go: the two must come first."""
    runs = 2_000
    entries, exits = np.repeat([[2], [0], [0]], runs, axis=1), np.repeat([[0], [1], [1]], runs, axis=1)
    flows = shuffled(Flows(np.ones(runs, int), entries, exits, np.zeros_like(exits)), np.random.default_rng(2))
    assert (flows.alive >= 1).all()
    assert (flows.entries[0] == 2).all()


def test_an_order_that_chance_hardly_finds_is_found():
    """One firm at the start, twenty that come one by one and go one by one: of 21 orders one fits, and not always within a
    hundred draws."""
    runs, each = 3_000, 20
    ones, zeros = np.ones((each, runs), int), np.zeros((each, runs), int)
    flows = Flows(
        np.ones(runs, int), np.vstack([ones, zeros]), np.vstack([zeros, ones]), np.zeros((2 * each, runs), int)
    )
    assert (shuffled(flows, np.random.default_rng(3)).alive >= 1).all()


def test_more_firms_split_the_shares_of_fewer():
    """Two founders with 3/4 and 1/4; in the null history entrants come first or last, and shares follow Lorenz."""
    came, left = np.array([[-1], [-1], [1], [1]]) * np.ones((1, 400), int), np.full((4, 400), 99)
    sales = np.array([[3.0], [1.0], [2.0], [2.0]]) * np.ones((1, 400))
    null = null_history(industry(np.arange(2000.0, 2002.0), came, left, None, sales), np.random.default_rng(4))
    first = -np.sort(-null.firm.revenue[0], axis=0)
    early = null.firms[0] == 4
    assert early.any() and not early.all()
    assert first[:, early] == pytest.approx(np.array([1.5, 1.5, 0.5, 0.5])[:, None] * np.ones(early.sum()))
    assert first[:, ~early] == pytest.approx(np.array([3.0, 1.0, 0.0, 0.0])[:, None] * np.ones((~early).sum()))


def test_who_leaves_is_drawn_at_random():
    """One of five firms leaves in one of three years: each as often as any other, in each year as often."""
    runs = 5_000
    left = np.array([1, 99, 99, 99, 99])[:, None] * np.ones((1, runs), int)
    history = industry(np.arange(2000.0, 2003.0), np.full((5, runs), -1), left)
    null = null_history(history, np.random.default_rng(5))
    assert null.firm.failed.any(axis=0).sum(axis=1) == pytest.approx(runs / 5, rel=0.1)
    assert null.firm.failed.sum(axis=(1, 2)) == pytest.approx(runs / 3, rel=0.1)


@pytest.fixture(scope="module")
def lock_in() -> tuple[History, History]:
    history = played("lock-in", 96)
    return history, null_history(history, np.random.default_rng(6))


def measured(history: History, fact: str) -> float:
    return float(np.nanmean(FACTS[fact](history, window(history))))


def test_chance_has_no_driver_of_exits(lock_in: tuple[History, History]):
    true, null = lock_in
    values = FACTS["M1"](null, window(null))
    error = np.nanstd(values) / np.sqrt((~np.isnan(values)).sum())
    assert abs(np.nanmean(values)) < 3 * error < 0.1
    assert measured(true, "M1") < -0.3


def test_chance_keeps_no_leader(lock_in: tuple[History, History]):
    true, null = lock_in
    assert measured(null, "C3") > 0.8 > 0.2 > measured(true, "C3")
    assert measured(null, "C4") < 0.15 < 0.5 < measured(true, "C4")


def test_a_history_without_firms_is_refused():
    history = industry(np.arange(2000.0, 2003.0), np.full((2, 1), -1), np.full((2, 1), 99))
    with pytest.raises(ValueError, match="one by one"):
        null_history(replace(history, firm=None), np.random.default_rng(1))
