"""Reference values of the facts, from a file with sources: see scenarios/shakeout/reference.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from marketsim.errors import Problem, ReferenceValuesError, ScenarioError
from marketsim.scenario import library
from marketsim.scenario.checks import Violation
from marketsim.scenario.problems import from_validation, from_violations, in_file
from marketsim.scenario.provenance import attribute, leaves, provenance_of
from marketsim.scenario.reference_file import Range, ReferenceFile
from marketsim.scenario.source import Node, Provenance, parse, plain, read_text
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

    def inside(self, facts: Mapping[str, Floats], fact: str, kind: str) -> Bools:
        """Whether a fact is in the range of a kind, [r]; false where either is not known."""
        known = self.range(fact, kind)
        return np.zeros(facts[fact].shape, dtype=bool) if known is None else known.contains(facts[fact])

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
    try:
        document = parse(read_text(chosen), str(chosen))
    except ScenarioError as error:
        raise ReferenceValuesError(error.problems) from None
    if not isinstance(document.root.value, dict):
        message = "reference values are a mapping with the keys title and facts"
        raise ReferenceValuesError([Problem(document.root.origin, message, found=in_file(document.root))])
    tree = attribute(document.root, document.problems)
    try:
        file = ReferenceFile.model_validate(plain(tree), strict=True)
    except ValidationError as error:
        raise ReferenceValuesError(document.problems + from_validation(error, tree, "ReferenceFile")) from None
    problems = document.problems + from_violations(list(_violations(file)), tree)
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
