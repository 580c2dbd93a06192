"""The websocket: what is said and heard, and what becomes of clients that say or hear otherwise."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from agents.workshop import live
from agents.workshop import protocol as p
from agents.workshop.limits import BODY, LISTENING, MALFORMED, Buckets, Limits
from agents.workshop.telling import BEHIND
from tests.workshop.serving import PATIENCE, Served, eventually, hello, new_id, serving, told, unlimited


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("live") / "room.workshop", limits=unlimited()) as served:
        yield served


@pytest.fixture(scope="module")
def token(served: Served) -> str:
    return served.join("Tigers", "huawei-ascend").token


def ended(websocket: ClientConnection) -> int:
    """The code with which the server hangs up, whatever it still says before."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            websocket.recv(timeout=PATIENCE)
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            assert closed.rcvd.code < 4000 or closed.rcvd.reason == live.CODES[closed.rcvd.code]
            return closed.rcvd.code
    raise AssertionError("the server did not hang up")


# -- as it should be ---------------------------------------------------------------------------------------------------


def test_a_client_is_told_all_and_then_what_changes_and_its_commands_are_answered(tmp_path: Path):
    with serving(tmp_path / "room.workshop") as served:
        seat = served.join("Tigers", "huawei-ascend")
        with served.live(seat.token) as team, served.live(served.facilitator) as facilitator:
            room = p.RoomNow.model_validate(told(team, "room"))
            assert (room.phase, room.teams[0].name, room.teams[0].people) == ("lobby", "Tigers", 1)
            form = p.Form.model_validate(told(team, "form"))
            office = p.Office.model_validate(told(facilitator, "office"))
            assert (form.code, office.code) == (seat.code, served.code)
            facilitator.send(json.dumps({"kind": "open", "id": "open-once", "seconds": 600}))
            assert told(facilitator, "accepted")["id"] == "open-once"
            assert 590 < told(team, "room", phase="open")["remaining"] <= 600
            submit = p.Submit(id="submit-1", quarter=form.quarter, plan=form.plan)
            team.send(submit.model_dump_json())
            heard = {message["kind"]: message for message in (json.loads(team.recv(PATIENCE)) for _ in range(2))}
            assert heard["accepted"]["id"] == "submit-1"
            assert heard["form"]["submitted"] == form.plan.model_dump()
            while not told(facilitator, "room")["teams"][0]["decided"]:
                pass
            facilitator.send(
                json.dumps({"kind": "tell", "id": "tell-once", "text": "Well done", "vendor": seat.vendor})
            )
            assert told(team, "told")["text"] == "Well done"


def test_answers_come_in_the_order_of_commands_and_what_is_asked_too_fast_is_done_later(tmp_path: Path):
    with serving(tmp_path / "room.workshop", limits=Limits(commands=Buckets(40.0, 3))) as served:
        seat = served.join("Tigers")
        with served.live(seat.token) as websocket:
            ids = [new_id() for _ in range(12)]
            started = time.monotonic()
            for number, id_ in enumerate(ids):
                values = {"price": 40.0 + number}
                websocket.send(p.Edit(id=id_, quarter=served.desk.room.quarter, values=values).model_dump_json())
            assert [told(websocket, "accepted")["id"] for _ in ids] == ids
            assert time.monotonic() - started > (12 - 3) / 40 * 0.99
        assert served.desk.room.seats[seat.vendor].plan.price == 51.0


def test_after_many_messages_one_can_still_come_in_and_hears_the_last_ones(tmp_path: Path):
    with serving(tmp_path / "room.workshop", limits=unlimited()) as served:
        seat = served.join("Tigers")
        for number in range(2 * BEHIND):
            served.ask(served.desk.do("facilitator", p.Tell(id=new_id(), text=str(number))))
        with served.live(seat.token) as websocket:
            first = told(websocket, "told")
            assert int(first["text"]) > BEHIND
            assert told(websocket, "told", text=str(2 * BEHIND - 1))["to_all"]
            websocket.send(json.dumps({"kind": "withdraw", "id": "still-here", "quarter": "2025Q1"}))
            assert told(websocket, "refused")["id"] == "still-here"


