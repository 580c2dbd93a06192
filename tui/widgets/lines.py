"""Lines of text, each cut to one row: Chinese has no spaces at which it could be wrapped well."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget

from tui.cells import truncate


class Lines(Widget):
    """As many lines as there are rows, from the first on."""

    DEFAULT_CSS = "Lines { height: 1fr; }"

    _lines: Sequence[str] = ()

    def show(self, lines: Sequence[str]) -> None:
        """Other lines."""
        self._lines = tuple(lines)
        self.refresh()

    def render(self) -> Content:
        """What fits."""
        return Content("\n".join(truncate(line, self.size.width) for line in self._lines[: self.size.height]))
