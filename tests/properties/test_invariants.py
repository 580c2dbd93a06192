"""What must hold in any world, whatever is decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.strategies.team import Team
from marketsim.chance import Draws
from marketsim.decisions import Decision
from marketsim.market import Market
from marketsim.rules.quarter import play
from marketsim.rules.start import initial_state
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.scenario.schema import Scenario
from marketsim.state import MarketState, Outcome
from tests.generators import scenarios
from tests.properties.markets import markets, wild_decision

RUNS = 6
seeds = st.integers(0, 2**32)


@dataclass
class Quarter:
    p: Parameters
    now: Conditions
    before: MarketState
    outcome: Outcome
    after: MarketState

    @property
    def home(self) -> slice:
        return slice(0, self.p.domestic)


def played(p: Parameters, seed: int) -> Iterator[Quarter]:
    rng = np.random.default_rng(seed)
    market = Market(p, seed, range(RUNS))
    while not market.over:
        now, before = market.now, market.state
        outcome = market.step(wild_decision(p, RUNS, rng))
        yield Quarter(p, now, before, outcome, market.state)


def at_most(values: Any, limit: Any, scale: float = 1.0) -> bool:
    return bool((np.asarray(values) <= np.asarray(limit) * (1 + 1e-9) + 1e-9 * scale).all())


def close(one: Any, two: Any, scale: Any = 1.0) -> bool:
    same = np.equal(one, two)  # also where both are infinite
    one, two = np.where(same, 0.0, one), np.where(same, 0.0, two)
    return bool((np.abs(one - two) <= 1e-9 * (np.abs(one) + np.abs(two) + scale)).all())


def market_invariants(q: Quarter) -> None:
    out = q.outcome
    sums = out.choice.sum(axis=0)
    sellers = (out.choice > 0).any(axis=1)
    on_sale = q.before.alive & ((q.before.cumulative > 0) | (out.made > 0))
    on_sale[q.p.domestic :] = q.now.foreign_supply > 0
    assert not (sellers & ~on_sale).any()
    assert close(sums, on_sale.any(axis=0) * 1.0)
    assert at_most(out.bought.sum(axis=0), out.spend)
    assert close(out.bought.sum(axis=0) + out.lost + q.after.waiting, out.spend)
    assert close(out.sold_in.sum(axis=1), out.sold)
    assert at_most(out.sold[q.home], (q.before.stock + out.made)[q.home])
    assert at_most(out.sold[q.p.domestic :], q.now.foreign_supply)
    free = (1 - q.now.domestic_content) * out.spend
    assert at_most(out.bought[q.p.domestic :].sum(axis=0), free, scale=out.spend.max())


def supply_invariants(q: Quarter) -> None:
    out, after = q.outcome, q.after
    limit = q.now.wafer_limit
    assert at_most(after.contracts.sum(axis=0), limit)
    assert at_most(out.wafers.sum(axis=0), limit)
    life, lead = q.p.of_nodes("contract_life"), q.p.of_nodes("contract_lead")
    later = after.contracts.sum(axis=0) * np.maximum(1 - 1 / life, 0) ** lead + after.arriving.sum(axis=(0, 2))
    granted = out.granted.sum(axis=0)
    assert at_most(np.where(granted > 0, later, 0.0), limit)
    assert (out.granted >= 0).all()
    assert at_most(out.memory_used, out.memory_limit)
    assert (after.memory_stock >= -1e-9).all()


def card_invariants(q: Quarter) -> None:
    before, out, after = q.before, q.outcome, q.after
    cards = [state.stock + state.pipeline.sum(axis=1) for state in (before, after)]
    expected = cards[0] + out.started - out.sold - out.written_off
    assert close(cards[1][q.home], expected[q.home], scale=1 + cards[0][q.home])
    line = before.pipeline.sum(axis=1) + out.started - out.made
    assert close(after.pipeline.sum(axis=1), np.where(out.failed, 0, line))
    assert close(out.made[q.home], (before.pipeline[:, 0] * before.alive)[q.home])
    base = before.base * (1 - 1 / q.p.market.card_life) + out.sold_in
    untouched = ~out.failed & ~(out.acquired_by[:, None] == np.arange(len(base))[None, :, None]).any(axis=0)
    assert close((after.base * untouched[:, None]), base * untouched[:, None])


def money_invariants(q: Quarter) -> None:
    before, out, after = q.before, q.outcome, q.after
    flows = np.stack(list(out.flows.values()))
    cash = before.cash + flows.sum(axis=0)
    scale = 1 + np.abs(flows).sum(axis=0)
    stays = ~out.failed & ~out.entered
    assert close(np.where(stays, after.cash, 0), np.where(stays, cash, 0), scale)
    assert close(np.where(out.failed, cash, 0), 0.0, scale)
    founding = np.array([entrant.cash for _, entrant in q.p.entrant_slots])
    slots = slice(len(q.p.scenario.vendors), q.p.domestic)
    assert (np.where(out.entered[slots], after.cash[slots] - founding[:, None], 0) == 0).all()
    earned = out.flows["sales"] + out.flows["purchase_subsidy"]
    assert close(earned, out.price * out.sold)
    assert close(out.flows["sales"], out.bought.sum(axis=1))
    debt = before.debt + out.flows["borrowing"] + out.flows["repayment"] + out.flows["overdraft"]
    assert close(after.debt, np.where(out.failed, 0, debt))
    for name in ("production", "take_or_pay", "respins", "tape_out", "adaptation", "service", "research", "overhead",
                 "frontier", "interest", "capacity", "repayment", "acquisition"):  # fmt: skip
        assert (out.flows[name] <= 0).all(), name
    for name in ("sales", "purchase_subsidy", "borrowing", "capacity_subsidy", "raised", "guidance_fund", "overdraft",
                 "parent_support", "local_support", "unpaid"):  # fmt: skip
        assert (out.flows[name] >= 0).all(), name


HELD = ("cash", "debt", "stock", "stock_value", "pipeline", "pipeline_value", "contracts", "arriving", "base",
        "orders", "sold", "revenue", "research", "next_quarters")  # fmt: skip


def population_invariants(q: Quarter) -> None:
    before, out, after = q.before, q.outcome, q.after
    assert (after.alive[q.p.domestic :]).all()
    assert not out.failed[q.p.domestic :].any()
    assert not (out.failed & ~before.alive).any()
    assert (after.alive == ((before.alive & ~out.failed) | out.entered)).all()
    assert not (out.entered & before.alive & ~out.failed).any()
    for name in HELD:
        values = np.moveaxis(getattr(after, name), -1, 1)[~after.alive]
        assert (values == 0).all(), name
    idle = ~before.alive & ~out.entered
    for name in ("sold", "orders", "made", "started"):
        assert (getattr(out, name)[~before.alive] == 0).all(), name
    for name, flow in out.flows.items():
        assert (flow[idle] == 0).all(), name
    for name in set(out.flows) - {"sales", "unpaid"}:
        assert (out.flows[name][q.p.domestic :] == 0).all(), f"foreign {name}"
    assert ((out.cause >= 0) == out.failed).all()
    assert not (out.acquired_by >= 0)[~out.failed].any()


def number_invariants(q: Quarter) -> None:
    for item in fields(MarketState):
        values = getattr(q.after, item.name)
        plentiful = np.isinf(q.now.memory_supply) if item.name == "memory_stock" else False
        assert (np.isfinite(values) | plentiful).all(), item.name
    for item in fields(Outcome):
        values = getattr(q.outcome, item.name)
        several = values if isinstance(values, tuple) else values.values() if isinstance(values, dict) else [values]
        if item.name != "memory_limit":
            assert all(np.isfinite(array).all() for array in several), item.name
    for name in ("cash", "debt", "stock", "stock_value", "pipeline", "contracts", "arriving", "base", "founders_share"):
        assert (getattr(q.after, name) >= 0).all(), name
    for name in ("software", "reliability", "delivery", "founders_share"):
        assert (getattr(q.after, name) <= 1 + 1e-12).all(), name


INVARIANTS = [
    market_invariants,
    supply_invariants,
    card_invariants,
    money_invariants,
    population_invariants,
    number_invariants,
]


@settings(max_examples=60)
@given(p=markets(), seed=seeds)
def test_invariants(p: Parameters, seed: int):
    for quarter in played(p, seed):
        for invariant in INVARIANTS:
            invariant(quarter)


@settings(max_examples=100)
@given(scenario=scenarios(), seed=seeds)
def test_invariants_in_any_scenario_that_is_allowed(scenario: Scenario, seed: int):
    for quarter in played(Parameters(scenario), seed):
        for invariant in INVARIANTS:
            invariant(quarter)


@settings(max_examples=30)
@given(p=markets(newcomers=False), seed=seeds)
def test_relabelling_vendors_relabels_the_results(p: Parameters, seed: int):
    named = len(p.scenario.vendors)
    order = np.random.default_rng(seed).permutation(named)
    names = list(p.scenario.vendors)
    shuffled = {names[v]: p.scenario.vendors[names[v]].model_dump() for v in order}
    q = Parameters(Scenario.model_validate(p.scenario.model_dump() | {"vendors": shuffled}))
    rows = np.concatenate([order, np.arange(named, len(p.vendors))])
    rng = np.random.default_rng(seed)
    market = Market(p, seed, range(RUNS))
    mirrored = initial_state(q, RUNS)
    while not market.over:
        draws, number = market.draws, market.quarter
        decision = wild_decision(p, RUNS, rng)
        there = {f.name: _permuted(draws, f.name, f.metadata["axes"], rows) for f in fields(Draws)}
        decided = {f.name: getattr(decision, f.name)[rows] for f in fields(Decision)}
        mirrored, outcome = play(q, q.conditions[number], mirrored, Decision(**decided), Draws(**there))
        expected = market.step(decision)
        assert close(expected.sold[rows], outcome.sold)
        assert close(expected.choice[rows], outcome.choice)
        for item in fields(MarketState):
            one = _permuted(market.state, item.name, item.metadata["axes"], rows)
            scale = expected.spend.sum(axis=0) if item.metadata["unit"] == "rmb_m" else 1.0
            assert close(1.0 * one, 1.0 * getattr(mirrored, item.name), scale), item.name


def _permuted(owner: Any, name: str, axes: str, rows: np.ndarray) -> np.ndarray:
    values: np.ndarray = getattr(owner, name)
    return values[rows] if axes.startswith("v") else values


def states(p: Parameters, runs: range, first: int, count: int) -> list[MarketState]:
    """The states of runs first to first + count - 1 after each quarter, computed in the company of `runs`."""
    market, team = Market(p, 17, runs), Team(["random"] * p.domestic)
    part = slice(first - runs.start, first - runs.start + count)
    result = []
    while not market.over:
        market.step(team.decide(market.observe()))
        result.append(market.state.take_runs(part))
    return result


@settings(max_examples=8)
@given(p=markets())
def test_a_run_does_not_depend_on_its_company(p: Parameters):
    everybody = states(p, range(40, 240), 70, 64)
    companies = [(range(70, 71), 1), (range(70, 72), 2), (range(70, 73), 3), (range(70, 134), 64), (range(61, 72), 2)]
    for runs, count in companies:
        for alone, together in zip(states(p, runs, 70, count), everybody, strict=True):
            together = together.take_runs(slice(0, count))
            for item in fields(MarketState):
                assert np.array_equal(getattr(alone, item.name), getattr(together, item.name)), (runs, item.name)


@settings(max_examples=10)
@given(p=markets(), seed=seeds)
def test_what_dead_and_foreign_vendors_decide_is_ignored(p: Parameters, seed: int):
    rng = np.random.default_rng(seed)
    market = Market(p, seed, range(RUNS))
    mute = replace(market.state)
    while not market.over:
        draws, now = market.draws, market.now
        decision, other = wild_decision(p, RUNS, rng), wild_decision(p, RUNS, rng)
        heard = market.state.alive & ~p.foreign
        mixed = {}
        for item in fields(Decision):
            one, two = getattr(decision, item.name), getattr(other, item.name)
            mixed[item.name] = np.where(heard if one.ndim == 2 else heard[:, None], one, two)
        mute, _ = play(p, now, mute, Decision(**mixed), draws)
        market.step(decision)
        for item in fields(MarketState):
            if item.name == "price":
                continue
            assert np.array_equal(getattr(market.state, item.name), getattr(mute, item.name)), item.name
