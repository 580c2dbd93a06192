"""What a team is told of the room, in words: status, what has happened, how a quarter went, whom one waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from textual.content import Content

from agents.strategies import get
from agents.workshop.protocol import How, RoomNow, TeamInfo
from marketsim.errors import printable
from tui.facts import joined, own_vendor
from tui.speech import N_, Speech
from tui.workshop.followed import Followed
from tui.workshop.session import State, TeamSession

Severity = Literal["information", "warning", "error"]

STATES: Mapping[State, tuple[str, str]] = {
    "open": (N_("not handed in"), "bold $warning"),
    "in": (N_("✓ handed in"), "bold $success"),
    "changed": (N_("changed since handed in"), "bold $warning"),
    "closed": (N_("not open yet"), "$axis"),
}
"""How it stands with the quarter's plan, and how that is shown."""

HOW: Mapping[How, str] = {
    "submitted": N_("{quarter}: your plan was played."),
    "draft": N_("{quarter}: not handed in; your form was played as it stood."),
    "held": N_("{quarter}: not handed in; last quarter's plan was held."),
    "strategy": N_("{quarter}: a strategy played for you."),
}
"""Where the plan came from with which the own quarter was closed."""

HURRY = 30.0
"""Seconds left from which the clock is red, and who has not handed in is told so."""


def clock(seconds: float) -> str:
    """Minutes and seconds: 03:42."""
    whole = int(seconds)
    return f"{whole // 60:02}:{whole % 60:02}"


def team_name(team: TeamInfo) -> str:
    """As its members call it."""
    return printable(team.name or "", 40)


def strategy_title(name: str, speech: Speech) -> str:
    """Of a strategy of this machine; the name of one that only the server has."""
    from agents.strategies.registry import BUILT_IN

    return speech.title(get(name).title) if name in BUILT_IN else name


# -- the status line ---------------------------------------------------------------------------------------------------


def state_fact(session: TeamSession, speech: Speech) -> Content:
    """How it stands with the quarter's plan."""
    room, own = session.room, session.own
    if room.phase == "debrief" or (session.game.over and own.alive):
        return Content.styled(speech.say("the market is over"), "$axis")
    if own.strategy is not None:
        return Content.styled(speech.say("a strategy plays"), "bold $warning")
    if room.phase == "paused":
        return Content.styled(speech.say("paused"), "bold $warning")
    text, style = STATES[session.state]
    return Content.styled(speech.say(text), style)


def clock_fact(seconds: float) -> Content:
    """What is left on the clock."""
    return Content.styled(clock(seconds), "bold $error" if seconds < HURRY else "bold")


# -- the line above the keys -------------------------------------------------------------------------------------------


def warning_line(session: TeamSession, connected: bool, speech: Speech) -> str:
    """What stands in the way, or the way to the debrief; empty if nothing does."""
    say, own = speech.say, session.own
    if not connected:
        return say("No connection: what you type is kept here, and sent when it is back.")
    if session.room.phase == "debrief":
        return say("The debrief is open: press 9.")
    if not own.alive:
        return say("Your company has failed: you can look on, and back in the debrief.")
    if own.strategy is not None:
        strategy = strategy_title(own.strategy, speech)
        return say("{strategy} plays for you until the facilitator hands back.", strategy=strategy)
    if session.room.phase == "paused":
        return say("The clock stands still: you can type, and hand in when it goes on.")
    return ""


def waiting_line(followed: Followed, state: State, vendor: str, speech: Speech) -> str:
    """Whom one waits for; empty while it is one's own turn.  vendor: of the own team, whose state it is."""
    room = followed.room
    if room is None or state == "open":
        return ""
    if state == "changed":
        return speech.say("What was handed in counts, until you hand in what you have changed since.")
    say, missing = speech.say, sum(team.vendor != vendor for team in followed.undecided)
    if room.phase in ("open", "paused"):
        if not missing:
            return say("All have handed in.")
        if state == "closed":
            return say("Teams decide.")
        return say(
            "Waiting for {count} of {all} teams; you can still change your plan.",
            count=missing,
            all=len(followed.deciding),
        )
    if room.played >= room.quarters:
        return say("The market is over; the facilitator will open the debrief.")
    return say("The facilitator opens {quarter}; your form for it is here already.", quarter=room.quarter)


def result_line(session: TeamSession, speech: Speech) -> str:
    """How the last quarter went, and by whose plan; empty before the first."""
    if not session.game.turns:
        return ""
    turn, seat, say = session.game.turns[-1], session.game.seat, speech.say
    how = session.room.how.get(session.own.vendor)
    over = say("{quarter} is over.", quarter=turn.now.name) if how is None else say(HOW[how], quarter=turn.now.name)
    if not session.game.alive:
        vendor = speech.title(own_vendor(session.game).title)
        return joined(speech, over, say("{vendor} has failed.", vendor=vendor))
    revenue = float(turn.outcome.price[seat, 0] * turn.outcome.sold[seat, 0])
    share = speech.share(float(session.game.observation.revenue_share[0, 0]))
    return joined(speech, over, say("Revenue {revenue}, share {share}.", revenue=speech.money(revenue), share=share))


# -- what has happened -------------------------------------------------------------------------------------------------


def news(old: RoomNow, new: RoomNow, vendor: str, more: float, speech: Speech) -> Iterator[tuple[str, Severity]]:
    """What of a room that has changed a team should hear at once; how a quarter went comes with its figures.

    more: seconds that are on the clock now and were not before.
    """
    say = speech.say
    if new.branch != old.branch:
        yield say("Quarters were taken back: {quarter} is to be decided again.", quarter=new.quarter), "warning"
    if new.phase == "open" and old.phase == "paused":
        yield say("The clock goes on."), "information"
    elif new.phase == "open" and old.phase != "open":
        yield say("{quarter} is open: decide, and hand your plan in.", quarter=new.quarter), "information"
    elif new.phase == "paused" and old.phase == "open":
        yield say("The clock stands still."), "warning"
    elif new.phase == "debrief" and old.phase != "debrief":
        yield say("The debrief is open."), "information"
    elif new.phase == "open" and more > 1 and new.remaining is not None:
        yield say("More time: {clock} left.", clock=clock(new.remaining)), "information"
    for title in new.announced[len(old.announced) if new.quarter == old.quarter else 0 :]:
        yield say("News: {title}", title=speech.title(title)), "information"
    before, now = (next((team for team in room.teams if team.vendor == vendor), None) for room in (old, new))
    if before is None or now is None or before.strategy == now.strategy:
        return
    if now.strategy is None:
        yield say("You decide again yourselves."), "information"
    else:
        yield say("{strategy} plays for you now.", strategy=strategy_title(now.strategy, speech)), "warning"
