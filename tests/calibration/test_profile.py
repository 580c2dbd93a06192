"""Profiles on problems with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from marketsim.calibration.loss import Point
from marketsim.calibration.profile import Profile, combinations, correlations, pairs, profiles, unexamined
from marketsim.calibration.search import polish, slopes
from tests.calibration.toys import Bent, Line, Linear


def examined(problem: Linear) -> list[Profile]:
    best, jacobian = polish(problem, problem([problem.truth])[0], problem.loss)
    found = profiles(problem, best, jacobian)
    assert not isinstance(found, Point)
    return found


def test_a_parameter_that_matters_is_pinned_down_to_where_the_loss_rises_by_one():
    sure, *others = examined(Linear(pull=0))
    assert sure.verdict == "pinned down"
    assert np.allclose([sure.low, sure.high], [0.25, 0.65], atol=0.01), "its distance is 5 times the move"
    assert [other.verdict for other in others] == 3 * ["not identified"]
    assert [(other.low, other.high) for other in others] == 3 * [(0, 1)]


def test_the_pull_to_figures_as_written_is_not_in_the_data():
    """It moves the fit, and with it where the others stand, but rules nothing out."""
    for pull in (0.1, 4.0):
        sure, *others = examined(Linear(pull))
        assert sure.verdict == "pinned down"
        assert 0.35 < sure.high - sure.low < 0.5
        assert [other.verdict for other in others] == 3 * ["not identified"]


def test_profiles_cover_the_range_and_are_the_least_loss_with_the_parameter_held():
    sure, sum_of_two, _, idle = examined(Linear(pull=0))
    assert sure.places[0] == 0
    assert sure.places[-1] == 1
    assert len(sure.places) >= 8
    assert np.all(np.diff(sure.places) > 0)
    moved = 5 * np.abs(sure.places - 0.45)
    assert np.allclose(sure.rises, np.where(moved > 1, 2 * moved - 1, moved) ** 2, atol=1e-3)
    assert np.allclose(sum_of_two.rises, 0, atol=1e-3), "the other one makes up for it"
    assert np.allclose(idle.rises, 0, atol=1e-3)


def test_one_end_of_a_range_can_be_ruled_out_alone():
    problem = Line(pull=0)
    problem.truth = np.array([0.05])
    (side,) = examined(problem)
    assert side.verdict == "one-sided"
    assert (side.low, side.below, side.above) == (0, False, True)
    assert np.isclose(side.high, 0.05 + 1 / 8, atol=0.01)


def test_an_end_that_is_ruled_out_by_a_hair_is_not_ruled_out():
    problem = Line(pull=0)
    problem.effect, problem.truth = np.array([[2.0]]), np.array([0.505])
    (side,) = examined(problem)
    assert side.rises[0] > 1 > side.rises[-1]
    assert (side.low, side.verdict) == (0, "not identified")


def test_a_bent_valley_is_followed():
    first, second = examined(Bent(pull=0))
    assert (first.verdict, second.verdict) == ("pinned down", "pinned down")
    assert np.allclose([first.low, first.high], [0.35, 0.85], atol=0.02)
    grid = np.linspace(0, 1, 2001)
    for profile, held in ((first, 0), (second, 1)):
        for place, loss in zip(profile.places, profile.rises, strict=True):
            others = np.stack([np.full(2001, place), grid] if held == 0 else [grid, np.full(2001, place)], axis=1)
            least = min(Bent(pull=0)(list(others)), key=lambda point: point.loss).loss
            assert least - 1e-3 <= loss <= max(1.2 * least, least + 0.1)


def test_a_better_place_on_the_way_breaks_profiles_off():
    problem = Bent(pull=0)
    (poor,) = problem([np.array([0.35, 0.3])])
    found = profiles(problem, poor, slopes(problem, poor), to_the_end=False)
    assert isinstance(found, Point)
    assert found.loss < poor.loss - 0.2


def test_what_the_data_say_nothing_about_is_named():
    problem = Linear()
    (best,) = problem([problem.truth])
    found = combinations(best, problem.effect, problem.loss)
    assert [value >= 1 for value, _ in found] == [True, True, False, False]
    assert np.isclose(found[0][0], np.sqrt(26)), "two parameters that both move two figures"
    assert found[0][1] == pytest.approx({1: 0.5**0.5, 2: 0.5**0.5})
    assert found[1] == (pytest.approx(5), pytest.approx({0: 1.0}))
    (pair,) = pairs(correlations(best, problem.effect, problem.loss))
    assert pair[:2] == (1, 2)
    assert pair[2] == pytest.approx(-52 / 64), "4 * 13 and 12 more on the diagonal: of either alone, 12 + 52"


def test_without_profiles_nothing_is_ruled_out():
    problem = Linear()
    (best,) = problem([problem.truth])
    assert {(at.low, at.high, at.verdict) for at in unexamined(best)} == {(0.0, 1.0, "not identified")}
