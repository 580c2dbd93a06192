"""Pictures of the other scenarios: makers over time, history beside simulation, and what the outcomes hang on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from marketsim.markdown import shown, shown_unit, unit_of
from marketsim.scenario.target_file import Target
from marketsim.state import Floats
from marketsim.targets import bounds, centre
from marketsim.validation.drawing import BLUE, GREY, INK, ORANGE, fan, figure, plain_log, svg, whole_years
from marketsim.validation.headlines import TEN
from marketsim.validation.sensitivity import Screening
from marketsim.validation.study import Case, band

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MEASURES = {
    "price": "price",
    "cards": "output",
    "active": "active at year's end",
    "capacity_use": "use of capacity contracts",
    "top10_margin": "median gross margin of the ten largest",
    "top10_share": "share of the ten largest",
}
"""What a panel is called, by measure; cards and prices are drawn on a logarithmic scale."""
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


@dataclass(frozen=True)
class Panel:
    """A measure by year, the figures of whole years that it is set against, and those on its lowest year in a span.

    template: a target that measures it, of any period.
    """

    template: Target
    points: list[Target]
    troughs: list[Target]


def history(case: Case, panels: list[Panel]) -> str:
    """One panel a measure: median and middle 80 % of runs by year, and the reported figures with their tolerance."""
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    with figure(0.3 + 2.5 * rows, rows, columns) as (drawn, axes):
        for axis, panel in zip(axes, panels, strict=False):
            _draw(axis, case, panel)
        for axis in axes[len(panels) :]:
            axis.set_visible(False)
        return svg(drawn)


def _draw(axes: Axes, case: Case, panel: Panel) -> None:
    measure, unit = panel.template.measure, unit_of(panel.template)
    factor = shown(1.0, unit)
    values = factor * case.yearly(panel.template)
    if measure in ("price", "cards"):
        plain_log(axes, "y")
        values = np.where(values > 0, values, np.nan)
    fan(axes, case.years, values, BLUE)
    for target in panel.points:
        _mark(axes, target, factor)
    for target in panel.troughs:
        first, last = (int(year[:4]) for year in target.period.split("-"))
        low, high = (factor * end for end in bounds(target))
        edge = "-" if target.use == "fit" else "--"
        axes.fill_between([first, last], low, high, facecolor=ORANGE, alpha=0.15, linewidth=0)
        axes.plot([first, last, last, first, first], [low, low, high, high, low], edge, color=ORANGE, linewidth=0.8)
    axes.set_title(case.words.text(f"{MEASURES[measure]}, {shown_unit(unit, case.words)}"))
    whole_years(axes, case.years, max(1, len(case.years) // 5))


def _mark(axes: Axes, target: Target, factor: float) -> None:
    """A reported figure of a whole year: filled if fitted, hollow if predicted; the line is the tolerance."""
    low, high = (factor * end for end in bounds(target))
    year = int(target.period)
    axes.plot([year, year], [low, high], color=ORANGE, linewidth=1)
    face = ORANGE if target.use == "fit" else "white"
    axes.plot([year], [factor * centre(target)], "D", color=ORANGE, markerfacecolor=face, markersize=4.5, zorder=5)


def experience(case: Case, price: Panel) -> str:
    """Price over cumulative output on logarithmic scales, and the reported prices at the simulated output."""
    cards = case.yearly(price.template.model_copy(update={"measure": "cards"}))
    output = band(case.trace.installed.sum() + np.cumsum(cards, axis=0))[1]
    middle = band(case.yearly(price.template))[1]
    with figure(3.6) as (drawn, (axes,)):
        plain_log(axes, "x")
        plain_log(axes, "y")
        axes.plot(output, middle, "o-", color=BLUE, markersize=4, linewidth=1.5)
        for year, x, y in list(zip(case.years, output, middle, strict=True))[:: max(1, len(output) // 6)]:
            axes.annotate(str(year), (x, y), xytext=(4, 5), textcoords="offset points", color=BLUE, fontsize=8)
        for target in price.points:
            x = output[case.years.index(int(target.period))]
            axes.plot([x], [centre(target)], "D", color=ORANGE, markersize=4.5)
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
