"""What a process makes of a chunk: its runs are played, measured and judged, and come out as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from marketsim.ensemble import Decide, Keep
from marketsim.errors import MarketSimError
from marketsim.experiments.design import Point
from marketsim.experiments.experiment import Experiment, Outcome
from marketsim.experiments.plan import Chunk, scoring
from marketsim.market import Market
from marketsim.outcomes import METRICS, Outcomes, YearBook
from marketsim.rules.arrays import ratio, total_of_any
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.policies import with_levers
from marketsim.scenario.schema import Scenario
from marketsim.scenario.vocabulary import Words
from marketsim.scenario.worlds import SideBySide, frame
from marketsim.shakeout.classify import Class
from marketsim.shakeout.record import Recorder
from marketsim.state import Bools, Floats, Ints

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Tables:
    """The tables of a chunk; None where no path is kept."""

    runs: pa.Table
    quarters: pa.Table | None
    vendors: pa.Table | None

    def parts(self) -> dict[str, pa.Table]:
        """Those that there are, by name, `runs` last."""
        named = {"quarters": self.quarters, "vendors": self.vendors, "runs": self.runs}
        return {name: table for name, table in named.items() if table is not None}


@dataclass(frozen=True)
class Books:
    """Runs that were played side by side, written down.  runs: how many of them count, the first ones."""

    runs: int
    by_year: YearBook
    by_quarter: YearBook | None
    shakeout: Recorder


@dataclass(frozen=True)
class Played:
    """The runs of a chunk: outcomes by year and, where paths are kept, by quarter; class and shakeout of each, [r]."""

    by_year: Outcomes
    by_quarter: Outcomes | None
    classes: Ints
    shakeout: Bools


class Worker:
    """A process's share of an experiment.  decide: who decides for all vendors; must be picklable, for processes."""

    def __init__(self, experiment: Experiment, decide: Decide) -> None:
        self.experiment, self.decide = experiment, decide
        self.instrument = scoring(experiment.loaded.scenario)
        self._policies = {policy.name: policy for policy in experiment.policies}
        self._worlds: dict[str, Parameters] = {}
        self._drawn: dict[int, Scenario] = {}

    @cached_property
    def written(self) -> Parameters:
        """The scenario as it is written, in numbers: names of vendors and quarters are those of all points."""
        return Parameters(self.experiment.loaded.scenario)

    def __call__(self, chunk: Chunk) -> Tables:
        """The tables of a chunk. Raises MarketSimError for a point of which no scenario can be made."""
        played = self._played(chunk)
        rows = _Rows(chunk, self.experiment.seed)
        return Tables(
            self._runs(rows, played),
            self._quarters(rows, played) if any(chunk.quarters) else None,
            self._vendors(rows, played) if any(chunk.vendors) else None,
        )

    def _played(self, chunk: Chunk) -> Played:
        by_year, by_quarter, classes, shakeout = Keep(), Keep(), list[Ints](), list[Bools]()
        begun = 0
        for books in self.played(chunk):
            own, part = slice(0, books.runs), range(begun, begun + books.runs)
            verdicts = self.instrument.read(books.shakeout.result()).verdicts
            classes.append(verdicts.classes[own])
            shakeout.append(verdicts.shakeout[own])
            by_year(part, books.by_year.result().take_runs(own))
            if books.by_quarter is not None:
                by_quarter(part, books.by_quarter.result().take_runs(own))
            begun = part.stop
        quarters = by_quarter.joined() if any(chunk.quarters) else None
        return Played(by_year.joined(), quarters, np.concatenate(classes), np.concatenate(shakeout))

    def played(self, chunk: Chunk) -> Iterator[Books]:
        """The runs of the chunk's points, side by side as far as their worlds allow it."""
        worlds = self._worlds_of(chunk)
        for _, group in groupby(zip(worlds, chunk.points, strict=True), key=lambda pair: frame(pair[0])):
            alike = list(group)
            counts = [len(point.runs) for _, point in alike]
            p = SideBySide.of([world for world, _ in alike], counts)
            market = self._market(p, [point for _, point in alike])
            runs = max(sum(counts), 2)
            by_quarter = YearBook(p, runs, per_year=4) if any(chunk.quarters) else None
            books = Books(sum(counts), YearBook(p, runs), by_quarter, Recorder(p, runs, self.experiment.boundary))
            kept = [] if by_quarter is None else [by_quarter]
            market.record(self.decide, books.by_year, books.shakeout, *kept)
            yield books

    def _market(self, p: Parameters, points: Sequence[Point]) -> Market:
        """The market of some points, whose runs follow one another or meet the same luck."""
        rows = np.concatenate([np.array(point.runs) for point in points])
        runs = range(int(rows.min()), int(rows.max()) + 1)
        follow = len(runs) == len(rows) and bool((np.diff(rows) == 1).all())
        return Market(p, self.experiment.seed, runs, None if follow else rows - runs.start)

    def _worlds_of(self, chunk: Chunk) -> list[Parameters]:
        """The scenarios of a chunk's points in numbers; what is drawn is kept for its other policies, which come next.

        Scenarios of other points are let go first, so that no more are held than a chunk has. A process may compute
        several chunks at once, in threads: none takes away from another what it has begun with.
        """
        before = self._drawn
        self._drawn = drawn = {point.number: before[point.number] for point in chunk.points if point.number in before}
        del before
        return [self._world(point, chunk.policy, drawn) for point in chunk.points]

    def _world(self, point: Point, name: str, drawn: dict[int, Scenario]) -> Parameters:
        """The scenario of a point in numbers; one that is as written is kept.  drawn: by point, added to."""
        policy = self._policies[name]
        if point.values is None:
            if name not in self._worlds:
                self._worlds[name] = Parameters(self.experiment.world(None, policy))
            return self._worlds[name]
        try:
            if point.number not in drawn:
                drawn[point.number] = self.experiment.drawn(point.values)
            return Parameters(with_levers(drawn[point.number], policy.levers))
        except MarketSimError as error:
            raise MarketSimError(f"point {point.number} under the policy {name!r}: {error}") from None

    def _runs(self, rows: _Rows, played: Played) -> pa.Table:
        """One row a run: outcomes and verdict."""
        everybody = np.arange(rows.count)
        columns = rows.columns(everybody) | {"seed": _column("int64", np.full(rows.count, rows.seed))}
        for name, outcome in self.experiment.outcomes.items():
            columns[name] = _column(
                "float64", measured(outcome, played.by_year, self.written), self._unit(outcome.unit)
            )
        verdicts = [each.name.lower() for each in Class]
        columns["verdict"] = _column("string", [verdicts[number] for number in played.classes])
        columns["shakeout"] = _column("bool_", played.shakeout)
        return _table(columns)

    def _quarters(self, rows: _Rows, played: Played) -> pa.Table:
        """One row a kept run and quarter: the yearly measures, taken by quarter."""
        assert played.by_quarter is not None
        who = rows.first(rows.chunk.quarters)
        metrics = played.by_quarter.metrics[..., who]
        names = [now.name for now in self.written.conditions]
        columns = rows.columns(np.repeat(who, len(names)))
        columns["quarter"] = _column("string", names * len(who))
        for (name, unit), values in zip(METRICS.items(), metrics, strict=True):
            columns[name] = _column("float64", values.T.ravel(), self._unit(unit))
        return _table(columns)

    def _vendors(self, rows: _Rows, played: Played) -> pa.Table:
        """One row a kept run, year and vendor."""
        who = rows.first(rows.chunk.vendors)
        years, vendors = played.by_year.years, self.written.vendors
        columns = rows.columns(np.repeat(who, len(years) * len(vendors)))
        columns["year"] = _column("int32", np.tile(np.repeat(years, len(vendors)), len(who)))
        columns["vendor"] = _column("string", vendors * (len(years) * len(who)))
        for name, unit, values in (
            ("cards_k", "k cards", played.by_year.cards),
            ("revenue_rmb_m", "rmb_m", played.by_year.revenue),
        ):
            columns[name] = _column("float64", values[..., who].T.ravel(), self._unit(unit))
        columns["alive"] = _column("bool_", played.by_year.alive[..., who].T.ravel() > 0)
        return _table(columns)

    def _unit(self, unit: str) -> str:
        """A unit in the words of the scenario's industry."""
        return Words(self.experiment.loaded.scenario.vocabulary).text(unit)


