"""Keys one after another, however fast they come."""

from __future__ import annotations

from collections import deque

from textual import events
from textual.app import App
from textual.message import Message
from textual.timer import Timer

LONGEST_WAIT = 0.5
"""Seconds after which the next key goes on its way in any case."""


class KeysInOrder(App[None]):
    """An application in which a key is heard when all that was pressed before has had its effect.

    Textual gives each key to the widget that has the keyboard at that moment, and acts on most of them only when they
    have come up from there to the application.  Keys that come in a bunch, as over a slow net, overtake: digits behind
    an arrow down would be typed into the row above.
    """

    class Done(Message, bubble=True):
        """Goes the way of a key, right behind it."""

    def __init__(self, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._under_way = False
        self._waiting: deque[events.Key] = deque()
        self._late: Timer | None = None

    async def on_event(self, event: events.Event) -> None:
        """Hold a key back while another one is on its way."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._under_way:
            self._waiting.append(event)
            self._limit_wait()
        else:
            await self._send_on_its_way(event)

    async def _send_on_its_way(self, key: events.Key) -> None:
        way = self.focused or self.screen
        self._under_way = True
        await super().on_event(key)
        if not way.post_message(self.Done()):  # it has gone
            await self._next()

    async def on_keys_in_order_done(self) -> None:
        """The key has had its effect."""
        await self._next()

    async def _next(self) -> None:
        self._under_way = False
        if self._late is not None:
            self._late.stop()
            self._late = None
        if self._waiting:
            await self._send_on_its_way(self._waiting.popleft())
        if self._waiting:
            self._limit_wait()

    def _limit_wait(self) -> None:
        self._late = self._late or self.set_timer(LONGEST_WAIT, self._next)
