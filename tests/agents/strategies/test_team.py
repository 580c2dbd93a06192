"""The team: each strategy decides once for its vendors, and everybody's decision lands in its own row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from agents.strategies import StrategyError, Team, get
from marketsim.decisions import Decision, full
from marketsim.market import Market
from marketsim.observation import Observation
from marketsim.scenario.parameters import Parameters

Bend = Callable[..., Observation]


def test_each_vendor_gets_what_its_strategy_decides(bend: Bend, chips: Parameters) -> None:
    obs = bend(orders=30.0, growth=0.1)
    together = Team(chips.strategies).decide(obs)
    for slot, name in enumerate(chips.strategies):
        alone = full(get(name).decide(obs.of(slice(slot, slot + 1))), 1, obs.price.shape[1])
        for item in fields(Decision):
            mine, own = getattr(together, item.name)[slot], getattr(alone, item.name)[0]
            assert np.array_equal(mine, own), (name, item.name)


def test_foreign_suppliers_hold(bend: Bend, chips: Parameters) -> None:
    obs = bend(orders=30.0)
    together = Team(chips.strategies).decide(obs)
    hold = obs.of(slice(chips.domestic, None)).hold()
    assert together.price.shape[0] == len(chips.vendors) == chips.domestic + 1
    for item in fields(Decision):
        theirs = getattr(together, item.name)[chips.domestic :]
        assert np.array_equal(theirs, np.broadcast_to(getattr(hold, item.name), theirs.shape)), item.name


def test_order_of_the_slots_does_not_matter(bend: Bend, chips: Parameters) -> None:
    """Strategies spread over the slots: side by side, at equal distances, and anyhow."""
    spread = ["hold", "skimmer", "hold", "flagship", "flagship", "skimmer", "random", "skimmer"]
    obs = bend(vendors=slice(0, 8), orders=12.0)
    together = Team(spread).decide(obs)
    for slot, name in enumerate(spread):
        alone = get(name).decide(obs.of(np.array([slot])))
        assert np.array_equal(together.price[slot], alone.price[0])
        assert (together.capacity[slot] == alone.capacity[0]).all()


def test_a_run_is_the_same_in_any_company(chips: Parameters) -> None:
    def played(runs: range) -> Market:
        market, team = Market(chips, seed=5, runs=runs), Team(chips.strategies)
        for _ in range(10):
            market.step(team.decide(market.observe()))
        return market

    few, many = played(range(40, 42)), played(range(70))
    for name in ("cash", "price", "base", "contracts"):
        assert np.array_equal(getattr(few.state, name), getattr(many.state, name)[..., 40:42]), name


def test_unknown_strategy_of_a_slot_is_refused_at_once() -> None:
    with pytest.raises(StrategyError, match="did you mean 'skimmer'"):
        Team(["skimmer", "skimmmer"])
