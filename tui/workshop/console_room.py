"""The room at a glance: how to join, the clock, all seats, what happens; and the keys to all that can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Horizontal, Vertical
from textual.content import Content
from textual.widgets import DataTable, Static

from tui.screens.question import Question
from tui.screens.view import Page
from tui.speech import N_, NOTHING
from tui.widgets.big_text import BigText
from tui.widgets.lines import Lines
from tui.widgets.status_line import StatusLine
from tui.widgets.table import Table
from tui.workshop.console_commands import COMMANDS
from tui.workshop.console_projector import Projector
from tui.workshop.console_seats import Seats
from tui.workshop.console_state import Overview
from tui.workshop.words import HURRY, clock, clock_fact

if TYPE_CHECKING:
    from tui.workshop.console import ConsoleApp

LOOK = 0.25
"""Seconds between two looks at whether something has changed: many changes are drawn once."""

PHASES = {
    "lobby": (N_("lobby"), "bold $accent"),
    "open": (N_("teams decide"), "bold $success"),
    "paused": (N_("clock stopped"), "bold $warning"),
    "results": (N_("results"), "bold $accent"),
    "debrief": (N_("debrief"), "bold $accent"),
}
"""Phases of the room, and how they are shown."""


def keys(*names: str) -> list[Binding]:
    """Of commands.  names: in `COMMANDS`."""
    return [
        Binding(COMMANDS[name].key, f"command('{name}')", COMMANDS[name].title, id=f"console.{name}") for name in names
    ]


class Console(Page):
    """The facilitator's screen."""

    app: ConsoleApp
    heading = N_("Console")
    about = N_(
        "The room: who is there, who has handed in, how much time is left. Open a quarter, close it when all have "
        "decided, and talk about what came of it. f hides the figures and v shows a team's code, should the console "
        "itself be projected; a shows nothing but how to join. 1, 3, 4 and 7 show the market to the class."
    )
    CSS_PATH = "console.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (112, "-wide")]  # noqa: RUF012 - Textual declares it so
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "app.help", N_("help"), key_display="?", id="help"),
        *keys("open", "pause", "resume", "close", "extend", "debrief", "tell"),
        Binding("1", "app.view('dashboard')", N_("market"), tooltip=N_("dashboard"), id="view.dashboard"),
        Binding("3", "app.view('rivals')", N_("rivals"), show=False, id="view.rivals"),
        Binding("4", "app.view('market')", N_("market"), show=False, tooltip=N_("buyers"), id="view.market"),
        Binding("7", "app.view('shakeout')", N_("shakeout"), show=False, id="view.shakeout"),
        Binding("9,d", "app.view('debrief')", N_("debrief"), key_display="9", id="view.debrief"),
        Binding("v", "code", N_("code"), id="console.code"),
        Binding("q", "quit", N_("quit"), id="console.quit"),
        *keys("intervene"),
        Binding("a", "projector", N_("how to join"), id="console.projector"),
        *keys("show", "export", "strategy", "roll-back"),
        Binding("f", "figures", N_("figures"), id="console.figures"),
        *keys("release"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.changed = False
        self.figures = True
        self.code_of = ""

    @property
    def overview(self) -> Overview:
        return self.app.overview

    def compose(self) -> ComposeResult:
        """The status line above all."""
        yield StatusLine()
        yield from super().compose()

    def body(self) -> ComposeResult:
        """How to join, the clock and the count; the seats; the log."""
        yield Static(id="line", markup=False)
        with Horizontal(id="head"):
            with Vertical(id="join", classes="panel"):
                yield Static(id="where", markup=False)
                yield BigText(largest=1, id="room-code")
            with Vertical(id="time", classes="panel"):
                yield Center(BigText(largest=1, id="clock"))
            with Vertical(id="count", classes="panel"):
                yield Center(BigText(largest=1, id="decided"))
                yield Center(Static(id="people", markup=False))
        with Vertical(id="seats", classes="panel"):
            yield Table(id="teams")
        yield Lines(id="log", classes="panel")

    def on_mount(self) -> None:
        """Look after the clock and what changes."""
        self.set_interval(LOOK, self._look)

    def _look(self) -> None:
        seen = self.is_current or self.app.screen.is_modal  # around a small window
        if not self.drawable or not seen:
            return
        if self.changed:
            self.redraw()
        else:
            self._show_clock()

    # -- showing --------------------------------------------------------------------------------------------------

    def show(self) -> None:
        """All of the room as it is now."""
        self.changed = False
        self.query_one(StatusLine).show(self._facts())
        self._show_head()
        self._show_clock()
        self._show_seats()
        self._show_log()
        self.refresh_bindings()

    def _facts(self) -> list[str | Content]:
        """Of the status line, the most important first."""
        overview, room = self.overview, self.overview.room
        if self.app.barred:
            return [Content.styled(" ".join(self.app.barred.split()), "bold $error")]
        if room is None:
            return [self.say("Connecting to {address} ...", address=self.app.address)]
        phase, style = PHASES[room.phase]
        played, whole = room.played - room.ahead, room.quarters - room.ahead
        quarter = f"{room.quarter} ({min(played + 1, whole)}/{whole})"
        facts: list[str | Content] = [
            Content.styled(room.title, "bold"),
            Content.styled(self.say(phase), style),
            quarter,
        ]
        if not overview.connected:
            facts.insert(0, Content.styled(self.say("connection cut, trying again"), "bold $error"))
        if overview.running:
            facts.append(self._decided())
        facts.append(self.say("people: {count}", count=overview.people))
        return facts

    def _decided(self) -> str:
        deciding = len(self.overview.deciding)
        count = deciding - len(self.overview.undecided)
        return self.say("{count} of {all} handed in", count=count, all=deciding)

    def _show_head(self) -> None:
        overview, say = self.overview, self.say
        code = overview.office.code if overview.office else ""
        self.query_one("#join").border_title = say("Join")
        self.query_one("#where", Static).update(Content.assemble((self.app.address, "bold"), "   ", say("code "), code))
        self.query_one("#room-code", BigText).show(code)
        self.query_one("#time").border_title = say("Time left")
        self.query_one("#count").border_title = say("Handed in")
        deciding = len(overview.deciding)
        count = f"{deciding - len(overview.undecided)}/{deciding}" if overview.running else "-"
        self.query_one("#decided", BigText).show(count)
        self.query_one("#people", Static).update(
            say("teams {teams}, people {people}", teams=len(overview.teams), people=overview.people)
        )

    def _show_clock(self) -> None:
        """The clock, which goes on between what the server tells."""
        left, room = self.overview.remaining, self.overview.room
        text = NOTHING if left is None else clock(left)
        shown = self.query_one("#clock", BigText)
        shown.show("-" if left is None else text)
        shown.set_class(left is not None and left < HURRY, "-hurry")
        code = self.overview.office.code if self.overview.office else NOTHING
        parts: list[str | Content | tuple[str, str]] = [
            (self.app.address, "bold"),
            "   ",
            self.say("code "),
            (code, "bold $accent"),
        ]
        if room is not None and left is not None:
            parts += ["   ", self.say("left "), clock_fact(left)]
        self.query_one("#line", Static).update(Content.assemble(*parts))

    def _show_seats(self) -> None:
        """The table; one code below it, if it was asked for."""
        seats = Seats(self.overview, self.speech, self.app.slots())
        table, panel = self.query_one("#teams", Table), self.query_one("#seats")
        table.show(seats.columns(self.figures), seats.lines(self.figures))
        panel.border_title = self.say("Teams")
        team, row = self.overview.team(self.code_of), self.overview.row(self.code_of)
        panel.border_subtitle = ""
        if team is not None and row is not None and row.code is not None:
            panel.border_subtitle = Content(self.say("code of {team}: {code}", team=team.name, code=row.code))

    def _show_log(self) -> None:
        self.query_one("#log").border_title = self.say("What happened")
        lines = [f"{at}  {sentence(self.speech)}" for at, sentence in reversed(self.overview.log)]
        self.query_one("#log", Lines).show(lines)

    # -- actions --------------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> str:
        """Vendor of the seat under the cursor."""
        return self.query_one("#teams", Table).chosen

    @on(DataTable.RowHighlighted, "#teams")
    def _highlighted(self) -> None:
        """Another team: the code that is shown is not its own."""
        self.changed = self.changed or bool(self.code_of)
        self.code_of = ""
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that make no sense now are neither shown nor heard."""
        room = self.overview.room
        if action == "projector":
            return self.overview.office is not None
        if action == "code":
            return self._team_is_chosen()
        if action != "command":
            return super().check_action(action, parameters)
        command = COMMANDS[str(parameters[0])]
        if room is None or (command.phases is not None and room.phase not in command.phases):
            return False
        if command.key in "oi" and room.played == room.quarters:
            return False
        return not command.of_a_team or self._team_is_chosen()

    def _team_is_chosen(self) -> bool:
        return self.is_mounted and self.overview.team(self.chosen) is not None

    def action_command(self, name: str) -> None:
        """Something that the facilitator does."""
        COMMANDS[name].run(self.app, self.chosen)

    def action_projector(self) -> None:
        """How to join, for the projector."""
        if self.overview.office is not None:
            self.app.clear_notifications()
            self.app.push_screen(Projector(self.app.address, self.overview.office.code))

    def action_figures(self) -> None:
        """Hide cash and value, or show them."""
        self.figures = not self.figures
        self.redraw()

    def action_code(self) -> None:
        """Show the code of the team under the cursor, or hide it."""
        self.code_of = "" if self.code_of == self.chosen else self.chosen
        self.redraw()

    def action_quit(self) -> None:
        """Leave; the workshop goes on."""

        def answered(yes: bool | None) -> None:
            if yes:
                self.app.exit()

        self.app.push_screen(
            Question(self.speech, self.say("Leave the console? The workshop goes on without it.")), answered
        )
