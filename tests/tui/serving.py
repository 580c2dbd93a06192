"""Servers of the game for tests: as users start them, and in this process with a stand-in for the game."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from websockets.asyncio.client import ClientConnection as Connected
from websockets.asyncio.client import connect as connected
from websockets.sync.client import ClientConnection, connect

from tests.command import children, serving_command
from tests.tui.browser import PATIENCE
from tui.web.server import GameServer


class Tab:
    """What a browser's tab is to the server, without a browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.seen = b""

    def say(self, *message: object) -> None:
        self.socket.send(json.dumps(message))

    def sees(self, pattern: str) -> None:
        """Wait until the game has written something, since the last time."""
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern.encode(), self.seen)):
            assert time.monotonic() < end, (pattern, self.seen)
            received = self.socket.recv(timeout=PATIENCE)
            self.seen += received if isinstance(received, bytes) else b""
        self.seen = self.seen[found.end() :]


@dataclass
class Served:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    host: str

    @property
    def url(self) -> str:
        return f"http://{self.host}/"

    @property
    def games(self) -> list[int]:
        return children(self.process.pid)

    @contextmanager
    def tab(self, columns: int = 80, rows: int = 24) -> Iterator[Tab]:
        with connect(f"ws://{self.host}/ws?width={columns}&height={rows}", origin=f"http://{self.host}") as websocket:
            yield Tab(websocket)


@contextmanager
def started(home: Path, *arguments: str, **variables: str) -> Iterator[Served]:
    """`marketsim play --web`, killed in the end if it still runs."""
    with serving_command(home, "play", "--web", "--port", "0", *arguments, **variables) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        yield Served(process, re.search(r"http://(127\.0\.0\.1:\d+) ", said)[1])


@contextmanager
def served(home: Path, *arguments: str, **variables: str) -> Iterator[Served]:
    """The same, ended by Ctrl-C, which a terminal sends to all that was started in it: no trace is left."""
    with started(home, *arguments, **variables) as server:
        yield server
        games = server.games
        os.killpg(server.process.pid, signal.SIGINT)
        _, complaints = server.process.communicate(timeout=PATIENCE)
        assert (server.process.returncode, complaints) == (130, "")
        assert not [game for game in games if Path(f"/proc/{game}").exists()]


def gone(process: int) -> bool:
    end = time.monotonic() + PATIENCE
    while Path(f"/proc/{process}").exists() and time.monotonic() < end:
        time.sleep(0.02)
    return not Path(f"/proc/{process}").exists()


GAME = """
import json, os, sys, time
deaf = False

def say(text):
    os.write(1, b"D" + len(text).to_bytes(4, "big") + text.encode())

os.write(1, b"__GANGLION__\\n")
say("I am a game")
while head := sys.stdin.buffer.read(5):
    heard = sys.stdin.buffer.read(int.from_bytes(head[1:], "big"))
    if head[:1] == b"D":
        exec(heard)
    elif b"quit" in heard and not deaf:
        break
while deaf:
    time.sleep(1)
"""
"""Stands for a game to try what games do seldom: it does what is typed."""


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """A server in this process, of the game above."""
    server = GameServer([], "en")
    server.game = (sys.executable, "-c", GAME)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = asyncio.create_task(server.serve_on(listening))
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


def tab_at(host: str) -> connected:
    return connected(f"ws://{host}/ws?width=80&height=24", origin=f"http://{host}")


async def typed(tab: Connected, text: str) -> str:
    """What the game above shows after something has been typed."""
    await tab.send(json.dumps(["stdin", text]))
    return (await tab.recv()).decode()


def answer(url: str, **headers: str) -> tuple[int, str]:
    """Status and text of an answer."""
    try:
        with urlopen(Request(url, headers=headers)) as answered:
            return answered.status, answered.read().decode(errors="replace")
    except HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()
