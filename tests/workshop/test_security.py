"""What reaches whom: nothing of rivals on the wire, no token in a file, no other site's page, no other name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from math import isfinite
from pathlib import Path
from typing import Any

import httpx
import pytest

from agents.game.plan import Plan
from agents.workshop import protocol as p
from agents.workshop.arrays import plain
from agents.workshop.seen import OF_OUTCOME, OF_STATE, PUBLISHED
from marketsim.state import MarketState, Outcome
from tests.workshop.serving import Served, new_id, serving, unlimited

QUARTERS, SEED = 4, 1_234_567_891
TEAMS = ("huawei-ascend", "cambricon", "hygon")
MARKET = b'{"branch":0'
"""How a market begins."""
DIGITS = 7
"""Of a figure that is looked for: shorter ones can be somewhere by chance."""


@dataclass
class Wire:
    """A team, all bytes that its client has received, and what it decided."""

    seat: p.Joined
    received: list[bytes] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    @property
    def text(self) -> str:
        return b"\n".join(self.received).decode()


def figures(value: object) -> set[str]:
    """Numbers in nested lists, as JSON has them, that have enough digits to be found again."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return set().union(*map(figures, value))
    if not isinstance(value, float) or not isfinite(value) or abs(value - round(value, 1)) < 1e-9:  # tenths are grades
        return set()
    text = json.dumps(value)
    return {text} if len(re.sub(r"\D|^0\.0*|e.*", "", text)) >= DIGITS else set()


def of_row(record: MarketState | Outcome, row: int, kinds: tuple[str, ...]) -> dict[str, set[str]]:
    """A vendor's figures by field, of the fields of some kinds."""
    table, values = (OF_STATE if isinstance(record, MarketState) else OF_OUTCOME), plain(record)
    found = {}
    for name in (item.name for item in fields(record) if table[item.name] in kinds):
        value = values[name]
        parts = [part for flow, part in value.items() if flow not in PUBLISHED] if isinstance(value, dict) else [value]
        found[name] = figures([part[row] for part in parts])
    return found


def known_to_all(served: Served) -> set[str]:
    """Figures of the scenario, and those of the market that everybody knows: what was made may be what was sold."""
    found = figures(served.desk.room.opened.setup.world().model_dump(mode="json"))
    for turn in served.desk.room.game.turns:
        for record, table in ((turn.after, OF_STATE), (turn.outcome, OF_OUTCOME)):
            values = plain(record)
            found |= figures([values[name] for name, kind in table.items() if kind == "public"])
        found |= figures([plain(turn.outcome)["flows"][name] for name in PUBLISHED])
    return found


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, list[Wire]]]:
    """Some quarters of several teams and the facilitator, and everything that the teams' clients received."""
    path = tmp_path_factory.mktemp("wire") / "room.workshop"
    with serving(path, teams=14, quarters=QUARTERS, seed=SEED, limits=unlimited()) as served:
        wires = [Wire(served.join(f"Team {vendor}", vendor)) for vendor in TEAMS]
        sockets = [served.live(wire.seat.token, compression=None) for wire in wires]
        streams = [socket.__enter__() for socket in sockets]
        for quarter in range(QUARTERS):
            served.do("open", seconds=600)
            for number, wire in enumerate(wires):
                decide(served, wire, quarter + number / 10)
            served.do("tell", vendor=TEAMS[1], text=f"for {TEAMS[1]} alone {quarter}")
            served.do("show", results="public", ranking="anonymous")
            if quarter == 1:
                served.do("substitute", vendor=TEAMS[2], strategy="hold")
            served.do("close")
            for wire in wires:
                ask_for_everything(served, wire, quarter)
        for wire, stream in zip(wires, streams, strict=True):
            wire.received += heard(stream)
        for socket in sockets:
            socket.__exit__(None, None, None)
        yield served, wires


def decide(served: Served, wire: Wire, twist: float) -> None:
    """Hand in a plan in which no number is like another team's."""
    plan = served.desk.room.seats[wire.seat.vendor].plan
    changes = {"research": 101.234567 + twist, "service": 11.345678 + twist, "adaptation": 21.456789 + twist}
    plan = plan.model_copy(update={**changes, "run_share": 0.8123456 + twist / 100})
    served.do("edit", wire.seat.token, quarter=served.desk.room.quarter, values=changes)
    answer = served.do("submit", wire.seat.token, quarter=served.desk.room.quarter, plan=plan.model_dump())
    assert answer.status_code == 200, answer.text
    wire.plans.append(plan)


