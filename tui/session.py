"""A game that is played here: on one's own, watched, or shown again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from agents.game.file import Difference, Saved
from agents.game.game import Game, Turn
from agents.game.plan import Plan
from agents.game.saves import Autosave, keep
from agents.game.setup import Setup
from agents.strategies.outlook import Outlook
from tui.findings import Findings
from tui.sitting import Showing
from tui.tutorial import SHORT_RUNWAY

Reason = Literal["runway", "product", "failed"]
"""Why a plan is no longer held: money gets short, a new product is out, the end."""


@dataclass
class Session(Showing):
    """One game in progress: played, watched or replayed.

    script: plans of a recorded game that are still to be shown; None when none is shown.
    autosave: where the game is kept after each quarter; nothing is kept while a market is watched or a recording shown.
    """

    game: Game
    script: list[Plan | None] | None = None
    autosave: Autosave = field(default_factory=Autosave)

    @classmethod
    def begin(cls, setup: Setup) -> Session:
        """A new game.  Raises MarketSimError for a setup that cannot be played."""
        return cls(Game(setup))

    @classmethod
    def continued(cls, saved: Saved) -> tuple[Session, Difference | None]:
        """A saved game where it was left, and whether it came out as it was saved.  Raises GameFileError."""
        game = saved.game()
        return cls(game, draft=saved.draft, autosave=Autosave(saved.path)), saved.check(game)

    @classmethod
    def replayed(cls, saved: Saved) -> Session:
        """A saved game from its first quarter on."""
        game = Game(saved.setup, company=saved.company)
        return cls(game, script=list(saved.plans), autosave=Autosave(saved.path))

    @property
    def plays(self) -> bool:
        """A person decides for a vendor that is in business."""
        return self.script is None and super().plays

    @property
    def shown(self) -> bool:
        """Nobody decides: a market is watched, or a recorded game shown again."""
        return self.game.setup.vendor is None or self.script is not None

    @property
    def finished(self) -> bool:
        """A person has played to the end, or to the end of the own vendor."""
        return not self.shown and self.game.over

    @property
    def ended(self) -> bool:
        """Nothing is left to be seen: the last quarter of the market, or of the recording, has been played."""
        return self.game.over or self.script == []

    def go_to(self, quarters: int) -> None:
        """Show a watched market, or a recording, after so many quarters, as far as there are so many.

        Backwards, the quarters before are played again.
        """
        plans = [*self.game.plans, *(self.script or ())]
        if quarters < len(self.game.turns):
            kept = max(quarters, 0)
            self.game = self.game.fork(kept)
            self.findings = Findings()
            self.script = None if self.script is None else plans[kept:]
            self.start_over()
        while len(self.game.turns) < quarters and not self.ended:
            self.end_quarter()

    def save(self) -> None:
        """Keep the game and the plan that is being typed.  Raises MarketSimError where that is not possible."""
        if not self.shown:
            self.autosave.save(self.game, self.draft)

    def keep(self) -> Path:
        """Save by hand, to a file of its own.  Raises MarketSimError."""
        return keep(self.game, self.draft)

    def hold(self, until: str) -> Reason | None:
        """Go on as the draft says up to and with a quarter; why it was stopped before, if it was."""
        while self.plays and not self.problems():
            product = self.game.state.architecture[self.game.seat, 0]
            turn = self.end_quarter()
            if not self.game.alive:
                return "failed"
            if turn.now.name >= until or self.game.over:
                return None
            if float(Outlook(self.game.observation).runway[0, 0]) < SHORT_RUNWAY:
                return "runway"
            if self.game.state.architecture[self.game.seat, 0] != product:
                return "product"
        return None

    def end_quarter(self) -> Turn:
        """Play the draft, or the next quarter of the script.  Raises GameError if it cannot be played."""
        if self.script is None:
            turn = self.game.play(self.draft)
        else:
            turn = self.game.play(self.script[0])
            self.script = self.script[1:]
        self.findings = Findings()
        self.start_over()
        return turn
