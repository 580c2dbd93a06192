"""Loading the engine (NumPy, pydantic, Mesa, the rules) behind the first screen: once, whichever thread asks first."""

from __future__ import annotations

from importlib import import_module
from threading import Event, Lock

_loading = Lock()
loaded = Event()
"""Set when everything is there."""


def load_engine() -> None:
    """Import all that a game needs.

    Two threads that import modules which need one another would lock each other out: so one waits for the other here.
    """
    with _loading:
        import_module("tui.session")
    loaded.set()
