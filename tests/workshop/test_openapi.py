"""The OpenAPI document: it says all that the server does, and the server does what it says, also to bad input."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.schemas import BaseSchema
from starlette.routing import Route

from agents.workshop import protocol as p
from agents.workshop.live import CODES
from agents.workshop.openapi import Operation
from agents.workshop.server import DESCRIPTION, LIVE, app, operations
from tests.workshop.serving import Served, serving, unlimited

EXAMPLES = 30


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("openapi") / "room.workshop", limits=unlimited()) as served:
        yield served


@pytest.fixture(scope="module")
def document(served: Served) -> dict[str, Any]:
    return served.get("/openapi.json").json()


def test_every_route_is_in_the_document_and_nothing_else(served: Served, document: dict[str, Any]):
    routes = [route for route in app(served.desk).app.routes if isinstance(route, Route)]
    found = {(route.path, method.lower()) for route in routes for method in (route.methods or set()) - {"HEAD"}}
    written = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert written == found - {("/openapi.json", "get")}
    names = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))


def test_every_message_is_in_the_document_and_every_reference_leads_somewhere(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    told = ("Hello", "RoomNow", "Form", "Office", "Told", "Accepted", "Refused")
    assert {*told, *(each.__name__ for each in get_args(p.Command))} <= set(schemas)
    refs = {part.split('"')[0] for part in json.dumps(document).split('"$ref": "')[1:]}
    assert refs and {ref.removeprefix("#/components/schemas/") for ref in refs} <= set(schemas)
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_the_document_says_what_it_has_no_place_for(document: dict[str, Any]):
    assert LIVE in document["info"]["description"] == DESCRIPTION
    assert all(f"- {code}: {why}" in DESCRIPTION for code, why in CODES.items())
    assert document["components"]["securitySchemes"]["token"] == {"type": "http", "scheme": "bearer"}
    open_ones = {each.path for each in operations() if each.reader == "anybody"}
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert ("security" in operation) == (path not in open_ones) == ("401" in operation["responses"])


@pytest.mark.parametrize("quarter", ["2025Q1", "2025Q5", "25Q1", "2025Q1 "])
def test_the_document_knows_what_a_quarter_is(document: dict[str, Any], quarter: str):
    schema = {"$ref": "#/components/schemas/Withdraw", "components": document["components"]}
    command = {"kind": "withdraw", "id": "abcdefgh", "quarter": quarter}
    assert Draft202012Validator(schema).is_valid(command) == (quarter == "2025Q1")


@pytest.fixture(scope="module")
def api(served: Served, document: dict[str, Any]) -> BaseSchema:
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=served.address)
    return schema


@pytest.fixture(scope="module")
def tokens(served: Served) -> dict[str, str]:
    return {"team": served.join("Tigers").token, "facilitator": served.facilitator}


CASES = [
    pytest.param(operation, role, mode, id=f"{operation.path}-{role}-{mode}")
    for operation in operations()
    for role in (["team", "facilitator"] if operation.reader == "member" else ["facilitator"])
    for mode in GenerationMode
    if mode.is_positive or operation.takes or operation.query or operation.names  # else nothing can be wrong
]


@pytest.mark.parametrize(("operation", "role", "mode"), CASES)
def test_the_server_does_what_the_document_says(
    api: BaseSchema, tokens: dict[str, str], operation: Operation, role: str, mode: GenerationMode
):
    sent = requests.Session()

    @settings(
        max_examples=10 if operation.names else EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=api[operation.path][operation.method].as_strategy(generation_mode=mode))
    def conforms(case: schemathesis.Case) -> None:
        case.call_and_validate(session=sent, headers={"Authorization": f"Bearer {tokens[role]}"})

    with sent:
        conforms()
