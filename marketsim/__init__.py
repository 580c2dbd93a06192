"""An agent-based simulation of China's AI chip market.

>>> import marketsim as ms
>>> ensemble = ms.simulate("china-ai-chips", runs=20, seed=7)
>>> ensemble.summary.years[:3]
[2025, 2026, 2027]
>>> float(ensemble.summary.metric("active_vendors")[0])  # the median over the runs, 2025
13.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from marketsim.api import Ensemble, assess_shakeout, simulate, strategies_of
    from marketsim.decisions import Decision
    from marketsim.ensemble import Summary
    from marketsim.errors import MarketSimError, ScenarioError
    from marketsim.experiments.execute import run_experiment
    from marketsim.experiments.results import open_results
    from marketsim.market import Market
    from marketsim.observation import Observation
    from marketsim.outcomes import METRICS
    from marketsim.scenario.library import load_scenario
    from marketsim.scenario.parameters import Parameters
    from marketsim.scenario.schema import Scenario

__version__ = "0.1.0"

_HOME = {
    "simulate": "api",
    "Ensemble": "api",
    "assess_shakeout": "api",
    "strategies_of": "api",
    "Decision": "decisions",
    "Summary": "ensemble",
    "MarketSimError": "errors",
    "ScenarioError": "errors",
    "run_experiment": "experiments.execute",
    "open_results": "experiments.results",
    "Market": "market",
    "METRICS": "outcomes",
    "Observation": "observation",
    "load_scenario": "scenario.library",
    "Parameters": "scenario.parameters",
    "Scenario": "scenario.schema",
}

__all__ = [
    "METRICS",
    "Decision",
    "Ensemble",
    "Market",
    "MarketSimError",
    "Observation",
    "Parameters",
    "Scenario",
    "ScenarioError",
    "Summary",
    "assess_shakeout",
    "load_scenario",
    "open_results",
    "run_experiment",
    "simulate",
    "strategies_of",
]


def __getattr__(name: str) -> Any:
    """Import on first use, so that the command line starts fast."""
    from importlib import import_module

    if name in _HOME:
        return getattr(import_module(f"marketsim.{_HOME[name]}"), name)
    raise AttributeError(f"module 'marketsim' has no attribute '{name}'")


def __dir__() -> list[str]:
    """The public names, for those who explore."""
    return [*__all__, "__version__"]
