"""The books of a played quarter: what can be started, what lenders add, what losses come from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from marketsim.decisions import change
from marketsim.market import Market
from marketsim.rules.finance import CAUSES
from tests.worlds import plain_world, rows

GOOD_DIES = 80 / 1.3**2
CARD_COST = 60 / GOOD_DIES + 6.4 + 5


def after_a_quarter(p, **decided):
    market = Market(p, 0, range(2))
    outcome = market.step(change(market.observe().hold(), **decided))
    return outcome, market.state, dict(zip(CAUSES, market.state.shortfall[0, :, 0], strict=True))


def test_wafers_started_cost_exactly_what_take_or_pay_leaves_at_hand():
    held = 1 - 1 / 8
    p = plain_world(1, each={"cash": 60 * held + 10}, nodes__node__take_or_pay=1)
    outcome, _, _ = after_a_quarter(p)
    assert 0 < outcome.wafers[0, 0, 0] < held
    spent = outcome.flows["production"][0, 0] + outcome.flows["take_or_pay"][0, 0]
    assert -spent == pytest.approx(60 * held + 10)


def test_lenders_add_no_more_than_their_limit():
    p = plain_world(1, nodes__node__contract_fee=40, finance__debt_share=1, finance__collateral_share=0.5)
    outcome, state, _ = after_a_quarter(p, capacity=2.0)
    assert outcome.granted[0, 0, 0] == pytest.approx(2)
    assert outcome.flows["borrowing"][0, 0] == pytest.approx(0.5 * 40)  # of the contract at the start of the quarter
    assert state.debt[0, 0] == pytest.approx(20)


def test_prices_below_a_normal_margin_are_a_price_war():
    outcome, _, causes = after_a_quarter(plain_world(1), price=14.0)
    assert causes["price_war"] == pytest.approx(outcome.sold[0, 0] * (0.4 * 14 - (14 - CARD_COST)))
    _, _, causes = after_a_quarter(plain_world(1), price=CARD_COST / 0.59)
    assert causes["price_war"] == 0


def test_orders_lost_to_a_cheaper_rival_are_a_price_war():
    """Two vendors alike but for the price, half as dear again: the gap is alpha times ln 1.5, cut at 1."""
    p = plain_world(2, nodes__node__capacity=100, segments__buyers__price_sensitivity=1, market__electricity_price=0)
    market = Market(p, 0, range(2))
    market.state = replace(market.state, stock=rows(1000, 1000))
    outcome = market.step(change(market.observe().hold(), price=rows(60.0, 90.0)))
    cheap, dear = outcome.sold[:, 0]
    gap = np.log(1.5) * cheap / (cheap + dear)
    lost = outcome.orders[1, 0] * np.expm1(gap) * 90 * 0.4
    assert market.state.shortfall[:, CAUSES.index("price_war"), 0] == pytest.approx([0, lost], rel=1e-6)


def test_take_or_pay_and_write_offs_are_idle_capacity():
    soon = {"node": "node", "memory": "memory", "architecture": 2, "ready_in": 1}
    p = plain_world(1, each={"next_product": soon}, nodes__node__take_or_pay=0.5)
    _, _, causes = after_a_quarter(p, run_share=0.0)
    assert causes["idle_capacity"] == pytest.approx(0.5 * 60 * 0.875 + 0.5 * 1000 * CARD_COST)


def test_orders_that_were_not_delivered_are_short_supply():
    outcome, _, causes = after_a_quarter(plain_world(1, each={"stock": 10}, nodes__node__capacity=0.875))
    missed = outcome.orders[0, 0] - 10
    assert missed > 50
    assert causes["supply"] == pytest.approx(missed * 60 * 0.4)


def test_orders_that_no_foundry_or_memory_limit_kept_from_being_served_are_not_short_supply():
    outcome, _, causes = after_a_quarter(plain_world(1, each={"stock": 10}, nodes__node__capacity=100))
    assert outcome.orders[0, 0] > 60
    assert causes["supply"] == 0


def test_orders_lost_to_a_smaller_base_are_software():
    """Two vendors alike but for the base: with a weight of 0.5, a base four times as large is worth ln 4 / 2."""
    p = plain_world(2, segments__buyers__lock_in=0.5, market__lock_in_floor=1e-9, nodes__node__capacity=100)
    market = Market(p, 0, range(2))
    market.state = replace(market.state, base=rows(400, 100)[:, None], stock=rows(1000, 1000))
    outcome = market.step(market.observe().hold())
    large, small = outcome.sold[:, 0]
    assert large > small
    gap = np.log(4) / 2 * large / (large + small)
    lost = outcome.orders[1, 0] * np.expm1(gap) * 60 * 0.4
    assert market.state.shortfall[:, CAUSES.index("software"), 0] == pytest.approx([0, lost])


def test_interest_and_missed_rounds_are_funding():
    p = plain_world(1, each={"debt": 1000}, finance__round_chance=0)
    _, _, causes = after_a_quarter(p, funds=500.0)
    assert causes["funding"] == pytest.approx(1000 * 0.05 / 4)
    p = plain_world(1, each={"stock": 0, "overhead": 100}, finance__round_chance=0)
    outcome, _, causes = after_a_quarter(p, funds=500.0, run_share=0.0)
    assert outcome.flows["overhead"][0, 0] == -100
    assert causes["funding"] == pytest.approx(100)


def test_a_firm_that_lost_nothing_but_its_overhead_ran_out_of_funds():
    p = plain_world(
        1, each={"stock": 0, "in_process": [0, 0], "cash": 50, "overhead": 100, "installed": 0, "contracts": {}}
    )
    market = Market(p, 0, range(2))
    outcome = market.step(market.observe().hold())
    assert outcome.failed[0, 0]
    assert CAUSES[outcome.cause[0, 0]] == "funding"


def test_what_guidance_funds_gave_is_no_missed_round():
    each = {"stock": 0, "overhead": 100}
    p = plain_world(1, each=each, finance__round_chance=0, policy={"guidance_fund": 70})
    outcome, _, causes = after_a_quarter(p, funds=150.0, run_share=0.0)
    assert outcome.flows["guidance_fund"][0, 0] == pytest.approx(70)
    assert causes["funding"] == pytest.approx(80)


def test_only_less_mature_vendors_lose_orders_to_software():
    p = plain_world(2, **{"vendors__maker-0__software": {"family": 0.2}})
    market = Market(p, 0, range(2))
    market.step(change(market.observe().hold(), price=rows(60, 60)))
    software = market.state.shortfall[:, CAUSES.index("software"), 0]
    assert software[0] > 0
    assert software[1] == 0
