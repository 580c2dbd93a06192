"""A small question, to which quarter to go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from tui.speech import N_, Speech
from tui.widgets.key_bar import KeyBar


class Quarter(Input):
    """A line to type; Enter stands among the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", N_("go on"), id="jump.go"),
    ]


class Jump(ModalScreen[str | None]):
    """Asks for one of some quarters, at least one; Enter alone is the last of them.

    Gives its name, None if it is left.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", N_("back"), id="jump.leave"),
    ]
    DEFAULT_CSS = """
    Jump { align: center middle; }
    Jump > Vertical { width: 66; max-width: 90%; height: auto; border: round $accent; padding: 1 2 0 2; }
    Jump > Vertical { background: $surface; }
    Jump Label { width: 1fr; }
    Jump #wrong { color: $error; }
    """

    def __init__(self, speech: Speech, question: str, quarters: Sequence[str]) -> None:
        super().__init__()
        self.speech, self.question, self.quarters = speech, question, quarters

    def compose(self) -> ComposeResult:
        """A question, a line to type, room for what is wrong."""
        first, last = self.quarters[0], self.quarters[-1]
        with Vertical():
            yield Label(f"{self.question} ({first} - {last})", markup=False)
            yield Quarter(placeholder=last, max_length=6)
            yield Label(id="wrong")
            yield KeyBar(self.speech)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        name = event.value.strip().upper() or self.quarters[-1]
        if name in self.quarters:
            self.dismiss(name)
        else:
            said = self.speech.say("{text} is none of them", text=name)
            self.query_one("#wrong", Label).update(said)

    def action_leave(self) -> None:
        """Nowhere."""
        self.dismiss(None)
