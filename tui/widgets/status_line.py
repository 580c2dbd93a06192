"""The first line of a game: who one is, when it is, and whether one can pay."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

GAP = "  │  "


class StatusLine(Widget):
    """Facts side by side, as many as fit; the first is the most important."""

    DEFAULT_CSS = """
    StatusLine { dock: top; height: 1; padding: 0 1; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._facts: list[Content] = []

    def show(self, facts: list[str | Content]) -> None:
        """Other facts.  A text may carry markup of Textual's content."""
        shown = [Content.from_markup(fact) if isinstance(fact, str) else fact for fact in facts]
        same = len(shown) == len(self._facts) and all(map(Content.is_same, shown, self._facts))
        if not same:
            self._facts = shown
            self.refresh()

    def render(self) -> Content:
        """The facts that fit."""
        line = Content("")
        for fact in self._facts:
            longer = Content.assemble(line, (GAP, "$axis"), fact) if line else fact
            if longer.cell_length > self.size.width:
                break
            line = longer
        return line
