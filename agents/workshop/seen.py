"""What a team may know of the market: its own books in full, of rivals what everybody knows.

Nothing else is ever sent to a team. Rivals' private figures are not blackened but replaced, so that everything that is
made from a market (screens, forecasts, advice) works on what is left, and says no more than the team may know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, TypeVar

import numpy as np

from marketsim.state import Bools, Floats, MarketState, Outcome

Kind = Literal["public", "graded", "pooled", "hidden"]
"""Of rivals' figures, everybody knows: each one; each one in tenths, as buyers grade it; their sum, of which each rival
in business is taken to have as large a part as of the cards sold; nothing, and they are 0."""

TENTH = 0.1

OF_STATE: Mapping[str, Kind] = {
    **dict.fromkeys(("alive", "listed", "age", "has_product", "node", "memory", "architecture"), "public"),
    **dict.fromkeys(("price", "sold", "revenue", "reliability", "delivery"), "public"),
    "base": "public",  # the scenario's, and what was sold since to whom: everybody can add it up
    "software": "graded",
    **dict.fromkeys(("contracts", "arriving", "orders", "gross_profit", "cumulative"), "pooled"),
    **dict.fromkeys(("cost_factor", "founders_share"), "pooled"),
    **dict.fromkeys(("cash", "debt", "stock", "stock_value", "pipeline", "pipeline_value", "shortfall"), "hidden"),
    **dict.fromkeys(("next_node", "next_memory", "next_architecture", "next_quarters"), "hidden"),
    **dict.fromkeys(("research", "nodes_mastered", "growth"), "hidden"),
    **dict.fromkeys(("industry_output", "wafers_made", "memory_stock", "waiting", "reference_cost"), "public"),
}
"""By field of `marketsim.state.MarketState`."""

OF_OUTCOME: Mapping[str, Kind] = {
    **dict.fromkeys(("price", "sold", "sold_in", "bought", "choice", "terms"), "public"),  # market research
    **dict.fromkeys(("compute", "bandwidth", "power", "time_per_token"), "public"),
    **dict.fromkeys(("failed", "acquired_by", "cause", "entered", "funded"), "public"),
    "maturity": "graded",
    **dict.fromkeys(("orders", "made", "started", "written_off", "wafers", "granted"), "pooled"),
    **dict.fromkeys(("flows", "cost_of_goods"), "pooled"),
    "clipped": "hidden",
    **dict.fromkeys(("spend", "lost", "cost_index", "wafer_limit", "memory_used", "memory_limit"), "public"),
}
"""By field of `marketsim.state.Outcome`."""

PUBLISHED = ("raised",)
"""Flows that the news tells."""

Record = TypeVar("Record", bound=MarketState | Outcome)


def seen(record: Record, seat: int, domestic: int, running: Bools) -> Record:
    """A market or a quarter as the team in a seat may know it.

    domestic: how many of the rows are domestic vendors, the first ones.  running: [v,r], in business.
    """
    kinds = OF_STATE if isinstance(record, MarketState) else OF_OUTCOME
    rivals = np.arange(len(running)) < domestic
    rivals[seat] = False
    parts = _parts(record.sold, rivals, running)
    return type(record)(
        **{item.name: _seen(getattr(record, item.name), kinds[item.name], rivals, parts) for item in fields(record)}
    )


def _parts(sold: Floats, rivals: Bools, running: Bools) -> Floats:
    """Which part of rivals' sums each is taken to have, [v,r]; equal ones where none has sold anything."""
    there = rivals[:, None] & running
    there = np.where(there.any(axis=0), there, rivals[:, None])
    weights = np.where(there, sold, 0.0)
    weights = np.where(weights.any(axis=0), weights, there)
    return weights / np.where(rivals.any(), weights.sum(axis=0), 1.0)


def _seen(value: Any, kind: Kind, rivals: Bools, parts: Floats) -> Any:
    if kind == "public":
        return value
    if isinstance(value, dict):
        return {name: each if name in PUBLISHED else _seen(each, kind, rivals, parts) for name, each in value.items()}
    rows = rivals.reshape(-1, *(1,) * (value.ndim - 1))
    if kind == "hidden":
        return np.where(rows, np.zeros_like(value), value)
    if kind == "graded":
        return np.where(rows, np.round(value / TENTH) * TENTH, value)
    total = np.where(rows, value, 0).sum(axis=0)
    return np.where(rows, total * parts.reshape(len(parts), *(1,) * (value.ndim - 2), -1), value)
