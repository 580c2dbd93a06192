"""Where the time of an ensemble goes, by the stages of the rule book and what stands around them."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable

from agents.strategies.team import Team
from marketsim.chance import draw
from marketsim.ensemble import CHUNK, Decide, simulate_chunk
from marketsim.observation import observe
from marketsim.outcomes import YearBook
from marketsim.rules import population, quarter, sales, supply
from marketsim.rules.books import books
from marketsim.scenario.parameters import Parameters

PARTS: dict[str, list[Callable[..., object]]] = {
    "luck": [draw],
    "what vendors know and decide": [observe, Team.decide],
    "foundry, memory, production": [supply.supply],
    "market": [sales.shelf, sales.trade],
    "software, reliability, technology": [quarter._advanced],
    "books": [books],
    "exit, acquisition, entry": [quarter._exits, population.entries, population.founded],
    "yearly outcomes": [YearBook.add],
}


def share_of_time(parameters: Parameters, decide: Decide, runs: int = CHUNK) -> dict[str, float]:
    """Share of a chunk's time by part; what is missing to 1 is the rest. Profiling itself adds a few per cent."""
    profile = cProfile.Profile()
    profile.runcall(simulate_chunk, parameters, decide, 0, range(runs))
    stats = pstats.Stats(profile)
    seconds = {(file, name): timing[3] for (file, _, name), timing in stats.stats.items()}  # type: ignore[attr-defined]
    return {
        part: sum(seconds[function.__code__.co_filename, function.__code__.co_name] for function in functions)
        / stats.total_tt  # type: ignore[attr-defined]
        for part, functions in PARTS.items()
    }
