"""What can be measured of a trace: one small function for each measure, over a span of quarters and some vendors.

Every measure gives one number of each run, so that its median and range over runs can be set against a reported figure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from marketsim.outcomes import ACTIVE, gross_margins, herfindahl, largest_fall, largest_sellers, median_known
from marketsim.rules.arrays import ratio, total
from marketsim.scenario.fields import quarter_index
from marketsim.state import Floats, Ints
from marketsim.trace import Trace

_PERIOD = re.compile(r"(\d{4})(?:Q([1-4])|H([12]))?")


def quarters_of(period: str) -> tuple[int, int]:
    """First and last quarter index of `2025`, `2025H1`, `2025Q2`, or of a span such as `2011-2014`.

    Raises ValueError for anything else.
    """
    first, dash, last = period.partition("-")
    ends = [_PERIOD.fullmatch(part) for part in ((first, last) if dash else (first,))]
    if not all(ends):
        raise ValueError("is not a period such as 2025, 2025H1, 2025Q2 or 2011-2014")
    spans = [_span(*(match.groups() if match else ())) for match in ends]
    if spans[0][0] > spans[-1][1]:
        raise ValueError("ends before it begins")
    return spans[0][0], spans[-1][1]


def _span(year: str, quarter: str | None, half: str | None) -> tuple[int, int]:
    first = int(quarter) if quarter else 2 * int(half) - 1 if half else 1
    last = int(quarter) if quarter else 2 * int(half) if half else 4
    start = quarter_index(f"{year}Q1")
    return start + first - 1, start + last - 1


@dataclass(frozen=True)
class View:
    """What a measure looks at: a trace, quarters `when` [q] by position, vendors `who` [v] or nodes by index."""

    trace: Trace
    when: slice
    who: Ints

    def summed(self, name: str) -> Floats:
        """A series of the chosen vendors added over the quarters, [r]."""
        return total(self.by_vendor(name), axis=0)

    def mean(self, name: str) -> Floats:
        """The mean over the quarters of a series of the market [q,r], or of the chosen nodes [q,n,r], [r]."""
        series = getattr(self.trace, name)[self.when]
        chosen: Floats = series if series.ndim == 2 else total(series[:, self.who], axis=1)
        return total(chosen, axis=0) / len(chosen)

    def of_all(self, name: str) -> Floats:
        """A series of all vendors added over the quarters, [r]."""
        return total(total(self._series(name, slice(None)), axis=0), axis=0)

    def by_vendor(self, name: str) -> Floats:
        """A series of the chosen vendors, each added over the quarters, [v,r]."""
        return total(self._series(name, self.who), axis=0)

    def by_year(self, name: str) -> Floats:
        """A series of the chosen vendors added by calendar year, [y,v,r]; the period must be whole years."""
        series = self._series(name, self.who)
        return total(series.reshape(-1, 4, *series.shape[1:]), axis=1)

    def _series(self, name: str, vendors: Ints | slice) -> Floats:
        series: Floats = getattr(self.trace, name)[self.when][:, vendors]
        return series


def price(view: View) -> Floats:
    """Revenue over cards."""
    return ratio(view.summed("revenue"), view.summed("cards"))


def gross_margin(view: View) -> Floats:
    """(Revenue - cost of goods) / revenue."""
    revenue = view.summed("revenue")
    return ratio(revenue - view.summed("cost_of_goods"), revenue)


def share_of_cards(view: View) -> Floats:
    """Cards of the chosen vendors over those of all."""
    return ratio(view.summed("cards"), view.of_all("cards"))


def share_of_value(view: View) -> Floats:
    """Revenue of the chosen vendors over that of all."""
    return ratio(view.summed("revenue"), view.of_all("revenue"))


def dies(view: View) -> Floats:
    """Cards sold times the dies on a card, k dies."""
    per_card = view.trace.parameters.dies_per_card[view.who]
    return total(view.by_vendor("cards") * per_card, axis=0)


def active(view: View) -> Floats:
    """Vendors with sales in the last quarter."""
    sold = view.trace.cards[view.when][-1][view.who]
    return total(1.0 * (sold > ACTIVE), axis=0)


def fall_in_active(view: View) -> Floats:
    """Largest fall of the number of vendors with sales from an earlier peak within the period, share of the peak."""
    sold = view.trace.cards[view.when][:, view.who]
    return largest_fall(total(1.0 * (sold > ACTIVE), axis=1))


def capacity_use(view: View) -> Floats:
    """Wafers started over capacity contracts."""
    return ratio(view.summed("wafers"), view.summed("contracts"))


def capacity_use_trough(view: View) -> Floats:
    """Lowest yearly capacity use."""
    wafers, contracts = (total(view.by_year(name), axis=1) for name in ("wafers", "contracts"))
    trough: Floats = ratio(wafers, contracts, otherwise=1.0).min(axis=0)
    return trough


def top10_share(view: View) -> Floats:
    """Share of the ten largest in the cards of the chosen vendors."""
    cards = view.by_vendor("cards")
    return ratio(total(-np.sort(-cards, axis=0)[:10], axis=0), total(cards, axis=0))


def hhi(view: View) -> Floats:
    """Herfindahl-Hirschman index of the chosen vendors' shares of revenue."""
    revenue = view.by_vendor("revenue")
    return herfindahl(ratio(revenue, total(revenue, axis=0)))


