"""What the charts share: ink, a canvas of cells, braille dots on it, and a widget that keeps its lines.

A canvas is drawn once and becomes one Strip a line. All of its lines are exactly as wide as the widget, also with
Chinese text, because every character is put by cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from tui.cells import clean, fit
from tui.palette import Palette, contrast, palette_of

ASCII_CLASS = "-ascii"
"""On the app, this class turns all charts to ASCII: `app.set_class(True, ASCII_CLASS)`."""


@dataclass(frozen=True)
class Glyphs:
    """Characters that stand for something; lines and areas are drawn beside them in dots, blocks or letters."""

    ellipsis: str
    limit: str
    reference: str
    zero: str
    rule: str
    track: str
    """The empty part of a gauge, its filled part, and half a cell of that."""
    bar: str
    half_bar: str


FULL_GLYPHS = Glyphs("…", limit="┃", reference="◆", zero="│", rule="─", track="─", bar="━", half_bar="╾")
SAFE_GLYPHS = Glyphs("~", limit="!", reference="^", zero="|", rule="-", track=".", bar="=", half_bar="-")
"""For terminals that draw blocks and lines two cells wide, or not at all."""


def glyphs_of(app: App[Any]) -> Glyphs:
    """The glyphs that the app shows."""
    return SAFE_GLYPHS if app.has_class(ASCII_CLASS) else FULL_GLYPHS


LOWER_BLOCKS = " ▁▂▃▄▅▆▇█"
"""By eighths of a cell that are full, from below."""
LEFT_BLOCKS = " ▏▎▍▌▋▊▉█"
"""By eighths of a cell that are full, from the left."""
# Bits of a braille character by column and row.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


class Ink:
    """How to draw on one ground: palette, glyphs, and styles made once."""

    def __init__(
        self, palette: Palette, base: Style, ground: Color, glyphs: Glyphs = FULL_GLYPHS, no_color: bool = False
    ) -> None:
        self.palette = palette
        self.base = base
        """Text on the widget's ground."""
        self.glyphs = glyphs
        self.ascii = glyphs is SAFE_GLYPHS
        """No characters beyond ASCII, but for those in the caller's texts."""
        self.no_color = no_color
        self.blends = not (palette.ansi or no_color)
        """Colours can be mixed with the ground."""
        self._ground = ground
        self._styles: dict[tuple[str | None, str | None, bool, bool], Style] = {}

    def style(
        self, color: str | None = None, ground: str | None = None, bold: bool = False, reverse: bool = False
    ) -> Style:
        """Text in `color` on `ground`, None for the widget's own; the same object for the same arguments."""
        key = (color, ground, bold, reverse)
        if key not in self._styles:
            fore, back = (Color.parse(c).rich_color if c else None for c in (color, ground))
            self._styles[key] = self.base + Style(color=fore, bgcolor=back, bold=bold or None, reverse=reverse or None)
        return self._styles[key]

    def tint(self, color: str, share: float) -> str:
        """`color` mixed into the ground, 1 being the colour itself; unchanged where colours cannot be mixed."""
        return self._ground.blend(Color.parse(color), share).hex if self.blends else color

    def on(self, color: str) -> str:
        """Black or white, whichever is better read on `color`."""
        if self.palette.ansi:
            return "ansi_black"
        return max("#000000", "#FFFFFF", key=lambda text: contrast(text, color))

    @property
    def ground(self) -> str:
        """The colour of the widget's ground."""
        return self._ground.hex


