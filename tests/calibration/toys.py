"""Problems without a market, whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from marketsim.calibration.loss import Loss, Point
from marketsim.state import Floats


class Linear:
    """Distances that are linear in the place: spot on at the truth.

    One parameter that the data pin down to 0.2 on either side, two of which only the sum matters, one without effect.
    """

    effect = np.array([[5.0, 0, 0, 0], [0, 2, 2, 0], [0, 3, 3, 0]])
    truth = np.array([0.45, 0.5, 0.5, 0.5])
    start = np.array([0.3, 0.5, 0.4, 0.7])

    def __init__(self, pull: float = 0.1) -> None:
        self.loss = Loss(self.start, pull)
        self.asked: list[Floats] = []

    def distances(self, place: Floats) -> Floats:
        found: Floats = self.effect @ (place - self.truth)
        return found

    def __call__(self, places: Sequence[Floats]) -> list[Point]:
        self.asked += list(places)
        return [self.loss.point(place, self.distances(place)) for place in places]


class Bent(Linear):
    """One valley, bent: x2 follows the square of x1; far from linear, and pinned down all the same."""

    truth = np.array([0.6, 0.36])
    start = np.array([0.2, 0.8])

    def distances(self, place: Floats) -> Floats:
        return np.array([6 * (place[1] - place[0] ** 2), 4 * (place[0] - 0.6)])


class Line(Linear):
    """A single parameter."""

    truth = np.array([0.75])
    start = np.array([0.1])
    effect = np.array([[8.0]])
