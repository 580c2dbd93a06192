"""A real Dask cluster of two worker processes gives the same bytes, even if one of them is killed on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import marketsim as ms
from marketsim.errors import MarketSimError
from marketsim.experiments import execute
from marketsim.experiments.execute import Status, run
from marketsim.experiments.store import Store
from tests.experiments.playing import as_written, files, finished, lively, parts

distributed = pytest.importorskip("distributed")

KEEP = {"quarters": 30, "vendors": 20}
pytestmark = pytest.mark.filterwarnings("ignore")  # of distributed, about ports and about workers that are gone


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A scheduler, and two workers that are processes of their own."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as started:
        yield started


def pids(cluster: Any) -> list[int]:
    """Process numbers of the workers."""
    with distributed.Client(cluster, set_as_default=False) as client:
        return sorted(client.run(os.getpid).values())


def test_a_cluster_gives_the_same_bytes(tmp_path: Path, cluster: Any) -> None:
    run(lively(tmp_path, keep=KEEP), Store(tmp_path / "here"))
    results = ms.run_experiment(lively(tmp_path, keep=KEEP), tmp_path / "dask", dask=cluster.scheduler_address)
    assert files(tmp_path / "dask") == files(tmp_path / "here")
    assert results.is_complete


def test_a_worker_that_is_killed_costs_only_what_it_was_at(tmp_path: Path, cluster: Any) -> None:
    experiment = lively(tmp_path, 5000, keep=KEEP)
    run(experiment, Store(tmp_path / "here"))
    before = pids(cluster)
    killed: list[int] = []

    def kill(status: Status) -> None:
        if status.done and not killed:
            killed.append(before[0])
            os.kill(killed[0], signal.SIGKILL)

    run(experiment, Store(tmp_path / "dask"), execute.Dask(cluster.scheduler_address), kill)
    assert killed and killed[0] not in pids(cluster)
    assert files(tmp_path / "dask") == files(tmp_path / "here")


def test_the_command_on_a_cluster_goes_on_where_processes_stopped(tmp_path: Path, cluster: Any) -> None:
    file, out = as_written(tmp_path, keep=KEEP), tmp_path / "out"
    run(lively(tmp_path, keep=KEEP), Store(out))
    whole = files(out)
    for path in parts(out)[:4]:
        path.unlink()
    done = finished(file, out, "--dask", cluster.scheduler_address)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.endswith(f"7,500 runs of 3 policies are in {out}: marketsim.open_results reads them\n")
    assert files(out) == whole


def test_other_code_on_the_cluster_is_refused(tmp_path: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "source_hash", lambda: "other")
    with pytest.raises(MarketSimError, match="the workers of the Dask cluster run another version of marketsim"):
        run(lively(tmp_path), Store(tmp_path / "out"), execute.Dask(cluster.scheduler_address))


def test_errors_of_a_worker_arrive(tmp_path: Path, cluster: Any) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "quarters").write_text("a file where a folder should be")
    (tmp_path / "out" / "manifest.json").write_bytes(_manifest(tmp_path))
    with pytest.raises(MarketSimError, match=r"quarters/\w+\.parquet cannot be written"):
        run(lively(tmp_path, 50), Store(tmp_path / "out"), execute.Dask(cluster.scheduler_address))


def _manifest(folder: Path) -> bytes:
    run(lively(folder, 2), Store(folder / "other"))
    return (folder / "other" / "manifest.json").read_bytes()


def test_results_that_this_process_does_not_see(tmp_path: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "has", lambda self, chunk: False)  # as if the workers had another disk
    with pytest.raises(MarketSimError, match="wrote its results where this process does not see them: use an address"):
        run(lively(tmp_path, 50), Store(tmp_path / "out"), execute.Dask(cluster.scheduler_address))


def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "PATIENCE", 0.5)
    for address in ("tcp://127.0.0.1:1", "nonsense://x", "127.0.0.1"):
        with pytest.raises(MarketSimError, match=f"no Dask cluster answers at {address}: "):
            run(lively(tmp_path, 50), Store(tmp_path / "out"), execute.Dask(address))


def test_a_cluster_that_goes_away(tmp_path: Path) -> None:
    short = distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50)

    def end(status: Status) -> None:
        if status.done:
            short.close()

    with short, pytest.raises(MarketSimError, match=r"the Dask cluster gave up on a chunk of runs: ."):
        run(lively(tmp_path, 8000), Store(tmp_path / "out"), execute.Dask(short.scheduler_address), end)
    assert parts(tmp_path / "out")


def test_a_cluster_without_workers(tmp_path: Path) -> None:
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=None, silence_logs=50) as empty,
        pytest.raises(MarketSimError, match="has no workers"),
    ):
        run(lively(tmp_path, 50), Store(tmp_path / "out"), execute.Dask(empty.scheduler_address))
