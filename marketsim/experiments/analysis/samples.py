"""An outcome of every run, all policies side by side; and the points at which the runs were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from marketsim.experiments.design import OWN_LUCK, Alike, alike
from marketsim.shakeout.classify import Class
from marketsim.shakeout.statistics import Interval, share_interval
from marketsim.state import Bools, Floats, Ints

if TYPE_CHECKING:
    import polars as pl

    from marketsim.experiments.results import Results

SHAKEOUT = "shakeout"
"""Name of the outcome that is 1 in runs with a shakeout and 0 in others."""
UNKNOWN = Interval(np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class Points:
    """The points of a design.

    kind: of the design.  second_order: of a Sobol design.  names: of the parameters.
    numbers: [point], rising.  values: [point, parameter]; no parameters if nothing is uncertain.
    """

    kind: str
    second_order: bool
    names: tuple[str, ...]
    numbers: Ints
    values: Floats

    @property
    def alike(self) -> Alike:
        """What makes runs alike, see `design.alike`."""
        return alike(self.kind, bool(self.names))

    @property
    def independent(self) -> Bools:
        """Points that share no value with another, [point]: of Sobol's design the first and the last of a row."""
        place, step = np.arange(len(self.numbers)), self.row
        return (place % step == 0) | (place % step == step - 1) if self.kind == "sobol" else np.ones(len(place), bool)

    @property
    def row(self) -> int:
        """Points in a row of Sobol's design."""
        return (2 if self.second_order else 1) * len(self.names) + 2

    @property
    def share_luck(self) -> bool:
        """Whether the same runs are played at every point."""
        return self.kind not in OWN_LUCK


@dataclass(frozen=True)
class Sample:
    """An outcome of every run, policies side by side. A pair: one run at one point, under every policy.

    policies: the baseline first.  better: which way is; None: neither.  enough: what satisfies; None: nothing said.
    point, run: [pair], sorted.  made: which runs have been made, [policy, pair].
    values: [policy, pair], NaN where the outcome is not known or the run not made.
    """

    outcome: str
    better: Literal["higher", "lower"] | None
    enough: float | None
    policies: tuple[str, ...]
    point: Ints
    run: Ints
    made: Bools
    values: Floats
    alike: Alike

    @property
    def cluster(self) -> Ints:
        """What a run is like other runs in, [pair]: see `design.alike`."""
        return self.point if self.alike == "point" else self.run

    @cached_property
    def numbers(self) -> Ints:
        """Points with runs, [point], rising."""
        return np.unique(self.point)

    def point_means(self, values: Floats) -> Floats:
        """Means over each point's runs in which values are known, NaN where none is.

        values: [...,pair].  Returns [...,point] in the order of `numbers`.
        """
        begins = np.searchsorted(self.point, self.numbers)
        known = ~np.isnan(values)
        sums = np.add.reduceat(np.where(known, values, 0.0), begins, axis=-1)
        counts = np.add.reduceat(known.astype(float), begins, axis=-1)
        means: Floats = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
        return means

    def satisfied(self, values: Floats) -> Bools:
        """Whether values are good enough; unknown ones are not."""
        if self.enough is None:
            raise ValueError(f"the experiment does not say what is enough of {self.outcome}")
        return np.asarray(values >= self.enough if self.better == "higher" else values <= self.enough)


def points_of(results: Results) -> Points:
    """The points of the results' design."""
    design, names = results.manifest["design"], tuple(results.manifest["uncertain"])
    frame = results.points().sort("point").collect()
    values = frame.select(names).to_numpy() if names else np.empty((frame.height, 0))
    numbers = frame["point"].to_numpy().astype(np.int64)
    return Points(design["kind"], bool(design.get("second_order")), names, numbers, values.astype(float))


def outcome_sample(results: Results, points: Points, name: str) -> Sample:
    """An outcome of the experiment, by name."""
    import polars as pl

    about = results.outcomes[name]
    return _sample(results, points, name, pl.col(name), about)


def shakeout_sample(results: Results, points: Points) -> Sample:
    """Whether there is a shakeout, 0 or 1; neither is better."""
    import polars as pl

    return _sample(results, points, SHAKEOUT, pl.col("shakeout").cast(pl.Float64), {})


def class_sample(results: Results, points: Points) -> Sample:
    """The class of the shakeout test, as a number of `Class`."""
    import polars as pl

    names = pl.Enum([each.name.lower() for each in Class])
    return _sample(results, points, "verdict", pl.col("verdict").cast(names).to_physical().cast(pl.Float64), {})


def _sample(results: Results, points: Points, name: str, value: pl.Expr, about: Mapping[str, Any]) -> Sample:
    import polars as pl

    policies = tuple(results.policies)
    policy = pl.col("policy").cast(pl.Enum(policies)).to_physical().alias("row")
    frame = results.runs().select(policy, "point", "run", value.alias("value")).collect()
    pairs = frame.select("point", "run").unique().sort("point", "run").with_row_index("pair")
    placed = frame.join(pairs, on=["point", "run"])
    values = np.full((len(policies), pairs.height), np.nan)
    made = np.zeros(values.shape, dtype=bool)
    where = placed["row"].to_numpy(), placed["pair"].to_numpy()
    values[where], made[where] = placed["value"].to_numpy(), True
    point, run = (pairs[key].to_numpy().astype(np.int64) for key in ("point", "run"))
    return Sample(name, about.get("better"), about.get("enough"), policies, point, run, made, values, points.alike)


def by_cluster(clusters: Ints, *flags: Bools) -> tuple[list[Ints], Ints]:
    """How often each flag holds in each cluster, [cluster] each, and the runs of each cluster, [cluster].

    Runs that all stand alone are put together as one cluster: they are independent, as the statistics of shares take
    the runs of a single one to be.
    """
    names, places = np.unique(clusters, return_inverse=True)
    if len(names) == len(clusters):
        places = np.zeros_like(places)
    return [np.bincount(places, flag).astype(np.int64) for flag in flags], np.bincount(places)


def alone(clusters: Ints) -> bool:
    """Whether all runs, more than one, are of one cluster, so that nothing is known of how much clusters differ."""
    return len(clusters) > 1 and bool((clusters == clusters[0]).all())


def share(flag: Bools, clusters: Ints) -> Interval:
    """Share of runs in which a flag holds, with its interval; NaN without runs, and bounds NaN with one cluster."""
    if not len(flag):
        return UNKNOWN
    if alone(clusters):
        return Interval(float(flag.mean()), np.nan, np.nan)
    (hits,), runs = by_cluster(clusters, flag)
    return share_interval(hits, runs)
