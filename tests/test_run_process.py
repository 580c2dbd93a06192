"""`marketsim run` as a process: pipes, terminals, full disks, Ctrl-C, killed workers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.command import LINUX, MARKETSIM, ROOT, Result, children, on_a_terminal, under_way
from tests.test_run_command import SMALL

RUN = [*MARKETSIM, "run"]


def process(*arguments: str, shell: str = "", **options: Any) -> Result:
    """A real process, in the shell if `shell` says what to do with its output."""
    command = [*RUN, *arguments]
    if shell:
        quoted = " ".join(f"'{word}'" for word in command)
        command = ["bash", "-c", f"set -o pipefail; {quoted} {shell}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60, **options)
    return Result(done.returncode, done.stdout, done.stderr)


def test_json_is_nothing_but_json(tmp_path: Path):
    done = process(SMALL, "--runs", "2", "--format", "json", "--out", str(tmp_path / "out"))
    assert done.code == 0
    assert json.loads(done.out) == json.loads((tmp_path / "out" / "summary.json").read_text())
    assert re.fullmatch(r"10 files written to .*/out: metadata.json says what they hold\n", done.err)


def test_a_reader_who_leaves_early_is_no_error_to_speak_of():
    long = process(shell="--runs 2 --quarters 2 --format json | head -n 1")
    assert (long.out, long.err) == ("{\n", "")
    gone = process(SMALL, shell="--runs 2 | true")
    assert (gone.code, gone.err) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("form", ["table", "json"])
@pytest.mark.parametrize("around", [{}, {"PATH": os.environ["PATH"]}], ids=["as here", "bare"])
def test_a_full_disk_behind_standard_output(form: str, around: dict[str, str]):
    done = process(SMALL, shell=f"--runs 2 --format {form} >/dev/full", **({"env": around} if around else {}))
    assert (done.code, done.out) == (1, "")
    assert done.err == "marketsim: stopped by the system: No space left on device\n"


def test_a_disk_that_fills_up_leaves_nothing_half_written(tmp_path: Path):
    out = tmp_path / "out"
    done = process(SMALL, "--runs", "2000", "--workers", "1", "--out", str(out), preexec_fn=small_files)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"marketsim: {out / 'yearly-market-000000000.parquet'} cannot be written: File too large\n"
    assert list(tmp_path.iterdir()) == []


def small_files() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a run that would take hours, and returns when it has begun to write; ends what a test leaves running."""
    running: list[subprocess.Popen[str]] = []

    def begin(out: Path, *arguments: str, scenario: str = SMALL) -> subprocess.Popen[str]:
        command = [*RUN, scenario, "--runs", "100000000", "--workers", "2", "--out", str(out), *arguments]
        begun = under_way(command)
        running.append(begun)
        end = time.monotonic() + 30
        while not list(out.glob(".unfinished-*/*.parquet")):
            assert begun.poll() is None, begun.communicate()
            assert time.monotonic() < end
            time.sleep(0.02)
        return begun

    yield begin
    for begun in running:
        with suppress(ProcessLookupError):
            os.killpg(begun.pid, signal.SIGKILL)
        begun.communicate()


@LINUX
@pytest.mark.parametrize(
    ("number", "everybody", "workers", "code"),
    [
        (signal.SIGINT, True, 2, 130),
        (signal.SIGINT, True, 1, 130),
        (signal.SIGTERM, False, 2, 143),
    ],
    ids=["Ctrl-C", "Ctrl-C alone", "terminated"],
)
def test_stopped_it_leaves_no_files_no_processes_and_no_words(
    start, tmp_path: Path, number: signal.Signals, everybody: bool, workers: int, code: int
):
    running = start(tmp_path / "a" / "out", "--workers", str(workers))
    helpers = children(running.pid)
    assert len(helpers) == (workers if workers > 1 else 0)
    (os.killpg if everybody else os.kill)(running.pid, number)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, out, err) == (code, "", "")
    assert list(tmp_path.iterdir()) == []
    assert not [helper for helper in helpers if Path(f"/proc/{helper}").exists()]


def running_still(process: int) -> bool:
    """Whether a process is there and not merely waiting to be reaped."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@LINUX
def test_killed_it_leaves_no_processes(start, tmp_path: Path):
    running = start(tmp_path / "out", "--workers", "2")
    helpers = children(running.pid)
    assert len(helpers) == 2
    running.kill()
    running.communicate(timeout=30)
    end = time.monotonic() + 30
    while any(running_still(helper) for helper in helpers):
        assert time.monotonic() < end
        time.sleep(0.05)


def kill_at_work(worker: int) -> None:
    """Kill a worker while it computes: Python's process pool waits for ever for the rest of half a result."""
    write = "1 "
    while True:
        os.kill(worker, signal.SIGSTOP)
        if not Path(f"/proc/{worker}/syscall").read_text().startswith(write):
            os.kill(worker, signal.SIGKILL)
            return
        os.kill(worker, signal.SIGCONT)
        time.sleep(0.01)


@LINUX
def test_a_worker_that_is_killed_is_a_failure_with_a_reason(start, tmp_path: Path):
    running = start(tmp_path / "out", "--quarters", "8", scenario="china-ai-chips")
    kill_at_work(children(running.pid)[0])
    out, err = running.communicate(timeout=30)
    assert (running.returncode, out) == (1, "")
    assert err.startswith("marketsim: a worker process was killed before its work was done")
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_progress_bar_is_drawn_on_a_terminal_only():
    out, bar = on_a_terminal("run", SMALL, "--runs", "600", "--workers", "1")
    assert re.search(r"256/600.*runs/s, 0:00:0\d left", bar, re.DOTALL)
    assert re.search(r"600/600.*runs/s", bar, re.DOTALL)
    assert "\x1b" not in out
    assert on_a_terminal("run", SMALL, "--runs", "600", "--quiet", "--workers", "1") == (out, "")
