"""Charts as text, without an application."""

from __future__ import annotations

from rich.style import Style
from textual.color import Color
from textual.strip import Strip

from tui.palette import ANSI, NIGHT
from tui.widgets.canvas import FULL_GLYPHS, SAFE_GLYPHS, Chart, Ink

GROUND = "#12171E"


def ink_of(safe: bool = False, no_color: bool = False, ansi: bool = False) -> Ink:
    """Ink on the ground of the dark theme."""
    glyphs = SAFE_GLYPHS if safe else FULL_GLYPHS
    base = Style(color="#D5DCE4", bgcolor=GROUND)
    return Ink(ANSI if ansi else NIGHT, base, Color.parse(GROUND), glyphs, no_color)


def text_of(strips: list[Strip]) -> list[str]:
    """Lines without the spaces at their ends."""
    return [strip.text.rstrip() for strip in strips]


def draw(chart: Chart, width: int, height: int, **ink: bool) -> list[str]:
    """A chart's lines as text."""
    return text_of(chart.draw(width, height, ink_of(**ink)))


def styles_at(strip: Strip) -> list[Style | None]:
    """The style of every cell."""
    return [segment.style for segment in strip for _ in range(segment.cell_length)]
