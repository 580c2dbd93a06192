"""The page on the shakeout test: how often it errs, history through it, and its verdict on the default scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from marketsim.markdown import listed, share, table
from marketsim.shakeout import known
from marketsim.shakeout.classify import Class, Thresholds
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.gauges import GAUGES
from marketsim.shakeout.instrument import Instrument, load_instrument, measurement
from marketsim.shakeout.reference import folder
from marketsim.shakeout.statistics import Interval
from marketsim.shakeout.table import load_table
from marketsim.shakeout.table_verdict import assess_table
from marketsim.shakeout.trial import CHOICES, CONTROLS, MOST_FALSE, WORLDS, Trial, confusion
from marketsim.shakeout.verdict import Verdict, verdicts
from marketsim.shakeout.words import CLASSES, MECHANISMS, STRUCTURES, in_full
from marketsim.validation.study import Study

WANTED = 0.9
"""Share of runs of each control that the instrument should get right."""

MEANINGS = {
    "output": "gate A: least change of output from t0 to its best, from 40 % fewer firms to three years after t1",
    "persistence": "axis 1: weight of C3 and C4 beside C1 and C2",
    "evidence": "axis 1: odds from which structure counts as told",
    "cost_facts": "axis 2: least share of the facts of price that go as far as in photovoltaics",
    "cost": "axis 2: M1 above which cost decides",
    "ecosystem": "axis 2: M1 at or below which the ecosystem decides",
    "revenue": "axis 2: least change of revenue if the ecosystem decides",
    "excess": "gate B: least capacity over demand",
}
"""Thresholds that are set on the first half."""

TOLD = {
    "all facts, as of a simulated run": (),
    "all but firm by firm (C4, M1, M3), idle firms and scarcity": ("C4", "M1", "M3", "left", "losing", "rationed"),
    "firms, output, price, shares": (
        *("C4", "P5", "P6", "U1", "U2", "M1", "M2", "M3"),
        *("left", "losing", "rationed", "margin", "excess", "leader"),
    ),
    "firms and shares": (
        *("S3", "C4", "P1", "P2", "P3", "P4", "P5", "P6", "U1", "U2", "M1", "M2", "M3"),
        *("output", "left", "losing", "rationed", "margin", "excess", "leader"),
    ),
    "firms alone": (
        *(fact for fact in FACTS if fact not in ("S1", "S2", "S4")),
        *(gauge for gauge in GAUGES if gauge != "firms"),
    ),
}
"""What a table may know, and the facts and gauges that it then lacks."""


def page(study: Study) -> str:
    """The section."""
    return f"""\
## 7. The shakeout test

What it asks and how to read its answers: [docs/shakeout.md](shakeout.md).

{_measured()}
### History through the instrument

{_histories()}

### The scenarios as they are written

Share of runs by class, per cent; runs differ by luck alone. Photovoltaics stands here with the facts left out to which
it was fitted.

{_scenarios(study)}

### The verdict on the default scenario

{_default(study)}
"""


def _measured() -> str:
    found, instrument = measurement(), load_instrument()
    if not found or instrument.errors is None:
        return "Its error rates have not been measured: `marketsim validate --instrument`.\n"
    settings = found["settings"]
    first, second = found["halves"]["set_on"], found["halves"]["measured_on"]
    trials = known.load()
    return f"""\
### How often it errs

A world stands for a class because one mechanism is built into it; its other figures are drawn from the ranges in its
`free:` block. {settings["draws"]} draws of each world, {settings["runs"]:,} runs, set the thresholds; as many others,
with draws and luck of their own, count the errors. Intervals are 95 %; runs of a draw are alike, so they count as few.

{_controls(second)}

Runs of other classes that are taken for a photovoltaic shakeout: {_false(instrument, second)}

Verdicts on runs of each world, per cent; in bold the right one. The last column is the right share on the half on which
thresholds were set.

{_confusion(first, second)}

### What it needs to know

