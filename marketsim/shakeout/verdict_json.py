"""The verdict as JSON, for other programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np
from pydantic import BaseModel

from marketsim import __version__
from marketsim.shakeout.ensemble import Assessed
from marketsim.shakeout.survival import FirmSurvival
from marketsim.shakeout.table import Table
from marketsim.shakeout.table_verdict import TableVerdict
from marketsim.shakeout.verdict import Verdict, shifts


def as_json(assessed: Assessed, verdicts: Sequence[Verdict], survival: Sequence[FirmSurvival] = ()) -> str:
    """Verdicts by policy, and shifts from the first policy to each other one. What is not known is null.

    survival: of firms, by policy, if it was asked for.
    """
    job = assessed.job
    content = {
        "marketsim": __version__,
        "scenario": job.scenario.name,
        "seed": job.seed,
        "market": job.boundary,
        "verdicts": [plain(verdict) for verdict in verdicts],
        "shifts": [
            {"from": verdicts[0].policy, "to": verdict.policy, "classes": plain(shifts(assessed, other))}
            for other, verdict in enumerate(verdicts[1:], start=1)
        ],
        "survival": plain(list(survival)),
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def table_as_json(table: Table, verdict: TableVerdict) -> str:
    """The verdict on a table of history. What is not known is null."""
    content = {"marketsim": __version__, "table": str(table.path), "verdict": plain(verdict)}
    return json.dumps(content, ensure_ascii=False, indent=1)


def plain(value: Any) -> Any:
    """Dataclasses, models, enumerations and numbers as what JSON knows."""
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, BaseModel):
        return value.model_dump()
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {plain(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value
