"""A validated scenario as the dense arrays that the rules read.

Arrays end in a run axis of length 1, so that they broadcast over runs. `Parameters` holds what is constant,
`Conditions` what holds in one quarter: paths, policy levers and the foreign offers, with the events applied.
Where several worlds are played side by side (`marketsim.scenario.worlds`), numbers in which they differ are arrays over
runs: so the rules read every figure here, never in `scenario`, and compare none with Python's `if`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from marketsim.scenario.fields import ALWAYS, quarter_index, quarter_name
from marketsim.scenario.schema import (
    SEGMENT_LEVERS,
    EntrantType,
    Finance,
    Market,
    Population,
    Scenario,
    Software,
    Technology,
    Vendor,
)
from marketsim.state import Bools, Floats, Ints

Path = Mapping[str, float]


def linear(path: Path, quarters: Ints) -> Floats:
    """Values of a path at the given quarters: linear between points, constant outside."""
    points = sorted((quarter_index(quarter), value) for quarter, value in path.items())
    return np.interp(quarters, [q for q, _ in points], [v for _, v in points])


def geometric(path: Path, quarters: Ints) -> Floats:
    """Like `linear`, with constant growth between points; values must be positive."""
    return np.exp(linear({quarter: float(np.log(value)) for quarter, value in path.items()}, quarters))


def step(path: Path, quarters: Ints) -> Floats:
    """Like `linear`, but each value holds until the next point; before the first point, the first value holds."""
    points = sorted((quarter_index(quarter), value) for quarter, value in path.items())
    latest = np.searchsorted([q for q, _ in points], quarters, side="right") - 1
    return np.array([value for _, value in points])[np.maximum(latest, 0)]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What holds in one quarter, the same in all runs of a world: news, prices, limits and policy levers."""

    index: int
    name: str
    wafer_limit: Floats  # [n,1] k wafers/quarter
    wafer_price: Floats  # [n,1] krmb
    contract_fee: Floats  # [n,1] rmb_m per k wafers/quarter
    memory_price: Floats  # [m,1] RMB/GB
    memory_supply: Floats  # [m,1] TB/quarter, infinite where plentiful
    electricity_price: float  # RMB/kWh
    counted_tokens: float  # share of inference
    spend: Floats  # [s,1] rmb_m, public support applied
    new_generation: Bools  # [f,1] by the calendar
    interest: float  # per quarter
    climate: float
    entry_rate: float  # firms/quarter
    foreign_price: Floats  # [F,1] krmb, tariff included
    foreign_compute: Floats  # [F,1] TFLOPS
    foreign_bandwidth: Floats  # [F,1] TB/s
    foreign_power: Floats  # [F,1] W
    foreign_supply: Floats  # [F,1] k cards, ceiling applied
    domestic_content: Floats  # [s,1]
    levers: dict[str, float]
    events: tuple[int, ...]  # indices into scenario.events


