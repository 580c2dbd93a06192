"""Quantiles of many series over any number of runs in constant memory, whatever the order of the runs.

Values are rounded to twelve significant bits (relative error at most 0.025 %) and counted. Counts add up to the same
result in any order, which randomised sketches do not: the same seed gives the same summary with any number of workers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from marketsim.state import Floats

_DROPPED_BITS = 12
_LOOSE = 1 << 20
"""Counts that may wait to be folded into the others, if there are not more of those: bounds memory and work."""


class QuantileCounts:
    """Counts of rounded values for a fixed number of series."""

    def __init__(self, series: int) -> None:
        self.series = series
        self._parts: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []

    def add(self, values: Floats) -> None:
        """values [series, runs]; NaN is not allowed."""
        bits = values.astype(np.float32).view(np.int32).astype(np.int64)
        half = 1 << (_DROPPED_BITS - 1)
        rounded = (bits + half) >> _DROPPED_BITS
        ordered = np.where(rounded >= 0, rounded, np.int64(-(1 << 31) >> _DROPPED_BITS) - rounded)
        keys = (np.arange(self.series, dtype=np.int64)[:, None] << 32) + ordered + (1 << 31)
        unique, counts = np.unique(keys, return_counts=True)
        self._take([(unique, counts.astype(np.int64))])

    def merge(self, other: QuantileCounts) -> None:
        """Add another's counts to these."""
        self._take(other._parts)

    def _take(self, parts: list[tuple[NDArray[np.int64], NDArray[np.int64]]]) -> None:
        self._parts.extend(parts)
        if sum(len(keys) for keys, _ in self._parts[1:]) > max(_LOOSE, len(self._parts[0][0])):
            self._consolidate()

    def _consolidate(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """One part with every key once; the parts are sorted, which makes the stable sort a merge."""
        keys = np.concatenate([part[0] for part in self._parts])
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        counts = np.concatenate([part[1] for part in self._parts])[order]
        first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        self._parts = [(keys[first], np.add.reduceat(counts, first))]
        return self._parts[0]

    def quantile(self, probability: float) -> Floats:
        """The smallest value that at least this share of the runs do not exceed, [series]."""
        keys, counts = self._consolidate()
        result = np.empty(self.series)
        starts = np.searchsorted(keys, np.arange(self.series + 1, dtype=np.int64) << 32)
        for number in range(self.series):
            part = slice(starts[number], starts[number + 1])
            reached = np.cumsum(counts[part])
            key = keys[part][np.searchsorted(reached, probability * reached[-1] * (1 - 1e-12))]
            result[number] = _value(int(key) - (number << 32) - (1 << 31))
        return result

    def share_at_least(self, series: int, value: float) -> float:
        """Share of a series' values that are at least `value`, within the rounding."""
        keys, counts = self._consolidate()
        own = slice(*np.searchsorted(keys, np.array([series, series + 1], dtype=np.int64) << 32))
        reached = np.array([_value(int(key) - (series << 32) - (1 << 31)) for key in keys[own]]) >= value * (1 - 1e-3)
        return float(counts[own][reached].sum() / counts[own].sum())


def _value(ordered: int) -> float:
    rounded = ordered if ordered >= 0 else (-(1 << 31) >> _DROPPED_BITS) - ordered
    return float(np.array([rounded << _DROPPED_BITS], dtype=np.int64).astype(np.int32).view(np.float32)[0])
