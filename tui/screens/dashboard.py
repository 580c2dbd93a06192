"""Dashboard."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from tui.screens.view import View
from tui.speech import N_


class Dashboard(View):
    """Home."""

    heading = N_("Dashboard")

    def body(self) -> ComposeResult:
        """Nothing yet."""
        yield Static(id="x")

    def show(self) -> None:
        self.query_one("#x", Static).update(str(len(self.game.turns)))
