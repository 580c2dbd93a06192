"""Tables of history: an industry year by year or quarter by quarter, read from a CSV file and checked.

    year,firms,output,price,top10_share,leader,source,note
    2010,,20.8,2.0448,,Suntech,...,...
    2011,624,30.4,1.6772,0.44,Suntech,...,...

An empty cell is a figure that nobody knows. Blank lines and lines that begin with # are skipped. `COLUMNS` says what
each column holds; periods may be missing between others.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from marketsim.errors import Origin, Problem, ScenarioError, TableError, counted, did_you_mean, printable
from marketsim.rules.arrays import ratio
from marketsim.scenario.source import read_text
from marketsim.shakeout.history import SERIES, History
from marketsim.state import Floats

MAX_BYTES = 5_000_000
MAX_ROWS = 2_000
MAX_COLUMNS = 100

ROUNDING = 0.005
"""By how much shares and the index may contradict each other: half of the last digit of a share in per cent."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of numbers may hold: numbers from `low` to `high`; `above`: not `low` itself."""

    meaning: str
    low: float = 0.0
    high: float = 1e15
    above: bool = False

    @property
    def allowed(self) -> str:
        """In words."""
        low = f"above {self.low:g}" if self.above else f"from {self.low:g}"
        span = f"{low} to {self.high:g}" if np.isfinite(self.low) else f"up to {self.high:g}"
        return f"a number {span}, or nothing ({self.meaning})"

    def holds(self, value: float) -> bool:
        """Whether a number may stand here; one next to 0 could not be divided by."""
        inside = self.low < value <= self.high if self.above else self.low <= value <= self.high
        return inside and not 0 < abs(value) < TINY


TINY = 1e-12

COLUMNS: Mapping[str, Column] = {
    "firms": Column("active firms: those that sell"),
    "output": Column("made or sold in the period, in one unit throughout"),
    "price": Column("per unit of output; where units get better, per unit of what they deliver"),
    "revenue": Column("of all firms in the period; if missing, price times output"),
    "capacity": Column("output that the plant there is could make in the period"),
    "demand": Column("output that buyers came for; if missing, what was sold", above=True),
    "utilisation": Column("share of capacity in use; if missing, output over capacity", high=1.0),
    "gross_margin": Column("share of revenue, of the largest firms as reported", low=-np.inf, high=1.0),
    "leader_margin": Column("gross margin of the largest firm", low=-np.inf, high=1.0),
    "profitable": Column("share of the largest firms with positive net income", high=1.0),
    "top1_share": Column("share of the largest firm", high=1.0),
    "top2_share": Column("share of the two largest", high=1.0),
    "top5_share": Column("share of the five largest", high=1.0),
    "top10_share": Column("share of the ten largest", high=1.0),
    "hhi": Column("Herfindahl-Hirschman index, with shares that sum to 1", high=1.0),
    "entries": Column("firms that entered in the period"),
    "exits": Column("firms that left in the period, acquired ones included"),
    "exits_acquired": Column("those of them that were acquired"),
}
"""Columns of numbers, besides the period, `leader` (a name), and `source` and `note`, which nobody reads."""

PERIODS: Mapping[str, tuple[int, re.Pattern[str], str]] = {
    "year": (1, re.compile("([0-9]{4})"), "a year from 1500 to 2200, such as 2011"),
    "quarter": (4, re.compile("([0-9]{4})Q([1-4])"), "a quarter from 1500Q1 to 2200Q4, such as 2011Q2"),
}
"""Column of the period: periods in a year, how one is written, and that in words."""

KNOWN = (*PERIODS, *COLUMNS, "leader", "source", "note")
CONCENTRATION = {1: "top1_share", 2: "top2_share", 5: "top5_share", 10: "top10_share"}
"""Columns with the share of the k largest firms."""

