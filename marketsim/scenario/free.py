"""Free parameters: what a scenario lets the data move, and the scenario with other values of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import ValidationError

from marketsim.errors import MarketSimError
from marketsim.scenario.fields import is_quarter
from marketsim.scenario.schema import FreeParameter, Scenario
from marketsim.scenario.source import Key, Node, plain
from marketsim.state import Floats

_SPAN = re.compile(r"(\d{4}Q[1-4])-(\d{4}Q[1-4])")
Tree = dict[str, Any]
"""The figures of a scenario as nested dictionaries and lists."""


def figures_at(tree: Tree, pattern: str) -> dict[tuple[Key, ...], Any]:
    """Figures by path: numbers, or paths over time as mappings by quarter, that a dotted pattern with `*` names.

    A last word such as `2027Q1-2034Q4` names the points of a path over time in that span, if it has any.
    Raises KeyError, with what is wrong as its text, if a word of the pattern is not there or leads to no figure.
    """
    places: dict[tuple[Key, ...], Any] = {(): tree}
    *words, last = pattern.split(".")
    span = _SPAN.fullmatch(last)
    for word in words if span else [*words, last]:
        places = {(*path, key): child for path, node in places.items() for key, child in _children(node, word)}
        if not places:
            raise KeyError(f"there is no {word!r} in {pattern!r}")
    if span:
        places = {
            (*path, quarter): figure
            for path, node in places.items()
            for quarter, figure in (node.items() if isinstance(node, dict) else ())
            if span[1] <= quarter <= span[2]
        }
    for path, figure in places.items():
        if not _is_figure(figure):
            raise KeyError(f"{'.'.join(map(str, path))} is not a figure")
    return places


def _children(node: Any, word: str) -> Iterable[tuple[Key, Any]]:
    if isinstance(node, list):
        chosen = range(len(node)) if word == "*" else [int(word)] if word.isdigit() and int(word) < len(node) else []
        return [(index, node[index]) for index in chosen]
    if not isinstance(node, dict):
        return []
    return [(key, node[key]) for key in node if word in ("*", key)]


def _is_figure(node: Any) -> bool:
    if isinstance(node, dict):
        return bool(node) and all(is_quarter(key) and _is_figure(value) for key, value in node.items())
    return isinstance(node, (int, float)) and not isinstance(node, bool)


@dataclass(frozen=True)
class FreeSpace:
    """The free parameters of a scenario in a fixed order: values, or places [0,1] between their bounds."""

    tree: Tree
    parameters: Mapping[str, FreeParameter]

    @classmethod
    def of(cls, tree: Node, scenario: Scenario) -> FreeSpace:
        """The space of a scenario as it was loaded: `loaded.tree, loaded.scenario`."""
        figures = plain(tree)
        assert isinstance(figures, dict)
        return cls(figures, scenario.free)

    @property
    def names(self) -> list[str]:
        """Names of the free parameters."""
        return list(self.parameters)

    def without(self, paths: Iterable[str]) -> FreeSpace:
        """The space without parameters that move a figure at one of these dotted paths, in it or above it."""
        fixed = [tuple(path.split(".")) for path in paths]

        def touched(free: FreeParameter) -> bool:
            moved = [
                tuple(map(str, path)) for pattern in free.moves for path, _ in points(figures_at(self.tree, pattern))
            ]
            return any(path[: len(one)] == one[: len(path)] for path in moved for one in fixed)

        return FreeSpace(self.tree, {name: free for name, free in self.parameters.items() if not touched(free)})

    @cached_property
    def present(self) -> Floats:
        """Values in the scenario as it is written: 1 for a factor, the first figure for a value, [parameter]."""
        return np.array([self._present(free) for free in self.parameters.values()])

    def _present(self, free: FreeParameter) -> float:
        if free.factor:
            return 1.0
        figure = next(iter(figures_at(self.tree, free.moves[0]).values()), free.low)
        return float(next(iter(figure.values())) if isinstance(figure, dict) else figure)

    def values(self, places: Floats) -> Floats:
        """Values of places between the bounds, 0 at the low and 1 at the high one, [parameter]."""
        return np.array([value_at(free, place) for free, place in zip(self.parameters.values(), places, strict=True)])

    def places(self, values: Floats) -> Floats:
        """The inverse of `values`, cut to [0,1]."""
        found = [place_of(free, value) for free, value in zip(self.parameters.values(), values, strict=True)]
        inside: Floats = np.clip(np.array(found), 0.0, 1.0)
        return inside

    def figures(self, values: Floats) -> dict[tuple[Key, ...], float]:
        """The moved figures by path, the points of a path over time one by one. values [parameter]."""
        moved: dict[tuple[Key, ...], float] = {}
        for free, value in zip(self.parameters.values(), values, strict=True):
            for pattern in free.moves:
                for path, written in points(figures_at(self.tree, pattern)):
                    moved[path] = moved.get(path, written) * float(value) if free.factor else float(value)
        return moved

    def scenario(self, values: Floats) -> Scenario:
        """The scenario with other values of its free parameters, [parameter].

        Raises pydantic's ValidationError where a moved figure leaves its bounds.
        """
        return self.with_figures(self.figures(values))

    def with_figures(self, figures: Mapping[tuple[Key, ...], float]) -> Scenario:
        """The scenario with other figures by path. Raises pydantic's ValidationError where one leaves its bounds."""
        return Scenario.model_validate(_with_figures(self.tree, list(figures.items())), strict=True)


def _with_figures(node: Any, figures: Sequence[tuple[tuple[Key, ...], float]]) -> Any:
    """A tree with other figures by path. What does not change is shared, since a copy of everything takes longest."""
    if len(figures) == 1 and not figures[0][0]:
        return figures[0][1]
    changed: Any = node.copy()
    below: dict[Key, list[tuple[tuple[Key, ...], float]]] = {}
    for path, figure in figures:
        below.setdefault(path[0], []).append((path[1:], figure))
    for key, inside in below.items():
        changed[key] = _with_figures(node[key], inside)
    return changed


def impossible(error: ValidationError) -> MarketSimError:
    """What to say of values that a scenario cannot have."""
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    message = f"the ranges of the free parameters allow a figure that cannot be: {place}: {first['msg']}"
    return MarketSimError(f"{message} (found {first['input']!r})")


def points(figures: Mapping[tuple[Key, ...], Any]) -> Iterator[tuple[tuple[Key, ...], float]]:
    """The figures with paths over time point by point."""
    for path, figure in figures.items():
        if isinstance(figure, dict):
            yield from (((*path, quarter), point) for quarter, point in figure.items())
        else:
            yield path, figure


def value_at(free: FreeParameter, place: float) -> float:
    """A parameter's value at a place between its bounds, from 0 to 1."""
    if free.scale == "log":
        return math.exp(math.log(free.low) + place * (math.log(free.high) - math.log(free.low)))
    return free.low + place * (free.high - free.low)


def place_of(free: FreeParameter, value: float) -> float:
    """The inverse of `value_at`."""
    if free.scale == "log":
        return (math.log(max(value, free.low)) - math.log(free.low)) / (math.log(free.high) - math.log(free.low))
    return (value - free.low) / (free.high - free.low)
