"""What theory says must come out (rule book, known answers)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from agents.strategies.outlook import Outlook
from agents.strategies.planning import best_markup
from marketsim.decisions import change
from marketsim.market import Market
from marketsim.rules import demand, population
from marketsim.rules.sales import choice_and_index, shelf
from tests.worlds import ENTRANT, plain_world, rows, start

COST = 40.0


def demanded(p, prices: np.ndarray) -> np.ndarray:
    """Cards that buyers want at these prices, by the rule book's own demand functions."""
    now, state = start(p)
    even = np.full((len(p.vendors), len(p.segments), 2), 1 / len(p.segments))
    choice, _, index = choice_and_index(p, now, shelf(p, now, state, rows(*prices), even, 0 * even))
    money = demand.spend(p, now, index, state.reference_cost, rows(*[0] * len(p.segments)))
    return (choice * money).sum(axis=1)[:, 0] / prices


def best_reply(p, prices: np.ndarray, vendor: int) -> float:
    def loss(log_price: float) -> float:
        tried = prices.copy()
        tried[vendor] = np.exp(log_price)
        return -(tried[vendor] - COST) * demanded(p, tried)[vendor]

    found = optimize.minimize_scalar(
        loss, bounds=(np.log(COST), np.log(60 * COST)), method="bounded", options={"xatol": 1e-9}
    )
    return float(np.exp(found.x))


@pytest.mark.parametrize(("vendors", "alpha", "eps"), [(2, 2.0, 1.2), (3, 4.0, 0.5), (5, 1.5, 1.0)])
def test_best_replies_settle_at_the_textbook_markup(vendors: int, alpha: float, eps: float):
    p = plain_world(vendors, segments__buyers__price_sensitivity=alpha, segments__buyers__demand_elasticity=eps)
    prices = np.linspace(50, 90, vendors)
    for _ in range(20):
        for vendor in range(vendors):
            prices[vendor] = best_reply(p, prices, vendor)
    share = 1 / vendors
    e = (alpha + 1) * (1 - share) + eps * share
    assert prices / COST == pytest.approx(np.full(vendors, e / (e - 1)), rel=1e-4)


def test_a_monopolists_markup():
    p = plain_world(1, segments__buyers__demand_elasticity=2.5)
    assert best_reply(p, np.array([60.0]), 0) / COST == pytest.approx(2.5 / 1.5, rel=1e-4)


def test_the_outside_elasticity_of_ones_own_demand():
    p = plain_world(3, segments__buyers__price_sensitivity=3, segments__buyers__demand_elasticity=0.7)
    prices = np.array([50.0, 60.0, 75.0])
    base = demanded(p, prices)
    share = (base * prices / (base * prices).sum())[0]
    step = 1e-5
    moved = demanded(p, prices * np.array([1 + step, 1, 1]))
    slope = np.log(moved[0] / base[0]) / np.log(1 + step)
    assert -slope == pytest.approx(4 * (1 - share) + 0.7 * share, rel=1e-4)


@pytest.mark.parametrize(("vendors", "alpha", "eps"), [(1, 2.0, 2.5), (3, 2.0, 1.2)])
def test_the_best_response_strategy_uses_the_textbook_markup(vendors: int, alpha: float, eps: float):
    changes = {"segments__buyers__price_sensitivity": alpha, "segments__buyers__demand_elasticity": eps}
    p = plain_world(vendors, each={"in_process": [10, 10]}, **changes)
    e = (alpha + 1) * (1 - 1 / vendors) + eps / vendors
    found = best_markup(Outlook(Market(p, 0, range(2)).observe()))
    assert found == pytest.approx(np.full((vendors, 2), e / (e - 1)), rel=1e-6)


def test_a_simulated_run_with_learning_alone_has_slope_minus_b():
    learning = {"technology__learning_rate": 0.2, "technology__board_cost": 7, "quarters": 24}
    p = plain_world(
        1, each={"contracts": {"node": 4}, "in_process": [50, 50]}, nodes__node__contract_life=1e9, **learning
    )
    market = Market(p, 0, range(2))
    cost, output = [], []
    while not market.over:
        seen = market.observe()
        cost.append(seen.card_cost[0, 0])
        output.append(market.state.cumulative[0, 0])
        market.step(seen.hold())
    assert output[-1] / output[0] > 2
    slope, _ = np.polyfit(np.log(output), np.log(cost), 1)
    assert slope == pytest.approx(np.log2(0.8), rel=1e-9)


def first_choice(**changes) -> np.ndarray:
    market = Market(plain_world(3, **changes), 0, range(2))
    return market.step(market.observe().hold()).choice[:, 0, 0]


