"""Pictures of the default scenario beside what is reported of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marketsim.state import Floats
from marketsim.targets import Comparison, bounds, centre
from marketsim.validation.drawing import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    fan,
    figure,
    names_beside,
    plain_log,
    svg,
    thousands,
    whole_years,
)
from marketsim.validation.study import Case, band

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FAR = 4.0
"""Tolerances beyond which a distance is drawn at the edge."""


def distances(comparisons: list[Comparison]) -> str:
    """Distance of every target in tolerances: dot at the median run, line over the middle 80 % of runs."""
    rows = len(comparisons)
    with figure(0.9 + 0.19 * rows) as (drawn, (axes,)):
        axes.axvspan(-1, 1, color=PALE, zorder=0)
        axes.axvline(0, color=GREY, linewidth=0.8)
        for row, comparison in enumerate(comparisons):
            _distance(axes, row, comparison)
        for row in range(1, rows):
            if comparisons[row].target.group != comparisons[row - 1].target.group:
                axes.axhline(row - 0.5, color="#DADADA", linewidth=0.6)
        axes.set_yticks(range(rows), [f"{c.target.title.en}  [{c.target.group}]" for c in comparisons], fontsize=7.5)
        axes.set_ylim(rows - 0.3, -0.7)
        axes.set_xlim(-FAR - 0.25, FAR + 0.25)
        axes.grid(axis="y", visible=False)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("distance in tolerances; group in brackets")
        _key(axes)
        return svg(drawn)


def _distance(axes: Axes, row: int, comparison: Comparison) -> None:
    low, middle, high = (float(value) for value in np.clip(band(comparison.distance), -FAR, FAR))
    colour = BLUE if comparison.target.use == "fit" else ORANGE
    axes.plot([low, high], [row, row], color=colour, linewidth=1.2, solid_capstyle="butt")
    marker = ("<" if comparison.miss < 0 else ">") if abs(comparison.miss) > FAR else "o"
    face = "white" if comparison.target.input else colour
    axes.plot([middle], [row], marker, color=colour, markerfacecolor=face, markersize=5)


def _key(axes: Axes) -> None:
    """What the marks mean, above the picture."""
    marks = [
        ("fitted", BLUE, BLUE),
        ("fitted, set by the scenario", BLUE, "white"),
        ("predicted", ORANGE, ORANGE),
        ("predicted, set by the scenario", ORANGE, "white"),
    ]
    handles = [
        axes.plot([], [], "o", color=c, markerfacecolor=face, markersize=5, label=text)[0] for text, c, face in marks
    ]
    axes.legend(handles=handles, ncols=2, frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(-0.3, 1.0))


def cards_by_vendor(case: Case) -> str:
    """Cards of the first year by vendor, simulated and reported."""
    year = case.years[0]
    known = {
        figure.vendor: figure.value
        for figure in case.world.reported
        if figure.metric == "cards" and figure.vendor is not None and figure.half is None and figure.year == year
    }
    names = sorted(known, key=lambda name: known[name])
    titles = {name: vendor.title.en for name, vendor in case.world.vendors.items()}
    titles |= {name: supplier.title.en for name, supplier in case.world.foreign.items()}
    vendors = case.trace.parameters.vendors
    with figure(0.8 + 0.32 * len(names)) as (drawn, (axes,)):
        for row, name in enumerate(names):
            cards = case.played.outcomes.cards[vendors.index(name), case.played.outcomes.years.index(year)]
            low, middle, high = (float(value) for value in band(cards))
            axes.plot([low, high], [row, row], color=BLUE, linewidth=2, solid_capstyle="butt")
            axes.plot([middle], [row], "o", color=BLUE, markersize=6)
            axes.plot([known[name]], [row], "|", color=INK, markersize=15, markeredgewidth=1.8)
        axes.set_yticks(range(len(names)), [titles[name] for name in names])
        plain_log(axes, "x")
        axes.set_xlabel(case.words.text(f"thousand cards in {year}, logarithmic scale"))
        axes.set_title("bar: reported; dot and line: median and middle 80 % of runs")
        axes.grid(axis="y", visible=False)
        return svg(drawn)


def market(case: Case) -> str:
    """Market value, demand and domestic share over the years, with the reported points."""
    years = case.years
    revenue = _by_year(case.trace.revenue.sum(axis=1), len(years)) / 1000
    demand = _by_year(case.trace.demand, len(years)) / 1000
    with figure(5.6, 2, sharex=True) as (drawn, (money, shares)):
        _points(money, case, ("revenue",), None, 1e-3, BLUE)
        _points(money, case, ("demand",), None, 1e-3, ORANGE)
        ends = [(fan(money, years, demand, ORANGE), "wanted", ORANGE), (fan(money, years, revenue, BLUE), "sold", BLUE)]
        money.set_title("Market value and what buyers came to spend, RMB bn a year")
        money.set_ylim(0)
        thousands(money)
        names_beside(money, years[-1], ends)
        ends = []
        for measure, colour, name in (("share_of_value", BLUE, "of value"), ("share_of_cards", GREEN, "of cards")):
            played = case.played.yearly(f"domestic_{measure.replace('_of', '')}")[: len(years)]
            _points(shares, case, (measure,), ["domestic"], 100, colour)
            ends.append((fan(shares, years, 100 * played, colour), case.words.text(name), colour))
        shares.set_title(case.words.text("Domestic share, %"))
        shares.set_ylim(0, 105)
        whole_years(shares, years)
        names_beside(shares, years[-1], ends)
        return svg(drawn)


def _points(
    axes: Axes, case: Case, measures: tuple[str, ...], of: list[str] | None, factor: float, colour: str
) -> None:
    """Targets of whole years as points with their tolerance; hollow where the scenario sets them."""
    for comparison in case.comparisons:
        target = comparison.target
        if target.measure in measures and target.of == of and target.period.isdigit() and target.against is None:
            low, high = (factor * end for end in bounds(target))
            year, middle = int(target.period), factor * centre(target)
            axes.plot([year, year], [low, high], color=colour, linewidth=1, alpha=0.8)
            face = "white" if target.input else colour
            axes.plot([year], [middle], "D", color=colour, markerfacecolor=face, markersize=5, zorder=5)


def capacity(case: Case) -> str:
    """Wafers that foundries can start, hold under contract and start; and what binds."""
    trace = case.trace
    quarters = np.array([int(name[:4]) + (int(name[-1]) - 1) / 4 for name in trace.quarters])
    limit = trace.wafer_limit.sum(axis=1)
    contracts, wafers = trace.contracts.sum(axis=1), trace.wafers.sum(axis=1)
    years = case.years
    with figure(5.6, 2) as (drawn, (amounts, uses)):
        words = case.words
        ends = [
            (fan(amounts, quarters, limit, GREY, linestyle="--"), words.text("foundries' limit"), GREY),
            (fan(amounts, quarters, contracts, ORANGE), "contracts", ORANGE),
            (fan(amounts, quarters, wafers, BLUE), words.text("wafers started"), BLUE),
        ]
        amounts.set_title(words.text("Capacity, thousand wafers a quarter, all nodes"))
        amounts.set_ylim(0)
        whole_years(amounts, years)
        names_beside(amounts, float(quarters[-1]), ends)
        lines = (
            ("foundry_use", GREY, "scarcest node"),
            ("scarce_memory_use", GREEN, "scarce memory"),
            ("capacity_use", ORANGE, "contracts"),
        )
        ends = []
        for name, colour, said in lines:
            values = 100 * case.played.yearly(name)[: len(years)]
            ends.append((fan(uses, years, values, colour), words.text(said), colour))
        uses.set_title("In use, %: at 100 the limit binds")
        uses.set_ylim(0, 105)
        whole_years(uses, years)
        names_beside(uses, years[-1], ends)
        return svg(drawn)


def _by_year(series: Floats, years: int) -> Floats:
    """Quarterly sums [q,r] as yearly ones [y,r]."""
    sums: Floats = series[: 4 * years].reshape(years, 4, -1).sum(axis=1)
    return sums
