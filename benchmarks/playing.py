"""How quick the game is for who plays it: time to the first screen, a quarter on screen, a forecast, memory.

The program runs as a person runs it, in a terminal of 120x36; what it writes is read as a terminal would. A quarter
counts from the key until its last output has come: until nothing more arrives for a tenth of a second.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

_ROOT = Path(__file__).parent.parent
_QUIET = 0.1
_LONGEST = 60.0


class Terminal:
    """A terminal with a program in it.  arguments: of `marketsim`.  deaf: it is not told when the terminal goes."""

    def __init__(
        self, arguments: Sequence[str], home: str, size: tuple[int, int] = (120, 36), deaf: bool = False
    ) -> None:
        self.begun = time.perf_counter()
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.chdir(_ROOT)
            if deaf:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
            environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "MARKETSIM_HOME": home}
            os.execve(sys.executable, [sys.executable, "-m", "marketsim", *arguments], environment)
        fcntl.ioctl(self.screen, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.output = b""

    def until(self, pattern: str) -> float:
        """Seconds since the start when a text has been written.  Raises TimeoutError if it never is."""
        wanted, seen = re.compile(pattern.encode()), b""
        while time.perf_counter() - self.begun < _LONGEST:
            seen += self._read(0.5)
            if wanted.search(seen):
                return time.perf_counter() - self.begun
        raise TimeoutError(f"{pattern!r} was not written within {_LONGEST:g} s")

    def key(self, keys: str) -> float:
        """Seconds from a key to the last of what it makes the program write."""
        pressed = last = time.perf_counter()
        os.write(self.screen, keys.encode())
        while self._read(_QUIET if last > pressed else 5.0):
            last = time.perf_counter()
        return last - pressed

    def memory(self) -> float:
        """Resident memory, MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1024

    def close(self) -> None:
        """End the program."""
        os.kill(self.pid, signal.SIGTERM)
        os.close(self.screen)
        os.waitpid(self.pid, 0)

    def _read(self, seconds: float) -> bytes:
        """What is written within some seconds, at once when there is something."""
        if not select.select([self.screen], [], [], seconds)[0]:
            return b""
        try:
            return os.read(self.screen, 1 << 20)
        except OSError:
            return b""


def first_screen(repeats: int = 7) -> float:
    """Median seconds from the command to the menu, warm."""
    times = []
    with tempfile.TemporaryDirectory() as home:
        for _ in range(repeats + 1):
            terminal = Terminal(["play", "--language", "en"], home)
            times.append(terminal.until("Quick start"))
            terminal.close()
    return float(np.median(times[1:]))


def quarters(count: int = 40) -> tuple[list[float], float]:
    """Seconds of each quarter of a whole game on the dashboard, from key to picture, and memory after it in MB."""
    with tempfile.TemporaryDirectory() as home:
        arguments = ["play", "--vendor", "cambricon", "--quarters", str(count), "--language", "en"]
        terminal = Terminal(arguments, home)
        terminal.until("2025Q1")
        terminal.key("1")
        times = [terminal.key(" ") for _ in range(count - 1)]
        memory = terminal.memory()
        terminal.close()
    return times, memory


def typing(keys: int = 20) -> list[float]:
    """Seconds from a digit in the form to its picture while forecasts are computed beside it."""
    with tempfile.TemporaryDirectory() as home:
        terminal = Terminal(["play", "--vendor", "cambricon", "--language", "en"], home)
        terminal.until("2025Q1")
        terminal.key("e")
        times = []
        for _ in range(keys):
            terminal.key("\x1b[C")  # a step: the plan changes, and a forecast begins
            times.append(terminal.key("5"))
            terminal.key("\x1b")
        terminal.close()
    return times
