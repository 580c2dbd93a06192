"""How workshops are opened: by the command, from the menu of the game, and for the tabs of browsers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from marketsim.scenario.fields import Section
from tui.game_app import GameApp
from tui.settings import Settings, load_settings
from tui.speech import Language
from tui.workshop.connection import Connection, WorkshopError, whole_address
from tui.workshop.console import ConsoleApp
from tui.workshop.team import TeamApp


class Told(Section):
    """What the process of a tab is told.  address: of the server.  token: of a seat.  language: of the page."""

    address: str
    token: str
    language: Language


def joining(address: str | None = None, settings: Settings | None = None) -> GameApp:
    """Asks for a code, and for the address if none is given.  Raises WorkshopError for what is no address."""
    return TeamApp(None if address is None else Connection(whole_address(address)), settings)


def seated(address: str, token: str, settings: Settings | None = None) -> GameApp:
    """The application that a token opens, which is kept elsewhere.  Raises WorkshopError if it opens nothing."""
    connection = Connection(whole_address(address), token)
    kind = ConsoleApp if asyncio.run(connection.facilitates()) else TeamApp
    app: GameApp = kind(connection, settings)
    app.own_machine = False
    return app


def run(told: Mapping[str, Any]) -> None:
    """The process of a tab, until it is left.  told: as of `Told`.  Raises WorkshopError."""
    place = Told.model_validate(told)
    seated(place.address, place.token, replace(load_settings(), language=place.language)).run_on()


def run_told(text: str) -> None:
    """The same, told in JSON.  Raises WorkshopError."""
    try:
        told = Told.model_validate_json(text)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, wrong["loc"]))
        raise WorkshopError(f"what the tab was told cannot be used: {where}: {wrong['msg']}") from None
    run(told.model_dump())
