"""Is it photovoltaics? What the shakeout test finds, as gauges, lines and sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from agents.game.shakeout import SincePeak
from agents.game.view import GameView
from marketsim.scenario.reference_file import Range
from marketsim.shakeout.classify import PRICE, Class, Mechanism, Structure
from marketsim.shakeout.instrument import Instrument, Reading
from marketsim.shakeout.words import CLASSES, in_full
from tui.speech import N_, Speech
from tui.widgets.gauge import Gauge
from tui.widgets.line_chart import Series

Kind = Literal["share", "change", "number", "years", "times"]


@dataclass(frozen=True, slots=True)
class Fact:
    """How a fact of the test is shown.  title: short, marked with N_.  low, high: ends of its bar."""

    title: str
    kind: Kind
    low: float
    high: float


QUESTIONS: dict[str, dict[str, Fact]] = {
    N_("Do firms leave?"): {
        "S1": Fact(N_("firms gone"), "share", 0, 1),
        "S2": Fact(N_("years to half"), "years", 0, 5),
        "S3": Fact(N_("output change"), "change", -1, 1),
        "S4": Fact(N_("firms back"), "share", 0, 1),
        "M2": Fact(N_("exits bought"), "share", 0, 1),
    },
    N_("Is it price that kills?"): {
        "P1": Fact(N_("price fall"), "share", 0, 1),
        "P2": Fact(N_("learning rate"), "share", 0, 0.5),
        "P3": Fact(N_("price swing"), "number", -2, 0),
        "P4": Fact(N_("revenue change"), "change", -1, 1),
        "P5": Fact(N_("lowest margin"), "share", -0.2, 0.8),
        "P6": Fact(N_("top 10 earning"), "share", 0, 1),
        "U1": Fact(N_("lowest use"), "share", 0, 1),
        "U2": Fact(N_("overcapacity"), "times", 0, 3),
        "M1": Fact(N_("cost decides"), "number", -1, 1),
    },
    N_("Who is left?"): {
        "C1": Fact(N_("Herfindahl"), "number", 0, 1),
        "C2": Fact(N_("two largest"), "share", 0, 1),
        "C3": Fact(N_("new leaders"), "number", 0, 1),
        "C4": Fact(N_("leaders stay"), "share", 0, 1),
        "M3": Fact(N_("latecomers"), "times", 0, 3),
    },
}
"""The nineteen facts by the question of the test that they answer."""

FACTS = {name: fact for facts in QUESTIONS.values() for name, fact in facts.items()}

MEANINGS = {
    Class.PHOTOVOLTAIC: N_("many leave, price kills, many remain"),
    Class.LOCK_IN: N_("many leave, the ecosystem kills, few remain"),
    Class.COMMODITY: N_("many leave, price kills, few remain"),
    Class.NICHE: N_("many leave, the ecosystem kills, many remain"),
    Class.UNTOLD: N_("many leave; what kills or who remains cannot be told"),
    Class.RATIONED: N_("inputs are short, margins hold, few leave"),
    Class.SHELTERED: N_("many lose money, few leave"),
    Class.COLLAPSE: N_("firms leave and output falls with them"),
    Class.NONE: N_("few leave, and nothing keeps them"),
}
"""Each class in a few words."""

TELLING = ("P1", "P5", "P6", "U1", "P4", "M1", "P3", "C1", "C2", "C3", "C4")
"""Facts that tell photovoltaics from ecosystem industries, the best known first."""

EARLIER, LATER = 4.0, 5.0
"""Years around the peak that the path shows at most before it, and at least after it."""


# Gauges -----------------------------------------------------------------------------------------------------------


def gauges(facts: Sequence[str], reading: Reading | None, instrument: Instrument, speech: Speech) -> list[Gauge]:
    """Facts in the game's run, each with a mark where photovoltaics was; over: it lies in the range of those."""
    return [_gauge(name, value_of(name, reading), instrument, speech) for name in facts]


def value_of(name: str, reading: Reading | None) -> float:
    """A fact, NaN where it is not known: output while firms fall is nothing before any has gone."""
    if reading is None or (name == "S3" and not reading.measured["S1"][0] > 0):
        return math.nan
    return float(reading.measured[name][0])


def _gauge(name: str, value: float, instrument: Instrument, speech: Speech) -> Gauge:
    fact, known = FACTS[name], instrument.reference.range(name, "photovoltaic")
    mark = math.nan if known is None or known.value is None else known.value
    return Gauge(
        speech.say(fact.title) + ("*" if name in instrument.dropped else ""),
        value,
        text_of(fact.kind, value, speech),
        low=fact.low,
        high=fact.high,
        reference=mark,
        over=known is not None and bool(known.contains(np.array([value]))[0]),
        note="" if known is None else range_text(fact.kind, known, speech),
    )


