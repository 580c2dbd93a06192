"""A game: the Mesa model with a person in one seat, every quarter kept, so that it can be looked at and left off."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from agents.game.plan import ONCE, Plan, PlanProblem, plan_of, problems
from agents.game.setup import GameError, Setup
from agents.model import MarketModel
from agents.strategies import get
from agents.vendor import VendorAgent
from marketsim.chance import draw
from marketsim.decisions import Decision
from marketsim.observation import Observation, observe
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.scenario.schema import Scenario
from marketsim.state import MarketState, Outcome
from marketsim.trace import Trace, Tracer


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


class Seat(VendorAgent):
    """The vendor that is played: it does what it was told for this quarter."""

    plan: Plan

    def decide(self, obs: Observation) -> Decision:
        """The plan of the person who plays."""
        return self.plan.decision(obs.world)


class Game:
    """One game from its setup on. It is a function of setup and plans: the same ones give the same bits.

    plans: quarters to play at once, such as those of a saved game; None for a quarter that was watched.
    Raises ScenarioError or GameError for a setup that cannot be played.
    """

    def __init__(self, setup: Setup, plans: Iterable[Plan | None] = ()) -> None:
        self.setup = setup
        self.world: Scenario = setup.world()
        seats = {} if setup.vendor is None else {setup.vendor: Seat}
        self.model = MarketModel(self.world, rng=setup.seed, vendors=seats)
        self.turns: list[Turn] = []
        self._tracer = Tracer(self.parameters, self.model.market.state)
        for plan in plans:
            self.play(plan)

    @cached_property
    def scenario(self) -> Scenario:
        """What the scenario's file says: the world without the difficulty, in full length."""
        return Setup(scenario=self.setup.scenario).world()

    @property
    def parameters(self) -> Parameters:
        return self.model.market.parameters

    @property
    def state(self) -> MarketState:
        """The market as it is now; run 0 is the game."""
        return self.model.market.state

    @property
    def now(self) -> Conditions:
        """What holds in the quarter to be played; after the last one, in that."""
        conditions = self.parameters.conditions
        return conditions[min(len(self.turns), len(conditions) - 1)]

    @property
    def over(self) -> bool:
        """Nothing is left to decide: the last quarter has been played, or the own vendor has failed."""
        return not self.model.running or (self.setup.vendor is not None and not self.alive)

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
        market, p = self.model.market, self.parameters
        luck = draw(p, market.seed, market.runs, self.now.index)
        return observe(self.state, self.now, p, luck).of(slice(self.seat, self.seat + 1))

    @property
    def plans(self) -> list[Plan | None]:
        """What was decided in each quarter so far; None where nobody is played."""
        return [turn.plan for turn in self.turns]

    @property
    def trace(self) -> Trace:
        """Every vendor's quarterly series so far.  There must have been a quarter."""
        return self._tracer.result()

    def held(self) -> Plan:
        """The plan that goes on as before: last quarter's, without what is asked for once; at first the rule book's.

        Asked for once are capacity, a new product, funds and bids.
        """
        holding = plan_of(self.observation.hold(), self.parameters)
        last = self.turns[-1].plan if self.turns else None
        if last is None:
            return holding
        return last.model_copy(update={name: getattr(holding, name) for name in ONCE})

    def advised(self, strategy: str) -> Plan:
        """What a strategy would decide here, knowing what the player knows.  Raises StrategyError for its name."""
        plan = plan_of(get(strategy).decide(self.observation), self.parameters)
        own = self._contracts()  # a strategy may want to give up more than there is, which the rule book cuts
        capacity = {node: max(change, -own[node]) + 0.0 for node, change in plan.capacity.items()}  # and no -0.0
        return plan.model_copy(update={"capacity": capacity})

    def problems(self, plan: Plan) -> list[PlanProblem]:
        """What of a plan cannot be; empty if it can be played."""
        return problems(plan, self.parameters, self._contracts())

    def play(self, plan: Plan | None = None) -> Turn:
        """End the quarter.  plan: what the own vendor does; none where nobody is played.

        Raises GameError for a game that is over, or a plan that cannot be.
        """
        if self.over:
            raise GameError("the game is over: there is no quarter left to play")
        if (plan is None) != (self.setup.vendor is None):
            raise GameError("a quarter needs a plan if a vendor is played, and none if not")
        if plan is not None:
            wrong = self.problems(plan)
            if wrong:
                raise GameError(f"{self.now.name}: {wrong[0].path} cannot be {wrong[0].value}")
            self._seated.plan = plan
        now, before = self.now, self.state
        self.model.step()
        outcome = self.model.outcome
        assert outcome is not None
        self._tracer.add(now, before, outcome, self.state)
        self.turns.append(Turn(now, plan, before, outcome, self.state))
        return self.turns[-1]

    def fork(self, quarters: int) -> Game:
        """Another game that is the same for so many quarters."""
        return Game(self.setup, self.plans[:quarters])

    def _contracts(self) -> dict[str, float]:
        """Own capacity by node, k wafers/quarter: in force, and what comes into force in this quarter."""
        own = self.state.contracts[self.seat, :, 0] + self.state.arriving[self.seat, :, 0, 0]
        return dict(zip(self.parameters.nodes, own.tolist(), strict=True))

    @cached_property
    def _seated(self) -> Seat:
        agent = self.model.vendor(self.setup.vendor or "")
        assert isinstance(agent, Seat)
        return agent


def digest(state: MarketState) -> str:
    """Eight hexadecimal digits of a market's first run: equal if every bit of it is."""
    whole = hashlib.sha256()
    for item in fields(state):
        whole.update(np.ascontiguousarray(getattr(state, item.name)[..., 0]).tobytes())
    return whole.hexdigest()[:8]
