"""Market: the groups of buyers, what they value, and why they choose you or your best rival."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import DataTable, Static

from marketsim.rules.demand import TERMS
from marketsim.state import Floats
from tui.changes import WORDS
from tui.palette import mark
from tui.public import Public
from tui.reasons import Match, match_of, sentences
from tui.roster import roster_of
from tui.screens.view import View
from tui.speech import N_, NOTHING
from tui.widgets.bars import Bar, Bars
from tui.widgets.gauge import Gauge, GaugeList
from tui.widgets.share_chart import ShareChart
from tui.widgets.table import Cell, Column, Line, Table

COLUMNS = (
    ("segment", N_("Buyers"), 0),
    ("demand", N_("Demand"), 0),
    ("change", N_("change"), 2),
    ("leader", N_("Leader"), 0),
    ("leads", N_("its share"), 1),
    ("own", N_("Your share"), 0),
    ("points", N_("points"), 1),
    ("unserved", N_("Unserved"), 0),
    ("price", N_("Price matters"), 3),
    ("training", N_("Training"), 4),
)
"""Columns of the table: key, title, rank."""

TITLES = {name: words.title for name, words in WORDS.items()} | {"affinity": N_("Old ties")}
"""Names of the terms of utility, as where changes of them are explained."""

VALUES = (
    (N_("Price sensitivity"), "price_sensitivity", False),
    (N_("Demand elasticity"), "demand_elasticity", False),
    (N_("Software"), "software_weight", False),
    (N_("Installed base"), "lock_in", False),
    (N_("Reliability"), "reliability_weight", False),
    (N_("Training"), "training", True),
    (N_("Reading (prefill)"), "prefill", True),
    (N_("Orders that wait"), "patience", True),
)
"""What buyers value: title, field of the scenario's segments, whether it is a share."""

SMALL = 0.02
"""Terms of utility below it, about two per cent of sales, are shown together."""

MOST = 6
"""Sentences at most."""

PANELS = ("against", "holders", "values")


