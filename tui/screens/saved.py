"""Saved games: go on, look at one again, or delete it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.markup import escape
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.screens.view import Page
from tui.speech import N_
from tui.widgets.menu import Menu

if TYPE_CHECKING:
    from agents.game.saves import Entry
    from tui.app import MarketApp


class SavedGames(Page):
    """The list of saves, the newest first; one that is damaged says why, and hides no other."""

    app: MarketApp
    heading = N_("Saved games")
    about = N_(
        "Every game is saved by itself after each quarter. Enter goes on with one, r shows it again from the start, x "
        "deletes it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", N_("go on"), id="saved.open"),
        Binding("r", "replay", N_("replay"), id="saved.replay"),
        Binding("x,delete", "delete", N_("delete"), key_display="x", id="saved.delete"),
        Binding("q,escape", "app.leave", N_("back"), id="saved.leave"),
    ]
    CSS = """
    #saved { height: 1fr; border: round $primary 60%; border-title-color: $accent; }
    #saved-problem { height: auto; max-height: 8; padding: 0 2; color: $error; }
    """

    def body(self) -> ComposeResult:
        """The list, and what is wrong with the save under the cursor."""
        with Vertical():
            yield Menu(id="saved")
            yield Static(id="saved-problem", markup=False)

    def show(self) -> None:
        """The saves as they are now."""
        from agents.game.saves import entries
        from marketsim.errors import MarketSimError

        menu = self.query_one(Menu)
        menu.border_title = self.say(self.heading)
        self.found: list[Entry] = []
        try:
            self.found = entries()
        except MarketSimError as error:
            self.query_one("#saved-problem", Static).update(str(error))
        here = menu.highlighted or 0
        menu.clear_options()
        menu.add_options(Option(self._line(entry)) for entry in self.found)
        if self.found:
            menu.highlighted = min(here, len(self.found) - 1)
        else:
            menu.add_option(Option(self.say("Nothing is saved yet."), disabled=True))

    def on_screen_resume(self) -> None:
        """What was played meanwhile is saved too."""
        self.show()

    def _line(self, entry: Entry) -> str:
        when = f"{entry.when:%Y-%m-%d %H:%M}"
        kind = self.say("saved by itself") if entry.automatic else self.say("kept by hand")
        saved = entry.saved
        if saved is None:
            wrong = self.say("cannot be read")
            return f"[$error]✗ {escape(entry.path.name)}[/]\n  [$axis]{when}, {wrong}[/]"
        world, vendor = saved.scenario, saved.setup.vendor
        who = self.say("watched") if vendor is None else self.speech.title(world.vendors[vendor].title)
        played = self.say("{played} of {all} quarters", played=len(saved.plans), all=saved.length)
        first = f"[bold]{escape(who)}[/]  {escape(self.speech.title(world.title))}  {saved.reached}"
        return f"{first}\n  [$axis]{when}, {kind}, {played}[/]"

    @property
    def chosen(self) -> Entry | None:
        """The save under the cursor."""
        here = self.query_one(Menu).highlighted
        return self.found[here] if here is not None and here < len(self.found) else None

    @on(OptionList.OptionHighlighted, "#saved")
    def _highlighted(self) -> None:
        chosen = self.chosen
        text = "" if chosen is None or chosen.problem is None else str(chosen.problem)
        self.query_one("#saved-problem", Static).update(text)

    @on(OptionList.OptionSelected, "#saved")
    async def _selected(self) -> None:
        await self.action_open()

    async def action_open(self) -> None:
        """Go on with the game."""
        if self.chosen is not None:
            await self.app.open_file(self.chosen.path)

    async def action_replay(self) -> None:
        """Show it again from its first quarter."""
        if self.chosen is not None:
            await self.app.open_file(self.chosen.path, replay=True)

    def action_delete(self) -> None:
        """Delete it; what is deleted is gone, so one is asked."""
        from tui.screens.question import Question

        chosen = self.chosen
        if chosen is None:
            return

        def answered(yes: bool | None) -> None:
            from agents.game.saves import delete

            if yes:
                self.app.try_to(lambda: delete(chosen.path))
                self.show()

        text = self.say("Delete this game? It cannot be brought back.")
        self.app.push_screen(Question(self.speech, text), answered)
