"""Experiment files on the small world, written for tests, and what is said of wrong ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from marketsim.errors import ExperimentError
from marketsim.experiments.experiment import Experiment, load_experiment

SMALL = Path(__file__).parents[1] / "data" / "small.yaml"

PRICE = {"moves": ["vendors.*.price"], "low": 20, "high": 80}
CAPACITY = {"moves": ["nodes.n7.capacity"], "low": 0.5, "high": 2, "factor": True, "scale": "log"}
UNCERTAIN = {"price": PRICE, "capacity": CAPACITY}
HYPERCUBE = {"kind": "latin-hypercube", "points": 5}
SUBSIDY = {"name": "subsidy", "levers": {"purchase_subsidy": 0.1}}


def written(folder: Path, without: tuple[str, ...] = (), **changes: Any) -> Path:
    """A file with one policy and two uncertain parameters; changes: other values of its keys."""
    tree: dict[str, Any] = {
        "title": {"en": "a trial", "zh": "试验"},
        "scenario": str(SMALL),
        "policies": ["no-discount"],
        "uncertain": UNCERTAIN,
        "design": HYPERCUBE,
        "runs_per_point": 4,
    }
    tree = {key: value for key, value in {**tree, **changes}.items() if key not in without}
    path = folder / "trial.yaml"
    path.write_text(json.dumps(tree, indent=1, ensure_ascii=False), encoding="utf-8")
    return path


def loaded(folder: Path, **changes: Any) -> Experiment:
    return load_experiment(written(folder, **changes))


def refused(folder: Path, without: tuple[str, ...] = (), **changes: Any) -> str:
    """What is said of a wrong file, on one line."""
    with pytest.raises(ExperimentError) as caught:
        load_experiment(written(folder, without, **changes))
    return " ".join(str(caught.value).replace(f"{folder}/", "").split())
