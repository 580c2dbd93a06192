"""The market before its first quarter, from the scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketsim.rules import technology
from marketsim.rules.arrays import one_hot
from marketsim.rules.finance import CAUSES
from marketsim.rules.sales import choice_and_index, shelf
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import ForeignSupplier, Vendor
from marketsim.scenario.worlds import SideBySide
from marketsim.state import Floats, Ints, MarketState


def initial_state(p: Parameters, runs: int) -> MarketState:
    """The market at the start, the same in all runs (at least two) of a world.

    Cards in stock and in process cost what they would cost now; the reference cost of work is what it is now.
    """
    if isinstance(p, SideBySide):
        return _side_by_side(p)
    state = _first_state(p, runs)
    now = p.conditions[0]
    segments = len(p.segments)
    dies = np.take_along_axis(technology.cards_per_wafer(p, now, state.wafers_made), state.node, axis=0)
    card = technology.Card(state.node, state.memory, state.architecture, state.has_product)
    cost = technology.unit_cost(p, now, state, dies, card)
    state = replace(state, stock_value=state.stock * cost, pipeline_value=state.pipeline * cost[:, None])
    even = np.full((len(p.vendors), segments, runs), 1.0 / segments)
    offers = shelf(p, now, state, state.price, even, np.zeros_like(even))
    return replace(state, price=offers.price, reference_cost=choice_and_index(p, now, offers)[2])


def _side_by_side(p: SideBySide) -> MarketState:
    """Each world's market at the start, in its runs."""
    states = [initial_state(world, 2).take_runs(slice(0, 1)) for world in p.worlds]
    return MarketState(
        **{
            field.name: np.repeat(
                np.concatenate([getattr(state, field.name) for state in states], axis=-1), p.counts, axis=-1
            )
            for field in fields(MarketState)
        }
    )


def _first_state(p: Parameters, runs: int) -> MarketState:
    """Everything but what the cards in hand cost."""
    read = _Reader(p, runs)
    return MarketState(**_firms(read), **_cards(read), **_products(read), **_standing(read), **_world(read))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads vendors of a scenario into arrays with a run axis; entrant slots and foreign suppliers get `otherwise`."""

    p: Parameters
    runs: int

    def spread(self, column: NDArray[Any]) -> NDArray[Any]:
        """The same for all runs: [...,1] to [...,r]."""
        return np.repeat(column, self.runs, axis=-1)

    def numbers(self, read: Callable[[Vendor], float], otherwise: float = 0.0) -> Floats:
        """One number of each vendor, [v,r]."""
        return self.spread(self.p.of_vendors(read, lambda entrant: otherwise))

    def indices(self, read: Callable[[Vendor], str], names: list[str]) -> Ints:
        """One name of each vendor as its index in `names`, [v,r]."""
        found: Ints = self.numbers(lambda vendor: names.index(read(vendor))).astype(np.int64)
        return found

    def zeros(self, *sizes: int) -> Floats:
        """Zeros [*sizes,r]."""
        return np.zeros((*sizes, self.runs))


def _firms(read: _Reader) -> dict[str, Any]:
    """Who is in business, with which money."""
    p, vendors = read.p, len(read.p.vendors)
    named = (np.arange(vendors) < len(p.scenario.vendors))[:, None]
    return {
        "alive": read.spread(named | p.foreign),
        "listed": read.numbers(lambda v: float(v.listed)) > 0,
        "age": np.zeros((vendors, read.runs), dtype=np.int64),
        "cash": read.numbers(lambda v: v.cash),
        "debt": read.numbers(lambda v: v.debt),
        "founders_share": read.numbers(lambda v: v.founders_share, 1.0),
        "shortfall": read.zeros(vendors, len(CAUSES)),
    }


def _cards(read: _Reader) -> dict[str, Any]:
    """Cards in stock, in process and sold, and contracts. Last quarter's sales are the mean of what is in process."""
    p, vendors, lead = read.p, len(read.p.vendors), read.p.technology.production_lead
    pipeline = np.zeros((vendors, lead, 1))
    for v, vendor in enumerate(p.scenario.vendors.values()):
        pipeline[v, :, 0] = vendor.in_process
    sold = read.spread(pipeline.sum(axis=1) / lead)
    revenue = sold * read.numbers(lambda v: v.price)
    return {
        "price": read.numbers(lambda v: v.price, 1.0),
        "stock": read.numbers(lambda v: v.stock),
        "stock_value": read.zeros(vendors),
        "pipeline": read.spread(pipeline),
        "pipeline_value": read.zeros(vendors, lead),
        "contracts": read.spread(_tables(p, lambda v: v.contracts, p.nodes)),
        "arriving": read.zeros(vendors, len(p.nodes), p.contract_lead),
        "orders": sold,
        "sold": sold,
        "revenue": revenue,
        "gross_profit": revenue * p.finance.normal_margin,
        "growth": read.spread(_expected_growth(p)),
    }


