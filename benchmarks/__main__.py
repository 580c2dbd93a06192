"""Measure how fast the default scenario runs, on this machine, and where the time goes."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import mesa
import numpy as np

from agents.model import MarketModel
from benchmarks.assessing import assess_speed, cost_of_assessing, drawn_speed, peak_memory_of_assessing
from benchmarks.experiments import beside_ensemble, peak_memory_of_experiment, six_policies
from benchmarks.floor import floor_runs_per_second
from benchmarks.forecasts import HORIZONS, coverage, inside
from benchmarks.installed import size_in_mb
from benchmarks.memory import peak_memory_of
from benchmarks.parts import share_of_time
from benchmarks.playing import first_screen, quarters, typing
from benchmarks.results import keep
from benchmarks.workshop import load
from marketsim.api import strategies_of
from marketsim.ensemble import CHUNK, Job, run
from marketsim.scenario.library import load_scenario
from marketsim.scenario.parameters import Parameters

SCENARIO = "china-ai-chips"


def ensemble_speed(runs: int, workers: int) -> float:
    """Runs per second of an ensemble."""
    world = load_scenario(SCENARIO)
    job = Job(world, strategies_of(world), seed=0)
    start = time.perf_counter()
    run(job, runs, workers)
    return runs / (time.perf_counter() - start)


def mesa_speed(runs: int) -> float:
    """Runs per second of the Mesa model under mesa.batch_run in one process."""
    world = load_scenario(SCENARIO)
    start = time.perf_counter()
    mesa.batch_run(
        MarketModel,
        parameters={"scenario": [world], "rng": [0], "run": list(range(runs))},
        max_steps=world.quarters,
        number_processes=1,
        data_collection_period=-1,
        display_progress=False,
    )
    return runs / (time.perf_counter() - start)


def peak_memory(runs: int, workers: int) -> float:
    """Peak memory of an ensemble, MB: see `peak_memory_of`."""
    return peak_memory_of("benchmarks.__main__", f"ensemble_speed({runs}, {workers})", workers)


def cold_start(repeats: int = 7) -> float:
    """Median seconds of `marketsim --help`."""
    command = [sys.executable, "-m", "marketsim", "--help"]
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=_ROOT)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


_ROOT = Path(__file__).parent.parent


def main() -> None:
    """Print the figures as a table and write them to benchmarks/results.json."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--runs", type=int, default=8192, help="runs of each ensemble")
    parser.add_argument("--mesa-runs", type=int, default=24, help="runs of the Mesa model")
    parser.add_argument("--memory-runs", type=int, default=20000, help="runs of the memory measurement")
    parser.add_argument("--assessed-runs", type=int, default=100_000, help="runs of the largest assessment")
    parser.add_argument(
        "--forecast-games", type=int, default=39, help="games in which forecasts are compared with play"
    )
    options = parser.parse_args()
    world = load_scenario(SCENARIO)
    parameters, decide = Parameters(world), strategies_of(world)
    floor, seconds = floor_runs_per_second(parameters, decide, CHUNK)
    figures: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "numpy": np.__version__},
        "installed size of the core, MB": size_in_mb(),
        "cold start of --help, s": cold_start(),
        "ensemble, 1 worker, runs/s": ensemble_speed(options.runs, 1),
        "ensemble, 2 workers, runs/s": ensemble_speed(options.runs, 2),
        "mesa.batch_run, runs/s": mesa_speed(options.mesa_runs),
        "NumPy floor, 1 worker, runs/s": floor,
        f"peak memory, {options.memory_runs} runs, 2 workers, MB": peak_memory(options.memory_runs, 2),
        "share of time by part": {part: round(share, 3) for part, share in share_of_time(parameters, decide).items()},
        "floor by kind of pass, ms per chunk": {kind: round(1000 * value, 1) for kind, value in seconds.items()},
    }
    figures |= _assessing(options.assessed_runs)
    figures |= _experimenting(options.runs)
    figures |= _forecasting(options.forecast_games)
    figures |= _playing()
    figures |= load()
    figures["ensemble, 2 workers, times mesa.batch_run"] = (
        figures["ensemble, 2 workers, runs/s"] / figures["mesa.batch_run, runs/s"]
    )
    figures["ensemble, 1 worker, share of the floor"] = figures["ensemble, 1 worker, runs/s"] / floor
    keep(figures)


def _assessing(runs: int) -> dict[str, float]:
    """What the shakeout test costs: time beside simulating, of the default and of the dearest scenario, and memory."""
    shares = {}
    for scenario in (SCENARIO, "photovoltaics"):
        simulating, assessing = cost_of_assessing(scenario, CHUNK)
        shares[f"assessing {scenario}, share of simulating"] = assessing / simulating
    return shares | {
        "simulated and assessed, 2 workers, runs/s": assess_speed(SCENARIO, runs // 10, 2),
        "the same over 256 draws of 8 runs, runs/s": drawn_speed(SCENARIO, 256, 8, 2),
        f"peak memory, {runs // 10} runs assessed, 2 workers, MB": peak_memory_of_assessing(SCENARIO, runs // 10, 2),
        f"peak memory, {runs} runs assessed, 2 workers, MB": peak_memory_of_assessing(SCENARIO, runs, 2),
    }


def _experimenting(runs: int) -> dict[str, float]:
    """What an experiment costs beside the plain ensemble, and the one that comes with the program."""
    experiment, ensemble = beside_ensemble(runs, 2)
    return {
        "experiment of one policy, 2 workers, runs/s": experiment,
        "experiment, share of the plain ensemble's speed": experiment / ensemble,
        "six-policies, 22,000 runs, 2 workers, s": six_policies(2),
        "peak memory, experiment of 4,096 runs, 2 workers, MB": peak_memory_of_experiment(4096, 2),
        "peak memory, experiment of 65,536 runs, 2 workers, MB": peak_memory_of_experiment(65_536, 2),
    }


def _forecasting(games: int) -> dict[str, Any]:
    """What a forecast of the game costs, and how often what happened lies inside its bands: 0.8 is aimed at."""
    counts, seconds = coverage(games)
    shares = {
        f"inside forecast bands, {horizon} quarters ahead": {
            name: round(inside(counts[name, ahead]), 2) for name, ahead in counts if ahead == horizon
        }
        for horizon in HORIZONS
    }
    return {"forecast of 4 quarters, 32 runs, ms of CPU": 1000 * seconds, **shares}


def _playing() -> dict[str, float]:
    """What the player waits for in a terminal: first screen, a quarter, a digit beside a forecast; and memory."""
    seconds, memory = quarters()
    keys = typing()
    return {
        "game: command to first screen, warm, s": first_screen(),
        "game: a quarter on screen, median, ms": 1000 * float(np.median(seconds)),
        "game: a quarter on screen, slowest of 39, ms": 1000 * max(seconds),
        "game: a digit in the form beside a forecast, median, ms": 1000 * float(np.median(keys)),
        "game: memory after 40 quarters, MB": memory,
    }


if __name__ == "__main__":
    main()
