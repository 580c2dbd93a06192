"""The whole analysis of results on disk: small worlds that were run, and folders with known answers."""

from __future__ import annotations

import json
import math
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marketsim.experiments.analysis.samples import class_sample, outcome_sample, points_of, shakeout_sample
from marketsim.experiments.analysis.summary import Analysis, analyse, as_json, tables
from marketsim.experiments.execute import run_experiment
from marketsim.shakeout.classify import Class
from tests.experiments.analysis.made import results_of
from tests.experiments.files import SUBSIDY
from tests.experiments.playing import as_written, over_points

OUTCOMES = {
    "price": {"measure": "price", "year": 2026, "better": "lower", "enough": 55.0},
    "survivors": {"measure": "survivors"},
}
PRICE = {"price": {"better": "lower", "enough": 1.5}}


def test_an_experiment_over_points(tmp_path: Path) -> None:
    design = {"kind": "latin-hypercube", "points": 30}
    file = over_points(
        tmp_path, policies=["no-discount", SUBSIDY], design=design, outcomes=OUTCOMES, keep={"vendors": 20}
    )
    results = run_experiment(file, tmp_path / "out")
    heard: list[str] = []
    found = analyse(results, heard.append)
    assert heard == ["price", "survivors", "verdict", "survival"]
    assert (found.points, found.alike, found.complete, found.skipped) == (30, "point", True, ())
    assert found.runs == {"none": 120, "no-discount": 120, "subsidy": 120}
    assert [(each.policy, each.outcome) for each in found.differences] == [
        (policy, outcome) for outcome in OUTCOMES for policy in ("no-discount", "subsidy")
    ]
    assert all(each.clusters == 30 and each.pairs == 120 for each in found.differences)
    assert [each.outcome for each in found.robustness] == ["price"]
    assert {each.outcome for each in found.drivers} == {"price", "survivors", "shakeout"}
    price = next(each for each in found.drivers if each.outcome == "price")
    assert price.method == "rank-regression" and price.drivers[0].name == "price" and price.explained > 0.9
    assert {each.failure for each in found.discoveries} == {"not enough", "shakeout"}
    assert [each.policy for each in found.survival] == list(found.policies)
    check_forms(found)


