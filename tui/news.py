"""News in words."""

from __future__ import annotations

from agents.game.news import Kind, News, news_of
from agents.game.view import GameView
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


def latest_news(game: GameView, roster: Roster, speech: Speech, most: int = 40) -> list[str]:
    """The newest first, each with its quarter and a mark for its kind; what rivals' prices did comes last."""
    lines: list[str] = []
    for turn in reversed(game.turns):
        found = sorted(news_of(turn, game.parameters), key=lambda item: (item.kind == "price", item.kind != "failed"))
        lines += [f"{item.quarter} {MARKS[item.kind]} {told(item, game, roster, speech)}" for item in found]
        if len(lines) >= most:
            break
    return lines[:most]


def told(item: News, game: GameView, roster: Roster, speech: Speech) -> str:
    """One thing that happened, in a sentence."""
    title = ""
    if item.kind == "event":
        title = speech.title(game.world.events[item.part].title)
    elif item.kind == "generation":
        title = speech.title(list(game.world.families.values())[item.part].title)
    who, buyer = (roster.names[row] if row >= 0 else "" for row in (item.vendor, item.buyer))
    return sentence(item.kind, speech, who, buyer, title, item.cause, item.amount)


def sentence(kind: Kind, speech: Speech, who: str, buyer: str, title: str, cause: str, amount: float) -> str:
    """A piece of news, see `agents.game.news.News`.  who, buyer: names.  title: of the event, or family of models."""
    say = speech.say
    match kind:
        case "event":
            return title
        case "generation":
            return say("New generation of {family}: adapt your software", family=title)
        case "failed":
            return say("{vendor} closes: {cause}", vendor=who, cause=say(CAUSES[cause]))
        case "acquired":
            return say("{buyer} takes over {vendor}: {cause}", buyer=buyer, vendor=who, cause=say(CAUSES[cause]))
        case "entered":
            return say("{vendor} enters the market", vendor=who)
        case "launched":
            return say("{vendor}: new product on sale", vendor=who)
        case "funded":
            return say("{vendor} raises {money}", vendor=who, money=speech.money(amount))
        case "price":
            change = f"{100 * amount:+.0f}%"
            return say("{vendor}: price {change}", vendor=who, change=change)
