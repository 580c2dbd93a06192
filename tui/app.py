"""The application: what is going on, in which language, and how one gets from screen to screen.

The engine (NumPy, pydantic, Mesa and the rules) is loaded in the background after the first screen is up.
"""

from __future__ import annotations

import os
from asyncio import to_thread
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.content import Content
from textual.screen import Screen

from marketsim.places import games_folder
from tui.engine import load_engine, loaded
from tui.palette import THEMES, default_theme
from tui.screens.jump import Jump
from tui.screens.start import Start
from tui.screens.view import Page, View
from tui.settings import Settings, keep_settings, load_settings
from tui.speech import LANGUAGES, N_, Language, Speech
from tui.widgets.canvas import ASCII_CLASS

if TYPE_CHECKING:
    from agents.game.file import Difference
    from agents.game.setup import Setup
    from tui.session import Session

VIEWS = {
    "dashboard": "tui.screens.dashboard:Dashboard",
    "decide": "tui.screens.decide:Decide",
    "rivals": "tui.screens.rivals:Rivals",
    "market": "tui.screens.market:MarketView",
    "technology": "tui.screens.technology:Technology",
    "why": "tui.screens.why:Why",
    "shakeout": "tui.screens.shakeout:Shakeout",
    "briefing": "tui.screens.briefing:Briefing",
    "debrief": "tui.screens.debrief:Debrief",
    "watch": "tui.screens.watch:Watch",
}
"""Screens of a running game by name; imported when they are first shown."""


KEYBOARD = 0
"""File descriptor of standard input."""
HUNG_UP = 129
"""Exit code of a program that ends with its terminal."""

Opening = Callable[["MarketApp"], Awaitable[None]]
"""What is done once the first screen is up."""


def beginning(**setup: Any) -> Opening:
    """A new game at once.  setup: as of `agents.game.setup.Setup`."""

    async def begin(app: MarketApp) -> None:
        await app.engine()
        from agents.game.setup import Setup

        await app.begin(Setup.model_validate(setup))

    return begin


def opened(path: Path, replay: bool = False) -> Opening:
    """A saved game at once, from its first quarter if it is to be shown again."""

    async def open_it(app: MarketApp) -> None:
        await app.open_file(path, replay)

    return open_it


HOLDS = {
    "runway": N_("Stopped: your money lasts for less than three quarters."),
    "product": N_("Stopped: your new product is out, so price and capacity may need a decision."),
    "failed": N_("Your company has failed."),
}
"""Why a plan is no longer held."""

KEYS = {"space": N_("space"), "enter": "Enter", "escape": "Esc"}
"""Keys that are called otherwise than by Textual."""

OPEN_TO_WATCHERS = ("watch", "dashboard", "shakeout")
"""Screens that need nobody's books."""


def _kind(name: str) -> type[Screen[None]]:
    """The class of a view."""
    module, _, kind = VIEWS[name].partition(":")
    view: type[Screen[None]] = getattr(import_module(module), kind)
    return view


