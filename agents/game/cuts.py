"""What of a plan is not done: what money, memory, the foundry or investors leave of it, by the rule book's stages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from agents.game.rehearsal import Step
from marketsim.decisions import Decision, clip, full
from marketsim.rules import foundry, products
from marketsim.rules.arrays import ratio
from marketsim.rules.supply import Supply, supply
from marketsim.state import Floats, MarketState

Reason = Literal["money", "memory", "foundry", "contract", "design", "investors"]

Left = dict[Reason, Floats]
"""What each reason leaves of what was asked for, in turn, [r]."""

SLACK = 1e-3
"""Share of what was asked for that may be missing without being told."""
BOUNDLESS = 1e12
"""rmb_m: pays for everything."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of a plan that is not done in full.

    path: as in `Plan.value`.  asked, done: in its unit, done on average over runs; of what is cut for two reasons, the
    first is told first, with what it leaves.  reason: money is short; memory, foundry or investors give less; a
    contract binds; another product is in design.  chance: share of runs in which it is cut.
    """

    path: str
    asked: float
    done: float
    reason: Reason
    chance: float


def cuts_of(step: Step) -> Iterator[Cut]:
    """What of a plan is not done in a quarter, in the order of the form.  step: of one plan."""
    seat, state = step.seat, step.obs.state
    cash = state.cash.copy()
    cash[seat] = BOUNDLESS
    done, wished = _supplied(step, state), _supplied(step, replace(state, cash=cash))
    paid, wish = done.budget, wished.budget
    asked = {name: 1.0 * getattr(step.decision, name)[seat] for name in Decision.axes()}
    for row, node in enumerate(step.obs.world.nodes):
        change, path = asked["capacity"][row], f"capacity.{node}"
        granted: Left = {"money": paid.capacity[seat, row], "foundry": done.granted[seat, row]}
        yield from _cuts(path, np.maximum(change, 0.0), granted)
        yield from _cuts(path, np.maximum(-change, 0.0), {"contract": _given_up(step)[row]}, -1.0)
    share = asked["run_share"]
    cards: Left = {"money": paid.cards, "memory": done.cards}
    run: Left = {name: share * ratio(made[seat], wish.cards[seat], otherwise=1.0) for name, made in cards.items()}
    yield from _cuts("run_share", share, run)
    starts: Left = {"design": 1.0 * wish.starts_product[seat], "money": 1.0 * paid.starts_product[seat]}
    yield from _cuts("start_product", asked["start_product"], starts)
    for name in ("research", "adaptation", "service"):
        yield from _cuts(name, asked[name], {"money": getattr(paid, name)[seat]})
    flows = step.outcome.flows
    yield from _cuts("funds", asked["funds"], {"investors": flows["raised"][seat] + flows["guidance_fund"][seat]})


def _cuts(path: str, asked: Floats, left: Left, sign: float = 1.0) -> Iterator[Cut]:
    """The cuts of one field.  asked [r], at least 0."""
    before = asked
    for reason, after in left.items():
        less = after < before - SLACK * asked
        if less.any():
            wanted, done = (sign * float(each.mean()) + 0.0 for each in (asked, after))  # no -0.0
            yield Cut(path, wanted, done, reason, float(less.mean()))
        before = after


def _supplied(step: Step, state: MarketState) -> Supply:
    """What the rule book's stages up to the wafers make of the quarter's decision in a market."""
    p, now = step.obs.world, step.obs.now
    decision, _ = clip(full(step.decision, *state.cash.shape))
    state, progress = products.progress(p, state, step.luck.respin)
    return supply(p, now, state, decision, step.luck, progress)


def _given_up(step: Step) -> Floats:
    """Own capacity that contracts let go, [n,r] k wafers/quarter."""
    p, state, change = step.obs.world, step.obs.state, step.decision.capacity
    unlimited = np.full((len(p.nodes), 1), np.inf)
    kept, fewer = (
        foundry.renewed_contracts(p, state.contracts, state.arriving, each, unlimited)[0]
        for each in (np.zeros_like(change), change)
    )
    given_up: Floats = (kept - fewer)[step.seat]
    return given_up
