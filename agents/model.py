"""One run of a market as a Mesa model: vendors are agents, the rule book is the world."""

from __future__ import annotations

from collections.abc import Mapping

import mesa

from agents.vendor import VendorAgent
from marketsim.decisions import stack
from marketsim.market import Market
from marketsim.observation import Observation
from marketsim.scenario.library import load_scenario
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario
from marketsim.state import Outcome


class MarketModel(mesa.Model):
    """A market that Mesa steps quarter by quarter; the same run of an ensemble has the same bits.

    scenario: a name, a path or a Scenario.  rng: seed of the luck.  run: number of the run under that seed.
    vendors: own agent classes by vendor identifier; all others are played by the scenario's strategies.
    Raises ValueError for an unknown vendor; ScenarioError for a scenario that cannot be read.
    """

    def __init__(
        self,
        scenario: str | Scenario = "china-ai-chips",
        rng: int = 0,
        run: int = 0,
        vendors: Mapping[str, type[VendorAgent]] | None = None,
    ) -> None:
        super().__init__(rng=rng)
        self.running: bool = True
        world = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        parameters = Parameters(world)
        self.market = Market(parameters, rng, range(run, run + 1))
        self.observation: Observation = self.market.observe()
        self.outcome: Outcome | None = None
        own = dict(vendors or {})
        domestic = parameters.vendors[: parameters.domestic]
        unknown = sorted(set(own) - set(domestic))
        if unknown:
            raise ValueError(f"no such vendor: {', '.join(unknown)}; there are {', '.join(domestic)}")
        for index, (vendor, strategy) in enumerate(zip(domestic, parameters.strategies, strict=True)):
            own.get(vendor, VendorAgent)(self, index, vendor, strategy)
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "quarter": lambda model: model.quarter,
                "active_vendors": lambda model: sum(agent.sold > 0 for agent in model.agents),
                "domestic_cards": lambda model: sum(agent.sold for agent in model.agents),
                "domestic_revenue": lambda model: sum(agent.revenue for agent in model.agents),
            },
            agent_reporters={
                "vendor": "vendor",
                "price": "price",
                "sold": "sold",
                "revenue": "revenue",
                "cash": "cash",
            },
        )

    @property
    def quarter(self) -> str:
        """The quarter that was played last, such as 2025Q1; empty before the first."""
        played = self.market.quarter
        return self.market.parameters.conditions[played - 1].name if played else ""

    def vendor(self, identifier: str) -> VendorAgent:
        """The agent of a vendor.  Raises KeyError if there is none."""
        for agent in self.agents:
            if isinstance(agent, VendorAgent) and agent.vendor == identifier:
                return agent
        raise KeyError(identifier)

    def step(self) -> None:
        """Play one quarter: everybody decides on the same observation, then the rule book is called once."""
        if not self.running:
            return
        self.observation = self.market.observe()
        self.agents.do("step")
        everybody = self.observation.of(slice(None)).hold()
        decided = [
            (slice(agent.index, agent.index + 1), agent.decision)
            for agent in self.agents
            if isinstance(agent, VendorAgent) and agent.decision is not None
        ]
        self.outcome = self.market.step(stack(decided, everybody))
        self.datacollector.collect(self)
        self.running = not self.market.over