class MarketApp(App[None]):
    """The game in the terminal."""

    TITLE = "marketsim"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (140, "-huge")]  # noqa: RUF012 - Textual declares it so
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", N_("help"), key_display="?", id="help"),
        Binding("l", "next_language", N_("language"), id="language"),
        Binding("t", "next_theme", N_("theme"), show=False, id="theme"),
        Binding("ctrl+q", "quit", N_("quit"), show=False, id="quit", priority=True),
    ]

    def __init__(self, settings: Settings | None = None, opening: Opening | None = None) -> None:
        # Without this, Textual would paint its own black ground where no colour is wanted.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self._opening = opening
        self.settings = settings or load_settings()
        self.speech = Speech(self.settings.language)
        self.session: Session | None = None
        for theme in THEMES:
            self.register_theme(theme)
        usual = default_theme(self.console.color_system, self.no_color)
        self.theme = self.settings.theme if self.settings.theme in self.available_themes else usual
        self.set_class(self.settings.ascii, ASCII_CLASS)

    def on_mount(self) -> None:
        """The first screen, then the engine behind it."""
        self.push_screen(Start())
        self.call_after_refresh(self._warm_up)
        if self._opening is not None:
            self.call_after_refresh(self._opening, self)
        if os.isatty(KEYBOARD):
            self.set_interval(1, self._leave_dead_terminal)

    def _leave_dead_terminal(self) -> None:
        """End with a terminal window that was closed: Textual would read its end for ever, as fast as it can.

        At once, as by the signal of a hang-up: what would put the terminal in order waits for it to take the text.
        """
        if not os.isatty(KEYBOARD):
            if self.session is not None:
                self.try_to(self.session.save)
            os._exit(HUNG_UP)

    def _warm_up(self) -> None:
        self.run_worker(load_engine, thread=True, group="engine", exit_on_error=False)

    # -- games ----------------------------------------------------------------------------------------------------

    async def begin(self, setup: Setup) -> None:
        """Start a game and show its first screen; a setup that cannot be played is told and nothing changes."""
        await self.engine()
        from tui.session import Session

        with self.told():
            self.enter(await to_thread(Session.begin, setup))

    @property
    def has_saves(self) -> bool:
        """Whether there is a game to go on with; told without loading the engine."""
        return any(games_folder().glob("*.json"))

    async def open_latest(self) -> None:
        """Go on with the game that was played last and can be read."""
        await self.engine()
        from agents.game.saves import entries

        with self.told():
            readable = [entry.path for entry in entries() if entry.saved is not None]
            if readable:
                await self.open_file(readable[0])
            else:
                self.notify(self.speech.say("None of the saved games can be read."), severity="warning")

    async def engine(self) -> None:
        """Wait for the engine, while the screen stays alive: before anything of it is imported on this thread."""
        if not loaded.is_set():
            self.notify(self.speech.say("Loading the market ..."), timeout=1)
            await to_thread(load_engine)

    async def open_file(self, path: Path, replay: bool = False) -> None:
        """Go on with a saved game, or show it again; what is wrong with the file is told and nothing changes."""
        await self.engine()
        from agents.game.file import load
        from tui.session import Session

        with self.told():
            saved = await to_thread(load, path)
            if replay or saved.setup.vendor is None:
                self.enter(Session.replayed(saved))
                return
            session, difference = await to_thread(Session.continued, saved)
            self.enter(session)
            if difference is not None:
                self.notify(self._of_difference(difference), severity="warning", timeout=10)

    def _of_difference(self, difference: Difference) -> str:
        say, quarter = self.speech.say, difference.quarter
        if difference.close:
            return say(
                "This machine computes last digits differently from {quarter} on; the game is the same.",
                quarter=quarter,
            )
        if difference.scenario_changed:
            return say(
                "The scenario has changed since: from {quarter} on the game comes out differently.", quarter=quarter
            )
        return say("The rules have changed since: from {quarter} on the game comes out differently.", quarter=quarter)

    @contextmanager
    def told(self) -> Iterator[None]:
        """An input's fault is told to the person at the keyboard, and what was begun is left."""
        from marketsim.errors import MarketSimError

        try:
            yield
        except MarketSimError as error:
            self.notify(str(error), severity="error", timeout=12, markup=False)

    def try_to(self, do: Callable[[], object]) -> None:
        """Do something that may fail by an input's or the system's fault."""
        with self.told():
            do()

    def enter(self, session: Session) -> None:
        """Go on with a game."""
        self.session = session
        self.speech = Speech(self.speech.language, session.game.world.vocabulary)
        self.push_screen(self._view("watch" if session.shown else "dashboard" if session.game.turns else "briefing"))

    @property
    def _home(self) -> type[Screen[None]]:
        """The screen that a game comes back to."""
        return _kind("watch" if self.session is not None and self.session.shown else "dashboard")

    def _view(self, name: str) -> Screen[None]:
        return _kind(name)()

    def status(self) -> list[str | Content]:
        """The facts of the status line."""
        from tui.status import status

        assert self.session is not None
        return status(self.session, self.speech)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that make no sense now are neither shown nor heard."""
        session = self.session
        if session is None:
            return True
        if action == "hide_hint":
            return session.tutor.shown is not None
        if action == "view" and session.shown:
            return parameters[0] in OPEN_TO_WATCHERS
        if action == "view" and parameters[0] == "decide":
            return session.plays
        if action in ("undo", "hold", "end_quarter"):
            return session.plays
        if action == "play_on":
            return session.shown and session.game.setup.vendor is not None and not session.game.over
        return True

    # -- actions --------------------------------------------------------------------------------------------------

    def action_view(self, name: str) -> None:
        """Another screen of the game."""
        if type(self.screen) is not _kind(name):
            self.switch_screen(self._view(name))

    def action_end_quarter(self) -> None:
        """Play the quarter as the draft says and show what came of it."""
        if self.session is None:
            return
        if self.session.game.over:
            self.action_view("debrief")
            return
        if self.session.problems():
            self.notify(self.speech.say("The plan has errors: press e to see them."), severity="warning")
            return
        self.session.end_quarter()
        self._after_quarter()

    def _after_quarter(self) -> None:
        """Keep the game and show what came of it."""
        assert self.session is not None
        self.try_to(self.session.save)
        if self.session.finished:
            self.action_view("debrief")
        elif isinstance(self.screen, View):
            self.screen.redraw()

    def action_hold(self) -> None:
        """Go on as the draft says for some quarters; what needs a decision stops it."""
        session = self.session
        if session is None or session.problems():
            return
        coming = [now.name for now in session.game.parameters.conditions[len(session.game.turns) :]]

        def answered(until: str | None) -> None:
            if until is None:
                return
            stopped = session.hold(until)
            if stopped:
                self.notify(self.speech.say(HOLDS[stopped]), severity="warning")
            self._after_quarter()

        self.push_screen(
            Jump(self.speech, self.speech.say("Hold this plan up to and with quarter"), coming[:8]), answered
        )

    def action_play_on(self) -> None:
        """Leave the recording here and play on."""
        if self.session is None or self.session.game.setup.vendor is None or self.session.game.over:
            return
        self.session.script = None
        self.session.start_over()
        self.action_view("dashboard")

    def action_undo(self) -> None:
        """Take back the last change of the plan."""
        if self.session is not None and self.session.undo() and isinstance(self.screen, View):
            self.screen.redraw()

    def action_help(self) -> None:
        """Help on the screen that one is on, and back from it."""
        from tui.screens.help import Help

        if isinstance(self.screen, Help):
            self.pop_screen()
        elif isinstance(self.screen, Page):
            self.push_screen(Help(self.screen))

    def action_save(self) -> None:
        """Keep the game in a file of its own."""
        session = self.session
        if session is not None:
            with self.told():
                self.notify(self.speech.say("Saved as {name}", name=session.keep().name), markup=False)

    def action_leave(self) -> None:
        """Back: to the game's home, from there to the menu; the game and what is being typed are kept."""
        if self.session is not None and isinstance(self.screen, View) and type(self.screen) is not self._home:
            self.switch_screen(self._home())
            return
        if self.session is not None and isinstance(self.screen, View):
            self.try_to(self.session.save)
        self.pop_screen()
        if isinstance(self.screen, Start):
            self.session = None
            self.speech = Speech(self.speech.language)

    async def action_next_language(self) -> None:
        """The other language, everywhere at once."""
        spoken: list[Language] = list(LANGUAGES)
        language = spoken[(spoken.index(self.speech.language) + 1) % len(spoken)]
        vocabulary = None if self.session is None else self.session.game.world.vocabulary
        self.speech = Speech(language, vocabulary)
        self.settings = keep_settings(self.settings, language=language)
        for screen in self.screen_stack:
            if isinstance(screen, Page):
                await screen.respeak()

    def action_next_theme(self) -> None:
        """The next theme."""
        names = [theme.name for theme in THEMES]
        here = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(here + 1) % len(names)]
        self.settings = keep_settings(self.settings, theme=self.theme)

    def action_command_palette(self) -> None:
        """Every action by name."""
        if not CommandPalette.is_open(self):  # type: ignore[arg-type]
            self.push_screen(
                CommandPalette(placeholder=self.speech.say("Search for a command"), id="--command-palette")
            )

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers: everything that keys do here, with those keys."""
        commands: dict[str, tuple[str, list[str], Any]] = {}
        for active in screen.active_bindings.values():
            binding = active.binding
            if binding.id and binding.description and active.enabled:  # without an id it is Textual's own, in English
                title = self.speech.say(binding.tooltip or binding.description)  # the first is of one key among several
                key = binding.key if binding.tooltip else self.get_key_display(binding)
                keys = commands.setdefault(binding.action, (title[:1].upper() + title[1:], [], active.node))[1]
                keys += [key] if key not in keys else []
        for action, (title, keys, node) in commands.items():
            yield SystemCommand(title, "  ".join(keys), partial(self._do, action, node))

    def get_key_display(self, binding: Binding) -> str:
        """A key as it is shown, in the language of the game."""
        if binding.id == "view.dashboard" and self.session is not None and self.session.shown:
            return "1 7"  # of OPEN_TO_WATCHERS
        if binding.key_display or binding.key not in KEYS:
            return super().get_key_display(binding)
        return self.speech.say(KEYS[binding.key])

    def _do(self, action: str, namespace: Any) -> None:
        self.call_later(self.run_action, action, namespace)
