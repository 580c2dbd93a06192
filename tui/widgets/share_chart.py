"""Shares of a whole over named x labels, stacked: `ShareChart`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from textual.strip import Strip

from tui.palette import mark
from tui.widgets.axes import Format, Frame, Tag, axes_of, by_column, draw_axes, draw_tags, finite, last_of, scale_of
from tui.widgets.canvas import Canvas, Chart, Ink

_MOST = 7


@dataclass(frozen=True)
class Share:
    """One vendor's part of the whole.

    values: one for each x label from the first on, in any unit, since each label's sum is the whole; a missing or
    negative value is nothing.  slot: which vendor it is, as in `Series`.
    """

    name: str
    values: Sequence[float]
    own: bool = False
    slot: int | None = None


@dataclass(frozen=True)
class _Area:
    """An area made ready: its shares of the whole (0 to 1) by label, letter, colour."""

    shares: tuple[float, ...]
    tag: Tag

    @property
    def last(self) -> float:
        return _known(last_of(self.shares))


def _known(share: float) -> float:
    return 0.0 if math.isnan(share) else share


class ShareChart(Chart):
    """Areas that fill the height together: the player's at the foot, where it is easiest to read, then by size.

    chart.show(
        [Share("Ours", [2, 3, 5], own=True), Share("华为昇腾", [40, 38, 35]), Share("Hygon", [4, 4, 5])],
        labels=["2026Q1", "2026Q2", "2026Q3"],
        others="Others",
    )
    """

    DEFAULT_CSS = "ShareChart { height: 1fr; }"

    _shares: tuple[Share, ...] = ()
    _labels: tuple[str, ...] = ()
    _others = ""
    _format: Format = "{:.0%}".format

    def show(
        self, shares: Sequence[Share], labels: Sequence[str], others: str, format: Format = "{:.0%}".format
    ) -> None:
        """Draw these shares.

        others: name of the area for the smallest vendors, where there are more than seven or than lines for names.
        format: text of a share of 0 to 1.  Raises ValueError if there are more values than labels.
        """
        for one in shares:
            if len(one.values) > len(labels):
                raise ValueError(f"share {one.name!r}: {len(one.values)} values for {len(labels)} labels")
        self._shares, self._labels, self._others, self._format = tuple(shares), tuple(labels), others, format
        self.changed()

    @property
    def is_empty(self) -> bool:
        """Whether there is no label to draw anything over."""
        return not self._labels

    def draw(self, width: int, height: int, ink: Ink) -> list[Strip]:
        """All lines, `height` strips of `width` cells."""
        areas = self._areas(min(_MOST, max(height - 2, 2)), ink)
        tags = [area.tag for area in areas]
        frame, scale = axes_of(
            width, height, tags, ink, self._format, lambda rows: scale_of((), rows, self._format, 0.0, 1.0)
        )
        canvas = Canvas(width, height, ink)
        draw_axes(canvas, frame, scale, self._format, self._labels)
        columns = [by_column(area.shares, len(self._labels), frame.width) for area in areas]
        for x, shares in enumerate(zip(*columns, strict=True), frame.left):
            if not any(map(math.isnan, shares)):
                _draw_column(canvas, frame, x, shares, tags)
        if not (ink.ascii or ink.no_color):
            _draw_marks(canvas, frame, columns, tags)
        tops = accumulate(area.last for area in areas)
        rows = [scale.at(top - area.last / 2, frame.height) + 0.5 for top, area in zip(tops, areas, strict=True)]
        draw_tags(canvas, frame, tags, rows)
        return canvas.strips()

    def _areas(self, most: int, ink: Ink) -> list[_Area]:
        """From below: the player's, the largest at the end, and the rest as one."""
        areas = []
        for index, (share, part) in enumerate(zip(self._shares, _parts(self._shares), strict=True)):
            slot = index if share.slot is None else share.slot
            color = ink.palette.color(slot, share.own)
            areas.append(
                _Area(
                    part, Tag(mark(slot, share.own), share.name, self._format(_known(last_of(part))), color, share.own)
                )
            )
        areas.sort(key=lambda area: (not area.tag.own, -area.last))
        if len(areas) <= most:
            return areas
        rest = tuple(map(sum, zip(*(area.shares for area in areas[most - 1 :]), strict=True)))
        tag = Tag(mark(None), self._others, self._format(_known(last_of(rest))), ink.palette.others)
        return [*areas[: most - 1], _Area(rest, tag)]


def _parts(shares: Sequence[Share]) -> list[tuple[float, ...]]:
    """Each one's part of the whole by label, NaN where the whole is nothing."""
    count = max((len(share.values) for share in shares), default=0)
    amounts = [
        [amount if amount > 0 else 0.0 for amount in finite(share.values)] + [0.0] * (count - len(share.values))
        for share in shares
    ]
    wholes = [sum(column) or math.nan for column in zip(*amounts, strict=True)]
    return [tuple(amount / whole for amount, whole in zip(row, wholes, strict=True)) for row in amounts]


def _draw_column(canvas: Canvas, frame: Frame, x: int, shares: Sequence[float], tags: Sequence[Tag]) -> None:
    """One column of all areas; in letters where there is no colour or nothing but ASCII."""
    ink = canvas.ink
    edges = [round(edge * frame.height * 8) for edge in accumulate(shares)]
    if not (ink.ascii or ink.no_color):
        canvas.fill(
            x, frame.top, frame.height, [(edge, _paint(tag, ink)) for edge, tag in zip(edges, tags, strict=True)]
        )
        return
    for row in range(frame.height):
        middle = (frame.height - row) * 8 - 4
        index = next((index for index, edge in enumerate(edges) if edge > middle), len(edges) - 1)
        canvas.put(x, frame.top + row, tags[index].mark, ink.style(tags[index].color, reverse=tags[index].own))


def _paint(tag: Tag, ink: Ink) -> str:
    return tag.color if tag.own else ink.tint(tag.color, 0.7)


def _draw_marks(canvas: Canvas, frame: Frame, columns: Sequence[Sequence[float]], tags: Sequence[Tag]) -> None:
    """Each area's letter where it is highest, if a line of text fits into it there."""
    ink = canvas.ink
    for index, (heights, tag) in enumerate(zip(columns, tags, strict=True)):
        x = max(range(1, frame.width - 1), key=lambda x: _known(heights[x]), default=0)
        if _known(heights[x]) * frame.height < 1.75:
            continue
        middle = sum(heights[x] for heights in columns[:index]) + heights[x] / 2
        paint = _paint(tag, ink)
        # The terminal's default colour has no name as a ground.
        style = ink.style(bold=True, reverse=True) if paint == "ansi_default" else ink.style(ink.on(paint), paint, True)
        canvas.put(frame.left + x, frame.top + int((1 - middle) * frame.height), tag.mark, style)
