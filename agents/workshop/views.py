"""What the server tells of a room, for each of those who listen: everybody, one team, the facilitator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from agents.game.score import Score
from agents.strategies import get, names
from agents.workshop import protocol as p
from agents.workshop.library import policies
from agents.workshop.room import Room, Seat
from marketsim.errors import ScenarioError
from marketsim.experiments.policies import PolicyReader
from marketsim.rules.arrays import ratio
from marketsim.scenario.library import load


def room_now(room: Room, people: Mapping[str, int], remaining: float | None) -> p.RoomNow:
    """The room as everybody may know it, without a ranking.  people: connected, by vendor.  remaining: on the clock."""
    return p.RoomNow(
        seq=room.seq,
        title=room.opened.title,
        phase=room.phase,
        quarter=room.quarter,
        played=room.played,
        ahead=room.ahead,
        announced=[title.model_dump() for title in room.announced],
        quarters=len(room.game.parameters.conditions),
        branch=room.branch,
        world=str(room.world),
        remaining=remaining,
        results=room.results,
        ranking=None,
        teams=[_team(room, seat, people.get(seat.vendor, 0)) for seat in room.seats.values()],
        how={seat.vendor: seat.how for seat in room.seats.values() if seat.how is not None},
    )


def card(room: Room) -> p.RoomCard:
    """The room as anybody may know it who has no seat yet."""
    vendors = room.game.world.vendors
    free = [p.FreeSeat(vendor=name, title=vendors[name].title.model_dump()) for name in room.free]
    return p.RoomCard(title=room.opened.title, phase=room.phase, free=free)


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


def office(room: Room, address: str) -> p.Office:
    """What the facilitator alone is told.  address: for browsers of teams."""
    found = scores(room)
    rows = [_row(room, seat, found.get(seat.vendor)) for seat in room.seats.values()]
    return p.Office(address=address, code=room.code, ranking=room.ranking, rows=rows)


def _row(room: Room, seat: Seat, of: Score | None) -> p.Row:
    return p.Row(
        vendor=seat.vendor,
        code=None if seat.name is None else room.code_of(seat),
        edited=seat.edited,
        problems=seat.flaws,
        cash=float(room.game.state.cash[room.row(seat), 0]),
        value=None if of is None else float(of.value),
    )


def library(room: Room) -> p.Library:
    """Policies that can be let happen, and strategies that can play for a team."""
    return p.Library(
        policies=policies(room.game.world),
        notes=dict(_notes(room)),
        strategies={name: dict(get(name).title) for name in names()},
    )


def _notes(room: Room) -> Iterator[tuple[str, dict[str, str]]]:
    """What the scenario's file says of its own policies, by name and language; nothing once the file has gone."""
    try:
        loaded = load(room.opened.setup.scenario)
    except ScenarioError:
        return
    for policy in PolicyReader(Path(), loaded.tree, loaded, frozenset()).read([*loaded.scenario.policies]):
        if policy.note:
            yield policy.name, {"en": policy.note} if isinstance(policy.note, str) else dict(policy.note)


def form(room: Room, seat: Seat) -> p.Form:
    """A team's own form."""
    return p.Form(
        quarter=room.quarter,
        plan=seat.plan,
        revision=seat.revision,
        submitted=seat.submitted,
        code=room.code_of(seat),
    )


def scores(room: Room) -> dict[str, Score]:
    """Of every seat that a team has, by vendor; nothing before the first quarter."""
    return {vendor: each for vendor, each in room.scores.items() if room.seats[vendor].name is not None}


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
    return [
        p.Place(
            place=place,
            vendor=vendor if named or vendor == reader else None,
            value=float(of.value),
            share=shares[vendor],
            alive=bool(of.alive),
        )
        for place, (vendor, of) in enumerate(ordered(found), start=1)
    ]


def ordered(found: Mapping[str, Score]) -> list[tuple[str, Score]]:
    """Teams by their scores, the best first; of those worth the same, who lasted longer."""
    return sorted(found.items(), key=lambda item: (-float(item[1].value), -int(item[1].lasted)))


def _shares(room: Room) -> dict[str, float]:
    revenue = room.game.state.revenue[:, 0]
    shares = ratio(revenue, revenue.sum())
    return {seat.vendor: float(shares[room.row(seat)]) for seat in room.seats.values()}
