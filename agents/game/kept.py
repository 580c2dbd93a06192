"""A game as it was when somebody looked at it: what is played on meanwhile does not change it."""

from __future__ import annotations

from copy import copy
from functools import cached_property

from agents.game.company import Others
from agents.game.game import Game
from agents.game.setup import Setup
from agents.game.view import GameView, Turn
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario
from marketsim.state import MarketState
from marketsim.trace import Trace


class KeptGame(GameView):
    """Everything that was played of a game, and the world as it was then.  There must have been a quarter.

    To make one takes some milliseconds, so that the game itself is free again at once; all that takes long (tables,
    files, looking back) can be made of it in another thread.
    """

    def __init__(self, game: Game) -> None:
        self.setup, self.world = game.setup, game.world
        self.turns: list[Turn] = list(game.turns)
        self.company: list[Others] = list(game.company)
        self._parameters, self._state, self._trace = game.parameters, game.state, game.trace

    @property
    def parameters(self) -> Parameters:
        return self._parameters

    @property
    def state(self) -> MarketState:
        return self._state

    @property
    def trace(self) -> Trace:
        return self._trace

    @cached_property
    def scenario(self) -> Scenario:
        """What the scenario's file says, as `Game.scenario`."""
        return Setup(scenario=self.setup.scenario).world()

    def in_world(self, world: Scenario) -> KeptGame:
        """The same quarters in another world, which differs in what no rule looks at: titles, strategies."""
        other = copy(self)
        other.world, other._parameters = world, Parameters(world)
        return other
