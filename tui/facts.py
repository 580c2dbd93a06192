"""What a newcomer should know of the vendor that is played, in numbers and short sentences, and where it is from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from agents.game.analyst import Analyst
from agents.game.view import GameView, Turn
from agents.strategies.outlook import Outlook
from marketsim.outcomes import gross_margins
from marketsim.rules.arrays import ratio
from marketsim.rules.technology import cards_per_wafer
from marketsim.scenario.library import load
from marketsim.scenario.provenance import certainty
from marketsim.scenario.schema import Vendor
from marketsim.scenario.source import Provenance
from marketsim.state import Floats
from tui.changes import part_of_all_money
from tui.design import taken
from tui.fields import Field
from tui.ladder import SHORT
from tui.roster import Roster
from tui.speech import N_, Speech
from tui.widgets.gauge import Gauge

OF_PARTS = {
    "capacity": N_("Capacity on {part}"),
    "adaptation_split": N_("Adaptation for {part}"),
    "focus": N_("Sales effort for {part}"),
}
"""Names of fields that exist once for each part of the scenario."""

CERTAINTY = {
    "reported": N_("reported"),
    "estimated": N_("estimated"),
    "derived": N_("derived"),
    "conflicting": N_("sources disagree"),
    "fitted": N_("fitted"),
    "assumption": N_("assumption"),
    "unmarked": N_("no source"),
}


@dataclass(frozen=True, slots=True)
class Number:
    """A figure, what it is, and what it means."""

    value: str
    title: str
    note: str = ""


def own_vendor(game: GameView) -> Vendor:
    """The played vendor as its scenario has it."""
    return game.world.vendors[game.parameters.vendors[game.seat]]


def position(game: GameView, speech: Speech) -> list[Number]:
    """Money, share of domestic revenue and rank, and cards in use, as of now."""
    state, seat, say = game.state, game.seat, speech.say
    revenue = game.observation.public.revenue[: game.parameters.domestic, 0]
    rank = int((revenue > revenue[seat]).sum()) + 1
    share = float(ratio(revenue[seat], revenue.sum()))
    runway = float(Outlook(game.observation).runway[0, 0])
    selling = int((revenue > 0).sum())
    return [
        Number(
            speech.money(float(state.cash[seat, 0])),
            say("cash"),
            say("lasts {quarters}", quarters=speech.quarters(runway)),
        ),
        Number(speech.share(share), say("of domestic revenue"), say("number {rank} of {all}", rank=rank, all=selling)),
        Number(speech.cards(float(state.base[seat, :, 0].sum())), say("cards in use")),
    ]


def sentences(game: GameView, roster: Roster, rivals: str, speech: Speech) -> list[str]:
    """The card and its successor; who has old ties or pays for losses; who leads, and who the rivals are."""
    leader = _of_the_leader(game, roster, speech)
    return [_of_the_card(game, speech), _of_friends(game, speech), joined(speech, leader, rivals)]


def _of_the_card(game: GameView, speech: Speech) -> str:
    state, seat, say = game.state, game.seat, speech.say
    nodes, memories = list(game.world.nodes.values()), list(game.world.memories.values())
    quarters = int(state.next_quarters[seat, 0])
    card = say(
        "Product: {node}, {memory}, {price}.",
        node=speech.title(nodes[int(state.node[seat, 0])].title),
        memory=speech.title(memories[int(state.memory[seat, 0])].title),
        price=speech.price(float(state.price[seat, 0])),
    )
    later = say("Successor in {count} quarters.", count=quarters) if quarters else say("No successor in design.")
    return joined(speech, card, later)


def _of_friends(game: GameView, speech: Speech) -> str:
    own, say = own_vendor(game), speech.say
    fond = sorted((name for name, ties in own.affinity.items() if ties > 0), key=lambda name: -own.affinity[name])[:2]
    titles = [speech.title(game.world.segments[name].title) for name in fond]
    ties = say("Old ties: {buyers}.", buyers=say(", ").join(titles)) if fond else say("No buyers have old ties to you.")
    if own.parent_support > 0:
        help_ = say("A parent would save you, up to {money} a quarter.", money=speech.money(own.parent_support))
    else:
        help_ = say("No parent pays for losses.")
    return joined(speech, ties, help_)


def _of_the_leader(game: GameView, roster: Roster, speech: Speech) -> str:
    revenue = game.observation.public.revenue[: game.parameters.domestic, 0]
    leader = int(revenue.argmax())
    if leader == game.seat and (revenue > 0).sum() > 1:
        second = int(np.argsort(-revenue, kind="stable")[1])
        return speech.say("You lead at home; {vendor} is next.", vendor=roster.names[second])
    if leader == game.seat:
        return speech.say("You are alone at home.")
    if revenue[game.seat] <= 0:
        return speech.say("{vendor} leads at home.", vendor=roster.names[leader])
    times = f"{float(ratio(revenue[leader], revenue[game.seat])):.1f}"
    return speech.say("{vendor} leads at home, {times} times your size.", vendor=roster.names[leader], times=times)


def joined(speech: Speech, *sentences: str) -> str:
    """Sentences one after the other."""
    return ("" if speech.language == "zh" else " ").join(sentences)


# Where it is from --------------------------------------------------------------------------------------------------


@lru_cache(8)
def provenance(scenario: str) -> dict[str, Provenance]:
    """Source and note of every figure of a scenario by dotted path; reading it takes a tenth of a second."""
    return dict(load(scenario).provenance)


def sources(game: GameView, known: dict[str, Provenance], speech: Speech) -> list[str]:
    """Where the figures of the briefing come from, each with how sure it is."""
    vendor = game.parameters.vendors[game.seat]
    said = []
    for title, path in (
        (N_("cash"), "cash"),
        (N_("cards in use"), "installed"),
        (N_("product"), "product.node"),
        (N_("price"), "price"),
        (N_("old ties"), "affinity"),
    ):
        origin = _first(known, f"vendors.{vendor}.{path}")
        if origin is None:
            continue
        host = re.search(r"https?://(?:www\.)?([^/\s;:]+)", origin.source or "")
        sure = speech.say(CERTAINTY[certainty(origin)])
        named = f"{speech.say(title)} {host[1]}" if host else speech.say(title)
        said.append(speech.say("{fact} ({sure})", fact=named, sure=sure))
    return said


def _first(known: dict[str, Provenance], path: str) -> Provenance | None:
    return known.get(path) or next((origin for name, origin in known.items() if name.startswith(path + ".")), None)


# What is scarce ----------------------------------------------------------------------------------------------------


def scarce(game: GameView, speech: Speech) -> list[Gauge]:
    """How much of each node is under contract, and of scarce memory what those contracts would use up in a year."""
    return [*_nodes(game, speech), *_memories(game, speech)]


def _nodes(game: GameView, speech: Speech) -> Iterator[Gauge]:
    held, limit = taken(game), game.now.wafer_limit[:, 0]
    for index, node in enumerate(game.world.nodes.values()):
        if limit[index] > 0:
            use = float(held[index] / limit[index])
            full = use > SHORT
            note = speech.say("none free") if full else ""
            yield Gauge(speech.title(node.title), use, speech.share(use, 0), limit=1.0, over=full, note=note)


def _memories(game: GameView, speech: Speech) -> Iterator[Gauge]:
    p, state, now = game.parameters, game.state, game.now
    home = slice(0, p.domestic)
    dies = cards_per_wafer(p, now, state.wafers_made)[:, 0]
    node, memory = state.node[home, 0], state.memory[home, 0]
    on_node = np.take_along_axis(_contracts(game)[home], node[:, None], axis=1)[:, 0]
    cards = on_node * dies[node] / p.dies_per_card[home, 0]
    for index, kind in enumerate(game.world.memories.values()):
        supply = float(now.memory_supply[index, 0])
        if np.isfinite(supply):
            need = 4 * float(cards[memory == index].sum()) * float(p.of_memories("per_card")[index, 0])
            use = float(ratio(need, state.memory_stock[index, 0] + 4 * supply))
            note = speech.say("short within a year") if use > 1 else ""
            yield Gauge(
                speech.title(kind.title), use, speech.share(use, 0), high=1.5, limit=1.0, over=use > 1, note=note
            )


def _contracts(game: GameView) -> Floats:
    """Contracts in force [v,n], k wafers/quarter: one's own, and rivals' as public facts make likely."""
    contracts = game.state.contracts[:, :, 0]
    if game.setup.vendor is None:
        return contracts
    states = [*(turn.before for turn in game.turns), game.state]
    rivals = Analyst(game.parameters, states, game.seat, np.zeros((1, 1))).contracts
    own = np.arange(len(contracts)) == game.seat
    return np.where(own[:, None], contracts, rivals)


# Last quarter ------------------------------------------------------------------------------------------------------


def named(field: Field, speech: Speech) -> str:
    """A field's name where its group does not stand above it."""
    return speech.say(OF_PARTS.get(field.path.partition(".")[0], field.title), part=field.part)


