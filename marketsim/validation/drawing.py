"""The look of the pictures, and how they are saved so that the same numbers give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from marketsim.state import Floats
from marketsim.validation.study import band

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PURPLE, GREY, PALE = "#0072B2", "#D55E00", "#009E73", "#AA4499", "#6B6B6B", "#E9EEF2"
"""Colours that differ for colour-blind readers too (Okabe and Ito), but for the last two."""
INK = "#2B2B2B"
WIDTH = 7.2
"""inches: about 700 pixels"""
LINE = 17
"""pixels of the canvas, 100 of them an inch, that a line of text takes"""

STYLE: Any = {
    "svg.hashsalt": "marketsim",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",  # ships with matplotlib, so that layout is the same everywhere
    "figure.dpi": 100,
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#9A9A9A",
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#ECECEC",
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
}


@contextmanager
def figure(height: float, rows: int = 1, columns: int = 1, **options: Any) -> Iterator[tuple[Figure, list[Axes]]]:
    """A figure with its axes, row by row, in the style of the report.  height: inches."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        drawn = Figure(figsize=(WIDTH, height))
        FigureCanvasAgg(drawn)
        axes = drawn.subplots(rows, columns, squeeze=False, **options)
        yield drawn, list(axes.flat)


def svg(drawn: Figure) -> str:
    """The figure as SVG, without date and program. Where the font is missing, one as wide as it takes its place."""
    stream = io.StringIO()
    drawn.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue().replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def fan(axes: Axes, years: list[int] | Floats, values: Floats, colour: str, **line: Any) -> float:
    """Median and middle 80 % of runs over time; gives the last median.  values: [time, run]."""
    low, middle, high = band(values)
    axes.fill_between(years, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.plot(years, middle, color=colour, linewidth=1.8, **line)
    return float(middle[-1])


def names_beside(axes: Axes, x: float, ends: list[tuple[float, str, str]]) -> None:
    """Names (height, text, colour) to the right of the ends of lines, moved apart where they would meet."""
    left, right = axes.get_xlim()
    axes.set_xlim(left, right + 0.17 * (right - left))
    to_points, from_points = axes.transData.transform, axes.transData.inverted().transform
    lowest = -np.inf
    for y, text, colour in sorted(ends):
        lowest = max(float(to_points((x, y))[1]), lowest + LINE)
        height = float(from_points((0.0, lowest))[1])
        axes.annotate(
            *(text, (x, height)),
            xytext=(5, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            annotation_clip=False,
        )


def whole_years(axes: Axes, years: list[int], step: int = 1) -> None:
    """Ticks at whole years."""
    axes.set_xticks(years[::step], [str(year) for year in years[::step]])


def plain_log(axes: Axes, which: str) -> None:
    """A logarithmic axis whose ticks are written as ordinary numbers.  which: x or y."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def thousands(axes: Axes) -> None:
    """Upright numbers with commas."""
    from matplotlib.ticker import FuncFormatter

    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
