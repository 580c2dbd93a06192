"""Processes for many tabs: forked from one that has loaded everything, so that they begin at once and share memory.

A process that is started anew takes a second and some 160 MB; a forked one some hundredths and some 30 MB of its own.
Linux and macOS; `forks` says whether this machine does.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any, cast

from textual_serve.download_manager import DownloadManager

from tui.web.tab import Channel, TabProcess

PRELOADED = ("tui.web.preloaded",)
"""What the first process loads before it is forked."""
NICENESS = 19
"""Of a tab's process: where all together want more than the machine has, the server comes first, and with it what is
handed in, the clock, and everybody who plays in a terminal."""
STANDARD = {"stdin": "r", "stdout": "w", "stderr": "w"}
"""Standard streams and how they are opened."""


def forks() -> bool:
    """Whether processes can be forked here."""
    return "forkserver" in multiprocessing.get_all_start_methods()


class ForkedTab(TabProcess):
    """The process of one tab, forked.

    place: module and function that the process runs, such as `tui.workshop.open:run`.  told: its argument, which
    stands neither in a command line nor in the environment.
    """

    def __init__(
        self, channel: Channel, place: str, told: Mapping[str, Any], downloads: DownloadManager | None = None
    ) -> None:
        super().__init__(channel, downloads=downloads)
        self._place, self._told = place, dict(told)

    async def _open_app_process(self, width: int = 80, height: int = 24) -> asyncio.subprocess.Process:
        environment = self._build_environment(width, height)
        process = await _Forked.begun(environment, self._place, self._told)
        self._process = cast(asyncio.subprocess.Process, process)
        self._stdin = process.stdin
        return self._process


class _Forked:
    """What of a subprocess of asyncio a tab needs, for one that was forked."""

    def __init__(self, process: ForkServerProcess, stdin: asyncio.StreamWriter, *out: asyncio.StreamReader) -> None:
        self._process = process
        self.stdin = stdin
        self.stdout, self.stderr = out
        self.pid = process.pid

    @classmethod
    async def begun(cls, environment: Mapping[str, str], place: str, told: Mapping[str, Any]) -> _Forked:
        pipes = [os.pipe() for _ in range(3)]
        theirs = pipes[0][0], pipes[1][1], pipes[2][1]
        ours = pipes[0][1], pipes[1][0], pipes[2][0]
        ends = [Connection(end, readable=number == 0, writable=number > 0) for number, end in enumerate(theirs)]
        try:
            process = await asyncio.to_thread(_begin, ends, environment, place, told)
        except BaseException:
            for end in ours:
                os.close(end)
            raise
        finally:
            for each in ends:
                each.close()
        return cls(process, await _writer(ours[0]), await _reader(ours[1]), await _reader(ours[2]))

    def kill(self) -> None:
        """End it by force."""
        self._process.kill()

    async def wait(self) -> int:
        """Its exit code, when it has ended.  Waiting takes no thread: a whole class may leave at once."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        return self._process.exitcode or 0


def _begin(ends: list[Connection], environment: Mapping[str, str], place: str, told: Mapping[str, Any]) -> Any:
    process = _context().Process(target=_live, args=(ends, dict(environment), place, dict(told)), daemon=True)
    process.start()
    return process


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


def _live(ends: list[Connection], environment: Mapping[str, str], place: str, told: Mapping[str, Any]) -> None:
    """The life of a forked process: what it reads and writes is its tab's."""
    os.setpgid(0, 0)  # of its own, for Ctrl-C; but no session, for Linux weighs processes by niceness within one alone
    os.nice(NICENESS)
    for number, end in enumerate(ends):
        os.dup2(end.fileno(), number)
        end.close()
    os.environ.clear()
    os.environ.update(environment)
    standard = {name: os.fdopen(number, mode, closefd=False) for number, (name, mode) in enumerate(STANDARD.items())}
    vars(sys).update(standard | {f"__{name}__": stream for name, stream in standard.items()})
    module, _, function = place.partition(":")
    getattr(import_module(module), function)(told)


async def _writer(end: int) -> asyncio.StreamWriter:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.streams.FlowControlMixin(loop=loop), os.fdopen(end, "wb", buffering=0)
    )
    return asyncio.StreamWriter(transport, protocol, None, loop)


async def _reader(end: int) -> asyncio.StreamReader:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader, loop=loop), os.fdopen(end, "rb"))
    return reader


def warm_up() -> None:
    """Start the process from which others are forked, and have it load everything; later calls do nothing.

    Ctrl-C in the terminal of the server is for the server alone: its processes end with their tabs.
    """
    _context()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # what is blocked stays so in what is started
    try:
        multiprocessing.forkserver.ensure_running()  # type: ignore[attr-defined]
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
