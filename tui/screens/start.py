"""The first screen: go on, begin, watch, replay, learn; beside the menu a market runs by itself."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from tui.engine import load_engine
from tui.screens.view import Page
from tui.speech import N_
from tui.widgets.menu import Menu
from tui.widgets.share_chart import ShareChart

if TYPE_CHECKING:
    from agents.game.game import Game
    from tui.app import MarketApp

ENTRIES = {
    "quick": (N_("Quick start"), N_("Run Cambricon for sixteen quarters; hints show the way.")),
    "continue": (N_("Continue"), N_("Go on with the game that you played last.")),
    "new": (N_("New game"), N_("Choose market, vendor, difficulty, length and luck.")),
    "watch": (N_("Watch a market"), N_("No decisions: see strategies compete, at your speed.")),
    "replay": (N_("Saved games and replays"), N_("Go on where you left off, or look at a game again.")),
    "join": (N_("Join a workshop"), N_("In a team, in a market with other teams.")),
    "language": (N_("中文"), N_("Switch the language.")),
    "quit": (N_("Quit"), N_("Games are kept as they are.")),
}
DEMO_PACE = 0.6
"""Seconds for a quarter of the market beside the menu."""


class Start(Page):
    """The menu."""

    app: MarketApp
    heading = N_("Start")
    about = N_(
        "Choose what to do. The market beside the menu is a real one: strategies compete in it by the same rules."
    )
    CSS_PATH = "start.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", N_("choose"), id="start.choose"),
        Binding("q", "app.quit", N_("quit"), id="start.quit"),
    ]

    demo: Game | None = None

    def body(self) -> ComposeResult:
        """The menu, and a market."""
        with Horizontal(id="start"):
            with Vertical(id="choice"):
                yield Static(self._masthead(), id="masthead")
                yield Menu(*self._options(), id="menu", classes="panel")
            with Vertical(id="demo", classes="panel"):
                yield ShareChart()
                yield Static(id="caption")

    def _masthead(self) -> str:
        question = self.say("Will China's AI chips go the way of solar panels?")
        subject = self.say("China's market for AI chips")
        return f"[bold $accent]marketsim[/]  {subject}\n[$axis]{question}[/]"

    def _options(self) -> list[Option]:
        there = {"continue": self.app.has_saves, "join": not self.app.is_web and find_spec("websockets") is not None}
        entries = {name: entry for name, entry in ENTRIES.items() if there.get(name, True)}
        return [
            Option(f"[bold]{self.say(title)}[/]\n[$axis]  {self.say(text)}[/]", id=name)
            for name, (title, text) in entries.items()
        ]

    def show(self) -> None:
        """The market as it is now."""
        self.query_one("#demo").border_title = self.say("A market that runs by itself")
        if self.demo is not None and self.demo.turns:
            self._draw(self.demo)

    def on_screen_resume(self) -> None:
        """There may be a game to go on with now."""
        menu = self.query_one(Menu)
        if self.app.has_saves != any(option.id == "continue" for option in menu.options):
            menu.set_options(self._options())
            menu.highlighted = 0

    def _draw(self, demo: Game) -> None:
        from tui.roster import roster_of

        self.query_one("#demo").add_class("-running")

        roster, trace = roster_of(demo, self.speech), demo.trace
        revenue = trace.revenue[:, :, 0]
        shares = [roster.share(v, revenue[:, v].tolist()) for v in range(revenue.shape[1]) if revenue[:, v].any()]
        self.query_one(ShareChart).show(shares, trace.quarters, self.say("others"))
        caption = self.say("Shares of revenue, {quarter}", quarter=trace.quarters[-1])
        self.query_one("#caption", Static).update(f"[$axis]{caption}[/]")

    # -- the market beside the menu -------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """The menu at once, the market when the engine is there."""
        super().on_mount()
        self.query_one(Menu).focus()
        if self.demo is None:
            self.call_after_refresh(self.run_worker, _demo, thread=True, name="demo", exit_on_error=False)
        self.set_interval(DEMO_PACE, self._step)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The engine is there."""
        if event.worker.name == "demo" and event.state == WorkerState.SUCCESS:
            self.demo = event.worker.result

    def _step(self) -> None:
        if self.demo is None or self.app.screen is not self or not self.query_one("#demo").display:
            return
        if self.demo.over:
            self.demo = self.demo.fork(0)
        self.demo.play()
        self._draw(self.demo)

    # -- the menu -------------------------------------------------------------------------------------------------

    def action_choose(self) -> None:
        """The entry under the cursor."""
        self.query_one(Menu).action_select()

    @on(OptionList.OptionSelected, "#menu")
    async def _chosen(self, event: OptionList.OptionSelected) -> None:
        if event.option.id not in ("language", "quit"):
            await self.app.engine()
        match event.option.id:
            case "quick":
                from agents.game.setup import Setup

                await self.app.begin(Setup(vendor="cambricon", quarters=16))
            case "continue":
                await self.app.open_latest()
            case "new" | "watch" as what:
                from tui.screens.new_game import NewGame

                self.app.push_screen(NewGame(watching=what == "watch"))
            case "replay":
                from tui.screens.saved import SavedGames

                self.app.push_screen(SavedGames())
            case "join":
                from tui.workshop.open import joining

                self.app.then = joining(settings=self.app.settings)
                self.app.exit()
            case "language":
                await self.app.action_next_language()
            case "quit":
                self.app.exit()


def _demo() -> Game:
    load_engine()
    from agents.game.game import Game
    from agents.game.setup import Setup

    return Game(Setup(seed=11))
