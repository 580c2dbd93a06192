"""How reports speak: texts, numbers with units, intervals and lists of one language, in the words of an industry."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from marketsim.commands.figures import decimals, written
from marketsim.reports.texts import NOTES, TEXTS
from marketsim.scenario.vocabulary import Language, Vocabulary, Words
from marketsim.shakeout.statistics import Interval

NOTHING = "–"
"""What stands for a number that there is none of."""
INDEX = ("hhi",)
"""Measures of unit 1 that are written as they are; others are shares, written in per cent."""

_BRACES = re.compile(r"({[^{}]*})")


@dataclass(frozen=True)
class Unit:
    """How a quantity is written.

    factor: brings it to the unit.  before, after: stand around the number.  points: follow a difference instead.
    most: digits after the point, of which there may be fewer: about three digits are written in all.
    """

    factor: float = 1.0
    before: str = ""
    after: str = ""
    points: str = ""
    most: int = 3

    @property
    def of_change(self) -> Unit:
        """How differences are written."""
        return replace(self, after=self.points or self.after)


class Speaker:
    """Texts and numbers for readers of one language.

    >>> speaker = Speaker("en")
    >>> share = speaker.unit("1")
    >>> speaker.amount(0.126, share), speaker.change(-0.126, share), speaker.listed(["a", "b", "c"])
    ('12.6%', '−12.6 points', 'a, b and c')
    """

    def __init__(self, language: Language, vocabulary: Vocabulary | None = None) -> None:
        self.language: Language = language
        self._words = Words(vocabulary or Vocabulary(), language)

    def say(self, key: str, /, **values: object) -> str:
        """A text of `TEXTS` in the words of the industry, with values in its braces."""
        parts = _BRACES.split(TEXTS[key][self.language])
        said = "".join(part if place % 2 else self._words.text(part) for place, part in enumerate(parts))
        return said.format(**values)

    def title(self, titles: Mapping[str, str]) -> str:
        """What people wrote themselves."""
        return titles[self.language]

    def note(self, text: str) -> str:
        """A sentence of the analysis, which is written in English."""
        return NOTES.get(text, "") or self.say("not-told-why") if self.language == "zh" else text

    def sentence(self, text: str, capital: bool = True) -> str:
        """A text with a full stop behind it, if it has none.  capital: at its start."""
        stop = "。" if self.language == "zh" else "."
        return (text[:1].upper() if capital else text[:1]) + text[1:] + ("" if text.endswith((".", "。")) else stop)

    def headed(self, text: str) -> str:
        """What stands before that which is said of it."""
        return self.sentence(text).rstrip(".。") + ("：" if self.language == "zh" else ":")

    def listed(self, items: Sequence[str]) -> str:
        """Items in a sentence."""
        if self.language == "zh":
            return "、".join(items)
        return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)

    def clauses(self, items: Sequence[str]) -> str:
        """Parts of a sentence that may hold commas themselves."""
        return ("；" if self.language == "zh" else "; ").join(items)

    def unit(self, unit: str, measure: str = "", largest: float = 0.0) -> Unit:
        """How a quantity of the program is written.  largest: of those that stand together."""
        zh = self.language == "zh"
        currency = self._words.text("人民币" if zh else "RMB")
        money = "元" if zh and currency == "人民币" else currency
        if measure in INDEX:
            return Unit()
        if unit == "1":
            return Unit(100, "", self.say("percent"), self.say("points"), 2)
        if unit == "firms":
            return Unit(1, "", self.say("firms"), "", 2)
        if unit == "k cards":
            factor, name = (0.1, "万张") if zh else (1e-3, " million") if largest >= 1000 else (1, " thousand")
            return Unit(factor, "", name)
        factor, name = {
            "krmb/card": (0.1, "万") if zh else (1, " thousand"),
            "rmb_m": (0.01, "亿") if zh else (1e-3, " bn"),
        }.get(unit, (1.0, ""))
        return Unit(factor, "" if zh else f"{money} ", name + (money if zh else ""))

    def name(self, unit: Unit) -> str:
        """The name of a unit, for the end of an axis or the head of a column."""
        return f"{unit.before}{unit.after}".strip()

    def with_unit(self, name: str, unit: Unit) -> str:
        """A measure with its unit, for the title of a chart; firms go without saying."""
        told = self.name(unit)
        return name if told in ("", self.say("firms").strip()) else self.say("with-unit", name=name, unit=told)

    def number(self, value: float, unit: Unit = Unit(), digits: int | None = None) -> str:
        """A value in its unit, without the unit's name."""
        if not math.isfinite(value):
            return NOTHING
        value *= unit.factor
        return written(value, min(decimals(value), unit.most) if digits is None else digits).replace("-", "−")

    def amount(self, value: float, unit: Unit, digits: int | None = None) -> str:
        """A value with the name of its unit."""
        return f"{unit.before}{self.number(value, unit, digits)}{unit.after}" if math.isfinite(value) else NOTHING

    def change(self, value: float, unit: Unit, digits: int | None = None) -> str:
        """A difference with its sign and the name of its unit."""
        if not math.isfinite(value):
            return NOTHING
        return f"{unit.before}{self.signed(value, unit, digits)}{unit.of_change.after}"

    def signed(self, value: float, unit: Unit, digits: int | None = None) -> str:
        """A difference with its sign alone."""
        text = self.number(value, unit, digits)
        return text if text.startswith(("−", NOTHING)) or not text.strip("0.") else f"+{text}"

    def digits(self, unit: Unit, *values: float) -> int:
        """Digits after the point with which values are written that stand together; none if all are whole."""
        known = [abs(value * unit.factor) for value in values if math.isfinite(value)]
        if all(float(value).is_integer() for value in known):
            return 0
        return min(decimals(max(known, default=0.0)), unit.most)

    def span(self, found: Interval, unit: Unit, signed: bool = False) -> str:
        """The bounds of an interval."""
        digits = self.digits(unit, found.low, found.high)
        form = self.signed if signed else self.number
        return self.say("from-to", low=form(found.low, unit, digits), high=form(found.high, unit, digits))

    def with_interval(self, found: Interval, unit: Unit, signed: bool = False) -> str:
        """A value with its 95 % interval in brackets; without where there is none."""
        form = self.change if signed else self.amount
        value = form(found.value, unit, self.digits(unit, found.value, found.low, found.high))
        if not (math.isfinite(found.low) and math.isfinite(found.high)):
            return value
        return value + self.say("brackets", text=self.span(found, unit, signed))

    def share(self, value: float) -> str:
        """A share, in per cent."""
        return self.amount(value, self.unit("1"), 1 if 0 < abs(value) < 0.0995 else 0)

    def p_value(self, value: float) -> str:
        """A p-value, to a thousandth."""
        return NOTHING if not math.isfinite(value) else "< 0.001" if value < 0.0005 else f"{value:.3f}"

    @property
    def of_runs(self) -> Unit:
        """How shares of runs are written."""
        return replace(self.unit("1"), most=1)

    def given(self, value: float, unit: Unit) -> str:
        """A value that somebody chose, without digits that were not given."""
        text = f"{value * unit.factor:.6g}".replace("-", "−")
        return f"{unit.before}{text}{unit.after}"

    def count(self, number: int) -> str:
        """A whole number."""
        return f"{number:,}"


def plain(value: Any) -> str:
    """A figure as it was written."""
    return f"{value:g}".replace("-", "−") if isinstance(value, float | int) else str(value)
