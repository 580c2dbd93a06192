"""Experiments that are run: the same bytes however they are computed, and only what is missing when run again."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import marketsim as ms
from marketsim.errors import MarketSimError
from marketsim.experiments import execute
from marketsim.experiments.execute import Processes, Status, here, run
from marketsim.experiments.experiment import load_experiment
from marketsim.experiments.plan import Chunk
from marketsim.experiments.store import Store
from marketsim.experiments.worker import Worker
from tests.command import LINUX, on_a_terminal
from tests.experiments.files import SUBSIDY
from tests.experiments.playing import (
    as_written,
    begun,
    command,
    computed_files,
    files,
    finished,
    lively,
    over_points,
    parts,
)

KEEP = {"quarters": 30, "vendors": 20}
CARDS = {"cards": {"measure": "cards", "year": 2027}}
EXECUTORS: dict[str, Any] = {"one": here, "two": Processes(2)}


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of the usual experiment, computed in one process and at once."""
    return computed_files(tmp_path_factory.mktemp("usual"), keep=KEEP)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[Chunk]:
    """The chunks that are computed in this process."""
    found: list[Chunk] = []
    call = Worker.__call__

    def noted(self: Worker, chunk: Chunk) -> Any:
        found.append(chunk)
        return call(self, chunk)

    monkeypatch.setattr(Worker, "__call__", noted)
    return found


def test_what_is_there_in_the_end(usual: dict[str, bytes]) -> None:
    manifest = json.loads(usual["manifest.json"])
    assert manifest["complete"] is True
    assert {name.partition("/")[0] for name in usual} == {
        "experiment.yaml", "scenario.yaml", "manifest.json", "points.parquet", "runs", "quarters", "vendors"
    }  # fmt: skip
    planned = {key for keys in manifest["parts"].values() for key in keys}
    assert {name[5:-8] for name in usual if name.startswith("runs/")} == planned
    assert len(planned) == 9
    assert sum(name.startswith("quarters/") for name in usual) == 3
    text = usual["manifest.json"].decode() + usual["experiment.yaml"].decode()
    assert os.uname().nodename not in text and str(Path.home()) not in text and "/tmp" not in text


@pytest.mark.parametrize("workers", [2, 3])
def test_processes_give_the_same_bytes(tmp_path: Path, usual: dict[str, bytes], workers: int) -> None:
    run(lively(tmp_path, keep=KEEP), Store(tmp_path / "out"), Processes(workers))
    assert files(tmp_path / "out") == usual


def test_points_and_rounds_give_the_same_bytes_on_any_number_of_workers(tmp_path: Path) -> None:
    precision = {"outcome": "cards", "half_width": 1e-9, "at_most": 60}
    changes = {"policies": [SUBSIDY], "precision": precision, "outcomes": CARDS, "keep": {"vendors": "all"}}
    file = over_points(tmp_path, **changes)
    experiment = load_experiment(file)
    statuses = [run(experiment, Store(tmp_path / name), executor) for name, executor in EXECUTORS.items()]
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert {status.total for status in statuses} == {2 * 60}, "20 runs of each of 2 policies in a round"


def test_again_nothing_is_computed(tmp_path: Path, usual: dict[str, bytes], computed: list[Chunk]) -> None:
    experiment = lively(tmp_path, keep=KEEP)
    assert run(experiment, Store(tmp_path / "out")) == Status(7500, 0, 7500, 0)
    assert len(computed) == 9
    assert run(experiment, Store(tmp_path / "out")) == Status(7500, 7500, 7500, 0)
    assert len(computed) == 9
    assert files(tmp_path / "out") == usual


def test_only_missing_and_damaged_chunks_are_computed_again(
    tmp_path: Path, usual: dict[str, bytes], computed: list[Chunk]
) -> None:
    experiment = lively(tmp_path, keep=KEEP)
    run(experiment, Store(tmp_path / "out"))
    gone, cut, *_ = parts(tmp_path / "out")
    quarters = parts(tmp_path / "out", "quarters")[0]
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:-9])
    quarters.unlink()
    computed.clear()
    status = run(experiment, Store(tmp_path / "out"))
    wanted = {path.stem for path in (gone, cut, quarters)}
    assert {chunk.key for chunk in computed} == wanted
    assert status.damaged == len(wanted - {gone.stem})
    assert files(tmp_path / "out") == usual


