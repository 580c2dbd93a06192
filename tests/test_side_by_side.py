"""Worlds side by side come out as each does alone, to the last bit."""

from __future__ import annotations

from dataclasses import fields
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.strategies.registry import BUILT_IN
from agents.strategies.team import Team
from marketsim.market import Market
from marketsim.scenario.free import FreeSpace
from marketsim.scenario.library import LoadedScenario, load
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.policies import under_policy
from marketsim.scenario.schema import Scenario
from marketsim.scenario.worlds import SideBySide, joined
from marketsim.shakeout.record import Recorder
from marketsim.state import MarketState, Outcome

SEED = 7


@cache
def loaded(name: str, quarters: int) -> LoadedScenario:
    return load(name, {"quarters": quarters})


def everybody_else_decides(world: Scenario) -> Scenario:
    """Each vendor by another strategy, so that all of them are tried."""
    names = list(BUILT_IN)
    vendors = {
        name: own.model_copy(update={"strategy": names[place % len(names)]})
        for place, (name, own) in enumerate(world.vendors.items())
    }
    entrants = {
        name: kind.model_copy(update={"strategy": names[-1 - place]})
        for place, (name, kind) in enumerate(world.entrants.items())
    }
    return world.model_copy(update={"vendors": vendors, "entrants": entrants})


def played(p: Parameters, runs: range, luck: np.ndarray | None = None) -> tuple[MarketState, list[Outcome]]:
    market = Market(p, SEED, runs, luck)
    outcomes = [outcome for _, _, outcome in market.play(Team(p.strategies).decide)]
    return market.state, outcomes


def columns(record: MarketState | Outcome, runs: slice | np.ndarray) -> list[np.ndarray]:
    """All arrays of some runs, one after the other."""
    found: list[np.ndarray] = []
    for item in fields(record):
        value = getattr(record, item.name)
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else [value]
        found += [part if part.shape[-1] == 1 else part[..., runs] for part in parts]
    return found


def assert_same(mine: list[np.ndarray], alone: list[np.ndarray]) -> None:
    for one, other in zip(mine, alone, strict=True):
        assert np.array_equal(*np.broadcast_arrays(one, other), equal_nan=True)


def assert_as_alone(worlds: list[Parameters], counts: list[int]) -> None:
    """Every run of every world, quarter by quarter."""
    state, outcomes = played(SideBySide.of(worlds, counts), range(sum(counts)))
    for world, first, count in zip(worlds, np.cumsum([0, *counts]).tolist(), counts, strict=False):
        own, alone = slice(first, first + count), range(first, first + count)
        padded = slice(0, count)
        state_alone, outcomes_alone = played(world, alone)
        assert_same(columns(state, own), columns(state_alone, padded))
        for mine, other in zip(outcomes, outcomes_alone, strict=True):
            assert_same(columns(mine, own), columns(other, padded))


@pytest.mark.parametrize(
    ("name", "quarters"), [("china-ai-chips", 16), ("photovoltaics", 10), ("glut", 10), ("niche", 8), ("collapse", 8)]
)
@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_worlds_with_other_figures_come_out_as_alone(name: str, quarters: int, data: st.DataObject):
    source = loaded(name, quarters)
    space = FreeSpace.of(source.tree, source.scenario)
    count = data.draw(st.integers(2, 5))
    places = [
        data.draw(st.lists(st.floats(0, 1), min_size=len(space.names), max_size=len(space.names))) for _ in range(count)
    ]
    runs = data.draw(st.lists(st.integers(1, 3), min_size=count, max_size=count))
    worlds = [space.scenario(space.values(np.array(place))) for place in places]
    assert_as_alone([Parameters(everybody_else_decides(world)) for world in worlds], runs)


def test_many_worlds_side_by_side():
    source = loaded("china-ai-chips", 12)
    space = FreeSpace.of(source.tree, source.scenario)
    places = np.random.default_rng(3).random((32, len(space.names)))
    assert_as_alone([Parameters(space.scenario(space.values(place))) for place in places], [4] * 32)


def test_policies_side_by_side_come_out_as_alone():
    world = loaded("china-ai-chips", 16).scenario
    pooled = world.model_copy(update={"policy": world.policy.model_copy(update={"joint_procurement": {"0001Q1": 0.4}})})
    cold = world.model_copy(update={"finance": world.finance.model_copy(update={"climate": {"0001Q1": 0.3}})})
    free = world.model_copy(
        update={
            "technology": world.technology.model_copy(update={"architecture_cost": 0.0}),
            "software": world.software.model_copy(update={"community_rate": 0.2}),
            "finance": world.finance.model_copy(update={"debt_share": 1.0}),
        }
    )
    worlds = [everybody_else_decides(each) for each in (world, pooled, cold, free)]
    for name in ("open-imports", "shared-stack", "no-rescue"):
        worlds.append(everybody_else_decides(under_policy(world, name)))
    assert_as_alone([Parameters(each) for each in worlds], [2] * len(worlds))


def test_worlds_may_share_their_luck():
    source = loaded("china-ai-chips", 8)
    space = FreeSpace.of(source.tree, source.scenario)
    worlds = [Parameters(space.scenario(space.values(np.full(len(space.names), place)))) for place in (0.2, 0.7)]
    state, _ = played(SideBySide.of(worlds, [3, 3]), range(10, 13), np.tile(np.arange(3), 2))
    for place, world in enumerate(worlds):
        alone, _ = played(world, range(10, 13))
        assert_same(columns(state, slice(3 * place, 3 * place + 3)), columns(alone, slice(0, 3)))


def test_the_shakeout_test_reads_them_as_alone():
    source = loaded("glut", 24)
    space = FreeSpace.of(source.tree, source.scenario)
    places = np.random.default_rng(5).random((4, len(space.names)))
    worlds = [Parameters(space.scenario(space.values(place))) for place in places]

    def history(p: Parameters, runs: range):
        market, recorder = Market(p, SEED, runs), Recorder(p, len(runs))
        market.record(Team(p.strategies).decide, recorder)
        return recorder.result()

    together = history(SideBySide.of(worlds, [2] * 4), range(8))
    for place, world in enumerate(worlds):
        alone = history(world, range(2 * place, 2 * place + 2))
        for item in fields(alone):
            mine, other = getattr(together, item.name), getattr(alone, item.name)
            if isinstance(other, np.ndarray) and other.ndim > 1:
                assert np.array_equal(mine[..., 2 * place : 2 * place + 2], other, equal_nan=True), item.name


def test_one_world_is_itself():
    p = Parameters(loaded("glut", 8).scenario)
    assert SideBySide.of([p], [5]) is p


def test_worlds_of_another_shape_cannot_be():
    chips, glut = (Parameters(loaded(name, 8).scenario) for name in ("china-ai-chips", "glut"))
    with pytest.raises(ValueError, match="different frames"):
        SideBySide.of([chips, glut], [2, 2])


def test_joined_keeps_what_is_the_same():
    same = np.array([[1.0], [np.inf]])
    assert joined([same, same.copy()], [2, 3]) is same
    assert joined([0.5, 0.5], [2, 3]) == 0.5
    assert joined([{"a": 1.0}, {"a": 2.0}], [1, 2])["a"].tolist() == [1.0, 2.0, 2.0]
    assert joined([np.array([[1.0]]), np.array([[2.0]])], [1, 2]).tolist() == [[1.0, 2.0, 2.0]]
    with pytest.raises(ValueError, match="side by side"):
        joined([3, 4], [1, 1])
