"""Options to choose from: `Menu`."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import OptionList


class Menu(OptionList, inherit_bindings=False):
    """A list in which the arrows move; Enter is a screen's or a subclass's, which says among the keys what it does.

    There are no page keys: Textual's fail on a list that was filled but not yet drawn.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", "", show=False),
        Binding("down", "cursor_down", "", show=False),
        Binding("home", "first", "", show=False),
        Binding("end", "last", "", show=False),
    ]
