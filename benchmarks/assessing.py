"""What the shakeout test costs beside simulating, and how much memory it takes for many runs."""

from __future__ import annotations

import time

from benchmarks.memory import peak_memory_of
from marketsim.api import strategies_of
from marketsim.market import Market
from marketsim.scenario.library import load, load_scenario
from marketsim.scenario.parameters import Parameters
from marketsim.shakeout.ensemble import Job, assess, latin_hypercube
from marketsim.shakeout.instrument import TOLERANCES, load_instrument
from marketsim.shakeout.record import Recorder


def cost_of_assessing(scenario: str, runs: int) -> tuple[float, float]:
    """Seconds of simulating runs side by side, and of recording, measuring and judging them; one process."""
    world = load_scenario(scenario)
    p, decide, instrument = Parameters(world), strategies_of(world), load_instrument()
    market, recorder, recording = Market(p, 0, range(runs)), Recorder(p, runs), 0.0
    start = time.perf_counter()
    for now, before, outcome in market.play(decide):
        began = time.perf_counter()
        recorder.add(now, before, outcome, market.state)
        recording += time.perf_counter() - began
    simulating = time.perf_counter() - start - recording
    began = time.perf_counter()
    measured = instrument.read(recorder.result()).measured
    for factor in TOLERANCES:
        instrument.scaled(factor).judge(measured)
    return simulating, recording + time.perf_counter() - began


def assess_speed(scenario: str, runs: int, workers: int) -> float:
    """Runs per second, simulated and assessed, the scenario as it is written."""
    world = load_scenario(scenario)
    job = Job(world, strategies_of(world), 0, load_instrument())
    start = time.perf_counter()
    assess(job, runs, workers)
    return runs / (time.perf_counter() - start)


def drawn_speed(scenario: str, draws: int, runs_of_draw: int, workers: int) -> float:
    """Runs per second, simulated and assessed, over draws of the scenario's free parameters played side by side."""
    loaded = load(scenario)
    sample = latin_hypercube(loaded, draws, 0)
    job = Job(loaded.scenario, strategies_of(loaded.scenario), 0, load_instrument(), draws=sample)
    start = time.perf_counter()
    assess(job, draws * runs_of_draw, workers)
    return draws * runs_of_draw / (time.perf_counter() - start)


def peak_memory_of_assessing(scenario: str, runs: int, workers: int) -> float:
    """Peak memory of assessing, MB: see `peak_memory_of`."""
    return peak_memory_of("benchmarks.assessing", f"assess_speed({scenario!r}, {runs}, {workers})", workers)
