"""How reports in Markdown write numbers, targets and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from marketsim.commands.figures import decimals, written
from marketsim.measures import MEASURES
from marketsim.scenario.target_file import Target
from marketsim.scenario.vocabulary import Words
from marketsim.state import Floats
from marketsim.targets import Comparison

UNITS = {"1": ("%", 100.0), "rmb_m": ("RMB bn", 1e-3), "krmb/card": ("RMB thousand", 1.0), "index": ("0-1", 1.0)}
"""What the report says instead of a unit of the program, and the factor to it."""


def shown_unit(unit: str, words: Words) -> str:
    """A unit of the program as the report says it."""
    return words.text(UNITS.get(unit, (unit, 1.0))[0])


def shown(value: float, unit: str) -> float:
    """A value in the unit in which the report says it."""
    return value * UNITS.get(unit, (unit, 1.0))[1]


def number(value: float, unit: str, digits: int | None = None) -> str:
    """A value as the report writes it, without its unit."""
    return written(shown(value, unit), digits)


def digits_of(values: Iterable[float], unit: str) -> int:
    """Digits after the point for values that stand together: about three in all, fewer for shares and firms."""
    largest = max((abs(shown(value, unit)) for value in values), default=0.0)
    most = {"1": 0 if largest >= 100 else 1, "firms": 1}.get(unit, 2)
    return min(decimals(largest), most)


def middle_and_range(values: Floats, unit: str) -> str:
    """Median and middle 80 % of some runs, [r], such as `41 (38-44)`."""
    low, middle, high = (float(value) for value in np.quantile(values, (0.1, 0.5, 0.9)))
    digits = 0 if unit == "firms" else digits_of([low, middle, high], unit)
    texts = [number(value, unit, digits) for value in (low, middle, high)]
    dash = " to " if low < 0 else "-"
    return texts[1] if texts[0] == texts[2] else f"{texts[1]} ({texts[0]}{dash}{texts[2]})"


def unit_of(target: Target) -> str:
    """The unit of what a target measures; `index` for a Herfindahl index, which is written as it is."""
    if target.against is not None:
        return "1"
    return "index" if target.measure == "hhi" else MEASURES[target.measure].unit


def reported(target: Target) -> str:
    """The reported figure with its tolerance, such as `1,900 ±5 %` or `60 to 75`, in the unit of the report."""
    unit = unit_of(target)
    if target.value is None:
        assert target.low is not None and target.high is not None
        return f"{_as_given(target.low, unit)} to {_as_given(target.high, unit)}"
    value = _as_given(target.value, unit)
    if target.absolute is not None:
        return f"{value} ±{_as_given(target.absolute, unit)}"
    if target.factor is not None:
        return f"{value} ×÷{target.factor:g}"
    assert target.relative is not None
    return f"{value} ±{100 * target.relative:.0f} %"


def _as_given(value: float, unit: str) -> str:
    """A reported value without digits that were not given."""
    text = number(value, unit)
    return text.rstrip("0").rstrip(".") if "." in text else text


def kind(target: Target) -> str:
    """Whether a figure was fitted or predicted, and whether the scenario sets it."""
    return ("fitted" if target.use == "fit" else "predicted") + (", input" if target.input else "")


def tolerances(comparison: Comparison) -> str:
    """Distance of the median run in tolerances with its sign; in bold outside of them."""
    text = f"{comparison.miss:+.2f}"
    return text if comparison.hit else f"**{text}**"


def share(part: float, of: float = 1.0) -> str:
    """A share in whole per cent."""
    return f"{100 * part / of:.0f} %" if of else "-"


def listed(items: Sequence[str]) -> str:
    """Items in a sentence: a, b and c."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """A Markdown table whose columns line up in the source too.  right: columns of numbers, by position."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (head, *rows)]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(head))]
    numbers = set(right)
    lines = [_line([_aligned(cell, widths[n], n in numbers) for n, cell in enumerate(row)]) for row in cells]
    rule = _line(["-" * (width - 1) + ":" if n in numbers else "-" * width for n, width in enumerate(widths)])
    return "\n".join([lines[0], rule, *lines[1:]])


def _aligned(cell: str, width: int, right: bool) -> str:
    return cell.rjust(width) if right else cell.ljust(width)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def picture(name: str, says: str) -> str:
    """A picture of the report, with what it says for those who do not see it."""
    return f"![{says}](validation/{name}.svg)"


class Sources:
    """Numbers the sources of a page in the order in which they are cited."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def cite(self, source: str | None) -> str:
        """The numbers under which the parts of a source stand, such as `1, 4`."""
        parts = [part.strip() for part in (source or "").split(";") if part.strip()]
        return ", ".join(str(self._numbers.setdefault(part, len(self._numbers) + 1)) for part in parts) or "-"

    def lines(self) -> str:
        """The list of sources."""
        return "\n".join(f"{number}. {source}" for source, number in self._numbers.items())
