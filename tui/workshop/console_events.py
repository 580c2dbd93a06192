"""What the facilitator lets happen: a policy of the library, or an event of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError
from textual.content import Content

from agents.game.company import Intervention
from agents.workshop import protocol as p
from marketsim.scenario.schema import Title
from tui.workshop.connection import new_id
from tui.workshop.console_dialogs import Answer, Ask, Line
from tui.workshop.console_levers import Lever, levers_of, number

if TYPE_CHECKING:
    from tui.workshop.console import ConsoleApp

OWN = "own event"
"""In the place of a policy: one that is written here. No policy's name has a space."""
NEWS = "news"
"""In the place of a lever: nothing but news."""


def intervene(app: ConsoleApp, vendor: str) -> None:
    """Choose a policy of the library, or write an event."""
    speech, library = app.speech, app.overview.library
    titles = {} if library is None else library.policies

    async def do(answer: Answer) -> str:
        if answer.chosen == OWN:
            app.call_later(write_event, app)
            return ""
        question = speech.say("Let it happen: {policy}?", policy=speech.title(titles[answer.chosen]))
        app.call_later(app.ask_then, question, lambda: p.Intervene(id=new_id(), policy=answer.chosen))
        return ""

    options = [(OWN, Content.styled(speech.say("An event of your own ..."), "bold $accent"))]
    options += [(name, Content(speech.title(title))) for name, title in titles.items()]
    text = speech.say("A policy comes into the market at once and is in the news of the quarter.")
    app.push_screen(Ask(speech, speech.say("An event or a policy"), do, text=text, options=options))


def write_event(app: ConsoleApp) -> None:
    """An event: what is told, a lever, its value, the quarter from which it holds."""
    speech, say, room = app.speech, app.speech.say, app.overview.room
    game = app.market
    if room is None or game is None:
        app.notify(say("The market is still being fetched."), severity="warning")
        return
    levers = {lever.name: lever for lever in levers_of(game, speech)}

    def note(answer: Answer) -> str:
        if answer.chosen == NEWS:
            return say("It is told as news and changes nothing.")
        lever = levers[answer.chosen]
        return say("From {allowed}; now {now}.", allowed=lever.allowed(speech), now=number(lever.now))

    async def do(answer: Answer) -> str:
        title, quarter = answer.typed["title"], answer.typed["quarter"].upper()
        value = answer.typed["value"]
        lever = levers.get(answer.chosen)
        wrong = "" if lever is None else _wrong(lever, value, app)
        if wrong:
            return wrong
        changes = {} if lever is None else {lever.name: float(value)}
        try:
            event = Intervention(title=Title(en=title, zh=title), quarter=quarter or None, changes=changes)
        except ValidationError as error:
            return say("{text} is no quarter such as 2026Q3", text=quarter) if quarter else str(error)
        return await app.do(p.Intervene(id=new_id(), intervention=event))

    options = [(NEWS, Content.styled(say("no lever, only news"), "$axis"))]
    options += [(lever.name, Content(lever.title)) for lever in levers.values()]
    lines = (
        Line("title", say("What happens, as it stands in the news:"), needed=True, longest=120),
        Line("value", say("Value of the lever chosen above:"), longest=20),
        Line("quarter", say("From quarter:"), room.quarter, longest=6),
    )
    text = say("A policy lever that changes with it:")
    app.push_screen(Ask(speech, say("An event of your own"), do, text=text, options=options, lines=lines, note=note))


def _wrong(lever: Lever, text: str, app: ConsoleApp) -> str:
    """What is wrong with a typed value of a lever."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if lever.low <= value <= lever.high:
        return ""
    return app.speech.say(
        "{lever}: {value} cannot be; allowed: {allowed}",
        lever=lever.title,
        value=text or "–",
        allowed=lever.allowed(app.speech),
    )
