"""The public way to run a scenario from Python.

This is a composition root, like the command line: it brings the rule book and the strategies together, and imports the
latter when they are needed.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketsim.ensemble import CHUNK, Decide, Job, Keep, Sink, Summary, run
from marketsim.outcomes import Outcomes
from marketsim.scenario.library import LoadedScenario, load, load_scenario
from marketsim.scenario.overrides import Overrides, paths_of
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.policies import levers_set, under_policy
from marketsim.scenario.schema import Scenario

if TYPE_CHECKING:
    import polars as pl
    import xarray as xr

    from marketsim.shakeout.ensemble import Assessed
    from marketsim.shakeout.ensemble import Job as ShakeoutJob
    from marketsim.shakeout.instrument import Instrument
    from marketsim.shakeout.record import Boundary
    from marketsim.shakeout.verdict import Verdict

_SMALLEST_PART = 256
"""Runs below which a part costs more Python than it is worth."""


@dataclass(frozen=True, repr=False)
class Ensemble:
    """The result of `simulate`: the summary, and every run's yearly outcomes."""

    job: Job
    summary: Summary
    outcomes: Outcomes

    def __repr__(self) -> str:
        first, last = self.summary.years[0], self.summary.years[-1]
        return f"<Ensemble: {self.job.scenario.name}, {first}-{last}, {self.summary.runs:,} runs, seed {self.job.seed}>"

    def years(self) -> pl.DataFrame:
        """One row per run and year, one column per yearly outcome; its unit ends the column's name.

        >>> import marketsim as ms
        >>> ms.simulate("china-ai-chips", runs=2, seed=7).years().columns[:4]
        ['run', 'year', 'domestic_share_cards', 'domestic_share_value']
        """
        from marketsim.results import run_table

        return run_table(self.outcomes)

    def vendors(self) -> pl.DataFrame:
        """One row per run, year and vendor: cards_k, revenue_rmb_m, alive (at the end of the year)."""
        from marketsim.results import vendor_table

        return vendor_table(self.outcomes, self.summary.vendors)

    def quarters(self, runs: int = 1) -> dict[str, pl.DataFrame]:
        """Every quarter of the first runs, which are played again: the tables of `marketsim.records` by name.

        runs: at least 1; more than the ensemble has are not an error.

        >>> import marketsim as ms
        >>> list(ms.simulate("china-ai-chips", runs=2, seed=7).quarters())
        ['market', 'segment', 'vendor', 'event', 'attribution']
        """
        from marketsim.results import record

        return record(self.job, range(_at_least_one("runs", runs)))

    def to_xarray(self) -> xr.Dataset:
        """All yearly outcomes by run, year and vendor, each with its `unit`.

        The figures of `years`, and those of `vendors` as vendor_cards, vendor_revenue and vendor_alive.
        Raises MarketSimError without xarray, which the extra `experiments` brings.
        """
        from marketsim.results import dataset

        return dataset(self.outcomes, self.summary)

    def verdict(
        self, boundary: Boundary = "merchant", instrument: Instrument | None = None, workers: int | None = None
    ) -> Verdict:
        """Is it the photovoltaic pattern? The same runs, played again and classified.

        The scenario is taken as it is written; `assess_shakeout` draws its free parameters as well.  Arguments: as
        there.

        >>> import marketsim as ms
        >>> ms.simulate("lock-in", runs=64).verdict().leading.name
        'LOCK_IN'
        """
        from marketsim.shakeout.ensemble import Job as ShakeoutJob
        from marketsim.shakeout.ensemble import assess
        from marketsim.shakeout.verdict import verdicts

        scoring = _scoring(self.job.scenario, instrument)
        job = ShakeoutJob(self.job.scenario, self.job.decide, self.job.seed, scoring, boundary)
        return verdicts(assess(job, self.summary.runs, _workers(self.summary.runs, workers)))[0]


def strategies_of(scenario: Scenario) -> Decide:
    """What the scenario's strategies decide for all its vendors.

    Raises StrategyError for a strategy that is not registered.
    """
    from agents.strategies.team import Team

    return Team(Parameters(scenario).strategies).decide


def simulate(
    scenario: str | Path | Scenario = "china-ai-chips",
    runs: int = 1000,
    seed: int = 7,
    workers: int | None = None,
    overrides: Mapping[str, Any] | None = None,
    policy: str | None = None,
    decide: Decide | None = None,
    progress: Callable[[int], None] | None = None,
) -> Ensemble:
    """Run a scenario many times with different luck and keep each run's yearly outcomes.

    scenario: a name, the path of a file, or a Scenario.  runs: at least 1; each takes some kilobytes of memory.
    seed: 0 to 2^63 - 1; runs with the same seed and number meet the same luck, whatever else differs.
    workers: processes; none: as many as there are cores, where that pays.  overrides: values by path, such as
    {"policy.electricity_discount": 0.5}, of a scenario that is given by name or path.  policy: a named policy of the
    scenario.  decide: replaces its strategies, see `marketsim.ensemble.Decide`.  progress: called with the number of
    runs just finished.
    Raises ScenarioError for a scenario, override or policy that cannot be used, ValueError for numbers out of bounds.

    >>> import marketsim as ms
    >>> ensemble = ms.simulate("china-ai-chips", runs=4, seed=7)
    >>> ensemble
    <Ensemble: china-ai-chips, 2025-2034, 4 runs, seed 7>
    >>> ensemble.summary.metric("active_vendors").shape
    (10,)
    """
    runs = _at_least_one("runs", runs)
    if not 0 <= operator.index(seed) < 2**63:
        raise ValueError(f"seed must be 0 to 2^63 - 1, not {seed}")
    workers = _workers(runs, workers)
    world = _scenario(scenario, overrides)
    if policy is not None:
        world = under_policy(world, policy, levers_set(list(overrides or ())))
    job = Job(world, decide or strategies_of(world), operator.index(seed))
    keep = Keep()
    summary = compute(job, runs, workers, keep, progress)
    return Ensemble(job, summary, keep.joined())


