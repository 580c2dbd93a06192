"""How firms survive, as tables for a policy analyst."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from marketsim.commands.figures import written
from marketsim.commands.layout import console, note, ruled, show, title
from marketsim.scenario.vocabulary import Words
from marketsim.shakeout.ensemble import Job
from marketsim.shakeout.survival import FirmSurvival, Hazard, Point

LABELS = {
    "unit_cost": "unit cost, one standard deviation higher",
    "ecosystem": "software and base, one standard deviation more",
    "late": "entered after the run's median",
    "size": "share of revenue, one standard deviation more",
}
CAUSES = {"exit": "any exit", "closed": "closure", "acquired": "acquisition"}


def print_survival(job: Job, policy: str | None, found: FirmSurvival) -> None:
    """Print survival by cohort, what hazards hang on, and closure beside acquisition."""
    show(_page(job, policy, found), console())


def _page(job: Job, policy: str | None, found: FirmSurvival) -> Iterator[RenderableType]:
    under = f" under the policy {policy}" if policy else ""
    yield title(f"Firms of {job.scenario.title.en}{under}: how long they live")
    yield note(f"{found.firms:,} firms of {found.runs_used} runs, parameters as written.")
    if not found.survival:
        yield Text("There are no firms.")
        return
    yield _survival(found)
    yield note(
        "Share of firms in business at an age (Kaplan-Meier, in brackets 95 %); - where none was watched so long."
    )
    for hazard in found.hazards:
        yield from _hazard(hazard, Words(job.scenario.vocabulary))
    yield title("Closure and acquisition as competing risks, share of firms by age")
    yield _incidence(found)


def _survival(found: FirmSurvival) -> Table:
    table = ruled()
    table.add_column()
    for heading in ("firms", "exits", *(f"{point.years:g} years" for point in found.survival[0].points), "median"):
        table.add_column(heading, justify="right", no_wrap=True)
    for cohort in found.survival:
        median = "-" if cohort.median is None else f"{cohort.median:.1f} years"
        points = [_share(point) for point in cohort.points]
        table.add_row(cohort.cohort, f"{cohort.firms:,}", f"{cohort.exits:,}", *points, median)
    return table


def _share(point: Point) -> str:
    if point.share is None or point.low is None or point.high is None:
        return "-"
    return f"{100 * point.share:.0f} ({100 * point.low:.0f}-{100 * point.high:.0f})"


def _hazard(hazard: Hazard, words: Words) -> Iterator[RenderableType]:
    yield title(f"Hazard of {CAUSES.get(hazard.cause, hazard.cause)}, times (Cox, by age, stratified by run)")
    if not hazard.ratios:
        yield Text(f"Not estimated: {hazard.note}")
        return
    table = ruled()
    table.add_column()
    table.add_column("hazard ratio", justify="right")
    table.add_column("95 %", justify="right")
    for ratio in hazard.ratios:
        interval = f"{written(ratio.low, 2)}-{written(ratio.high, 2)}"
        table.add_row(words.text(LABELS[ratio.covariate]), written(ratio.ratio, 2), interval)
    yield table
    errors = "errors clustered by run" if hazard.clustered else "errors not clustered: too few runs"
    dropped = f"; left out, as they do not vary: {', '.join(hazard.dropped)}" if hazard.dropped else ""
    yield note(f"{hazard.exits:,} exits of {hazard.firms:,} firms in {hazard.runs} runs; {errors}{dropped}.")


def _incidence(found: FirmSurvival) -> Table:
    table = ruled()
    table.add_column()
    for heading in ("exits", *(f"{point.years:g} years" for point in found.incidence[0].points)):
        table.add_column(heading, justify="right", no_wrap=True)
    for risk in found.incidence:
        points = [_share(point) for point in risk.points]
        table.add_row(CAUSES.get(risk.cause, risk.cause), f"{risk.exits:,}", *points)
    return table