def last_quarter(game: GameView, speech: Speech) -> list[Number]:
    """Revenue, gross margin, share of all money and cash of the last quarter, with what changed."""
    turns, seat = game.turns, game.seat
    now, was = turns[-1], turns[-2] if len(turns) > 1 else None
    revenue, margin, share = (_of_quarter(now, seat, kind) for kind in ("revenue", "margin", "share"))
    cash, cash_before = float(now.after.cash[seat, 0]), float(now.before.cash[seat, 0])
    growth = points = shift = ""
    if was is not None:
        before = _of_quarter(was, seat, "revenue")
        growth = f"{100 * (revenue / before - 1):+.0f}%" if before > 0 else ""
        points = speech.points(margin - _of_quarter(was, seat, "margin"))
        shift = speech.points(share - _of_quarter(was, seat, "share"))
    return [
        Number(speech.money(revenue), speech.say("revenue"), growth),
        Number(speech.share(margin), speech.say("gross margin"), points),
        Number(speech.share(share), speech.say("share of all money"), shift),
        Number(speech.money(cash), speech.say("cash"), speech.money(cash - cash_before, "+")),
    ]


def _of_quarter(turn: Turn, seat: int, kind: str) -> float:
    outcome = turn.outcome
    if kind == "share":
        return float(part_of_all_money(outcome)[seat].sum())
    revenue = outcome.price[seat] * outcome.sold[seat]
    return float((revenue if kind == "revenue" else gross_margins(revenue, outcome.cost_of_goods[seat]))[0])
