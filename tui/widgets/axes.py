"""Axes of the charts: round ticks, labels that do not touch, names of series beside their ends or in a legend."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.cells import cell_len

from tui.cells import fit, truncate
from tui.widgets.canvas import Canvas, Ink

Format = Callable[[float], str]
_LARGEST, _SMALLEST = 1e300, 1e-280


def finite(values: Sequence[float]) -> tuple[float, ...]:
    """Plain floats; what is missing or infinite becomes NaN, and sizes at which arithmetic breaks down are limited."""
    return tuple(map(_finite, values))


def _finite(value: float) -> float:
    value = float(value)
    if not math.isfinite(value):
        return math.nan
    return min(max(value, -_LARGEST), _LARGEST) if abs(value) > _SMALLEST else 0.0


def last_of(values: Sequence[float]) -> float:
    """The last value that is not missing, NaN if there is none."""
    return next((value for value in reversed(values) if not math.isnan(value)), math.nan)


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` on the y axis, with ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float, steps: int) -> float:
        """Where `value` is on `steps` equal steps, 0 being the highest; values beyond the axis just outside it."""
        return min(max((self.high - value) / (self.high - self.low) * (steps - 1), -1.0), float(steps))

    def place(self, value: float, steps: int) -> int:
        """The step nearest to `value`."""
        return math.floor(self.at(value, steps) + 0.5)


def scale_of(values: Sequence[float], rows: int, format: Format, low: float | None, high: float | None) -> Scale:
    """An axis of `rows` lines around all values, with ends that `low` and `high` may fix.

    Ticks are 1, 2 or 5 times a power of ten apart, wide enough that no two get the same text.
    """
    known = [value for value in values if not math.isnan(value)]
    bottom = min(known, default=0.0) if low is None else low
    top = max(known, default=bottom + 1) if high is None else high
    if not top - bottom > max(abs(top), abs(bottom)) * 1e-9 or top - bottom < 1e-290:
        room = max(abs(bottom) * 0.1, 1e-280) if bottom else 1.0
        bottom, top = (bottom if low is not None else bottom - room), max(top, bottom) + room
    step = _round_step((top - bottom) / max(min((rows + 1) // 3, 6), 1))
    finest = _scale(bottom, top, step, low is None, high is None)
    scale = finest
    for _ in range(6):
        if len(set(map(format, scale.ticks))) == len(scale.ticks):
            return scale
        step = _round_step(step * 1.5)
        scale = _scale(bottom, top, step, low is None, high is None)
    return finest


def _scale(bottom: float, top: float, step: float, open_below: bool, open_above: bool) -> Scale:
    """Open ends go on to the next tick if it is near, and in any case if there would be a single tick."""
    below, above = math.floor(bottom / step + 1e-9), math.ceil(top / step - 1e-9)
    near = step / 2
    first = below if open_below and bottom - below * step <= near else math.ceil(bottom / step - 1e-9)
    last = above if open_above and above * step - top <= near else math.floor(top / step + 1e-9)
    if last - first < 1:
        first, last = (below if open_below else first), (above if open_above else last)
    ticks = tuple(index * step for index in range(first, last + 1))
    return Scale(min(bottom, *ticks[:1]), max(top, *ticks[-1:]), ticks)


def _round_step(step: float) -> float:
    """The least of 1, 2, 5 times a power of ten that is at least `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10, 20) if factor * power >= step * (1 - 1e-9))


_GUTTER = 3
"""Cells right of the plot where only letters stand beside the lines."""
_PLOT = 0.55
"""Share of the width that names beside the lines leave to the plot at least."""


@dataclass(frozen=True)
class Tag:
    """What names one series: letter, name, and its last value."""

    mark: str
    name: str
    value: str
    color: str
    own: bool = False

    @property
    def short(self) -> str:
        """Letter and name."""
        return f"{self.mark} {self.name}"


@dataclass(frozen=True)
class Frame:
    """Where things are: ticks left of the plot, tags right of it, legend above and x labels below."""

    left: int
    top: int
    width: int
    height: int
    tags: tuple[str, ...] = ()
    """Text beside each series' end: letter, name and value; letter and name; letter; or nothing."""
    legend: tuple[tuple[tuple[int, str], ...], ...] = ()
    """Lines of (which series, text)."""


def axes_of(
    width: int, height: int, tags: Sequence[Tag], ink: Ink, format: Format, scale: Callable[[int], Scale]
) -> tuple[Frame, Scale]:
    """Share out `width` x `height` cells: as much text beside the plot as leaves it wide enough, else a legend.

    scale: the y axis for a number of lines.
    """
    rows = height
    for _ in range(2):  # the ticks decide the frame, and the frame's height the ticks
        axis = scale(rows)
        frame = _frame(width, height, max((cell_len(format(tick)) for tick in axis.ticks), default=0), tags, ink)
        rows = frame.height
    return frame, scale(rows)


def _frame(width: int, height: int, tick_width: int, tags: Sequence[Tag], ink: Ink) -> Frame:
    bottom = 1 if height >= 4 else 0
    left = tick_width + 1 if tick_width and width >= tick_width + 10 and height >= 3 else 0
    on_one_line = height >= 5 and len(_wrap([tag.short for tag in tags], width)) == 1  # above the plot, and whole
    texts, gutter = _beside(width - left, height - bottom, tags, ink, cut=not on_one_line)
    legend: tuple[tuple[tuple[int, str], ...], ...] = ()
    if texts and gutter <= _GUTTER and height >= 5:
        legend = _legend(width, 1 if height < 10 else 2, tags, ink)
    return Frame(left, len(legend), width - left - gutter, height - bottom - len(legend), texts, legend)


def _beside(width: int, height: int, tags: Sequence[Tag], ink: Ink, cut: bool) -> tuple[tuple[str, ...], int]:
    """Texts beside the ends of the series, and the cells they take.  cut: names may be cut."""
    if not tags or width < 8:
        return (), 0
    long = tuple(f"{tag.mark} {tag.name} {tag.value}".rstrip() for tag in tags)
    short = tuple(tag.short for tag in tags)
    room = max(width - math.ceil(max(16, width * _PLOT)) - _GUTTER - 1, 4)
    shorter = tuple(f"{tag.mark} {truncate(tag.name, room, ink.glyphs.ellipsis)}" for tag in tags)
    for texts, least in ((long, 24), (short, 16), *(((shorter, 16),) if cut else ())):
        gutter = max(map(cell_len, texts)) + 2
        if len(tags) <= height and width - gutter >= max(least, width * _PLOT):
            return texts, gutter
    return tuple(tag.mark for tag in tags), _GUTTER


def _legend(width: int, rows: int, tags: Sequence[Tag], ink: Ink) -> tuple[tuple[tuple[int, str], ...], ...]:
    """Lines of a legend: with values if all fits, else names, else shortened names, else as many as fit."""
    longest = max(cell_len(tag.name) for tag in tags)
    candidates = [[f"{tag.mark} {tag.name} {tag.value}".rstrip() for tag in tags]]
    for limit in range(longest, 3, -1):
        candidates.append([f"{tag.mark} {truncate(tag.name, limit, ink.glyphs.ellipsis)}" for tag in tags])
    for texts in candidates:
        lines = _wrap(texts, width)
        if len(lines) <= rows:
            break
    return tuple(tuple(line) for line in lines[:rows])


def _wrap(texts: Sequence[str], width: int) -> list[list[tuple[int, str]]]:
    lines: list[list[tuple[int, str]]] = [[]]
    used = 0
    for index, text in enumerate(texts):
        if used and used + cell_len(text) > width:
            lines.append([])
            used = 0
        lines[-1].append((index, text))
        used += cell_len(text) + 2
    return lines


def draw_axes(canvas: Canvas, frame: Frame, scale: Scale, format: Format, labels: Sequence[str]) -> None:
    """Ticks with a faint dotted line each, sparse where no colour is faint, and as many x labels as fit."""
    ink = canvas.ink
    style = ink.style(ink.palette.muted)
    for tick in scale.ticks:
        dot = scale.place(tick, frame.height * 4)
        y = frame.top + dot // 4
        if frame.left:
            canvas.put(0, y, fit(format(tick), frame.left - 1, "right", ink.glyphs.ellipsis), style)
        char = "." if ink.ascii else chr(0x2800 + (1, 2, 4, 64)[dot % 4])
        for x in range(frame.left, frame.left + frame.width, 1 if ink.blends and not ink.ascii else 4):
            if canvas.is_empty(x, y):
                canvas.put_over(x, y, char, ink.palette.grid)
    if frame.top + frame.height < canvas.height:
        draw_x_labels(canvas, frame, labels)


def x_of(index: int, count: int, steps: int) -> int:
    """Where label `index` of `count` is on `steps` equal steps from the left."""
    return (steps - 1) // 2 if count < 2 else (2 * index * (steps - 1) + count - 1) // (2 * (count - 1))


def by_column(values: Sequence[float], count: int, width: int) -> list[float]:
    """`values` of the first of `count` labels at each of `width` columns, between labels on a straight line.

    NaN where a neighbour is missing, but a value between two gaps reaches half the way to the labels beside it.
    """
    columns = [math.nan] * width
    half = (width - 1) / (2 * max(count - 1, 1)) if count > 1 else width
    for index, value in enumerate(values):
        here = x_of(index, count, width)
        after = values[index + 1] if index + 1 < len(values) else math.nan
        if math.isnan(value):
            continue
        if not math.isnan(after):
            there = x_of(index + 1, count, width)
            for x in range(here, there + 1):
                columns[x] = value + (after - value) * (x - here) / max(there - here, 1)
        elif math.isnan(columns[here]):
            for x in range(max(math.ceil(here - half), 0), min(math.floor(here + half) + 1, width)):
                columns[x] = value
    return columns


def draw_x_labels(canvas: Canvas, frame: Frame, labels: Sequence[str]) -> None:
    """The last label, and every n-th before it with n as small as leaves two cells between neighbours."""
    ink = canvas.ink
    texts = [truncate(label, canvas.width, ink.glyphs.ellipsis) for label in labels]
    spans = []
    for index, text in enumerate(texts):
        cells = cell_len(text)
        start = frame.left + x_of(index, len(texts), frame.width * 2) // 2 - cells // 2
        start = max(min(start, canvas.width - cells), 0)
        spans.append((start, start + cells))
    y = frame.top + frame.height
    style = ink.style(ink.palette.muted)
    for index in _labels_that_fit(spans):
        canvas.put(spans[index][0], y, texts[index], style)


def _labels_that_fit(spans: Sequence[tuple[int, int]]) -> list[int]:
    last = len(spans) - 1
    if last < 0:
        return []
    for stride in (1, 2, *range(4, last + 4, 4)):
        shown = [index for index in range(0, last, stride) if spans[index][1] + 2 <= spans[last][0]] + [last]
        if all(spans[a][1] + 2 <= spans[b][0] for a, b in pairwise(shown)):
            return shown
    return [last]


def draw_tags(canvas: Canvas, frame: Frame, tags: Sequence[Tag], rows: Sequence[float]) -> None:
    """Names beside the plot, each as near to its line in `rows` as the others leave it; and the legend."""
    ink = canvas.ink
    if frame.tags:
        shown = sorted(range(len(tags)), key=lambda index: not tags[index].own)[: frame.height]
        for index, row in zip(shown, spread([rows[index] for index in shown], frame.height), strict=True):
            style = ink.style(tags[index].color, bold=tags[index].own)
            canvas.put(frame.left + frame.width + 2, frame.top + row, frame.tags[index], style)
    for y, line in enumerate(frame.legend):
        x = 0
        for index, text in line:
            x = canvas.put(x, y, text, ink.style(tags[index].color, bold=tags[index].own)) + 2


def spread(rows: Sequence[float], height: int) -> list[int]:
    """Different lines of 0 to `height` for at most `height` wishes, their order kept, each near its wish."""
    order = sorted(range(len(rows)), key=lambda index: rows[index])
    placed = [0] * len(rows)
    previous = -1
    for index in order:
        previous = placed[index] = max(math.floor(rows[index]), previous + 1)
    following = height
    for index in reversed(order):
        following = placed[index] = min(placed[index], following - 1)
    return placed