def _products(read: _Reader) -> dict[str, Any]:
    """What is on sale and what is in design. Who sells a card has taped out on its node."""
    p, named = read.p, len(read.p.scenario.vendors)
    node = read.indices(lambda v: v.product.node, p.nodes)
    mastered = np.zeros((len(p.vendors), len(p.nodes), read.runs), dtype=bool)
    mastered[:named] = one_hot(node[:named], len(p.nodes))
    return {
        "has_product": read.spread((np.arange(len(p.vendors)) < named)[:, None] | p.foreign),
        "node": node,
        "memory": read.indices(lambda v: v.product.memory, p.memories),
        "architecture": read.numbers(lambda v: v.product.architecture, 1.0) + 1.0 * p.foreign,
        "next_node": read.indices(lambda v: (v.next_product or v.product).node, p.nodes),
        "next_memory": read.indices(lambda v: (v.next_product or v.product).memory, p.memories),
        "next_architecture": read.numbers(lambda v: v.next_product.architecture if v.next_product else 0.0),
        "next_quarters": read.numbers(lambda v: v.next_product.ready_in if v.next_product else 0).astype(np.int64),
        "research": read.zeros(len(p.vendors)),
        "nodes_mastered": mastered,
        "cost_factor": read.numbers(lambda v: v.cost_factor, 1.0),
    }


def _standing(read: _Reader) -> dict[str, Any]:
    """What buyers know of each vendor: software, reliability, deliveries, installed base."""
    p, installed = read.p, _installed(read.p)
    ever_made = installed.sum(axis=1) + p.of_vendors(lambda v: v.stock, lambda entrant: 0.0)
    return {
        "software": read.spread(_software(p)),
        "reliability": read.spread(_reliability(p)),
        "delivery": np.ones((len(p.vendors), read.runs)),
        "base": read.spread(installed),
        "cumulative": read.spread(ever_made),
        "industry_output": read.spread(ever_made[: p.domestic].sum(axis=0)),
    }


def _world(read: _Reader) -> dict[str, Any]:
    """Foundries, memory and buyers."""
    p, segments = read.p, len(read.p.segments)
    return {
        "wafers_made": read.zeros(len(p.nodes)),
        "memory_stock": read.spread(p.of_memories("stockpile")),
        "waiting": read.zeros(segments),
        "reference_cost": np.ones((segments, read.runs)),
    }


def _expected_growth(p: Parameters) -> Floats:
    """Growth that a vendor extrapolates at the start, per quarter, [v,1]: what its cards in process were planned for.

    ln(last / first) over the quarters between; the growth of total spend in the first year for everybody else.
    """
    first, last = p.conditions[0], p.conditions[min(4, len(p.conditions) - 1)]
    market = float(np.log(last.spend.sum() / first.spend.sum())) / max(last.index - first.index, 1)

    def planned(vendor: Vendor) -> float:
        cards = vendor.in_process
        if len(cards) < 2 or min(cards) <= 0:
            return market
        return float(np.clip((np.log(cards[-1]) - np.log(cards[0])) / (len(cards) - 1), -0.5, 0.5))

    return p.of_vendors(planned, lambda entrant: market)


def _tables(p: Parameters, read: Callable[[Vendor], Mapping[str, float]], names: list[str]) -> Floats:
    """[v,i,1] from one mapping per named vendor, 0 for all others."""
    table = np.zeros((len(p.vendors), len(names), 1))
    for v, vendor in enumerate(p.scenario.vendors.values()):
        for i, name in enumerate(names):
            table[v, i, 0] = read(vendor).get(name, 0.0)
    return table


def _suppliers(p: Parameters) -> list[tuple[int, Vendor | ForeignSupplier]]:
    """Everybody with an installed base at the start: index in the vendor axis and part of the scenario."""
    named = list(enumerate(p.scenario.vendors.values()))
    return [*named, *enumerate(p.scenario.foreign.values(), start=p.domestic)]


def _installed(p: Parameters) -> Floats:
    table = np.zeros((len(p.vendors), len(p.segments), 1))
    for v, vendor in _suppliers(p):
        split = np.array([vendor.installed_split.get(segment, 0.0) for segment in p.segments])
        split = split / split.sum() if split.sum() > 0 else np.full(len(split), 1 / len(split))
        table[v, :, 0] = vendor.installed * split
    return table


def _software(p: Parameters) -> Floats:
    table = np.zeros((len(p.vendors), len(p.families), 1))
    for v, vendor in _suppliers(p):
        table[v, :, 0] = [vendor.software.get(family, 0.0) for family in p.families]
    return table


def _reliability(p: Parameters) -> Floats:
    table = np.zeros((len(p.vendors), 1))
    for v, vendor in _suppliers(p):
        table[v, 0] = vendor.reliability
    return table
