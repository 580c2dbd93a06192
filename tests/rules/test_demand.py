"""Demand: cost of ownership, subsidies, content rules, shares, spend, rationing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from marketsim.decisions import change
from marketsim.market import Market
from marketsim.rules import demand
from tests.rules.test_technology import foreign_supplier
from tests.worlds import plain_world, rows, start

SECONDS = 365.25 / 4 * 24 * 3600


def test_cost_of_ownership_of_an_hour_at_work():
    p = plain_world(1, market__electricity_price=0.6)
    found = demand.card_cost_of_ownership(p, p.conditions[0], rows(80), rows(500))[0, 0]
    capital = 80_000 * 1.4 / (16 * SECONDS * 0.3)
    electricity = 0.5 * 1.3 * 0.6 / 3600
    assert found == pytest.approx(1e6 * (capital + electricity), rel=1e-3)


def test_a_purchase_subsidy_pays_for_the_card_and_not_for_the_server():
    p = plain_world(1, policy={"purchase_subsidy": 0.3})
    now = p.conditions[0]
    cost = demand.card_cost_of_ownership(p, now, rows(80), rows(400))
    discount = demand.policy_discount(p, now, rows(80), rows(400), cost)[0, 0]
    assert np.exp(discount) == pytest.approx((1.4 - 0.3) / 1.4)


def test_an_electricity_discount_lowers_only_the_power_bill():
    p = plain_world(1, policy={"electricity_discount": 0.5}, market__electricity_price=1.0)
    now = p.conditions[0]
    cost = demand.card_cost_of_ownership(p, now, rows(80), rows(400))
    without_power = demand.card_cost_of_ownership(p, now, rows(80), rows(0))
    discount = demand.policy_discount(p, now, rows(80), rows(400), cost)
    assert np.exp(discount) * cost == pytest.approx((cost + without_power) / 2)


def test_foreign_cards_get_no_subsidy():
    p = plain_world(1, policy={"purchase_subsidy": 0.3}, foreign={"nv": foreign_supplier()})
    cost = demand.card_cost_of_ownership(p, p.conditions[0], rows(80, 80), rows(400, 400))
    discount = demand.policy_discount(p, p.conditions[0], rows(80, 80), rows(400, 400), cost)
    assert discount[1].tolist() == [0, 0]
    assert (discount[0] < 0).all()


def test_a_content_rule_takes_its_share_of_foreign_odds():
    p = plain_world(1, foreign={"nv": foreign_supplier()}, policy={"domestic_content": {"buyers": 0.75}})
    rule = demand.content_rule(p, p.conditions[0])
    assert rule[0, 0, 0] == 0
    assert np.exp(rule[1, 0, 0]) == pytest.approx(0.25)


def sold_under_content_rule(share: float, domestic_stock: float) -> tuple[float, float]:
    """What a foreign supplier with ample supply gets of buyers' money, and the money of buyers who may buy abroad."""
    supplier = foreign_supplier()
    supplier["offers"]["2025Q1"]["supply"] = 1e6
    rule = {"domestic_content": {"buyers": share}}
    p = plain_world(1, each={"stock": domestic_stock}, foreign={"nv": supplier}, policy=rule)
    market = Market(p, 0, range(2))
    outcome = market.step(market.observe().of(slice(0, 2)).hold())
    return outcome.bought[1, 0, 0], (1 - share) * outcome.spend[0, 0]


def test_buyers_bound_to_domestic_cards_do_not_buy_abroad_when_these_are_short():
    bought, _ = sold_under_content_rule(1.0, domestic_stock=1)
    assert bought == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_foreign_cards_take_at_most_the_money_that_is_free_to_buy_them(share: float):
    bought, free = sold_under_content_rule(share, domestic_stock=1)
    assert bought <= free * (1 + 1e-9)


def test_shares_are_logit_over_those_on_sale():
    utility = np.log(np.array([1.0, 2.0, 5.0]))[:, None, None] * np.ones((3, 1, 2))
    on_sale = np.array([[True, True], [True, True], [True, False]])
    shares, log_sum = demand.value_shares(utility, on_sale)
    assert shares[:, 0, 0] == pytest.approx([1 / 8, 2 / 8, 5 / 8])
    assert shares[:, 0, 1] == pytest.approx([1 / 3, 2 / 3, 0])
    assert np.exp(log_sum[0]) == pytest.approx([8, 3])


def test_who_does_not_sell_does_not_disturb_those_who_do():
    utility = np.array([0.0, 1.0, 5000.0])[:, None, None] * np.ones((3, 1, 2))
    on_sale = np.array([[True, True], [True, True], [False, False]])
    shares, log_sum = demand.value_shares(utility, on_sale)
    assert shares[:, 0, 0] == pytest.approx([1 / (1 + np.e), np.e / (1 + np.e), 0])
    assert log_sum[0, 0] == pytest.approx(np.log(1 + np.e))


