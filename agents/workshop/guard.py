"""What holds for every request: where it may come from, how long it may be, and what its answer says to a browser.

A page of somebody else that is open on the same machine cannot use this server: its websockets and requests carry its
own address (Origin), and a name of its own that it lets point here (DNS rebinding) is none of ours (Host). Addresses
in numbers are all ours, since no name server can make them another's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from agents.workshop.limits import BODY
from agents.workshop.protocol import Refused

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_WITHIN = 10.0
"""Seconds for the body of a request."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer that does not say otherwise."""


class Denied(Exception):
    """A request that is answered with a status of HTTP above 400 and what is wrong.

    wait: seconds after which it may be sent again.
    """

    def __init__(self, status: int, refused: Refused, wait: float | None = None) -> None:
        super().__init__(refused.message)
        self.status, self.refused, self.wait = status, refused, wait

    def response(self) -> Response:
        """The answer."""
        headers = {} if self.wait is None else {"Retry-After": str(int(self.wait) + 1)}
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return Response(self.refused.model_dump_json(), self.status, headers, "application/json")


def denied(status: int, message: str, field: str = "", value: str = "", allowed: str = "") -> Denied:
    """A request that cannot be."""
    return Denied(status, Refused(message=message, field=field, value=value[:80], allowed=allowed))


class Guard:
    """Stands before an application.  names: that this server is called by, besides addresses and `localhost`."""

    def __init__(self, app: ASGIApp, names: Iterable[str] = ()) -> None:
        self.app = app
        self._names = {"localhost", *(name.lower() for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request as the application does, or refuse it."""

        async def with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        problem = self._problem(Headers(scope=scope))
        await (self.app if problem is None else problem.response())(scope, receive, with_headers)

    def _problem(self, headers: Headers) -> Denied | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._is_ours(host):
            return denied(403, "this server is not called so", "Host", host, "its address in numbers, or localhost")
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            return denied(403, "other sites' pages cannot use this server", "Origin", origin, host)
        return None

    def _is_ours(self, host: str) -> bool:
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        try:
            ip_address(name)
        except ValueError:
            return not host.startswith("[") and name.lower().removesuffix(".") in self._names
        return True


async def body_of(request: Request) -> bytes:
    """The body of a request.  Raises Denied if it is no JSON, too long, or does not come."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise denied(422, "cannot be read", "Content-Type", kind, "application/json")
    body = b""
    try:
        async with asyncio.timeout(BODY_WITHIN):
            async for part in request.stream():
                body += part
                if len(body) > BODY:
                    raise denied(413, "is too long", "body", "", f"at most {BODY} bytes")
    except TimeoutError:
        raise denied(408, "did not come to its end", "body", "", f"{BODY_WITHIN:g} seconds") from None
    except ClientDisconnect:
        raise denied(400, "did not come to its end", "body") from None
    return body
