"""One line above the keys: a hint, and the key that takes it away."""

from __future__ import annotations

from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui.speech import Speech


class HintLine(Widget):
    """The hint of the moment; not there without one. A click dismisses it, as the key does."""

    DEFAULT_CSS = """
    HintLine { dock: bottom; height: 1; margin-bottom: 1; padding: 0 1; background: $accent 15%; display: none; }
    HintLine.-shown { display: block; }
    """

    class Dismissed(Message):
        """The hint was clicked away."""

    def __init__(self, speech: Speech, key: str = "x") -> None:
        super().__init__()
        self.speech, self.key = speech, key
        self.hint, self.can_hide = "", False

    def show(self, hint: str, can_hide: bool = True) -> None:
        """Another hint; empty for none."""
        before = self.hint, self.can_hide
        self.hint, self.can_hide = hint, can_hide and bool(hint)
        if before != (self.hint, self.can_hide):
            self.set_class(bool(hint), "-shown")
            self.refresh()

    def render(self) -> Content:
        """The hint, and the key behind it where there is room."""
        said = Content.assemble(("▸ ", "bold $accent"), self.hint)
        if not self.can_hide:
            return said
        key = Content.assemble("  ", (self.key, "bold $accent"), " ", (self.speech.say("hide"), "$axis"))
        return Content.assemble(said, key) if said.cell_length + key.cell_length <= self.size.width else said

    def on_click(self) -> None:
        """A click takes the hint away."""
        if self.can_hide:
            self.post_message(self.Dismissed())
