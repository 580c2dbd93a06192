"""How good the game's forecasts are: how often the realised figure lies inside the band, and what a forecast costs.

    python -m benchmarks.forecasts --games 60

Games of all vendors and levels are played by the advice of one strategy each. At some quarters of each the plan is
forecast, and then played and held in a fork of the game, against rivals who do what their strategies say. Inside the
band should be 80 % of the realised figures.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from agents.game import Game, Plan, Setup
from agents.game.difficulty import LEVELS
from agents.game.forecast import Ahead, forecast
from agents.game.game import Turn
from marketsim.scenario.library import load_scenario

SCENARIO = "china-ai-chips"
STRATEGIES = ("disciplined", "cost-leader", "fast-follower", "capacity-hoarder", "skimmer", "best-response", "platform")
FIGURES = ("sold", "orders", "revenue", "margin", "share", "cash")
HORIZONS = (1, 4)
ROUNDING = 1e-6
"""Relative: a figure that is certain, such as sales out of a stock that is too small, is inside."""

Counts = dict[tuple[str, int], list[tuple[bool, bool]]]
"""By figure and quarters ahead: whether what happened was below the band, and above it."""


def coverage(games: int, quarters: int = 5, seed: int = 0) -> tuple[Counts, float]:
    """What happened in so many games, at so many quarters of each; and the median CPU time of a forecast in seconds."""
    counts: Counts = defaultdict(list)
    seconds = []
    for game, plan in situations(games, quarters, seed):
        begin = time.process_time()
        found = forecast(game, plan)
        seconds.append(time.process_time() - begin)
        turns = held(game, plan, max(HORIZONS))
        for horizon in HORIZONS:
            if horizon <= len(turns):
                compare(counts, horizon, found.quarters[horizon - 1], turns[horizon - 1], game.seat)
    return counts, float(np.median(seconds))


def situations(games: int, quarters: int, seed: int) -> Iterator[tuple[Game, Plan]]:
    """Games in play with the plan that a strategy advises there."""
    rng = np.random.default_rng(seed)
    world = load_scenario(SCENARIO)
    for number in range(games):
        vendor, level = list(world.vendors)[number % len(world.vendors)], list(LEVELS)[number % len(LEVELS)]
        strategy = STRATEGIES[number % len(STRATEGIES)]
        game = Game(Setup(vendor=vendor, difficulty=level, seed=int(rng.integers(10**6))))
        chosen = set(rng.choice(world.quarters - max(HORIZONS) + 1, quarters, replace=False).tolist())
        while not game.over:
            plan = game.advised(strategy)
            if len(game.turns) in chosen:
                yield game, plan
            game.play(plan)


def held(game: Game, plan: Plan, quarters: int) -> list[Turn]:
    """What a plan brought, held after the first quarter; fewer quarters if the vendor failed."""
    fork = game.fork(len(game.turns))
    turns = [fork.play(plan)]
    while len(turns) < quarters and not fork.over:
        turns.append(fork.play(fork.held()))
    return turns


def compare(counts: Counts, horizon: int, ahead: Ahead, turn: Turn, seat: int) -> None:
    """Note on which side of the bands the figures of a quarter were; one that has no value is left out."""
    outcome = turn.outcome
    revenue = outcome.price[:, 0] * outcome.sold[:, 0]
    sold, own = float(outcome.sold[seat, 0]), float(revenue[seat])
    happened = {
        "sold": sold,
        "orders": float(outcome.orders[seat, 0]),
        "revenue": own,
        "margin": 1 - float(outcome.cost_of_goods[seat, 0]) / own if own > 0 else np.nan,
        "share": own / float(revenue.sum()),
        "cash": float(turn.after.cash[seat, 0]),
    }
    for name in FIGURES:
        band, value = getattr(ahead, name), happened[name]
        if not np.isnan(value):
            slack = ROUNDING * max(abs(value), abs(band.median), ROUNDING)
            inside = band.low - slack <= value <= band.high + slack  # of a NaN band nothing is inside
            counts[name, horizon].append((not inside and not value > band.high, not inside and value > band.high))


def inside(sides: list[tuple[bool, bool]]) -> float:
    """Share of the figures that were neither below nor above their band."""
    return float(1 - np.any(sides, axis=1).mean())


def table(counts: Counts) -> Iterator[str]:
    """The counts as lines of text."""
    yield "figure   " + "".join(f"| {horizon} ahead:  n  inside  below  above " for horizon in HORIZONS)
    for name in FIGURES:
        line = f"{name:9}"
        for horizon in HORIZONS:
            sides = counts[name, horizon]
            below, above = np.mean(sides, axis=0)
            line += f"| {len(sides):11} {inside(sides):6.0%} {below:6.0%} {above:6.0%} "
        yield line


def main() -> None:
    """Print how often what happened lies inside the band."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--games", type=int, default=60)
    parser.add_argument("--quarters", type=int, default=5, help="forecasts of each game")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    counts, seconds = coverage(options.games, options.quarters, options.seed)
    print(*table(counts), f"CPU time of a forecast: {1000 * seconds:.0f} ms", sep="\n")


if __name__ == "__main__":
    main()
