"""`marketsim workshop host` as a teacher meets it."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from qrcode import QRCode

from agents.workshop import protocol as p
from marketsim.commands.hosting import Place, Wish
from marketsim.places import HOME
from tests.command import called
from tests.test_package import HELP, loaded
from tests.workshop.hosted import hosted
from tests.workshop.serving import serving, unlimited


def dark_of(text: str) -> list[list[bool]]:
    """The modules of a QR code, dark or not, with the border that its standard asks for."""
    code = QRCode(border=4)
    code.add_data(text)
    return code.get_matrix()


def dark_of_picture(said: str) -> list[list[bool]]:
    """The same of what was drawn, light where the terminal is: two modules a character, one above the other."""
    lines = [line[4:] for line in said.splitlines() if re.fullmatch(r"    [ ▀▄█]+", line)]
    rows = [[mark not in light for mark in line] for line in lines for light in ("▀█", "▄█")]
    return rows[: len(rows[0])]


def test_a_workshop_is_hosted_stopped_and_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    options = ("china-ai-chips", "--teams", "3", "--quarters", "2", "--title", "Class 4b", "--seed", "5")
    with hosted(tmp_path, *options) as server:
        assert "Class 4b: 3 seats for teams" in server.said
        assert dark_of_picture(server.said) == dark_of(server.address)
        assert "Only this machine can reach it" in server.said and "WARNING" not in server.said
        card = p.RoomCard.model_validate(httpx.get(f"{server.address}/api/room").json())
        assert (card.title, len(card.free)) == ("Class 4b", 3)
        assert "text/html" in httpx.get(server.address).headers["Content-Type"]
        code = server.find(r"room code +(\S+)")
        seat = httpx.post(f"{server.address}/api/join", json={"code": code, "name": "Tigers"}).json()
        headers = {"Authorization": f"Bearer {server.token}"}
        opening = {"kind": "open", "id": "open-first"}
        assert httpx.post(f"{server.address}/api/commands", json=opening, headers=headers).status_code == 200
        path = Path(server.find(r"Written down in +(\S+)"))
        assert path.parent == tmp_path / "workshops" and path.stat().st_mode & 0o777 == 0o600
        again = called(capsys, ["workshop", "host", "--port", "0", "--file", str(path)])
        assert again.code == 1 and "another server has it open" in again.err
        code, out, err = server.stopped(signal.SIGTERM)
        assert (code, err) == (128 + signal.SIGTERM, "")
        assert f"Go on with: marketsim workshop host --file {path}" in out
    with hosted(tmp_path, "--file", str(path), "--host", "0.0.0.0", "--name", "localhost") as server:
        assert f"Going on with {path}: 0 of 2 quarters played" in server.said
        assert "WARNING: plain HTTP" in server.said and "Only this machine" not in server.said
        assert server.address.startswith("http://localhost:")
        headers = {"Authorization": f"Bearer {seat['token']}"}
        market = httpx.get(f"{server.address}/api/market", headers=headers)
        assert market.status_code == 200, "who had a seat has it still"
        headers = {"Authorization": f"Bearer {server.token}"}
        assert httpx.post(f"{server.address}/api/commands", json=opening, headers=headers).json()["seq"] == 4
        code, out, err = server.stopped(signal.SIGINT)
        assert (code, err) == (130, "")
    names = {each.name for each in path.parent.iterdir()}
    assert names == {path.name}, "the log is whole in one file"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["nowhere"], "nowhere"),
        (["--vendors", "cambricon,camricon"], "did you mean 'cambricon'?"),
        (["--vendors", "cambricon,cambricon"], "named twice"),
        (["--vendors", "cambricon"], "1 vendor for 1 team; allowed: 2 to 60"),
        (["--vendors", "cambricon,hygon", "--teams", "3"], "2 vendors for 3 teams"),
        (["--quarters", "4000"], "4000"),
        (["--title", "\u202e \u200b"], "nothing can be seen of it"),
        (["--host", "203.0.113.7"], "--host 203.0.113.7: this machine has no such address"),
        (["--key", "key.pem"], "--key: is of use with --certificate alone"),
        (["--certificate", "/nowhere.pem"], "--certificate /nowhere.pem: there is no such file"),
        (["--certificate", __file__], f"--certificate {__file__}: cannot be used"),
    ],
)
def test_what_cannot_be_hosted_is_said_and_leaves_nothing_behind(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    complaint: str,
):
    monkeypatch.setenv(HOME, str(tmp_path))
    result = called(capsys, ["workshop", "host", "--port", "0", *options])
    assert result.code == 1 and complaint in result.err and result.out == ""
    assert not list(tmp_path.rglob("*.workshop"))


@pytest.mark.parametrize(
    ("place", "options"),
    [
        (Place("127.0.0.1", 8000, None, None, None), ""),
        (Place("0.0.0.0", 8123, "market.example.org", Path("my market.pem"), Path("market.key")),
         "--host 0.0.0.0 --port 8123 --name market.example.org --certificate 'my market.pem' --key market.key"),
    ],
)  # fmt: skip
def test_one_goes_on_at_the_same_place(place: Place, options: str):
    assert shlex.join(place.options()) == options


@pytest.mark.parametrize("arguments", [["workshop", "--help"], ["workshop", "host", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]):
    assert loaded(HELP.format(arguments)).splitlines()[-1] in ("[]", "['pydantic']")


@pytest.mark.parametrize("teams", ["1", "61", "x"])
def test_so_many_teams_are_not_hosted(capsys: pytest.CaptureFixture[str], teams: str):
    result = called(capsys, ["workshop", "host", "--teams", teams])
    assert result.code == 2 and "--teams" in result.err


@pytest.mark.parametrize("content", ["text", "database", "folder"])
def test_a_file_that_is_no_workshop_is_said_to_be_none_and_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
):
    path = tmp_path / "something"
    if content == "folder":
        path.mkdir()
    elif content == "text":
        path.write_text("Dear diary, today the class was quiet. " * 50)
    else:
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE notes (text)")
        database.close()
    before = None if content == "folder" else path.read_bytes()
    result = called(capsys, ["workshop", "host", "--port", "0", "--file", str(path)])
    assert result.code == 1 and str(path) in result.err and "Traceback" not in result.err
    assert before is None or path.read_bytes() == before


def test_sixty_teams_need_no_scenario_with_sixty_vendors():
    setup, vendors, title = Wish("china-ai-chips", teams=60, language="zh").room()
    assert len(set(vendors)) == 60 and set(vendors) <= set(setup.world().vendors)
    assert title == setup.world().title.zh
    small, few, _ = Wish("china-ai-chips").room()
    assert (len(few), small.firms) == (6, None)
    assert few == list(small.world().vendors)[:6]
    _, own, _ = Wish("china-ai-chips", vendors=["hygon", "cambricon"]).room()
    assert own == ["hygon", "cambricon"]
    assert Wish("china-ai-chips").room()[0].seed != Wish("china-ai-chips").room()[0].seed


@pytest.mark.parametrize(
    ("host", "name", "is_open", "address"),
    [
        ("127.0.0.1", None, False, "http://127.0.0.1:8000"),
        ("localhost", None, False, "http://localhost:8000"),
        ("::1", None, False, "http://[::1]:8000"),
        ("192.168.1.20", None, True, "http://192.168.1.20:8000"),
        ("0.0.0.0", "school.example", True, "http://school.example:8000"),
    ],
)
def test_the_address_is_one_that_others_can_type(host: str, name: str | None, is_open: bool, address: str):
    place = Place(host, 8000, name, None, None)
    assert (place.is_open, place.address(8000)) == (is_open, address)


def test_an_address_for_all_networks_is_told_as_one_of_them():
    assert not re.search(r"0\.0\.0\.0|\[::\]", Place("0.0.0.0", 1, None, None, None).address(1))


FOLLOWED = """
import asyncio, sys
from pathlib import Path
from marketsim.commands.workshop import _trust
from tui.speech import Speech
from tui.workshop.connection import Connection, Link, WorkshopError
from tui.workshop.refusals import in_words

