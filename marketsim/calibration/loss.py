"""What a fit minimises: the method of simulated moments with tolerances in the place of standard errors.

    loss = sum_t s(d_t)^2 + PULL * sum_p (x_p - x0_p)^2
    s(d) = d for |d| <= 1, and sign(d) * (1 + BEYOND * (|d| - 1)) beyond

d_t: distance of the median run from target t in tolerances.  x_p: place of parameter p between the ends of its range,
0 to 1; x0_p: its place in the scenario as written. Whoever reads a tolerance as two standard errors of what was
reported may read the loss as a quarter of a chi-squared statistic.
Source: McFadden (1989), Econometrica 57(5); Gourieroux, Monfort (1996), Simulation-Based Econometric Methods, ch. 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketsim.state import Floats

BEYOND = 2.0
"""Beyond a tolerance every distance counts twice: inside there is little to gain, and a figure is hit or missed."""
PULL = 4.0
"""Loss of moving a parameter over its whole range. A range is read as a tolerance is, two standard deviations to either
side of its middle: half of it costs as much as one figure at the end of its tolerance. So what is written moves as far
as the data ask for and no farther, and figures that they say nothing about stay where they are."""
RISE = 1.0
"""Rise of the loss up to which the data allow a place: one target from spot on to the end of its tolerance.

With a tolerance of two standard errors this is a rise of chi-squared by 4, the 95 % interval of a profile likelihood.
"""


@dataclass(frozen=True)
class Point:
    """An evaluated place: `place` [parameter], `distances` from the targets [target], `loss`."""

    place: Floats
    distances: Floats
    loss: float


@dataclass(frozen=True)
class Loss:
    """The loss of a problem whose scenario is written at the place `start` [parameter]."""

    start: Floats
    pull: float = PULL

    def point(self, place: Floats, distances: Floats) -> Point:
        """A place with its distances and its loss."""
        return Point(place, distances, float(np.sum(self.residuals(place, distances) ** 2)))

    def residuals(self, place: Floats, distances: Floats) -> Floats:
        """What is squared and summed, [target + parameter]."""
        return np.concatenate([counted(distances), np.sqrt(self.pull) * (place - self.start)])

    def slopes(self, distances: Floats, jacobian: Floats) -> Floats:
        """Derivative of the residuals by place, [target + parameter, parameter].

        jacobian: of the distances by place, [target, parameter].
        """
        steepness = np.where(np.abs(distances) > 1, BEYOND, 1.0)
        return np.vstack([steepness[:, None] * jacobian, np.sqrt(self.pull) * np.eye(len(self.start))])


def counted(distances: Floats) -> Floats:
    """s(d): distances as the loss counts them, in the shape of the distances."""
    beyond = np.maximum(np.abs(distances) - 1, 0.0)
    sizes: Floats = np.sign(distances) * (np.abs(distances) + (BEYOND - 1) * beyond)
    return sizes
