"""What an experiment costs beside the plain ensemble of the same runs, and how much memory it takes for many runs."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.memory import peak_memory_of
from marketsim.api import strategies_of
from marketsim.ensemble import Job
from marketsim.ensemble import run as simulate
from marketsim.experiments.execute import executor_of, run
from marketsim.experiments.experiment import load_experiment
from marketsim.experiments.store import Store
from marketsim.scenario.library import load_scenario

SCENARIO = "china-ai-chips"
FILE = "title: {{en: speed, zh: 速度}}\nscenario: {scenario}\nruns_per_point: {runs}\n"


def experiment_speed(runs: int, workers: int, scenario: str = SCENARIO) -> float:
    """Runs per second of an experiment: one policy, nothing uncertain, measured, judged and written."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "experiment.yaml")
        path.write_text(FILE.format(scenario=scenario, runs=runs))
        experiment = load_experiment(path)
        start = time.perf_counter()
        run(experiment, Store(Path(folder, "results")), executor_of(workers))
        return runs / (time.perf_counter() - start)


def beside_ensemble(runs: int, workers: int, repeats: int = 3) -> tuple[float, float]:
    """Runs per second of the experiment and of the plain ensemble: the best of a few times, taken in turn."""
    experiments, ensembles = [], []
    for _ in range(repeats):
        experiments.append(experiment_speed(runs, workers))
        ensembles.append(_ensemble_speed(runs, workers))
    return max(experiments), max(ensembles)


def _ensemble_speed(runs: int, workers: int) -> float:
    scenario = load_scenario(SCENARIO)
    start = time.perf_counter()
    simulate(Job(scenario, strategies_of(scenario), seed=7), runs, workers)
    return runs / (time.perf_counter() - start)


def six_policies(workers: int) -> float:
    """Seconds of the experiment that comes with the program, from nothing."""
    experiment = load_experiment("six-policies")
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run(experiment, Store(folder), executor_of(workers))
        return time.perf_counter() - start


def peak_memory_of_experiment(runs: int, workers: int) -> float:
    """Peak memory of an experiment, MB: see `peak_memory_of`."""
    return peak_memory_of("benchmarks.experiments", f"experiment_speed({runs}, {workers})", workers)
