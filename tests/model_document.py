"""Reads docs/model.md and the scenario schema, and compares rows of tables with what the code says."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from marketsim.scenario.schema import Scenario

DOCUMENT = Path(__file__).parent.parent / "docs" / "model.md"
LARGEST = 1e9
"""The technical bound of every amount in the schema: the document says `or more`."""

Row = dict[str, str]
Rows = Mapping[str, Row]


# The document -----------------------------------------------------------------------------------------------------


@cache
def text() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


@cache
def tables() -> dict[str, list[Row]]:
    """The rows of the tables below each heading, column title -> cell without back-ticks."""
    found: dict[str, list[Row]] = {}
    heading, columns = "", []
    for line in text().splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        if not line.startswith("|"):
            columns = []
            continue
        cells = [cell.strip().replace("`", "") for cell in line.strip("|\n ").split("|")]
        if not columns:
            columns = cells
        elif any(set(cell) != {"-"} for cell in cells):
            assert len(cells) == len(columns), f"{heading}: this row has not {len(columns)} cells: {line}"
            found.setdefault(heading, []).append(dict(zip(columns, cells, strict=True)))
    return found


def documented(heading: str, key: str) -> dict[str, Row]:
    """The rows below a heading by the column `key`, of the tables that have one."""
    listed = [row for row in tables().get(heading, []) if key in row]
    assert listed, f"docs/model.md has no table with a column {key!r} under the heading {heading!r}"
    rows = {row[key]: row for row in listed}
    assert len(rows) == len(listed), f"{heading}: something is listed twice"
    return rows


def parameter_rows() -> dict[str, Row]:
    """The documented parameters, from every table with a `parameter` column."""
    rows = [row for table in tables().values() for row in table if "parameter" in row]
    by_name = {row["parameter"]: row for row in rows}
    twice = sorted(name for name in by_name if sum(row["parameter"] == name for row in rows) > 1)
    assert not twice, f"docs/model.md: parameters listed twice: {', '.join(twice)}"
    return by_name


def assert_same_names(where: str, listed: Iterable[str], actual: Iterable[str]) -> None:
    missing = [name for name in actual if name not in set(listed)]
    extra = [name for name in listed if name not in set(actual)]
    assert not missing, f"docs/model.md, {where}: not documented: {', '.join(missing)}"
    assert not extra, f"docs/model.md, {where}: documented, but not in the code: {', '.join(extra)}"


def assert_same_cells(where: str, listed: Rows, actual: Rows) -> None:
    """Names, and for each the cells that the code decides."""
    assert_same_names(where, listed, actual)
    wrong = [
        f"{name}: {column} should read {value!r}, not {listed[name].get(column)!r}"
        for name, cells in actual.items()
        for column, value in cells.items()
        if listed[name].get(column) != value
    ]
    assert not wrong, f"docs/model.md, {where}:\n" + "\n".join(wrong)


# The scenario schema ----------------------------------------------------------------------------------------------


def sections_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The parts of a scenario that a field's type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from sections_in(part)


@cache
def leaf_fields() -> dict[str, Any]:
    """Every field of the schema that holds figures or text, as `section.field`; each kind of section once."""
    found: dict[str, Any] = {}
    seen: set[type[BaseModel]] = set()

    def visit(section: type[BaseModel], name: str) -> None:
        seen.add(section)
        for field, info in section.model_fields.items():
            parts = list(sections_in(info.annotation))
            for part in parts:
                if part not in seen:
                    visit(part, field)
            if not parts:
                found[f"{name}.{field}"] = info

    visit(Scenario, "scenario")
    return found


def schema_unit(info: Any) -> str:
    return str((info.json_schema_extra or {}).get("unit", "-"))


def schema_bounds(info: Any) -> str:
    """The bounds of a field in words; `-` for text and flags."""
    found = limits(info.annotation, info.metadata)
    if not found:
        return "-"
    low = f"above {found['gt']:g}" if "gt" in found else f"{found['ge']:g}"
    if found.get("le") == LARGEST:
        return low if "gt" in found else f"{low} or more"
    high = f"below {found['lt']:g}" if "lt" in found else f"{found['le']:g}"
    return f"{low} to {high}" + (", whole" if info.annotation is int else "")


def limits(annotation: Any, metadata: Iterable[Any]) -> dict[str, float]:
    """Bounds of the numbers in a field: its own, else those of the first part of its type that has some."""
    own = {kind: getattr(item, kind) for item in metadata for kind in ("ge", "gt", "le", "lt") if hasattr(item, kind)}
    parts = (limits(part, getattr(part, "metadata", ())) for part in typing.get_args(annotation))
    return own or next(filter(None, parts), {})
