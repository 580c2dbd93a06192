"""What is kept of runs in full: tidy tables of the market, its segments, vendors and events, as Polars frames.

| table | one row per run, quarter and | holds |
|---|---|---|
| market | | totals and shares; sums of the vendor table where both have a column |
| segment | segment | what its buyers wanted, bought and lost |
| vendor | vendor slot, empty or not | sales, cards, books; every cash flow, signed as it changes cash |
| event | event | entries, failures, acquisitions, funding rounds |
| attribution | vendor and segment | why the log odds of the vendor's share changed since the quarter before |

Units stand at the end of the column names (`unit_of`). Prices, margins and shares of nothing are 0. For yearly
outcomes of many runs see `marketsim.outcomes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from marketsim.attribution import RIVALS, SUPPLY, attribute
from marketsim.outcomes import ACTIVE, cost_per_million_tokens, herfindahl
from marketsim.rules.arrays import ratio, total
from marketsim.rules.demand import TERMS
from marketsim.rules.finance import CAUSES
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import MarketState, Outcome

ATTRIBUTION_TERMS = (*TERMS, RIVALS)
"""Columns of the attribution table that add up to `change_log_odds`; `supply` stands apart."""

EVENT_COLUMNS = {
    "run": pl.Int64,
    "quarter": pl.String,
    "vendor": pl.String,
    "event": pl.String,
    "cause": pl.String,
    "buyer": pl.String,
    "raised_rmb_m": pl.Float64,
}
"""event: entered, funded, failed or acquired. cause: of a failure or acquisition. buyer: of an acquired vendor."""

_UNITS = {
    "_k_per_quarter": "thousand wafers per quarter",
    "_k": "thousand",
    "_rmb_m": "RMB million",
    "_krmb": "RMB thousand per card",
    "_rmb": "RMB per million tokens",
}


def unit_of(column: str) -> str:
    """The unit in which a column is written, from the end of its name; empty for shares, counts and text."""
    return next((unit for suffix, unit in _UNITS.items() if column.endswith(suffix)), "")


@dataclass
class Recorder:
    """Collects the quarters of some runs and gives them as tables.

    runs: run numbers, which may be fewer than the arrays hold (a lone run is padded).
    """

    p: Parameters
    runs: range
    _tables: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    _before: Outcome | None = None

    def add(self, now: Conditions, outcome: Outcome, after: MarketState) -> None:
        """Record a quarter."""
        self._keep("market", self._market(now, outcome, after))
        self._keep("segment", self._segment(now, outcome))
        self._keep("vendor", self._vendor(now, outcome, after))
        self._keep("event", self._event(now, outcome))
        self._keep("attribution", self._attribution(now, self._before, outcome))
        self._before = outcome

    def tables(self) -> dict[str, pl.DataFrame]:
        """market, segment, vendor, event and attribution."""
        return {name: pl.concat(parts) for name, parts in self._tables.items()}

    def _keep(self, name: str, table: pl.DataFrame) -> None:
        self._tables.setdefault(name, []).append(table)

    def _frame(self, now: Conditions, axes: dict[str, list[str]], columns: Mapping[str, NDArray[Any]]) -> pl.DataFrame:
        """A tidy frame from arrays [*axes, r]: one column per axis, run and quarter, then the values."""
        sizes = [len(names) for names in axes.values()]
        runs = len(self.runs)
        shape = (*sizes, runs)
        index = np.indices(shape)
        data: dict[str, object] = {"run": np.array(self.runs)[index[-1].ravel()]}
        data["quarter"] = [now.name] * int(np.prod(shape))
        for position, (axis, names) in enumerate(axes.items()):
            data[axis] = np.array(names)[index[position].ravel()]
        for name, values in columns.items():
            column = np.broadcast_to(values[..., :runs], shape).ravel()
            data[name] = column + 0.0 if column.dtype.kind == "f" else column  # no -0.0: nothing was paid
        return pl.DataFrame(data)

    def _market(self, now: Conditions, outcome: Outcome, after: MarketState) -> pl.DataFrame:
        home = slice(0, self.p.domestic)
        revenue = outcome.price * outcome.sold
        home_revenue = total(revenue[home], axis=0)
        cards = total(outcome.sold, axis=0)
        wafers = total(outcome.wafers, axis=0)
        columns = {
            "cards_k": cards,
            "orders_k": total(outcome.orders, axis=0),
            "revenue_rmb_m": total(revenue, axis=0),
            "lost_orders_rmb_m": total(outcome.lost, axis=0),
            "domestic_share_cards": ratio(total(outcome.sold[home], axis=0), cards),
            "domestic_share_value": ratio(home_revenue, total(revenue, axis=0)),
            "active_vendors": _count(outcome.sold[home] > ACTIVE),
            "entries": _count(outcome.entered),
            "exits": _count(outcome.failed),
            "hhi": herfindahl(ratio(revenue[home], home_revenue)),
            "price_krmb": ratio(home_revenue, total(outcome.sold[home], axis=0)),
            "gross_margin": ratio(home_revenue - total(outcome.cost_of_goods[home], axis=0), home_revenue),
            "wafers_k": total(wafers, axis=0),
            "contracts_k_per_quarter": total(total(after.contracts[home], axis=0), axis=0),
            "foundry_use": ratio(wafers, outcome.wafer_limit).max(axis=0),
            "cost_per_million_tokens_rmb": cost_per_million_tokens(self.p, now, outcome),
        }
        return self._frame(now, {}, columns)

    def _segment(self, now: Conditions, outcome: Outcome) -> pl.DataFrame:
        home = slice(0, self.p.domestic)
        bought = total(outcome.bought, axis=0)
        return self._frame(
            now,
            {"segment": self.p.segments},
            {
                "wanted_rmb_m": outcome.spend,
                "bought_rmb_m": bought,
                "lost_rmb_m": outcome.lost,
                "domestic_share_value": ratio(total(outcome.bought[home], axis=0), bought),
                "cost_index_rmb": outcome.cost_index,
            },
        )

    def _vendor(self, now: Conditions, outcome: Outcome, after: MarketState) -> pl.DataFrame:
        return self._frame(
            now,
            {"vendor": self.p.vendors},
            {
                "alive": after.alive,
                "price_krmb": outcome.price,
                "orders_k": outcome.orders,
                "cards_k": outcome.sold,
                "revenue_rmb_m": outcome.price * outcome.sold,
                "made_k": outcome.made,
                "started_k": outcome.started,
                "written_off_k": outcome.written_off,
                "stock_k": after.stock,
                "wafers_k": total(outcome.wafers, axis=1),
                "contracts_k_per_quarter": total(after.contracts, axis=1),
                "cost_of_goods_rmb_m": outcome.cost_of_goods,
                "cash_rmb_m": after.cash,
                "debt_rmb_m": after.debt,
                "software": total(after.software, axis=1) / len(self.p.families),
                "reliability": after.reliability,
                "architecture": after.architecture,
                "decision_fields_clipped": outcome.clipped,
                **{f"{name}_rmb_m": np.asarray(flow, dtype=float) for name, flow in outcome.flows.items()},
            },
        )

    def _event(self, now: Conditions, outcome: Outcome) -> pl.DataFrame:
        rows: list[dict[str, object]] = []
        for kind, happened in (("entered", outcome.entered), ("funded", outcome.funded), ("failed", outcome.failed)):
            for vendor, run in np.argwhere(happened[:, : len(self.runs)]):
                row = {"run": self.runs[run], "quarter": now.name, "vendor": self.p.vendors[vendor], "event": kind}
                if kind == "funded":
                    row["raised_rmb_m"] = float(outcome.flows["raised"][vendor, run])
                if kind == "failed":
                    row["cause"] = CAUSES[int(outcome.cause[vendor, run])]
                    buyer = int(outcome.acquired_by[vendor, run])
                    row |= {"event": "acquired", "buyer": self.p.vendors[buyer]} if buyer >= 0 else {}
                rows.append(row)
        return pl.DataFrame(rows, schema=EVENT_COLUMNS)

    def _attribution(self, now: Conditions, before: Outcome | None, outcome: Outcome) -> pl.DataFrame:
        why = attribute(before or outcome, outcome)
        frame = self._frame(
            now,
            {"vendor": self.p.vendors, "segment": self.p.segments},
            {"change_log_odds": why.change, **why.terms, SUPPLY: why.supply},
        )
        return frame.filter(pl.col("change_log_odds").is_not_nan(), before is not None)


def _count(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many vendors, [v,r] -> [r]."""
    count: NDArray[np.int64] = np.add.reduce(flags, axis=0, dtype=np.int64)
    return count