def ask_for_everything(served: Served, wire: Wire, quarter: int) -> None:
    """Also for what a team may not have: refusals are received too."""
    with served.client(wire.seat.token) as client:
        paths = ("/api/room", "/api/market", f"/api/market?first={quarter}", "/api/library", "/openapi.json")
        answers = [client.get(path) for path in paths]
        rival = next(vendor for vendor in TEAMS if vendor != wire.seat.vendor)
        for kind, more in (("release", {"vendor": rival}), ("substitute", {"vendor": rival, "strategy": "hold"})):
            answers.append(client.post("/api/commands", json={"kind": kind, "id": new_id(), **more}))
    wire.received += [repr(dict(answer.headers)).encode() + answer.content for answer in answers]


def heard(stream: Any) -> Iterator[bytes]:
    """All that is waiting."""
    try:
        while True:
            yield stream.recv(timeout=0.5).encode()
    except TimeoutError:
        return


def own_and_rivals(served: Served, wire: Wire, kinds: tuple[str, ...]) -> Iterator[tuple[bool, str, set[str]]]:
    """For every domestic vendor and quarter: whether it is the team's own, of which field, and its figures."""
    game = served.desk.room.game
    for turn in game.turns:
        for name in game.parameters.vendors[: game.parameters.domestic]:
            row = game.parameters.vendors.index(name)
            for record in (turn.after, turn.outcome):
                for item, found in of_row(record, row, kinds).items():
                    yield name == wire.seat.vendor, item, found


def test_no_private_figure_of_a_rival_is_on_the_wire_and_all_own_ones_are(played: tuple[Served, list[Wire]]):
    served, wires = played
    public = known_to_all(served)
    for wire in wires:
        text = wire.text
        on_wire = set(re.findall(r"-?\d+\.\d+(?:e[-+]?\d+)?", text))
        own: dict[str, set[str]] = {}
        rivals: dict[str, set[str]] = {}
        for is_own, name, found in own_and_rivals(served, wire, ("hidden", "pooled", "graded")):
            into = own if is_own else rivals
            into.setdefault(name, set()).update(found)
        mine = set().union(*own.values())
        for name, found in rivals.items():
            private = found - public - mine
            assert not private & on_wire, (wire.seat.vendor, name, sorted(private & on_wire)[:5])
        for name, found in own.items():
            assert found <= on_wire, (wire.seat.vendor, name)
        for name in ("cash", "contracts", "pipeline", "software", "orders", "wafers", "flows", "cost_of_goods"):
            assert len(rivals[name] - public - mine) > 20, f"{name} has not been looked for"
        assert len(set().union(*rivals.values())) > 1000


def test_no_rival_s_plan_is_on_the_wire_and_the_own_is(played: tuple[Served, list[Wire]]):
    for wire in played[1]:
        text = wire.text
        for other in played[1]:
            for plan in other.plans:
                numbers = [
                    json.dumps(getattr(plan, name)) for name in ("research", "service", "adaptation", "run_share")
                ]
                assert all((number in text) == (other is wire) for number in numbers), (wire.seat.vendor, numbers)


def test_what_a_rival_develops_is_not_on_the_wire(played: tuple[Served, list[Wire]]):
    served, wires = played
    room = served.desk.room
    for wire in wires:
        own = room.row(room.seats[wire.seat.vendor])
        markets = [json.loads(part[part.index(MARKET) :]) for part in wire.received if MARKET in part]
        assert len(markets) == 2 * QUARTERS
        for market in markets:
            for turn in market["turns"]:
                for name in ("next_node", "next_memory", "next_quarters", "cash", "debt"):
                    rows = turn["after"][name][: room.game.parameters.domestic]
                    assert not any(value for row, value in enumerate(rows) if row != own), name
                    assert name != "cash" or rows[own]


def test_no_secret_of_another_is_on_the_wire(played: tuple[Served, list[Wire]]):
    served, wires = played
    room = served.desk.room
    for wire in wires:
        text = wire.text
        others = [other.seat for other in wires if other is not wire]
        secrets = [served.facilitator, room.opened.secret, served.code, str(SEED), *room.tokens]
        secrets += [seat.token for seat in others] + [seat.code for seat in others]
        assert not [secret for secret in secrets if secret in text]
        assert wire.seat.code in text, "or the codes of others would not have been found either"
        assert (f"for {TEAMS[1]} alone" in text) == (wire.seat.vendor == TEAMS[1])
        assert wire.seat.token not in text, "it was given once"
    stranger = served.get("/api/room").text + served.get("/openapi.json").text
    assert not [secret for secret in (served.code, served.facilitator, *room.tokens) if secret in stranger]


