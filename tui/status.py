"""The status line of a game."""

from __future__ import annotations

from textual.content import Content

from agents.strategies.outlook import Outlook
from tui.sitting import Sitting
from tui.speech import Speech
from tui.tutorial import SHORT_RUNWAY


def status(session: Sitting, speech: Speech) -> list[str | Content]:
    """Who, when, money: the most important first."""
    game, say = session.game, speech.say
    played, whole = len(game.turns) - session.ahead, game.world.quarters - session.ahead
    when = f"{game.now.name} ({min(played + 1, whole)}/{whole})"
    if game.setup.vendor is None:
        return [Content.styled(speech.title(game.world.title), "bold"), when]
    own = game.world.vendors[game.setup.vendor]
    facts: list[str | Content] = [Content.styled(speech.title(own.title), "bold $accent"), when]
    if not game.alive:
        return [*facts, Content.styled(say("out of business"), "bold $error")]
    seat, state = game.seat, game.state
    runway = float(Outlook(game.observation).runway[0, 0])
    facts.append(say("cash {money}", money=speech.money(float(state.cash[seat, 0]))))
    lasts = say("lasts {quarters}", quarters=speech.quarters(runway))
    facts.append(Content.styled(lasts, "bold $error") if runway < SHORT_RUNWAY else lasts)
    if game.turns:
        share = float(game.observation.revenue_share[0, 0])
        facts.append(say("share {share}", share=speech.share(share)))
    return facts
