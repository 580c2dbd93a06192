"""Many runs of a scenario: chunks of runs side by side, spread over processes, reduced where they were computed.

A run depends on its seed and number only, never on the chunk or worker that computed it, so the same command gives the
same result on any number of workers. Memory does not grow with the number of runs unless runs are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from marketsim.decisions import Decision
from marketsim.market import Market
from marketsim.observation import Observation
from marketsim.outcomes import METRICS, Outcomes, YearBook
from marketsim.processes import each
from marketsim.quantiles import QuantileCounts
from marketsim.rules.arrays import ratio, total_of_any
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario
from marketsim.state import Floats

CHUNK = 1024
"""Runs computed side by side: large enough to hide Python, small enough for the cache (see benchmarks)."""

Decide = Callable[[Observation], Decision]
"""Who decides: from what all domestic vendors observe to everybody's decision. Must be picklable, for processes."""


COUNTED = [name for name in METRICS if name == "entries" or name.startswith("exits_")]
"""Yearly outcomes that count events: their sums over runs are exact in any order, unlike those of other outcomes."""


@dataclass(frozen=True)
class Job:
    """What to compute: a scenario, who decides, and the seed of the luck."""

    scenario: Scenario
    decide: Decide
    seed: int


def simulate_chunk(parameters: Parameters, decide: Decide, seed: int, runs: range) -> Outcomes:
    """The outcomes of consecutive runs."""
    market = Market(parameters, seed, runs)
    book = YearBook(parameters, len(market.runs))
    market.record(decide, book)
    return book.result().take_runs(slice(0, len(runs)))


@dataclass
class Summary:
    """An ensemble in constant memory: quantile counts of yearly outcomes, vendors' fates, the fall in firms."""

    scenario: Scenario
    seed: int
    years: list[int]
    vendors: list[str]
    runs: int = 0
    counts: QuantileCounts = field(init=False)
    survivors: Floats = field(init=False)  # [v,y] number of runs
    falls: QuantileCounts = field(init=False)
    firms: Floats = field(init=False)  # [metric,y] entries and exits of all runs, in the order of COUNTED

    def __post_init__(self) -> None:
        years, vendors = len(self.years), len(self.vendors)
        self.counts = QuantileCounts((len(METRICS) + 2 * vendors) * years)
        self.survivors = np.zeros((vendors, years))
        self.firms = np.zeros((len(COUNTED), years))
        self.falls = QuantileCounts(2)

    def add(self, outcomes: Outcomes) -> None:
        """Count some runs."""
        runs = outcomes.metrics.shape[-1]
        share = ratio(outcomes.revenue, total_of_any(outcomes.revenue, axis=0))
        series = np.concatenate([outcomes.metrics, outcomes.cards, share]).reshape(self.counts.series, runs)
        self.counts.add(series)
        self.falls.add(np.stack([outcomes.peak_fall, outcomes.active.max(axis=0)]))
        self.survivors += np.add.reduce(outcomes.alive, axis=-1)
        self.firms += np.add.reduce(outcomes.metrics[[list(METRICS).index(name) for name in COUNTED]], axis=-1)
        self.runs += runs

    def merge(self, other: Summary) -> None:
        """Add the runs of another summary of the same scenario."""
        self.counts.merge(other.counts)
        self.falls.merge(other.falls)
        self.survivors += other.survivors
        self.firms += other.firms
        self.runs += other.runs

    def quantile(self, probability: float) -> tuple[Floats, Floats, Floats]:
        """A quantile over runs of the metrics [metric,y], vendors' cards [v,y] (k) and shares of value [v,y]."""
        values = self.counts.quantile(probability).reshape(-1, len(self.years))
        metrics, vendors = len(METRICS), len(self.vendors)
        return values[:metrics], values[metrics : metrics + vendors], values[metrics + vendors :]

    def share_with_fall(self, least: float) -> float:
        """Share of runs in which active firms fall by at least this share from an earlier peak."""
        return self.falls.share_at_least(0, least)

    def metric(self, name: str, probability: float = 0.5) -> Floats:
        """A quantile over runs of one yearly outcome, [y]."""
        values: Floats = self.quantile(probability)[0][list(METRICS).index(name)]
        return values


Sink = Callable[[range, Outcomes], None]
"""Takes the outcomes of each run, chunk by chunk in no particular order: to keep them or to write them down."""


def chunks_of(runs: int, size: int = CHUNK) -> list[range]:
    """Run numbers 0 to runs - 1 in consecutive chunks."""
    return [range(start, min(start + size, runs)) for start in range(0, runs, size)]


def run(
    job: Job,
    runs: int,
    workers: int = 1,
    sink: Sink | None = None,
    progress: Callable[[int], None] | None = None,
    chunk: int = CHUNK,
) -> Summary:
    """Compute an ensemble.

    runs: at least 1.  workers: processes; 1 computes in this one.  sink: takes every run's outcomes.  progress: called
    with the number of runs just finished.
    Raises MarketSimError if a worker process is killed.
    """
    parameters = Parameters(job.scenario)
    summary = Summary(job.scenario, job.seed, parameters.years, parameters.vendors)
    for part, (counted, outcomes) in each(chunks_of(runs, chunk), _Worker(job, sink is not None), workers):
        summary.merge(counted)
        if sink is not None and outcomes is not None:
            sink(part, outcomes)
        if progress is not None:
            progress(len(part))
    return summary


class Keep:
    """A sink that keeps all outcomes in memory."""

    def __init__(self) -> None:
        self._parts: dict[int, Outcomes] = {}

    def __call__(self, part: range, outcomes: Outcomes) -> None:
        self._parts[part.start] = outcomes

    def joined(self) -> Outcomes:
        """The outcomes of all runs in the order of their numbers."""
        parts = [self._parts[start] for start in sorted(self._parts)]
        names = ("metrics", "cards", "revenue", "alive", "active")
        arrays = [np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in names]
        return Outcomes(parts[0].years, *arrays)


class _Worker:
    """A process's share of a job: its parameters are built once, where the work is done."""

    def __init__(self, job: Job, keep: bool) -> None:
        self.job, self.keep = job, keep

    @cached_property
    def parameters(self) -> Parameters:
        return Parameters(self.job.scenario)

    def __call__(self, part: range) -> tuple[Summary, Outcomes | None]:
        outcomes = simulate_chunk(self.parameters, self.job.decide, self.job.seed, part)
        summary = Summary(self.job.scenario, self.job.seed, outcomes.years, self.parameters.vendors)
        summary.add(outcomes)
        return summary, outcomes if self.keep else None
