"""Clients that are slow, deaf or noisy, on bare sockets: they are cut off, and hold nobody up."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.exceptions import InvalidStatus

from agents.workshop import protocol as p
from agents.workshop.listening import Connection
from agents.workshop.server import LIVE
from agents.workshop.telling import BEHIND
from tests.workshop.serving import PATIENCE, Served, eventually, hello, new_id, serving, told, unlimited


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("slow") / "room.workshop", limits=unlimited()) as served:
        yield served


@pytest.fixture(scope="module")
def token(served: Served) -> str:
    return served.join("Tigers").token


def raw(served: Served, *parts: bytes, buffer: int | None = None) -> socket.socket:
    """A connection on which some bytes have been sent."""
    host, _, port = served.host.partition(":")
    connection = socket.socket()
    if buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.settimeout(PATIENCE)
    connection.connect((host, int(port)))
    for part in parts:
        connection.sendall(part)
    return connection


def masked(text: str) -> bytes:
    """A frame of text as a client sends it."""
    content, key = text.encode(), os.urandom(4)
    length = bytes([0x80 | len(content)]) if len(content) < 126 else b"\xfe" + struct.pack("!H", len(content))
    return b"\x81" + length + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(content))


def upgrade(served: Served, **headers: str) -> bytes:
    usual = {"Host": served.host, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    usual |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", **headers}
    return f"GET {LIVE} HTTP/1.1\r\n{''.join(f'{name}: {value}' + chr(13) + chr(10) for name, value in usual.items())}\r\n".encode()


def upgraded(served: Served, *parts: bytes, buffer: int | None = None) -> socket.socket:
    """A websocket, on which some bytes have been sent."""
    connection = raw(served, upgrade(served), buffer=buffer)
    assert connection.recv(4096).startswith(b"HTTP/1.1 101")
    for part in parts:
        connection.sendall(part)
    return connection


def test_who_does_not_read_is_hung_up_on_and_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("agents.workshop.listening.READ_WITHIN", 1.0)
    made = Connection.connection_made

    def with_small_buffers(self: Connection, transport: Any) -> None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        made(self, transport)

    monkeypatch.setattr(Connection, "connection_made", with_small_buffers)
    with serving(tmp_path / "room.workshop", teams=2, limits=unlimited()) as served:
        slow, quick = served.join("Slow"), served.join("Quick")
        deaf = upgraded(served, masked(hello(slow.token)), buffer=2048)
        with deaf, served.live(quick.token) as websocket:
            assert eventually(lambda: served.desk.room.tokens and len(served.desk._listeners) == 2)
            deaf.settimeout(0.2)
            with suppress(TimeoutError, OSError):  # when it is not heard any more, or has been cut off
                for number in range(10 * BEHIND):
                    edit = p.Edit(id=new_id(), quarter="2025Q1", values={"price": 40.0 + number})
                    deaf.sendall(masked(edit.model_dump_json()))
            assert eventually(lambda: {each.who for each in served.desk._listeners} == {quick.vendor})
            while told(websocket, "room")["teams"][0]["people"] != 0:
                pass
            websocket.send(p.Edit(id="still-here", quarter="2025Q1", values={"price": 41.0}).model_dump_json())
            assert told(websocket, "accepted")["id"] == "still-here"


def closes(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    received = b""
    with connection:
        try:
            while part := connection.recv(65536):
                received += part
        except ConnectionResetError:
            pass
    return received


@pytest.mark.parametrize("sent", [b"", b"GET /api/room HT", b"GET /api/room HTTP/1.1\r\nHost: 127.0.0.1\r\nA: b"])
def test_a_request_that_does_not_end_is_cut_off(served: Served, monkeypatch: pytest.MonkeyPatch, sent: bytes):
    monkeypatch.setattr("agents.workshop.listening.REQUEST_WITHIN", 0.2)
    assert closes(raw(served, sent)) == b""


def test_a_second_request_that_does_not_end_is_cut_off_too(served: Served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("agents.workshop.listening.REQUEST_WITHIN", 0.2)
    whole = f"GET /api/room HTTP/1.1\r\nHost: {served.host}\r\n\r\n".encode()
    connection = raw(served, whole)
    assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    connection.sendall(whole[:20])
    assert b"HTTP" not in closes(connection)


def test_a_body_that_does_not_come_is_not_waited_for(served: Served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("agents.workshop.guard.BODY_WITHIN", 0.2)
    monkeypatch.setattr("agents.workshop.listening.REQUEST_WITHIN", 0.2)
    head = (
        f"POST /api/join HTTP/1.1\r\nHost: {served.host}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    )
    connection = raw(served, head.encode(), b"{")
    assert connection.recv(65536).startswith(b"HTTP/1.1 408")
    connection.sendall(b"}")
    assert b"HTTP" not in closes(connection)


def test_one_address_has_so_many_connections(served: Served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("agents.workshop.listening.CONNECTIONS_EACH", 3)
    open_ones = [raw(served) for _ in range(3)]
    assert closes(raw(served)) == b""
    for each in open_ones:
        each.close()

    def answered() -> bool:
        connection = raw(served)
        try:
            connection.sendall(f"GET /api/room HTTP/1.1\r\nHost: {served.host}\r\nConnection: close\r\n\r\n".encode())
        except OSError:
            connection.close()
            return False
        return closes(connection).startswith(b"HTTP/1.1 200")

    assert eventually(answered)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Sec-WebSocket-Version": "8"}, 400),
        ({"Sec-WebSocket-Key": "short"}, 400),
    ],
)
def test_a_handshake_that_must_not_be_is_none(served: Served, headers: dict[str, str], status: int):
    connection = raw(served, upgrade(served, **headers))
    with connection:
        assert connection.recv(65536).startswith(f"HTTP/1.1 {status}".encode())


def test_our_own_page_may_open_one(served: Served, token: str):
    with served.live(token, origin=served.address) as websocket:
        told(websocket, "room")
    with pytest.raises(InvalidStatus) as refused, served.socket(origin="https://evil.example"):
        pass
    p.Refused.model_validate_json(refused.value.response.body)


RAW = st.binary(min_size=1, max_size=300) | st.tuples(
    st.integers(0, 255), st.integers(0, 255), st.binary(max_size=200)
).map(lambda parts: bytes(parts[:2]) + parts[2])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(after_hello=st.booleans(), noise=st.lists(RAW, min_size=1, max_size=4))
def test_bytes_that_are_no_frames_end_the_link_and_nothing_else(
    served: Served, token: str, after_hello: bool, noise: list[bytes]
):
    connection = upgraded(served, *([masked(hello(token))] if after_hello else []))
    try:
        for part in noise:
            connection.sendall(part)
    except OSError:
        pass
    connection.close()
    assert served.get("/api/room").status_code == 200
    assert eventually(lambda: not served.desk._listeners)