def test_without_lock_in_history_does_not_matter():
    history = {"vendors__maker-0__installed": 5000, "vendors__maker-1__installed": 1}
    assert np.array_equal(first_choice(**history), first_choice())
    with_lock_in = first_choice(segments__buyers__lock_in=1, **history)
    assert with_lock_in[0] > 0.9


def test_without_lock_in_history_does_not_matter_over_time():
    p = [plain_world(3, **{"vendors__maker-0__installed": installed}) for installed in (5000, 1)]
    markets = [Market(world, 0, range(2)) for world in p]
    for _ in range(8):
        one, two = (market.step(market.observe().hold()) for market in markets)
        assert np.array_equal(one.choice, two.choice)


def test_the_cheapest_work_takes_all_as_buyers_become_sensitive():
    """Not the cheapest card: twice the bandwidth for 1.5 times the price is cheaper per token of decode."""
    pure_decode = {"segments__buyers__training": 0, "segments__buyers__prefill": 0}
    better = {"vendors__maker-1__price": 90, "vendors__maker-1__product__architecture": 4}
    shares = [
        first_choice(segments__buyers__price_sensitivity=alpha, **pure_decode, **better)[1]
        for alpha in (0.5, 2, 5, 20, 50)
    ]
    assert (np.diff(shares) > 0).all()
    assert shares[-1] > 1 - 1e-5
    odds = 2 / 1.5
    assert shares[1] == pytest.approx(odds**2 / (odds**2 + 2))


def test_where_supply_binds_shares_follow_cards_on_hand():
    stocks = (3, 6, 1)
    world = {f"vendors__maker-{number}__stock": stock for number, stock in enumerate(stocks)}
    p = plain_world(3, each={"in_process": [0, 0]}, **world, **{"vendors__maker-0__software": {"family": 1.0}})
    market = Market(p, 0, range(2))
    outcome = market.step(change(market.observe().hold(), price=rows(100, 60, 80)))
    assert outcome.choice[0, 0, 0] != pytest.approx(0.3, abs=0.05)
    assert (outcome.orders[:, 0] > np.array(stocks)).all()
    assert outcome.sold[:, 0] == pytest.approx(stocks)


RATE, QUARTERS, RUNS = 0.8, 12, 4096


def entry_market() -> Market:
    world = {"population__entry_rate": RATE, "population__largest_population": 1e9, "quarters": QUARTERS}
    return Market(plain_world(1, entrants={"new": {**ENTRANT, "slots": 40, "overhead": 0}}, **world), 21, range(RUNS))


def check_poisson(counts: np.ndarray, mean: float) -> None:
    """Mean and variance of counts within 4.5 standard errors of a Poisson distribution's."""
    assert abs(counts.mean() - mean) < 4.5 * np.sqrt(mean / counts.size)
    fourth_moment = mean + 3 * mean**2
    assert abs(counts.var() - mean) < 4.5 * np.sqrt((fourth_moment - mean**2) / counts.size)


def test_entry_with_constant_hazard_is_a_poisson_process():
    market = entry_market()
    counts = [np.zeros(RUNS)]
    while not market.over:
        now, state = market.now, market.state
        entering = population.entries(market.parameters, now, state, market.draws.entry)
        market.state = population.founded(market.parameters, now, state, entering, market.draws.heritage)
        market.quarter, market._draws = market.quarter + 1, None
        counts.append(market.state.alive.sum(axis=0) - 1)
    for quarter in (1, 4, QUARTERS):
        check_poisson(counts[quarter], RATE * quarter)
    steps = np.diff(np.array(counts), axis=0)
    assert abs(np.corrcoef(steps[3], steps[4])[0, 1]) < 4.5 / np.sqrt(RUNS)


def test_entry_in_a_played_market_is_poisson():
    market = entry_market()
    entered = np.zeros(RUNS)
    for _ in range(3):
        outcome = market.step(market.observe().of(slice(0, 41)).hold())
        entered += outcome.entered.sum(axis=0)
    assert not outcome.failed.any()
    check_poisson(entered, 3 * RATE)


def test_entry_and_constant_exit_hazard_is_an_infinite_server_queue():
    """In discrete time: firms that survive a quarter with chance q number Poisson with mean h0 * sum q^k."""
    market = entry_market()
    survival = 0.75
    rng = np.random.default_rng(5)
    expected = 0.0
    for _ in range(QUARTERS):
        dies = rng.random(market.state.alive.shape) > survival
        dies[0] = False
        state = population.buried(market.state, market.state.alive & dies)
        entering = population.entries(market.parameters, market.now, state, market.draws.entry)
        market.state = population.founded(market.parameters, market.now, state, entering, market.draws.heritage)
        market.quarter, market._draws = market.quarter + 1, None
        expected = expected * survival + RATE
    check_poisson(market.state.alive.sum(axis=0) - 1.0, expected)
