"""Workshops in browsers: the page, and for each tab the same client as in a terminal, as a process of this machine.

The page asks for a code, or finds the token of a seat in its address (after the #) or in what it kept. The token is the
first thing that it says on the websocket; only then is a process started, which gets it neither by its command line nor
by its environment.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect
from textual_serve.download_manager import DownloadManager

from agents.workshop.desk import Desk
from agents.workshop.secrets import hash_of
from tui.settings import load_settings
from tui.speech import LANGUAGES, N_, Language, Speech
from tui.web import tab
from tui.web.nursery import ForkedTab, forks, warm_up
from tui.web.tab import PYTHON, TabProcess
from tui.workshop.refusals import OF_TEAMS

CLIENT = "tui.workshop.open:run"
"""What the process of a tab runs."""
TABS = 200
"""Tabs that may be open at once: each is a process of some 40 MB, and 60 teams of three are 180."""
PATIENCE = 10.0
"""Seconds in which a page says whose it is."""
NO_SEAT = 4401
"""Code with which a tab is taken leave of whose token opens no seat."""
HEADERS = {"Content-Security-Policy": "default-src 'self' 'unsafe-inline' data: ws: wss:; frame-ancestors 'none'"}
"""Of the page: nothing is loaded from elsewhere, and no other page may frame ours."""
WORDS = (
    N_("Code"),
    N_("The room's code for a new team, or your team's own code to join it."),
    N_("Name of a new team"),
    N_("Company"),
    N_("the next that is free"),
    N_("Join"),
    N_("Copy my link"),
    N_("Copied: your link, for your eyes alone"),
    N_("Leave"),
    N_("Leave this seat in this browser? The team keeps it; its code lets you in again."),
    N_("The server does not answer."),
)


class _Channel:
    """A tab's websocket of Starlette, which may be taken leave of once."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._open = True

    async def send_bytes(self, data: bytes) -> None:
        await self._send(self._websocket.send_bytes(data))

    async def send_str(self, data: str) -> None:
        await self._send(self._websocket.send_text(data))

    async def _send(self, sending: Any) -> None:
        try:
            await sending
        except (RuntimeError, WebSocketDisconnect):
            raise ConnectionResetError from None

    async def close(self, code: int) -> None:
        """Take leave; a second time nothing happens."""
        if self._open:
            self._open = False
            with suppress(RuntimeError, WebSocketDisconnect):
                await self._websocket.close(code)

    async def messages(self) -> AsyncIterator[str]:
        with suppress(WebSocketDisconnect):
            while True:
                try:
                    text = await self._websocket.receive_text()
                except KeyError:  # bytes, which our page never sends
                    raise ValueError("not a text") from None
                yield text


class _Static(StaticFiles):
    """Files of textual-serve, which never change while it is installed."""

    def file_response(self, *given: Any, **named: Any) -> Response:
        """A file, to be kept for an hour."""
        response = super().file_response(*given, **named)
        response.headers["Cache-Control"] = "max-age=3600"
        return response


