"""The game in browser tabs: for each a process of its own, started here and talked to through textual-serve.

Whoever may start processes may use up the machine, so that only pages of this very server may: requests that name
another host (DNS rebinding) and websockets of other pages (their Origin) are refused, and so are frames in them.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from socket import socket
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import WSMsgType, web
from textual_serve.server import Server, to_int

from tui.settings import load_settings
from tui.speech import Language, Speech
from tui.web import tab
from tui.web.tab import PYTHON, TabProcess

OUR_NAMES = ("127.0.0.1", "localhost")
"""Hosts by which this machine calls itself; the port may be another one, as through a tunnel of SSH."""
PLACES = 4
"""Games that may be open at once: each is a process of some 140 MB."""
PATIENCE = 5.0
"""Seconds that a new tab waits for a place: when a tab is loaded again, its old game is just ending."""
TEMPLATES = Path(__file__).parent / "templates"
HEADERS = {
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' data: ws:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer: nothing is loaded from elsewhere, and no other page may frame ours."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Channel:
    """A tab's websocket of aiohttp."""

    def __init__(self, websocket: web.WebSocketResponse) -> None:
        self._websocket = websocket
        self.send_bytes, self.send_str = websocket.send_bytes, websocket.send_str

    async def close(self, code: int) -> None:
        await self._websocket.close(code=code)

    async def messages(self) -> AsyncIterator[str]:
        async for message in self._websocket:
            if message.type == WSMsgType.TEXT:
                yield message.data


class GameServer(Server):
    """Serves `marketsim play` to browsers.

    arguments: of `marketsim play`.  language: of the page around the game; that of the settings if None.
    """

    def __init__(self, arguments: Sequence[str], language: Language | None = None) -> None:
        super().__init__("marketsim play", templates_path=TEMPLATES)
        self.game = (*PYTHON, "play", *arguments)
        self.language = language
        self._places = asyncio.Semaphore(PLACES)
        self._open: set[web.WebSocketResponse] = set()

    async def serve_on(self, listening: socket) -> int:
        """Serve until the process is asked to stop.  Returns the number of the signal that did."""
        stopped: asyncio.Queue[int] = asyncio.Queue()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):  # Windows: the interrupt arrives as an exception
                asyncio.get_running_loop().add_signal_handler(number, stopped.put_nowait, number)
        runner = web.AppRunner(await self._make_app(), access_log=None, shutdown_timeout=2 * tab.GRACE)
        await runner.setup()
        try:
            await web.SockSite(runner, listening).start()
            return await stopped.get()
        finally:
            await runner.cleanup()

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[_guard])
        aiohttp_jinja2.setup(app, loader=jinja2.FileSystemLoader(self.templates_path))
        app.add_routes(
            [
                web.get("/", self.handle_index),
                web.get("/ws", self.handle_websocket),
                web.static("/static", self.statics_path),
            ]
        )
        app.on_shutdown.append(self.on_shutdown)
        return app

    async def on_shutdown(self, app: web.Application) -> None:
        """Take leave of the tabs; with that, their games end."""
        await asyncio.gather(*(websocket.close(code=tab.GOING_AWAY) for websocket in tuple(self._open)))

    @aiohttp_jinja2.template("app_index.html")
    async def handle_index(self, request: web.Request) -> dict[str, Any]:
        """The page around the terminal."""
        speech = Speech(self.language or load_settings().language)
        say = speech.say
        return {
            "language": {"en": "en", "zh": "zh-CN"}[speech.language],
            "websocket": f"ws://{request.host}/ws",
            "starting": say("The game is starting ..."),
            "no_script": say("The game needs JavaScript."),
            "again": say("Open it again"),
            "endings": {
                tab.OVER: say("The game is closed. What you played is kept."),
                tab.FULL: say("{count} games are open already. Close a tab first.", count=PLACES),
                tab.BROKEN: say("The game broke down. The quarters you played are kept."),
            },
            "lost": say("The server has gone. Start it again with: marketsim play --web"),
        }

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A tab: its game lives as long as this connection."""
        if request.headers.get("Origin") != f"http://{request.host}":
            raise web.HTTPForbidden(text="Only the page of this server may open a game.\n")
        websocket = web.WebSocketResponse(heartbeat=15, max_msg_size=tab.LONGEST)
        await websocket.prepare(request)
        self._open.add(websocket)
        try:
            await asyncio.wait_for(self._places.acquire(), PATIENCE)
        except TimeoutError:
            await websocket.close(code=tab.FULL)
        else:
            try:
                size = (to_int(request.query.get(side, ""), usual) for side, usual in (("width", 80), ("height", 24)))
                await self._play(websocket, *size)
            finally:
                self._places.release()
        finally:
            self._open.discard(websocket)
        return websocket

    async def _play(self, websocket: web.WebSocketResponse, width: int, height: int) -> None:
        """A game from its start to its end."""
        channel = _Channel(websocket)
        await tab.play(TabProcess(channel, self.game), channel, width, height)


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.host.partition(":")[0] not in OUR_NAMES:
        raise web.HTTPForbidden(text="This server is for this machine alone: http://127.0.0.1\n")
    response = await handler(request)
    if not response.prepared:
        response.headers.update(HEADERS)
    return response
