"""`ms.open_results`: frames that are read lazily, with our code and without it, and clear words where there is nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import marketsim as ms
from marketsim.errors import MarketSimError
from marketsim.experiments.execute import run
from marketsim.experiments.experiment import load_experiment
from marketsim.experiments.store import Store
from tests.command import ROOT
from tests.experiments.playing import lively, over_points, parts

RUNS = 1100


@pytest.fixture
def out(tmp_path: Path, computed: Path) -> Path:
    """A folder of results of one's own."""
    import shutil

    return Path(shutil.copytree(computed, tmp_path / "out"))


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    run(lively(folder, RUNS, keep={"quarters": 6, "vendors": 4}), Store(folder / "out"))
    return folder / "out"


def test_tables_come_in_the_order_of_the_experiment(computed: Path) -> None:
    results = ms.open_results(computed)
    assert (results.policies, results.is_complete, results.count) == (
        ["none", "no-discount", "subsidy"],
        True,
        3 * RUNS,
    )
    runs = results.runs()
    assert isinstance(runs, pl.LazyFrame)
    found = runs.select("policy", "point", "run").collect()
    assert found.rows() == [(policy, 0, number) for policy in results.policies for number in range(RUNS)]
    assert results.quarters().select("run").unique().collect().height == 6
    assert results.quarters().collect().height == 3 * 6 * 12
    assert results.vendors().select("run").unique().collect().height == 4
    assert results.points().collect().rows() == [(0,)]
    assert runs.collect_schema() == {
        "policy": pl.String, "point": pl.Int32, "run": pl.Int64, "seed": pl.Int64,
        **dict.fromkeys(results.outcomes, pl.Float64), "verdict": pl.String, "shakeout": pl.Boolean,
    }  # fmt: skip


def test_units_and_outcomes(computed: Path) -> None:
    results = ms.open_results(computed)
    units = {name: outcome["unit"] for name, outcome in results.outcomes.items()}
    assert results.units() == units
    assert results.units("quarters")["price"] == "krmb/card" and results.units("vendors")["cards_k"] == "k cards"


def test_points_have_the_values_of_the_parameters(tmp_path: Path) -> None:
    experiment = load_experiment(over_points(tmp_path))
    run(experiment, Store(tmp_path / "out"))
    results = ms.open_results(tmp_path / "out")
    points = results.points().collect()
    assert points.columns == ["point", "price", "capacity"]
    assert points["price"].is_between(20, 80).all() and points["capacity"].is_between(0.5, 2).all()
    assert results.runs().join(results.points(), on="point").collect().height == 40
    assert results.manifest["uncertain"]["price"]["high"] == 80


@pytest.mark.parametrize("protocol", ["file", "memory"])
def test_addresses(tmp_path: Path, computed: Path, protocol: str) -> None:
    address = f"file://{computed}"
    if protocol == "memory":
        address = f"memory://{tmp_path}"
        store = Store(address)
        for path in computed.rglob("*"):
            if path.is_file():
                store.write(str(path.relative_to(computed)), path.read_bytes())
    there, here = ms.open_results(address), ms.open_results(computed)
    for table in ("runs", "quarters", "vendors", "points"):
        lazy = getattr(there, table)()
        assert isinstance(lazy, pl.LazyFrame)
        assert lazy.collect().equals(getattr(here, table)().collect())
    wanted = there.runs().filter(pl.col("policy") == "subsidy").select(pl.len()).collect().item()
    assert wanted == RUNS


def test_polars_alone(computed: Path) -> None:
    frame = pl.scan_parquet(computed / "runs" / "*.parquet").collect()
    assert frame.height == 3 * RUNS
    units = json.loads(pl.read_parquet_metadata(parts(computed)[0])["units"])
    assert units["price"] == "RMB"


def test_pandas_and_arrow_alone(computed: Path) -> None:
    import pandas as pd
    from pyarrow import dataset

    frame = pd.read_parquet(computed / "runs")
    assert len(frame) == 3 * RUNS and frame["shakeout"].dtype == bool
    field = dataset.dataset(computed / "quarters").schema.field("price")
    assert field.metadata == {b"unit": b"krmb/card"}


def test_duckdb_alone(computed: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    where = f"'{computed}/runs/*.parquet'"
    assert duckdb.sql(f"select count(*) from {where} where policy = 'none'").fetchall() == [(RUNS,)]
    rows = duckdb.sql(f"select decode(value) from parquet_kv_metadata({where}) where decode(key) = 'units'").fetchall()
    assert json.loads(rows[0][0])["price"] == "RMB"


def test_an_experiment_that_is_not_finished(out: Path) -> None:
    manifest = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").write_text(json.dumps(manifest | {"complete": False}))
    for path in parts(out)[:2]:
        path.unlink()
    results = ms.open_results(out)
    left = results.runs().collect()
    assert not results.is_complete
    assert results.count == left.height < 3 * RUNS
    assert repr(results).endswith("runs, not finished>")
    for path in parts(out):
        path.unlink()
    with pytest.raises(MarketSimError, match="holds an experiment of which no run is done yet"):
        ms.open_results(out)


@pytest.mark.parametrize("table", ["runs", "quarters", "vendors"])
@pytest.mark.parametrize("damage", ["cut", "gone", "nonsense"])
def test_damaged_parts_are_named_or_left_out(out: Path, table: str, damage: str) -> None:
    path = parts(out, table)[0]
    content = path.read_bytes()
    path.unlink() if damage == "gone" else path.write_bytes(content[:-100] if damage == "cut" else b"nonsense" * 9)
    with pytest.raises(MarketSimError, match=rf"out: {table}/{path.name} is damaged: .* computes damaged parts again"):
        ms.open_results(out)
    with pytest.warns(UserWarning, match=rf"{table}/{path.name} is damaged"):
        results = ms.open_results(out, skip_damaged=True)
    assert results.runs().collect().height == results.count < 3 * RUNS
    assert path.stem not in {key for keys in results.keys.values() for key in keys}


def test_no_paths_are_kept(tmp_path: Path) -> None:
    run(lively(tmp_path, 10, keep={"quarters": 0, "vendors": 0}), Store(tmp_path / "out"))
    results = ms.open_results(tmp_path / "out")
    with pytest.raises(MarketSimError, match=r"`keep: \{quarters: N\}` was 0 in the experiment"):
        results.quarters()
    with pytest.raises(MarketSimError, match=r"`keep: \{vendors: N\}` was 0 in the experiment"):
        results.vendors()


@pytest.mark.parametrize("made", [True, False])
def test_there_is_nothing(tmp_path: Path, made: bool) -> None:
    if made:
        (tmp_path / "out").mkdir()
    with pytest.raises(MarketSimError, match=r"out holds no results of an experiment: there is no manifest\.json"):
        ms.open_results(tmp_path / "out")


def test_the_package_starts_without_heavy_libraries() -> None:
    code = "import sys, marketsim.cli, marketsim.commands.experiment_run; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert not {"pyarrow", "fsspec", "distributed", "polars", "numpy"} & set(loaded.split())
