"""Results of an ensemble: the summary as JSON, tables of all runs, some runs in full, and a folder that holds them.

Parquet files open in Polars, DuckDB or pandas without this package. `metadata.json` says what was run and what every
column holds; `marketsim run FOLDER/scenario.yaml` with its seed and number of runs computes the same again.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from marketsim import __version__
from marketsim.ensemble import COUNTED, Job, Summary
from marketsim.market import Market
from marketsim.outcomes import METRICS, Outcomes
from marketsim.records import Recorder, unit_of
from marketsim.scenario.fields import quarter_index, quarter_name
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.vocabulary import Words
from marketsim.state import Floats

if TYPE_CHECKING:
    import xarray as xr

    from marketsim.scenario.schema import Reported, Scenario

QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
FALLS = (0.3, 0.4, 0.5)
"""Falls in active firms from their peak that count as a shakeout by a mild, the usual and a strict measure."""

COMPARED = ("cards", "domestic_share_cards", "revenue", "demand")
"""Reported market totals with a counterpart among the yearly outcomes, in which price and margin are domestic."""

PROGRAM = "marketsim"

Quantile = tuple[Floats, Floats, Floats]

_SUFFIX = {"k cards": "_k", "krmb/card": "_krmb", "rmb_m": "_rmb_m", "RMB": "_rmb", "firms": "", "1": ""}
COLUMNS = {name: name + _SUFFIX[unit] for name, unit in METRICS.items()}
"""Columns of the yearly outcomes in METRICS: the name and its unit."""


@dataclass(frozen=True)
class Question:
    """What was asked of an ensemble beyond scenario, seed and runs: kept with its results.

    policy: the named policy in force.  overrides: `path=value` texts.
    """

    policy: str | None = None
    overrides: tuple[str, ...] = ()


def run_table(outcomes: Outcomes, first_run: int = 0) -> pl.DataFrame:
    """One row per run and year with the yearly outcomes, named as in COLUMNS."""
    _, years, runs = outcomes.metrics.shape
    columns: dict[str, Any] = {
        "run": np.tile(np.arange(first_run, first_run + runs), years),
        "year": np.repeat(outcomes.years, runs),
    }
    for (name, unit), values in zip(METRICS.items(), outcomes.metrics, strict=True):
        columns[COLUMNS[name]] = values.ravel().astype(np.int64 if unit == "firms" else np.float64)
    return pl.DataFrame(columns)


def vendor_table(outcomes: Outcomes, vendors: list[str], first_run: int = 0) -> pl.DataFrame:
    """One row per run, year and vendor: cards sold, revenue, and whether in business at the end of the year."""
    count, years, runs = outcomes.cards.shape
    return pl.DataFrame(
        {
            "run": np.tile(np.arange(first_run, first_run + runs), count * years),
            "year": np.tile(np.repeat(outcomes.years, runs), count),
            "vendor": np.repeat(vendors, years * runs),
            "cards_k": outcomes.cards.ravel(),
            "revenue_rmb_m": outcomes.revenue.ravel(),
            "alive": outcomes.alive.ravel() > 0,
        }
    )


def dataset(outcomes: Outcomes, summary: Summary) -> xr.Dataset:
    """All yearly outcomes by run and year, and those of vendors by run, year and vendor; each array has its `unit`.

    Raises MarketSimError if xarray is not installed.
    """
    from marketsim.commands.needs import need

    need("xarray")
    import xarray as xr

    words = Words(summary.scenario.vocabulary)
    figures = {name: (unit, outcomes.metrics[row]) for row, (name, unit) in enumerate(METRICS.items())} | {
        "vendor_cards": ("k cards", outcomes.cards),
        "vendor_revenue": ("rmb_m", outcomes.revenue),
        "vendor_alive": ("1", outcomes.alive > 0),
    }
    dims = ("run", "year", "vendor")
    return xr.Dataset(
        {name: (dims[: values.ndim], values.T, {"unit": words.text(unit)}) for name, (unit, values) in figures.items()},
        {"run": np.arange(outcomes.metrics.shape[-1]), "year": outcomes.years, "vendor": summary.vendors},
        {"scenario": summary.scenario.name, "seed": summary.seed},
    )


def record(job: Job, runs: range) -> dict[str, pl.DataFrame]:
    """Play some runs and keep every quarter as tidy tables, see `marketsim.records`."""
    market = Market(Parameters(job.scenario), job.seed, runs)
    recorder = Recorder(market.parameters, runs)
    for now, _, outcome in market.play(job.decide):
        recorder.add(now, outcome, market.state)
    return recorder.tables()


def quarters_of(scenario: Scenario) -> dict[int, list[str]]:
    """The quarters that are played of each calendar year, such as {2025: ["2025Q1", "2025Q2"]}."""
    first = quarter_index(scenario.start)
    found: dict[int, list[str]] = {}
    for index in range(first, first + scenario.quarters):
        name = quarter_name(index)
        found.setdefault(int(name[:4]), []).append(name)
    return found


def comparable(summary: Summary) -> list[Reported]:
    """Reported figures that a yearly outcome answers to: of years played in full, a vendor's cards or market totals.

    A figure of half a year has no counterpart in a summary, nor has a price, revenue or margin of one vendor.
    """
    whole = {year for year, quarters in quarters_of(summary.scenario).items() if len(quarters) == 4}
    return [
        figure
        for figure in summary.scenario.reported
        if figure.half is None
        and figure.year in whole
        and figure.metric in (COMPARED if figure.vendor is None else ("cards",))
    ]


def simulated(summary: Summary, figure: Reported, quantile: Quantile) -> float:
    """What stands beside a reported figure, in its unit.  quantile: of the summary, `Summary.quantile`."""
    metrics, cards, _ = quantile
    year = summary.years.index(figure.year)
    if figure.vendor is None:
        return float(metrics[list(METRICS).index(figure.metric), year])
    return float(cards[summary.vendors.index(figure.vendor), year])


def as_dict(summary: Summary, question: Question | None = None) -> dict[str, Any]:
    """The summary as plain numbers, each with its unit: quantiles over runs, vendors' fates, the fall in firms."""
    words = Words(summary.scenario.vocabulary)
    levels = {name: summary.quantile(level) for name, level in QUANTILES.items()}
    falls = {name: summary.falls.quantile(level) for name, level in QUANTILES.items()}
    metrics: dict[str, dict[str, Any]] = {
        name: {"unit": words.text(unit)} | {level: values[0][row].tolist() for level, values in levels.items()}
        for row, (name, unit) in enumerate(METRICS.items())
    }
    for name, firms in zip(COUNTED, summary.firms, strict=True):
        metrics[name]["mean"] = (firms / summary.runs).tolist()
    return _asked(summary, question or Question()) | {
        "years": summary.years,
        "quarters_played": [len(quarters) for quarters in quarters_of(summary.scenario).values()],
        "quantiles": QUANTILES,
        "metrics": metrics,
        "vendors": {vendor: _vendor(summary, row, levels) for row, vendor in enumerate(summary.vendors)},
        "shakeout": {
            "largest_fall_in_active_vendors": {"unit": "1"} | {name: float(v[0]) for name, v in falls.items()},
            "most_active_vendors": {"unit": "firms"} | {name: float(v[1]) for name, v in falls.items()},
            "share_of_runs_with_fall": {f"{at:g}": summary.share_with_fall(at) for at in FALLS},
        },
        "reported": [
            figure.model_dump(include={"year", "metric", "vendor", "value"})
            | {"unit": words.text(METRICS[figure.metric])}
            | {name: simulated(summary, figure, values) for name, values in levels.items()}
            for figure in comparable(summary)
        ],
    }


