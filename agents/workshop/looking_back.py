"""What was of a room: teams quarter by quarter, their ranking, what happened, and what the shakeout test says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from agents.game.advice import Change, differences
from agents.game.debrief import most_moved, weightiest
from agents.game.kept import KeptGame
from agents.game.news import News, news_of
from agents.game.plan import ONCE, PARTS, Plan
from agents.game.score import Score, score
from agents.game.shakeout import instrument_for, read
from agents.workshop import room_debrief as d
from agents.workshop.simulated import measured
from agents.workshop.snapshot import Snapshot, usual_world
from agents.workshop.views import ordered
from marketsim.outcomes import YearBook
from marketsim.rules.arrays import ratio
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Title
from marketsim.shakeout.classify import Class
from marketsim.state import Floats

TOLD = 4
"""Decisions of a team that are told of a quarter."""
TURNING = 3
"""Quarters of a team that are told to have mattered most."""


def looked_back(taken: Snapshot) -> d.RoomDebrief:
    """Everything but the simulated rooms; some tenths of a second for sixty teams."""
    game, world = taken.game.in_world(usual_world(taken)), taken.game.world
    rows = {vendor: game.parameters.vendors.index(vendor) for vendor in taken.names}
    found = {vendor: score(game.trace, game.state, row).of(0) for vendor, row in rows.items()}
    ranking = [_placed(game, place, *each) for place, each in enumerate(ordered(found), start=1)]
    return d.RoomDebrief(
        title=taken.opened.title,
        scenario=world.title.model_dump(),
        vocabulary=world.vocabulary,
        vendors=titles(game.parameters),
        parts=_parts(game),
        quarters=[turn.now.name for turn in game.turns],
        whole=len(game.parameters.conditions),
        teams=[_team(taken, each.vendor, rows[each.vendor]) for each in ranking],
        ranking=ranking,
        happened=list(_happened(taken)),
        market=_market(game),
        judged=_judged(game),
        simulation="none",
        rooms=None,
    )


# Teams ----------------------------------------------------------------------------------------------------------------


def _placed(game: KeptGame, place: int, vendor: str, of: Score) -> d.Placed:
    revenue = game.trace.revenue[-1, :, 0]
    row = game.parameters.vendors.index(vendor)
    return d.Placed(
        place=place,
        vendor=vendor,
        value=float(of.value),
        terms={name: float(value) + 0.0 for name, value in of.terms.items()},  # no -0.0
        share=float(ratio(revenue[row], revenue.sum())),
        alive=bool(of.alive),
        lasted=int(of.lasted),
    )


def _team(taken: Snapshot, vendor: str, row: int) -> d.TeamPast:
    game = taken.game
    figures = figures_of(game, row)
    share, cash = (np.nan_to_num(figures[name]) for name in ("share", "cash"))
    debt = np.array([turn.after.debt[row, 0] for turn in game.turns])
    how = [each.get(vendor) for each in taken.how]
    first = next((place for place, each in enumerate(how) if each is not None), len(how))
    since = slice(max(first - 1, 0), None)  # from the quarter before its first one on
    turning, _ = most_moved(np.diff(share[since]), np.diff((cash - debt)[since]), TURNING)
    return d.TeamPast(
        vendor=vendor,
        name=taken.names[vendor],
        figures={name: [_known(value) for value in values.tolist()] for name, values in figures.items()},
        how=how,
        decided=[list(each) for each in _decided([company.plans.get(vendor) for company in game.company])],
        turning=[since.start + place + 1 for place in turning],
    )


def figures_of(game: KeptGame, row: int) -> dict[d.Figure, Floats]:
    """A vendor by quarter, [q]; NaN where it is not in business, and for shares of nothing."""
    trace, turns = game.trace, game.turns
    revenue, cost = trace.revenue[:, row, 0], trace.cost_of_goods[:, row, 0]
    found: dict[d.Figure, Floats] = {
        "price": np.array([turn.outcome.price[row, 0] for turn in turns]),
        "cards": trace.cards[:, row, 0],
        "revenue": revenue,
        "share": ratio(revenue, trace.revenue[:, :, 0].sum(axis=1)),
        "cash": np.array([turn.after.cash[row, 0] for turn in turns]),
        "gross_margin": ratio(revenue - cost, revenue, otherwise=np.nan),
        "contracts": trace.contracts[:, row, 0],
        "value": np.array([_value(game, row, place) for place in range(len(turns))]),
    }
    running = np.array([turn.before.alive[row, 0] or turn.after.alive[row, 0] for turn in turns])
    return {name: np.where(running, values, np.nan) for name, values in found.items()}


def _value(game: KeptGame, row: int, quarter: int) -> float:
    """What a vendor was worth after a quarter."""
    trace, until = game.trace, slice(quarter + 1)
    series = {name: getattr(trace, name)[until] for name in ("cards", "net_income", "research")}
    return float(score(replace(trace, **series), game.turns[quarter].after, row).value[0])


def _decided(plans: Sequence[Plan | None]) -> Iterator[Iterator[d.Decided]]:
    """What mattered of each plan; of one that follows none, what was asked for once."""
    for place, plan in enumerate(plans):
        before = plans[place - 1] if place else None
        yield iter(()) if plan is None else _changes(before, plan)


def _changes(before: Plan | None, plan: Plan) -> Iterator[d.Decided]:
    changed = differences(plan if before is None else before, plan)
    anew = [each for each in changed if each.path.partition(".")[0] not in ONCE]
    asked = [
        Change(path, 0.0, value)
        for path, value in plan.values()
        if path.partition(".")[0] in ONCE and value and path != "premium"
    ]
    for change in weightiest([*asked, *anew])[:TOLD]:
        yield d.Decided(path=change.path, before=change.own, after=change.other)


# The market -----------------------------------------------------------------------------------------------------------


def titles(p: Parameters) -> dict[str, d.Titles]:
    """Titles of all vendors by name, in the order of the arrays."""
    world = p.scenario
    entrants = {name: _numbered(kind.title, name.rpartition("-")[2]) for name, kind in p.entrant_slots}
    domestic, foreign = (
        {name: part.title.model_dump() for name, part in parts.items()} for parts in (world.vendors, world.foreign)
    )
    found = domestic | entrants | foreign
    return {name: found[name] for name in p.vendors}


def _numbered(kind: Title, number: str) -> d.Titles:
    """An entrant's, which has no name of its own: as screens call it."""
    return {"en": f"{kind.en} {number}", "zh": f"{kind.zh}{number}号"}