def check_forms(found: Analysis) -> None:
    """JSON without NaN; tables with one row for each policy and what is said of it."""
    content = json.loads(as_json(found), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert content["policies"] == list(found.policies) and set(content["methods"]) >= {"sobol"}
    flat = tables(found)
    assert flat["differences"].height == len(found.differences)
    assert {"difference", "difference_low", "difference_high"} <= set(flat["differences"].columns)
    assert flat["verdicts"].height == sum(len(each.classes) for each in found.verdicts)
    assert flat["drivers"].height == sum(len(each.drivers) for each in found.drivers)
    assert {"share", "share_low", "years", "policy"} <= set(flat["survival"].columns)
    assert {"shift", "shift_low", "shift_high"} <= set(flat["survival"].columns)


def test_a_scenario_as_written(tmp_path: Path) -> None:
    results = run_experiment(as_written(tmp_path, runs=50, outcomes=OUTCOMES, keep={"vendors": 0}), tmp_path / "out")
    found = analyse(results)
    assert (found.points, found.alike, found.design) == (1, "run", "as-written")
    assert {each.part: each.reason for each in found.skipped} == {
        "robustness": "Nothing is uncertain in this experiment.",
        "drivers": "Nothing is uncertain in this experiment.",
        "discoveries": "Nothing is uncertain in this experiment.",
        "survival": "No vendors were kept in this experiment.",
    }
    assert all(each.clusters == 50 for each in found.differences)
    assert found.robustness == found.drivers == found.discoveries == found.survival == ()


@pytest.mark.parametrize(
    ("design", "method"),
    [
        ({"kind": "sobol", "base": 16}, "sobol"),
        ({"kind": "one-at-a-time", "levels": 3}, "one-at-a-time"),
        ({"kind": "grid", "levels": 4}, "rank-regression"),
    ],
)
def test_designs_whose_points_share_their_luck(tmp_path: Path, design: dict[str, Any], method: str) -> None:
    results = run_experiment(over_points(tmp_path, design=design, outcomes=OUTCOMES), tmp_path / "out")
    found = analyse(results)
    assert found.alike == "run" and {each.clusters for each in found.differences} == {4}
    assert {each.method for each in found.drivers if each.outcome == "price" and not each.of_difference} == {method}
    assert found.drivers[0].drivers[0].name == "price"
    assert ("discoveries" in {each.part for each in found.skipped}) is (method == "one-at-a-time")
    check_forms(found)


def test_one_policy(tmp_path: Path) -> None:
    found = analyse(results_of(tmp_path, {"none": {"price": [1.0, 2.0, math.nan]}}, PRICE))
    assert found.differences == () and len(found.verdicts) == 1
    assert found.skipped[0].part == "differences" and json.loads(as_json(found))


def test_an_unfinished_experiment_pairs_what_is_there(tmp_path: Path) -> None:
    runs = {"none": {"price": [1.0, 2.0, 3.0, 4.0]}, "help": {"price": [0.0, 1.0]}}
    found = analyse(results_of(tmp_path, runs, PRICE, complete=False))
    assert not found.complete and found.runs == {"none": 4, "help": 2}
    (difference,) = found.differences
    assert (difference.pairs, difference.unknown, difference.difference.value) == (2, 0, -1)


def test_runs_are_paired_whatever_their_order(tmp_path: Path) -> None:
    runs = {
        "none": {"price": [1.0, 2.0, 3.0], "point": [0, 0, 1], "run": [0, 1, 2]},
        "run": {"price": [3.5, 1.5, 2.5], "point": [1, 0, 0], "run": [2, 0, 1]},
    }
    results = results_of(tmp_path, runs, PRICE, {"point-of-view": [0.0, 1.0]}, "latin-hypercube")
    sample = outcome_sample(results, points_of(results), "price")
    assert sample.values.tolist() == [[1, 2, 3], [1.5, 2.5, 3.5]]
    assert sample.cluster.tolist() == [0, 0, 1] and sample.made.all()


def test_verdicts_are_read_by_name(tmp_path: Path) -> None:
    columns = {"price": [1.0, 1.0], "verdict": ["photovoltaic", "lock_in"], "shakeout": [True, False]}
    results = results_of(tmp_path, {"none": columns}, PRICE)
    points = points_of(results)
    assert class_sample(results, points).values.tolist() == [[Class.PHOTOVOLTAIC, Class.LOCK_IN]]
    assert shakeout_sample(results, points).values.tolist() == [[1, 0]]


def test_vendors_without_a_scenario_are_not_taken_for_domestic(tmp_path: Path) -> None:
    vendors = {
        "policy": ["none"] * 2,
        "point": [0] * 2,
        "run": [0] * 2,
        "year": [2025, 2026],
        "vendor": ["a"] * 2,
        "alive": [True, False],
    }
    runs = {"none": {"price": [1.0]}}
    found = analyse(results_of(tmp_path / "without", runs, PRICE, vendors=vendors))
    assert "scenario is missing" in found.skipped[-1].reason and found.survival == ()
    scenario = {"vendors": {"a": {}}, "foreign": {}}
    found = analyse(results_of(tmp_path / "with", runs, PRICE, vendors=vendors, scenario=scenario))
    assert [each.share.value for each in found.survival[0].curve] == [1, 0]


def test_one_outcome_at_a_time_is_in_memory(tmp_path: Path) -> None:
    """Ten outcomes need hardly more than one."""
    count, rng = 20_000, np.random.default_rng(1)

    def peak(outcomes: int) -> int:
        names = [f"o{number}" for number in range(outcomes)]
        runs = {policy: {name: rng.normal(size=count) for name in names} for policy in ("none", "help")}
        results = results_of(tmp_path / str(outcomes), runs, {name: {"better": "lower"} for name in names})
        del runs
        tracemalloc.start()
        assert len(analyse(results).differences) == outcomes
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(1)  # what is imported or kept for good
    assert peak(10) < 1.3 * peak(1)
