"""The report of a fit: `fit.json` for machines, `report.md` for people."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from marketsim import __version__
from marketsim.calibration.fit import Fit
from marketsim.calibration.loss import BEYOND, PULL, RISE, Loss
from marketsim.calibration.objective import Objective
from marketsim.calibration.profile import VERDICTS, combinations, correlations, pairs
from marketsim.calibration.scenario_file import interval, short
from marketsim.markdown import digits_of, number, reported, shown_unit, table, tolerances, unit_of
from marketsim.scenario.vocabulary import Words
from marketsim.targets import Comparison, Targets, compare, of_use
from marketsim.trace import trace

SHOWN = 12
"""Combinations, and pairs, that the report names."""


@dataclass(frozen=True)
class Outcome:
    """What a report is written from: a fit, and every target beside the scenario as written and as fitted."""

    objective: Objective
    fit: Fit
    before: list[Comparison]
    after: list[Comparison]

    def loss(self, comparisons: list[Comparison], pull: float = PULL) -> float:
        """The loss of the scenario as written or as fitted."""
        fit = self.fit
        place = fit.best.place if comparisons is self.after else fit.start.place
        distances = np.array([comparison.miss for comparison in of_use(comparisons, "fit")])
        return Loss(fit.loss.start, pull).point(place, distances).loss

    def hits(self, comparisons: list[Comparison], use: str) -> str:
        """How many targets of a use are inside their tolerance, such as `12 of 15`."""
        chosen = of_use(comparisons, use)
        return f"{sum(comparison.hit for comparison in chosen)} of {len(chosen)}"


def outcome_of(objective: Objective, targets: Targets, fit: Fit) -> Outcome:
    """Play the scenario as it is written and as it was fitted, and set all targets beside them."""
    until = targets.last_quarter()
    played = [
        trace(scenario, objective.decide, objective.seed, objective.runs, until)
        for scenario in (objective.loaded.scenario, objective.scenario(fit.best.place))
    ]
    before, after = (compare(one, targets) for one in played)
    return Outcome(objective, fit, before, after)


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """The fit as plain values; nothing in it depends on the machine's speed or on interruptions."""
    objective, fit = outcome.objective, outcome.fit
    names = objective.space.names
    correlation = correlations(fit.best, fit.jacobian, fit.loss)
    return {
        "program": "marketsim calibrate",
        "version": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        **objective.about(),
        "scenario_name": objective.loaded.scenario.name,
        "target_file": objective.targets.path.name,
        "last_quarter_fitted": objective.until,
        "evaluations": {"search": fit.searched, "all": fit.evaluations},
        "search_ended": fit.ended,
        "loss": {
            "before": outcome.loss(outcome.before),
            "after": outcome.loss(outcome.after),
            "after_without_pull": outcome.loss(outcome.after, 0),
        },
        "rise": RISE,
        "parameters": {name: _parameter(outcome, index) for index, name in enumerate(names)},
        "targets": {
            new.name: {"use": new.target.use, "before": _compared(old), "after": _compared(new)}
            for old, new in zip(outcome.before, outcome.after, strict=True)
        },
        "combinations": [
            {"tolerances_per_range": round(value, 6), "parts": {names[n]: round(part, 4) for n, part in parts.items()}}
            for value, parts in combinations(fit.best, fit.jacobian, fit.loss)
        ],
        "correlations": [[names[one], names[other], round(size, 4)] for one, other, size in pairs(correlation)],
    }


def _parameter(outcome: Outcome, index: int) -> dict[str, Any]:
    objective, fit = outcome.objective, outcome.fit
    space, profile = objective.space, fit.profiles[index]
    free = space.parameters[space.names[index]]
    low, high = interval(objective, fit, index)
    return {
        "before": float(space.present[index]),
        "fitted": float(objective.values(fit.best.place)[index]),
        "low": low,
        "high": high,
        "verdict": profile.verdict if fit.examined else "not examined",
        "range": [free.low, free.high],
        "factor": free.factor,
        "scale": free.scale,
        "profile": {"places": profile.places.tolist(), "rises": profile.rises.tolist()},
    }


def _compared(comparison: Comparison) -> dict[str, Any]:
    return {
        "median": comparison.median,
        "distance": comparison.miss,
        "hit": comparison.hit,
        "share_of_runs_inside": comparison.share_inside,
    }


