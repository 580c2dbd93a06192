"""The log: lines are added and stay; a file that is damaged, foreign, newer or in use is told and left alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agents.workshop import protocol as p
from agents.workshop.entries import FACILITATOR, SERVER, Admitted, Body, Restarted
from agents.workshop.log import Log, LogError, _chained

LINES: list[tuple[str, Body]] = [
    (SERVER, Restarted(marketsim="1")),
    (FACILITATOR, Admitted(token_hash="0" * 64)),
    (FACILITATOR, p.Tell(id="tell-0001", text="你好, \x00 \u202e", vendor="acme")),
    ("acme", p.Edit(id="edit-0001", quarter="2025Q1", values={"price": 0.1 + 0.2, "start_product": True})),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log of four lines."""
    with closing(Log(tmp_path / "folder" / "room.workshop")) as log:
        log.write(LINES)
    return tmp_path / "folder" / "room.workshop"


def read(path: Path) -> list[tuple[str, Body]]:
    with closing(Log(path)) as log:
        return [(entry.who, entry.body) for entry in log.entries()]


def by_hand(path: Path, *statements: str) -> None:
    """Change a file behind the log's back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def refused(path: Path) -> str:
    with pytest.raises(LogError) as error:
        read(path)
    assert path.name in str(error.value)
    return str(error.value)


# What is written ------------------------------------------------------------------------------------------------------


def test_what_was_written_is_there_in_order_and_to_the_bit(path: Path):
    assert read(path) == LINES
    with closing(Log(path)) as log:
        assert [entry.seq for entry in log.entries()] == [1, 2, 3, 4]
        (entry,) = log.write([("acme", p.Withdraw(id="back-0001", quarter="2025Q1"))])
        assert entry.seq == 5
    assert len(read(path)) == 5


def test_it_is_for_its_owners_eyes_alone(path: Path):
    with closing(Log(path)) as log:
        list(log.entries())
        log.write(LINES[:1])
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_lines_are_kept_together_or_not_at_all(path: Path):
    with closing(Log(path)) as log:
        before = [entry.seq for entry in log.entries()]
        with pytest.raises(KeyError), log.writing() as add:
            add(SERVER, Restarted(marketsim="2"))
            raise KeyError
        assert [entry.seq for entry in log.entries()] == before
        assert log.write(LINES[:2])[0].seq == 5


def test_no_line_can_be_changed_or_taken_away(path: Path):
    for statement in ("UPDATE log SET who = 'me'", "DELETE FROM log", "INSERT OR REPLACE INTO log SELECT * FROM log"):
        with pytest.raises(sqlite3.IntegrityError, match=r"the log (only grows|never changes|never shrinks)"):
            by_hand(path, statement)
    assert read(path) == LINES


def test_what_a_process_has_written_stays_when_it_is_killed(tmp_path: Path):
    """A process tells of each line when `write` has returned; no more than one line may be there that it did not tell."""
    path, (told, telling) = tmp_path / "room.workshop", multiprocessing.Pipe(duplex=False)
    writer = multiprocessing.get_context("fork").Process(target=_write_for_ever, args=(path, telling))
    writer.start()
    assert told.poll(20) and told.recv() == 1
    time.sleep(0.2)
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    last = 1
    while told.poll(0):
        last = told.recv()
    assert last > 3 and last <= len(read(path)) <= last + 1


def _write_for_ever(path: Path, telling: Any) -> None:
    log = Log(path)
    while True:
        telling.send(log.write(LINES[-1:])[0].seq)


# Files that are none --------------------------------------------------------------------------------------------------

WITHOUT_TRIGGERS = ("DROP TRIGGER log_never_changes", "DROP TRIGGER log_never_shrinks", "DROP TRIGGER log_only_grows")
DAMAGE: dict[str, tuple[str, int]] = {
    "a changed line": ("UPDATE log SET body = replace(body, '0.3', '0.4') WHERE seq = 4", 4),
    "another hand": ("UPDATE log SET who = 'facilitator' WHERE seq = 4", 4),
    "another time": ("UPDATE log SET at = at + 1 WHERE seq = 2", 2),
    "a missing line": ("DELETE FROM log WHERE seq = 2", 2),
    "a missing first line": ("DELETE FROM log WHERE seq = 1", 1),
    "two that changed places": ("UPDATE log SET seq = CASE seq WHEN 3 THEN 40 WHEN 4 THEN 30 ELSE seq END", 3),
    "a line of somebody else": ("INSERT INTO log SELECT 5, at, who, body, chain FROM log WHERE seq = 4", 5),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_line_is_told_with_its_number(path: Path, name: str):
    statement, line = DAMAGE[name]
    by_hand(path, *WITHOUT_TRIGGERS, statement)
    assert f"is damaged: line {line} of the log is not as it was written" in refused(path)


def test_a_line_that_no_version_has_written_is_told(path: Path):
    body = '{"kind":"other","marketsim":"9"}'
    with closing(sqlite3.connect(path)) as db:
        before = db.execute("SELECT chain FROM log WHERE seq = 4").fetchone()[0]
    chain = _chained(before, 5, 0.0, SERVER, body)
    by_hand(path, f"INSERT INTO log VALUES (5, 0.0, '{SERVER}', '{body}', '{chain}')")
    assert "line 5 cannot be read" in refused(path)


def test_what_could_not_be_read_again_is_not_written(path: Path):
    with closing(Log(path)) as log:
        list(log.entries())
        with pytest.raises(ValidationError):
            log.write([(SERVER, Restarted(marketsim="2")), (SERVER, Restarted.model_construct(kind="restarted"))])
    assert read(path) == LINES


def _is_left_alone(path: Path) -> str:
    before = path.read_bytes()
    said = refused(path)
    assert path.read_bytes() == before and [file.name for file in path.parent.iterdir()] == [path.name]
    return said


def _text(path: Path) -> None:
    path.write_text("a letter home\n" * 100)


def _other_database(path: Path) -> None:
    by_hand(path, "CREATE TABLE recipes (name)", "INSERT INTO recipes VALUES ('tea')")


def _other_application(path: Path) -> None:
    by_hand(path, "PRAGMA application_id = 7", "CREATE TABLE log (seq)")


@pytest.mark.parametrize("make", [_text, _other_database, _other_application])
def test_what_is_no_workshop_is_left_as_it_is(tmp_path: Path, make: Callable[[Path], None]):
    make(tmp_path / "file")
    assert "is no file of a workshop" in _is_left_alone(tmp_path / "file")


def test_a_newer_workshop_is_left_as_it_is(path: Path):
    by_hand(path, "PRAGMA user_version = 2")
    assert "was written by a newer version of marketsim (schema 2, here 1)" in _is_left_alone(path)


def test_a_folder_or_a_closed_door_is_told(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    assert "cannot be opened: Is a directory" in refused(tmp_path / "folder")
    (tmp_path / "file").write_text("")
    assert "cannot be opened" in refused(tmp_path / "file" / "room")


# A file in use --------------------------------------------------------------------------------------------------------


def _opened(path: Path, answer: Any) -> None:
    try:
        Log(path)
        answer.send("opened")
    except LogError as error:
        answer.send(str(error))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.workshop.log.PATIENCE", 0.1)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("another_process", [False, True])
@pytest.mark.parametrize("new", [False, True])
def test_a_second_server_on_the_same_file_is_refused(path: Path, another_process: bool, new: bool):
    path = path.with_name("new") if new else path
    with closing(Log(path)) as log:
        list(log.entries())
        if another_process:
            answer, sending = multiprocessing.Pipe(duplex=False)
            other = multiprocessing.get_context("fork").Process(target=_opened, args=(path, sending))
            other.start()
            assert answer.poll(20)
            said = answer.recv()
            other.join()
        else:
            with pytest.raises(LogError) as error:
                Log(path)
            said = str(error.value)
        assert "another server has it open" in said
        log.write(LINES[:1])
    assert read(path) == ([] if new else LINES) + LINES[:1]


# A full disk ----------------------------------------------------------------------------------------------------------


def limited(log: Log, pages: int) -> None:
    """As if the disk had room for so many pages of the file."""
    log._db.execute(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_is_told_and_there_is_nothing_of_what_did_not_fit(path: Path):
    with closing(Log(path)) as log:
        list(log.entries())
        limited(log, 1)
        with pytest.raises(LogError, match="the disk is full"):
            for number in range(1000):
                log.write([(FACILITATOR, p.Tell(id=f"tell-{number:04}", text="x" * 500))] * 3)
        written = [entry.seq for entry in log.entries()]
        assert (written[-1] - len(LINES)) % 3 == 0
        limited(log, 10_000)
        assert log.write(LINES[:1])[0].seq == written[-1] + 1
    assert read(path)[-1] == LINES[0]


# Time -----------------------------------------------------------------------------------------------------------------


def test_times_of_lines_are_those_of_a_clock_that_is_never_set(path: Path, monkeypatch: pytest.MonkeyPatch):
    with closing(Log(path)) as log:
        list(log.entries())
        real = time.time
        (before,) = log.write(LINES[:1])
        monkeypatch.setattr(time, "time", lambda: real() + 3600)
        (after,) = log.write(LINES[:1])
        monkeypatch.setattr(time, "time", lambda: real() - 3600)
        (last,) = log.write(LINES[:1])
    assert abs(before.at - real()) < 60 and before.at <= after.at <= last.at < before.at + 60
