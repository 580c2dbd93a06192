"""Workshops that are served for tests: uvicorn in a thread of its own, on a free port of this machine."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from starlette.routing import BaseRoute
from websockets.sync.client import ClientConnection, connect

from agents.game.setup import Setup
from agents.workshop import protocol as p
from agents.workshop.desk import Desk
from agents.workshop.limits import Buckets, Limits
from agents.workshop.listening import WorkshopServer
from agents.workshop.log import Log
from agents.workshop.server import LIVE, app

PATIENCE = 20.0
_numbers = count(1)


def unlimited() -> Limits:
    """For tests of other things than limits."""
    return Limits(*(Buckets(1e9, 1e9) for _ in range(3)))


def new_id() -> str:
    """Of a command."""
    return f"test-{next(_numbers):06}"


@dataclass
class Served:
    """A workshop that is served.  host: with port.  facilitator: a token.  loop: of the server's thread."""

    host: str
    desk: Desk
    facilitator: str
    loop: asyncio.AbstractEventLoop

    @property
    def address(self) -> str:
        return f"http://{self.host}"

    @property
    def code(self) -> str:
        return self.desk.room.code

    def ask(self, wanted: Coroutine[Any, Any, Any]) -> Any:
        """The result of something that runs in the server's thread, such as `desk.do(...)`."""
        return asyncio.run_coroutine_threadsafe(wanted, self.loop).result(PATIENCE)

    def client(self, token: str | None = None) -> httpx.Client:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.address, headers=headers, timeout=PATIENCE, verify=False)

    def get(self, path: str, token: str | None = None) -> httpx.Response:
        with self.client(token) as client:
            return client.get(path)

    def post(self, path: str, token: str | None, **content: object) -> httpx.Response:
        with self.client(token) as client:
            return client.post(path, json=content)

    def join(self, name: str, vendor: str | None = None) -> p.Joined:
        return self.ask(self.desk.join(p.Join(code=self.code, name=name, vendor=vendor)))

    def do(self, kind: str, token: str | None = None, **fields: object) -> httpx.Response:
        """A command of the facilitator, or of a token."""
        return self.post("/api/commands", token or self.facilitator, kind=kind, id=new_id(), **fields)

    def socket(self, **options: Any) -> ClientConnection:
        """A websocket that has not said anything yet."""
        return connect(f"ws://{self.host}{LIVE}", open_timeout=PATIENCE, close_timeout=1, **options)

    @contextmanager
    def live(self, token: str, **options: Any) -> Iterator[ClientConnection]:
        """A websocket that has said hello."""
        with self.socket(**options) as websocket:
            websocket.send(hello(token))
            yield websocket


def told(websocket: ClientConnection, kind: str, **fields: object) -> dict[str, Any]:
    """The next message of a kind that has these fields; what comes before it is dropped."""
    while True:
        message = json.loads(websocket.recv(timeout=PATIENCE))
        if message["kind"] == kind and all(message[name] == value for name, value in fields.items()):
            return message


def hello(token: str, version: int = p.VERSION, **fields: object) -> str:
    """The first message of a client."""
    return json.dumps({"kind": "hello", "version": version, "token": token, **fields})


def eventually(holds: Callable[[], object]) -> bool:
    """Whether something holds before patience ends."""
    end = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(holds())


@contextmanager
def serving(
    path: Path,
    teams: int = 3,
    quarters: int = 4,
    scenario: str = "china-ai-chips",
    limits: Limits | None = None,
    names: Sequence[str] = (),
    seed: int = 11,
    simulated: bool = False,
    certificate: Path | None = None,
    key: Path | None = None,
    extra_routes: Callable[[Desk], Sequence[BaseRoute]] = lambda desk: (),
) -> Iterator[Served]:
    """A new workshop in a file, or the one that it holds, served as long as this lasts.

    limits: those of a server if not given.  names: that it is called by besides addresses.  simulated: rooms to compare
    with are, once the market is over.  A second server on the same file would be refused, as always.
    """
    ready: list[Served] = []
    server: list[WorkshopServer] = []
    started, broke = threading.Event(), []

    async def serve(listening: socket.socket) -> None:
        resumed = path.exists()
        setup = Setup(scenario=scenario, quarters=quarters, seed=seed)
        if teams > len(setup.world().vendors):
            setup = setup.model_copy(update={"firms": teams})
        vendors = list(setup.world().vendors)[:teams]
        desk = Desk(Log(path)) if resumed else Desk.opening(path, setup, vendors, "A workshop")
        if not simulated:
            desk.debriefing.begin = lambda desk: None
        async with desk:
            token = await desk.admit_facilitator()
            server.append(WorkshopServer(app(desk, limits, names, extra_routes(desk)), certificate, key))
            host = f"127.0.0.1:{listening.getsockname()[1]}"
            ready.append(Served(host, desk, token, asyncio.get_running_loop()))
            started.set()
            await server[0].serve_on(listening)

    def run(listening: socket.socket) -> None:
        try:
            asyncio.run(serve(listening))
        except BaseException as error:
            broke.append(error)
        finally:
            started.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=run, args=[listening])
        thread.start()
        started.wait(PATIENCE)
        try:
            if not broke:
                yield ready[0]
        finally:
            if server:
                server[0].should_exit = True
            thread.join(PATIENCE)
    if broke:
        raise broke[0]
