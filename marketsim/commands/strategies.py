"""`marketsim strategies`: who can play a vendor."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from agents.strategies.registry import Description

_ORIGINS = ("Example:", "Source:", "Idea:")


class Format(StrEnum):
    """How the strategies are printed."""

    table = "table"
    json = "json"


Form = Annotated[Format, typer.Option("--format", help="How to print them.")]


def strategies(form: Form = Format.table) -> None:
    """List the strategies that can play a vendor, those of other packages included."""
    from agents.strategies import registry

    found = registry.describe()
    if form is Format.json:
        typer.echo(_as_json(found))
        return

    from marketsim.commands.layout import console, note, show

    remark = "A vendor's strategy is set by --set vendors.NAME.strategy=STRATEGY, or in a scenario file."
    show([_table(found), "", note(remark)], console())


def _table(found: list[Description]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for one in found:
        package = "" if one.package == "marketsim" else f" (package {one.package})"
        about = Text(f"{one.problem or one.summary}{package}")
        if _origin(one):
            about.append(f"\n{_origin(one)}", style="dim")
        table.add_row(one.name, about)
    return table


def _origin(one: Description) -> str:
    """The last paragraph of a strategy's text if it says where the strategy comes from, in one line."""
    last = " ".join(one.text.rpartition("\n\n")[2].split())
    return last if last.startswith(_ORIGINS) else ""


def _as_json(found: list[Description]) -> str:
    import json

    rows = [
        {
            "name": one.name,
            "title": one.title,
            "summary": one.summary,
            "origin": _origin(one),
            "text": one.text,
            "package": one.package,
            "problem": one.problem or None,
        }
        for one in found
    ]
    return json.dumps(rows, indent=2)
