"""The search for the least loss: CMA-ES over the whole space, then Gauss-Newton steps from the best place.

CMA-ES samples generations of places from a normal distribution that it moves and reshapes towards the better ones; it
needs no derivatives and passes over small bumps. Gauss-Newton steps finish what it leaves: they put figures that the
data say nothing about back to where they were written.
Source: Hansen (2016), The CMA Evolution Strategy: A Tutorial, arXiv:1604.00772; its author's library pycma.
"""

from __future__ import annotations

import warnings

import numpy as np

from marketsim.calibration.evaluations import Evaluate
from marketsim.calibration.loss import Loss, Point
from marketsim.state import Floats

SPREAD = 0.1
"""First standard deviation, in ranges: scenarios are written with care, so that the search begins near them."""
CLOSE = {"tolx": 1e-3, "tolfun": 1e-2, "tolfunhist": 1e-3}
"""The search ends when places, in ranges, or losses differ by less: nobody can tell them apart."""
STEP = 0.04
"""Half the distance of two places of which a slope is taken, wide enough to pass over steps of counted firms."""
TRUST = 0.35
"""Most that a Gauss-Newton step moves a parameter."""
ROUNDS = 8
DAMPINGS = (1e-3, 1e-1, 1.0, 10.0)


def search(evaluate: Evaluate, start: Floats, seed: int, budget: int) -> tuple[Point, str]:
    """The best point of a CMA-ES search from a place, [parameter], and why it ended.

    budget: most evaluations; a generation is not begun that would not be finished.
    """
    import cma

    (best,) = evaluate([start])
    random = np.random.default_rng(seed)
    size = max(2, len(start))  # the library does not search along a line: there it gets a second, idle dimension
    options = {
        "bounds": [0, 1],
        "randn": lambda count, numbers: random.standard_normal((count, numbers)),
        "seed": np.nan,  # it would seed NumPy for everybody
        "maxiter": np.inf,
        "verbose": -10,
        **CLOSE,
    }
    evolution = cma.CMAEvolutionStrategy(np.resize(start, size), SPREAD, options)
    done = 1
    while not evolution.stop() and done + evolution.popsize <= budget:
        asked = evolution.ask()
        points = evaluate([place[: len(start)] for place in asked])
        with warnings.catch_warnings():  # of flat losses, which end the search in time
            warnings.simplefilter("ignore")
            evolution.tell(asked, [point.loss for point in points])
        done += len(asked)
        best = min([best, *points], key=lambda point: point.loss)
    return best, "converged" if evolution.stop() else "all evaluations were used"


def polish(evaluate: Evaluate, best: Point, loss: Loss) -> tuple[Point, Floats]:
    """The point after Gauss-Newton steps, as long as they lead down, and the slopes of the distances there."""
    for _ in range(ROUNDS):
        jacobian = slopes(evaluate, best)
        steps = [step(best, jacobian, loss, damping) for damping in DAMPINGS]
        lowest = min(evaluate(steps), key=lambda point: point.loss)
        gain = best.loss - lowest.loss
        best = min([best, lowest], key=lambda point: point.loss)
        if gain < 0.01 * best.loss + 1e-3:
            break
    return best, jacobian


def slopes(evaluate: Evaluate, at: Point) -> Floats:
    """Central differences of the distances by place, [target, parameter]; one-sided at the ends of a range."""
    count = len(at.place)
    below, above = (np.tile(at.place, (count, 1)) for _ in range(2))
    np.fill_diagonal(below, np.maximum(at.place - STEP, 0.0))
    np.fill_diagonal(above, np.minimum(at.place + STEP, 1.0))
    points = evaluate([*below, *above])
    rise = np.stack([upper.distances - lower.distances for lower, upper in zip(points, points[count:], strict=False)])
    found: Floats = (rise / np.diag(above - below)[:, None]).T
    return found


def step(at: Point, jacobian: Floats, loss: Loss, damping: float, held: tuple[int, float] | None = None) -> Floats:
    """The place of least loss if distances were linear, within the range and within reach of the point.

    damping: loss of moving a parameter over its whole range.  held: a parameter and the place that it is moved to.
    Source: the Levenberg-Marquardt method; SciPy's lsq_linear keeps the bounds.
    """
    from scipy.optimize import lsq_linear

    place = at.place.copy()
    residuals, slope = loss.residuals(at.place, at.distances), loss.slopes(at.distances, jacobian)
    moved = np.ones(len(place), dtype=bool)
    if held is not None:
        parameter, target = held
        residuals = residuals + slope[:, parameter] * (target - place[parameter])
        place[parameter], moved[parameter] = target, False
    if not moved.any():
        return place
    rows = np.vstack([slope[:, moved], np.sqrt(damping) * np.eye(moved.sum())])
    aims = np.concatenate([-residuals, np.zeros(moved.sum())])
    room = np.maximum(-place[moved], -TRUST), np.minimum(1 - place[moved], TRUST)
    place[moved] += lsq_linear(rows, aims, room).x
    reached: Floats = np.clip(place, 0.0, 1.0)
    return reached
