"""Texts that people type and others see: one line, no control characters, nothing that turns the writing round."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len, set_cell_size

WIDEST = 24
"""Cells of a terminal that a team's name takes at most; a Chinese character takes two."""
LEFT_OUT = ("Cc", "Cf", "Co", "Cs", "Cn")
"""Categories of Unicode that are left out: control and format characters (bidirectional marks too), and unassigned."""


def clean(text: str, widest: int = WIDEST) -> str:
    """The text in one line, at most so many cells wide; empty if nothing can be seen of it."""
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    shown = "".join(character for character in spaced if unicodedata.category(character) not in LEFT_OUT).strip()
    return shown if cell_len(shown) <= widest else set_cell_size(shown, widest).strip()