@dataclass(frozen=True)
class Parameters:
    """A scenario in numbers. Vendor order: named domestic vendors, entrant slots, foreign suppliers."""

    scenario: Scenario

    @property
    def technology(self) -> Technology:
        return self.scenario.technology

    @property
    def software(self) -> Software:
        return self.scenario.software

    @property
    def market(self) -> Market:
        return self.scenario.market

    @property
    def finance(self) -> Finance:
        return self.scenario.finance

    @property
    def population(self) -> Population:
        return self.scenario.population

    @cached_property
    def entrant_slots(self) -> list[tuple[str, EntrantType]]:
        """One (identifier, type) per slot that an entrant can fill."""
        return [
            (f"{name}-{number + 1}", entrant)
            for name, entrant in self.scenario.entrants.items()
            for number in range(entrant.slots)
        ]

    @cached_property
    def vendors(self) -> list[str]:
        """Identifiers of all vendors in array order."""
        return [*self.scenario.vendors, *(name for name, _ in self.entrant_slots), *self.scenario.foreign]

    @cached_property
    def nodes(self) -> list[str]:
        return list(self.scenario.nodes)

    @cached_property
    def memories(self) -> list[str]:
        return list(self.scenario.memories)

    @cached_property
    def families(self) -> list[str]:
        return list(self.scenario.families)

    @cached_property
    def segments(self) -> list[str]:
        return list(self.scenario.segments)

    @cached_property
    def domestic(self) -> int:
        """Number of domestic vendor slots: the first in the vendor axis."""
        return len(self.scenario.vendors) + len(self.entrant_slots)

    @cached_property
    def foreign(self) -> Bools:
        """[v,1], true for foreign suppliers."""
        return (np.arange(len(self.vendors)) >= self.domestic)[:, None]

    @cached_property
    def strategies(self) -> list[str]:
        """Name of the strategy of each domestic slot."""
        named = [vendor.strategy for vendor in self.scenario.vendors.values()]
        return named + [entrant.strategy for _, entrant in self.entrant_slots]

    def of_vendors(
        self, named: Callable[[Vendor], float], entrant: Callable[[EntrantType], float], foreign: float = 0.0
    ) -> Floats:
        """[v,1]: one number per vendor, read from its part of the scenario."""
        values = [named(vendor) for vendor in self.scenario.vendors.values()]
        values += [entrant(slot) for _, slot in self.entrant_slots]
        values += [foreign] * len(self.scenario.foreign)
        return _column(values)

    @cached_property
    def entrants(self) -> dict[str, Floats]:
        """What a type of entrant starts with, [k,1] by name, and its `share` of those who enter.

        node, memory: indices of its first product's.
        """
        types = self.scenario.entrants.values()
        weights = np.array([kind.weight for kind in types])
        numbers = {
            field: [getattr(kind, field) for kind in types]
            for field in ("cash", "price", "software", "reliability", "catch_up")
        }
        numbers["architecture"] = [kind.product.architecture for kind in types]
        numbers["node"] = [self.nodes.index(kind.product.node) for kind in types]
        numbers["memory"] = [self.memories.index(kind.product.memory) for kind in types]
        numbers["share"] = weights / max(weights.sum(), 1e-12)
        return {name: _column(values) for name, values in numbers.items()}

    @cached_property
    def entry_type(self) -> Ints:
        """[v], index of the entrant type of a slot, -1 for all others."""
        types = list(self.scenario.entrants)
        slots = [types.index(name.rsplit("-", 1)[0]) for name, _ in self.entrant_slots]
        return np.array([-1] * len(self.scenario.vendors) + slots + [-1] * len(self.scenario.foreign))

    @cached_property
    def overhead(self) -> Floats:
        return self.of_vendors(lambda v: v.overhead, lambda e: e.overhead)

    @cached_property
    def research_base(self) -> Floats:
        return self.of_vendors(lambda v: v.rnd_base, lambda e: e.rnd_base)

    @cached_property
    def parent_support(self) -> Floats:
        return self.of_vendors(lambda v: v.parent_support, lambda e: 0.0)

    @cached_property
    def foundry_priority(self) -> Floats:
        return self.of_vendors(lambda v: v.foundry_priority, lambda e: 1.0)

    @cached_property
    def dies_per_card(self) -> Floats:
        return self.of_vendors(lambda v: v.dies_per_card, lambda e: 1.0, foreign=1.0)

    @cached_property
    def cost_spread(self) -> Floats:
        return self.of_vendors(lambda v: 0.0, lambda e: e.cost_spread)

    @cached_property
    def first_contract(self) -> Floats:
        """[v,1], k wafers/quarter that a firm without orders asks for on its node; 0 for named vendors."""
        return self.of_vendors(lambda v: 0.0, lambda e: e.contract)

    @cached_property
    def affinity(self) -> Floats:
        """[v,s,1], utility that a segment's buyers add for a vendor."""
        tables = [vendor.affinity for vendor in self.scenario.vendors.values()]
        tables += [{} for _ in self.entrant_slots]
        tables += [supplier.affinity for supplier in self.scenario.foreign.values()]
        return np.array([[[table.get(segment, 0.0)] for segment in self.segments] for table in tables])

    def of_nodes(self, field: str) -> Floats:
        """[n,1]: a number of each node."""
        return self._column_of("nodes", field)

    def of_memories(self, field: str) -> Floats:
        """[m,1]: a number of each memory type."""
        return self._column_of("memories", field)

    def of_families(self, field: str) -> Floats:
        """[f,1]: a number of each model family."""
        return self._column_of("families", field)

    def of_segments(self, field: str) -> Floats:
        """[s,1]: a number of each segment."""
        return self._column_of("segments", field)

    def _column_of(self, section: str, field: str) -> Floats:
        if (section, field) not in self._columns:
            parts = getattr(self.scenario, section).values()
            self._columns[section, field] = _column(getattr(part, field) for part in parts)
        return self._columns[section, field]

    @cached_property
    def _columns(self) -> dict[tuple[str, str], Floats]:
        return {}

    @cached_property
    def usage(self) -> Floats:
        """[s,f,1], share of each model family in a segment's work, scaled to sum 1."""
        rows = [[segment.usage.get(f, 0.0) for f in self.families] for segment in self.scenario.segments.values()]
        table: Floats = np.array(rows)[:, :, None]
        shares: Floats = table / table.sum(axis=1, keepdims=True)
        return shares

    @cached_property
    def contract_lead(self) -> int:
        """Longest lead time of new capacity: the length of the arrival axis."""
        return max(node.contract_lead for node in self.scenario.nodes.values())

    @cached_property
    def years(self) -> list[int]:
        """The calendar years of the scenario; the first and last may be incomplete."""
        return sorted({int(now.name[:4]) for now in self.conditions})

    @cached_property
    def conditions(self) -> list[Conditions]:
        """The conditions of each quarter of the scenario."""
        return list(_all_conditions(self))


