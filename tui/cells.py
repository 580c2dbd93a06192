"""Text by terminal cells: a Chinese character fills two, and none is ever cut in half."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from rich.cells import cell_len, set_cell_size

Align = Literal["left", "right", "center"]
ELLIPSIS = "…"

_OPENING, _CLOSING = "（《“‘「【", "。，、；：？！）》”’」】…"
_UNITS = re.compile(rf"(?=.)[{_OPENING}]*(?:[\u2e80-\uffef]|[^\s\u2e80-\uffef{_OPENING}]+)?[{_CLOSING}]*\s*")
"""What a line is not broken in: a Chinese character or a word, with its marks and the spaces behind it."""


@lru_cache(4096)
def clean(text: str) -> str:
    """`text` on one line: control characters become spaces, joiners and variation selectors go.

    What is left is as wide as the sum of its characters, so it can be laid out cell by cell.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = (char for char in text if unicodedata.category(char) != "Cf" and not "\ufe00" <= char <= "\ufe0f")
    return "".join(char if char.isprintable() else " " for char in kept)


def truncate(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """The start of `text` in at most `width` cells; `ellipsis` (one cell) marks a cut."""
    text = clean(text)
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + ellipsis


def shortened(title: str, width: int = 18) -> str:
    """`title` in at most `width` cells with its last word kept: long titles often differ in that alone."""
    last = title.rpartition(" ")[2]
    if cell_len(title) <= width or cell_len(last) > width - 4:
        return title
    return truncate(title, width - cell_len(last)) + last


def pad(text: str, width: int, align: Align = "left") -> str:
    """`text` with spaces up to `width` cells; a longer text stays as it is."""
    text = clean(text)
    spare = max(width - cell_len(text), 0)
    before = {"left": 0, "right": spare, "center": spare // 2}[align]
    return " " * before + text + " " * (spare - before)


def fit(text: str, width: int, align: Align = "left", ellipsis: str = ELLIPSIS) -> str:
    """`text` in exactly `width` cells: padded when shorter, cut with `ellipsis` when longer."""
    return pad(truncate(text, width, ellipsis), width, align)


def line_starts(text: str, width: int) -> list[int]:
    """Places in `text` at which its second and further lines begin, in lines of `width` cells.

    Words stay whole, as far as they fit; no line begins with a mark that ends a phrase, or ends with one that opens.
    """
    starts, used = [], 0
    for unit in _UNITS.finditer(text):
        if used and used + cell_len(unit[0].rstrip()) > width:
            starts.append(unit.start())
            used = 0
        used += cell_len(unit[0])
    return starts
