"""Samples and result folders with known answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

from marketsim import __version__
from marketsim.experiments.analysis.samples import Points, Sample
from marketsim.experiments.plan import FORMAT
from marketsim.experiments.results import Results, open_results
from marketsim.experiments.store import MANIFEST, POINTS, PROGRAM, Store, as_parquet
from marketsim.state import Floats


def sample_of(
    values: Floats | Sequence[Any],
    own_luck: bool = True,
    better: Any = "lower",
    enough: float | None = None,
    outcome: str = "price",
) -> Sample:
    """A sample from values [policy, point, run]; own_luck: points are drawn and have runs of their own."""
    cube = np.asarray(values, dtype=float)
    policies, points, runs = cube.shape
    point = np.repeat(np.arange(points), runs)
    run = np.arange(points * runs) if own_luck else np.tile(np.arange(runs), points)
    flat = cube.reshape(policies, -1)
    names = ("none", *(f"policy-{number}" for number in range(1, policies)))
    made = np.ones(flat.shape, dtype=bool)
    return Sample(outcome, better, enough, names, point, run, made, flat, "point" if own_luck else "run")


def points_at(values: Floats, kind: str = "latin-hypercube") -> Points:
    """Points with parameters a, b, c ... at these values, [point, parameter]."""
    names = tuple("abcdefghij"[: values.shape[1]])
    return Points(kind, False, names, np.arange(len(values)), values)


def results_of(
    folder: Path,
    runs: Mapping[str, Mapping[str, Any]],
    outcomes: Mapping[str, Mapping[str, Any]],
    points: Mapping[str, Sequence[float]] | None = None,
    design: str = "as-written",
    vendors: Mapping[str, Sequence[Any]] | None = None,
    scenario: Mapping[str, Any] | None = None,
    complete: bool = True,
) -> Results:
    """Results from columns of `runs` by policy, [run] each; verdict `none` and no shakeout where nothing is said."""
    store, parts = Store(folder), {}
    for number, (policy, columns) in enumerate(runs.items()):
        count = len(next(iter(columns.values())))
        usual: dict[str, Any] = {
            "policy": [policy] * count,
            "point": [0] * count,
            "run": list(range(count)),
            "seed": [7] * count,
            "verdict": ["none"] * count,
            "shakeout": [False] * count,
        }
        kinds = {"point": pl.Int32, "run": pl.Int64} | dict.fromkeys(outcomes, pl.Float64)
        frame = pl.DataFrame(usual | dict(columns), schema_overrides=kinds)
        tables, key = {"runs": frame.to_arrow()}, f"{number:020x}"
        parts[policy] = {key: {"runs": count}}
        if vendors is not None:
            own = pl.DataFrame(vendors).filter(pl.col("policy") == policy)
            tables["vendors"] = own.to_arrow()
            parts[policy][key]["vendors"] = own.height
        store.put(key, tables)
    at = pl.DataFrame({"point": list(range(len(next(iter(points.values()))))) if points else [0], **(points or {})})
    store.write(POINTS, as_parquet(at.with_columns(pl.col("point").cast(pl.Int32)).to_arrow(), {}))
    if scenario is not None:
        store.write("scenario.yaml", yaml.safe_dump(dict(scenario)).encode())
    manifest = {
        "program": PROGRAM,
        "format": FORMAT,
        "version": __version__,
        "complete": complete,
        "title": {"en": "made", "zh": "made"},
        "policies": {policy: {} for policy in runs},
        "design": {"kind": design},
        "uncertain": {name: {} for name in points or {}},
        "outcomes": outcomes,
        "parts": parts,
    }
    store.write(MANIFEST, json.dumps(manifest).encode())
    return open_results(folder)
