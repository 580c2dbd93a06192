"""What an outcome hangs on: the uncertain parameters by how much of its variation is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from marketsim.experiments.analysis.paired import mean_interval
from marketsim.experiments.analysis.samples import Points, Sample
from marketsim.shakeout.statistics import LEVEL, Interval
from marketsim.state import Bools, Floats, Ints

Method = Literal["sobol", "one-at-a-time", "rank-regression"]

METHODS: dict[Method, str] = {
    "sobol": (
        "Sobol indices of the means over each point's runs, by Saltelli's estimators, with 95 % intervals from "
        "resampled rows of the design. All points meet the same luck; where luck and parameters work together, "
        "first-order indices come out lower, and total indices higher, than without luck."
    ),
    "one-at-a-time": (
        "Each parameter moved over its levels with all others as written. Intervals are of the paired differences "
        "between runs with the same luck. What parameters do together is not seen."
    ),
    "rank-regression": (
        "Standardised regression coefficients of the ranks of the means over each point's runs on the ranks of all "
        "parameters, with 95 % intervals from resampled points. They show effects that only rise or only fall; what "
        "is not explained is luck, effects that turn, or parameters that work together."
    ),
}
"""How each method works, in words."""

RESAMPLES = 1000
FEWEST_ROWS = 16
"""Rows of a Sobol design below which indices say nothing. An assumption."""
POINTS_OF_EACH = 3
"""Points for each coefficient below which resampled points would leave too few different ones. An assumption."""
SEED = 1
"""Of resampling, so that the same results give the same intervals."""


@dataclass(frozen=True)
class Driver:
    """A parameter and what it does to the point means of an outcome.

    effect: by the method of `Drivers`: the first-order index S1; or the change of the outcome from the parameter's
    lowest to its highest level, in the outcome's unit; or the standardised rank regression coefficient, -1 to 1.
    total: the total index ST of Sobol's method, else None.
    low, high: mean outcome where the parameter is low and high: at its lowest and highest level one at a time, in the
    lowest and highest third of its values in other designs.
    curve: parameter's value and mean outcome at each of its levels, one at a time; else empty.
    """

    name: str
    effect: Interval
    total: Interval | None
    low: float
    high: float
    curve: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Drivers:
    """The drivers of an outcome under a policy, or of its difference from the baseline, the strongest first.

    outcome: one of the experiment, or `shakeout`, the share of runs with one.
    method: how, see METHODS; None if there is nothing, and `note` says why.
    as_written: mean outcome of the scenario as written, one at a time; else the mean over points.
    explained: share of the variance of point means (of their ranks, for the regression) that the parameters explain one
    by one: the sum of S1, or R2 adjusted for the number of parameters; NaN one at a time.
    noise: share of the variance of point means that is luck, which no parameter explains; NaN with one run a point.
    """

    policy: str
    outcome: str
    of_difference: bool
    method: Method | None
    points: int
    as_written: float
    explained: float
    noise: float
    drivers: tuple[Driver, ...]
    note: str = ""


def drivers(sample: Sample, points: Points) -> list[Drivers]:
    """The drivers of an outcome under every policy, then of every difference from the baseline.

    Empty if nothing is uncertain.
    """
    if not points.names:
        return []
    levels = [(row, False, values) for row, values in enumerate(sample.values)]
    gained = [(row, True, sample.values[row] - sample.values[0]) for row in range(1, len(sample.policies))]
    responses = [
        Response(
            sample.policies[row], of_difference, values, sample.point_means(values), _noise(sample, points, values)
        )
        for row, of_difference, values in levels + gained
    ]
    at = np.searchsorted(points.numbers, sample.numbers)
    parameters = points.values[at]
    if points.kind == "sobol":
        return [_sobol(sample, points, each) for each in responses]
    if points.kind == "one-at-a-time":
        return [_one_at_a_time(sample, points, parameters, each) for each in responses]
    return _rank_regressions(sample, points.names, parameters, responses)


@dataclass(frozen=True)
class Response:
    """What is explained: an outcome of each run, [pair], its means over the runs of each point, [point], and noise."""

    policy: str
    of_difference: bool
    values: Floats
    means: Floats
    noise: float


def _nothing(sample: Sample, response: Response, note: str) -> Drivers:
    known = response.means[~np.isnan(response.means)]
    return Drivers(
        policy=response.policy,
        outcome=sample.outcome,
        of_difference=response.of_difference,
        method=None,
        points=len(known),
        as_written=float(known.mean()) if len(known) else float("nan"),
        explained=float("nan"),
        noise=response.noise,
        drivers=(),
        note=note,
    )


def _constant(means: Floats) -> bool:
    return bool(np.ptp(means) <= 1e-12 * np.abs(means).max(initial=0.0))


def _noise(sample: Sample, points: Points, values: Floats) -> float:
    """Share of the variance of point means that is luck.

    Where each point has runs of its own: the variance within points over the runs of a point, against the variance of
    the means. Where all share their luck: the variance that is left once the mean of each point and of each run number
    is taken away, since what luck does alike at all points does not tell them apart.
    """
    known = ~np.isnan(values)
    values, places = values[known], np.unique(sample.point[known], return_inverse=True)[1]
    if not len(values):
        return float("nan")
    counts = np.bincount(places)
    means = np.bincount(places, values) / counts
    residuals, freedom = values - means[places], len(values) - len(counts)
    if points.share_luck:
        runs = np.unique(sample.run[known], return_inverse=True)[1]
        common = np.bincount(runs, residuals) / np.bincount(runs)
        residuals, freedom = residuals - common[runs], freedom - len(common) + 1
    if freedom <= 0 or len(means) < 2 or _constant(means):
        return float("nan")
    of_mean = float((residuals**2).sum()) / freedom * float((1 / counts).mean())
    return min(of_mean / float(means.var(ddof=1)), 1.0)


def _sobol(sample: Sample, points: Points, response: Response) -> Drivers:
    """Indices by SALib, from those rows of the design of which all points are known."""
    from SALib.analyze import sobol

    names = points.names
    step = points.row
    means = np.full(len(points.numbers), np.nan)
    means[np.searchsorted(points.numbers, sample.numbers)] = response.means
    whole = len(means) // step * step
    rows = means[:whole].reshape(-1, step)
    rows = rows[~np.isnan(rows).any(axis=1)]
    if len(rows) < FEWEST_ROWS:
        return _nothing(sample, response, "Too few rows of the design are known at all of their points.")
    if _constant(rows):
        return _nothing(sample, response, "The outcome is the same at all points.")
    problem = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
    found = sobol.analyze(
        problem, rows.ravel(), points.second_order, num_resamples=RESAMPLES, conf_level=LEVEL, seed=SEED
    )
    used = ~np.isnan(means)
    low, high = _thirds(points.values[used], means[used][:, None])
    of_each = [
        Driver(
            name,
            _around(found["S1"][place], found["S1_conf"][place]),
            _around(found["ST"][place], found["ST_conf"][place]),
            float(low[place, 0]),
            float(high[place, 0]),
        )
        for place, name in enumerate(names)
    ]
    return replace(
        _nothing(sample, response, ""),
        method="sobol",
        points=rows.size,
        explained=float(found["S1"].sum()),
        drivers=tuple(sorted(of_each, key=lambda each: -each.total.value if each.total else 0.0)),
    )


def _around(value: float, reach: float) -> Interval:
    return Interval(float(value), float(value - reach), float(value + reach))


def _thirds(parameters: Floats, means: Floats) -> tuple[Floats, Floats]:
    """Mean over points where a parameter is in the lowest and in the highest third of its values.

    parameters: [point, parameter].  means: [point, response].  Returns two of [parameter, response].
    """
    order = np.argsort(parameters, axis=0, kind="stable")
    third = max(len(parameters) // 3, 1)
    return means[order[:third]].mean(axis=0), means[order[-third:]].mean(axis=0)


def _one_at_a_time(sample: Sample, points: Points, parameters: Floats, response: Response) -> Drivers:
    """parameters: at the points with runs, [point, parameter]; the first point of the design is as written."""
    written = points.values[0]
    moved = parameters != written
    centre = np.flatnonzero(~moved.any(axis=1) & ~np.isnan(response.means))
    if not len(centre):
        return _nothing(sample, response, "The scenario as written is not known.")
    of_each = []
    for place, name in enumerate(points.names):
        others = np.delete(moved, place, axis=1).any(axis=1)
        levels = np.flatnonzero(~others & ~np.isnan(response.means))
        driver = _moved(sample, response, name, levels, parameters[:, place])
        if driver is not None:
            of_each.append(driver)
    if not of_each:
        return _nothing(sample, response, "No parameter is known at more than one level.")
    return replace(
        _nothing(sample, response, ""),
        method="one-at-a-time",
        as_written=float(response.means[centre[0]]),
        drivers=tuple(sorted(of_each, key=lambda each: -_span(each))),
    )


def _span(driver: Driver) -> float:
    """How far the outcome moves over all levels."""
    outcomes = [outcome for _, outcome in driver.curve]
    return max(outcomes) - min(outcomes)


def _moved(sample: Sample, response: Response, name: str, levels: Ints, values: Floats) -> Driver | None:
    """A parameter moved alone.  levels: places of points, [level].  values: of the parameter, [point]."""
    distinct, first = np.unique(values[levels], return_index=True)
    if len(distinct) < 2:
        return None
    chosen = levels[first]
    curve = tuple((float(values[place]), float(response.means[place])) for place in chosen)
    effect, _ = mean_interval(*_between(sample, response, chosen[0], chosen[-1]))
    return Driver(name, effect, None, curve[0][1], curve[-1][1], curve)


def _between(sample: Sample, response: Response, low: int, high: int) -> tuple[Floats, Ints]:
    """What runs with the same luck gain from one point to another, and the numbers of these runs."""
    of_low, of_high = (sample.point == sample.numbers[place] for place in (low, high))
    runs, first, second = np.intersect1d(sample.run[of_low], sample.run[of_high], return_indices=True)
    return response.values[of_high][second] - response.values[of_low][first], runs


def _rank_regressions(
    sample: Sample, names: Sequence[str], parameters: Floats, responses: Sequence[Response]
) -> list[Drivers]:
    """Responses that are known at the same points are explained together.  parameters: [point, parameter]."""
    found: dict[int, Drivers] = {}
    groups: dict[bytes, list[int]] = {}
    for place, response in enumerate(responses):
        known = ~np.isnan(response.means)
        varied = np.ptp(parameters[known], axis=0) > 0 if known.any() else np.zeros(len(names), dtype=bool)
        note = _hindrance(response.means[known], int(varied.sum()))
        if note:
            found[place] = _nothing(sample, response, note)
        else:
            groups.setdefault(known.tobytes(), []).append(place)
    for mask, places in groups.items():
        known = np.frombuffer(mask, dtype=bool)
        group = [responses[place] for place in places]
        found |= dict(zip(places, _explained(sample, names, parameters[known], group, known), strict=True))
    return [found[place] for place in range(len(responses))]


def _hindrance(means: Floats, parameters: int) -> str:
    """Why a response, [point], cannot be explained by so many parameters that vary; empty if it can."""
    if not parameters:
        return "No parameter varies over the points that are known."
    if len(means) < POINTS_OF_EACH * (parameters + 1):
        return "There are too few points for so many parameters."
    return "The outcome is the same at all points." if _constant(means) else ""


def _explained(
    sample: Sample, names: Sequence[str], parameters: Floats, group: Sequence[Response], known: Bools
) -> list[Drivers]:
    """Rank regressions of some responses, which are known at the same points; parameters: at these."""
    from scipy.stats import rankdata

    varied = np.flatnonzero(np.ptp(parameters, axis=0) > 0)
    inputs, means = parameters[:, varied], np.stack([each.means[known] for each in group], axis=1)
    x, y = (_standard(rankdata(each, axis=0)) for each in (inputs, means))
    coefficients = np.linalg.lstsq(x, y, rcond=None)[0]
    bounds = _bootstrap(x, y)
    left = ((y - x @ coefficients) ** 2).mean(axis=0) * (len(x) - 1) / (len(x) - len(varied) - 1)
    low, high = _thirds(inputs, means)
    results = []
    for column, response in enumerate(group):
        of_each = [
            Driver(
                names[int(parameter)],
                Interval(float(coefficients[row, column]), *(float(bound) for bound in bounds[:, row, column])),
                None,
                float(low[row, column]),
                float(high[row, column]),
            )
            for row, parameter in enumerate(varied)
        ]
        results.append(
            replace(
                _nothing(sample, response, ""),
                method="rank-regression",
                explained=max(1 - float(left[column]), 0.0),
                drivers=tuple(sorted(of_each, key=lambda each: -abs(each.effect.value))),
            )
        )
    return results


def _standard(values: Floats) -> Floats:
    """Columns with mean 0 and variance 1."""
    return np.asarray((values - values.mean(axis=0)) / values.std(axis=0))


def _bootstrap(x: Floats, y: Floats) -> Floats:
    """Bounds of standardised coefficients over resampled points, [2, parameter, response].

    x, y: standardised ranks, [point, parameter] and [point, response]; they keep their ranks when points recur.
    """
    rng, count = np.random.default_rng(SEED), len(x)
    resamples = int(np.clip(2_000_000 // count, 200, RESAMPLES))
    found = np.empty((resamples, x.shape[1], y.shape[1]))
    for number in range(resamples):
        weights = np.bincount(rng.integers(count, size=count), minlength=count)[:, None]
        a, b = (each - (weights * each).sum(axis=0) / count for each in (x, y))
        gram = (weights * a).T @ a
        spread = np.sqrt(np.diag(gram)[:, None] / np.maximum((weights * b**2).sum(axis=0), 1e-12))
        found[number] = np.linalg.lstsq(gram, (weights * a).T @ b, rcond=None)[0] * spread
    tail = (1 - LEVEL) / 2
    return np.asarray(np.quantile(found, (tail, 1 - tail), axis=0))