class Canvas:
    """Cells of a widget, `width` x `height`, each a character and a style."""

    def __init__(self, width: int, height: int, ink: Ink) -> None:
        self.width = width
        self.height = height
        self.ink = ink
        # The right half of a wide character is an empty string.
        self._chars = [[" "] * width for _ in range(height)]
        self._styles = [[ink.base] * width for _ in range(height)]
        self._grounds: list[list[str | None]] = [[None] * width for _ in range(height)]

    def put(self, x: int, y: int, text: str, style: Style) -> int:
        """Write `text` from column `x` of line `y`, cut at the edges; returns the column behind it."""
        for char in clean(text):
            cells = cell_len(char)
            if not cells:  # an accent joins the character before it
                if 0 < x <= self.width and 0 <= y < self.height:
                    self._chars[y][x - (1 if self._chars[y][x - 1] else 2)] += char
                continue
            if 0 <= y < self.height:
                self._put_char(x, y, char, cells, style)
            x += cells
        return x

    def _put_char(self, x: int, y: int, char: str, cells: int, style: Style) -> None:
        inside = range(max(x, 0), min(x + cells, self.width))
        row = self._chars[y]
        for column in inside:  # what stood here goes as a whole
            if row[column] == "":
                row[column - 1] = " "
            if column + 1 < self.width and row[column + 1] == "":
                row[column + 1] = " "
            row[column] = " "
            self._styles[y][column] = style
        if len(inside) == cells:
            row[x] = char
            if cells == 2:
                row[x + 1] = ""

    def put_over(self, x: int, y: int, char: str, color: str, bold: bool = False) -> None:
        """One character of one cell, on the ground that `fill` left there."""
        self._put_char(x, y, char, 1, self.ink.style(color, self._grounds[y][x], bold))

    def is_empty(self, x: int, y: int) -> bool:
        return self._chars[y][x] == " "

    def fill(self, x: int, top: int, height: int, parts: Sequence[tuple[int, str | None]]) -> None:
        """Stack areas in column `x` over the lines `top` to `top + height`, to an eighth of a cell.

        parts: (upper edge in eighths of a cell from below, colour or None for the ground), from below, rising.
        """
        index = 0
        for low in range(0, height * 8, 8):
            while index < len(parts) and parts[index][0] <= low:
                index += 1
            y = top + height - 1 - low // 8
            if index == len(parts) or parts[index][0] >= low + 8:
                color = parts[index][1] if index < len(parts) else None
                self._fill_cell(x, y, color, color, 8)
            else:
                self._fill_cell(x, y, *_two_parts(parts[index:], low))

    def _fill_cell(self, x: int, y: int, lower: str | None, upper: str | None, split: int) -> None:
        self._grounds[y][x] = lower if split >= 4 else upper
        if lower != upper:
            self._put_char(x, y, LOWER_BLOCKS[split], 1, self.ink.style(lower or self.ink.ground, upper))
        elif lower and self.ink.palette.ansi:  # the terminal's default colour can be text only
            self._put_char(x, y, LOWER_BLOCKS[8], 1, self.ink.style(lower))
        else:
            self._put_char(x, y, " ", 1, self.ink.style(None, lower))

    def strips(self) -> list[Strip]:
        """One Strip a line, neighbours of one style joined."""
        return [self._strip(chars, styles) for chars, styles in zip(self._chars, self._styles, strict=True)]

    def _strip(self, chars: list[str], styles: list[Style]) -> Strip:
        segments: list[Segment] = []
        start = 0
        for x in range(1, self.width + 1):
            if x == self.width or styles[x] is not styles[start]:
                segments.append(Segment("".join(chars[start:x]), styles[start]))
                start = x
        return Strip(segments, self.width)


def _two_parts(parts: Sequence[tuple[int, str | None]], low: int) -> tuple[str | None, str | None, int]:
    """The two areas that cover most of the cell from `low` (eighths): lower, upper, and where they meet (1 to 8)."""
    spans: list[tuple[int, int, str | None]] = []
    start = 0
    for edge, color in (*parts, (low + 8, None)):
        end = min(edge - low, 8)
        if end > start:
            spans.append((start, end, color))
            start = end
    largest = sorted(sorted(spans, key=lambda span: span[0] - span[1])[:2], key=lambda span: span[0])
    if len(largest) == 1:
        return largest[0][2], largest[0][2], 8
    (_, end, lower), (start, _, upper) = largest
    return lower, upper, (end + start + 1) // 2


@dataclass(frozen=True)
class Pen:
    """How a line of dots is drawn: colour, letter in place of dots (ASCII), twice as thick, dashed."""

    color: str
    mark: str
    thick: bool = False
    dashed: bool = False


