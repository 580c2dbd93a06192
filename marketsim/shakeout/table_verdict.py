"""The verdict on a table of history: the class, what speaks for and against it, and how much it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from marketsim.scenario.reference_file import Range
from marketsim.shakeout import known
from marketsim.shakeout.classify import PRICE, Class, Mechanism, Structure, Verdicts
from marketsim.shakeout.facts import FACTS
from marketsim.shakeout.gauges import Measured
from marketsim.shakeout.instrument import ErrorRates, Instrument
from marketsim.shakeout.reference import KINDS
from marketsim.shakeout.table import Table
from marketsim.shakeout.trial import confusion
from marketsim.shakeout.verdict import posteriors


class Speaks(StrEnum):
    """For which history a fact speaks: the range that it lies in."""

    PHOTOVOLTAIC = "photovoltaics"
    ECOSYSTEM = "ecosystem"
    BOTH = "both"
    NEITHER = "neither"
    UNKNOWN = "not known"


SPEAKS = {
    (True, True): Speaks.BOTH,
    (True, False): Speaks.PHOTOVOLTAIC,
    (False, True): Speaks.ECOSYSTEM,
    (False, False): Speaks.NEITHER,
}
"""By whether a fact is as in photovoltaics, and as in ecosystem industries."""


@dataclass(frozen=True)
class TableFact:
    """A fact of a table, NaN if it cannot tell, beside its ranges in history."""

    name: str
    title: Mapping[str, str]
    value: float
    photovoltaic: Range | None
    ecosystem: Range | None
    speaks: Speaks


@dataclass(frozen=True)
class TableVerdict:
    """The verdict on a table.

    t0, t1: years of the peak and the trough of active firms.  too_few: facts of price are known to say what killed.
    evidence: least and most log odds of fragmented over concentrated.  reasons: what keeps the table from saying more.
    equal, sceptical: probability of each class with the same prior for all, and with half of it on no shakeout, from
    runs of known class with the same facts left out.  errors: how often these are classified rightly.
    """

    which: Class
    structure: Structure
    mechanism: Mechanism
    t0: float
    t1: float
    too_few: bool
    evidence: tuple[float, float]
    facts: tuple[TableFact, ...]
    reasons: tuple[str, ...]
    equal: Mapping[Class, float]
    sceptical: Mapping[Class, float]
    errors: ErrorRates | None

    @property
    def known(self) -> int:
        """Facts that the table can tell."""
        return sum(fact.speaks is not Speaks.UNKNOWN for fact in self.facts)


def assess_table(table: Table, instrument: Instrument) -> TableVerdict:
    """The verdict on a table of history.

    Raises MarketSimError if the runs of known class that ship with the package are damaged.
    """
    reading = instrument.read(table.history)
    window, verdicts = instrument.window(table.history), reading.verdicts
    errors = _errors(reading.measured, instrument)
    which = Class(verdicts.classes[0])
    equal, sceptical = _probabilities(errors, which)
    return TableVerdict(
        which=which,
        structure=Structure(verdicts.structure[0]),
        mechanism=Mechanism(verdicts.mechanism[0]),
        t0=float(window.t0[0]),
        t1=float(window.t1[0]),
        too_few=bool(np.isnan(verdicts.cost_share[0])),
        evidence=(float(verdicts.evidence.low[0]), float(verdicts.evidence.high[0])),
        facts=tuple(_fact(name, reading.measured, instrument) for name in FACTS),
        reasons=tuple(_reasons(reading.measured, verdicts, instrument)),
        equal=equal,
        sceptical=sceptical,
        errors=errors,
    )


def _errors(measured: Measured, instrument: Instrument) -> ErrorRates | None:
    """How the instrument does on runs of known class that lack what the table lacks; None where it is not measured."""
    if instrument.errors is None:
        return None
    trials = known.lacking(known.load(), measured)
    return confusion(trials, instrument) if trials else None


def _probabilities(errors: ErrorRates | None, which: Class) -> tuple[dict[Class, float], dict[Class, float]]:
    shares = np.zeros(len(Class))
    shares[which] = 1.0
    equal, sceptical = posteriors(errors, shares)
    return {each: float(equal[each]) for each in Class}, {each: float(sceptical[each]) for each in Class}


def _fact(name: str, measured: Measured, instrument: Instrument) -> TableFact:
    value, reference = measured[name][:1], instrument.reference
    as_pv, as_eco = (bool(reference.inside(value, name, kind)[0]) for kind in KINDS)
    speaks = Speaks.UNKNOWN if np.isnan(value[0]) else SPEAKS[as_pv, as_eco]
    return TableFact(name, reference.title(name), float(value[0]), *reference.ranges(name), speaks)


def _reasons(measured: Measured, verdicts: Verdicts, instrument: Instrument) -> Iterator[str]:
    """What the table lacks for saying more, or why it is no shakeout."""
    first = {name: float(values[0]) for name, values in measured.items()}
    thresholds = instrument.thresholds
    if not verdicts.shakeout[0]:
        yield from _why_none(first, instrument)
        return
    if np.isnan(first["output"]):
        yield "Output after the peak is not in the table: if it fell with the firms this is a collapse, not a shakeout."
    if np.isnan(first["S4"]):
        yield "No number of firms is known after the trough: whether they come back cannot be seen."
    if verdicts.structure[0] == Structure.OPEN:
        ends = ["C1 low", "C1 high", "C2 low", "C2 high"]
        unknown = all(np.isnan(first[end]) for end in ends)
        yield (
            "Structure cannot be told: no index, shares or number of firms are known within three years of t1 + 3."
            if unknown
            else "Structure cannot be told: what is known of firms, shares and leaders allows both kinds."
        )
    if verdicts.mechanism[0] in (Mechanism.MIXED, Mechanism.NOT_TESTABLE):
        facts = [name for name in PRICE if not np.isnan(first[name])]
        if verdicts.mechanism[0] == Mechanism.NOT_TESTABLE:
            yield f"No excess supply: capacity is never {thresholds.excess:g} times demand, so price cannot be tested."
        elif len(facts) < thresholds.known_facts:
            some = f"only {', '.join(facts)}" if facts else "none"
            needed = f"{thresholds.known_facts} are needed"
            yield f"What killed the firms cannot be told: of the facts of price {some} can be measured, {needed}."
        else:
            far = (
                f"{100 * float(verdicts.cost_share[0]):.0f} % of the known facts of price go as far as in photovoltaics"
            )
            yield f"Cost and price do not explain it: {far}, {100 * thresholds.cost_facts:.0f} % are asked for."
        if np.isnan(first["M1"]):
            yield "Whether the ecosystem killed needs figures firm by firm (M1), which a table does not have."


def _why_none(first: Mapping[str, float], instrument: Instrument) -> Iterator[str]:
    thresholds = instrument.thresholds
    if first["firms"] < thresholds.firms:
        yield (
            f"At most {first['firms']:g} firms are active in the table; the test asks for a peak of "
            f"{thresholds.firms} or more, so that it says nothing of so few."
        )
    if not first["S1"] >= thresholds.fall - 1e-9:
        fallen = "do not fall" if np.isnan(first["S1"]) or first["S1"] <= 0 else f"fall by {100 * first['S1']:.0f} %"
        yield f"Active firms {fallen} within the table; a shakeout takes {100 * thresholds.fall:.0f} %."
    if first["S4"] >= thresholds.recovery:
        yield f"Firms come back to {100 * first['S4']:.0f} % of their peak within five years."
    if first["output"] < thresholds.output:
        less, gone = -100 * first["output"], 100 * thresholds.fall
        yield f"Output falls too: by at least {less:.0f} % once {gone:.0f} % of the firms are gone."
