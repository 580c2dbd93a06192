"""The Mesa model: a true Mesa model that gives the bits of the ensemble."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import mesa
import numpy as np
import pytest

from agents import MarketModel, VendorAgent
from agents.strategies.team import Team
from marketsim.decisions import Decision, change
from marketsim.market import Market
from marketsim.observation import Observation
from marketsim.scenario.library import load_scenario
from marketsim.scenario.parameters import Parameters

WORLD = load_scenario("china-ai-chips", {"quarters": 10})


class Undercutter(VendorAgent):
    def decide(self, obs: Observation) -> Decision:
        return change(obs.hold(), price=0.5 * obs.public.domestic_price)


@pytest.mark.parametrize("run", [0, 1, 63, 64, 777])
def test_a_stepped_run_has_the_bits_of_the_ensemble(run: int):
    model = MarketModel(WORLD, rng=7, run=run)
    market = Market(Parameters(WORLD), 7, range(max(run - 5, 0), run + 70))
    team = Team(market.parameters.strategies)
    while model.running:
        model.step()
        market.step(team.decide(market.observe()))
    column = run - market.runs.start
    for item in fields(market.state):
        alone = getattr(model.market.state, item.name)[..., 0]
        together = getattr(market.state, item.name)[..., column]
        assert np.array_equal(alone, together), item.name


def test_it_is_a_mesa_model_with_one_agent_for_each_domestic_vendor():
    model = MarketModel(WORLD, rng=1)
    assert isinstance(model, mesa.Model)
    assert len(model.agents) == model.market.parameters.domestic
    assert {agent.vendor for agent in model.agents} >= {"huawei-ascend", "cambricon"}
    assert len(model.agents.select(lambda agent: agent.alive)) == 13


def test_it_stops_at_the_end_of_the_scenario_and_stays_there():
    model = MarketModel(WORLD, rng=1)
    for _ in range(12):
        model.step()
    assert not model.running
    assert model.quarter == "2027Q2"


def test_the_data_collector_has_a_row_for_each_quarter_and_agent():
    model = MarketModel(WORLD, rng=1)
    while model.running:
        model.step()
    market = model.datacollector.get_model_vars_dataframe()
    vendors = model.datacollector.get_agent_vars_dataframe()
    assert list(market.quarter) == [now.name for now in model.market.parameters.conditions]
    assert len(vendors) == 10 * model.market.parameters.domestic
    first = vendors.xs(vendors.index.get_level_values(0).min(), level=0)
    assert market.domestic_cards.iloc[0] == pytest.approx(first.sold.sum())


def test_an_own_vendor_decides_for_itself_alone():
    usual = MarketModel(WORLD, rng=7)
    changed = MarketModel(WORLD, rng=7, vendors={"metax": Undercutter})
    for model in (usual, changed):
        model.step()
    half = 0.5 * changed.observation.public.domestic_price[0]
    assert changed.vendor("metax").price == pytest.approx(half) != usual.vendor("metax").price
    assert changed.vendor("cambricon").price == usual.vendor("cambricon").price


def test_an_unknown_vendor_is_named():
    with pytest.raises(ValueError, match=r"no such vendor: cambrikon; there are huawei-ascend, .*cambricon"):
        MarketModel(WORLD, vendors={"cambrikon": Undercutter})
    with pytest.raises(KeyError):
        MarketModel(WORLD).vendor("cambrikon")


def test_views_are_numbers_of_the_first_run():
    model = MarketModel(WORLD, rng=3)
    model.step()
    vendor = model.vendor("huawei-ascend")
    assert 0 < vendor.revenue_share < 1
    assert vendor.revenue == pytest.approx(vendor.price * vendor.sold)
    assert vendor.cash >= 0
    assert vendor.debt >= 0
    assert vendor.stock >= 0


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_readme_s_own_vendor_runs(readme: str):
    text = (Path(__file__).parents[2] / readme).read_text(encoding="utf-8")
    code = next(block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "VendorAgent" in block)
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    names: dict[str, object] = {}
    exec(compile(code, readme, "exec"), names)
    model = names["model"]
    assert isinstance(model, MarketModel)
    assert not model.running
