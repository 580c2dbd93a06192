"""What if: a quarter that was played, and one thing to decide otherwise in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from agents.game.advice import Value
from agents.game.game import Game
from agents.game.plan import Plan, problems
from tui.fields import Field, written
from tui.speech import N_, Speech
from tui.widgets.field_row import FieldRow, form_of
from tui.widgets.key_bar import KeyBar


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be decided otherwise.  path: as in `Plan.value`."""

    quarter: str
    path: str
    value: Value


class AskWhatIf(ModalScreen[Asked | None]):
    """The form of a quarter that was played, in which one value can be changed.  Gives what was, None if it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "replay", N_("play again so"), id="what-if.replay"),
        Binding("left_square_bracket", "quarter(-1)", N_("quarter"), key_display="[ ]", id="what-if.quarter-before"),
        Binding("right_square_bracket", "quarter(1)", N_("quarter"), show=False, id="what-if.quarter-after"),
        Binding("k", "keep", N_("as the quarter before"), id="what-if.keep"),
        Binding("d", "details", N_("details"), id="what-if.details"),
        Binding("escape,q", "leave", N_("back"), id="what-if.leave"),
    ]
    CSS_PATH = "what_if.tcss"

    def __init__(self, game: Game, speech: Speech) -> None:
        super().__init__()
        self.game, self.speech = game, speech
        self.place = len(game.turns) - 1
        self.changed: tuple[str, Value] | None = None

    def compose(self) -> ComposeResult:
        """The form, what it asks, and the keys."""
        with Vertical(classes="panel"):
            with VerticalScroll(can_focus=False):
                yield from form_of(self.game.world, self.speech, self._decide)
            yield Static(id="asked", markup=False)
            yield KeyBar(self.speech)

    def on_mount(self) -> None:
        """The last quarter."""
        self.query(FieldRow).first().focus()
        self.show()

    def plan(self, back: int = 0) -> Plan | None:
        """What was decided in the quarter, or so many before it; None before the first."""
        place = self.place - back
        return self.game.turns[place].plan if place >= 0 else None

    def show(self) -> None:
        """What was decided, what the one change is, and what was decided the quarter before."""
        plan, before, say = self.plan(), self.plan(1), self.speech.say
        assert plan is not None  # somebody is played
        quarter = self.game.turns[self.place].now.name
        self.query_one(".panel").border_title = say("What if, in {quarter} ...", quarter=quarter)
        tried = plan if self.changed is None else plan.with_value(*self.changed)
        free = dict.fromkeys(self.game.world.nodes, math.inf)  # more than there is is given up as far as there is
        wrong = {problem.path: problem for problem in problems(tried, self.game.parameters, free)}
        for row in self.query(FieldRow):
            path, problem = row.field.path, ""
            if path in wrong:
                low, high = wrong[path].low or 0.0, wrong[path].high or 0.0
                problem = say("allowed: {low} to {high}", low=written(row.field, low), high=written(row.field, high))
            earlier = "" if before is None else written(row.field, before.value(path))
            told = say("before {value}", value=earlier) if earlier else ""
            row.show(tried.value(path), plan.value(path), told, problem)
        self.can_replay = self.changed is not None and not wrong
        text = (
            say("Space plays your game again so.")
            if self.can_replay
            else say("Change one value. k: as the quarter before; [ ]: another quarter.")
        )
        self.query_one("#asked", Static).update(Content.styled(text, "bold $accent" if self.can_replay else "$axis"))

    def _decide(self, field: Field, value: Value) -> None:
        """One value alone is otherwise: another one that was changed is again as it was."""
        plan = self.plan()
        self.changed = None if plan is None or plan.value(field.path) == value else (field.path, value)
        self.show()

    # -- actions --------------------------------------------------------------------------------------------------

    def action_quarter(self, direction: int) -> None:
        """A quarter earlier or later; nothing is changed in it yet."""
        self.place = min(max(self.place + direction, 0), len(self.game.turns) - 1)
        self.changed = None
        self.show()

    def action_keep(self) -> None:
        """The value of the quarter before in the row under the cursor: had you kept it."""
        row, before = self.focused, self.plan(1)
        if isinstance(row, FieldRow) and before is not None:
            self._decide(row.field, before.value(row.field.path))

    def action_details(self) -> None:
        """Show or hide how adaptation and sales effort are split."""
        for row in self.query(FieldRow):
            if row.field.detail:
                row.toggle_class("-detail")

    def action_replay(self) -> None:
        """Give what is asked for, if it can be."""
        if self.can_replay and self.changed is not None:
            self.dismiss(Asked(self.game.turns[self.place].now.name, *self.changed))

    def action_leave(self) -> None:
        """Ask nothing."""
        self.dismiss(None)
