"""A screen as text that can be read and compared: what stands in each cell, and in which style."""

from __future__ import annotations

from itertools import chain
from string import ascii_letters, digits

from rich.cells import cell_len
from rich.style import Style
from textual.pilot import Pilot

_LETTERS = "." + ascii_letters + digits


def picture(pilot: Pilot[None]) -> str:
    """The lines of the screen, then one letter for the style of each cell, then what the letters mean.

    A wide character has two cells, so that both halves of the picture line up only in a terminal.
    """
    strips = pilot.app.screen._compositor.render_strips()
    segments = [[(segment.text, segment.style or Style()) for segment in strip] for strip in strips]
    legend: dict[str, str] = {}
    for _, style in chain.from_iterable(segments):
        legend.setdefault(_name(style), _LETTERS[min(len(legend), len(_LETTERS) - 1)])
    text = ["".join(part for part, _ in line).rstrip() for line in segments]
    styles = ["".join(legend[_name(style)] * cell_len(part) for part, style in line).rstrip(".") for line in segments]
    meanings = [f"{letter} {name}" for name, letter in legend.items()]
    return "\n".join([*text, "", *styles, "", *meanings, ""])


def _name(style: Style) -> str:
    """A style in words, without what a click on it does."""
    attributes = [name for name in ("bold", "dim", "italic", "underline", "reverse") if getattr(style, name)]
    colors = [color.name if color is not None else "default" for color in (style.color, style.bgcolor)]
    return " ".join([*attributes, f"{colors[0]} on {colors[1]}"])
