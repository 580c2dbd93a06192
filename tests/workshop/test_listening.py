"""The server's side of the network where nothing else tests it: how it stops."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from websockets.asyncio.client import connect

from agents.workshop import listening
from agents.workshop.listening import WorkshopServer


async def stubborn(scope: Any, receive: Any, send: Any) -> None:
    """Accepts a websocket and does not end by itself; has a mistake on another path."""
    await send({"type": "websocket.accept"})
    if scope["path"] == "/mistake":
        raise ValueError("a mistake")
    await asyncio.Event().wait()


async def test_connections_that_are_cut_off_at_the_end_are_no_mistakes(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(listening, "GRACE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as own:
        server, place = WorkshopServer(stubborn), f"ws://127.0.0.1:{own.getsockname()[1]}"
        serving = asyncio.create_task(server.serve(sockets=[own]))
        async with connect(f"{place}/"), connect(f"{place}/"):
            with pytest.raises(Exception, match=r"1011|500|close"):
                async with connect(f"{place}/mistake") as broken:
                    await broken.recv()
            server.should_exit = True
            await serving
            await asyncio.sleep(0.1)
    assert ["a mistake" in str(record.exc_info) for record in caplog.records] == [True]
