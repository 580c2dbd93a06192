"""The verdict on a table of history as a page for a policy analyst."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table as Grid
from rich.text import Text

from marketsim.commands.figures import written
from marketsim.commands.layout import console, note, ruled, show, title
from marketsim.commands.verdict_page import fact_range, percent
from marketsim.markdown import listed
from marketsim.shakeout.classify import Class, Mechanism, Structure
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.table import COLUMNS, Table
from marketsim.shakeout.table_verdict import Speaks, TableVerdict
from marketsim.shakeout.words import MECHANISMS, STRUCTURES, in_full

YES = "Yes: a photovoltaic shakeout."


def print_table(table: Table, verdict: TableVerdict) -> None:
    """Print the verdict on a table."""
    show(_page(table, verdict), console())


def _page(table: Table, verdict: TableVerdict) -> Iterator[RenderableType]:
    yield title(f"{table.path.name}: is it the photovoltaic pattern?")
    yield Text(answer(verdict), style="bold")
    yield Text(_basis(table, verdict))
    for reason in verdict.reasons:
        yield Text(f"- {reason}")
    yield title("Facts for and against")
    yield _facts(verdict)
    unknown = [fact.name for fact in verdict.facts if fact.speaks is Speaks.UNKNOWN]
    if unknown:
        yield note(f"Not in the table: {', '.join(unknown)}.")
    yield title("How far to trust it")
    yield from _trust(verdict)


def answer(verdict: TableVerdict) -> str:
    """The answer in a sentence."""
    which = verdict.which
    if which is Class.PHOTOVOLTAIC:
        return YES
    if which is Class.UNTOLD:
        if verdict.structure is Structure.CONCENTRATED:
            return "No: a shakeout that left few firms, lock-in or a commodity oligopoly; what killed cannot be told."
        if verdict.mechanism is Mechanism.ECOSYSTEM:
            return "No: a shakeout in which the ecosystem killed; what was left cannot be told."
        return "A shakeout, but its kind cannot be told."
    name = in_full(which)
    return f"No: {name}." if which < Class.UNTOLD else f"{name[:1].upper()}{name[1:]}, as far as the table goes."


def _basis(table: Table, verdict: TableVerdict) -> str:
    columns = listed([name for name in COLUMNS if name in table.columns])
    rests = f"It rests on {verdict.known} of {len(FACTS)} facts, from {columns}."
    if verdict.which > Class.UNTOLD:
        return rests
    first, last = (when(time, table.per_year) for time in (verdict.t0, verdict.t1))
    structure = STRUCTURES[verdict.structure]["en"]
    return f"Firms fall from {first} to {last}; structure after: {structure}; mechanism: {_mechanism(verdict)}. {rests}"


def _mechanism(verdict: TableVerdict) -> str:
    if verdict.mechanism is Mechanism.MIXED and verdict.too_few:
        return "not known"
    return MECHANISMS[verdict.mechanism]["en"]


def when(time: float, per_year: int) -> str:
    """A time in years as a period: 2011, or 2011Q2 in a table of quarters."""
    year, rest = divmod(time + 1e-6, 1)
    return f"{year:.0f}" if per_year == 1 else f"{year:.0f}Q{int(4 * rest) + 1}"


def _facts(verdict: TableVerdict) -> Grid:
    grid = ruled()
    grid.add_column()
    for heading in ("found", "photovoltaics", "ecosystem"):
        grid.add_column(heading, justify="right", no_wrap=True)
    grid.add_column("as in", no_wrap=True)
    for fact in verdict.facts:
        if fact.speaks is not Speaks.UNKNOWN:
            ranges = (fact_range(fact.photovoltaic), fact_range(fact.ecosystem))
            grid.add_row(f"{fact.name} {fact.title['en']}", written(fact.value, 2), *ranges, fact.speaks)
    return grid


def _trust(verdict: TableVerdict) -> Iterator[RenderableType]:
    errors = verdict.errors
    if errors is None:
        yield Text("How often the instrument errs is only known for the package's own reference values and thresholds.")
        return
    yield Text(
        "Simulated runs whose class is known by construction, with the facts left out that this table lacks: what they "
        "are where the verdict is this one."
    )
    grid = ruled()
    grid.add_column()
    for heading in ("equal prior", "sceptical", "of that class,\nthis verdict"):
        grid.add_column(heading, justify="right", no_wrap=True)
    for which, share in sorted(verdict.equal.items(), key=lambda each: -each[1]):
        if share >= 0.005 and not math.isnan(share):
            likelihood = percent(float(errors.likelihood[which, verdict.which]))
            grid.add_row(in_full(which), percent(share), percent(verdict.sceptical[which]), likelihood)
    yield grid
    yield note(
        "Equal: the same prior for no shakeout and for each kind of one; sceptical: half of it on no shakeout. The "
        "kinds that are simulated are not all there is."
    )
