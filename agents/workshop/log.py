"""The log of a workshop: one SQLite file, to which lines are added and from which none is ever taken.

Write-ahead logging with `synchronous=FULL`: what `write` has returned from survives a killed process and a power cut.
Every line holds a hash of itself and of the line before, so that a changed or missing line is noticed.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from pydantic import ValidationError

from agents.workshop.entries import BODIES, Body, Entry
from marketsim.errors import MarketSimError, printable

FORMAT = 0x4D4B5753
"""`application_id` of our files: MKWS."""
SCHEMA = 1
"""`user_version`: of the tables below."""
TABLES = """
CREATE TABLE log (
    seq INTEGER PRIMARY KEY CHECK (seq > 0),
    at REAL NOT NULL,
    who TEXT NOT NULL,
    body TEXT NOT NULL,
    chain TEXT NOT NULL
) STRICT;
CREATE TRIGGER log_only_grows BEFORE INSERT ON log WHEN EXISTS (SELECT 1 FROM log WHERE seq >= NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
CREATE TRIGGER log_never_changes BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log never changes'); END;
CREATE TRIGGER log_never_shrinks BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log never shrinks'); END;
"""


LINES = "SELECT seq, at, who, body, chain FROM log ORDER BY seq"
Line = tuple[int, float, str, str, str]
PATIENCE = 2.0
"""Seconds that a server waits for another one to let go of the file."""


class LogError(MarketSimError):
    """A workshop's file that cannot be used, read or written.

    told: to those who have no business with where the file is.
    """

    def __init__(self, message: str, told: str | None = None) -> None:
        super().__init__(message)
        self.told = told or message


def steady() -> Callable[[], float]:
    """A clock of seconds since 1970 that does not move when the machine's is set, only when this is called again."""
    began = time.time() - time.monotonic()
    return lambda: began + time.monotonic()


class Log:
    """The open log of a workshop, for one thread at a time; the process that has it open is the only one that writes.

    clock: seconds since 1970, `steady` if not given.  Raises LogError.
    """

    def __init__(self, path: Path, clock: Callable[[], float] | None = None) -> None:
        self.path = path
        self._clock = clock or steady()
        with _told(path):
            self._db = _connected(path)
        self._next, self._chain = 1, ""

    @property
    def empty(self) -> bool:
        """Nothing has been written yet.  Raises LogError."""
        with _told(self.path):
            return not self._db.execute("SELECT 1 FROM log LIMIT 1").fetchone()

    def close(self) -> None:
        """Let go of the file; what was written stays."""
        with _told(self.path):
            self._db.close()

    def entries(self) -> Iterator[Entry]:
        """All lines in order, each checked; to be read to the end before a line is written.  Raises LogError."""
        self._next, self._chain = 1, ""
        with _told(self.path), closing(self._db.execute(LINES)) as rows:
            for entry, chain in _read(rows, self.path):
                self._next, self._chain = entry.seq + 1, chain
                yield entry

    def lines(self) -> list[Line]:
        """All lines as they are written, for `read`, which takes longer.  Raises LogError."""
        with _told(self.path):
            return self._db.execute(LINES).fetchall()

    @contextmanager
    def writing(self) -> Iterator[Callable[[str, Body], Entry]]:
        """Write lines: all of them are kept when this ends, or none, if it ends with an error.  Raises LogError."""
        began = self._next, self._chain
        with _told(self.path):
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._add
                self._db.execute("COMMIT")
            except BaseException:
                self._next, self._chain = began
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def write(self, lines: Sequence[tuple[str, Body]]) -> list[Entry]:
        """Write some lines, all or none.  lines: who and what.  Raises LogError."""
        with self.writing() as add:
            return [add(who, body) for who, body in lines]

    def _add(self, who: str, body: Body) -> Entry:
        text, at = body.model_dump_json(exclude_none=True), self._clock()
        chain = _chained(self._chain, self._next, at, who, text)
        self._db.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?)", (self._next, at, who, text, chain))
        entry = Entry(self._next, at, who, BODIES.validate_json(text))  # what is done is what can be read again
        self._next, self._chain = self._next + 1, chain
        return entry


def read(lines: Iterable[Line], path: Path) -> Iterator[Entry]:
    """Lines of a log, each checked.  path: of its file, for messages.  Raises LogError."""
    return (entry for entry, _ in _read(lines, path))


def _read(lines: Iterable[Line], path: Path) -> Iterator[tuple[Entry, str]]:
    """Each with the hash that it has."""
    before, place = "", 1
    for seq, at, who, body, chain in lines:
        if seq != place or chain != _chained(before, seq, at, who, body):
            raise LogError(f"{_name(path)} is damaged: line {place} of the log is not as it was written")
        try:
            entry = Entry(seq, at, who, BODIES.validate_json(body))
        except ValidationError as error:
            what = error.errors(include_url=False)[0]["msg"]
            raise LogError(f"{_name(path)}: line {seq} cannot be read: {what}") from None
        yield entry, chain
        before, place = chain, seq + 1


def _connected(path: Path) -> sqlite3.Connection:
    """The file, made for its owner's eyes alone if it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=PATIENCE)
    try:
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("PRAGMA trusted_schema=OFF")
        new = _checked(db, path)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        if new:
            db.executescript(f"BEGIN; {TABLES} PRAGMA application_id={FORMAT}; PRAGMA user_version={SCHEMA}; COMMIT;")
    except BaseException:
        db.close()
        raise
    return db


def _checked(db: sqlite3.Connection, path: Path) -> bool:
    """Whether the file is a new one; another than a workshop's is left as it is.  Raises LogError."""
    db.execute("BEGIN IMMEDIATE")  # a second server on this file would count everything twice
    found, schema = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    empty = not db.execute("SELECT 1 FROM sqlite_schema").fetchone()
    db.execute("ROLLBACK")
    if found == 0 and schema == 0 and empty:
        return True
    if found != FORMAT:
        raise LogError(f"{_name(path)} is no file of a workshop")
    if schema > SCHEMA:
        raise LogError(f"{_name(path)} was written by a newer version of marketsim (schema {schema}, here {SCHEMA})")
    return False


def _chained(before: str, seq: int, at: float, who: str, body: str) -> str:
    return hashlib.sha256(f"{before}\n{seq}\n{at!r}\n{who}\n{body}".encode()).hexdigest()


def _name(path: Path) -> str:
    return printable(str(path), 400)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the system or SQLite objects to, as an error for people."""
    try:
        yield
    except sqlite3.Error as error:
        said = str(error)
        if "locked" in said:
            said = "another server has it open"
        elif "not a database" in said:
            said = "is no file of a workshop"
        elif "full" in said:
            said = "the disk is full"
        raise LogError(f"{_name(path)}: {said}", said) from None
    except OSError as error:
        raise LogError(f"{_name(path)} cannot be opened: {error.strerror}") from None
