"""Strategies: ways to run a vendor, one small file each; found by name in the registry."""

from agents.strategies.registry import Description, StrategyError, describe, get, names
from agents.strategies.strategy import Strategy
from agents.strategies.team import Team

__all__ = ["Description", "Strategy", "StrategyError", "Team", "describe", "get", "names"]
