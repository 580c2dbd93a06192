"""Help: what the screen is for, its keys, the rule behind each number, and the terms of the field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from tui.cells import pad
from tui.glossary import GLOSSARY
from tui.screens.view import Page
from tui.speech import N_
from tui.widgets.prose import Prose

if TYPE_CHECKING:
    from marketsim.scenario.schema import Scenario


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A title and what is said about it, in the language."""

    title: str
    text: str

    def holds(self, wanted: str) -> bool:
        """Whether the text that is searched for stands in it, in small or capital letters."""
        return wanted.casefold() in f"{self.title} {self.text}".casefold()


class Help(Page):
    """Help on the screen that it was called from."""

    heading = N_("Help")
    about = N_("Keys of the screen you came from, the rule behind each number of the form, and the terms of the field.")
    CSS_PATH = "help.tcss"
    AUTO_FOCUS = "#texts"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1,escape,q", "close", N_("back"), key_display="?", id="help.close"),
        Binding("slash", "search", N_("search"), key_display="/", id="help.search"),
    ]

    def __init__(self, called_from: Screen[Any]) -> None:
        super().__init__()
        self.called_from = called_from
        self.bound = [(active.binding, active.enabled) for active in called_from.active_bindings.values()]

    def body(self) -> ComposeResult:
        """Keys left; a line to search, and everything there is to read, right."""
        with Horizontal(id="help"):
            with VerticalScroll(id="keys", classes="panel"):
                yield Prose(id="purpose", markup=False)
                yield Static(id="bindings", markup=False)
            with Vertical(id="reading", classes="panel"):
                yield Input(id="wanted", compact=True, select_on_focus=False)
                yield VerticalScroll(Prose(id="found", markup=False), id="texts")

    def show(self) -> None:
        """Everything in the language of now."""
        heading = getattr(self.called_from, "heading", "")
        self.query_one("#keys").border_title = self.say(heading) if heading else self.say("Keys")
        about = getattr(self.called_from, "about", "")
        self.query_one("#purpose", Static).update(self.say(about) if about else "")
        self.query_one("#bindings", Static).update(self._keys())
        self.query_one("#reading").border_title = self.say("Rules and terms")
        self.query_one("#wanted", Input).placeholder = self.say("/ searches in rules and terms")
        self._show_found()

    # -- keys -----------------------------------------------------------------------------------------------------

    def _keys(self) -> Content:
        """Keys and what they do; keys that do the same stand together."""
        keys: dict[str, str] = {}
        for binding, enabled in self.bound:
            if not binding.id or not binding.description or not enabled:
                continue  # without an identifier it is one of the toolkit's own, such as to move in a list
            title = self.say(binding.description)
            key = self.app.get_key_display(binding)
            known = keys.get(title, "")
            if key not in known:
                keys[title] = f"{known} {key}".strip()
        keys[self.say("move, next")] = "↑↓ Tab"
        keys[self.say("every action by name")] = "^p"
        width = max(Content(key).cell_length for key in keys.values())
        lines = [Content.assemble((pad(key, width), "bold $accent"), "  ", title) for title, key in sorted_by_key(keys)]
        return Content("\n").join(lines)

    # -- texts ----------------------------------------------------------------------------------------------------

    def sections(self) -> Iterator[tuple[str, Sequence[Paragraph]]]:
        """Title and paragraphs of each section: the field one was at, the rules of the form, the terms."""
        session = self.app.session
        if session is not None:
            from agents.game.score import IN_A_SENTENCE

            rules = self._rules(session.game.world)
            here = self._field_under_cursor()
            yield self.say("This field"), [rules[here]] if here in rules else []
            score = Paragraph(self.say("Score"), self.speech.text(IN_A_SENTENCE))
            yield self.say("Rules behind the numbers"), [score, *rules.values()]
        terms = [Paragraph(self.say(entry.term), self.say(entry.text)) for entry in GLOSSARY]
        yield self.say("Terms"), terms

    def _rules(self, world: Scenario) -> dict[str, Paragraph]:
        """The rule of each field of the form by the first part of its path."""
        from tui.fields import fields_of

        rules: dict[str, Paragraph] = {}
        for field in fields_of(world, self.speech):
            title = self.say(field.group) if field.part else self.say(field.title)
            rules.setdefault(field.path.partition(".")[0], Paragraph(title, self.say(field.rule)))
        return rules

    def _field_under_cursor(self) -> str:
        field = getattr(self.called_from.focused, "field", None)
        return str(field.path).partition(".")[0] if field is not None else ""

    @on(Input.Changed, "#wanted")
    def _show_found(self) -> None:
        """What holds the text that is searched for; without one, all."""
        wanted = self.query_one("#wanted", Input).value.strip()
        blocks: list[Content] = []
        for title, paragraphs in self.sections():
            found = [paragraph for paragraph in paragraphs if paragraph.holds(wanted)]
            if found:
                blocks.append(Content.styled(title.upper(), "bold $primary"))
            blocks += [
                Content.assemble((paragraph.title, "bold $accent"), "\n", paragraph.text, "\n") for paragraph in found
            ]
        if not blocks:
            blocks = [Content(self.say("Nothing about {text}", text=wanted))]
        self.query_one("#found", Static).update(Content("\n").join(blocks))
        self.query_one("#texts").scroll_home(animate=False)

    # -- actions --------------------------------------------------------------------------------------------------

    def action_search(self) -> None:
        """Type what is searched for."""
        self.query_one("#wanted").focus()

    @on(Input.Submitted, "#wanted")
    def _read(self) -> None:
        self.query_one("#texts").focus()

    def action_close(self) -> None:
        """Back to where one was; out of the search first."""
        wanted = self.query_one("#wanted", Input)
        if wanted.has_focus:
            wanted.value = ""
            self._read()
        else:
            self.app.action_leave()


def sorted_by_key(keys: dict[str, str]) -> list[tuple[str, str]]:
    """(what it does, key), digits last: they lead to other screens."""
    return sorted(keys.items(), key=lambda item: item[1][0].isdigit())
