"""What the screens of a running game share: status line, keys to one another, language and redrawing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from tui.speech import N_, Speech
from tui.widgets.hint_line import HintLine
from tui.widgets.key_bar import KeyBar
from tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from agents.game.view import GameView
    from tui.game_app import GameApp
    from tui.sitting import Sitting


class Page(Screen[None]):
    """A screen of the program: knows the app's language and draws itself anew when that changes.

    Subclasses give `body` and, where something changes, `show`.
    """

    app: GameApp
    heading: ClassVar[str] = ""
    """Its name, for menus and help; marked with N_."""
    about: ClassVar[str] = ""
    """What it is for, in a few sentences for the help screen; marked with N_."""

    AUTO_FOCUS = "*"
    focused = Reactive[Widget | None](None, repaint=False)
    """As in Textual, which would draw the whole screen anew whenever the keyboard goes from one widget to another."""
    _composing = False

    @property
    def drawable(self) -> bool:
        """Its widgets are there: not while it appears or goes, nor while they are made anew in another language."""
        return self.is_mounted and not self._composing and bool(self.query(KeyBar))

    @property
    def speech(self) -> Speech:
        return self.app.speech

    def say(self, text: str, /, **values: object) -> str:
        """A text in the language of the game."""
        return self.speech.say(text, **values)

    def compose(self) -> ComposeResult:
        """The page's own widgets above the keys."""
        yield from self.body()
        yield KeyBar(self.speech)

    def body(self) -> ComposeResult:
        """The page's own widgets."""
        yield from ()

    def show(self) -> None:
        """Fill the widgets with what is true now."""

    def redraw(self) -> None:
        """The page after something has happened."""
        self.show()

    def on_mount(self) -> None:
        """Fill the page when it appears."""
        self.redraw()

    def entitle(self, panel: str, title: str) -> None:
        """Another title for a panel, of which everything is drawn anew.  panel: its selector."""
        widget = self.query_one(panel)
        if widget.border_title != title:
            widget.border_title = title

    async def respeak(self) -> None:
        """Say everything again, in a language that has changed; the keyboard stays where it is."""
        chain = self.focus_chain
        place = chain.index(self.focused) if self.focused in chain else 0
        self._composing = True
        await self.recompose()
        self._composing = False
        self.redraw()
        for widget in self.focus_chain[place : place + 1]:
            widget.focus()


class View(Page):
    """A screen of a running game."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "1", "app.view('dashboard')", N_("screens"), key_display="1-9", tooltip=N_("dashboard"), id="view.dashboard"
        ),
        *(
            Binding(str(number), f"app.view('{name}')", name, show=False, id=f"view.{name}")
            for number, name in enumerate(
                (
                    *(N_("decide"), N_("rivals"), N_("market"), N_("technology")),
                    *(N_("why"), N_("shakeout"), N_("briefing"), N_("debrief")),
                ),
                start=2,
            )
        ),
        Binding("e", "app.view('decide')", N_("decide"), id="decide"),
        Binding("space", "app.end_quarter", N_("end quarter"), id="end-quarter"),
        Binding("space", "app.hand_in", N_("hand in"), id="hand-in"),
        Binding("w", "app.withdraw", N_("take back"), id="withdraw"),
        Binding("0", "app.view('room')", N_("room"), show=False, id="view.room"),
        Binding("x", "hide_hint", N_("hide hint"), show=False, id="hide-hint"),
        Binding("h", "app.hold", N_("hold"), id="hold"),
        Binding("u", "app.undo", N_("undo"), show=False, id="undo"),
        Binding("s", "app.save", N_("save"), show=False, id="save"),
        Binding("q,escape", "app.leave", N_("back"), id="leave"),
    ]

    @property
    def session(self) -> Sitting:
        session = self.app.session
        assert session is not None
        return session

    @property
    def game(self) -> GameView:
        return self.session.game

    def compose(self) -> ComposeResult:
        """The status line, the view's own widgets and the keys."""
        yield StatusLine()
        yield from self.body()
        yield HintLine(self.speech)
        yield KeyBar(self.speech)

    def facts(self) -> list[str | Content]:
        """The facts of the status line."""
        return self.app.status()

    def redraw(self) -> None:
        """Status line, page and hint after something has happened."""
        super().redraw()
        self.redraw_lines()

    def redraw_lines(self) -> None:
        """Status line and hint, where nothing else has changed."""
        self.redraw_status()
        self.hint()

    def redraw_status(self) -> None:
        """The status line alone."""
        self.query_one(StatusLine).show(self.facts())

    def hint(self) -> None:
        """The hint for now, in the first quarters of a game and if hints are wanted."""
        name = type(self).__module__.rpartition(".")[2]  # one screen, one module, called as in `tui.game_app.VIEWS`
        self.query_one(HintLine).show(*self.app.line(name))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what is said can be hidden."""
        if action == "hide_hint":
            return any(line.can_hide for line in self.query(HintLine))
        return super().check_action(action, parameters)

    @on(HintLine.Dismissed)
    def action_hide_hint(self) -> None:
        """The hint has been read."""
        self.app.dismiss_line()
        self.hint()

    def open_field(self, path: str) -> None:
        """The form, on the row of a field, if there is a plan to make.  path: as in `agents.game.plan.Plan.value`."""
        if not self.session.plays:
            return
        self.app.action_view("decide")
        self.app.screen.call_after_refresh(self._focus_field, path)

    def _focus_field(self, path: str) -> None:
        from tui.widgets.field_row import FieldRow

        for row in self.app.screen.query(FieldRow):
            if row.field.path == path:
                row.remove_class("-detail")
                row.focus()