def test_no_command_of_a_team_did_anything_for_another(played: tuple[Served, list[Wire]]):
    served, wires = played
    room = served.desk.room
    for wire in wires:
        assert room.seats[wire.seat.vendor].name == wire.seat.name, "nobody has released it"
        absent = range(1, QUARTERS) if wire.seat.vendor == TEAMS[2] else ()
        played = [company.plans.get(wire.seat.vendor) for company in room.game.company]
        assert played == [None if number in absent else plan for number, plan in enumerate(wire.plans)]


def test_a_team_s_commands_are_for_its_own_seat_alone(tmp_path: Path):
    with serving(tmp_path / "room.workshop", limits=unlimited()) as served:
        one, other = served.join("Tigers"), served.join("Foxes")
        before = served.desk.room.seats[other.vendor]
        form, revision = before.plan, before.revision
        served.do("open")
        for extra in ({}, {"vendor": other.vendor}, {"who": other.vendor}, {"seat": other.vendor}):
            answer = served.do("edit", one.token, quarter="2025Q1", values={"price": 44.5}, **extra)
            assert answer.status_code == (422 if extra else 200)
        plan = served.desk.room.seats[one.vendor].plan
        assert served.do("submit", one.token, quarter="2025Q1", plan=plan.model_dump()).status_code == 200
        after = served.desk.room.seats[other.vendor]
        assert (after.plan, after.revision, after.submitted) == (form, revision, None)
        assert served.do("withdraw", other.token, quarter="2025Q1").status_code == 409, "it has handed in nothing"
        assert served.desk.room.seats[one.vendor].submitted == plan


def test_no_token_is_written_down_or_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    with serving(tmp_path / "room.workshop", limits=unlimited()) as served:
        seat = served.join("Tigers")
        with served.live(seat.token):
            served.get("/api/market", seat.token)
            served.get(f"/api/market?token={seat.token}", seat.token)
            served.get(f"/{seat.token}")
        tokens, secret = [served.facilitator, seat.token], served.desk.room.code
    written = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    said = "".join(capfd.readouterr()) + caplog.text
    assert b"token_hash" in written
    assert not [token for token in (*tokens, secret) if token.encode() in written or token in said]


# -- where requests come from ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    path = tmp_path_factory.mktemp("names") / "room.workshop"
    with serving(path, limits=unlimited(), names=["Workshop.School.example"]) as served:
        yield served


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:9", 200),
        ("192.168.1.20:8000", 200),
        ("[::1]:8000", 200),
        ("[2001:db8::1]", 200),
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("localhost.:8000", 200),
        ("workshop.school.example:8000", 200),
        ("evil.example", 403),
        ("evil.example:8000", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example", 403),
        ("school.example", 403),
        ("[localhost]", 403),
        ("[evil]", 403),
        ("", 403),
        ("127.0.0.1@evil.example", 403),
        ("evil.example@127.0.0.1", 403),
        ("1", 403),
        ("2130706433", 403),
    ],
)
def test_another_name_that_points_here_is_not_ours(served: Served, host: str, status: int):
    with served.client() as client:
        answer = client.get("/api/room", headers={"Host": host})
    assert answer.status_code == status
    assert status == 200 or p.Refused.model_validate_json(answer.content).field == "Host"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "file://", "http://127.0.0.1:1", "https://{}.evil.example"]
)
def test_another_site_s_page_can_ask_for_nothing(served: Served, origin: str):
    headers = {"Origin": origin.format(served.host)}
    with served.client(served.facilitator) as client:
        assert client.get("/api/room", headers=headers).status_code == 403
        assert client.post("/api/commands", headers=headers, json={"kind": "open", "id": "abcdefgh"}).status_code == 403
        ours = client.get("/api/room", headers={"Origin": served.address})
    assert ours.status_code == 200 and "Access-Control-Allow-Origin" not in ours.headers
    assert served.desk.room.phase == "lobby"


@pytest.mark.parametrize("path", ["/api/room", "/api/market", "/nothing", "/openapi.json"])
def test_every_answer_tells_browsers_to_load_frame_keep_and_guess_nothing(served: Served, path: str):
    headers = served.get(path).headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "server" not in headers


def test_a_client_that_calls_itself_another_address_is_none(served: Served):
    headers = {"X-Forwarded-For": "10.1.2.3", "X-Forwarded-Host": "evil.example", "Forwarded": "for=10.1.2.3"}
    assert httpx.get(f"{served.address}/api/room", headers=headers).status_code == 200
    answer = httpx.get(
        f"{served.address}/api/room", headers=headers | {"Host": "evil.example", "X-Forwarded-Host": served.host}
    )
    assert answer.status_code == 403
