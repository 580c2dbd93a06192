"""A page of HTML that needs nothing but itself: headings, texts, bars, charts and tables, in any language.

It is made of texts that are translated already; all of them are escaped. Charts are SVG of some lines each: a library
that draws them would either weigh more than the program or load scripts from the net, and could not follow the
reader's light or dark colours. Templates: templates/page.html, and for a picture of its own picture.svg.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from marketsim.reports.charts import FONTS

if TYPE_CHECKING:
    from jinja2 import Template

Kind = Literal["own", "other", "second", "own-reference", "second-reference"]
"""Colour and dashes of a line: the player's or the first, what it is set against, a second one, and references."""

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 560.0, 220.0, 52.0, 12.0, 532.0, 192.0
"""Size of a chart, and where its plot is in it."""
HEAD, LINE = 74.0, 20.0
"""Of a picture of its own: height of what stands above the chart, and of a bar or an entry of the legend."""
MOST_LABELS = 8
"""Labels below a chart."""


@dataclass(frozen=True)
class Text:
    """A paragraph.  weight: strong for what much depends on, quiet for a remark."""

    shape: ClassVar = "text"
    text: str
    weight: Literal["", "strong", "quiet"] = ""


@dataclass(frozen=True)
class Row:
    """A bar from zero.  text: the value as it is read.  kind: whose, or what the others add up to."""

    title: str
    value: float
    text: str
    kind: Literal["", "own", "total"] = ""


@dataclass(frozen=True)
class Bars:
    """Bars below each other on one scale; values are finite.

    title, name: what they show and the name of their file, where they are taken out of the page.
    """

    shape: ClassVar = "bars"
    rows: Sequence[Row]
    title: str = ""
    name: str = "bars"

    def spans(self) -> Iterator[tuple[Row, float, float]]:
        """Each row, where its bar starts and how long it is, per cent of the width."""
        low, whole = self._axis
        for row in self.rows:
            yield row, 100 * (min(row.value, 0.0) - low) / whole, 100 * abs(row.value) / whole

    @property
    def zero(self) -> float:
        """Where zero is, per cent of the width."""
        low, whole = self._axis
        return -100 * low / whole

    @property
    def _axis(self) -> tuple[float, float]:
        """The lowest value, and how far the highest is above it."""
        low, high = (end(0.0, *(row.value for row in self.rows)) for end in (min, max))
        return low, (high - low) or 1.0


@dataclass(frozen=True)
class Curve:
    """A line of a chart, NaN where there is no value."""

    name: str
    values: Sequence[float]
    kind: Kind = "own"


@dataclass(frozen=True)
class Chart:
    """Lines over labels.

    low, high: ends of the y axis.  ticks: values on it, with their texts.  numbered: places of labels at which the
    first line carries 1, 2, ...  name: of its file, where it is taken out of the page.
    """

    shape: ClassVar = "chart"
    title: str
    curves: Sequence[Curve]
    labels: Sequence[str]
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    numbered: Sequence[int] = ()
    name: str = "chart"

    def x(self, place: int) -> float:
        """Where a label is."""
        return LEFT + (RIGHT - LEFT) * (place / (len(self.labels) - 1) if len(self.labels) > 1 else 0.5)

    def y(self, value: float) -> float:
        """Where a value is, at an end of the axis if beyond it."""
        return BOTTOM - (BOTTOM - TOP) * min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def strokes(self, curve: Curve) -> list[str]:
        """The points of each stretch without gaps."""
        stretches: list[list[str]] = [[]]
        for place, value in enumerate(curve.values):
            if math.isnan(value):
                stretches.append([])
            else:
                stretches[-1].append(f"{self.x(place):.1f},{self.y(value):.1f}")
        return [" ".join(stretch) for stretch in stretches if stretch]

    def dots(self) -> list[tuple[float, float]]:
        """Where the numbers stand; one without a value stands nowhere."""
        values = self.curves[0].values
        known = [place for place in self.numbered if place < len(values) and not math.isnan(values[place])]
        return [(self.x(place), self.y(values[place])) for place in known]

    def shown_labels(self) -> list[tuple[float, str]]:
        """As many labels as can be read, evenly spaced, with where they are."""
        named = [place for place, label in enumerate(self.labels) if label]
        stride = max(-(-len(named) // MOST_LABELS), 1)
        return [(self.x(place), self.labels[place]) for place in named[::stride]]


@dataclass(frozen=True)
class Charts:
    """Charts side by side below what they are about, which may be empty."""

    shape: ClassVar = "charts"
    title: str
    charts: Sequence[Chart]


@dataclass(frozen=True)
class Point:
    """One of a numbered list: what, and why."""

    title: str
    text: str


@dataclass(frozen=True)
class Points:
    """A numbered list."""

    shape: ClassVar = "points"
    points: Sequence[Point]


@dataclass(frozen=True)
class Table:
    """Rows of texts below headings; all columns but the first `words` are figures.

    wide: small print.  form: the last column is to be filled in by hand.
    """

    shape: ClassVar = "table"
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1
    wide: bool = False
    form: bool = False


Block = Text | Bars | Charts | Points | Table


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """A whole page.  language: as in HTML, such as en or zh-CN.  facts: what it is about, in a few words each."""

    language: str
    title: str
    facts: Sequence[str]
    sections: Sequence[Section] = field(default=())
    made_with: str = ""


def render(page: Page) -> str:
    """The page as HTML."""
    return sheets([page], page.title)


def sheets(pages: Sequence[Page], title: str) -> str:
    """Pages below each other as HTML; printed, each begins a sheet of paper of its own.  title: of all of them."""
    return _template("page.html").render(pages=pages, title=title)


def draw(shown: Chart | Bars, title: str, about: tuple[str, str]) -> str:
    """A chart or bars as SVG that needs no page, on white paper.  about: lines that stand below the title."""
    size = HEIGHT + 8 + LINE * len(shown.curves) if isinstance(shown, Chart) else LINE * (len(shown.rows) + 1)
    picture = _template("picture.svg")
    return picture.render(shown=shown, title=title, about=about, head=HEAD, line=LINE, whole=HEAD + size, fonts=FONTS)


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = FileSystemLoader(Path(__file__).parent / "templates")
    made = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.globals |= {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
    return made.get_template(name)
