"""News in words."""

from __future__ import annotations

from agents.game import Game
from agents.game.news import News, news_of
from tui.roster import Roster
from tui.speech import N_, Speech

CAUSES = {
    "price_war": N_("price war"),
    "idle_capacity": N_("idle capacity"),
    "supply": N_("no supply"),
    "software": N_("software too far behind"),
    "funding": N_("no more money"),
}
MARKS = {
    "event": "●",
    "generation": "◆",
    "failed": "✗",
    "acquired": "✗",
    "entered": "+",
    "launched": "▲",
    "funded": "$",
    "price": "±",
}


def latest_news(game: Game, roster: Roster, speech: Speech, most: int = 40) -> list[str]:
    """The newest first, each with its quarter and a mark for its kind; what rivals' prices did comes last."""
    lines: list[str] = []
    for turn in reversed(game.turns):
        found = sorted(news_of(turn, game.parameters), key=lambda item: (item.kind == "price", item.kind != "failed"))
        lines += [f"{item.quarter} {MARKS[item.kind]} {told(item, game, roster, speech)}" for item in found]
        if len(lines) >= most:
            break
    return lines[:most]


def told(item: News, game: Game, roster: Roster, speech: Speech) -> str:
    """One thing that happened, in a sentence."""
    say = speech.say
    who = roster.names[item.vendor] if item.vendor >= 0 else ""
    match item.kind:
        case "event":
            return speech.title(game.world.events[item.part].title)
        case "generation":
            family = list(game.world.families.values())[item.part]
            return say("New generation of {family}: adapt your software", family=speech.title(family.title))
        case "failed":
            return say("{vendor} closes: {cause}", vendor=who, cause=say(CAUSES[item.cause]))
        case "acquired":
            buyer = roster.names[item.buyer]
            return say("{buyer} takes over {vendor}: {cause}", buyer=buyer, vendor=who, cause=say(CAUSES[item.cause]))
        case "entered":
            return say("{vendor} enters the market", vendor=who)
        case "launched":
            return say("{vendor}: new product on sale", vendor=who)
        case "funded":
            return say("{vendor} raises {money}", vendor=who, money=speech.money(item.amount))
        case "price":
            change = f"{100 * item.amount:+.0f}%"
            return say("{vendor}: price {change}", vendor=who, change=change)
