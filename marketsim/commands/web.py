"""`marketsim play --web`: a server for browsers on this machine."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Sequence
from typing import Literal

import typer

from marketsim.commands.needs import need
from marketsim.errors import MarketSimError

HOST = "127.0.0.1"


def serve(port: int, arguments: Sequence[str], language: Literal["en", "zh"] | None) -> None:
    """Serve the game until somebody stops it.

    port: 0 for any that is free.  arguments: of `marketsim play`, for each game.  language: of the page.
    Raises MarketSimError where a library is missing or the port cannot be had, and typer.Exit in the end.
    """
    need("textual_serve")
    from tui.web.server import GameServer

    with _listening(port) as listening:
        typer.echo(f"The game is at http://{HOST}:{listening.getsockname()[1]} for browsers on this machine.")
        typer.echo("Ctrl-C stops it; what is being played is kept.")
        raise typer.Exit(128 + asyncio.run(GameServer(arguments, language).serve_on(listening)))


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        why = "another program uses it" if error.errno == errno.EADDRINUSE else error.strerror
        raise MarketSimError(f"--port {port}: {why}; choose another from 1024 to 65535, or 0 for a free one") from None
