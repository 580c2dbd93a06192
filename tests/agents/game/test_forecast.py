"""Forecasts: the rule book's own figures, no more knowledge than the player's, and the game untouched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agents.game import Game, GameError, Plan, Setup, plan_of
from agents.game.forecast import Band, band, forecast
from agents.game.game import digest
from agents.game.rehearsal import rehearse
from benchmarks.forecasts import coverage, inside
from marketsim.chance import draw
from marketsim.observation import observe
from marketsim.state import MarketState

SETUP = Setup(vendor="cambricon", quarters=16)


def in_play(quarters: int, setup: Setup = SETUP) -> Game:
    game = Game(setup)
    for _ in range(quarters):
        game.play(game.advised("disciplined"))
    return game


@pytest.fixture(scope="module")
def game() -> Game:
    """Five quarters in; not to be played on."""
    return in_play(5)


@pytest.fixture(scope="module")
def plan(game: Game) -> Plan:
    return game.held()


def test_the_game_stays_as_it_is_and_the_same_call_gives_the_same_figures(game: Game, plan: Plan):
    before = digest(game.state), len(game.turns), game.model.market.quarter
    first, second = forecast(game, plan), forecast(game, plan)
    assert repr(first) == repr(second)  # NaN is not equal to itself
    assert (digest(game.state), len(game.turns), game.model.market.quarter) == before
    fork, again = game.fork(5), game.fork(5)
    forecast(fork, plan)
    assert fork.play(plan).digest == again.play(plan).digest


def test_nothing_of_it_is_the_games_own_luck(game: Game, plan: Plan):
    for number, step in enumerate(rehearse(game, [plan], 4, 32)):
        own = draw(game.parameters, SETUP.seed, range(2), 5 + number)
        assert not (step.luck.demand == own.demand[:, :1]).all(axis=0).any()
        assert not (step.luck.quality == own.quality[:, :1]).all(axis=0).any()


def test_it_tells_nothing_of_rivals_private_books(plan: Plan):
    known = in_play(5)
    expected = forecast(known, plan)
    known.model.market.state = other_books(known)
    assert repr(forecast(known, plan)) == repr(expected)


def other_books(game: Game) -> MarketState:
    """The market with rivals' private books mixed up; what is under contract in all is public and stays."""
    state, p = game.state, game.parameters
    rivals = np.array([v for v in range(p.domestic) if v != game.seat])
    changes = {}
    for name in ("cash", "debt", "stock", "stock_value", "pipeline", "pipeline_value", "research", "shortfall"):
        changes[name] = 1.0 * getattr(state, name)
        changes[name][rivals] *= 3.0
    for name in ("contracts", "arriving"):
        changes[name] = getattr(state, name).copy()
        changes[name][rivals] = changes[name][rivals[::-1]]
    for name in ("cost_factor", "growth", "next_architecture"):
        changes[name] = getattr(state, name) + 0.5 * np.isin(np.arange(len(p.vendors)), rivals)[:, None]
    designs = state.next_quarters.copy()
    designs[rivals] = 1  # all of them bring a product out next quarter
    return replace(state, next_quarters=designs, **changes)


def test_an_event_to_come_is_not_known(plan: Plan):
    surprised = in_play(1)
    expected = forecast(surprised, plan)
    to_come = [event for event in surprised.world.events if event.quarter > surprised.now.name and event.changes]
    assert to_come  # internet firms are told in 2025Q3 to stop buying abroad
    kept = [event for event in surprised.world.events if event not in to_come]
    surprised.world = surprised.world.model_copy(update={"events": kept})
    assert repr(forecast(surprised, plan)) == repr(expected)


def test_who_gives_cards_away_sells_what_there_is(game: Game, plan: Plan):
    state, seat = game.state, game.seat
    assert state.next_quarters[seat, 0] != 1  # no launch, which would write stock off
    cards = float(state.stock[seat, 0] + state.pipeline[seat, 0, 0])
    cost = float(state.stock_value[seat, 0] + state.pipeline_value[seat, 0, 0])
    ahead = forecast(game, plan.with_value("price", 0.5)).quarters[0]
    for figure, value in (
        (ahead.sold, cards),
        (ahead.revenue, 0.5 * cards),
        (ahead.unit_cost, cost / cards),
        (ahead.margin, 1 - cost / (0.5 * cards)),
    ):
        np.testing.assert_allclose((figure.low, figure.median, figure.high), value, rtol=1e-9)
    assert forecast(game, plan.with_value("price", 5000.0)).quarters[0].sold.high < 0.01 * cards


