"""What goes on at the keyboard, as screens are told of it: a game, the plan that is being typed, what can be undone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from agents.game.plan import Plan, PlanProblem
from agents.game.view import GameView, Turn
from tui.findings import Findings
from tui.speech import Speech
from tui.tutorial import Tutor

if TYPE_CHECKING:
    from marketsim.shakeout.instrument import Instrument

Value = float | bool | str


@dataclass
class Sitting:
    """A game, wherever it is played, and the plan of whoever plays the own vendor.

    adviser: strategy that is asked for advice; at first that which the scenario gives the own vendor.
    findings: what screens have worked out about the game as it is now.
    """

    game: GameView
    draft: Plan | None = None
    findings: Findings = field(default_factory=Findings)
    tutor: Tutor = field(default_factory=Tutor)
    adviser: str = ""
    _earlier: list[Mapping[str, Value]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.adviser = self.adviser or self.usual_adviser
        if self.draft is None:
            self.start_over()

    @cached_property
    def instrument(self) -> Instrument:
        """What the shakeout test reads the game with: the same for all of its quarters."""
        from agents.game.shakeout import instrument_for

        return instrument_for(self.game)

    @property
    def ahead(self) -> int:
        """Quarters that had been played when people came."""
        return 0

    @property
    def plays(self) -> bool:
        """A person decides for a vendor that is in business."""
        return self.game.setup.vendor is not None and not self.game.over

    @property
    def usual_adviser(self) -> str:
        """The strategy that the scenario gives the own vendor; empty where nobody is played."""
        vendor = self.game.setup.vendor
        return "" if vendor is None else self.game.world.vendors[vendor].strategy

    def rivals(self, speech: Speech) -> str:
        """Who the rivals are, in a sentence."""
        return speech.title(self.game.setup.line_up.about)

    def advice(self) -> Plan:
        """What the adviser would decide here, in numbers that a person would type."""
        return self.game.advised(self.adviser).rounded()

    def edit(self, path: str, value: Value) -> None:
        """Change one number of the plan."""
        if self.draft is not None:
            self.replace(self.draft.with_value(path, value))

    def replace(self, plan: Plan) -> None:
        """Another plan in the place of the draft; can be undone."""
        before = {} if self.draft is None else changed(self.draft, plan)
        if before:
            self._earlier.append(before)
        self.draft = plan

    def undo(self) -> bool:
        """Take the last change back.  False if there is none."""
        if self.draft is None or not self._earlier:
            return False
        self.draft = with_values(self.draft, self._earlier.pop())
        return True

    def start_over(self) -> None:
        """A draft that goes on as before, nothing to undo."""
        self._earlier.clear()
        self.draft = self.game.held() if self.game.setup.vendor is not None and not self.game.over else None

    def problems(self) -> list[PlanProblem]:
        """What of the draft cannot be."""
        return [] if self.draft is None else self.game.problems(self.draft)


class Showing(Sitting, ABC):
    """A market that can be shown after any of its quarters."""

    @property
    @abstractmethod
    def ended(self) -> bool:
        """Nothing is left to be seen."""

    @abstractmethod
    def go_to(self, quarters: int) -> None:
        """Show it after so many quarters, as far as there are so many."""

    @abstractmethod
    def end_quarter(self) -> Turn:
        """Show the next quarter."""


def changed(plan: Plan, other: Plan) -> dict[str, Value]:
    """The numbers of a plan that another one has otherwise, by path."""
    return {path: value for path, value in plan.values() if other.value(path) != value}


def with_values(plan: Plan, values: Mapping[str, Value]) -> Plan:
    """A plan with other numbers, by path."""
    for path, value in values.items():
        plan = plan.with_value(path, value)
    return plan