def test_all_members_of_a_team_see_its_form(served: Served, token: str):
    mate = served.ask(served.desk.join(p.Join(code=served.desk.room.code_of(served.desk.room.seats["huawei-ascend"]))))
    with served.live(token) as one, served.live(mate.token) as other:
        told(one, "form"), told(other, "form")
        one.send(p.Edit(id=new_id(), quarter="2025Q1", values={"research": 123.5}).model_dump_json())
        assert told(other, "form")["plan"]["research"] == 123.5
    assert eventually(lambda: not served.desk._listeners)


# -- who says nothing, or nothing that can be read ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("{", live.NO_HELLO),
        ("", live.NO_HELLO),
        ("[]", live.NO_HELLO),
        ('{"kind": "open", "id": "abcdefgh"}', live.NO_HELLO),
        (hello("x" * 32, more=1), live.NO_HELLO),
        (hello("short"), live.NO_HELLO),
        (hello("x" * 129), live.NO_HELLO),
        (hello("x" * 32), live.UNKNOWN_TOKEN),
        (hello("x" * 32, version=p.VERSION + 1), live.OTHER_VERSION),
        (b"\x00" * 10, live.BINARY),
        ("x" * (BODY + 1), live.TOO_LONG),
        (["x" * 1000] * 66, live.TOO_LONG),
        ("ä" * (BODY // 2 + 1), live.TOO_LONG),
    ],
)
def test_who_does_not_say_who_he_is_is_told_nothing(served: Served, first: Any, code: int):
    with served.socket(compression=None) as websocket:
        try:
            websocket.send(first)
        except ConnectionClosed as closed:  # before all of it was sent
            assert closed.rcvd is not None and closed.rcvd.code == code
            return
        with pytest.raises(ConnectionClosed) as closed:
            websocket.recv(timeout=PATIENCE)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == code
    assert not served.desk._listeners


