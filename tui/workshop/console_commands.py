"""What the facilitator can do: each a function that asks for what it needs and has it done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from agents.workshop import protocol as p
from agents.workshop.allowed import PHASES
from marketsim.errors import listing
from tui.speech import N_, Speech
from tui.workshop.connection import new_id
from tui.workshop.console_dialogs import Answer, Ask, Line
from tui.workshop.console_events import intervene
from tui.workshop.console_exports import export
from tui.workshop.console_log import RANKING, RESULTS, name_of, teams_in_words

if TYPE_CHECKING:
    from tui.workshop.console import ConsoleApp

LONGEST = 86_400
"""Seconds that a clock can be set to, as the protocol has it."""
EXTENSION = "2"
"""Minutes by which the clock is extended, if nothing else is typed."""
EVERYBODY, THIS_TEAM, UNDECIDED = "all", "team", "undecided"
"""To whom a message goes."""


def _seconds(text: str) -> int | None:
    """Typed minutes in seconds; nothing for what is none."""
    try:
        minutes = float(text.replace("：", ":").replace(",", "."))
    except ValueError:
        return None
    seconds = round(60 * minutes) if minutes == minutes and abs(minutes) < LONGEST else 0
    return seconds if 1 <= seconds <= LONGEST else None


def _no_minutes(speech: Speech, text: str) -> str:
    return speech.say("{text} is no number of minutes: more than 0, at most {most}", text=text, most=LONGEST // 60)


# -- the clock ---------------------------------------------------------------------------------------------------------


def open_quarter(app: ConsoleApp, vendor: str) -> None:
    """Let teams decide for the next quarter."""
    say, room = app.speech.say, app.overview.room
    assert room is not None

    async def do(answer: Answer) -> str:
        text = answer.typed["minutes"]
        seconds = _seconds(text) if text else None
        if text and seconds is None:
            return _no_minutes(app.speech, text)
        app.minutes = text
        return await app.do(p.Open(id=new_id(), seconds=seconds))

    line = Line("minutes", say("Minutes (empty: until you close it):"), app.minutes, longest=8)
    app.push_screen(Ask(app.speech, say("Open {quarter}", quarter=room.quarter), do, lines=[line]))


def pause(app: ConsoleApp, vendor: str) -> None:
    """Stop the clock."""
    app.do_now(p.Pause(id=new_id()))


def resume(app: ConsoleApp, vendor: str) -> None:
    """Let the clock go on."""
    app.do_now(p.Resume(id=new_id()))


def extend(app: ConsoleApp, vendor: str) -> None:
    """Give teams more time."""
    say = app.speech.say

    async def do(answer: Answer) -> str:
        seconds = _seconds(answer.typed["minutes"])
        if seconds is None:
            return _no_minutes(app.speech, answer.typed["minutes"])
        return await app.do(p.Extend(id=new_id(), seconds=seconds))

    line = Line("minutes", say("Minutes more:"), EXTENSION, needed=True, longest=8)
    app.push_screen(Ask(app.speech, say("More time"), do, lines=[line]))


def close(app: ConsoleApp, vendor: str) -> None:
    """End the quarter; asks if plans are missing."""
    missing = app.overview.undecided
    if not missing:
        app.do_now(p.Close(id=new_id()))
        return
    say = app.speech.say
    text = say(
        "Not handed in yet ({count}): {teams}. Their drafts count if they are valid; else they go on as before. "
        "Close the quarter?",
        count=len(missing),
        teams=teams_in_words(missing, app.speech),
    )
    app.ask_then(text, lambda: p.Close(id=new_id()))


# -- the market --------------------------------------------------------------------------------------------------------


def roll_back(app: ConsoleApp, vendor: str) -> None:
    """Play on from an earlier quarter."""
    say, overview = app.speech.say, app.overview
    room = overview.room
    assert room is not None
    names = overview.quarters[room.ahead :]
    most = len(names) - (not overview.running)

    def wish(text: str) -> int | None:
        return int(text) if text.isascii() and text.isdigit() and int(text) <= most else None

    def lost(answer: Answer) -> str:
        kept = wish(answer.typed["played"])
        if kept is None:
            return ""
        gone = names[kept:] + ([room.quarter] if overview.running else [])
        return say("What was decided and what happened in {quarters} is taken back.", quarters=listing(gone, 6))

    async def do(answer: Answer) -> str:
        kept = wish(answer.typed["played"])
        if kept is None:
            text = answer.typed["played"]
            return say("{text} is no number of quarters: 0 to {most}", text=text, most=most)
        return await app.do(p.RollBack(id=new_id(), played=room.ahead + kept))

    line = Line("played", say("Quarters that stay, of {count}:", count=len(names)), str(most), needed=True, longest=3)
    text = say("The room plays on from there. The log keeps what is taken back; nobody plays it again.")
    app.push_screen(Ask(app.speech, say("Roll back"), do, text=text, lines=[line], note=lost))


def show(app: ConsoleApp, vendor: str) -> None:
    """What teams see of each other."""
    speech, room = app.speech, app.overview.room
    assert room is not None
    office = app.overview.office
    shown = {"results": room.results, "ranking": office.ranking if office else ""}
    options = []
    for part, titles in (("results", RESULTS), ("ranking", RANKING)):
        for value, title in titles.items():
            sign = "●" if shown[part] == value else " "
            options.append((f"{part} {value}", Content(f"{sign} {_capital(speech.say(title))}")))

    async def do(answer: Answer) -> str:
        part, _, value = answer.chosen.partition(" ")
        return await app.do(p.Show.model_validate({"id": new_id(), part: value}))

    text = speech.say("While results are private, teams see no ranking. The debrief opens all books.")
    app.push_screen(Ask(speech, speech.say("What teams see"), do, text=text, options=options))


def debrief(app: ConsoleApp, vendor: str) -> None:
    """End the market and open all books."""
    text = app.speech.say("Open the debrief? The market ends here, and every team sees the books of all of them.")
    app.ask_then(text, lambda: p.Debrief(id=new_id()))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# -- teams -------------------------------------------------------------------------------------------------------------


def tell(app: ConsoleApp, vendor: str) -> None:
    """Send a message to all teams, to the one under the cursor, or to those that have not handed in."""
    say, overview = app.speech.say, app.overview
    team, missing = overview.team(vendor), overview.undecided
    options = [(EVERYBODY, say("to all teams"))]
    if team is not None:
        options.append((THIS_TEAM, say("to {team}", team=name_of(team, app.speech))))
    if missing and overview.running:
        options.append((UNDECIDED, say("to all that have not handed in ({count})", count=len(missing))))

    async def do(answer: Answer) -> str:
        text = answer.typed["text"]
        if answer.chosen == EVERYBODY:
            return await app.do(p.Tell(id=new_id(), text=text))
        sent = overview.begin_sending(text)
        for reader in missing if answer.chosen == UNDECIDED or team is None else [team]:
            sent.teams.append(reader)
            wrong = await app.do(p.Tell(id=new_id(), text=text, vendor=reader.vendor))
            if wrong:
                sent.teams.pop()
                return wrong
        return ""

    line = Line("text", say("Message:"), needed=True)
    shown = [(name, Content(title)) for name, title in options]
    app.push_screen(Ask(app.speech, say("A message"), do, options=shown, lines=[line]))


def strategy(app: ConsoleApp, vendor: str) -> None:
    """Have a strategy play for the team under the cursor, or hand back to the team."""
    speech, team, library = app.speech, app.overview.team(vendor), app.overview.library
    if team is None or library is None:
        return
    name = name_of(team, speech)
    if team.strategy is not None:
        text = speech.say("Hand back to {team}? It plays itself from this quarter on.", team=name)
        app.ask_then(text, lambda: p.HandBack(id=new_id(), vendor=vendor))
        return

    async def do(answer: Answer) -> str:
        return await app.do(p.Substitute(id=new_id(), vendor=vendor, strategy=answer.chosen))

    options = [(name, Content(speech.title(titles))) for name, titles in library.strategies.items()]
    text = speech.say("It plays in place of the team from this quarter on, until you hand back.")
    app.push_screen(Ask(speech, speech.say("Who plays for {team}?", team=name), do, text=text, options=options))


def release(app: ConsoleApp, vendor: str) -> None:
    """Take the seat from the team under the cursor."""
    team = app.overview.team(vendor)
    if team is not None:
        text = app.speech.say(
            "Take the seat of {vendor} from {team}? Its links and its code end at once, and another team can have it.",
            vendor=app.speech.title(team.title),
            team=name_of(team, app.speech),
        )
        app.ask_then(text, lambda: p.Release(id=new_id(), vendor=vendor))


@dataclass(frozen=True, slots=True)
class Command:
    """A key of the console: what it is called, what it does, the phases in which it can be done, whether for a team."""

    key: str
    title: str
    run: Callable[[ConsoleApp, str], None]
    phases: tuple[p.Phase, ...] | None = None
    of_a_team: bool = False


COMMANDS = {
    "open": Command("o", N_("open quarter"), open_quarter, PHASES[p.Open]),
    "pause": Command("p", N_("pause"), pause, PHASES[p.Pause]),
    "resume": Command("p", N_("go on"), resume, PHASES[p.Resume]),
    "close": Command("c", N_("close"), close, PHASES[p.Close]),
    "extend": Command("e", N_("more time"), extend, PHASES[p.Extend]),
    "tell": Command("m", N_("message"), tell),
    "intervene": Command("i", N_("event"), intervene, PHASES[p.Intervene]),
    "strategy": Command("b", N_("strategy"), strategy, of_a_team=True),
    "show": Command("s", N_("show"), show),
    "roll-back": Command("u", N_("roll back"), roll_back, PHASES[p.RollBack]),
    "release": Command("k", N_("release"), release, of_a_team=True),
    "debrief": Command("d", N_("debrief"), debrief, PHASES[p.Debrief]),
    "export": Command("x", N_("export"), export),
}
"""By name."""
