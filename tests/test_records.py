"""Records: tables that agree with each other, with the yearly outcomes and with the books."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from polars.testing import assert_frame_equal

from agents.strategies.team import Team
from marketsim.api import strategies_of
from marketsim.ensemble import Job, simulate_chunk
from marketsim.market import Market
from marketsim.outcomes import cost_per_million_tokens
from marketsim.records import ATTRIBUTION_TERMS, unit_of
from marketsim.results import record, run_table, vendor_table
from marketsim.rules.demand import card_cost_of_ownership
from marketsim.rules.finance import CAUSES
from marketsim.rules.products import hardware
from marketsim.rules.technology import inference_time
from marketsim.scenario.library import load_scenario
from marketsim.scenario.schema import Scenario
from tests.generators import scenarios
from tests.rules.test_technology import foreign_supplier
from tests.worlds import ENTRANT, PLAIN_NODE, lively_world, plain_world

RUNS = range(12)
WORLD = lively_world(
    foreign={"abroad": foreign_supplier()},
    nodes={"node": PLAIN_NODE, "idle": PLAIN_NODE},
    policy={"merger_approval": 0.5},
    **{"vendors__maker-0__strategy": "consolidator", "vendors__maker-0__cash": 30000},
)
JOB = Job(WORLD.scenario, Team(WORLD.strategies).decide, seed=9)
KEYS = ["run", "quarter"]
FIRMS = pl.col("vendor") != "abroad"


@cache
def tables() -> dict[str, pl.DataFrame]:
    return record(JOB, RUNS)


@cache
def yearly() -> tuple[pl.DataFrame, pl.DataFrame]:
    outcomes = simulate_chunk(WORLD, JOB.decide, JOB.seed, RUNS)
    return run_table(outcomes), vendor_table(outcomes, WORLD.vendors)


def years(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(year=pl.col("quarter").str.head(4).cast(pl.Int64))


def same(one: pl.DataFrame, two: pl.DataFrame) -> None:
    """The same rows and columns in any order, to rounding."""
    assert_frame_equal(
        one, two, check_row_order=False, check_column_order=False, check_dtypes=False, rel_tol=1e-9, abs_tol=1e-9
    )


def test_the_world_of_these_tests_has_all_there_is_to_record():
    kinds = set(tables()["event"]["event"])
    assert kinds == {"entered", "funded", "failed", "acquired"}
    assert tables()["market"]["lost_orders_rmb_m"].max() > 0
    assert 0 < tables()["market"]["domestic_share_value"].mean() < 1


def test_each_table_has_one_row_per_run_quarter_and_subject():
    keys = {"market": [], "segment": ["segment"], "vendor": ["vendor"], "attribution": ["vendor", "segment"]}
    for name, more in keys.items():
        assert not tables()[name].select([*KEYS, *more]).is_duplicated().any(), name
    assert len(tables()["market"]) == len(RUNS) * 10
    assert len(tables()["vendor"]) == len(RUNS) * 10 * len(WORLD.vendors)


def test_vendors_add_up_to_the_market():
    sums = ["cards_k", "orders_k", "revenue_rmb_m", "wafers_k", "contracts_k_per_quarter"]
    added = tables()["vendor"].group_by(KEYS).agg(pl.col(sums).sum())
    same(added, tables()["market"].select(KEYS + sums))
    home = tables()["vendor"].filter(FIRMS).group_by(KEYS).agg(
        active_vendors=(pl.col("cards_k") > 1e-6).sum(),
        price_krmb=pl.col("revenue_rmb_m").sum() / pl.col("cards_k").sum(),
        gross_margin=1 - pl.col("cost_of_goods_rmb_m").sum() / pl.col("revenue_rmb_m").sum(),
        hhi=((pl.col("revenue_rmb_m") / pl.col("revenue_rmb_m").sum()) ** 2).sum(),
    )  # fmt: skip
    same(home.fill_nan(0), tables()["market"].select(home.columns))


def test_segments_add_up_to_the_market():
    added = tables()["segment"].group_by(KEYS).agg(
        revenue_rmb_m=pl.col("bought_rmb_m").sum(),
        lost_orders_rmb_m=pl.col("lost_rmb_m").sum(),
        domestic_share_value=(pl.col("domestic_share_value") * pl.col("bought_rmb_m")).sum()
        / pl.col("bought_rmb_m").sum(),
    )  # fmt: skip
    same(added, tables()["market"].select(added.columns))


def test_events_are_the_entries_and_exits_of_the_market_and_move_who_is_alive():
    exits = pl.col("event").is_in(["failed", "acquired"]).sum()
    counted = tables()["event"].group_by(KEYS).agg(entries=(pl.col("event") == "entered").sum(), exits=exits)
    market = tables()["market"].select(*KEYS, "entries", "exits")
    same(
        market.filter((pl.col("entries") > 0) | (pl.col("exits") > 0)),
        counted.filter(pl.any_horizontal("entries", "exits")),
    )
    alive = tables()["vendor"].filter(FIRMS).group_by(KEYS).agg(alive=pl.col("alive").sum()).join(market, on=KEYS)
    change = alive.sort(KEYS).with_columns(before=pl.col("alive").shift(1).over("run").fill_null(4))
    assert (change["alive"] == change["before"] + change["entries"] - change["exits"]).all()


def test_events_say_who_bought_whom_why_and_for_how_much():
    events = tables()["event"]
    left = events.filter(pl.col("event").is_in(["failed", "acquired"]))
    assert left["cause"].is_in(CAUSES).all()
    assert events.filter(~pl.col("event").is_in(["failed", "acquired"]))["cause"].is_null().all()
    assert (events["buyer"].is_not_null() == (events["event"] == "acquired")).all()
    assert (events["raised_rmb_m"].is_not_null() == (events["event"] == "funded")).all()
    raised = events.filter(pl.col("event") == "funded").select(*KEYS, "vendor", "raised_rmb_m")
    flows = tables()["vendor"].filter(pl.col("raised_rmb_m") > 0).select(raised.columns)
    same(raised, flows)


def test_cash_changes_by_the_flows_of_the_books():
    vendor = tables()["vendor"].filter(FIRMS)
    stocks = {"revenue_rmb_m", "cost_of_goods_rmb_m", "cash_rmb_m", "debt_rmb_m"}
    flows = [name for name in vendor.columns if name.endswith("_rmb_m") and name not in stocks]
    moved = tables()["event"].filter(pl.col("event") != "funded")
    quiet = (
        vendor.with_columns(before=pl.col("cash_rmb_m").shift(1).over("run", "vendor", order_by="quarter"))
        .filter("alive", pl.col("before").is_not_null())
        .join(moved, on=[*KEYS, "vendor"], how="anti")
    )
    assert len(quiet) > 100
    change = quiet["cash_rmb_m"] - quiet["before"]
    assert np.abs(change - quiet.select(pl.sum_horizontal(flows)).to_series()).max() < 1e-6


def test_quarters_add_up_to_the_yearly_outcomes():
    market, vendors = yearly()
    causes = {f"exits_{cause}": (pl.col("cause") == cause).sum() for cause in CAUSES}
    events = years(tables()["event"]).group_by("run", "year").agg(
        entries=(pl.col("event") == "entered").sum(), exits_acquired=(pl.col("event") == "acquired").sum(), **causes
    )  # fmt: skip
    added = years(tables()["market"]).sort("quarter").group_by("run", "year").agg(
        pl.col("cards_k", "revenue_rmb_m").sum(),
        pl.col("active_vendors", "cost_per_million_tokens_rmb").last(),
        pl.col("foundry_use").mean(),
        domestic_share_cards=(pl.col("cards_k") * pl.col("domestic_share_cards")).sum() / pl.col("cards_k").sum(),
    )  # fmt: skip
    added = added.join(events, on=["run", "year"], how="left").fill_null(0)
    same(added, market.select(added.columns))
    by_vendor = years(tables()["vendor"]).sort("quarter").group_by("run", "year", "vendor").agg(
        pl.col("cards_k", "revenue_rmb_m").sum(), pl.col("alive").last()
    )  # fmt: skip
    same(by_vendor, vendors)


def terms_add_up(table: pl.DataFrame) -> bool:
    error = table.select((pl.sum_horizontal(*ATTRIBUTION_TERMS) - pl.col("change_log_odds")).abs().max()).item()
    return error is None or error < 1e-9


def test_terms_of_attribution_add_up_to_the_change_of_log_odds():
    table = tables()["attribution"]
    assert terms_add_up(table)
    assert table["change_log_odds"].is_finite().all()
    assert table["change_log_odds"].abs().median() > 1e-3
    assert table["supply"].abs().max() > 1e-3, "something was short"


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(scenarios())
def test_terms_add_up_in_any_scenario(world: Scenario):
    table = record(Job(world, strategies_of(world), 3), range(2))["attribution"]
    assert terms_add_up(table)
    assert table["change_log_odds"].is_finite().all()


def test_a_run_is_recorded_the_same_alone_and_in_company():
    alone = record(JOB, range(5, 6))
    for name, table in tables().items():
        assert_frame_equal(alone[name], table.filter(pl.col("run") == 5), check_exact=True)


def test_a_single_quarter_has_the_columns_of_many():
    job = Job(load_scenario("china-ai-chips", {"quarters": 1}), strategies_of(load_scenario("china-ai-chips")), 1)
    short = record(job, range(2))
    assert short.keys() == tables().keys()
    assert short["attribution"].schema == tables()["attribution"].schema
    assert (len(short["attribution"]), len(short["market"])) == (0, 2)


SHARES = {
    "domestic_share_cards",
    "domestic_share_value",
    "hhi",
    "gross_margin",
    "foundry_use",
    "software",
    "reliability",
}
LOGARITHMS = {"change_log_odds", *ATTRIBUTION_TERMS, "supply"}
LEVELS = {"architecture"}


@pytest.mark.parametrize("name", ["market", "segment", "vendor", "event", "attribution"])
def test_a_number_with_a_unit_carries_it_in_its_name(name: str):
    numbers = [column for column, kind in tables()[name].schema.items() if kind == pl.Float64]
    assert numbers
    assert {column for column in numbers if not unit_of(column)} <= SHARES | LOGARITHMS | LEVELS
    for table in yearly():
        bare = [column for column, kind in table.schema.items() if kind == pl.Float64 and not unit_of(column)]
        assert set(bare) <= SHARES | {"top5_share", "scarce_memory_use", "capacity_use"}


def test_units_follow_the_ends_of_names():
    assert unit_of("cards_k") == "thousand"
    assert unit_of("contracts_k_per_quarter") == "thousand wafers per quarter"
    assert unit_of("revenue_rmb_m") == "RMB million"
    assert unit_of("price_krmb") == "RMB thousand per card"
    assert unit_of("cost_index_rmb") == "RMB per million tokens"
    assert unit_of("hhi") == ""


def test_nothing_paid_is_zero_and_not_minus_zero():
    vendor = tables()["vendor"]
    values = vendor["interest_rmb_m"].to_numpy()
    assert (values == 0).any()
    assert not np.signbit(values[values == 0]).any()


def test_the_cost_of_tokens_is_that_of_the_cards_sold_whoever_takes_the_slot_afterwards():
    """A firm that sold its cards, failed and was followed at once by a newcomer with another card."""
    p = plain_world(1, each={"cash": 0, "overhead": 1e6}, population__entry_rate=1e6, entrants={"new": ENTRANT})
    market = Market(p, 0, range(2))
    now, before = market.now, market.state
    outcome = market.step(market.observe().hold())
    assert outcome.failed[0].all()
    assert (outcome.sold[0] > 0).all()
    compute, bandwidth, power = hardware(p, now, before)
    owned = card_cost_of_ownership(p, now, outcome.price, power)[0]
    seconds = inference_time(p, compute, bandwidth)[0, 0]
    speed = p.technology.untuned_share ** (1 - outcome.maturity[0, 0]) / seconds
    assert cost_per_million_tokens(p, now, outcome) == pytest.approx(owned / speed)
