"""Several worlds side by side: scenarios that differ in their figures, played as one market.

Each world has some of the market's runs. A figure in which the worlds differ has a run axis of full length, where a
single world's has length 1; the rules are the same, and so are the bits of every run. What the worlds must have in
common is everything that gives arrays their shape: who there is, lead times, the calendar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from marketsim.scenario.fields import Section
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.scenario.schema import EntrantType, Finance, Market, Population, Software, Technology, Vendor
from marketsim.state import Floats


@dataclass(frozen=True)
class SideBySide(Parameters):
    """Parameters of several worlds.

    worlds: with equal `frame`s; `scenario` is that of the first, of which only what all have in common is read.
    counts: runs of each, at least 1.
    """

    worlds: tuple[Parameters, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, worlds: Sequence[Parameters], counts: Sequence[int]) -> Parameters:
        """The worlds side by side; one alone as it is.  Raises ValueError if they cannot be."""
        if len({frame(world) for world in worlds}) > 1:
            raise ValueError("worlds of different frames cannot be played side by side")
        return worlds[0] if len(worlds) == 1 else cls(worlds[0].scenario, tuple(worlds), tuple(counts))

    def _joined(self, read: Callable[[Parameters], Any]) -> Any:
        return joined([read(world) for world in self.worlds], self.counts)

    @cached_property
    def technology(self) -> Technology:
        return cast(Technology, self._section("technology"))

    @cached_property
    def software(self) -> Software:
        return cast(Software, self._section("software"))

    @cached_property
    def market(self) -> Market:
        return cast(Market, self._section("market"))

    @cached_property
    def finance(self) -> Finance:
        return cast(Finance, self._section("finance"))

    @cached_property
    def population(self) -> Population:
        return cast(Population, self._section("population"))

    def _section(self, name: str) -> SimpleNamespace:
        """The numbers of a section: a number where all worlds agree, else [r]. Paths over time are in conditions."""
        sections: list[Section] = [getattr(world.scenario, name) for world in self.worlds]
        values = {field: [getattr(section, field) for section in sections] for field in type(sections[0]).model_fields}
        numbers = {field: each for field, each in values.items() if not isinstance(each[0], dict)}
        return SimpleNamespace(**{field: joined(each, self.counts) for field, each in numbers.items()})

    def of_vendors(
        self, named: Callable[[Vendor], float], entrant: Callable[[EntrantType], float], foreign: float = 0.0
    ) -> Floats:
        """[v,1], or [v,r] where the worlds differ."""
        return cast(Floats, self._joined(lambda world: world.of_vendors(named, entrant, foreign)))

    @cached_property
    def entrants(self) -> dict[str, Floats]:
        """[k,1] by name, or [k,r] where the worlds differ."""
        return cast(dict[str, Floats], self._joined(lambda world: world.entrants))

    def _column_of(self, section: str, field: str) -> Floats:
        if (section, field) not in self._columns:
            self._columns[section, field] = self._joined(lambda world: world._column_of(section, field))
        return self._columns[section, field]

    @cached_property
    def affinity(self) -> Floats:
        """[v,s,1], or [v,s,r] where the worlds differ."""
        return cast(Floats, self._joined(lambda world: world.affinity))

    @cached_property
    def usage(self) -> Floats:
        """[s,f,1], or [s,f,r] where the worlds differ."""
        return cast(Floats, self._joined(lambda world: world.usage))

    @cached_property
    def conditions(self) -> list[Conditions]:
        """The conditions of each quarter: the numbers and arrays of a quarter with a run axis where worlds differ."""
        return [
            Conditions(
                **{
                    field.name: joined([getattr(now, field.name) for now in quarter], self.counts)
                    for field in fields(Conditions)
                }
            )
            for quarter in zip(*(world.conditions for world in self.worlds), strict=True)
        ]


def joined(values: Sequence[Any], counts: Iterable[int]) -> Any:
    """One value of each world as one value of all their runs; the value itself where it is the same in all.

    values: numbers, arrays [...,1], or mappings of such.  counts: runs of each world.  Returns [r], [...,r] or such a
    mapping.  Raises ValueError for values that are no figures and differ.
    """
    first = values[0]
    if isinstance(first, dict):
        return {key: joined([value[key] for value in values], counts) for key in first}
    if isinstance(first, np.ndarray):
        if all(np.array_equal(first, value) for value in values[1:]):
            return first
        return np.repeat(np.concatenate(values, axis=-1), list(counts), axis=-1)
    if all(value == first for value in values[1:]):
        return first
    if not isinstance(first, float):
        raise ValueError(f"worlds with {first!r} and other values of the same cannot be played side by side")
    return np.repeat(np.array(values), list(counts))


def frame(p: Parameters) -> tuple[Any, ...]:
    """What worlds must have in common to be played side by side: what gives arrays their shape, and the calendar."""
    world = p.scenario
    return (
        (world.start, world.quarters, tuple((event.quarter, tuple(event.changes)) for event in world.events)),
        tuple((name, vendor.strategy) for name, vendor in world.vendors.items()),
        tuple(
            (name, kind.slots, kind.strategy, kind.product.node, kind.product.memory)
            for name, kind in world.entrants.items()
        ),
        tuple(world.foreign),
        tuple((name, node.contract_lead) for name, node in world.nodes.items()),
        tuple((name, memory.supply is None) for name, memory in world.memories.items()),
        tuple((name, tuple(family.generations)) for name, family in world.families.items()),
        tuple(world.segments),
        world.technology.production_lead,
    )
