"""Sentences in lines: Chinese has no spaces to break a line at, and marks that cannot begin one."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from tui.cells import line_starts


class Prose(Static):
    """A text in which no line begins with a mark that ends a phrase."""

    def render(self) -> Content:
        """In lines of its width."""
        return self._in_lines(self.content_size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Lines that it has at a width of so many cells."""
        return self._in_lines(width).get_height(self.styles.get_rules(), width) if width else 0

    def _in_lines(self, width: int) -> Content:
        text = self.visual
        assert isinstance(text, Content)
        return Content("\n").join(
            part.rstrip()
            for line in text.split(allow_blank=True)
            for part in line.divide(line_starts(line.plain, width))
        )
