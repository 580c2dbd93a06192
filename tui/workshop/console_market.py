"""The market of the room as a film: the screens of a watched game show it after any of its quarters."""

from __future__ import annotations

from dataclasses import dataclass

from agents.game.view import Turn
from agents.workshop.team_view import ReceivedGame
from tui.findings import Findings
from tui.sitting import Showing


@dataclass
class Film(Showing):
    """A market that others play, as far as it has come.  whole: all of it; `game` is what is shown of it."""

    whole: ReceivedGame | None = None

    @classmethod
    def of(cls, whole: ReceivedGame) -> Film:
        """At the end of what there is."""
        return cls(whole, whole=whole)

    def replace_whole(self, whole: ReceivedGame) -> None:
        """More of it, or another one; who was at the end, or where there is nothing any more, is at the new end."""
        assert self.whole is not None
        shown, at_end = len(self.game.turns), self.ended or whole.branch != self.whole.branch
        self.whole = whole
        self.go_to(len(whole.turns) if at_end else shown)

    @property
    def ended(self) -> bool:
        """All that there is so far is shown."""
        return self.whole is None or len(self.game.turns) >= len(self.whole.turns)

    def go_to(self, quarters: int) -> None:
        """Show it after so many quarters, as far as there are so many."""
        if self.whole is not None:
            self.game = self.whole.until(min(max(quarters, 0), len(self.whole.turns)))
            self.findings = Findings()

    def end_quarter(self) -> Turn:
        """The next quarter."""
        self.go_to(len(self.game.turns) + 1)
        return self.game.turns[-1]
