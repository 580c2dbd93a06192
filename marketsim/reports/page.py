"""A report as one HTML file that needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from marketsim import __version__
from marketsim.reports.charts import COLOURS, Figure, swatch
from marketsim.reports.findings import Finding
from marketsim.reports.words import Speaker

if TYPE_CHECKING:
    from jinja2 import Environment

LANGUAGES = {"en": "en", "zh": "zh-CN"}
"""Languages as HTML names them."""

MOST = 2
"""Columns of words that a narrow page has room for."""


@dataclass(frozen=True)
class Cell:
    """A cell of a table.  small: stands below the text.  kind: what a difference means.  quoted: as people wrote it."""

    text: str
    small: str = ""
    kind: str = ""
    quoted: bool = False


@dataclass(frozen=True)
class Table:
    """Rows below headings.

    words: how many of the first columns are words; the others are figures.  look: matrix: many columns of figures, each
    with an interval; boxes: words below figures; facts: names and values.
    """

    shape: ClassVar = "table"
    columns: Sequence[Cell | str]
    rows: Sequence[Sequence[Cell | str]]
    words: int = 1
    title: str = ""
    look: Literal["", "matrix", "boxes", "facts"] = ""

    @property
    def is_listed(self) -> bool:
        """Whether a row is too long for a narrow page, which shows its words below each other."""
        return len(self.columns) > MOST and self.words == len(self.columns)


@dataclass(frozen=True)
class Text:
    """Paragraphs."""

    shape: ClassVar = "text"
    paragraphs: Sequence[str]


@dataclass(frozen=True)
class Drawing:
    """A figure of a section."""

    shape: ClassVar = "figure"
    figure: Figure


Block = Table | Text | Drawing


@dataclass(frozen=True)
class Section:
    """A part of the report.  name: of its anchor."""

    name: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Report:
    """A whole report.

    facts: what it is about, in a few words each.  warnings: what a reader must know before all else.
    headline: the answer in one sentence.  findings: the first page.
    """

    title: str
    facts: Sequence[str]
    headline: str
    findings: Sequence[Finding]
    sections: Sequence[Section]
    warnings: Sequence[str] = field(default=())

    def figures(self) -> list[Figure]:
        """All figures, in order."""
        return [block.figure for section in self.sections for block in section.blocks if isinstance(block, Drawing)]


def render(report: Report, speaker: Speaker) -> str:
    """The page."""
    made = _environment()
    script = made.get_template("report.js").render()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return made.get_template("report.html.jinja").render(
        report=report,
        say=speaker.say,
        language=LANGUAGES[speaker.language],
        version=__version__,
        script=script,
        digest=digest,
        colours=COLOURS,
        swatch=swatch,
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    folder = FileSystemLoader(Path(__file__).parent / "templates")
    escape = select_autoescape(enabled_extensions=("jinja",))
    return Environment(
        loader=folder, autoescape=escape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
