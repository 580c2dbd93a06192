"""What the results of an experiment say about themselves: the manifest, and the experiment with all that it names."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl
import yaml

from marketsim import __version__
from marketsim.experiments.design import Point
from marketsim.experiments.experiment import Experiment
from marketsim.experiments.plan import FORMAT, Chunk, source_hash
from marketsim.experiments.policies import AS_IT_IS
from marketsim.experiments.store import PROGRAM, as_parquet
from marketsim.results import cpu_features
from marketsim.scenario.source import Provenance

SCENARIO, EXPERIMENT, TABLE = "scenario.yaml", "experiment.yaml", "points.csv"

EXPERIMENT_KEYS = ("runs_per_point", "precision", "seed", "keep", "boundary")


def environment() -> dict[str, Any]:
    """What this process computes with: results agree to the last bit only where these do."""
    return {
        "marketsim": __version__,
        "code": source_hash(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "polars": pl.__version__,
        "cpu_features": cpu_features(),
    }


def described(
    experiment: Experiment, texts: Mapping[str, bytes], chunks: Sequence[Chunk], made_with: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The manifest of an experiment whose last part is not there yet.

    texts: the files that are hashed.  chunks: all that belong to it so far.  made_with: environments.
    """
    space = experiment.space
    parts: dict[str, dict[str, dict[str, int]]] = {policy.name: {} for policy in experiment.policies}
    for chunk in chunks:
        sizes = {"runs": chunk.runs, "quarters": sum(chunk.quarters), "vendors": sum(chunk.vendors)}
        parts[chunk.policy][chunk.key] = {table: size for table, size in sizes.items() if size}
    return {
        "program": PROGRAM,
        "format": FORMAT,
        "version": __version__,
        "complete": False,
        "title": experiment.file.title.model_dump(),
        "scenario": experiment.loaded.scenario.name,
        "hashes": {name: hashlib.sha256(text).hexdigest() for name, text in texts.items()},
        "seed": experiment.seed,
        "boundary": experiment.boundary,
        "baseline": experiment.policies[0].name,
        "policies": {policy.name: _without_none(asdict(policy)) for policy in experiment.policies},
        "design": experiment.file.design.model_dump(exclude_none=True),
        "uncertain": {} if space is None else _uncertain(experiment),
        "outcomes": {name: _without_none(asdict(outcome)) for name, outcome in experiment.outcomes.items()},
        "made_with": made_with,
        "parts": parts,
    }


def _without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _uncertain(experiment: Experiment) -> dict[str, dict[str, Any]]:
    """The uncertain parameters with their ranges, and where these come from."""
    assert experiment.space is not None
    return {
        name: parameter.model_dump(exclude_none=True) | _told(experiment, name)
        for name, parameter in experiment.space.parameters.items()
    }


def _told(experiment: Experiment, name: str) -> dict[str, Any]:
    """Source and note of a parameter's range: in the experiment, or in the scenario if it is the scenario's own."""
    found = (
        experiment.provenance.get(f"uncertain.{name}.low"),
        experiment.loaded.provenance.get(f"free.{name}.low"),
        Provenance(),
    )
    told = next(one for one in found if one is not None)
    return _without_none({"source": told.source, "note": told.written_note})


def texts(experiment: Experiment) -> dict[str, bytes]:
    """The experiment as files that need nothing else: they can be run again, and give the same parts."""
    file, space = experiment.file, experiment.space
    design = file.design.model_dump(exclude_none=True)
    written: dict[str, Any] = {
        "schema_version": 1,
        "title": file.title.model_dump(),
        "scenario": SCENARIO,
        "baseline": experiment.policies[0].name,
        "policies": [_without_none(asdict(policy)) if policy.levers else AS_IT_IS for policy in experiment.policies],
        "design": design | ({"file": TABLE} if "file" in design else {}),
    }
    if space is not None:
        written["uncertain"] = _uncertain(experiment)
    written |= {name: value for name, value in file.model_dump(exclude_none=True).items() if name in EXPERIMENT_KEYS}
    written["outcomes"] = {
        name: _without_none({key: value for key, value in asdict(outcome).items() if key != "unit"})
        for name, outcome in experiment.outcomes.items()
    }
    found = {EXPERIMENT: _yaml(written), SCENARIO: _yaml(experiment.loaded.scenario.model_dump(mode="json"))}
    if "file" in design:
        found[TABLE] = (experiment.path.parent / design["file"]).read_bytes()
    return found


def _yaml(content: Any) -> bytes:
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
    return text.encode()


def points_table(experiment: Experiment, points: Sequence[Point]) -> bytes:
    """One row a point: its number, and the value of every uncertain parameter, as Parquet.  points: may recur."""
    import pyarrow as pa

    names = [] if experiment.space is None else experiment.space.names
    values = {point.number: point.values for point in points}
    columns = {"point": pa.array(list(values), pa.int32())}
    for place, name in enumerate(names):
        columns[name] = pa.array([None if row is None else row[place] for row in values.values()], pa.float64())
    return as_parquet(pa.table(columns), {})