A table of history lacks most facts. The same runs with facts left out: share of runs with the right verdict, with
another kind of shakeout, with a shakeout whose kind is left open, and of other classes taken for photovoltaics.

{_told(trials, instrument)}

### Where its lines are drawn

Moved from the design's value where that gained half a point or more in the mean share of right verdicts on the first
half, with false photovoltaic verdicts held below {share(MOST_FALSE)}. Gate A's fall of 40 % from ten firms or more was
not moved.

{_thresholds(instrument.thresholds)}
"""


def _controls(second: Mapping[str, Any]) -> str:
    rows = []
    for world, isolates in CONTROLS.items():
        right = Interval(**second[world]["right"])
        reached = "yes" if right.value >= WANTED else "**no**"
        rows.append([f"`{world}`: {isolates}", in_full(WORLDS[world]), _interval(right), share(WANTED), reached])
    return table(["control", "must come out as", "does", "wanted", "reached"], rows, (2, 3))


def _interval(found: Interval) -> str:
    return f"{100 * found.value:.1f} % ({100 * found.low:.0f}-{100 * found.high:.0f})"


def _false(instrument: Instrument, second: Mapping[str, Any]) -> str:
    assert instrument.errors is not None
    pv = int(Class.PHOTOVOLTAIC)
    shares = {
        world: found["verdicts"][pv] / sum(found["verdicts"])
        for world, found in second.items()
        if WORLDS[world] is not Class.PHOTOVOLTAIC
    }
    worst = max(shares, key=lambda world: shares[world])
    mean = f"{100 * instrument.errors.false_photovoltaic:.1f} %"
    most = f"most in `{worst}`, {100 * shares[worst]:.1f} %"
    return f"{mean} on average over worlds, {share(MOST_FALSE)} at most wanted; {most}."


def _confusion(first: Mapping[str, Any], second: Mapping[str, Any]) -> str:
    seen = [each for each in Class if any(found["verdicts"][each] for found in second.values())]
    rows = []
    for world, found in second.items():
        counts = found["verdicts"]
        cells = [_cell(counts[each] / sum(counts), each is WORLDS[world]) for each in seen]
        rows.append([f"`{world}`", *cells, f"{100 * first[world]['right']['value']:.1f}"])
    heads = [CLASSES[each]["en"] for each in seen]
    return table(["world", *heads, "first half"], rows, range(1, len(seen) + 2))


def _cell(found: float, right: bool) -> str:
    text = f"{100 * found:.1f}" if found else "-"
    return f"**{text}**" if right else text


def _told(trials: list[Trial], instrument: Instrument) -> str:
    rows = []
    for what, lacks in TOLD.items():
        lacking = [trial.without(lacks) for trial in trials]
        errors = confusion(lacking, instrument)
        verdicts = errors.verdicts / np.maximum(errors.verdicts.sum(axis=1, keepdims=True), 1)
        kinds = verdicts[: Class.UNTOLD]
        right = float(np.nanmean(errors.right))
        of_kinds = float(np.diag(verdicts)[: Class.UNTOLD].mean())
        other = float(kinds[:, : Class.UNTOLD].sum(axis=1).mean()) - of_kinds
        untold = float(kinds[:, Class.UNTOLD].mean())
        cells = [share(right), share(of_kinds), share(other), share(untold), f"{100 * errors.false_photovoltaic:.1f} %"]
        rows.append([what, *cells])
    head = ["known", "right, all", "right, kinds", "another kind", "kind left open", "false photovoltaic"]
    return table(head, rows, range(1, 6))


def _thresholds(found: Thresholds) -> str:
    rows = [
        [f"`{name}`", meaning, f"{CHOICES[name][0]:g}", f"{getattr(found, name):g}"]
        for name, meaning in MEANINGS.items()
        if name in {field.name for field in fields(found)}
    ]
    overlap = ", ".join(
        f"{one} and {other} {found.overlap[i, j]:+.2f}"
        for i, one in enumerate(("C1", "C2", "C3", "C4"))
        for j, other in enumerate(("C1", "C2", "C3", "C4"))
        if i < j
    )
    lines = table(["threshold", "meaning", "design", "set"], rows, (2, 3))
    return f"{lines}\n\nCorrelations by which C1-C4 overlap: {overlap}."


def _histories() -> str:
    instrument = load_instrument()
    rows = []
    for path in sorted(folder().glob("*.csv")):
        verdict = assess_table(load_table(path), instrument)
        pv = verdict.equal[Class.PHOTOVOLTAIC], verdict.sceptical[Class.PHOTOVOLTAIC]
        rows.append(
            [
                f"`{path.stem}`",
                in_full(verdict.which),
                STRUCTURES[verdict.structure]["en"],
                MECHANISMS[verdict.mechanism]["en"],
                f"{verdict.known} of {len(FACTS)}",
                " / ".join("-" if np.isnan(each) else share(each) for each in pv),
            ]
        )
    head = ["table", "verdict", "structure after", "mechanism", "facts known", "photovoltaic, equal / sceptical prior"]
    return f"""\
