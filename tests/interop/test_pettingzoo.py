"""PettingZoo: its own tests pass, advice played as actions gives the bits of the ensemble, and its document runs."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import marketsim as ms
from agents.environment import MarketEnvironment
from agents.game.score import score
from agents.strategies.team import Team
from marketsim.market import Market
from marketsim.scenario.parameters import Parameters
from marketsim.trace import Tracer
from tests.interop.documents import check

WORLD = ms.load_scenario("china-ai-chips", {"quarters": 6})


def test_the_document(tmp_path: Path):
    check("pettingzoo.md", tmp_path)


def test_pettingzoos_own_tests():
    from pettingzoo.test import parallel_api_test, parallel_seed_test

    parallel_api_test(MarketEnvironment(WORLD), num_cycles=12)
    parallel_seed_test(lambda: MarketEnvironment(WORLD, ["cambricon", "metax"]), num_cycles=12)


@pytest.mark.parametrize(("vendors", "run"), [(None, 0), (["cambricon", "biren"], 5)])
def test_advice_as_actions_gives_the_bits_of_the_ensemble_and_its_score(vendors, run: int):
    together = Market(Parameters(WORLD), 11, range(run + 3))
    tracer = Tracer(together.parameters, together.state)
    together.record(Team(together.parameters.strategies).decide, tracer)
    market = MarketEnvironment(WORLD, vendors)
    market.reset(seed=11, options={"run": run})
    earned = dict.fromkeys(market.agents, 0.0)
    while market.agents:
        actions = market.advice()
        assert all(market.action_space(agent).contains(action) for agent, action in actions.items())
        observations, rewards, *_ = market.step(actions)
        assert all(market.observation_space(agent).contains(seen) for agent, seen in observations.items())
        earned = {agent: before + rewards.get(agent, 0.0) for agent, before in earned.items()}
    for item in fields(together.state):
        alone = getattr(market.market.state, item.name)[..., 0]
        assert np.array_equal(alone, getattr(together.state, item.name)[..., run]), item.name
    for agent, value in earned.items():
        row = together.parameters.vendors.index(agent)
        assert value == pytest.approx(score(tracer.result(), together.state, row).value[run])


def test_an_action_changes_what_its_vendor_does():
    market = MarketEnvironment(WORLD, ["cambricon"])
    market.reset(seed=1)
    action = market.advice()["cambricon"]
    market.step({"cambricon": action | {"price": 0.5 * action["price"], "funds": 1e9}})
    row = market.parameters.vendors.index("cambricon")
    assert market.market.state.price[row, 0] == 0.5 * action["price"]


def test_episodes_are_the_runs_of_a_seed():
    market = MarketEnvironment(WORLD, ["cambricon"], seed=3)

    def noise(**how) -> list[float]:
        return list(market.reset(**how)[0]["cambricon"]["noise"])

    first, second, third = noise(), noise(), noise()
    assert len({tuple(each) for each in (first, second, third)}) == 3
    assert noise(seed=3) == first
    assert noise(options={"run": 2}) == third
    assert noise(seed=4) != first


def test_a_vendor_that_fails_is_terminated_and_the_others_are_truncated():
    market = MarketEnvironment(ms.load_scenario("china-ai-chips", {"quarters": 20}), ["biren", "metax"])
    market.reset(seed=2)
    ends = {}
    while market.agents:
        actions = market.advice()
        if "biren" in actions:
            actions["biren"] |= {"research": 1e5, "run_share": 0.0, "funds": 0.0}
        _, rewards, failed, over, infos = market.step(actions)
        assert set(rewards) == set(failed) == set(over) == set(infos)
        ends |= {agent: (failed[agent], over[agent], infos[agent]["quarter"]) for agent in rewards}
        if failed.get("biren"):
            assert infos["biren"]["score"] == 0
            assert "biren" not in market.agents
    assert ends["biren"][:2] == (True, False)
    assert ends["metax"] == (False, True, "2029Q4")
    assert market.step({}) == ({}, {}, {}, {}, {})


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="no such vendor: cambrian; there are huawei-ascend"):
        MarketEnvironment(WORLD, ["cambrian"])
    market = MarketEnvironment(WORLD, ["cambricon", "biren"])
    market.reset()
    with pytest.raises(ValueError, match="no action of biren"):
        market.step({"cambricon": market.advice()["cambricon"]})
