"""Results: JSON that other programs can rely on, and a folder that is complete or not there."""

from __future__ import annotations

import errno
import json
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from marketsim import __version__
from marketsim.api import compute, strategies_of
from marketsim.ensemble import Job, Keep, Summary
from marketsim.errors import MarketSimError
from marketsim.outcomes import METRICS
from marketsim.result_folder import files, result_folder
from marketsim.results import COLUMNS, Question, as_dict, as_json, comparable, quarters_of, run_table, vendor_table
from marketsim.scenario.library import load_scenario
from marketsim.scenario.schema import Scenario

SMALL = Path(__file__).parent / "data" / "small.yaml"
LIVELY = {
    "market.luck": 0.4,
    "market.demand_noise": 0.1,
    "technology.yield_noise": 0.1,
    "vendors.biren.cash": 300,
    "vendors.biren.overhead": 250,
}
ASKED = Question("no-discount", ("market.luck=0.4",))


@cache
def world(quarters: int = 12) -> Scenario:
    return load_scenario(SMALL, LIVELY | {"quarters": quarters})


def job(quarters: int = 12) -> Job:
    return Job(world(quarters), strategies_of(world(quarters)), 7)


@cache
def computed(quarters: int = 12, runs: int = 20) -> tuple[Summary, Keep]:
    keep = Keep()
    return compute(job(quarters), runs, 1, keep), keep


def write(path: Path, runs: int = 20, workers: int = 1, quarters: int = 12, in_full: int = 2) -> Path:
    with result_folder(path, job(quarters)) as folder:
        summary = compute(job(quarters), runs, workers, folder.write_outcomes)
        folder.write_in_full(in_full)
        folder.write_summary(summary, ASKED)
    return path


def content(path: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in sorted(path.iterdir())}


def test_json_says_what_was_run_and_carries_units():
    found = json.loads(as_json(computed()[0], ASKED))
    assert list(found) == [
        "program", "version", "scenario", "policy", "overrides", "seed", "runs",
        "years", "quarters_played", "quantiles", "metrics", "vendors", "shakeout", "reported",
    ]  # fmt: skip
    assert (found["program"], found["version"]) == ("marketsim", __version__)
    assert found["scenario"] == {"name": "small", "title": "A small world", "start": "2025Q1", "quarters": 12}
    assert (found["policy"], found["overrides"]) == ("no-discount", ["market.luck=0.4"])
    assert (found["seed"], found["runs"]) == (7, 20)
    assert (found["years"], found["quarters_played"]) == ([2025, 2026, 2027], [4, 4, 4])
    assert {name: metric["unit"] for name, metric in found["metrics"].items()} == METRICS
    assert list(found["vendors"]) == ["cambricon", "biren", "startup-1", "startup-2", "nvidia"]
    assert found["vendors"]["cambricon"]["kind"] == "domestic"
    assert found["vendors"]["startup-1"]["kind"] == "entrant"
    assert found["vendors"]["nvidia"] | {"cards": 0, "share_value": 0, "survival": 0} == {
        "title": "NVIDIA", "kind": "foreign", "strategy": None, "cards": 0, "share_value": 0, "survival": 0,
    }  # fmt: skip


def test_json_has_the_quantiles_of_the_runs():
    summary, keep = computed()
    found = as_dict(summary)
    kept = keep.joined()
    cards = kept.metrics[list(METRICS).index("cards")]
    assert found["metrics"]["cards"]["p90"] == pytest.approx(np.sort(cards)[:, 17], rel=1e-3)
    assert found["metrics"]["entries"]["mean"] == [0, 0, 0]
    biren = summary.vendors.index("biren")
    assert found["vendors"]["biren"]["survival"]["mean"] == pytest.approx(kept.alive[biren].mean(axis=-1))
    assert found["vendors"]["biren"]["cards"]["p10"] == pytest.approx(np.sort(kept.cards[biren])[:, 1], rel=1e-3)
    assert found["shakeout"]["share_of_runs_with_fall"].keys() == {"0.3", "0.4", "0.5"}
    assert found["shakeout"]["most_active_vendors"]["p50"] == 2


