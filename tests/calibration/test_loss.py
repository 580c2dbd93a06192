"""What a fit minimises."""

from __future__ import annotations

import numpy as np

from marketsim.calibration.loss import Loss, counted


def test_beyond_its_tolerance_a_distance_counts_twice():
    assert counted(np.array([0.0, 0.5, -0.5, 1.0, 1.5, -3.0])).tolist() == [0, 0.5, -0.5, 1, 2, -5]


def test_loss_is_a_sum_of_squares_and_a_pull_to_the_figures_as_written():
    loss = Loss(np.array([0.5, 0.5]))
    assert loss.point(np.array([0.5, 0.5]), np.array([0.5, -2.0])).loss == 0.25 + 9
    assert loss.point(np.array([0.0, 0.5]), np.array([0.0])).loss == 1, "half of a range: like one tolerance"
    light = Loss(np.array([0.5, 0.5]), 0.1)
    assert np.isclose(light.point(np.array([0.0, 0.5]), np.array([0.0])).loss, 0.1 * 0.25)


def test_slopes_are_the_derivative_of_the_residuals():
    loss, place, effect = Loss(np.array([0.5, 0.5])), np.array([0.4, 0.9]), np.array([[5.0, 1], [0, 1]])
    at = lambda where: loss.residuals(where, effect @ where)  # noqa: E731
    numeric = [(at(place + step) - at(place - step)) / 2e-6 for step in 1e-6 * np.eye(2)]
    assert np.allclose(effect @ place, [2.9, 0.9]), "one beyond its tolerance, one inside"
    assert np.allclose(loss.slopes(effect @ place, effect), np.array(numeric).T)
