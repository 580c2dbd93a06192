"""Browser tabs of a workshop by what goes over their websocket: who gets a process, and what others see of it."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.command import LINUX
from tests.tui.serving import Tab, gone
from tests.workshop.hosted import hosted
from tests.workshop.serving import Served, serving, unlimited
from tui.web import workshop
from tui.web.workshop import NO_SEAT, Tabs

pytestmark = LINUX


@contextmanager
def tabs(path: Path) -> Iterator[Served]:
    with serving(path, limits=unlimited(), extra_routes=lambda desk: Tabs(desk, language="en").routes) as served:
        yield served


@contextmanager
def terminal(host: str, *said: object, origin: str | None = None) -> Iterator[ClientConnection]:
    """The websocket of a tab that says something first."""
    origin = f"http://{host}" if origin is None else origin
    with connect(f"ws://{host}/terminal?width=100&height=30", origin=origin, max_size=None) as socket:
        for message in said:
            socket.send(json.dumps(message))
        yield socket


def hello(token: str, language: str = "en") -> list[object]:
    return ["hello", {"token": token, "language": language}]


def closed_with(socket: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            socket.recv(timeout=20)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def children_of(word: bytes) -> list[Path]:
    """Processes whose command line has a word in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if word in process.joinpath("cmdline").read_bytes():
                found.append(process)
        except OSError:
            continue
    return found


def test_a_tab_opens_its_seat_and_ends_with_it(tmp_path: Path):
    with tabs(tmp_path / "room") as served:
        joined = served.join("Red")
        before = set(children_of(b"forkserver"))
        with terminal(served.host, hello(joined.token)) as socket:
            Tab(socket).sees("Red plays Huawei Ascend")
            own = set(children_of(b"forkserver")) - before
            assert own
            for process in own:  # what everybody on this machine can read
                assert joined.token.encode() not in process.joinpath("cmdline").read_bytes()
                assert joined.token.encode() not in process.joinpath("environ").read_bytes()
            socket.send("[]")
            assert closed_with(socket) == 1003
        assert all(gone(int(process.name)) for process in own)


@pytest.mark.parametrize(
    "said", [hello("x" * 32), hello("x" * 32, "fr"), ["hello"], ["stdin", "x"], {}, 7, "", hello("")], ids=str
)
def test_who_has_no_seat_gets_no_process(said: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workshop.tab, "play", None)
    with tabs(tmp_path / "room") as served, terminal(served.host, said) as socket:
        assert closed_with(socket) == NO_SEAT


@pytest.mark.parametrize("origin", ["http://example.org", "null", "https://{host}", "http://127.0.0.1:1"])
def test_another_page_gets_no_process(origin: str, tmp_path: Path):
    with (
        tabs(tmp_path / "room") as served,
        pytest.raises(InvalidStatus) as refused,
        terminal(served.host, origin=origin.format(host=served.host)),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_no_more_tabs_than_there_are_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workshop, "TABS", 1)
    with tabs(tmp_path / "room") as served:
        joined = served.join("Red")
        with terminal(served.host, hello(joined.token)) as first:
            Tab(first).sees("Red plays")
            with terminal(served.host, hello(joined.token)) as second:
                assert closed_with(second) == 1013


def test_the_page_needs_nobody_else(tmp_path: Path):
    with tabs(tmp_path / "room") as served:
        page = served.get("/")
        assert page.status_code == 200 and not re.search("https?://", page.text)
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert served.code not in page.text
        assert served.get("/static/js/textual.js").headers["Cache-Control"] == "max-age=3600"
        for path in ("/static", "/static/", "/static/js", "/static/../server.py", "/static/%2e%2e/server.py"):
            assert served.get(path).status_code in (404, 405)


def test_tabs_of_a_server_with_a_certificate(tmp_path: Path):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=room"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    with hosted(tmp_path, "--teams=3", f"--certificate={certificate}", f"--key={key}") as room:
        trusting = ssl.create_default_context(cafile=certificate)
        trusting.check_hostname = False
        address = room.address.replace("https", "wss")
        with connect(f"{address}/terminal", origin=room.address, ssl=trusting, max_size=None) as socket:
            socket.send(json.dumps(hello(room.token)))
            Tab(socket).sees(room.code)