def text_of(kind: Kind, value: float, speech: Speech) -> str:
    """A fact's value as it is read."""
    if not math.isfinite(value):
        return speech.share(value)
    if kind == "times":
        return f"×{speech.number(value, 1)}"
    if kind in ("number", "years"):
        return speech.number(value, 2 if kind == "number" else 1)
    sign = "+" if kind == "change" and value > 0 else ""
    return sign + speech.share(value, 0)


def range_text(kind: Kind, known: Range, speech: Speech) -> str:
    """A range of history."""
    low, high = (None if end is None else text_of(kind, end, speech) for end in (known.low, known.high))
    if low is None:
        return f"≤ {high}"
    return f"≥ {low}" if high is None else f"{low} – {high}"


# Path -------------------------------------------------------------------------------------------------------------


def path_series(here: SincePeak, reference: SincePeak, speech: Speech) -> tuple[list[Series], list[str]]:
    """Firms and price here and in photovoltaics on the same axes, per cent of the peak; a label for every quarter.

    here: by quarters.  reference: by years, joined by straight lines as the chart would.
    """
    first = max(math.floor(here.years.min()), -EARLIER) if len(here.years) else -EARLIER
    last = max(math.ceil(here.years.max()), LATER) if len(here.years) else LATER
    grid = np.arange(round(4 * min(first, -1.0)), round(4 * last) + 1) / 4
    labels = [f"{year:+.0f}" if year else "0" for year in grid]
    shown = [label if year == round(year) else "" for label, year in zip(labels, grid, strict=True)]

    def line(name: str, path: SincePeak, values: np.ndarray[tuple[int], np.dtype[np.float64]], slot: int) -> Series:
        known = np.isfinite(values)
        drawn = np.full(len(grid), np.nan)
        if known.any():
            drawn = 100 * np.interp(grid, path.years[known], values[known], left=np.nan, right=np.nan)
        reference_line = path is reference
        mark = "np"[slot] if reference_line else "NP"[slot]
        return Series(name, drawn.tolist(), slot=slot, reference=reference_line, mark=mark)

    return [
        line(speech.say("firms"), here, here.firms, 0),
        line(speech.say("price"), here, here.price, 1),
        line(speech.say("firms, PV"), reference, reference.firms, 0),
        line(speech.say("price, PV"), reference, reference.price, 1),
    ], shown


# Sentences --------------------------------------------------------------------------------------------------------


def class_of(reading: Reading) -> Class:
    """What the game is so far."""
    return Class(int(reading.verdicts.classes[0]))


def headline(reading: Reading | None, game: GameView, speech: Speech) -> str:
    """What it is so far, or in the end, in a line."""
    if reading is None:
        return speech.say("The test looks at whole years: its first facts stand after four quarters.")
    kind = in_full(class_of(reading), speech.language)
    if len(game.turns) == game.world.quarters:
        return speech.say("In the end: {kind}", kind=kind)
    return speech.say("So far: {kind}", kind=kind)


def class_title(which: Class, speech: Speech) -> str:
    """A class in a few words."""
    return CLASSES[which][speech.language]


def speaks_for(reading: Reading, instrument: Instrument, speech: Speech) -> str:
    """One sentence for photovoltaics: the farthest step of the test that is passed, else a fact that is like it."""
    return next(_for(reading, instrument, speech))


def _for(reading: Reading, instrument: Instrument, speech: Speech) -> Iterator[str]:
    say, verdicts = speech.say, reading.verdicts
    facts = {name: value_of(name, reading) for name in FACTS}
    if verdicts.shakeout[0]:
        yield say(
            "{gone} of the firms are gone since the peak while output holds: in photovoltaics {there}.",
            gone=speech.share(facts["S1"], 0),
            there=_there("S1", instrument, speech),
        )
    if verdicts.excess[0]:
        yield say(
            "Capacity has been {times} times demand for half a year: price can kill. In photovoltaics {there}.",
            times=speech.number(float(reading.measured["excess"][0]), 1),
            there=_there("U2", instrument, speech),
        )
    for name in TELLING:
        if _alike(name, facts[name], instrument) is True:
            yield say("As in photovoltaics: {fact}.", fact=_beside(name, facts[name], instrument, speech))
    known = sum(_alike(name, facts[name], instrument) is not None for name in TELLING)
    yield say("Nothing yet: of the {count} telling facts that are known none is as in photovoltaics.", count=known)


