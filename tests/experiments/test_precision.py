"""The interval of a paired difference: how wide it is, and what it is taken over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

import marketsim as ms
from marketsim.experiments.analysis.paired import differences
from marketsim.experiments.analysis.samples import outcome_sample, points_of
from marketsim.experiments.precision import Differences
from marketsim.experiments.results import Results
from tests.experiments.files import SUBSIDY
from tests.experiments.playing import over_points


def test_half_widths_cover_what_they_should() -> None:
    """Clusters of alike runs: the true mean lies inside nine of ten intervals, and not if runs were taken as their own."""
    rng = np.random.default_rng(1)
    inside = {"by cluster": 0, "by run": 0}
    for _ in range(1000):
        sizes = rng.integers(2, 9, 12)
        clusters = np.repeat(np.arange(12), sizes)
        values = rng.normal(size=12)[clusters] + 0.3 * rng.normal(size=len(clusters))
        for name, group in (("by cluster", clusters), ("by run", np.arange(len(clusters)))):
            found = Differences()
            found.add(group[:20], values[:20])
            found.add(group[20:], values[20:])
            inside[name] += bool(abs(values.mean()) <= found.half_width(0.9))
    assert 860 <= inside["by cluster"] <= 930
    assert inside["by run"] < 700


def test_half_widths_of_little() -> None:
    one = Differences()
    assert one.half_width(0.95) == float("inf")
    one.add(np.array([3, 3]), np.array([1.0, 2.0]))
    assert one.half_width(0.95) == float("inf")
    one.add(np.array([4, 5]), np.array([np.nan, 1.5]))
    assert one.half_width(0.95) == pytest.approx(0.0)


@pytest.mark.parametrize("points", [1, 2])
def test_rounds_and_results_take_points_that_are_drawn_as_what_is_alike(tmp_path: Path, points: int) -> None:
    """One point says nothing of others that could have been drawn: a second round draws another one."""
    design = {"kind": "latin-hypercube", "points": points}
    precision = {"outcome": "cards", "half_width": 1e9, "at_most": 10_000}
    outcomes = {"cards": {"measure": "cards", "year": 2027}}
    file = over_points(
        tmp_path, design=design, policies=[SUBSIDY], precision=precision, outcomes=outcomes, runs_per_point=20
    )
    results = ms.run_experiment(file, tmp_path / "out")
    assert results.points().select(pl.len()).collect().item() == 2
    found = points_of(results)
    (difference,) = differences(outcome_sample(results, found, "cards"))
    width = results.manifest["precision"]["half_widths"]["subsidy"]
    assert (found.alike, difference.clusters) == ("point", 2)
    assert difference.difference.high - difference.difference.value == pytest.approx(width)
    assert width == pytest.approx(stats.t.ppf(0.975, 1) * np.ptp(by_point(results)) / 2)


def by_point(results: Results) -> np.ndarray:
    """Mean difference at each point."""
    wide = results.runs().collect().pivot("policy", index=["point", "run"], values="cards")
    frame = wide.with_columns(gained=pl.col("subsidy") - pl.col("none"))
    return frame.group_by("point", maintain_order=True).agg(pl.col("gained").mean())["gained"].to_numpy()
