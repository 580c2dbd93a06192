"""The last line of every screen: the keys that work here, in the language of the game."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.widget import Widget

from tui.speech import Speech

if TYPE_CHECKING:
    from textual.screen import Screen


GAP = 2
"""Cells between two keys."""


class KeyBar(Widget):
    """Keys and what they do, as many as fit; each can be clicked."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; padding: 0 1; background: $panel; color: $text-muted; }
    """

    def __init__(self, speech: Speech) -> None:
        super().__init__()
        self.speech = speech
        self._ends: list[tuple[int, str]] = []
        self._shown: list[tuple[str, str, str]] = []

    def on_mount(self) -> None:
        """Follow the keys that apply: they change with focus and screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _screen: Screen[object]) -> None:
        if self._keys() != self._shown:
            self.refresh()

    def render(self) -> Content:
        """The keys, most important first."""
        parts: list[Content] = []
        self._shown, self._ends = self._keys(), []
        end = 0
        for shown, title, key in self._shown:
            part = Content.assemble((shown, "bold $accent"), " ", title, "  ")
            end += part.cell_length
            if end - GAP > self.size.width:
                break
            parts.append(part)
            self._ends.append((end - GAP, key))
        return Content("").join(parts)

    def on_click(self, event: events.Click) -> None:
        """A click on a key presses it."""
        place = event.get_content_offset(self)
        if place is not None:
            key = next((key for end, key in self._ends if place.x < end), None)
            if key is not None:
                self.app.simulate_key(key)

    def _keys(self) -> list[tuple[str, str, str]]:
        """How each key is shown, what it does, and its name; the first of keys that do the same."""
        found: dict[str, tuple[str, str]] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and active.enabled and binding.description:
                shown = self.app.get_key_display(binding)
                found.setdefault(self.speech.say(binding.description), (shown, binding.key))
        return [(shown, title, key) for title, (shown, key) in found.items()]
