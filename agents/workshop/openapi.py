"""The server's routes as data, and the OpenAPI document that is made of them and of the messages' models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema
from starlette.responses import Response

import marketsim
from agents.workshop import protocol as p
from marketsim.scenario.fields import Section
from marketsim.scenario.json_schema import SchemaGenerator

Schema = dict[str, Any]
Mode = Literal["validation", "serialization"]
Refs = Mapping[tuple[str, Mode], Schema]
"""By what and whether it is read or written."""
Reader = Literal["anybody", "member", "facilitator"]
"""Who may ask: no token is needed; one of a team or the facilitator's; the facilitator's."""

JSON = "application/json"
REF = "#/components/schemas/{model}"
STATUSES: Mapping[int, str] = {
    400: "The request did not come to its end.",
    401: "No token, or one that opens nothing.",
    403: "Not for this role, or a request that names another server or comes from another site's page.",
    404: "There is no such thing.",
    405: "Not with this method.",
    408: "The request's body did not come in time.",
    409: "The room does not take this now; what is wrong is in the answer.",
    413: "Too long.",
    422: "Cannot be read as what is wanted.",
    429: "Too often; to be sent again after the seconds of `Retry-After`.",
    503: "Could not be written down, such as on a full disk; to be sent again, with the same `id`.",
}
TOLD = (p.Accepted, p.Refused, p.RoomNow, p.Form, p.Told, p.Office)
"""Messages of the server on the websocket."""


class _Generator(SchemaGenerator):
    """Knows that in a mapping whose keys have a pattern there are no others."""

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        found = super().dict_schema(schema)
        return found | ({"additionalProperties": False} if "patternProperties" in found else {})


@dataclass(frozen=True, slots=True)
class Operation:
    """A route.

    takes: what its body is.  query: the model of its query string.  names: of the path's {name}, that there are.
    gives: the model of its answer; none: bytes of one of `media`.  refuses: statuses besides those that follow from
    the rest.
    """

    method: Literal["GET", "POST"]
    path: str
    summary: str
    reader: Reader
    answer: Callable[[Any], Awaitable[Response]]
    takes: TypeAdapter[Any] | None = None
    query: type[Section] | None = None
    names: Sequence[str] = ()
    gives: type[BaseModel] | None = None
    media: Sequence[str] = (JSON,)
    refuses: Sequence[int] = field(default=())

    @property
    def statuses(self) -> list[int]:
        """Above 400, that it can have."""
        found = {403, 422, 429, *self.refuses}
        if self.takes is not None:
            found |= {400, 408, 413}
        if self.reader != "anybody":
            found.add(401)
        if self.names:
            found.add(404)
        return sorted(found)


def document(operations: Iterable[Operation], description: str) -> Schema:
    """The OpenAPI document, version 3.1.  description: of what it has no place for."""
    operations = list(operations)
    refs, components = _schemas(operations)
    paths: dict[str, Schema] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "A workshop of marketsim", "version": marketsim.__version__, "description": description},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(operations: Sequence[Operation]) -> tuple[Refs, Schema]:
    """References, and all that they refer to."""
    wanted: list[tuple[str, Mode, TypeAdapter[Any]]] = []
    for each in operations:
        if each.takes is not None:
            wanted.append((f"body {each.path}", "validation", each.takes))
        if each.gives is not None:
            wanted.append((f"answer {each.path}", "serialization", TypeAdapter(each.gives)))
    wanted.append(("hello", "validation", TypeAdapter(p.Hello)))
    wanted += [(model.__name__, "serialization", TypeAdapter(model)) for model in TOLD]
    refs, defined = TypeAdapter.json_schemas(wanted, schema_generator=_Generator, ref_template=REF)
    components: Schema = defined["$defs"]
    for schema in components.values():
        if "kind" in schema.get("properties", {}):  # has a default in Python, and by it messages are told apart
            schema["required"] = sorted({"kind", *schema.get("required", [])})
    return refs, components


def _operation(each: Operation, refs: Refs) -> Schema:
    refusal = {"content": {JSON: {"schema": refs["Refused", "serialization"]}}}
    given: Schema = {} if each.gives is None else {"schema": refs[f"answer {each.path}", "serialization"]}
    answers: Schema = {"200": {"description": "Done.", "content": {media: given for media in each.media}}}
    for status in each.statuses:
        answers[str(status)] = {"description": STATUSES[status], **refusal}
    found: Schema = {"summary": each.summary, "operationId": each.answer.__name__, "responses": answers}
    if each.reader != "anybody":
        found["security"] = [{"token": []}]
    if each.takes is not None:
        body = {"schema": refs[f"body {each.path}", "validation"]}
        found["requestBody"] = {"required": True, "content": {JSON: body}}
    parameters = [*_of_query(each.query), *_of_path(each.names)]
    return found | ({"parameters": parameters} if parameters else {})


def _of_query(query: type[Section] | None) -> list[Schema]:
    if query is None:
        return []
    schema = query.model_json_schema()
    return [
        {"name": name, "in": "query", "required": name in schema.get("required", []), "schema": of}
        for name, of in schema["properties"].items()
    ]


def _of_path(names: Sequence[str]) -> list[Schema]:
    schema = {"type": "string", "enum": list(names)}
    return [{"name": "name", "in": "path", "required": True, "schema": schema}] if names else []
