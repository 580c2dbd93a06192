"""The summary of an ensemble as tables for a policy analyst."""

from __future__ import annotations

from collections.abc import Callable

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from marketsim.ensemble import COUNTED, Summary
from marketsim.outcomes import METRICS
from marketsim.scenario.schema import Reported
from marketsim.state import Floats

PIPE_WIDTH = 160


def _percent(value: float) -> str:
    return f"{100 * value:.0f}"


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _two(value: float) -> str:
    return f"{value:.2f}"


ROWS: tuple[tuple[str, str, Callable[[float], str], float], ...] = (
    ("domestic_share_cards", "domestic share of cards, %", _percent, 1),
    ("domestic_share_value", "domestic share of value, %", _percent, 1),
    ("active_vendors", "active domestic vendors", _number, 1),
    ("hhi", "Herfindahl-Hirschman index", _two, 1),
    ("top5_share", "share of the top five, %", _percent, 1),
    ("cards", "cards sold, thousand", _number, 1),
    ("revenue", "market value, RMB bn", _number, 1e-3),
    ("price", "price per card, RMB thousand", _number, 1),
    ("cost_per_million_tokens", "cost per million tokens, RMB", _two, 1),
    ("foundry_use", "use of the scarcest node, %", _percent, 1),
    ("scarce_memory_use", "use of scarce memory (HBM), %", _percent, 1),
    ("capacity_use", "use of contracted capacity, %", _percent, 1),
    ("gross_margin", "gross margin, %", _percent, 1),
)
"""Outcome, what people call it, how it is written, and the factor to its unit here."""

CAUSES = {
    "entries": "entries a run",
    "exits_price_war": "exits: price war",
    "exits_idle_capacity": "exits: idle capacity",
    "exits_supply": "exits: no foundry or memory",
    "exits_software": "exits: software gap",
    "exits_funding": "exits: funding",
    "exits_acquired": "of these, acquired",
}


def print_summary(summary: Summary, policy: str | None = None) -> None:
    """Print the summary to standard output; wide where that is not a terminal."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PIPE_WIDTH)
    console.print(summary_view(summary, policy))


def summary_view(summary: Summary, policy: str | None = None) -> Group:
    """The whole summary: market by year, entries and exits, named vendors, the shakeout figure."""
    low, middle, high = (summary.quantile(level) for level in (0.1, 0.5, 0.9))
    named = f"{summary.scenario.title.en}{f', policy {policy}' if policy else ''}"
    head = Text(f"\n{named}: {summary.runs:,} runs, seed {summary.seed}", style="bold")
    return Group(
        head,
        Text("Median over runs, and in brackets the range of the middle 80 %.", style="dim"),
        _market(summary, low[0], middle[0], high[0]),
        _firms(summary),
        _vendors(summary, middle[1], middle[2]),
        Text(shakeout_sentence(summary) + "\n"),
    )


def _table(title: str, first: str, years: list[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for year in years:
        table.add_column(year, justify="right")
    return table


def _shown_years(summary: Summary) -> list[int]:
    """Positions of at most six years: the first four, and the rest at equal distances to the last."""
    count = len(summary.years)
    if count <= 6:
        return list(range(count))
    return sorted({0, 1, 2, 3, (count + 3) // 2, count - 1})


def _market(summary: Summary, low: Floats, middle: Floats, high: Floats) -> Table:
    shown = _shown_years(summary)
    table = _table("Market by year", "", [str(summary.years[year]) for year in shown])
    names = list(METRICS)
    for name, label, written, factor in ROWS:
        row = names.index(name)
        cells = []
        for year in shown:
            centre, below, above = (written(factor * values[row, year]) for values in (middle, low, high))
            cells.append(centre if below == above == centre else f"{centre} ({below} to {above})")
        table.add_row(label, *cells)
    return table


def _firms(summary: Summary) -> Table:
    table = _table("Entries and exits, mean of a run", "", [str(year) for year in summary.years])
    means = dict(zip(COUNTED, summary.firms / summary.runs, strict=True))
    for name, label in CAUSES.items():
        table.add_row(label, *(f"{value:.2f}" if value else "-" for value in means[name]))
    return table


def _vendors(summary: Summary, cards: Floats, shares: Floats) -> Table:
    first, last = summary.years[0], summary.years[-1]
    between = 2028 if first < 2028 < last else summary.years[len(summary.years) // 2]
    table = _table("Named vendors", "vendor", [])
    headings = [f"cards {first}, k", "reported, k", f"share {first}, %"]
    headings += [f"{what} {year}, %" for year in (between, last) for what in ("share", "survival")]
    table.add_column("strategy")
    for heading in headings:
        table.add_column(heading, justify="right")
    years = [summary.years.index(year) for year in (first, between, last)]
    for row, vendor in enumerate(summary.vendors):
        spec = summary.scenario.vendors.get(vendor)
        supplier = summary.scenario.foreign.get(vendor)
        if spec is None and supplier is None:
            continue
        survival = summary.survivors[row] / summary.runs
        title = (spec or supplier).title.en  # type: ignore[union-attr]
        cells = [_number(cards[row, 0]), _reported(summary, vendor), f"{100 * shares[row, 0]:.1f}"]
        for year in years[1:]:
            cells += [f"{100 * shares[row, year]:.1f}", _percent(survival[year]) if spec else ""]
        table.add_row(title, spec.strategy if spec else "foreign offers", *cells)
    return table


def _reported(summary: Summary, vendor: str) -> str:
    for figure in summary.scenario.reported:
        if _is_yearly_cards(figure, vendor, summary.years[0]):
            return _number(figure.value)
    return ""


def _is_yearly_cards(figure: Reported, vendor: str, year: int) -> bool:
    return (figure.metric, figure.vendor, figure.year, figure.half) == ("cards", vendor, year, None)


def shakeout_sentence(summary: Summary) -> str:
    """A first figure of severity: how far active firms fall from their peak, and in how many runs by 40 % or more."""
    low, middle, high = (summary.falls.quantile(level)[0] for level in (0.1, 0.5, 0.9))
    peak = summary.falls.quantile(0.5)[1]
    shares = ", ".join(f"{100 * summary.share_with_fall(at):.0f} % by {100 * at:.0f} %" for at in (0.3, 0.4, 0.5))
    return (
        f"Shakeout, first figure: active domestic vendors fall from their peak (median {peak:.0f}) "
        f"by {100 * middle:.0f} % ({100 * low:.0f} to {100 * high:.0f}); of all runs, {shares} or more. "
        "Photovoltaics 2011 to 2012: about 60 %."
    )
