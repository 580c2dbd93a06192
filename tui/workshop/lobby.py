"""The room as a team sees it: who is there, the code for other members, how it goes on, messages, and the ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from agents.workshop.protocol import Place, RoomNow, TeamInfo
from tui.screens.view import Page, View
from tui.speech import N_, NOTHING
from tui.widgets.lines import Lines
from tui.widgets.status_line import StatusLine
from tui.widgets.table import Cell, Column, Line, Table, Tone
from tui.workshop import words

if TYPE_CHECKING:
    from tui.workshop.team import TeamApp

SCREENS = [
    binding for binding in View.BINDINGS if isinstance(binding, Binding) and binding.action.startswith("app.view")
]
"""Keys to the screens of the market."""


class Lobby(Page):
    """Where one waits, and comes back to."""

    app: TeamApp
    heading = N_("Room")
    about = N_(
        "Who plays whom and who has handed in; the code with which other members of your team join; messages of the "
        "facilitator, and the ranking when it is shown. All members see the same form: what one types, all see. "
        "One of you hands the plan in; until the quarter is closed it can be changed and handed in again."
    )
    CSS_PATH = "lobby.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "app.go_in", N_("to the market"), id="lobby.enter"),
        *SCREENS,
        Binding("space", "app.hand_in", N_("hand in"), id="hand-in"),
        Binding("w", "app.withdraw", N_("take back"), id="withdraw"),
        Binding("n", "app.another_seat", N_("another seat"), id="lobby.another"),
        Binding("q,escape", "app.leave", N_("leave"), id="lobby.leave"),
    ]

    def compose(self) -> ComposeResult:
        """The status line above all."""
        yield StatusLine()
        yield from super().compose()

    def body(self) -> ComposeResult:
        """The own team above; all teams and the ranking; messages below."""
        with Vertical(id="own", classes="panel"):
            yield Static(id="who", markup=False)
            yield Static(id="code", markup=False)
            yield Static(id="next", markup=False)
        with Container(id="all"):
            with Vertical(id="teams-panel", classes="panel"):
                yield Table(id="teams")
            with Vertical(id="ranking-panel", classes="panel"):
                yield Table(id="ranking")
        yield Lines(id="messages", classes="panel")

    def on_screen_resume(self) -> None:
        """Tell what has happened while another screen was in front."""
        if self.drawable:
            self.redraw()

    def show(self) -> None:
        """The room as it is now."""
        self.redraw_status()
        for panel, title in (("#own", N_("Your team")), ("#messages", N_("Messages"))):
            self.entitle(panel, self.say(title))
        room = self.app.membership.room
        self.query_one("#teams-panel").border_title = self.say("Teams") if room is None else Content(room.title)
        if room is not None:
            self._show_own()
            self._show_teams(room)
            self._show_ranking(room)
        news = [] if room is None else [f"{room.quarter}  ● {self.speech.title(title)}" for title in room.announced]
        told = [f"{told.quarter}  {told.text}" for told in reversed(self.app.membership.messages)]
        self.query_one("#messages", Lines).show([*news, *told] or [self.say("No messages yet.")])
        self.refresh_bindings()

    def redraw_status(self) -> None:
        """The status line alone."""
        app, room = self.app, self.app.membership.room
        if app.lost:
            facts: list[str | Content] = [Content.styled(app.lost, "bold $error")]
        elif app.session is not None:
            facts = app.status()
        elif room is None or not app.membership.connected:
            facts = [self.say("Connecting to {address} ...", address=app.address)]
        else:
            facts = [Content.styled(room.title, "bold"), self.say("Loading the market ...")]
        self.query_one(StatusLine).show(facts)

    # -- the own team ---------------------------------------------------------------------------------------------

    def _show_own(self) -> None:
        own, form = self.app.membership.own, self.app.membership.form
        if own is None or form is None:
            return
        who = self.say("{team} plays {vendor}", team=words.team_name(own), vendor=self.speech.title(own.title))
        self.query_one("#who", Static).update(Content.styled(who, "bold $accent"))
        if self.app.own_machine:
            code = self.say("Other members of your team join at {address} with", address=self.app.address)
        else:  # whose browser shows the address, which may be another one than this process uses
            code = self.say("Other members of your team join with")
        self.query_one("#code", Static).update(Content.assemble(code, " ", (form.code, "bold")))
        self.query_one("#next", Static).update(self._next())

    def _next(self) -> str:
        """How it goes on."""
        followed, session = self.app.membership, self.app.session
        if followed.room is not None and followed.room.phase == "lobby":
            return self.say("It begins when the facilitator opens the first quarter. Enter: the market, until then.")
        if session is None:
            return ""
        in_the_way = words.warning_line(session, followed.connected, self.speech)
        if not in_the_way and session.state in ("open", "changed"):
            return self.say("{quarter} is open: decide, and hand your plan in.", quarter=session.room.quarter)
        return in_the_way or words.waiting_line(followed, session.state, session.own.vendor, self.speech)

    # -- all teams ------------------------------------------------------------------------------------------------

    def _show_teams(self, room: RoomNow) -> None:
        columns = [
            Column("team", self.say("Team"), "left"),
            Column("vendor", self.say("Vendor"), "left"),
            Column("people", self.say("People"), rank=1),
            Column("state", self.say("This quarter"), "left"),
        ]
        lines = [Line(team.vendor, self._cells(room, team)) for team in room.teams]
        self.query_one("#teams", Table).show(columns, lines)

    def _cells(self, room: RoomNow, team: TeamInfo) -> list[Cell]:
        own = self.app.membership.own
        muted = team.name is None or not team.alive
        tone: Tone = "own" if own is not None and team.vendor == own.vendor else "muted" if muted else ""
        return [
            Cell(NOTHING if team.name is None else words.team_name(team), tone),
            Cell(self.speech.title(team.title), tone),
            Cell(NOTHING if team.name is None else str(team.people), tone),
            self._state(room, team),
        ]

    def _state(self, room: RoomNow, team: TeamInfo) -> Cell:
        if not team.alive:
            return Cell(self.say("failed"), "loss")
        if team.name is None:
            return Cell(self.say("free"), "muted")
        if team.strategy is not None:
            return Cell(self.say("a strategy plays"), "limit")
        if team.decided:
            return Cell(self.say("✓ handed in"), "gain")
        return Cell(self.say("decides") if room.phase in ("open", "paused") else self.say("waits"), "muted")

    def _show_ranking(self, room: RoomNow) -> None:
        panel = self.query_one("#ranking-panel")
        panel.display = room.ranking is not None
        panel.border_title = self.say("Ranking")
        if room.ranking is None:
            return
        columns = [
            Column("place", self.say("Place")),
            Column("team", self.say("Team"), "left"),
            Column("worth", self.say("Worth")),
            Column("share", self.say("Share"), rank=1),
        ]
        lines = [Line(str(number), self._place(place)) for number, place in enumerate(room.ranking)]
        self.query_one("#ranking", Table).show(columns, lines)

    def _place(self, place: Place) -> list[Cell]:
        own, speech = self.app.membership.own, self.speech
        team = None if place.vendor is None else self.app.membership.team(place.vendor)
        tone: Tone = "own" if own is not None and place.vendor == own.vendor else "" if place.alive else "muted"
        return [
            Cell(str(place.place), tone),
            Cell(NOTHING if team is None else words.team_name(team), tone),
            Cell(speech.money(place.value), tone),
            Cell(speech.share(place.share), tone),
        ]
