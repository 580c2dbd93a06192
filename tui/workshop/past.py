"""A room that is over, in words and in figures as they are read: what its debrief and its report share."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from agents.game.advice import Change
from agents.game.plan import ONCE
from agents.workshop.room_debrief import Decided, Figure, Happened, Judged, Measure, RoomDebrief, TeamPast
from marketsim.errors import printable
from marketsim.shakeout.classify import Class
from marketsim.shakeout.instrument import Instrument, Reading, load_instrument
from marketsim.shakeout.words import in_full
from tui.fields import field_of
from tui.lookback import amount, decided_text, name_of
from tui.news import MARKS, sentence
from tui.pattern import MEANINGS, class_title
from tui.speech import N_, Speech
from tui.widgets.bars import Bar
from tui.workshop.console_log import HOW

Kind = Literal["money", "price", "cards", "share", "number", "count"]
"""How a figure is written."""

FIGURES: Mapping[Figure, tuple[str, Kind]] = {
    "value": (N_("Value so far"), "money"),
    "share": (N_("Share of revenue"), "share"),
    "revenue": (N_("Revenue"), "money"),
    "price": (N_("Price of a card"), "price"),
    "cards": (N_("Cards sold"), "cards"),
    "gross_margin": (N_("Gross margin"), "share"),
    "cash": (N_("Cash"), "money"),
    "contracts": (N_("Capacity under contract, k wafers/q"), "number"),
}
"""Of teams, in the order in which they are shown."""

MEASURES: Mapping[Measure, tuple[str, Kind]] = {
    "active_vendors": (N_("Domestic firms"), "count"),
    "hhi": (N_("Herfindahl"), "number"),
    "price": (N_("Price of a card"), "price"),
    "capacity_use": (N_("Use of capacity"), "share"),
}
"""Of the market."""

MARK = "◇"
"""Before what the facilitator let happen."""
ORDER = ("event", "generation", "failed", "acquired", "entered", "launched", "funded")
"""In which the news of a quarter are told."""


def with_unit(title: str, kind: Kind, speech: Speech) -> tuple[str, float]:
    """A figure's title with the unit of a chart, and what brings its values to that."""
    name = speech.say(title)
    if kind == "share":
        return speech.say("{title}, {unit}", title=name, unit="%"), 100.0
    if kind == "number" or kind == "count":
        return name, 1.0
    unit, factor = speech.scale(kind)
    return speech.say("{title}, {unit}", title=name, unit=unit), factor


def text_of(kind: Kind, value: float | None, speech: Speech) -> str:
    """A figure as it is read."""
    number = math.nan if value is None else value
    match kind:
        case "money":
            return speech.money(number)
        case "price":
            return speech.price(number)
        case "cards":
            return speech.cards(number)
        case "share":
            return speech.share(number)
        case "count":
            return speech.count(number)
    return speech.number(number)


# Teams ----------------------------------------------------------------------------------------------------------------


def vendor_name(vendor: str, past: RoomDebrief, speech: Speech) -> str:
    """A vendor's title."""
    return speech.title(past.vendors[vendor])


def team_name(team: TeamPast, past: RoomDebrief, speech: Speech) -> str:
    """What a team calls itself; without names, its vendor's title."""
    return vendor_name(team.vendor, past, speech) if team.name is None else printable(team.name, 40)


def who_is(vendor: str | None, past: RoomDebrief, speech: Speech) -> str:
    """A vendor in a sentence, with the name of the team that plays it."""
    if vendor is None:
        return ""
    title = vendor_name(vendor, past, speech)
    name = next((team.name for team in past.teams if team.vendor == vendor), None)
    return title if name is None else speech.say("{vendor} ({team})", vendor=title, team=printable(name, 40))


def values_of(team: TeamPast, figure: Figure, factor: float = 1.0) -> list[float]:
    """A team's figure by quarter, NaN where there is none."""
    return [math.nan if value is None else factor * value for value in team.figures[figure]]


def how_often(team: TeamPast, speech: Speech) -> str:
    """How a team's plans came about."""
    found = Counter(how for how in team.how if how is not None)
    return speech.say(", ").join(f"{speech.say(HOW[how])} {found[how]}" for how in HOW if found[how])


def decisions(team: TeamPast, quarter: int, past: RoomDebrief, speech: Speech, most: int = 3) -> str:
    """What of a team's plan mattered in a quarter."""
    told = [_decided(each, past, speech) for each in team.decided[quarter][:most]]
    return speech.say("; ").join(told)


def _decided(each: Decided, past: RoomDebrief, speech: Speech) -> str:
    part = speech.title(past.parts[each.path]) if each.path in past.parts else ""
    field = field_of(each.path, part)
    if field.kind == "money" and each.path in ONCE:  # nothing is asked for unless it is asked for again
        return f"{name_of(field, speech)} {amount(field, each.after, speech)}"
    return decided_text(Change(each.path, each.before, each.after), field, speech)


