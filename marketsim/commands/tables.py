"""The summary of an ensemble as tables for a policy analyst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from marketsim.commands.figures import (
    CARDS,
    FEW_RUNS,
    MONEY,
    PERCENT,
    PLAIN,
    PRICE,
    Cell,
    Unit,
    chosen_years,
    even_parts,
    middle_and_range,
    note_on_runs,
    spans,
    written,
)
from marketsim.commands.figures import fitting as fitting_unit
from marketsim.commands.layout import console, figures_table, fits, fitting, note, show, title
from marketsim.ensemble import COUNTED, Summary
from marketsim.errors import counted
from marketsim.outcomes import METRICS
from marketsim.results import FALLS, QUANTILES, Quantile, Question, comparable, quarters_of, simulated
from marketsim.scenario.vocabulary import Words
from marketsim.state import Floats

PHOTOVOLTAICS = "photovoltaics' first shakeout, from 2011: about 60 (40-80)"
"""Fall in active firms, reference value and tolerance. Sources: 624 makers of modules listed in China in 2011 against
454 in 2012, about 180 of them idle (news.jc001.cn); two thirds of cell and module makers gone (EIA, IEA-PVPS)."""

SHORT = 12
"""Quarters in which a shakeout can hardly show: firms must multiply first, and photovoltaics' fell for two years."""

WIDE = 100
"""Columns from which labels are written in full."""

CAUSES = {
    "exits_price_war": "price war",
    "exits_idle_capacity": "idle capacity",
    "exits_supply": "scarce foundry or memory",
    "exits_software": "gap in software and base",
    "exits_funding": "lack of funding",
}


@dataclass(frozen=True)
class Row:
    """A row of the market table, in the words of AI chips.

    label: with {} for the unit.  short: the label where there is little room.  units: it may be written in.
    digits: after the point; none: about three in all.  of: the outcome without which this one means nothing.
    """

    outcome: str
    label: str
    short: str
    units: tuple[Unit, ...] = PLAIN
    digits: int | None = None
    of: str = "cards"


HOME = "domestic_share_value"
MARKET: dict[str, tuple[Row, ...]] = {
    "Whole market": (
        Row("cards", "cards sold, {}", "cards sold, {}", CARDS),
        Row("revenue", "market value, {}", "value, {}", MONEY),
        Row("demand", "wanted, {}", "wanted, {}", MONEY),
        Row("domestic_share_cards", "domestic share of cards, {}", "domestic cards, {}", PERCENT, 0),
        Row("domestic_share_value", "domestic share of value, {}", "domestic value, {}", PERCENT, 0),
        Row("cost_per_million_tokens", "cost per million tokens, RMB", "RMB/million tokens"),
    ),
    "Domestic vendors": (
        Row("active_vendors", "active at year's end, number", "active, number", digits=0),
        Row("hhi", "Herfindahl-Hirschman index, 0-1", "Herfindahl index, 0-1", digits=2, of=HOME),
        Row("top5_share", "top-5 share of their value, {}", "top-5 share, {}", PERCENT, 0, HOME),
        Row("price", "price per card, {}", "price, {}", PRICE, of=HOME),
        Row("gross_margin", "gross margin, {}", "gross margin, {}", PERCENT, 0, HOME),
    ),
    "Capacity in use": (
        Row("foundry_use", "scarcest foundry node, {}", "scarcest node, {}", PERCENT, 0),
        Row("scarce_memory_use", "scarce memory ({names}), {}", "scarce memory, {}", PERCENT, 0),
        Row("capacity_use", "contracts with foundries, {}", "contracts, {}", PERCENT, 0),
    ),
}


