"""Each strategy, move by move, on observations made for the case. Nodes: 0 7nm, 1 12nm, 2 5nm (open from 2030)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from agents.strategies import get
from marketsim.decisions import Decision
from marketsim.observation import Observation
from marketsim.rules.technology import cards_per_wafer
from marketsim.scenario.parameters import Parameters

Bend = Callable[..., Observation]
N7, N12, N5 = 0, 1, 2
HBM, GDDR, LPDDR = 0, 1, 2
READY = {"research": 1e3, "cash": 1e4}
LATE = 30
"""A quarter in which the 5nm node is open."""


def play(name: str, obs: Observation) -> Decision:
    return get(name).decide(obs)


def capacity(name: str, obs: Observation) -> float:
    """Sum of what the first vendor asks for in the first run."""
    return float(np.maximum(play(name, obs).capacity[0, :, 0], 0).sum())


@pytest.mark.parametrize(
    ("name", "node", "memory"),
    [
        ("cost-leader", N12, LPDDR),
        ("flagship", N7, HBM),
        ("skimmer", N7, HBM),
        ("disciplined", N7, HBM),
        ("ecosystem", N7, HBM),
        ("manufacturer", N12, LPDDR),
        ("leveraged-manufacturer", N12, LPDDR),
    ],
)
def test_starts_its_kind_of_product(name: str, node: int, memory: int, bend: Bend) -> None:
    decision = play(name, bend(**READY))
    assert decision.start_product.all()
    assert (decision.product_node == node).all()
    assert (decision.product_memory == memory).all()


def test_moves_to_the_next_node_when_it_opens(bend: Bend) -> None:
    assert (play("flagship", bend(quarter=LATE, **READY)).product_node == N5).all()
    assert (play("cost-leader", bend(quarter=LATE, **READY)).product_node == N12).all()


def test_a_large_vendor_stays_on_the_node_that_can_serve_it(bend: Bend) -> None:
    """Half grown, 5nm gives less compute in all than 7nm to a vendor whose orders neither can meet."""
    narrow = {"quarter": 21, **READY}  # 20 of 40 k wafers, against 60 on 7nm
    assert (play("flagship", bend(orders=5.0, **narrow)).product_node == N5).all()
    assert (play("flagship", bend(orders=500.0, **narrow)).product_node == N7).all()


def test_ecosystem_takes_memory_that_can_be_had_in_volume(bend: Bend) -> None:
    hbm, gddr = 3.2, 0.8
    share = 4e3 / 96 / 16  # k cards: a sixteenth part of HBM, vendors being equal
    few, many = bend(orders=share, **READY), bend(orders=1.1 * share * hbm / gddr, **READY)
    assert (play("ecosystem", few).product_memory == HBM).all()
    assert (play("ecosystem", many).product_memory == GDDR).all()
    assert (play("flagship", many).product_memory == HBM).all()


@pytest.mark.parametrize("name", ["cost-leader", "flagship", "manufacturer", "disciplined"])
def test_starts_no_product_twice_too_early_or_unpaid(name: str, bend: Bend) -> None:
    assert not play(name, bend(next_quarters=2, **READY)).start_product.any()
    assert not play(name, bend(research=50.0, cash=1e4)).start_product.any()
    assert not play(name, bend(research=1e3, cash=250.0)).start_product.any()


def test_cost_leader_is_cheaper_than_flagship_and_passes_on_a_glut(bend: Bend) -> None:
    calm = {"orders": 6.0, "growth": 0.0, "price": 20.0}
    assert (play("cost-leader", bend(**calm)).price < play("flagship", bend(**calm)).price).all()
    glut = bend(orders=6.0, growth=0.0, stock=60.0, price=40.0)
    assert np.allclose(play("cost-leader", glut).price, 40 * 0.88)


def test_skimmer_prices_above_the_market_and_its_cost(bend: Bend) -> None:
    obs = bend(price=200.0, orders=6.0, growth=0.0)
    price = play("skimmer", obs).price
    assert (price > obs.public.domestic_price * 0.9).all()
    assert (price > 1.5 * obs.card_cost).all()
    assert (price >= play("flagship", obs).price).all()
    assert (price >= play("disciplined", obs).price).all()


def test_skimmer_asks_two_and_a_half_times_its_cost_where_the_market_is_cheap(bend: Bend) -> None:
    cost = bend().card_cost.mean()
    glut = bend(price=2.5 * cost, sold=10.0, revenue=10 * cost, orders=2.0, growth=0.0, stock=3.0)
    assert np.allclose(glut.public.domestic_price, cost)
    assert (play("skimmer", glut).price > 2.4 * cost).all()


def test_skimmer_and_disciplined_hold_the_price_in_a_glut_that_the_manufacturer_follows(bend: Bend) -> None:
    glut = bend(orders=4.0, growth=0.0, stock=80.0, price=30.0)
    fall = {name: float(play(name, glut).price[0, 0]) / 30.0 for name in ("skimmer", "disciplined", "manufacturer")}
    assert fall["skimmer"] > 0.9
    assert fall["disciplined"] > 0.9
    assert fall["manufacturer"] == pytest.approx(0.75)


def test_manufacturer_goes_down_to_variable_cost_and_no_further(bend: Bend) -> None:
    deep = bend(orders=1.0, growth=-0.3, stock=500.0, price=8.0)
    decision = play("manufacturer", deep)
    assert np.allclose(decision.price, deep.card_cost)
    assert (decision.run_share == 1).all()


def test_leveraged_manufacturer_cuts_with_the_industry_and_does_not_run_for_the_shelf(bend: Bend) -> None:
    glut = bend(orders=4.0, growth=0.0, stock=80.0, price=30.0)
    decision = play("leveraged-manufacturer", glut)
    assert (decision.price < 0.9 * 30).all()
    assert (decision.run_share == 0).all()
    assert (decision.capacity >= 0).all()
    assert np.allclose(play("leveraged-manufacturer", bend(orders=1.0, stock=500.0, price=8.0)).price, glut.card_cost)


def test_leveraged_manufacturer_builds_for_growth_in_full_and_asks_for_the_money(bend: Bend, chips: Parameters) -> None:
    rich, poor = (bend(orders=40.0, growth=0.2, cash=cash, node=N12) for cash in (1e6, 0.0))
    decision = play("leveraged-manufacturer", rich)
    wafers = 40 * np.exp(0.2 * 5) / cards_per_wafer(chips, rich.now, rich.state.wafers_made)[N12]
    held = rich.contracts[:, N12] * (1 - 1 / 8) ** 2
    assert np.allclose(decision.capacity[:, N12] + held, wafers)
    assert not decision.funds.any()
    assert (decision.bid > 0).all()
    assert (play("leveraged-manufacturer", poor).funds > 0).all()
    assert not play("leveraged-manufacturer", poor).capacity.any()
    assert not play("leveraged-manufacturer", poor).bid.any()


def test_hoarder_asks_for_more_than_cost_leader_and_that_for_more_than_disciplined(bend: Bend) -> None:
    growth = bend(orders=40.0, growth=0.2, cash=1e5)
    hoarder, leader, careful = (capacity(name, growth) for name in ("capacity-hoarder", "cost-leader", "disciplined"))
    assert hoarder > leader > careful > 0
    assert (play("capacity-hoarder", growth).premium > play("disciplined", growth).premium).all()


def test_hoarder_reads_shortage_as_demand(bend: Bend) -> None:
    short = bend(orders=40.0, sold=20.0, growth=0.1, cash=1e5)
    served = bend(orders=40.0, sold=40.0, growth=0.1, cash=1e5)
    assert capacity("capacity-hoarder", short) > 1.5 * capacity("capacity-hoarder", served)


def test_hoarder_gives_up_little_of_an_idle_contract(bend: Bend) -> None:
    idle = bend(orders=1.0, growth=-0.2)
    given_up = {name: -play(name, idle).capacity[0, N7, 0] for name in ("capacity-hoarder", "disciplined")}
    assert 0 < given_up["capacity-hoarder"] < 0.2 * given_up["disciplined"]
    assert (play("manufacturer", idle).capacity >= 0).all()


@pytest.mark.parametrize("growth", [-0.2, 0.0, 0.2, 0.5])
def test_disciplined_never_asks_beyond_orders(growth: float, bend: Bend, chips: Parameters) -> None:
    obs = bend(orders=60.0, growth=growth, cash=1e6)
    for_orders = 60.0 / cards_per_wafer(chips, obs.now, obs.state.wafers_made)[N7]
    held = obs.contracts[:, N7] * (1 - 1 / 8) ** 2
    assert np.allclose(play("disciplined", obs).capacity[:, N7] + held, for_orders)
    if growth > 0:
        assert (play("cost-leader", obs).capacity[:, N7] + held > for_orders).all()


def test_disciplined_stops_the_line_when_stock_covers_orders(bend: Bend) -> None:
    glut = bend(orders=4.0, growth=0.0, stock=80.0)
    assert (play("disciplined", glut).run_share == 0).all()
    assert (play("manufacturer", glut).run_share == 1).all()
    assert (play("disciplined", bend(orders=80.0, growth=0.0, stock=0.0)).run_share == 1).all()


def test_round_chaser_asks_for_funds_though_it_is_rich(bend: Bend) -> None:
    rich = bend(cash=1e5)
    assert (play("round-chaser", rich).funds > 0).all()
    assert (play("disciplined", rich).funds == 0).all()
    poor = bend(cash=100.0, gross_profit=0.0)
    assert (play("disciplined", poor).funds > 0).all()


def test_round_chaser_spends_more_and_asks_less_for_a_card_than_the_disciplined(bend: Bend) -> None:
    obs = bend(price=20.0, orders=6.0, growth=0.0)
    chaser, careful = play("round-chaser", obs), play("disciplined", obs)
    assert (chaser.research > careful.research).all()
    assert (chaser.price < careful.price).all()


def test_ecosystem_puts_software_and_service_first(bend: Bend) -> None:
    obs = bend(revenue=5000.0)
    own, other = play("ecosystem", obs), play("flagship", obs)
    assert (own.adaptation > other.adaptation).all()
    assert (own.service > other.service).all()
    assert (own.research < other.research).all()


def test_adaptation_goes_to_what_buyers_use_and_what_is_missing(bend: Bend) -> None:
    split = play("ecosystem", bend(software=0.5)).adaptation_split[0, :, 0]
    assert split[0] / split[1] == pytest.approx(0.7 / 0.3)
    tuned = np.array([1.0, 0.2])[None, :, None]
    split = play("ecosystem", bend(software=tuned)).adaptation_split[0, :, 0]
    assert split[1] > 50 * split[0]


def test_captive_serves_the_segments_of_its_parent(bend: Bend) -> None:
    focus = play("captive", bend()).focus[0, :, 0]
    spend = np.array([6e3, 8e3, 3e3]) * np.exp([0.0, 0.0, 1.0])
    assert np.allclose(focus, spend / spend.max())


def test_captive_price_hardly_moves_with_the_market(bend: Bend) -> None:
    tight = play("captive", bend(orders=40.0, growth=0.0, stock=0.0, price=20.0)).price
    loose = play("captive", bend(orders=4.0, growth=0.0, stock=60.0, price=20.0)).price
    assert (loose < tight).all()
    assert (loose > 0.9 * 20).all()
    assert (tight <= 1.05 * 20 + 1e-9).all()


def test_fast_follower_copies_the_leader_and_undercuts(bend: Bend, chips: Parameters) -> None:
    leader = np.zeros((len(chips.vendors), 1))
    leader[7] = 900.0
    node, memory = np.full((2, len(chips.vendors), 1), N7)
    node[7], memory[7] = N12, LPDDR
    obs = bend(revenue=leader, sold=leader / 30, node=node, memory=memory, price=30.0, orders=6.0, **READY)
    decision = play("fast-follower", obs)
    assert (decision.product_node == N12).all()
    assert (decision.product_memory == LPDDR).all()
    assert (decision.price <= 0.9 * obs.public.domestic_price + 1e-9).all()
    assert (decision.price > obs.card_cost).all()


def test_inference_specialist_sells_inference(bend: Bend) -> None:
    focus = play("inference-specialist", bend()).focus[0, :, 0]
    training, inference, government = focus
    assert inference == 1.0
    assert training < 0.1
    assert training < government < inference


def test_mature_node_makes_the_fastest_memorys_card_where_few_queue_and_sells_inference_dear(bend: Bend) -> None:
    late = play("mature-node", bend(quarter=LATE, **READY))
    assert (late.product_node == N12).all() and (late.product_memory == HBM).all()
    decision = play("mature-node", bend())
    assert (decision.focus == play("inference-specialist", bend()).focus).all()
    calm = bend(orders=6.0, growth=0.0, price=20.0)
    assert (play("mature-node", calm).price > play("cost-leader", calm).price).all()


def test_mature_node_builds_for_more_growth_than_the_specialist_and_less_than_the_hoarder(bend: Bend) -> None:
    growth = bend(orders=40.0, growth=0.2, cash=1e6, node=N12)
    own, specialist, hoarder = (
        play(name, growth) for name in ("mature-node", "inference-specialist", "capacity-hoarder")
    )
    assert (own.capacity[:, N12] > specialist.capacity[:, N12]).all()
    assert 0 == specialist.premium.max() < own.premium.min() <= own.premium.max() < hoarder.premium.min()
    assert capacity("mature-node", growth) < capacity("capacity-hoarder", growth)


def test_inference_specialist_takes_the_best_bandwidth_for_the_money(bend: Bend) -> None:
    assert (play("inference-specialist", bend(**READY)).product_memory == HBM).all()
    empty = np.array([[0.0], [np.inf], [np.inf]])
    assert (play("inference-specialist", bend(memory_stock=empty, **READY)).product_memory == GDDR).all()


@pytest.mark.parametrize("name", ["consolidator", "manufacturer"])
def test_bids_with_spare_cash_only(name: str, bend: Bend) -> None:
    assert (play(name, bend(cash=1e5)).bid > 1e4).all()
    assert (play(name, bend(cash=500.0)).bid == 0).all()
    assert (play("disciplined", bend(cash=1e5)).bid == 0).all()


def test_best_response_prices_at_the_bertrand_markup_when_cards_are_ample(bend: Bend, chips: Parameters) -> None:
    obs = bend(orders=4.0, growth=0.0, stock=100.0, quarter=3)
    spend = chips.conditions[3].spend[:, 0]
    assert len(set(chips.of_segments("price_sensitivity")[:, 0])) == 1
    sigma, eps = 1 + 2.0, 1.3
    assert spend.sum() > 0
    elasticity = sigma * (1 - obs.revenue_share) + eps * obs.revenue_share
    assert np.allclose(play("best-response", obs).price, obs.card_cost * elasticity / (elasticity - 1))


def test_best_response_sells_scarce_cards_at_the_clearing_price(bend: Bend) -> None:
    obs = bend(orders=20.0, growth=0.0, stock=5.0, pipeline=5.0, price=60.0)
    elasticity = 3.0 * (1 - obs.revenue_share) + 1.3 * obs.revenue_share
    assert np.allclose(play("best-response", obs).price, 60 * 2 ** (1 / elasticity), rtol=1e-3)


def test_platform_goes_to_the_markup_that_its_share_commands_short_or_not(bend: Bend) -> None:
    elasticity = 3.0 * (1 - bend().revenue_share) + 1.3 * bend().revenue_share
    aim = bend().card_cost * elasticity / (elasticity - 1)
    near = {"price": 1.05 * float(aim.mean()), "growth": 0.0}
    for_sale, sold_out = bend(orders=4.0, stock=100.0, **near), bend(orders=400.0, stock=1.0, **near)
    assert np.allclose(play("platform", for_sale).price, aim)
    assert np.allclose(play("platform", sold_out).price, aim)
    dear = bend(orders=4.0, price=10 * float(aim.mean()))
    assert np.allclose(play("platform", dear).price, 0.9 * dear.price)


def test_platform_charges_more_the_larger_its_share(bend: Bend) -> None:
    one = np.zeros((len(bend().world.vendors), 1))
    one[0] = 1e4
    prices = play("platform", bend(revenue=1.0 + one, price=60.0)).price
    assert (prices[0] > 1.1 * prices[1]).all()


def test_platform_plans_with_slack(bend: Bend, chips: Parameters) -> None:
    obs = bend(orders=60.0, growth=0.0, cash=1e6)
    held = obs.contracts[:, N7] * (1 - 1 / 8) ** 2
    for_orders = 60.0 / cards_per_wafer(chips, obs.now, obs.state.wafers_made)[N7]
    assert np.allclose(play("platform", obs).capacity[:, N7] + held, 1.25 * for_orders)
    spent = play("platform", bend(revenue=5000.0))
    assert (spent.adaptation > spent.research).all()


def test_random_differs_by_its_dice_and_stays_near_cost(bend: Bend) -> None:
    obs = bend()
    decision = play("random", obs)
    assert len(np.unique(decision.price)) == decision.price.size
    assert (np.abs(np.log(decision.price / (1.5 * obs.card_cost))) <= 0.25 * 2.5 + 1e-6).all()
    assert (np.abs(decision.capacity) <= 0.25 * obs.contracts + 1e-9).all()
    assert not np.array_equal(decision.price, play("random", bend(quarter=1)).price)


def test_hold_changes_nothing(bend: Bend) -> None:
    obs = bend(orders=50.0, growth=0.4, **READY)
    decision = play("hold", obs)
    assert np.array_equal(decision.price, obs.price)
    assert not decision.capacity.any()
    assert not decision.start_product.any()
    assert not decision.funds.any()
