"""The websocket of a client: its commands come in, their answers and all that is new go out.

The first message is `Hello`; then the room as it is, and from then on what changes, are told. Commands are answered in
their order. Whoever does not say who he is, cannot be read or does not read is hung up on with a code that says why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json
from starlette.websockets import WebSocket, WebSocketDisconnect

from agents.workshop import protocol as p
from agents.workshop.desk import Desk
from agents.workshop.limits import BODY, LISTENING, MALFORMED, Buckets, Limits, network
from agents.workshop.secrets import hash_of
from agents.workshop.telling import Listener

HELLO_WITHIN = 5.0
"""Seconds."""
FAREWELL_WITHIN = 1.0
"""Seconds in which a client can take leave; it may be one who does not read."""

BINARY, TOO_LONG, BEHIND = 1003, 1009, 1013
NO_HELLO, UNKNOWN_TOKEN, LATE, UNREADABLE, OTHER_VERSION, TOO_MANY = 4400, 4401, 4408, 4422, 4426, 4429
CODES: Mapping[int, str] = {
    BINARY: "a message was binary; only text is read",
    TOO_LONG: f"a message was longer than {BODY} bytes",
    1012: "the server stops; come back when it runs again",
    BEHIND: "more messages were waiting than are kept for a client; come back and be told everything anew",
    NO_HELLO: "the first message was no Hello",
    UNKNOWN_TOKEN: "the token opens nothing, or no longer: the seat was released; do not come back with it",
    LATE: f"no Hello within {HELLO_WITHIN:g} seconds",
    UNREADABLE: f"more than {MALFORMED} messages in a minute that could not be read",
    OTHER_VERSION: f"the protocol here has version {p.VERSION}, the client's another one",
    TOO_MANY: f"{LISTENING} others are connected with this seat, or too many wrong tokens came from this address",
}
"""With which a websocket is closed, besides those of its standard: from 4400 on like the statuses of HTTP."""


class Ended(Exception):
    """The server hangs up."""

    def __init__(self, code: int) -> None:
        super().__init__(CODES[code])
        self.code = code


def unreadable(error: ValidationError, command: object = None) -> p.Refused:
    """What somebody is told whose message cannot be read.  command: what should have been its id."""
    wrong = error.errors(include_url=False)[0]
    return p.Refused(
        id=command[:64] if isinstance(command, str) else None,
        message="cannot be read",
        field=".".join(map(str, wrong["loc"]))[:200],
        value=str(wrong["input"])[:80] if isinstance(wrong["input"], str | int | float) else "",
        allowed=wrong["msg"].removeprefix("Input should be ")[:200],
    )


async def live(websocket: WebSocket, desk: Desk, limits: Limits) -> None:
    """Serve a client until one of both hangs up."""
    await websocket.accept()
    try:
        token, who = await _greeted(websocket, desk, limits)
        with limits.place(who) as free:
            if not free:
                raise Ended(TOO_MANY)
            await _served(_Client(websocket, desk, limits, token, who))
    except WebSocketDisconnect:
        return
    except Ended as end:
        try:
            async with asyncio.timeout(FAREWELL_WITHIN):
                await websocket.close(end.code, str(end))
        except (TimeoutError, WebSocketDisconnect, RuntimeError):  # it has gone, or is cut off soon
            return


async def _greeted(websocket: WebSocket, desk: Desk, limits: Limits) -> tuple[str, str]:
    """The token of a client and whose it is.  Raises Ended."""
    try:
        async with asyncio.timeout(HELLO_WITHIN):
            text = await _text(websocket)
    except TimeoutError:
        raise Ended(LATE) from None
    try:
        hello = p.Hello.model_validate_json(text, strict=True)
    except ValidationError:
        raise Ended(NO_HELLO) from None
    if hello.version != p.VERSION:
        raise Ended(OTHER_VERSION)
    who = desk.who(hello.token)
    if who is None:
        address = network(websocket.client.host) if websocket.client else ""
        raise Ended(TOO_MANY if limits.strangers.take(address) else UNKNOWN_TOKEN)
    return hello.token, who


async def _text(websocket: WebSocket) -> str:
    """The next message.  Raises Ended, or WebSocketDisconnect."""
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text: str | None = message.get("text")
    if text is None:
        raise Ended(BINARY)
    if len(text.encode()) > BODY:
        raise Ended(TOO_LONG)
    return text


class _Client:
    """Somebody who is connected."""

    def __init__(self, websocket: WebSocket, desk: Desk, limits: Limits, token: str, who: str) -> None:
        self.websocket, self.desk, self.token, self.who = websocket, desk, token, who
        self._hashed = hash_of(token)
        self._limits, self._malformed = limits, Buckets(MALFORMED / 60, MALFORMED)

    async def tell(self, listener: Listener) -> None:
        """Send what is waiting, as long as the token is good.  Raises Ended."""
        while (message := await listener.waiting.get()) is not None:
            self._check()
            await self.websocket.send_text(message.decode())
        raise Ended(BEHIND)

    async def hear(self, listener: Listener) -> None:
        """Do what is asked for, one thing after the other, each when its time has come.  Raises Ended."""
        while True:
            text = await _text(self.websocket)
            while wait := self._limits.commands.take(self.token):
                await asyncio.sleep(wait)
            self._check()
            listener.answer((await self._answer(text)).model_dump_json().encode())

    def _check(self) -> None:
        if not self.desk.still(self.who, self._hashed):
            raise Ended(UNKNOWN_TOKEN)

    async def _answer(self, text: str) -> p.Accepted | p.Refused:
        try:
            command = p.COMMANDS.validate_json(text, strict=True)
        except ValidationError as error:
            if self._malformed.take(""):
                raise Ended(UNREADABLE) from None
            return unreadable(error, _id(text))
        return await self.desk.do(self.who, command)


def _id(text: str) -> Any:
    try:
        return from_json(text)["id"]
    except (ValueError, KeyError, TypeError):
        return None


async def _served(client: _Client) -> None:
    """Hear and tell at the same time, until one of the two ends.  Raises what ended it."""
    listener = await client.desk.listen(client.who)
    both = {asyncio.create_task(client.hear(listener)), asyncio.create_task(client.tell(listener))}
    try:
        done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        await client.desk.leave(listener)