@dataclass(frozen=True)
class View:
    """A summary as the tables need it.

    levels: its low, middle and high quantiles.  labels: its years.  words: those of its scenario.
    """

    summary: Summary
    levels: tuple[Quantile, ...]
    labels: list[str]
    words: Words

    @classmethod
    def of(cls, summary: Summary) -> View:
        """The view of a summary; years that are not played in full are labelled with their quarters: 2025 Q1-3."""
        labels = []
        for year, quarters in quarters_of(summary.scenario).items():
            ends = dict.fromkeys((quarters[0][-1], quarters[-1][-1]))
            labels.append(str(year) if len(quarters) == 4 else f"{year} Q{'-'.join(ends)}")
        levels = tuple(summary.quantile(level) for level in QUANTILES.values())
        return cls(summary, levels, labels, Words(summary.scenario.vocabulary))

    def outcome(self, name: str) -> Floats:
        """The quantiles of a yearly outcome, [level,y]."""
        return np.stack([level[0][list(METRICS).index(name)] for level in self.levels])

    def label(self, row: Row, unit: Unit, wide: bool = True) -> str:
        """What a row of the market table is called, with its unit."""
        label = self.words.text(row.label if wide else row.short)
        return label.replace("{}", self.words.text(unit.name)).replace("{names}", self.scarce_memories)

    @property
    def abroad(self) -> bool:
        """Whether there is anybody who is not domestic."""
        return bool(self.summary.scenario.foreign)

    @property
    def scarce_memories(self) -> str:
        """Names of the memory types that are scarce, empty if there are none."""
        memories = self.summary.scenario.memories.values()
        return ", ".join(memory.title.en for memory in memories if memory.supply is not None)


def print_summary(summary: Summary, question: Question) -> None:
    """Print the summary to standard output."""
    out = console()
    show(summary_view(summary, question, out), out)


def summary_view(summary: Summary, question: Question, on: Console) -> list[RenderableType]:
    """The whole summary: market by year, reported figures, entries and exits, named vendors, the shakeout figures."""
    view = View.of(summary)
    years = len(summary.years)
    return [
        *_head(summary, question),
        title("Market by year"),
        *_market(view, on),
        *_beside_reported(view),
        title(f"Entries and exits, {'mean ' if summary.runs > 1 else ''}number in a run"),
        fitting(on, (partial(_firms, view, size) for size in range(1, years + 1))),
        *_note_on_firms(view),
        title(view.words.text("Named vendors")),
        fitting(on, (partial(_vendors, view, detail) for detail in (3, 2, 1, 0))),
        _note_on_vendors(view),
        title("Shakeout, first figures"),
        *_shakeout(view),
    ]


def _head(summary: Summary, question: Question) -> list[Text]:
    quarters = [quarter for year in quarters_of(summary.scenario).values() for quarter in year]
    what = summary.scenario.title.en
    what += f", {quarters[0]} to {quarters[-1]}" if len(quarters) > 1 else f", {quarters[0]}"
    changes = [change for change in question.overrides if not change.startswith("quarters=")]
    asked = [*([f"policy {question.policy}"] if question.policy else []), *changes]
    with_what = f", with {', '.join(asked)}" if asked else ""
    return [
        Text(f"{what}{with_what}: {counted(summary.runs, 'run')}, seed {summary.seed}", style="bold"),
        note(note_on_runs(summary.runs)),
    ]


def _market(view: View, on: Console) -> list[RenderableType]:
    """Every year, in as few tables below each other as the width allows; where there is little room, some years."""
    count = len(view.labels)
    shown: list[RenderableType] = []
    if on.width < WIDE:
        table = fitting(on, (partial(_years, view, False, chosen_years(count, most)) for most in range(count, 0, -1)))
        shown.append(table)
        if len(table.columns) - 1 < count:
            shown.append(note("All years: in a terminal of 100 columns or more, or with --format json."))
        return shown
    for parts in range(1, count + 1):
        tables = [_years(view, True, years) for years in even_parts(count, parts)]
        if all(fits(on, table) for table in tables):
            break
    for table in tables:
        shown += ["", table]
    return shown[1:]


