"""Force: a strategy that asks for all the capacity there is, and otherwise does what it did."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from agents.game.force import FORCES, Force
from agents.game.ladder import seat_scores
from agents.game.setup import Setup
from agents.strategies import get, names
from marketsim.decisions import Decision, bounds, check, full
from marketsim.market import Market
from marketsim.scenario.parameters import Parameters


@pytest.mark.parametrize("force", FORCES, ids=lambda force: force.base)
def test_only_what_is_asked_of_the_foundry_differs(force: Force):
    obs = Market(Parameters(Setup().world()), 7, range(2)).observe()
    forced, plain = (full(one.decide(obs), *obs.price.shape) for one in (force, get(force.base)))
    assert check(forced, obs.world) == []
    assert (forced.capacity.max(axis=1) == bounds("capacity")[1]).all() and (
        np.sort(forced.capacity, 1)[:, :-1] == 0
    ).all()
    assert (forced.premium == bounds("premium")[1]).all()
    for item in fields(Decision):
        if item.name not in ("capacity", "premium"):
            np.testing.assert_array_equal(getattr(forced, item.name), getattr(plain, item.name))


def test_nobody_can_be_told_to_follow_it():
    assert Force.name not in names()


def test_it_plays_the_seat_beside_the_strategies():
    world = Setup(quarters=8).world()
    found = seat_scores(world, "cambricon", ("flagship", Force("flagship")), 7, range(2))
    assert found.value.shape == (2, 2) and (found.value[0] != found.value[1]).all()
