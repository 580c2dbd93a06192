"""What a product would be, what its cards could do, and which capacity is coming: the rule book asked ahead of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from agents.game.view import GameView
from marketsim.observation import PublicFacts
from marketsim.rules import foundry, technology
from marketsim.rules.arrays import ratio
from marketsim.rules.products import begun, hardware
from marketsim.scenario.fields import quarter_index, quarter_name
from marketsim.scenario.parameters import Parameters
from marketsim.state import Bools, Floats, Ints

Array = TypeVar("Array", Bools, Floats, Ints)

STEPS = 20
"""Steps of the share of prefill at which speeds are worked out."""


@dataclass(frozen=True, slots=True)
class Design:
    """A card of the played vendor.

    compute: TFLOPS.  bandwidth: TB/s.  power: W.  throughput: tokens/s of a fully adapted card on the average buyer's
    work, as reliable as cards are today.  unit_cost: krmb, of a card started today.  out: quarter in which its cards
    come out, empty if they are.  tape_out: rmb_m still to be paid.  respin: chance that it needs a second tape-out, a
    quarter more.
    """

    node: int
    memory: int
    compute: float
    bandwidth: float
    power: float
    throughput: float
    unit_cost: float
    out: str = ""
    tape_out: float = 0.0
    respin: float = 0.0


def on_sale(game: GameView) -> Design | None:
    """The product on sale; None for a newcomer that has none yet."""
    state, seat = game.state, game.seat
    if not state.has_product[seat, 0]:
        return None
    node, memory = int(state.node[seat, 0]), int(state.memory[seat, 0])
    return _design(game, node, memory, float(state.architecture[seat, 0]))


def in_design(game: GameView, research: float) -> Design | None:
    """The product in design, if there is one.  research: architecture research (rmb_m) of each quarter to come."""
    state, seat = game.state, game.seat
    if not state.next_quarters[seat, 0]:
        return None
    node, memory = int(state.next_node[seat, 0]), int(state.next_memory[seat, 0])
    design = _design(game, node, memory, _coming_architecture(game, research))
    to_go = _to_tape_out(game)
    respin = _respin(game, node) if to_go >= 0 else 0.0
    return replace(design, out=_quarter(game, int(state.next_quarters[seat, 0]) - 1), respin=respin)


def started(game: GameView, node: int, memory: int, research: float) -> Design:
    """A product started as soon as possible: now, or when the one in design comes out.

    Its architecture is what research brings until its tape-out, if `research` (rmb_m) is spent in every quarter.
    """
    p, state, seat = game.parameters, game.state, game.seat
    starts = np.zeros(state.alive.shape, dtype=bool)
    starts[seat] = True
    at = begun(p, state, starts, *(np.full(state.node.shape, index) for index in (node, memory)))
    ahead = int(at.next_quarters[seat, 0])
    to_tape_out = ahead - p.technology.production_lead
    spent, architecture, wait = float(state.research[seat, 0]), float(state.architecture[seat, 0]), 0
    if state.next_quarters[seat, 0]:
        wait = int(state.next_quarters[seat, 0]) - 1
        spent = spent + wait * research if _to_tape_out(game) < 0 else p.technology.production_lead * research
        architecture = _coming_architecture(game, research)
    better = _architecture_after(p, architecture, spent + to_tape_out * research)
    return replace(
        _design(game, node, memory, better),
        out=_quarter(game, wait + ahead),
        tape_out=float(p.of_nodes("tape_out_cost")[node, 0]),
        respin=_respin(game, node),
    )


def starts_in(game: GameView) -> str:
    """The quarter in which the next product can be started: one at a time is in design."""
    return _quarter(game, max(int(game.state.next_quarters[game.seat, 0]) - 1, 0))


def is_open_for(game: GameView, node: int) -> bool:
    """Whether the node has capacity by the time that a product started as soon as possible is taped out."""
    p = game.parameters
    wait = max(int(game.state.next_quarters[game.seat, 0]) - 1, 0)
    then = min(game.now.index + wait + int(p.of_nodes("design_time")[node, 0]), len(p.conditions) - 1)
    return bool(p.conditions[then].wafer_limit[node, 0] > 0)


def open_from(game: GameView, node: int) -> str:
    """The first quarter in which a node has capacity, empty if it has none in this scenario."""
    return next((now.name for now in game.parameters.conditions if now.wafer_limit[node, 0] > 0), "")


def contracts_ahead(game: GameView, quarters: int) -> Floats:
    """Own capacity in the coming quarters if nothing is asked for or given up, [q,n] k wafers/quarter."""
    p, state = game.parameters, game.state
    contracts, arriving = state.contracts, state.arriving
    coming = p.conditions[game.now.index : game.now.index + quarters]
    rows = []
    for now in coming:
        contracts, arriving = foundry.renewed_contracts(
            p, contracts, arriving, np.zeros_like(contracts), now.wafer_limit
        )
        rows.append(contracts[game.seat, :, 0])
    return np.stack(rows)


def on_offer(game: GameView) -> Floats:
    """Capacity that who asks for it now can get, all together, [n] k wafers/quarter: contracts run out until then."""
    p, state, limit = game.parameters, game.state, game.now.wafer_limit
    contracts, arriving = foundry.renewed_contracts(
        p, state.contracts, state.arriving, np.zeros_like(state.contracts), limit
    )
    everything = np.zeros_like(contracts)
    everything[0] = limit
    granted = foundry.granted_capacity(p, everything, np.ones_like(contracts), contracts, arriving, limit)
    return granted[0, :, 0]


def taken(game: GameView) -> Floats:
    """Capacity that is still under contract when what is asked for now arrives, [n] k wafers/quarter."""
    return np.maximum(game.now.wafer_limit[:, 0] - on_offer(game), 0.0)


def good_dies(game: GameView) -> Floats:
    """Good packaged dies of a wafer started today, [n]."""
    return technology.cards_per_wafer(game.parameters, game.now, game.state.wafers_made)[:, 0]


def idle_wafer(game: GameView) -> Floats:
    """What a contracted wafer that is not started costs, [n] krmb."""
    return (game.parameters.of_nodes("take_or_pay") * game.now.wafer_price)[:, 0]


def speeds(p: Parameters, compute: Sequence[float], bandwidth: Sequence[float]) -> Floats:
    """Tokens of inference a second of fully adapted cards, [card,step], by the share of prefill in the work, 0 to 1."""
    one = next(iter(p.scenario.segments.values()))
    mixes = {str(step): one.model_copy(update={"prefill": step / STEPS}) for step in range(STEPS + 1)}
    of_mixes = Parameters(p.scenario.model_copy(update={"segments": mixes}))
    cards = (np.repeat(np.array(values, dtype=float)[:, None], 2, axis=1) for values in (compute, bandwidth))
    return ratio(1.0, technology.inference_time(of_mixes, *cards))[:, :, 0]


def _design(game: GameView, node: int, memory: int, architecture: float) -> Design:
    """What the rule book says of a card of one's own."""
    p, now, seat = game.parameters, game.now, game.seat
    state = replace(
        game.state,
        **{
            name: _with(getattr(game.state, name), seat, value)
            for name, value in (("node", node), ("memory", memory), ("architecture", architecture))
        },
    )
    compute, bandwidth, power = hardware(p, now, state)
    dies = np.take_along_axis(technology.cards_per_wafer(p, now, state.wafers_made), state.node, axis=0)
    card = technology.Card(state.node, state.memory, state.architecture, state.has_product)
    return Design(
        node,
        memory,
        float(compute[seat, 0]),
        float(bandwidth[seat, 0]),
        float(power[seat, 0]),
        float(PublicFacts(p, now, state).throughput[seat, 0]),
        float(technology.unit_cost(p, now, state, dies, card)[seat, 0]),
    )