def test_who_says_nothing_at_all_is_not_waited_for(served: Served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(live, "HELLO_WITHIN", 0.1)
    with served.socket() as websocket:
        assert ended(websocket) == live.LATE


def test_what_cannot_be_read_is_refused_and_too_much_of_it_ends_it(served: Served, token: str):
    with served.live(token) as websocket:
        for number in range(MALFORMED):
            websocket.send(f'{{"kind": "edit", "id": "wrong-{number}"}}')
            assert told(websocket, "refused")["id"] == f"wrong-{number}"
        websocket.send("{")
        assert ended(websocket) == live.UNREADABLE


@pytest.mark.parametrize(
    ("frame", "code"), [(b"{}", live.BINARY), ([b"{", b"}"], live.BINARY), ("x" * (BODY + 1), live.TOO_LONG)]
)
def test_who_has_said_hello_is_hung_up_on_as_well(served: Served, token: str, frame: Any, code: int):
    with served.live(token, compression=None) as websocket:
        told(websocket, "room")
        websocket.send(frame)
        assert ended(websocket) == code
    assert eventually(lambda: not served.desk._listeners)


def test_a_small_frame_that_unpacks_to_a_large_one_is_not_unpacked(served: Served, token: str):
    with served.live(token, compression="deflate") as websocket:
        websocket.send(" " * 50_000_000)
        assert ended(websocket) == live.TOO_LONG


def test_hello_is_said_once(served: Served, token: str):
    with served.live(token) as websocket:
        websocket.send(hello(served.facilitator))
        assert told(websocket, "refused")["message"] == "cannot be read"
        websocket.send(json.dumps({"kind": "open", "id": "not-mine"}))
        assert told(websocket, "refused")["id"] == "not-mine"
    assert served.desk.room.phase == "lobby"


def test_commands_of_other_quarters_are_refused_in_their_order(served: Served, token: str):
    plan = served.desk.room.seats["huawei-ascend"].plan
    with served.live(token) as websocket:
        for quarter in ("2024Q4", "2025Q2", "9999Q4"):
            websocket.send(p.Submit(id=f"at-{quarter}", quarter=quarter, plan=plan).model_dump_json())
        for quarter in ("2024Q4", "2025Q2", "9999Q4"):
            refused = told(websocket, "refused")
            assert (refused["id"], refused["field"], refused["value"]) == (f"at-{quarter}", "quarter", quarter)


def test_a_seat_that_is_released_hears_nothing_any_more(tmp_path: Path):
    with serving(tmp_path / "room.workshop", limits=unlimited()) as served:
        seat = served.join("Tigers", "huawei-ascend")
        with served.live(seat.token) as websocket, served.live(served.facilitator) as facilitator:
            told(websocket, "form")
            facilitator.send(json.dumps({"kind": "release", "id": "release-1", "vendor": seat.vendor}))
            told(facilitator, "accepted")
            heard = []
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    heard.append(json.loads(websocket.recv(timeout=PATIENCE)))
            assert closed.value.rcvd is not None and closed.value.rcvd.code == live.UNKNOWN_TOKEN
            assert [message["kind"] for message in heard if message["kind"] != "room"] == []
        new = served.join("Foxes", seat.vendor)
        assert new.code != seat.code
        with served.socket() as websocket:
            websocket.send(hello(seat.token))
            assert ended(websocket) == live.UNKNOWN_TOKEN
        assert served.do("withdraw", seat.token, quarter="2025Q1").status_code == 401
        assert served.post("/api/join", None, code=seat.code).status_code == 409


def test_a_seat_has_so_many_websockets(served: Served, token: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("agents.workshop.limits.LISTENING", 2)
    assert LISTENING > 2
    with served.live(token) as one, served.live(token) as two:
        told(one, "room"), told(two, "room")
        with served.live(token) as three:
            assert ended(three) == live.TOO_MANY
        with served.live(served.facilitator) as other:
            told(other, "room")


# -- anything at all ---------------------------------------------------------------------------------------------------

KINDS = st.sampled_from(["edit", "submit", "withdraw", "open", "close", "hello", "room", "roll-back", "debrief", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
MESSAGES = st.fixed_dictionaries(
    {"kind": KINDS},
    optional={
        "id": st.text(max_size=70) | st.from_regex("[a-z]{8,12}", fullmatch=True),
        "quarter": st.sampled_from(["2025Q1", "2025Q9", ""]) | VALUES,
        "values": st.dictionaries(
            st.sampled_from(["price", "research", "focus.x", "__class__", ""]), VALUES, max_size=3
        ),
        "plan": VALUES,
        "played": VALUES,
    },
)
FRAMES = st.text(max_size=200) | MESSAGES.map(json.dumps) | VALUES.map(json.dumps) | st.binary(max_size=50)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(frames=st.lists(FRAMES, min_size=1, max_size=12))
def test_whatever_a_team_sends_is_answered_or_ends_its_own_link_alone(served: Served, token: str, frames: list[Any]):
    phase, played = served.desk.room.phase, served.desk.room.played
    with served.live(served.facilitator) as facilitator, served.live(token) as websocket:
        answers = 0
        try:
            for frame in frames:
                websocket.send(frame)
            while answers < len(frames):
                message = json.loads(websocket.recv(timeout=PATIENCE))
                answers += message["kind"] in ("accepted", "refused")
        except ConnectionClosed as closed:
            assert closed.rcvd is not None and closed.rcvd.code == live.BINARY
            assert any(isinstance(frame, bytes) for frame in frames)
        facilitator.send(json.dumps({"kind": "show", "id": new_id()}))
        told(facilitator, "accepted")
    assert (served.desk.room.phase, served.desk.room.played) == (phase, played)
