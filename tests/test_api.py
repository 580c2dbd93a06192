"""The Python API: `marketsim.simulate` and what it gives back."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest
from polars.testing import assert_frame_equal

import marketsim as ms
from agents.strategies.registry import StrategyError
from marketsim import api, ensemble
from marketsim.decisions import change
from marketsim.outcomes import METRICS

SMALL = Path(__file__).parent / "data" / "small.yaml"
LUCK = {"market.luck": 0.4, "market.demand_noise": 0.1}


def small(runs: int = 4, **options) -> ms.Ensemble:
    return ms.simulate(SMALL, runs, **({"overrides": LUCK} | options))


def test_the_examples_in_the_docstrings():
    for module in (api, ms):
        result = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        assert result.attempted >= 3
        assert result.failed == 0


def test_an_ensemble_has_every_run_and_says_what_it_is():
    found = small(5, seed=3)
    assert repr(found) == "<Ensemble: small, 2025-2027, 5 runs, seed 3>"
    assert found.summary.runs == 5
    assert found.outcomes.metrics.shape == (len(METRICS), 3, 5)
    assert found.years().shape == (15, 2 + len(METRICS))
    assert set(found.vendors()["vendor"]) == {"cambricon", "biren", "startup-1", "startup-2", "nvidia"}


def test_the_seed_decides_and_more_runs_leave_the_first_as_they_are():
    few, many, other = small(3, seed=1), small(6, seed=1), small(3, seed=2)
    assert np.array_equal(few.outcomes.metrics, many.outcomes.metrics[..., :3])
    assert not np.array_equal(few.outcomes.metrics, other.outcomes.metrics)


def test_one_and_two_workers_give_the_same():
    one, two = small(300, workers=1), small(300, workers=2)
    assert_frame_equal(one.years(), two.years(), check_exact=True)
    assert_frame_equal(one.vendors(), two.vendors(), check_exact=True)


def cheaper(obs: ms.Observation) -> ms.Decision:
    everybody = obs.of(slice(0, len(obs.world.vendors))).hold()
    return change(everybody, price=0.5 * everybody.price)


def test_overrides_policies_and_deciders_change_the_world():
    plain = small().outcomes.revenue
    assert small(overrides=LUCK | {"vendors.biren.price": 80}).outcomes.revenue[1, 0, 0] > 1.1 * plain[1, 0, 0]
    policed = ms.simulate(SMALL, 4, policy="no-discount")
    assert policed.job.scenario.policy.electricity_discount == {"0001Q1": 0}
    assert small(decide=cheaper).outcomes.revenue[1, 0, 0] < 0.9 * plain[1, 0, 0]
    loaded = ms.simulate(ms.load_scenario(SMALL, LUCK), 4)
    assert np.array_equal(loaded.outcomes.revenue, plain)


def test_quarters_are_the_first_runs_in_full():
    tables = small(3).quarters(2)
    assert tables["market"].shape[0] == 2 * 12
    yearly = tables["market"].filter(run=1)["cards_k"].to_numpy().reshape(3, 4).sum(axis=1)
    assert yearly == pytest.approx(small(3).years().filter(run=1).sort("year")["cards_k"].to_numpy())


def test_progress_is_told_part_by_part():
    told: list[int] = []
    small(600, progress=told.append, workers=1)
    assert told == [256, 256, 88]


@pytest.mark.parametrize(("runs", "parts"), [(1, 1), (256, 1), (257, 2), (1000, 4), (10_000, 10)])
def test_small_ensembles_are_cut_into_parts_whatever_the_workers(monkeypatch, runs: int, parts: int):
    cut: list[int] = []
    monkeypatch.setattr(api, "run", lambda job, runs, workers, sink, progress, chunk: cut.append(chunk))
    for workers in (1, 2, 200):
        api.compute(ensemble.Job(ms.load_scenario(SMALL), lambda obs: obs.hold(), 0), runs, workers)
    assert len(set(cut)) == 1
    assert -(-runs // cut[0]) == parts


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"runs": 0}, ValueError, "runs must be at least 1, not 0"),
        ({"runs": 1.5}, TypeError, "cannot be interpreted as an integer"),
        ({"seed": -1}, ValueError, r"seed must be 0 to 2\^63 - 1, not -1"),
        ({"seed": 2**63}, ValueError, r"seed must be 0 to 2\^63 - 1"),
        ({"workers": 0}, ValueError, "workers must be at least 1, not 0"),
        ({"policy": "no-discont"}, ms.ScenarioError, "did you mean 'no-discount'"),
        ({"overrides": {"market.lck": 1}}, ms.ScenarioError, "did you mean 'luck'"),
        ({"overrides": {"vendors.biren.strategy": "holt"}}, StrategyError, "no strategy is called 'holt'"),
        ({"overrides": {"policy.electricity_discount": 1}, "policy": "no-discount"}, ms.ScenarioError, "is set by the policy"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(options, error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        small(**options)


def test_a_scenario_that_is_loaded_takes_no_overrides():
    with pytest.raises(ValueError, match="overrides need a scenario by name or path"):
        ms.simulate(ms.load_scenario(SMALL), 2, overrides=LUCK)
    with pytest.raises(ms.ScenarioError, match="there is no scenario 'nowhere'"):
        ms.simulate("nowhere")
