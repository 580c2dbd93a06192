"""What has happened in the room, in words: seen by comparing what the server tells with what it told before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from agents.workshop.protocol import How, RoomNow, TeamInfo, Told
from marketsim.errors import printable
from marketsim.scenario.schema import Event, Scenario
from tui.speech import N_, Speech

Sentence = Callable[[Speech], str]
"""Something that happened, said in a language."""

HOW: Mapping[How, str] = {
    "submitted": N_("handed in"),
    "draft": N_("its draft"),
    "held": N_("as before"),
    "strategy": N_("strategy"),
}
"""Where the plan came from with which a team's quarter was closed."""

HOW_MANY: Mapping[How, str] = {
    "submitted": N_("{count} handed in"),
    "draft": N_("{count} with a draft"),
    "held": N_("{count} as before"),
    "strategy": N_("{count} by a strategy"),
}

RESULTS = {"private": N_("each team sees its own results"), "public": N_("everybody sees all results")}
RANKING = {
    "hidden": N_("the ranking is hidden"),
    "anonymous": N_("the ranking has no names"),
    "named": N_("the ranking has names"),
}


def happened(old: RoomNow, new: RoomNow) -> Iterator[Sentence]:
    """What is different in a room, the most important first."""
    yield from _of_quarters(old, new)
    yield from _of_phase(old, new)
    before = {team.vendor: team for team in old.teams}
    same = (new.branch, new.played) == (old.branch, old.played)
    for team in new.teams:
        yield from _of_team(before[team.vendor], team, same)
    if new.results != old.results:
        yield lambda s: s.say(RESULTS[new.results])


def announced(old: Scenario, new: Scenario) -> Iterator[Sentence]:
    """Events and policies that have come into a scenario."""
    for event in new.events[len(old.events) :]:
        yield _of_event(event)


def _of_event(event: Event) -> Sentence:
    return lambda s: s.say("happens from {quarter} on: {title}", quarter=event.quarter, title=s.title(event.title))


def message(told: Told, teams: Sequence[TeamInfo]) -> Sentence:
    """A message that was sent.  teams: to which, if not to all; empty where that is not known."""
    text = printable(told.text, 500)
    if told.to_all:
        return lambda s: s.say("to all: {text}", text=text)
    if not teams:
        return lambda s: s.say("to one team: {text}", text=text)
    return lambda s: s.say("to {teams}: {text}", teams=teams_in_words(teams, s, 3), text=text)


def name_of(team: TeamInfo, speech: Speech) -> str:
    """Of a team, or of the vendor of a seat that is free."""
    return speech.title(team.title) if team.name is None else printable(team.name, 40)


def teams_in_words(teams: Sequence[TeamInfo], speech: Speech, named: int = 8) -> str:
    """Names of teams, and how many more.  named: how many are called by name."""
    names = speech.say(", ").join(name_of(team, speech) for team in teams[:named])
    more = len(teams) - named
    return speech.say("{names} and {count} more", names=names, count=more) if more > 0 else names


def _of_quarters(old: RoomNow, new: RoomNow) -> Iterator[Sentence]:
    if new.branch != old.branch:
        yield lambda s: s.say("rolled back; quarters that stay: {count}", count=new.played - new.ahead)
    elif new.played > old.played:
        counts = Counter(new.how.values())
        yield lambda s: s.say(
            "{quarter} is over: {how}",
            quarter=old.quarter,
            how=s.say(", ").join(s.say(HOW_MANY[how], count=counts[how]) for how in HOW_MANY if counts[how])
            or s.say("no team played"),
        )


def _of_phase(old: RoomNow, new: RoomNow) -> Iterator[Sentence]:
    if new.phase == old.phase:
        return
    if new.phase == "open" and old.phase == "paused":
        yield lambda s: s.say("the clock goes on")
    elif new.phase == "open":
        yield lambda s: s.say("{quarter} is open: teams decide", quarter=new.quarter)
    elif new.phase == "paused":
        yield lambda s: s.say("the clock stands still")
    elif new.phase == "debrief":
        yield lambda s: s.say("the debrief is open")


def _of_team(old: TeamInfo, new: TeamInfo, same_quarter: bool) -> Iterator[Sentence]:
    if old.alive and not new.alive:
        yield lambda s: s.say("{vendor} has failed", vendor=s.title(new.title))
    if old.name is not None and new.name != old.name:
        yield lambda s: s.say("{team} has lost its seat", team=name_of(old, s))
    if new.name is None:
        return
    if new.name != old.name:
        yield lambda s: s.say("{team} plays {vendor}", team=name_of(new, s), vendor=s.title(new.title))
    elif new.strategy != old.strategy:
        yield _of_strategy(new)
    if new.people != old.people:
        yield _of_people(old, new)
    if new.decided and not old.decided:
        yield lambda s: s.say("{team} has handed in", team=name_of(new, s))
    elif old.decided and not new.decided and same_quarter:
        yield lambda s: s.say("{team} has taken its plan back", team=name_of(new, s))


def _of_strategy(team: TeamInfo) -> Sentence:
    if team.strategy is None:
        return lambda s: s.say("{team} plays itself again", team=name_of(team, s))
    return lambda s: s.say("a strategy plays for {team}", team=name_of(team, s))


def _of_people(old: TeamInfo, new: TeamInfo) -> Sentence:
    if not new.people:
        return lambda s: s.say("{team} has left", team=name_of(new, s))
    if new.people > old.people:
        return lambda s: s.say("{team}: somebody came, {count} there now", team=name_of(new, s), count=new.people)
    return lambda s: s.say("{team}: somebody left, {count} there now", team=name_of(new, s), count=new.people)
