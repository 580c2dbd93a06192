"""A small room that is over, for tests of what is told and taken out of it: everything that can happen, happens once."""

from __future__ import annotations

from functools import cache
from itertools import count
from pathlib import Path

from agents.game.company import Intervention
from agents.workshop import protocol as p
from agents.workshop.entries import BODIES, FACILITATOR, Admitted
from agents.workshop.log import Log
from agents.workshop.secrets import hash_of
from agents.workshop.snapshot import Snapshot, snapshot
from marketsim.scenario.schema import Title
from tests.workshop.rooms import Desk, new_id

NAMES = {"biren": '=HYPERLINK("x")', "cambricon": "<b>紫</b>", "cambricon-b": "Beta"}
"""What teams call themselves: what spreadsheets compute, and what browsers take for HTML."""
TOLD = "Beta, look at your cash"
FACILITATORS_TOKEN = "token of the facilitator"
EVENT = Intervention(title=Title(en="Customs strike", zh="海关罢工"), changes={"purchase_subsidy": 0.2})


@cache
def over() -> Desk:
    """Three teams, six quarters; the third one was taken back once. Nobody may write in it."""
    desk = Desk()
    room = desk.room
    desk.write(FACILITATOR, Admitted(token_hash=hash_of(FACILITATORS_TOKEN)))
    for vendor, name in NAMES.items():
        desk.team(name, vendor)
    for number in range(7):
        desk.open()
        if number == 1:
            desk.do(FACILITATOR, p.Intervene(id=new_id(), intervention=EVENT))
            desk.do(FACILITATOR, p.Tell(id=new_id(), text=TOLD, vendor="cambricon-b"))
        if number == 2:
            desk.do(FACILITATOR, p.Substitute(id=new_id(), vendor="biren", strategy="disciplined"))
        _decide(desk, number)
        desk.close()
        if number == 2:
            desk.do(FACILITATOR, p.RollBack(id=new_id(), played=2))
        if number == 4:
            desk.do(FACILITATOR, p.HandBack(id=new_id(), vendor="biren"))
    assert room.over
    desk.do(FACILITATOR, p.Debrief(id=new_id()))
    return desk


def _decide(desk: Desk, number: int) -> None:
    """Of three teams one hands in, one only fills in its form, and one spends all it has until it fails."""
    seats = desk.room.seats
    if seats["biren"].strategy is None:
        plan = desk.room.held(seats["biren"])
        desk.submit("biren", plan.model_copy(update={"price": 0.95 * plan.price, "funds": 30.0 * (number % 2)}))
    if number % 3:
        desk.edit("cambricon", price=60.0 + number)
    if desk.room.alive(seats["cambricon-b"]):
        desk.edit("cambricon-b", **{"price": 3.0, "research": 3000.0, "capacity.n7": 5.0})


def taken() -> Snapshot:
    """The room as it is in the end."""
    return snapshot(over().room)


def file(folder: Path) -> Path:
    """Its file, as a server has left it."""
    path, seconds = folder / "room.workshop", count(1_800_000_000)
    log = Log(path, lambda: float(next(seconds)))
    log.write([(who, BODIES.validate_json(text)) for who, text in over().lines])
    log.close()
    return path
