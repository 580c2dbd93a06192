"""What an experiment will take: runs, rows, disk and time, from a short probe on this machine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from marketsim.ensemble import Decide
from marketsim.experiments.design import Point
from marketsim.experiments.experiment import Experiment
from marketsim.experiments.outcomes import years_of
from marketsim.experiments.plan import Chunk, Plan
from marketsim.experiments.store import as_parquet
from marketsim.experiments.worker import Worker
from marketsim.scenario.parameters import Parameters

if TYPE_CHECKING:
    import pyarrow as pa

PROBE = 2.0
"""Seconds after which no larger part of a chunk is tried."""


@dataclass(frozen=True)
class Estimate:
    """Sizes of the first round of an experiment, which is all of it without `precision:`.

    runs: of each policy.  rows, size: of each table, in rows and bytes.  seconds: in one process.
    probed: runs that were played to know.  memory: bytes that this process came to take, None if that is not known.
    """

    points: int
    runs: int
    rows: Mapping[str, int]
    size: Mapping[str, float]
    seconds: float
    probed: int
    memory: int | None

    @property
    def megabytes(self) -> float:
        """Disk that all tables take."""
        return sum(self.size.values()) / 1e6


def estimate(experiment: Experiment, decide: Decide, points: list[Point]) -> Estimate:
    """Play some runs of the baseline as a worker will, twice as many until they take a while.

    points: of the first round.  decide: for all vendors.
    Raises MarketSimError for a point of which no scenario can be made.
    """
    chunks = [cut[0] for cut in Plan(experiment).chunks(points)]
    whole = chunks[0]
    worker, count = Worker(experiment, decide), 1
    worker(_part(whole, 1))  # what is computed once does not count
    while True:
        part, begun = _part(whole, count), time.perf_counter()
        tables = worker(part).parts()
        seconds = time.perf_counter() - begun
        if seconds >= PROBE or count >= len(whole.points):
            break
        count = min(2 * count, len(whole.points))
    rows = _rows(experiment, points)
    parts = len(chunks) * len(experiment.policies)
    runs = sum(len(point.runs) for point in points)
    return Estimate(
        points=len(points),
        runs=runs,
        rows=rows,
        size={name: _size(tables[name], count, parts) for name, count in rows.items() if count},
        seconds=seconds / part.runs * runs * len(experiment.policies),
        probed=part.runs,
        memory=_memory(),
    )


def _part(chunk: Chunk, points: int) -> Chunk:
    """The first points of a chunk, with as many paths kept; one at least of a kind of which the chunk keeps any."""
    first = slice(0, points)
    quarters, vendors = ((max(kept[0], int(any(kept))), *kept[1:])[first] for kept in (chunk.quarters, chunk.vendors))
    return replace(chunk, points=chunk.points[first], quarters=quarters, vendors=vendors)


def _rows(experiment: Experiment, points: list[Point]) -> dict[str, int]:
    """Rows of each table."""
    world, policies = experiment.loaded.scenario, len(experiment.policies)
    runs = sum(len(point.runs) for point in points)
    quarters, vendors = (
        runs if most is None else min(most, runs) for most in (experiment.keep_quarters, experiment.keep_vendors)
    )
    firms = len(Parameters(world).vendors)
    return {
        "runs": runs * policies,
        "quarters": quarters * policies * world.quarters,
        "vendors": vendors * policies * len(years_of(world)) * firms,
    }


def _size(example: pa.Table, rows: int, parts: int) -> float:
    """Bytes of a table with so many rows in so many parts, from some of its rows."""
    empty = len(as_parquet(example.slice(0, 0), {}))
    return parts * empty + rows * (len(as_parquet(example, {})) - empty) / int(example.num_rows)


def _memory() -> int | None:
    """The most memory that this process has taken so far, bytes."""
    import sys

    try:
        import resource
    except ImportError:  # not on Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
