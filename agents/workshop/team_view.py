"""A market that came over the net: what a team, or the facilitator, sees of the room on its own machine."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from agents.game.plan import Plan
from agents.game.setup import Setup
from agents.game.view import GameView, Turn
from agents.workshop.arrays import restored
from agents.workshop.protocol import Market
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario
from marketsim.state import MarketState, Outcome
from marketsim.trace import Trace, Tracer


class ReceivedGame(GameView):
    """A game as far as the server has told of it; `add` takes what it tells next.

    market: from the first quarter on, with the market before it.  Raises ValueError for what is none.
    """

    def __init__(self, market: Market) -> None:
        if market.start is None:
            raise ValueError("a market begins with its start")
        self.setup = Setup.model_validate(market.setup)
        self.branch = market.branch
        self._start = restored(MarketState, market.start)
        self.turns: list[Turn] = []
        self._take_world(market.world)
        self.add(market)

    @property
    def parameters(self) -> Parameters:
        return self._parameters

    @property
    def state(self) -> MarketState:
        return self.turns[-1].after if self.turns else self._start

    @property
    def trace(self) -> Trace:
        tracer = Tracer(self.parameters, self._start)
        for turn in self.turns:
            tracer.add(turn.now, turn.before, turn.outcome, turn.after)
        return tracer.result()

    def until(self, quarters: int) -> ReceivedGame:
        """It as it was after so many quarters; the world is that of now."""
        past = copy(self)
        past.turns = self.turns[:quarters]
        return past

    def add(self, market: Market) -> None:
        """Take quarters and the world as it is now.  Raises ValueError where quarters are missing in between."""
        if market.branch != self.branch or market.first > len(self.turns):
            raise ValueError("these quarters do not follow")
        self._take_world(market.world)
        del self.turns[market.first :]
        for told in market.turns:
            plan = None if told["plan"] is None else Plan.model_validate(told["plan"])
            now, before = self.parameters.conditions[len(self.turns)], self.state
            outcome, after = restored(Outcome, told["outcome"]), restored(MarketState, told["after"])
            self.turns.append(Turn(now, plan, before, outcome, after))

    @classmethod
    def grown(cls, known: ReceivedGame | None, market: Market) -> ReceivedGame:
        """A game with what has been told now; the known one stays as it is.  Raises ValueError as `add`."""
        if known is None or market.start is not None:
            return cls(market)
        game = known.until(market.first)
        game.add(market)
        return game

    def _take_world(self, world: Mapping[str, Any]) -> None:
        """The scenario as it is now; events that have come up since have other places in its list."""
        self.world = Scenario.model_validate(world)
        self._parameters = Parameters(self.world)
        self.turns = [
            Turn(self._parameters.conditions[number], turn.plan, turn.before, turn.outcome, turn.after)
            for number, turn in enumerate(self.turns)
        ]