def test_hopeless_offers_get_no_share_rather_than_one_that_overflows():
    utility = np.array([0.0, -720.0])[:, None, None] * np.ones((2, 1, 2))
    shares, _ = demand.value_shares(utility, np.ones((2, 2), dtype=bool))
    assert shares[:, 0, 0].tolist() == [1, 0]


def test_nobody_on_sale_means_no_shares_and_finite_numbers():
    shares, log_sum = demand.value_shares(np.ones((2, 1, 2)), np.zeros((2, 2), dtype=bool))
    assert (shares == 0).all()
    assert np.isfinite(log_sum).all()


def terms_at(p, price, **offers):
    now, state = start(p)
    from marketsim.rules.sales import shelf

    even = np.full((len(p.vendors), len(p.segments), 2), 1 / len(p.segments))
    shown = shelf(p, now, state, price, offers.get("focus", even), offers.get("luck", np.zeros_like(even)))
    terms = demand.utility_terms(p, now, shown, p.of_segments("price_sensitivity"))
    return dict(zip(demand.TERMS, terms, strict=True))


def test_price_term_is_minus_alpha_log_price():
    p = plain_world(2, segments__buyers__price_sensitivity=3)
    price = terms_at(p, rows(60, 90))["price"]
    assert price[1, 0, 0] - price[0, 0, 0] == pytest.approx(-3 * np.log(1.5))


def test_software_is_worth_throughput_and_a_weight_of_its_own():
    p = plain_world(2, segments__buyers__software_weight=1.5, **{"vendors__maker-1__software": {"family": 0.9}})
    software = terms_at(p, rows(60, 60))["software"]
    assert software[1, 0, 0] - software[0, 0, 0] == pytest.approx(0.4 * (2 * np.log(1 / 0.25) + 1.5))
    full = terms_at(plain_world(1, each={"software": {"family": 1}}), rows(60))["software"]
    assert full[0, 0, 0] == pytest.approx(0)


def test_lock_in_follows_the_log_share_of_the_base():
    p = plain_world(2, segments__buyers__lock_in=0.8, **{"vendors__maker-1__installed": 300})
    lock_in = terms_at(p, rows(60, 60))["lock_in"]
    assert lock_in[:, 0, 0] == pytest.approx([0.8 * np.log(0.02 + 0.25), 0.8 * np.log(0.02 + 0.75)])


def test_effort_at_twice_the_even_share_is_worth_the_focus_effect():
    from tests.worlds import PLAIN_SEGMENT

    p = plain_world(2, segments={"a": PLAIN_SEGMENT, "b": PLAIN_SEGMENT}, market__focus_effect=0.4)
    focus = np.array([[1.0, 0.0], [0.5, 0.5]])[:, :, None] * np.ones(2)
    effort = terms_at(p, rows(60, 60), focus=focus)["focus"]
    assert effort[:, :, 0] == pytest.approx(np.array([[0.4, -0.4], [0, 0]]))


def test_reliability_and_luck():
    p = plain_world(2, segments__buyers__reliability_weight=2, market__luck=0.1)
    terms = terms_at(p, rows(60, 60), luck=rows(1, -2)[:, None])
    assert terms["reliability"][:, 0, 0] == pytest.approx([1.8, 1.8])
    assert terms["luck"][:, 0, 0] == pytest.approx([0.1, -0.2])


def test_twice_the_prices_is_twice_the_cost_index():
    p = plain_world(3)
    one = demand.value_shares(demand.sum_of_terms(tuple(terms_at(p, rows(50, 60, 70)).values())), np.ones((3, 2)) > 0)
    two = demand.value_shares(
        demand.sum_of_terms(tuple(terms_at(p, rows(100, 120, 140)).values())), np.ones((3, 2)) > 0
    )
    index = [demand.cost_index(log_sum, p.of_segments("price_sensitivity"))[0, 0] for _, log_sum in (one, two)]
    assert index[1] == pytest.approx(2 * index[0])
    assert two[0] == pytest.approx(one[0])


@pytest.mark.parametrize("elasticity", [0.0, 0.5, 1.0, 2.0])
def test_spend_has_the_elasticity_of_demand(elasticity: float):
    p = plain_world(1, segments__buyers__demand_elasticity=elasticity)
    reference, no_noise = rows(4), rows(0)
    cheap, dear = (demand.spend(p, p.conditions[0], rows(i), reference, no_noise)[0, 0] for i in (2.0, 4.0))
    assert dear == pytest.approx(6000)
    work_cheap, work_dear = cheap / 2, dear / 4
    assert np.log(work_cheap / work_dear) / np.log(4 / 2) == pytest.approx(elasticity)


