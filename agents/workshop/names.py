"""Texts that people type and others see: one line, no control characters, nothing that turns the writing round."""

from __future__ import annotations

from unicodedata import category, normalize

from rich.cells import cell_len, set_cell_size

WIDEST = 24
"""Cells of a terminal that a team's name takes at most; a Chinese character takes two."""
LEFT_OUT = ("Cc", "Cf", "Co", "Cs", "Cn")
"""Categories of Unicode that are left out: control and format characters (bidirectional marks too), and unassigned."""


def clean(text: str, widest: int = WIDEST) -> str:
    """The text in one line, at most so many cells wide; empty if nothing can be seen of it."""
    seen = (" " if each.isspace() else each for each in text if each.isspace() or category(each) not in LEFT_OUT)
    shown = normalize("NFC", " ".join("".join(seen).split()))
    return shown if cell_len(shown) <= widest else set_cell_size(shown, widest).strip()


def alike(one: str, other: str) -> bool:
    """Whether people would take two names for one another: case and width of letters do not matter."""
    return normalize("NFKC", one).casefold() == normalize("NFKC", other).casefold()