async def main(address, token, certificate=None):
    if certificate is not None:
        _trust(Path(certificate))
    connection, heard = Connection(address, token), asyncio.Queue()
    try:
        print((await connection.card()).title)
    except WorkshopError as error:
        print(in_words(error, Speech("en")))
        return
    following = asyncio.create_task(connection.follow(heard.put_nowait))
    print(await asyncio.wait_for(heard.get(), 20))
    following.cancel()

asyncio.run(main(*sys.argv[1:]))
"""
"""How a client of another machine finds a server: whether it answers over HTTP, then over a websocket."""


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_with_a_certificate_nobody_can_overhear(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*made, "-keyout", key, "-out", certificate, *subject], check=True, capture_output=True)
    trusting = ssl.create_default_context(cafile=certificate)
    path = tmp_path / "room.workshop"
    with serving(path, limits=unlimited(), certificate=certificate, key=key) as served:
        assert httpx.get(f"https://{served.host}/api/room", verify=trusting).json()["title"] == "A workshop"
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://{served.host}/api/room")
        client = [sys.executable, "-c", FOLLOWED, f"https://{served.host}", served.join("Tigers").token]
        for trusted, told in (([], "does not trust"), ([certificate], "A workshop\nLink(up=True)\n")):
            assert told in subprocess.run([*client, *trusted], capture_output=True, text=True, check=True).stdout
    swapped = ["--certificate", str(key), "--key", str(certificate)]
    result = called(capsys, ["workshop", "host", "--port", "0", "--file", str(path), *swapped])
    assert result.code == 1 and f"--certificate {key}: cannot be used" in result.err
    result = called(capsys, ["workshop", "join", "--certificate", str(key), "https://127.0.0.1:1"])
    assert result.code == 1 and f"--certificate {key}: cannot be used" in result.err
    assert Place("127.0.0.1", 1, None, certificate, key).address(1) == "https://127.0.0.1:1"
