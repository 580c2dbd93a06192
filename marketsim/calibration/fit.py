"""A fit: the best place, and what the data allow around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketsim.calibration.evaluations import Evaluations
from marketsim.calibration.loss import Loss, Point
from marketsim.calibration.profile import Profile, profiles, unexamined
from marketsim.calibration.search import polish, search
from marketsim.state import Floats

PASSES = 6
"""Most passes of polishing and profiles: profiles that come upon a better place send the fit back to it."""


STAY = 2e-3
"""Move of a parameter, in ranges, and gain in loss below which a figure is better left as it is written."""


@dataclass(frozen=True)
class Fit:
    """What came of a fit.

    start: the scenario as it is written.  best: the place with the least loss.  jacobian: of the distances by place
    there, [target, parameter].  profiles: by parameter.  examined: whether the profiles were made.  ended: why the
    search ended.  searched, evaluations: places that the search asked for, and all.
    """

    loss: Loss
    start: Point
    best: Point
    jacobian: Floats
    profiles: list[Profile]
    examined: bool
    ended: str
    searched: int
    evaluations: int


def settled(evaluations: Evaluations, best: Point) -> Point:
    """The point with parameters that hardly moved where they were written, if that costs next to nothing."""
    start = evaluations.loss.start
    (back,) = evaluations([np.where(np.abs(best.place - start) < STAY, start, best.place)])
    return back if back.loss < best.loss + STAY else best


def fit(evaluations: Evaluations, seed: int, budget: int, examine: bool) -> Fit:
    """Search from the loss's start, polish, and examine each parameter if wanted.

    budget: most evaluations of the search; steps and profiles come on top.
    """
    loss = evaluations.loss
    (start,) = evaluations([loss.start])
    best, ended = search(evaluations, loss.start, seed, budget)
    searched = evaluations.count
    for number in range(PASSES):
        best, jacobian = polish(evaluations, best, loss)
        best = settled(evaluations, best)
        found = profiles(evaluations, best, jacobian, number == PASSES - 1) if examine else unexamined(best)
        if not isinstance(found, Point):
            break
        best = found
    assert not isinstance(found, Point)
    return Fit(loss, start, best, jacobian, found, examine, ended, searched, evaluations.count)
