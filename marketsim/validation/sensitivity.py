"""Morris screening: how far each free parameter, moved alone, moves each headline outcome.

From random places in the space of free parameters each of them is moved once by two thirds of its range; what the
outcome changes by, scaled to the whole range, is its elementary effect. Its mean size mu*, its mean mu with the sign,
and its spread sigma over trajectories rank the parameters at the price of a few hundred ensembles.
Source: Morris (1991), Technometrics 33(2); Campolongo, Cariboni, Saltelli (2007); sampled and analysed by SALib.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from pydantic import ValidationError

from marketsim.ensemble import Decide, simulate_chunk
from marketsim.processes import pool, work
from marketsim.scenario.free import FreeSpace, impossible
from marketsim.scenario.parameters import Parameters
from marketsim.state import Floats
from marketsim.validation.headlines import TEN, Played

LEVELS = 4
"""Places that a parameter takes: 0, 1/3, 2/3 and 1 of its range."""


@dataclass(frozen=True)
class Screening:
    """Elementary effects on the outcomes TEN, each in its unit and per whole range of the parameter.

    mu, mu_star, sigma, confidence (half-width at 95 %): [outcome, parameter].  middle, luck: mean and standard
    deviation over runs of the scenario as it is, [outcome].  means: at every point, [point, outcome].
    """

    names: list[str]
    mu: Floats
    mu_star: Floats
    sigma: Floats
    confidence: Floats
    middle: Floats
    luck: Floats
    means: Floats

    @property
    def points(self) -> int:
        """Number of points, the scenario as it is among them."""
        return len(self.means) + 1

    def ranking(self, outcome: int) -> list[int]:
        """Parameters by mean size of effect on an outcome, largest first."""
        return [int(index) for index in np.argsort(-self.mu_star[outcome], kind="stable")]

    @property
    def relative(self) -> Floats:
        """mu* as a share of the largest on the same outcome, [outcome, parameter]."""
        largest = self.mu_star.max(axis=1, keepdims=True)
        shares: Floats = self.mu_star / np.where(largest > 0, largest, 1.0)
        return shares


@dataclass(frozen=True)
class Point:
    """Computes the mean outcomes at one point of the space. All points meet the same luck."""

    space: FreeSpace
    decide: Decide
    seed: int
    runs: int

    def __call__(self, places: Floats) -> Floats:
        """Mean over runs of each outcome in TEN.  places: [parameter] within [0, 1]."""
        means: Floats = self.at(self.space.values(places)).mean(axis=1)
        return means

    def at(self, values: Floats) -> Floats:
        """The outcomes in TEN of every run, [outcome, run].  values: of the free parameters.

        Raises MarketSimError where these values are none that a scenario can have.
        """
        try:
            parameters = Parameters(self.space.scenario(values))
        except ValidationError as error:
            raise impossible(error) from None
        outcomes = simulate_chunk(parameters, self.decide, self.seed, range(self.runs))
        played = Played(outcomes, parameters.domestic)
        return np.stack([headline.of(played) for headline in TEN])


def count(space: FreeSpace, trajectories: int) -> int:
    """Number of points of a screening, the scenario as it is among them."""
    return trajectories * (len(space.names) + 1) + 1


def screen(point: Point, trajectories: int, workers: int, progress: Callable[[int], None] | None = None) -> Screening:
    """Screen the free parameters of a scenario. The result does not depend on the number of workers.

    trajectories: at least 2.  progress: called with the number of runs just finished.
    Raises MarketSimError if a range leads out of what a figure may be, or if a worker process is killed.
    """
    from SALib.analyze import morris as analysis
    from SALib.sample import morris as design

    names, seed = point.space.names, point.seed % 2**32
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    places = design.sample(problem, trajectories, num_levels=LEVELS, seed=seed)
    means: list[Floats] = []
    for mean in _computed(point, places, workers):
        means.append(mean)
        if progress is not None:
            progress(point.runs)
    of_points = np.array(means)
    effects = [analysis.analyze(problem, places, y, num_levels=LEVELS, seed=seed) for y in of_points.T]
    present = point.at(point.space.present)
    if progress is not None:
        progress(point.runs)
    mu, mu_star, sigma, confidence = (
        np.array([effect[key] for effect in effects], float) for key in ("mu", "mu_star", "sigma", "mu_star_conf")
    )
    middle, luck = present.mean(axis=1), present.std(axis=1)
    return Screening(names, mu, mu_star, sigma, confidence, middle, luck, of_points)


def _computed(point: Point, places: Floats, workers: int) -> Iterator[Floats]:
    """The mean outcomes at each place, in order."""
    if workers <= 1:
        yield from map(point, places)
        return
    with pool(workers, point) as processes:
        yield from processes.map(work, places)
