"""Nothing is lost but what was in flight: processes killed at random moments, and the same bytes in the end."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.command import LINUX, children
from tests.experiments.playing import as_written, begun, computed_files, files, finished, parts, wait_for
from tests.test_run_process import running_still

RUNS = 6000
KEEP = {"quarters": 30, "vendors": 20}

pytestmark = LINUX


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of the experiment, computed in one process and at once."""
    return computed_files(tmp_path_factory.mktemp("usual"), RUNS, keep=KEEP)


def whole(out: Path, usual: dict[str, bytes]) -> bool:
    """Whether every part that is there is as it should be, and no part of one is there under its name."""
    names = [str(path.relative_to(out)) for path in out.rglob("*.parquet")]
    return all((out / name).read_bytes() == usual[name] for name in names)


def test_the_parent_killed_at_random_moments(tmp_path: Path, usual: dict[str, bytes]) -> None:
    file, out, chance = as_written(tmp_path, RUNS, keep=KEEP), tmp_path / "out", random.Random(1)
    for least in (1, 4, 8):
        with begun(file, out, "--workers", "2", least=least) as running:
            helpers = children(running.pid)
            time.sleep(chance.uniform(0, 0.2))
            running.kill()
            running.wait()
            wait_for(lambda helpers=helpers: not any(running_still(helper) for helper in helpers), 30)
        before = {path: path.stat().st_mtime_ns for path in parts(out)}
        assert before and whole(out, usual)
    assert finished(file, out, "--workers", "2").returncode == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before, "what was done is not computed again"
    assert files(out) == usual


@pytest.mark.parametrize("everyone", [False, True], ids=["one", "both"])
def test_workers_killed_at_work(tmp_path: Path, usual: dict[str, bytes], everyone: bool) -> None:
    file, out = as_written(tmp_path, RUNS, keep=KEEP), tmp_path / "out"
    with begun(file, out, "--workers", "2", least=2) as running:
        helpers = children(running.pid)
        assert len(helpers) == 2
        for helper in helpers if everyone else helpers[:1]:
            with suppress(ProcessLookupError):
                os.kill(helper, signal.SIGKILL)
        out_text, err = running.communicate(timeout=120)
    assert (running.returncode, out_text) == (0, "")
    assert err == f"{3 * RUNS:,} runs of 3 policies are in {out}: marketsim.open_results reads them\n"
    assert files(out) == usual
