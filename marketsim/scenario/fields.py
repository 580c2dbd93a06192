"""Building blocks of the scenario schema: bounded numbers with units, quarters, paths over time.

A *path* is a parameter that changes over time. In a file it is one number (constant) or a mapping from quarters
to numbers (`{2025Q1: 13, 2026Q1: 30}`); here it is always the mapping, a constant being a path with one point.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

ALWAYS = "0001Q1"
"""The quarter at which a constant path has its only point: before any scenario starts."""

_QUARTER = re.compile(r"^(\d{4})Q([1-4])$")


def quarter_index(quarter: str) -> int:
    """Quarters since year 0, so that differences count quarters: `2025Q3` minus `2025Q1` is 2.

    Raises ValueError when the text is not a year followed by Q1 to Q4.
    """
    match = _QUARTER.match(quarter)
    if match is None:
        raise ValueError("is not a quarter such as 2025Q1")
    return int(match.group(1)) * 4 + int(match.group(2)) - 1


def is_quarter(text: str) -> bool:
    """Whether the text is a quarter such as `2025Q1`."""
    return _QUARTER.match(text) is not None


def quarter_name(index: int) -> str:
    """The inverse of `quarter_index`: 8100 is `2025Q1`."""
    return f"{index // 4:04d}Q{index % 4 + 1}"


def _checked_quarter(text: str) -> str:
    quarter_index(text)
    return text


def _constant_or_path(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {ALWAYS: value}
    return value


Quarter = Annotated[str, AfterValidator(_checked_quarter)]

Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0, le=1e9)]
Figure = Annotated[float, Field(ge=-1e9, le=1e9)]
Positive = Annotated[float, Field(gt=0, le=1e9)]
Weight = Annotated[float, Field(ge=-20, le=20)]

_path = BeforeValidator(_constant_or_path)
_points = Field(min_length=1, max_length=400)
SharePath = Annotated[dict[Quarter, Share], _path, _points]
SubsidyPath = Annotated[dict[Quarter, Annotated[float, Field(ge=0, le=0.9)]], _path, _points]
"""A card that costs its buyer nothing would have no demand curve, so a tenth of the price is the least."""
SupportPath = Annotated[dict[Quarter, Annotated[float, Field(ge=0.01, le=100)]], _path, _points]
"""Never 0: buyers without any money would leave no market whose growth could be measured."""
AmountPath = Annotated[dict[Quarter, Amount], _path, _points]
PositivePath = Annotated[dict[Quarter, Positive], _path, _points]


class Section(BaseModel):
    """A part of a scenario file: unknown keys, infinities and NaN are refused, and it cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, str_max_length=4000)


def quantity(unit: str, description: str, default: Any = ...) -> Any:
    """A field of the schema with its unit ('1' if it has none) and its meaning; bounds come from its type."""
    return Field(default, description=description, json_schema_extra={"unit": unit})
