"""A design as a CSV table: one row a point, one column a parameter; parameters without a column stay as written."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np

from marketsim.errors import ExperimentError, Origin, Problem, ScenarioError, did_you_mean, printable
from marketsim.experiments.uncertain import UncertainSpace
from marketsim.scenario.experiment_file import MAX_POINTS
from marketsim.scenario.source import read_text
from marketsim.state import Floats

MAX_BYTES = 50_000_000


def read_table(path: Path, space: UncertainSpace) -> Floats:
    """Values at the points of a table, [point, parameter]. Raises ExperimentError with everything that is wrong."""
    try:
        text = read_text(path, "table", MAX_BYTES)
    except ScenarioError as error:
        raise ExperimentError(error.problems) from None
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        where = Origin(str(path), reader.line_num)
        raise ExperimentError([Problem(where, f"is not valid CSV: {printable(str(error))}")]) from None
    if not lines:
        raise ExperimentError([Problem(Origin(str(path)), "is empty", allowed="a line of names, then one a point")])
    (line, header), *rows = lines
    problems = _wrong_header(Origin(str(path), line), header, space)
    if not rows:
        problems.append(Problem(Origin(str(path)), "has no points", allowed="a line for each point below the names"))
    if len(rows) > MAX_POINTS:
        problems.append(Problem(Origin(str(path)), f"has {len(rows):,} points", allowed=f"at most {MAX_POINTS:,}"))
    if problems:
        raise ExperimentError(problems)
    values = np.tile(space.present, (len(rows), 1))
    for number, (line, cells) in enumerate(rows):
        problems += _read_row(Origin(str(path), line), header, cells, values[number], space)
    if problems:
        raise ExperimentError(problems)
    return values


def _wrong_header(origin: Origin, header: list[str], space: UncertainSpace) -> list[Problem]:
    problems = []
    for place, name in enumerate(header):
        if name in header[:place]:
            problems.append(Problem(origin, "stands twice in the header", printable(name)))
        elif name not in space.names:
            hint = did_you_mean(name, space.names, "there are")
            field = printable(name) or f"column {place + 1}"
            problems.append(Problem(origin, "is not an uncertain parameter of the experiment", field, hint=hint))
    return problems


def _read_row(
    origin: Origin, header: list[str], cells: list[str], values: Floats, space: UncertainSpace
) -> list[Problem]:
    """Write the cells of a row into its values [parameter]; what is wrong with them."""
    if len(cells) != len(header):
        return [Problem(origin, f"has {len(cells)} cells", allowed=f"{len(header)} cells, as the header")]
    problems = []
    for name, cell in zip(header, cells, strict=True):
        parameter = space.parameters[name]
        value, allowed = _number(cell), f"a number from {parameter.low:g} to {parameter.high:g}"
        found = f"{printable(cell, 60)!r}" if cell else "nothing"
        if math.isnan(value):
            problems.append(Problem(origin, "is not a number", name, found, allowed))
        elif not parameter.low <= value <= parameter.high:
            problems.append(Problem(origin, "is out of the parameter's range", name, found, allowed))
        values[space.names.index(name)] = value
    return problems


def _number(cell: str) -> float:
    """The number in a cell, NaN if there is none."""
    try:
        return float(cell) if "_" not in cell else math.nan
    except ValueError:
        return math.nan
