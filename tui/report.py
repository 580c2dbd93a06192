"""A game as a page to read or print, in the game's language."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from agents.game.debrief import WhatIf, series, turning_points
from agents.game.difficulty import LEVELS
from agents.game.ladder import Rung, rank
from agents.game.page import Bars, Block, Chart, Charts, Curve, Kind, Page, Point, Points, Row, Section, Table, Text
from agents.game.plan import Plan
from agents.game.score import IN_A_SENTENCE
from agents.game.shakeout import history_of, read, reference_path, since_peak
from agents.game.view import GameView
from marketsim import __version__
from marketsim.shakeout.instrument import Instrument
from tui.facts import named, own_vendor
from tui.fields import UNITS, Field, fields_of, written
from tui.lookback import difference, ladder_bars, own_score, point_line, score_bars, what_if_text, worth
from tui.pattern import FACTS, headline, path_series, range_text, speaks_against, speaks_for, text_of, value_of
from tui.roster import roster_of
from tui.speech import Speech
from tui.widgets.axes import Format, scale_of
from tui.widgets.bars import Bar

LANGUAGE = {"en": "en", "zh": "zh-CN"}
"""Languages as HTML names them."""
TICKS = 12
"""Lines of a terminal's chart with as many ticks as a chart of the page."""
EVERYBODY = 100
"""Room for all strategies."""


def page_of(
    game: GameView, instrument: Instrument, rungs: Sequence[Rung], what_ifs: Sequence[WhatIf], speech: Speech
) -> Page:
    """The page of a game of which a quarter has been played."""
    say, own = speech.say, own_vendor(game)
    first, last = game.turns[0].now.name, game.turns[-1].now.name
    return Page(
        language=LANGUAGE[speech.language],
        title=say("{vendor}, {first} to {last}", vendor=speech.title(own.title), first=first, last=last),
        facts=[
            speech.title(game.world.title),
            say("difficulty: {level}", level=speech.title(LEVELS[game.setup.difficulty].title)),
            say("seed {seed}", seed=game.setup.seed),
        ],
        sections=[
            Section(say("Score") if game.over else say("Score so far"), list(_score(game, rungs, speech))),
            Section(say("Quarters that mattered most"), list(_timeline(game, speech))),
            Section(say("What if: your game played again"), list(_what_ifs(game, what_ifs, speech))),
            Section(say("Is it photovoltaics again?"), list(_pattern(game, instrument, speech))),
            Section(say("Decisions"), [_decisions(game, speech)]),
        ],
        made_with=f"marketsim {__version__}",
    )


def _score(game: GameView, rungs: Sequence[Rung], speech: Speech) -> Iterator[Block]:
    own, name = own_score(game), speech.title(own_vendor(game).title)
    place = speech.say(
        "for your founders: rank {rank} of {all} in your seat, on the same luck",
        rank=rank(own, rungs),
        all=len(rungs) + 1,
    )
    yield Text(f"{speech.money(float(own.value))} {place}", "strong")
    yield Text(speech.text(IN_A_SENTENCE), "quiet")
    bars, whole = score_bars(own, speech)
    total = Row(whole.title, whole.value, speech.money(whole.value), "total")
    yield Bars([*(_row(bar, speech) for bar in bars), total], whole.title, "score")
    strategies = speech.say("The built-in strategies in your seat, with the same rivals and the same luck:")
    yield Text(strategies, "quiet")
    rows = [_row(bar, speech) for bar in ladder_bars(own, rungs, name, speech, EVERYBODY)]
    yield Bars(rows, strategies.rstrip(":："), "strategies")


def _row(bar: Bar, speech: Speech) -> Row:
    return Row(bar.title, bar.value, speech.money(bar.value), "own" if bar.own else "")


def _timeline(game: GameView, speech: Speech) -> Iterator[Block]:
    roster, points = roster_of(game, speech), turning_points(game)
    quarters = [turn.now.name for turn in game.turns]
    numbered = [quarters.index(point.quarter) for point in points]
    yield Charts("", list(_paths(game, None, numbered, speech)))
    told = [(point.quarter, *point_line(point, game, roster, speech)) for point in points]
    yield Points([Point(f"{quarter}: {changed}", why) for quarter, changed, why in told])


def _paths(
    game: GameView, what: WhatIf | None, numbered: Sequence[int], speech: Speech, prefix: str = ""
) -> Iterator[Chart]:
    """Own share and cash as they were, and what would have been.  prefix: of the charts' names."""
    quarters, own = [turn.now.name for turn in game.turns], series(game)
    unit, factor = speech.scale("money")
    share, cash = speech.say("Share of revenue, %"), speech.say("Cash, {unit}", unit=unit)
    for name, title, scale in (("share", share, 100.0), ("cash", cash, factor)):
        curves = [Curve(speech.say("you"), _scaled(getattr(own, name), scale))]
        if what is not None:
            curves.append(Curve(speech.say("what if"), _scaled(getattr(what.other, name), scale), "other"))
        yield chart_of(f"{prefix}{name}", title, curves, quarters, numbered)


