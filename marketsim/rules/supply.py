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
from marketsim.state import Bools, Floats, MarketState


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
    dues: dict[str, Floats]  # [v,r] rmb_m by name: overhead, frontier, interest, repayment, respins
    finished: Floats
    finished_value: Floats
    pipeline: Floats
    pipeline_value: Floats
    memory_used: Floats  # [m,r]
    memory_limit: Floats  # [m,r]


@dataclass(frozen=True, slots=True)
class _Line:
    """What each vendor's contracts can make this quarter. All [v,r] unless said."""

    card: technology.Card
    node: Bools  # [v,n,r] flags of the card's node
    per_wafer: Floats  # good cards per wafer
    cost: Floats  # krmb per card
    idle_price: Floats  # [n,1] krmb that an idle wafer costs, take-or-pay

    def cards(self, wafers: Floats) -> Floats:
        """Cards from wafers on the card's node, out of [v,n,r]."""
        return total(self.node * wafers, axis=1) * self.per_wafer


def supply(
    p: Parameters, now: Conditions, state: MarketState, decision: Decision, draws: Draws, progress: Progress
) -> Supply:
    """Foundry and memory allocate, wafers start, and what is due comes out of the line."""
    contracts, arriving = foundry.renewed_contracts(
        p, state.contracts, state.arriving, decision.capacity, now.wafer_limit
    )
    line = _line(p, now, state, draws)
    dues = _dues(p, now, state, progress)
    budget = _budget(p, now, state, decision, contracts, line, dues)
    standing = foundry.queue_standing(p, now, contracts, now.wafer_limit)
    available = state.memory_stock + now.memory_supply
    per_card = pick(p.of_memories("per_card"), line.card.memory)
    need = budget.cards * per_card
    got = foundry.allocated_memory(p, need, line.card.memory, total(line.node * standing, axis=1), available)
    cards = budget.cards * ratio(got, need, otherwise=1.0)
    wafers = line.node * ratio(cards, line.per_wafer)[:, None]
    weights = foundry.queue_weights(standing, decision.premium)
    granted = foundry.granted_capacity(p, budget.capacity, weights, contracts, arriving, now.wafer_limit)
    finished, pipeline = foundry.advance_pipeline(state.pipeline, cards, state.alive)
    finished_value, pipeline_value = foundry.advance_pipeline(state.pipeline_value, cards * line.cost, state.alive)
    return Supply(
        budget=budget,
        contracts=contracts,
        arriving=foundry.add_arrivals(p, arriving, granted),
        granted=granted,
        cards=cards,
        wafers=wafers,
        cost=cards * line.cost,
        idle_cost=total(line.idle_price * np.maximum(contracts - wafers, 0.0), axis=1),
        dues=dues,
        finished=finished,
        finished_value=finished_value,
        pipeline=pipeline,
        pipeline_value=pipeline_value,
        memory_used=foundry.memory_used(p, cards * per_card, line.card.memory),
        memory_limit=available,
    )


def _budget(
    p: Parameters,
    now: Conditions,
    state: MarketState,
    decision: Decision,
    contracts: Floats,
    line: _Line,
    dues: dict[str, Floats],
) -> finance.Budget:
    """What can be paid. Take-or-pay is due for all contracts, so a card costs only what comes on top of it."""
    return finance.affordable(
        p,
        now,
        state,
        decision,
        cards=line.cards(contracts) * decision.run_share * (state.alive & line.card.exists),
        card_price=np.maximum(line.cost - ratio(pick(line.idle_price, line.card.node), line.per_wafer), 0.0),
        obligations=total(np.stack(list(dues.values())), axis=0) + total(line.idle_price * contracts, axis=1),
        tape_out=pick(p.of_nodes("tape_out_cost"), np.minimum(decision.product_node, len(p.nodes) - 1)),
    )


def _line(p: Parameters, now: Conditions, state: MarketState, draws: Draws) -> _Line:
    """The card on the line, how many a wafer gives with this quarter's luck, and what one costs."""
    card = on_the_line(p, state)
    dies = np.take_along_axis(technology.cards_per_wafer(p, now, state.wafers_made), card.node, axis=0)
    dies = dies * np.exp(np.float64(p.technology.yield_noise) * draws.quality)
    return _Line(
        card=card,
        node=one_hot(card.node, len(p.nodes)),
        per_wafer=dies / p.dies_per_card,
        cost=technology.unit_cost(p, now, state, dies, card),
        idle_price=p.of_nodes("take_or_pay") * now.wafer_price,
    )


def _dues(p: Parameters, now: Conditions, state: MarketState, progress: Progress) -> dict[str, Floats]:
    """What must be paid this quarter whatever is made, beside take-or-pay, by the names of the books' flows."""
    interest, repayment = finance.debt_service(p, now, state.debt)
    return {
        "respins": progress.respins * pick(p.of_nodes("respin_cost"), state.next_node),
        "overhead": p.overhead * state.alive,
        "frontier": finance.frontier_cost(p, state),
        "interest": interest,
        "repayment": repayment,
    }
