"""`marketsim play --web`: a server for browsers on this machine."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Sequence
from typing import Literal

import typer

from marketsim.commands.needs import need
from marketsim.errors import MarketSimError, printable

HOST = "127.0.0.1"


def serve(port: int, arguments: Sequence[str], language: Literal["en", "zh"] | None) -> None:
    """Serve the game until somebody stops it.

    port: 0 for any that is free.  arguments: of `marketsim play`, for each game.  language: of the page.
    Raises MarketSimError where a library is missing or the port cannot be had, and typer.Exit in the end.
    """
    need("textual_serve")
    from tui.web.server import GameServer

    with listening(port) as sock:
        typer.echo(f"The game is at http://{HOST}:{sock.getsockname()[1]} for browsers on this machine.")
        typer.echo("Ctrl-C stops it; what is being played is kept.")
        raise typer.Exit(128 + asyncio.run(GameServer(arguments, language).serve_on(sock)))


def listening(port: int, host: str = HOST) -> socket.socket:
    """A socket that listens.  port: 0 for any that is free.  host: of this machine.  Raises MarketSimError."""
    try:
        both = host == "::" and socket.has_dualstack_ipv6()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, dualstack_ipv6=both)
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise MarketSimError(f"--host {printable(host)}: this machine has no such address") from None
        why = "another program uses it" if error.errno == errno.EADDRINUSE else error.strerror
        raise MarketSimError(f"--port {port}: {why}; choose another from 1024 to 65535, or 0 for a free one") from None
