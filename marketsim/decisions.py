"""What a vendor may decide in a quarter, and what it may know when it does.

A `Decision` covers all vendors that decide together, first axis vendor, last axis run. Out-of-range values are clipped
and counted for strategies (`clip`) and refused with a message for people (`check`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from marketsim.rules.arrays import total
from marketsim.scenario.parameters import Parameters
from marketsim.state import Bools, Floats, Ints


def _decided(axes: str, unit: str, low: float, high: float, meaning: str) -> Any:
    return field(metadata={"axes": axes, "unit": unit, "low": low, "high": high, "meaning": meaning})


@dataclass(frozen=True, slots=True)
class Decision:
    """One quarter's decision; every array may also be anything that broadcasts to its axes."""

    price: Floats = _decided("vr", "krmb/card", 0.1, 5000.0, "price of a card")
    capacity: Floats = _decided("vnr", "k wafers/quarter", -1000.0, 1000.0, "capacity to ask for (+) or give up (-)")
    premium: Floats = _decided("vr", "1", 0.0, 0.5, "prepayment over the contract fee, for a better place in the queue")
    run_share: Floats = _decided("vr", "1", 0.0, 1.0, "share of contracted capacity to run")
    start_product: Bools = _decided("vr", "", 0, 1, "start a new product, if none is in design")
    product_node: Ints = _decided("vr", "", 0, 11, "index of its node")
    product_memory: Ints = _decided("vr", "", 0, 11, "index of its memory type")
    research: Floats = _decided("vr", "rmb_m", 0.0, 1e5, "architecture research")
    adaptation: Floats = _decided("vr", "rmb_m", 0.0, 1e5, "adaptation of models")
    adaptation_split: Floats = _decided("vfr", "1", 0.0, 1.0, "split of adaptation over families, scaled to sum 1")
    service: Floats = _decided("vr", "rmb_m", 0.0, 1e5, "service to customers")
    focus: Floats = _decided("vsr", "1", 0.0, 1.0, "sales effort over segments, scaled to sum 1")
    funds: Floats = _decided("vr", "rmb_m", 0.0, 1e5, "funds to raise")
    bid: Floats = _decided("vr", "rmb_m", 0.0, 1e5, "most to pay for a failing vendor")

    @classmethod
    def axes(cls) -> dict[str, str]:
        """Axes of each field, such as 'vnr'."""
        return {f.name: f.metadata["axes"] for f in fields(cls)}


def bounds(name: str) -> tuple[float, float]:
    """Least and largest value that may be decided of a field, in its unit."""
    decided = {item.name: item.metadata for item in fields(Decision)}[name]
    return decided["low"], decided["high"]


def full(decision: Decision, vendors: int, runs: int) -> Decision:
    """The decision with every field in full shape, [vendor, run] or [vendor, item, run]."""
    shaped = {}
    for item in fields(Decision):
        value = np.asarray(getattr(decision, item.name))
        shape = (vendors, runs) if value.ndim < 3 else (vendors, value.shape[1], runs)
        shaped[item.name] = value if value.shape == shape else np.broadcast_to(value, shape)
    return Decision(**shaped)


def stack(decisions: Sequence[tuple[Ints | slice, Decision]], everybody: Decision) -> Decision:
    """One decision for all vendors, every field in full shape, from the decisions of groups.

    decisions: (indices of a group's vendors, its decision).  everybody: what all others do, such as `hold` of an
    observation of all vendors; its price must be [vendor, run].
    """
    rest = full(everybody, *everybody.price.shape)
    filled = {}
    for item in fields(Decision):
        values = np.array(getattr(rest, item.name))
        for group, decision in decisions:
            values[group] = getattr(decision, item.name)
        filled[item.name] = values
    return Decision(**filled)


def clip(decision: Decision) -> tuple[Decision, Ints]:
    """The decision within bounds, with splits scaled to sum 1, and how many fields of each vendor were out of bounds.

    A NaN counts as out of bounds and becomes the lower bound. Splits without any weight become even.
    """
    clipped: dict[str, Any] = {}
    out_of_bounds = np.zeros(decision.price.shape, dtype=np.int64)
    for item in fields(Decision):
        value = getattr(decision, item.name)
        low, high = item.metadata["low"], item.metadata["high"]
        if value.dtype != np.bool_ and not (value.min() >= low and value.max() <= high):
            wrong = ~((value >= low) & (value <= high))
            out_of_bounds += wrong if value.ndim == 2 else wrong.any(axis=1)
            value = np.where(wrong, np.clip(np.nan_to_num(value, nan=low), low, high), value)
        clipped[item.name] = value
    for split in ("adaptation_split", "focus"):
        weights = clipped[split]
        sums = total(weights, axis=1)[:, None]
        even = 1.0 / weights.shape[1]
        clipped[split] = np.where(sums > 0, weights / np.where(sums > 0, sums, 1.0), even)
    return Decision(**clipped), out_of_bounds


def check(decision: Decision, world: Parameters) -> list[str]:
    """What is wrong with a decision, in words for the person who made it; empty if nothing is."""
    last = {"product_node": len(world.nodes) - 1, "product_memory": len(world.memories) - 1}
    problems = []
    for item in fields(Decision):
        value = np.asarray(getattr(decision, item.name), dtype=float)
        low, high = item.metadata["low"], last.get(item.name, item.metadata["high"])
        wrong = ~((value >= low) & (value <= high))
        if wrong.any():
            unit = f" {item.metadata['unit']}" if item.metadata["unit"] not in ("", "1") else ""
            worst = value[wrong].flat[0]
            problems.append(
                f"{item.name}: {worst:g} is not allowed, from {low:g} to {high:g}{unit} ({item.metadata['meaning']})"
            )
    return problems


def change(decision: Decision, **values: Any) -> Decision:
    """The decision with some fields replaced, by numbers or by arrays that broadcast to the field's axes."""
    fresh = {}
    for name, value in values.items():
        value, field = np.asarray(value), getattr(decision, name)
        fresh[name] = value if value.ndim == field.ndim else np.broadcast_to(value, field.shape)
    return replace(decision, **fresh)
