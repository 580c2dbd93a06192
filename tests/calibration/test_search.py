"""CMA-ES and Gauss-Newton on problems with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from marketsim.calibration.search import polish, search, slopes
from tests.calibration.toys import Bent, Line, Linear


@pytest.mark.parametrize("toy", [Line, Bent])
def test_the_search_finds_the_truth(toy: type[Linear]):
    problem = toy()
    best, ended = search(problem, problem.start, seed=1, budget=600)
    assert ended == "converged"
    assert len(problem.asked) < 600
    assert np.allclose(best.place, problem.truth, atol=0.03)


def test_the_budget_is_kept_and_the_start_is_the_first_place():
    problem = Bent()
    best, ended = search(problem, problem.start, seed=1, budget=20)
    assert ended == "all evaluations were used"
    assert 14 < len(problem.asked) <= 20
    assert problem.asked[0].tolist() == problem.start.tolist()
    assert best.loss <= problem([problem.start])[0].loss
    nothing = Bent()
    best, _ = search(nothing, nothing.start, seed=1, budget=1)
    assert best.place.tolist() == nothing.start.tolist()


def test_the_seed_decides_and_nobody_elses_luck_is_touched():
    np.random.seed(5)
    state = np.random.get_state()[1].tolist()
    asked = []
    for seed in (1, 1, 2):
        problem = Bent()
        search(problem, problem.start, seed, budget=30)
        asked.append(np.array(problem.asked).tolist())
    assert asked[0] == asked[1] != asked[2]
    assert np.random.get_state()[1].tolist() == state


def test_places_stay_within_their_ranges():
    problem = Linear()
    problem.truth = np.array([1.5, 0.5, 0.5, -1])
    best, _ = search(problem, problem.start, seed=1, budget=300)
    best, _ = polish(problem, best, problem.loss)
    assert np.isclose(best.place[0], 1)
    assert np.min(problem.asked) >= 0
    assert np.max(problem.asked) <= 1


def test_slopes_are_exact_where_distances_are_linear_at_the_ends_of_a_range_too():
    problem = Linear()
    (at,) = problem([np.array([0.0, 1.0, 0.5, 0.99])])
    assert np.allclose(slopes(problem, at), problem.effect)


def test_polishing_leads_to_the_best_place_and_puts_back_what_has_no_effect():
    problem = Linear()
    (far,) = problem([np.array([0.9, 0.1, 0.9, 0.05])])
    best, jacobian = polish(problem, far, problem.loss)
    assert np.allclose(best.place[0], 0.45, atol=2e-3)
    assert np.allclose(best.place[1] + best.place[2], 1, atol=3e-3)
    assert np.allclose(best.place[3], problem.start[3], atol=1e-2), "where the scenario has it"
    assert np.allclose(jacobian, problem.effect)
    bent = Bent()
    (start,) = bent([bent.start])
    assert np.allclose(polish(bent, start, bent.loss)[0].place, bent.truth, atol=0.02)
