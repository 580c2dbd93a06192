"""Lines over named x labels, with bands, a limit and references: `LineChart`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from textual.strip import Strip

from tui.cells import truncate
from tui.palette import mark
from tui.widgets.axes import (
    Format,
    Frame,
    Scale,
    Tag,
    axes_of,
    by_column,
    draw_axes,
    draw_tags,
    finite,
    last_of,
    scale_of,
    x_of,
)
from tui.widgets.canvas import Canvas, Chart, Dots, Ink, Pen


@dataclass(frozen=True)
class Series:
    """One line.

    name: stands beside its end, or in a legend; a line without one is drawn and has neither name nor letter there.
    values: one for each x label from the first on, NaN where missing; fewer than there are labels leave the rest free.
    own: the player's vendor, thick and in its own colour, with `*` for a letter.
    band: (low, high) around the line, each as long as `values`, for example P10 and P90; NaN where there is none.
    slot: which vendor it is, for a colour and a letter that are the same on every screen; its place by default.
    reference: dashed; without a slot in the colour of nobody.
    mark: the letter instead of the slot's.
    """

    name: str
    values: Sequence[float]
    own: bool = False
    band: tuple[Sequence[float], Sequence[float]] | None = None
    slot: int | None = None
    reference: bool = False
    mark: str = ""


@dataclass(frozen=True)
class Limit:
    """A dashed horizontal line with its name beside it; NaN for none."""

    value: float
    name: str = ""


@dataclass(frozen=True)
class _Line:
    """A series made ready: plain floats, its pen."""

    values: tuple[float, ...]
    band: tuple[tuple[float, ...], tuple[float, ...]] | None
    pen: Pen
    tag: Tag


class LineChart(Chart):
    """Series over x labels.

    Names stand beside the ends of the lines where there is room, else in a legend above the plot.

        chart.show(
            [Series("Ours", [0.08, 0.11, nan, 0.13], own=True), Series("华为昇腾", [0.4, 0.38, 0.37, 0.35])],
            labels=["2026Q1", "2026Q2", "2026Q3", "2026Q4"],
            format="{:.0%}".format,
            low=0,
        )
    """

    DEFAULT_CSS = "LineChart { height: 1fr; }"

    _series: tuple[Series, ...] = ()
    _labels: tuple[str, ...] = ()
    _limit: Limit | None = None
    _numbered: tuple[int, ...] = ()
    _format: Format = "{:g}".format
    _ends: tuple[float | None, float | None] = (None, None)

    def show(
        self,
        series: Sequence[Series],
        labels: Sequence[str],
        format: Format = "{:g}".format,
        limit: Limit | None = None,
        low: float | None = None,
        high: float | None = None,
        numbered: Sequence[int] = (),
    ) -> None:
        """Draw these series.

        format: text of a value, for ticks and the value beside a name.  low, high: fixed ends of the y axis.
        numbered: places of labels at which the first series carries 1, 2, ...
        Raises ValueError if a series or a band does not match the labels.
        """
        for one in series:
            if len(one.values) > len(labels):
                raise ValueError(f"series {one.name!r}: {len(one.values)} values for {len(labels)} labels")
            if one.band and {len(side) for side in one.band} != {len(one.values)}:
                raise ValueError(f"series {one.name!r}: its band must be as long as its {len(one.values)} values")
        self._series, self._labels = tuple(series), tuple(labels)
        self._limit = limit if limit and math.isfinite(limit.value) else None
        self._format, self._ends, self._numbered = format, (low, high), tuple(numbered)
        self.changed()

    @property
    def is_empty(self) -> bool:
        """Whether there is no label to draw anything over."""
        return not self._labels

    def draw(self, width: int, height: int, ink: Ink) -> list[Strip]:
        """All lines, `height` strips of `width` cells."""
        lines = [_line(index, one, ink, self._format) for index, one in enumerate(self._series)]
        named = [line for line in lines if line.tag.name and not math.isnan(last_of(line.values))]
        tags = [line.tag for line in named]
        frame, scale = axes_of(width, height, tags, ink, self._format, lambda rows: self._scale(lines, rows))
        canvas = Canvas(width, height, ink)
        dots = Dots(frame.width, frame.height)
        for line in lines:
            if line.band:
                _draw_band(canvas, dots, frame, scale, line, len(self._labels))
        draw_axes(canvas, frame, scale, self._format, self._labels)
        if self._limit:
            _draw_limit(dots, scale, self._limit, ink)
        for line in sorted(lines, key=lambda line: (line.pen.thick, not line.pen.dashed)):
            _draw_line(dots, scale, line, len(self._labels))
        dots.draw(canvas, frame.left, frame.top)
        if ink.no_color and not ink.ascii:
            _draw_marks(canvas, dots, frame, [line.pen for line in lines])
        if lines:
            _draw_numbers(canvas, frame, scale, lines[0], self._numbered, len(self._labels))
        if self._limit:
            _name_limit(canvas, dots, frame, scale, self._limit)
        draw_tags(canvas, frame, tags, [(scale.at(last_of(one.values), dots.height) + 0.5) / 4 for one in named])
        return canvas.strips()

    def _scale(self, lines: Sequence[_Line], rows: int) -> Scale:
        """A y axis of `rows` lines around everything that is drawn."""
        limit = finite([self._limit.value]) if self._limit else ()
        values = [value for line in lines for side in (line.values, *(line.band or ())) for value in side]
        return scale_of((*values, *limit), rows, self._format, *self._ends)


def _line(index: int, series: Series, ink: Ink, format: Format) -> _Line:
    slot = index if series.slot is None and not series.reference else series.slot
    color = ink.palette.color(slot, series.own)
    letter = series.mark or mark(slot, series.own)
    if series.reference and not series.mark:
        letter = letter.lower()
    values = finite(series.values)
    last = last_of(values)
    band = (finite(series.band[0]), finite(series.band[1])) if series.band else None
    pen = Pen(color, letter, thick=series.own, dashed=series.reference)
    return _Line(
        values, band, pen, Tag(letter, series.name, "" if math.isnan(last) else format(last), color, series.own)
    )


def _draw_line(dots: Dots, scale: Scale, line: _Line, count: int) -> None:
    """Join neighbours; a value between two gaps is a stroke of its own."""
    before: tuple[int, int] | None = None
    phase = 0
    for index, value in enumerate(line.values):
        if math.isnan(value):
            before = None
            continue
        here = (x_of(index, count, dots.width), scale.place(value, dots.height))
        alone = before is None and not (index + 1 < len(line.values) and not math.isnan(line.values[index + 1]))
        if before:
            phase = dots.line(*before, *here, line.pen, phase)
        elif alone:
            dots.line(here[0] - 2, here[1], here[0] + 2, here[1], replace(line.pen, dashed=False))
        before = here


def _draw_band(canvas: Canvas, dots: Dots, frame: Frame, scale: Scale, line: _Line, count: int) -> None:
    """Shade the band; where colours cannot be mixed, dot its edges."""
    assert line.band is not None
    ink = canvas.ink
    if not ink.blends or ink.ascii:
        edge = Pen(line.pen.color, ".", dashed=True)
        for side in line.band:
            _draw_line(dots, scale, _Line(side, None, edge, line.tag), count)
        return
    color = ink.tint(line.pen.color, 0.22)
    steps = frame.height * 8
    sides = [by_column(side, count, frame.width) for side in line.band]
    for x, (low, high) in enumerate(zip(*sides, strict=True), frame.left):
        if not math.isnan(low + high):
            top, bottom = scale.place(max(low, high), steps), scale.place(min(low, high), steps)
            canvas.fill(x, frame.top, frame.height, [(steps - 1 - bottom, None), (steps - max(top, 0), color)])


def _draw_limit(dots: Dots, scale: Scale, limit: Limit, ink: Ink) -> None:
    y = scale.place(finite([limit.value])[0], dots.height)
    dots.line(0, y, dots.width - 1, y, Pen(ink.palette.limit, "-", dashed=True))


def _name_limit(canvas: Canvas, dots: Dots, frame: Frame, scale: Scale, limit: Limit) -> None:
    """The name beside the line, where it covers no other line if there is such a place."""
    row = scale.place(limit.value, frame.height * 4) // 4
    text = truncate(limit.name, frame.width - 2, canvas.ink.glyphs.ellipsis)
    cells = cell_len(text)
    if not text or not 0 <= row < frame.height:
        return
    rows = [y for y in (row - 1, row + 1) if 0 <= y < frame.height] or [row]
    places = [(x, y) for x in (1, frame.width - 1 - cells) for y in rows]
    free = (place for place in places if not any(dots.pen(place[0] + i, place[1]) for i in range(cells)))
    x, y = next(free, places[0])
    canvas.put(frame.left + x, frame.top + y, text, canvas.ink.style(canvas.ink.palette.limit))


def _draw_numbers(canvas: Canvas, frame: Frame, scale: Scale, line: _Line, places: Sequence[int], count: int) -> None:
    """Numbers on a line, reversed so that they stand out from it without colour too."""
    style = canvas.ink.style(line.pen.color, bold=True, reverse=True)
    for number, place in enumerate(places, 1):
        if place < len(line.values) and not math.isnan(line.values[place]):
            x = x_of(place, count, frame.width * 2) // 2
            row = scale.place(line.values[place], frame.height * 4) // 4
            canvas.put(frame.left + x, frame.top + min(max(row, 0), frame.height - 1), str(number), style)


def _draw_marks(canvas: Canvas, dots: Dots, frame: Frame, pens: Sequence[Pen]) -> None:
    """Without colour, each line carries its letter every twelve columns."""
    for number, pen in enumerate(pens):
        for x in range((6 + 5 * number) % 12, frame.width, 12):
            row = next((y for y in range(frame.height) if dots.pen(x, y) is pen), None)
            if row is not None:
                canvas.put_over(frame.left + x, frame.top + row, pen.mark, pen.color, bold=True)