_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,4})?")
_NOT_FINITE = re.compile(r"[-+]?(nan|inf|infinity)", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """A table of history as it was read."""

    path: Path
    history: History  # one run, twice: the package works on ensembles
    columns: tuple[str, ...]  # that hold any figure, as they are written
    leaders: tuple[str, ...]  # names by the number that history.leader gives
    per_year: int  # periods in a year: 1 or 4


@dataclass(slots=True)
class _Row:
    """A row and the line in which it begins; values: what its cells hold, as far as they are right."""

    line: int
    cells: Mapping[str, str]
    values: dict[str, float]


class _Reader:
    """Reads the rows of a table, and keeps what is wrong."""

    def __init__(self, path: Path) -> None:
        self.source = str(path)
        self.problems: list[Problem] = []

    def wrong(self, line: int | None, message: str, field: str = "", **more: str) -> None:
        """Note a problem. more: found, allowed and hint."""
        self.problems.append(Problem(Origin(self.source, line), message, field, **more))

    def refuse(self, line: int | None, message: str, **more: str) -> TableError:
        """The error with which reading ends at once."""
        self.wrong(line, message, **more)
        return TableError(self.problems)

    def records(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Cells of each row that has any, with the line in which it begins; the header is the first."""
        lines: list[tuple[int, str]] = []

        def kept() -> Iterator[str]:
            for number, line in enumerate(io.StringIO(text, newline=None), 1):
                if line.strip() and not line.lstrip().startswith("#"):
                    lines.append((number, line))
                    yield line

        feed = kept()
        first = next(feed, None)
        if first is None:
            raise self.refuse(None, "has no header: it is empty", hint="the first line names columns: year,firms,...")
        delimiter = max(",;\t", key=first.count)
        reader = csv.reader(chain([first], feed), delimiter=delimiter, skipinitialspace=True, strict=True)
        while True:
            begin = reader.line_num
            try:
                cells = [cell.strip() for cell in next(reader)]
            except StopIteration:
                return
            except csv.Error as error:
                line = lines[min(begin, len(lines) - 1)][0]
                raise self.refuse(line, f"is not valid CSV: {printable(str(error))}") from None
            if any(cells):
                yield lines[begin][0], cells

    def header(self, line: int, names: Sequence[str]) -> None:
        """Check the names of the columns."""
        if len(names) > MAX_COLUMNS:
            raise self.refuse(line, f"has {len(names):,} columns", allowed=f"at most {MAX_COLUMNS}")
        if any(pattern.fullmatch(names[0]) for _, pattern, _ in PERIODS.values()):
            raise self.refuse(
                line, "has no header", found=names[0], hint="the first line names columns: year,firms,..."
            )
        for place, name in enumerate(names):
            if not name:
                self.wrong(line, f"column {place + 1} has no name", allowed=", ".join(KNOWN))
            elif name in names[:place]:
                self.wrong(line, "stands twice in the header", printable(name))
            elif name not in KNOWN:
                hint = did_you_mean(name, KNOWN)
                self.wrong(line, "is not a column of a table of history", printable(name), hint=hint)
        if not set(PERIODS) & set(names):
            self.wrong(line, "is required and missing", "year", allowed="a column `year`, or a column `quarter`")
        if set(PERIODS) <= set(names):
            self.wrong(line, "stands beside `year`", "quarter", allowed="one of the two columns `year` and `quarter`")
        if "firms" not in names:
            self.wrong(line, "is required and missing", "firms", allowed="a column with the number of active firms")

    def rows(self, names: Sequence[str], records: Iterator[tuple[int, list[str]]]) -> list[_Row]:
        """The rows that have a cell for each column."""
        rows = []
        for count, (line, cells) in enumerate(records, 1):
            if count > MAX_ROWS:
                raise self.refuse(line, f"has more than {MAX_ROWS:,} rows, the most that a table may have")
            if len(cells) == len(names):
                rows.append(_Row(line, dict(zip(names, cells, strict=True)), {}))
                continue
            hint = (
                "text with the separator needs quotes; a number has a decimal point: 0.44"
                if len(cells) > len(names)
                else ""
            )
            self.wrong(line, f"has {len(cells)} cells", allowed=f"{len(names)} cells, as the header", hint=hint)
        return rows

    def period(self, row: _Row, column: str, seen: dict[float, int]) -> None:
        """Read the period of a row. seen: lines of the periods before it, which are added to."""
        _, pattern, allowed = PERIODS[column]
        cell = row.cells[column]
        match = pattern.fullmatch(cell)
        if match is None or not 1500 <= int(match[1]) <= 2200:
            other = "quarter" if column == "year" else "year"
            hint = (
                f"it belongs into a column `{other}`, and into a table of its own"
                if PERIODS[other][1].fullmatch(cell)
                else ""
            )
            self.wrong(row.line, f"is not a {column}", column, found=_written(cell), allowed=allowed, hint=hint)
            return
        time = int(match[1]) + (int(match[2]) - 1) / 4 if column == "quarter" else float(match[1])
        if time in seen:
            self.wrong(row.line, f"stands twice: also in line {seen[time]}", column, found=cell)
        elif seen and time < max(seen):
            self.wrong(row.line, "is out of order: a later one stands before it", column, found=cell)
        seen.setdefault(time, row.line)
        row.values["time"] = time

    def number(self, row: _Row, name: str) -> None:
        """Read one figure of a row."""
        column, cell = COLUMNS[name], row.cells[name]
        if not cell:
            return
        if not _NUMBER.fullmatch(cell):
            message = "is not a finite number" if _NOT_FINITE.fullmatch(cell) else "is not a number"
            self.wrong(row.line, message, name, found=_written(cell), allowed=column.allowed, hint=_as_number(cell))
            return
        value = float(cell)
        if not np.isfinite(value):
            self.wrong(row.line, "is not a finite number", name, found=_written(cell), allowed=column.allowed)
        elif not column.holds(value):
            share = column.high == 1.0 and 1 < value <= 100
            hint = f"write {value / 100:g} for {value:g} %" if share else ""
            message = "is too near to 0" if abs(value) < TINY and value else "is out of bounds"
            self.wrong(row.line, message, name, found=_written(cell), allowed=column.allowed, hint=hint)
        else:
            row.values[name] = value

    def consistent(self, row: _Row) -> None:
        """Check figures of a row against each other."""
        values = row.values
        known = [(count, name) for count, name in CONCENTRATION.items() if name in values]
        for (few, fewer), (many, more) in pairwise(known):
            least, most = values[fewer], values[fewer] * many / few
            if not least - 1e-9 <= values[more] <= most + ROUNDING * many / few:
                allowed = f"from {least:g} to {min(most, 1):g}, since {fewer} is {values[fewer]:g}"
                self.wrong(row.line, "contradicts a column", more, found=row.cells[more], allowed=allowed)
        if "hhi" in values and known:
            count, name = known[0]
            least, most = values[name] ** 2 / count, values[name] if count == 1 else 1.0
            if not least - ROUNDING <= values["hhi"] <= most + ROUNDING:
                allowed = f"from {least:.3g} to {most:g}, since {name} is {values[name]:g}"
                self.wrong(row.line, "contradicts a column", "hhi", found=row.cells["hhi"], allowed=allowed)
        if values.get("exits_acquired", 0.0) > values.get("exits", np.inf):
            found, allowed = row.cells["exits_acquired"], f"at most `exits`, which is {values['exits']:g}"
            self.wrong(row.line, "is more than all exits", "exits_acquired", found=found, allowed=allowed)


def load_table(path: Path) -> Table:
    """Read and check a table of history. Raises TableError with everything that is wrong."""
    reader = _Reader(path)
    try:
        text = read_text(path, "table", MAX_BYTES)
    except ScenarioError as error:
        raise TableError(error.problems) from None
    records = reader.records(text)
    line, names = next(records, (None, [""]))
    if line is None:
        raise reader.refuse(1, "has no header: it is empty")
    reader.header(line, names)
    rows = reader.rows(names, records)
    column = next((name for name in PERIODS if name in names), None)
    seen: dict[float, int] = {}
    for row in rows:
        if column is not None:
            reader.period(row, column, seen)
        for name in COLUMNS:
            if name in names:
                reader.number(row, name)
        reader.consistent(row)
    if not reader.problems:
        _enough(reader, rows)
    if reader.problems or column is None:
        raise TableError(reader.problems)
    return _table(path, column, names, rows)


def _enough(reader: _Reader, rows: Sequence[_Row]) -> None:
    """Check that there is something to look at."""
    if len(rows) < 2:
        reader.wrong(None, f"has {counted(len(rows), 'row')} of figures", allowed="at least two: a shakeout takes time")
    elif not any("firms" in row.values for row in rows):
        reader.wrong(None, "is not known in any row", "firms", allowed="the number of active firms in some rows")


def _table(path: Path, column: str, names: Sequence[str], rows: Sequence[_Row]) -> Table:
    """The table of rows that are right."""
    figures = {name: np.array([row.values.get(name, np.nan) for row in rows]) for name in ("time", *COLUMNS)}
    cells = [row.cells.get("leader", "") for row in rows]
    leaders = tuple(dict.fromkeys(name for name in cells if name))
    numbers = {name: float(number) for number, name in enumerate(leaders)}
    figures["leader"] = np.array([numbers.get(name, np.nan) for name in cells])
    time = figures.pop("time")
    filled = [name for name in names if name in figures and not np.isnan(figures[name]).all()]
    series: dict[str, Any] = {
        name: np.repeat(value[:, None], 2, axis=1) for name, value in _derived(figures, names).items()
    }
    series |= {name: np.full((len(rows), 2), np.nan) for name in SERIES if name not in series}
    shown = tuple(printable(name, 60) for name in leaders)
    return Table(path, History(time, **series, causes=None, firm=None), tuple(filled), shown, PERIODS[column][0])


def _derived(figures: Mapping[str, Floats], names: Sequence[str]) -> dict[str, Floats]:
    """The figures [t], with what follows from others where it is missing.

    performance = output: the price of a table is per unit of what the output delivers; revenue = price * output;
    price = revenue / output in a table without a column `price`; utilisation = output / capacity, at most 1;
    demand = output, which is the least that it can have been, where anything was sold.
    """
    figures = dict(figures)
    output = figures["performance"] = figures["output"]
    if "price" not in names:
        figures["price"] = ratio(figures["revenue"], output, otherwise=np.nan)
    substitutes = {
        "revenue": figures["price"] * output,
        "utilisation": np.minimum(ratio(output, figures["capacity"], otherwise=np.nan), 1.0),
        "demand": np.where(output > 0, output, np.nan),
    }
    for name, substitute in substitutes.items():
        figures[name] = np.where(np.isnan(figures[name]), substitute, figures[name])
    return figures


def _written(cell: str) -> str:
    """A cell as it is written, safe to print."""
    return repr(printable(cell, 60)) if cell else "an empty cell"


def _as_number(cell: str) -> str:
    """What to do about a cell that is not a number."""
    if cell.endswith("%"):
        return "a share is written as 0.44, without %"
    if re.fullmatch(r"[-+]?[0-9][0-9,. ]*", cell):
        return "write 0.44 and not 0,44, and numbers without separators of thousands"
    return "leave the cell empty where the figure is not known"
