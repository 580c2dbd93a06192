"""Tables as wide as the terminal allows and no wider, with columns of medians and ranges."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence

import typer
from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from marketsim.commands.figures import Cell, aligned

PIPE_WIDTH = 120
NARROWEST = 80
"""Columns below which tables are not squeezed any further: the terminal wraps or cuts them."""


def console() -> Console:
    """Standard output: as wide as the terminal, or COLUMNS, or 120 where there is neither."""
    found = Console(highlight=False, markup=False, emoji=False)
    if not found.is_terminal and "COLUMNS" not in os.environ:
        found.width = PIPE_WIDTH
    found.width = max(found.width, NARROWEST)
    return found


def show(parts: Iterable[RenderableType], on: Console) -> None:
    """Print without the blanks that fill up lines."""
    with on.capture() as captured:
        on.print(Group(*parts))
    typer.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def fitting(on: Console, tables: Iterable[Callable[[], Table]]) -> Table:
    """The first table that fits the console's width; the last one if none does."""
    for made in tables:
        table = made()
        if fits(on, table):
            return table
    return table


def fits(on: Console, table: Table) -> bool:
    """Whether a table can be shown without wrapping a line."""
    unbound = on.options.update_width(10_000)
    return Measurement.get(on, unbound, table).maximum <= on.width


def ruled() -> Table:
    """An empty table with a line under its headings."""
    return Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))


def figures_table(
    names: Sequence[str | Text],
    figures: Mapping[str, Sequence[Cell]],
    texts: Mapping[str, Sequence[str]] | None = None,
) -> Table:
    """A table with a column of names, columns of figures by heading, and columns of text by heading.

    The lines of a heading stand above the medians of the column, not above the ranges.
    """
    table = ruled()
    table.show_header = any(figures)
    table.add_column()  # gives way where a name is too long, so that figures are never cut
    columns: list[Sequence[str | Text]] = [names]
    for heading, cells in figures.items():
        lines = [(line, "") for line in heading.split("\n")]
        column = aligned([*lines, *cells])
        table.add_column("\n".join(column[: len(lines)]), no_wrap=True)
        columns.append(column[len(lines) :])
    for heading, words in (texts or {}).items():
        table.add_column(heading, no_wrap=True)
        columns.append(words)
    for row in zip(*columns, strict=True):
        table.add_row(*row)
    return table


def title(text: str) -> Text:
    """What stands above a table, which may be narrower."""
    return Text(f"\n{text}", style="bold")


def note(text: str) -> Text:
    """A remark under a table."""
    return Text(text, style="dim")
