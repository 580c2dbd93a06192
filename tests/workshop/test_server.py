"""The HTTP API: who may ask for what, and what becomes of requests that cannot be."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from starlette.routing import Route, WebSocketRoute

from agents.workshop import protocol as p
from agents.workshop import views
from agents.workshop.export import exports_of
from agents.workshop.limits import BODY, Buckets, Limits
from agents.workshop.log import LogError
from agents.workshop.room import Room
from agents.workshop.room_debrief import RoomDebrief
from agents.workshop.server import LIVE, app
from tests.workshop.rooms import OPENED, SETUP, SMALL
from tests.workshop.serving import Served, new_id, serving, told, unlimited

ROUTES: dict[tuple[str, str], dict[str, int]] = {
    ("GET", "/api/room"): {"nobody": 200, "stranger": 200, "released": 200, "team": 200, "facilitator": 200},
    ("POST", "/api/join"): {"nobody": 422, "stranger": 422, "released": 422, "team": 422, "facilitator": 422},
    ("POST", "/api/commands"): {"nobody": 401, "stranger": 401, "released": 401, "team": 422, "facilitator": 422},
    ("GET", "/api/market"): {"nobody": 401, "stranger": 401, "released": 401, "team": 200, "facilitator": 200},
    ("GET", "/api/library"): {"nobody": 401, "stranger": 401, "released": 401, "team": 403, "facilitator": 200},
    ("GET", "/api/debrief"): {"nobody": 401, "stranger": 401, "released": 401, "team": 409, "facilitator": 409},
    ("GET", "/api/exports/{name}"): {"nobody": 401, "stranger": 401, "released": 401, "team": 403, "facilitator": 409},
    ("GET", "/openapi.json"): {"nobody": 200, "stranger": 200, "released": 200, "team": 200, "facilitator": 200},
}
"""What each kind of token gets in the lobby, a POST of nothing that makes sense being 422 for those who may."""

TEAM = {"edit": {"quarter": "2025Q1", "values": {"price": 50.0}}, "submit": {}, "withdraw": {"quarter": "2025Q1"}}
FACILITATOR: dict[str, dict[str, Any]] = {
    "open": {},
    "pause": {},
    "resume": {},
    "extend": {"seconds": 5},
    "close": {},
    "intervene": {"policy": "none"},
    "tell": {"text": "Hello"},
    "substitute": {"vendor": "nobody", "strategy": "hold"},
    "hand-back": {"vendor": "nobody"},
    "release": {"vendor": "nobody"},
    "roll-back": {"played": 9},
    "show": {"ranking": "hidden"},
    "debrief": {},
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("server") / "room.workshop", teams=4, limits=unlimited()) as served:
        yield served


@pytest.fixture(scope="module")
def tokens(served: Served) -> dict[str, str | None]:
    """One of each kind."""
    team, gone = served.join("Tigers"), served.join("Gone")
    assert served.do("release", vendor=gone.vendor).status_code == 200
    return {
        "nobody": None,
        "stranger": "x" * 32,
        "released": gone.token,
        "team": team.token,
        "facilitator": served.facilitator,
    }


def test_the_tables_here_name_every_route_and_every_message(served: Served):
    routes = app(served.desk).app.routes
    found = {(method, route.path) for route in routes if isinstance(route, Route) for method in route.methods or ()}
    assert {pair for pair in found if pair[0] != "HEAD"} == set(ROUTES)
    assert [route.path for route in routes if isinstance(route, WebSocketRoute)] == [LIVE]
    kinds = {get_args(each.model_fields["kind"].annotation)[0] for each in get_args(p.Command)}
    assert kinds == {*TEAM, *FACILITATOR}


@pytest.mark.parametrize("kind", ["nobody", "stranger", "released", "team", "facilitator"])
@pytest.mark.parametrize("route", ROUTES, ids="-".join)
def test_every_route_is_open_to_those_alone_whom_it_concerns(
    served: Served, tokens: dict[str, str | None], route: tuple[str, str], kind: str
):
    with served.client(tokens[kind]) as client:
        answer = client.request(route[0], route[1].format(name="csv"), json={} if route[0] == "POST" else None)
    assert answer.status_code == ROUTES[route][kind]
    assert (answer.headers.get("WWW-Authenticate") == "Bearer") == (answer.status_code == 401)
    if answer.status_code >= 400:
        p.Refused.model_validate_json(answer.content)


@pytest.mark.parametrize("kind", ["nobody", "stranger", "released", "team", "facilitator"])
@pytest.mark.parametrize("command", [*TEAM, *FACILITATOR])
def test_every_message_is_heard_from_those_alone_whom_it_concerns(
    served: Served, tokens: dict[str, str | None], command: str, kind: str
):
    plan = served.desk.room.seats[next(iter(served.desk.room.seats))].plan.model_dump()
    fields = {"submit": {"quarter": "2025Q1", "plan": plan}}.get(command) or {**TEAM, **FACILITATOR}[command]
    seq = served.desk.room.seq
    answer = served.post("/api/commands", tokens[kind], kind=command, id=new_id(), **fields)
    if kind not in ("team", "facilitator"):
        assert answer.status_code == 401
    elif (kind == "team") == (command in TEAM):
        assert answer.status_code in (200, 409)
    else:
        assert answer.status_code == 403
    assert answer.status_code == 200 or served.desk.room.seq == seq


@pytest.mark.parametrize("command", [*TEAM, *FACILITATOR])
def test_the_websocket_hears_no_message_of_another_role(served: Served, tokens: dict[str, str | None], command: str):
    role = "facilitator" if command in TEAM else "team"
    plan = served.desk.room.seats[next(iter(served.desk.room.seats))].plan.model_dump()
    fields = {"submit": {"quarter": "2025Q1", "plan": plan}}.get(command) or {**TEAM, **FACILITATOR}[command]
    seq, id_ = served.desk.room.seq, new_id()
    with served.live(str(tokens[role])) as websocket:
        websocket.send(json.dumps({"kind": command, "id": id_, **fields}))
        refused = told(websocket, "refused")
    assert (refused["id"], served.desk.room.seq) == (id_, seq)
    assert refused["message"] == f"only {'a team' if command in TEAM else 'the facilitator'} can do this"


# -- what is asked for and what comes ----------------------------------------------------------------------------------


@pytest.fixture
def fresh(tmp_path) -> Iterator[Served]:
    with serving(tmp_path / "room.workshop", teams=3, limits=unlimited()) as served:
        yield served


def test_a_team_joins_decides_and_sees_what_came_of_it(fresh: Served):
    card = p.RoomCard.model_validate_json(fresh.get("/api/room").content)
    assert (card.phase, len(card.free), card.version) == ("lobby", 3, p.VERSION)
    joined = fresh.post("/api/join", None, code=fresh.code, name="Tigers", vendor=card.free[1].vendor)
    seat = p.Joined.model_validate_json(joined.content)
    mate = p.Joined.model_validate_json(fresh.post("/api/join", None, code=seat.code.lower()).content)
    assert (mate.vendor, mate.name) == (seat.vendor, "Tigers") == (card.free[1].vendor, "Tigers")
    assert mate.token != seat.token
    assert fresh.do("open").status_code == 200
    edit = fresh.do("edit", mate.token, quarter="2025Q1", values={"research": 77.0})
    assert p.Accepted.model_validate_json(edit.content).seq == fresh.desk.room.seq
    plan = fresh.desk.room.seats[seat.vendor].plan
    assert plan.research == 77.0
    assert fresh.do("submit", seat.token, quarter="2025Q1", plan=plan.model_dump()).status_code == 200
    assert fresh.do("close").status_code == 200
    market = p.Market.model_validate_json(fresh.get("/api/market", mate.token).content)
    assert [turn["quarter"] for turn in market.turns] == ["2025Q1"]
    assert market.turns[0]["plan"] == plan.model_dump()
    assert market.setup["vendor"] == seat.vendor


def test_a_command_that_is_sent_again_counts_once(fresh: Served):
    token, command = fresh.join("Tigers").token, {"kind": "open", "id": "once-only"}
    first = fresh.post("/api/commands", fresh.facilitator, **command)
    assert fresh.post("/api/commands", fresh.facilitator, **command).content == first.content
    assert fresh.post("/api/commands", fresh.facilitator, kind="open", id="another-1").status_code == 409
    withdraw = {"kind": "withdraw", "id": "once-only", "quarter": "2025Q1"}
    assert fresh.post("/api/commands", token, **withdraw).status_code == 409, "the id is another's"


def test_a_market_is_packed_for_those_who_can_unpack_it_and_begins_where_one_wants(fresh: Served):
    token = fresh.join("Tigers").token
    for _ in range(2):
        fresh.do("open")
        fresh.do("close")
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
    plain = httpx.get(f"{fresh.address}/api/market", headers=headers)
    with httpx.stream("GET", f"{fresh.address}/api/market", headers=headers | {"Accept-Encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    assert "Content-Encoding" not in plain.headers and answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == plain.content and len(packed) < len(plain.content) / 2
    later = fresh.get("/api/market?first=1", token).json()
    assert (later["first"], later["start"], len(later["turns"])) == (1, None, 1)
    assert later["turns"] == plain.json()["turns"][1:]
    assert fresh.get("/api/market?first=400", token).json()["turns"] == []


def test_the_library_is_what_commands_can_name(fresh: Served):
    fresh.join("Tigers", "huawei-ascend")
    library = p.Library.model_validate_json(fresh.get("/api/library", fresh.facilitator).content)
    assert fresh.do("intervene", policy=next(iter(library.policies))).status_code == 200
    assert library.notes["foundry-champion"]["en"] == "champions first in full from 2026"
    assert library.notes.keys() < library.policies.keys()
    strategy = next(iter(library.strategies))
    assert fresh.do("substitute", vendor="huawei-ascend", strategy=strategy).status_code == 200


def test_what_a_scenario_says_of_its_policies_is_told_in_its_languages(tmp_path: Path):
    own, file = "no-discount: {electricity_discount: 0", tmp_path / "mine.yaml"
    text = Path(SMALL).read_text(encoding="utf-8").replace(own, f"{own}, note: {{en: dear power, zh: 电价更高}}")
    file.write_text(text, encoding="utf-8")
    room = Room.of(OPENED.model_copy(update={"setup": SETUP.model_copy(update={"scenario": str(file)})}))
    assert views.library(room).notes == {"no-discount": {"en": "dear power", "zh": "电价更高"}}
    file.unlink()
    assert views.library(room).notes == {} and "no-discount" in views.library(room).policies


def test_books_are_opened_in_the_end_and_files_are_made_of_them(fresh: Served):
    token = fresh.join("Tigers", "huawei-ascend").token
    fresh.do("open")
    fresh.do("close")
    assert (
        fresh.get("/api/debrief", token).status_code == fresh.get("/api/debrief", fresh.facilitator).status_code == 409
    )
    early = fresh.get("/api/exports/csv", fresh.facilitator)
    assert early.headers["Content-Disposition"] == 'attachment; filename="tables.zip"'
    assert fresh.do("debrief").status_code == 200
    for reader in (token, fresh.facilitator):
        past = RoomDebrief.model_validate_json(fresh.get("/api/debrief", reader).content)
        assert [team.name for team in past.teams if team.vendor == "huawei-ascend"] == ["Tigers"]
    for name, export in exports_of(list(fresh.desk.room.seats)).items():
        answer = fresh.get(f"/api/exports/{name}?anonymous=true&language=zh", fresh.facilitator)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, export.media)
        assert len(answer.content) > 100 and b"Tigers" not in answer.content
        assert fresh.get(f"/api/exports/{name}", token).status_code == 403
    assert fresh.get("/api/exports/all", fresh.facilitator).status_code == 404
    assert fresh.get("/api/exports/csv?language=fr", fresh.facilitator).status_code == 422


# -- what cannot be ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", ""),
        (b"{", ""),
        (b"\xff\xfe", ""),
        (b"[]", ""),
        (b"null", ""),
        (b"[" * 20_000, ""),
        (b'{"kind": "open", "id": "abcdefgh", "more": 1}', "open.more"),
        (b'{"kind": "open", "id": "short"}', "open.id"),
        (b'{"kind": "open", "id": "has spaces"}', "open.id"),
        (b'{"kind": "open", "id": "abcdefgh", "seconds": "5"}', "open.seconds"),
        (b'{"kind": "open", "id": "abcdefgh", "seconds": 1e999}', "open.seconds"),
        (b'{"kind": "open", "id": "abcdefgh", "seconds": -1}', "open.seconds"),
        (b'{"kind": "take-over", "id": "abcdefgh"}', ""),
        (b'{"id": "abcdefgh"}', ""),
        (b'{"kind": "tell", "id": "abcdefgh", "text": "' + b"x" * 501 + b'"}', "tell.text"),
        (b'{"kind": "edit", "id": "abcdefgh", "quarter": "2025Q5", "values": {"price": 1}}', "edit.quarter"),
        (b'{"kind": "edit", "id": "abcdefgh", "quarter": "2025Q1", "values": {"price": NaN}}', None),
    ],
)
def test_a_body_that_is_no_command_is_refused_and_said_to_be(served: Served, body: bytes, field: str | None):
    headers = {"Authorization": f"Bearer {served.facilitator}", "Content-Type": "application/json"}
    answer = httpx.post(f"{served.address}/api/commands", content=body, headers=headers)
    refused = p.Refused.model_validate_json(answer.content)
    assert answer.status_code == 422 and refused.message == "cannot be read" and refused.allowed
    assert field is None or refused.field == field


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_form_of_a_page_is_no_request(served: Served, kind: str):
    content = json.dumps({"code": served.code, "name": "Foxes"}).encode()
    answer = httpx.post(f"{served.address}/api/join", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 422 and answer.json()["field"] == "Content-Type"


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_long_is_refused_before_it_is_read_as_a_whole(served: Served, declared: bool):
    def parts() -> Iterator[bytes]:
        yield from (b" " * 1000 for _ in range(BODY // 1000 + 1))

    with served.client() as client:
        headers = {"Content-Type": "application/json"}
        content = b" " * (BODY + 1) if declared else parts()
        answer = client.post("/api/join", content=content, headers=headers)
        assert answer.status_code == 413 and answer.json()["allowed"] == f"at most {BODY} bytes"
        content = b" " * (BODY - 2) + b"{}"
        assert client.post("/api/join", content=content, headers=headers).status_code == 422, "just as long as may be"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", path, 404) for path in ("/", "/api", "/api/rooms", "/api/room/", "/API/room", "/docs", "/api/live")),
        *((method, "/api/room", 405) for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS")),
        *((method, "/api/commands", 405) for method in ("GET", "PUT", "TRACE")),
        *(("GET", f"/api/market?{query}", 422) for query in ("first=x", "first=-1", "first=401", "first=", "last=3")),
        ("GET", "/api/room?token=abcdefghijklmnop", 422),
        ("GET", "/api/%2e%2e/room", 404),
        ("GET", "/static/../../etc/passwd", 404),
    ],
)
def test_what_there_is_not_is_said_to_be_in_the_same_form(served: Served, method: str, path: str, status: int):
    with served.client(served.facilitator) as client:
        answer = client.request(method, path)
    assert answer.status_code == status
    p.Refused.model_validate_json(answer.content)
    if status == 405:
        assert answer.headers["Allow"]


@pytest.mark.parametrize("header", ["", "Bearer", "Basic {}", "{}", "Bearer {} x", "bearer\t{}", "Token {}"])
def test_a_token_counts_in_its_place_alone(served: Served, header: str):
    headers = {"Authorization": header.format(served.facilitator)}
    assert httpx.get(f"{served.address}/api/library", headers=headers).status_code == 401
    cookie = {"Cookie": f"token={served.facilitator}"}
    assert httpx.get(f"{served.address}/api/library", headers=cookie).status_code == 401


def test_what_cannot_be_written_down_is_refused_and_can_be_sent_again(fresh: Served, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise LogError("/home/teacher/room.workshop: the disk is full", "the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(fresh.desk.log, "writing", full)
        answer = fresh.post("/api/commands", fresh.facilitator, kind="open", id="open-again")
        assert (answer.status_code, answer.json()["id"]) == (503, "open-again")
        assert answer.json()["message"] == "the disk is full", "where its file is, is the teacher's business"
        assert fresh.post("/api/join", None, code=fresh.code, name="Foxes").status_code == 503
    answer = fresh.post("/api/commands", fresh.facilitator, kind="open", id="open-again")
    assert (answer.status_code, fresh.desk.room.phase) == (200, "open")


def test_a_mistake_of_the_server_is_told_without_a_trace(fresh: Served, monkeypatch: pytest.MonkeyPatch):
    def mistaken(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("agents.workshop.views.library", mistaken)
    answer = fresh.get("/api/library", fresh.facilitator)
    assert answer.status_code == 500
    assert answer.json() == p.Refused(message="the server has made a mistake").model_dump()
    assert fresh.get("/api/room").status_code == 200


# -- how often ---------------------------------------------------------------------------------------------------------


def test_commands_are_limited_by_token_and_over_http_refused(tmp_path):
    with serving(tmp_path / "room.workshop", limits=Limits(commands=Buckets(0.001, 4))) as served:
        one, other = served.join("Tigers"), served.join("Foxes")
        answers = [served.get("/api/market", one.token) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
        refused = answers[-1]
        assert int(refused.headers["Retry-After"]) > 900 and refused.json()["message"] == "too often"
        assert served.do("withdraw", one.token, quarter="2025Q1").status_code == 429
        assert served.get("/api/market", other.token).status_code == 200
        assert served.get("/api/room", one.token).status_code == 200
