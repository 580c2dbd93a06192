"""Every array that the market consists of, with its axes and unit, in one place.

Axes: v vendor (domestic vendors in file order, then entrant slots, then foreign suppliers), s segment, f model family,
n node, m memory type, l quarters of lead time, r run. **The run axis is always last and never shorter than two**
(`chance.pad_runs` says why). `k` is thousand, `rmb_m` RMB million, `krmb` thousand RMB.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def axes(names: str, unit: str, meaning: str) -> Any:
    """A field of an array dataclass that knows its axes (such as 'vsr'), unit and meaning."""
    return field(metadata={"axes": names, "unit": unit, "meaning": meaning})


@dataclass(frozen=True, slots=True)
class MarketState:
    """The market between two quarters."""

    alive: Bools = axes("vr", "", "in business")
    listed: Bools = axes("vr", "", "on an exchange")
    age: Ints = axes("vr", "quarters", "since the vendor's first quarter in this market")
    cash: Floats = axes("vr", "rmb_m", "cash")
    debt: Floats = axes("vr", "rmb_m", "debt")
    founders_share: Floats = axes("vr", "1", "equity left with founders or parent")
    price: Floats = axes("vr", "krmb/card", "last quarter's price")
    stock: Floats = axes("vr", "k cards", "finished cards")
    stock_value: Floats = axes("vr", "rmb_m", "what the finished cards cost")
    pipeline: Floats = axes("vlr", "k cards", "cards in process, by quarters to go")
    pipeline_value: Floats = axes("vlr", "rmb_m", "what the cards in process cost")
    contracts: Floats = axes("vnr", "k wafers/quarter", "capacity contracts in force")
    arriving: Floats = axes("vnlr", "k wafers/quarter", "new capacity, by quarters to go")
    has_product: Bools = axes("vr", "", "has brought a product out, or has one at the start")
    node: Ints = axes("vr", "", "index of the node of the product on sale")
    memory: Ints = axes("vr", "", "index of the memory of the product on sale")
    architecture: Floats = axes("vr", "1", "architecture level of the product on sale")
    next_node: Ints = axes("vr", "", "node of the product in design")
    next_memory: Ints = axes("vr", "", "memory of the product in design")
    next_architecture: Floats = axes("vr", "1", "architecture level of the product in design; 0 before tape-out")
    next_quarters: Ints = axes("vr", "quarters", "until its cards come out; 0: nothing in design")
    research: Floats = axes("vr", "rmb_m", "architecture research since the last tape-out")
    nodes_mastered: Bools = axes("vnr", "", "has taped out on this node before")
    cost_factor: Floats = axes("vr", "1", "own unit cost over the industry's")
    software: Floats = axes("vfr", "1", "software maturity by model family")
    reliability: Floats = axes("vr", "1", "reliability as buyers see it")
    delivery: Floats = axes("vr", "1", "record of deliveries: delivered over ordered")
    base: Floats = axes("vsr", "k cards", "installed base")
    cumulative: Floats = axes("vr", "k cards", "cards made so far")
    industry_output: Floats = axes("r", "k cards", "cards that domestic vendors ever made, dead ones included")
    orders: Floats = axes("vr", "k cards", "cards that buyers asked for last quarter, second choices included")
    sold: Floats = axes("vr", "k cards", "cards sold last quarter")
    revenue: Floats = axes("vr", "rmb_m", "revenue of last quarter")
    gross_profit: Floats = axes("vr", "rmb_m", "revenue minus cost of goods of last quarter")
    growth: Floats = axes("vr", "1/quarter", "extrapolated growth of orders")
    shortfall: Floats = axes("vcr", "rmb_m", "losses of the last two years by cause, see rules.finance.CAUSES")
    wafers_made: Floats = axes("nr", "k wafers", "wafers processed so far")
    memory_stock: Floats = axes("mr", "TB", "scarce memory in the country")
    waiting: Floats = axes("sr", "rmb_m", "orders that wait from last quarter")
    reference_cost: Floats = axes("sr", "RMB/M tokens", "cost of work that the spend path was planned with")

    @property
    def runs(self) -> int:
        """Length of the run axis."""
        return int(self.cash.shape[-1])

    def take_runs(self, runs: slice) -> MarketState:
        """The same market for some of the runs."""
        return MarketState(**{f.name: getattr(self, f.name)[..., runs] for f in fields(self)})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened in one quarter. The books' flows are signed as they change cash, see `rules.finance`."""

    price: Floats = axes("vr", "krmb/card", "price charged")
    choice: Floats = axes("vsr", "1", "share of each segment's spend by choice, as if nothing were short")
    terms: tuple[Floats, ...] = axes("vsr", "1", "utility by term, in the order of rules.demand.TERMS")
    bought: Floats = axes("vsr", "rmb_m", "spend after rationing and second choices")
    spend: Floats = axes("sr", "rmb_m", "money that buyers wanted to spend")
    lost: Floats = axes("sr", "rmb_m", "orders that were neither met nor wait")
    cost_index: Floats = axes("sr", "RMB/M tokens", "log-sum cost of work")
    orders: Floats = axes("vr", "k cards", "cards that buyers asked for, second choices included")
    sold: Floats = axes("vr", "k cards", "cards sold")
    made: Floats = axes("vr", "k cards", "cards finished")
    started: Floats = axes("vr", "k cards", "cards started")
    written_off: Floats = axes("vr", "k cards", "cards written off, stock and in process")
    sold_in: Floats = axes("vsr", "k cards", "cards sold by segment")
    compute: Floats = axes("vr", "TFLOPS", "compute of a card on sale")
    bandwidth: Floats = axes("vr", "TB/s", "memory bandwidth of a card on sale")
    power: Floats = axes("vr", "W", "power of a card on sale")
    time_per_token: Floats = axes("vsr", "s", "time of a fully adapted card per token of the segment's work")
    maturity: Floats = axes("vsr", "1", "software maturity for the segment's work")
    wafers: Floats = axes("vnr", "k wafers", "wafers started")
    wafer_limit: Floats = axes("nr", "k wafers", "foundry limit")
    granted: Floats = axes("vnr", "k wafers/quarter", "new capacity granted")
    memory_used: Floats = axes("mr", "TB", "memory used")
    memory_limit: Floats = axes("mr", "TB", "memory available; infinite where plentiful")
    flows: dict[str, Floats] = axes("vr", "rmb_m", "every cash flow of the books by name")
    cost_of_goods: Floats = axes("vr", "rmb_m", "cost of the cards sold")
    clipped: Ints = axes("vr", "", "fields of the decision that were out of bounds")
    failed: Bools = axes("vr", "", "failed this quarter, with or without a buyer")
    acquired_by: Ints = axes("vr", "", "index of the buyer of a failed vendor, -1: none")
    cause: Ints = axes("vr", "", "index of the main cause of failure in rules.finance.CAUSES, -1: none")
    entered: Bools = axes("vr", "", "entered this quarter")
    funded: Bools = axes("vr", "", "closed a funding round or listing")


Record = TypeVar("Record")


def taken(record: Record, runs: Ints) -> Record:
    """A state, outcome, history or draws for other runs, each of which is one of those that there are.

    record: a dataclass of arrays with `axes`.  runs: which run each of the new ones is.  What has no run axis, or one
    of length 1, holds for all runs and stays as it is.
    """
    arrays = {item.name: _taken(getattr(record, item.name), runs) for item in fields(record)}  # type: ignore[arg-type]
    return type(record)(**arrays)


def _taken(value: Any, runs: Ints) -> Any:
    if is_dataclass(value):
        return taken(value, runs)
    if isinstance(value, dict):
        return {name: _taken(each, runs) for name, each in value.items()}
    if isinstance(value, tuple):
        return tuple(_taken(each, runs) for each in value)
    alike = value is None or value.shape[-1] == 1
    return value if alike else np.ascontiguousarray(value[..., runs])
