"""How the game talks to the server of its browser tab: Textual's way, and it ends with the server."""

from __future__ import annotations

from textual import events, messages
from textual.drivers.web_driver import WebDriver


class BrowserDriver(WebDriver):
    """Textual's driver for the browser, which would live on when its server was killed and starts without focus."""

    def start_application_mode(self) -> None:
        """Begin; a tab that has just been opened has the focus, whenever its browser says so."""
        super().start_application_mode()
        self._app.call_later(self._app.post_message, events.AppFocus())

    def run_input_thread(self) -> None:
        """Hear the server until there is no more to hear, then end the game."""
        super().run_input_thread()
        self._app.post_message(messages.ExitApp())
