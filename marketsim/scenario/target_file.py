"""The target file as pydantic models: figures of the real market that a scenario is fitted to or must predict."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from marketsim.scenario.fields import Figure, Positive, Section, quantity
from marketsim.scenario.schema import Identifier, Title

Places = Annotated[list[str], Field(min_length=1, max_length=50)]


class Target(Section):
    """One figure: what is measured, when, what was reported, and how near the model must come.

    Either `value` with one of `relative`, `absolute` and `factor`, or `low` and `high`.
    """

    title: Title
    group: Annotated[int, Field(ge=1, le=999)] = quantity("1", "number under which figures of one kind are counted")
    use: Literal["fit", "predict"] = Field(description="fit: calibration may use it; predict: it must not")
    input: bool = Field(False, description="true: the scenario sets the figure, so agreement shows no more than that")
    measure: str = Field(description="name of what is measured")
    of: Places | None = Field(None, description="vendors, `domestic`, `foreign`, or nodes; none: all vendors")
    period: str = Field(description="2025, 2025H1, 2025Q2, or a span such as 2011-2014")
    against: str | None = Field(None, description="a period: the target is then the change since, period / against - 1")
    unit: str = Field(description="unit of the measure; 1 for a change")
    value: Figure | None = Field(None, description="the reported figure")
    relative: Annotated[float, Field(gt=0, lt=1)] | None = quantity("1", "tolerance as a share of the value", None)
    absolute: Positive | None = Field(None, description="tolerance in the unit of the value")
    factor: Annotated[float, Field(gt=1, le=100)] | None = quantity("1", "tolerance as a factor up and down", None)
    low: Figure | None = Field(None, description="lower end of a band")
    high: Figure | None = Field(None, description="upper end of a band")
    remark: Title | None = Field(None, description="why the model misses the figure; said only where it does")


class TargetFile(Section):
    """What a scenario should come out at."""

    schema_version: Literal[1] = 1
    title: Title
    scenario: Identifier
    targets: dict[Identifier, Target] = Field(min_length=1, max_length=400)
