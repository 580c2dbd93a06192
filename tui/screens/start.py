"""The first screen: go on, begin, watch, replay, learn."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.screens.view import Page
from tui.speech import N_

ENTRIES = {
    "quick": (N_("Quick start"), N_("Run Cambricon for sixteen quarters; hints show the way.")),
    "new": (N_("New game"), N_("Choose scenario, vendor, difficulty, length and seed.")),
    "watch": (N_("Watch a market"), N_("No decisions: see strategies compete, at your speed.")),
    "replay": (N_("Open a saved game or replay"), N_("Go on where you left off, or look at a game again.")),
    "language": (N_("中文"), N_("Switch the language.")),
    "quit": (N_("Quit"), ""),
}


class Start(Page):
    """The menu."""

    heading = N_("Start")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", N_("start"), key_display="Enter", show=True, id="start.choose"),
        Binding("q,escape", "app.quit", N_("quit"), id="start.quit"),
    ]

    def body(self) -> ComposeResult:
        """The menu, and what it is all about."""
        options = [
            Option(f"[bold]{self.say(title)}[/]\n[$text-muted]{self.say(text)}[/]", id=name)
            for name, (title, text) in ENTRIES.items()
        ]
        with Vertical(id="start"):
            yield Static("[bold $accent]marketsim[/]  " + self.say("China's market for AI chips"), id="masthead")
            yield OptionList(*options, id="menu")

    @on(OptionList.OptionSelected, "#menu")
    async def _chosen(self, event: OptionList.OptionSelected) -> None:
        match event.option.id:
            case "quick":
                from agents.game import Setup

                await self.app.begin(Setup(vendor="cambricon", quarters=16))
            case "new" | "watch" as what:
                from tui.screens.new_game import NewGame

                self.app.push_screen(NewGame(watching=what == "watch"))
            case "replay":
                from tui.screens.saved import SavedGames

                self.app.push_screen(SavedGames())
            case "language":
                await self.app.action_next_language()
            case "quit":
                self.app.exit()
