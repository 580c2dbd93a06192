"""What a game was worth: known answers, terms that add up, and one game as it is among many."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.game import Game, Setup
from agents.game.score import TERMS, Score, score
from marketsim.decisions import change
from marketsim.market import Market
from marketsim.scenario.parameters import Parameters
from marketsim.state import MarketState
from marketsim.trace import Trace, Tracer

RUNNING = ("take_or_pay", "service", "respins", "overhead", "frontier", "interest")
"""Flows that a year's profit before research is less than gross profit by."""


def made(**values: Any) -> Score:
    usual = {"cash": 100.0, "debt": 30.0, "cards": 20.0, "profit": 40.0, "founders_share": 0.5}
    return Score(
        **{name: np.asarray(value) for name, value in {**usual, "alive": True, "lasted": 40, **values}.items()}
    )


@pytest.mark.parametrize(
    ("values", "worth"),
    [
        ({}, 145.0),  # half of 100 - 30 + 20 + 5 * 40
        ({"founders_share": 1.0}, 290.0),
        ({"profit": -40.0}, 45.0),  # a loss does not take what the firm owns
        ({"debt": 500.0}, 0.0),
        ({"cash": 0.0, "debt": 0.0, "cards": 0.0, "alive": False}, 0.0),  # the profit of its last year is gone with it
    ],
)
def test_known_answers(values: dict[str, Any], worth: float):
    assert made(**values).value == pytest.approx(worth)


money = st.floats(-1e6, 1e6)


@given(
    cash=money,
    debt=st.floats(0, 1e6),
    cards=st.floats(0, 1e6),
    profit=money,
    share=st.floats(0, 1),
    alive=st.booleans(),
)
def test_terms_add_up_and_more_cash_is_never_worse(cash, debt, cards, profit, share, alive):
    found = made(cash=cash, debt=debt, cards=cards, profit=profit, founders_share=share, alive=alive)
    assert list(found.terms) == list(TERMS)
    assert sum(float(term) for term in found.terms.values()) == pytest.approx(float(found.value), abs=1e-6)
    assert 0 <= found.value <= replace(found, cash=found.cash + 1).value


def test_more_is_ahead_and_of_those_that_are_worth_the_same_the_one_that_lasted_longer():
    early, late = (made(cash=0.0, debt=0.0, cards=0.0, alive=False, lasted=lasted) for lasted in (8, 30))
    assert made().beats(late) and late.beats(early)
    assert not early.beats(late) and not late.beats(made()) and not made().beats(made())


@pytest.fixture(scope="module")
def game() -> Game:
    game = Game(Setup(vendor="cambricon", quarters=6))
    while not game.over:
        game.play(game.advised("capacity-hoarder").with_value("funds", 800.0))
    return game


def test_the_profit_is_gross_profit_less_what_running_costs_of_the_last_four_quarters(game: Game):
    found, seat = score(game.trace, game.state, game.seat).of(0), game.seat
    outcomes = [turn.outcome for turn in game.turns[2:]]
    gross = sum(one.price[seat, 0] * one.sold[seat, 0] - one.cost_of_goods[seat, 0] for one in outcomes)
    running = sum(one.flows[name][seat, 0] for one in outcomes for name in RUNNING)
    assert found.profit == pytest.approx(gross + running)
    assert running < 0 and sum(one.flows["research"][seat, 0] for one in outcomes) < 0


def test_cards_count_at_cost_and_only_the_founders_part_counts(game: Game):
    found, end, seat = score(game.trace, game.state, game.seat).of(0), game.state, game.seat
    assert found.cards == pytest.approx(end.stock_value[seat, 0] + end.pipeline_value[seat, :, 0].sum())
    assert found.founders_share < 0.5  # it raised funds
    company = found.cash - found.debt + found.cards + 5 * found.profit
    assert found.profit > 0
    assert found.value == pytest.approx(found.founders_share * company)
    assert (found.alive, found.lasted) == (True, 6)


def test_a_game_of_less_than_a_year_counts_as_if_it_went_on():
    game = Game(Setup(vendor="hygon", quarters=2))
    while not game.over:
        game.play(game.held())
    trace = game.trace
    half = (trace.net_income + trace.research)[:, game.seat, 0].sum()
    assert score(trace, game.state, game.seat).of(0).profit == pytest.approx(2 * half)


def traced(runs: range) -> tuple[Trace, MarketState, Parameters]:
    """A market in which everybody sells far below cost and spends on research as before."""
    p = Parameters(Setup(quarters=16).world())
    market = Market(p, 7, runs)
    tracer = Tracer(p, market.state)
    market.record(lambda obs: change(obs.of(slice(0, len(p.vendors))).hold(), price=5.0, research=500.0), tracer)
    return tracer.result(), market.state, p


def test_whoever_failed_is_worth_nothing_and_lasted_as_long_as_it_did():
    trace, end, p = traced(range(2))
    seat = p.vendors.index("cambricon")
    found = score(trace, end, seat)
    assert not found.alive.any()
    assert not found.value.any() and not any(term.any() for term in found.terms.values())
    assert (found.lasted == (trace.contracts[:, seat] > 0).sum(axis=0)).all()
    assert (found.lasted > 0).all() and (found.lasted < 16).all()


def test_many_runs_at_once_are_each_run_by_itself():
    (trace, end, _), (alone, its_end, _) = traced(range(4)), traced(range(2, 3))
    for seat in range(3):
        many, one = score(trace, end, seat).of(2), score(alone, its_end, seat).of(0)
        assert all(getattr(many, item.name) == getattr(one, item.name) for item in fields(Score))
        assert many.value == one.value
