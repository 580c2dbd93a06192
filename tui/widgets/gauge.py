"""Values between a low and a high end, one line each: `GaugeList`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from textual.geometry import Size
from textual.strip import Strip

from tui.widgets.bars import columns_of, draw_texts
from tui.widgets.canvas import Canvas, Chart, Ink


@dataclass(frozen=True)
class Gauge:
    """A bar from `low` to `high`.

    text: the value as the caller writes it.  reference, limit: marks on the bar, NaN for none.
    over: whether the value is beyond its limit, which shows as a colour and a `!`; None: if it is above it.
    note: a word behind the value.
    """

    title: str
    value: float
    text: str
    low: float = 0.0
    high: float = 1.0
    reference: float = math.nan
    limit: float = math.nan
    over: bool | None = None
    note: str = ""

    @property
    def is_over(self) -> bool:
        """Whether the value is beyond its limit."""
        return self.value > self.limit if self.over is None else self.over

    def place(self, value: float) -> float:
        """Where `value` is, 0 at the low end and 1 at the high one, at an end if beyond; NaN stays."""
        # Halves, because the difference of two huge numbers overflows.
        span = self.high / 2 - self.low / 2
        share = (value / 2 - self.low / 2) / span if span else float(value >= self.high)
        return math.nan if math.isnan(value) else min(max(share, 0.0), 1.0)


class GaugeList(Chart):
    """Gauges with aligned titles, bars and values; a single gauge is a list of one.

    gauges.show([
        Gauge("N+2", 0.58, "58%", limit=1.0),
        Gauge("高带宽内存", 1.2, "120%", high=1.5, limit=1.0, reference=0.8, note="short"),
    ])
    """

    DEFAULT_CSS = "GaugeList { height: auto; }"

    _gauges: tuple[Gauge, ...] = ()

    def show(self, gauges: Sequence[Gauge]) -> None:
        """Draw these gauges, one a line."""
        self._gauges = tuple(gauges)
        self.changed()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One line for each gauge."""
        return len(self._gauges)

    def draw(self, width: int, height: int, ink: Ink) -> list[Strip]:
        """All lines, `height` strips of `width` cells."""
        canvas = Canvas(width, height, ink)
        gauges = self._gauges[:height]
        texts = [(gauge.title, gauge.text, gauge.note) for gauge in gauges]
        columns = columns_of(width, texts)
        for y, (gauge, text) in enumerate(zip(gauges, texts, strict=True)):
            draw_texts(canvas, y, columns, text, gauge.is_over)
            if columns.bar:
                _draw_gauge(canvas, columns.start, y, columns.bar, gauge)
        return canvas.strips()


def _draw_gauge(canvas: Canvas, x: int, y: int, width: int, gauge: Gauge) -> None:
    """Track, bar to half a cell, and the two marks on it."""
    ink, glyphs = canvas.ink, canvas.ink.glyphs
    canvas.put(x, y, glyphs.track * width, ink.style(ink.palette.grid))
    filled = gauge.place(gauge.value)
    if filled > 0:
        halves = max(round(filled * width * 2), 1)
        color = ink.palette.limit if gauge.is_over else ink.palette.gain
        canvas.put(x, y, glyphs.bar * (halves // 2) + glyphs.half_bar * (halves % 2), ink.style(color))
    for value, glyph, paint in (
        (gauge.reference, glyphs.reference, None),
        (gauge.limit, glyphs.limit, ink.palette.limit),
    ):
        place = gauge.place(value)
        if not math.isnan(place):
            canvas.put(x + min(int(place * width), width - 1), y, glyph, ink.style(paint, bold=True))
