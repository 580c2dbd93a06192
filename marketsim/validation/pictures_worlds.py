"""Pictures of the other scenarios: makers over time, history beside simulation, and what the outcomes hang on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marketsim.scenario.target_file import Target
from marketsim.state import Floats
from marketsim.validation.drawing import BLUE, GREY, INK, ORANGE, fan, figure, plain_log, svg, whole_years
from marketsim.validation.headlines import TEN
from marketsim.validation.sensitivity import Screening
from marketsim.validation.study import Case, band
from marketsim.validation.text import bounds, centre, shown, shown_unit, unit_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MEASURES = {
    "price": "price",
    "active": "firms with sales at year's end",
    "capacity_use": "use of capacity contracts",
    "top10_margin": "median gross margin of the ten largest",
    "top10_share": "share of the ten largest",
    "cards": "cards sold",
    "demand": "what buyers came to spend",
}
"""What a panel is called, by measure; those in money, cards and prices are drawn on a logarithmic scale."""
ROW = 3
"""Small pictures side by side."""


def active_firms(cases: dict[str, Case]) -> str:
    """Active domestic firms over time in each scenario, a small picture each."""
    from matplotlib.ticker import MaxNLocator

    rows = -(-len(cases) // ROW)
    with figure(0.4 + 1.9 * rows, rows, ROW) as (drawn, axes):
        for axis, case in zip(axes, cases.values(), strict=False):
            active = case.played.outcomes.active
            start = int(case.trace.quarters[0][:4]) + (int(case.trace.quarters[0][-1]) - 1) / 4
            times = start + np.arange(len(active)) / 4
            fan(axis, times, active, BLUE)
            axis.set_title(case.world.title.en, fontsize=9)
            axis.set_ylim(0)
            axis.yaxis.set_major_locator(MaxNLocator(5, integer=True))
            first, last = int(times[0]), int(times[-1])
            axis.set_xticks([first, (first + last) // 2, last])
        for axis in axes[len(cases) :]:
            axis.set_visible(False)
        for axis in axes[::ROW]:
            axis.set_ylabel("firms with sales")
        return svg(drawn)


def history(case: Case, by_measure: dict[str, list[Target]]) -> str:
    """One panel a measure: median and middle 80 % of runs by year, and the reported figures with their tolerance.

    by_measure: targets of whole years, those of a measure of the same vendors.
    """
    columns = min(2, len(by_measure))
    rows = -(-len(by_measure) // columns)
    with figure(0.3 + 2.5 * rows, rows, columns) as (drawn, axes):
        for axis, (measure, targets) in zip(axes, by_measure.items(), strict=False):
            _panel(axis, case, measure, targets)
        for axis in axes[len(by_measure) :]:
            axis.set_visible(False)
        return svg(drawn)


def _panel(axes: Axes, case: Case, measure: str, targets: list[Target]) -> None:
    years, unit = case.years, unit_of(targets[0])
    values = shown(1.0, unit) * case.yearly(targets[0])
    if measure in ("price", "cards", "demand"):
        plain_log(axes, "y")
        values = np.where(values > 0, values, np.nan)
    fan(axes, years, values, BLUE)
    _marks(axes, targets, shown(1.0, unit))
    axes.set_title(f"{case.words.text(MEASURES[measure])}, {shown_unit(unit, case.words)}")
    whole_years(axes, years, max(1, len(years) // 5))


def _marks(axes: Axes, targets: list[Target], factor: float) -> None:
    """Reported figures of whole years: filled if fitted, hollow if predicted; the line is the tolerance."""
    for target in targets:
        low, high = (factor * end for end in bounds(target))
        year = int(target.period)
        axes.plot([year, year], [low, high], color=ORANGE, linewidth=1)
        face = ORANGE if target.use == "fit" else "white"
        axes.plot([year], [factor * centre(target)], "D", color=ORANGE, markerfacecolor=face, markersize=4.5, zorder=5)


def experience(case: Case, prices: list[Target]) -> str:
    """Price over cumulative output on logarithmic scales, and the reported prices at the simulated output."""
    of = {"measure": "cards", "unit": "k cards", "against": None}
    cards = case.yearly(prices[0].model_copy(update=of))
    output = band(case.trace.installed.sum() + np.cumsum(cards, axis=0))[1]
    price = band(case.yearly(prices[0]))[1]
    with figure(3.6) as (drawn, (axes,)):
        plain_log(axes, "x")
        plain_log(axes, "y")
        axes.plot(output, price, "o-", color=BLUE, markersize=4, linewidth=1.5)
        for year, x, y in list(zip(case.years, output, price, strict=True))[:: max(1, len(output) // 6)]:
            axes.annotate(str(year), (x, y), xytext=(4, 5), textcoords="offset points", color=BLUE, fontsize=8)
        for target in prices:
            year = int(target.period)
            if year in case.years:
                axes.plot([output[case.years.index(year)]], [centre(target)], "D", color=ORANGE, markersize=4.5)
        axes.set_xlabel(case.words.text("cumulative output, thousand cards"))
        axes.set_ylabel(f"price, {shown_unit('krmb/card', case.words)}")
        return svg(drawn)


def heat_map(screening: Screening) -> str:
    """mu* of every parameter on every outcome as a share of the largest on that outcome, in per cent."""
    relative = 100 * screening.relative
    order = np.argsort(-relative.sum(axis=0), kind="stable")
    shares: Floats = relative[:, order].T
    names = [screening.names[index] for index in order]
    with figure(1.6 + 0.21 * len(names)) as (drawn, (axes,)):
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=130, aspect="auto")
        for (row, column), value in np.ndenumerate(shares):
            colour = "white" if value > 80 else INK if value >= 10 else GREY
            axes.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=7, color=colour)
        axes.set_yticks(range(len(names)), names, fontsize=8)
        axes.set_xticks(range(len(TEN)), [headline.title for headline in TEN], rotation=35, ha="left", fontsize=8)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.grid(visible=False)
        for side in axes.spines.values():
            side.set_visible(False)
        return svg(drawn)
