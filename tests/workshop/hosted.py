"""Workshops that are hosted by the command, in a process of their own."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.command import serving_command
from tests.workshop.serving import PATIENCE


@dataclass
class Hosted:
    """A server in a process of its own, and what it has said."""

    process: subprocess.Popen[str]
    said: str

    def find(self, pattern: str) -> str:
        found = re.search(pattern, self.said)
        assert found, self.said
        return found[1]

    @property
    def address(self) -> str:
        return self.find(r"Teams join at +(\S+)")

    @property
    def token(self) -> str:
        return self.find(r"Your own link +\S+/#(\S+)")

    @property
    def link(self) -> str:
        return self.find(r"Your own link +(\S+)")

    @property
    def code(self) -> str:
        return self.find(r"room code +(\S+)")

    def stopped(self, number: signal.Signals) -> tuple[int, str, str]:
        """Exit code, and what it says while it ends."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


@contextmanager
def hosted(home: Path, *arguments: str) -> Iterator[Hosted]:
    """The command with its files in a folder of the test, killed in the end if it still runs."""
    with serving_command(home, "workshop", "host", "--port", "0", *arguments) as process:
        assert process.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, process.communicate()
            said += line
        yield Hosted(process, said)
