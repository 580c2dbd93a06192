"""The market in other libraries: EMA Workbench and SALib. PettingZoo is served by `agents.environment`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from marketsim.interop.ema import SideBySideEvaluator, ema_model
    from marketsim.interop.evaluate import Evaluation, evaluation
    from marketsim.interop.salib import salib_problem

_HOME = {
    "Evaluation": "evaluate",
    "evaluation": "evaluate",
    "SideBySideEvaluator": "ema",
    "ema_model": "ema",
    "salib_problem": "salib",
}

__all__ = ["Evaluation", "SideBySideEvaluator", "ema_model", "evaluation", "salib_problem"]


def __getattr__(name: str) -> Any:
    """Import on first use: each library only where it is wanted."""
    from importlib import import_module

    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
