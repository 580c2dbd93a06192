"""Scenario discovery: in which box of the uncertain parameters a policy fails, by PRIM of EMA Workbench."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from marketsim.experiments.analysis.robustness import regrets
from marketsim.experiments.analysis.samples import SHAKEOUT, Points, Sample
from marketsim.shakeout.statistics import holm
from marketsim.state import Bools, Floats

if TYPE_CHECKING:
    import pandas as pd

Failure = Literal["not enough", "shakeout", "regret"]

FEWEST, FEWEST_SHARE = 10, 0.05
"""Failing points, and others, below which no box is looked for: in number, and as a share of all. An assumption."""
SIGNIFICANCE = 0.05
"""p-value of a parameter, adjusted for all of them, and quasi-p-value of a limit, up to which they tell failing."""
MOST = 3
"""Parameters that a box may limit: more than these nobody keeps in mind, nor can a few hundred points tell of them."""
HALF = 0.5
"""Share of a point's runs that must fail for the point to fail; share of the usual stake that is much to regret."""


@dataclass(frozen=True)
class Limit:
    """A parameter's limits in the box, in its unit; None on a side on which the box is open.

    low_quasi_p, high_quasi_p: probability that so many failing points lie within the limit by chance, None where open.
    """

    name: str
    low: float | None
    high: float | None
    low_quasi_p: float | None
    high_quasi_p: float | None


@dataclass(frozen=True)
class Discovery:
    """Where a policy fails.

    failure: the outcome is not good enough, there is a shakeout (each: in at least half of the point's runs), or the
    policy's regret at the point is above `threshold`, in the outcome's unit.
    points: of the design, those of a Sobol design that are independent.  failing: how many of them fail.
    coverage: share of the failing points that lie in the box.  density: share of the box's points that fail.
    mass: share of all points that lie in the box.  NaN, and no limits, where there is no box: `note` says why.
    """

    policy: str
    outcome: str
    failure: Failure
    threshold: float | None
    points: int
    failing: int
    coverage: float
    density: float
    mass: float
    limits: tuple[Limit, ...]
    note: str = ""


def discoveries(sample: Sample, points: Points) -> list[Discovery]:
    """Where each policy fails by an outcome; empty if nothing says what failing is, or parameters never move together.

    That is a shakeout if the sample tells of these; else an outcome that is not good enough; else, where the experiment
    does not say what is, much regret of the policy of least regret: more than half of the stake, which is the median of
    how far apart the best and the worst policy are, over the points at which they are not the same (an assumption).
    """
    failure = _failure(sample)
    if failure is None or not points.names or points.kind == "one-at-a-time":
        return []
    find = partial(_discovered, sample, points, failure)
    if failure != "regret":
        return [find(None, row, share_at_points(sample, row)) for row in range(len(sample.policies))]
    found = regrets(sample)
    known = ~np.isnan(found).any(axis=0)
    if not known.any():
        return []
    least = int(found[:, known].max(axis=1).argmin())
    apart = found[:, known].max(axis=0)
    threshold = HALF * float(np.median(apart[apart > 0])) if apart.any() else 0.0
    return [find(threshold, least, np.where(known, found[least] > threshold, np.nan))]


def _failure(sample: Sample) -> Failure | None:
    if sample.outcome == SHAKEOUT:
        return "shakeout"
    if sample.enough is not None:
        return "not enough"
    return "regret" if sample.better is not None and len(sample.policies) > 1 else None


def share_at_points(sample: Sample, row: int) -> Floats:
    """Share of each point's runs that fail, [point], NaN where none has been made."""
    values = sample.values[row]
    fails = values > HALF if sample.enough is None else ~sample.satisfied(values)
    return sample.point_means(np.where(sample.made[row], fails, np.nan))


