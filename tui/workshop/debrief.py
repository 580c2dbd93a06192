"""Debrief of a room: the ranking, all teams' timelines, the market beside simulated ones, and what happened."""

from __future__ import annotations

from asyncio import sleep
from collections import deque
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.widgets import DataTable, Static

from agents.workshop.room_debrief import Figure, Measure, RoomDebrief, TeamPast
from marketsim.errors import MarketSimError
from tui.lookback import term_bars
from tui.pattern import speaks_against, speaks_for
from tui.screens.view import Page
from tui.speech import N_, three
from tui.widgets.bars import Bars
from tui.widgets.line_chart import LineChart, Series
from tui.widgets.table import Cell, Column, Line, Table, Tone
from tui.workshop.past import (
    FIGURES,
    MEASURES,
    beside,
    class_bars,
    how_often,
    in_order,
    meanings,
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

PAGES = {
    "ranking": N_("Ranking"),
    "timelines": N_("Timelines"),
    "market": N_("The market"),
    "story": N_("What happened"),
}
"""In the order of their keys."""
AGAIN, LONGEST = 2.0, 16.0
"""Seconds until it is asked again how far the simulated rooms are: at first, and at most."""
NAMED = 9
"""Lines that have a colour and a name of their own; those of other teams are grey."""


class RoomDebriefScreen(Page):
    """Looking back together.

    fetch: gets `agents.workshop.room_debrief.RoomDebrief` as JSON, or raises MarketSimError.
    own: vendor of the team that looks; none for the facilitator.
    """

    heading = N_("Debrief of the room")
    about = N_(
        "All books are open now. The ranking with what each score is made of; every team's timeline, figure by figure; "
        "whether the market went the way of photovoltaics, beside simulated rooms in which strategies have every seat; "
        "and what happened, quarter by quarter. The arrows choose figure and team."
    )
    CSS_PATH = "debrief.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "next_page", N_("next page"), id="room.next"),
        *(
            Binding(str(number), f"page('{name}')", title, show=False, id=f"room.{name}")
            for number, (name, title) in enumerate(PAGES.items(), 1)
        ),
        Binding("right,f", "figure(1)", N_("next figure"), key_display="→", id="room.figure"),
        Binding("left", "figure(-1)", N_("figure before"), show=False, id="room.figure-before"),
        Binding("down", "team(1)", N_("next team"), key_display="↓", id="room.team"),
        Binding("up", "team(-1)", N_("team before"), show=False, id="room.team-before"),
        Binding("escape,q", "app.leave", N_("back"), id="room.leave"),
    ]

    def __init__(self, fetch: Callable[[], Awaitable[bytes]], own: str | None = None) -> None:
        super().__init__()
        self.fetch, self.own = fetch, own
        self.past: RoomDebrief | None = None
        self.page, self.chosen, self.wrong = "ranking", 0, ""
        self.figures: deque[Figure] = deque(FIGURES)
        self.measures: deque[Measure] = deque(MEASURES)

    def body(self) -> ComposeResult:
        """The pages' names above, and one of the pages."""
        yield Static(id="pages", markup=False)
        yield Static(id="state", markup=False)
        with Container(id="ranking", classes="page"):
            with Vertical(id="places", classes="panel"):
                yield Table(id="teams")
            with Vertical(id="team", classes="panel"):
                yield Bars(id="terms")
                yield Static(id="plans", markup=False)
                yield Static(id="turning", markup=False)
        with Vertical(id="timelines", classes="page"):
            yield LineChart(id="figure", classes="panel")
            yield Static(id="decided", classes="panel", markup=False)
        with Vertical(id="market", classes="page"):
            with Vertical(id="answer", classes="panel"):
                yield Static(id="headline", markup=False)
                with Container(id="reasons"):
                    for side in ("for", "against"):
                        yield Static(id=f"{side}-title", markup=False)
                        yield Static(id=side, markup=False)
            with Horizontal(id="evidence"):
                with Vertical(id="classes", classes="panel"):
                    yield Bars(id="kinds")
                    yield Static(id="among", markup=False)
                    yield Static(id="meanings", markup=False)
                with Vertical(id="compared"):
                    with Vertical(id="figures", classes="panel"):
                        yield Table(id="measures")
                    yield LineChart(id="measure", classes="panel")
        with Vertical(id="story", classes="page panel"):
            yield Table(id="news")

    def on_mount(self) -> None:
        """Ask for it."""
        super().on_mount()
        self._look()

    @work(exclusive=True, exit_on_error=False)
    async def _look(self) -> None:
        """What is known, until the simulated rooms are there too; a cut link is no reason to give up."""
        wait = AGAIN
        while self.past is None or self.past.simulation == "running":
            try:
                self._take(RoomDebrief.model_validate_json(await self.fetch()))
            except MarketSimError as error:
                self.wrong = str(error)
                self.show()
            if self.past is None or self.past.simulation == "running":
                await sleep(wait)
                wait = min(2 * wait, LONGEST)

    def _take(self, found: RoomDebrief) -> None:
        if self.past is None:
            self.chosen = next((at for at, team in enumerate(found.teams) if team.vendor == self.own), 0)
        if found != self.past:
            self.past = found
            self.show()

    # -- what is shown --------------------------------------------------------------------------------------------

    def show(self) -> None:
        """Everything as it is known now."""
        titles = [
            (f" {number} {self.say(title)} ", "bold reverse" if name == self.page else "$text-muted")
            for number, (name, title) in enumerate(PAGES.items(), 1)
        ]
        if self.past is not None:
            titles.append((f"  {self.past.title}", "$axis"))
        self.query_one("#pages", Static).update(Content.assemble(*titles))
        state = self.query_one("#state", Static)
        state.display = self.past is None
        state.update(self.wrong or self.say("The books are being opened ..."))
        for name in PAGES:
            self.query_one(f"#{name}").set_class(name == self.page and self.past is not None, "-current")
        if self.past is None:
            return
        self._show_places(self.past)
        self._show_team(self.past)
        self._show_figure(self.past)
        self._show_answer(self.past)
        self._show_rooms(self.past)
        self._show_news(self.past)
        self.refresh_bindings()

    @property
    def team(self) -> TeamPast | None:
        """The team that is looked at."""
        return None if self.past is None or not self.past.teams else self.past.teams[self.chosen]

    def _show_places(self, past: RoomDebrief) -> None:
        say, speech = self.say, self.speech
        self.query_one("#places").border_title = say("Ranking: what founders' shares are worth")
        columns = [
            Column("place", ""),
            Column("team", say("Team"), "left"),
            Column("vendor", say("Vendor"), "left", rank=2),
            Column("value", say("Value")),
            Column("share", say("Share"), rank=1),
            Column("state", say("State"), "left", rank=1),
        ]
        lines = []
        for each, team in zip(past.ranking, past.teams, strict=True):
            name = Cell(team_name(team, past, speech), "own" if each.vendor == self.own else "strong")
            vendor = Cell(vendor_name(each.vendor, past, speech), "muted")
            value, share = Cell(speech.money(each.value)), Cell(speech.share(each.share))
            state = Cell(say("in business"), "muted") if each.alive else Cell(say("failed"), "loss")
            lines.append(Line(each.vendor, [Cell(str(each.place)), name, vendor, value, share, state]))
        self.query_one("#teams", Table).show(columns, lines, "" if self.team is None else self.team.vendor)

    def _show_team(self, past: RoomDebrief) -> None:
        panel, team = self.query_one("#team"), self.team
        panel.display = team is not None
        if team is None:
            return
        panel.border_title = team_name(team, past, self.speech)
        placed = past.ranking[self.chosen]
        bars, whole = term_bars(placed.terms, placed.value, self.speech)
        self.query_one("#terms", Bars).show(bars, self.speech.money, whole)
        how = how_often(team, self.speech)
        self.query_one("#plans", Static).update(self.say("Plans: {how}", how=how) if how else "")
        told = [f"{changed}\n  {why}" if why else changed for changed, why in turning_points(team, past, self.speech)]
        self.query_one("#turning", Static).update("\n".join(told))

    def _show_figure(self, past: RoomDebrief) -> None:
        figure, chart, below = self.figures[0], self.query_one("#figure", LineChart), self.query_one("#decided", Static)
        title, kind = FIGURES[figure]
        shown, factor = with_unit(title, kind, self.speech)
        chart.border_title = shown
        chart.border_subtitle = self.say("→ next figure   ↓ next team")
        team = self.team
        if team is None:
            chart.show([], [])
            below.display = False
            return
        chart.show(self._lines(past, figure, factor), past.quarters, three, numbered=team.turning)
        below.border_title = self.say("Quarters that mattered most: {team}", team=team_name(team, past, self.speech))
        told = [
            Content.assemble((str(number), "bold $own"), f" {changed}  ", (why, "$axis"))
            for number, (changed, why) in enumerate(turning_points(team, past, self.speech), 1)
        ]
        below.update(Content("\n").join(told))

    def _lines(self, past: RoomDebrief, figure: Figure, factor: float) -> list[Series]:
        """The chosen team's line first, then the others by rank, the last of many without a name."""
        lines: list[Series] = []
        for at, team in enumerate(past.teams):
            values, name = values_of(team, figure, factor), team_name(team, past, self.speech)
            if at == self.chosen:
                lines.insert(0, Series(name, values, own=True))
            elif at < NAMED:
                lines.append(Series(name, values, slot=at))
            else:
                lines.append(Series("", values, reference=True))
        return lines

    def _show_answer(self, past: RoomDebrief) -> None:
        self.query_one("#answer").border_title = self.say("Is it photovoltaics again?")
        self.query_one("#headline", Static).update(verdict(past, self.speech))
        self.query_one("#reasons").display = past.judged is not None
        if past.judged is None:
            return
        reading, instrument = read(past.judged)
        texts = {
            "#for-title": self.say("For"),
            "#for": speaks_for(reading, instrument, self.speech),
            "#against-title": self.say("Against"),
            "#against": speaks_against(reading, instrument, self.speech),
        }
        for name, text in texts.items():
            self.query_one(name, Static).update(text)

    def _show_rooms(self, past: RoomDebrief) -> None:
        say, speech = self.say, self.speech
        panel, figures = self.query_one("#classes"), self.query_one("#figures")
        panel.border_title = say("How simulated rooms end")
        self.query_one("#kinds", Bars).show(class_bars(past, speech), lambda share: speech.share(share, 1))
        self.query_one("#among", Static).update(beside(past, speech))
        self.query_one("#meanings", Static).update(meanings(past, speech))
        figures.border_title = say("This room among them, {quarter}", quarter=past.quarters[-1])
        columns = [
            Column("measure", say("Market"), "left"),
            Column("room", say("This room")),
            Column("rooms", say("Middle 80 %"), rank=1),
            Column("place", say("Have less")),
        ]
        lines = [
            Line(name, [Cell(cell, "strong" if place == 1 else "") for place, cell in enumerate(cells)])
            for name, cells in measure_rows(past, speech)
        ]
        self.query_one("#measures", Table).show(columns, lines, self.measures[0])
        self._show_measure(past)

    def _show_measure(self, past: RoomDebrief) -> None:
        name, chart = self.measures[0], self.query_one("#measure", LineChart)
        title, kind = MEASURES[name]
        shown, factor = with_unit(title, kind, self.speech)
        chart.border_title = shown
        lines = [Series(self.say("this room"), [factor * value for value in past.market[name]], own=True)]
        if past.rooms is not None:
            low, middle, high = (
                [factor * value for value in getattr(past.rooms.ranges[name], part)] for part in ("p10", "p50", "p90")
            )
            lines.append(Series(self.say("simulated"), middle, band=(low, high), slot=0, mark="s"))
        chart.show(lines, past.quarters, three, low=None if kind == "price" else 0.0)

    def _show_news(self, past: RoomDebrief) -> None:
        self.query_one("#story").border_title = self.say("What happened")
        lines = []
        quarter = ""
        for number, each in enumerate(in_order(past)):
            when = "" if each.quarter == quarter else each.quarter
            quarter = each.quarter
            ours = self.own is not None and self.own in (each.who, each.buyer)
            tone: Tone = "own" if ours else "strong" if each.by_facilitator else ""
            lines.append(Line(str(number), [Cell(when, "muted"), Cell(told(each, past, self.speech), tone)]))
        columns = [Column("quarter", self.say("Quarter"), "left"), Column("what", self.say("What"), "left")]
        self.query_one("#news", Table).show(columns, lines)

    # -- actions --------------------------------------------------------------------------------------------------

    @on(DataTable.RowHighlighted, "#teams")
    def _look_at_team(self) -> None:
        key = self.query_one("#teams", Table).chosen
        if self.past is not None:
            self._choose(next((at for at, team in enumerate(self.past.teams) if team.vendor == key), self.chosen))

    @on(DataTable.RowHighlighted, "#measures")
    def _look_at_measure(self) -> None:
        key = self.query_one("#measures", Table).chosen
        if self.past is not None and key in self.measures:
            while self.measures[0] != key:
                self.measures.rotate(-1)
            self._show_measure(self.past)

    def _choose(self, at: int) -> None:
        self.chosen = at
        if self.past is not None:
            self._show_team(self.past)
            self._show_figure(self.past)

    def action_page(self, name: str) -> None:
        """One of the pages; its list has the keyboard."""
        self.page = name
        self.set_focus(None)
        self.show()
        for table in self.query_one(f"#{name}").query(Table):
            table.focus()

    def action_next_page(self) -> None:
        """The next page."""
        names = list(PAGES)
        self.action_page(names[(names.index(self.page) + 1) % len(names)])

    def action_figure(self, by: int) -> None:
        """Another figure of the teams, or of the market."""
        if self.past is None:
            return
        if self.page == "market":
            self.measures.rotate(-by)
            self._show_rooms(self.past)
        else:
            self.figures.rotate(-by)
            self._show_figure(self.past)

    def action_team(self, by: int) -> None:
        """Another team."""
        if self.past is not None and self.past.teams:
            self._choose((self.chosen + by) % len(self.past.teams))
            self._show_places(self.past)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Arrows do something where there is something to choose."""
        if action == "figure":
            return self.page in ("timelines", "market")
        if action == "team":
            return self.page == "timelines"
        return True
