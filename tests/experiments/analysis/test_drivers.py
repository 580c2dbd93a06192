"""What an outcome hangs on: functions whose answer is known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import qmc

from marketsim.experiments.analysis.drivers import METHODS, Drivers, drivers
from marketsim.experiments.analysis.samples import Points, Sample
from marketsim.experiments.design import saltelli
from marketsim.scenario.experiment_file import Design
from marketsim.state import Floats
from tests.experiments.analysis.made import points_at, sample_of


def hypercube(points: int, parameters: int, seed: int = 1) -> Floats:
    values: Floats = qmc.LatinHypercube(parameters, rng=seed).random(points)
    return values


def by_name(found: Drivers) -> dict[str, float]:
    return {each.name: each.effect.value for each in found.drivers}


def ishigami(second_order: bool = False, base: int = 1024) -> tuple[Points, Floats]:
    design = Design(kind="sobol", base=base, second_order=second_order)
    values = (saltelli(["a", "b", "c"], design, 7) * 2 - 1) * math.pi
    points = replace(points_at(values, "sobol"), second_order=second_order)
    a, b, c = values.T
    return points, np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)


@pytest.mark.parametrize("second_order", [False, True])
def test_sobol_indices_of_ishigami(second_order: bool) -> None:
    """Ishigami and Homma (1990), with a = 7 and b = 0.1: indices in closed form."""
    points, outcome = ishigami(second_order)
    (found,) = drivers(sample_of(outcome[None, :, None], own_luck=False), points)
    assert (found.method, found.points, found.note) == ("sobol", len(outcome), "")
    first = {"a": 0.3139, "b": 0.4424, "c": 0.0}
    total = {"a": 0.5576, "b": 0.4424, "c": 0.2437}
    assert by_name(found) == pytest.approx(first, abs=0.03)
    assert {each.name: each.total and each.total.value for each in found.drivers} == pytest.approx(total, abs=0.03)
    assert [each.name for each in found.drivers] == ["a", "b", "c"]
    assert all(each.effect.low - 0.01 <= first[each.name] <= each.effect.high + 0.01 for each in found.drivers)
    assert found.explained == pytest.approx(0.756, abs=0.05)


def test_rows_of_a_sobol_design_that_are_not_known_are_left_out() -> None:
    points, outcome = ishigami()
    outcome[7] = math.nan
    (found,) = drivers(sample_of(outcome[None, :, None], own_luck=False), points)
    assert found.points == len(outcome) - 5
    assert by_name(found)["b"] == pytest.approx(0.4424, abs=0.03)
    outcome[:] = math.nan
    (nothing,) = drivers(sample_of(outcome[None, :, None], own_luck=False), points)
    assert nothing.method is None and "too few rows" in nothing.note.lower() and math.isnan(nothing.as_written)


def test_a_constant_outcome_has_no_drivers() -> None:
    for own_luck, points in ((False, ishigami()[0]), (True, points_at(hypercube(50, 3)))):
        (found,) = drivers(sample_of(np.full((1, len(points.numbers), 2), 0.1), own_luck), points)
        assert found.method is None and found.note == "The outcome is the same at all points."
        assert found.as_written == pytest.approx(0.1) and math.isnan(found.noise)


def test_rank_regression_of_a_linear_function() -> None:
    """Coefficients of independent uniform parameters: their share of the standard deviation, nearly so for ranks."""
    values = hypercube(300, 4)
    (found,) = drivers(sample_of((values @ [4, -2, 1, 0])[None, :, None]), points_at(values))
    assert found.method == "rank-regression" and found.explained > 0.97
    assert by_name(found) == pytest.approx(
        dict(zip("abcd", np.array([4, -2, 1, 0]) / math.sqrt(21), strict=True)), abs=0.05
    )
    assert [each.name for each in found.drivers][:2] == ["a", "b"]
    strongest = found.drivers[0]
    assert strongest.effect.low < strongest.effect.value < strongest.effect.high
    assert strongest.high - strongest.low == pytest.approx(4 * 2 / 3, abs=0.3)


def test_ranks_see_through_a_curve_that_only_rises() -> None:
    values = hypercube(200, 2)
    (found,) = drivers(sample_of(np.exp(9 * values[:, 0])[None, :, None]), points_at(values))
    assert by_name(found)["a"] == pytest.approx(1) and found.explained > 0.99


def test_intervals_of_coefficients_cover_the_truth() -> None:
    """Half of the variance is luck; the truth is the coefficient in a very large sample."""
    rng = np.random.default_rng(5)

    def coefficient(count: int, seed: int) -> tuple[float, float, float]:
        values = hypercube(count, 3, seed)
        outcome = values[:, 0] - values[:, 1] + rng.normal(0, math.sqrt(1 / 6), count)
        (found,) = drivers(sample_of(outcome[None, :, None]), points_at(values))
        (effect,) = (each.effect for each in found.drivers if each.name == "a")
        return effect.low, effect.value, effect.high

    truth = coefficient(10_000, 0)[1]
    intervals = [coefficient(60, seed) for seed in range(1, 101)]
    assert 0.88 < np.mean([low <= truth <= high for low, _, high in intervals]) <= 1


def test_noise_is_the_share_of_luck_in_point_means() -> None:
    rng = np.random.default_rng(6)
    signal, luck = rng.normal(0, 1, (2000, 1)), rng.normal(0, 2, (2000, 8))
    points = points_at(hypercube(2000, 2))
    (found,) = drivers(sample_of((signal + luck)[None]), points)
    assert found.noise == pytest.approx(0.5 / 1.5, abs=0.04)
    assert math.isnan(drivers(sample_of(luck[None, :, :1]), points)[0].noise)


def test_luck_that_is_the_same_at_all_points_is_no_noise() -> None:
    rng = np.random.default_rng(7)
    values = hypercube(60, 2)
    outcome = values[:, :1] + rng.normal(0, 5, (1, 8))
    (found,) = drivers(sample_of(outcome[None], own_luck=False), points_at(values, "grid"))
    assert found.noise == pytest.approx(0, abs=1e-9) and found.explained > 0.95


def test_levels_and_differences_are_explained_apart() -> None:
    """The policy helps where b is high; the level hangs on a."""
    values = hypercube(120, 2)
    before, gain = 10 * values[:, 0], values[:, 1]
    found = drivers(sample_of(np.stack([before, before + gain])[..., None]), points_at(values))
    assert [(each.policy, each.of_difference) for each in found] == [
        ("none", False),
        ("policy-1", False),
        ("policy-1", True),
    ]
    assert [each.drivers[0].name for each in found] == ["a", "a", "b"]


def test_too_few_points_for_so_many_parameters_and_parameters_that_stand_still() -> None:
    values = hypercube(20, 8)
    (few,) = drivers(sample_of(values[None, :, :1]), points_at(values))
    assert few.method is None and few.note == "There are too few points for so many parameters."
    values[:, 2:] = 0.5
    (found,) = drivers(sample_of(values[None, :, :1]), points_at(values))
    assert set(by_name(found)) == {"a", "b"}
    values[:] = 0.5
    (still,) = drivers(sample_of(np.arange(20.0)[None, :, None]), points_at(values))
    assert still.note == "No parameter varies over the points that are known."


def test_points_that_are_not_known_are_left_out() -> None:
    values = hypercube(100, 2)
    outcome = np.stack([values[:, 0], values[:, 0] + values[:, 1]])[..., None]
    outcome[1, :20] = math.nan
    found = drivers(sample_of(outcome), points_at(values))
    assert [each.points for each in found] == [100, 80, 80]
    assert by_name(found[2])["b"] == pytest.approx(1)


def moved_alone(runs: int = 6) -> tuple[Sample, Points]:
    """a raises the outcome by 3 a unit, b by 1 either way, c by nothing; luck adds the same at all points."""
    values = np.array(
        [[1, 0, 5], [0, 0, 5], [1, 0, 5], [2, 0, 5], [1, -1, 5], [1, 1, 5], [1, 0, 4], [1, 0, 6]], dtype=float
    )
    luck = np.random.default_rng(8).normal(0, 10, runs)
    outcome = 3 * values[:, 0] + values[:, 1] ** 2
    return sample_of((outcome[:, None] + luck - luck.mean())[None], own_luck=False), points_at(values, "one-at-a-time")


def test_one_at_a_time() -> None:
    (found,) = drivers(*moved_alone())
    assert found.method == "one-at-a-time" and found.as_written == pytest.approx(3)
    assert math.isnan(found.explained)
    a, b, c = found.drivers
    assert (a.name, b.name, c.name) == ("a", "b", "c")
    assert (a.low, a.high, a.effect.value) == pytest.approx((0, 6, 6))
    assert (a.effect.low, a.effect.high) == pytest.approx((6, 6))
    assert np.array(b.curve) == pytest.approx(np.array([[-1, 4], [0, 3], [1, 4]]))
    assert b.effect.value == pytest.approx(0) and c.effect.value == pytest.approx(0)


def test_one_at_a_time_with_one_run_has_no_intervals_and_needs_the_centre() -> None:
    sample, points = moved_alone(runs=1)
    (found,) = drivers(sample, points)
    assert math.isnan(found.drivers[0].effect.low) and found.drivers[0].effect.value == pytest.approx(6)
    sample.values[0, [0, 2]] = math.nan
    (nothing,) = drivers(sample, points)
    assert nothing.method is None and nothing.note == "The scenario as written is not known."


def test_nothing_uncertain_nothing_to_explain() -> None:
    assert drivers(sample_of([[[1, 2, 3]]]), Points("as-written", False, (), np.array([0]), np.empty((1, 0)))) == []


def test_every_method_is_told_in_words() -> None:
    assert set(METHODS) == {"sobol", "one-at-a-time", "rank-regression"}
