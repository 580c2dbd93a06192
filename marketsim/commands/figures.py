"""How numbers are written in tables: digits, units, ranges, and which years a narrow table shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Cell = tuple[str, str]
"""What a column shows of a figure: its median, and the range around it, empty where there is none."""

FEW_RUNS = 10
"""Below this number of runs the middle 80 % are all of them."""


@dataclass(frozen=True)
class Unit:
    """A unit and the factor that brings a value to it."""

    name: str
    factor: float


PLAIN = (Unit("", 1),)
PERCENT = (Unit("%", 100),)
CARDS = (Unit("thousand", 1), Unit("million", 1e-3))
MONEY = (Unit("RMB million", 1), Unit("RMB bn", 1e-3))
PRICE = (Unit("RMB", 1e3), Unit("RMB thousand", 1))


def fitting(units: Sequence[Unit], values: Iterable[float]) -> Unit:
    """The largest unit in which the largest value is still 1 or more; the smallest unit if there is none."""
    largest = max(values, default=0.0)
    return next((unit for unit in reversed(units) if largest * unit.factor >= 1), units[0])


def decimals(value: float) -> int:
    """Digits after the point that leave about three in all."""
    size = abs(value)
    return 0 if size >= 100 or size == 0 else 1 if size >= 10 else 2 if size >= 0.1 else 3


def written(value: float, digits: int | None = None) -> str:
    """A number with digits after the point; none: about three in all. Never a minus before nothing."""
    text = f"{value:,.{decimals(value) if digits is None else digits}f}"
    return text.removeprefix("-") if not text.strip("-0.") else text


def middle_and_range(values: Sequence[float], digits: int | None = None) -> Cell:
    """The median and the range around it, with the same digits; no range where it is the median.

    values: low, median, high.  digits: after the point; none: about three digits of the median.
    """
    after = decimals(values[1]) if digits is None else digits
    low, middle, high = (written(value, after) for value in values)
    if low == middle == high:
        return middle, ""
    return middle, f"({low} to {high})" if "-" in low + high else f"({low}-{high})"


def aligned(cells: Sequence[Cell]) -> list[str]:
    """Cells of one column, all of one width: medians end, and ranges begin, at the same place."""
    middles = max((len(middle) for middle, _ in cells), default=0)
    ranges = max((len(spread) for _, spread in cells), default=0)
    return [f"{middle:>{middles}}" + (f" {spread:<{ranges}}" if ranges else "") for middle, spread in cells]


def chosen_years(count: int, most: int) -> list[int]:
    """Positions of at most `most` of `count` years: the first, the last, the fourth, then the middles of the gaps."""
    if count <= most:
        return list(range(count))
    chosen = [*dict.fromkeys((0, count - 1, min(3, count - 1)))][:most]
    while len(chosen) < most:
        chosen.sort()
        start, end = max(pairwise(chosen), key=lambda gap: gap[1] - gap[0])
        chosen.append((start + end) // 2)
    return sorted(chosen)


def even_parts(count: int, parts: int) -> list[list[int]]:
    """Positions of `count` years in consecutive parts of nearly the same size, the larger ones first."""
    sizes = [count // parts + (part < count % parts) for part in range(parts)]
    ends = [sum(sizes[: part + 1]) for part in range(parts)]
    return [list(range(end - size, end)) for size, end in zip(sizes, ends, strict=True)]


def spans(years: Sequence[int], size: int) -> list[tuple[str, slice]]:
    """Consecutive years taken together: [("2025-26", slice(0, 2)), ...] for a size of two."""
    parts = [(years[start : start + size], slice(start, start + size)) for start in range(0, len(years), size)]
    return [(f"{part[0]}-{part[-1] % 100:02d}" if len(part) > 1 else str(part[0]), where) for part, where in parts]


def note_on_runs(runs: int) -> str:
    """What the brackets in the tables mean, honest about few runs."""
    if runs == 1:
        return "One run: what luck made of it once, without a range."
    if runs < FEW_RUNS:
        return f"Only {runs} runs: the middle one (of two the lower), in brackets the lowest and the highest."
    return "Median over the runs, in brackets the range of the middle 80 % of them."