def test_what_is_certain_comes_true(game: Game, plan: Plan):
    cheap = plan.with_value("price", 0.5)
    expected = forecast(game, cheap).quarters[0]
    turn = game.fork(5).play(cheap)
    assert float(turn.outcome.sold[game.seat, 0]) == pytest.approx(expected.sold.median)
    low, high = expected.cash.low, expected.cash.high
    assert low - 0.05 * abs(low) <= float(turn.after.cash[game.seat, 0]) <= high + 0.05 * abs(high)


def test_card_cost_and_runway_are_those_of_an_observation(game: Game, plan: Plan):
    ahead = forecast(game, plan).quarters[0]
    assert ahead.card_cost.median == pytest.approx(float(game.observation.card_cost[0, 0]))
    (step,) = rehearse(game, [plan], 1, 4)
    p = step.obs.world
    then = observe(step.after.state, p.conditions[6], p, step.luck).of(slice(game.seat, game.seat + 1))
    due = then.debt * then.now.interest + then.debt / p.finance.debt_term + p.overhead[game.seat]
    due = due + 1.4 * p.research_base[game.seat] + p.finance.frontier_share * then.public.domestic_revenue
    lasts = then.cash / np.maximum(due - then.gross_profit, 0.025 * then.cash)
    np.testing.assert_allclose(step.runway, lasts[0])


def test_plans_meet_the_same_luck_and_a_dearer_card_is_chosen_less_in_every_run(game: Game, plan: Plan):
    steps = rehearse(game, [plan, plan.with_value("price", 1.1 * plan.price), plan], 2, 16)
    for step in steps:
        choice, orders = step.own("choice"), step.own("orders")
        assert (choice[:, 16:32] < choice[:, :16]).all()
        np.testing.assert_array_equal(orders[32:], orders[:16])


def test_the_plan_is_held_after_its_quarter(game: Game, plan: Plan):
    asked = plan.with_value("capacity.n7", 0.3).with_value("funds", 900.0).with_value("price", 66.0)
    asked = asked.with_value("start_product", True).with_value("premium", 0.2).with_value("bid", 5.0)
    fork = game.fork(5)
    fork.play(asked)
    first, second = rehearse(game, [asked], 2, 2)
    assert plan_of(first.decision, game.parameters, game.seat) == asked
    assert plan_of(second.decision, game.parameters, game.seat) == fork.held()


def test_a_vendor_without_money_fails(game: Game):
    ruined = in_play(3)
    state, seat = ruined.state, ruined.seat
    rows = {
        name: getattr(state, name).copy() for name in ("cash", "debt", "stock", "stock_value", "pipeline", "revenue")
    }
    for value in rows.values():
        value[seat] = 0.0
    rows["debt"][seat] = 1e6
    ruined.model.market.state = replace(state, **rows)
    quarters = forecast(ruined, ruined.held()).quarters
    assert quarters[0].failure == 1.0
    assert (quarters[0].runway.high, quarters[0].cash.high) == (0.0, 0.0)
    assert quarters[1].sold.high == 0.0 and np.isnan(quarters[1].margin.median)


def test_it_ends_with_the_game():
    short = in_play(2, Setup(vendor="hygon", quarters=3))
    assert [ahead.quarter for ahead in forecast(short, short.held()).quarters] == ["2025Q3"]
    short.play(short.held())
    with pytest.raises(GameError, match="over"):
        forecast(short, short.held())
    with pytest.raises(GameError, match="watched"):
        forecast(Game(Setup(quarters=2)), short.plans[0] or short.held())


def test_a_band_holds_eight_of_ten_further_draws():
    rng = np.random.default_rng(3)
    hits = []
    for _ in range(4000):
        found, value = band(rng.standard_normal(32)), rng.standard_normal()
        hits.append(found.low <= value <= found.high)
    assert np.mean(hits) == pytest.approx(0.8, abs=0.02)  # three standard errors; by linear quantiles it is 0.75
    assert band(np.array([np.nan, 1.0, 1.0])) == Band(1.0, 1.0, 1.0)


def test_what_happens_lies_inside_the_bands_about_as_often_as_it_should():
    counts, _ = coverage(games=2, quarters=10)
    for figure in ("sold", "revenue", "margin", "cash", "share", "orders"):
        assert inside(counts[figure, 1]) >= 0.5, figure  # if rivals just hold, shares are inside in 20 %