def _discovered(
    sample: Sample, points: Points, failure: Failure, threshold: float | None, row: int, share: Floats
) -> Discovery:
    """The box in which a policy fails.  share: of failing runs at each point, [point], NaN where not known."""
    at = np.searchsorted(points.numbers, sample.numbers)
    known = ~np.isnan(share) & points.independent[at]
    parameters = points.values[at][known]
    fails = np.asarray(share[known] >= HALF)
    nothing = Discovery(
        policy=sample.policies[row],
        outcome=sample.outcome,
        failure=failure,
        threshold=threshold,
        points=len(fails),
        failing=int(fails.sum()),
        coverage=float("nan"),
        density=float("nan"),
        mass=float("nan"),
        limits=(),
    )
    note = _hindrance(fails)
    if note:
        return replace(nothing, note=note)
    limits = box(parameters, fails, points.names)
    if not limits:
        return replace(nothing, note="No parameter tells clearly enough where it fails.")
    inside = np.ones(len(fails), dtype=bool)
    for limit in limits:
        values = parameters[:, points.names.index(limit.name)]
        inside &= (values >= (-np.inf if limit.low is None else limit.low)) & (
            values <= (np.inf if limit.high is None else limit.high)
        )
    caught = int((inside & fails).sum())
    return replace(
        nothing,
        coverage=caught / nothing.failing,
        density=caught / int(inside.sum()),
        mass=float(inside.mean()),
        limits=limits,
    )


def _hindrance(fails: Bools) -> str:
    """Why no box is looked for; empty if one is."""
    failing, others = int(fails.sum()), int((~fails).sum())
    least = FEWEST_SHARE * len(fails)
    if not failing:
        return "It fails at no point."
    if not others:
        return "It fails at all points."
    if failing < least:
        return "It fails at hardly any point: too few to say where."
    if others < least:
        return "It fails at nearly all points: too few others to say where it does not."
    return "There are too few points to say where it fails." if min(failing, others) < FEWEST else ""


def box(parameters: Floats, fails: Bools, names: tuple[str, ...]) -> tuple[Limit, ...]:
    """The box that best tells failing points from others, the most telling limits first; none if none does.

    A parameter is a candidate if it tells failing points from others, alone or in company of another one, see
    `_candidates`: quasi-p-values alone would find boxes in mere chance, since they do not allow for the search of
    limits. PRIM is run on every subset of the MOST best candidates. Of all boxes on its peeling and pasting
    trajectories in which each parameter has a limit with a quasi-p-value up to SIGNIFICANCE, that is taken in which
    lying in the box is most correlated with failing (phi coefficient): of several places where a policy fails, one.

    parameters: [point, parameter], in their units; points are independent.  fails: [point], neither none nor all.
    names: [parameter].
    Sources: Friedman, Fisher (1999), Statistics and Computing 9; Bryant, Lempert (2010), Technological Forecasting and
    Social Change 77; Kwakkel (2019), Futures & Foresight Science 1, for subsets; Hornberger, Spear (1981) for the
    Kolmogorov-Smirnov test.
    """
    best, best_phi = tuple[Limit, ...](), 0.0
    chosen = _candidates(parameters, fails)
    for columns in chain(*(combinations(chosen, size) for size in range(1, len(chosen) + 1))):
        found = _trajectory(parameters[:, columns], fails)
        phi = _phi(found.peeling_trajectory, fails)
        for number in np.argsort(-phi, kind="stable"):
            if phi[number] <= best_phi:
                break
            limits = _limits(found, int(number), [names[column] for column in columns])
            if limits and max(map(_quasi_p, limits)) <= SIGNIFICANCE:
                best, best_phi = tuple(sorted(limits, key=_quasi_p)), phi[number]
                break
    return best


