"""Survival of vendors: Kaplan-Meier and log-rank against answers by hand and by SciPy."""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from marketsim.experiments.analysis import survival
from marketsim.experiments.analysis.survival import PolicySurvival, TooLong, policy_survival

ALIVE = {"a": [1, 1, 1], "b": [1, 0, 0], "e-1": [1, 1, 0], "e-2": [0, 0, 0], "far": [1, 0, 0]}
"""In business at the end of 2025, 2026, 2027: two named vendors, two slots of entrants, a foreign supplier."""


def rows(policy: str, run: int, alive: dict[str, list[int]], point: int = 0) -> list[dict[str, Any]]:
    return [
        {"policy": policy, "point": point, "run": run, "year": 2025 + year, "vendor": vendor, "alive": bool(here)}
        for vendor, history in alive.items()
        for year, here in enumerate(history)
    ]


def analysed(table: list[dict[str, Any]], policies: tuple[str, ...] = ("none",)) -> list[PolicySurvival]:
    return policy_survival(pl.LazyFrame(table), ["a", "b"], ["far"], policies, "run")


def test_kaplan_meier_by_hand() -> None:
    """b lives 1.5 years, e-1 two, a is there after all three: 2/3 and 1/3 survive these."""
    (found,) = analysed(rows("none", 0, ALIVE))
    assert (found.runs, found.firms, found.exits, found.horizon) == (1, 3, 2, 3)
    curve = [(each.years, each.share.value, each.at_risk) for each in found.curve]
    assert curve == [
        (0, 1, 3),
        (1.5, pytest.approx(2 / 3), 3),
        (2, pytest.approx(1 / 3), 2),
        (3, pytest.approx(1 / 3), 1),
    ]
    assert found.median == 2 and found.shift is None and found.log_rank is None
    assert math.isnan(found.curve[1].share.low)


def test_who_comes_late_is_watched_for_less() -> None:
    (found,) = analysed(rows("none", 0, {"a": [1, 1, 1], "b": [1, 1, 1], "e-1": [0, 0, 1]}))
    assert [(each.years, each.at_risk) for each in found.curve] == [(0, 3), (0.5, 3), (3, 2)]
    assert found.exits == 0 and found.median is None


def test_a_slot_may_hold_one_firm_after_another() -> None:
    (found,) = analysed(rows("none", 0, {"a": [0, 1, 1], "b": [1, 1, 1]}))
    assert (found.firms, found.exits) == (3, 1)
    assert [each.years for each in found.curve] == [0, 0.5, 1.5, 3]


def many(policy: str, gone: float, runs: int = 60, seed: int = 1) -> list[dict[str, Any]]:
    rng, table = np.random.default_rng(seed), []
    for run in range(runs):
        last = [int(rng.geometric(gone)) for _ in range(4)]
        table += rows(policy, run, {f"a{n}": [year + 1 < left for year in range(6)] for n, left in enumerate(last)})
    return table


def lives(table: list[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    """Years lived and whether a vendor left, one a row, for vendors that are there from the start."""
    frame = pl.DataFrame(table).group_by("run", "vendor").agg(pl.col("alive").sum().alias("years"))
    years = frame["years"].to_numpy()
    return np.where(years < 6, years + 0.5, 6.0), years < 6


def of_policies(*tables: list[dict[str, Any]], policies: tuple[str, ...]) -> list[PolicySurvival]:
    return policy_survival(pl.LazyFrame(list(chain(*tables))), [f"a{n}" for n in range(4)], [], policies, "run")


def test_log_rank_and_curve_are_those_of_scipy() -> None:
    tables = many("none", 0.2), many("help", 0.12, seed=2)
    first, second = of_policies(*tables, policies=("none", "help"))
    samples = [stats.CensoredData.right_censored(years, ~left) for years, left in map(lives, tables)]
    assert second.log_rank == pytest.approx(stats.logrank(*samples).pvalue)
    expected = stats.ecdf(samples[0]).sf
    assert [each.share.value for each in first.curve[1:]] == pytest.approx(
        expected.evaluate([each.years for each in first.curve[1:]])
    )
    shares = [each.curve[-1].share.value for each in (first, second)]
    assert second.shift is not None and second.shift.value == pytest.approx(shares[1] - shares[0])
    assert second.shift.low < second.shift.value < second.shift.high
    assert all(each.share.low <= each.share.value <= each.share.high for each in first.curve)


def test_bands_count_runs_and_not_firms() -> None:
    """All four firms of a run have one fate: the band is as wide as that of one firm a run."""
    rng = np.random.default_rng(3)
    fates = [[year + 1 < left for year in range(6)] for left in rng.geometric(0.2, 80)]
    four = (rows("none", run, {f"a{n}": fate for n in range(4)}) for run, fate in enumerate(fates))
    one = (rows("none", run, {"a0": fate}) for run, fate in enumerate(fates))
    (wide,), (alone,) = (of_policies(*tables, policies=("none",)) for tables in (four, one))
    ends = [[(each.share.low, each.share.high) for each in found.curve] for found in (wide, alone)]
    assert np.array(ends[0]) == pytest.approx(np.array(ends[1]))
    share = wide.curve[-1].share
    error = math.sqrt(share.value * (1 - share.value) / 80)
    assert share.high - share.low == pytest.approx(2 * 1.96 * error, rel=0.2)


def test_the_same_luck_and_no_effect_is_no_shift() -> None:
    table = many("none", 0.2)
    _, same = of_policies(table, [row | {"policy": "idle"} for row in table], policies=("none", "idle"))
    assert same.shift is not None and (same.shift.low, same.shift.value, same.shift.high) == (0, 0, 0)
    assert same.log_rank == pytest.approx(1)


def test_nobody_leaves_and_nobody_is_there() -> None:
    stays = {"a": [1, 1, 1], "b": [1, 1, 1]}
    _, found = analysed(rows("none", 0, stays) + rows("idle", 0, stays), ("none", "idle"))
    assert found.log_rank == 1 and found.shift is not None and found.shift.value == 0
    assert analysed(rows("none", 0, {"far": [1, 1, 1], "e-1": [0, 0, 0]})) == []


def test_a_record_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survival, "MOST_YEARS", 2)
    with pytest.raises(TooLong, match="3 years"):
        analysed(rows("none", 0, ALIVE))
