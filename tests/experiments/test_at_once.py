"""The same experiment run several times at once into the same store: nothing is lost, and the bytes are the same."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from marketsim.experiments.execute import run
from marketsim.experiments.store import Store
from tests.command import under_way
from tests.experiments.playing import as_written, command, computed_files, files, lively

KEEP = {"quarters": 30, "vendors": 20}


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of the experiment, computed in one process and at once."""
    return computed_files(tmp_path_factory.mktemp("usual"), keep=KEEP)


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_two_commands_give_the_same_bytes(tmp_path: Path, usual: dict[str, bytes], scheme: str) -> None:
    """Two commands, while the folder is swept all the time, as by others that begin and end."""
    file, out = as_written(tmp_path, keep=KEEP), tmp_path / "out"
    both = [under_way(command(file, f"{scheme}{out}", "--workers", workers)) for workers in ("1", "2")]
    while any(one.poll() is None for one in both):
        Store(out).sweep()
        time.sleep(0.01)
    said = [one.communicate()[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert files(out) == usual


def test_two_threads_give_the_same_bytes(tmp_path: Path, usual: dict[str, bytes]) -> None:
    experiment, address = lively(tmp_path, keep=KEEP), f"memory://{tmp_path}"
    with ThreadPoolExecutor(2) as threads:
        both = list(threads.map(lambda _: run(experiment, Store(address)), range(2)))
    assert [status.done for status in both] == [7500, 7500]
    assert {name: Store(address).read(name) for name in usual} == usual
