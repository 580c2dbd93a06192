"""The verdict of the shakeout test as a page for a policy analyst."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from marketsim.commands.figures import written
from marketsim.commands.layout import console, note, ruled, show, title
from marketsim.commands.tables import CAUSES
from marketsim.errors import listing
from marketsim.markdown import listed
from marketsim.scenario.reference_file import Range
from marketsim.scenario.vocabulary import Words
from marketsim.shakeout.assumptions import Assumption
from marketsim.shakeout.classify import Class
from marketsim.shakeout.ensemble import KEPT, Assessed, Job
from marketsim.shakeout.instrument import ErrorRates
from marketsim.shakeout.statistics import Interval
from marketsim.shakeout.verdict import Answer, FactLine, Shift, Verdict, shifts
from marketsim.shakeout.words import CLASSES, in_full

MARKETS = {
    "merchant": "domestic vendors that sell to whoever buys",
    "domestic": "all domestic vendors",
    "all": "domestic and foreign vendors",
}
ANSWERS = {
    Answer.YES: "Yes: a photovoltaic shakeout.",
    Answer.ANOTHER_KIND: "No: a shakeout of another kind.",
    Answer.KIND_OPEN: "A shakeout, but its kind cannot be told.",
    Answer.NOT_TESTABLE: "Not testable: there is no shakeout while supply is rationed, so price cannot kill yet.",
    Answer.NO_SHAKEOUT: "No: there is no shakeout.",
    Answer.CANNOT_TELL: "It cannot be told.",
}


def print_verdicts(assessed: Assessed, verdicts: Sequence[Verdict]) -> None:
    """Print the verdict on each policy, and how classes shift from the first to each other one."""
    on = console()
    parts: list[RenderableType] = []
    for index, verdict in enumerate(verdicts):
        parts += _page(assessed.job, verdict)
        if index:
            parts += _shifts(verdicts[0], verdict, shifts(assessed, index))
    parts += _trust(assessed.job)
    show(parts, on)


def percent(share: float, digits: int = 0) -> str:
    """A share in per cent, - if it is not known."""
    return "-" if math.isnan(share) else f"{written(100 * share, digits)} %"


def in_percent(interval: Interval) -> str:
    """An interval of a share in per cent: 74-87."""
    low, high = (written(100 * end, 0) for end in (interval.low, interval.high))
    return f"{low} to {high}" if "-" in low + high else f"{low}-{high}"


def _page(job: Job, verdict: Verdict) -> Iterator[RenderableType]:
    errors, words = job.instrument.errors, Words(job.scenario.vocabulary)
    yield title(_heading(job, verdict))
    yield Text(ANSWERS[verdict.answer], style="bold")
    yield Text(_in_a_sentence(verdict))
    yield note(_basis(job, verdict, words))
    if verdict.runs > 1:
        yield title("Classes, share of runs")
        yield _classes(verdict, errors)
        yield note(_on_classes(verdict, errors))
        yield Text(_gates(verdict))
    elif errors is not None:
        yield title("What it is, the instrument's errors allowed for")
        yield _probabilities(verdict)
    yield from _boundaries(job, verdict, words)
    yield title("Facts, and what they were in history")
    yield _facts(verdict)
    yield note(_on_facts(verdict, words))
    yield from _hangs_on(verdict)


def _probabilities(verdict: Verdict) -> Table:
    """Of a single run: the classes that may be behind the verdict."""
    table = ruled()
    table.add_column()
    for heading in ("equal prior", "sceptical"):
        table.add_column(heading, justify="right", no_wrap=True)
    for share in sorted(verdict.shares, key=lambda share: -share.equal):
        table.add_row(in_full(share.which), percent(share.equal), percent(share.sceptical))
    return table


def _heading(job: Job, verdict: Verdict) -> str:
    policy = f" under the policy {verdict.policy}" if verdict.policy else ""
    return f"{job.scenario.title.en}{policy}: is it the photovoltaic pattern?"


def _in_a_sentence(verdict: Verdict) -> str:
    if verdict.runs == 1:
        return f"This run: {in_full(verdict.leading)}."
    first = verdict.shares[0]
    pv = next(share for share in verdict.shares if share.which is Class.PHOTOVOLTAIC)
    sentence = (
        f"A shakeout in {percent(verdict.shakeout.value)} of runs (95 % interval {in_percent(verdict.shakeout)}); "
        f"most often {CLASSES[first.which]['en']}: {percent(first.runs.value)} ({in_percent(first.runs)})"
    )
    if first is pv:
        return sentence + "."
    return f"{sentence}; photovoltaic shakeout: {percent(pv.runs.value)} ({in_percent(pv.runs)})."


def _basis(job: Job, verdict: Verdict, words: Words) -> str:
    drawn = f", over {verdict.draws} draws of its {len(job.draws.space.names)} free parameters" if job.draws else ""
    runs = "1 run" if verdict.runs == 1 else f"{verdict.runs:,} runs"
    return f"{runs}{drawn}; market: {words.text(MARKETS[job.boundary])}; seed {job.seed}."


def _classes(verdict: Verdict, errors: ErrorRates | None) -> Table:
    table = ruled()
    headings = ["runs", "95 %", "by chance"]
    headings += [] if errors is None else ["errors allowed for:\nequal prior", "\nsceptical"]
    headings += ["reference ranges\nx0.75", "\nx1.5"]
    table.add_column()
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for share in verdict.shares:
        allowed = [] if errors is None else [percent(share.equal), percent(share.sceptical)]
        narrow, _, wide = share.tolerances
        row = [percent(share.runs.value), in_percent(share.runs), percent(share.chance), *allowed]
        row += [percent(narrow), percent(wide)]
        table.add_row(in_full(share.which), *row)
    return table


def _on_classes(verdict: Verdict, errors: ErrorRates | None) -> str:
    text = "By chance: the same runs with the years of entry and exit, who leaves and the shares of firms at random."
    if errors is not None:
        text += (
            " Errors allowed for: what the classes are behind verdicts that err as often as measured; sceptical: half "
        )
        text += "of the prior on no shakeout."
    pv = next(share for share in verdict.shares if share.which is Class.PHOTOVOLTAIC)
    if pv.runs.value > 0:
        text += f" Photovoltaic more often than by chance: p = {pv.beyond_chance:.2g}."
    if verdict.nearer is not None:
        where = "photovoltaics" if verdict.nearer.value > 0 else "ecosystem industries"
        low, high = written(verdict.nearer.low, 1), written(verdict.nearer.high, 1)
        text += f" Runs with a shakeout are nearer to {where}: difference of distances "
        text += f"{written(verdict.nearer.value, 1)} standard deviations ({low} to {high})."
    return text


def _gates(verdict: Verdict) -> str:
    falls = ", ".join(
        f"{percent(fall)} or more in {percent(found.value)} ({in_percent(found)})" for fall, found in verdict.falls
    )
    return (
        f"\nActive firms fall by {falls}. Excess supply, without which price cannot kill: in "
        f"{percent(verdict.excess.value)} ({in_percent(verdict.excess)})."
    )


def _boundaries(job: Job, verdict: Verdict, words: Words) -> Iterator[RenderableType]:
    """The same runs with the boundary drawn elsewhere, where that takes other vendors in."""
    if not verdict.boundaries:
        return
    yield title("Where the market's boundary is drawn" + (", share of runs (95 %)" if verdict.runs > 1 else ""))
    table = ruled()
    table.add_column()
    for within in verdict.boundaries:
        table.add_column(within.boundary, justify="right")
    if verdict.runs == 1:
        table.add_row("this run", *(in_full(within.leading) for within in verdict.boundaries))
    else:
        own = next(within for within in verdict.boundaries if within.boundary == job.boundary)
        for which in sorted(own.classes, key=lambda each: -own.classes[each].value):
            shares = (within.classes[which] for within in verdict.boundaries)
            table.add_row(in_full(which), *(f"{percent(share.value)} ({in_percent(share)})" for share in shares))
    yield table
    yield note(_on_boundaries(job, verdict, words))
    if len({within.leading for within in verdict.boundaries}) > 1:
        yield Text(_differ(verdict))


def _on_boundaries(job: Job, verdict: Verdict, words: Words) -> str:
    meanings = "; ".join(f"{each.boundary}: {words.text(MARKETS[each.boundary])}" for each in verdict.boundaries)
    return f"{meanings}. All else on this page: {job.boundary} (--market)."


def _differ(verdict: Verdict) -> str:
    """That the class hangs on the boundary, and how."""
    most = "most often " if verdict.runs > 1 else ""
    leading = dict.fromkeys(within.leading for within in verdict.boundaries)
    parts = [
        f"{in_full(which)} ({listed([each.boundary for each in verdict.boundaries if each.leading is which])})"
        for which in leading
    ]
    return f"The class hangs on the boundary: {most}{', '.join(parts)}."


def _facts(verdict: Verdict) -> Table:
    table = ruled()
    table.add_column()
    for heading in ("found", "photovoltaics", "inside", "ecosystem", "inside"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in verdict.facts:
        star = "*" if line.dropped else ""
        table.add_row(
            f"{line.name}{star} {line.title['en']}",
            _found(line, verdict.runs),
            fact_range(line.photovoltaic),
            _inside(line.inside, verdict.runs),
            fact_range(line.ecosystem),
            _inside(line.inside_ecosystem, verdict.runs),
        )
    return table


def _inside(share: float, runs: int) -> str:
    """Share of runs inside a range; of a single run whether it is."""
    return percent(share) if runs > 1 or math.isnan(share) else "yes" if share else "no"


def _found(line: FactLine, runs: int) -> str:
    if line.known == 0:
        return "-"
    middle = written(line.median.value, 2)
    if runs == 1:
        return middle
    low, high = written(line.low, 2), written(line.high, 2)
    return f"{middle} ({low} to {high})"


def fact_range(known: Range | None) -> str:
    """A reference range as text, - if there is none."""
    if known is None:
        return "-"
    if known.low is None:
        return f"at most {known.high:g}"
    return f"at least {known.low:g}" if known.high is None else f"{known.low:g} to {known.high:g}"


def _on_facts(verdict: Verdict, words: Words) -> str:
    kept = f", of about {KEPT:,} runs" if verdict.runs > KEPT else ""
    text = "Found in this run" if verdict.runs == 1 else f"Median and middle 80 % of runs in which it is known{kept}"
    like = [line.name for line in verdict.facts if line.p_value < 0.05]
    if verdict.runs > 1:
        text += f". As in photovoltaics in the median run, at 5 % (Holm): {', '.join(like) or 'none'}"
    dropped = [line.name for line in verdict.facts if line.dropped]
    if dropped:
        text += f". *The scenario was fitted to figures that hold {', '.join(dropped)}: not scored"
    total = sum(count for _, count in verdict.exits)
    if total > 0:
        causes = ", ".join(
            f"{words.text(CAUSES[f'exits_{name}'])} {percent(count / total)}" for name, count in verdict.exits if count
        )
        text += f". Exits a run: {written(total)}, their losses by cause: {causes}"
    return text + "."


def _hangs_on(verdict: Verdict) -> Iterator[RenderableType]:
    if not verdict.assumptions:
        return
    yield title("What it hangs on most")
    for number, assumption in enumerate(verdict.assumptions, start=1):
        yield Text(f"{number}. {_assumption(assumption, verdict)}")


def _assumption(found: Assumption, verdict: Verdict) -> str:
    name = CLASSES[verdict.leading]["en"]
    sure = "" if found.p_value < 0.05 else "; among so many parameters this may be chance"
    doubt = f" ({found.note})" if found.note else ""
    change = f" It gives way to: {CLASSES[found.gaining]['en']}." if found.gaining is not None else ""
    points = f"{written(100 * found.shift.value, 0)} points ({in_percent(found.shift)})"
    return (
        f"{found.name}{doubt}. {name[:1].upper()}{name[1:]} in {percent(found.low)} of runs where it is in the lowest "
        f"third of its range, in {percent(found.high)} in the highest: {points}{sure}.{change}"
    )


def _shifts(first: Verdict, other: Verdict, found: Sequence[Shift]) -> Iterator[RenderableType]:
    names = [verdict.policy or "as it is" for verdict in (first, other)]
    yield title(f"From {names[0]} to {names[1]}, run by run with the same luck")
    table = ruled()
    table.add_column()
    for heading in (*names, "shift, points", "95 %"):
        table.add_column(heading, justify="right", no_wrap=True)
    for shift in found:
        table.add_row(
            in_full(shift.which),
            percent(shift.first),
            percent(shift.second),
            written(100 * shift.shift.value, 1),
            in_percent(shift.shift),
        )
    yield table


def _trust(job: Job) -> Iterator[RenderableType]:
    yield title("How far to trust it")
    errors = job.instrument.errors
    if errors is None:
        yield Text("How often the instrument errs has not been measured: `marketsim validate --instrument`.")
        return
    measured = [which for which in Class if not math.isnan(errors.right[which])]
    told = [which for which in measured if errors.right[which] > 0]
    worst = min(told or measured, key=lambda which: errors.right[which])
    yield Text(
        f"Of simulated runs whose class is known by construction the instrument tells {percent(errors.right[worst])} "
        f"or more of every class rightly (least: {CLASSES[worst]['en']}), and takes "
        f"{percent(errors.false_photovoltaic, 1)} of those of other classes for a photovoltaic shakeout "
        "(docs/validation.md)."
    )
    never = [CLASSES[which]["en"] for which in measured if which not in told]
    if never:
        yield Text(f"Without the facts that are left out it cannot come to: {listing(never)}.")