def test_a_policy_that_is_added_finds_the_others_done(tmp_path: Path, computed: list[Chunk]) -> None:
    run(lively(tmp_path, policies=["no-discount"]), Store(tmp_path / "out"))
    before = files(tmp_path / "out")
    computed.clear()
    status = run(lively(tmp_path), Store(tmp_path / "out"))
    assert {chunk.policy for chunk in computed} == {"subsidy"}
    assert (status.before, status.total) == (5000, 7500)
    assert {name: after for name, after in files(tmp_path / "out").items() if name in before and "/" in name} == {
        name: content for name, content in before.items() if "/" in name
    }


def test_parts_of_another_experiment_are_put_away_and_kept(tmp_path: Path) -> None:
    run(lively(tmp_path, runs=50), Store(tmp_path / "out"))
    before = files(tmp_path / "out")
    run(lively(tmp_path, runs=50, seed=8), Store(tmp_path / "out"))
    after = files(tmp_path / "out")
    moved = {name: content for name, content in before.items() if "/" in name}
    assert len(moved) == 9
    assert {name: after[f"unused/{name}"] for name in moved} == moved
    assert not moved.keys() & after.keys()
    assert ms.open_results(tmp_path / "out").runs().collect()["seed"].unique().to_list() == [8]


def test_memory_takes_one_process(tmp_path: Path, usual: dict[str, bytes]) -> None:
    address = f"memory://{tmp_path}"
    run(lively(tmp_path, keep=KEEP), Store(address))
    store = Store(address)
    assert {name: store.read(name) for name in usual} == usual
    with pytest.raises(MarketSimError, match="can be seen by one process alone: --workers 1"):
        run(lively(tmp_path, seed=8), store, Processes(2))
    with pytest.raises(MarketSimError, match="can be seen by one process alone: no cluster"):
        ms.run_experiment(lively(tmp_path, seed=8), address, dask="tcp://127.0.0.1:1")


def test_the_public_way(tmp_path: Path) -> None:
    seen: list[Status] = []
    results = ms.run_experiment(as_written(tmp_path, runs=20), f"file://{tmp_path}/out", progress=seen.append)
    assert [status.done for status in seen] == [0, 20, 40, 60]
    assert repr(results) == "<Results: a trial, 3 policies, 60 runs>"
    with pytest.raises(ValueError, match="workers must be at least 1, not 0"):
        ms.run_experiment(as_written(tmp_path), tmp_path / "out", workers=0)


# --- precision


def test_rounds_are_added_until_the_interval_is_narrow(tmp_path: Path) -> None:
    import polars as pl
    from scipy import stats

    precision = {"outcome": "cards", "half_width": 0.1, "confidence": 0.9, "at_most": 5000}
    file = lively(tmp_path, runs=100, policies=[SUBSIDY], precision=precision, outcomes=CARDS)
    results = ms.run_experiment(file, tmp_path / "out")
    cards = results.runs().collect().pivot("policy", index="run", values="cards").sort("run")
    differences = (cards["subsidy"] - cards["none"]).to_numpy()
    widths = [
        stats.t.ppf(0.95, n - 1) * differences[:n].std(ddof=1) / np.sqrt(n)
        for n in range(100, len(differences) + 1, 100)
    ]
    assert 3 <= len(widths) < 50
    assert widths[-1] <= 0.1 < min(widths[:-1])
    assert results.manifest["precision"]["half_widths"]["subsidy"] == pytest.approx(widths[-1])
    assert results.runs().select(pl.len()).collect().item() == 2 * len(differences)


