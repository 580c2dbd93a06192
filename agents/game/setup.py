"""What a game is: a scenario, the vendor that is played, how hard, how long, and the seed of its luck."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from agents.game.difficulty import LEVELS, Difficulty, LineUp
from agents.game.divided import divided
from agents.strategies import names
from marketsim.errors import MarketSimError, did_you_mean, printable
from marketsim.scenario.fields import Section
from marketsim.scenario.library import load_scenario
from marketsim.scenario.schema import Scenario

Seed = Annotated[int, Field(ge=0, lt=2**63)]


class GameError(MarketSimError):
    """A game that cannot be set up or played on."""


class Setup(Section):
    """Everything that a game starts from; with the plans of its quarters it is the whole game.

    scenario: a name of the library or the path of a file.  vendor: who is played; None: nobody, the market is watched.
    quarters: how many are played; None: all of the scenario.  firms: named domestic vendors that there are at least,
    see `agents.game.divided`; None: those of the scenario.
    """

    scenario: str = "china-ai-chips"
    vendor: str | None = None
    difficulty: Difficulty = "normal"
    quarters: Annotated[int, Field(ge=1, le=400)] | None = None
    seed: Seed = 7
    firms: Annotated[int, Field(ge=1, le=100)] | None = None

    @property
    def line_up(self) -> LineUp:
        """How rivals are minded in this game: drawn from those of its difficulty by the seed."""
        return LEVELS[self.difficulty].drawn(self.seed)

    def world(self) -> Scenario:
        """The scenario as it is played: the rules are the file's, rivals those of the line-up that the seed draws.

        Raises ScenarioError for a scenario that cannot be used, GameError for a vendor or a length it does not have.
        """
        world = load_scenario(self.scenario, strategies=names())
        if self.quarters is not None and self.quarters > world.quarters:
            raise GameError(f"quarters: {self.quarters} are too many, {world.name} has {world.quarters}")
        world = world.model_copy(update={"quarters": self.quarters or world.quarters})
        if self.firms is not None:
            world = divided(world, self.firms)
        if self.vendor is None:
            return world
        if self.vendor not in world.vendors:
            hint = did_you_mean(self.vendor, list(world.vendors), "there are")
            raise GameError(f"vendor: {world.name} has no vendor {printable(self.vendor)!r}; {hint}")
        return LEVELS[self.difficulty].applied(world, self.vendor, self.line_up)
