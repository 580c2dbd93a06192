"""The words of an industry: what a scenario calls a card, a foundry or a million tokens wherever people read of them.

The program's texts are written in the words of AI chips; `Words` says them in those of a scenario, in English or in
Chinese. Where other words are not enough, since a text explains what that industry has not, the scenario has a text of
its own. Names of columns and of keys, in JSON and in scenario files, stay as they are: other programs rely on them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from struct import unpack_from
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from marketsim.errors import printable
from marketsim.scenario.fields import Section
from marketsim.scenario.source import Node, plain

Language = Literal["en", "zh"]

Short = Annotated[str, Field(min_length=1, max_length=40)]
Long = Annotated[str, Field(min_length=1, max_length=1000)]


class Term(Section):
    """A word of an industry; for a unit of measure, one and many are often the same."""

    en: Short = Field(description="English for one, at most 40 characters")
    plural: Short = Field(description="English for many, at most 40 characters")
    zh: Short = Field(description="Simplified Chinese, at most 40 characters")


class Wording(Section):
    """A whole text of the game as an industry has it, with the same places for values in braces."""

    en: Long = Field(description="English, at most 1000 characters")
    zh: Long = Field(description="Simplified Chinese, at most 1000 characters")


def _word(en: str, plural: str, zh: str, meaning: str) -> Any:
    return Field(Term(en=en, plural=plural, zh=zh), description=meaning)


class Vocabulary(Section):
    """The words that industries have of their own; a word that is not given is that of AI chips."""

    card: Term = _word("card", "cards", "加速卡", "what vendors sell")
    vendor: Term = _word("vendor", "vendors", "厂商", "who designs and sells it")
    node: Term = _word("node", "nodes", "制程", "the process by which it is made")
    foundry: Term = _word("foundry", "foundries", "代工厂", "where it is made")
    wafer: Term = _word("wafer", "wafers", "晶圆", "what capacity is counted in")
    die: Term = _word("die", "dies", "裸片", "what a unit of capacity is cut into")
    memory: Term = _word("memory", "memories", "内存", "the scarce input")
    gigabyte: Term = _word("GB", "GB", "吉字节", "unit of that input")
    terabyte: Term = _word("TB", "TB", "太字节", "a thousand of that unit")
    family: Term = _word("model family", "model families", "模型系列", "what a product is adapted to")
    software: Term = _word("software", "software", "软件", "what adapts a product, and matures with work")
    token: Term = _word("token", "tokens", "词元", "unit of the work that buyers want done")
    million_tokens: Term = _word("million tokens", "million tokens", "百万词元", "a million of that unit")
    training: Term = _word("training", "training", "训练", "the kind of work that is not inference")
    currency: Term = _word("RMB", "RMB", "人民币", "the money in which all prices are given")
    texts: dict[str, Wording] = Field(
        {}, max_length=400, description="texts of the game that this industry says otherwise, by the game's English"
    )


WORDS = tuple(name for name in Vocabulary.model_fields if name != "texts")
"""Names of the words that can be renamed."""


class Words:
    """Says in the words of a scenario what is written in those of AI chips.

    >>> solar = Vocabulary(card=Term(en="kilowatt", plural="kilowatts", zh="千瓦"))
    >>> Words(solar).text("price of a card, krmb/card"), Words(solar, "zh").text("加速卡价格")
    ('price of a kilowatt, krmb/kilowatt', '千瓦价格')
    """

    def __init__(self, vocabulary: Vocabulary, language: Language = "en") -> None:
        self.vocabulary = vocabulary
        self.language = language

    @classmethod
    def of_tree(cls, root: Node) -> Words:
        """The words of a scenario that may be wrong elsewhere; where its vocabulary is wrong too, those of AI chips."""
        written = root.child("vocabulary")
        try:
            return cls(Vocabulary() if written is None else Vocabulary.model_validate(plain(written), strict=True))
        except ValidationError:
            return cls(Vocabulary())

    def text(self, written: str) -> str:
        """A text of the program in the words of the scenario; what stands in quotes or back-ticks is left alone.

        Not for what people wrote themselves, such as titles: they use their own words already.
        """
        return self._pattern.sub(self._said, written) if self._own else written

    @cached_property
    def renamed(self) -> dict[str, Term]:
        """The words that differ from those of AI chips."""
        terms = ((name, getattr(self.vocabulary, name)) for name in WORDS)
        return {name: term for name, term in terms if term != Vocabulary.model_fields[name].default}

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """The scenario's own text for the game's English; a wording with other places for values is left out.

        Files with such a wording are refused, but a scenario may also come from the server of a workshop.
        """
        said = ((text, str(getattr(own, self.language))) for text, own in self.vocabulary.texts.items())
        return {text: printable(own, 10_000) for text, own in said if places(own) == places(text)}

    @cached_property
    def _own(self) -> dict[str, str]:
        """Each form of a word of AI chips, and the scenario's word for it."""
        forms = _chinese_forms if self.language == "zh" else _english_forms
        return {form: printable(own) for name, term in self.renamed.items() for form, own in forms(name, term)}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Every form, the longest first. English words stand alone, and take an article that fits their sound."""
        forms = "|".join(re.escape(form) for form in sorted(self._own, key=len, reverse=True))
        if self.language == "zh":
            return re.compile(f"(?P<form>{forms})")
        alone = rf"(?<![\w.])(?:(?P<article>[Aa])n? )?(?P<form>{forms})(?!\w|\.\w)"
        return re.compile(rf"`[^`]*`|(?<!\w)'[^']*'|{alone}")

    def _said(self, found: re.Match[str]) -> str:
        said = found.groupdict()
        if said["form"] is None:
            return found[0]
        own = self._own[said["form"]]
        if said.get("article") is None:
            return own
        return f"{said['article']}{'n' if own[0] in 'aeiouAEIO' else ''} {own}"


def places(text: str) -> set[str]:
    """Where values come to stand in a text, such as `{price}`; a brace that has no partner is one too."""
    return set(re.findall("{[^{}]*}|[{}]", text))


@cache
def texts_of_the_game() -> tuple[str, ...]:
    """The English texts of the game in alphabetical order: those of its catalogue, which is read and not imported.

    Layout of the file: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html
    """
    game = find_spec("tui")
    assert game is not None and game.origin is not None
    found = (Path(game.origin).parent / "i18n/zh/LC_MESSAGES/marketsim.mo").read_bytes()
    count, table = unpack_from("<2I", found, 8)
    spans = (unpack_from("<2I", found, table + 8 * number) for number in range(count))
    return tuple(text for length, start in spans if (text := found[start : start + length].decode()))


def _chinese_forms(name: str, term: Term) -> Iterator[tuple[str, str]]:
    """(AI chips' form, own form): Chinese has one."""
    yield Vocabulary.model_fields[name].default.zh, term.zh


def _english_forms(name: str, term: Term) -> Iterator[tuple[str, str]]:
    """(AI chips' form, own form) of one and many, at the start of a sentence too, and in names of units."""
    default: Term = Vocabulary.model_fields[name].default
    for form, own in ((default.en, term.en), (default.plural, term.plural)):
        yield form[0].upper() + form[1:], own[0].upper() + own[1:]
        yield form, own
    if name == "currency":
        yield "krmb", f"k{term.en.lower()}"
        yield "rmb_m", f"{term.en.lower()}_m"
