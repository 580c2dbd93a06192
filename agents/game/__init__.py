"""One vendor played by a person: the game without its screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.game.file import Difference, Saved, load, save
from agents.game.format import GameFileError, Versions
from agents.game.plan import Plan, PlanProblem, plan_of
from agents.game.setup import GameError, Setup

if TYPE_CHECKING:
    from agents.game.game import Game, Turn

__all__ = [
    "Difference",
    "Game",
    "GameError",
    "GameFileError",
    "Plan",
    "PlanProblem",
    "Saved",
    "Setup",
    "Turn",
    "Versions",
    "load",
    "plan_of",
    "save",
]


def __getattr__(name: str) -> Any:
    """Import Mesa, the largest part of a cold start, only when a game is played: a list of saves needs none."""
    if name in ("Game", "Turn"):
        from agents.game import game

        return getattr(game, name)
    raise AttributeError(f"module 'agents.game' has no attribute '{name}'")