def _alike(name: str, value: float, instrument: Instrument) -> bool | None:
    """Whether a fact is as in photovoltaics, or goes farther where that says as much; None if it does not count."""
    known = instrument.reference.range(name, "photovoltaic")
    if known is None or name in instrument.dropped or not math.isfinite(value):
        return None
    found = np.array([value])
    return bool((known.reached_by(found, PRICE[name]) if name in PRICE else known.contains(found))[0])


def _beside(name: str, value: float, instrument: Instrument, speech: Speech) -> str:
    """A fact here and there."""
    return speech.say(
        "{fact} {value}, there {there}",
        fact=instrument.reference.title(name)[speech.language],
        value=text_of(FACTS[name].kind, value, speech),
        there=_there(name, instrument, speech),
    )


def speaks_against(reading: Reading, instrument: Instrument, speech: Speech) -> str:
    """One sentence against photovoltaics: the first step of the test that is not passed."""
    return next(_against(reading, instrument, speech))


def _against(reading: Reading, instrument: Instrument, speech: Speech) -> Iterator[str]:
    say, verdicts, limits = speech.say, reading.verdicts, instrument.thresholds
    first = {name: float(values[0]) for name, values in reading.measured.items()}
    if not verdicts.shakeout[0]:
        yield _no_shakeout(reading, instrument, speech)
    if verdicts.structure[0] == Structure.CONCENTRATED:
        two = speech.share(first["C2"], 0)
        yield say(
            "Few are left: the two largest hold {two}, in photovoltaics {there}.",
            two=two,
            there=_there("C2", instrument, speech),
        )
    if verdicts.mechanism[0] == Mechanism.ECOSYSTEM:
        yield say("Who lacks software and installed base leaves, not who is dear.")
    if not verdicts.excess[0] and math.isfinite(first["excess"]):
        yield say(
            "Capacity was at most {times} times demand for half a year; price is tested from {limit} on.",
            times=speech.number(first["excess"], 1),
            limit=speech.number(limits.excess, 1),
        )
    if verdicts.mechanism[0] == Mechanism.MIXED:
        yield say("Too few of the facts of price go as far as in photovoltaics to say that price killed.")
    if verdicts.structure[0] == Structure.OPEN:
        yield say("Whether few or many are left cannot be told yet.")
    for name in TELLING:
        if _alike(name, value_of(name, reading), instrument) is False:
            beside = _beside(name, value_of(name, reading), instrument, speech)
            yield say("Not as in photovoltaics: {fact}.", fact=beside)
    yield say("Nothing in the test speaks against it.")


def _no_shakeout(reading: Reading, instrument: Instrument, speech: Speech) -> str:
    """Why it is no shakeout."""
    say, limits = speech.say, instrument.thresholds
    first = {name: float(values[0]) for name, values in reading.measured.items()}
    match class_of(reading):
        case Class.RATIONED:
            return say(
                "Supply is rationed {share} of the time and gross margins stay above {margin}: price cannot kill.",
                share=speech.share(first["rationed"], 0),
                margin=speech.share(first["margin"], 0),
            )
        case Class.COLLAPSE:
            return say("Output falls with the firms: a collapse, no shakeout.")
    if first["firms"] < limits.firms:
        return say(
            "At most {count} firms have been active; the test asks for a peak of {limit}.",
            count=speech.count(first["firms"]),
            limit=limits.firms,
        )
    if not first["S1"] > 0:
        return say("No firm is gone: {count} are active, as many as ever.", count=speech.count(first["firms"]))
    if first["S1"] < limits.fall:
        return say(
            "{gone} of the firms are gone since the peak; a shakeout takes {limit}.",
            gone=speech.share(first["S1"], 0),
            limit=speech.share(limits.fall, 0),
        )
    if first["left"] < limits.left:
        return say("Firms stand idle, but only {left} have left for good.", left=speech.share(first["left"], 0))
    return say("Firms come back: {share} of the peak again.", share=speech.share(first["S4"], 0))


def _there(name: str, instrument: Instrument, speech: Speech) -> str:
    """What a fact was in photovoltaics: the value, else the range."""
    known, kind = instrument.reference.range(name, "photovoltaic"), FACTS[name].kind
    assert known is not None
    return range_text(kind, known, speech) if known.value is None else text_of(kind, known.value, speech)
