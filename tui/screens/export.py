"""Export: the game as a file to play again, a page to read, or tables, in a folder of one's choice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from agents.game.debrief import suggested_what_ifs
from agents.game.export import write_new, zipped
from agents.game.file import save
from agents.game.page import Page, render
from marketsim.errors import MarketSimError
from tui.lookback import ladder_of, worth
from tui.report import page_of
from tui.session import Session
from tui.speech import N_, Speech
from tui.widgets.key_bar import KeyBar
from tui.widgets.menu import Menu


def replay_file(session: Session, speech: Speech) -> bytes:
    """Setup and decisions: the file that a game is saved in."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "game.json"
        save(session.game, path, session.draft)
        return path.read_bytes()


def whole_page(session: Session, speech: Speech) -> Page:
    """The page; what is not known yet of rank and what-ifs is worked out."""
    game, findings = session.game, session.findings
    rungs = ladder_of(game) if findings.rungs is None else findings.rungs
    suggested = findings.suggested if findings.complete else list(suggested_what_ifs(game, worth))
    return page_of(game, session.instrument, rungs, [*findings.asked, *suggested], speech)


def page_file(session: Session, speech: Speech) -> bytes:
    """The page as HTML."""
    return render(whole_page(session, speech)).encode()


def tables_file(session: Session, speech: Speech) -> bytes:
    """All tables."""
    return zipped(session.game)


FORMS: dict[str, tuple[str, str, Callable[[Session, Speech], bytes]]] = {
    "html": (N_("Page to read and print (HTML)"), N_("score, turning points, what-ifs, verdict, decisions"), page_file),
    "zip": (N_("Tables (CSV in a zip file)"), N_("market, buyers, vendors, events, decisions by quarter"), tables_file),
    "json": (N_("Replay (JSON)"), N_("seed and decisions: plays again bit for bit"), replay_file),
}
"""What can be written, by the ending of its name: title, what is in it, how it is made."""


def here() -> Path:
    """The current folder; the person's own where that has been removed."""
    try:
        return Path.cwd()
    except OSError:
        return Path.home()


class Forms(Menu):
    """What can be written; Enter writes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", N_("write"), id="export.write"),
    ]


class Export(ModalScreen[None]):
    """Asks what is to be written and where; says where it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", N_("back"), id="export.leave"),
    ]
    DEFAULT_CSS = """
    Export { align: center middle; }
    Export > Vertical {
        width: 72; max-width: 100%; height: auto; max-height: 100%; border: round $accent; padding: 0 2;
        background: $surface;
    }
    Export OptionList {
        height: auto; border: none; background: transparent; padding: 0; margin: 1 0;
        &:focus { border: none; background-tint: transparent; }
    }
    Export Label { width: 1fr; color: $axis; }
    Export .-told { color: $success; }
    Export .-wrong { color: $error; }
    """

    def __init__(self, session: Session, speech: Speech) -> None:
        super().__init__()
        self.session, self.speech = session, speech

    def compose(self) -> ComposeResult:
        """The forms, the folder, what came of it, and the keys."""
        say = self.speech.say
        with Vertical() as box:
            box.border_title = say("Export")
            yield Forms(
                *(
                    Option(f"[bold]{say(title)}[/]\n  [$axis]{say(text)}[/]", id=form)
                    for form, (title, text, _) in FORMS.items()
                )
            )
            yield Label(say("Folder:"), markup=False)
            yield Input(str(here()), select_on_focus=False)
            yield Label(id="told", markup=False)
            yield KeyBar(self.speech)

    def on_mount(self) -> None:
        """The forms first."""
        self.query_one(Forms).focus()

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def _chosen(self) -> None:
        """Write the form under the cursor."""
        chosen = self.query_one(Forms).highlighted
        if chosen is not None:
            self._tell(self.speech.say("writing ..."))
            self._write(list(FORMS)[chosen], Path(self.query_one(Input).value))

    @work(thread=True, exclusive=True, group="export", exit_on_error=False)
    def _write(self, form: str, folder: Path) -> None:
        """Make the file beside the keyboard and put it into the folder."""
        game = self.session.game
        name = f"{game.setup.vendor}-{game.turns[-1].now.name}.{form}"
        try:
            path = write_new(folder, name, FORMS[form][2](self.session, self.speech))
            self.app.call_from_thread(self._tell, self.speech.say("Written: {path}", path=path), "-told")
        except (MarketSimError, OSError) as error:
            self.app.call_from_thread(self._tell, str(error), "-wrong")

    def _tell(self, text: str, how: str = "") -> None:
        if self.is_attached:
            told = self.query_one("#told", Label)
            told.set_classes(how)
            told.update(text)

    def action_leave(self) -> None:
        """Back."""
        self.dismiss(None)
