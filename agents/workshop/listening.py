"""The server's side of the network: uvicorn, as patient as a classroom needs and no more.

By itself it waits for ever for a request that never ends, or a reader who does not read.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from socket import IPPROTO_TCP, TCP_NODELAY, socket
from typing import TYPE_CHECKING, Any

import h11
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from agents.workshop.limits import BODY, CONNECTIONS, CONNECTIONS_EACH, network

if TYPE_CHECKING:
    from starlette.types import ASGIApp

REQUEST_WITHIN = 10.0
"""Seconds for the head of a request, and for what comes after it has been answered."""
READ_WITHIN = 20.0
"""Seconds for a client to read what is waiting for it (from 64 to 16 kB)."""
ALIVE = 20.0
"""Seconds between two signs of life that a websocket is asked for, and in which it gives one."""
GRACE = 3
"""Seconds that connections have to end by themselves when the server stops."""


class Impatient(asyncio.Protocol):
    """A connection whose client has to read what it is sent."""

    transport: asyncio.Transport
    client: tuple[str, int] | None
    _stuck: asyncio.TimerHandle | None = None

    @property
    def network(self) -> str:
        """Of the client."""
        return network(self.client[0]) if self.client else ""

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck = asyncio.get_running_loop().call_later(READ_WITHIN, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()


class LiveConnection(Impatient, WebSocketsSansIOProtocol):
    """A websocket."""


class Connection(Impatient, H11Protocol):
    """A connection with HTTP: it is cut off if it is one too many, or if a request does not come to its end."""

    _unended: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio does so for sockets that it has made: else an answer of two packets waits 40 ms for its second one
        transport.get_extra_info("socket").setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        same = [other for other in self.connections if isinstance(other, Impatient) and other.network == self.network]
        if len(self.connections) > CONNECTIONS or len(same) > CONNECTIONS_EACH:
            transport.abort()
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._watch()

    def _watch(self) -> None:
        """While it is in the head of a request, or in the rest of one that has been answered, its time runs."""
        theirs, answered = self.conn.their_state, self.conn.our_state is h11.DONE
        waiting = theirs is h11.IDLE or (theirs is h11.SEND_BODY and answered)
        if waiting and self in self.connections:
            self._unended = self._unended or self.loop.call_later(REQUEST_WITHIN, self.transport.abort)
        elif self._unended is not None:
            self._unended.cancel()
            self._unended = None


def _is_a_mistake(record: logging.LogRecord) -> bool:
    """Not that connections which had not ended when the server stopped were cut off."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind is not asyncio.CancelledError and not str(record.msg).startswith("Cancel ")


logging.getLogger("uvicorn.error").addFilter(_is_a_mistake)


class WorkshopServer(Server):
    """Serves an application until it is asked to stop.  certificate, key: files in PEM form, for TLS; none: without."""

    def __init__(self, app: ASGIApp, certificate: Path | None = None, key: Path | None = None) -> None:
        super().__init__(
            Config(
                app,
                http=Connection,
                ws=LiveConnection,
                ws_max_size=BODY,
                ws_ping_interval=ALIVE,
                ws_ping_timeout=ALIVE,
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,  # it would tell addresses and times of everybody
                proxy_headers=False,  # whoever sends them could pass for any address
                server_header=False,
                timeout_graceful_shutdown=GRACE,
                ssl_certfile=certificate,
                ssl_keyfile=key,
            )
        )
        self.stopped_by: int | None = None

    def capture_signals(self) -> AbstractContextManager[Any]:  # type: ignore[override]
        """Leave signals to whoever has started this server."""
        return nullcontext()

    async def serve_on(self, listening: socket) -> int | None:
        """Serve until `should_exit` or a signal.  Returns the signal's number, or none."""
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows; another thread than the first
                asyncio.get_running_loop().add_signal_handler(number, self._stop, number)
        await self.serve(sockets=[listening])
        return self.stopped_by

    def _stop(self, number: int) -> None:
        self.stopped_by, self.should_exit = number, True
