"""The built-in strategies in one's own seat, on the same luck: what a result is to be measured by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from agents.game.score import Score, score
from agents.game.setup import GameError, Setup
from agents.strategies import get
from agents.strategies.registry import BUILT_IN
from agents.strategies.strategy import Strategy
from agents.strategies.team import Team
from marketsim.chance import pad_runs
from marketsim.decisions import Decision, full
from marketsim.market import Market
from marketsim.observation import Observation
from marketsim.scenario.parameters import Parameters
from marketsim.scenario.schema import Scenario
from marketsim.trace import Tracer

CONTESTANTS = tuple(name for name in BUILT_IN if name != "hold")
"""Who takes part: all built-in strategies but the one that stands for a firm that nobody runs."""


@dataclass(frozen=True, slots=True)
class Rung:
    """What a strategy makes of the seat. The arrays of its score have no axis."""

    strategy: str
    score: Score


def ladder(setup: Setup, contestants: Sequence[str] = CONTESTANTS) -> list[Rung]:
    """The strategies by what they make of a game's seat, with its rivals, length and luck, the best first.

    Raises GameError where nobody is played, StrategyError for a contestant, and what `Setup.world` raises.
    """
    if setup.vendor is None:
        raise GameError("this market is watched: there is no seat to compare strategies in")
    found = seat_scores(setup.world(), setup.vendor, contestants, setup.seed, range(1))
    rungs = [Rung(name, found.of((place, 0))) for place, name in enumerate(contestants)]
    return sorted(rungs, key=lambda rung: (rung.score.value, rung.score.lasted), reverse=True)


def rank(own: Score, rungs: Sequence[Rung]) -> int:
    """One's place among the strategies, 1 the best: behind those alone that do better.  own: of one game."""
    return 1 + sum(bool(rung.score.beats(own)) for rung in rungs)


def seat_scores(world: Scenario, vendor: str, contestants: Sequence[str | Strategy], seed: int, runs: range) -> Score:
    """What each strategy makes of a seat in each run, [contestant,r], all on the same luck.

    Their markets are played side by side as runs of one market, each with its run's own luck: the bits are those of a
    market by itself.  world: as it is played, whoever has the seat in it.  runs: consecutive run numbers.
    """
    p = Parameters(world)
    sides, lucks = len(contestants), pad_runs(runs)
    everybody = _Everybody(p, vendor, contestants, len(lucks))
    market = Market(p, seed, lucks, np.tile(np.arange(len(lucks)), sides))
    tracer = Tracer(p, market.state)
    while not market.over:
        now, before = market.now, market.state
        outcome = market.step(everybody.decide(market.observe()))
        tracer.add(now, before, outcome, market.state)
    found = score(tracer.result(), market.state, everybody.seat)
    by_side = {item.name: getattr(found, item.name).reshape(sides, len(lucks)) for item in fields(Score)}
    return Score(**by_side).of((slice(None), slice(0, len(runs))))


class _Everybody:
    """All vendors by the strategies of the world, but one seat by another contestant in each group of runs."""

    def __init__(self, p: Parameters, vendor: str, contestants: Sequence[str | Strategy], runs: int) -> None:
        self.team, self.seat, self.runs = Team(p.strategies), p.vendors.index(vendor), runs
        self.contestants = [get(one) if isinstance(one, str) else one for one in contestants]

    def decide(self, obs: Observation) -> Decision:
        """The decision of all vendors; runs are those of the first contestant, then those of the second, ..."""
        decision = self.team.decide(obs)  # arrays of its own, which nobody else holds
        own = obs.of(slice(self.seat, self.seat + 1))
        for side, strategy in enumerate(self.contestants):
            chosen = full(strategy.decide(own), 1, self.runs * len(self.contestants))
            runs = slice(side * self.runs, (side + 1) * self.runs)
            for name in Decision.axes():
                getattr(decision, name)[self.seat, ..., runs] = getattr(chosen, name)[0, ..., runs]
        return decision