The tables of `scenarios/shakeout/` with their sources, each against simulated runs that lack the same facts. The
reference ranges were drawn from photovoltaics and graphics chips themselves: that these come out as what they are shows
that the arithmetic holds, and no more.

{table(head, rows, (4, 5))}"""


def _scenarios(study: Study) -> str:
    seen = [
        each for each in Class if any((case.reading.verdicts.classes == each).any() for case in study.cases.values())
    ]
    rows = []
    for name, case in study.cases.items():
        classes = case.reading.verdicts.classes
        cells = [f"{100 * float(np.mean(classes == each)):.0f}" if (classes == each).any() else "-" for each in seen]
        rows.append([f"`{name}`", *cells])
    heads = [CLASSES[each]["en"] for each in seen]
    return table(["scenario", *heads], rows, range(1, len(seen) + 1))


def _default(study: Study) -> str:
    (verdict,) = verdicts(study.verdict)
    rows = [
        [in_full(each.which), _interval(each.runs), *(_or_dash(value) for value in (each.equal, each.sceptical))]
        for each in verdict.shares
    ]
    head = ["class", "share of runs (95 %)", "errors allowed for, equal prior", "sceptical prior"]
    draws = study.verdict.job.draws
    names = len(draws.space.names) if draws is not None else 0
    return f"""\
{verdict.runs:,} runs over {verdict.draws} draws of the {names} free parameters, domestic vendors that sell to whoever
buys. {_answer(verdict)}

{table(head, rows, (1, 2, 3))}

Errors allowed for: what the classes are behind verdicts that err as often as measured; with the same prior for no
shakeout and for each kind of one, or with half of it on no shakeout.

{_hangs_on(verdict)}"""


def _or_dash(value: float) -> str:
    return "-" if np.isnan(value) else share(value)


def _answer(verdict: Verdict) -> str:
    falls = listed([f"{share(fall)} or more in {_interval(found)}" for fall, found in verdict.falls])
    return (
        f"In short: {verdict.answer.value}. A shakeout in {_interval(verdict.shakeout)} of runs. Active vendors fall "
        f"by {falls}. Excess supply, without which price cannot kill, in {_interval(verdict.excess)}."
    )


def _hangs_on(verdict: Verdict) -> str:
    if not verdict.assumptions:
        return "Too few draws to say what it hangs on."
    lines = []
    for place, found in enumerate(verdict.assumptions, 1):
        gives = f", giving way to: {CLASSES[found.gaining]['en']}" if found.gaining is not None else ""
        sure = "" if found.p_value < 0.05 else " Among so many parameters this may be chance."
        lines.append(
            f"{place}. `{found.name}`: {share(found.low)} where it is in the lowest third of its range, "
            f"{share(found.high)} in the highest{gives}.{sure} {found.note[:1].upper()}{found.note[1:]}."
        )
    leading = CLASSES[verdict.leading]["en"]
    return (
        f'The share of runs with "{leading}" hangs most on three assumptions, and this is what would change it:\n\n'
        + ("\n".join(lines))
    )
