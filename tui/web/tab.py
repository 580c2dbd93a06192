"""A browser's tab and its process: what goes to and fro between them, whichever server they talk through."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

GRACE = 5.0
"""Seconds that a process has to end by itself."""
LONGEST = 2**16
"""Bytes of a message from a tab: keys, or what is pasted."""
PASSED_ON = (
    *("HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "MARKETSIM_HOME", "NO_COLOR", "PATH"),
    *("PYTHONPATH", "TMPDIR", "TZ", "XDG_CONFIG_HOME", "XDG_DATA_HOME"),
    *("APPDATA", "LOCALAPPDATA", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE"),  # Windows
)
"""Variables of the environment that a process gets to see."""
TEXTUAL = {
    "TERM_PROGRAM": "textual",
    "TEXTUAL_COLOR_SYSTEM": "truecolor",
    "TEXTUAL_DRIVER": "tui.web.driver:BrowserDriver",
    "TEXTUAL_FPS": "30",  # what is seen over the net; half the work of Textual's own 60
}
"""Variables by which Textual draws for a browser."""
PYTHON = (sys.executable, "-P", "-m", "marketsim")
"""How a process is started. -P: what lies in the folder from which one plays is no part of the program."""

OVER, GOING_AWAY, NOT_UNDERSTOOD, BROKEN, FULL = 1000, 1001, 1003, 1011, 1013
"""Codes with which a tab is taken leave of, of RFC 6455: its process has ended; so does the server; the tab said what
no page of ours would say; the process broke down; no more processes can be had."""


class Channel(Protocol):
    """The websocket of a tab. Who writes to one that has gone gets a ConnectionError."""

    async def send_bytes(self, data: bytes) -> None: ...

    async def send_str(self, data: str) -> None: ...

    async def close(self, code: int) -> None: ...

    def messages(self) -> AsyncIterator[str]:
        """What the tab says, until it has gone."""
        ...


class TabProcess(AppService):
    """The process of one tab, started by a command.

    variables: of the environment, beside those that are passed on.  downloads: for files that it gives to its browser.
    """

    def __init__(
        self,
        channel: Channel,
        command: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        downloads: DownloadManager | None = None,
    ) -> None:
        super().__init__(
            command[0] if command else "",
            write_bytes=channel.send_bytes,
            write_str=channel.send_str,
            close=self._take_leave,
            download_manager=downloads or DownloadManager(),
        )
        self.arguments = command[1:]
        self.variables = dict(variables or {})
        self._channel = channel

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return passed_on | TEXTUAL | {"COLUMNS": str(width), "ROWS": str(height)} | self.variables

    async def _open_app_process(self, width: int = 80, height: int = 24) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            self.command,
            *self.arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._build_environment(width, height),
            start_new_session=True,  # so that Ctrl-C reaches the server alone, which ends its processes
        )
        self._stdin = self._process.stdin
        return self._process

    async def run(self) -> None:
        """Pass on what the process shows until it ends; one that broke down has not taken leave of its tab."""
        await super().run()
        await self._take_leave(BROKEN)

    async def _take_leave(self, code: int = OVER) -> None:
        with suppress(ConnectionError):
            await self._channel.close(code)

    async def on_data(self, payload: bytes) -> None:
        """Something to show. It is read even if the tab has gone: a process that cannot write could not end."""
        with suppress(ConnectionError):
            await super().on_data(payload)

    async def heed(self, message: str) -> None:
        """Do what the page says.  Raises ValueError for what no page of ours would say."""
        match json.loads(message):
            case ["stdin", str(keys)]:
                await self.send_bytes(keys.encode())
            case ["resize", {"width": int(width), "height": int(height)}]:
                await self.set_terminal_size(width, height)
            case ["ping", str(when)]:
                await self._channel.send_str(json.dumps(["pong", when]))
            case ["focus"]:
                await self.focus()
            case ["blur"]:
                await self.blur()
            case other:
                raise ValueError(f"not understood: {other!r:.80}")

    async def stop(self) -> None:
        """End the process, by force if it does not heed."""
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


async def play(process: TabProcess, channel: Channel, width: int, height: int) -> None:
    """A process from its start to its end, which comes with that of its tab."""
    try:
        await process.start(width, height)
        with suppress(ConnectionError):  # the tab has gone while it was being answered
            async for message in channel.messages():
                await process.heed(message)
    except ValueError:
        with suppress(ConnectionError):
            await channel.close(NOT_UNDERSTOOD)
    finally:
        await process.stop()
