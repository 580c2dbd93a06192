"""Reference values of the facts, from a file with sources: see scenarios/shakeout/reference.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from marketsim.errors import Problem, ReferenceValuesError
from marketsim.scenario import library
from marketsim.scenario.checks import Violation
from marketsim.scenario.model_file import read_model
from marketsim.scenario.problems import from_violations
from marketsim.scenario.provenance import leaves, provenance_of
from marketsim.scenario.reference_file import Range, ReferenceFile
from marketsim.scenario.source import Node, Provenance
from marketsim.shakeout.facts import FACTS
from marketsim.state import Bools, Floats

KINDS = ("photovoltaic", "ecosystem")
"""The two histories that values come from."""


@dataclass(frozen=True)
class Reference:
    """Reference values, with where each comes from."""

    path: Path
    file: ReferenceFile
    provenance: Mapping[str, Provenance]

    def range(self, fact: str, kind: str) -> Range | None:
        """What a fact was in a kind of history, None where that is not known."""
        found = self.file.facts.get(fact)
        value: Range | None = getattr(found, kind) if found is not None else None
        return value

    def ranges(self, fact: str) -> tuple[Range | None, Range | None]:
        """What a fact was in photovoltaics and in ecosystem industries, None where that is not known."""
        photovoltaic, ecosystem = (self.range(fact, kind) for kind in KINDS)
        return photovoltaic, ecosystem

    def inside(self, values: Floats, fact: str, kind: str) -> Bools:
        """Whether values of a fact are in the range of a kind, of any shape; false where either is not known."""
        known = self.range(fact, kind)
        return np.zeros(values.shape, dtype=bool) if known is None else known.contains(values)

    def title(self, fact: str) -> dict[str, str]:
        """What a fact is called, by language; its name where the file has no other."""
        found = self.file.facts.get(fact)
        return {"en": fact, "zh": fact} if found is None else found.title.model_dump()

    def scaled(self, factor: float) -> Reference:
        """The same values with ranges that are `factor` times as wide. factor: above 0."""
        facts = {
            name: fact.model_copy(
                update={kind: getattr(fact, kind).scaled(factor) for kind in KINDS if getattr(fact, kind) is not None}
            )
            for name, fact in self.file.facts.items()
        }
        return Reference(self.path, self.file.model_copy(update={"facts": facts}), self.provenance)


def folder() -> Path:
    """Where the data of the shakeout test are: reference values, tables of history, the measured instrument."""
    return library.folder() / "shakeout"


def load_reference(path: Path | None = None) -> Reference:
    """Read and check a file of reference values; the package's own if no path is given.

    Raises ReferenceValuesError with everything that is wrong.
    """
    chosen = path or folder() / "reference.yaml"
    what = "reference values are a mapping with the keys title and facts"
    file, tree, problems = read_model(chosen, ReferenceFile, ReferenceValuesError, what)
    problems = problems + from_violations(list(_violations(file)), tree)
    problems += list(_without_source(tree))
    if problems:
        raise ReferenceValuesError(problems)
    return Reference(chosen, file, provenance_of(tree))


def _violations(file: ReferenceFile) -> Iterator[Violation]:
    """Facts that there are not, and ranges that are none."""
    for name, fact in file.facts.items():
        if name not in FACTS:
            yield Violation(("facts", name), "is not one of the nineteen facts", allowed=", ".join(FACTS))
        for kind in KINDS:
            known, place = getattr(fact, kind), ("facts", name, kind)
            if known is None:
                continue
            if known.low is None and known.high is None:
                yield Violation(place, "is no range", allowed="a mapping with `low`, `high` or both")
            elif not known.low_end < known.high_end:
                yield Violation((*place, "high"), "is not above `low`", allowed=f"a number above {known.low:g}")
            elif known.value is not None and not known.low_end <= known.value <= known.high_end:
                allowed = f"a number from {known.low_end:g} to {known.high_end:g}"
                yield Violation((*place, "value"), "lies outside its own range", allowed=allowed)


def _without_source(tree: Node) -> Iterator[Problem]:
    """Ranges of which nobody knows where they come from."""
    facts = tree.child("facts")
    for name, fact in facts.children() if facts is not None else ():
        for kind in KINDS:
            node = fact.child(kind)
            if node is not None and any(not (leaf.provenance and leaf.provenance.source) for _, leaf in leaves(node)):
                allowed = "`source:` beside the figures or above them; `assumption` where there is none"
                yield Problem(node.origin, "lacks a source", f"facts.{name}.{kind}", allowed=allowed)