def _parts(game: KeptGame) -> dict[str, d.Titles]:
    """Titles of the parts of the scenario that a plan has numbers for, by path."""
    titles = {
        f"{field}.{name}": part.title.model_dump()
        for field, parts in PARTS.items()
        for name, part in getattr(game.world, parts).items()
    }
    return titles


def _happened(taken: Snapshot) -> Iterator[d.Happened]:
    """The news since teams decide, but for prices, which their timelines show."""
    for turn in taken.game.turns[taken.opened.ahead :]:
        for news in news_of(turn, taken.game.parameters):
            if news.kind != "price":
                yield _told(news, taken.game, taken.scripted)


def _told(news: News, game: KeptGame, scripted: int) -> d.Happened:
    """scripted: events that the scenario has by itself."""
    world, vendors = game.world, game.parameters.vendors
    about = {
        "event": [event.title for event in world.events],
        "generation": [family.title for family in world.families.values()],
    }.get(news.kind)
    return d.Happened(
        quarter=news.quarter,
        kind=news.kind,
        who=vendors[news.vendor] if news.vendor >= 0 else None,
        buyer=vendors[news.buyer] if news.buyer >= 0 else None,
        cause=news.cause,
        amount=news.amount,
        title=None if about is None else about[news.part].model_dump(),
        by_facilitator=news.kind == "event" and news.part >= scripted,
    )


def _market(game: KeptGame) -> dict[d.Measure, list[float]]:
    book = YearBook(game.parameters, game.state.runs, per_year=4)
    for turn in game.turns:
        book.add(turn.now, turn.before, turn.outcome, turn.after)
    return {name: values[:, 0].tolist() for name, values in measured(book, len(game.turns)).items()}


def _judged(game: KeptGame) -> d.Judged | None:
    instrument = instrument_for(game)
    reading = read(game, instrument)
    if reading is None:
        return None
    return d.Judged(
        which=Class(int(reading.verdicts.classes[0])).name,
        measured={name: _known(float(values[0])) for name, values in reading.measured.items()},
        dropped=sorted(instrument.dropped),
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
