"""Markets and quarters as JSON: nested lists by field, without the run axis, since a workshop is one run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from marketsim.state import MarketState, Outcome

Record = TypeVar("Record", MarketState, Outcome)

DTYPES: Mapping[str, type] = {"Floats": np.float64, "Ints": np.int64, "Bools": np.bool_}
"""By the type that `marketsim.state` gives a field."""
RUNS = 2
"""Of the arrays that come out: as in every game, run 1 is padding."""


def plain(record: MarketState | Outcome, names: Collection[str] | None = None) -> dict[str, Any]:
    """Run 0 of all fields, or of some, as nested lists; what has several arrays stays a list or a mapping of them."""
    return {name: _plain(getattr(record, name)) for name in names or [item.name for item in fields(record)]}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value[..., 0].tolist()


def restored(kind: type[Record], values: Mapping[str, Any]) -> Record:
    """The inverse of `plain` for all fields.  Raises KeyError or ValueError for what is none."""
    arrays: dict[str, Any] = {}
    for item in fields(kind):
        value, dtype = values[item.name], DTYPES.get(str(item.type), np.float64)
        if isinstance(value, dict):
            arrays[item.name] = {name: _restored(each, dtype) for name, each in value.items()}
        elif str(item.type).startswith("tuple"):
            arrays[item.name] = tuple(_restored(each, dtype) for each in value)
        else:
            arrays[item.name] = _restored(value, dtype)
    return kind(**arrays)


def _restored(value: Any, dtype: type) -> Any:
    """An array with its run axis; infinities come as the texts that JSON has no numbers for."""
    array: Any = np.asarray(value).astype(dtype)
    return np.repeat(array[..., None], RUNS, axis=-1)