def _with(array: Array, seat: int, value: float) -> Array:
    """The array [v,r] with another value in one row."""
    changed = array.copy()
    changed[seat] = value
    return changed


def _to_tape_out(game: GameView) -> int:
    """Quarters until the product in design is taped out; below 0 it has been."""
    return int(game.state.next_quarters[game.seat, 0]) - 1 - game.parameters.technology.production_lead


def _coming_architecture(game: GameView, research: float) -> float:
    """Level of the product in design: fixed at tape-out, until then what research will bring, or its road map."""
    state, seat, to_go = game.state, game.seat, _to_tape_out(game)
    promised = float(state.next_architecture[seat, 0])
    if to_go < 0:
        return promised or float(state.architecture[seat, 0])
    spent = float(state.research[seat, 0]) + to_go * research
    return max(_architecture_after(game.parameters, float(state.architecture[seat, 0]), spent), promised)


def _architecture_after(p: Parameters, architecture: float, spent: float) -> float:
    own = p.technology
    level = technology.architecture_after(
        np.array(architecture), np.array(spent), own.generation_gain, own.research_scale
    )
    return float(level)


def _respin(game: GameView, node: int) -> float:
    """Chance that a product on a node needs a second tape-out: none for who has taped out on it before."""
    mastered = bool(game.state.nodes_mastered[game.seat, node, 0])
    return 0.0 if mastered else float(game.parameters.of_nodes("respin_chance")[node, 0])


def _quarter(game: GameView, ahead: int) -> str:
    """Name of the quarter so many quarters after the one to be played."""
    return quarter_name(quarter_index(game.now.name) + ahead)
