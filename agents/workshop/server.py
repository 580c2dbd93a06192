"""The HTTP API of a workshop and its websocket, as an ASGI application.

All routes are in one table, of which the OpenAPI document is made too. A token is only ever taken from the header
`Authorization`, or from the first message on the websocket: addresses and queries end up in logs and on projectors.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from agents.workshop import protocol as p
from agents.workshop import views
from agents.workshop.allowed import Refusal
from agents.workshop.desk import Desk, refused
from agents.workshop.entries import FACILITATOR
from agents.workshop.guard import Denied, Guard, body_of, denied
from agents.workshop.limits import Limits, network
from agents.workshop.live import CODES, live, unreadable
from agents.workshop.log import LogError
from agents.workshop.openapi import JSON, Operation, document
from marketsim.scenario.fields import Section

LIVE = "/api/live"


class Since(Section):
    """The query of the market.  first: quarter from which on, counted from 0."""

    first: Annotated[int, Field(ge=0, le=400)] = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is allowed.  who: FACILITATOR or a vendor; empty without a token.  body, query: as declared."""

    desk: Desk
    limits: Limits
    request: Request
    who: str
    body: Any
    query: Any


# -- What can be asked for ---------------------------------------------------------------------------------------------


async def room(call: Call) -> Response:
    """The room as anybody may know it."""
    return _json(await call.desk.read(lambda: views.card(call.desk.room)))


async def join(call: Call) -> Response:
    """Take a seat."""
    wish, room, address = call.body, call.desk.room, _address(call.request)
    own = room.lets_in(wish.code)
    wait = call.limits.codes.wait(address)
    if wait and not (own and address in call.limits.welcome):
        raise _too_often(wait)
    if not own and room.seat_of(wish.code) is None:
        call.limits.codes.take(address)
    joined = await call.desk.join(wish)
    if own:
        call.limits.welcome.add(address)
    return _json(joined)


async def commands(call: Call) -> Response:
    """Have a command written down."""
    of_team = isinstance(call.body, p.TeamCommand)
    if of_team == (call.who == FACILITATOR):
        raise denied(403, f"only {'a team' if of_team else 'the facilitator'} can do this", "kind", call.body.kind)
    return _json(await call.desk.accept(call.who, call.body))


async def market(call: Call) -> Response:
    """Quarters of the market."""
    found = await call.desk.market(call.who, call.query.first)
    if "gzip" not in call.request.headers.get("accept-encoding", ""):
        return Response(found, media_type=JSON)
    packed = await asyncio.to_thread(gzip.compress, found, 1)
    return Response(packed, media_type=JSON, headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})


async def library(call: Call) -> Response:
    """What the facilitator can choose from."""
    return _json(await call.desk.read(lambda: views.library(call.desk.room)))


def operations() -> list[Operation]:
    """All routes but the websocket, the document itself and those of the page."""
    return [
        Operation("GET", "/api/room", "The room as anybody may know it", "anybody", room, gives=p.RoomCard),
        Operation(
            *("POST", "/api/join", "Take a seat with a code", "anybody", join),
            takes=TypeAdapter(p.Join),
            gives=p.Joined,
            refuses=(409, 503),
        ),
        Operation(
            *("POST", "/api/commands", "Have a command of the token's role written down", "member", commands),
            takes=p.COMMANDS,
            gives=p.Accepted,
            refuses=(409, 503),
        ),
        Operation(
            *("GET", "/api/market", "Quarters of the market, as the token's role may know them", "member", market),
            query=Since,
            gives=p.Market,
        ),
        Operation(
            *("GET", "/api/library", "Policies and strategies to choose from", "facilitator", library),
            gives=p.Library,
        ),
    ]


# -- The application ---------------------------------------------------------------------------------------------------


def app(
    desk: Desk, limits: Limits | None = None, names: Iterable[str] = (), extra_routes: Sequence[BaseRoute] = ()
) -> Guard:
    """The application of a workshop.

    names: by which the server is called, besides addresses and `localhost`.  extra_routes: such as the page's.
    """
    limits, table = limits or Limits(), operations()
    described = json.dumps(document(table, DESCRIPTION)).encode()

    async def openapi(request: Request) -> Response:
        return Response(described, media_type=JSON)

    routes = [Route(each.path, _endpoint(each, desk, limits), methods=[each.method]) for each in table]
    routes.append(Route("/openapi.json", openapi))
    websocket = WebSocketRoute(LIVE, partial(live, desk=desk, limits=limits))
    inner = Starlette(
        routes=[*routes, websocket, *extra_routes],
        exception_handlers={HTTPException: _http_refused, Denied: _denied, Exception: _broken},
    )
    inner.router.redirect_slashes = False
    return Guard(inner, names)


def _endpoint(operation: Operation, desk: Desk, limits: Limits) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        who = _who(operation, request, desk, limits)
        try:
            query = _query(operation, request)
            body = operation.takes and operation.takes.validate_json(await body_of(request), strict=True)
        except ValidationError as error:
            raise Denied(422, unreadable(error)) from None
        try:
            return await operation.answer(Call(desk, limits, request, who, body, query))
        except (Refusal, LogError) as error:
            status = 409 if isinstance(error, Refusal) else 503
            raise Denied(status, refused(error, getattr(body, "id", None))) from None

    return endpoint


def _who(operation: Operation, request: Request, desk: Desk, limits: Limits) -> str:
    """Whose request it is.  Raises Denied if he may not make it, or not so often."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    who = desk.who(token.strip()) if scheme.lower() == "bearer" and operation.reader != "anybody" else None
    wait = limits.strangers.take(_address(request)) if who is None else limits.commands.take(token.strip())
    if wait:
        raise _too_often(wait)
    if who is None and operation.reader != "anybody":
        raise denied(401, "a token is needed that opens this room", "Authorization", "", "Bearer and a token")
    if operation.reader == "facilitator" and who != FACILITATOR:
        raise denied(403, "only the facilitator can do this")
    return who or ""


def _query(operation: Operation, request: Request) -> Any:
    """The query; what is not declared is refused, above all a token, which others could read there."""
    given = dict(request.query_params)
    return (operation.query or Section).model_validate_strings(given)


def _address(request: Request) -> str:
    return network(request.client.host) if request.client else ""


def _too_often(wait: float) -> Denied:
    return Denied(429, p.Refused(message="too often", allowed=f"again in {int(wait) + 1} s"), wait)


def _json(message: BaseModel) -> Response:
    return Response(message.model_dump_json(), media_type=JSON)


async def _denied(request: Request, error: Exception) -> Response:
    assert isinstance(error, Denied)
    return error.response()


async def _http_refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = denied(error.status_code, error.detail).response()
    response.headers.update(error.headers or {})
    return response


async def _broken(request: Request, error: Exception) -> Response:
    return denied(500, "the server has made a mistake").response()


DESCRIPTION = f"""
A workshop: teams play vendors in one market, a facilitator opens and closes its quarters.

A client takes a seat (`POST /api/join`) and has a token from then on, for the header `Authorization: Bearer ...`. What
is small is pushed over the websocket, what is large is fetched when the websocket tells that it has changed.

**Websocket** `{LIVE}`: JSON in text frames. The client's first message is `Hello`; after it come the commands that
`POST /api/commands` takes too, each answered with `Accepted` or `Refused` that has its `id`, in their order. A command
that is sent again with the same `id` counts once. The server tells `RoomNow`, `Form` (teams), `Office` (the
facilitator) and `Told`, at first all of it and then what changes. It closes with these codes:

{chr(10).join(f"- {code}: {why}" for code, why in CODES.items())}
"""