def as_json(summary: Summary, question: Question | None = None) -> str:
    """The summary as JSON text, each list of numbers on one line."""
    text = json.dumps(as_dict(summary, question), indent=2, allow_nan=False)
    return re.sub(r"\[\n\s*([-+.\deE,\s]+?)\s*\]", lambda numbers: f"[{' '.join(numbers[1].split())}]", text)


def metadata(summary: Summary, question: Question, tables: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """What was run, with which versions, and the columns of the tables: their `units_of` by name."""
    versions = {"python": platform.python_version(), "numpy": np.__version__, "polars": pl.__version__}
    words = Words(summary.scenario.vocabulary)
    units = {name: {column: words.text(unit) for column, unit in table.items()} for name, table in tables.items()}
    return _asked(summary, question) | {
        "made_with": versions | {"cpu_features": cpu_features()},
        "tables": {name: {"files": f"{name}-*.parquet", "columns": columns} for name, columns in units.items()},
    }


def units_of(table: pl.DataFrame) -> dict[str, str]:
    """The unit of each column, empty where there is none."""
    return {name: unit_of(name) for name in table.columns}


def _asked(summary: Summary, question: Question) -> dict[str, Any]:
    world = summary.scenario
    renamed = {word: term.en for word, term in Words(world.vocabulary).renamed.items()}
    return {
        "program": PROGRAM,
        "version": __version__,
        "scenario": {"name": world.name, "title": world.title.en, "start": world.start, "quarters": world.quarters},
        **({"vocabulary": renamed} if renamed else {}),
        "policy": question.policy,
        "overrides": list(question.overrides),
        "seed": summary.seed,
        "runs": summary.runs,
    }


def _vendor(summary: Summary, row: int, levels: Mapping[str, Quantile]) -> dict[str, Any]:
    vendor = summary.vendors[row]
    world = summary.scenario
    known = world.vendors.get(vendor) or world.foreign.get(vendor)
    kind = "domestic" if vendor in world.vendors else "foreign" if vendor in world.foreign else "entrant"
    return {
        "title": known.title.en if known else vendor,
        "kind": kind,
        "strategy": world.vendors[vendor].strategy if kind == "domestic" else None,
        "cards": {"unit": Words(world.vocabulary).text("k cards")}
        | {name: values[1][row].tolist() for name, values in levels.items()},
        "share_value": {"unit": "1"} | {name: values[2][row].tolist() for name, values in levels.items()},
        "survival": {"unit": "1", "mean": (summary.survivors[row] / summary.runs).tolist()},
    }


def cpu_features() -> list[str]:
    """The instruction sets that NumPy uses here: results agree to the last bit only where these do."""
    found = np.show_config(mode="dicts")
    return list(found["SIMD Extensions"].get("found", [])) if found else []
