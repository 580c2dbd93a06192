"""A small world that is calibrated in a second or two, and targets that come from a twin with known parameters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from marketsim.api import strategies_of
from marketsim.calibration.objective import Objective
from marketsim.commands.scenario import load
from marketsim.scenario.free import FreeSpace
from marketsim.targets import TargetFile, Targets, load_targets, measured
from marketsim.trace import trace
from tests.command import ROOT, Result, called

SMALL = Path(__file__).parents[1] / "data" / "small.yaml"
TRUTH = {"spend": 7500.0, "wafer-price": 1.4, "memory-price": 1.0, "lock-in": 0.5}
RUNS, SEED = 4, 7

WORLD: dict[str, Any] = {
    "extends": str(SMALL),
    "quarters": 8,
    "market": {"luck": 0.3, "demand_noise": 0.1},
    "nodes": {"n7": {"wafer_price": {"value": {"2025Q1": 97, "2026Q1": 90}, "source": "a list", "note": "reported"}}},
    "free": {
        "source": "assumption",
        "note": "a range for tests",
        "spend": {"moves": ["segments.internet.spend"], "low": 4000, "high": 10000, "scale": "log"},
        "wafer-price": {"moves": ["nodes.*.wafer_price.2025Q1-2025Q4"], "low": 0.5, "high": 2, "factor": True},
        "memory-price": {"moves": ["memories.hbm.price"], "low": 0.8, "high": 1.25, "factor": True},
        "lock-in": {"moves": ["segments.*.lock_in"], "low": 0.1, "high": 2},
    },
}


def target(use: str, measure: str, unit: str, **more: Any) -> dict[str, Any]:
    title = {"en": f"{measure} {more.get('of', '')}", "zh": "目标"}
    common = {"title": title, "group": 1, "use": use, "measure": measure, "unit": unit, "source": "a twin"}
    return common | {"period": "2025", "value": 1.0, "relative": 0.05} | more


TARGETS: dict[str, Any] = {
    "title": {"en": "Figures of the twin", "zh": "目标"},
    "scenario": "small",
    "targets": {
        "foreign-cards": target("fit", "cards", "k cards", of=["nvidia"]),
        "demand": target("fit", "demand", "rmb_m", period="2025H2"),
        "margin": target("fit", "gross_margin", "1", of=["cambricon"], relative=0.02),
        "share": target("predict", "share_of_cards", "1", of=["domestic"]),
        "late-demand": target("predict", "demand", "rmb_m", period="2026"),
    },
}


@dataclass(frozen=True)
class World:
    """A scenario file with its target file, and what is in them."""

    scenario: Path
    targets: Path

    def objective(self, runs: int = RUNS) -> Objective:
        loaded = load(str(self.scenario))
        found = load_targets(self.targets, loaded.scenario)
        return Objective.of(loaded, found, strategies_of(loaded.scenario), SEED, runs)

    def all_targets(self) -> Targets:
        return load_targets(self.targets, load(str(self.scenario)).scenario)

    def change(self, which: str, **changes: Any) -> None:
        """Write a file again with other values by dotted path, dots written as two underscores."""
        path: Path = getattr(self, which)
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        for dotted, value in changes.items():
            *sections, last = dotted.split("__")
            place = tree
            for section in sections:
                place = place[section]
            place[last] = value
        path.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")

    def drop(self, which: str, *path: str) -> None:
        """Write a file again without a part."""
        file: Path = getattr(self, which)
        tree = yaml.safe_load(file.read_text(encoding="utf-8"))
        place = tree
        for section in path[:-1]:
            place = place[section]
        del place[path[-1]]
        file.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")


@pytest.fixture(scope="session")
def reported() -> dict[str, Any]:
    """The targets with what a twin of the world comes out at whose parameters are TRUTH."""
    folder = SMALL.parent
    loaded = load_tree(WORLD, folder)
    twin = FreeSpace.of(loaded.tree, loaded.scenario).scenario(np.array(list(TRUTH.values())))
    played = trace(twin, strategies_of(twin), SEED, RUNS)
    file = TargetFile.model_validate({**TARGETS, "targets": {n: unsourced(t) for n, t in TARGETS["targets"].items()}})
    figures = {n: float(np.median(measured(t, t.period, played))) for n, t in file.targets.items()}
    return {**TARGETS, "targets": {n: {**t, "value": figures[n]} for n, t in TARGETS["targets"].items()}}


def unsourced(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "source"}


def load_tree(tree: dict[str, Any], folder: Path) -> Any:
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "world.yaml"
        path.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
        return load(str(path))


def written(folder: Path, reported: dict[str, Any]) -> World:
    """The world and the targets as files in a folder."""
    found = World(folder / "world.yaml", folder / "figures.yaml")
    for path, tree in ((found.scenario, WORLD), (found.targets, reported)):
        path.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return found


@pytest.fixture
def world(reported: dict[str, Any], tmp_path: Path) -> World:
    return written(tmp_path, reported)


# --- the command

QUICK = ["--runs", str(RUNS), "--evaluations", "30"]
FILES = ("small-calibrated.yaml", "fit.json", "report.md")


Call = Callable[..., Result]


@pytest.fixture
def calibrate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, world: World) -> Call:
    """The command in the folder of the world, with one worker."""
    monkeypatch.chdir(world.scenario.parent)

    def call(*arguments: str) -> Result:
        return called(capsys, ["calibrate", *arguments])

    return call


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "marketsim", "calibrate", *arguments]


@pytest.fixture(scope="session")
def done(reported: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path, Result]:
    """The world calibrated once, with one worker and without a break."""
    folder = tmp_path_factory.mktemp("done")
    world = written(folder, reported)
    found = subprocess.run(
        command("world.yaml", "figures.yaml", *QUICK, "--workers", "1"),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return world, folder / "calibration-small", Result(found.returncode, found.stdout, found.stderr)


def fit_in(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "fit.json").read_text(encoding="utf-8"))
    return found
