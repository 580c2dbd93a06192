"""A game as it is seen from a seat: what has happened and what holds now. It can be looked at, and not played on."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields

import numpy as np

from agents.game.plan import ONCE, Plan, PlanProblem, plan_of, problems
from agents.game.setup import GameError, Setup
from agents.strategies import get
from marketsim.chance import draw, pad_runs
from marketsim.observation import Observation, observe
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.scenario.schema import Scenario
from marketsim.state import MarketState, Outcome
from marketsim.trace import Trace

RUN = pad_runs(range(1))
"""Run numbers of a game: it is run 0, and run 1 is the rule book's padding."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A quarter that has been played. Run 0 of all arrays is the game; run 1 is the rule book's padding."""

    now: Conditions
    plan: Plan | None
    before: MarketState
    outcome: Outcome
    after: MarketState

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits of the market after the quarter: equal if every bit of it is."""
        return digest(self.after)


class GameView(ABC):
    """What screens, forecasts and advice are told of a game.

    setup: what is played, and by whom.  world: the scenario as it is played.  turns: the quarters so far.
    """

    setup: Setup
    world: Scenario
    turns: list[Turn]

    @property
    @abstractmethod
    def parameters(self) -> Parameters:
        """The world in numbers."""

    @property
    @abstractmethod
    def state(self) -> MarketState:
        """The market as it is now; run 0 is the game."""

    @property
    @abstractmethod
    def trace(self) -> Trace:
        """Every vendor's quarterly series so far.  There must have been a quarter."""

    @property
    def now(self) -> Conditions:
        """What holds in the quarter to be played; after the last one, in that."""
        conditions = self.parameters.conditions
        return conditions[min(len(self.turns), len(conditions) - 1)]

    @property
    def over(self) -> bool:
        """Nothing is left to decide: the last quarter has been played, or the own vendor has failed."""
        ended = len(self.turns) >= len(self.parameters.conditions)
        return ended or (self.setup.vendor is not None and not self.alive)

    @property
    def seat(self) -> int:
        """Row of the own vendor in all arrays.  Raises GameError where nobody is played."""
        if self.setup.vendor is None:
            raise GameError("this market is watched: nobody is played")
        return self.parameters.vendors.index(self.setup.vendor)

    @property
    def alive(self) -> bool:
        """The own vendor is in business."""
        return bool(self.state.alive[self.seat, 0])

    @property
    def observation(self) -> Observation:
        """What the own vendor may know now; after the last quarter, as if it were to be played once more."""
        return self.observation_of(self.seat)

    def observation_of(self, seat: int) -> Observation:
        """What the vendor in a row of the arrays may know now."""
        luck = draw(self.parameters, self.setup.seed, RUN, self.now.index)
        return observe(self.state, self.now, self.parameters, luck).of(slice(seat, seat + 1))

    @property
    def plans(self) -> list[Plan | None]:
        """What was decided in each quarter so far; None where nobody is played."""
        return [turn.plan for turn in self.turns]

    def held(self) -> Plan:
        """The plan that goes on as before: last quarter's, without what is asked for once; at first the rule book's.

        Asked for once are capacity, a new product, funds and bids.
        """
        return held(self, self.seat, self.turns[-1].plan if self.turns else None)

    def advised(self, strategy: str) -> Plan:
        """What a strategy would decide here, knowing what the player knows.  Raises StrategyError for its name."""
        plan = plan_of(get(strategy).decide(self.observation), self.parameters)
        own = contracts(self, self.seat)  # a strategy may want to give up more than there is, which the rule book cuts
        capacity = {node: max(change, -own[node]) + 0.0 for node, change in plan.capacity.items()}  # and no -0.0
        return plan.model_copy(update={"capacity": capacity})

    def problems(self, plan: Plan) -> list[PlanProblem]:
        """What of a plan cannot be; empty if it can be played."""
        return problems(plan, self.parameters, contracts(self, self.seat))


def held(game: GameView, seat: int, last: Plan | None) -> Plan:
    """The plan with which a vendor goes on as before.  last: its plan of the quarter before, if it made one."""
    holding = plan_of(game.observation_of(seat).hold(), game.parameters)
    if last is None:
        return holding
    return last.model_copy(update={name: getattr(holding, name) for name in ONCE})


def contracts(game: GameView, seat: int) -> dict[str, float]:
    """A vendor's capacity by node, k wafers/quarter: in force, and what comes into force in this quarter."""
    own = game.state.contracts[seat, :, 0] + game.state.arriving[seat, :, 0, 0]
    return dict(zip(game.parameters.nodes, own.tolist(), strict=True))


def digest(state: MarketState) -> str:
    """Eight hexadecimal digits of a market's first run: equal if every bit of it is."""
    whole = hashlib.sha256()
    for item in fields(state):
        whole.update(np.ascontiguousarray(getattr(state, item.name)[..., 0]).tobytes())
    return whole.hexdigest()[:8]
