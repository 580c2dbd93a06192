"""Reference values of the facts, from a file with sources: see scenarios/shakeout/reference.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from marketsim.errors import Origin, Problem, ReferenceValuesError, ScenarioError
from marketsim.scenario import library
from marketsim.scenario.fields import Figure, Section
from marketsim.scenario.problems import from_validation, in_file
from marketsim.scenario.provenance import attribute, provenance_of
from marketsim.scenario.schema import Title
from marketsim.scenario.source import Provenance, parse, plain, read_text
from marketsim.shakeout.facts import FACTS
from marketsim.state import Bools, Floats

KINDS = ("photovoltaic", "ecosystem")
"""The two histories that values come from."""
FURTHEST = 1.645
"""Standard deviations at which a range ends: it is read as the middle nine tenths."""


class Range(Section):
    """What a fact was in an industry: a value, if one is known, and the range around it that counts as the same."""

    value: Figure | None = Field(None, description="the reported value")
    low: Figure | None = Field(None, description="lower end; none: no bound")
    high: Figure | None = Field(None, description="upper end; none: no bound")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low is None and self.high is None:
            raise ValueError("needs `low`, `high` or both")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError("`low` must be below `high`")
        if self.value is not None and not self.low_end <= self.value <= self.high_end:
            raise ValueError("`value` must lie between `low` and `high`")
        return self

    @property
    def low_end(self) -> float:
        """Lower end, minus infinity if there is none."""
        return -np.inf if self.low is None else self.low

    @property
    def high_end(self) -> float:
        """Upper end, infinity if there is none."""
        return np.inf if self.high is None else self.high

    @property
    def centre(self) -> float:
        """Middle of a range with two ends; NaN otherwise."""
        return (self.low_end + self.high_end) / 2 if np.isfinite(self.high_end - self.low_end) else np.nan

    @property
    def sigma(self) -> float:
        """Standard deviation that the range stands for: its half-width / 1.645; NaN without two ends."""
        return (self.high_end - self.low_end) / 2 / FURTHEST if np.isfinite(self.high_end - self.low_end) else np.nan

    def contains(self, values: Floats) -> Bools:
        """Whether values lie inside, ends included up to rounding; NaN does not."""
        inside: Bools = (values >= self.low_end - 1e-9) & (values <= self.high_end + 1e-9)
        return inside

    def scaled(self, factor: float) -> Range:
        """The range with its ends moved away from the value, or from the middle where no value is known.

        A range with one end, or from one bound of what can be to another, keeps its ends.
        """
        if not np.isfinite(self.high_end - self.low_end):
            return self
        middle = self.centre if self.value is None else self.value
        low, high = middle - factor * (middle - self.low_end), middle + factor * (self.high_end - middle)
        return self.model_copy(update={"low": low, "high": high})


class FactReference(Section):
    """A fact in the two kinds of history; a range that is not there is not known."""

    title: Title
    photovoltaic: Range | None = None
    ecosystem: Range | None = None
    measures: list[str] = Field([], description="measures of target files: who is fitted to them is fitted to the fact")


class ReferenceFile(Section):
    """Reference values of all facts."""

    schema_version: Literal[1] = 1
    title: Title
    facts: dict[str, FactReference] = Field(min_length=1, max_length=len(FACTS))


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
    problems = document.problems + [
        Problem(Origin(str(chosen)), "is not one of the nineteen facts", f"facts.{name}", allowed=", ".join(FACTS))
        for name in file.facts
        if name not in FACTS
    ]
    if problems:
        raise ReferenceValuesError(problems)
    return Reference(chosen, file, provenance_of(tree))