def _scaled(values: Sequence[float], factor: float) -> list[float]:
    return [factor * value for value in values]


def chart_of(
    name: str,
    title: str,
    curves: Sequence[Curve],
    labels: Sequence[str],
    numbered: Sequence[int] = (),
    text: Format = "{:.3g}".format,
) -> Chart:
    """A chart with the axis that it would have in the terminal."""
    values = [value for curve in curves for value in curve.values if math.isfinite(value)]
    scale = scale_of(values, TICKS, text, min(0.0, *values), None)
    ticks = [(tick, text(tick)) for tick in scale.ticks]
    return Chart(title, curves, labels, scale.low, scale.high, ticks, numbered, name)


def _what_ifs(game: GameView, what_ifs: Sequence[WhatIf], speech: Speech) -> Iterator[Block]:
    say, own, was = speech.say, worth(game), series(game)
    if not what_ifs:
        yield Text(say("No decision was changed, so that there is none to undo."), "quiet")
        return
    rows = [[say("As it was"), speech.money(own), "", speech.share(was.share[-1]), speech.money(was.cash[-1])]]
    for what in what_ifs:
        other = what.other_measure or 0.0
        ends = speech.share(what.other.share[-1]), speech.money(what.other.cash[-1])
        rows.append([what_if_text(what, game, speech), speech.money(other), difference(other - own, speech), *ends])
    yield Text(say("Each is your game played again by the rule book: rivals react, luck stays."), "quiet")
    columns = [
        say("Decided otherwise"),
        say("Worth"),
        say("Difference"),
        say("Share at the end"),
        say("Cash at the end"),
    ]
    yield Table(columns, rows)
    for number, what in enumerate(what_ifs, 1):
        yield Charts(what_if_text(what, game, speech), list(_paths(game, what, (), speech, f"what-if-{number}-")))


def _pattern(game: GameView, instrument: Instrument, speech: Speech) -> Iterator[Block]:
    say, reading, history = speech.say, read(game, instrument), history_of(game, per_year=4)
    yield Text(headline(reading, game, speech), "strong")
    if reading is not None:
        yield Text(say("For: {reason}", reason=speaks_for(reading, instrument, speech)))
        yield Text(say("Against: {reason}", reason=speaks_against(reading, instrument, speech)))
    if history is not None:
        path, labels = path_series(since_peak(history, instrument), reference_path(instrument), speech)
        kinds: tuple[Kind, ...] = ("own", "second", "own-reference", "second-reference")
        curves = [Curve(line.name, line.values, kind) for line, kind in zip(path, kinds, strict=True)]
        chart = chart_of("firms-and-price", say("Firms and price, peak = 100"), curves, labels, text="{:.0f}".format)
        yield Charts("", [chart])
    if reading is not None:
        yield facts_table(instrument, [value_of(name, reading) for name in FACTS], speech)


def facts_table(instrument: Instrument, values: Sequence[float], speech: Speech) -> Table:
    """The nineteen facts here, in photovoltaics, and whether they are alike."""
    rows = []
    for (name, fact), value in zip(FACTS.items(), values, strict=True):
        known = instrument.reference.range(name, "photovoltaic")
        title = instrument.reference.title(name)[speech.language] + ("*" if name in instrument.dropped else "")
        there = "" if known is None else range_text(fact.kind, known, speech)
        alike = known is not None and bool(known.contains(np.array([value]))[0])
        rows.append([title, text_of(fact.kind, value, speech), there, "✓" if alike else ""])
    say = speech.say
    return Table([say("Fact"), say("Here"), say("Photovoltaics"), say("as there")], rows)


def _decisions(game: GameView, speech: Speech) -> Table:
    """What was decided, quarter by quarter; how sales and adaptation were split is left to the tables."""
    plans = [turn.plan for turn in game.turns if turn.plan is not None]
    fields = [
        field
        for field in fields_of(game.world, speech)
        if not field.detail and field.kind != "choice" and any(plan.value(field.path) for plan in plans)
    ]
    columns = [
        f"{named(field, speech)} {speech.say(UNITS[field.kind]) if UNITS[field.kind] else ''}" for field in fields
    ]
    rows = [
        [turn.now.name, *(_decided(field, plan, game, speech) for field in fields)]
        for turn, plan in zip(game.turns, plans, strict=True)
    ]
    return Table([speech.say("quarter"), *columns], rows, wide=True)


def _decided(field: Field, plan: Plan, game: GameView, speech: Speech) -> str:
    """A value as it stands in the form; of a product that was started, what it is."""
    if field.path != "start_product" or not plan.start_product:
        return written(field, plan.value(field.path))
    node, memory = game.world.nodes[plan.product_node], game.world.memories[plan.product_memory]
    return f"{speech.title(node.title)}, {speech.title(memory.title)}"
