"""The public way to run a scenario from Python.

This is a composition root, like the command line: it brings the rule book and the strategies together, and imports the
latter when they are needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marketsim.ensemble import CHUNK, Decide, Job, Keep, Summary, run
from marketsim.outcomes import Outcomes
from marketsim.scenario.library import load_scenario
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Ensemble:
    """The result of `simulate`: the summary, and every run's outcomes."""

    summary: Summary
    outcomes: Outcomes

    def years(self) -> pl.DataFrame:
        """One row per run and year, one column per outcome; units are in `marketsim.METRICS`."""
        from marketsim.results import run_table

        return run_table(self.outcomes)

    def vendors(self) -> pl.DataFrame:
        """One row per run, year and vendor: cards (k), revenue (rmb_m), alive (0 or 1)."""
        from marketsim.results import vendor_table

        return vendor_table(self.outcomes, self.summary.vendors)


def strategies_of(scenario: Scenario) -> Decide:
    """What the scenario's strategies decide for all its vendors.

    Raises StrategyError for a strategy that is not registered.
    """
    from agents.strategies.team import Team

    return Team(Parameters(scenario).strategies).decide


def simulate(
    scenario: str | Scenario = "china-ai-chips",
    runs: int = 1000,
    seed: int = 0,
    workers: int | None = None,
    overrides: Mapping[str, Any] | None = None,
    decide: Decide | None = None,
    progress: Callable[[int], None] | None = None,
) -> Ensemble:
    """Run a scenario many times with different luck and keep each run's yearly outcomes.

    scenario: a name, the path of a file, or a Scenario.  seed: runs with the same seed and number meet the same luck,
    whatever else differs.  workers: processes; none: as many as cores once that pays.  overrides: values by path, such
    as {"policy.electricity_discount": 0.5}.  decide: replaces the scenario's strategies.
    Raises ScenarioError for a scenario or override that cannot be used, ValueError for runs below 1.

    >>> import marketsim as ms
    >>> ensemble = ms.simulate("china-ai-chips", runs=4, seed=7)
    >>> ensemble.outcomes.years[0]
    2025
    """
    if runs < 1:
        raise ValueError(f"runs must be at least 1, not {runs}")
    world = scenario if isinstance(scenario, Scenario) else load_scenario(scenario, overrides=overrides)
    if workers is None:
        workers = (os.cpu_count() or 1) if runs > 2 * CHUNK else 1
    keep = Keep()
    summary = run(Job(world, decide or strategies_of(world), seed), runs, workers, keep, progress)
    return Ensemble(summary, keep.joined())