def compute(
    job: Job,
    runs: int,
    workers: int,
    sink: Sink | None = None,
    progress: Callable[[int], None] | None = None,
) -> Summary:
    """Compute an ensemble as `marketsim.ensemble.run`, in parts whose size depends on the number of runs alone.

    Small ensembles are cut too, so that all workers have something to do and progress can be seen.
    Raises MarketSimError if a worker process is killed.
    """
    part = min(CHUNK, max(_SMALLEST_PART, -(-runs // 4)))
    return run(job, runs, min(workers, -(-runs // part)), sink, progress, part)


def _scenario(scenario: str | Path | Scenario, overrides: Mapping[str, Any] | None) -> Scenario:
    if not isinstance(scenario, Scenario):
        return load_scenario(scenario, overrides)
    if overrides:
        raise ValueError("overrides need a scenario by name or path: change a Scenario before it is simulated")
    return scenario


def _workers(runs: int, workers: int | None) -> int:
    """How many processes: those asked for, else as many as there are cores, where that pays."""
    if workers is None:
        return (os.cpu_count() or 1) if runs > 2 * CHUNK else 1
    return _at_least_one("workers", workers)


def _at_least_one(name: str, value: int) -> int:
    number = operator.index(value)  # a whole number of any kind
    if number < 1:
        raise ValueError(f"{name} must be at least 1, not {number}")
    return number


def assess_shakeout(
    scenario: str | Path = "china-ai-chips",
    runs: int = 1024,
    draws: int | None = None,
    seed: int = 7,
    workers: int | None = None,
    overrides: Mapping[str, Any] | None = None,
    policies: Sequence[str | None] = (None,),
    boundary: Boundary = "merchant",
    instrument: Instrument | None = None,
    progress: Callable[[int], None] | None = None,
) -> Assessed:
    """Is it the photovoltaic pattern? Runs of a scenario, classified; `marketsim.shakeout.verdict` sums them up.

    runs: spread over the draws.  draws: of the scenario's free parameters; none: as many as the runs allow, at most
    DRAWS; 1: the scenario as it is written.  policies: named ones that meet the same luck, None for the scenario as it
    is.  boundary: whose market.  instrument: the measured one if not given.  The rest as in `simulate`.
    Raises ScenarioError for a scenario, override or policy that cannot be used, ValueError for numbers out of bounds.

    >>> import marketsim as ms
    >>> from marketsim.shakeout.verdict import verdicts
    >>> verdicts(ms.assess_shakeout("lock-in", runs=64, draws=1))[0].leading.name
    'LOCK_IN'
    """
    from marketsim.shakeout.ensemble import assess

    loaded = load(scenario, overrides)
    job = shakeout_job(loaded, _at_least_one("runs", runs), draws, seed, policies, boundary, instrument, overrides)
    return assess(job, runs, _at_least_one("workers", workers or os.cpu_count() or 1), progress)


def shakeout_job(
    loaded: LoadedScenario,
    runs: int,
    draws: int | None,
    seed: int,
    policies: Sequence[str | None],
    boundary: Boundary,
    instrument: Instrument | None = None,
    overrides: Overrides | None = None,
) -> ShakeoutJob:
    """What `assess_shakeout` computes.  overrides: those that the scenario was loaded with.  The rest as there.

    Raises ScenarioError for a policy that cannot be used, ValueError for more draws than runs.
    """
    from marketsim.shakeout.ensemble import DRAWS, latin_hypercube
    from marketsim.shakeout.ensemble import Job as ShakeoutJob

    world = loaded.scenario
    by_hand = paths_of(overrides or ())
    held = frozenset(levers_set(by_hand))
    for policy in policies:
        if policy is not None:
            under_policy(world, policy, held)  # a wrong name is told before minutes of work
    count = min(DRAWS, max(runs // 4, 1)) if draws is None else _at_least_one("draws", draws)
    if count > runs:
        raise ValueError(f"{count} draws need at least as many runs, not {runs}")
    sample = latin_hypercube(loaded, count, seed, by_hand) if count > 1 else None
    scoring = _scoring(world, instrument)
    return ShakeoutJob(world, strategies_of(world), seed, scoring, boundary, sample, tuple(policies), held)


def _scoring(world: Scenario, instrument: Instrument | None) -> Instrument:
    """The instrument, the measured one if none is given, without the facts to which the scenario was fitted."""
    from marketsim.shakeout.fitted import fitted_facts
    from marketsim.shakeout.instrument import load_instrument
    from marketsim.shakeout.known import recounted

    usual = instrument or load_instrument()
    dropped = fitted_facts(world, usual.reference) - usual.dropped
    return recounted(replace(usual, dropped=usual.dropped | dropped)) if dropped else usual
