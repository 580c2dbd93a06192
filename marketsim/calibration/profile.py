"""Which parameters the data pin down: the profile of the loss over each of them.

A parameter is held at places across its range while all others adapt, and the misses of targets there are played, not
estimated. The data allow the places at which their sum of squares is at most RISE above that of the fit; the pull
towards figures as written is no part of it, for it is not in the data. Without the others adapting, a parameter whose
effect another one can undo would look pinned down.
Source: Raue et al. (2009), Bioinformatics 25(15), on profiles; Bates, Watts (1988), Nonlinear Regression, ch. 6.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from marketsim.calibration.evaluations import Evaluate
from marketsim.calibration.loss import RISE, Loss, Point
from marketsim.calibration.search import step
from marketsim.state import Floats

GRID = np.linspace(0, 1, 7)
"""Places at which a parameter is held, beside those that narrow down where the data begin to object."""
NEAR = 0.02
"""Places closer than this are one."""
TRIES = 4
"""Gauss-Newton steps for the others to adapt in."""
REFINED = 3
"""Places that narrow down an end of an interval."""
ENOUGH = 0.05
"""Gain of a step below which another one is not worth it."""
CLOSE = 0.02
"""Distance of the loss from its rise by RISE at which an end of an interval is found."""
BETTER = 0.2
"""Gain over the best point at which profiles are broken off: they would be those of another place."""
KEEP = 0.1
"""Loss of moving another parameter over its range: light, so that the data decide; some, so that steps are definite."""
CORRELATED = 0.6
"""Size of a correlation from which on two parameters are named as hard to tell apart."""
PART = 0.3
"""Least part of a parameter in a combination for it to be named."""


class Seen(NamedTuple):
    """A point, and the slopes of the distances as they were last known there, [target, parameter]."""

    point: Point
    jacobian: Floats


@dataclass(frozen=True)
class Profile:
    """A parameter's profile: places held, [place] ascending, and how far the loss rises there above that of the fit.

    low, high: the interval that the data allow, places from 0 to 1.
    below, above: whether the data rule out what lies beyond.
    """

    places: Floats
    rises: Floats
    low: float
    high: float
    below: bool
    above: bool

    @property
    def verdict(self) -> str:
        """How much the data say about the parameter."""
        return VERDICTS[self.below + self.above]


VERDICTS = ("not identified", "one-sided", "pinned down")
Walk = Generator[Floats, Point, list[Seen]]
"""Asks for places to evaluate, is given the points, and returns what it saw from the best point outwards."""


def profiles(evaluate: Evaluate, best: Point, jacobian: Floats, to_the_end: bool = True) -> list[Profile] | Point:
    """The profile of every parameter from the best point, or a clearly better point that came up on the way.

    jacobian: of the distances by place at the best point, [target, parameter].  to_the_end: whatever comes up.
    """
    data, near = Loss(best.place, 0.0), Loss(best.place, KEEP)
    fit = data.point(best.place, best.distances)
    parameters = range(len(best.place))
    walks = [
        _walk(Seen(fit, jacobian), parameter, grid, near)
        for parameter in parameters
        for grid in _outwards(best.place[parameter])
    ]
    found = _together(walks, evaluate, data, -np.inf if to_the_end else best.loss - BETTER)
    if isinstance(found, Point):
        return found
    sides = [[seen.point for seen in side] for side in found]
    return [_profile(parameter, fit, sides[2 * parameter], sides[2 * parameter + 1]) for parameter in parameters]


def _outwards(place: float) -> tuple[Floats, Floats]:
    """The places of the grid below and above, nearest first."""
    away = GRID - place
    return GRID[away < -NEAR][::-1], GRID[away > NEAR]


def unexamined(best: Point) -> list[Profile]:
    """Profiles of nothing but the best point, which rule nothing out."""
    return [Profile(np.array([place]), np.zeros(1), 0.0, 1.0, False, False) for place in best.place]


def _together(walks: Sequence[Walk], evaluate: Evaluate, data: Loss, least: float) -> list[list[Seen]] | Point:
    """What the walks return, one step of each at a time, so that there is work for all processes.

    data: the loss in which they are told of points.  least: a point whose own is below it ends them and is returned.
    """
    results: dict[int, list[Seen]] = {}
    asked: dict[int, Floats] = {}

    def advance(number: int, point: Point | None) -> None:
        try:
            asked[number] = next(walks[number]) if point is None else walks[number].send(point)
        except StopIteration as end:
            results[number] = end.value

    for number in range(len(walks)):
        advance(number, None)
    while asked:
        waiting, asked = asked, {}
        points = evaluate(list(waiting.values()))
        lowest = min(points, key=lambda point: point.loss)
        if lowest.loss < least:
            return lowest
        for number, point in zip(waiting, points, strict=True):
            advance(number, data.point(point.place, point.distances))
    return [results[number] for number in range(len(walks))]


def _walk(best: Seen, parameter: int, grid: Floats, loss: Loss) -> Walk:
    """From the best point outwards along a grid, then to where the loss crosses RISE above that of the fit."""
    path = [best]
    for place in grid:
        path.append((yield from _adapted(path[-1], parameter, float(place), loss)))
    ceiling = best.point.loss + RISE
    for _ in range(REFINED):
        inner = _outermost([seen.point for seen in path], ceiling)
        if inner == len(path) - 1:
            break
        inside, outside = path[inner], path[inner + 1]
        place = _crossing(inside.point, outside.point, parameter, best.point.loss)
        between = yield from _adapted(inside, parameter, place, loss)
        path.insert(inner + 1, between)
        if abs(between.point.loss - ceiling) < CLOSE:
            break
    return path


def _adapted(start: Seen, parameter: int, place: float, loss: Loss) -> Generator[Floats, Point, Seen]:
    """The least loss with a parameter held at a place, as far as a few steps find it."""
    lowest: Seen | None = None
    at, damping = start, 1e-3
    for _ in range(TRIES):
        asked = step(at.point, at.jacobian, loss, damping, (parameter, place))
        if lowest is not None and np.allclose(asked, lowest.point.place, atol=1e-4):
            break
        point = yield asked
        seen = Seen(point, _updated(at, point))
        gain = np.inf if lowest is None else lowest.point.loss - point.loss
        if lowest is None or gain > 0:
            lowest = at = seen
        else:
            at, damping = Seen(lowest.point, seen.jacobian), damping * 30
        if 0 < gain < ENOUGH:
            break
    assert lowest is not None
    return lowest


def _updated(before: Seen, point: Point) -> Floats:
    """Slopes that agree with what came out at the point (Broyden's update)."""
    moved = point.place - before.point.place
    missed = point.distances - before.point.distances - before.jacobian @ moved
    length = float(moved @ moved)
    found: Floats = before.jacobian + (np.outer(missed, moved) / length if length > 1e-12 else 0.0)
    return found


def _outermost(path: Sequence[Point], ceiling: float) -> int:
    """The last point of a path whose loss is not above the ceiling."""
    return max(number for number, point in enumerate(path) if point.loss <= ceiling)


def _crossing(inside: Point, outside: Point, parameter: int, least: float) -> float:
    """Where the loss between two points crosses RISE: its root above the least is close to linear in the place."""
    inner, outer = (np.sqrt(max(point.loss - least, 0.0)) for point in (inside, outside))
    way = (np.sqrt(RISE) - inner) / (outer - inner)
    return float(inside.place[parameter] + way * (outside.place[parameter] - inside.place[parameter]))


def _profile(parameter: int, best: Point, down: Sequence[Point], up: Sequence[Point]) -> Profile:
    """The profile from the walks to both sides, which begin at the best point."""
    ends, known = [], []
    for side, end in ((down, 0.0), (up, 1.0)):
        inner = _outermost(side, best.loss + RISE)
        outer = min(inner + 1, len(side) - 1)
        at = _crossing(side[inner], side[outer], parameter, best.loss) if inner < outer else end
        known.append(abs(at - end) > NEAR)
        ends.append(at if known[-1] else end)
    points = [*reversed(down), *up[1:]]
    places = np.array([at.place[parameter] for at in points])
    rises = np.array([at.loss - best.loss for at in points])
    return Profile(places, rises, ends[0], ends[1], known[0], known[1])


def combinations(best: Point, jacobian: Floats, loss: Loss) -> list[tuple[float, dict[int, float]]]:
    """Combinations of parameters by how much the data say about them: what is told apart, and the parts of each.

    Singular values of the slopes of what is squared, in tolerances per range: a move by 1/value of the ranges costs
    RISE. Below 1 the whole range costs less than that. The parts have the length 1 together; small ones are left out.
    """
    slopes = loss.slopes(best.distances, jacobian)[: len(best.distances)]
    _, values, directions = np.linalg.svd(slopes)
    values = np.pad(values, (0, max(0, len(best.place) - len(values))))
    found = []
    for value, parts in zip(values, directions, strict=False):
        order = np.argsort(-np.abs(parts), kind="stable")
        sign = np.sign(parts[order[0]])  # the largest part is positive, whatever the library chose
        found.append((float(value), {int(n): float(sign * parts[n]) for n in order if abs(parts[n]) >= PART}))
    return found


def correlations(best: Point, jacobian: Floats, loss: Loss) -> Floats:
    """How the parameters move together along what the data allow, [parameter, parameter].

    (4 J'J + 12 I)^-1 scaled to ones on its diagonal: a tolerance is two standard errors, and before the data speak
    every place in a range is as good as any other, which has the variance 1/12.
    """
    slopes = loss.slopes(best.distances, jacobian)[: len(best.distances)]
    covariance = np.linalg.inv(4 * slopes.T @ slopes + 12 * np.eye(len(best.place)))
    spread = np.sqrt(np.diag(covariance))
    found: Floats = covariance / np.outer(spread, spread)
    return found


def pairs(correlation: Floats, least: float = CORRELATED) -> Iterator[tuple[int, int, float]]:
    """Parameters that the data tell apart badly, strongest first."""
    found = [
        (first, second, float(correlation[first, second]))
        for first in range(len(correlation))
        for second in range(first + 1, len(correlation))
        if abs(correlation[first, second]) >= least
    ]
    yield from sorted(found, key=lambda pair: -abs(pair[2]))
