"""The game in browser tabs: for each a process of its own, started here and talked to through textual-serve.

Whoever may start processes may use up the machine, so that only pages of this very server may: requests that name
another host (DNS rebinding) and websockets of other pages (their Origin) are refused, and so are frames in them.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from socket import socket
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import WSCloseCode, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager
from textual_serve.server import Server, to_int

from tui.settings import load_settings
from tui.speech import Language, Speech

OUR_NAMES = ("127.0.0.1", "localhost")
"""Hosts by which this machine calls itself; the port may be another one, as through a tunnel of SSH."""
PLACES = 4
"""Games that may be open at once: each is a process of some 140 MB."""
PATIENCE = 5.0
"""Seconds that a new tab waits for a place: when a tab is loaded again, its old game is just ending."""
GRACE = 5.0
"""Seconds that a game has to end by itself."""
LONGEST = 2**16
"""Bytes of a message from a tab: keys, or what is pasted."""
PASSED_ON = (
    *("HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "MARKETSIM_HOME", "NO_COLOR", "PATH"),
    *("PYTHONPATH", "TMPDIR", "TZ", "XDG_CONFIG_HOME", "XDG_DATA_HOME"),
    *("APPDATA", "LOCALAPPDATA", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE"),  # Windows
)
"""Variables of the environment that a game gets to see."""
HEADERS = {
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' data: ws:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer: nothing is loaded from elsewhere, and no other page may frame ours."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class GameProcess(AppService):
    """The game of one tab, a process of its own."""

    def __init__(self, command: Sequence[str], websocket: web.WebSocketResponse, downloads: DownloadManager) -> None:
        super().__init__(
            command[0],
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=self._take_leave,
            download_manager=downloads,
        )
        self.arguments = command[1:]
        self._websocket = websocket

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        return {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {
            "COLUMNS": str(width),
            "ROWS": str(height),
            "TERM_PROGRAM": "textual",
            "TEXTUAL_COLOR_SYSTEM": "truecolor",
            "TEXTUAL_DRIVER": "tui.web.driver:BrowserDriver",
            "TEXTUAL_FPS": "30",  # what is seen over the net; half the work of Textual's own 60
        }

    async def _open_app_process(self, width: int = 80, height: int = 24) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            self.command,
            *self.arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._build_environment(width, height),
            start_new_session=True,  # so that Ctrl-C reaches the server alone, which ends its games
        )
        self._stdin = self._process.stdin
        return self._process

    async def run(self) -> None:
        """Pass on what the game shows until it ends; one that broke down has not taken leave of its tab."""
        await super().run()
        await self._take_leave(WSCloseCode.INTERNAL_ERROR)

    async def _take_leave(self, code: int = WSCloseCode.OK) -> None:
        await self._websocket.close(code=code)

    async def on_data(self, payload: bytes) -> None:
        """Something to show. It is read even if the tab has gone: a game that cannot write could not end."""
        with suppress(ConnectionError):
            await super().on_data(payload)

    async def stop(self) -> None:
        """End the game, by force if it does not heed."""
        if self._process is None:
            return
        try:
            async with asyncio.timeout(GRACE):
                await self.send_meta({"type": "quit"})
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._task is not None:
            await self._task


class GameServer(Server):
    """Serves `marketsim play` to browsers.

    arguments: of `marketsim play`.  language: of the page around the game; that of the settings if None.
    """

    def __init__(self, arguments: Sequence[str], language: Language | None = None) -> None:
        super().__init__("marketsim play", templates_path=Path(__file__).parent / "templates")
        # -P: what lies in the folder from which one plays is no part of the program.
        self.game = (sys.executable, "-P", "-m", "marketsim", "play", *arguments)
        self.language = language
        self._places = asyncio.Semaphore(PLACES)
        self._open: set[web.WebSocketResponse] = set()

    async def serve_on(self, listening: socket) -> int:
        """Serve until the process is asked to stop.  Returns the number of the signal that did."""
        stopped: asyncio.Queue[int] = asyncio.Queue()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):  # Windows: the interrupt arrives as an exception
                asyncio.get_running_loop().add_signal_handler(number, stopped.put_nowait, number)
        runner = web.AppRunner(await self._make_app(), access_log=None, shutdown_timeout=2 * GRACE)
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
        await asyncio.gather(*(websocket.close(code=WSCloseCode.GOING_AWAY) for websocket in tuple(self._open)))

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
                WSCloseCode.OK: say("The game is closed. What you played is kept."),
                WSCloseCode.TRY_AGAIN_LATER: say("{count} games are open already. Close a tab first.", count=PLACES),
                WSCloseCode.INTERNAL_ERROR: say("The game broke down. The quarters you played are kept."),
            },
            "lost": say("The server has gone. Start it again with: marketsim play --web"),
        }

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A tab: its game lives as long as this connection."""
        if request.headers.get("Origin") != f"http://{request.host}":
            raise web.HTTPForbidden(text="Only the page of this server may open a game.\n")
        websocket = web.WebSocketResponse(heartbeat=15, max_msg_size=LONGEST)
        await websocket.prepare(request)
        self._open.add(websocket)
        try:
            await asyncio.wait_for(self._places.acquire(), PATIENCE)
        except TimeoutError:
            await websocket.close(code=WSCloseCode.TRY_AGAIN_LATER)
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
        process = GameProcess(self.game, websocket, self.download_manager)
        try:
            await process.start(width, height)
            with suppress(ConnectionError):  # the tab has gone while it was being answered
                await self._process_messages(websocket, process)
        except (AssertionError, AttributeError, LookupError, TypeError, ValueError):  # not what our page would say
            await websocket.close(code=WSCloseCode.UNSUPPORTED_DATA)
        finally:
            await process.stop()


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.host.partition(":")[0] not in OUR_NAMES:
        raise web.HTTPForbidden(text="This server is for this machine alone: http://127.0.0.1\n")
    response = await handler(request)
    if not response.prepared:
        response.headers.update(HEADERS)
    return response
