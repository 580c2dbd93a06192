"""What all applications with screens of a game share: language, look, keys, and the ways from screen to screen.

The engine (NumPy, pydantic, Mesa and the rules) is loaded in the background after the first screen is up.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from asyncio import to_thread
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.content import Content
from textual.screen import Screen

from tui.engine import load_engine, loaded
from tui.keys_in_order import KeysInOrder
from tui.palette import THEMES, default_theme
from tui.screens.view import Page, View
from tui.settings import Settings, keep_settings, load_settings
from tui.speech import LANGUAGES, N_, Language, Speech
from tui.whole_characters import keep_characters_whole
from tui.widgets.canvas import ASCII_CLASS

if TYPE_CHECKING:
    from tui.sitting import Sitting

VIEWS: Mapping[str, str] = {
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

KEYS = {"space": N_("space"), "enter": "Enter", "escape": "Esc"}
"""Keys that are called otherwise than by Textual."""


class GameApp(KeysInOrder):
    """An application in the terminal, or in a browser, with screens of a game.

    views: its screens of a game, as `VIEWS`.  session: what is going on; none before a game begins.
    then: is run when this one has ended.  own_machine: it runs on the machine of the person at the keyboard, where
    preferences and seats are kept; else in a browser of somebody else's.
    """

    TITLE = "marketsim"
    CSS_PATH = Path(__file__).with_name("app.tcss")
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (140, "-huge")]  # noqa: RUF012 - Textual declares it so
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", N_("help"), key_display="?", id="help"),
        Binding("l", "next_language", N_("language"), id="language"),
        Binding("t", "next_theme", N_("theme"), show=False, id="theme"),
        Binding("ctrl+q", "quit", N_("quit"), show=False, id="quit", priority=True),
    ]

    views: Mapping[str, str] = VIEWS
    session: Sitting | None = None
    then: GameApp | None = None
    own_machine: bool = True

    def __init__(self, settings: Settings | None = None) -> None:
        keep_characters_whole()
        # Without this, Textual would paint its own black ground where no colour is wanted.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.settings = settings or load_settings()
        self.speech = Speech(self.settings.language)
        for theme in THEMES:
            self.register_theme(theme)
        usual = default_theme(self.console.color_system, self.no_color)
        self.theme = self.settings.theme if self.settings.theme in self.available_themes else usual
        self.set_class(self.settings.ascii, ASCII_CLASS)

    def run_on(self) -> None:
        """Run it, and what comes after it."""
        app: GameApp | None = self
        while app is not None:
            app.run()
            app = app.then

    def on_mount(self) -> None:
        """The first screen, then the engine behind it."""
        self.push_screen(self.first_screen())
        self.call_after_refresh(self._warm_up)
        self.call_after_refresh(self.begin_with)
        if os.isatty(KEYBOARD):
            self.set_interval(1, self._leave_dead_terminal)

    @abstractmethod
    def first_screen(self) -> Screen[Any]:
        """What one sees first, and comes back to in the end."""

    async def begin_with(self) -> None:
        """Do what is to be done once the first screen is up."""

    def _leave_dead_terminal(self) -> None:
        """End with a terminal window that was closed: Textual would read its end for ever, as fast as it can.

        At once, as by the signal of a hang-up: what would put the terminal in order waits for it to take the text.
        """
        if not os.isatty(KEYBOARD):
            self.keep()
            os._exit(HUNG_UP)

    def keep(self) -> None:
        """Keep what is going on, where that is not done elsewhere."""

    def _warm_up(self) -> None:
        self.run_worker(load_engine, thread=True, group="engine", exit_on_error=False)

    async def engine(self) -> None:
        """Wait for the engine, while the screen stays alive: before anything of it is imported on this thread."""
        if not loaded.is_set():
            self.notify(self.speech.say("Loading the market ..."), timeout=1)
            await to_thread(load_engine)

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

    # -- screens of a game ----------------------------------------------------------------------------------------

    def kind_of(self, name: str) -> type[Screen[None]]:
        """The class of a view.  name: in `views`."""
        module, _, kind = self.views[name].partition(":")
        view: type[Screen[None]] = getattr(import_module(module), kind)
        return view

    def status(self) -> list[str | Content]:
        """The facts of the status line."""
        from tui.status import status

        assert self.session is not None
        return status(self.session, self.speech)

    def line(self, name: str) -> tuple[str, bool]:
        """What is said above the keys of a view, empty for nothing, and whether it can be hidden.  name: in `views`."""
        assert self.session is not None
        hint = self.session.tutor.hint(self.session, name) if self.settings.hints else None
        return ("", False) if hint is None else (self.speech.say(hint.text), True)

    def dismiss_line(self) -> None:
        """What is said above the keys has been read."""
        assert self.session is not None
        self.session.tutor.dismiss()

    def redraw(self) -> None:
        """The screen after something has happened."""
        if isinstance(self.screen, View) and self.screen.drawable:
            self.screen.redraw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys for what this application does not do, or has no screen for, are neither shown nor heard."""
        if action == "view":
            return parameters[0] in self.views
        return hasattr(self, f"action_{action}") or hasattr(self, f"_action_{action}")

    # -- actions --------------------------------------------------------------------------------------------------

    def action_view(self, name: str) -> None:
        """Another screen of the game."""
        kind = self.kind_of(name)
        if type(self.screen) is not kind:
            self.switch_screen(kind())

    def action_undo(self) -> None:
        """Take back the last change of the plan."""
        if self.session is not None and self.session.undo():
            self.redraw()

    def action_help(self) -> None:
        """Help on the screen that one is on, and back from it."""
        from tui.screens.help import Help

        if isinstance(self.screen, Help):
            self.pop_screen()
        elif isinstance(self.screen, Page):
            self.push_screen(Help(self.screen))

    @abstractmethod
    def action_leave(self) -> None:
        """Back to where one came from."""

    async def action_next_language(self) -> None:
        """The other language, everywhere at once."""
        spoken: list[Language] = list(LANGUAGES)
        language = spoken[(spoken.index(self.speech.language) + 1) % len(spoken)]
        vocabulary = None if self.session is None else self.session.game.world.vocabulary
        self.speech = Speech(language, vocabulary)
        self._prefer(language=language)
        for screen in self.screen_stack:
            if isinstance(screen, Page):
                await screen.respeak()

    def action_next_theme(self) -> None:
        """The next theme."""
        names = [theme.name for theme in THEMES]
        here = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(here + 1) % len(names)]
        self._prefer(theme=self.theme)

    def _prefer(self, **changed: Any) -> None:
        self.settings = (
            keep_settings(self.settings, **changed) if self.own_machine else replace(self.settings, **changed)
        )

    def action_command_palette(self) -> None:
        """Every action by name."""
        if not CommandPalette.is_open(self):  # type: ignore[arg-type]
            self.push_screen(
                CommandPalette(placeholder=self.speech.say("Search for a command"), id="--command-palette")
            )

    # -- keys -----------------------------------------------------------------------------------------------------

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
        if binding.key_display or binding.key not in KEYS:
            return super().get_key_display(binding)
        return self.speech.say(KEYS[binding.key])

    def _do(self, action: str, namespace: Any) -> None:
        self.call_later(self.run_action, action, namespace)
