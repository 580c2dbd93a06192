"""The market before its first quarter, from the scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from marketsim.rules import technology
from marketsim.rules.sales import choice_and_index, shelf
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import ForeignSupplier, Product, Vendor
from marketsim.state import Floats, Ints, MarketState


def initial_state(p: Parameters, runs: int) -> MarketState:
    """The market at the start, the same in all runs (at least two).

    Cards in stock and in process cost what they would cost now; the reference cost of work is what it is now.
    """
    state = _first_state(p, runs)
    now = p.conditions[0]
    segments = len(p.segments)
    dies = np.take_along_axis(technology.cards_per_wafer(p, now, state.wafers_made), state.node, axis=0)
    card = technology.Card(state.node, state.memory, state.architecture)
    cost = technology.unit_cost(p, now, state, dies, card)
    state = replace(state, stock_value=state.stock * cost, pipeline_value=state.pipeline * cost[:, None])
    even = np.full((len(p.vendors), segments, runs), 1.0 / segments)
    offers = shelf(p, now, state, state.price, even, np.zeros_like(even))
    return replace(state, price=offers.price, reference_cost=choice_and_index(p, now, offers)[2])


def _first_state(p: Parameters, runs: int) -> MarketState:
    world = p.scenario
    named = len(world.vendors)
    count = len(p.vendors)

    def spread(column: Any) -> Any:
        return np.repeat(column, runs, axis=-1)

    def numbers(read: Callable[[Vendor], float], otherwise: float = 0.0) -> Floats:
        values: Floats = spread(p.of_vendors(read, lambda e: otherwise))
        return values

    def indices(read: Callable[[Product], str], names: list[str]) -> Ints:
        chosen: Ints = spread(p.of_vendors(lambda v: names.index(read(v.product)), lambda e: 0)).astype(np.int64)
        return chosen

    def next_indices(read: Callable[[Product], str], names: list[str]) -> Ints:
        chosen = p.of_vendors(lambda v: names.index(read(v.next_product or v.product)), lambda e: 0)
        chosen_next: Ints = spread(chosen).astype(np.int64)
        return chosen_next

    node = indices(lambda product: product.node, p.nodes)
    no = np.zeros((count, runs))
    alive = spread((np.arange(count) < named)[:, None] | p.foreign)
    contracts = _tables(p, lambda v: v.contracts, p.nodes)
    mastered = np.zeros((count, len(p.nodes), runs), dtype=bool)
    mastered[np.arange(named)[:, None], node[:named], np.arange(runs)[None]] = True
    pipeline = np.zeros((count, p.technology.production_lead, 1))
    for v, vendor in enumerate(world.vendors.values()):
        pipeline[v, :, 0] = vendor.in_process
    stock = numbers(lambda v: v.stock)
    sold = spread(pipeline.sum(axis=1) / p.technology.production_lead)
    revenue = sold * numbers(lambda v: v.price)
    pipeline = spread(pipeline)
    installed = _installed(p)
    return MarketState(
        alive=alive,
        listed=numbers(lambda v: float(v.listed)) > 0,
        age=np.zeros((count, runs), dtype=np.int64),
        cash=numbers(lambda v: v.cash),
        debt=numbers(lambda v: v.debt),
        founders_share=numbers(lambda v: v.founders_share, 1.0),
        price=numbers(lambda v: v.price, 1.0),
        stock=stock,
        stock_value=no,
        pipeline=pipeline,
        pipeline_value=0.0 * pipeline,
        contracts=spread(contracts),
        arriving=np.zeros((count, len(p.nodes), p.contract_lead, runs)),
        node=node,
        memory=indices(lambda product: product.memory, p.memories),
        architecture=numbers(lambda v: v.product.architecture, 1.0) + 1.0 * p.foreign,
        next_node=next_indices(lambda product: product.node, p.nodes),
        next_memory=next_indices(lambda product: product.memory, p.memories),
        next_architecture=numbers(lambda v: v.next_product.architecture if v.next_product else 0.0),
        next_quarters=numbers(lambda v: v.next_product.ready_in if v.next_product else 0).astype(np.int64),
        research=no,
        nodes_mastered=mastered,
        cost_factor=numbers(lambda v: v.cost_factor, 1.0),
        software=spread(_software(p)),
        reliability=spread(_reliability(p)),
        delivery=np.ones((count, runs)),
        base=spread(installed),
        cumulative=spread(installed.sum(axis=1)) + stock,
        industry_output=spread((installed.sum(axis=1)[: p.domestic].sum(axis=0))) + stock.sum(axis=0),
        orders=sold,
        sold=sold,
        revenue=revenue,
        gross_profit=revenue * p.finance.normal_margin,
        growth=spread(_expected_growth(p)),
        shortfall=np.zeros((count, 5, runs)),
        wafers_made=np.zeros((len(p.nodes), runs)),
        memory_stock=spread(p.of_memories("stockpile")),
        waiting=np.zeros((len(p.segments), runs)),
        reference_cost=np.ones((len(p.segments), runs)),
    )


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
        return float(np.clip(np.log(cards[-1] / cards[0]) / (len(cards) - 1), -0.5, 0.5))

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
