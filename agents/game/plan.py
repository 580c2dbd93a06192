"""One vendor's decision in plain numbers: what a form shows, a save file keeps and the rule book is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from marketsim.decisions import Decision, bounds
from marketsim.scenario.fields import Section
from marketsim.scenario.parameters import Parameters

PARTS = {"capacity": "nodes", "adaptation_split": "families", "focus": "segments"}
"""Fields that have one number for each part of the scenario, and which part."""

CHOICES = {"product_node": "nodes", "product_memory": "memories"}
"""Fields that name a part of the scenario."""

ROUNDING = 1e-6
"""k wafers/quarter, and relative: who gives up all capacity can do so on a machine where it is less by a few bits."""

BOUNDS = {name: bounds(name) for name in Decision.axes()}
"""Of all fields, looked up once."""

ONCE = ("capacity", "premium", "start_product", "funds", "bid")
"""Fields that ask for something once: a plan that is held does not ask again."""


class Plan(Section):
    """What a vendor decides in a quarter; units, bounds and meanings as in `marketsim.decisions.Decision`."""

    price: float
    capacity: dict[str, float]
    premium: float
    run_share: float
    start_product: bool
    product_node: str
    product_memory: str
    research: float
    adaptation: float
    adaptation_split: dict[str, float]
    service: float
    focus: dict[str, float]
    funds: float
    bid: float

    def decision(self, world: Parameters) -> Decision:
        """The plan as the rule book takes it, every array with one vendor and one run."""
        values: dict[str, Any] = {}
        for name, axes in Decision.axes().items():
            value = getattr(self, name)
            if name in PARTS:
                value = [value.get(part, 0.0) for part in getattr(world, PARTS[name])]
            elif name in CHOICES:
                value = getattr(world, CHOICES[name]).index(value)
            values[name] = np.asarray(value).reshape((1,) * len(axes) if len(axes) == 2 else (1, -1, 1))
        return Decision(**values)

    def with_value(self, path: str, value: float | bool | str) -> Plan:
        """The plan with one number changed.  path: a field, or a field and a part, such as `capacity.n7`."""
        field, _, part = path.partition(".")
        return self.model_copy(update={field: {**getattr(self, field), part: value} if part else value})

    def rounded(self) -> Plan:
        """The plan in numbers that a person would type, of three digits; no more is given up than before."""

        def short(path: str, value: Any) -> Any:
            if not isinstance(value, float):
                return value
            near = float(f"{value:.3g}")
            return value if path.startswith("capacity") and near < value < 0 else near

        plan = self
        for path, value in self.values():
            plan = plan.with_value(path, short(path, value))
        return plan

    def value(self, path: str) -> float | bool | str:
        """The number at a path such as `price` or `capacity.n7`.  Raises KeyError where there is none."""
        field, _, part = path.partition(".")
        if field not in type(self).model_fields or bool(part) != (field in PARTS):
            raise KeyError(path)
        found: float | bool | str = getattr(self, field)[part] if part else getattr(self, field)
        return found

    def values(self) -> Iterator[tuple[str, float | bool | str]]:
        """Every path and its value, in the order of the form."""
        for field in type(self).model_fields:
            if field in PARTS:
                yield from ((f"{field}.{part}", value) for part, value in getattr(self, field).items())
            else:
                yield field, getattr(self, field)


def plan_of(decision: Decision, world: Parameters, vendor: int = 0) -> Plan:
    """The first run of one vendor's decision.  vendor: its row; a field that is the same for all may have one row."""
    values: dict[str, Any] = {}
    for name in Decision.axes():
        array = getattr(decision, name)
        own = array[min(vendor, len(array) - 1)][..., 0]
        if name in PARTS:
            values[name] = dict(zip(getattr(world, PARTS[name]), np.atleast_1d(own).tolist(), strict=True))
        elif name in CHOICES:
            values[name] = getattr(world, CHOICES[name])[int(own)]
        else:
            values[name] = own.item()
    return Plan(**values)


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """A value that cannot be decided.  path: as in `Plan.value`.  Either bounds or choices say what can."""

    path: str
    value: float | bool | str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


def problems(plan: Plan, world: Parameters, contracts: Mapping[str, float]) -> list[PlanProblem]:
    """What of a plan cannot be, in the order of the form; empty if it can be played.

    contracts: own capacity in force by node, k wafers/quarter: more cannot be given up.
    """
    found = []
    for path, value in plan.values():
        field, _, part = path.partition(".")
        if field in CHOICES:
            choices = tuple(getattr(world, CHOICES[field]))
            if value not in choices:
                found.append(PlanProblem(path, value, choices=choices))
            continue
        if part and part not in getattr(world, PARTS[field]):
            found.append(PlanProblem(path, value, choices=tuple(getattr(world, PARTS[field]))))
            continue
        (low, high), slack = BOUNDS[field], 0.0
        if field == "capacity":
            low = max(low, -contracts.get(part, 0.0))
            slack = ROUNDING * (1 - low)
        if not low - slack <= float(value) <= high:  # NaN is outside too
            found.append(PlanProblem(path, value, low, high))
    return found