def _years(view: View, wide: bool, shown: Sequence[int]) -> Table:
    names: list[str | Text] = []
    cells: list[list[Cell]] = []
    for section, rows in MARKET.items():
        heading = section if view.abroad else section.replace("Domestic vendors", "Vendors")
        names.append(Text(view.words.text(heading), style="bold"))
        cells.append([("", "")] * len(shown))
        for row in rows:
            if row.outcome == "scarce_memory_use" and not view.scarce_memories:
                continue
            if row.outcome.startswith("domestic_share") and not view.abroad:
                continue
            unit = fitting_unit(row.units, view.outcome(row.outcome)[1])
            names.append(f" {view.label(row, unit, wide)}")
            cells.append(_by_year(view, row, unit, shown))
    columns = {view.labels[year]: list(column) for year, column in zip(shown, zip(*cells, strict=True), strict=True)}
    return figures_table(names, columns)


def _by_year(view: View, row: Row, unit: Unit, years: Sequence[int]) -> list[Cell]:
    """A row's cells; a dash where there is nothing that the outcome could be of, such as a price without sales."""
    values = unit.factor * view.outcome(row.outcome)
    exists = view.outcome(row.of)[-1] > 0
    return [middle_and_range(values[:, year].tolist(), row.digits) if exists[year] else ("-", "") for year in years]


def _beside_reported(view: View) -> list[RenderableType]:
    figures = [figure for figure in comparable(view.summary) if figure.vendor is None]
    rows = {row.outcome: row for row in MARKET["Whole market"]}
    names: list[str | Text] = []
    columns: dict[str, list[Cell]] = {"simulated": [], "reported": [], "difference, %": []}
    for figure in figures:
        row = rows[figure.metric]
        unit = fitting_unit(row.units, [figure.value])
        values = [unit.factor * simulated(view.summary, figure, level) for level in view.levels]
        reported = unit.factor * figure.value
        difference = 100 * (values[1] / reported - 1) if reported else 0.0
        names.append(f"{figure.year} {view.label(row, unit)}")
        columns["simulated"].append(middle_and_range(values, row.digits))
        columns["reported"].append((written(reported, row.digits), ""))
        columns["difference, %"].append((f"{'+' if difference >= 0.5 else ''}{written(difference, 0)}", ""))
    if not figures:
        return []
    sources = "Reported or estimated; sources: marketsim scenario show SCENARIO --sources"
    return [title("Simulated beside reported"), figures_table(names, columns), note(sources)]


def _exits_by_cause(summary: Summary) -> dict[str, Floats]:
    """Mean numbers of entries and exits by year, under the names of their rows."""
    means = dict(zip(COUNTED, summary.firms / summary.runs, strict=True))
    causes = {f" by {label}": means[name] for name, label in CAUSES.items()}
    exits = np.sum(list(causes.values()), axis=0)
    return {"entries": means["entries"], "exits": exits} | causes | {" of these, acquired": means["exits_acquired"]}


def _firms(view: View, size: int) -> Table:
    """Entries and exits.  size: years taken together."""
    rows = {name: v for name, v in _exits_by_cause(view.summary).items() if v.any() or not name.startswith(" ")}
    parts = spans(view.summary.years, size)
    if size == 1:
        parts = [(label, part) for label, (_, part) in zip(view.labels, parts, strict=True)]
    if len(parts) > 1:
        parts.append(("all years", slice(None)))
    alone = view.summary.runs == 1
    columns = {heading: [(_mean(v[part].sum(), alone), "") for v in rows.values()] for heading, part in parts}
    return figures_table([view.words.text(name) for name in rows], columns)


def _mean(value: float, alone: bool) -> str:
    if value == 0:
        return "-"
    return "<0.01" if value < 0.005 else written(value, 0 if alone else 2 if value < 10 else 1)


def _note_on_firms(view: View) -> list[Text]:
    numbers = _exits_by_cause(view.summary)
    never = [label for label in CAUSES.values() if not numbers[f" by {label}"].any()]
    if len(never) == len(CAUSES):
        return [note(view.words.text("No vendor exits in any run."))]
    return [note(view.words.text(f"No run has exits by: {', '.join(never)}."))] if never else []