def test_expected_decline_of_cost_leaves_spend_as_planned():
    p = plain_world(1, segments__buyers__demand_elasticity=1.7, segments__buyers__cost_decline=0.1)
    planned = demand.spend(p, p.conditions[3], rows(5 * 0.9**3), rows(5), rows(0))
    assert planned[0, 0] == pytest.approx(6000)


def test_demand_noise_is_log_normal():
    p = plain_world(1, market__demand_noise=0.2)
    noisy = demand.spend(p, p.conditions[0], rows(1), rows(1), np.array([[1.0, -2.0]]))
    assert noisy[0] == pytest.approx([6000 * np.exp(0.2), 6000 * np.exp(-0.4)])


def rationed(choice, wanted, stock, passes=3, patience=0.0):
    """One number per vendor (choice: rows of segments) for one run."""
    table = np.array(choice, dtype=float)[:, :, None] * np.ones(2)
    money = np.array(wanted, dtype=float)[:, None] * np.ones(2)
    weights = np.full((len(money), 1), patience)
    return demand.ration(table, money, rows(*stock), slice(len(table), None), money, weights, passes)[0][:, :, 0]


def test_ample_cards_are_bought_by_choice():
    assert rationed([[0.3], [0.7]], [100], [1000, 1000])[:, 0] == pytest.approx([30, 70])


def test_the_short_vendors_buyers_turn_to_the_other():
    assert rationed([[0.5], [0.5]], [100], [20, 1000])[:, 0] == pytest.approx([20, 80])
    assert rationed([[0.5], [0.5]], [100], [20, 60])[:, 0] == pytest.approx([20, 60])


def test_second_and_third_choices():
    # 60/30/10 of 100 with 10, 35, 1000 on hand: 50 go on at 3:1, of which 37.5 meet 5 cards, and 32.5 go on to the last.
    assert rationed([[0.6], [0.3], [0.1]], [100], [10, 35, 1000])[:, 0] == pytest.approx([10, 35, 55])
    assert rationed([[0.6], [0.3], [0.1]], [100], [10, 35, 1000], passes=2)[:, 0] == pytest.approx([10, 35, 22.5])
    assert rationed([[0.6], [0.3], [0.1]], [100], [10, 35, 1000], passes=1)[:, 0] == pytest.approx([10, 30, 10])


def test_patient_buyers_rather_wait_than_take_what_they_would_hardly_choose():
    # 90 are unmet; the open vendor has a tenth of choice, the sold-out one nine tenths at half the weight.
    bought = rationed([[0.9], [0.1]], [100], [0, 1000], passes=2, patience=0.5)
    assert bought[:, 0] == pytest.approx([0, 10 + 90 * 0.1 / (0.1 + 0.5 * 0.9)])
    assert rationed([[0.5], [0.5]], [100], [1000, 1000], patience=1)[:, 0] == pytest.approx([50, 50])


def test_a_shortage_of_others_is_no_licence_to_ask_any_price():
    """Two equal vendors, one almost sold out: beyond some price the other earns less, and in the end nothing."""
    p = plain_world(2, **{"vendors__maker-0__stock": 10}, segments__buyers__patience=0.5)

    def earned(price: float) -> float:
        market = Market(p, 0, range(2))
        return market.step(change(market.observe().hold(), price=rows(60, price))).flows["sales"][1, 0]

    assert earned(600) < 0.5 * earned(60)
    assert earned(5000) < 0.1 * earned(600)


def test_a_short_vendor_serves_the_same_share_of_every_order():
    bought = rationed([[0.5, 0.1], [0.5, 0.9]], [100, 100], [30, 1000])
    assert bought[0] == pytest.approx([25, 5])
    assert bought.sum(axis=0) == pytest.approx([100, 100])


def test_money_that_may_not_go_abroad_turns_to_domestic_cards():
    """Buyers bound by a content rule who prefer foreign cards take domestic ones, while there are any."""
    choice = np.array([[0.1], [0.9]])[:, :, None] * np.ones(2)
    bought, asked, met = demand.ration(choice, rows(100), rows(1000, 1000), slice(1, None), rows(50), 0.0)
    assert bought[:, 0, 0] == pytest.approx([50, 50])
    assert asked[:, 0] == pytest.approx([50, 50])
    assert (met == 1).all()
    bought, _, met = demand.ration(choice, rows(100), rows(20, 1000), slice(1, None), rows(50), 0.0)
    assert bought[:, 0, 0] == pytest.approx([20, 50])
    assert met[:, 0] == pytest.approx([0.4, 1])
    bought, _, _ = demand.ration(choice[1:], rows(100), rows(1000), slice(0, None), rows(50), 0.0)
    assert bought[0, 0, 0] == pytest.approx(50)


