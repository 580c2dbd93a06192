"""What other libraries cannot draw."""

from __future__ import annotations

from marketsim.errors import MarketSimError
from marketsim.scenario.experiment_file import UncertainParameter


def not_on_a_log_scale(name: str, free: UncertainParameter) -> None:
    """Raises MarketSimError for a distribution of logarithms other than a uniform one."""
    if free.scale == "log":
        message = f"uncertain.{name}: no {free.distribution} distribution on a logarithmic scale is known there"
        raise MarketSimError(f"{message}: use `distribution: uniform` or `scale: linear`")
