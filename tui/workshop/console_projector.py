"""What is projected while people join: address, code, QR code, and nothing else."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

import qrcode
from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Middle
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from tui.screens.view import Page
from tui.speech import N_
from tui.widgets.big_text import BigText, halved

BORDER = 2
"""Light squares around the code; the standard has four, and readers do with two."""
PAPER = Style.parse("#000000 on #ffffff")
"""Dark on light, whatever the theme: readers expect it so."""


def squares(text: str) -> list[list[bool]]:
    """The QR code of a text, row by row; True is dark."""
    code = qrcode.QRCode(border=BORDER)
    code.add_data(text)
    return [[bool(square) for square in row] for row in code.get_matrix()]


class Squares(Widget):
    """A QR code, two rows of squares in a line of cells."""

    DEFAULT_CSS = "Squares { width: auto; height: auto; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self.lines = halved(squares(text))

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """A cell for each column."""
        return len(self.lines[0])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for two rows."""
        return len(self.lines)

    def render_line(self, y: int) -> Strip:
        """Two rows of squares."""
        return Strip([Segment(self.lines[y], PAPER)] if y < len(self.lines) else [])


class Projector(Page):
    """How to join, for everybody in the room to read."""

    heading = N_("How to join")
    about = N_("For the projector: the address, the code and the QR code with which people join. Nothing else is here.")
    AUTO_FOCUS = ""
    CSS_PATH = "console.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a,escape,q", "app.leave", N_("back"), key_display="a", id="projector.leave"),
    ]

    def __init__(self, address: str, code: str) -> None:
        super().__init__()
        self.address, self.code = address, code

    def body(self) -> ComposeResult:
        """All in the middle."""
        with Middle(id="projector"):
            yield Center(Static(id="how", markup=False))
            yield Center(BigText(largest=1, id="address"))
            yield Center(Static(id="with", markup=False))
            yield Center(BigText(id="code"))
            yield Center(Squares(self.address))

    def show(self) -> None:
        """The texts."""
        self.query_one("#how", Static).update(self.say("Open in a browser: {address}", address=self.address))
        self.query_one("#address", BigText).show(urlsplit(self.address).netloc)
        self.query_one("#with", Static).update(self.say("Code of the room: {code}", code=self.code))
        self.query_one("#code", BigText).show(self.code)
