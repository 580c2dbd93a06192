"""Nodes and memories as rows of a table: what they do, what they cost today, how short they are, who is on them."""

from __future__ import annotations

import math

from marketsim.rules.arrays import ratio
from tui.design import good_dies, on_offer, open_from
from tui.palette import mark
from tui.public import Public
from tui.roster import Roster
from tui.speech import N_, NOTHING, Speech
from tui.widgets.table import Cell

NODES = (
    ("node", N_("Node"), 0),
    ("who", N_("Products of"), 2),
    ("compute", N_("TFLOPS"), 1),
    ("yield", N_("Yield"), 0),
    ("die", N_("Good die"), 0),
    ("wafer", N_("Wafer"), 5),
    ("offered", N_("To be had"), 0),
    ("lead", N_("Lead"), 3),
    ("design", N_("Design"), 4),
    ("tape_out", N_("Tape-out"), 1),
    ("opens", N_("Open"), 2),
)
MEMORIES = (
    ("memory", N_("Memory"), 0),
    ("who", N_("Products of"), 2),
    ("bandwidth", N_("TB/s"), 0),
    ("size", N_("GB"), 1),
    ("price", N_("Per GB"), 2),
    ("cost", N_("Per card"), 0),
    ("supply", N_("TB a quarter"), 3),
    ("used", N_("Used"), 0),
    ("short", N_("Supply"), 0),
)
"""Columns of the two tables: key, title, rank."""

SHORT = 0.995
"""Use of what is scarce from which it counts as short."""

TIGHT = 0.05
"""Share of a node's capacity: what is free is short below it."""


def node_cells(public: Public, roster: Roster, speech: Speech, index: int) -> dict[str, Cell]:
    """A node's cells by column."""
    game, now = public.game, public.now
    node = list(game.world.nodes.values())[index]
    limit, dies = float(now.wafer_limit[index, 0]), float(good_dies(game)[index])
    price, offered, is_open = float(now.wafer_price[index, 0]), float(on_offer(game)[index]), limit > 0
    amounts = speech.say("{offered} of {limit}", offered=wafers(offered), limit=wafers(limit))
    return {
        "node": Cell(speech.title(node.title), "" if is_open else "muted"),
        "who": Cell(_users(public, roster, "node", index)),
        "compute": Cell(speech.count(node.compute)),
        "yield": Cell(speech.share(dies / node.gross_dies, 0)),
        "die": Cell(speech.small_price(1000 * price / dies)),
        "wafer": Cell(speech.small_price(1000 * price)),
        "offered": Cell(amounts, "limit" if offered < TIGHT * limit else "") if is_open else Cell(NOTHING),
        "lead": Cell(speech.say("{number} q", number=node.contract_lead)),
        "design": Cell(speech.say("{number} q", number=node.design_time)),
        "tape_out": Cell(speech.money(node.tape_out_cost)),
        "opens": Cell(speech.say("now")) if is_open else Cell(open_from(game, index) or speech.say("never"), "muted"),
    }


def memory_cells(public: Public, roster: Roster, speech: Speech, index: int) -> dict[str, Cell]:
    """A memory's cells by column."""
    game, now = public.game, public.now
    memory = list(game.world.memories.values())[index]
    price, supply = float(now.memory_price[index, 0]), float(now.memory_supply[index, 0])
    scarce, used = math.isfinite(supply), math.nan
    if scarce and game.turns:
        outcome = game.turns[-1].outcome
        used = float(ratio(outcome.memory_used, outcome.memory_limit)[index, 0])
    short = used > SHORT
    state = speech.say("short") if short else speech.say("enough") if scarce else speech.say("plentiful")
    return {
        "memory": Cell(speech.title(memory.title)),
        "who": Cell(_users(public, roster, "memory", index)),
        "bandwidth": Cell(speech.number(memory.bandwidth)),
        "size": Cell(speech.count(memory.per_card)),
        "price": Cell(speech.small_price(price)),
        "cost": Cell(speech.small_price(memory.per_card * price)),
        "supply": Cell(speech.count(supply)),
        "used": Cell(speech.share(used), "limit" if short else ""),
        "short": Cell(state, "limit" if short else ""),
    }


def wafers(amount: float) -> str:
    """Capacity, k wafers a quarter."""
    return f"{amount:,.1f}" if amount < 999.5 else f"{amount:,.0f}"


def _users(public: Public, roster: Roster, part: str, index: int) -> str:
    """Letters of those whose product on sale is on a node or memory: the played one, then the largest first."""
    every = [roster.own, *public.rivals] if roster.own >= 0 else public.rivals
    users = [vendor for vendor in every if getattr(public.standing(vendor), part) == index]
    return "".join(mark(roster.slots[vendor], vendor == roster.own) for vendor in users) or NOTHING
