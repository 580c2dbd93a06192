"""Where games are kept: the autosave of each running game, what is kept by hand, and the list of both.

Files are named by the time at which they were begun and a random part, so names never collide, and every running game
has a file of its own: two that are played at once do not know of each other. Nothing is locked:

- A game that is continued goes on in a new file, which replaces the old one when it has been written. Continue one
  save twice, and there are two games.
- Of autosaves the newest 20 are kept, and all that were written to within the last day, so that none is removed that
  is being played. A game holds all of itself: should its file be gone, the next autosave writes it again.
- What is kept by hand stays until it is deleted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from agents.game.file import UNFINISHED, Saved, load, read_scenario, save
from agents.game.format import GameFileError
from agents.game.plan import Plan
from marketsim.errors import MarketSimError, printable
from marketsim.places import games_folder
from marketsim.scenario.schema import Scenario

if TYPE_CHECKING:
    from agents.game.game import Game

AUTOSAVES = 20
DAY = 24 * 3600.0
_AUTOMATIC = "auto-"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the list: either what it holds, or why it cannot be read.

    when: it was written, in local time.  automatic: an autosave, which is removed when it is old.
    """

    path: Path
    when: datetime
    automatic: bool
    saved: Saved | None
    problem: GameFileError | None


class Autosave:
    """The file of a game that is being played; it is not there before the first `save`.

    continued: the file that the game comes from, if any. If it is an autosave, this one replaces it.
    """

    def __init__(self, continued: Path | None = None) -> None:
        self.path = _new_path(_AUTOMATIC)
        self._continued = continued

    def save(self, game: Game, draft: Plan | None = None) -> None:
        """Write the game, after each quarter and with the form that is being filled in.  Raises MarketSimError."""
        first = not self.path.exists()
        save(game, self.path, draft)
        if first:
            self._tidy()

    def _tidy(self) -> None:
        """Remove what this game replaces, old autosaves, and what killed processes left behind."""
        if self._continued is not None and _is_autosave(self._continued):
            _remove(self._continued)
        self._continued = None
        before = time.time() - DAY
        written = [(when, path) for when, path in _files() if _is_autosave(path)]
        for when, path in written[AUTOSAVES:]:
            if when < before:
                _remove(path)
        for path in folder().glob(f".*{UNFINISHED}"):
            with suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()


def folder() -> Path:
    """Where games are kept; it need not be there yet."""
    return games_folder()


def keep(game: Game, draft: Plan | None = None) -> Path:
    """Save a game by hand, to a new file that is given.  Raises MarketSimError."""
    path = _new_path()
    save(game, path, draft)
    return path


def entries() -> list[Entry]:
    """All saves, the newest first. A file that cannot be read is one of them, and hides no other.

    Raises MarketSimError if the folder itself cannot be read.
    """
    reader = cache(read_scenario)
    return [_entry(path, when, reader) for when, path in _files()]


def delete(path: Path) -> None:
    """Remove a save; one that is gone already is no error.  Raises MarketSimError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise MarketSimError(f"{printable(str(path), 400)} cannot be deleted: {error.strerror}") from None


def _new_path(kind: str = "") -> Path:
    return folder() / f"{kind}{datetime.now():%Y%m%d-%H%M%S}-{uuid4().hex[:12]}.json"


def _is_autosave(path: Path) -> bool:
    return path.parent == folder() and path.name.startswith(_AUTOMATIC)


def _files() -> list[tuple[float, Path]]:
    """When each save was written, in seconds since 1970, and its path; the newest first."""
    found = []
    try:
        for path in folder().iterdir() if folder().exists() else ():
            if path.suffix == ".json" and not path.name.startswith("."):
                with suppress(FileNotFoundError):  # another process has removed it
                    found.append((path.stat().st_mtime, path))
    except OSError as error:
        raise MarketSimError(f"{printable(str(folder()), 400)} cannot be read: {error.strerror}") from None
    return sorted(found, reverse=True)


def _entry(path: Path, when: float, reader: Callable[[str], Scenario]) -> Entry:
    saved = problem = None
    try:
        saved = load(path, reader)
    except GameFileError as error:
        problem = error
    return Entry(path, datetime.fromtimestamp(when).astimezone(), _is_autosave(path), saved, problem)


def _remove(path: Path) -> None:
    """Remove what is no longer needed; whatever keeps it there is no reason to stop a game."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
