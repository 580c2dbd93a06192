"""Outcomes of an experiment: what is measured of each run, in which unit, and which way is better."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from marketsim.errors import did_you_mean, listing
from marketsim.outcomes import METRICS
from marketsim.scenario.checks import Violation
from marketsim.scenario.experiment_file import OutcomeEntry
from marketsim.scenario.fields import quarter_index
from marketsim.scenario.schema import Scenario

OF_RUN: Mapping[str, str] = {"survivors": "firms", "largest_fall": "1", "failures": "firms"}
"""Measures of a whole run and their units: domestic vendors in business at its end, the largest fall in active ones
from their peak as a share of it, and all exits."""

OF_VENDOR: Mapping[str, str] = {"cards": "k cards", "share": "1", "alive": "1"}
"""Measures of one vendor, named `vendor.NAME.MEASURE`, and their units."""

COLUMNS = ("policy", "point", "run", "seed", "verdict", "shakeout")
"""What the table of runs holds besides outcomes, which therefore cannot be called so."""

_VENDOR = re.compile(r"vendor\.([^.]+)\.([^.]+)")


@dataclass(frozen=True)
class Outcome:
    """A figure of each run.

    year: the one that is measured.  over: of all years, where no year is given; neither for a measure of the run.
    title: by language.  enough: value that satisfies, in the direction of `better`.
    """

    measure: str
    year: int | None
    over: Literal["mean", "sum", "min", "max", "last"] | None
    better: Literal["higher", "lower"] | None
    enough: float | None
    title: Mapping[str, str]
    unit: str


def years_of(scenario: Scenario) -> range:
    """The years in which a scenario has quarters."""
    first = quarter_index(scenario.start)
    return range(first // 4, (first + scenario.quarters - 1) // 4 + 1)


def usual(scenario: Scenario) -> dict[str, OutcomeEntry]:
    """What is measured where an experiment does not say."""
    last = years_of(scenario)[-1]
    return {
        "price": OutcomeEntry(measure="cost_per_million_tokens", year=last, better="lower"),
        "domestic-share": OutcomeEntry(measure="domestic_share_value", year=last),
        "hhi": OutcomeEntry(measure="hhi", year=last),
        "gross-margin": OutcomeEntry(measure="gross_margin", year=last),
        "survivors": OutcomeEntry(measure="survivors"),
        "failures": OutcomeEntry(measure="failures"),
        "largest-fall": OutcomeEntry(measure="largest_fall"),
    }


def outcome(name: str, entry: OutcomeEntry) -> Outcome:
    """An entry of the file, which is right, as an outcome."""
    title = {"en": name, "zh": name} if entry.title is None else entry.title.model_dump()
    return Outcome(entry.measure, entry.year, entry.over, entry.better, entry.enough, title, _unit(entry.measure))


def _unit(measure: str) -> str:
    of_vendor = _VENDOR.fullmatch(measure)
    return OF_VENDOR[of_vendor[2]] if of_vendor else {**METRICS, **OF_RUN}[measure]


def outcome_violations(outcomes: Mapping[str, OutcomeEntry], scenario: Scenario) -> Iterator[Violation]:
    """What is wrong with the outcomes; paths start at `outcomes`."""
    for name, entry in outcomes.items():
        path = ("outcomes", name)
        if name in COLUMNS:
            yield Violation(path, "is the name of another column of the results", "another name")
        yield from (
            Violation((*path, *more.path), more.message, more.allowed, more.hint) for more in _wrong(entry, scenario)
        )
        if entry.enough is not None and entry.better is None:
            yield Violation((*path, "enough"), "says nothing without `better`", "`better: higher` or `better: lower`")


def _wrong(entry: OutcomeEntry, scenario: Scenario) -> Iterator[Violation]:
    """What is wrong with the measure of an outcome, or with its year."""
    of_vendor = _VENDOR.fullmatch(entry.measure)
    if of_vendor:
        yield from _wrong_vendor(of_vendor[1], of_vendor[2], _firms(scenario))
    elif entry.measure not in METRICS and entry.measure not in OF_RUN:
        known = [*METRICS, *OF_RUN, "vendor.NAME.cards", "vendor.NAME.share", "vendor.NAME.alive"]
        hint = did_you_mean(entry.measure, known)
        hint = hint if hint.startswith("did you mean") else ""
        yield Violation(("measure",), f"there is no measure {entry.measure!r}", listing(known, 40), hint)
        return
    years = years_of(scenario)
    if entry.measure in OF_RUN:
        for field in ("year", "over"):
            if getattr(entry, field) is not None:
                yield Violation((field,), f"{entry.measure} is measured over the whole run", f"no `{field}`")
    elif (entry.year is None) == (entry.over is None):
        allowed = f"`year:` from {years[0]} to {years[-1]}, or `over:` for all years; one of them"
        yield Violation(("measure",), f"{entry.measure} is measured by year", allowed)
    if entry.year is not None and entry.measure not in OF_RUN and entry.year not in years:
        yield Violation(("year",), "is no year of the scenario", f"{years[0]} to {years[-1]}")


def _wrong_vendor(name: str, measure: str, firms: Collection[str]) -> Iterator[Violation]:
    if name not in firms:
        hint = did_you_mean(name, list(firms), "there are")
        yield Violation(("measure",), f"there is no vendor {name!r}", "a vendor of this scenario", hint)
    if measure not in OF_VENDOR:
        yield Violation(("measure",), f"there is no measure {measure!r} of a vendor", listing(list(OF_VENDOR)))


def _firms(scenario: Scenario) -> list[str]:
    """Vendors, the slots of entrants, and foreign suppliers."""
    slots = [f"{name}-{n + 1}" for name, entrant in scenario.entrants.items() for n in range(entrant.slots)]
    return [*scenario.vendors, *slots, *scenario.foreign]
