"""Servers that are killed, cables that are pulled, clocks that are set, disks that are full: what was accepted stays."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from agents.game.setup import Setup
from agents.workshop import protocol as p
from agents.workshop.entries import FACILITATOR, Closed, Entry
from agents.workshop.log import Log
from agents.workshop.simulated import MEASURES, Job
from benchmarks.faults import Note, Server, compared, folded, hasty, prepared, trial
from tests.command import LINUX, children, under_way
from tests.workshop.rooms import SETUP, SMALL, Desk, new_id
from tests.workshop.serving import PATIENCE, eventually
from tui.workshop.connection import Connection


def test_a_server_that_is_killed_while_teams_decide_loses_nothing_and_counts_nothing_twice(tmp_path: Path):
    """Three times here, in CI; `python -m benchmarks.workshop --kills 50` does it fifty times."""
    setup = Setup(scenario=SMALL, quarters=6, firms=4, seed=3)
    with hasty():
        report = asyncio.run(trial(tmp_path / "room.workshop", setup, kills=3, teams=3, members=2, seed=5))
    assert report.wrong == []
    assert report.kills == 3 and report.cuts > 0 and report.quarters > 0
    assert report.answers["accepted"] > 20 and report.answers["none"] == 0


SIMULATES = """
import asyncio, pathlib, sys
from agents.workshop.simulated import Job, Simulations

async def serve():
    async def job():
        return Job.model_validate_json(pathlib.Path(sys.argv[1]).read_bytes())

    simulations = Simulations()
    simulations.begin("a market", job)
    await simulations.done()

