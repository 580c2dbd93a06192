"""The first line of a game: who one is, when it is, and whether one can pay."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


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
        self._facts = [Content.from_markup(fact) if isinstance(fact, str) else fact for fact in facts]
        self.refresh()

    def render(self) -> Content:
        """The facts that fit."""
        room, gap = self.size.width, Content.styled("  │  ", "$axis")
        parts: list[Content] = []
        for fact in self._facts:
            room -= fact.cell_length + (gap.cell_length if parts else 0)
            if room < 0:
                break
            parts.append(fact)
        return gap.join(parts)