def measured(outcome: Outcome, found: Outcomes, p: Parameters) -> Floats:
    """An outcome of each run, [r].  found: by year.  p: gives the names of vendors."""
    series = _series(outcome.measure, found, p)
    if series.ndim == 1:
        return series
    if outcome.year is not None:
        return np.asarray(series[found.years.index(outcome.year)])
    if outcome.over == "last":
        return np.asarray(series[-1])
    if outcome.over in ("sum", "mean"):
        whole = total_of_any(series, axis=0)
        return whole if outcome.over == "sum" else whole / len(series)
    return np.asarray(series.min(axis=0) if outcome.over == "min" else series.max(axis=0))


def _series(measure: str, found: Outcomes, p: Parameters) -> Floats:
    """A measure by year, [y,r], or of the run as a whole, [r]."""
    if measure in METRICS:
        return np.asarray(found.metrics[list(METRICS).index(measure)])
    if measure == "survivors":
        return total_of_any(found.alive[: p.domestic, -1], axis=0)
    if measure == "largest_fall":
        return found.peak_fall
    if measure == "failures":
        causes = [row for row, name in enumerate(METRICS) if name.startswith("exits_") and name != "exits_acquired"]
        return total_of_any(np.concatenate([found.metrics[row] for row in causes]), axis=0)
    _, name, what = measure.split(".")
    vendor = p.vendors.index(name)
    if what == "share":
        return ratio(found.revenue[vendor], total_of_any(found.revenue, axis=0))
    return np.asarray((found.cards if what == "cards" else found.alive)[vendor])