@pytest.mark.parametrize(("at_most", "runs"), [(250, 200), (300, 300), (20, 100)])
def test_rounds_end_before_there_are_too_many_runs(tmp_path: Path, at_most: int, runs: int) -> None:
    precision = {"outcome": "cards", "half_width": 1e-6, "at_most": at_most}
    file = lively(tmp_path, runs=100, policies=[SUBSIDY], precision=precision, outcomes=CARDS)
    status = run(file, Store(tmp_path / "out"))
    assert status.total == 2 * runs


def test_rounds_that_are_done_are_taken_as_they_are(tmp_path: Path, computed: list[Chunk]) -> None:
    precision = {"outcome": "cards", "half_width": 1e-6, "at_most": 300}
    file = lively(tmp_path, runs=100, precision=precision, outcomes=CARDS)
    run(file, Store(tmp_path / "out"))
    whole = files(tmp_path / "out")
    for path in parts(tmp_path / "out")[2:5]:
        path.unlink()
    computed.clear()
    run(file, Store(tmp_path / "out"))
    assert len(computed) == 3
    assert files(tmp_path / "out") == whole


# --- what goes wrong


@pytest.mark.parametrize("executor", [here, Processes(2)], ids=["here", "processes"])
def test_a_full_disk_loses_nothing_that_is_done(
    tmp_path: Path, usual: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, executor: Any
) -> None:
    experiment, out = lively(tmp_path, keep=KEEP), tmp_path / "out"
    write = Path.write_bytes

    def until_full(path: Path, content: bytes) -> int:
        if "/runs/" in str(path) and len(parts(out)) >= 3:
            write(path, content[:100])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", until_full)
        with pytest.raises(MarketSimError, match=r"out/runs/.*\.parquet cannot be written: No space left on device"):
            run(experiment, Store(out), executor)
    kept = files(out)
    assert 3 <= len(parts(out)) < 9
    assert all(usual[name] == content for name, content in kept.items() if "/" in name)
    assert not json.loads(kept["manifest.json"])["complete"]
    run(experiment, Store(out), executor)
    assert files(out) == usual


@pytest.mark.parametrize("executor", [here, Processes(2)], ids=["here", "processes"])
def test_nothing_is_written_where_results_of_others_are(tmp_path: Path, executor: Any) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "yearly-market-000000000.parquet").write_bytes(b"x")
    with pytest.raises(MarketSimError, match="holds other files"):
        run(lively(tmp_path), Store(tmp_path / "out"), executor)
    assert list(files(tmp_path / "out")) == ["yearly-market-000000000.parquet"]


def dying(chunk: Chunk) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


@LINUX
def test_workers_that_are_always_killed_are_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "__call__", lambda self, chunk: dying(chunk))
    with pytest.raises(MarketSimError, match=r"a worker process was killed before its work was done.*fewer workers"):
        run(lively(tmp_path), Store(tmp_path / "out"), Processes(2))