class MarketView(View):
    """Segments, and one of them in detail."""

    heading = N_("Market")
    about = N_(
        "Each group of buyers: how much money it has, who holds it, what it values. Below, why its buyers choose you "
        "or your best rival: each bar says how much more (right) or less (left) you sell for that reason, and "
        "multiplied they give all of the difference. Orders nobody could serve wait or are lost."
    )
    CSS_PATH = "market.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "panel", N_("next picture"), id="market.panel"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.panel = PANELS[0]
        self.chosen = ""

    def body(self) -> ComposeResult:
        """The table of segments, and three panels on the one under its cursor."""
        with Container(id="market"):
            with Vertical(id="list", classes="panel"):
                yield Table(id="segments")
            with Container(id="detail"):
                with Container(id="against", classes="panel"):
                    yield Bars()
                    yield VerticalScroll(*(Static(markup=False) for _ in range(2 * MOST)), id="words", can_focus=False)
                yield ShareChart(id="holders", classes="panel")
                with Vertical(id="values", classes="panel"):
                    yield GaugeList()

    # -- the table ------------------------------------------------------------------------------------------------

    def show(self) -> None:
        """All segments, and the one under the cursor."""
        self.public, self.roster = Public(self.game), roster_of(self.game, self.speech)
        columns = [
            Column(key, self.say(title), "left" if key in ("segment", "leader") else "right", rank)
            for key, title, rank in COLUMNS
            if self.roster.own >= 0 or key not in ("own", "points")
        ]
        lines = []
        for index, name in enumerate(self.game.world.segments):
            cells = self._cells(index)
            lines.append(Line(name, [cells[column.key] for column in columns]))
        self.query_one("#segments", Table).show(columns, lines, self.chosen)
        last = self.public.quarters[-1] if self.public.quarters else self.game.now.name
        self.query_one("#list").border_title = self.say("Buyers in {quarter}", quarter=last)
        self._show_detail()

    def _cells(self, index: int) -> dict[str, Cell]:
        """A segment's cells by column."""
        speech, public, turns = self.speech, self.public, self.game.turns
        segment = list(self.game.world.segments.values())[index]
        money = [float(turn.outcome.spend[index, 0]) for turn in turns] or [float(self.game.now.spend[index, 0])]
        held = public.holders(index) if turns else np.full((1, len(self.roster.names)), math.nan)
        leader, own = int(held[-1].argmax()) if turns else -1, self.roster.own
        slot = self.roster.slots[leader] if leader >= 0 else None
        moved = float(held[-1, own] - held[-2, own]) if len(held) > 1 else math.nan
        unserved = float(public.unserved()[index]) if turns else math.nan
        return {
            "segment": Cell(speech.title(segment.title)),
            "demand": Cell(speech.money(money[-1])),
            "change": Cell(f"{100 * (money[-1] / money[-2] - 1):+.0f}%" if len(money) > 1 else NOTHING),
            "leader": Cell(self._marked(leader), "own" if leader == own else "", slot),
            "leads": Cell(speech.share(float(held[-1].max()))),
            "own": Cell(speech.share(float(held[-1, own])), "own"),
            "points": Cell(speech.points(moved), "gain" if moved >= 0.0005 else "loss" if moved <= -0.0005 else ""),
            "unserved": Cell(speech.share(unserved), "limit" if unserved > 0.25 else ""),
            "price": Cell(speech.number(segment.price_sensitivity, 1)),
            "training": Cell(speech.share(segment.training, 0)),
        }

    def _marked(self, vendor: int) -> str:
        """A vendor's letter and name."""
        if vendor < 0:
            return NOTHING
        return f"{mark(self.roster.slots[vendor], vendor == self.roster.own)} {self.roster.names[vendor]}"

    # -- one segment ----------------------------------------------------------------------------------------------

    @property
    def segment(self) -> int:
        """Index of the segment under the cursor."""
        return list(self.game.world.segments).index(self.query_one("#segments", Table).chosen)

    def _show_detail(self) -> None:
        for name in PANELS:
            self.query_one(f"#{name}").set_class(name == self.panel, "-current")
        title = self.speech.title(list(self.game.world.segments.values())[self.segment].title)
        self.query_one("#holders").border_title = self.say("{buyers}: who holds it", buyers=title)
        self.query_one("#values").border_title = self.say("What these buyers value")
        self._show_values()
        self._show_holders()
        self._show_match()

    def _show_holders(self) -> None:
        held = self.public.holders(self.segment) if self.game.turns else np.zeros((0, len(self.roster.names)))
        shares = [self.roster.share(v, held[:, v].tolist()) for v in range(held.shape[1]) if held[:, v].any()]
        chart = self.query_one(ShareChart)
        chart.nothing = self.say("from the first quarter on")
        chart.show(shares, self.public.quarters, self.say("others"))

    def _show_values(self) -> None:
        """What this segment values, on a scale to the largest of all; a mark at the mean of all."""
        p, chosen, gauges = self.game.parameters, self.segment, []
        for title, field, is_share in VALUES:
            gauges.append(self._value(self.say(title), p.of_segments(field)[:, 0], chosen, is_share))
        gauges.append(self._value(self.say("Must buy domestic"), self.game.now.domestic_content[:, 0], chosen, True))
        panel = self.query_one("#values")
        panel.border_subtitle = self.say("◆ mean of all")
        panel.query_one(GaugeList).show(gauges)

    def _value(self, title: str, values: Floats, chosen: int, is_share: bool) -> Gauge:
        value, high = float(values[chosen]), 1.0 if is_share else max(float(values.max()), 1e-9)
        text = self.speech.share(value, 0) if is_share else self.speech.number(value, 1)
        return Gauge(title, value, text, high=high, reference=float(values.mean()), over=False)

    def _show_match(self) -> None:
        """Why buyers choose one or the other, in bars and in words."""
        panel = self.query_one("#against")
        match = match_of(self.public, self.segment, self.roster.own)
        panel.border_subtitle = ""
        if match is None:
            panel.border_title = self.say("Why they choose")
            self.query_one(Bars).show([])
            self._show_words(
                [(self.say("Two vendors must have been on sale for a quarter: then reasons stand here."), 0)]
            )
            return
        names = self.roster.names
        mine = match.vendor == self.roster.own
        panel.border_title = self.say(
            "Why they choose {one} or {other}",
            one=self.say("you") if mine else names[match.vendor],
            other=names[match.rival],
        )
        panel.border_subtitle = self.say("×: as much as {rival}, by surveys of buyers", rival=names[match.rival])
        self._show_bars(match)
        self._show_words(sentences(match, names[match.rival], self.speech, MOST) if mine else [])

    def _show_words(self, told: list[tuple[str, float]]) -> None:
        """Sentences, each behind a mark for what helps and what hurts."""
        cells = list(self.query_one("#words").query(Static))
        for index, (symbol, text) in enumerate(zip(cells[::2], cells[1::2], strict=True)):
            symbol.display = text.display = index < len(told)
            if index < len(told):
                said, sign = told[index]
                symbol.update("▲" if sign > 0 else "▼" if sign < 0 else "")
                symbol.set_class(sign > 0, "-gain")
                symbol.set_class(sign < 0, "-loss")
                text.update(said)

    def _show_bars(self, match: Match) -> None:
        """The terms as factors of sales; those that hardly matter together, so that the product stays exact."""
        bars = [
            Bar(self.say(TITLES[name]), value)
            for name, value in zip(TERMS, match.terms, strict=True)
            if abs(value) >= SMALL
        ]
        rest = sum(value for value in match.terms if abs(value) < SMALL)
        if rest:
            bars.append(Bar(self.say("The rest"), rest))
        whole = Bar(self.say("In all"), sum(match.terms))
        self.query_one(Bars).show(bars, lambda value: f"×{_factor(value)}", whole)

    # -- actions --------------------------------------------------------------------------------------------------

    @on(DataTable.RowHighlighted, "#segments")
    def _highlighted(self) -> None:
        self.chosen = self.query_one("#segments", Table).chosen
        self._show_detail()

    def action_panel(self) -> None:
        """The next panel where there is room for one."""
        self.panel = PANELS[(PANELS.index(self.panel) + 1) % len(PANELS)]
        self._show_detail()


def _factor(value: float) -> str:
    """exp of a difference of utility in about two digits after those that are 0."""
    factor = math.exp(value)
    return f"{factor:.2g}" if factor < 0.0995 else f"{factor:.2f}" if factor < 9.995 else f"{factor:,.0f}"
