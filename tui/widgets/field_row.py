"""One line of the decision form: title, value, what it was, what rivals do, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from marketsim.scenario.schema import Scenario
from tui.cells import fit, truncate
from tui.fields import UNITS, Field, Value, fields_of, stepped, typed, written
from tui.speech import N_, Speech

TITLE, VALUE, UNIT = 26, 12, 11
"""Cells for title, value and unit."""
NARROW, LEAST_TITLE, LEAST_VALUE = 70, 23, 8
"""A row of fewer cells keeps title and value that short, so that what is said behind them has room."""


Decide = Callable[[Field, Value], None]
"""What is done with a value that was decided, in the units of the plan."""


class FieldRow(Widget, can_focus=True):
    """A field that is stepped with the arrows, or typed over.

    decide: is called at once, and no message is sent: a key pressed right behind, which may end the quarter, must
    find the plan changed, and would overtake a message.
    """

    DEFAULT_CSS = """
    FieldRow { height: 1; padding: 0 1; }
    FieldRow:focus { background: $primary 30%; text-style: bold; }
    FieldRow.-detail { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", N_("less"), key_display="←", id="field.less"),
        Binding("right", "step(1)", N_("more"), key_display="→", id="field.more"),
        Binding("enter", "confirm", N_("type or open"), show=False, id="field.confirm"),
        Binding("up", "app.focus_previous", "", show=False, id="field.up"),
        Binding("down", "app.focus_next", "", show=False, id="field.down"),
        Binding("r", "reset", N_("as it was"), id="field.reset"),
    ]

    class Focused(Message):
        """The row has the keyboard: its rule is of interest."""

        def __init__(self, row: FieldRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self, field: Field, speech: Speech, decide: Decide) -> None:
        super().__init__(classes="-detail" if field.detail else "")
        self.field, self.speech, self.decide = field, speech, decide
        self.value: Value = 0.0
        self.was: Value = 0.0
        self.rivals = ""
        self.problem = ""
        self.warning = ""
        self._typing: str | None = None

    def show(self, value: Value, was: Value, rivals: str = "", problem: str = "") -> None:
        """Other values; what is being typed is kept."""
        before = self.value, self.was, self.rivals, self.problem
        self.value, self.was, self.rivals, self.problem = value, was, rivals, problem
        if before != (value, was, rivals, problem):
            self.refresh()

    def warn(self, text: str) -> None:
        """Say what will not be done as it stands; nothing for an empty text."""
        if text != self.warning:
            self.warning = text
            self.refresh()

    @property
    def title(self) -> str:
        """The field's name, with the part of the scenario that it is about."""
        return self.speech.say(self.field.title, part=self.field.part)

    def render(self) -> Content:
        """The row, as much of it as fits."""
        changed = self.value != self.was
        value = written(self.field, self.value) if self._typing is None else f"{self._typing}▏"
        style = "bold $error" if self.problem else "bold $accent" if changed else "bold"
        if self._typing is not None:
            style = "reverse"
        least, room = (LEAST_TITLE, LEAST_VALUE) if self.size.width < NARROW else (TITLE, VALUE)
        wide = max(least, 0 if self.size.width < NARROW else self.size.width * 3 // 8)
        title = fit(f"  {self.title}", min(wide, self.size.width - room - UNIT - 2))
        unit = self.speech.say(UNITS[self.field.kind]) if UNITS[self.field.kind] else ""
        if not unit:
            parts = [(fit(value, room + UNIT + 1), style)]
        elif self.problem or self.warning:  # which needs the room
            parts = [(fit(value, room, "right"), style)]
        else:
            parts = [(fit(value, room, "right"), style), (f" {fit(unit, UNIT)}", "$axis")]
        line = Content.assemble(title, " ", *parts)
        remarks = [(text, shade) for text, shade in self._remarks(changed) if text]
        for place, (text, shade) in enumerate(remarks):
            left = self.size.width - line.cell_length - 1
            if cell_len(text) <= left or (place == 0 and left > 5):  # of a second one, a part would say little
                line = Content.assemble(line, " ", (truncate(text, left), shade))
        return line

    def _remarks(self, changed: bool) -> list[tuple[str, str]]:
        """What stands behind the value, the most important first."""
        if self.problem:
            return [(f"✗ {self.problem}", "bold $error")]
        if self.warning:
            return [(f"! {self.warning}", "$warning")]
        was = self.speech.say("was {value}", value=written(self.field, self.was)) if changed else ""
        return [(was, "$axis"), (self.rivals, "$axis")]

    # -- keys -----------------------------------------------------------------------------------------------------

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Digits are typed here and do not lead to other screens."""
        return self.field.numeric and character is not None and character in "0123456789.-+"

    def on_key(self, event: events.Key) -> None:
        """Digits, and what corrects or ends them."""
        if self.field.numeric and event.character is not None and event.character in "0123456789.-+":
            self._typing = (self._typing or "") + event.character
        elif self._typing is None:
            return
        elif event.key == "backspace":
            self._typing = self._typing[:-1]
        elif event.key == "escape":
            self._typing = None
        elif (self._commit() and event.key != "enter") or event.key in ("tab", "up", "down"):
            self.refresh()
            return  # what was typed counts, then the key does
        event.stop()
        event.prevent_default()
        self.refresh()

    def _commit(self) -> bool:
        """Decide what was typed, if it is a number."""
        text, self._typing = self._typing, None
        value = typed(self.field, text or "")
        if value is None:
            self.problem = self.speech.say("{text} is no number", text=text or "")
            return False
        self.decide(self.field, value)
        return True

    def on_focus(self) -> None:
        """Tell what the row is about."""
        self.post_message(self.Focused(self))

    def on_blur(self) -> None:
        """What was typed counts when one goes on."""
        if self._typing is not None:
            self._commit()
        self.refresh()

    def on_click(self) -> None:
        """A click on a flag or a choice is a step."""
        if not self.field.numeric:
            self.action_step(1)

    def action_step(self, direction: int) -> None:
        """One step down or up."""
        self.decide(self.field, stepped(self.field, self.value, direction))

    def action_confirm(self) -> None:
        """Enter: flags and choices change; numbers are typed over."""
        if self.field.numeric:
            self._typing = self._typing or ""
            self.refresh()
        else:
            self.action_step(1)

    def action_reset(self) -> None:
        """The value that it was."""
        self.decide(self.field, self.was)


def form_of(world: Scenario, speech: Speech, decide: Decide) -> Iterator[Widget]:
    """The rows of a form for a scenario, each group below its title."""
    group = ""
    for field in fields_of(world, speech):
        if field.group != group:
            group = field.group
            yield Static(speech.say(group), classes="group")
        yield FieldRow(field, speech, decide)
