"""The client of the API on its own: addresses, cut links, commands that are sent again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from websockets.asyncio.server import ServerConnection, serve

from agents.workshop import protocol as p
from tui.speech import Speech
from tui.workshop import connection as module
from tui.workshop.connection import Connection, Heard, Link, WorkshopError, new_id, whole_address
from tui.workshop.refusals import OF_TEAMS, in_words

TOKEN = "a-token-of-a-seat"
Talk = Callable[[ServerConnection, int], Awaitable[None]]
ROOM = p.RoomNow(
    **{"seq": 1, "title": "R", "phase": "open", "quarter": "2025Q1", "played": 0, "quarters": 4, "branch": 0},
    **{"world": "0", "remaining": None, "results": "private", "ranking": None, "teams": [], "how": {}},
)


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHORTEST", 0.01)
    monkeypatch.setattr(module, "LONGEST", 0.05)


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[Connection]:
    """A server that says hello, and then what `talk` says.  talk: gets the websocket, and how many came before."""
    came = 0

    async def handle(websocket: ServerConnection) -> None:
        nonlocal came
        hello = p.Hello.model_validate_json(await websocket.recv())
        assert (hello.token, hello.version) == (TOKEN, p.VERSION)
        came += 1
        with suppress(Exception):
            await talk(websocket, came - 1)

    async with serve(handle, "127.0.0.1", 0) as listening:
        host, port = next(iter(listening.sockets)).getsockname()[:2]
        yield Connection(f"http://{host}:{port}", TOKEN)


@asynccontextmanager
async def following(connection: Connection) -> AsyncIterator[list[Heard]]:
    heard: list[Heard] = []
    task = asyncio.create_task(connection.follow(heard.append))
    yield heard
    task.cancel()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_command_whose_answer_was_lost_is_sent_again_with_the_same_id():
    got: list[str] = []

    async def talk(websocket: ServerConnection, before: int) -> None:
        await websocket.send(ROOM.model_dump_json())
        async for frame in websocket:
            got.append(json.loads(frame)["id"])
            if before < 2:
                await websocket.close(1011)  # after it has been read, and before it is answered
                return
            await websocket.send(p.Accepted(id=got[-1], seq=7).model_dump_json())

    async with server(talk) as connection, following(connection) as heard:
        command = p.Withdraw(id=new_id(), quarter="2025Q1")
        assert await asyncio.wait_for(connection.do(command), 10) == p.Accepted(id=command.id, seq=7)
        assert got == [command.id] * 3
        ups = [each.up for each in heard if isinstance(each, Link)]
        assert ups == [True, False, True, False, True] and sum(each == ROOM for each in heard) == 3


async def test_commands_wait_for_a_link_and_keep_their_order():
    got: list[str] = []

    async def talk(websocket: ServerConnection, before: int) -> None:
        await websocket.send(ROOM.model_dump_json())
        async for frame in websocket:
            got.append(json.loads(frame)["id"])
            await websocket.send(p.Refused(id=got[-1], message="no").model_dump_json())

    async with server(talk) as connection:
        commands = [p.Withdraw(id=new_id(), quarter="2025Q1") for _ in range(3)]
        answers = [asyncio.create_task(connection.do(command)) for command in commands]
        await asyncio.sleep(0)
        async with following(connection):
            assert [(await answer).message for answer in answers] == ["no"] * 3
    assert got == [command.id for command in commands]


@pytest.mark.parametrize(("code", "comes_back"), [(4401, False), (4426, False), (1012, True), (1013, True)])
async def test_codes_after_which_one_comes_back(code: int, comes_back: bool):
    seen: list[int] = []

    async def talk(websocket: ServerConnection, before: int) -> None:
        seen.append(before)
        await websocket.close(code, "why")

    async with server(talk) as connection:
        task = asyncio.create_task(connection.follow(lambda _: None))
        await until(lambda: task.done() or len(seen) > 2)
        assert task.done() is not comes_back
        if not comes_back:
            error = task.exception()
            assert isinstance(error, WorkshopError) and (error.status, str(error)) == (code, "why")
            assert "release" in in_words(error, Speech("en")) or "yours" in in_words(error, Speech("en"))
        task.cancel()


async def test_nobody_answers():
    connection = Connection("http://127.0.0.1:9", TOKEN)
    with pytest.raises(WorkshopError, match=r"127\.0\.0\.1:9 does not answer") as error:
        await connection.card()
    assert error.value.status == 0 and "服务器没有应答" in in_words(error.value, Speech("zh"))
    async with following(connection) as heard:
        await until(lambda: len(heard) > 3)
        assert set(heard) == {Link(up=False)}


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("192.168.1.20", "http://192.168.1.20:8000"),
        (" room.local:81 ", "http://room.local:81"),
        ("http://room.local", "http://room.local"),
        ("https://Room.local:8443/#token", "https://room.local:8443"),
        ("[fe80::1]:9", "http://[fe80::1]:9"),
    ],
)
def test_addresses_as_people_type_them(typed: str, whole: str):
    assert whole_address(typed) == whole


@pytest.mark.parametrize("typed", ["", "http://", "ftp://room", "room:port", "http://you:secret@room", "room:70000"])
def test_what_is_no_address(typed: str):
    with pytest.raises(WorkshopError, match="allowed"):
        whole_address(typed)


def test_what_a_team_may_hear_is_translated():
    assert all(Speech("zh").say(text) != text for text in OF_TEAMS)
