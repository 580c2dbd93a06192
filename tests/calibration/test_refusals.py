"""`marketsim calibrate`: what it refuses, and what it says then."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.calibration.conftest import (
    QUICK,
    RUNS,
    Call,
    Result,
    World,
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"runs": "8"}, r"holds evaluations of another calibration \(runs 4 instead of 8\)"),
        ({"seed": "8"}, r"holds evaluations of another calibration \(seed 7 instead of 8\)"),
    ],
)
def test_a_journal_of_other_options(
    changes: dict[str, str], message: str, done: tuple[World, Path, Result], world: World, calibrate: Call
):
    shutil.copytree(done[1], "calibration-small")
    options = {"runs": str(RUNS), "evaluations": "30", **changes}
    shown = calibrate("world.yaml", "figures.yaml", *(f"--{name}={value}" for name, value in options.items()))
    assert (shown.code, shown.out) == (1, "")
    assert re.search(message, shown.err)


def test_a_journal_of_another_scenario_and_of_other_targets(
    done: tuple[World, Path, Result], world: World, calibrate: Call
):
    shutil.copytree(done[1], "calibration-small")
    world.change("targets", targets__margin__relative=0.03)
    shown = calibrate("world.yaml", "figures.yaml", *QUICK)
    assert re.search(r"of another calibration \(targets \w{12} instead of \w{12}\)", shown.err)
    world.change("scenario", market__luck=0.2)
    shown = calibrate("world.yaml", "figures.yaml", *QUICK)
    assert re.search(r"of another calibration \(scenario \w{12} instead of \w{12}, targets ", shown.err)


def test_a_folder_with_other_files_is_left_alone(world: World, calibrate: Call):
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("mine")
    shown = calibrate("world.yaml", "figures.yaml", "--out", "mine")
    assert shown.code == 1
    assert "mine holds other files (notes.txt) and is left as it is: choose a new or empty folder" in shown.err
    shown = calibrate("world.yaml", "figures.yaml", "--out", "mine/notes.txt")
    assert "mine/notes.txt is not a folder: choose another one for --out" in shown.err
    assert [path.name for path in Path("mine").iterdir()] == ["notes.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(world: World, calibrate: Call):
    Path("locked").mkdir(mode=0o500)
    assert "cannot be written: Permission denied" in calibrate("world.yaml", "figures.yaml", "--out", "locked/x").err


def test_without_free_parameters(world: World, calibrate: Call):
    world.drop("scenario", "free")
    shown = calibrate("world.yaml", "figures.yaml")
    assert (shown.code, shown.out) == (1, "")
    assert "no parameter is free, so nothing can be fitted" in shown.err
    assert not Path("calibration-small").exists()


def test_without_targets_to_fit(world: World, calibrate: Call):
    for name in ("foreign-cards", "demand", "margin"):
        world.change("targets", **{f"targets__{name}__use": "predict"})
    assert "no target is to be fitted" in calibrate("world.yaml", "figures.yaml").err


def test_targets_of_another_scenario_and_unknown_names(world: World, calibrate: Call):
    world.change("targets", scenario="large")
    assert "the targets are for 'large', not for 'small'" in calibrate("world.yaml", "figures.yaml").err
    assert "there are no targets 'small'" in calibrate("world.yaml").err
    assert "there is no scenario 'worlds'" in calibrate("worlds").err
    assert "there is no such file" in calibrate("world.yaml", "nothing.yaml").err
    assert calibrate().code == 2
    assert "is not a whole number from 2 to" in calibrate("world.yaml", "--runs", "1").err


def test_a_target_of_quarters_that_are_not_played(world: World, calibrate: Call):
    world.change("targets", targets__demand__period="2027")
    shown = calibrate("world.yaml", "figures.yaml")
    assert "targets.demand: its period is not played" in shown.err
    assert "allowed: 2025Q1 to 2026Q4" in shown.err


def test_factors_that_are_too_large_together(world: World, calibrate: Call):
    share: dict[str, Any] = {"moves": ["technology.obsolete_stock"], "low": 0.5, "high": 1.5, "factor": True}
    world.change("scenario", free__one=share, free__other=dict(share, moves=list(share["moves"])))
    shown = calibrate("world.yaml", "figures.yaml")
    assert "free: with every parameter at its high end, technology.obsolete_stock is out of bounds" in shown.err


@pytest.mark.parametrize(
    ("free", "message"),
    [
        (
            {"moves": ["finance.debt_share"], "low": 0, "high": 1.5},
            r"free\.bad\.high: at this end, finance\.debt_share is out of bounds\n +allowed: a number from 0 to 1",
        ),
        (
            {"moves": ["segments.internet.spend"], "low": 8000, "high": 9000},
            r"free\.bad\.moves\.0: segments\.internet\.spend is moved by 'spend' too: only factors can share a figure",
        ),
        (
            {"moves": ["vendors.biren.price"], "low": 60, "high": 90},
            r"free\.bad: the scenario's own figure is outside of the range\n +found: +60 to 90\n +allowed: +a range that",
        ),
        (
            {"moves": ["finance.debt_share", "market.lock_in_floor"], "low": 0, "high": 60, "factor": True},
            r"free\.bad\.high: at this end, market\.lock_in_floor is out of bounds",
        ),
        (
            {"moves": ["market.counted_tokens"], "low": 0.5, "high": 1},
            r"free\.bad\.moves\.0: 'market\.counted_tokens' is not written in the scenario",
        ),
    ],
)
def test_ranges_that_cannot_be(free: dict[str, Any], message: str, world: World, calibrate: Call):
    world.change("scenario", free__bad=free)
    shown = calibrate("world.yaml", "figures.yaml")
    assert (shown.code, shown.out) == (1, "")
    assert re.search(message, shown.err), shown.err


def test_a_missing_library_is_named_with_what_brings_it(calibrate: Call, monkeypatch: pytest.MonkeyPatch):
    from marketsim.commands import calibrate as module

    monkeypatch.setattr(module, "NEEDED", ("cma", "no_such_library"))
    shown = calibrate("world.yaml", "figures.yaml")
    assert shown.err.strip() == (
        "marketsim: this command needs no_such_library: pip install 'chip-market[calibration]' brings it"
    )