def as_markdown(outcome: Outcome) -> str:
    """The report for people."""
    objective = outcome.objective
    parts = [
        f"# {objective.loaded.scenario.title.en}: fitted to {objective.targets.path.name}",
        _summary(outcome),
        "## Figures that were fitted",
        _targets(outcome, "fit"),
        "## Figures that were not, and had to come of themselves",
        _targets(outcome, "predict") if of_use(outcome.after, "predict") else "There are none in the target file.",
        "## Parameters",
        _parameters(outcome),
        "## What the figures cannot tell apart",
        _indistinct(outcome),
        "## How this was made",
        _method(outcome),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(outcome: Outcome) -> str:
    objective, fit = outcome.objective, outcome.fit
    counts = [f"{sum(at.verdict == word for at in fit.profiles)} {word}" for word in reversed(VERDICTS)]
    verdicts = ", ".join(counts) if fit.examined else "not examined"
    both = (outcome.before, outcome.after)
    rows = [
        ("loss", *(f"{outcome.loss(at):.2f}" for at in both)),
        ("of which for figures that were moved", *(f"{outcome.loss(at) - outcome.loss(at, 0):.2f}" for at in both)),
        ("fitted figures inside their tolerance", *(outcome.hits(at, "fit") for at in both)),
        ("predicted figures inside", *(outcome.hits(at, "predict") for at in both)),
    ]
    text = table(["", "before", "after"], rows, right=(1, 2))
    return f"{text}\n\nParameters: {len(objective.space.names)} free, of which {verdicts}."


def _targets(outcome: Outcome, use: str) -> str:
    words = Words(outcome.objective.loaded.scenario.vocabulary)
    rows = []
    for old, new in zip(of_use(outcome.before, use), of_use(outcome.after, use), strict=True):
        unit = unit_of(new.target)
        digits = digits_of([old.median, new.median], unit)
        medians = [number(at.median, unit, digits) for at in (old, new)]
        title = new.target.title.en + (" (input)" if new.target.input else "")
        rows.append((title, shown_unit(unit, words), reported(new.target), *medians, tolerances(old), tolerances(new)))
    head = ["figure", "unit", "reported", "before", "after", "distance before", "distance after"]
    explained = (
        "Medians over runs, and their distance from the reported figure in tolerances: bold outside of -1 to 1. The "
        "scenario sets what is marked as input, so that agreement shows no more than that."
    )
    return f"{table(head, rows, right=(3, 4, 5, 6))}\n\n{explained}"


def _parameters(outcome: Outcome) -> str:
    objective, fit = outcome.objective, outcome.fit
    space = objective.space
    values = objective.values(fit.best.place)
    rows = []
    for index, (name, free) in enumerate(space.parameters.items()):
        sign = "×" if free.factor else ""
        low, high = interval(objective, fit, index)
        verdict = fit.profiles[index].verdict if fit.examined else "not examined"
        rows.append(
            (
                name,
                f"{sign}{short(free.low)} to {sign}{short(free.high)}",
                f"{sign}{short(space.present[index])}",
                f"{sign}{short(values[index])}",
                f"{sign}{short(low)} to {sign}{short(high)}",
                verdict,
            )
        )
    text = table(["parameter", "range", "before", "fitted", "the data allow", "verdict"], rows)
    return f"{text}\n\n{_VERDICTS}"


_VERDICTS = f"""\
× is a factor on the figures before the fit. The data allow a value if, with the parameter held there and all others
adapted, the sum of squared misses of the fitted figures rises by no more than {RISE:g}: by as much as when one of them
goes from spot on to the end of its tolerance. *Pinned down*: the data rule out both ends of the range. *One-sided*: one
of them. *Not identified*: neither, so that whatever is concluded has to hold over the whole range; such a parameter
stays where it was, or near."""


def _indistinct(outcome: Outcome) -> str:
    fit, names = outcome.fit, outcome.objective.space.names
    found = combinations(fit.best, fit.jacobian, fit.loss)
    known = [(value, parts) for value, parts in found if value >= 1]
    rows = [
        (f"{value:.1f}", " ".join(f"{part:+.1f} {names[n]}" for n, part in parts.items()))
        for value, parts in known[:SHOWN]
    ]
    text = (
        f"The figures say something about {len(known)} of {len(found)} combinations of the {len(names)} parameters: "
        "moved over its range, each of these moves the fitted figures by a tolerance or more."
    )
    near = list(pairs(correlations(fit.best, fit.jacobian, fit.loss)))[:SHOWN]
    lines = [f"- `{names[one]}` and `{names[other]}`: {_together(size)}" for one, other, size in near]
    alone = "No two parameters can stand in for each other."
    parts = [text, table(["tolerances", "combination"], rows, right=[0]) if rows else "", "\n".join(lines) or alone]
    return "\n\n".join(part for part in parts if part)


def _together(correlation: float) -> str:
    other = "what more of the other does" if correlation < 0 else "the opposite of what more of the other does"
    return f"more of one does {other} (correlation {correlation:+.2f})"


def _method(outcome: Outcome) -> str:
    return "\n".join(f"- {line}" for line in _facts(outcome))


def _facts(outcome: Outcome) -> Iterator[str]:
    objective, fit = outcome.objective, outcome.fit
    yield (
        "Loss: distances of the median run from the fitted figures in tolerances, squared and summed (method of "
        f"simulated moments); what is beyond a tolerance counts {BEYOND:g} times. Moving a parameter over its whole "
        f"range costs {PULL:g}, over half of it a quarter of that, so that figures move no farther than the data ask "
        "for. What the data allow is found without that."
    )
    yield (
        f"Search: CMA-ES (pycma), {fit.searched:,} evaluations, {fit.ended}; then Gauss-Newton steps and profiles, "
        f"{fit.evaluations:,} evaluations in all. The predicted figures were never looked at."
    )
    yield (
        f"An evaluation is {objective.runs:,} runs up to {objective.until} with the luck of seed {objective.seed}, the "
        "same for all."
    )
    yield f"marketsim {__version__}, NumPy {np.__version__}, Python {platform.python_version()}."
