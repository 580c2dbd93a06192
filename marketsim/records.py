"""What is kept of runs in full: tidy tables of the market, its segments, vendors and events, as Polars frames.

One row per run and quarter (and segment, vendor). Units stand in the column names. For yearly outcomes of many runs see
`marketsim.outcomes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from marketsim.attribution import RIVALS, SUPPLY, attribute
from marketsim.outcomes import cost_per_million_tokens, herfindahl
from marketsim.rules.arrays import ratio, total
from marketsim.rules.demand import TERMS
from marketsim.rules.finance import CAUSES
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import MarketState, Outcome


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
        if self._before is not None:
            self._keep("attribution", self._attribution(now, self._before, outcome))
        self._before = outcome

    def tables(self) -> dict[str, pl.DataFrame]:
        """market, segment, vendor, event and attribution."""
        return {name: pl.concat(parts) for name, parts in self._tables.items()}

    def _keep(self, name: str, table: pl.DataFrame) -> None:
        self._tables.setdefault(name, []).append(table)

    def _frame(
        self, now: Conditions, axes: dict[str, list[str]], columns: Mapping[str, NDArray[np.floating[Any]]]
    ) -> pl.DataFrame:
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
            data[name] = np.broadcast_to(values[..., :runs], shape).ravel()
        return pl.DataFrame(data)

    def _market(self, now: Conditions, outcome: Outcome, after: MarketState) -> pl.DataFrame:
        home = slice(0, self.p.domestic)
        revenue = outcome.price * outcome.sold
        home_revenue = total(revenue[home], axis=0)
        cards = total(outcome.sold, axis=0)
        wafers = total(total(outcome.wafers, axis=0), axis=0)
        return self._frame(
            now,
            {},
            {
                "cards_k": cards,
                "orders_k": total(outcome.orders, axis=0),
                "revenue_rmb_m": total(revenue, axis=0),
                "lost_orders_rmb_m": total(outcome.lost, axis=0),
                "domestic_share_cards": ratio(total(outcome.sold[home], axis=0), cards),
                "domestic_share_value": ratio(home_revenue, total(revenue, axis=0)),
                "active_vendors": total(1.0 * (outcome.sold[home] > 1e-6), axis=0),
                "hhi": herfindahl(ratio(revenue[home], home_revenue)),
                "price_krmb": ratio(home_revenue, total(outcome.sold[home], axis=0)),
                "gross_margin": ratio(home_revenue - total(outcome.cost_of_goods[home], axis=0), home_revenue),
                "wafers_k": wafers,
                "contracts_k": total(total(after.contracts[home], axis=0), axis=0),
                "cost_per_million_tokens_rmb": cost_per_million_tokens(self.p, now, outcome, after),
            },
        )

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
                "cost_index": outcome.cost_index,
            },
        )

    def _vendor(self, now: Conditions, outcome: Outcome, after: MarketState) -> pl.DataFrame:
        return self._frame(
            now,
            {"vendor": self.p.vendors},
            {
                "alive": 1.0 * after.alive,
                "price_krmb": outcome.price,
                "orders_k": outcome.orders,
                "sold_k": outcome.sold,
                "made_k": outcome.made,
                "started_k": outcome.started,
                "written_off_k": outcome.written_off,
                "stock_k": after.stock,
                "contracts_k": total(after.contracts, axis=1),
                "cost_of_goods_rmb_m": outcome.cost_of_goods,
                "cash_rmb_m": after.cash,
                "debt_rmb_m": after.debt,
                "software": total(after.software, axis=1) / len(self.p.families),
                "reliability": after.reliability,
                "architecture": after.architecture,
                "decision_fields_clipped": 1.0 * outcome.clipped,
                **{f"{name}_rmb_m": np.asarray(flow, dtype=float) for name, flow in outcome.flows.items()},
            },
        )

    def _event(self, now: Conditions, outcome: Outcome) -> pl.DataFrame:
        kinds = {"entered": outcome.entered, "failed": outcome.failed, "funded": outcome.funded}
        rows = []
        for kind, happened in kinds.items():
            for vendor, run in np.argwhere(happened[:, : len(self.runs)]):
                buyer, cause = int(outcome.acquired_by[vendor, run]), int(outcome.cause[vendor, run])
                rows.append(
                    {
                        "run": self.runs[run],
                        "quarter": now.name,
                        "vendor": self.p.vendors[vendor],
                        "event": "acquired" if kind == "failed" and buyer >= 0 else kind,
                        "buyer": self.p.vendors[buyer] if kind == "failed" and buyer >= 0 else None,
                        "cause": CAUSES[cause] if kind == "failed" else None,
                    }
                )
        text = pl.String
        schema = {"run": pl.Int64, "quarter": text, "vendor": text, "event": text, "buyer": text, "cause": text}
        return pl.DataFrame(rows, schema=schema)

    def _attribution(self, now: Conditions, before: Outcome, outcome: Outcome) -> pl.DataFrame:
        why = attribute(before, outcome)
        frame = self._frame(
            now,
            {"vendor": self.p.vendors, "segment": self.p.segments},
            {"change_log_odds": why.change, **why.terms, SUPPLY: why.supply},
        )
        return frame.filter(pl.col("change_log_odds").is_not_nan())


ATTRIBUTION_TERMS = (*TERMS, RIVALS)
"""Columns of the attribution table that add up to `change_log_odds`; `supply` stands apart."""