def _vendors(view: View, detail: int) -> Table:
    """The named vendors.  detail: 0 medians only, 1 the ranges of the last year too, 2 all ranges, 3 strategies too."""
    world, labels = view.summary.scenario, view.labels
    names = [name for name in view.summary.vendors if name in world.vendors or name in world.foreign]
    cards = view.words.text("cards,\nthousand")
    columns = {f"{labels[0]}\n{cards}": _cards(view, names, detail >= 2)}
    beside = {
        figure.vendor: figure.value for figure in comparable(view.summary) if figure.year == view.summary.years[0]
    }
    if any(name in beside for name in names):
        figures = [written(beside[name], _card_digits(beside[name])) if name in beside else "" for name in names]
        columns[f"reported\n{cards}"] = [(figure, "") for figure in figures]
    years = sorted({0, min(3, len(labels) - 1), len(labels) - 1})
    for year in years:
        ranges = detail >= 2 or (detail == 1 and year == years[-1])
        columns[f"{labels[year]}\nshare,\n%"] = _shares(view, names, year, ranges)
        if year > 0 or len(years) == 1:
            columns[f"{labels[year]}\nalive,\n%"] = [(_survival(view.summary, name, year), "") for name in names]
    titles = [(world.vendors.get(name) or world.foreign[name]).title.en for name in names]
    strategies = [world.vendors[name].strategy if name in world.vendors else "" for name in names]
    return figures_table(titles, columns, {"\n\nstrategy": strategies} if detail == 3 else None)


def _note_on_vendors(view: View) -> Text:
    rest = " Vendors that enter later hold the rest." if view.summary.scenario.entrants else ""
    medians = "; medians need not add up" if view.summary.runs > 1 else ""
    share = f"Share: of the whole market's value{medians}.{rest}"
    alive = "Alive: % of runs in which the vendor is in business at the end of the year."
    return note(view.words.text(f"{share}\n{alive}"))


def _cards(view: View, names: Sequence[str], ranges: bool) -> list[Cell]:
    """The cards that vendors sell in the first year."""
    rows = [view.summary.vendors.index(name) for name in names]
    values = [[float(level[1][row, 0]) for level in view.levels] for row in rows]
    cells = [middle_and_range(levels, _card_digits(levels[1])) for levels in values]
    return cells if ranges else [(middle, "") for middle, _ in cells]


def _card_digits(thousand: float) -> int:
    return 0 if thousand >= 10 else 1


def _shares(view: View, names: Sequence[str], year: int, ranges: bool) -> list[Cell]:
    """The vendors' shares of the value of the whole market."""
    rows = [view.summary.vendors.index(name) for name in names]
    cells = [middle_and_range([100 * float(level[2][row, year]) for level in view.levels], 1) for row in rows]
    return cells if ranges else [(middle, "") for middle, _ in cells]


def _survival(summary: Summary, name: str, year: int) -> str:
    """Share of runs in which a vendor is in business at the end of a year; foreign suppliers always are."""
    if name in summary.scenario.foreign:
        return ""
    return written(100 * float(summary.survivors[summary.vendors.index(name), year]) / summary.runs, 0)


def _shakeout(view: View) -> list[RenderableType]:
    """How far active firms fall from their peak, and in how many runs by so much that it is a shakeout."""
    summary = view.summary
    falls = [summary.falls.quantile(level) for level in QUANTILES.values()]
    few = summary.runs < FEW_RUNS
    cells = {
        "most active domestic vendors, number": middle_and_range([values[1] for values in falls], 0),
        "largest fall from an earlier peak, %": middle_and_range([100 * values[0] for values in falls], 0),
    }
    for at in FALLS:
        found = summary.share_with_fall(at) * (summary.runs if few else 100)
        cells[f"runs with a fall of {100 * at:.0f} % or more, {'number' if few else '%'}"] = (written(found, 0), "")
    remark = f"For comparison, {PHOTOVOLTAICS} %. The verdict on the pattern: marketsim assess {summary.scenario.name}"
    if summary.scenario.quarters < SHORT:
        length = counted(summary.scenario.quarters, "quarter")
        remark = f"Too short for a shakeout to show, which takes years: {length}."
    return [figures_table([view.words.text(name) for name in cells], {"": list(cells.values())}), note(remark)]
