"""What can be taken out of a game as files: tables as CSV, charts as SVG, any bytes under a name that is still free."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from agents.game.advice import Value
from agents.game.page import Bars, Charts, Page, draw
from agents.game.plan import PARTS, Plan
from agents.game.view import GameView
from marketsim import __version__
from marketsim.errors import MarketSimError, printable
from marketsim.records import Recorder, unit_of
from marketsim.results import PROGRAM

if TYPE_CHECKING:
    from agents.game.game import Game

ENDINGS = {"price": "_krmb", "capacity": "_k_per_quarter"} | dict.fromkeys(
    ("research", "adaptation", "service", "funds", "bid"), "_rmb_m"
)
"""Endings of the columns of decisions by field, which tell their units as everywhere in `marketsim.records`."""


def tables(game: GameView) -> dict[str, pl.DataFrame]:
    """Tidy tables of a game: market, segment, vendor, event, attribution (see `marketsim.records`), and decision.

    decision: what the own vendor decided, one row per quarter and one column per number; not there where nobody is
    played. Until a game that is played is over, of vendors only the own one is there: rivals' books are their own.
    There must have been a quarter.
    """
    recorder = Recorder(game.parameters, range(1))
    for turn in game.turns:
        recorder.add(turn.now, turn.outcome, turn.after)
    found = {name: table.drop("run") for name, table in recorder.tables().items()}
    if game.setup.vendor is None:
        return found
    if not game.over:
        own = pl.col("vendor") == game.setup.vendor
        found |= {name: found[name].filter(own) for name in ("vendor", "attribution")}
    rows = [{"quarter": turn.now.name, **columns_of(turn.plan)} for turn in game.turns if turn.plan is not None]
    return found | {"decision": pl.DataFrame(rows)}


def columns_of(plan: Plan) -> dict[str, Value]:
    """The numbers of a plan by column: field, part and unit."""
    return {_column(path): value for path, value in plan.values()}


def _column(path: str) -> str:
    field, _, part = path.partition(".")
    return (f"{field}_{part}" if field in PARTS else field) + ENDINGS.get(field, "")


def zipped(game: Game) -> bytes:
    """The tables as CSV in a zip file, with the unit of every column (columns.csv) and what was played (game.json)."""
    return archived({"game.json": as_json(about(game))} | as_csv(tables(game)))


def as_csv(tables: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """Files by name: every table, and columns.csv with the unit of every column."""
    units = [(name, column, unit_of(column)) for name, table in tables.items() for column in table.columns]
    columns = pl.DataFrame(units, ["table", "column", "unit"], orient="row")
    return {f"{name}.csv": table.write_csv() for name, table in {**tables, "columns": columns}.items()}


def about(game: GameView) -> dict[str, Any]:
    """What was played, and with what."""
    setup = game.setup.model_dump() | {"scenario": game.world.name, "quarters": len(game.turns)}
    return {"program": PROGRAM, "version": __version__, **setup}


def as_json(content: Mapping[str, Any]) -> str:
    """As the text of a file for people and programs."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def archived(files: Mapping[str, str | bytes]) -> bytes:
    """A zip file.  files: contents by name."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def pictures(page: Page) -> list[tuple[str, str]]:
    """Name without ending, and SVG, of all charts and bars of a game's page."""
    found = []
    for section in page.sections:
        for block in section.blocks:
            if isinstance(block, Charts):
                about = (page.title, block.title or section.title)
                found += [(chart.name, draw(chart, chart.title, about)) for chart in block.charts]
            elif isinstance(block, Bars):
                found.append((block.name, draw(block, section.title, (page.title, block.title))))
    return found


def free_name(folder: Path, name: str) -> Path:
    """A path in a folder that is not there: with the name, or with -2, -3 ... before its ending."""
    first = folder / name
    numbered = (first.with_stem(f"{first.stem}-{number}") for number in count(2))
    return first if not first.exists() else next(path for path in numbered if not path.exists())


def write_new(folder: Path, name: str, content: bytes) -> Path:
    """Write a file that was not there before, in a folder that is made if need be; the path that it has.

    folder: may begin with ~.  Raises MarketSimError where that is not possible.
    """
    path = folder / name
    try:
        folder = folder.expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        path = free_name(folder, name)
        with path.open("xb") as stream:
            stream.write(content)
    except (OSError, ValueError, RuntimeError) as error:  # of the last kind: a home that nobody has
        reason = getattr(error, "strerror", None) or error
        raise MarketSimError(f"{printable(str(path), 400)} cannot be written: {reason}") from None
    return path