def _column(values: Iterable[float]) -> Floats:
    return np.array(list(values), dtype=float)[:, None]


def levers_over_time(scenario: Scenario, quarters: Ints) -> dict[str, Floats]:
    """Each policy lever at each quarter: its path, overridden by dated events from their quarter on.

    A lever that each segment has of its own is named `LEVER.SEGMENT`, such as `domestic_content.telecom`.
    """
    policy = scenario.policy
    paths: dict[str, Path] = {name: getattr(policy, name) for name in type(policy).model_fields}
    for lever, otherwise in SEGMENT_LEVERS.items():
        table: Mapping[str, Path] = paths.pop(lever)  # type: ignore[assignment]
        for segment in scenario.segments:
            paths[f"{lever}.{segment}"] = table.get(segment, {ALWAYS: otherwise})
    values = {name: step(path, quarters) for name, path in paths.items()}
    for event in sorted(scenario.events, key=lambda event: quarter_index(event.quarter)):
        for name, value in event.changes.items():
            values[name] = np.where(quarters >= quarter_index(event.quarter), value, values[name])
    return values


def _offers(scenario: Scenario, field: str, quarters: Ints) -> Floats:
    """[T,F,1]: a field of each foreign supplier's offer at each quarter."""
    if not scenario.foreign:
        return np.zeros((len(quarters), 0, 1))
    return np.stack(
        [
            step({quarter: getattr(offer, field) for quarter, offer in supplier.offers.items()}, quarters)
            for supplier in scenario.foreign.values()
        ],
        axis=1,
    )[:, :, None]


def _table(paths: Iterable[Floats]) -> Floats:
    """[T,i,1] from one [T] array per i."""
    return np.stack(list(paths), axis=1)[:, :, None]


def _all_conditions(p: Parameters) -> Iterable[Conditions]:
    world = p.scenario
    first = quarter_index(world.start)
    quarters = np.arange(first, first + world.quarters)
    levers = levers_over_time(world, quarters)
    tables, numbers = _tables_over_time(world, quarters, levers), _numbers_over_time(world, quarters)
    for t, quarter in enumerate(quarters):
        name = quarter_name(int(quarter))
        here: dict[str, Any] = {field: table[t] for field, table in tables.items()}
        here |= {field: float(values[t]) for field, values in numbers.items()}
        yield Conditions(
            index=t,
            name=name,
            new_generation=np.array([[name in family.generations] for family in world.families.values()]),
            levers={lever: float(values[t]) for lever, values in levers.items()},
            events=tuple(i for i, event in enumerate(world.events) if event.quarter == name),
            **here,
        )


def _tables_over_time(world: Scenario, quarters: Ints, levers: Mapping[str, Floats]) -> dict[str, Floats]:
    """The conditions that have one number per node, memory, segment or foreign supplier, [T,i,1] by field."""
    nodes, memories = world.nodes.values(), world.memories.values()
    plentiful = np.full(len(quarters), np.inf)
    content, support = (_table(levers[f"{lever}.{name}"] for name in world.segments) for lever in SEGMENT_LEVERS)
    control, ceiling, tariff = (
        levers[name][:, None, None] for name in ("export_control", "import_ceiling", "import_tariff")
    )
    return {
        "wafer_limit": _table(linear(node.capacity, quarters) for node in nodes) * (1 - control),
        "wafer_price": _table(linear(node.wafer_price, quarters) for node in nodes),
        "contract_fee": _table(linear(node.contract_fee, quarters) for node in nodes),
        "memory_price": _table(linear(memory.price, quarters) for memory in memories),
        "memory_supply": _table(plentiful if m.supply is None else linear(m.supply, quarters) for m in memories),
        "spend": _table(geometric(segment.spend, quarters) for segment in world.segments.values()) * support,
        "domestic_content": content,
        "foreign_price": _offers(world, "price", quarters) * (1 + tariff),
        "foreign_supply": _offers(world, "supply", quarters) * ceiling,
        **{f"foreign_{field}": _offers(world, field, quarters) for field in ("compute", "bandwidth", "power")},
    }


def _numbers_over_time(world: Scenario, quarters: Ints) -> dict[str, Floats]:
    """The conditions that are one number, [T] by field."""
    return {
        "electricity_price": linear(world.market.electricity_price, quarters),
        "counted_tokens": linear(world.market.counted_tokens, quarters),
        "interest": linear(world.finance.interest_rate, quarters) / 4,
        "climate": linear(world.finance.climate, quarters),
        "entry_rate": linear(world.population.entry_rate, quarters),
    }