asyncio.run(serve())
"""
"""What a server does when the market is over."""


@LINUX
def test_rooms_are_no_longer_simulated_once_the_server_was_killed(tmp_path: Path):
    """Nobody waits for them; its terminal is given back, and nothing is written into it."""
    own = {name: [1.0] * 12 for name in MEASURES}
    job = Job(world=Setup(quarters=12).world(), seed=3, until="2027Q4", dropped=[], own=own, rooms=100_000)  # minutes
    (tmp_path / "job.json").write_text(job.model_dump_json())
    with under_way([sys.executable, "-c", SIMULATES, str(tmp_path / "job.json")]) as server:
        simulating: list[int] = []
        try:
            assert eventually(lambda: children(server.pid))
            simulating = children(server.pid)
            assert (os.cpu_count() or 1) == 1 or eventually(lambda: children(simulating[0]))
            assert os.getpgid(simulating[0]) != os.getpgid(server.pid), "Ctrl-C in the terminal is for the server alone"
            server.kill()
            assert server.communicate(timeout=PATIENCE) == ("", "")  # when all have ended that could write there
        finally:
            server.kill()
            for group in simulating:
                with suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)


# What the comparison finds --------------------------------------------------------------------------------------------


def played() -> tuple[list[Entry], list[Note]]:
    """A log of two quarters, and what those were told who made it."""
    desk, notes = Desk(), []
    desk.team("Alpha", "biren")

    def do(who: str, command: p.Command) -> None:
        desk.do(who, command)
        seq = desk.room.seq_of(who, command)
        assert seq is not None
        notes.append(Note(who, command, p.Accepted(id=command.id, seq=seq)))

    for price in (51.0, 52.0):
        do(FACILITATOR, p.Open(id=new_id()))
        plan = desk.room.seats["biren"].plan.with_value("price", price)
        do("biren", p.Submit(id=new_id(), quarter=desk.room.quarter, plan=plan))
        do(FACILITATOR, p.Close(id=new_id()))
    return list(desk.entries()), notes


def test_a_log_that_is_as_it_was_told_is_found_right():
    entries, notes = played()
    assert [*compared(entries, notes), *folded(entries)] == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("lost", "was accepted and is lost"),
        ("twice", "counts a command twice"),
        ("other", "is not what biren was told"),
        ("place", "is not what biren was told"),
        ("refused", "was refused: no"),
        ("nobody", "was sent by nobody"),
        ("played", "plays something else than was handed in"),
        ("digest", "comes out otherwise"),
    ],
)
def test_every_kind_of_fault_is_found(fault: str, said: str):
    entries, notes = played()
    place = next(n for n, entry in enumerate(entries) if isinstance(entry.body, p.Submit))
    note = next(note for note in notes if isinstance(note.command, p.Submit))
    entry = entries[place]
    closed = next(n for n, each in enumerate(entries) if isinstance(each.body, Closed))
    body = entries[closed].body
    assert isinstance(note.command, p.Submit) and isinstance(body, Closed)
    if fault == "lost":
        del entries[place]
    elif fault == "twice":
        entries.insert(place, entry)
    elif fault == "other":
        note.command = note.command.model_copy(update={"plan": note.command.plan.with_value("price", 53.0)})
    elif fault == "place":
        note.answer = p.Accepted(id=note.command.id, seq=99)
    elif fault == "refused":
        note.answer = p.Refused(id=note.command.id, message="no")
    elif fault == "nobody":
        notes.remove(note)
    elif fault == "played":
        plans = {"biren": body.plans["biren"].with_value("price", 54.0)}
        entries[closed] = Entry(closed + 1, 0.0, "server", body.model_copy(update={"plans": plans}))
    else:
        entries[closed] = Entry(closed + 1, 0.0, "server", body.model_copy(update={"digest": "00000000"}))
    assert any(said in each for each in (*compared(entries, notes), *folded(entries)))


# A full disk ----------------------------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of a few hundred kilobytes, where this user may have one."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("this user may not mount a small disk; see test_desk.py for one that is full within SQLite")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_on_a_disk_that_is_full_nothing_is_accepted_and_with_room_again_all_goes_on(tmp_path: Path):
    async def play(path: Path) -> list[Note]:
        token, (seat, *_) = await prepared(path, SETUP, 2, 1)
        server, notes = Server(path, jumping=False), []
        server.start()
        try:
            await server.up()
            office, team = Connection(server.address, token), Connection(server.address, seat.token)
            heard: list[object] = []
            following = [asyncio.create_task(each.follow(heard.append)) for each in (office, team)]

            async def do(who: str, command: p.Command) -> p.Accepted | p.Refused:
                note = Note(who, command)
                notes.append(note)
                async with asyncio.timeout(30):
                    note.answer = await (office if who == FACILITATOR else team).do(command)
                return note.answer

            assert isinstance(await do(FACILITATOR, p.Open(id=new_id())), p.Accepted)
            form = next(each for each in heard if isinstance(each, p.Form))
            ballast = path.with_name("ballast")
            with ballast.open("wb", buffering=0) as stream:
                try:
                    while True:
                        stream.write(b"x" * 512)
                except OSError:
                    pass
            refused, number = None, 0
            while not isinstance(refused, p.Refused):  # what room the file had left in itself is used up
                number += 1
                plan = form.plan.with_value("price", 40.0 + number / 100)
                refused = await do(seat.vendor, p.Submit(id=new_id(), quarter=form.quarter, plan=plan))
            assert "the disk is full" in refused.message
            assert isinstance(await do(FACILITATOR, p.Close(id=new_id())), p.Refused)
            ballast.unlink()
            plan = form.plan.with_value("price", 77.0)
            assert isinstance(await do(seat.vendor, p.Submit(id=new_id(), quarter=form.quarter, plan=plan)), p.Accepted)
            assert isinstance(await do(FACILITATOR, p.Close(id=new_id())), p.Accepted)
            for task in following:
                task.cancel()
        finally:
            server.kill()
        return notes

    with small_disk(tmp_path / "disk") as folder, hasty():
        notes = asyncio.run(play(folder / "room.workshop"))
        with closing(Log(folder / "room.workshop")) as log:
            entries = list(log.entries())
    assert [*compared(entries, notes), *folded(entries)] == []
    (closed,) = [entry.body for entry in entries if isinstance(entry.body, Closed)]
    assert next(plan.price for plan in closed.plans.values()) == 77.0
