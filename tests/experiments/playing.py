"""Experiments that are run in tests: small worlds in which something happens, and what is left of them on disk."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from marketsim.experiments.execute import run
from marketsim.experiments.experiment import Experiment, load_experiment
from marketsim.experiments.store import Store
from tests.command import MARKETSIM, ROOT, under_way
from tests.experiments.files import SUBSIDY, written

LIVELY = {
    "market.luck": 0.4,
    "market.demand_noise": 0.1,
    "population.entry_rate": 0.5,
    "segments.internet.spend": 1000,
    "vendors.biren.overhead": 400,
}
"""What makes runs of the small world differ: luck, buyers who cannot buy everything, entries and failures."""


def as_written(folder: Path, runs: int = 2500, **changes: Any) -> Path:
    """The file of an experiment with nothing uncertain: the scenario as it is and two policies, three chunks each."""
    tree = {"set": LIVELY, "policies": ["no-discount", SUBSIDY], "runs_per_point": runs, **changes}
    return written(folder, without=("uncertain", "design"), **tree)


def over_points(folder: Path, **changes: Any) -> Path:
    """The file of an experiment over points of two uncertain parameters, one chunk for each policy."""
    return written(folder, set=LIVELY, **changes)


def lively(folder: Path, runs: int = 2500, **changes: Any) -> Experiment:
    return load_experiment(as_written(folder, runs, **changes))


def files(folder: Path) -> dict[str, bytes]:
    """Every file in a folder by its path, hidden ones included."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def computed_files(folder: Path, runs: int = 2500, **changes: Any) -> dict[str, bytes]:
    """The files of the experiment, computed in one process and at once."""
    run(lively(folder, runs, **changes), Store(folder / "out"))
    return files(folder / "out")


def parts(folder: Path, table: str = "runs") -> list[Path]:
    return sorted((folder / table).glob("*.parquet"))


def command(file: Path, out: str | Path, *arguments: str) -> list[str]:
    return [*MARKETSIM, "experiment", "run", str(file), "-o", str(out), *arguments]


def finished(file: Path, out: str | Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command as a process that has ended."""
    return subprocess.run(
        command(file, out, *arguments), capture_output=True, text=True, cwd=ROOT, timeout=120, check=False, **options
    )


@contextmanager
def begun(file: Path, out: Path, *arguments: str, least: int = 1) -> Iterator[subprocess.Popen[str]]:
    """The command as a process that goes on, once it has written some parts; whatever is left of it is ended."""
    running = under_way(command(file, out, *arguments))
    try:
        wait_for(lambda: len(parts(out)) >= least or running.poll() is not None)
        assert running.poll() is None, running.communicate()
        yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.communicate()


def wait_for(what: Any, seconds: float = 60) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.01)
