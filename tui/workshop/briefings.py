"""Briefings on paper: a sheet for each team, with a form for its first quarter, and one for the facilitator.

A team's sheet is made from what the server would send it, so it says no more of rivals than the team may know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from agents.game.advice import SPLITS, advice
from agents.game.page import Block, Page, Point, Points, Section, Table, Text, sheets
from agents.game.setup import Setup
from agents.game.view import GameView, contracts
from agents.workshop.entries import Opened
from agents.workshop.markets import Markets
from agents.workshop.protocol import Market
from agents.workshop.room import Room
from agents.workshop.secrets import new_secret
from agents.workshop.team_view import ReceivedGame
from marketsim import __version__
from marketsim.rules.arrays import ratio
from tui.facts import named, own_vendor, position, sentences
from tui.fields import UNITS, Field, fields_of, written
from tui.report import LANGUAGE
from tui.roster import roster_of
from tui.speech import N_, Language, Speech, three

FIRST = 3
"""Decisions of which the hint speaks."""
MOST = 20
"""Quarters for which the timetable has a line."""
LINE = "_" * 22
"""To be written on."""
CHECKLIST = (
    (N_("A day before"), N_(
        "Host the room, join it with a second device at the address that you will project, open and close a quarter. "
        "Many guest networks keep devices apart; then take a router or a hotspot of your own.")),
    (N_("Before they come"), N_(
        "Host with a file that you keep. Power supply in, sleep off. One sheet for each team, paper for predictions.")),
    (N_("At the beginning"), N_(
        "Everybody writes down predictions before anything is shown. Then all join; the first quarter has no clock.")),
    (N_("In each quarter"), N_(
        "Open it; see who has handed in; close it. One sentence on what came of it before you open the next.")),
    (N_("A team is missing"), N_(
        "Have a strategy play for it; hand back when it comes. Who comes late takes a free seat, or joins a team.")),
    (N_("Something fails"), N_(
        "Pause. Teams write their plans on the form of their sheet and type them in later. The same file goes on where "
        "it was.")),
    (N_("Debrief"), N_(
        "Predictions first, then timelines, the verdict on the room last. What would you do otherwise?")),
    (N_("Afterwards"), N_(
        "Export tables, report and replay; keep the file, or delete it: names of teams are in it.")),
)  # fmt: skip


def briefings(setup: Setup, vendors: Sequence[str], title: str, ahead: int, language: Language) -> str:
    """All sheets as a page of HTML: the facilitator's, then those of all teams whose vendor is in business.

    ahead: quarters that strategies play before teams do.  Raises MarketSimError for what cannot be played.
    """
    opened = Opened(setup=setup, vendors=list(vendors), title=title, secret=new_secret(), marketsim=__version__)
    room = Room.of(opened)
    for _ in range(ahead):
        room.game.play(others={})
    markets = Markets()
    told = [markets.of(room, vendor) for vendor in room.free]
    games = [ReceivedGame(Market.model_validate_json(content())) for content in told]
    speech = Speech(language, room.game.world.vocabulary)
    pages = [_facilitator(room, games, speech), *(_team(game, title, len(games) - 1, speech) for game in games)]
    return sheets(pages, title)


# A team -----------------------------------------------------------------------------------------------------------


def _team(game: GameView, title: str, others: int, speech: Speech) -> Page:
    """others: teams, beside this one."""
    say = speech.say
    count = len(game.parameters.conditions) - len(game.turns)
    last = game.parameters.conditions[-1].name
    aim = say(
        "Make your founders' shares worth as much as you can by {quarter}: cash and profit count, failure is worth "
        "nothing.",
        quarter=last,
    )
    return Page(
        language=LANGUAGE[speech.language],
        title=speech.title(own_vendor(game).title),
        facts=[title, say("{first} to {last}", first=game.now.name, last=last), _quarters(count, speech)],
        sections=[
            Section(
                say("Your company"),
                [Text(f"{say('Team')} {LINE}  {say('Code')} {LINE}"), Text(aim), _position(game, others, speech)],
            ),
            Section(say("What you decide each quarter"), [_form(game, speech)]),
            Section(say("A first hint"), list(_hint(game, speech))),
        ],
        made_with=f"marketsim {__version__}",
    )


def _position(game: GameView, others: int, speech: Speech) -> Block:
    """What the company has, owes, makes and sells."""
    say = speech.say
    money, sales, base = position(game, speech)
    rivals = say("Other teams play {count} of your rivals, strategies the rest.", count=others)
    card, friends, leader = sentences(game, roster_of(game, speech), rivals, speech)
    cost = say("It costs you {cost} to make.", cost=speech.price(float(game.observation.card_cost[0, 0])))
    rows = [
        (say("Money"), _listed([f"{money.value} ({money.note})", _debt(game, speech)], speech)),
        (say("Sales"), f"{sales.value} {sales.title}; {sales.note}"),
        (say("On sale"), _joined([card, cost], speech)),
        (say("Cards"), _cards(game, f"{base.title} {base.value}", speech)),
        (say("Capacity"), _capacity(game, speech)),
        (say("Software"), _software(game, speech)),
        (say("Buyers"), _joined([_buyers(game, speech), friends], speech)),
        (say("Rivals"), leader),
    ]
    return Table(["", ""], [row for row in rows if row[1]], words=2)


def _debt(game: GameView, speech: Speech) -> str:
    debt = float(game.state.debt[game.seat, 0])
    return speech.say("debt {money}", money=speech.money(debt)) if debt >= 0.1 else speech.say("no debt")


def _cards(game: GameView, base: str, speech: Speech) -> str:
    state, seat = game.state, game.seat
    stock, made = float(state.stock[seat, 0]), float(state.pipeline[seat, :, 0].sum())
    return speech.say(
        "in stock {stock}, in process {made}, {base}", stock=speech.cards(stock), made=speech.cards(made), base=base
    )


def _capacity(game: GameView, speech: Speech) -> str:
    """Contracts in force and what comes, with the terms of the node."""
    say, seat = speech.say, game.seat
    arriving = game.state.arriving[seat, :, :, 0].sum(axis=1)
    own, told = contracts(game, seat), []
    for place, (name, node) in enumerate(game.world.nodes.items()):
        if own[name] <= 0 and arriving[place] <= 0:
            continue
        more = float(arriving[place])
        said = N_("{node}: {wafers} {unit}, {more} more to come") if more > 0 else N_("{node}: {wafers} {unit}")
        held, unit = three(own[name]), say(UNITS["wafers"])
        text = say(said, node=speech.title(node.title), wafers=held, unit=unit, more=three(more))
        lead, life = (float(game.parameters.of_nodes(term)[place, 0]) for term in ("contract_lead", "contract_life"))
        terms = say(
            "new capacity comes after {lead} and lasts {life}",
            lead=_quarters(lead, speech),
            life=_quarters(life, speech),
        )
        told.append(f"{text} ({terms})")
    return _listed(told, speech) or say("none")


def _software(game: GameView, speech: Speech) -> str:
    """How well models run on the cards; nothing where no buyer uses any."""
    p, state = game.parameters, game.state
    told = [
        f"{speech.title(family.title)} {speech.share(float(state.software[game.seat, place, 0]), 0)}"
        for place, family in enumerate(game.world.families.values())
        if p.of_segments("software_weight").any() and p.usage[:, place].any()
    ]
    return speech.say("maturity: {families}", families=_listed(told, speech)) if told else ""


def _buyers(game: GameView, speech: Speech) -> str:
    """Where the cards in use are, the most important first."""
    base = game.state.base[game.seat, :, 0]
    shares = ratio(base, base.sum())
    segments = list(game.world.segments.values())
    order = [int(place) for place in np.argsort(-shares, kind="stable")[:FIRST] if shares[place] >= 0.05]
    told = [f"{speech.title(segments[place].title)} {speech.share(float(shares[place]), 0)}" for place in order]
    return speech.say("Your cards are with: {buyers}.", buyers=_listed(told, speech)) if told else ""


# The form ---------------------------------------------------------------------------------------------------------


def _form(game: GameView, speech: Speech) -> Table:
    """Every number of the plan, what it means, what it is if nobody changes it, and room for another one."""
    say, plan = speech.say, game.held()
    columns = [say("Decision"), say("What it does"), say("as it is"), say("yours, {quarter}", quarter=game.now.name)]
    rows, told = [], set()
    for field in fields_of(game.world, speech):
        if field.detail or (field.kind == "choice" and len(field.choices) < 2):
            continue
        rule = "" if field.rule in told else say(field.rule)
        told.add(field.rule)
        rows.append([_titled(field, speech), rule, written(field, plan.value(field.path)), _unit(field, speech)])
    return Table(columns, rows, words=2, form=True)


def _titled(field: Field, speech: Speech) -> str:
    return named(field, speech) if field.part else speech.say(field.title)


def _unit(field: Field, speech: Speech) -> str:
    if field.kind == "flag":
        return speech.say("yes / no")
    return speech.say(UNITS[field.kind]) if UNITS[field.kind] else ""


def _hint(game: GameView, speech: Speech) -> Iterator[Block]:
    """What a careful strategy would decide otherwise, of what most money hangs on."""
    say, held = speech.say, game.held()
    found = advice(game, held)
    plan, fields = found.plan.rounded(), {field.path: field for field in fields_of(game.world, speech)}
    changes = [each.change.path for each in found.suggestions if each.change.path.partition(".")[0] not in SPLITS]
    told = [_change(fields[path], written(fields[path], plan.value(path)), speech) for path in changes[:FIRST]]
    advised = N_("The adviser, a careful strategy that knows only what you know, would decide: {decisions}.")
    yield Text(say(advised, decisions=_listed(told, speech)) if told else say("The adviser would go on as before."))
    yield Text(
        say(
            "How work on software and sales effort are split can be set on the screen; on paper both stay as they are."
        ),
        "quiet",
    )


def _change(field: Field, value: str, speech: Speech) -> str:
    unit = "" if field.kind in ("flag", "choice") else _unit(field, speech)
    return f"{_titled(field, speech)} {value} {unit}".rstrip()


# The facilitator --------------------------------------------------------------------------------------------------


def _facilitator(room: Room, games: Sequence[GameView], speech: Speech) -> Page:
    say, game = speech.say, room.game
    quarters = [each.name for each in game.parameters.conditions[room.played :]]
    return Page(
        language=LANGUAGE[speech.language],
        title=say("For the facilitator"),
        facts=[
            room.opened.title,
            say("{first} to {last}", first=quarters[0], last=quarters[-1]),
            say("{count} teams", count=len(games)),
        ],
        sections=[
            Section(say("Join"), [Text(f"{say('Address')} {LINE}{LINE}  {say('Code')} {LINE}")]),
            Section(say("Checklist"), [Points([Point(f"☐ {say(title)}", say(text)) for title, text in CHECKLIST])]),
            Section(say("Timetable"), [_timetable(quarters, speech)]),
        ],
        made_with=f"marketsim {__version__}",
    )


def _timetable(quarters: Sequence[str], speech: Speech) -> Table:
    """A line for each quarter, to be filled in."""
    say = speech.say
    columns = [say("Quarter"), say("What came of it, in a sentence"), say("Minutes"), say("Event or policy")]
    return Table(columns, [[quarter, "", "", ""] for quarter in quarters[:MOST]], words=4, form=True)


# Words ------------------------------------------------------------------------------------------------------------


def _quarters(count: float, speech: Speech) -> str:
    number = f"{count:g}"
    return speech.say("{number} quarters", number=number)


def _listed(parts: Sequence[str], speech: Speech) -> str:
    return speech.say(", ").join(parts)


def _joined(parts: Sequence[str], speech: Speech) -> str:
    """Sentences, one after the other."""
    return ("" if speech.language == "zh" else " ").join(part for part in parts if part)
