"""The whole report: its pages in order, its pictures, and what it was made from."""

from __future__ import annotations

import re
from pathlib import Path

from marketsim.errors import MarketSimError
from marketsim.validation import (
    chips,
    figures,
    fingerprint,
    history,
    pictures_shakeout,
    ranking,
    shakeout,
    summary,
    worlds,
)
from marketsim.validation.chips import Pictures
from marketsim.validation.fingerprint import Fingerprint
from marketsim.validation.study import Study

_MARKED = re.compile(r"\s*([#|!-]|\d+\. )")
"""Headings, tables, pictures and lists, which keep their lines."""
NAME, FOLDER = "validation.md", "validation"
EXPLAINED = "shakeout"
"""Folder of the picture of docs/shakeout.md."""


def document(study: Study, made_from: Fingerprint) -> tuple[str, Pictures]:
    """The text in Markdown, and its pictures as SVG by name. The same study gives the same bytes."""
    chips_page, pictures = chips.page(study.default)
    history_page, of_history = history.page(study.history)
    worlds_page, of_worlds = worlds.generators(study)
    ranking_page, of_ranking = ranking.page(study)
    pages = [
        _head(study),
        summary.page(study),
        chips_page,
        worlds.alternatives(study),
        history_page,
        worlds_page,
        ranking_page,
        shakeout.page(study),
        _end(study, made_from),
    ]
    return unwrapped("\n".join(pages)), pictures | of_history | of_worlds | of_ranking


def unwrapped(text: str) -> str:
    """The text with every paragraph on one line, as the sentences in it are of any length."""
    blocks = text.split("\n\n")
    return (
        "\n\n".join(block if _MARKED.match(block) else " ".join(block.strip("\n").split("\n")) for block in blocks)
        + "\n"
    )


def write(study: Study, made_from: Fingerprint, out: Path) -> list[Path]:
    """Write the report, its pictures, that of docs/shakeout.md and its fingerprint, and say which files these are.

    Raises MarketSimError where they cannot be written.
    """
    text, pictures = document(study, made_from)
    contents = {
        out / NAME: text,
        **{
            out / EXPLAINED / f"classes-{language}.svg": pictures_shakeout.classes(study.cases, language)
            for language in ("en", "zh")
        },
        **{out / FOLDER / f"{name}.svg": drawn for name, drawn in pictures.items()},
        out / FOLDER / fingerprint.FILE: fingerprint.written(made_from),
    }
    prepare(out)
    try:
        for path, content in contents.items():
            path.write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise MarketSimError(f"{error.filename or out} cannot be written: {error.strerror}") from None
    return list(contents)


def prepare(out: Path) -> None:
    """Make the folders of a report. Raises MarketSimError where they cannot be made."""
    try:
        for folder in (FOLDER, EXPLAINED):
            (out / folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MarketSimError(f"{error.filename or out} cannot be written: {error.strerror}") from None


def _head(study: Study) -> str:
    settings = study.settings
    return f"""\
# Validation

Written by `marketsim validate`: do not edit. {settings.runs:,} runs of each scenario, seed {settings.seed}; the
same command gives the same document. Every sentence with a number is made from that number; why a figure is missed
is said in the target file, in the words of who looked into it.
"""


def _end(study: Study, made_from: Fingerprint) -> str:
    files = [f"`{name}.yaml` {value}" for name, value in made_from["scenarios"].items()]
    files += [f"`targets/{name}.yaml` {value}" for name, value in made_from["targets"].items()]
    listing = "\n".join(f"- {line}" for line in files)
    settings = study.settings
    options = f"--runs {settings.runs} --seed {settings.seed} --trajectories {settings.trajectories}"
    return f"""\
## 8. What is not validated, and how to do it again

*Not validated.* Anything that no target measures: the strategies' realism one by one, what policies do, the causes
of exits, the years after the last target. Tolerances are judgement. Targets of the same market are not independent
of each other, so the number of hits is no test of significance; nor is a share of runs inside a tolerance, since
the runs differ by luck alone and not by the figures that nobody knows. One history was replayed, and the same
people saw it before they wrote the rules. What the rules leave out, and the weaknesses known of them, stand in
[section 9 of the model's description](model.md#9-what-the-model-leaves-out-and-known-weaknesses).

*A hit in the median run* can hide that few runs are inside: a hit counts as steady from
{100 * figures.MOST_RUNS:.0f} % of runs.

*Again:* `marketsim validate {options}`; `marketsim validate --check` says whether this document still belongs to
the scenarios, targets and rules. It was made from these files of `scenarios/` (SHA-256 of what they say, comments
left out):

{listing}
"""