@LINUX
def test_workers_that_are_killed_now_and_then_are_replaced(
    tmp_path: Path, usual: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other chunk kills its worker when it is first computed."""
    call, fatal = Worker.__call__, tmp_path / "fatal"
    fatal.mkdir()

    def now_and_then(self: Worker, chunk: Chunk) -> Any:
        if int(chunk.key, 16) % 2 == 0 and not (fatal / chunk.key).exists():
            (fatal / chunk.key).touch()
            dying(chunk)
        return call(self, chunk)

    monkeypatch.setattr(Worker, "__call__", now_and_then)
    monkeypatch.setattr(execute, "BREAKS", 12)
    run(lively(tmp_path, keep=KEEP), Store(tmp_path / "out"), Processes(2))
    assert list(fatal.iterdir())
    assert files(tmp_path / "out") == usual


def test_errors_of_a_point_arrive_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from marketsim.experiments.experiment import Experiment

    def impossible(self: Experiment, values: Any) -> Any:
        raise MarketSimError("price: must be above 0")

    monkeypatch.setattr(Experiment, "drawn", impossible)
    for executor in (here, Processes(2)):
        with pytest.raises(MarketSimError, match=r"point 0 under the policy '.*': price: must be above 0"):
            run(load_experiment(over_points(tmp_path)), Store(tmp_path / "out"), executor)


# --- the command


def test_the_command_says_what_is_there(tmp_path: Path) -> None:
    file, out = as_written(tmp_path, runs=1100), tmp_path / "out"
    quiet = finished(file, out, "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    gone, cut, *_ = parts(out)
    gone.unlink()
    cut.write_bytes(b"PAR1")
    again = finished(file, out, "--workers", "1")
    there = 3300 - sum(size for key, size in sizes(out).items() if key in (gone.stem, cut.stem))
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr.splitlines() == [
        f"{there:,} of 3,300 runs are in {out} already",
        f"1 damaged part in {out}: computed again",
        f"3,300 runs of 3 policies are in {out}: marketsim.open_results reads them",
    ]


def sizes(out: Path) -> dict[str, int]:
    """Runs of each chunk."""
    planned = json.loads((out / "manifest.json").read_text())["parts"]
    return {key: tables["runs"] for keys in planned.values() for key, tables in keys.items()}


def test_the_command_shows_pace_and_time_left(tmp_path: Path) -> None:
    file = as_written(tmp_path, runs=1100)
    out, bar = on_a_terminal(*command(file, tmp_path / "out", "--workers", "1")[3:])
    assert out == ""
    assert re.search(r"1024/3300.*runs/s, 0:00:\d\d left", bar, re.DOTALL)
    assert re.search(r"3300/3300.*runs/s", bar, re.DOTALL)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--workers", "2", "--dask", "tcp://x"], 2, "the cluster has workers of its own"),
        (["--dask", "nonsense://x"], 1, "no Dask cluster answers at nonsense://x: "),
        (["--workers", "0"], 2, "not a whole number from 1"),
    ],
)
def test_wrong_use(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    done = finished(as_written(tmp_path), tmp_path / "out", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in " ".join(done.stderr.replace("│", "").split())
    assert "Traceback" not in done.stderr


def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    file, out = as_written(tmp_path, runs=2500, keep={"quarters": "all"}), tmp_path / "out"
    done = finished(file, out, "--workers", "1", preexec_fn=small_files)
    assert (done.returncode, done.stdout) == (1, "")
    kept, why = done.stderr.splitlines()
    assert kept == f"marketsim: 0 of 7,500 runs are kept in {out}: the same command goes on from there"
    assert re.fullmatch(rf"marketsim: {out}/quarters/\w+\.parquet cannot be written: File too large", why)
    assert not list(out.rglob("*.unfinished")) and not parts(out)


def small_files() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


@LINUX
@pytest.mark.parametrize(
    ("number", "everybody", "workers", "code"),
    [(signal.SIGINT, True, 2, 130), (signal.SIGINT, True, 1, 130), (signal.SIGTERM, False, 2, 143)],
    ids=["Ctrl-C", "Ctrl-C alone", "terminated"],
)
def test_stopped_it_says_what_is_kept_and_goes_on_later(
    tmp_path: Path, number: signal.Signals, everybody: bool, workers: int, code: int
) -> None:
    file, out = as_written(tmp_path, runs=5000), tmp_path / "out"
    kill: Callable[[int, int], None] = os.killpg if everybody else os.kill
    with begun(file, out, "--workers", str(workers), least=3) as running:
        kill(running.pid, number)
        told, said = running.communicate(timeout=30)
    assert (running.returncode, told) == (code, "")
    found = re.fullmatch(
        r"marketsim: ([\d,]+) of 15,000 runs are kept in .*/out: the same command goes on from .*\n", said
    )
    assert found is not None, said
    assert 3 * 1024 <= int(found[1].replace(",", "")) < 15000
    assert not list(out.rglob("*.unfinished"))
    there = {path: path.stat().st_mtime_ns for path in parts(out)}
    assert sum(sizes(out)[path.stem] for path in there) == int(found[1].replace(",", ""))
    run(load_experiment(file), Store(out))
    assert {path: path.stat().st_mtime_ns for path in there} == there
    assert ms.open_results(out).count == 15000
