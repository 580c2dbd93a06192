"""How the game speaks: one language at a time, in the words of the scenario's industry, with numbers as read there.

English stands in the source; Chinese in the gettext catalogue `tui/i18n/zh`. Every text on a screen goes through
`Speech.say`, and every number through one of its methods, so that no screen mixes languages.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from gettext import NullTranslations, translation
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from marketsim.scenario.vocabulary import Vocabulary

CATALOGUES = Path(__file__).parent / "i18n"
Language = Literal["en", "zh"]
LANGUAGES: Mapping[Language, str] = {"en": "English", "zh": "中文"}
NOTHING = "–"
"""What stands for a number that there is none of."""

_BRACES = re.compile(r"({[^{}]*})")

_SHORT_FORMS = (
    ("card", re.compile("单卡"), "每加速卡"),
    ("card", re.compile("(?<![速板掉])卡"), "加速卡"),
    ("wafer", re.compile("千片(晶圆)?"), "千晶圆"),
    ("wafer", re.compile("一片晶圆"), "一晶圆"),
)
"""Words of AI chips that Chinese cuts short, and what they stand for: (name in the vocabulary, short form, whole)."""

Sign = Literal["", "+"]
"""Whether a rise is written with its sign, as changes are."""


def N_(text: str) -> str:
    """Marks a text that is translated where it is shown, such as the title of a key binding."""
    return text


@lru_cache
def catalogue(language: Language) -> NullTranslations:
    """The translations of a language.  Raises FileNotFoundError where they were not installed."""
    if language == "en":
        return NullTranslations()
    return translation("marketsim", CATALOGUES, [language])


class Speech:
    """Texts and numbers for people.

    >>> english, chinese = Speech("en"), Speech("zh")
    >>> english.money(4230.0), chinese.money(4230.0), english.money(-55.0, "+"), chinese.money(320.0)
    ('RMB 4.23bn', '42.3亿元', '-RMB 55.0m', '3.20亿元')
    >>> english.share(0.0841), english.points(0.006), english.count(12_345), english.cards(6.1), chinese.cards(6.1)
    ('8.4%', '+0.6', '12,345', '6.10k', '6,100')
    """

    def __init__(self, language: Language = "en", vocabulary: Vocabulary | None = None) -> None:
        self.language: Language = language
        self._catalogue = catalogue(language)
        self._in_words: Callable[[str], str] = str
        self._own: Mapping[str, str] = {}
        self.currency = "元" if language == "zh" else "RMB"
        self.counted = "张"
        if vocabulary is not None:
            from marketsim.scenario.vocabulary import Words  # takes a third of the time to the first screen

            words = Words(vocabulary, language)
            self._in_words, self._own = words.text, words.texts
            if language == "zh" and words.renamed:
                self._in_words = lambda text: words.text(_whole(text, words.renamed))
                self.counted = words.renamed["card"].zh if "card" in words.renamed else self.counted
            term = vocabulary.currency
            self.currency = term.en if language == "en" else "元" if term.zh == "人民币" else term.zh

    def say(self, text: str, /, **values: object) -> str:
        """A text of the program in this language and industry, with values in its braces."""
        return self._said(text).format(**values) if values else self._said(text)

    def _said(self, text: str) -> str:
        """The text before its values; their names in braces are no words of an industry."""
        if (own := self._own.get(text)) is not None:
            return own
        parts = _BRACES.split(self._catalogue.gettext(text))
        return "".join(part if place % 2 else self._in_words(part) for place, part in enumerate(parts))

    def text(self, written: Mapping[str, str]) -> str:
        """A text that the engine has in both languages, in the words of this industry."""
        return self._in_words(written[self.language])

    def title(self, titles: Mapping[str, str] | object) -> str:
        """The title of a part of a scenario, of a strategy or of a class: what people wrote themselves."""
        if isinstance(titles, Mapping):
            return str(titles[self.language])
        return str(getattr(titles, self.language))

    def money(self, rmb_m: float, sign: Sign = "") -> str:
        """An amount of money, RMB million."""
        if not math.isfinite(rmb_m):
            return NOTHING
        minus, amount = _sign(rmb_m, sign), abs(rmb_m)
        if self.language == "zh":
            if amount >= 10:
                return f"{minus}{three(amount / 100)}亿{self.currency}"
            return f"{minus}{three(amount * 100)}万{self.currency}"
        if amount >= 999.5:
            return f"{minus}{self.currency} {three(amount / 1000)}bn"
        return f"{minus}{self.currency} {three(amount)}m"

    def price(self, krmb: float, sign: Sign = "") -> str:
        """A price of a card, thousand RMB."""
        if not math.isfinite(krmb):
            return NOTHING
        minus, amount = _sign(krmb, sign), abs(krmb)
        if self.language == "zh":
            return f"{minus}{three(amount / 10)}万{self.currency}"
        return f"{minus}{self.currency} {three(amount)}k"

    def small_price(self, rmb: float) -> str:
        """A price in RMB, such as of a million tokens."""
        if not math.isfinite(rmb):
            return NOTHING
        return f"{three(rmb)}{self.currency}" if self.language == "zh" else f"{self.currency} {three(rmb)}"

    def cards(self, k: float, sign: Sign = "") -> str:
        """A number of cards, thousand."""
        if not math.isfinite(k):
            return NOTHING
        minus, amount = _sign(k, sign), abs(k)
        if self.language == "zh":
            return f"{minus}{three(amount / 10)}万" if amount >= 10 else f"{minus}{amount * 1000:,.0f}"
        return f"{minus}{three(amount)}k"

    def scale(self, kind: Literal["cards", "price", "money"]) -> tuple[str, float]:
        """Unit for a table, and what thousand cards, thousand RMB or RMB million are multiplied with to be in it."""
        if self.language == "zh":
            return {
                "cards": (f"万{self.counted}", 0.1),
                "price": (f"万{self.currency}", 0.1),
                "money": (f"亿{self.currency}", 0.01),
            }[kind]
        return {"cards": ("k", 1.0), "price": (f"k {self.currency}", 1.0), "money": (f"{self.currency} bn", 0.001)}[
            kind
        ]

    def share(self, value: float, digits: int = 1) -> str:
        """A share, per cent."""
        return f"{100 * value:.{digits}f}%" if math.isfinite(value) else NOTHING

    def points(self, value: float, digits: int = 1) -> str:
        """A change of a share in percentage points, with its sign and without a unit."""
        return f"{round(100 * value, digits) + 0.0:+.{digits}f}" if math.isfinite(value) else NOTHING  # no -0.0

    def number(self, value: float, digits: int = 2) -> str:
        """A number without a unit."""
        return f"{value:,.{digits}f}" if math.isfinite(value) else NOTHING

    def count(self, value: float) -> str:
        """A whole number."""
        return f"{value:,.0f}" if math.isfinite(value) else NOTHING

    def quarters(self, value: float, most: float = 40.0) -> str:
        """A number of quarters, such as of runway; `most` and beyond reads as more than that."""
        if not math.isfinite(value):
            return NOTHING
        number = f"{value:.1f}" if value < most - 0.05 else f">{most:.0f}"
        return self.say("{number} quarters", number=number)


def _whole(text: str, renamed: Collection[str]) -> str:
    """A Chinese text without short forms of words that are called otherwise here."""
    for name, short, whole in _SHORT_FORMS:
        text = short.sub(whole, text) if name in renamed else text
    return text


def _sign(value: float, sign: Sign) -> str:
    return "-" if value < 0 else sign


def three(amount: float) -> str:
    """About three digits: 4.23, 42.3, 423, 4,230, and 0; a dash for what is no number."""
    if not math.isfinite(amount):
        return NOTHING
    if not amount:
        return "0"
    digits = 2 if abs(amount) < 9.995 else 1 if abs(amount) < 99.95 else 0
    return f"{amount:,.{digits}f}"
