"""The building blocks of strategies: prices, capacity, wafers, budgets, funds."""

from __future__ import annotations

from collections.abc import Callable

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
