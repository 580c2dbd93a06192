"""What the server tells of a room, for each of those who listen: everybody, one team, the facilitator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic_core import to_json

from agents.game.score import Score, score
from agents.strategies import get, names
from agents.workshop import protocol as p
from agents.workshop.arrays import plain
from agents.workshop.library import policies
from agents.workshop.room import Room, Seat
from agents.workshop.seen import seen
from marketsim.rules.arrays import ratio

HIDDEN_SEED = 0
"""In the place of the room's seed, which would tell everybody's luck."""


def room_now(room: Room, people: Mapping[str, int], remaining: float | None, reader: str | None) -> p.RoomNow:
    """The room as everybody may know it.  people: connected, by vendor.  remaining: seconds on the clock.

    reader: the vendor of the team that reads; none: the facilitator, who sees the ranking in full.
    """
    return p.RoomNow(
        seq=room.seq,
        title=room.opened.title,
        phase=room.phase,
        quarter=room.quarter,
        played=room.played,
        quarters=len(room.game.parameters.conditions),
        branch=room.branch,
        world=str(room.world),
        remaining=remaining,
        results=room.results,
        ranking=ranking(room, reader),
        teams=[_team(room, seat, people.get(seat.vendor, 0)) for seat in room.seats.values()],
        how={seat.vendor: seat.how for seat in room.seats.values() if seat.how is not None},
    )


def _team(room: Room, seat: Seat, people: int) -> p.TeamInfo:
    vendor = room.game.world.vendors[seat.vendor]
    return p.TeamInfo(
        vendor=seat.vendor,
        title=vendor.title.model_dump(),
        name=seat.name,
        people=people,
        decided=seat.submitted is not None,
        strategy=vendor.strategy if seat.name is None else seat.strategy,
        alive=room.alive(seat),
    )


def office(room: Room) -> p.Office:
    """What the facilitator alone is told."""
    found = scores(room)
    return p.Office(code=room.code, rows=[_row(room, seat, found.get(seat.vendor)) for seat in room.seats.values()])


def _row(room: Room, seat: Seat, of: Score | None) -> p.Row:
    return p.Row(
        vendor=seat.vendor,
        code=None if seat.name is None else room.code_of(seat),
        edited=seat.edited,
        problems=len(room.problems(seat, seat.plan)),
        cash=float(room.game.state.cash[room.row(seat), 0]),
        value=None if of is None else float(of.value),
    )


def library(room: Room) -> p.Library:
    """Policies that can be let happen, and strategies that can play for a team."""
    return p.Library(
        policies={name: policy.title.model_dump() for name, policy in policies(room.game.world).items()},
        strategies={name: dict(get(name).title) for name in names()},
    )


def form(room: Room, seat: Seat) -> p.Form:
    """A team's own form."""
    return p.Form(
        quarter=room.quarter,
        plan=seat.plan,
        revision=seat.revision,
        submitted=seat.submitted,
        code=room.code_of(seat),
    )


def messages(room: Room, reader: str | None) -> list[p.Told]:
    """Messages for a team; for the facilitator all of them.  reader: vendor, or none for the facilitator."""
    return [told for told, vendor in room.messages if reader is None or vendor is None or vendor == reader]


def scores(room: Room) -> dict[str, Score]:
    """Of every seat that a team has, by vendor; nothing before the first quarter."""
    if not room.game.turns:
        return {}
    trace, end = room.game.trace, room.game.state
    return {
        seat.vendor: score(trace, end, room.row(seat)).of(0) for seat in room.seats.values() if seat.name is not None
    }


def ranking(room: Room, reader: str | None) -> list[p.Place] | None:
    """How teams stand, the best first.

    To a team: named, or without names but its own; nothing where results are private, or the ranking is hidden.
    """
    found = scores(room)
    shown = room.phase == "debrief" or (room.results == "public" and room.ranking != "hidden")
    if not found or (reader is not None and not shown):
        return None
    named = reader is None or room.ranking == "named"
    shares = _shares(room)
    ordered = sorted(found.items(), key=lambda item: (-float(item[1].value), -int(item[1].lasted)))
    return [
        p.Place(
            place=place,
            vendor=vendor if named or vendor == reader else None,
            value=float(of.value),
            share=shares[vendor],
            alive=bool(of.alive),
        )
        for place, (vendor, of) in enumerate(ordered, start=1)
    ]


def _shares(room: Room) -> dict[str, float]:
    revenue = room.game.state.revenue[:, 0]
    shares = ratio(revenue, revenue.sum())
    return {seat.vendor: float(shares[room.row(seat)]) for seat in room.seats.values()}


def market(room: Room, reader: str | None, first: int = 0) -> bytes:
    """Quarters of the market from one on, as JSON of `protocol.Market`.

    reader: the vendor of the team that reads, which gets what it may know; none: the facilitator, who gets everything.
    """
    game, mask = room.game, _mask(room, reader)
    first = min(first, room.played)
    setup = {"scenario": game.world.name, "vendor": reader, "quarters": len(game.parameters.conditions)}
    world = game.world
    if reader is not None:
        to_come = [event for event in world.events if event.quarter <= room.quarter]
        world = world.model_copy(update={"events": to_come, "free": {}, "reported": [], "policies": {}})
    turns = []
    for turn, company in zip(game.turns[first:], game.company[first:], strict=True):
        running = turn.before.alive | turn.after.alive
        plan = company.plans.get(reader) if reader is not None else None
        turns.append(
            {
                "quarter": turn.now.name,
                "plan": None if plan is None else plan.model_dump(),
                "outcome": plain(mask(turn.outcome, running)),
                "after": plain(mask(turn.after, turn.after.alive)),
            }
        )
    start = game.turns[0].before if game.turns else game.state
    content = {
        "branch": room.branch,
        "world_name": str(room.world),
        "setup": {**setup, "seed": HIDDEN_SEED},
        "world": world.model_dump(mode="json"),
        "start": plain(mask(start, start.alive)) if first == 0 else None,
        "first": first,
        "turns": turns,
    }
    return to_json(content, inf_nan_mode="strings")


def _mask(room: Room, reader: str | None) -> Any:
    if reader is None:
        return lambda record, running: record
    seat, domestic = room.row(room.seats[reader]), room.game.parameters.domestic

    def mask(record: Any, running: Any) -> Any:
        return seen(record, seat, domestic, np.asarray(running))

    return mask
