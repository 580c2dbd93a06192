"""What is written down of a market: it adds up with the other books, whoever is computed beside whom."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from marketsim.api import strategies_of
from marketsim.errors import MarketSimError
from marketsim.market import Market
from marketsim.outcomes import METRICS, Outcomes, YearBook, median_known
from marketsim.rules.finance import CAUSES
from marketsim.scenario import library
from marketsim.scenario.parameters import Parameters
from marketsim.shakeout.classify import Thresholds, judge
from marketsim.shakeout.gauges import measure
from marketsim.shakeout.history import SERIES, Firms, History
from marketsim.shakeout.record import Boundary, Recorder, drawn_elsewhere, members, of_margins, of_shares
from marketsim.shakeout.reference import load_reference
from marketsim.shakeout.window import window
from marketsim.state import Floats
from marketsim.trace import Trace, Tracer
from tests.worlds import lively_world, plain_world

RUNS = 24


def played(
    p: Parameters, runs: range = range(RUNS), boundary: Boundary = "domestic", per_year: Any = 1
) -> tuple[History, Outcomes, Trace]:
    """The history of some runs, and the other books of the same market."""
    market = Market(p, 7, runs)
    recorder = Recorder(p, len(market.runs), boundary, per_year)
    book, tracer = YearBook(p, len(market.runs)), Tracer(p, market.state)
    for now, before, outcome in market.play(strategies_of(p.scenario)):
        recorder.add(now, before, outcome, market.state)
        book.add(now, before, outcome, market.state)
        tracer.add(now, before, outcome, market.state)
    return recorder.result(), book.result(), tracer.result()


def yearly(trace: Trace, name: str) -> Floats:
    """A flow of all vendors by year, [y,r]."""
    by_quarter = getattr(trace, name).sum(axis=1)
    return np.asarray(np.add.reduceat(by_quarter, np.arange(0, len(by_quarter), 4)))


@pytest.fixture(scope="module")
def lively() -> tuple[History, Outcomes, Trace]:
    return played(lively_world(quarters=12))


def test_it_adds_up_with_the_yearbook(lively: tuple[History, Outcomes, Trace]):
    history, book, _ = lively
    of = dict(zip(METRICS, book.metrics, strict=True))
    assert history.time.tolist() == book.years
    pairs = {
        **{"revenue": of["revenue"], "output": of["cards"], "hhi": of["hhi"], "top5_share": of["top5_share"]},
        **{"firms": of["active_vendors"], "entries": of["entries"], "exits_acquired": of["exits_acquired"]},
        **{"exits": sum(of[f"exits_{cause}"] for cause in CAUSES), "utilisation": of["capacity_use"]},
    }
    for name, expected in pairs.items():
        unknown_is_0 = np.nan_to_num(getattr(history, name))
        np.testing.assert_allclose(unknown_is_0, expected, rtol=1e-12, err_msg=name)
    assert history.exits.sum() > 0 and history.entries.sum() > 0, "the world is lively"


def test_it_adds_up_with_the_trace(lively: tuple[History, Outcomes, Trace]):
    history, _, trace = lively
    np.testing.assert_allclose(history.revenue, yearly(trace, "revenue"), rtol=1e-12)
    np.testing.assert_allclose(history.output, yearly(trace, "cards"), rtol=1e-12)
    assert history.firm is not None
    revenue = np.add.reduceat(trace.revenue, np.arange(0, 12, 4))
    np.testing.assert_allclose(history.firm.revenue, revenue, rtol=1e-12)


def test_price_is_what_performance_costs(lively: tuple[History, Outcomes, Trace]):
    history, _, _ = lively
    sells = history.performance > 0
    np.testing.assert_allclose((history.price * history.performance)[sells], history.revenue[sells], rtol=1e-12)
    assert np.isnan(history.price[~sells]).all()


def test_causes_of_exit_sum_to_the_exits(lively: tuple[History, Outcomes, Trace]):
    history, _, _ = lively
    assert history.causes is not None
    assert (history.causes >= 0).all()
    np.testing.assert_allclose(history.causes.sum(axis=0), history.exits.sum(axis=0), rtol=1e-12)


def test_causes_are_those_of_the_firms_that_died():
    """Each firm counts once, divided among its causes; who lost nothing died of want of funding."""
    p = lively_world(quarters=12)
    market = Market(p, 7, range(RUNS))
    recorder, expected = Recorder(p, RUNS, "domestic"), np.zeros((len(CAUSES), RUNS))
    for now, before, outcome in market.play(strategies_of(p.scenario)):
        recorder.add(now, before, outcome, market.state)
        for slot, run in np.argwhere(outcome.failed):
            losses = market.state.shortfall[slot, :, run]
            assert losses.sum() == 0 or losses.argmax() == outcome.cause[slot, run]
            expected[:, run] += losses / losses.sum() if losses.sum() else np.eye(len(CAUSES))[CAUSES.index("funding")]
    np.testing.assert_allclose(recorder.result().causes, expected, rtol=1e-12)  # type: ignore[arg-type]


def test_performance_counts_what_software_delivers():
    """Halfway to full maturity, with a quarter untuned, a card delivers a half; its unit cost knows nothing of that."""
    tuned, half = (
        played(plain_world(3, each={"software": {"family": maturity}}, quarters=1), range(2), per_year=4)[0]
        for maturity in (1, 0.5)
    )
    ratio = (half.performance / half.output) / (tuned.performance / tuned.output)
    np.testing.assert_allclose(ratio, 0.5)
    assert tuned.firm is not None and half.firm is not None
    np.testing.assert_allclose(tuned.firm.unit_cost, half.firm.unit_cost)


def test_unit_costs_are_those_of_making_one_and_not_of_old_stock():
    """In lock-in all make at the same cost, though those without buyers sell stock of dearer years."""
    p = Parameters(library.load("lock-in").scenario)
    market = Market(p, 7, range(2))
    recorder, book_costs = Recorder(p, 2), []
    for now, before, outcome in market.play(strategies_of(p.scenario)):
        recorder.add(now, before, outcome, market.state)
        if now.name.endswith("Q4"):
            sold = np.where(outcome.sold > 0, outcome.sold, np.nan)
            book_costs.append(outcome.cost_of_goods[: p.domestic] / sold[: p.domestic])
    firm = recorder.result().firm
    assert firm is not None
    np.testing.assert_allclose(np.nanmax(firm.unit_cost, axis=1), np.nanmin(firm.unit_cost, axis=1), rtol=1e-9)
    assert np.median(np.nanmax(book_costs, axis=1) / np.nanmin(book_costs, axis=1)) > 1.02


def test_the_ecosystem_is_known_of_who_trades():
    """Of a firm that fails in the quarter too, and not of one that enters in it."""
    firm = played(lively_world(quarters=12), per_year=4)[0].firm
    assert firm is not None
    trades = firm.alive[:-1] & ~firm.entered[1:]
    np.testing.assert_array_equal(~np.isnan(firm.ecosystem[1:]), trades)
    assert (firm.failed[1:] & trades).any() and firm.entered[1:].any()


def test_firms_one_by_one_agree_with_the_counts():
    history, _, trace = played(lively_world(quarters=12), per_year=4)
    firm = history.firm
    assert firm is not None
    counts = {"active": "firms", "entered": "entries", "failed": "exits", "acquired": "exits_acquired"}
    for name, series in counts.items():
        np.testing.assert_array_equal(getattr(firm, name).sum(axis=1), getattr(history, series), err_msg=name)
    np.testing.assert_array_equal((firm.alive & ~firm.active).sum(axis=1), history.idle)
    np.testing.assert_array_equal(firm.spell, np.cumsum(firm.entered, axis=0))
    assert not (firm.failed & firm.alive & ~firm.entered).any()
    np.testing.assert_array_equal(np.isnan(firm.unit_cost), trace.cards <= 0)
    sells = firm.active & firm.alive & ~firm.entered
    assert np.isfinite(firm.ecosystem[sells]).all() and np.isfinite(firm.unit_cost[sells]).all()


def test_quarters_add_up_to_years():
    p = lively_world(quarters=12)
    (years, _, _), (quarters, _, _) = played(p), played(p, per_year=4)
    assert quarters.time.tolist() == (2025 + np.arange(12) / 4).tolist()
    for name in ("output", "performance", "revenue", "capacity", "demand", "entries", "exits", "exits_acquired"):
        summed = np.add.reduceat(getattr(quarters, name), np.arange(0, 12, 4))
        np.testing.assert_allclose(summed, getattr(years, name), rtol=1e-12, err_msg=name)
    for name in ("firms", "idle"):
        np.testing.assert_array_equal(getattr(quarters, name)[3::4], getattr(years, name))


def test_an_incomplete_year_counts_at_the_rate_of_a_whole_one():
    p = lively_world(start="2025Q3", quarters=7)  # two quarters, a year, a quarter
    (years, _, _), (quarters, _, _) = played(p), played(p, per_year=4)
    assert years.time.tolist() == [2025, 2026, 2027]
    for name in ("output", "performance", "revenue", "capacity", "demand"):
        summed = np.add.reduceat(getattr(quarters, name), [0, 2, 6])
        whole = np.array([2.0, 1, 4])[:, None]
        np.testing.assert_allclose(summed * whole, getattr(years, name), rtol=1e-12, err_msg=name)
    for name in ("entries", "exits"):
        np.testing.assert_array_equal(np.add.reduceat(getattr(quarters, name), [0, 2, 6]), getattr(years, name))
    assert years.scarcity.min() >= 0 and years.scarcity.max() <= 1 + 1e-9


def test_demand_is_counted_at_the_price_that_buyers_pay():
    """A purchase subsidy of a half halves the price to buyers: their money asks for twice the cards."""
    worlds = [plain_world(3, quarters=4, **{"policy": {"purchase_subsidy": share}}) for share in (0, 0.5)]
    plain, subsidised = (played(p)[0] for p in worlds)
    np.testing.assert_allclose(subsidised.demand, 2 * plain.demand, rtol=1e-9)


def test_boundaries():
    p = Parameters(library.load("china-ai-chips").scenario)
    merchant, domestic, everyone = (members(p, boundary) for boundary in ("merchant", "domestic", "all"))
    assert set(merchant) < set(domestic) < set(everyone)
    assert {p.strategies[slot] for slot in set(domestic) - set(merchant)} == {"captive"}
    assert len(domestic) == p.domestic and len(everyone) == len(p.vendors)
    captive = plain_world(2, each={"strategy": "captive"})
    with pytest.raises(MarketSimError, match="no vendor of the scenario is in the market 'merchant'"):
        members(captive, "merchant")


def test_boundaries_that_take_other_vendors_in():
    chips, captive = Parameters(library.load("china-ai-chips").scenario), plain_world(2, each={"strategy": "captive"})
    assert drawn_elsewhere(chips, "merchant") == ("domestic", "all")
    assert drawn_elsewhere(chips, "all") == ("merchant", "domestic")
    assert drawn_elsewhere(plain_world(2), "domestic") == ()
    assert drawn_elsewhere(captive, "all") == (), "nobody is in the merchant market, all are domestic"


def test_boundaries_side_by_side_are_those_written_down_alone():
    """To the last bit, though the quarters are counted once."""
    p = Parameters(library.load("china-ai-chips", ["quarters=10"]).scenario)
    market = Market(p, 7, range(4))
    recorder = Recorder(p, 4, "domestic", beside=("merchant", "all"))
    market.record(strategies_of(p.scenario), recorder)
    outputs = []
    for boundary in ("merchant", "domestic", "all"):
        alone, found = played(p, range(4), boundary)[0], recorder.result(boundary)
        for name in (*SERIES, "causes"):
            np.testing.assert_array_equal(getattr(found, name), getattr(alone, name), err_msg=f"{boundary}: {name}")
        assert alone.firm is not None and found.firm is not None
        for item in fields(Firms):
            np.testing.assert_array_equal(getattr(found.firm, item.name), getattr(alone.firm, item.name))
        outputs.append(found.output)
    assert (np.diff(outputs, axis=0) > 0).all()
    np.testing.assert_array_equal(recorder.result().output, outputs[1])


@pytest.fixture(scope="module")
def of_64() -> History:
    return played(Parameters(library.load("lock-in").scenario), range(64), "merchant")[0]


@pytest.mark.parametrize("runs", [range(1), range(2), range(40, 64)], ids=["alone", "two", "the end of a chunk"])
def test_a_run_is_the_same_in_any_chunk(of_64: History, runs: range):
    """To the last bit: the history, every fact, the verdict."""
    few = played(Parameters(library.load("lock-in").scenario), runs, "merchant")[0]
    reference = load_reference()
    here = slice(runs.start, runs.stop)
    for name in (*SERIES, "causes"):
        np.testing.assert_array_equal(getattr(few, name)[:, : len(runs)], getattr(of_64, name)[:, here], err_msg=name)
    for item in fields(Firms):
        of_few, of_many = (getattr(history.firm, item.name) for history in (few, of_64))
        np.testing.assert_array_equal(of_few[..., : len(runs)], of_many[..., here], err_msg=item.name)
    found, expected = (measure(history, window(history)) for history in (few, of_64))
    for name in expected:
        np.testing.assert_array_equal(found[name][: len(runs)], expected[name][here], err_msg=name)
    verdicts, of_all = (judge(measured, reference, Thresholds()) for measured in (found, expected))
    for name in ("classes", "shakeout", "excess", "structure", "mechanism", "cost_share"):
        np.testing.assert_array_equal(getattr(verdicts, name)[: len(runs)], getattr(of_all, name)[here], err_msg=name)
    for end, of_all_end in zip(verdicts.evidence, of_all.evidence, strict=True):
        np.testing.assert_array_equal(end[: len(runs)], of_all_end[here])


def test_shares_and_leaders():
    revenue = np.array([[60.0, 0, 5], [40, 0, 5], [0, 0, 0]])
    spell = np.array([[1, 0, 0], [0, 0, 0], [0, 0, 0]])
    found = of_shares(revenue, spell)
    np.testing.assert_allclose(found["hhi"], [0.52, np.nan, 0.5])
    np.testing.assert_allclose(found["top1_share"], [0.6, np.nan, 0.5])
    np.testing.assert_allclose(found["top2_share"], [1, np.nan, 1])
    np.testing.assert_array_equal(found["leader"], [3, np.nan, 0])  # the second firm of the first of three slots


def test_margins_are_those_of_the_ten_largest():
    revenue = np.arange(12.0, 0, -1)[:, None] * [10, 0]
    cost = np.array([9.0, 8, 7, 6, 5, 4, 3, 2, 1, 0, 10, 10])[:, None] / 10 * revenue
    running = np.where(np.arange(12) < 4, -0.35, 0)[:, None] * revenue
    found = of_margins(revenue, cost, running)
    np.testing.assert_allclose(found["gross_margin"], [0.55, np.nan])
    np.testing.assert_allclose(found["leader_margin"], [0.1, np.nan])
    np.testing.assert_allclose(found["profitable"], [0.7, np.nan])  # 0.1 to 0.3 less 0.35 are losses


@pytest.mark.parametrize("count", [1, 2, 5, 6])
def test_median(count: int):
    values = np.full((6, 2), np.nan)
    values[:count] = np.random.default_rng(count).random((count, 2))
    np.testing.assert_allclose(median_known(values), np.nanmedian(values, axis=0))
