"""What every built-in strategy must do, whatever it stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from agents.strategies import Team, get, names
from marketsim.decisions import Decision, check, full
from marketsim.market import Market
from marketsim.observation import Observation
from marketsim.scenario.parameters import Parameters

Bend = Callable[..., Observation]

SITUATIONS: dict[str, dict[str, Any]] = {
    "start": {},
    "boom": {"orders": 400.0, "growth": 0.5, "stock": 0.0, "pipeline": 1.0},
    "glut": {"orders": 5.0, "growth": -0.5, "stock": 500.0, "pipeline": 100.0},
    "no orders": {"orders": 0.0, "revenue": 0.0, "sold": 0.0},
    "nothing": {"orders": 0.0, "stock": 0.0, "pipeline": 0.0, "contracts": 0.0, "cash": 0.0, "base": 0.0},
    "rich": {"cash": 1e9, "revenue": 1e8, "orders": 1e5, "growth": 0.5},
    "in debt": {"cash": 10.0, "debt": 5000.0, "gross_profit": -500.0},
    "dead": {"alive": False, "price": 0.1, "cash": 0.0, "orders": 0.0, "contracts": 0.0},
    "designing": {"next_quarters": 5, "next_node": 2, "next_memory": 1, "orders": 30.0},
    "after 2030": {"quarter": 30, "orders": 30.0, "research": 1e4, "cash": 1e5},
}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("name", names())
def test_decides_within_bounds_whatever_happens(name: str, situation: str, bend: Bend) -> None:
    obs = bend(**SITUATIONS[situation])
    with np.errstate(all="raise", under="ignore"):
        decision = get(name).decide(obs)
    assert check(decision, obs.world) == []
    decision, hold = (full(wish, *obs.price.shape) for wish in (decision, obs.hold()))
    for item in fields(Decision):
        value, like = getattr(decision, item.name), getattr(hold, item.name)
        assert value.shape == like.shape, item.name
        assert value.dtype.kind == like.dtype.kind, item.name


@pytest.mark.parametrize("name", names())
def test_keeps_nothing_and_repeats_itself(name: str, bend: Bend) -> None:
    strategy = get(name)
    before = bend(orders=30.0)
    first = strategy.decide(before)
    strategy.decide(bend(orders=1.0, stock=300.0, quarter=9))
    assert vars(strategy) == {}
    assert_same(first, strategy.decide(before))


@pytest.mark.parametrize("name", names())
def test_one_vendor_in_two_runs_decides_as_in_company(name: str, chips: Parameters) -> None:
    """The bits of a decision do not depend on how many runs and vendors decide together."""
    many, few = Market(chips, seed=3, runs=range(64)), Market(chips, seed=3, runs=range(2))
    team, strategy = Team(chips.strategies), get(name)
    for _ in range(6):
        crowd = full(strategy.decide(many.observe().of(slice(4, 7))), 3, 64)
        alone = full(strategy.decide(few.observe().of(np.array([5]))), 1, 2)
        for item in fields(Decision):
            of_crowd, of_alone = getattr(crowd, item.name)[1, ..., :2], getattr(alone, item.name)[0]
            assert np.array_equal(of_crowd, of_alone), item.name
        many.step(team.decide(many.observe()))
        few.step(team.decide(few.observe()))


@pytest.mark.parametrize("world_name", ["chips", "plant"])
def test_plays_a_whole_run_without_a_clipped_decision(world_name: str, request: pytest.FixtureRequest) -> None:
    world: Parameters = request.getfixturevalue(world_name)
    market = Market(world, seed=1, runs=range(8))
    team = Team(world.strategies)
    sold = 0.0
    while not market.over:
        outcome = market.step(team.decide(market.observe()))
        assert outcome.clipped[: world.domestic].max() == 0
        sold += float(outcome.sold[: world.domestic].mean())
    assert sold > 100


def assert_same(one: Decision, other: Decision) -> None:
    for item in fields(Decision):
        assert np.array_equal(getattr(one, item.name), getattr(other, item.name)), item.name
