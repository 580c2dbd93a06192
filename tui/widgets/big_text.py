"""Letters that can be read from the last row of a room: `BigText`."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.widgets.canvas import ASCII_CLASS

GLYPHS = {
    "0": ".##. #..# #..# #..# .##.",
    "1": ".#. ##. .#. .#. ###",
    "2": "###. ...# .##. #... ####",
    "3": "###. ...# .##. ...# ###.",
    "4": "#..# #..# #### ...# ...#",
    "5": "#### #... ###. ...# ###.",
    "6": ".##. #... ###. #..# .##.",
    "7": "#### ...# ..#. .#.. .#..",
    "8": ".##. #..# .##. #..# .##.",
    "9": ".##. #..# .### ...# .##.",
    "A": ".##. #..# #### #..# #..#",
    "B": "###. #..# ###. #..# ###.",
    "C": ".### #... #... #... .###",
    "D": "###. #..# #..# #..# ###.",
    "E": "#### #... ###. #... ####",
    "F": "#### #... ###. #... #...",
    "G": ".### #... #.## #..# .###",
    "H": "#..# #..# #### #..# #..#",
    "I": "### .#. .#. .#. ###",
    "J": "..## ...# ...# #..# .##.",
    "K": "#..# #.#. ##.. #.#. #..#",
    "L": "#... #... #... #... ####",
    "M": "#...# ##.## #.#.# #...# #...#",
    "N": "#...# ##..# #.#.# #..## #...#",
    "O": ".###. #...# #...# #...# .###.",
    "P": "###. #..# ###. #... #...",
    "Q": ".##.. #..#. #..#. #.##. .####",
    "R": "###. #..# ###. #.#. #..#",
    "S": ".### #... .##. ...# ###.",
    "T": "##### ..#.. ..#.. ..#.. ..#..",
    "U": "#..# #..# #..# #..# .##.",
    "V": "#...# #...# .#.#. .#.#. ..#..",
    "W": "#...# #...# #.#.# ##.## #...#",
    "X": "#...# .#.#. ..#.. .#.#. #...#",
    "Y": "#...# .#.#. ..#.. ..#.. ..#..",
    "Z": "#### ...# .##. #... ####",
    "-": "... ... ### ... ...",
    ".": ". . . . #",
    ":": ". # . # .",
    "/": "..# ..# .#. #.. #..",
    " ": ".. .. .. .. ..",
}
"""Capital letters, digits and what stands in an address, in dots, row by row from above."""

HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
"""Two dots, one above the other, in one cell."""


def halved(dots: Sequence[Sequence[bool]]) -> list[str]:
    """Rows of dots as lines of half blocks, two rows a line."""
    rows = [*dots, [False] * len(dots[0])] if len(dots) % 2 else list(dots)
    return ["".join(HALVES[pair] for pair in zip(*two, strict=True)) for two in zip(rows[::2], rows[1::2], strict=True)]


def enlarged(text: str, scale: int = 1) -> list[str]:
    """A text in large letters: three lines, or five of twice the width; itself if it has other characters."""
    glyphs = [GLYPHS.get(character) for character in text.upper()]
    if not text or None in glyphs:
        return [text]
    rows = [".".join(parts) for parts in zip(*(glyph.split() for glyph in glyphs if glyph), strict=True)]
    if scale == 1:
        return halved([[dot == "#" for dot in row] for row in rows])
    return ["".join("██" if dot == "#" else "  " for dot in row) for row in rows]


class BigText(Widget):
    """A short text, as large as there is room for."""

    DEFAULT_CSS = "BigText { height: auto; width: auto; }"

    def __init__(self, *, largest: int = 2, id: str | None = None) -> None:
        """largest: of the scales of `enlarged`."""
        super().__init__(id=id)
        self.largest = largest
        self.text = ""

    def show(self, text: str) -> None:
        """Another text."""
        if text != self.text:
            self.text = text
            self.refresh(layout=True)

    def lines(self, width: int) -> list[str]:
        """As it is drawn in so many cells."""
        if not self.app.has_class(ASCII_CLASS):
            for scale in range(self.largest, 0, -1):
                found = enlarged(self.text, scale)
                if len(found[0]) <= width:
                    return found
        return [self.text]

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Of the lines that fit."""
        return len(self.lines(container.width)[0])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Of the lines that fit."""
        return len(self.lines(width))

    def render(self) -> Content:
        """The lines."""
        return Content("\n".join(self.lines(self.size.width)))
