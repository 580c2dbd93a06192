"""Horizontal bars from a zero line, one line each, and what gauges share with them: `Bars`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.geometry import Size
from textual.strip import Strip

from tui.cells import fit
from tui.widgets.axes import Format, finite
from tui.widgets.canvas import LEFT_BLOCKS, Canvas, Chart, Ink

_LEAST_BAR, _AMPLE_BAR = 6, 8


@dataclass(frozen=True)
class Columns:
    """Cells for title, bar, value and note of a list of bars, one cell between neighbours; 0 leaves one out."""

    title: int
    bar: int
    text: int
    note: int

    @property
    def start(self) -> int:
        """Where the bar starts."""
        return self.title + 1 if self.title else 0


def columns_of(width: int, rows: Sequence[tuple[str, str, str]]) -> Columns:
    """Columns for rows of (title, text, note): the bar takes what is left, at the cost of notes, then of titles."""
    title, text, note = (max((cell_len(row[part]) for row in rows), default=0) for part in range(3))
    text = min(text, width)
    title = min(title, max(width * 2 // 5, width - (text + 2) - 1 - _AMPLE_BAR))

    def left_over() -> int:
        return width - (title + 1 if title else 0) - (text + 2) - (note + 1 if note else 0)

    if left_over() < _LEAST_BAR * 2:
        note = 0
    if left_over() < _LEAST_BAR:
        title = max(title - (_LEAST_BAR - left_over()), min(title, 4))
    return Columns(title, left_over() if left_over() >= 2 else 0, text, note)


def draw_texts(
    canvas: Canvas,
    y: int,
    columns: Columns,
    texts: tuple[str, str, str],
    over: bool,
    color: str | None = None,
    bold: bool = False,
) -> None:
    """Title, value (with a `!` if it is over its limit) and note of one line; the bar is left to the caller."""
    ink = canvas.ink
    title, text, note = texts
    canvas.put(0, y, fit(title, columns.title, ellipsis=ink.glyphs.ellipsis), ink.style(color, bold=bold))
    x = columns.start + columns.bar + 1 if columns.bar else columns.start
    x = canvas.put(x, y, fit(text, columns.text, "right", ink.glyphs.ellipsis), ink.style(bold=True))
    x = canvas.put(x, y, "!" if over else " ", ink.style(ink.palette.limit, bold=True))
    canvas.put(x + 1, y, fit(note, columns.note, ellipsis=ink.glyphs.ellipsis), ink.style(ink.palette.muted))


@dataclass(frozen=True)
class Bar:
    """One bar.

    slot, own: the vendor that it belongs to, as in `Series`; without, its colour tells its sign.
    limit: a mark on the bar's line; a value above it shows as a colour and a `!`.  note: a word behind the value.
    """

    title: str
    value: float
    slot: int | None = None
    own: bool = False
    limit: float = math.nan
    note: str = ""


class Bars(Chart):
    """Bars left and right of a zero line, for an exact decomposition; plain bars if no value is negative.

    bars.show(
        [Bar("Price", 0.021), Bar("软件", -0.012), Bar("Supply", -0.004)],
        format="{:+.1%}".format,
        total=Bar("Total", 0.005),
    )
    bars.show([Bar("Huawei", 0.34, slot=1), Bar("Ours", 0.17, own=True)], format="{:.0%}".format)
    """

    DEFAULT_CSS = "Bars { height: auto; }"

    _bars: tuple[Bar, ...] = ()
    _total: Bar | None = None
    _format: Format = "{:+g}".format

    def show(self, bars: Sequence[Bar], format: Format = "{:+g}".format, total: Bar | None = None) -> None:
        """Draw these bars, one a line, and their total below a rule.

        format: text of a value; its sign should be in it where values can be negative.
        """
        self._bars, self._format, self._total = tuple(bars), format, total
        self.changed()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One line for each bar, two more with a total."""
        return len(self._bars) + (2 if self._total else 0)

    def draw(self, width: int, height: int, ink: Ink) -> list[Strip]:
        """All lines, `height` strips of `width` cells."""
        canvas = Canvas(width, height, ink)
        bars = list(self._bars)
        if self._total:
            bars = [*bars[: height - 1], self._total]
        texts = [(bar.title, "" if math.isnan(bar.value) else self._format(bar.value), bar.note) for bar in bars]
        columns = columns_of(width, texts)
        known = [end for bar in bars for end in finite((bar.value, bar.limit)) if not math.isnan(end)]
        scale = _Scale.of(columns.bar, min(known, default=0.0), max(known, default=0.0))
        ruled = self._total is not None and len(bars) < height
        for index, (bar, text) in enumerate(zip(bars, texts, strict=True)):
            is_total = bar is self._total
            y = index + (ruled and is_total)
            vendor = None if bar.slot is None and not bar.own else ink.palette.color(bar.slot, bar.own)
            draw_texts(canvas, y, columns, text, bar.value > bar.limit, vendor, bold=bar.own or is_total)
            if columns.bar:
                _draw_bar(canvas, columns.start, y, scale, bar, vendor)
        if ruled:
            canvas.put(0, len(bars) - 1, ink.glyphs.rule * width, ink.style(ink.palette.grid))
        return canvas.strips()


@dataclass(frozen=True)
class _Scale:
    """Where zero is in the bars' column: cells left and right of it, whether a line marks it, cells for one unit."""

    left: int
    right: int
    line: bool
    unit: float

    @classmethod
    def of(cls, width: int, low: float, high: float) -> _Scale:
        low, high = min(low, 0.0), max(high, 0.0)
        line = low < 0 and width >= 3
        room = width - line
        span = high / 2 - low / 2  # halves, because the difference of two huge numbers overflows
        left = round(room * (-low / 2) / span) if span else 0
        if low < 0 < high:
            left = min(max(left, 1), room - 1)
        sides = [cells / extent for cells, extent in ((left, -low), (room - left, high)) if extent > 0]
        return cls(left, room - left, line, min(sides, default=0.0))


def _draw_bar(canvas: Canvas, x: int, y: int, scale: _Scale, bar: Bar, vendor: str | None) -> None:
    """Zero line, the bar on its side of it to an eighth of a cell and at least that long, and its limit."""
    ink, palette = canvas.ink, canvas.ink.palette
    (value, limit) = (0.0 if math.isnan(end) else end for end in finite((bar.value, bar.limit)))
    whole, part = divmod(max(round(abs(value) * scale.unit * 8), 1) if value else 0, 8)
    color = palette.limit if bar.value > bar.limit else vendor or (palette.gain if value > 0 else palette.loss)
    style = ink.style(color)
    zero, right = x + scale.left, x + scale.left + scale.line
    if scale.line:
        canvas.put(zero, y, ink.glyphs.zero, ink.style(palette.muted))
    end = right + whole if value > 0 else zero - whole - 1
    canvas.put(
        right if value > 0 else zero - whole, y, (ink.glyphs.bar if ink.ascii else LEFT_BLOCKS[8]) * whole, style
    )
    if part and ink.ascii:
        canvas.put(end, y, ink.glyphs.half_bar, style)
    elif part and value > 0:
        canvas.put(end, y, LEFT_BLOCKS[part], style)
    elif part:  # filled from the right: the rest of a block that is filled from the left
        canvas.put(end, y, LEFT_BLOCKS[8 - part], ink.style(color, reverse=True))
    if limit > 0 and scale.right:
        place = min(int(limit * scale.unit), scale.right - 1)
        canvas.put(right + place, y, ink.glyphs.limit, ink.style(palette.limit, bold=True))
