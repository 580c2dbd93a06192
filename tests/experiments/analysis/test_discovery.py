"""Scenario discovery: a box that is known is found, and none where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from marketsim.experiments.analysis.discovery import box, discoveries
from marketsim.experiments.analysis.samples import SHAKEOUT
from tests.experiments.analysis.made import points_at, sample_of

NAMES = tuple("abcdefghij")


def space(points: int = 250, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random((points, 10)) * 100


def test_a_known_box_is_found_in_the_units_of_parameters() -> None:
    """It fails where a > 60 and b < 50, and nowhere else."""
    values = space()
    fails = (values[:, 0] > 60) & (values[:, 1] < 50)
    sample = sample_of(np.where(fails, 2.0, 0.0)[None, :, None], enough=1)
    (found,) = discoveries(sample, points_at(values))
    assert (found.failure, found.failing, found.points, found.note) == ("not enough", fails.sum(), 250, "")
    limits = {each.name: each for each in found.limits}
    assert set(limits) == {"a", "b"}
    assert limits["a"].low == pytest.approx(60, abs=4) and limits["a"].high is None
    assert limits["b"].high == pytest.approx(50, abs=4) and limits["b"].low is None
    assert found.coverage > 0.9 and found.density > 0.9
    assert found.mass == pytest.approx(found.coverage * found.failing / found.density / 250)
    assert limits["a"].low_quasi_p is not None and limits["a"].low_quasi_p < 1e-6
    assert limits["a"].high_quasi_p is None


def test_the_same_again_gives_the_same() -> None:
    values = space()
    fails = values[:, 2] + np.random.default_rng(0).normal(0, 30, 250) > 80
    assert box(values, fails, NAMES) == box(values, fails, NAMES) != ()


def test_a_box_is_found_through_luck() -> None:
    values = space(400)
    inside = (values[:, 0] > 60) & (values[:, 1] < 50)
    fails = np.random.default_rng(2).random(400) < np.where(inside, 0.8, 0.1)
    assert {each.name for each in box(values, fails, NAMES)} == {"a", "b"}


def test_where_failing_has_no_place_no_box_is_given() -> None:
    """At most once in twenty times, however often it fails."""
    found = 0
    for seed in range(60):
        share = (0.08, 0.3, 0.5, 0.9)[seed % 4]
        found += bool(box(space(seed=seed), np.random.default_rng((1, seed)).random(250) < share, NAMES))
    assert found <= 3


@pytest.mark.parametrize("sizes", [(50, 50), (60, 40)], ids=["both low or both high", "corners"])
def test_what_a_parameter_does_in_company_only_is_found(sizes: tuple[int, int]) -> None:
    """It fails where a and b are both high, or both low: each of them alone tells nothing. The box is one of the two."""
    high, low = sizes
    values = space()
    corners = (values[:, :2] > high).all(axis=1), (values[:, :2] < low).all(axis=1)
    limits = {each.name: each for each in box(values, corners[0] | corners[1], NAMES)}
    assert set(limits) == {"a", "b"}
    for limit in limits.values():
        upper = limits["a"].low is not None
        assert (limit.low if upper else limit.high) == pytest.approx(high if upper else low, abs=4)
        assert (limit.high if upper else limit.low) is None


def test_company_is_found_through_luck() -> None:
    values = space(400)
    alike = (values[:, 0] > 50) == (values[:, 1] > 50)
    fails = np.random.default_rng(2).random(400) < np.where(alike, 0.7, 0.2)
    assert {each.name for each in box(values, fails, NAMES)} == {"a", "b"}


@pytest.mark.parametrize(
    ("failing", "note"),
    [
        (0, "It fails at no point."),
        (12, "It fails at hardly any point: too few to say where."),
        (288, "It fails at nearly all points: too few others to say where it does not."),
        (300, "It fails at all points."),
    ],
)
def test_too_few_or_too_many_failures(failing: int, note: str) -> None:
    values = space(300)
    sample = sample_of((np.arange(300) < failing).astype(float)[None, :, None], enough=0.5)
    (found,) = discoveries(sample, points_at(values))
    assert (found.note, found.failing, found.limits) == (note, failing, ())
    assert math.isnan(found.coverage)


def test_too_few_points() -> None:
    (found,) = discoveries(sample_of(np.eye(2)[:1, :, None], enough=0.5), points_at(space(2)))
    assert found.note == "There are too few points to say where it fails."


def test_a_point_fails_if_half_of_its_runs_do() -> None:
    values = space(40)
    runs = np.zeros((40, 4))
    runs[values[:, 0] > 50, :2] = 1
    (found,) = discoveries(sample_of(runs[None], outcome=SHAKEOUT, better=None), points_at(values))
    assert (found.failure, found.failing, found.threshold) == ("shakeout", (values[:, 0] > 50).sum(), None)
    assert [each.name for each in found.limits] == ["a"]


def test_regret_of_the_policy_with_least_regret() -> None:
    """The first loses up to 10, the second up to 4 where a is low: it is the robust one, and fails there."""
    values = space()
    low = values[:, 0] < 30
    outcome = np.stack([np.where(low, 0.0, 10.0), np.where(low, 4.0, 0.0)])[..., None]
    (found,) = discoveries(sample_of(outcome), points_at(values))
    assert (found.policy, found.failure, found.threshold) == ("policy-1", "regret", 5)
    assert found.note == "It fails at no point."
    outcome[1] *= 2
    (found,) = discoveries(sample_of(outcome), points_at(values))
    assert (found.policy, [each.name for each in found.limits]) == ("policy-1", ["a"])
    assert found.limits[0].high == pytest.approx(30, abs=3)


def test_rounding_is_no_regret() -> None:
    """Sums in another order: what differs by the last bits only is the same, at most points or at all."""
    values = space()
    outcome = np.stack([np.full(250, 0.1) + 0.2, np.full(250, 0.3)])[..., None]
    outcome[1, ::2] += 1e-15
    assert (outcome[0] != outcome[1]).all() and np.abs(outcome[0] - outcome[1]).max() < 1e-14
    (found,) = discoveries(sample_of(outcome), points_at(values))
    assert (found.threshold, found.failing, found.note) == (0, 0, "It fails at no point.")
    low = values[:, 0] < 30
    outcome[0, low], outcome[1, low] = 0.5, 0.6
    outcome[1, ~low] = 0.3
    outcome[0, (values[:, 0] > 80)] = 0.5
    (found,) = discoveries(sample_of(outcome), points_at(values))
    assert (found.policy, found.failing) == ("policy-1", low.sum())
    assert found.threshold == pytest.approx(0.05)
    assert [each.name for each in found.limits] == ["a"]


def test_where_nothing_says_what_failing_is() -> None:
    values = space(30)
    nothing = [
        sample_of(np.ones((2, 30, 1)), better=None),
        sample_of(np.ones((1, 30, 1))),
        sample_of(np.full((2, 30, 1), math.nan)),
    ]
    assert [discoveries(each, points_at(values)) for each in nothing] == [[], [], []]


def test_parameters_that_stand_still_or_have_few_levels() -> None:
    values = space(200)
    values[:, 0], values[:, 1] = 5.0, np.round(values[:, 1] / 50)
    fails = values[:, 1] == 2
    limits = box(values, fails, NAMES)
    assert [each.name for each in limits] == ["b"] and limits[0].low == pytest.approx(1.5)
    assert box(np.full((50, 3), 1.0), np.arange(50) < 20, NAMES) == ()
