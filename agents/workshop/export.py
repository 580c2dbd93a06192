"""What can be taken out of a workshop, as files: tables, replays, its log. None holds a secret or a token's hash.

The report is told in the words of the interface, so it is made there (`tui.workshop.report`); whoever puts a server
together, or writes files, adds it to `EXPORTS`.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

import polars as pl

from agents.game.export import about, archived, as_csv, as_json
from agents.game.file import given_away
from agents.workshop import protocol as p
from agents.workshop import replays
from agents.workshop.debrief import job_of
from agents.workshop.entries import Admitted, Body, Entry, Opened, Seated
from agents.workshop.log import Line, Log, LogError, read
from agents.workshop.looking_back import looked_back
from agents.workshop.room import rebuilt
from agents.workshop.room_debrief import RoomDebrief
from agents.workshop.secrets import new_secret
from agents.workshop.simulated import simulated
from agents.workshop.snapshot import Snapshot, snapshot
from agents.workshop.tables import tables
from marketsim.errors import printable
from marketsim.results import units_of

if TYPE_CHECKING:
    from agents.workshop.desk import Desk

Language = Literal["en", "zh"]

FORMULA = ("=", "+", "-", "@")
"""With which a text begins that a spreadsheet would compute."""
NOBODY = "0" * 64
"""In the place of a token's hash: no token has it."""
LEFT_OUT = "(left out)"


@dataclass(frozen=True)
class Material:
    """What files are made of.

    lines: of the log, and path: of its file.  debrief: with simulated rooms, where those are needed and known.
    anonymous: without the names of teams, and what the facilitator told them.  language: of texts for people.
    """

    taken: Snapshot
    lines: Sequence[Line]
    path: Path
    debrief: RoomDebrief
    anonymous: bool = False
    language: Language = "en"

    @property
    def entries(self) -> Iterator[Entry]:
        """The log.  Raises LogError if it is damaged."""
        names = 0
        for entry in read(self.lines, self.path):
            named = isinstance(entry.body, Seated) and entry.body.name is not None
            names += named
            body = _without_names(entry.body, names) if self.anonymous else entry.body
            yield Entry(entry.seq, entry.at, entry.who, body)


@dataclass(frozen=True)
class Export:
    """A kind of file.

    media: its type.  file: its name.  make: takes some seconds for a large room.  compares: the room with simulated
    ones.
    """

    media: str
    file: str
    make: Callable[[Material], bytes]
    compares: bool = False


async def export(desk: Desk, what: Export, anonymous: bool = False, language: Language = "en") -> bytes:
    """A file of a workshop that is running, made beside it.

    Raises Refusal before a quarter is over, LogError if the log is damaged.
    """
    taken, found = await desk.debriefing.found(desk, whole=what.compares)
    lines = await desk.read(desk.log.lines)
    material = Material(taken, lines, desk.log.path, found.anonymous() if anonymous else found, anonymous, language)
    return await asyncio.to_thread(what.make, material)


def material_of(path: Path, anonymous: bool = False, language: Language = "en") -> Material:
    """What files are made of, from the file of a workshop that no server has open.

    The market may still be going on.  Raises LogError, or Refusal before a quarter is over.
    """
    if not path.is_file():
        raise LogError(f"{printable(str(path), 400)}: there is no such file")
    log = Log(path)
    try:
        lines = log.lines()
    finally:
        log.close()
    room = rebuilt(read(lines, path))
    taken = snapshot(room)
    found = looked_back(taken)
    return Material(taken, lines, path, found.anonymous() if anonymous else found, anonymous, language)


def compared(material: Material, workers: int) -> Material:
    """The same with simulated rooms to compare with.  workers: processes that play them."""
    rooms = simulated(job_of(material.taken, material.debrief), workers)
    return replace(material, debrief=material.debrief.model_copy(update={"simulation": "there", "rooms": rooms}))


def _without_names(body: Body, number: int) -> Body:
    """number: of teams that have taken a seat."""
    if isinstance(body, Seated) and body.name is not None:
        return body.model_copy(update={"name": f"Team {number}"})
    return body.model_copy(update={"text": LEFT_OUT}) if isinstance(body, p.Tell) else body


# Tables ---------------------------------------------------------------------------------------------------------------


def csv(material: Material) -> bytes:
    """All tables as CSV in a zip file, with the unit of every column, and what was played."""
    found = {name: _inert(table) for name, table in _tables(material).items()}
    return archived({"workshop.json": as_json(_about(material))} | as_csv(found))


def parquet(material: Material) -> bytes:
    """The same tables as Parquet in a zip file; metadata.json tells the unit of every column."""
    files: dict[str, str | bytes] = {}
    units = {}
    for name, table in _tables(material).items():
        stream = io.BytesIO()
        table.write_parquet(stream)
        files[f"{name}.parquet"] = stream.getvalue()
        units[name] = {"files": f"{name}.parquet", "columns": units_of(table)}
    return archived({"metadata.json": as_json(_about(material) | {"tables": units})} | files)


def _tables(material: Material) -> dict[str, pl.DataFrame]:
    found = tables(material.taken, material.entries, material.debrief)
    if material.anonymous:
        found = {name: table.drop("team", strict=False) for name, table in found.items()}
    return {name: table for name, table in found.items() if table.width}


def _inert(table: pl.DataFrame) -> pl.DataFrame:
    """With an apostrophe before names of teams that a spreadsheet would take for a formula."""
    if "team" not in table.columns:
        return table
    name = pl.col("team").cast(pl.String)
    formula = pl.any_horizontal(name.str.starts_with(sign) for sign in FORMULA)
    return table.with_columns(team=pl.when(formula).then(pl.lit("'") + name).otherwise(name))


def _about(material: Material) -> dict[str, object]:
    opened = material.taken.opened
    return {"title": opened.title, "teams": len(material.debrief.teams), **about(material.taken.game)}


# Replays and the log --------------------------------------------------------------------------------------------------


def _replay(material: Material) -> bytes:
    return replays.whole(material.taken).encode()


def _own_replay(material: Material, vendor: str) -> bytes:
    return replays.own(material.taken, vendor).encode()


def log(material: Material) -> bytes:
    """The log as a file of its own that a server can open, with a secret of its own and tokens that open nothing."""
    entries = list(material.entries)
    times = iter([entry.at for entry in entries])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        copy = Log(path, times.__next__)
        try:
            copy.write([(entry.who, _without_secrets(entry.body)) for entry in entries])
        finally:
            copy.close()
        return path.read_bytes()


def _without_secrets(body: Body) -> Body:
    if isinstance(body, Opened):
        return body.model_copy(update={"secret": new_secret(), "setup": given_away(body.setup)})
    return body.model_copy(update={"token_hash": NOBODY}) if isinstance(body, Admitted | Seated) else body


EXPORTS: Mapping[str, Export] = {
    "csv": Export("application/zip", "tables.zip", csv),
    "parquet": Export("application/zip", "tables-parquet.zip", parquet),
    "replay": Export("application/json", "replay.json", _replay),
    "log": Export("application/vnd.sqlite3", "workshop.db", log),
}
"""By the names under which they are asked for."""


def exports_of(vendors: Sequence[str]) -> dict[str, Export]:
    """All, with the replay of each vendor that teams can play."""
    own = {
        f"replay-{vendor}": Export("application/json", f"replay-{vendor}.json", partial(_own_replay, vendor=vendor))
        for vendor in vendors
    }
    return {**EXPORTS, **own}
