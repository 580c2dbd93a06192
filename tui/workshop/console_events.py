"""What the facilitator lets happen: a policy of the library, or an event of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import ValidationError
from textual.content import Content

from agents.game.company import Intervention
from agents.game.view import GameView
from agents.workshop import protocol as p
from marketsim.scenario.fields import quarter_index, quarter_name
from marketsim.scenario.parameters import levers_over_time
from marketsim.scenario.policies import with_levers
from marketsim.scenario.schema import Title
from tui.cells import pad
from tui.speech import Speech
from tui.workshop.connection import new_id
from tui.workshop.console_dialogs import Answer, Ask, Line
from tui.workshop.console_levers import Lever, levers_of, number

if TYPE_CHECKING:
    from tui.workshop.console import ConsoleApp

OWN = "own event"
"""In the place of a policy: one that is written here. No policy's name has a space."""
NEWS = "news"
"""In the place of a lever: nothing but news."""
WHEN = len("2026Q1–2026Q4") + 2
"""Cells for when a policy changes something."""
MOVES = 6
"""Levers that are told of a policy; a window has room for so many."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a policy changes from now on.

    moves: levers that change, from what to what.  since, until: the first and the last quarter in which one of them is
    other than without the policy; until is none where it does not end.  in_time: it begins before the market ends.
    """

    moves: Mapping[str, tuple[float, float]]
    since: str | None = None
    until: str | None = None
    in_time: bool = False


def effect_of(policy: Intervention, game: GameView) -> Effect:
    """Of a policy that is let happen in the quarter to be played."""
    world = game.world
    start = quarter_index(world.start)
    end = start + world.quarters - 1
    quarters = np.arange(start + game.now.index, max(end, *map(quarter_index, _dates(policy))) + 1)
    usual, then = (levers_over_time(each, quarters) for each in (world, with_levers(world, policy.levers)))
    moves, changed = {}, np.zeros(len(quarters), dtype=bool)
    for lever in policy.levers:
        other = usual[lever] != then[lever]
        if other.any():
            first = int(other.argmax())
            moves[lever] = float(usual[lever][first]), float(then[lever][first])
            changed |= other
    if not moves:
        return Effect({})
    since, until = quarters[changed][[0, -1]].tolist()
    return Effect(moves, quarter_name(since), None if changed[-1] else quarter_name(until), since <= end)


def _dates(policy: Intervention) -> list[str]:
    return [quarter for path in policy.levers.values() for quarter in path]


def intervene(app: ConsoleApp, vendor: str) -> None:
    """Choose a policy of the library, or write an event."""
    speech, say, library, game = app.speech, app.speech.say, app.overview.library, app.market
    if library is None or game is None:
        app.notify(say("The market is still being fetched."), severity="warning")
        return
    effects = {name: effect_of(policy, game) for name, policy in library.policies.items()}
    titles = {name: speech.title(policy.title) for name, policy in library.policies.items()}

    def note(answer: Answer) -> str:
        if answer.chosen == OWN:
            return ""
        about = library.notes.get(answer.chosen, {}).get(speech.language, "")
        return "\n".join(filter(None, (about, _in_words(effects[answer.chosen], game, speech))))

    async def do(answer: Answer) -> str:
        if answer.chosen == OWN:
            app.call_later(write_event, app)
            return ""
        question = say("Let it happen: {policy}?", policy=titles[answer.chosen])
        app.call_later(app.ask_then, question, lambda: p.Intervene(id=new_id(), policy=answer.chosen))
        return ""

    options = [(OWN, Content.styled(say("An event of your own ..."), "bold $accent"))]
    for name, effect in sorted(effects.items(), key=lambda item: not item[1].in_time):
        when = pad(_when(effect, speech), WHEN)
        options.append((name, Content.assemble((when, "$axis" if effect.in_time else "$warning"), titles[name])))
    text = say("A policy is in the news at once; beside it stands when it changes the market.")
    app.push_screen(Ask(speech, say("An event or a policy"), do, text=text, options=options, note=note))


def _when(effect: Effect, speech: Speech) -> str:
    if effect.since is None or not effect.in_time:
        return speech.say("no effect")
    return f"{effect.since}–{effect.until}" if effect.until else speech.say("from {quarter}", quarter=effect.since)


def _in_words(effect: Effect, game: GameView, speech: Speech) -> str:
    """What it changes, or why it changes nothing."""
    if effect.since is None:
        return speech.say("It changes nothing: what it sets holds anyway.")
    if not effect.in_time:
        last = game.parameters.conditions[-1].name
        return speech.say(
            "It changes nothing here: it holds from {quarter}, and the market ends with {last}.",
            quarter=effect.since,
            last=last,
        )
    titles = {lever.name: lever.title for lever in levers_of(game, speech)}
    moves = [f"{titles[name]}: {number(old)} → {number(new)}" for name, (old, new) in effect.moves.items()]
    return "\n".join(moves[:MOVES]) + (" …" if len(moves) > MOVES else "")


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
