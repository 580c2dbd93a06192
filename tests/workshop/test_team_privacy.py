"""No rival's private figure is shown, or computed with, on a team's screens.

Every screen is drawn twice: on the market as the server sends it to a team, and on the market itself, with all books,
of which only rivals' software is rounded to the tenths in which buyers grade it. The two have to be the same to the
last character, forecasts and advice included.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from agents.game.game import Game
from agents.game.plan import plan_of
from agents.game.setup import Setup
from agents.game.view import GameView, Turn
from agents.strategies import get
from agents.workshop import protocol as p
from agents.workshop import views
from agents.workshop.entries import FACILITATOR, Opened, Seated
from agents.workshop.markets import Markets
from agents.workshop.room import Room
from agents.workshop.secrets import hash_of
from agents.workshop.seen import seen
from agents.workshop.team_view import ReceivedGame
from marketsim.state import MarketState, Outcome
from marketsim.trace import Trace, Tracer
from tests.tui.conftest import home, settle, text
from tests.workshop.rooms import Desk, new_id
from tui.settings import Settings
from tui.workshop.connection import Connection, Link
from tui.workshop.team import TeamApp

__all__ = ["home"]

OWN = "cambricon"
TEAMS = ("huawei-ascend", OWN, "biren")
SCREENS = {
    "dashboard": (),
    "briefing": (),
    "decide": (),
    "rivals": ("down", "down", "enter"),
    "market": ("down", "down"),
    "technology": (),
    "why": ("right", "right"),
}
"""Screens that a team has, and keys that show more of them."""


class WithAllBooks(GameView):
    """The market itself, seen from the seat of a team."""

    def __init__(self, game: Game, received: ReceivedGame) -> None:
        self._game, self.branch, self.setup, self.world = game, 0, received.setup, game.world
        plans = [turn.plan for turn in received.turns]
        self.turns = [self._graded(turn, plan) for turn, plan in zip(game.turns, plans, strict=True)]

    def _graded(self, turn: Turn, plan: object) -> Turn:
        running = turn.before.alive | turn.after.alive
        before, after = self._software(turn.before), self._software(turn.after)
        known = seen(turn.outcome, self.seat, self.parameters.domestic, np.asarray(running))
        outcome: Outcome = replace(turn.outcome, maturity=known.maturity)
        return replace(turn, plan=plan, before=before, outcome=outcome, after=after)

    def _software(self, state: MarketState) -> MarketState:
        known = seen(state, self.seat, self.parameters.domestic, np.asarray(state.alive))
        return replace(state, software=known.software)

    @property
    def parameters(self):
        return self._game.parameters

    @property
    def state(self) -> MarketState:
        return self.turns[-1].after

    @property
    def trace(self) -> Trace:
        tracer = Tracer(self.parameters, self.turns[0].before)
        for turn in self.turns:
            tracer.add(turn.now, turn.before, turn.outcome, turn.after)
        return tracer.result()


@cache
def room() -> Room:
    """Nine quarters of three teams, which hand in what three strategies would, with an event that came from outside."""
    setup = Setup(seed=5, quarters=12)
    opened = Opened(setup=setup, vendors=list(TEAMS), title="R", secret="5" * 64, marketsim="1")
    desk = Desk(Room.of(opened))
    for vendor in TEAMS:
        desk.write(vendor, Seated(vendor=vendor, name=vendor, token_hash=hash_of(vendor)))
    for quarter in range(9):
        desk.do(FACILITATOR, p.Open(id=new_id()))
        if quarter == 3:
            desk.do(FACILITATOR, p.Intervene(id=new_id(), policy=next(iter(views.library(desk.room).policies))))
        for vendor, strategy in zip(TEAMS, ("disciplined", "cost-leader", "capacity-hoarder"), strict=True):
            obs = desk.room.game.observation_of(desk.room.row(desk.room.seats[vendor]))
            plan = plan_of(get(strategy).decide(obs), desk.room.game.parameters).rounded()
            desk.do(vendor, p.Submit(id=new_id(), quarter=desk.room.quarter, plan=plan))
        desk.do(FACILITATOR, p.Close(id=new_id()))
    desk.do(FACILITATOR, p.Open(id=new_id()))
    return desk.room


def received() -> ReceivedGame:
    return ReceivedGame(p.Market.model_validate_json(Markets().of(room(), OWN)()))


async def screens(game: GameView) -> dict[str, str]:
    """What stands on all screens."""
    app = TeamApp(Connection("http://127.0.0.1:9", "a-token"), Settings(language="en", theme="night"))
    app._follow = lambda connection: None
    shown = {}
    async with app.run_test(size=(120, 50)) as pilot:
        now = room()
        app.membership.market = game
        app.membership.market_of = 0, str(now.world), now.played
        app.heed(Link(up=True))
        app.heed(views.room_now(now, {}, None))
        app.heed(views.form(now, now.seats[OWN]))
        for name, keys in SCREENS.items():
            app.action_view(name)
            await settle(pilot)
            shown[name] = text(pilot)
            for number, key in enumerate(keys):
                await pilot.press(key)
                await settle(pilot)
                shown[f"{name}, {number + 1} keys on"] = text(pilot)
    return shown


async def test_a_team_sees_nothing_of_rivals_books():
    masked = received()
    whole = WithAllBooks(room().game, masked)
    told, known = await screens(masked), await screens(whole)
    assert len(told) == 14 and "orders k" in told["decide"] and "Huawei" in told["rivals"]
    assert [name for name in told if told[name] != known[name]] == []


async def test_the_two_markets_are_not_the_same():
    """Else the test above could not fail."""
    masked = received()
    whole = WithAllBooks(room().game, masked)
    for field in ("cash", "contracts", "next_node", "research"):
        assert not np.array_equal(getattr(masked.state, field), getattr(whole.state, field)), field


async def test_one_private_figure_on_a_screen_would_be_noticed(monkeypatch: pytest.MonkeyPatch):
    from tui import facts

    def contracts(game: GameView):
        return game.state.contracts[:, :, 0]

    monkeypatch.setattr(facts, "_contracts", contracts)
    monkeypatch.setattr("tests.workshop.test_team_privacy.SCREENS", {"briefing": ()})
    masked = received()
    told, known = await screens(masked), await screens(WithAllBooks(copy(room().game), masked))
    assert told["briefing"] != known["briefing"]
