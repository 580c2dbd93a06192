"""The market as a PettingZoo environment: vendors are agents, quarters are steps, the rule book is the world.

One episode is one run; it has the bits of the same run of an ensemble where the actions are what strategies decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from inspect import isfunction
from typing import Any

import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv

from agents.game.score import score
from agents.strategies.team import Team
from marketsim.decisions import Decision, bounds, full, stack
from marketsim.market import Market
from marketsim.observation import Observation, PublicFacts
from marketsim.scenario.library import load_scenario
from marketsim.scenario.parameters import Conditions, Parameters
from marketsim.scenario.schema import Scenario
from marketsim.state import Floats
from marketsim.trace import Tracer

Seen = dict[str, Floats]
"""An observation: arrays by name, without the axes of vendor and run."""

Action = Mapping[str, Any]
"""A decision: arrays by field, without the axes of vendor and run."""


def _given(kind: type) -> list[str]:
    """Names of what a class gives as data."""
    members = vars(kind).items()
    return [name for name, it in members if name[0] != "_" and hasattr(it, "__get__") and not isfunction(it)]


OWN, PUBLIC = _given(Observation), _given(PublicFacts)
NOW = [item.name for item in fields(Conditions) if item.name not in ("name", "events", "levers")]


class MarketEnvironment(ParallelEnv[str, Seen, Action]):
    """A market whose named vendors are played by agents, all others and newcomers by the scenario's strategies.

    scenario: a name, a path or a Scenario.  vendors: those that agents play; none: all named domestic vendors.
    seed: of the luck until `reset` gives another one.

    Observation, float64: what `marketsim.observation.Observation` gives a vendor at the start of a quarter, in its
    units; facts known to all are called `public.NAME`, conditions of the quarter `now.NAME`, policy levers
    `lever.NAME`.
    Action: the fields of `marketsim.decisions.Decision` in their units, within `decisions.bounds`; splits are scaled to
    sum 1. What is out of bounds is cut, as for strategies.
    Reward, rmb_m: how much the vendor's score grew in the quarter (`agents.game.score`: founders' share of cash less
    debt, cards at cost, and five times the last year's profit before research). It was 0 before the first quarter, so
    that the rewards of an episode add up to the score. A vendor that fails loses what it had, and is terminated; at the
    end of the scenario the others are truncated, with the last quarter's observation once more.

    Raises ValueError for a vendor that there is not, ScenarioError for a scenario that cannot be read.
    """

    market: Market
    _observed: Observation
    _tracer: Tracer
    _scores: dict[str, float]
    metadata: dict[str, Any] = {"name": "marketsim_v0", "render_modes": []}  # noqa: RUF012 - as PettingZoo has it

    def __init__(
        self,
        scenario: str | Scenario = "china-ai-chips",
        vendors: Sequence[str] | None = None,
        seed: int = 7,
    ) -> None:
        world = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        self.parameters = Parameters(world)
        self.possible_agents = list(world.vendors if vendors is None else vendors)
        unknown = sorted(set(self.possible_agents) - set(world.vendors))
        if unknown or not self.possible_agents:
            told = f"no such vendor: {', '.join(unknown)}" if unknown else "at least one vendor is needed"
            raise ValueError(f"{told}; there are {', '.join(world.vendors)}")
        self.agents: list[str] = []
        self._rows = {vendor: self.parameters.vendors.index(vendor) for vendor in self.possible_agents}
        self._team = Team(self.parameters.strategies)
        self._seed = seed
        self._begin(0)
        self._actions = {vendor: self._action_space() for vendor in self.possible_agents}
        self._observations = {vendor: self._observation_space() for vendor in self.possible_agents}
        self._run = -1  # the first episode is run 0

    def observation_space(self, agent: str) -> spaces.Dict:
        """What the agent sees; always the same object."""
        return self._observations[agent]

    def action_space(self, agent: str) -> spaces.Dict:
        """What the agent decides; always the same object."""
        return self._actions[agent]

    def reset(
        self, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Seen], dict[str, dict[str, Any]]]:
        """Begin an episode.

        seed: of the luck, beginning with run 0; none: the next run of the same seed.  options: `run` chooses one.
        Episode n after a seed is run n of the ensemble with that seed.
        """
        following = self._run + 1
        if seed is not None:
            self._seed, following = seed, 0
        self._begin((options or {}).get("run", following))
        self.agents = list(self.possible_agents)
        return {agent: self._seen(agent) for agent in self.agents}, self._infos()

    def step(
        self, actions: Mapping[str, Action]
    ) -> tuple[dict[str, Seen], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]:
        """Play a quarter; nothing where the episode is over.

        actions: of every agent.  Returns observations, rewards, terminations, truncations and infos of these agents.
        Raises ValueError for an agent without an action.
        """
        acting = self.agents
        if not acting:
            return {}, {}, {}, {}, {}
        missing = [agent for agent in acting if agent not in actions]
        if missing:
            raise ValueError(f"no action of {', '.join(missing)}: every agent decides in every quarter")
        decided = [(slice(row, row + 1), _decision(actions[agent])) for agent, row in self._of(acting)]
        now, before = self.market.now, self.market.state
        outcome = self.market.step(stack(decided, self._team.decide(self._observed)))
        self._tracer.add(now, before, outcome, self.market.state)
        del self._tracer.rows[:-4]  # a score looks back a year
        rewards = self._rewards()
        failed = {agent: not self.market.state.alive[row, 0] for agent, row in self._of(acting)}
        over = {agent: self.market.over and not failed[agent] for agent in acting}
        if not self.market.over:
            self._observed = self.market.observe()
        seen, infos = {agent: self._seen(agent) for agent in acting}, self._infos()
        self.agents = [agent for agent in acting if not (failed[agent] or over[agent])]
        return seen, rewards, failed, over, infos

    def advice(self) -> dict[str, dict[str, Any]]:
        """What the scenario's strategies would do now, as an action of each agent."""
        decided = full(self._team.decide(self._observed), len(self.parameters.vendors), len(self.market.runs))
        return {
            agent: {
                item.name: _plain(np.asarray(getattr(decided, item.name))[row, ..., 0]) for item in fields(Decision)
            }
            for agent, row in self._of(self.agents)
        }

    def _of(self, agents: Sequence[str]) -> list[tuple[str, int]]:
        return [(agent, self._rows[agent]) for agent in agents]

    def _begin(self, run: int) -> None:
        self._run = run
        self.market = Market(self.parameters, self._seed, range(run, run + 1))
        self._observed = self.market.observe()
        self._tracer = Tracer(self.parameters, self.market.state)
        self._scores = dict.fromkeys(self.possible_agents, 0.0)

    def _infos(self) -> dict[str, dict[str, Any]]:
        """The last quarter that was played, empty before the first, and the score so far."""
        played = self.market.quarter
        quarter = self.parameters.conditions[played - 1].name if played else ""
        return {agent: {"quarter": quarter, "score": self._scores[agent]} for agent in self.agents}

    def _rewards(self) -> dict[str, float]:
        """By how much the score of each agent grew in the quarter that was just played."""
        trace, before = self._tracer.result(), self._scores
        worth = {agent: score(trace, self.market.state, row).value for agent, row in self._of(self.agents)}
        self._scores = before | {agent: float(value[0]) for agent, value in worth.items()}
        return {agent: self._scores[agent] - before[agent] for agent in self.agents}

    def _seen(self, agent: str) -> Seen:
        own = self._observed.of(slice(self._rows[agent], self._rows[agent] + 1))
        now, public = own.now, own.public
        return (
            {name: _alone(getattr(own, name)[0]) for name in OWN}
            | {f"public.{name}": _alone(getattr(public, name)) for name in PUBLIC}
            | {f"now.{name}": _alone(getattr(now, name)) for name in NOW}
            | {f"lever.{name}": np.array(value, dtype=np.float64) for name, value in now.levers.items()}
        )

    def _observation_space(self) -> spaces.Dict:
        seen = self._seen(self.possible_agents[0])
        return spaces.Dict({name: spaces.Box(-np.inf, np.inf, it.shape, np.float64) for name, it in seen.items()})

    def _action_space(self) -> spaces.Dict:
        p = self.parameters
        items = {"n": len(p.nodes), "f": len(p.families), "s": len(p.segments)}
        choices = {"start_product": 2, "product_node": len(p.nodes), "product_memory": len(p.memories)}
        space: dict[str, spaces.Space[Any]] = {name: spaces.Discrete(number) for name, number in choices.items()}
        for name, axes in Decision.axes().items():
            if name not in choices:
                shape = tuple(items[axis] for axis in axes if axis in items)
                space[name] = spaces.Box(*bounds(name), shape, np.float64)
        return spaces.Dict(space)


def _alone(values: Any) -> Floats:
    """A figure of one run: without the last axis, if it has one."""
    found = np.asarray(values, dtype=np.float64)
    return found[..., 0].copy() if found.ndim else found


def _plain(value: Any) -> Any:
    """A value as an action holds it: whole numbers for choices, float64 arrays for the rest."""
    return np.int64(value) if value.dtype.kind in "bi" else np.array(value, dtype=np.float64)


def _decision(action: Action) -> Decision:
    """An action with the axes of vendor and run, which its one vendor and all runs share."""
    arrays = {item.name: np.asarray(action[item.name])[None, ..., None] for item in fields(Decision)}
    return Decision(**arrays | {"start_product": arrays["start_product"] > 0})
