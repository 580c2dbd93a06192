"""What is public of rivals is what the rule book says, and nothing of it hangs on what they keep to themselves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from agents.game import Game, Setup
from agents.game.news import news_of
from marketsim.rules.demand import card_cost_of_ownership
from tui.public import UNKNOWN, Public

SECRETS = (
    *("cash", "debt", "founders_share", "stock", "stock_value", "pipeline", "pipeline_value", "contracts", "arriving"),
    *("next_node", "next_memory", "next_architecture", "next_quarters", "research", "nodes_mastered", "cost_factor"),
    *("software", "base", "cumulative", "orders", "gross_profit", "growth", "shortfall"),
)


@pytest.fixture(scope="module")
def played() -> Game:
    game = Game(Setup(vendor="cambricon"))
    for _ in range(9):
        game.play(game.advised("disciplined"))
    return game


@pytest.fixture(scope="module")
def public(played: Game) -> Public:
    return Public(played)


def test_the_facts_are_those_of_the_observation(played: Game, public: Public):
    seen = played.observation.public
    for vendor in public.vendors:
        standing = public.standing(vendor)
        assert standing.share == pytest.approx(float(seen.revenue_share[vendor, 0]), abs=1e-12)
        assert standing.price == float(seen.price[vendor, 0])
        assert standing.cards == float(seen.sold[vendor, 0])
        if vendor < played.parameters.domestic:
            assert (standing.node, standing.memory) == (seen.node[vendor, 0], seen.memory[vendor, 0])
        else:
            assert (standing.node, standing.memory, standing.status) == (UNKNOWN, UNKNOWN, "foreign")


def test_changes_are_those_of_the_last_two_quarters(played: Game, public: Public):
    before, after = (turn.outcome for turn in played.turns[-2:])
    for vendor in public.vendors:
        standing = public.standing(vendor)
        shares = [float((o.price * o.sold)[vendor, 0] / (o.price * o.sold)[:, 0].sum()) for o in (before, after)]
        assert standing.share_change == pytest.approx(shares[1] - shares[0], abs=1e-12)
        assert standing.price_change == pytest.approx(float(after.price[vendor, 0] / before.price[vendor, 0]) - 1)


def test_ages_and_rounds_are_those_of_the_news(played: Game, public: Public):
    news = [item for turn in played.turns for item in news_of(turn, played.parameters)]
    for vendor in public.vendors:
        launches = [item.quarter for item in news if item.kind == "launched" and item.vendor == vendor]
        age = public.standing(vendor).age
        assert math.isnan(age) if not launches else age == 9 - public.quarters.index(launches[-1])
        raised = [(item.quarter, item.amount) for item in news if item.kind == "funded" and item.vendor == vendor]
        assert public.rounds(vendor) == raised
    assert any(item.kind == "launched" for item in news) and any(item.kind == "funded" for item in news)


def test_what_rivals_keep_to_themselves_shows_nowhere(played: Game, public: Public, monkeypatch: pytest.MonkeyPatch):
    state, rivals = played.state, np.arange(len(played.parameters.vendors)) != played.seat
    other = {}
    for name in SECRETS:
        values = getattr(state, name).copy()
        values[rivals] = ~values[rivals] if values.dtype == bool else values[rivals] * 3 + 1
        other[name] = values
    monkeypatch.setattr(played.model.market, "state", replace(state, **other))
    secret = Public(played)
    for vendor in public.vendors:
        np.testing.assert_equal(
            [getattr(secret.standing(vendor), name) for name in public.standing(vendor).__slots__],
            [getattr(public.standing(vendor), name) for name in public.standing(vendor).__slots__],
        )
    np.testing.assert_array_equal(secret.token_cost, public.token_cost)
    np.testing.assert_array_equal(secret.throughput, public.throughput)


def test_a_token_costs_what_owning_the_card_costs_over_what_it_does(played: Game, public: Public):
    p, power = played.parameters, np.repeat(public.hardware[2][:, None], 2, axis=1)
    ownership = card_cost_of_ownership(p, played.now, played.state.price, power)
    cost = ownership / public.facts.throughput
    selling = played.state.sold[:, 0] > 0
    np.testing.assert_allclose(public.token_cost[selling], cost[selling, 0])


def test_holders_and_the_unserved_share_out_what_buyers_wanted(played: Game, public: Public):
    outcome = played.turns[-1].outcome
    for segment in range(len(played.world.segments)):
        held = public.holders(segment)
        assert held.shape == (9, len(played.parameters.vendors))
        np.testing.assert_allclose(held.sum(axis=1), 1.0)
        paid = float(outcome.bought[:, segment, 0].sum())
        waits_or_lost = float(outcome.lost[segment, 0] + played.state.waiting[segment, 0])
        assert paid + waits_or_lost == pytest.approx(float(outcome.spend[segment, 0]))
        assert public.unserved()[segment] == pytest.approx(waits_or_lost / float(outcome.spend[segment, 0]))


def test_before_the_first_quarter_nothing_is_known_of_shares():
    public = Public(Game(Setup(vendor="cambricon")))
    standing = public.standing(public.game.seat)
    assert math.isnan(standing.share) and math.isnan(standing.age) and standing.price > 0
    assert public.quarters == [] and public.shares(0) == []


def test_of_a_newcomer_without_a_card_on_sale_nothing_is_known_of_the_card():
    game = Game(Setup())
    while game.state.has_product[:, 0][game.state.alive[:, 0]].all():
        game.play()
    public = Public(game)
    newcomer = next(v for v in public.vendors if game.state.alive[v, 0] and not game.state.has_product[v, 0])
    standing = public.standing(newcomer)
    assert (standing.node, standing.memory, standing.status) == (UNKNOWN, UNKNOWN, "entered")
    assert np.isnan([*(values[newcomer] for values in public.hardware), public.throughput[newcomer]]).all()
    assert np.isnan([public.token_cost[newcomer], standing.price]).all()


def test_who_closed_and_who_came_is_told_with_its_quarter():
    game = Game(Setup(scenario="photovoltaics"))
    for _ in range(36):
        game.play()
    public, gone, come = Public(game), 0, 0
    for vendor in public.vendors:
        standing, fate = public.standing(vendor), game.turns
        last = [t for t in fate if t.outcome.failed[vendor, 0] or t.outcome.entered[vendor, 0]]
        if not game.state.alive[vendor, 0]:
            gone += 1
            assert standing.status in ("closed", "acquired") and standing.since == last[-1].now.name
            assert math.isnan(standing.price) and math.isnan(standing.share) and standing.node == UNKNOWN
        elif standing.status == "entered":
            come += 1
            assert standing.since == last[-1].now.name
    assert gone and come
