"""The report on the runs of one scenario: a folder that `marketsim run --out` wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from pydantic import ValidationError

from marketsim.errors import MarketSimError, printable
from marketsim.outcomes import METRICS
from marketsim.reports.charts import Figure, Group, Key, Panel
from marketsim.reports.findings import Finding, Sentence
from marketsim.reports.material import BANDS
from marketsim.reports.page import Cell, Drawing, Report, Section, Table, Text
from marketsim.reports.panels import Row, fan
from marketsim.reports.words import NOTHING, Speaker
from marketsim.result_folder import METADATA
from marketsim.results import PROGRAM
from marketsim.scenario.vocabulary import Language, Vocabulary
from marketsim.shakeout.statistics import Interval

MEASURES = {
    "active_vendors": "active_vendors",
    "cost_per_million_tokens": "cost_per_million_tokens_rmb",
    "hhi": "hhi",
    "domestic_share_value": "domestic_share_value",
    "gross_margin": "gross_margin",
    "capacity_use": "capacity_use",
}
"""What is shown, and its column in the yearly table."""
LARGEST = 12
"""Vendors that are listed."""
_FILES = ("summary.json", "scenario.yaml")


@dataclass(frozen=True)
class Runs:
    """A folder of results, read.  about: metadata.  summary: as `--format json` prints it.  scenario: as run."""

    path: Path
    about: Mapping[str, Any]
    summary: Mapping[str, Any]
    scenario: Mapping[str, Any]

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the scenario's industry."""
        return Vocabulary.model_validate(self.scenario.get("vocabulary") or {})

    @cached_property
    def market(self) -> pl.DataFrame:
        """Quantiles over runs by year, columns such as hhi_0.5."""
        quantiles = [
            pl.col(column).fill_nan(None).quantile(q, "linear").alias(f"{name}_{q}")
            for name, column in MEASURES.items()
            for q in BANDS
        ]
        return (
            self._table("yearly-market").group_by("year").agg(pl.len().alias("runs"), *quantiles).sort("year").collect()
        )

    @cached_property
    def vendors(self) -> pl.DataFrame:
        """Vendors, the largest first.  in_business: share of runs; share: of value; both in the last year."""
        last = pl.col("year") == pl.col("year").max()
        whole = pl.col("revenue_rmb_m").sum().over("run")
        share = pl.when(whole > 0).then(pl.col("revenue_rmb_m") / whole).otherwise(0.0)
        found = self._table("yearly-vendor").filter(last).with_columns(share=share).group_by("vendor")
        figures = found.agg(pl.col("alive").cast(pl.Float64).mean().alias("in_business"), pl.col("share").mean())
        return figures.sort(["share", "vendor"], descending=[True, False]).collect()

    def _table(self, name: str) -> pl.LazyFrame:
        parts = sorted(self.path.glob(f"{name}-*.parquet"))
        if not parts:
            raise MarketSimError(f"{printable(str(self.path), 400)} is not complete: there is no {name}-*.parquet")
        return pl.scan_parquet(parts, glob=False)

    def vendor(self, name: str, language: Language) -> str:
        """Title of a vendor, or of an entrant with its number."""
        for kind in ("vendors", "foreign"):
            if name in (self.scenario.get(kind) or {}):
                return str(self.scenario[kind][name]["title"][language])
        kind, _, number = name.rpartition("-")
        entrant = (self.scenario.get("entrants") or {}).get(kind)
        return name if entrant is None else f"{entrant['title'][language]} {number}"


def read_runs(path: Path) -> Runs:
    """A folder of results.  Raises MarketSimError where it holds none, or none that this version knows."""
    name = printable(str(path), 400)
    try:
        about = json.loads((path / METADATA).read_text(encoding="utf-8"))
        if not isinstance(about, dict) or about.get("program") != PROGRAM:
            raise MarketSimError(f"{name}/{METADATA} is not that of `marketsim run --out`")
        summary = json.loads((path / _FILES[0]).read_text(encoding="utf-8"))
        scenario = yaml.safe_load((path / _FILES[1]).read_text(encoding="utf-8"))
        runs = Runs(path, about, summary, scenario)
        _ = runs.vocabulary, runs.market, runs.vendors, runs.about["runs"], runs.scenario["title"]["zh"]
    except FileNotFoundError as error:
        raise MarketSimError(f"{name} is not complete: there is no {Path(error.filename).name}") from None
    except OSError as error:
        raise MarketSimError(f"{name} cannot be read: {error.strerror or error}") from None
    except (pl.exceptions.ColumnNotFoundError, KeyError, TypeError, ValidationError):
        version = printable(str(about.get("version")))
        raise MarketSimError(f"{name} holds results of another version, marketsim {version}: run it again") from None
    except (ValueError, yaml.YAMLError, pl.exceptions.PolarsError) as error:
        what = printable(str(error).splitlines()[0] if str(error) else type(error).__name__, 200)
        raise MarketSimError(f"{name} is damaged: {what}") from None
    return runs


