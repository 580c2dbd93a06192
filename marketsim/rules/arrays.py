"""Array helpers that keep results independent of how many runs are computed together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketsim.state import Bools, Floats, Ints


def total(values: NDArray[np.floating[Any]], axis: int) -> Floats:
    """Sum over one axis that is not the run axis, in the same order whatever the number of runs.

    NumPy adds slabs of the last axis one after another, unless that axis has length 1; hence at least two runs.
    """
    if values.shape[-1] < 2:
        raise ValueError("an array of the rule book needs at least two runs: see chance.pad_runs")
    summed: Floats = np.add.reduce(values, axis=axis)
    return summed


def total_of_any(values: NDArray[np.floating[Any]], axis: int) -> Floats:
    """The same where there may be one run alone, or an array that holds for all of them: its column is added twice."""
    runs = values.shape[-1]
    return total(values if runs > 1 else np.repeat(values, 2, axis=-1), axis)[..., :runs]


def running_total(values: NDArray[Any]) -> NDArray[Any]:
    """Cumulative sum over the first axis; much faster than NumPy's along an axis that is not the last."""
    result = values.copy()
    for row in range(1, len(result)):
        result[row] += result[row - 1]
    return result


def ratio(numerator: Any, denominator: Any, otherwise: float = 0.0) -> Floats:
    """Elementwise numerator / denominator, `otherwise` where the denominator is not positive."""
    known = denominator > 0
    result: Floats = numerator / np.where(known, denominator, 1.0)
    if not known.all():
        np.copyto(result, otherwise, where=~known)
    return result


def share_met(there: Any, wanted: Any) -> Floats:
    """Share of what is wanted that is there: min(there, wanted) / wanted, 1 where nothing is wanted."""
    return ratio(np.minimum(there, wanted), wanted, otherwise=1.0)


def pick(table: Floats, index: Ints) -> Floats:
    """table[i,1] or table[i,r] looked up by index [v,r]: the value for each vendor and run."""
    if table.shape[-1] == 1:
        return np.take(table[:, 0], index)
    return np.take_along_axis(table, np.broadcast_to(index, (*index.shape[:-1], table.shape[-1])), axis=0)


def at(table: Floats, index: Ints, runs: Ints) -> Floats:
    """table[i,1] or table[i,r] looked up at pairs of an index and a run, [pair]."""
    found: Floats = table[index, runs if table.shape[-1] > 1 else 0]
    return found


def of_runs(number: float | Floats, runs: Ints) -> float | Floats:
    """A number of the world, or one of each run, for some runs: the number, or [run]."""
    return number[runs] if isinstance(number, np.ndarray) else number


def one_hot(index: Ints, size: int) -> Bools:
    """[v,r] indices as [v,size,r] flags."""
    flags: Bools = index[:, None, :] == np.arange(size)[None, :, None]
    return flags
