"""The application: games that are begun, gone on with, watched and shown again."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.binding import Binding
from textual.screen import Screen

from marketsim.places import games_folder
from tui.game_app import VIEWS, GameApp
from tui.screens.jump import Jump
from tui.screens.start import Start
from tui.screens.view import View
from tui.settings import Settings
from tui.speech import N_, Speech

if TYPE_CHECKING:
    from agents.game.file import Difference
    from agents.game.setup import Setup
    from tui.session import Session

__all__ = ["VIEWS", "MarketApp", "Opening", "beginning", "opened"]

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

OPEN_TO_WATCHERS = ("watch", "dashboard", "shakeout")
"""Screens that need nobody's books."""


class MarketApp(GameApp):
    """The game in the terminal.  opening: what is done at once."""

    session: Session | None = None

    def __init__(self, settings: Settings | None = None, opening: Opening | None = None) -> None:
        super().__init__(settings)
        self._opening = opening

    def first_screen(self) -> Screen[Any]:
        """The menu."""
        return Start()

    async def begin_with(self) -> None:
        """Do what this was opened for."""
        if self._opening is not None:
            await self._opening(self)

    def keep(self) -> None:
        """Keep the game that is being played."""
        if self.session is not None:
            self.try_to(self.session.save)

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

    def enter(self, session: Session) -> None:
        """Go on with a game."""
        self.session = session
        self.speech = Speech(self.speech.language, session.game.world.vocabulary)
        first = "watch" if session.shown else "dashboard" if session.game.turns else "briefing"
        self.push_screen(self.kind_of(first)())

    @property
    def _home(self) -> type[Screen[None]]:
        """The screen that a game comes back to."""
        return self.kind_of("watch" if self.session is not None and self.session.shown else "dashboard")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that make no sense now are neither shown nor heard."""
        session = self.session
        if session is None or not super().check_action(action, parameters):
            return super().check_action(action, parameters)
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
        else:
            self.redraw()

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
        if isinstance(self.screen, View):
            self.keep()
        self.pop_screen()
        if isinstance(self.screen, Start):
            self.session = None
            self.speech = Speech(self.speech.language)

    def get_key_display(self, binding: Binding) -> str:
        """A key as it is shown, in the language of the game."""
        if binding.id == "view.dashboard" and self.session is not None and self.session.shown:
            return "1 7"  # of OPEN_TO_WATCHERS
        return super().get_key_display(binding)
