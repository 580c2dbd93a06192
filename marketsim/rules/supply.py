"""Stages 3 and 4: foundry and memory allocate, wafers start, cards come out of the line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketsim.chance import Draws
from marketsim.decisions import Decision
from marketsim.rules import finance, foundry, technology
from marketsim.rules.arrays import one_hot, pick, ratio, total
from marketsim.rules.products import Progress, on_the_line
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.state import Floats, MarketState


@dataclass(frozen=True, slots=True)
class Supply:
    """Stages 3 and 4: what was allocated, started and finished."""

    budget: finance.Budget
    contracts: Floats  # [v,n,r]
    arriving: Floats  # [v,n,l,r]
    granted: Floats  # [v,n,r]
    cards: Floats  # [v,r] started
    wafers: Floats  # [v,n,r]
    cost: Floats  # [v,r] rmb_m of the cards started
    idle_cost: Floats  # [v,r] rmb_m take-or-pay
    respin_cost: Floats  # [v,r] rmb_m
    interest: Floats
    repayment: Floats
    frontier: Floats
    finished: Floats
    finished_value: Floats
    pipeline: Floats
    pipeline_value: Floats
    memory_used: Floats  # [m,r]
    memory_limit: Floats  # [m,r]


def supply(
    p: Parameters, now: Conditions, state: MarketState, decision: Decision, draws: Draws, progress: Progress
) -> Supply:
    """Foundry and memory allocate, wafers start, and what is due comes out of the line."""
    contracts, arriving = foundry.renewed_contracts(
        p, state.contracts, state.arriving, decision.capacity, now.wafer_limit
    )
    card = on_the_line(p, state)
    node, memory = card.node, card.memory
    per_wafer = technology.cards_per_wafer(p, now, state.wafers_made)
    luck = np.exp(np.float64(p.technology.yield_noise) * draws.quality)
    per_wafer_here = np.take_along_axis(per_wafer, node, axis=0) * luck / p.dies_per_card
    cost = technology.unit_cost(p, now, state, per_wafer, card)
    flags = one_hot(node, len(p.nodes))
    theta = p.of_nodes("take_or_pay") * now.wafer_price
    idle_price = ratio(pick(theta, node), per_wafer_here)
    take_or_pay = total(theta * contracts, axis=1)
    interest, repayment = finance.debt_service(p, now, state.debt)
    frontier = finance.frontier_cost(p, state)
    respins = progress.respins * pick(p.of_nodes("respin_cost"), state.next_node)
    obligations = p.overhead * state.alive + frontier + interest + repayment + take_or_pay + respins
    wanted = total(flags * contracts, axis=1) * decision.run_share * per_wafer_here * state.alive
    tape_out = pick(p.of_nodes("tape_out_cost"), np.minimum(decision.product_node, len(p.nodes) - 1))
    budget = finance.affordable(
        p, now, state, decision, wanted, np.maximum(cost - idle_price, 0.0), obligations, tape_out
    )
    weights = foundry.queue_weights(p, now, decision.premium, contracts, now.wafer_limit)
    per_card = pick(p.of_memories("per_card"), memory)
    available = state.memory_stock + now.memory_supply
    need = budget.cards * per_card
    got = foundry.allocated_memory(p, need, memory, total(flags * weights, axis=1), available)
    cards = budget.cards * ratio(got, need, otherwise=1.0)
    wafers = flags * ratio(cards, per_wafer_here)[:, None]
    granted = foundry.granted_capacity(p, budget.capacity, weights, contracts, arriving, now.wafer_limit)
    finished, pipeline = foundry.advance_pipeline(state.pipeline, cards, state.alive)
    finished_value, pipeline_value = foundry.advance_pipeline(state.pipeline_value, cards * cost, state.alive)
    return Supply(
        budget=budget,
        contracts=contracts,
        arriving=foundry.add_arrivals(p, arriving, granted),
        granted=granted,
        cards=cards,
        wafers=wafers,
        cost=cards * cost,
        idle_cost=total(theta * np.maximum(contracts - wafers, 0.0), axis=1),
        respin_cost=respins,
        interest=interest,
        repayment=repayment,
        frontier=frontier,
        finished=finished,
        finished_value=finished_value,
        pipeline=pipeline,
        pipeline_value=pipeline_value,
        memory_used=foundry.memory_used(p, cards * per_card, memory),
        memory_limit=available,
    )
