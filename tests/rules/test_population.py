"""Population: failure, sale, burial, entry."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy import stats

from marketsim.decisions import change
from marketsim.market import Market
from marketsim.rules import population, technology
from tests.worlds import ENTRANT, plain_world, rows, start

YES = np.array([True, True])


def flags(*values: bool) -> np.ndarray:
    return np.array(values)[:, None] & YES


def sale(bids, failed, cash=(1e5, 1e5, 1e5), approved=True, bases=(100, 100, 100), mature=(0.5, 0.5, 0.5), **world):
    p = plain_world(len(bids), **world)
    now, state = start(p)
    state = replace(state, cash=rows(*cash), base=rows(*bases)[:, None], software=rows(*mature)[:, None])
    return population.buyers(p, now, state, rows(*bids), flags(*failed), approved & flags(*[True] * len(bids)))


def test_a_failing_vendor_goes_to_the_bidder_to_whom_it_is_worth_most():
    buyer, price = sale([0, 1e4, 1e4], [True, False, False], mature=(0.8, 0.7, 0.2))
    assert buyer[:, 0].tolist() == [2, -1, -1]
    assert price[0, 0] == pytest.approx(0.5 * (10 * 100 + 1000 * 0.6))


def test_of_bidders_to_whom_it_is_worth_the_same_the_one_that_can_pay_most_buys():
    assert sale([0, 1e4, 2e4], [True, False, False])[0][0, 0] == 2
    assert sale([0, 2e4, 1e4], [True, False, False])[0][0, 0] == 1
    assert sale([0, 2e4, 1e4], [True, False, False], cash=(0, 5e3, 6e3))[0][0, 0] == 2


@pytest.mark.parametrize(("bid", "cash"), [(499, 1e5), (1e4, 499)])
def test_bid_and_cash_must_reach_the_price(bid: float, cash: float):
    assert sale([0, bid, 0], [True, False, False], cash=(0, cash, 0))[0][0, 0] == -1
    assert sale([0, 500, 0], [True, False, False], cash=(0, 500, 0))[0][0, 0] == 1


def test_the_failing_do_not_buy_and_approval_is_needed():
    assert (sale([1e5, 1e5, 0], [True, True, False])[0] == -1).all()
    assert (sale([0, 1e5, 0], [True, False, False], approved=False)[0] == -1).all()


def test_a_bidder_buys_one_vendor_the_one_worth_most():
    buyer, _ = sale([0, 0, 1e5], [True, True, False], bases=(100, 300, 100))
    assert buyer[:, 0].tolist() == [-1, 2, -1]


def test_who_is_outbid_for_the_first_vendor_buys_the_second():
    buyer, _ = sale(
        [0, 0, 1e5, 5e4], [True, True, False, False], cash=(0, 0, 1e5, 1e5), bases=(100, 300, 0, 0), mature=[0.5] * 4
    )
    assert buyer[:, 0].tolist() == [3, 2, -1, -1]


def test_plant_is_worth_its_share_of_the_price_of_new_plant():
    plant = {"nodes__node__contract_fee": 40, "finance__plant_value": 0.25}
    _, price = sale([0, 1e5, 0], [True, False, False], bases=(0, 0, 0), **plant)
    assert price[0, 0] == pytest.approx(0.5 * 0.25 * 40)
    _, price = sale([0, 1e5, 0], [True, False, False], bases=(0, 0, 0), **(plant | {"finance__plant_value": 0}))
    assert price[0, 0] == 0


def test_the_buyer_keeps_base_contracts_and_the_better_software():
    p = plain_world(3)
    _, state = start(p)
    state = replace(state, software=rows(0.9, 0.4, 0.5)[:, None])
    buyer = np.array([[-1, -1], [-1, -1], [0, 1]])
    after = population.merged(p, state, buyer)
    assert after.base[:, 0].tolist() == [[180, 100], [100, 180], [100, 100]]
    assert after.contracts[:, 0].tolist() == [[2, 1], [1, 2], [1, 1]]
    assert after.software[:, 0].tolist() == [[0.9, 0.9], [0.4, 0.5], [0.5, 0.5]]


HOLDINGS = ("cash", "debt", "stock", "stock_value", "pipeline", "pipeline_value", "contracts", "arriving", "base")


def test_the_dead_hold_nothing_and_others_are_untouched():
    _, state = start(plain_world(3))
    state = replace(state, debt=rows(5, 5, 5), arriving=state.arriving + 1)
    after = population.buried(state, flags(False, True, False))
    assert after.alive[:, 0].tolist() == [True, False, True]
    for name in HOLDINGS:
        assert (getattr(after, name)[1] == 0).all()
        for v in (0, 2):
            assert np.array_equal(getattr(after, name)[v], getattr(state, name)[v])


def test_failure_sale_and_burial_in_one_quarter():
    each = {"stock": 0, "in_process": [0, 0], "contracts": {}}
    ruined = {"vendors__maker-0__cash": 5, "vendors__maker-0__overhead": 80}
    market = Market(plain_world(2, each=each, **ruined), 0, range(2))
    outcome = market.step(change(market.observe().hold(), bid=1e5))
    assert outcome.failed[:, 0].tolist() == [True, False]
    assert outcome.acquired_by[:, 0].tolist() == [1, -1]
    assert outcome.flows["acquisition"][:, 0] == pytest.approx([0, -0.5 * 10 * 100 * (1 - 1 / 16)])
    assert outcome.flows["unpaid"][:, 0] == pytest.approx([75, 0])
    assert market.state.cash[1, 0] == pytest.approx(1e5 + outcome.flows["acquisition"][1, 0])
    assert market.state.base[1, 0, 0] == pytest.approx(1.8 * 100 * (1 - 1 / 16))


@pytest.mark.parametrize("rate", [0.05, 0.7, 3.0])
def test_poisson_by_inversion(rate: float):
    uniform = (np.arange(200_000) + 0.5) / 200_000
    counts = population.poisson(np.full((1, uniform.size), rate), uniform[None], most=30)[0]
    assert np.array_equal(counts, stats.poisson.ppf(uniform, rate).astype(int))


def test_poisson_is_cut_at_the_most():
    assert population.poisson(np.full((1, 2), 3.0), np.array([[0.9999, 0.0001]]), most=4).tolist() == [[4, 0]]
    assert (population.poisson(np.zeros((1, 2)), np.full((1, 2), 1 - 2.0**-17), most=4) == 0).all()


def entry_rate(alive: int = 4, revenue: float = 100, profit: float = 40, **changes) -> float:
    world = {"population__entry_rate": 0.5, "population__largest_population": 8, "entrants": {"new": ENTRANT}}
    p = plain_world(4, **world | changes)
    now, state = start(p)
    state = replace(
        state,
        alive=np.arange(7)[:, None] < alive + np.zeros((7, 2)),
        revenue=rows(revenue, *[0] * 6),
        gross_profit=rows(profit, *[0] * 6),
    )
    return population.entry_rates(p, now, state)[0, 0]


def test_entry_follows_room_climate_and_margin():
    assert entry_rate() == pytest.approx(0.25)
    assert entry_rate(alive=2) == pytest.approx(0.5 * 0.75)
    assert entry_rate(population__largest_population=3) == 0
    assert entry_rate(finance__climate=1.5) == pytest.approx(0.375)
    assert entry_rate(population__entry_margin_weight=1, profit=20) == pytest.approx(0.125)
    assert entry_rate(population__entry_margin_weight=0.5, profit=20) == pytest.approx(0.25 * 0.75)
    assert entry_rate(population__entry_margin_weight=1, profit=-20) == 0
    assert entry_rate(population__entry_margin_weight=0.5, revenue=0, profit=0) == pytest.approx(0.125)


def test_types_share_entry_by_weight():
    world = {"population__entry_rate": 0.8, "entrants": {"a": {**ENTRANT, "weight": 3}, "b": ENTRANT}}
    p = plain_world(1, population__largest_population=1e9, **world)
    now, state = start(p)
    assert population.entry_rates(p, now, state)[:, 0] == pytest.approx([0.6, 0.2], rel=1e-6)


def entering(uniform: float, taken: tuple[int, ...] = (), **changes) -> list[bool]:
    world = {"population__entry_rate": 1.0, "population__largest_population": 1e9, "entrants": {"new": ENTRANT}}
    p = plain_world(1, **world, **changes)
    now, state = start(p)
    alive = state.alive.copy()
    alive[list(taken)] = True
    return population.entries(p, now, replace(state, alive=alive), np.full((1, 2), uniform))[:, 0].tolist()


def test_first_free_slots_are_filled_first():
    two = stats.poisson.cdf(1, 1.0) + 1e-4
    assert entering(0.3) == [False] * 4
    assert entering(0.5) == [False, True, False, False]
    assert entering(two) == [False, True, True, False]
    assert entering(two, taken=(1,)) == [False, False, True, True]
    assert entering(0.99999, taken=(1, 2)) == [False, False, False, True]


def test_entrants_start_with_their_types_means():
    p = plain_world(
        1, entrants={"new": {**ENTRANT, "cost_spread": 0.1}}, **{"vendors__maker-0__product__architecture": 3}
    )
    now, state = start(p)
    flag = np.array([[False, False], [True, False], [False, False], [False, False]])
    after = population.founded(p, now, state, flag, rows(0, 2, 0, 0))
    assert after.alive[:, 0].tolist() == [True, True, False, False]
    assert after.alive[:, 1].tolist() == [True, False, False, False]
    assert after.cash[1, 0] == 300
    assert after.architecture[1, 0] == pytest.approx(0.7 * 3)
    assert after.next_quarters[1, 0] == 2 + 2
    assert after.cost_factor[1, 0] == pytest.approx(np.exp(0.2))
    assert after.software[1, 0, 0] == 0.2
    assert after.reliability[1, 0] == 0.6
    for item in fields(state):
        assert np.array_equal(getattr(after, item.name)[0], getattr(state, item.name)[0])


def test_an_entrant_sells_only_after_design_and_lead():
    world = {
        "population__entry_rate": 1e6,
        "population__largest_population": 1e6,
        "entrants": {"new": {**ENTRANT, "slots": 1, "cash": 1e5}},
    }
    market = Market(plain_world(1, **world), 0, range(2))
    sold = []
    for quarter in range(7):
        wish = market.observe().of(slice(0, 2)).hold()
        outcome = market.step(change(wish, capacity=np.array([0.0, 5.0])[:, None, None] if quarter > 0 else 0.0))
        sold.append(outcome.sold[1, 0] > 0)
    # Enters at the end of quarter 0, tapes out in 2, its first wafers of then come out in 4.
    assert sold == [False, False, False, False, True, True, True]


def test_an_entrant_starts_no_wafers_before_its_first_tape_out():
    world = {
        "population__entry_rate": 1e6,
        "population__largest_population": 1e6,
        "technology__obsolete_stock": 1,
        "nodes__node__design_time": 4,
        "nodes__node__respin_chance": 1,
        "nodes__node__respin_cost": 1,
        "entrants": {"new": {**ENTRANT, "slots": 1, "cash": 1e5}},
    }
    market = Market(plain_world(1, **world), 0, range(2))
    started, written_off = [], 0.0
    for quarter in range(10):
        wish = market.observe().of(slice(0, 2)).hold()
        outcome = market.step(change(wish, capacity=np.array([0.0, 5.0])[:, None, None] if quarter > 0 else 0.0))
        started.append(outcome.started[1, 0] > 0)
        written_off += outcome.written_off[1, 0]
    # Enters at the end of quarter 0, tapes out in 4, needs a respin, and starts wafers in 5.
    assert started == [False] * 5 + [True] * 5
    assert written_off == 0


def test_a_firm_that_takes_a_dead_ones_slot_is_new():
    world = {"population__entry_rate": 1e6, "population__largest_population": 1e6}
    entrant = {**ENTRANT, "slots": 1, "cash": 50, "overhead": 40}
    market = Market(plain_world(1, entrants={"new": entrant}, **world), 0, range(2))
    ages = []
    for _ in range(8):
        entered = market.step(market.observe().of(slice(0, 2)).hold()).entered[1, 0]
        ages.append((entered, market.state.age[1, 0]))
    assert sum(entered for entered, _ in ages) > 1
    assert all(age == 0 for entered, age in ages if entered)


def test_industry_experience_is_not_forgotten_when_an_entrant_takes_a_dead_firms_slot():
    world = {"technology__learning_rate": 0.2, "technology__experience_spillover": 0.5, "entrants": {"new": ENTRANT}}
    p = plain_world(1, **world)
    now, state = start(p)
    output = np.full(2, 800.0)
    state = replace(state, cumulative=rows(100, 700, 0, 0), industry_output=output)
    before = technology.experience_factor(p, state.cumulative, state.industry_output)[0, 0]
    after = population.founded(p, now, state, flags(False, True, False, False), rows(0, 0, 0, 0))
    assert technology.experience_factor(p, after.cumulative, after.industry_output)[0, 0] == before
    assert after.cumulative[1, 0] == 0