def turning_points(team: TeamPast, past: RoomDebrief, speech: Speech) -> Iterator[tuple[str, str]]:
    """The quarters of a team that mattered most: when and what changed; what it had decided."""
    for place in team.turning:
        share, cash = (values_of(team, figure) for figure in ("share", "cash"))
        changed = speech.say(
            "{quarter}: share {points}, cash {money}",
            quarter=past.quarters[place],
            points=speech.points(share[place] - share[place - 1]),
            money=speech.money(cash[place] - cash[place - 1], "+"),
        )
        yield changed, decisions(team, place, past, speech)


# What happened --------------------------------------------------------------------------------------------------------


def in_order(past: RoomDebrief) -> list[Happened]:
    """The news, quarter by quarter; what the facilitator let happen, and what concerns everybody, first."""
    return sorted(past.happened, key=lambda each: (each.quarter, not each.by_facilitator, ORDER.index(each.kind)))


def told(each: Happened, past: RoomDebrief, speech: Speech) -> str:
    """A piece of news with its mark, in a sentence."""
    who, buyer = (who_is(vendor, past, speech) for vendor in (each.who, each.buyer))
    title = "" if each.title is None else speech.title(each.title)
    text = sentence(each.kind, speech, who, buyer, title, each.cause, each.amount)
    if each.by_facilitator:
        return speech.say("{mark} by the facilitator: {title}", mark=MARK, title=text)
    return f"{MARKS[each.kind]} {text}"


# The shakeout test ----------------------------------------------------------------------------------------------------


def read(judged: Judged) -> tuple[Reading, Instrument]:
    """What the test said, for those who tell it in sentences."""
    instrument = replace(load_instrument(), dropped=frozenset(judged.dropped))
    measured = {
        name: np.full(2, np.nan if value is None else value)  # two runs, as everywhere
        for name, value in judged.measured.items()
    }
    return Reading(measured, instrument.judge(measured)), instrument


def verdict(past: RoomDebrief, speech: Speech) -> str:
    """What the market is, in a line."""
    if past.judged is None:
        return speech.say("The test looks at whole years: its first facts stand after four quarters.")
    kind = in_full(Class[past.judged.which], speech.language)
    ended = len(past.quarters) == past.whole
    return speech.say("In the end: {kind}", kind=kind) if ended else speech.say("So far: {kind}", kind=kind)


def beside(past: RoomDebrief, speech: Speech) -> str:
    """The room's class among the simulated rooms, or how far those are."""
    say, rooms = speech.say, past.rooms
    match past.simulation:
        case "running":
            return say("simulating 1,000 rooms with other luck and strategies in every seat ...")
        case "failed":
            return say("The rooms to compare with could not be simulated.")
    if rooms is None or past.judged is None or not rooms.classes:
        return ""
    same = rooms.classes.get(past.judged.which, 0)
    count, share = speech.count(rooms.rooms), speech.share(same / rooms.rooms, 0 if 10 * same >= rooms.rooms else 1)
    if not same:
        return say("Of {count} simulated rooms, none ends as this one.", count=count)
    return say("Of {count} simulated rooms, {share} end as this one.", count=count, share=share)


def class_bars(past: RoomDebrief, speech: Speech) -> list[Bar]:
    """Share of the simulated rooms by class, the most frequent first; that of the room stands out."""
    if past.rooms is None or past.judged is None:
        return []
    rooms, own = past.rooms, past.judged.which
    names = sorted({*rooms.classes, own}, key=lambda name: (-rooms.classes.get(name, 0), Class[name]))
    return [
        Bar(
            class_title(Class[name], speech),
            rooms.classes.get(name, 0) / rooms.rooms,
            own=name == own,
            note=speech.say("this room") if name == own else "",
        )
        for name in names
    ]


def meanings(past: RoomDebrief, speech: Speech) -> str:
    """What the classes of the room and of the simulated rooms mean, a line each."""
    if past.rooms is None or past.judged is None:
        return ""
    found = [which for which in Class if which.name in {*past.rooms.classes, past.judged.which}]
    return "\n".join(f"{class_title(each, speech)}{speech.say(': ')}{speech.say(MEANINGS[each])}" for each in found)


def measure_rows(past: RoomDebrief, speech: Speech) -> Iterator[tuple[Measure, Sequence[str]]]:
    """Each measure in the last quarter: its title, the room, the simulated rooms' middle 80 %, how many have less."""
    for name, (title, kind) in MEASURES.items():
        own = text_of(kind, past.market[name][-1], speech)
        span = place = ""
        if past.rooms is not None:
            found = past.rooms.ranges[name]
            low, high = (text_of(kind, ends[-1], speech) for ends in (found.p10, found.p90))
            span, place = speech.say("{low} to {high}", low=low, high=high), speech.share(found.place[-1], 0)
        yield name, (speech.say(title), own, span, place)