def test_joint_procurement_moves_shares_and_not_the_cost_of_work():
    def quarter(lever: float):
        p = plain_world(2, policy={"joint_procurement": {"2025Q1": 0, "2025Q2": lever}})
        market = Market(p, 0, range(2))
        market.step(market.observe().hold())
        return market.step(change(market.observe().hold(), price=rows(60, 80)))

    alone, pooled = quarter(0), quarter(1)
    assert pooled.cost_index == pytest.approx(alone.cost_index)
    assert pooled.spend == pytest.approx(alone.spend)
    odds = [np.log(out.choice[0, 0, 0] / out.choice[1, 0, 0]) for out in (alone, pooled)]
    assert odds[1] - odds[0] == pytest.approx(2 * np.log(80 / 60))


@pytest.mark.parametrize("patience", [0.0, 2e-311, 1.0])
def test_no_cards_no_sales(patience: float):
    assert rationed([[0.5], [0.5]], [100], [0, 0], patience=patience) == pytest.approx(np.zeros((2, 1)))


@given(
    arrays(float, (4, 3), elements=st.one_of(st.just(0.0), st.floats(1e-200, 1))),
    arrays(float, (3,), elements=st.one_of(st.just(0.0), st.floats(1e-9, 1000))),
    arrays(float, (4,), elements=st.one_of(st.just(0.0), st.floats(1e-9, 1000))),
)
def test_rationing_never_sells_more_than_stock_nor_more_than_wanted(choice, wanted, stock):
    sums = choice.sum(axis=0)
    choice = np.where(sums > 0, choice / np.where(sums > 0, sums, 1), 0.25)
    bought = rationed(choice, wanted, stock)
    assert (bought >= 0).all()
    assert (bought.sum(axis=1) <= stock * (1 + 1e-9) + 1e-9).all()
    assert (bought.sum(axis=0) <= wanted * (1 + 1e-9) + 1e-9).all()
    if (choice > 1e-3).all() and (stock >= wanted.sum()).sum() >= 1:
        assert bought.sum(axis=0) == pytest.approx(wanted, rel=1e-6, abs=1e-6)


def test_unmet_spend_waits_or_is_lost():
    p = plain_world(1, each={"stock": 1, "in_process": [0, 0]}, segments__buyers__patience=0.25)
    market = Market(p, 0, range(2))
    outcome = market.step(market.observe().hold())
    unmet = outcome.spend[0, 0] - outcome.bought[:, 0, 0].sum()
    assert unmet > 1000
    assert market.state.waiting[0, 0] == pytest.approx(0.25 * unmet)
    assert outcome.lost[0, 0] == pytest.approx(0.75 * unmet)
    following = market.step(market.observe().hold())
    assert following.spend[0, 0] == pytest.approx(6000 + 0.25 * unmet)


def test_the_state_pays_what_buyers_of_subsidised_cards_do_not():
    p = plain_world(2, policy={"purchase_subsidy": 0.25})
    market = Market(p, 0, range(2))
    outcome = market.step(market.observe().hold())
    paid = outcome.flows["sales"][:, 0]
    assert paid == pytest.approx(outcome.bought[:, 0, 0])
    assert outcome.flows["purchase_subsidy"][:, 0] == pytest.approx(paid / 3)
    assert paid == pytest.approx(0.75 * 60 * outcome.sold[:, 0])


def test_a_tariff_raises_the_foreign_price():
    p = plain_world(1, foreign={"nv": foreign_supplier()}, policy={"import_tariff": 0.2, "import_ceiling": 0.5})
    market = Market(p, 0, range(2))
    everybody = market.observe().of(slice(0, 2)).hold()
    outcome = market.step(change(everybody, price=1.0))
    assert outcome.price[:, 0] == pytest.approx([1, 120])
    assert market.parameters.conditions[0].foreign_supply[0, 0] == pytest.approx(5)


def test_demand_without_any_seller_is_as_planned():
    """Nobody on sale for a quarter must not blow up the money that waits for the next."""
    p = plain_world(2, segments__buyers__demand_elasticity=0.5, segments__buyers__patience=0.5)
    market = Market(p, 0, range(2))
    market.state = replace(market.state, alive=np.zeros((2, 2), dtype=bool))
    outcome = market.step(market.observe().hold())
    assert outcome.spend[0, 0] == pytest.approx(6000)
    assert market.state.waiting[0, 0] == pytest.approx(3000)
    assert np.isfinite(outcome.cost_index).all()


def test_a_vendor_with_cards_in_stock_sells_them():
    p = plain_world(1, each={"stock": 10, "installed": 0, "in_process": [0, 0]})
    market = Market(p, 0, range(2))
    outcome = market.step(market.observe().hold())
    assert outcome.sold[0, 0] == pytest.approx(10)
