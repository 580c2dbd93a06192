"""A question with yes and no."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label

from tui.speech import N_, Speech
from tui.widgets.key_bar import KeyBar


class Question(ModalScreen[bool]):
    """Asks something.  Gives True for yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", N_("yes"), key_display="y", id="question.yes"),
        Binding("n,escape,q", "answer(False)", N_("no"), key_display="n", id="question.no"),
    ]
    DEFAULT_CSS = """
    Question { align: center middle; }
    Question > Vertical { width: 56; max-width: 90%; height: auto; border: round $accent; padding: 1 2 0 2; }
    Question > Vertical { background: $surface; }
    Question Label { width: 1fr; margin-bottom: 1; }
    """

    def __init__(self, speech: Speech, text: str) -> None:
        super().__init__()
        self.speech, self.text = speech, text

    def compose(self) -> ComposeResult:
        """The question and the keys."""
        with Vertical():
            yield Label(self.text, markup=False)
            yield KeyBar(self.speech)

    def action_answer(self, yes: bool) -> None:
        """Give the answer."""
        self.dismiss(yes)
