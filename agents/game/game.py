"""A game: the Mesa model with a person in one seat, every quarter kept, so that it can be looked at and left off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from agents.game.company import NOBODY, Intervention, Others
from agents.game.plan import Plan, problems
from agents.game.setup import GameError, Setup
from agents.game.view import GameView, Turn, contracts, digest
from agents.model import MarketModel
from agents.strategies import get
from agents.vendor import VendorAgent
from marketsim.decisions import Decision
from marketsim.observation import Observation
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario
from marketsim.state import MarketState
from marketsim.trace import Trace, Tracer

__all__ = ["Game", "Turn", "digest"]


class Seat(VendorAgent):
    """A vendor that people may play: it does what it was told for this quarter, or else what its strategy does."""

    plan: Plan | None = None

    def decide(self, obs: Observation) -> Decision:
        """The plan of the people who play it, if there is one."""
        return super().decide(obs) if self.plan is None else self.plan.decision(obs.world)


class Game(GameView):
    """One game from its setup on. It is a function of setup, plans and company: the same ones give the same bits.

    plans: quarters to play at once, such as those of a saved game; None for a quarter that was watched.
    company: what others do in the first quarters; after those, all other vendors follow their strategies.
    Raises ScenarioError or GameError for a setup that cannot be played.
    """

    def __init__(self, setup: Setup, plans: Iterable[Plan | None] = (), company: Sequence[Others] = ()) -> None:
        self.setup = setup
        self.world: Scenario = setup.world()
        self.model = MarketModel(self.world, rng=setup.seed, vendors=dict.fromkeys(self._domestic(), Seat))
        self.turns: list[Turn] = []
        self.company: list[Others] = []
        self._to_come = list(company)
        self._interventions: list[Intervention] = []
        self._strategies: dict[str, str] = {}
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
    def trace(self) -> Trace:
        """Every vendor's quarterly series so far.  There must have been a quarter."""
        return self._tracer.result()

    def play(self, plan: Plan | None = None, others: Mapping[str, Plan] | None = None) -> Turn:
        """End the quarter.  plan: what the own vendor does; none where nobody is played.

        others: plans of vendors that other people play; if not given, what the game's company does in this quarter.
        Raises GameError for a game that is over, or a plan that cannot be.
        """
        if self.over:
            raise GameError("the game is over: there is no quarter left to play")
        if (plan is None) != (self.setup.vendor is None):
            raise GameError("a quarter needs a plan if a vendor is played, and none if not")
        company = self._company_of_now() if others is None else Others(dict(others))
        self._check(plan, company)
        for what in company.interventions:
            self.intervene(what)
        for vendor, strategy in company.strategies.items():
            self.take_strategy(vendor, strategy)
        for agent in self._seats.values():
            agent.plan = plan if agent.vendor == self.setup.vendor else company.plans.get(agent.vendor)
        now, before = self.now, self.state
        self.model.step()
        outcome = self.model.outcome
        assert outcome is not None
        self._tracer.add(now, before, outcome, self.state)
        self.turns.append(Turn(now, plan, before, outcome, self.state))
        self.company.append(Others(company.plans, tuple(self._interventions), dict(self._strategies)))
        self._interventions, self._strategies = [], {}
        return self.turns[-1]

    def fork(self, quarters: int) -> Game:
        """Another game that is the same for so many quarters, and in which others go on as they did here."""
        coming = self._company_of_now()
        events, strategies = self._interventions, self._strategies
        coming = Others(coming.plans, (*events, *coming.interventions), {**strategies, **coming.strategies})
        company = [*self.company, coming, *self._to_come[len(self.turns) + 1 :]]
        return Game(self.setup, self.plans[:quarters], company)

    # -- what comes from outside ----------------------------------------------------------------------------------

    def intervene(self, what: Intervention) -> None:
        """Let something happen before the quarter is played.  Raises GameError if it cannot be."""
        self._check_intervention(what)
        self._interventions.append(what)
        self._change_world(what.applied(self.world, self.now.index))

    def take_strategy(self, vendor: str, strategy: str) -> None:
        """Have a vendor follow another strategy wherever nobody makes a plan for it.

        Raises StrategyError for its name, GameError for a vendor that there is not.
        """
        get(strategy)
        if vendor not in self._seats:
            raise GameError(f"{self.world.name} has no domestic vendor {vendor!r}")
        if self._seats[vendor].strategy == strategy:
            return
        self._strategies[vendor] = self._seats[vendor].strategy = strategy
        if vendor in self.world.vendors:
            other = self.world.vendors[vendor].model_copy(update={"strategy": strategy})
            self._change_world(self.world.model_copy(update={"vendors": {**self.world.vendors, vendor: other}}))

    def _change_world(self, world: Scenario) -> None:
        self.world = world
        self.model.market.parameters = Parameters(world)

    def _company_of_now(self) -> Others:
        """What others do in the quarter to be played."""
        now = len(self.turns)
        return self._to_come[now] if now < len(self._to_come) else NOBODY

    def _check(self, plan: Plan | None, company: Others) -> None:
        """Raise GameError or StrategyError for what cannot be; nothing has been changed then."""
        for vendor in (*company.plans, *company.strategies):
            if vendor not in self._seats:
                raise GameError(f"{self.world.name} has no domestic vendor {vendor!r}")
        if self.setup.vendor in company.plans:
            raise GameError(f"others cannot decide: {self.setup.vendor} is the own vendor")
        for strategy in company.strategies.values():
            get(strategy)
        for what in company.interventions:
            self._check_intervention(what)
        for problem in [] if plan is None else self.problems(plan):
            raise GameError(f"{self.now.name}: {problem.path} cannot be {problem.value}")
        for vendor, other in company.plans.items():
            for problem in problems(other, self.parameters, contracts(self, self._seats[vendor].index)):
                raise GameError(f"{self.now.name}: {vendor}: {problem.path} cannot be {problem.value}")

    def _check_intervention(self, what: Intervention) -> None:
        for field, allowed in what.problems(self.parameters, self.now.index):
            raise GameError(f"{field} cannot be so; allowed: {allowed}")

    def _domestic(self) -> list[str]:
        parameters = Parameters(self.world)
        return parameters.vendors[: parameters.domestic]

    @cached_property
    def _seats(self) -> dict[str, Seat]:
        """Agents of all domestic vendors by name."""
        return {agent.vendor: agent for agent in self.model.agents if isinstance(agent, Seat)}
