"""`marketsim experiment`: what check and list print, and their exit codes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from marketsim.api import strategies_of
from marketsim.experiments import experiment
from marketsim.experiments.design import rounds
from marketsim.experiments.estimate import estimate
from marketsim.experiments.execute import run_experiment
from tests.command import ROOT, Result, called
from tests.experiments.files import SUBSIDY, written

Command = Callable[..., Result]


@pytest.fixture
def marketsim(capsys: pytest.CaptureFixture[str]) -> Command:
    return lambda *arguments: called(capsys, ["experiment", *map(str, arguments)])


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found is not None, text
    return float(found[1].replace(",", ""))


def test_check_says_what_is_compared_and_how_large_it_is(marketsim: Command, tmp_path: Path) -> None:
    keep = {"quarters": 6, "vendors": "all"}
    shown = marketsim("check", written(tmp_path, policies=["no-discount", SUBSIDY], keep=keep), "--workers", "1")
    assert (shown.code, shown.err) == (0, "")
    for line in (
        r"scenario: small, 12 quarters from 2025Q1",
        r"design: latin-hypercube, 4 runs of each policy at each of 5 points, seed 7",
        r"Policies: 3, set against the scenario as it is",
        r"no-discount +electricity_discount: 0",
        r"subsidy +purchase_subsidy: 0\.1",
        r"price +20 +60 +80 +a value +uniform",
        r"capacity +0\.5 +1 +2 +a factor +uniform, log",
        r"hhi +hhi +2027 +1",
        r"runs: 60, 20 of each policy",
        r"time: about \d+ s with 1 worker",
    ):
        assert re.search(line, shown.out), (line, shown.out)
    assert number(r"\nruns +([\d,]+)", shown.out) == 60
    assert number(r"\nquarters +([\d,]+)", shown.out) == 6 * 3 * 12
    assert number(r"\nvendors +([\d,]+)", shown.out) == 20 * 3 * 3 * 5  # years, vendors with slots and NVIDIA


def test_check_of_rounds(marketsim: Command, tmp_path: Path) -> None:
    precision = {"outcome": "hhi", "half_width": 0.01, "at_most": 200}
    shown = marketsim("check", written(tmp_path, precision=precision))
    assert "until each policy's mean difference in hhi is known to +/- 0.01 with 95% confidence" in " ".join(
        shown.out.split()
    )
    assert "Size of the first round" in shown.out
    assert "with all rounds: at most 10 times as much" in shown.out


def test_check_of_the_scenario_as_written(marketsim: Command, tmp_path: Path) -> None:
    path = written(
        tmp_path, ("uncertain", "design"), runs_per_point=3, set={"market.luck": 0.1}, baseline="no-discount"
    )
    shown = marketsim("check", path)
    assert "12 quarters from 2025Q1, with 1 value set" in shown.out
    assert "design: as-written, 3 runs of each policy, seed 7" in shown.out
    assert "uncertain parameters: none" in shown.out
    assert "set against no-discount" in shown.out


def test_wrong_files_end_with_what_is_wrong(marketsim: Command, tmp_path: Path) -> None:
    shown = marketsim("check", written(tmp_path, seed=-1))
    assert (shown.code, shown.out) == (1, "")
    assert "marketsim: 1 problem in the experiment" in shown.err
    assert "seed: is out of bounds" in shown.err
    strange = marketsim("check", "seven-policies")
    assert (strange.code, "did you mean 'six-policies'?" in strange.err) == (1, True)


def test_strategies_are_checked(marketsim: Command, tmp_path: Path) -> None:
    shown = marketsim("check", written(tmp_path, set={"vendors.biren.strategy": "hold-on"}))
    assert "set.vendors.biren.strategy: there is no strategy 'hold-on'" in shown.err


def test_list(marketsim: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert marketsim("list").out == "six-policies  Six policies for China's AI chips\n"
    written(tmp_path, seed=-1)
    monkeypatch.setattr(experiment, "folder", lambda: tmp_path)
    assert marketsim("list").out == "trial  cannot be used: 1 problem, see `marketsim experiment check trial`\n"


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from marketsim.cli import main\n"
        "try: main(['experiment', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'numpy', 'scipy', 'polars', 'pyarrow', 'SALib', 'agents'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_estimate_of_disk_is_what_is_written(tmp_path: Path) -> None:
    trial = experiment.load_experiment(written(tmp_path, runs_per_point=40, keep={"quarters": 60, "vendors": 100}))
    found = estimate(trial, strategies_of(trial.loaded.scenario), next(rounds(trial)))
    run_experiment(trial, tmp_path / "results")
    for table, rows in found.rows.items():
        parts = list((tmp_path / "results" / table).glob("*.parquet"))
        assert sum(pl.read_parquet(part).height for part in parts) == rows
        assert found.size[table] == pytest.approx(sum(part.stat().st_size for part in parts), rel=0.3)