def top10_margin(view: View) -> Floats:
    """Median gross margin of the ten largest by revenue."""
    return _median_margin_of_largest(view.by_vendor("revenue"), view.by_vendor("cost_of_goods"))


def top10_margin_trough(view: View) -> Floats:
    """Lowest yearly median gross margin of the ten largest by revenue."""
    years = zip(view.by_year("revenue"), view.by_year("cost_of_goods"), strict=True)
    trough: Floats = np.min([_median_margin_of_largest(revenue, cost) for revenue, cost in years], axis=0)
    return trough


def _median_margin_of_largest(revenue: Floats, cost: Floats) -> Floats:
    """[r] from [v,r]; firms without revenue do not count, and without any the margin is 0."""
    largest = largest_sellers(revenue)
    sales, costs = (np.take_along_axis(flow, largest, axis=0) for flow in (revenue, cost))
    return np.nan_to_num(median_known(gross_margins(sales, costs)))


def learning_rate(view: View) -> Floats:
    """1 - 2^b, b the slope of log2 yearly price on log2 cumulative output, output before the start included."""
    cards, revenue = (total(view.by_year(name), axis=1) for name in ("cards", "revenue"))
    before = total(total(view.trace.cards[: view.when.start][:, view.who], axis=0), axis=0)
    earlier = before + view.trace.installed[view.who].sum()
    output = np.maximum(earlier + np.cumsum(cards, axis=0), ACTIVE)
    x, y = np.log2(output), np.log2(ratio(revenue, cards, otherwise=1.0))
    deviation = x - x.mean(axis=0)
    slope = ratio(total(deviation * (y - y.mean(axis=0)), axis=0), total(deviation**2, axis=0))
    return np.asarray(1 - np.exp2(slope))


def generation_gap(view: View) -> Floats:
    """Quarters between a vendor's products: from first to last launch of all chosen vendors, over the gaps between."""
    launched = view.trace.launches[view.when][:, view.who] > 0
    quarters = len(launched)
    first = np.where(launched.any(axis=0), launched.argmax(axis=0), 0)
    last = np.where(launched.any(axis=0), quarters - 1 - launched[::-1].argmax(axis=0), 0)
    gaps = np.maximum(total(1.0 * launched, axis=0) - 1, 0.0)
    return ratio(total(1.0 * (last - first), axis=0), total(gaps, axis=0))


def production_lead(view: View) -> Floats:
    """Quarters from wafer start to a card that can be sold: a number of the scenario."""
    return np.full(view.trace.cards.shape[-1], float(view.trace.parameters.technology.production_lead))


def design_time(view: View) -> Floats:
    """Quarters from starting a product to tape-out on the chosen node: a number of the scenario."""
    times = view.trace.parameters.of_nodes("design_time")[view.who, 0]
    return np.full(view.trace.cards.shape[-1], times.mean())


@dataclass(frozen=True)
class Measure:
    """A measure: its unit, whether it looks at nodes instead of vendors, and how it is computed from a view."""

    unit: str
    compute: Callable[[View], Floats]
    of_node: bool = False
    years: bool = False
    """needs whole calendar years"""


def _sum(name: str) -> Callable[[View], Floats]:
    return lambda view: view.summed(name)


def _mean(name: str) -> Callable[[View], Floats]:
    return lambda view: view.mean(name)


MEASURES: Mapping[str, Measure] = {
    "cards": Measure("k cards", _sum("cards")),
    "dies": Measure("k dies", dies),
    "revenue": Measure("rmb_m", _sum("revenue")),
    "demand": Measure("rmb_m", lambda view: total(view.trace.demand[view.when], axis=0)),
    "price": Measure("krmb/card", price),
    "gross_margin": Measure("1", gross_margin),
    "net_income": Measure("rmb_m", _sum("net_income")),
    "research": Measure("rmb_m", _sum("research")),
    "raised": Measure("rmb_m", _sum("raised")),
    "share_of_cards": Measure("1", share_of_cards),
    "share_of_value": Measure("1", share_of_value),
    "hhi": Measure("1", hhi),
    "top10_share": Measure("1", top10_share),
    "top10_margin": Measure("1", top10_margin),
    "top10_margin_trough": Measure("1", top10_margin_trough, years=True),
    "active": Measure("firms", active),
    "fall_in_active": Measure("1", fall_in_active),
    "capacity_use": Measure("1", capacity_use),
    "capacity_use_trough": Measure("1", capacity_use_trough, years=True),
    "learning_rate": Measure("1", learning_rate, years=True),
    "generation_gap": Measure("quarters", generation_gap),
    "production_lead": Measure("quarters", production_lead),
    "design_time": Measure("quarters", design_time, of_node=True),
    "wafer_limit": Measure("k wafers/quarter", _mean("wafer_limit"), of_node=True),
    "good_dies": Measure("dies/wafer", _mean("good_dies"), of_node=True),
    "tokens": Measure("trillion/day", _mean("tokens")),
    "inference": Measure("1", _mean("inference")),
    "cost_per_million_tokens": Measure("RMB", _mean("cost_per_million_tokens")),
}
