"""The HTTP API of a workshop and its websocket, as an ASGI application.

All routes are in one table, of which the OpenAPI document is made too. A token is only ever taken from the header
`Authorization`, or from the first message on the websocket: addresses and queries end up in logs and on projectors.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
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
from agents.workshop.debrief import debrief as debriefed
from agents.workshop.desk import Desk, refused
from agents.workshop.entries import FACILITATOR
from agents.workshop.export import EXPORTS, Export, Language, exports_of
from agents.workshop.export import export as exported
from agents.workshop.guard import Denied, Guard, body_of, denied
from agents.workshop.limits import Limits, network
from agents.workshop.live import CODES, live, unreadable
from agents.workshop.log import LogError
from agents.workshop.openapi import JSON, Operation, document
from agents.workshop.room_debrief import RoomDebrief
from marketsim.errors import listing
from marketsim.scenario.fields import Section

LIVE = "/api/live"


class Since(Section):
    """The query of the market.  first: quarter from which on, counted from 0."""

    first: Annotated[int, Field(ge=0, le=400)] = 0


@dataclass(frozen=True, slots=True)
class Wanted(Section):
    """The query of an export.  anonymous: without names of teams.  language: of texts for people."""

    anonymous: bool = False
    language: Language = "en"


@dataclass(frozen=True, slots=True)
class Served:
    """What requests are about.  exports: by the name under which they are asked for."""

    desk: Desk
    limits: Limits
    exports: Mapping[str, Export]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is allowed.  who: FACILITATOR or a vendor; empty without a token.  body, query: as declared."""

    served: Served
    request: Request
    who: str
    body: Any
    query: Any

    @property
    def desk(self) -> Desk:
        return self.served.desk


# -- What can be asked for ---------------------------------------------------------------------------------------------


async def room(call: Call) -> Response:
    """The room as anybody may know it."""
    return _json(await call.desk.read(lambda: views.card(call.desk.room)))


async def join(call: Call) -> Response:
    """Take a seat."""
    wish, room, limits, address = call.body, call.desk.room, call.served.limits, _address(call.request)
    own = room.lets_in(wish.code)
    wait = limits.codes.wait(address)
    if wait and not (own and address in limits.welcome):
        raise _too_often(wait)
    if not own and room.seat_of(wish.code) is None:
        limits.codes.take(address)
    joined = await call.desk.join(wish)
    if own:
        limits.welcome.add(address)
    return _json(joined)


async def commands(call: Call) -> Response:
    """Have a command written down."""
    of_team = isinstance(call.body, p.TeamCommand)
    if of_team == (call.who == FACILITATOR):
        raise denied(403, f"only {'a team' if of_team else 'the facilitator'} can do this", "kind", call.body.kind)
    return _json(await call.desk.accept(call.who, call.body))


async def market(call: Call) -> Response:
    """Quarters of the market."""
    unpacks = _unpacks(call)
    return _json_of(await call.desk.market(call.who, call.query.first, unpacks), unpacks)


async def library(call: Call) -> Response:
    """What the facilitator can choose from."""
    return _json(await call.desk.read(lambda: views.library(call.desk.room)))


async def debrief(call: Call) -> Response:
    """What the class is shown at the end."""
    return await _packed(call, await debriefed(call.desk))


async def export(call: Call) -> Response:
    """A file."""
    what = call.served.exports.get(call.request.path_params["name"])
    if what is None:
        raise denied(404, "there is no such export", "name", "", listing(list(call.served.exports)))
    content = await exported(call.desk, what, call.query.anonymous, call.query.language)
    headers = {"Content-Disposition": f'attachment; filename="{what.file}"'}
    return Response(content, media_type=what.media, headers=headers)


def operations(exports: Mapping[str, Export] = EXPORTS) -> list[Operation]:
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
        Operation(
            *("GET", "/api/debrief", "All books, once the market is over", "member", debrief),
            gives=RoomDebrief,
            refuses=(409,),
        ),
        Operation(
            *("GET", "/api/exports/{name}", "What happened, as a file", "facilitator", export),
            query=Wanted,
            names=list(exports),
            media=list(dict.fromkeys(each.media for each in exports.values())),
            refuses=(409, 503),
        ),
    ]


# -- The application ---------------------------------------------------------------------------------------------------


def app(
    desk: Desk,
    limits: Limits | None = None,
    names: Iterable[str] = (),
    extra_routes: Sequence[BaseRoute] = (),
    extra_exports: Mapping[str, Export] | None = None,
) -> Guard:
    """The application of a workshop.

    names: by which the server is called, besides addresses and `localhost`.  extra_routes: such as the page's.
    extra_exports: besides those that `agents` can make.
    """
    exports = {**exports_of(list(desk.room.seats)), **(extra_exports or {})}
    served, table = Served(desk, limits or Limits(), exports), operations(exports)
    described = json.dumps(document(table, DESCRIPTION)).encode()

    async def openapi(request: Request) -> Response:
        return Response(described, media_type=JSON)

    routes = [Route(each.path, _endpoint(each, served), methods=[each.method]) for each in table]
    routes.append(Route("/openapi.json", openapi))
    websocket = WebSocketRoute(LIVE, partial(live, desk=desk, limits=served.limits))
    inner = Starlette(
        routes=[*routes, websocket, *extra_routes],
        exception_handlers={HTTPException: _http_refused, Denied: _denied, Exception: _broken},
    )
    inner.router.redirect_slashes = False
    return Guard(inner, names)


def _endpoint(operation: Operation, served: Served) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        who = _who(operation, request, served)
        try:
            query = _query(operation, request)
            body = operation.takes and operation.takes.validate_json(await body_of(request), strict=True)
        except ValidationError as error:
            raise Denied(422, unreadable(error)) from None
        try:
            return await operation.answer(Call(served, request, who, body, query))
        except (Refusal, LogError) as error:
            status = 409 if isinstance(error, Refusal) else 503
            raise Denied(status, refused(error, getattr(body, "id", None))) from None

    return endpoint


def _who(operation: Operation, request: Request, served: Served) -> str:
    """Whose request it is.  Raises Denied if he may not make it, or not so often."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    is_asked = scheme.lower() == "bearer" and operation.reader != "anybody"
    who, limits = served.desk.who(token.strip()) if is_asked else None, served.limits
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


def _unpacks(call: Call) -> bool:
    """Whether who asks can unpack what gzip has packed."""
    return "gzip" in call.request.headers.get("accept-encoding", "")


async def _packed(call: Call, content: bytes) -> Response:
    """JSON, compressed for those who can unpack it."""
    if not _unpacks(call):
        return _json_of(content, packed=False)
    return _json_of(await asyncio.to_thread(gzip.compress, content, 1), packed=True)


def _json_of(content: bytes, packed: bool) -> Response:
    coding = {"Content-Encoding": "gzip"} if packed else {}
    return Response(content, media_type=JSON, headers={**coding, "Vary": "Accept-Encoding"})


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
