"""One vendor played by a person: the game without its screens."""

from agents.game.game import Game, Turn
from agents.game.plan import Plan, PlanProblem, plan_of
from agents.game.setup import GameError, Setup

__all__ = ["Game", "GameError", "Plan", "PlanProblem", "Setup", "Turn", "plan_of"]