class Tabs:
    """The page of a workshop and its tabs.

    inside: address at which processes of this machine reach the server, if it is another one than browsers'.
    language: of the page until it is changed.
    """

    def __init__(self, desk: Desk, inside: str | None = None, language: Language | None = None) -> None:
        self._desk, self._inside = desk, inside
        self._language: Language = language or load_settings().language
        self._downloads = DownloadManager()
        self._places = asyncio.Semaphore(TABS)
        if forks():
            warm_up()

    @property
    def routes(self) -> list[BaseRoute]:
        """What the server serves beside its API."""
        static = Path(str(files("textual_serve"))) / "static"
        return [
            Route("/", self._page),
            Route("/download/{key}", self._download),
            Mount("/static", _Static(directory=static)),
            WebSocketRoute("/terminal", self._terminal),
        ]

    async def _page(self, request: Request) -> HTMLResponse:
        secure = request.url.scheme == "https"
        room = self._desk.room.opened
        page = _template().render(
            language={"en": "en", "zh": "zh-CN"}[self._language],
            default_language=self._language,
            room=room.title,
            place=f"marketsim-{hash_of(room.secret)[:12]}",
            websocket=f"{'wss' if secure else 'ws'}://{request.url.netloc}/terminal",
            texts=_texts(),
            no_seat=NO_SEAT,
            **_base(Speech(self._language)),
        )
        return HTMLResponse(page, headers=HEADERS)

    async def _terminal(self, websocket: WebSocket) -> None:
        """A tab: its process lives as long as this connection."""
        page = f"{'https' if websocket.url.scheme == 'wss' else 'http'}://{websocket.url.netloc}"
        if websocket.headers.get("origin") != page:
            await websocket.close(1008)  # before it was accepted, which is answered with 403
            return
        await websocket.accept()
        channel = _Channel(websocket)
        told = await self._told(websocket)
        if told is None:
            await channel.close(NO_SEAT)
        elif self._places.locked():
            await channel.close(tab.FULL)
        else:
            size = (_number(websocket.query_params.get(side), usual) for side, usual in (("width", 80), ("height", 24)))
            async with self._places:
                await tab.play(self._process(channel, told), channel, *size)

    async def _told(self, websocket: WebSocket) -> dict[str, Any] | None:
        """What the process is told, from what the page says first; nothing where that opens no seat."""
        try:
            async with asyncio.timeout(PATIENCE):
                said = json.loads(await websocket.receive_text())
        except (TimeoutError, ValueError, KeyError, WebSocketDisconnect):
            return None
        match said:
            case ["hello", {"token": str(token), "language": "en" | "zh" as language}] if self._desk.who(token):
                host, port = websocket.scope["server"]
                address = self._inside or f"http://{f'[{host}]' if ':' in host else host}:{port}"
                return {"address": address, "token": token, "language": language}
        return None

    def _process(self, channel: _Channel, told: Mapping[str, Any]) -> TabProcess:
        if forks():
            return ForkedTab(channel, CLIENT, told, self._downloads)
        command, variables = (*PYTHON, "workshop", "join"), {"MARKETSIM_WORKSHOP": json.dumps(told)}
        return TabProcess(channel, command, variables, self._downloads)

    async def _download(self, request: Request) -> Response:
        """A file that a tab's process gives to its browser, once; its key is known to that page alone."""
        key = request.path_params["key"]
        try:
            about = await self._downloads.get_download_metadata(key)
        except KeyError:
            return Response(status_code=404)
        headers = {"Content-Disposition": f'attachment; filename="{about.file_name}"'}
        return StreamingResponse(self._downloads.download(key), headers=headers, media_type=about.mime_type)


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    return jinja2.Environment(loader=loader, autoescape=True).get_template("workshop.html")


def _base(speech: Speech) -> dict[str, Any]:
    """What the page around any terminal says."""
    say = speech.say
    return {
        "starting": say("The workshop is opening ..."),
        "no_script": say("The game needs JavaScript."),
        "again": say("Open it again"),
        "lost": say("The connection is lost. What you handed in is kept."),
        "endings": {
            tab.OVER: say("You have left. What you handed in is kept."),
            tab.FULL: say("No more browsers can be served: play in a terminal, or share one with your team."),
            tab.BROKEN: say("The game broke down. What you handed in is kept."),
        },
    }


@cache
def _texts() -> dict[str, dict[str, str]]:
    """The texts of the page by language, those that the server refuses with among them."""
    texts: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        say = Speech(language).say
        texts[language] = {text: say(text) for text in (*WORDS, *OF_TEAMS)} | {
            "中文": {"en": "中文", "zh": "English"}[language]
        }
    return texts


def _number(text: str | None, usual: int) -> int:
    return int(text) if text is not None and text.isdecimal() and 0 < int(text) < 1000 else usual