def run_report(runs: Runs, speaker: Speaker) -> Report:
    """The whole report."""
    say, about = speaker.say, runs.about
    first, last = (int(runs.market["year"][place]) for place in (0, -1))
    count = speaker.count(about["runs"])
    facts = [say("run-facts", runs=count, first=first, last=last)]
    if about.get("policy"):
        facts.append(say("policy-was", policy=about["policy"]))
    if about.get("overrides"):
        facts.append(say("set-was", values=", ".join(map(str, about["overrides"]))))
    blocks = [Drawing(_fans(runs, speaker))]
    return Report(
        title=speaker.title(runs.scenario["title"]),
        facts=facts,
        headline=_headline(runs, speaker),
        findings=[Finding(say("answer"), "", tuple(_changes(runs, speaker)))],
        sections=[
            Section("part-market", say("run-years"), [*blocks, _years(runs, speaker), Text([say("median-80")])]),
            Section("vendors", say("run-survivors"), [_vendors(runs, speaker)]),
            Section("provenance", say("provenance"), [Text([say("method-model")]), _made(runs, speaker)]),
        ],
    )


def _headline(runs: Runs, speaker: Speaker) -> str:
    fall = runs.summary["shakeout"]["largest_fall_in_active_vendors"]
    span = speaker.span(Interval(fall["p50"], fall["p10"], fall["p90"]), speaker.unit("1"))
    return speaker.say("run-fall", middle=speaker.share(fall["p50"]), span=span)


def _changes(runs: Runs, speaker: Speaker) -> Iterator[Sentence]:
    """What each measure comes to from the first year to the last."""
    first, last = runs.market.row(0, named=True), runs.market.row(-1, named=True)
    for name in MEASURES:
        before, after = (_middle(row, name, speaker) for row in (first, last))
        years = {"first": first["year"], "last": last["year"]}
        yield Sentence(speaker.say("run-change", measure=speaker.say(name), before=before, after=after, **years))


def _interval(row: Mapping[str, Any], name: str) -> Interval | None:
    """The median, and between which values the middle 80 % of runs are; None where it is not known."""
    values = [row[f"{name}_{q}"] for q in (0.5, 0.1, 0.9)]
    return None if any(value is None for value in values) else Interval(*values)


def _middle(row: Mapping[str, Any], name: str, speaker: Speaker) -> str:
    found = _interval(row, name)
    return NOTHING if found is None else speaker.with_interval(found, speaker.unit(METRICS[name], name))


def _fans(runs: Runs, speaker: Speaker) -> Figure:
    panels = []
    for name in MEASURES:
        unit, rows = speaker.unit(METRICS[name], name), list[Row]()
        for row in runs.market.iter_rows(named=True):
            if row[f"{name}_0.5"] is None:
                continue
            says = speaker.say("at-one", when=row["year"], own=_middle(row, name, speaker))
            rows.append(
                {"x": row["year"], "says": says}
                | {f"p{round(100 * q)}": row[f"{name}_{q}"] * unit.factor for q in BANDS}
            )
        if rows:
            highest = max(row["p90"] for row in rows)
            lowest = min(0.0, *(row["p10"] for row in rows))
            said = "\n".join(row["says"] for row in rows)
            title = speaker.with_unit(speaker.say(name), unit)
            panels.append(Panel(title, said, fan(rows, [], lowest, highest or 1.0)))
    say = speaker.say
    keys = [Key("line", "own", say("run-median")), Key("band", "own", say("run-bands"))]
    note = say("paths-note", n=speaker.count(int(runs.about["runs"])))
    return Figure("market", say("run-years"), note, [Group("all", say("run-years"), panels)], keys, columns=3)


def _years(runs: Runs, speaker: Speaker) -> Table:
    rows: list[list[Cell | str]] = []
    for row in runs.market.iter_rows(named=True):
        cells: list[Cell | str] = [str(row["year"])]
        for name in MEASURES:
            found, unit = _interval(row, name), speaker.unit(METRICS[name], name)
            if found is None:
                cells.append(NOTHING)
                continue
            digits = speaker.digits(unit, found.value, found.low, found.high)
            cells.append(Cell(speaker.amount(found.value, unit, digits), speaker.span(found, unit)))
        rows.append(cells)
    return Table([speaker.say("year"), *(speaker.say(name) for name in MEASURES)], rows)


def _vendors(runs: Runs, speaker: Speaker) -> Table:
    year = int(runs.market["year"][-1])
    rows: list[list[Cell | str]] = [
        [runs.vendor(name, speaker.language), speaker.share(alive), speaker.share(share)]
        for name, alive, share in runs.vendors.head(LARGEST).iter_rows()
    ]
    heads = [speaker.say("run-vendor"), speaker.say("run-alive", year=year), speaker.say("run-share", year=year)]
    return Table(heads, rows)


def _made(runs: Runs, speaker: Speaker) -> Table:
    say, about = speaker.say, runs.about
    made = about.get("made_with") or {}
    known = [f"{key.capitalize()} {made[key]}" for key in ("python", "numpy", "polars") if key in made]
    rows = [
        (say("scenario"), str(about["scenario"]["name"])),
        (say("all-runs"), speaker.count(about["runs"])),
        (say("seed"), str(about["seed"])),
        (say("version"), f"marketsim {about['version']}"),
        (say("code"), speaker.clauses([*known, " ".join(made.get("cpu_features", ()))])),
    ]
    return Table((), [list(row) for row in rows], words=2, look="facts")
