"""How workshops are opened: by the command, from the menu of the game, and for the tabs of browsers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui.game_app import GameApp
from tui.settings import Settings, load_settings
from tui.workshop.connection import Connection, whole_address
from tui.workshop.console import ConsoleApp
from tui.workshop.team import TeamApp


def joining(address: str | None = None, settings: Settings | None = None) -> GameApp:
    """Ask for a code, and for the address where none is given.  Raises WorkshopError for what is no address."""
    return TeamApp(None if address is None else Connection(whole_address(address)), settings)


def seated(address: str, token: str, settings: Settings | None = None) -> GameApp:
    """The application that a token opens, whose seat is kept elsewhere.  Raises WorkshopError if it opens nothing."""
    connection = Connection(whole_address(address), token)
    if asyncio.run(connection.facilitates()):
        return ConsoleApp(connection, settings)
    return TeamApp(connection, settings, own=False)


def run(told: Mapping[str, Any]) -> None:
    """The process of a browser's tab, until it is left.

    told: address of the server, token, and the language of the page.  Raises WorkshopError.
    """
    settings = replace(load_settings(), language=told["language"])
    seated(str(told["address"]), str(told["token"]), settings).run_on()
