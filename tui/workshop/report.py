"""A room as a page to read or print: ranking, the market beside simulated ones, timelines, what happened."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median

from agents.game.page import Bars, Block, Chart, Charts, Curve, Page, Point, Points, Row, Section, Table, Text, render
from agents.game.score import IN_A_SENTENCE
from agents.workshop.export import Export, Material
from agents.workshop.room_debrief import Figure, RoomDebrief, TeamPast
from marketsim import __version__
from tui.lookback import NOTHING, TERMS
from tui.pattern import FACTS as TEST
from tui.pattern import speaks_against, speaks_for, value_of
from tui.report import LANGUAGE, chart_of, facts_table
from tui.speech import Speech
from tui.widgets.bars import Bar
from tui.workshop.past import (
    FIGURES,
    MEASURES,
    beside,
    class_bars,
    how_often,
    in_order,
    measure_rows,
    read,
    team_name,
    told,
    turning_points,
    values_of,
    vendor_name,
    verdict,
    with_unit,
)

SHOWN: tuple[Figure, ...] = ("value", "share", "price", "cash")
"""Figures of a team that have a chart."""


def page_of(past: RoomDebrief, speech: Speech) -> Page:
    """The page of a room in which a quarter has been played."""
    say, quarters = speech.say, past.quarters
    return Page(
        language=LANGUAGE[speech.language],
        title=past.title,
        facts=[
            speech.title(past.scenario),
            say("{first} to {last}", first=quarters[0], last=quarters[-1]),
            say("{count} teams", count=len(past.teams)),
        ],
        sections=[
            Section(say("Ranking"), list(_ranking(past, speech))),
            Section(say("Is it photovoltaics again?"), list(_market(past, speech))),
            *(Section(_heading(team, past, speech), list(_team(team, past, speech))) for team in past.teams),
            Section(say("What happened"), [_happened(past, speech)]),
        ],
        made_with=f"marketsim {__version__}",
    )


def _ranking(past: RoomDebrief, speech: Speech) -> Iterator[Block]:
    say, by_vendor = speech.say, {team.vendor: team for team in past.teams}
    if not past.ranking:
        yield Text(say("No team has taken part."), "quiet")
        return
    unit, factor = speech.scale("money")
    names = {vendor: team_name(team, past, speech) for vendor, team in by_vendor.items()}
    yield Text(speech.text(IN_A_SENTENCE), "quiet")
    title = say("{title}, {unit}", title=say("For founders"), unit=unit)
    rows = [
        Row(
            f"{each.place} {names[each.vendor]}", each.value, speech.money(each.value), "own" if each.place == 1 else ""
        )
        for each in past.ranking
    ]
    yield Bars(rows, title, "ranking")
    table = [
        [
            str(each.place),
            names[each.vendor],
            vendor_name(each.vendor, past, speech),
            *(f"{factor * each.terms[name]:,.2f}" if abs(each.terms[name]) >= NOTHING else "" for name in TERMS),
            f"{factor * each.value:,.2f}",
            speech.share(each.share),
            say("in business") if each.alive else say("failed"),
        ]
        for each in past.ranking
    ]
    columns = [say("Place"), say("Team"), say("Vendor"), *(say(term) for term in TERMS.values())]
    columns += [title, say("Share at the end"), say("State")]
    yield Table(columns, table, words=3, wide=True)


def _market(past: RoomDebrief, speech: Speech) -> Iterator[Block]:
    say = speech.say
    yield Text(verdict(past, speech), "strong")
    if past.judged is not None:
        reading, instrument = read(past.judged)
        yield Text(say("For: {reason}", reason=speaks_for(reading, instrument, speech)))
        yield Text(say("Against: {reason}", reason=speaks_against(reading, instrument, speech)))
    if beside(past, speech):
        yield Text(beside(past, speech))
    bars = class_bars(past, speech)
    if bars:
        title = say("Simulated rooms by how they end")
        yield Bars([_row(bar, speech) for bar in bars], title, "classes")
    columns = [say("Market"), say("This room"), say("Simulated rooms, middle 80 %"), say("Rooms that have less")]
    yield Table(columns, [cells for _, cells in measure_rows(past, speech)])
    yield Charts(say("This room and the simulated ones: median, and the middle 80 %"), list(_measures(past, speech)))
    if past.judged is not None:
        yield facts_table(instrument, [value_of(name, reading) for name in TEST], speech)


def _row(bar: Bar, speech: Speech) -> Row:
    title = f"{bar.title} ({bar.note})" if bar.note else bar.title
    return Row(title, bar.value, speech.share(bar.value), "own" if bar.own else "")


def _measures(past: RoomDebrief, speech: Speech) -> Iterator[Chart]:
    """The room's market quarter by quarter, and the simulated rooms."""
    for name, (title, kind) in MEASURES.items():
        shown, factor = with_unit(title, kind, speech)
        curves = [Curve(speech.say("this room"), [factor * value for value in past.market[name]])]
        if past.rooms is not None:
            found = past.rooms.ranges[name]
            curves.append(Curve(speech.say("median"), [factor * value for value in found.p50], "other"))
            for says, values in (("P10", found.p10), ("P90", found.p90)):
                curves.append(Curve(says, [factor * value for value in values], "second-reference"))
        yield chart_of(f"market-{name.replace('_', '-')}", shown, curves, past.quarters)


def _heading(team: TeamPast, past: RoomDebrief, speech: Speech) -> str:
    name, vendor = team_name(team, past, speech), vendor_name(team.vendor, past, speech)
    place = next(each.place for each in past.ranking if each.vendor == team.vendor)
    return f"{place}. {name}" if name == vendor else f"{place}. {name} · {vendor}"


def _team(team: TeamPast, past: RoomDebrief, speech: Speech) -> Iterator[Block]:
    how = how_often(team, speech)
    if how:
        yield Text(speech.say("Plans: {how}", how=how), "quiet")
    charts = []
    for figure in SHOWN:
        title, kind = FIGURES[figure]
        shown, factor = with_unit(title, kind, speech)
        own, all_ = values_of(team, figure, factor), [values_of(each, figure, factor) for each in past.teams]
        curves = [Curve(team_name(team, past, speech), own)]
        if len(past.teams) > 1:
            middle = [_median(list(values)) for values in zip(*all_, strict=True)]
            curves.append(Curve(speech.say("median of all teams"), middle, "other"))
        charts.append(chart_of(f"{team.vendor}-{figure}", shown, curves, past.quarters, team.turning))
    yield Charts("", charts)
    points = [Point(changed, why) for changed, why in turning_points(team, past, speech)]
    if points:
        yield Points(points)


def _median(values: list[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return median(known) if known else math.nan


def _happened(past: RoomDebrief, speech: Speech) -> Block:
    say = speech.say
    rows = [[each.quarter, told(each, past, speech)] for each in in_order(past)]
    if not rows:
        return Text(say("Nothing but what teams decided."), "quiet")
    return Table([say("Quarter"), say("What")], rows, words=2)


def _made(material: Material) -> bytes:
    past = material.debrief
    return render(page_of(past, Speech(material.language, past.vocabulary))).encode()


REPORT = {"report": Export("text/html; charset=utf-8", "report.html", _made, compares=True)}
"""To be added to `agents.workshop.export.EXPORTS`."""