Column = tuple[str, Any, str]
"""Arrow type, values, unit."""


def _column(kind: str, values: Any, unit: str = "") -> Column:
    return kind, values, unit


class _Rows:
    """What stands at the beginning of each row: whose run it is."""

    def __init__(self, chunk: Chunk, seed: int) -> None:
        self.chunk, self.seed, self.count = chunk, seed, chunk.runs
        self.points = np.concatenate([np.full(len(point.runs), point.number) for point in chunk.points])
        self.runs = np.concatenate([np.array(point.runs) for point in chunk.points])

    def columns(self, who: Ints) -> dict[str, Column]:
        """policy, point and run of the runs at these places, [row]."""
        return {
            "policy": _column("string", [self.chunk.policy] * len(who)),
            "point": _column("int32", self.points[who]),
            "run": _column("int64", self.runs[who]),
        }

    def first(self, counts: Sequence[int]) -> Ints:
        """Places of the first runs of each point, as many as counts say."""
        begins = np.cumsum([0] + [len(point.runs) for point in self.chunk.points])
        return np.concatenate([begin + np.arange(count) for begin, count in zip(begins, counts, strict=False)])


def _table(columns: Mapping[str, Column]) -> pa.Table:
    """A table whose fields say their unit, if they have one, as metadata."""
    import pyarrow as pa

    fields, arrays = [], []
    for name, (kind, values, unit) in columns.items():
        data_type = getattr(pa, kind)()
        fields.append(pa.field(name, data_type, nullable=False, metadata={"unit": unit} if unit else None))
        arrays.append(pa.array(values, data_type))
    return pa.table(arrays, schema=pa.schema(fields))
