"""A fit: the best place, and what the data allow around it."""

from __future__ import annotations

from dataclasses import dataclass

from marketsim.calibration.evaluations import Evaluations
from marketsim.calibration.loss import Loss, Point
from marketsim.calibration.profile import ENOUGH, Profile, profiles, unexamined
from marketsim.calibration.search import polish, search
from marketsim.state import Floats

PASSES = 3
"""Most times that a profile which comes upon a better place sends the fit back to it."""


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


def fit(evaluations: Evaluations, seed: int, budget: int, examine: bool) -> Fit:
    """Search from the loss's start, polish, and examine each parameter if wanted.

    budget: most evaluations of the search; steps and profiles come on top.
    """
    loss = evaluations.loss
    (start,) = evaluations([loss.start])
    best, ended = search(evaluations, loss.start, seed, budget)
    searched = evaluations.count
    for _ in range(PASSES):
        best, jacobian = polish(evaluations, best, loss)
        found, least = profiles(evaluations, best, jacobian, loss) if examine else (unexamined(best), best)
        if least.loss > best.loss - ENOUGH:
            break
        best, again = least, best
    else:
        best = again  # the profiles are those of this place
    return Fit(loss, start, best, jacobian, found, examine, ended, searched, evaluations.count)