def _candidates(parameters: Floats, fails: Bools) -> list[int]:
    """Columns of the parameters that tell failing points from others, the most telling first, at most MOST of them.

    Alone: the values differ between failing and other points (Kolmogorov-Smirnov test).  In company: they do among the
    points in which another parameter is low, or among those in which it is high, to either side of its median; so a
    parameter is found that does harm in one half of another, and good in the other half.  Each of the two kinds has
    half of SIGNIFICANCE, and Holm's adjustment within: of 600 tables of 250 points and ten parameters that tell
    nothing, 3 % had a box.  A parameter that counts in company of two others only is missed.
    """
    varied = np.flatnonzero(np.ptp(parameters, axis=0) > 0).tolist()
    low = parameters <= np.median(parameters, axis=0)
    everywhere = np.ones(len(fails), dtype=bool)
    alone = [(column, everywhere) for column in varied]
    in_company = [
        (column, half)
        for other in varied
        for half in (low[:, other], ~low[:, other])
        for column in varied
        if column != other
    ]
    p_values, distances = np.ones(parameters.shape[1]), np.zeros(parameters.shape[1])
    for tests in (alone, in_company):
        found = [_differ(parameters[among, column], fails[among]) for column, among in tests]
        adjusted = 2 * holm(np.array([p_value for p_value, _ in found]))
        for (column, _), p_value, (_, distance) in zip(tests, adjusted, found, strict=True):
            if p_value < p_values[column]:
                p_values[column], distances[column] = p_value, distance
    order = np.lexsort((-distances, p_values)).tolist()
    return [column for column in order if p_values[column] <= SIGNIFICANCE][:MOST]


def _differ(values: Floats, fails: Bools) -> tuple[float, float]:
    """p-value and distance of the Kolmogorov-Smirnov test between failing points and others; NaN without either."""
    from scipy.stats import ks_2samp

    if fails.all() or not fails.any():
        return float("nan"), float("nan")
    test = ks_2samp(values[fails], values[~fails])
    return float(test.pvalue), float(test.statistic)


def _trajectory(parameters: Floats, fails: Bools) -> Any:
    """PRIM's first box, with its trajectory; columns are named by their number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries that EMA Workbench would like to have for other things
        import pandas as pd
        from ema_workbench.analysis.prim import Prim, PRIMObjectiveFunctions

        frame = pd.DataFrame(parameters, columns=[str(column) for column in range(parameters.shape[1])])
        # The lenient objective, which is usual, stops at the first chance cluster on the way to the box.
        objective = PRIMObjectiveFunctions.ORIGINAL
        # A threshold above 0 counts the points that fail; one so low takes any box, of which we choose ourselves.
        return Prim(frame, fails.astype(float), threshold=1e-9, obj_function=objective).find_box()


def _phi(trajectory: pd.DataFrame, fails: Bools) -> Floats:
    """Correlation between lying in a box and failing, [box]; 0 for the box of all points."""
    mass, density, rate = trajectory["mass"].to_numpy(float), trajectory["density"].to_numpy(float), fails.mean()
    spread = np.sqrt(mass * (1 - mass) * rate * (1 - rate))
    correlation: Floats = np.divide(mass * (density - rate), spread, out=np.zeros(len(mass)), where=spread > 1e-12)
    return correlation


def _limits(found: Any, number: int, names: list[str]) -> list[Limit]:
    """The limits of a box on a trajectory."""
    whole, chosen = found.box_lims[0], found.box_lims[number]
    return [
        _limit(names[int(column)], whole[column], chosen[column], quasi_p)
        for column, quasi_p in found.qp[number].items()
    ]


def _limit(name: str, whole: pd.Series[float], chosen: pd.Series[float], quasi_p: tuple[float, float]) -> Limit:
    """A parameter's limits; a side that tells nothing is open."""
    ends = [
        (float(value), float(p)) if value != end and p <= SIGNIFICANCE else (None, None)
        for value, end, p in zip(chosen, whole, quasi_p, strict=True)
    ]
    (low, low_p), (high, high_p) = ends
    return Limit(name, low, high, low_p, high_p)


def _quasi_p(limit: Limit) -> float:
    """Quasi-p-value of the better limit, 1 if there is none."""
    return min((p for p in (limit.low_quasi_p, limit.high_quasi_p) if p is not None), default=1.0)