def test_json_keeps_each_list_of_numbers_on_one_line_and_is_the_same_data():
    text = as_json(computed()[0])
    assert '"years": [2025, 2026, 2027],' in text
    assert json.loads(text) == as_dict(computed()[0])


def test_figures_of_years_in_full_are_compared_with_what_is_reported():
    (entry,) = as_dict(computed()[0])["reported"]
    simulated = as_dict(computed()[0])["metrics"]["cards"]
    assert entry["year"] == 2025
    assert entry["vendor"] is None
    assert (entry["value"], entry["unit"]) == (120, "k cards")
    assert [entry[level] for level in ("p10", "p50", "p90")] == [simulated[level][0] for level in ("p10", "p50", "p90")]
    assert as_dict(computed(quarters=3)[0])["reported"] == [], "three quarters are not a year"


def test_prices_and_half_years_have_no_counterpart():
    summary = computed()[0]
    assert {figure.metric for figure in summary.scenario.reported} == {"cards", "price"}
    half = [figure.model_copy(update={"half": 1}) for figure in summary.scenario.reported]
    changed = summary.scenario.model_copy(update={"reported": half})
    assert comparable(Summary(changed, 7, summary.years, summary.vendors)) == []
    assert [figure.metric for figure in comparable(summary)] == ["cards"]


def test_years_that_are_not_played_in_full_are_known():
    assert quarters_of(world(6)) == {2025: ["2025Q1", "2025Q2", "2025Q3", "2025Q4"], 2026: ["2026Q1", "2026Q2"]}
    assert as_dict(computed(quarters=6)[0])["quarters_played"] == [4, 2]


def test_tables_of_all_runs_are_tidy_and_carry_units():
    summary, keep = computed()
    kept = keep.joined()
    runs = run_table(kept, first_run=100)
    assert runs.columns == ["run", "year", *COLUMNS.values()]
    assert COLUMNS["price"] == "price_krmb"
    assert COLUMNS["cost_per_million_tokens"] == "cost_per_million_tokens_rmb"
    assert runs.schema["active_vendors"] == pl.Int64
    one = runs.filter(run=103, year=2026)
    assert one["cards_k"].item() == kept.metrics[list(METRICS).index("cards"), 1, 3]
    vendors = vendor_table(kept, summary.vendors)
    one = vendors.filter(run=3, year=2026, vendor="biren")
    row = summary.vendors.index("biren")
    assert one["revenue_rmb_m"].item() == kept.revenue[row, 1, 3]
    assert one["alive"].item() is bool(kept.alive[row, 1, 3])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("results") / "new" / "folder", runs=300, in_full=70)


def test_a_folder_opens_in_plain_polars(folder: Path):
    yearly = pl.read_parquet(folder / "yearly-market-*.parquet")
    assert sorted(yearly["run"].unique()) == list(range(300))
    assert pl.scan_parquet(folder / "yearly-vendor-*.parquet").select(pl.len()).collect().item() == 300 * 3 * 5
    assert pl.read_parquet(folder / "quarterly-market-*.parquet")["run"].n_unique() == 70
    for name in ("segment", "vendor", "event", "attribution"):
        assert len(list(folder.glob(f"quarterly-{name}-*.parquet"))) == 2, "64 runs in a part"


def test_metadata_describes_every_file_and_column(folder: Path):
    about = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    assert (about["program"], about["version"], about["seed"], about["runs"]) == ("marketsim", __version__, 7, 300)
    assert about["made_with"]["numpy"] == np.__version__
    described: set[str] = set()
    for table in about["tables"].values():
        parts = list(folder.glob(table["files"]))
        described |= {part.name for part in parts}
        for part in parts:
            assert list(table["columns"]) == list(pl.read_parquet_schema(part))
    texts = {"metadata.json", "summary.json", "scenario.yaml"}
    assert described | texts == {entry.name for entry in folder.iterdir()} == {entry.name for entry in files(folder)}
    assert about["tables"]["yearly-market"]["columns"]["revenue_rmb_m"] == "RMB million"


