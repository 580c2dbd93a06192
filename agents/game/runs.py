"""Runs side by side that begin with one game: how its arrays become those of many runs."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from marketsim.chance import Draws
from marketsim.state import Ints, MarketState, Outcome

Record = TypeVar("Record", MarketState, Draws, Outcome)

OTHER_LUCK = 1 << 63
"""Added to a game's seed it gives luck that no game has: seeds of games are below it."""


def taken(record: Record, runs: Ints) -> Record:
    """Arrays for other runs, each of which is one of those that there are.

    record: all arrays [...,r].  runs: which run each of the new ones is.  Arrays with a run axis of length 1 hold for
    all runs and stay as they are.
    """
    return type(record)(**{item.name: _taken(getattr(record, item.name), runs) for item in fields(record)})


def _taken(value: Any, runs: Ints) -> Any:
    if isinstance(value, dict):
        return {name: _taken(each, runs) for name, each in value.items()}
    if isinstance(value, tuple):
        return tuple(_taken(each, runs) for each in value)
    return value if value.shape[-1] == 1 else np.ascontiguousarray(value[..., runs])
