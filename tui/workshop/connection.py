"""The client of a workshop's API: it stays connected, and gets every command through once.

What is small is told over a websocket, what is large is fetched over HTTP. Nothing is kept here but the token: after a
cut the server tells everything anew.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from random import uniform
from secrets import token_hex
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from pydantic import TypeAdapter, ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from agents.workshop import protocol as p
from agents.workshop.team_view import ReceivedGame
from marketsim.errors import MarketSimError, printable

PORT = 8000
"""Of an address that names none."""
SHORTEST, LONGEST = 0.5, 8.0
"""Seconds before another try: by chance between them, so that not all clients of a room come at once."""
PATIENCE = 10.0
"""Seconds without a sign of life after which a link counts as cut."""
UNKNOWN = (401, 4401)
"""Statuses of HTTP and codes of a closed websocket that say that a token opens nothing, or no longer."""
OTHER_VERSION = 4426
UNWELCOME = (*UNKNOWN, 403, OTHER_VERSION)
"""Statuses of HTTP and codes of a closed websocket for which another try is no use."""


class WorkshopError(MarketSimError):
    """The server said no, or there is none.

    status: of HTTP, or the code of a closed websocket; 0 where nobody answers.  refused: what the server said.
    """

    def __init__(self, message: str, status: int = 0, refused: p.Refused | None = None) -> None:
        super().__init__(message)
        self.message, self.status, self.refused = message, status, refused


@dataclass(frozen=True, slots=True)
class Link:
    """Whether there is a link to the server."""

    up: bool


Heard = p.Pushed | Link
"""What a client is told."""

CARD, JOINED, MARKET = TypeAdapter(p.RoomCard), TypeAdapter(p.Joined), TypeAdapter(p.Market)
Answer = TypeVar("Answer")


def new_id() -> str:
    """An identifier for a command."""
    return token_hex(8)


def whole_address(text: str) -> str:
    """An address as people type it, in full, such as `http://192.168.1.20:8000`.  Raises WorkshopError."""
    written = text.strip()
    bare = "//" not in written
    try:
        parts = urlsplit(f"http://{written}" if bare else written)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https") or parts.username is not None:
        raise WorkshopError(f"address {printable(written)!r} is none; allowed: HOST, HOST:PORT or http://HOST:PORT")
    if port is None and bare:
        port = PORT
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + ("" if port is None else f":{port}")


class Connection:
    """The way to the server of a room.

    address: as of `whole_address`.  token: of a seat or of the facilitator; empty until one has joined.
    """

    def __init__(self, address: str, token: str = "") -> None:
        self.address, self.token = address, token
        self._socket: ClientConnection | None = None
        self._wish: p.Join | None = None
        self._unanswered: dict[str, tuple[p.Command, asyncio.Future[p.Accepted | p.Refused]]] = {}

    # -- what is asked for ----------------------------------------------------------------------------------------

    async def card(self) -> p.RoomCard:
        """What anybody may know of the room.  Raises WorkshopError."""
        return _read(CARD, await self.fetch("/api/room"))

    async def join(self, wish: p.Join) -> p.Joined:
        """Take a seat, and have its token from now on; the same wish again, after a cut, gives the same seat.

        Raises WorkshopError.
        """
        if self._wish is None or self._wish.model_copy(update={"again": None}) != wish:
            self._wish = wish.model_copy(update={"again": token_hex(16)})
        joined = _read(JOINED, await self.fetch("/api/join", self._wish.model_dump(exclude_none=True)))
        self._wish = None
        self.token = joined.token
        return joined

    async def facilitates(self) -> bool:
        """Whether the token is the facilitator's.  Raises WorkshopError for one that opens nothing."""
        try:
            await self.fetch("/api/library")
        except WorkshopError as error:
            if error.status != 403:
                raise
            return False
        return True

    async def market(self, first: int = 0) -> p.Market:
        """Quarters of the market from one on, asked for until they come.  Raises WorkshopError if they never will."""
        content = await self.fetched(f"/api/market?first={first}")
        return await asyncio.to_thread(_read, MARKET, content)

    async def grown(self, known: ReceivedGame | None, branch: int) -> ReceivedGame:
        """The market as it is now.  known: what was fetched before.  branch: that the room is on.

        Raises WorkshopError if it will never come.
        """
        same = known if known is not None and known.branch == branch else None
        told = await self.market(0 if same is None else len(same.turns))
        try:
            return await asyncio.to_thread(ReceivedGame.grown, same, told)
        except ValueError:  # quarters were taken back while it was on its way
            return await asyncio.to_thread(ReceivedGame.grown, None, await self.market(0))

    async def fetched(self, path: str) -> bytes:
        """What is there to be read, asked for until it comes.  Raises WorkshopError if it never will."""
        tries = 0
        while True:
            try:
                return await self.fetch(path)
            except WorkshopError as error:
                if error.status in UNWELCOME:
                    raise
            tries += 1
            await asyncio.sleep(_delay(tries))

    async def fetch(self, path: str, content: dict[str, Any] | None = None, patience: float = PATIENCE) -> bytes:
        """The server's answer.  content: to be posted; without it the path is read.  patience: seconds to wait for it.

        Raises WorkshopError.
        """
        headers = {"Accept-Encoding": "gzip", "Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if content is None else json.dumps(content).encode()
        return await asyncio.to_thread(_answer, Request(self.address + path, data, headers), patience)

    # -- commands -------------------------------------------------------------------------------------------------

    async def do(self, command: p.Command) -> p.Accepted | p.Refused:
        """Have a command done: it is sent again after every cut until it is answered, and counts once."""
        answered: asyncio.Future[p.Accepted | p.Refused] = asyncio.get_running_loop().create_future()
        self._unanswered[command.id] = command, answered
        try:
            await self._send([command])
            return await answered
        finally:
            del self._unanswered[command.id]

    async def _send(self, commands: Iterable[p.Command]) -> None:
        """Send commands, if there is a link; without one they are sent when there is."""
        if self._socket is not None:
            with suppress(ConnectionClosed):
                for command in commands:
                    await self._socket.send(command.model_dump_json())

    # -- what is told ---------------------------------------------------------------------------------------------

    async def follow(self, heed: Callable[[Heard], None]) -> None:
        """Be told of the room for ever; a link that is cut is made again.  heed: is called with what is told.

        Raises WorkshopError where the server will have nothing to do with this token, or with this version.
        """
        tries = 0
        while True:
            try:
                async with self._opened() as socket:
                    await socket.send(p.Hello(version=p.VERSION, token=self.token).model_dump_json())
                    async for frame in socket:
                        await self._take(socket, frame, heed)
                        tries = 0
                _check(socket.close_code, socket.close_reason)
            except InvalidStatus as error:
                _check(error.response.status_code, error.response.reason_phrase)
            except ConnectionClosed as error:
                if error.rcvd is not None:
                    _check(error.rcvd.code, error.rcvd.reason)
            except (OSError, WebSocketException):  # among them, that nobody has answered in time
                pass
            finally:
                self._socket = None
            heed(Link(up=False))
            tries += 1
            await asyncio.sleep(_delay(tries))

    def _opened(self) -> connect:
        live = self.address.replace("http", "ws", 1) + "/api/live"
        return connect(live, open_timeout=PATIENCE, ping_interval=PATIENCE, ping_timeout=PATIENCE, close_timeout=1)

    async def _take(self, socket: ClientConnection, frame: str | bytes, heed: Callable[[Heard], None]) -> None:
        """Heed what was told; the first word tells that one is welcome."""
        message = _read(p.MESSAGES, frame)
        if isinstance(message, p.Accepted | p.Refused):
            _, answered = self._unanswered.get(message.id or "", (None, None))
            if answered is not None and not answered.done():
                answered.set_result(message)
            return
        if self._socket is None:
            self._socket = socket
            heed(Link(up=True))
            await self._send([command for command, _ in self._unanswered.values()])
        heed(message)


def _delay(tries: int) -> float:
    """Seconds until another try."""
    return uniform(SHORTEST, min(LONGEST, SHORTEST * 2**tries))


def _check(status: int | None, reason: str | None) -> None:
    if status in UNWELCOME:
        raise WorkshopError(reason or "the server does not know this seat", status or 0)


def _answer(request: Request, patience: float) -> bytes:
    """What a server answers.  Raises WorkshopError."""
    where = f"{request.type}://{request.host}"
    try:
        with urlopen(request, timeout=patience) as answer:
            content: bytes = answer.read()
            return gzip.decompress(content) if answer.headers["Content-Encoding"] == "gzip" else content
    except HTTPError as error:
        with error:
            refused = _refused(error)
        message = f"{where} answers {error.code}: no workshop is there" if refused is None else refused.message
        raise WorkshopError(message, error.code, refused) from None
    except (OSError, HTTPException, ValueError) as error:
        raise WorkshopError(f"{where} does not answer: {getattr(error, 'reason', error)}") from None


def _refused(error: HTTPError) -> p.Refused | None:
    """What the server says of a request that it refuses, if it is ours."""
    try:
        return p.Refused.model_validate_json(error.read())
    except (OSError, HTTPException, ValidationError):
        return None


def _read(adapter: TypeAdapter[Answer], content: str | bytes) -> Answer:
    try:
        return adapter.validate_json(content)
    except ValidationError:
        raise WorkshopError("the server speaks another version of the protocol, or is no workshop") from None
