"""The file of reference values of the shakeout test as pydantic models: what its facts were in history."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from marketsim.scenario.fields import Figure, Section
from marketsim.scenario.schema import Title
from marketsim.state import Bools, Floats

FURTHEST = 1.645
"""Standard deviations at which a range ends: it is read as the middle nine tenths."""


class Range(Section):
    """What a fact was in an industry: a value, if one is known, and the range around it that counts as the same."""

    value: Figure | None = Field(None, description="the reported value")
    low: Figure | None = Field(None, description="lower end; none: no bound")
    high: Figure | None = Field(None, description="upper end; none: no bound")

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
        return np.nan if self.low is None or self.high is None else (self.low + self.high) / 2

    @property
    def sigma(self) -> float:
        """Standard deviation that the range stands for: its half-width / 1.645; NaN without two ends."""
        return np.nan if self.low is None or self.high is None else (self.high - self.low) / 2 / FURTHEST

    def contains(self, values: Floats) -> Bools:
        """Whether values lie inside, ends included up to rounding; NaN does not."""
        inside: Bools = (values >= self.low_end - 1e-9) & (values <= self.high_end + 1e-9)
        return inside

    def reached_by(self, values: Floats, direction: int) -> Bools:
        """Whether values go as far as the range, upwards (1) or downwards (-1), or farther; NaN does not."""
        reached: Bools = values >= self.low_end - 1e-9 if direction > 0 else values <= self.high_end + 1e-9
        return reached

    def scaled(self, factor: float) -> Range:
        """The range with its ends `factor` times as far from the value.

        Without a value it keeps its ends: they are a convention, or what theory says of the sign, and no tolerance.
        """
        value = self.value
        if value is None:
            return self
        ends = {"low": self.low, "high": self.high}
        moved = {name: value + factor * (end - value) for name, end in ends.items() if end is not None}
        return self.model_copy(update=moved)


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
    facts: dict[str, FactReference] = Field(min_length=1)
