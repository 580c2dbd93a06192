"""The building blocks of strategies: prices, capacity, wafers, budgets, funds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from agents.strategies import planning, supply
from agents.strategies.outlook import Outlook
from marketsim.observation import Observation
from marketsim.rules.technology import cards_per_wafer
from marketsim.scenario.parameters import Parameters

Bend = Callable[..., Observation]


@pytest.fixture
def outlook(bend: Bend) -> Callable[..., Outlook]:
    return lambda **bent: Outlook(bend(**bent))


def test_market_in_balance_keeps_the_price_that_earns_the_markup(outlook: Callable[..., Outlook]) -> None:
    balanced = outlook(orders=10.0, growth=0.0, stock=5.0, pipeline=5.0)
    markup = balanced.obs.price / balanced.obs.card_cost
    assert np.allclose(planning.price_between(balanced, markup), balanced.obs.price)


@pytest.mark.parametrize(("orders", "direction"), [(20.0, 1), (5.0, -1)])
def test_price_goes_where_the_market_is(orders: float, direction: int, outlook: Callable[..., Outlook]) -> None:
    seen = outlook(orders=orders, growth=0.0, stock=5.0, pipeline=5.0)
    markup = seen.obs.price / seen.obs.card_cost
    step = planning.price_between(seen, markup, rise=0.07, fall=0.04) / seen.obs.price - 1
    assert np.allclose(step, 0.07 if direction > 0 else -0.04)
    deaf = planning.price_between(seen, markup, follow_up=0, follow_down=0)
    assert np.allclose(deaf, seen.obs.price)


def test_clearing_price_clears(outlook: Callable[..., Outlook]) -> None:
    """At the clearing price, demand of the own elasticity equals the cards on hand."""
    seen = outlook(orders=18.0, growth=0.0, stock=7.0, pipeline=5.0)
    demand = 18.0 * (seen.clearing_price / seen.obs.price) ** -seen.elasticity
    assert np.allclose(demand, 12.0, rtol=1e-3)


def test_growth_counts_in_expected_orders(outlook: Callable[..., Outlook]) -> None:
    assert np.allclose(outlook(orders=10.0, growth=0.2, stock=5.0, pipeline=5.0).tightness, np.exp(0.2), rtol=1e-3)


def test_needed_cards_extrapolate_growth_over_both_lead_times(outlook: Callable[..., Outlook]) -> None:
    seen = outlook(orders=10.0, growth=0.1)  # contract lead 2, production lead 3
    assert np.allclose(supply.needed_cards(seen, trust=1.0), 10 * np.exp(0.5))
    assert np.allclose(supply.needed_cards(seen, trust=0.0), 10)
    assert np.allclose(supply.needed_cards(outlook(orders=10.0, growth=0.5), 1.0, growth_limit=0.1), 10 * np.exp(0.5))


@pytest.fixture
def makers(bend: Bend, plant: Parameters) -> Callable[..., Outlook]:
    """Makers with the same plant and product: a share `use` of capacity is sold at 1.6 times the cost of a card."""
    cost = bend(world=plant, vendors=slice(0, 4)).card_cost[0, 0]
    dies = cards_per_wafer(plant, plant.conditions[0], np.zeros((1, 2)))[0, 0]

    def make(use: float, filled: float = 1.0, **bent: Any) -> Outlook:
        sold = use * dies
        start = {"contracts": 1.0, "sold": sold, "orders": sold / filled, "growth": 0.0, "price": 1.6 * cost}
        state = start | {"stock": 0.0, "pipeline": 0.0, "memory_stock": 1.0} | bent
        return Outlook(bend(world=plant, vendors=slice(0, 4), **state))

    return make


def test_price_by_use_pulls_to_the_markup_that_the_industry_s_use_allows(makers: Callable[..., Outlook]) -> None:
    """From p * u^(1/e), three tenths of the way to k*c: 1 + 0.4 * (0.7 - 0.5) / (0.9 - 0.5) = 1.2 at a use of 0.7."""
    for use, markup in ((0.4, 1.0), (0.5, 1.0), (0.7, 1.2), (0.9, 1.4), (1.0, 1.4)):
        seen = makers(use)
        led = 1.6 * seen.obs.card_cost * use ** (1 / seen.elasticity)
        aim = led + 0.3 * (markup * seen.obs.card_cost - led)
        assert np.allclose(planning.price_by_use(seen, 1.4, fall=0.9, ceiling=10), aim, rtol=1e-3)


def test_idle_plant_does_not_press_the_price_while_buyers_go_short(makers: Callable[..., Outlook]) -> None:
    assert np.allclose(makers(0.4).market.industry_use, 0.4)
    assert np.allclose(makers(0.4, filled=0.95).market.industry_use, 0.4)
    assert np.allclose(makers(0.4, filled=0.75).market.industry_use, 0.7)
    assert np.allclose(makers(0.4, filled=0.5).market.industry_use, 1.0)


def test_price_by_use_stays_between_cost_and_ceiling_and_moves_in_steps(makers: Callable[..., Outlook]) -> None:
    cost = makers(0.2).obs.card_cost
    assert np.allclose(planning.price_by_use(makers(0.2, price=cost[0, 0]), 1.4), cost)
    assert np.allclose(planning.price_by_use(makers(0.2), 1.4, fall=0.01), 1.6 * cost * 0.99)
    assert np.allclose(planning.price_by_use(makers(1.0, filled=0.1, price=1.8 * cost[0, 0]), 1.4), 1.3 * 1.4 * cost)
    newcomer = np.ones((8, 1))
    newcomer[0] = 0.0
    first = makers(0.7, orders=makers(0.7).obs.orders[0, 0] * newcomer)
    assert np.allclose(planning.price_by_use(first, 1.4, fall=0.01)[0], 1.2 * cost[0], rtol=1e-3)


def test_own_orders_move_the_price_only_as_far_as_rivals_take_the_difference(makers: Callable[..., Outlook]) -> None:
    """Half again as many orders at the same use of the industry: 1.5^(1/e), and of that what the pull leaves."""
    calm = makers(0.6)
    more = np.ones((8, 1))
    more[0] = 1.5
    asked = makers(0.6, orders=calm.obs.orders[0, 0] * more)
    prices = [planning.price_by_use(seen, 1.4, rise=9, fall=0.9, ceiling=99) for seen in (calm, asked)]
    own, cost = 1 / calm.elasticity[0], calm.obs.card_cost[0]
    assert np.allclose(prices[1][0] - prices[0][0], 0.7 * 1.6 * cost * 0.6**own * (1.5**own - 1), rtol=1e-3)


def test_reach_counts_idle_contracts_unless_memory_was_short(bend: Bend) -> None:
    held = {"orders": 10.0, "growth": 0.0, "stock": 2.0, "pipeline": 2.0, "contracts": 1.0}
    ample, short = (Outlook(bend(memory_stock=left, **held)) for left in (1.0, 0.0))
    assert np.allclose(short.reach_use, 10 / 4, rtol=1e-3)
    assert np.allclose(ample.reach_use, 10 / (2 + ample.line_capacity), rtol=1e-3)
    assert np.allclose(Outlook(bend(**held | {"orders": 0.0})).reach_use, 1.0)


def test_plant_is_paid_from_cash_that_running_it_does_not_need(makers: Callable[..., Outlook]) -> None:
    """At hand is cash less two quarters' fixed cost and less what trade credit leaves of a quarter's cards."""
    seen = makers(1.0, cash=1e5, revenue=100.0, arriving=0.0)
    cards = seen.obs.card_cost / seen.wafers_per_card
    fixed, kept = 60 + 1.4 * 100, (1 - 1 / 60) ** 3
    assert np.allclose(seen.plant_price, 0.7 * 300 + cards)
    assert np.allclose(seen.payable_plant, (1e5 - 2 * fixed - (kept * cards - 0.3 * 100)) / (0.7 * 300 + cards))
    assert not makers(1.0, cash=2 * fixed, revenue=100.0).payable_plant.any()
    asked = supply.capacity_for(seen, np.full(seen.obs.price.shape, 1e6), payable=0.5 * seen.payable_plant)
    assert np.allclose(asked[:, 0], 0.5 * seen.payable_plant)


def test_funds_for_plant_are_what_own_money_does_not_pay(makers: Callable[..., Outlook]) -> None:
    seen = makers(1.0, cash=0.0, arriving=0.0)
    cards = 1.5 * seen.planned_position / seen.wafers_per_card
    assert np.allclose(planning.funds_for_plant(seen, cards), 0.5 * seen.planned_position * seen.plant_price)
    assert not planning.funds_for_plant(makers(1.0, cash=1e6), cards).any()
    assert not planning.funds_for_plant(seen, 0.9 * cards / 1.5).any()


def test_capacity_closes_the_gap_to_what_contracts_will_be_worth(bend: Bend, chips: Parameters) -> None:
    obs = bend(orders=50.0, cash=1e6, arriving=0.25)
    per_wafer = cards_per_wafer(chips, obs.now, obs.state.wafers_made)[0]
    held = obs.contracts[:, 0] * (1 - 1 / 8) ** 2 + 0.5
    asked = supply.capacity_for(Outlook(obs), np.full(obs.price.shape, 50.0))
    assert np.allclose(asked[:, 0] + held, 50 / per_wafer)
    assert (asked[:, 1:] < 0).all()  # what arrives on nodes that no product uses is given up


def test_capacity_is_asked_for_on_the_next_product_s_node_before_it_is_needed(bend: Bend) -> None:
    """Tape-out is the production lead before the launch; contracts take two quarters more to arrive."""

    def asked_on(quarters: int) -> list[bool]:
        obs = bend(orders=50.0, cash=1e6, next_quarters=quarters, next_node=1)
        asked = supply.capacity_for(Outlook(obs), np.full(obs.price.shape, 50.0))[0, :2, 0]
        return [bool(amount > 0) for amount in asked]

    assert asked_on(7) == [True, False]
    assert asked_on(6) == [False, True]
    assert asked_on(4) == [False, True]


def test_old_node_is_given_up_only_from_the_tape_out_on(bend: Bend) -> None:
    def given_up(quarters: int) -> bool:
        obs = bend(orders=50.0, cash=1e6, next_quarters=quarters, next_node=1)
        return bool((supply.capacity_for(Outlook(obs), np.full(obs.price.shape, 50.0))[:, 0] < 0).all())

    assert [given_up(6), given_up(5), given_up(4)] == [False, False, True]


def test_capacity_is_limited_by_spare_cash(bend: Bend) -> None:
    obs = bend(orders=5000.0, growth=0.5, cash=1000.0)
    fixed = 60 + 1.4 * 100
    fee, wafers = 20 * (1 - 0.3), 70
    asked = supply.capacity_for(Outlook(obs), np.full(obs.price.shape, 5e4), spend=0.5)
    assert np.allclose(asked[:, 0], 0.5 * (1000 - 2 * fixed) / (fee + wafers))


def test_who_never_sold_keeps_its_capacity_and_an_entrant_asks_for_its_first(bend: Bend, chips: Parameters) -> None:
    slot = chips.vendors.index("mature-1")
    soon = chips.technology.production_lead + chips.contract_lead + 1
    for ahead, expected in ((soon, 0.5), (soon + 1, 0.0)):  # capacity that would stand idle until the tape-out can wait
        design = {"has_product": False, "next_node": 1, "next_quarters": ahead}
        obs = bend(vendors=slice(slot, slot + 1), orders=0.0, node=1, contracts=0.0, cash=2000.0, **design)
        assert np.allclose(supply.capacity_for(Outlook(obs), np.zeros(obs.price.shape))[0, 1], expected)
    named = bend(orders=0.0)
    assert np.allclose(supply.capacity_for(Outlook(named), np.zeros(named.price.shape)), 0.0)


def test_line_runs_for_orders_until_and_when_the_cards_come_out(bend: Bend, chips: Parameters) -> None:
    obs = bend(orders=10.0, growth=0.0, stock=3.0, pipeline=9.0)
    per_wafer = cards_per_wafer(chips, obs.now, obs.state.wafers_made)[0]
    wanted = 10 * (1 + 3 + 0.5) - 3 - 27  # when they come out, three quarters until then, a buffer, less what is there
    share = supply.run_for_orders(Outlook(obs), trust=1.0, cover=0.5, least=0.0)
    assert np.allclose(share, np.minimum(wanted / per_wafer, 1.0))
    assert 0 < share[0, 0] < 1
    smooth = supply.run_for_orders(Outlook(obs), trust=1.0, cover=0.5, least=0.0, pace=0.4)
    assert np.allclose(smooth, np.minimum((10 + 0.4 * (wanted - 10)) / per_wafer, 1.0))


def test_budgets_are_shares_of_revenue_above_a_floor_and_within_the_runway(outlook: Callable[..., Outlook]) -> None:
    rich = planning.budgets(outlook(revenue=4000.0, cash=1e5), 0.1, 0.05, 0.02)
    assert np.allclose(rich["research"], 400)
    assert np.allclose(rich["adaptation"], 200)
    small = planning.budgets(outlook(revenue=10.0, cash=1e5), 0.1, 0.05, 0.02)
    assert np.allclose(small["research"], 100)
    assert np.allclose(small["service"], 20)
    broke = planning.budgets(outlook(revenue=10.0, cash=1.0, gross_profit=0.0), 0.1, 0.05, 0.02)
    assert np.allclose(broke["research"], 25)


def test_runway_counts_what_gross_profit_leaves_uncovered(outlook: Callable[..., Outlook]) -> None:
    assert np.allclose(outlook(cash=1000.0, gross_profit=100.0).runway, 10)  # fixed cost 60 + 140
    assert np.allclose(outlook(cash=1000.0, gross_profit=500.0).runway, 40)
    assert np.allclose(outlook(cash=0.0, gross_profit=0.0).runway, 0)


def test_funds_fill_up_what_is_missing(outlook: Callable[..., Outlook]) -> None:
    short = outlook(cash=400.0, gross_profit=100.0)
    assert np.allclose(planning.funds_for_runway(short, quarters=5, wanted=8), 8 * 200 - 400)
    assert not planning.funds_for_runway(short, quarters=3).any()
    assert np.allclose(planning.funds_while_hot(short, 1.0, quarters=8), 1600 + 4 * short.obs.revenue)
    assert not planning.funds_while_hot(short, 1.1, quarters=8).any()


def test_undercut_stops_at_cost(outlook: Callable[..., Outlook]) -> None:
    seen = outlook()
    cost = seen.obs.card_cost
    assert np.allclose(planning.undercut(seen, 9 * cost, 2 * cost, 0.1), 1.8 * cost)
    assert np.allclose(planning.undercut(seen, 9 * cost, cost, 0.1), 1.1 * cost)
    assert np.allclose(planning.undercut(seen, 1.5 * cost, 2 * cost, 0.1), 1.5 * cost)


def test_focus_on_base_follows_the_base(outlook: Callable[..., Outlook]) -> None:
    base = np.array([30.0, 10.0, 0.0])[None, :, None]
    assert np.allclose(planning.focus_on_base(outlook(base=base), 0.7)[0, :, 0], [0.625, 0.275, 0.1])


def test_outlook_shows_a_vendor_its_own_rows_only(bend: Bend, chips: Parameters) -> None:
    cash = np.arange(1.0, len(chips.vendors) + 1)[:, None] * 1000
    seen = Outlook(bend(cash=cash, vendors=slice(2, 4)))
    assert np.allclose(seen.spare_cash[:, 0], [3000 - 400, 4000 - 400])


def test_a_new_quarter_is_looked_at_anew(outlook: Callable[..., Outlook]) -> None:
    first, second = outlook(cash=1000.0), outlook(cash=3000.0)
    assert np.allclose(second.spare_cash - first.spare_cash, 2000)
