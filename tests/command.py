"""The command line as its users meet it: called in this process, on a terminal, and as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from marketsim.cli import main
from marketsim.places import HOME

ROOT = Path(__file__).parents[1]
MARKETSIM = [sys.executable, "-m", "marketsim"]
LINUX = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes in /proc")


class Result(NamedTuple):
    code: int
    out: str
    err: str


def called(capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> Result:
    """What the command line prints, and its exit code."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    return Result(int(caught.value.code or 0), *capsys.readouterr())


def on_a_terminal(*arguments: str) -> tuple[str, str]:
    """Standard output, and what standard error shows where it is a terminal of 100 columns."""
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "100", "TERM": "xterm"}
    done = subprocess.run(
        [*MARKETSIM, *arguments],
        stdout=subprocess.PIPE,
        stderr=theirs,
        cwd=ROOT,
        env=environment,
        text=True,
        check=True,
    )
    os.close(theirs)
    os.set_blocking(ours, False)
    try:
        shown = os.read(ours, 100_000).decode()
    except (BlockingIOError, OSError):
        shown = ""
    os.close(ours)
    return done.stdout, shown


def under_way(command: Sequence[str], environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """A command as a process that goes on, in a session of its own, so that it can be stopped with all that it starts."""
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )


@contextmanager
def serving_command(home: Path, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """`marketsim` with arguments that have it serve: its files in a folder, as one starts it in a terminal of its own.

    variables: of the environment, besides.  Killed in the end if it still runs.
    """
    environment = {**os.environ, HOME: str(home), "LC_ALL": "C.UTF-8", **variables}
    with under_way([*MARKETSIM, *arguments], environment) as process:
        try:
            yield process
        finally:
            process.kill()


def heed_interrupts() -> None:
    """A shell has what it runs in the background ignore interrupts, and so what that starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def children(process: int) -> list[int]:
    """Processes that a process started."""
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