class Dots:
    """Braille dots, 2 x 4 to a cell, (0, 0) the upper left one; a cell shows the pen alone that drew there last."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width * 2
        self.height = height * 4
        self._bits = [[0] * width for _ in range(height)]
        self._pens: list[list[Pen | None]] = [[None] * width for _ in range(height)]

    def dot(self, x: int, y: int, pen: Pen) -> None:
        """Set one dot; outside it is lost."""
        if 0 <= x < self.width and 0 <= y < self.height:
            row, column = y // 4, x // 2
            if (
                self._pens[row][column] is not pen
            ):  # a cell has one colour: dots of another pen would look like this one's
                self._pens[row][column] = pen
                self._bits[row][column] = 0
            self._bits[row][column] |= _DOTS[x % 2][y % 4]

    def line(self, x0: int, y0: int, x1: int, y1: int, pen: Pen, phase: int = 0) -> int:
        """A straight line, both ends included; `phase` goes on with a dash, the new phase is returned."""
        steps = max(abs(x1 - x0), abs(y1 - y0))
        for step in range(steps + 1):
            if pen.dashed and (phase + step) % 6 >= 4:
                continue
            # Halves are rounded away from the start, in whole numbers: much faster than round().
            x = x0 + (2 * (x1 - x0) * step + steps) // (2 * steps or 1)
            y = y0 + (2 * (y1 - y0) * step + steps) // (2 * steps or 1)
            self.dot(x, y, pen)
            if pen.thick:
                self.dot(x, y + 1 if y + 1 < self.height else y - 1, pen)
                self.dot(x + 1 if x + 1 < self.width else x - 1, y, pen)
        return phase + steps

    def pen(self, x: int, y: int) -> Pen | None:
        """The pen that drew in a cell."""
        return self._pens[y][x]

    def text(self) -> list[str]:
        """The dots as lines of braille characters."""
        return ["".join(chr(0x2800 + bits) for bits in row) for row in self._bits]

    def draw(self, canvas: Canvas, left: int, top: int) -> None:
        """Put the dots on the canvas, cell (0, 0) at column `left` of line `top`."""
        ascii_only = canvas.ink.ascii
        for y, (bits, pens) in enumerate(zip(self._bits, self._pens, strict=True), top):
            for x, (bit, pen) in enumerate(zip(bits, pens, strict=True), left):
                if pen is not None:
                    canvas.put_over(x, y, pen.mark if ascii_only else chr(0x2800 + bit), pen.color, pen.thick)


class Chart(Widget):
    """A widget that is drawn as a whole and keeps its lines until size, data, theme or glyphs change."""

    ALLOW_SELECT = False

    nothing = ""
    """What is said in the place of a picture that has nothing to show; may be set before data are."""

    _strips: list[Strip]
    _drawn: tuple[object, ...] = ()
    _revision = 0
    _stale = True

    def draw(self, width: int, height: int, ink: Ink) -> list[Strip]:
        """All lines, `height` strips of `width` cells."""
        raise NotImplementedError

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return False

    def changed(self) -> None:
        """Draw anew: the data have changed."""
        self._revision += 1
        self._stale = True
        self.refresh(layout=self.styles.is_auto_height)

    def notify_style_update(self) -> None:
        """Theme, ground or glyphs may have changed."""
        super().notify_style_update()
        self._stale = True
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the chart."""
        if self._stale or self._drawn[0] != self.size:
            self._redraw()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    def _say_nothing(self, width: int, height: int, ink: Ink) -> list[Strip]:
        canvas = Canvas(width, height, ink)
        text = fit(self.nothing, width, "center", ink.glyphs.ellipsis)
        canvas.put(0, height // 2, text, ink.style(ink.palette.muted))
        return canvas.strips()

    def _redraw(self) -> None:
        app, size, style = self.app, self.size, self.rich_style
        glyphs = glyphs_of(app)
        drawn = (size, self._revision, app.theme, style, glyphs, self.nothing)
        if drawn != self._drawn:
            ink = Ink(palette_of(app.current_theme), style, self.background_colors[1], glyphs, app.no_color)
            draw = self._say_nothing if self.nothing and self.is_empty else self.draw
            self._strips = draw(size.width, size.height, ink)
            self._drawn = drawn
        self._stale = False
