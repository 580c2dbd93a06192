"""The errors that a person may see: each carries a message for the person at the keyboard and an exit code.

Exit codes of the command line: 0 done, 1 something wrong with a scenario or another input, or a failure on the way,
2 wrong use of a command, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import groupby
from textwrap import fill

WIDTH = 80
MAX_SHOWN = 50
"""Problems shown of one scenario; a file with more of them is wrong in one way many times."""


class MarketSimError(Exception):
    """Base of all errors that are the input's fault and not the program's."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written: a file or an option of the command line, and the line in it."""

    source: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a scenario or another file.

    field: dotted path of the value, empty for the file as a whole.  found: the value as a person would write it.
    allowed: what may stand there, in words.  hint: what to do about it.
    """

    origin: Origin
    message: str
    field: str = ""
    found: str = ""
    allowed: str = ""
    hint: str = ""

    def render(self) -> str:
        """The problem as indented lines, without the name of the file."""
        line = "" if self.origin.line is None else f"line {self.origin.line}: "
        lines = [f"  {line}{printable(self.field)}: {self.message}" if self.field else f"  {line}{self.message}"]
        details = (("found", self.found), ("allowed", self.allowed), ("hint", self.hint))
        return "\n".join(lines + [_hanging(f"      {name + ':':<9}", text) for name, text in details if text])


class FileError(MarketSimError):
    """A file that cannot be used, with everything that is wrong with it in one readable block."""

    about = "file"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.render())

    def render(self) -> str:
        """All problems, grouped by the file or option in which they were written, in the order of lines."""
        count = len(self.problems)
        blocks = [f"{counted(count, 'problem')} in the {self.about}"]
        sources = list(dict.fromkeys(problem.origin.source for problem in self.problems))
        ordered = sorted(self.problems, key=lambda it: (sources.index(it.origin.source), it.origin.line or 0))
        for source, own in groupby(ordered[:MAX_SHOWN], key=lambda it: it.origin.source):
            blocks.append(f"\n{printable(source, 400)}")
            blocks += [problem.render() for problem in own]
        if count > MAX_SHOWN:
            blocks.append(f"\n... and {count - MAX_SHOWN:,} more")
        return "\n".join(blocks)


class ScenarioError(FileError):
    """A scenario that cannot be used."""

    about = "scenario"


class TargetError(FileError):
    """A file of targets that cannot be used."""

    about = "targets"


class ReferenceValuesError(FileError):
    """A file of reference values of the shakeout test that cannot be used."""

    about = "reference values"


class TableError(FileError):
    """A table of history that cannot be used."""

    about = "table"


class ExperimentError(FileError):
    """An experiment that cannot be used."""

    about = "experiment"


def _hanging(label: str, text: str) -> str:
    """The text behind its label, and below itself where it is longer than a line of a terminal."""
    return fill(
        text,
        WIDTH,
        initial_indent=label,
        subsequent_indent=" " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    )


def counted(number: int, noun: str) -> str:
    """A number of things: 1 problem, 1,000 problems."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def printable(text: str, longest: int = 120) -> str:
    """Text that is safe to print in a terminal: control characters escaped, cut where it gets too long."""
    safe = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text[: longest + 1])
    return safe if len(safe) <= longest else safe[:longest] + "..."


def did_you_mean(word: str, known: Sequence[str], what: str = "known here") -> str:
    """A hint for a word that nobody knows: the nearest known word, or one of which it is a part, else what there is."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    close += [name for name in known if word and word.lower() in re.split("[-_.]", name)]
    if close:
        return f"did you mean {close[0]!r}?"
    return f"{what}: {listing(known)}" if known else ""


def listing(words: Sequence[str], longest: int = 16) -> str:
    """Words separated by commas; only the first of a long list."""
    rest = len(words) - longest
    return ", ".join(printable(word, 60) for word in words[:longest]) + (f" and {rest} more" if rest > 0 else "")
