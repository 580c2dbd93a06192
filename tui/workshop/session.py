"""A team's seat in a workshop: the market that came over the net, and the form that all members see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from agents.game.plan import Plan
from agents.workshop.protocol import Accepted, Edit, Form, Refused, RoomNow, Submit, TeamCommand, TeamInfo, Withdraw
from agents.workshop.team_view import ReceivedGame
from tui.findings import Findings
from tui.sitting import Sitting, Value, changed, with_values
from tui.speech import N_, Speech
from tui.tutorial import HINTS, Tutor
from tui.workshop.connection import new_id

State = Literal["open", "in", "changed", "closed"]
"""Of the quarter's plan: still to be handed in; handed in; handed in and changed since; nothing can be handed in."""

TEXTS = {
    "end": N_("Satisfied? Space hands it in; until the quarter closes you can change it."),
    "passed": N_("A quarter is over. q goes back to the market; 8 there tells more."),
}
"""Hints of the game that read otherwise here, by name."""
TEAM_HINTS = tuple(replace(hint, text=TEXTS.get(hint.name, hint.text)) for hint in HINTS)


@dataclass
class TeamSession(Sitting):
    """What a member of a team sees and does.

    What is typed here is in the draft at once, goes to the server with the next `edit_command`, and from there to all
    members; what they type comes with `take_form`, and takes back nothing of one's own that is on its way.
    room, form: as they were last told.  typing: is called when something was typed.
    """

    game: ReceivedGame
    room: RoomNow = field(kw_only=True)
    form: Form = field(kw_only=True)
    tutor: Tutor = field(default_factory=lambda: Tutor(hints=TEAM_HINTS))
    typing: Callable[[], None] = field(default=lambda: None, kw_only=True)
    _typed: dict[str, Value] = field(default_factory=dict)
    _sent: dict[str, Mapping[str, Value]] = field(default_factory=dict)

    # -- facts ----------------------------------------------------------------------------------------------------

    @property
    def own(self) -> TeamInfo:
        """The own team, as everybody knows it."""
        return next(team for team in self.room.teams if team.vendor == self.game.setup.vendor)

    @property
    def ahead(self) -> int:
        return self.room.ahead

    @property
    def current(self) -> bool:
        """The market has come as far as the room and the form have."""
        here, there = (self.game.branch, len(self.game.turns)), (self.room.branch, self.room.played)
        return here == there and self.form.quarter == self.game.now.name

    @property
    def plays(self) -> bool:
        """The team itself decides, for a vendor that is in business."""
        return super().plays and self.current and self.own.strategy is None and self.room.phase != "debrief"

    def rivals(self, speech: Speech) -> str:
        """Who the rivals are, in a sentence."""
        teams = sum(team.name is not None for team in self.room.teams) - 1
        if not teams:
            return speech.say("So far, strategies play all your rivals.")
        return speech.say("Other teams play {count} of your rivals, strategies the rest.", count=teams)

    @property
    def typed(self) -> bool:
        """Something was typed that has not been sent."""
        return bool(self._typed)

    @property
    def state(self) -> State:
        """How it stands with the quarter's plan."""
        if not self.plays or self.room.phase not in ("open", "paused"):
            return "closed"
        if self.form.submitted is None:
            return "open"
        return "in" if self.form.submitted == self.draft else "changed"

    # -- what is told ---------------------------------------------------------------------------------------------

    def take_room(self, room: RoomNow) -> None:
        """The room as it is now."""
        self.room = room
        self._rebase()

    def take_form(self, form: Form) -> bool:
        """The team's form as it is now.  Returns whether the draft is another one by it."""
        if form.quarter != self.form.quarter:
            self._forget()
        self.form = form
        return self._rebase()

    def take_market(self, game: ReceivedGame) -> None:
        """The market after more quarters, after fewer, or in a world that has changed."""
        self.game, self.findings = game, Findings()
        self._rebase()

    def _rebase(self) -> bool:
        """The draft as the form has it, with what is on its way.  Returns whether it is another one."""
        draft = None
        if self.plays:
            draft = self.form.plan
            for values in (*self._sent.values(), self._typed):
                draft = with_values(draft, values)
        same = draft == self.draft
        self.draft = self.draft if same else draft  # forecasts know it by its identity
        return not same

    # -- what is done ---------------------------------------------------------------------------------------------

    def start_over(self) -> None:
        """The form as the team has it, nothing to undo."""
        self._forget()
        self._rebase()

    def _forget(self) -> None:
        self._earlier.clear()
        self._typed.clear()
        self._sent.clear()

    def replace(self, plan: Plan) -> None:
        """Another plan in the place of the draft; can be undone."""
        if self.draft is not None:
            self._typed |= changed(plan, self.draft)
            super().replace(plan)
            self.typing()

    def undo(self) -> bool:
        """Take the last own change back; what others have typed since stays.  False if there is none."""
        before = self.draft
        if before is None or not super().undo() or self.draft is None:
            return False
        self._typed |= changed(self.draft, before)
        self.typing()
        return True

    def edit_command(self) -> Edit | None:
        """What was typed since the last one; nothing to send, or while that has not been answered, none."""
        if not self._typed or self._sent:
            return None
        command = Edit(id=new_id(), quarter=self.form.quarter, values=self._typed)
        self._sent[command.id], self._typed = self._typed, {}
        return command

    def submit_command(self) -> Submit | None:
        """Hand in the plan that is on the screen; none where there is none."""
        if self.draft is None:
            return None
        command = Submit(id=new_id(), quarter=self.form.quarter, plan=self.draft)
        self._sent[command.id], self._typed = changed(self.draft, self.form.plan), {}
        return command

    def withdraw_command(self) -> Withdraw:
        """Take back what was handed in."""
        return Withdraw(id=new_id(), quarter=self.form.quarter)

    def answered(self, command: TeamCommand, answer: Accepted | Refused) -> None:
        """A command was answered: what it says is in the form, or was refused; what one has typed stays typed."""
        values = self._sent.pop(command.id, {})
        if isinstance(answer, Refused) and values:
            if isinstance(command, Submit):
                self._typed = {**values, **self._typed}
            self._rebase()
