"""A folder of results: the summary, every run's outcomes, and some runs in full, as JSON and Parquet.

Parquet files open in Polars, DuckDB or pandas without this package. Units: `summary.json` lists them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from marketsim.ensemble import COUNTED, Job, Summary
from marketsim.errors import MarketSimError
from marketsim.market import Market
from marketsim.outcomes import METRICS, Outcomes
from marketsim.records import Recorder
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario

QUANTILES = (0.1, 0.5, 0.9)
_MARK = "summary.json"


def run_table(outcomes: Outcomes, first_run: int = 0) -> pl.DataFrame:
    """One row per run and year with the yearly outcomes in METRICS."""
    _, years, runs = outcomes.metrics.shape
    columns: dict[str, Any] = {
        "run": np.tile(np.arange(first_run, first_run + runs), years),
        "year": np.repeat(outcomes.years, runs),
    }
    columns |= {name: values.ravel() for name, values in zip(METRICS, outcomes.metrics, strict=True)}
    return pl.DataFrame(columns)


def vendor_table(outcomes: Outcomes, vendors: list[str], first_run: int = 0) -> pl.DataFrame:
    """One row per run, year and vendor: cards (k), revenue (rmb_m), alive at the end of the year (0 or 1)."""
    count, years, runs = outcomes.cards.shape
    return pl.DataFrame(
        {
            "run": np.tile(np.arange(first_run, first_run + runs), count * years),
            "year": np.tile(np.repeat(outcomes.years, runs), count),
            "vendor": np.repeat(vendors, years * runs),
            "cards_k": outcomes.cards.ravel(),
            "revenue_rmb_m": outcomes.revenue.ravel(),
            "alive": outcomes.alive.ravel(),
        }
    )


def as_dict(summary: Summary) -> dict[str, Any]:
    """The summary as plain numbers: quantiles over runs by year, vendors' fates, the fall in firms."""
    levels = {f"p{100 * level:g}": summary.quantile(level) for level in QUANTILES}
    metrics = {
        name: {level: values[0][row].tolist() for level, values in levels.items()} for row, name in enumerate(METRICS)
    }
    for name, firms in zip(COUNTED, summary.firms, strict=True):
        metrics[name]["mean"] = (firms / summary.runs).tolist()
    vendors = {
        vendor: {
            "cards": {level: values[1][row].tolist() for level, values in levels.items()},
            "share": {level: values[2][row].tolist() for level, values in levels.items()},
            "survival": (summary.survivors[row] / summary.runs).tolist(),
        }
        for row, vendor in enumerate(summary.vendors)
    }
    return {
        "scenario": summary.scenario.name,
        "seed": summary.seed,
        "runs": summary.runs,
        "years": summary.years,
        "units": dict(METRICS) | {"vendors.cards": "k cards", "vendors.share": "of value", "vendors.survival": "1"},
        "metrics": metrics,
        "vendors": vendors,
        "shakeout": {
            "fall_in_firms": {level: float(summary.falls.quantile(p)[0]) for level, p in _levels()},
            "peak_firms": {level: float(summary.falls.quantile(p)[1]) for level, p in _levels()},
            "share_of_runs_with_fall": {str(at): summary.share_with_fall(at) for at in (0.3, 0.4, 0.5)},
        },
    }


def _levels() -> list[tuple[str, float]]:
    return [(f"p{100 * level:g}", level) for level in QUANTILES]


def as_json(summary: Summary) -> str:
    """The summary as JSON text."""
    return json.dumps(as_dict(summary), indent=2)


@dataclass(frozen=True)
class ResultFolder:
    """Where the results of one ensemble go."""

    path: Path
    scenario: Scenario

    @classmethod
    def create(cls, path: Path, scenario: Scenario) -> ResultFolder:
        """Make the folder; results of an earlier run in it are replaced, anything else is left alone.

        Raises MarketSimError where the folder cannot be written, or holds other files.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            strangers = sorted(entry.name for entry in path.iterdir() if entry.suffix not in (".json", ".parquet"))
            if strangers or (any(path.iterdir()) and not (path / _MARK).exists()):
                raise MarketSimError(f"{path} holds other files and is left as it is: choose a new folder for --out")
            for old in path.iterdir():
                old.unlink()
            (path / _MARK).write_text("{}\n", encoding="utf-8")
        except OSError as error:
            raise MarketSimError(f"{path} cannot be written: {error.strerror}") from None
        return cls(path, scenario)

    def write_outcomes(self, part: range, outcomes: Outcomes) -> None:
        """Write the outcomes of some runs as parts of the tables `runs` and `vendors`."""
        name = f"{part.start:09d}.parquet"
        self._write(run_table(outcomes, part.start), f"runs-{name}")
        vendors = Parameters(self.scenario).vendors
        self._write(vendor_table(outcomes, vendors, part.start), f"vendors-{name}")

    def write_in_full(self, job: Job, runs: range) -> None:
        """Play some runs again and write every quarter: market, segment, vendor, event and attribution tables."""
        for name, table in record(job, runs).items():
            self._write(table, f"full-{name}.parquet")

    def write_summary(self, summary: Summary) -> None:
        """Write `summary.json`."""
        (self.path / _MARK).write_text(as_json(summary) + "\n", encoding="utf-8")

    def files(self) -> list[Path]:
        """All files of the results."""
        return sorted(self.path.iterdir())

    def _write(self, table: pl.DataFrame, name: str) -> None:
        try:
            table.write_parquet(self.path / name)
        except OSError as error:
            raise MarketSimError(f"{self.path / name} cannot be written: {error}") from None


def record(job: Job, runs: range) -> dict[str, pl.DataFrame]:
    """Play some runs and keep every quarter as tidy tables, see `marketsim.records`."""
    market = Market(Parameters(job.scenario), job.seed, runs)
    recorder = Recorder(market.parameters, runs)
    while not market.over:
        now = market.now
        outcome = market.step(job.decide(market.observe()))
        recorder.add(now, outcome, market.state)
    return recorder.tables()
