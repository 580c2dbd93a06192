"""Products: from the start of a design over tape-out and first wafers to the shelf."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from marketsim.rules import technology
from marketsim.rules.arrays import one_hot, pick
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Bools, Floats, Ints, MarketState


@dataclass(frozen=True, slots=True)
class Progress:
    """Where each vendor's product in design stands this quarter. All [v,r]."""

    launched: Bools
    respins: Bools
    written_off: Floats  # k cards of the old product
    write_off_value: Floats  # rmb_m


def progress(p: Parameters, state: MarketState, respin: Floats) -> tuple[MarketState, Progress]:
    """A quarter passes for the products in design: tape-outs, respins, launches.

    A design takes the node's design time and then the production lead. At tape-out its architecture is fixed:
    a' = a * (1 + g * (1 - exp(-R/R0))) or what its road map promises, if more. A first product on a node may need a
    respin, a quarter more. When its first cards come out, it replaces the product on sale, and a share of the old
    cards is written off.
    respin [v,r] uniform draws.
    """
    lead = p.technology.production_lead
    remaining = np.maximum(state.next_quarters - 1, 0)
    at_tape_out = (remaining == lead) & (state.next_quarters > 0) & state.alive
    mastered = np.take_along_axis(state.nodes_mastered, state.next_node[:, None], axis=1)[:, 0]
    respins = at_tape_out & ~mastered & (respin < pick(p.of_nodes("respin_chance"), state.next_node))
    remaining = remaining + respins
    taped_out = at_tape_out & ~respins
    better = technology.architecture_after(
        state.architecture, state.research, p.technology.generation_gain, p.technology.research_scale
    )
    launched = (state.next_quarters > 0) & (remaining == 0) & state.alive
    off = np.where(launched, p.technology.obsolete_stock, 0.0)
    next_architecture = np.where(taped_out, np.maximum(better, state.next_architecture), state.next_architecture)
    moved = replace(
        state,
        next_quarters=remaining,
        next_architecture=next_architecture,
        research=np.where(taped_out, 0.0, state.research),
        nodes_mastered=state.nodes_mastered
        | ((at_tape_out | launched)[:, None] & one_hot(state.next_node, len(p.nodes))),
        has_product=state.has_product | launched,
        node=np.where(launched, state.next_node, state.node),
        memory=np.where(launched, state.next_memory, state.memory),
        architecture=np.where(launched, next_architecture, state.architecture),
        stock=state.stock * (1 - off),
        stock_value=state.stock_value * (1 - off),
    )
    return moved, Progress(launched, respins, state.stock * off, state.stock_value * off)


def hardware(p: Parameters, now: Conditions, state: MarketState) -> tuple[Floats, Floats, Floats]:
    """Compute (TFLOPS), bandwidth (TB/s) and power (W) of every card on sale, foreign offers included, [v,r] each."""
    compute = technology.compute(p, state.node, state.architecture)
    bandwidth = technology.bandwidth(p, state.memory, state.architecture)
    power = technology.power(p, state.node, state.architecture)
    abroad = slice(p.domestic, None)
    compute[abroad], bandwidth[abroad], power[abroad] = now.foreign_compute, now.foreign_bandwidth, now.foreign_power
    return compute, bandwidth, power


def on_the_line(p: Parameters, state: MarketState, ahead: int = 0) -> technology.Card:
    """The card that starts now, or `ahead` quarters from now: the next product once it is taped out.

    A newcomer has nothing to start before its first tape-out.
    """
    lead = p.technology.production_lead + ahead
    taped_out = (state.next_quarters > 0) & (state.next_quarters <= lead)
    return technology.Card(
        np.where(taped_out, state.next_node, state.node),
        np.where(taped_out, state.next_memory, state.memory),
        np.where(taped_out & (state.next_architecture > 0), state.next_architecture, state.architecture),
        state.has_product | taped_out,
    )


def begun(p: Parameters, state: MarketState, starts: Bools, node: Ints, memory: Ints) -> MarketState:
    """New designs begin, with the node's design time and the production lead ahead.  starts, node, memory [v,r]."""
    node, memory = np.minimum(node, len(p.nodes) - 1), np.minimum(memory, len(p.memories) - 1)
    ahead = pick(p.of_nodes("design_time"), node).astype(np.int64) + p.technology.production_lead
    return replace(
        state,
        next_node=np.where(starts, node, state.next_node),
        next_memory=np.where(starts, memory, state.next_memory),
        next_architecture=np.where(starts, 0.0, state.next_architecture),
        next_quarters=np.where(starts, ahead, state.next_quarters),
    )
