"""A small window of the console: something to choose, something to type, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Checkbox, Input, Label, OptionList
from textual.widgets.option_list import Option

from tui.speech import N_, Speech
from tui.widgets.key_bar import KeyBar
from tui.widgets.menu import Menu


@dataclass(frozen=True, slots=True)
class Answer:
    """What was chosen, what was typed by line, whether the box was ticked; the choice is empty where there is none."""

    chosen: str
    typed: Mapping[str, str]
    ticked: bool


Do = Callable[[Answer], Awaitable[str]]
"""Does what was asked for.  Gives what is wrong, empty if it was done."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line to type.  needed: it cannot stay empty."""

    name: str
    title: str
    value: str = ""
    placeholder: str = ""
    needed: bool = False
    longest: int = 500


class TextLine(Input):
    """A line to type; Enter stands among the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", N_("go on"), id="ask.submit"),
    ]


class Tick(Checkbox, inherit_bindings=False):
    """A box to tick; Enter goes on, as everywhere in the window."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "toggle_button", N_("tick"), id="ask.tick"),
    ]

    def render(self) -> Content:
        """Ticked or empty, also where there are no colours."""
        self.BUTTON_INNER = "✓" if self.value else " "
        return super().render()


class Ask(ModalScreen[None]):
    """Asks something and stays until it is done, or left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", N_("go on"), id="ask.go-on"),
        Binding("tab", "app.focus_next", N_("next"), key_display="Tab", id="ask.next"),
        Binding("escape", "leave", N_("back"), id="ask.leave"),
    ]
    DEFAULT_CSS = """
    Ask { align: center middle; }
    Ask > Vertical {
        width: 72; max-width: 100%; height: auto; max-height: 100%; border: round $accent; padding: 0 2 0 2;
        background: $surface;
    }
    Ask Label { width: 1fr; height: auto; }
    Ask .title { color: $axis; margin-top: 1; }
    Ask #note { color: $axis; }
    Ask #wrong { color: $error; }
    Ask OptionList, Ask OptionList:focus {
        height: auto; max-height: 10; border: none; background: transparent; background-tint: transparent;
        padding: 0; margin-top: 1;
    }
    Ask OptionList { scrollbar-size-vertical: 1; }
    Ask Input, Ask Input:focus { border: none; height: 1; padding: 0 1; background: $primary 15%; }
    Ask Input:focus { background: $primary 35%; }
    Ask Tick, Ask Tick:focus {
        width: 1fr; border: none; padding: 0; margin-top: 1; background: transparent; background-tint: transparent;
    }
    Ask Tick > .toggle--button, Ask Tick.-on > .toggle--button { color: $foreground; background: $primary 35%; }
    Ask.-short .title { margin-top: 0; }
    """

    def __init__(
        self,
        speech: Speech,
        title: str,
        do: Do,
        *,
        text: str = "",
        options: Sequence[tuple[str, Content | str]] = (),
        chosen: str = "",
        tick: str = "",
        lines: Sequence[Line] = (),
        note: Callable[[Answer], str] | None = None,
    ) -> None:
        """text: what it is about.  options: (identifier, title).  tick: title of a box to tick.

        note: said about an answer while it is made.
        """
        super().__init__()
        self.speech, self.title_, self.do, self.text, self.tick, self.note = speech, title, do, text, tick, note
        self.options, self.chosen, self.lines = tuple(options), chosen, tuple(lines)
        self._doing = False

    def compose(self) -> ComposeResult:
        """What it is about, options, the box, lines, what is wrong, keys."""
        with Vertical() as box:
            box.border_title = self.title_
            if self.text:
                yield Label(self.text, markup=False)
            if self.options:
                yield Menu(*(Option(title, id=name) for name, title in self.options), markup=False)
            if self.tick:
                yield Tick(Content(self.tick))
            for line in self.lines:
                yield Label(line.title, classes="title", markup=False)
                yield TextLine(
                    line.value, placeholder=line.placeholder, id=f"line-{line.name}", max_length=line.longest
                )
            yield Label(id="note", markup=False)
            yield Label(id="wrong", markup=False)
            yield KeyBar(self.speech)

    def on_mount(self) -> None:
        """The cursor on what is usual, the keyboard where something is to be said."""
        names = [name for name, _ in self.options]
        for menu in self.query(Menu):
            menu.highlighted = names.index(self.chosen) if self.chosen in names else 0
            menu.focus()
        if not self._go_to_missing() and not self.options:
            self.query_one(TextLine).focus()
        self._show_note()

    @property
    def answer(self) -> Answer:
        """As it stands."""
        highlighted = next((menu.highlighted for menu in self.query(Menu)), None)
        return Answer(
            "" if highlighted is None else self.options[highlighted][0],
            {line.name: self.query_one(f"#line-{line.name}", TextLine).value.strip() for line in self.lines},
            any(box.value for box in self.query(Tick)),
        )

    def _go_to_missing(self) -> bool:
        """Go to the first line in which something has to stand, if there is one."""
        for line in self.lines:
            field = self.query_one(f"#line-{line.name}", TextLine)
            if line.needed and not field.value.strip():
                field.focus()
                return True
        return False

    @on(Input.Changed)
    @on(OptionList.OptionHighlighted)
    def _show_note(self) -> None:
        self._tell("#note", "" if self.note is None else self.note(self.answer))
        self._tell("#wrong", "")

    def _tell(self, name: str, text: str) -> None:
        label = self.query_one(name, Label)
        label.update(text)
        label.display = bool(text)

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def action_go_on(self) -> None:
        """Do it, once, unless something is missing."""
        if not self._doing and not self._go_to_missing():
            self._doing = True
            self._tell("#note", self.speech.say("one moment ..."))
            self._do()

    @work
    async def _do(self) -> None:
        wrong = await self.do(self.answer)
        self._doing = False
        if not self.is_attached:
            return
        if not wrong:
            self.dismiss()
            return
        self._show_note()
        self._tell("#wrong", wrong)

    def action_leave(self) -> None:
        """Nothing is done."""
        self.dismiss()
