"""Whom to ask: the strategies that could be in one's seat."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from agents.game.advice import PRESETS
from agents.strategies.registry import describe
from tui.sitting import Sitting
from tui.speech import N_, Speech
from tui.widgets.key_bar import KeyBar
from tui.widgets.menu import Menu

NOTES = {"grow": N_("to grow"), "survive": N_("to survive")}


class Advisers(ModalScreen[str | None]):
    """Asks for a strategy: the last adviser is under the cursor.  Gives its name, None if none is wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", N_("take the advice"), id="advisers.choose"),
        Binding("escape,q", "leave", N_("back"), id="advisers.leave"),
    ]
    DEFAULT_CSS = """
    Advisers { align: center middle; }
    Advisers > Vertical { width: 52; height: auto; max-height: 90%; border: round $accent; background: $surface; }
    Advisers Label { padding: 0 1; width: 1fr; }
    Advisers OptionList, Advisers OptionList:focus { height: auto; max-height: 18; border: none; }
    """

    def __init__(self, session: Sitting, speech: Speech) -> None:
        super().__init__()
        self.session, self.speech = session, speech
        self.strategies = [one for one in describe() if not one.problem and one.name != "hold"]

    def compose(self) -> ComposeResult:
        """A question and the strategies."""
        say = self.speech.say
        with Vertical():
            yield Label(say("What would they do here?"))
            yield Menu(*(Option(self._line(one.name, one.title), id=one.name) for one in self.strategies))
            yield KeyBar(self.speech)

    def _line(self, name: str, titles: dict[str, str]) -> str:
        notes = [self.speech.say(NOTES[use]) for use, strategy in PRESETS.items() if strategy == name]
        if name == self.session.usual_adviser:
            notes.append(self.speech.say("as the scenario has it"))
        title = self.speech.title(titles)
        return f"{title}  [$axis]{', '.join(notes)}[/]" if notes else title

    def on_mount(self) -> None:
        """The cursor on who was asked last."""
        names = [one.name for one in self.strategies]
        menu = self.query_one(Menu)
        menu.highlighted = names.index(self.session.adviser) if self.session.adviser in names else 0
        menu.focus()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_choose(self) -> None:
        """The strategy under the cursor."""
        self.query_one(Menu).action_select()

    def action_leave(self) -> None:
        """No advice."""
        self.dismiss(None)
