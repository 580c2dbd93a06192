"""Samples and points: what is alike, what is independent, means of points."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from marketsim.experiments.analysis.samples import Points, alone, by_cluster, share
from marketsim.experiments.design import saltelli
from marketsim.scenario.experiment_file import Design
from marketsim.shakeout.statistics import share_interval
from tests.experiments.analysis.made import points_at, sample_of


@pytest.mark.parametrize("second_order", [False, True])
def test_independent_points_of_sobols_design_share_no_value(second_order: bool) -> None:
    design = Design(kind="sobol", base=16, second_order=second_order)
    values = saltelli(["a", "b", "c"], design, 1)
    points = replace(points_at(values, "sobol"), second_order=second_order)
    chosen = values[points.independent]
    assert len(chosen) == 32 and all(len(np.unique(column)) == 32 for column in chosen.T)
    assert points_at(values).independent.all()


def test_what_makes_runs_alike() -> None:
    values = np.arange(6.0).reshape(3, 2)
    assert points_at(values).alike == "point" and not points_at(values).share_luck
    assert points_at(values, "table").alike == "run" and not points_at(values, "table").share_luck
    assert points_at(values, "grid").alike == "run" and points_at(values, "grid").share_luck
    assert points_at(values[:1]).alike == "point", "of other points that could have been drawn nothing is known"
    assert Points("as-written", False, (), np.array([0]), np.empty((1, 0))).alike == "run"


def test_means_of_points_are_over_known_runs() -> None:
    sample = sample_of([[[1, 3], [math.nan, 5], [math.nan, math.nan]]])
    assert sample.point_means(sample.values)[0].tolist()[:2] == [2, 5]
    assert math.isnan(sample.point_means(sample.values)[0, 2])
    assert sample.numbers.tolist() == [0, 1, 2]


def test_runs_that_stand_alone_are_one_binomial() -> None:
    flags = np.array([True, False, True, True])
    (hits,), runs = by_cluster(np.array([4, 2, 9, 1]), flags)
    assert (hits.tolist(), runs.tolist()) == ([3], [4])
    (hits,), runs = by_cluster(np.array([4, 2, 4, 2]), flags)
    assert (hits.tolist(), runs.tolist()) == ([1, 2], [2, 2])
    assert share(flags, np.array([4, 2, 4, 2])) == share_interval(np.array([1, 2]), np.array([2, 2]))


def test_one_cluster_says_nothing_of_others() -> None:
    same = np.zeros(3, dtype=np.int64)
    assert alone(same) and not alone(same[:1])
    found = share(np.array([True, True, False]), same)
    assert found.value == pytest.approx(2 / 3) and math.isnan(found.low)
    assert math.isnan(share(np.zeros(0, dtype=bool), same[:0]).value)


def test_what_is_enough_must_be_said() -> None:
    sample = sample_of([[[1, 2]]])
    with pytest.raises(ValueError, match="enough of price"):
        sample.satisfied(sample.values)
    assert replace(sample, better="higher", enough=2).satisfied(sample.values).tolist() == [[False, True]]