def test_the_scenario_of_a_folder_gives_the_same_results_again(folder: Path):
    again = load_scenario(folder / "scenario.yaml")
    assert again == world()
    summary = compute(Job(again, strategies_of(again), 7), 300, 1)
    assert as_json(summary, ASKED) + "\n" == (folder / "summary.json").read_text(encoding="utf-8")


def test_one_and_two_workers_write_the_same_bytes(folder: Path, tmp_path: Path):
    other = write(tmp_path / "two", runs=300, workers=2, in_full=70)
    assert len(content(other)) == 3 + 2 * 2 + 5 * 2
    assert content(other) == content(folder)


def test_results_of_an_earlier_run_are_replaced_and_hidden_files_stay(tmp_path: Path):
    write(tmp_path, runs=300, in_full=0)
    (tmp_path / ".hidden").write_text("mine")
    assert (tmp_path / "yearly-market-000000256.parquet").exists()
    write(tmp_path, runs=20, in_full=0)
    assert not (tmp_path / "yearly-market-000000256.parquet").exists()
    assert json.loads((tmp_path / "summary.json").read_text())["runs"] == 20
    assert (tmp_path / ".hidden").read_text() == "mine"
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == [".hidden"]


@pytest.mark.parametrize("name", ["notes.txt", "summary.json", "metadata.json", "yearly-market-000000000.parquet"])
def test_files_of_others_are_left_alone(tmp_path: Path, name: str):
    (tmp_path / name).write_text('{"program": "another"}')
    with pytest.raises(MarketSimError, match=rf"holds other files \({name}\) and is left as it is"):
        write(tmp_path)
    assert content(tmp_path) == {name: b'{"program": "another"}'}


def test_a_stranger_among_results_is_named_and_nothing_is_replaced(tmp_path: Path):
    write(tmp_path, in_full=0)
    (tmp_path / "paper.docx").write_text("mine")
    before = content(tmp_path)
    with pytest.raises(MarketSimError, match=r"holds other files \(paper.docx\)"):
        write(tmp_path)
    assert content(tmp_path) == before


def test_a_failure_on_the_way_leaves_nothing(tmp_path: Path):
    with pytest.raises(RuntimeError), result_folder(tmp_path / "a" / "b", job()) as folder:
        compute(job(), 2, 1, folder.write_outcomes)
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_failure_on_the_way_leaves_earlier_results(tmp_path: Path):
    before = content(write(tmp_path, in_full=0))
    with pytest.raises(KeyboardInterrupt), result_folder(tmp_path, job()) as folder:
        compute(job(), 30, 1, folder.write_outcomes)
        raise KeyboardInterrupt
    assert content(tmp_path) == before


def test_a_full_disk_is_explained_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(path: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    out = tmp_path / "out"
    with pytest.raises(MarketSimError, match=r"out/yearly-market-000000000.parquet cannot be written: No space left"):
        write(out)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path):
    (tmp_path / "file").write_text("mine")
    for path, reason in (
        (tmp_path / "file", "is not a folder"),
        (tmp_path / "file" / "below", "cannot be written: Not a directory"),
        (tmp_path / ("x" * 300), "cannot be written: File name too long"),
    ):
        with pytest.raises(MarketSimError, match=reason):
            write(path)
    assert content(tmp_path) == {"file": b"mine"}


def test_leftovers_of_a_killed_run_go_with_the_next(tmp_path: Path):
    (tmp_path / ".unfinished-abc").mkdir()
    (tmp_path / ".unfinished-abc" / "yearly-market-000000000.parquet").write_text("half")
    write(tmp_path, in_full=0)
    assert not (tmp_path / ".unfinished-abc").exists()
