"""The last line of every screen: the keys that work here, in the language of the game."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from tui.speech import Speech

if TYPE_CHECKING:
    from textual.screen import Screen


class KeyBar(Widget):
    """Keys and what they do, as many as fit; each can be clicked."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; padding: 0 1; background: $panel; color: $text-muted; }
    """

    def __init__(self, speech: Speech) -> None:
        super().__init__()
        self.speech = speech

    def on_mount(self) -> None:
        """Follow the keys that apply: they change with focus and screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _screen: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Content:
        """The keys, most important first."""
        room, parts = self.size.width, []
        for key, title in self._keys():
            part = Content.assemble((key, "bold $accent"), " ", title, "  ")
            room -= part.cell_length
            if room < -2:  # the last one needs no gap behind it
                break
            parts.append(part)
        return Content("").join(parts)

    def _keys(self) -> list[tuple[str, str]]:
        shown: dict[str, str] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and active.enabled:
                key = binding.key_display or self.app.get_key_display(binding)
                shown.setdefault(self.speech.say(binding.description), key)
        return [(key, title) for title, key in shown.items()]
