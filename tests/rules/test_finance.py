"""Finance: debt, budgets, funding, settlement, causes of losses, extrapolated growth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from marketsim.decisions import change, full
from marketsim.market import Market
from marketsim.rules import finance
from tests.rules.test_technology import foreign_supplier
from tests.worlds import plain_world, rows, start


def test_debt_service():
    p = plain_world(2, finance__interest_rate=0.08, finance__debt_term=20)
    interest, repayment = finance.debt_service(p, p.conditions[0], rows(1000, 0))
    assert interest[:, 0] == pytest.approx([20, 0])
    assert repayment[:, 0] == pytest.approx([50, 0])


def test_lenders_look_at_profit_and_plant():
    changes = {"finance__lending_multiple": 2, "finance__collateral_share": 0.5, "nodes__node__contract_fee": 30}
    p = plain_world(2, finance__climate=0.5, **changes)
    now, state = start(p)
    state = replace(state, gross_profit=rows(100, -100))
    assert finance.debt_limit(p, now, state)[:, 0] == pytest.approx([0.5 * (800 + 15), 0.5 * 15])


def test_the_frontier_costs_everybody_alive_a_share_of_domestic_revenue():
    p = plain_world(2, finance__frontier_share=0.01, foreign={"nv": foreign_supplier()})
    _, state = start(p)
    alive = state.alive.copy()
    alive[1] = False
    state = replace(state, revenue=rows(1000, 0, 5000), alive=alive)
    assert finance.frontier_cost(p, state)[:, 0] == pytest.approx([10, 0, 0])


def budget(cash: float, obligations: float = 0.0, debt: float = 0.0, **changes):
    """A vendor that wants 10 k cards at 5 (50), a tape-out (100), 20, 30, 40, and capacity for 10 x fee 6 (60)."""
    p = plain_world(1, nodes__node__contract_fee=6, **changes)
    now, state = start(p)
    state = replace(state, cash=rows(cash), revenue=rows(0), gross_profit=rows(0), debt=rows(debt))
    market = Market(p, 0, range(2))
    wish = change(
        market.observe().hold(), start_product=True, adaptation=20.0, service=30.0, research=40.0, capacity=10.0
    )
    wish = full(wish, 1, 2)
    return finance.affordable(p, now, state, wish, rows(10), rows(5), rows(obligations), rows(100))


def spent(b: finance.Budget) -> list[float]:
    return [b.cards[0, 0], b.tape_out[0, 0], b.adaptation[0, 0], b.service[0, 0], b.research[0, 0], b.capacity[0, 0, 0]]


@pytest.mark.parametrize(
    ("cash", "expected"),
    [
        (300, [10, 100, 20, 30, 40, 10]),
        (270, [10, 100, 20, 30, 40, 5]),
        (220, [10, 100, 20, 30, 20, 0]),
        (185, [10, 100, 20, 15, 0, 0]),
        (160, [10, 100, 10, 0, 0, 0]),
        (140, [10, 0, 20, 30, 40, 0]),
        (25, [5, 0, 0, 0, 0, 0]),
        (0, [0, 0, 0, 0, 0, 0]),
    ],
)
def test_money_goes_to_wafers_tape_out_adaptation_service_research_capacity(cash: float, expected: list[float]):
    assert spent(budget(cash)) == pytest.approx(expected)
    assert spent(budget(cash + 77, obligations=77)) == pytest.approx(expected)


def test_lenders_pay_their_share_of_capacity_up_to_their_limit():
    lenders = {"finance__debt_share": 0.75, "finance__collateral_share": 1.0, "vendors__maker-0__contracts__node": 100}
    assert spent(budget(240 + 15, **lenders))[-1] == pytest.approx(10)
    assert spent(budget(240 + 7.5, **lenders))[-1] == pytest.approx(5)
    # The limit is the plant's worth, 600: with 590 of debt, lenders add 10 and the vendor pays the rest.
    assert spent(budget(240 + 20, debt=590, **lenders))[-1] == pytest.approx(5)


def test_a_capacity_subsidy_stretches_money():
    assert spent(budget(240 + 30, policy={"capacity_subsidy": 0.5}))[-1] == pytest.approx(10)


def raise_funds(asked, round_draw, listing_draw, revenue=0.0, growth=0.0, cash=0.0, **changes):
    p = plain_world(1, **changes)
    now, state = start(p)
    state = replace(state, cash=rows(cash), revenue=rows(revenue), growth=rows(growth))
    return finance.funding(p, now, state, rows(asked), rows(round_draw), rows(listing_draw))


def test_a_round_closes_by_chance_and_dilutes():
    closed = raise_funds(100, 0.49, 1)
    assert (closed.raised[0, 0], closed.founders_share[0, 0]) == pytest.approx((100, 1 - 100 / 2000))
    missed = raise_funds(100, 0.51, 1)
    assert (missed.raised[0, 0], missed.founders_share[0, 0]) == (0, 1)
    assert not closed.listed.any()


def test_a_round_sells_at_most_the_largest_dilution():
    funding = raise_funds(1e5, 0.0, 1, revenue=10)
    value = 2000 + 10 * 40
    assert funding.raised[0, 0] == pytest.approx(0.2 * value)
    assert funding.founders_share[0, 0] == pytest.approx(0.8)


def test_investors_fill_cash_and_do_not_pile_it_up():
    assert raise_funds(1e5, 0.0, 1, cash=1900).raised[0, 0] == pytest.approx(2000 - 1900)
    assert raise_funds(1e5, 0.0, 1, cash=1900, revenue=10).raised[0, 0] == pytest.approx(2000 + 8 * 10 - 1900)
    rich = raise_funds(1e5, 0.0, 0.0, cash=1e5, revenue=125)
    assert (rich.raised[0, 0], rich.founders_share[0, 0]) == (0, 1)


def test_growth_and_climate_help():
    assert raise_funds(1, 0.59, 1, growth=0.2).raised[0, 0] == 1
    assert raise_funds(1, 0.61, 1, growth=0.2).raised[0, 0] == 0
    assert raise_funds(1e5, 0.2, 1, finance__climate=0.5).raised[0, 0] == pytest.approx(0.2 * 1000)
    assert raise_funds(1, 0.26, 1, finance__climate=0.5).raised[0, 0] == 0
    assert raise_funds(1, 0.49, 1, growth=-0.4).raised[0, 0] == 1


def test_large_vendors_list_once_at_a_higher_value():
    lists = raise_funds(1e5, 0.99, 0.0, revenue=125)
    assert lists.listed.all()
    assert lists.raised[0, 0] == pytest.approx(0.2 * 1.5 * (2000 + 10 * 500))
    assert not raise_funds(1e5, 0.99, 0.0, revenue=124).listed.any()
    again = raise_funds(1e5, 0.0, 0.0, revenue=125, each={"listed": True})
    assert again.raised[0, 0] == pytest.approx(0.2 * (2000 + 10 * 500))


def test_a_closed_listing_window_leaves_the_round():
    shut = raise_funds(1e5, 0.0, 0.3, revenue=125, policy={"listing_window": 0.25})
    assert not shut.listed.any()
    assert shut.raised[0, 0] == pytest.approx(0.2 * 7000)


def test_who_does_not_ask_gets_nothing_and_stays_whole():
    funding = raise_funds(0, 0.0, 0.0, revenue=1000, policy={"guidance_fund": 50})
    assert (funding.raised == 0).all()
    assert (funding.guidance == 0).all()
    assert (funding.founders_share == 1).all()
    assert not funding.listed.any()


def test_guidance_funds_are_split_and_never_more_than_asked():
    p = plain_world(3, policy={"guidance_fund": 90, "guidance_targeting": 0.5})
    now, state = start(p)
    state = replace(state, revenue=rows(300, 100, 600))
    got = finance.funding(p, now, state, rows(1000, 10, 0), rows(1, 1, 1), rows(1, 1, 1)).guidance[:, 0]
    assert got == pytest.approx([0.5 * 45 + 0.5 * 67.5, 10, 0])


def test_foreign_suppliers_raise_no_funds_at_home():
    p = plain_world(1, foreign={"nv": foreign_supplier()}, policy={"guidance_fund": 90})
    now, state = start(p)
    got = finance.funding(p, now, state, rows(0, 100), rows(0, 0), rows(0, 0))
    assert (got.raised[1] == 0).all()
    assert (got.guidance[1] == 0).all()


def settled(result: float, limit: float = 0.0, debt: float = 0.0, cash: float = 10.0, **changes):
    p = plain_world(1, **changes)
    now, state = start(p)
    state = replace(state, cash=rows(cash), debt=rows(debt))
    flows = {"sales": rows(result), "borrowing": rows(0), "repayment": rows(0)}
    cash_after, debt_after, failed = finance.settle(p, now, state, flows, rows(limit))
    total = cash + sum(flow[0, 0] for flow in flows.values())
    assert cash_after[0, 0] == pytest.approx(total)
    found = {name: flow[0, 0] for name, flow in flows.items()}
    return cash_after[0, 0], debt_after[0, 0], bool(failed[0, 0]), found


def test_enough_cash_settles_without_help():
    cash, debt, failed, flows = settled(-10, limit=100)
    assert (cash, debt, failed) == (0, 0, False)
    assert flows["overdraft"] == flows["unpaid"] == 0


def test_an_overdraft_becomes_debt_up_to_the_limit():
    cash, debt, failed, _ = settled(-50, limit=100, debt=30)
    assert (cash, debt, failed) == pytest.approx((0, 70, False))
    cash, debt, failed, flows = settled(-100, limit=100, debt=30)
    assert (cash, debt, failed) == pytest.approx((0, 100, True))
    assert flows["unpaid"] == pytest.approx(20)


def test_a_limit_below_debt_gives_nothing_and_takes_nothing():
    cash, debt, failed, _ = settled(-5, limit=10, debt=30)
    assert (cash, debt, failed) == pytest.approx((5, 30, False))


def test_parent_then_local_government():
    support = {"policy": {"local_support": 0.5}, "finance__subsidy_limit": 40}
    _, _, failed, flows = settled(-35, each={"parent_support": 15}, **support)
    assert (flows["parent_support"], flows["local_support"], failed) == pytest.approx((15, 10, False))
    _, _, failed, flows = settled(-60, each={"parent_support": 15}, **support)
    assert (flows["parent_support"], flows["local_support"], flows["unpaid"], failed) == pytest.approx(
        (15, 20, 15, True)
    )


def test_losses_are_remembered_for_about_two_years():
    p = plain_world(1)
    after = finance.shortfall_after(p, np.full((1, 5, 2), 8.0), (rows(1), rows(0), rows(2), rows(0), rows(0)))
    assert after[0, :, 0] == pytest.approx([8, 7, 9, 7, 7])


def test_growth_moves_towards_the_newest_and_ignores_the_unknown():
    p = plain_world(4)
    grown = finance.growth_after(p, rows(0.1, 0.1, 0.1, 0.1), rows(110, 1000, 1, 0), rows(100, 100, 100, 100))
    expected = [0.07 + 0.3 * np.log(1.1), 0.07 + 0.15, 0.07 - 0.15, 0.07]
    assert grown[:, 0] == pytest.approx(expected)


def test_capacity_is_paid_by_vendor_state_and_lender():
    changes = {"nodes__node__contract_fee": 40, "finance__debt_share": 0.5, "finance__lending_multiple": 5}
    p = plain_world(1, each={"in_process": [100, 100]}, policy={"capacity_subsidy": 0.25}, **changes)
    market = Market(p, 0, range(2))
    outcome = market.step(change(market.observe().hold(), capacity=2.0, premium=0.5))
    flows = {name: flow[0, 0] for name, flow in outcome.flows.items()}
    assert flows["capacity"] == pytest.approx(-2 * 40 * 1.5)
    assert flows["capacity_subsidy"] == pytest.approx(30)
    assert flows["borrowing"] == pytest.approx(45)
    assert market.state.debt[0, 0] == pytest.approx(45)


def test_idle_capacity_costs_take_or_pay():
    p = plain_world(1, nodes__node__take_or_pay=0.4, each={"contracts": {"node": 8}})
    market = Market(p, 0, range(2))
    outcome = market.step(change(market.observe().hold(), run_share=0.25))
    held = 8 * (1 - 1 / 8)
    assert outcome.wafers[0, 0, 0] == pytest.approx(0.25 * held)
    assert outcome.flows["take_or_pay"][0, 0] == pytest.approx(-0.4 * 60 * 0.75 * held)
